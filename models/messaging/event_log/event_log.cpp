#include "models/messaging/event_log/event_log.hpp"

#include <algorithm>
#include <utility>

#include "models/messaging/event_log/hash.hpp"
#include "sim/base/check.hpp"

namespace tailrace::models::event_log {

EventLog::EventLog(const LogSettings& settings, ChannelHost& host)
    : s_(settings),
      foresight_(dynamic_cast<const Foresight*>(&host)),
      core_(settings, host),
      replication_(core_),
      sides_(settings.partitions) {
  std::uint32_t lanes = 0;
  for (std::uint32_t g = 0; g < s_.groups.size(); ++g) {
    const LogGroup& group = s_.groups[g];
    const bool shared = group.type == Subscription::shared || group.type == Subscription::key_shared;
    first_lanes_.push_back(lanes);
    groups_.push_back(shared ? make_shared_group(core_, g, lanes) : make_assigned_group(core_, g, lanes));
    lanes += group.instances * group.concurrency;
  }
}

std::uint32_t EventLog::place(Envelope& message) {
  if (message.key != kNoKey) {
    message.part = slot_of(mix(message.key), s_.partitions);
  } else {
    message.part = next_partition(message.producer);
  }
  return core_.partitions[message.part].leader;
}

// Without a key: each in turn, or one until its batch is full. Partitions without a leader are passed over.
std::uint32_t EventLog::next_partition(std::uint32_t producer) {
  while (sticky_.size() <= producer)
    sticky_.push_back(static_cast<std::uint32_t>(sticky_.size()) % s_.partitions);
  std::uint32_t& at = sticky_[producer];
  for (std::uint32_t n = 0; n < s_.partitions && core_.partitions[at].leader == kNobody; ++n)
    at = at + 1 == s_.partitions ? 0 : at + 1;
  const std::uint32_t chosen = at;
  if (s_.keyless == Keyless::round_robin || s_.linger == 0) at = at + 1 == s_.partitions ? 0 : at + 1;
  return chosen;
}

std::uint32_t EventLog::batch_of(std::uint32_t producer, std::uint32_t partition) {
  if (producer >= rows_.size()) rows_.resize(producer + 1, kNobody);
  if (rows_[producer] == kNobody) {
    rows_[producer] = static_cast<std::uint32_t>(batches_.size());
    batches_.resize(batches_.size() + s_.partitions);
  }
  return rows_[producer] + partition;
}

Publication EventLog::publish(const Envelope& original, bool confirmed, std::uint64_t ticket) {
  Waiting w{original, ticket, core_.host.now(), confirmed};
  if (w.message.part >= s_.partitions) place(w.message);
  if (s_.linger == 0) {
    const Publication result = admit(w);
    if (result == Publication::accepted) announce(w.message.part);
    return result == Publication::pending && !confirmed ? Publication::accepted : result;
  }
  if (core_.partitions[w.message.part].leader == kNobody) {
    ++core_.counts.refused;
    return Publication::unavailable;
  }
  const std::uint32_t index = batch_of(w.message.producer, w.message.part);
  Batch& b = batches_[index];
  b.bytes += w.message.bytes;
  b.messages.push_back(w);
  core_.host.hold(w.message);
  if (b.messages.size() >= s_.batch_size || b.bytes >= s_.batch_bytes) {
    const Publication result = flush(index, true);
    return result == Publication::pending && !confirmed ? Publication::accepted : result;
  }
  if (b.messages.size() == 1 && s_.linger != kNever) {
    core_.host.wake_at(sim::saturating_add(core_.host.now(), s_.linger),
                       timer_tag(TimerKind::linger, 0, index, b.generation));
  }
  return confirmed ? Publication::pending : Publication::accepted;
}

// `filled`: the last message is just being published; what becomes of it is returned, not answered.
Publication EventLog::flush(std::uint32_t index, bool filled) {
  Batch& b = batches_[index];
  ++b.generation;
  ++core_.counts.batches;
  const std::uint32_t partition = b.messages.front().message.part;
  const std::uint32_t producer = b.messages.front().message.producer;
  if (producer < sticky_.size() && sticky_[producer] == partition && s_.keyless == Keyless::sticky)
    sticky_[producer] = partition + 1 == s_.partitions ? 0 : partition + 1;
  bool appended = false;
  Publication last = Publication::pending;
  for (Waiting& w : b.messages) {
    core_.host.observe(ChannelTime::batching, kNobody, core_.host.now() - w.time);
    const Publication result = last = admit(w);
    core_.host.release(w.message);
    if (result == Publication::pending) continue;
    appended = appended || result == Publication::accepted;
    if (w.confirmed && !(filled && &w == &b.messages.back()))
      core_.host.answer(w.ticket, result == Publication::accepted ? Outcome::success : Outcome::unavailable);
  }
  b.messages.clear();
  b.bytes = 0;
  if (appended) announce(partition);
  return last;
}

// At the leader: into the log, or first to the replicas.
Publication EventLog::admit(Waiting& w) {
  const std::uint32_t partition = w.message.part;
  const std::uint32_t in_sync = replication_.in_sync(partition);
  if (core_.partitions[partition].leader == kNobody ||
      (s_.acks == Acks::all && in_sync < s_.min_insync_replicas)) {
    ++core_.counts.refused;
    return Publication::unavailable;
  }
  Side& side = sides_[partition];
  if (s_.acks == Acks::all && ((in_sync > 1 && s_.replication_latency > 0) || !side.replicating.empty())) {
    w.time = sim::saturating_add(core_.host.now(), core_.by_leader(partition, s_.replication_latency));
    side.replicating.push(w);
    core_.host.hold(w.message);
    arm_replicated(partition, w.time);
    return Publication::pending;
  }
  append(w.message);
  return Publication::accepted;
}

void EventLog::append(const Envelope& message) {
  const std::uint32_t partition = message.part;
  const std::uint64_t number =
      s_.producer_identity == ProducerIdentity::session ? message.sequence : message.identity;
  if (s_.idempotence && !sides_[partition].seen.insert(number)) {
    ++core_.counts.published;
    ++core_.counts.deduplicated;
    return;
  }
  core_.append(partition, message);
  PartitionLog& log = core_.partitions[partition];
  const bool replicas_have_it =
      s_.acks == Acks::all || s_.replication_latency == 0 || replication_.in_sync(partition) == 1;
  if (replicas_have_it && log.visible + 1 == log.records.end()) {
    ++log.visible;
  } else {
    arm_replicated(partition,
                   sim::saturating_add(core_.host.now(), core_.by_leader(partition, s_.replication_latency)));
  }
  arm_keeping(partition);
}

void EventLog::announce(std::uint32_t partition) {
  if (s_.retention_bytes != kNoLimit || s_.retention != kNever) expire(partition);
  for (const std::unique_ptr<Group>& g : groups_) g->readable(partition);
}

void EventLog::arm_replicated(std::uint32_t partition, std::int64_t when) {
  Side& side = sides_[partition];
  if (side.replicated_armed) return;
  side.replicated_armed = true;
  core_.host.wake_at(when, timer_tag(TimerKind::replicated, 0, partition, 0));
}

// The replicas have what is old enough. What they wait for is late with its leader, also when it was appended
// before that became slow.
void EventLog::replicated(std::uint32_t partition) {
  Side& side = sides_[partition];
  PartitionLog& log = core_.partitions[partition];
  const std::int64_t now = core_.host.now(), latency = core_.by_leader(partition, s_.replication_latency);
  side.replicated_armed = false;
  bool more = false;
  while (!side.replicating.empty() && side.replicating.front().time <= now) {
    const Waiting w = side.replicating.pop();
    append(w.message);
    core_.host.release(w.message);
    if (w.confirmed) core_.host.answer(w.ticket, Outcome::success);
    more = true;
  }
  while (log.visible < log.records.end() &&
         (log.visible < log.records.begin() ||
          sim::saturating_add(log.records[log.visible].at, latency) <= now)) {
    ++log.visible;
    more = true;
  }
  if (!side.replicating.empty()) {
    arm_replicated(partition, side.replicating.front().time);
  } else if (log.visible < log.records.end()) {
    arm_replicated(partition, sim::saturating_add(log.records[log.visible].at, latency));
  }
  if (more) announce(partition);
}

Group& EventLog::group_of(std::uint32_t lane) const {
  const auto after = std::upper_bound(first_lanes_.begin(), first_lanes_.end(), lane);
  TAILRACE_CHECK(after != first_lanes_.begin());
  return *groups_[static_cast<std::size_t>(after - first_lanes_.begin()) - 1];
}

void EventLog::handled(std::uint64_t token, Outcome outcome) {
  group_of(lane_of(token)).handled(lane_of(token), token, outcome);
}

bool EventLog::fenced(std::uint64_t token) const {
  return group_of(lane_of(token)).fenced(lane_of(token), token);
}

void EventLog::timer(std::uint64_t what) {
  const auto kind = static_cast<TimerKind>(what >> 60);
  const auto group = static_cast<std::uint32_t>(what >> 55 & 0x1f);
  const auto index = static_cast<std::uint32_t>(what >> 28 & 0x7ffffff);
  const auto generation = static_cast<std::uint32_t>(what & 0xfffffff);
  switch (kind) {
    case TimerKind::linger:
      if ((batches_[index].generation & 0xfffffffu) == generation) flush(index, false);
      return;
    case TimerKind::replicated:
      return replicated(index);
    case TimerKind::retention:
      sides_[index].retention_armed = false;
      expire(index);
      return arm_keeping(index);
    case TimerKind::compaction:
      sides_[index].compaction_armed = false;
      return compact(index);
    case TimerKind::election: {
      const Replication::Elected result = replication_.election_timer(index, generation);
      if (!result.leader) return;
      if (result.unclean) {
        sides_[index].seen.clear();
        lose(index, result.has);
      }
      return announce(index);
    }
    case TimerKind::catch_up:
      return replication_.catch_up_timer(index, generation);
    default:
      return groups_[group]->timer(kind, index, generation);
  }
}

void EventLog::instance_changed(std::uint32_t subscription, std::uint32_t instance, bool up) {
  groups_[subscription]->instance_changed(instance, up);
}

void EventLog::node_changed(std::uint32_t node, bool up) {
  if (up) return replication_.node_up(node);
  for (std::uint32_t p = 0; p < s_.partitions; ++p) {
    if (core_.partitions[p].leader == node) leader_lost(p);
  }
  for (const std::uint32_t p : replication_.node_down(node)) lose(p, core_.partitions[p].visible);
}

void EventLog::reset_counts() {
  core_.reset();
  replication_.reset();
  for (const std::unique_ptr<Group>& g : groups_) g->reset();
}

ChannelRecord EventLog::record() const {
  ChannelRecord out = core_.record();
  out.counts.elections = replication_.elections();
  for (const std::unique_ptr<Group>& g : groups_) g->count(out.counts);
  return out;
}

std::size_t EventLog::bytes() const {
  std::size_t sum = 0;
  for (const PartitionLog& p : core_.partitions) sum += p.records.bytes();
  for (const Side& s : sides_) sum += s.replicating.bytes() + s.seen.bytes();
  for (const Batch& b : batches_) sum += b.messages.capacity() * sizeof(Waiting);
  return sum;
}

}  // namespace tailrace::models::event_log
