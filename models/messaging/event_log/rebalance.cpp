// Members that go and come, and who owns what after that.
#include <algorithm>

#include "models/messaging/event_log/assigned_group.hpp"
#include "models/messaging/event_log/assignment.hpp"

namespace tailrace::models::event_log {

void AssignedGroup::instance_changed(std::uint32_t instance, bool up) {
  Member& m = members_[instance];
  if (m.up == up) return;
  m.up = up;
  ++m.generation;
  if (!up) {
    if (s_.commit == Commit::before) {
      for (const Entry& e : m.entries) {
        if (e.state == State::done || !core_.alive(e.partition, group_, e.offset)) continue;
        core_.end_copy(e.partition, group_, e.offset, Fate::lost, true);
        core_.trim(e.partition);
      }
    }
    clear_work(instance);
    for (std::uint32_t k = 0; k < s_.concurrency; ++k) {
      Lane& l = lane(instance, k);
      l.work = Lane::Work::none;
      l.network = false;
      ++l.serial;
    }
    m.busy = m.open = 0;
    m.entries.clear();
    m.runs.clear();
    m.fetching = false;
    for (const std::uint32_t p : m.owned) rewind(p);
    if (!m.joined) return;
    if (s_.session_timeout == 0 || m.intake == Intake::leaving) return leave(instance, LogEvent::member_lost);
    core_.host.wake_at(sim::saturating_add(core_.host.now(), s_.session_timeout),
                       timer_tag(TimerKind::session, group_, instance, m.generation));
    return;
  }
  m.committed_at = core_.host.now();
  if (m.intake == Intake::leaving) m.intake = Intake::open;
  if (m.joined && s_.static_members) return poll(instance, kNobody);  // goes on with its partitions
  join(instance);
}

// Records that are not committed are to be read again; those that retention has taken cannot be.
void AssignedGroup::rewind(std::uint32_t partition) {
  if (s_.commit == Commit::before) return;
  Cursor& c = cursors_[partition];
  const PartitionLog& log = core_.partitions[partition];
  bool gone = false;
  for (std::uint64_t at = std::max(c.committed, log.records.begin()); at < std::min(log.start, c.position);
       ++at) {
    if (!core_.alive(partition, group_, at)) continue;
    core_.end_copy(partition, group_, at, Fate::expired, true);
    gone = true;
  }
  core_.give_back(partition, group_, core_.place(partition, group_).counts.in_flight);
  c.position = c.committed;
  if (gone) overtaken(partition);
  core_.trim(partition);
}

// Forgets what was polled and not begun. Handlers at work go on.
void AssignedGroup::clear_work(std::uint32_t member) {
  Member& m = members_[member];
  for (Entry& e : m.entries) {
    if (e.state != State::pending) continue;
    e.state = State::revoked;
    --m.open;
  }
}

void AssignedGroup::leave(std::uint32_t member, LogEvent why) {
  members_[member].joined = false;
  core_.note(why, member);
  rebalance();
}

// A member that is paused goes on polling for the sake of its membership, and gets nothing.
void AssignedGroup::set_intake(std::uint32_t instance, Intake intake) {
  Member& m = members_[instance];
  if (m.intake == intake) return;
  m.intake = intake;
  if (!m.up) return;
  if (m.joined) return poll(instance, kNobody);
  if (intake == Intake::open && m.busy == 0) join(instance);  // it had left, and stays after all
}

// It says so itself, after its last batch: what it has read is committed, and nobody waits for its session.
void AssignedGroup::depart(std::uint32_t member) {
  Member& m = members_[member];
  if (s_.commit == Commit::automatic) commit_read(m);
  ++m.generation;
  leave(member, LogEvent::member_left);
}

void AssignedGroup::throw_out(std::uint32_t member) {
  Member& m = members_[member];
  ++m.generation;
  m.joined = false;
  if (s_.commit != Commit::before) {
    for (std::uint32_t k = 0; k < s_.concurrency; ++k) {
      Lane& l = lane(member, k);
      l.fenced = true;
      if (l.work != Lane::Work::waiting || l.network) continue;  // between two tries: leaves it at that
      l.work = Lane::Work::none;
      --m.busy;
      for (std::uint32_t i = 0; i < m.entries.size(); ++i) {
        if (m.entries[i].state != State::running || (!whole(k) && i != l.entry)) continue;
        m.entries[i].state = State::revoked;
        --m.open;
      }
    }
    for (const std::uint32_t p : m.owned) rewind(p);
  }
  core_.note(LogEvent::member_thrown_out, member);
  rebalance();
  // Its owner notices at once if nothing is at work.
  if (m.busy == 0) {
    clear_work(member);
    batch_done(member);
  }
}

void AssignedGroup::join(std::uint32_t member) {
  members_[member].joined = true;
  core_.note(LogEvent::member_joined, member);
  rebalance();
}

std::vector<std::uint32_t> AssignedGroup::next_owners() const {
  std::vector<std::uint32_t> joined, owners;
  for (std::uint32_t i = 0; i < members_.size(); ++i) {
    if (members_[i].joined) joined.push_back(i);
  }
  for (const Cursor& c : cursors_) owners.push_back(c.owner);
  return assign(s_.type, s_.assignment, joined, owners);
}

void AssignedGroup::rebalance() {
  const std::int64_t now = core_.host.now();
  ++rebalances_;
  if (!rebalancing_) {
    rebalancing_ = true;
    rebalancing_since_ = now;
    core_.note(LogEvent::rebalancing, group_);
  }
  const std::vector<std::uint32_t> next = next_owners();
  for (std::uint32_t p = 0; p < next.size(); ++p) {
    Cursor& c = cursors_[p];
    c.next_owner = next[p];
    if (!c.stopped && (eager() || next[p] != c.owner)) stop(p);
  }
  for (std::uint32_t i = 0; i < members_.size(); ++i) {
    if (members_[i].up && members_[i].joined) resume(i);
  }
  ++rebalance_generation_;
  core_.host.wake_at(sim::saturating_add(now, s_.rebalance_time),
                     timer_tag(TimerKind::rebalance, group_, 0, rebalance_generation_));
}

void AssignedGroup::stop(std::uint32_t partition) {
  Cursor& c = cursors_[partition];
  c.stopped = true;
  if (c.owner == kNobody || s_.commit == Commit::before) return;
  Member& m = members_[c.owner];
  if (!m.joined || !m.up) return;
  for (Entry& e : m.entries) {
    if (e.partition != partition || e.state != State::pending) continue;
    e.state = State::revoked;
    --m.open;
  }
  if (s_.batch) return;
  for (std::uint32_t k = 0; k < s_.concurrency; ++k) {
    Lane& l = lane(c.owner, k);
    if (l.work != Lane::Work::waiting || l.network || m.entries[l.entry].partition != partition) continue;
    l.work = Lane::Work::none;
    m.entries[l.entry].state = State::revoked;
    --m.busy;
    --m.open;
  }
}

void AssignedGroup::complete() {
  for (std::uint32_t p = 0; p < cursors_.size(); ++p) {
    if (cursors_[p].stopped) hand_over(p);
  }
  rebalancing_ = false;
  rebalancing_ns_ += core_.host.now() - rebalancing_since_;
  core_.note(LogEvent::rebalanced, group_);
  for (Member& m : members_) m.owned.clear(), m.next = 0;
  for (std::uint32_t p = 0; p < cursors_.size(); ++p) {
    if (cursors_[p].owner != kNobody) members_[cursors_[p].owner].owned.push_back(p);
  }
  for (std::uint32_t i = 0; i < members_.size(); ++i) {
    const Member& m = members_[i];
    if (!m.up || !m.joined) continue;
    resume(i);
    if (m.busy == 0 && m.open == 0) batch_done(i);
  }
}

// Lanes whose record was taken back go on with others of the batch.
void AssignedGroup::resume(std::uint32_t member) {
  for (std::uint32_t k = 0; k < s_.concurrency && members_[member].open > members_[member].busy; ++k) {
    if (!s_.batch && lane(member, k).work == Lane::Work::none) next(member, k);
  }
}

// The old owner commits what it has handled, if it is still there, and the new one begins after that.
void AssignedGroup::hand_over(std::uint32_t partition) {
  Cursor& c = cursors_[partition];
  c.stopped = false;
  if (c.owner != kNobody && s_.commit != Commit::before) {
    Member& m = members_[c.owner];
    if (m.up && m.joined) {
      std::uint64_t upto = c.position;
      std::uint32_t first = 0;
      for (Run& run : m.runs) {
        if (run.partition == partition) {
          upto = run.handled > first ? m.entries[run.handled - 1].offset + 1 : m.entries[first].offset;
          run.partition = kNobody;
        }
        first = run.end;
      }
      if (s_.commit != Commit::record) commit(partition, upto);
      for (std::uint32_t k = 0; k < s_.concurrency && !s_.batch; ++k) {
        Lane& l = lane(c.owner, k);
        if (l.work != Lane::Work::none && m.entries[l.entry].partition == partition) l.fenced = true;
      }
    }
    rewind(partition);
  }
  c.owner = c.next_owner;
}

}  // namespace tailrace::models::event_log
