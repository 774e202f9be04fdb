#pragma once
// A subscription whose messages go to whoever is free, each acknowledged by itself (Pulsar's shared type), or
// to the instance and worker that have the range of its key (key_shared).
//
//   shared      the worker that has been free longest takes next; what comes back is delivered before what is
//               new. A failed message is delivered again after retry_backoff (negative acknowledgement),
//               anywhere.
//   key_shared  each worker has a line of its own (receiver_queue_size). What its line has no room for is
//               held behind it, in order, and the partition is read on for the others: so far as look_ahead
//               goes, then it waits. A failed message is tried again by its worker, which waits. When
//               instances change the ranges do, and what has not begun is dealt again; a key whose old worker
//               is still at a message of it is held until that one's end (Pulsar's draining hashes,
//               since 4.0). So the order of a key holds.
//
// ack_timeout: who has not finished by then goes on for nothing, unless it finishes before the next does; the
// message is delivered again. An instance that dies gives back what it had at once. max_deliveries counts all
// of these. Messages that are handed out are not touched by retention, compaction or lost leaders any more;
// what is held is, for the log still has it.
//
// An instance that is paused, or that leaves, takes no more, also of what is dealt again since another is
// gone. What lies in its workers' lines it still handles; its ranges stay its own until it is gone, for it is
// connected, so messages of theirs are held meanwhile, and the order of a key holds.
//
// Left out: flow permits in the shared type (workers ask when they are free), priorities of consumers.
// Cost: O(1) a message; looking for new ones is O(partitions) at worst; nothing is allocated in steady state.
#include <cstdint>
#include <vector>

#include "models/messaging/event_log/group.hpp"
#include "models/policy/key_map.hpp"

namespace tailrace::models::event_log {

class SharedGroup final : public Group {
 public:
  SharedGroup(Core& core, std::uint32_t group, std::uint32_t first_lane);
  void readable(std::uint32_t partition) override;
  void handled(std::uint32_t lane, std::uint64_t token, Outcome outcome) override;
  bool fenced(std::uint32_t lane, std::uint64_t token) const override;
  void timer(TimerKind kind, std::uint32_t index, std::uint32_t generation) override;
  void instance_changed(std::uint32_t instance, bool up) override;
  void set_intake(std::uint32_t instance, Intake intake) override;
  bool yields(std::uint32_t partition, std::uint64_t offset) override;
  void overtaken(std::uint32_t) override {}
  void lost(std::uint32_t partition, std::uint64_t offset) override;
  void count(ChannelCounts&) const override {}
  void reset() override {}

 private:
  static constexpr std::uint32_t kNone = 0xffffffffu;

  enum class State : std::uint8_t { free, queued, held, running, waiting, acknowledged };
  struct Delivery {  // a message that has been handed out and not finished
    std::uint64_t offset = 0;
    std::uint32_t partition = 0;
    std::uint32_t next = kNone;
    std::uint32_t previous = kNone;  // while it is held
    std::uint32_t attempts = 0;
    std::uint32_t life = 0;   // grows when it is finished: old references are void
    std::uint32_t round = 0;  // grows with each start and each wait: old timers are void
    std::uint32_t lane = kNone;
    State state = State::free;
  };
  struct Line {
    std::uint32_t head = kNone, tail = kNone, size = 0;
  };
  struct Lane {
    enum class Work : std::uint8_t { none, running, waiting };
    std::uint64_t serial = 0;
    std::uint32_t delivery = kNone, life = 0, round = 0;
    Work work = Work::none;
    bool network = false;  // waits to see whether its instance has crashed
    Line line, held;       // key_shared
  };

  bool keyed() const { return s_.type == Subscription::key_shared; }
  // Its workers may be given something.
  bool takes(std::uint32_t instance) const {
    return up_[instance] != 0 && intakes_[instance] == Intake::open;
  }
  void find_present();
  void count_idle();
  void read_all();
  std::uint32_t make(std::uint32_t partition, std::uint64_t offset);
  void release(std::uint32_t d);
  void push(Line& line, std::uint32_t d);
  void push_front(Line& line, std::uint32_t d);
  std::uint32_t pop(Line& line);
  // In the log still, as far as retention is concerned: for a lane, or (kNone) for nobody yet.
  void hold(std::uint32_t lane, std::uint32_t d);
  void unhold(std::uint32_t d);
  Line& holding(std::uint32_t lane) { return lane == kNone ? again_ : lanes_[lane].held; }
  std::uint64_t look_ahead() const;
  void refill(std::uint32_t lane);
  void refill_all();
  std::uint32_t next_new();
  std::uint32_t idle_lane();
  void pump();
  void read(std::uint32_t partition);
  std::uint32_t lane_for(const Delivery& d) const;
  void begin(std::uint32_t lane, std::uint32_t d);
  void begin_next(std::uint32_t lane);
  void failed(std::uint32_t d, std::uint32_t lane);
  bool give_up(std::uint32_t d);
  void requeue(std::uint32_t d);
  void deal_again();
  void find_draining();
  bool drains(const Delivery& d) const;

  Core& core_;
  const LogGroup& s_;
  std::uint32_t group_, first_lane_;
  std::vector<std::uint64_t> positions_;
  std::vector<Delivery> deliveries_;
  std::vector<std::uint32_t> unused_;
  std::vector<Lane> lanes_;
  std::vector<char> up_;
  std::vector<Intake> intakes_;
  std::vector<std::uint32_t> present_;  // instances that are up, in order
  std::vector<std::uint32_t> gathered_;
  struct Draining {
    std::uint64_t key;
    std::uint32_t lane;
  };
  std::vector<Draining> draining_;  // keys whose range has gone from a worker that is at a message of them
  Line again_;  // shared: what is delivered before what is new; key_shared: held, for nobody takes it yet
  KeyMap<std::uint32_t> held_;          // deliveries by place_in_log
  std::vector<std::uint64_t> held_of_;  // by partition: how many
  std::uint32_t idle_ = 0;              // workers of instances that take, without work
  std::uint32_t next_lane_ = 0, next_partition_ = 0;
  bool blocked_ = false;  // some partition has messages that are not read: too many are held
  bool stalled_ = false;  // something is held although there is room: its partition has no leader
};

}  // namespace tailrace::models::event_log
