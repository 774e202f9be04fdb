// Directories (the records of a name server, the entries of a registry), and what each client knows of them.
#include <algorithm>

#include "models/runtime/execution.hpp"
#include "models/runtime/upkeep.hpp"

namespace tailrace::models {

using sim::Phase;

// A client's balancer, which also counts the attempts that go to instances that are not there.
class Upkeep::ViewBalancer final : public Balancer {
 public:
  ViewBalancer(std::unique_ptr<Balancer> inner, const Execution& run, std::uint32_t first_instance,
               DirectoryRecord& counts)
      : inner_(std::move(inner)), run_(run), first_instance_(first_instance), counts_(counts) {}

  std::uint32_t select(const CallFacts& facts, const std::uint32_t* tried, std::size_t tried_count,
                       sim::Stream& random) override {
    return inner_->select(facts, tried, tried_count, random);
  }
  void sent(std::uint32_t instance, const CallFacts& facts) override {
    ++counts_.calls;
    if (run_.down(first_instance_ + instance)) ++counts_.to_the_dead;
    inner_->sent(instance, facts);
  }
  void ended(std::uint32_t instance, const CallFacts& facts) override { inner_->ended(instance, facts); }
  void advance(sim::Instant now) override { inner_->advance(now); }
  void set_healthy(std::uint32_t instance, bool healthy, sim::Instant now) override {
    inner_->set_healthy(instance, healthy, now);
  }
  void set_present(std::uint32_t instance, bool present, sim::Instant now) override {
    inner_->set_present(instance, present, now);
  }
  const StatusLog* log(std::uint32_t instance) const override {
    return static_cast<const Balancer&>(*inner_).log(instance);
  }
  StatusLog* log(std::uint32_t instance) override { return inner_->log(instance); }

