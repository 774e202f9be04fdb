#pragma once
// A consumer group whose members own partitions (Kafka's groups; Pulsar's exclusive and failover types).
//
// A member polls: it takes up to max_poll_records from its partitions and hands them to its lanes. Records of
// one key go to one lane, in order. When all are handled it polls again. An offset is committed when all
// before it in its partition are handled (`record`), with the batch (`batch`), at a poll when the interval is
// over
// (`automatic`), or at the poll that read it (`before`: a crash loses it). What is read and not committed is
// read again by the next owner: repetitions, never gaps.
//
//   crash ── session_timeout ──► rebalance        poll ── max_poll_interval ──► thrown out, rebalance,
//                                                                               joins again when it is done
// During a rebalance all members stop (eager), or only partitions that move (cooperative). Handlers that are
// at work may still commit until the rebalance is complete; after that they work for nobody. Real clients
// finish their whole batch before they join; here what was not begun is handed back at once.
//
// Left out: the coordinator as a component that fails, heartbeat traffic, several topics in one group.
// Cost: O(1) a record; a rebalance O(partitions + what is polled).
#include <cstdint>
#include <vector>

#include "models/messaging/event_log/group.hpp"
#include "models/messaging/extras.hpp"

namespace tailrace::models::event_log {

class AssignedGroup final : public Group {
 public:
  AssignedGroup(Core& core, std::uint32_t group, std::uint32_t first_lane);
  void readable(std::uint32_t partition) override;
  void handled(std::uint32_t lane, std::uint64_t token, Outcome outcome) override;
  bool fenced(std::uint32_t lane, std::uint64_t token) const override;
  void timer(TimerKind kind, std::uint32_t index, std::uint32_t generation) override;
  void instance_changed(std::uint32_t instance, bool up) override;
  void set_intake(std::uint32_t instance, Intake intake) override;
  bool yields(std::uint32_t partition, std::uint64_t offset) override {
    return offset >= cursors_[partition].position;
  }
  void overtaken(std::uint32_t partition) override;
  void lost(std::uint32_t partition, std::uint64_t offset) override;
  void count(ChannelCounts& counts) const override;
  void reset() override;

 private:
  static constexpr std::uint32_t kNone = 0xffffffffu;

  struct Cursor {
    std::uint64_t position = 0;   // next to read
    std::uint64_t committed = 0;  // next to read for a new owner
    std::uint32_t owner = kNobody, next_owner = kNobody;
    bool stopped = false;  // by a rebalance
  };
  enum class State : std::uint8_t { pending, running, done, revoked };
  struct Entry {  // a polled record
    std::uint64_t offset;
    std::uint32_t partition;
    std::uint32_t run;
    std::uint32_t next;  // of its lane, or of those without a key
    std::uint32_t failures;
    State state;
  };
  struct Run {  // the polled records of one partition
    std::uint32_t partition;
    std::uint32_t end;
    std::uint32_t handled;  // all before it are
  };
  struct Lane {
    enum class Work : std::uint8_t { none, running, waiting };
    std::uint64_t serial = 0;
    std::uint32_t entry = kNone;  // the first of all, when the batch is handled as one
    std::uint32_t head = kNone, tail = kNone;
    Work work = Work::none;
    bool fenced = false;   // its record belongs to another member by now
    bool network = false;  // waits to see whether its instance has crashed
  };
  struct Member {
    bool up = true, joined = true;
    Intake intake = Intake::open;
    bool fetching = false, poll_armed = false, commit_armed = false;
    std::uint32_t generation = 0;                     // grows whenever it goes, comes or is thrown out
    std::uint32_t open = 0;                           // entries not finished
    std::uint32_t busy = 0;                           // lanes at work or waiting
    std::uint32_t loose = kNone, loose_tail = kNone;  // entries that any lane may take
    std::size_t next = 0;                             // where in `owned` the next poll begins
    std::int64_t polled_at = 0, committed_at = 0;
    std::int64_t fetched_at = 0;  // the broker's answer, while it is fetching
    std::vector<std::uint32_t> owned;
    std::vector<Entry> entries;
    std::vector<Run> runs;
    bool done() const { return up && joined && busy == 0 && open == 0; }
    bool idle() const { return done() && !fetching; }
    bool takes() const { return done() && intake == Intake::open; }
  };

  Lane& lane(std::uint32_t member, std::uint32_t k) { return lanes_[member * s_.concurrency + k]; }
  bool fenced(const Member& m) const { return !m.joined && s_.commit != Commit::before; }

  // assigned_group.cpp: reading and handling
  void poll(std::uint32_t member, std::uint32_t only);
  void take(Member& m, std::uint32_t partition);
  void deal(Member& m);
  void dispatch(std::uint32_t member);
  void next(std::uint32_t member, std::uint32_t k);
  void begin(std::uint32_t member, std::uint32_t k, std::uint32_t entry);
  void settle(std::uint32_t member);
  void failed(std::uint32_t member, std::uint32_t k);
  void retry(std::uint32_t member, std::uint32_t k);
  void give_up(Member& m, Entry& e);
  void finish(Member& m, std::uint32_t entry);
  void advance(Member& m, std::uint32_t run);
  void batch_done(std::uint32_t member);
  void commit(std::uint32_t partition, std::uint64_t upto);
  void commit_runs(Member& m);
  void return_rest(Member& m);
  void commit_read(Member& m);
  void arm_commit(std::uint32_t member);
  bool whole(std::uint32_t k) const { return s_.batch && k == 0; }

  // rebalance.cpp: members and their partitions
  void rewind(std::uint32_t partition);
  void clear_work(std::uint32_t member);
  void leave(std::uint32_t member, LogEvent why);
  void throw_out(std::uint32_t member);
  void join(std::uint32_t member);
  void depart(std::uint32_t member);
  void rebalance();
  void stop(std::uint32_t partition);
  void resume(std::uint32_t member);
  void complete();
  void hand_over(std::uint32_t partition);
  std::vector<std::uint32_t> next_owners() const;
  bool eager() const { return s_.assignment != Assignment::cooperative_sticky; }

  Core& core_;
  const Foresight* foresight_;  // of the host; none: it has no use for it
  const LogGroup& s_;
  std::uint32_t group_, first_lane_;
  std::vector<Cursor> cursors_;
  std::vector<Member> members_;
  std::vector<Lane> lanes_;
  std::vector<Envelope> scratch_;
  bool rebalancing_ = false;
  std::uint32_t rebalance_generation_ = 0;
  std::int64_t rebalancing_since_ = 0, rebalancing_ns_ = 0;
  std::uint64_t rebalances_ = 0;
};

}  // namespace tailrace::models::event_log
