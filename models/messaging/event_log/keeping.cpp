// What a topic forgets: retention, compaction, and what dead leaders took with them.
#include <algorithm>

#include "models/messaging/event_log/event_log.hpp"
#include "models/policy/key_map.hpp"

namespace tailrace::models::event_log {

void EventLog::arm_keeping(std::uint32_t partition) {
  Side& side = sides_[partition];
  const PartitionLog& log = core_.partitions[partition];
  const std::int64_t now = core_.host.now();
  if (s_.retention != kNever && !side.retention_armed && log.start < log.records.end()) {
    side.retention_armed = true;
    core_.host.wake_at(std::max(now, sim::saturating_add(log.records[log.start].at, s_.retention)),
                       timer_tag(TimerKind::retention, 0, partition, 0));
  }
  if (s_.compaction_interval > 0 && !side.compaction_armed && log.start < log.records.end()) {
    side.compaction_armed = true;
    core_.host.wake_at((now / s_.compaction_interval + 1) * s_.compaction_interval,
                       timer_tag(TimerKind::compaction, 0, partition, 0));
  }
}

// Records that are too old or too many go, read or not; what a consumer has in its hands stays with it.
void EventLog::expire(std::uint32_t partition) {
  PartitionLog& log = core_.partitions[partition];
  const std::int64_t now = core_.host.now();
  std::uint32_t overtaken = 0;
  log.start = std::max(log.start, log.records.begin());
  while (log.start < log.records.end()) {
    const Record& record = log.records[log.start];
    if (now - record.at < s_.retention && log.bytes <= s_.retention_bytes) break;
    for (std::size_t g = 0; g < core_.group_count && record.alive != 0; ++g) {
      if ((record.alive >> g & 1u) == 0 || !yields(g, partition, log.start)) continue;
      core_.end_copy(partition, g, log.start, Fate::expired, false);
      overtaken |= 1u << g;
      // One more will follow with the next that is appended.
      if (foresight_ != nullptr && log.start + 1 < log.records.end())
        foresight_->comes_next(static_cast<std::uint32_t>(g), log.records[log.start + 1].message);
    }
    log.bytes -= record.message.bytes;
    ++log.start;
  }
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    if ((overtaken >> g & 1u) != 0) groups_[g]->overtaken(partition);
  }
  core_.trim(partition);
}

// Of each key the last record stays. Who has not read the others will not see them.
void EventLog::compact(std::uint32_t partition) {
  PartitionLog& log = core_.partitions[partition];
  KeyMap<std::uint64_t> last;
  const std::uint64_t first = std::max(log.start, log.records.begin());
  for (std::uint64_t at = first; at < log.visible; ++at) {
    if (log.records[at].message.key != kNoKey) last[log.records[at].message.key] = at;
  }
  for (std::uint64_t at = first; at < log.visible; ++at) {
    const Record& record = log.records[at];
    if (record.alive == 0 || record.message.key == kNoKey || last[record.message.key] == at) continue;
    for (std::size_t g = 0; g < core_.group_count; ++g) {
      if ((record.alive >> g & 1u) != 0 && yields(g, partition, at))
        core_.end_copy(partition, g, at, Fate::dropped, false);
    }
  }
  core_.trim(partition);
}

// Records from there on were on no replica that is left. Their offsets are not used again.
void EventLog::lose(std::uint32_t partition, std::uint64_t from) {
  PartitionLog& log = core_.partitions[partition];
  for (std::uint64_t at = std::max(from, log.records.begin()); at < log.records.end(); ++at) {
    for (std::size_t g = 0; g < core_.group_count; ++g) {
      if (!groups_.empty()) {
        groups_[g]->lost(partition, at);
      } else if (core_.alive(partition, g, at)) {
        core_.end_copy(partition, g, at, Fate::lost, false);
      }
    }
    // Compaction must not take it for the last of its key; who has it in his hands still goes by its key.
    if (log.records[at].alive == 0) log.records[at].message.key = kNoKey;
  }
  log.visible = log.records.end();
  core_.trim(partition);
}

// What waits for its replicas was never acknowledged: its publishers are told, and nothing was published.
void EventLog::leader_lost(std::uint32_t partition) {
  Side& side = sides_[partition];
  if (side.replicated_armed) replicated(partition);  // of this very instant
  while (!side.replicating.empty()) {
    const Waiting w = side.replicating.pop();
    ++core_.counts.refused;
    core_.host.release(w.message);
    if (w.confirmed) core_.host.answer(w.ticket, Outcome::unavailable);
  }
}

}  // namespace tailrace::models::event_log
