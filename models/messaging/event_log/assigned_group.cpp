#include "models/messaging/event_log/assigned_group.hpp"

#include <algorithm>

#include "models/messaging/event_log/hash.hpp"
#include "sim/base/check.hpp"

namespace tailrace::models::event_log {

AssignedGroup::AssignedGroup(Core& core, std::uint32_t group, std::uint32_t first_lane)
    : core_(core),
      foresight_(dynamic_cast<const Foresight*>(&core.host)),
      s_(core.settings.groups[group]),
      group_(group),
      first_lane_(first_lane),
      cursors_(core.settings.partitions),
      members_(s_.instances),
      lanes_(std::size_t{s_.instances} * s_.concurrency) {
  for (std::uint32_t i = s_.present; i < s_.instances; ++i) members_[i].up = members_[i].joined = false;
  const std::vector<std::uint32_t> owners = next_owners();
  for (std::uint32_t p = 0; p < owners.size(); ++p) {
    cursors_[p].owner = owners[p];
    if (owners[p] != kNobody) members_[owners[p]].owned.push_back(p);
  }
}

void AssignedGroup::readable(std::uint32_t partition) {
  const Cursor& c = cursors_[partition];
  if (c.owner == kNobody || c.stopped) return;
  Member& m = members_[c.owner];
  if (!m.takes()) return;
  if (s_.fetch_latency == 0) return poll(c.owner, partition);
  // Only who has nothing to do waits for the broker: a busy client has fetched ahead. Leaders are asked by
  // themselves, and who has the first answer goes on.
  const std::int64_t answer =
      sim::saturating_add(core_.host.now(), core_.by_leader(partition, s_.fetch_latency));
  if (m.fetching && m.fetched_at <= answer) return;
  m.fetching = true;
  m.fetched_at = answer;
  core_.host.wake_at(answer, timer_tag(TimerKind::fetch, group_, c.owner, m.generation));
}

// `only`: the one partition that has anything, if that is known.
void AssignedGroup::poll(std::uint32_t member, std::uint32_t only) {
  Member& m = members_[member];
  if (!m.idle()) return;
  if (!m.runs.empty()) return batch_done(member);  // a rebalance took back the last that it had
  const std::int64_t now = core_.host.now();
  if (s_.commit == Commit::automatic && now - m.committed_at >= s_.auto_commit_interval) commit_read(m);
  if (m.intake == Intake::leaving) return depart(member);
  if (m.intake == Intake::paused) return arm_commit(member);
  m.entries.clear();
  m.runs.clear();
  if (only != kNobody) {
    take(m, only);
  } else {
    const std::size_t n = m.owned.size();
    for (std::size_t k = 0; k < n && m.entries.size() < s_.max_poll_records; ++k) {
      take(m, m.owned[m.next]);
      // Who got only the rest of a full poll begins the next one: else a busy neighbour would starve it.
      if (k > 0 && m.entries.size() == s_.max_poll_records) break;
      m.next = m.next + 1 == n ? 0 : m.next + 1;
    }
  }
  if (m.entries.empty()) return arm_commit(member);
  m.polled_at = now;
  m.open = static_cast<std::uint32_t>(m.entries.size());
  if (s_.max_poll_interval != kNever && !m.poll_armed) {
    m.poll_armed = true;
    core_.host.wake_at(sim::saturating_add(now, s_.max_poll_interval),
                       timer_tag(TimerKind::poll_due, group_, member, 0));
  }
  deal(m);
  dispatch(member);
}

void AssignedGroup::take(Member& m, std::uint32_t partition) {
  Cursor& c = cursors_[partition];
  const PartitionLog& log = core_.partitions[partition];
  if (c.stopped || log.leader == kNobody) return;
  const std::size_t first = m.entries.size();
  std::uint64_t at = std::max(c.position, log.records.begin());
  const auto run = static_cast<std::uint32_t>(m.runs.size());
  for (; at < log.visible && m.entries.size() < s_.max_poll_records; ++at) {
    if ((log.records[at].alive >> group_ & 1u) != 0)
      m.entries.push_back({at, partition, run, kNone, 0, State::pending});
  }
  c.position = std::max(c.position, at);
  if (s_.commit == Commit::before) c.committed = c.position;
  if (m.entries.size() == first) return;
  m.runs.push_back(
      {partition, static_cast<std::uint32_t>(m.entries.size()), static_cast<std::uint32_t>(first)});
  core_.fetch(partition, group_, m.entries.size() - first);
}

// Entries to lanes. One lane takes all in order; with more, a key has its lane.
void AssignedGroup::deal(Member& m) {
  const auto member = static_cast<std::uint32_t>(&m - members_.data());
  m.loose = m.loose_tail = kNone;
  for (std::uint32_t k = 0; k < s_.concurrency; ++k) lane(member, k).head = kNone;
  if (s_.batch) return;
  for (std::uint32_t i = 0; i < m.entries.size(); ++i) {
    std::uint32_t* head = &lane(member, 0).head;
    std::uint32_t* tail = &lane(member, 0).tail;
    if (s_.concurrency > 1) {
      const std::uint64_t key =
          core_.partitions[m.entries[i].partition].records[m.entries[i].offset].message.key;
      if (key == kNoKey) {
        head = &m.loose, tail = &m.loose_tail;
      } else {
        Lane& own = lane(member, slot_of(mix(key + 1), s_.concurrency));
        head = &own.head, tail = &own.tail;
      }
    }
    if (*head == kNone) {
      *head = i;
    } else {
      m.entries[*tail].next = i;
    }
    *tail = i;
  }
}

void AssignedGroup::dispatch(std::uint32_t member) {
  if (s_.batch) return begin(member, 0, 0);
  for (std::uint32_t k = 0; k < s_.concurrency && members_[member].open > members_[member].busy; ++k) {
    if (lane(member, k).work == Lane::Work::none) next(member, k);
  }
}

// The lane's next record, if it has one.
void AssignedGroup::next(std::uint32_t member, std::uint32_t k) {
  Member& m = members_[member];
  Lane& l = lane(member, k);
  for (;;) {
    std::uint32_t* from = l.head != kNone && (m.loose == kNone || l.head < m.loose) ? &l.head : &m.loose;
    const std::uint32_t entry = *from;
    if (entry == kNone) return;
    Entry& e = m.entries[entry];
    *from = e.next;
    if (e.state != State::pending) continue;
    if (fenced(m) ? core_.partitions[e.partition].records.holds(e.offset)
                  : core_.alive(e.partition, group_, e.offset)) {
      return begin(member, k, entry);
    }
    finish(m, entry);  // gone while it lay here
  }
}

void AssignedGroup::begin(std::uint32_t member, std::uint32_t k, std::uint32_t entry) {
  Member& m = members_[member];
  Lane& l = lane(member, k);
  l.work = Lane::Work::running;
  l.entry = entry;
  l.fenced = fenced(m);
  ++l.serial;
  ++m.busy;
  const std::uint64_t token = token_of(first_lane_ + member * s_.concurrency + k, l.serial);
  if (!whole(k)) {
    Entry& e = m.entries[entry];
    e.state = State::running;
    Record& record = core_.partitions[e.partition].records[e.offset];
    core_.delivered(e.partition, group_, record);
    if (foresight_ != nullptr && e.next != kNone) {
      const Entry& after = m.entries[e.next];
      const RecordRing& records = core_.partitions[after.partition].records;
      if (records.holds(after.offset)) foresight_->comes_next(group_, records[after.offset].message);
    }
    return core_.host.start(group_, member, {&record.message, 1}, token);
  }
  scratch_.clear();
  for (Entry& e : m.entries) {
    if (e.state == State::done || e.state == State::revoked) continue;
    RecordRing& records = core_.partitions[e.partition].records;
    if (!records.holds(e.offset) || (m.runs[e.run].partition == kNobody && s_.commit != Commit::before)) {
      e.state = State::revoked;  // somebody else's by now
      --m.open;
      continue;
    }
    e.state = State::running;
    core_.delivered(e.partition, group_, records[e.offset]);
    scratch_.push_back(records[e.offset].message);
  }
  if (!scratch_.empty()) return core_.host.start(group_, member, scratch_, token);
  l.work = Lane::Work::none;
  --m.busy;
  settle(member);
}

void AssignedGroup::handled(std::uint32_t at, std::uint64_t token, Outcome outcome) {
  const std::uint32_t member = (at - first_lane_) / s_.concurrency, k = (at - first_lane_) % s_.concurrency;
  Lane& l = lane(member, k);
  if (l.work != Lane::Work::running || token != token_of(at, l.serial)) return;
  Member& m = members_[member];
  if (outcome == Outcome::network) {
    // The instance may have crashed, and its channel hears of that within this instant, perhaps later.
    l.work = Lane::Work::waiting;
    l.network = true;
    core_.host.wake_at(core_.host.now(), timer_tag(TimerKind::lane, group_, at - first_lane_,
                                                   static_cast<std::uint32_t>(l.serial)));
    return;
  }
  if (outcome != Outcome::success && !l.fenced) return failed(member, k);
  l.work = Lane::Work::none;
  --m.busy;
  if (whole(k)) {
    for (std::uint32_t i = 0; i < m.entries.size(); ++i) {
      if (m.entries[i].state == State::running) finish(m, i);
    }
  } else {
    finish(m, l.entry);
  }
  if (l.fenced && !m.joined && s_.commit == Commit::record) clear_work(member);  // its commit was refused
  next(member, k);
  settle(member);
}

bool AssignedGroup::fenced(std::uint32_t at, std::uint64_t token) const {
  const Lane& l = lanes_[at - first_lane_];
  if (l.work != Lane::Work::running || token != token_of(at, l.serial)) return true;
  if (s_.commit == Commit::before) return false;
  const Member& m = members_[(at - first_lane_) / s_.concurrency];
  if (l.fenced || !m.joined) return true;
  const auto given_away = [&](const Entry& e) { return m.runs[e.run].partition == kNobody; };
  if (!s_.batch) return given_away(m.entries[l.entry]);
  return std::any_of(m.entries.begin(), m.entries.end(),
                     [&](const Entry& e) { return e.state == State::running && given_away(e); });
}

// After a lane's work: others may have records whose lane was stopped; with nothing left, the next poll.
void AssignedGroup::settle(std::uint32_t member) {
  Member& m = members_[member];
  if (m.busy == 0 && m.open > 0) {
    for (std::uint32_t k = 0; k < s_.concurrency; ++k) next(member, k);
  }
  if (m.busy == 0 && m.open == 0) batch_done(member);
}

void AssignedGroup::failed(std::uint32_t member, std::uint32_t k) {
  Member& m = members_[member];
  Lane& l = lane(member, k);
  Entry& first = m.entries[l.entry];
  const bool stopped = s_.commit != Commit::before && !whole(k) && cursors_[first.partition].stopped;
  const std::uint64_t deliveries = ++first.failures;
  const bool last = s_.on_failure == LogOnFailure::skip || deliveries >= s_.max_deliveries;
  if (!last && !stopped) {
    l.work = Lane::Work::waiting;
    if (s_.retry_backoff == 0) return retry(member, k);
    core_.host.wake_at(core_.host.now() + s_.retry_backoff,
                       timer_tag(TimerKind::lane, group_, member * s_.concurrency + k,
                                 static_cast<std::uint32_t>(l.serial)));
    return;
  }
  l.work = Lane::Work::none;
  --m.busy;
  if (whole(k)) {
    for (std::uint32_t i = 0; i < m.entries.size(); ++i) {
      if (m.entries[i].state != State::running) continue;
      give_up(m, m.entries[i]);
      finish(m, i);
    }
  } else if (!last) {
    first.state = State::revoked;
    --m.open;
  } else {
    give_up(m, first);
    finish(m, l.entry);
  }
  next(member, k);
  settle(member);
}

void AssignedGroup::retry(std::uint32_t member, std::uint32_t k) {
  Lane& l = lane(member, k);
  Member& m = members_[member];
  l.work = Lane::Work::none;
  --m.busy;
  const Entry& e = m.entries[l.entry];
  if (whole(k) || core_.alive(e.partition, group_, e.offset)) return begin(member, k, l.entry);
  finish(m, l.entry);
  next(member, k);
  settle(member);
}

void AssignedGroup::give_up(Member& m, Entry& e) {
  const std::uint32_t partition = e.partition;
  const bool mine = s_.commit == Commit::before || m.runs[e.run].partition != kNobody;
  if (!mine || !core_.alive(partition, group_, e.offset)) return;
  if (s_.on_failure == LogOnFailure::skip) {
    core_.end_copy(partition, group_, e.offset, Fate::dropped, true);
  } else {
    core_.dead_letter(partition, group_, e.offset, true);
  }
  core_.trim(partition);
}

// The entry needs no more work; what that commits depends.
void AssignedGroup::finish(Member& m, std::uint32_t entry) {
  Entry& e = m.entries[entry];
  TAILRACE_CHECK(m.open > 0);
  --m.open;
  e.state = State::done;
  if (s_.commit == Commit::before) {
    if (core_.alive(e.partition, group_, e.offset)) {
      core_.end_copy(e.partition, group_, e.offset, Fate::consumed, true);
      core_.trim(e.partition);
    }
    return;
  }
  if (fenced(m)) return;
  advance(m, e.run);
}

void AssignedGroup::advance(Member& m, std::uint32_t index) {
  Run& run = m.runs[index];
  if (run.partition == kNobody) return;
  const std::uint32_t before = run.handled;
  while (run.handled < run.end && m.entries[run.handled].state == State::done) ++run.handled;
  if (s_.commit == Commit::record && run.handled != before)
    commit(run.partition, m.entries[run.handled - 1].offset + 1);
}

void AssignedGroup::batch_done(std::uint32_t member) {
  Member& m = members_[member];
  if (s_.commit == Commit::batch && m.joined) commit_runs(m);
  if (m.joined && s_.commit != Commit::before) return_rest(m);
  m.runs.clear();
  m.entries.clear();
  if (m.joined) return poll(member, kNobody);
  if (m.up) join(member);  // thrown out, and now it polls again
}

void AssignedGroup::commit(std::uint32_t partition, std::uint64_t upto) {
  Cursor& c = cursors_[partition];
  RecordRing& records = core_.partitions[partition].records;
  for (std::uint64_t at = std::max(c.committed, records.begin()); at < upto; ++at) {
    if ((records[at].alive >> group_ & 1u) != 0) core_.end_copy(partition, group_, at, Fate::consumed, true);
  }
  c.committed = std::max(c.committed, upto);
  core_.trim(partition);
}

// What the present batch has handled without a gap.
void AssignedGroup::commit_runs(Member& m) {
  std::uint32_t first = 0;
  for (const Run& run : m.runs) {
    if (run.partition != kNobody && run.handled > first)
      commit(run.partition, m.entries[run.handled - 1].offset + 1);
    first = run.end;
  }
}

// A rebalance took records back that the batch had polled: they are not read by now.
void AssignedGroup::return_rest(Member& m) {
  std::uint32_t first = 0;
  for (Run& run : m.runs) {
    if (run.partition != kNobody && run.handled != run.end) {
      commit(run.partition,
             run.handled > first ? m.entries[run.handled - 1].offset + 1 : m.entries[first].offset);
      rewind(run.partition);
    }
    first = run.end;
  }
}

// Everything that polls have returned, between batches.
void AssignedGroup::commit_read(Member& m) {
  for (const std::uint32_t p : m.owned) {
    if (!cursors_[p].stopped) commit(p, cursors_[p].position);
  }
  m.committed_at = core_.host.now();
}

void AssignedGroup::arm_commit(std::uint32_t member) {
  Member& m = members_[member];
  if (s_.commit != Commit::automatic || m.commit_armed) return;
  const bool uncommitted = std::any_of(m.owned.begin(), m.owned.end(), [&](std::uint32_t p) {
    return core_.place(p, group_).counts.in_flight > 0;
  });
  if (!uncommitted) return;
  m.commit_armed = true;
  core_.host.wake_at(std::max(core_.host.now(), m.committed_at + s_.auto_commit_interval),
                     timer_tag(TimerKind::auto_commit, group_, member, 0));
}

void AssignedGroup::overtaken(std::uint32_t partition) {
  if (s_.reset != OffsetReset::latest) return;
  Cursor& c = cursors_[partition];
  const PartitionLog& log = core_.partitions[partition];
  for (std::uint64_t at = std::max(c.position, log.records.begin()); at < log.visible; ++at) {
    if (core_.alive(partition, group_, at)) core_.end_copy(partition, group_, at, Fate::dropped, false);
  }
}

void AssignedGroup::lost(std::uint32_t partition, std::uint64_t offset) {
  if (core_.alive(partition, group_, offset))
    core_.end_copy(partition, group_, offset, Fate::lost, offset < cursors_[partition].position);
}

void AssignedGroup::timer(TimerKind kind, std::uint32_t index, std::uint32_t generation) {
  switch (kind) {
    case TimerKind::fetch: {
      Member& m = members_[index];
      if ((m.generation & 0xfffffffu) != generation || !m.fetching || core_.host.now() < m.fetched_at) return;
      m.fetching = false;
      return poll(index, kNobody);
    }
    case TimerKind::lane: {
      Lane& l = lanes_[index];
      if (l.work != Lane::Work::waiting || (l.serial & 0xfffffffu) != generation) return;
      const std::uint32_t member = index / s_.concurrency, k = index % s_.concurrency;
      if (!l.network) return retry(member, k);
      l.network = false;
      l.work = Lane::Work::running;
      return handled(first_lane_ + index, token_of(first_lane_ + index, l.serial), Outcome::error);
    }
    case TimerKind::auto_commit: {
      Member& m = members_[index];
      m.commit_armed = false;
      if (m.idle()) poll(index, kNobody);
      return;
    }
    case TimerKind::poll_due: {
      Member& m = members_[index];
      m.poll_armed = false;
      if (!m.up || !m.joined || (m.busy == 0 && m.open == 0)) return;
      const std::int64_t due = sim::saturating_add(m.polled_at, s_.max_poll_interval);
      if (due <= core_.host.now()) return throw_out(index);
      m.poll_armed = true;
      core_.host.wake_at(due, timer_tag(TimerKind::poll_due, group_, index, 0));
      return;
    }
    case TimerKind::session: {
      Member& m = members_[index];
      if (!m.up && m.joined && (m.generation & 0xfffffffu) == generation) leave(index, LogEvent::member_lost);
      return;
    }
    case TimerKind::rebalance:
      if (rebalancing_ && (rebalance_generation_ & 0xfffffffu) == generation) complete();
      return;
    default:
      return;
  }
}

void AssignedGroup::count(ChannelCounts& counts) const {
  counts.rebalances += rebalances_;
  counts.rebalancing_ns += rebalancing_ns_;
  if (rebalancing_) counts.rebalancing_ns += core_.host.now() - rebalancing_since_;
}

void AssignedGroup::reset() {
  rebalances_ = 0;
  rebalancing_ns_ = 0;
  rebalancing_since_ = core_.host.now();
}

std::unique_ptr<Group> make_assigned_group(Core& core, std::uint32_t group, std::uint32_t first_lane) {
  return std::make_unique<AssignedGroup>(core, group, first_lane);
}

}  // namespace tailrace::models::event_log
