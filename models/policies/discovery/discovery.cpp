#include "models/policies/discovery/discovery.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tailrace::models {

namespace {

class GateModel final : public AdmissionModel {
 public:
  explicit GateModel(sim::Duration failure_ttl) : failure_ttl_(failure_ttl) {}
  std::unique_ptr<AdmissionPolicy> start() const override {
    return std::make_unique<DiscoveryGate>(failure_ttl_);
  }

 private:
  sim::Duration failure_ttl_;
};

void apply(const void* raw, PolicyTarget& target) {
  const auto& spec = *static_cast<const DiscoverySpec*>(raw);
  const auto error = [&](const char* field, std::string message, std::string hint = {}) {
    target.diagnostics.error(target.mark, target.path + field, std::move(message), std::move(hint));
  };
  const bool dns = !spec.dns.text.empty();
  if (dns == !spec.registry.text.empty())
    return error("", dns ? "both dns and registry are given" : "who is asked for addresses?",
                 "dns: names.lookup, or registry: consul.read");
  const auto belongs = [&](const char* field, bool set, bool to_dns) {
    if (set && to_dns != dns)
      error(field, fmt::format("it belongs to {}", to_dns ? "dns" : "a registry"),
            to_dns ? "dns: names.lookup" : "registry: consul.read");
  };
  belongs(".ttl", spec.ttl.has_value(), true);
  belongs(".negative_ttl", spec.negative_ttl.has_value(), true);
  belongs(".failure_ttl", spec.failure_ttl.has_value(), true);
  belongs(".update_delay", spec.update_delay.has_value(), true);
  belongs(".serve_stale", spec.serve_stale.has_value(), true);
  belongs(".heartbeat", spec.heartbeat.has_value(), false);
  belongs(".lease", spec.lease.has_value(), false);
  belongs(".poll", spec.poll.has_value(), false);
  belongs(".push_delay", spec.push_delay.has_value(), false);
  belongs(".stale_reads", spec.stale_reads.has_value(), false);
  belongs(".keep_last", spec.keep_last.has_value(), false);
  if (spec.poll && spec.push_delay)
    error(".push_delay", "changes are polled, so none is pushed", "leave out poll, or push_delay");
  auto s = std::make_shared<DiscoverySettings>();
  s->by = dns ? DiscoveryBy::dns : DiscoveryBy::registry;
  const Reference& asked = dns ? spec.dns : spec.registry;
  s->ask.operation_name = asked.text;
  s->ask.mark = asked.mark;
  s->ask.path = target.path + (dns ? ".dns" : ".registry");
  s->ask.timeout = spec.timeout;
  s->ttl = spec.ttl.value_or(s->ttl);
  s->negative_ttl = spec.negative_ttl.value_or(s->negative_ttl);
  s->update_delay = spec.update_delay.value_or(s->update_delay);
  s->serve_stale = spec.serve_stale.value_or(s->serve_stale);
  s->heartbeat = spec.heartbeat.value_or(s->heartbeat);
  s->lease = spec.lease.value_or(s->lease);
  s->poll = spec.poll;
  if (spec.push_delay) s->push_delay = spec.push_delay->value;
  s->stale_reads = spec.stale_reads.value_or(s->stale_reads);
  s->keep_last = spec.keep_last.value_or(s->keep_last);
  if (!dns && s->lease <= s->heartbeat)
    error(".lease",
          fmt::format("a lease of {} runs out between heartbeats {} apart", show_value(s->lease),
                      show_value(s->heartbeat)),
          "usual is three heartbeats");
  if (!dns && spec.timeout >= s->lease)
    error(".timeout", "a heartbeat may take longer than the lease that it renews", "a shorter timeout");
  if (dns || !s->keep_last)
    s->gate = std::make_shared<GateModel>(spec.failure_ttl.value_or(sim::Duration{0}));
  if (target.edge == nullptr) {
    target.station->discovery = std::move(s);
    return;
  }
  target.edge->admissions.push_back({kDiscovery, std::make_shared<const OwnDiscovery>(std::move(s), kNone),
                                     Scope::service, false, false, target.origin});
}

}  // namespace

std::unique_ptr<AdmissionPolicy> OwnDiscovery::start() const {
  return std::make_unique<DiscoveryGate>(sim::Duration{0});
}