 private:
  std::unique_ptr<Balancer> inner_;
  const Execution& run_;
  std::uint32_t first_instance_;
  DirectoryRecord& counts_;
};

const DirectoryTable& Upkeep::table_of(std::uint32_t directory) const {
  return model_.directories[directory];
}
const DiscoverySettings& Upkeep::settings_of(std::uint32_t directory) const {
  return *found_by_[directory];
}
std::uint32_t Upkeep::instance_of(std::uint32_t entry) const {
  const DirectoryTable& table = table_of(entries_[entry].directory);
  return model_.stations[table.station].first_instance + (entry - table.first_entry);
}

// More than half of the registry's nodes are at work.
bool Upkeep::quorum(const DirectoryTable& table) const {
  const StationTable& keeper = model_.stations[table.keeper];
  std::uint32_t up = 0;
  for (std::uint32_t i = 0; i < keeper.instances; ++i)
    up += run_.answers_probes(keeper.first_instance + i) ? 1 : 0;
  return 2 * up > keeper.instances;
}

bool Upkeep::caller_up(const View& view) const {
  const std::uint32_t first = table_of(view.directory).clients[view.client].first_instance;
  return first == kNoId || run_.answers_probes(first + view.caller);
}

void Upkeep::start_directory(std::uint32_t id) {
  const DirectoryTable& table = table_of(id);
  const DiscoverySettings& s = settings_of(id);
  const StationTable& station = model_.stations[table.station];
  const double n = station.instances;
  for (std::uint32_t i = 0; i < station.instances; ++i) {
    Entry& e = entries_[table.first_entry + i];
    e.there = e.listed = e.present && !run_.down(station.first_instance + i);
    if (table.keeper == kNoId) continue;
    // Heartbeats are spread over the period, as if the instances had started one after another.
    const std::int64_t first = sim::Duration::from_ns(static_cast<double>(s.heartbeat.ns) * (i + 1) / n).ns;
    e.last_beat = first - s.heartbeat.ns;
    schedule(first, Phase::arrive, table.first_entry + i, kBeat);
    if (!e.listed) continue;
    e.lease_pending = true;
    schedule(e.last_beat + s.lease.ns, Phase::expire, table.first_entry + i, kLease);
  }
  for (std::uint32_t c = 0; c < table.clients.size(); ++c) {
    const DirectoryClientTable& client = table.clients[c];
    for (std::uint32_t k = 0; k < client.callers; ++k) {
      const auto number = static_cast<std::uint32_t>(views_.size());
      std::unique_ptr<Balancer>& balancer = run_.policies_.balancers[client.first_balancer + k];
      balancer =
          std::make_unique<ViewBalancer>(std::move(balancer), run_, station.first_instance, directories_[id]);
      View v;
      v.directory = id, v.client = c, v.caller = k;
      v.first_seen = static_cast<std::uint32_t>(seen_.size());
      v.addresses = station.instances;
      seen_.insert(seen_.end(), station.instances, true);
      views_.push_back(v);
      if (client.first_instance != kNoId) views_of_.emplace_back(client.first_instance + k, number);
      if (client.gate != kNoId)
        static_cast<DiscoveryGate&>(*run_.policies_.admissions[client.gate + k].policy).bind(this, number);
      if (s.by == DiscoveryBy::dns) continue;  // its first call looks up
      apply(number, true);
      if (!s.poll) continue;
      const double part = (k + 1.0) / client.callers;
      schedule(sim::Duration::from_ns(part * static_cast<double>(s.poll->ns)).ns, Phase::arrive, number,
               kPoll);
    }
  }
  std::sort(views_of_.begin(), views_of_.end());
}

void Upkeep::set_present(std::uint32_t station, std::uint32_t index, bool present) {
  for (const std::uint32_t directory : directories_of_[station]) {
    const std::uint32_t entry = table_of(directory).first_entry + index;
    entries_[entry].present = present;
    if (started_) look_again(entry, false);
  }
}

// An instance has come or gone: by a crash, which it cannot tell anybody, or in good order.
void Upkeep::look_again(std::uint32_t id, bool crash) {
  Entry& e = entries_[id];
  const DirectoryTable& table = table_of(e.directory);
  const bool there = e.present && !run_.down(instance_of(id));
  if (!started_ || there == e.there) return;
  e.there = there;
  e.crashed = !there && crash ? run_.now_ : -1;
  if (table.keeper == kNoId) {
    const std::int64_t delay = settings_of(e.directory).update_delay.ns;
    if (delay == 0) return list(id, there);
    return schedule(sim::saturating_add(run_.now_, delay), Phase::arrive, id, kRecord);
  }
  if (there) return beat(id);  // it registers
  if (!crash && e.listed && quorum(table)) {
    ++directories_[e.directory].left;
    list(id, false);
  }
}

void Upkeep::beat(std::uint32_t id) {
  const Entry& e = entries_[id];
  if (!e.present || !run_.answers_probes(instance_of(id))) return;
  ++directories_[e.directory].beats;
  send(table_of(e.directory).beat_pc, {Errand::beat, id, 0});
}

void Upkeep::beat_ended(std::uint32_t id, bool good) {
  Entry& e = entries_[id];
  const DirectoryTable& table = table_of(e.directory);
  if (!good || !quorum(table)) {
    ++directories_[e.directory].lost_beats;
    return;
  }
  if (!e.there) return;  // it has gone meanwhile
  e.last_beat = run_.now_;
  e.held = false;
  if (!e.listed) {
    ++directories_[e.directory].joined;
    list(id, true);
  }
  if (e.lease_pending) return;
  e.lease_pending = true;
  schedule(sim::saturating_add(run_.now_, settings_of(e.directory).lease.ns), Phase::expire, id, kLease);
}

// While there is no quorum nothing can be taken out; afterwards every lease begins anew.
void Upkeep::lease_due(std::uint32_t id) {
  Entry& e = entries_[id];
  const DiscoverySettings& s = settings_of(e.directory);
  e.lease_pending = false;
  if (!e.listed) return;
  const auto again = [&](std::int64_t when) {
    e.lease_pending = true;
    schedule(when, Phase::expire, id, kLease);
  };
  if (sim::saturating_add(e.last_beat, s.lease.ns) > run_.now_) return again(e.last_beat + s.lease.ns);
  if (!quorum(table_of(e.directory))) {
    e.held = true;
    return again(sim::saturating_add(run_.now_, s.heartbeat.ns));
  }
  if (e.held) {
    e.held = false;
    e.last_beat = run_.now_;
    return again(sim::saturating_add(run_.now_, s.lease.ns));
  }
  ++directories_[e.directory].expired;
  list(id, false);
}

void Upkeep::list(std::uint32_t id, bool listed) {
  Entry& e = entries_[id];
  if (e.listed == listed) return;
  e.listed = listed;
  e.listed_since = run_.now_;
  const DirectoryTable& table = table_of(e.directory);
  DirectoryRecord& counts = directories_[e.directory];
  if (table.keeper == kNoId) ++(listed ? counts.joined : counts.left);
  if (!listed && e.crashed >= 0) counts.detected.add(run_.now_ - e.crashed);
  if (table.push_draw == kNoId) return;
  for (const DirectoryClientTable& client : table.clients) {
    for (std::uint32_t k = 0; k < client.callers; ++k) {
      View& v = views_[client.first_view + k];
      const std::int64_t delay = sim::Duration::from_ns(run_.sample(table.push_draw)).ns;
      v.last_push = std::max(v.last_push, sim::saturating_add(run_.now_, delay));  // in order
      counts.learned.add(v.last_push - run_.now_);
      if (v.last_push == run_.now_) {
        see(v, id - table.first_entry, listed);
        continue;
      }
      schedule(v.last_push, Phase::arrive, client.first_view + k, kPush,
               (id - table.first_entry) << 1 | (listed ? 1u : 0u));
    }
  }
}

// --- views

AddressBook::Answer Upkeep::ask(std::uint32_t id, sim::Instant now, sim::Duration failed_for) {
  View& v = views_[id];
  const DiscoverySettings& s = settings_of(v.directory);
  DirectoryRecord& counts = directories_[v.directory];
  if (s.by == DiscoveryBy::registry) {
    const DirectoryTable& table = table_of(v.directory);
    bool reachable = v.known;
    if (!s.poll) {  // the watch breaks with the registry
      const StationTable& keeper = model_.stations[table.keeper];
      reachable = s.stale_reads ? false : quorum(table);
      for (std::uint32_t i = 0; s.stale_reads && !reachable && i < keeper.instances; ++i)
        reachable = run_.answers_probes(keeper.first_instance + i);
    }
    if (reachable) return Answer::known;
    ++counts.refused;
    return Answer::none;
  }
  if (v.known && now.ns < v.expires) {
    if (v.addresses > 0) return Answer::known;
    ++counts.refused;
    return Answer::none;
  }
  if (v.failed_at == now.ns || (v.failed_at >= 0 && now.ns < v.failed_at + failed_for.ns)) {
    ++counts.refused;
    return Answer::none;
  }
  ++counts.lookups_awaited;
  if (!v.looking) read(id);
  return Answer::wait;
}

void Upkeep::read(std::uint32_t id) {
  View& v = views_[id];
  const DirectoryClientTable& client = table_of(v.directory).clients[v.client];
  if (client.ask_pc == kNoId || v.looking) return;
  v.looking = true;
  ++directories_[v.directory].asks;
  send(client.ask_pc, {Errand::lookup, id, 0});
}

void Upkeep::asked(std::uint32_t id, bool good) {
  View& v = views_[id];
  const DirectoryTable& table = table_of(v.directory);
  const DiscoverySettings& s = settings_of(v.directory);
  DirectoryRecord& counts = directories_[v.directory];
  v.looking = false;
  if (good && table.keeper != kNoId && !s.stale_reads && !quorum(table)) good = false;
  if (good) {
    apply(id, false);
    v.known = true;
    if (v.addresses == 0) ++counts.empty_answers;
    v.expires = sim::saturating_add(run_.now_, v.addresses == 0 ? s.negative_ttl.ns : s.ttl.ns);
  } else {
    ++counts.failed_asks;
    if (s.by == DiscoveryBy::dns && s.serve_stale && v.known) {
      v.expires = sim::saturating_add(run_.now_, s.negative_ttl.ns);  // then it is tried again
    } else {
      v.known = s.by == DiscoveryBy::registry && s.keep_last;
      v.failed_at = run_.now_;
    }
  }
  if (s.by == DiscoveryBy::dns && table.clients[v.client].gate != kNoId)
    run_.wake_line(table.clients[v.client].gate + v.caller);
}

// The view becomes what the directory is.
void Upkeep::apply(std::uint32_t id, bool first) {
  View& v = views_[id];
  const DirectoryTable& table = table_of(v.directory);
  const std::uint32_t n = model_.stations[table.station].instances;
  for (std::uint32_t i = 0; i < n; ++i) {
    const Entry& e = entries_[table.first_entry + i];
    if (seen_[v.first_seen + i] == e.listed) continue;
    // A first answer tells nothing late.
    if (!first && v.known && e.listed_since > 0)
      directories_[v.directory].learned.add(run_.now_ - e.listed_since);
    see(v, i, e.listed);
  }
  if (first) v.known = true;
}

void Upkeep::see(View& v, std::uint32_t index, bool there) {
  if (seen_[v.first_seen + index] == there) return;
  seen_[v.first_seen + index] = there;
  there ? ++v.addresses : --v.addresses;
  const DirectoryClientTable& client = table_of(v.directory).clients[v.client];
  run_.policies_.balancers[client.first_balancer + v.caller]->set_present(index, there, {run_.now_});
}

// The client has crashed, and begins with nothing: it looks up, or reads the registry, when it is back.
void Upkeep::forget(std::uint32_t id) {
  View& v = views_[id];
  const bool dns = settings_of(v.directory).by == DiscoveryBy::dns;
  if (!dns) return;
  v.known = false;
  v.failed_at = -1;
}

}  // namespace tailrace::models