const OwnDiscovery* own_discovery_of(const Edge& edge) {
  for (const AdmissionUse& use : edge.admissions) {
    if (use.policy == kDiscovery) return static_cast<const OwnDiscovery*>(use.model.get());
  }
  return nullptr;
}

const DiscoverySettings* discovery_of(const Topology& t, const Edge& edge) {
  if (edge.probe) return nullptr;
  const int station = t.operations[static_cast<std::size_t>(edge.operation)].station;
  // A mesh may have led the call elsewhere since.
  const OwnDiscovery* own = own_discovery_of(edge);
  if (own != nullptr && own->station() == station) return own->settings().get();
  return t.stations[static_cast<std::size_t>(station)].discovery.get();
}

std::vector<std::vector<const DiscoverySettings*>> discoveries_of(const Topology& t) {
  std::vector<std::vector<const DiscoverySettings*>> all(t.stations.size());
  for (std::size_t s = 0; s < t.stations.size(); ++s) {
    if (t.stations[s].discovery) all[s].push_back(t.stations[s].discovery.get());
  }
  for (const Edge& edge : t.edges) {
    if (own_discovery_of(edge) == nullptr) continue;
    auto& list =
        all[static_cast<std::size_t>(t.operations[static_cast<std::size_t>(edge.operation)].station)];
    const DiscoverySettings* found = discovery_of(t, edge);
    if (found != nullptr && std::find(list.begin(), list.end(), found) == list.end()) list.push_back(found);
  }
  return all;
}

Admission DiscoveryGate::admit(const CallFacts& facts, sim::Stream&) {
  if (book_ == nullptr) return Admission::yes();
  switch (book_->ask(view_, facts.now, failure_ttl_)) {
    case AddressBook::Answer::known:
      break;
    case AddressBook::Answer::wait:
      return Admission::in_line({INT64_MAX}, Outcome::unavailable);
    case AddressBook::Answer::none:
      return Admission::no(Outcome::unavailable);
  }
  return Admission::yes();
}

PolicyInfo discovery_policy() {
  using Spec = DiscoverySpec;
  PolicyInfo info;
  info.name = "discovery";
  info.seam = "selection";
  info.places = {PolicyPlace::call, PolicyPlace::target};
  info.about =
      "How callers learn which instances there are: by DNS, or from a registry. At a call, in a way of its "
      "own, which goes before the callee's.";
  info.fields =
      Fields<Spec>("discovery", info.about)
          .add("dns", &Spec::dns, "operation of the resolver that a lookup calls")
          .add("registry", &Spec::registry, "operation of the registry for heartbeats and reads")
          .add("timeout", &Spec::timeout, "of a lookup, a read or a heartbeat", more_than(0))
          .add("ttl", &Spec::ttl, "dns: for which a client keeps an answer; default 30s", more_than(0))
          .add("negative_ttl", &Spec::negative_ttl,
               "dns: for which it keeps the answer that there is no address; default 5s", more_than(0))
          .add("failure_ttl", &Spec::failure_ttl,
               "dns: for which a lookup that failed is not repeated, and calls fail at once; resolvers keep "
               "failures for 1s to 5min (RFC 9520); default 0s",
               at_least(0))
          .add("update_delay", &Spec::update_delay,
               "dns: until the records show that an instance has come or gone; default 0s")
          .add("serve_stale", &Spec::serve_stale,
               "dns: where a lookup fails the last answer is used; default false")
          .add("heartbeat", &Spec::heartbeat, "registry: between heartbeats of an instance; default 10s",
               at_least(1e6))
          .add("lease", &Spec::lease,
               "registry: an instance that has not been heard of for this long is taken out; default 30s",
               at_least(1e6))
          .add("poll", &Spec::poll, "registry: between reads of a client; default: changes are pushed",
               at_least(1e6))
          .add("push_delay", &Spec::push_delay,
               "registry: until a change is with a client, drawn for each; default 0s")
          .add("stale_reads", &Spec::stale_reads,
               "registry: a node answers reads although there is no quorum; default true")
          .add("keep_last", &Spec::keep_last,
               "registry: a client that cannot read it goes on with what it knows, otherwise its calls "
               "fail; default true")
          .table();
  info.example = "{dns: names.lookup, ttl: 30s}";
  info.make = make_spec<Spec>;
  info.apply = apply;
  return info;
}

}  // namespace tailrace::models
