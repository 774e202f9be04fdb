#pragma once
// A cloud queue in one run, with the semantics of Amazon SQS. Receiving hides a message for the visibility
// timeout and gives a receipt; deleting with the receipt ends it. The clock of all messages of a receive runs
// from the receive. Whose timeout ends is received again while the first handler may still run, and a crashed
// consumer tells nobody. FIFO: in order per message group, one receive of a group at a time. Waiting
// consumers cost no events: the instance that has waited longest gets what becomes visible.
// Invariant: first successes of a group come in its order of acceptance, except past a dead-lettered message.
// Cost: a few list and heap operations per message; nothing is allocated but to hold more than ever before.
// Left out: fair queues, the look-ahead limit of FIFO receives, sampling of servers beyond `short_poll_miss`,
// a per-group limit of receives and deletes. Retention starts anew in the dead-letter queue.
#include <cstdint>
#include <vector>

#include "models/messaging/cloud_queue/cloud_queue_model.hpp"
#include "models/messaging/cloud_queue/message_store.hpp"
#include "models/messaging/cloud_queue/rate_gate.hpp"
#include "models/messaging/extras.hpp"
#include "models/messaging/ring.hpp"
#include "models/policy/key_map.hpp"

namespace tailrace::models {

// Requests of consumers.
struct ReceiveCounts {
  std::uint64_t receives = 0;  // that brought messages
  std::uint64_t empty = 0;     // that did not
  std::uint64_t deletes = 0;   // delete requests, a batch is one
  std::uint64_t late = 0;      // deletes with a receipt that was no longer valid, and had no effect
  std::uint64_t skipped = 0;  // received, but not begun: visible again, or behind a failed one of their group
};

class CloudQueue : public Channel, public Leases {
 public:
  CloudQueue(const CloudQueueModel& model, ChannelHost& host);

  std::uint32_t place(Envelope& message) override;
  Publication publish(const Envelope& message, bool confirmed, std::uint64_t ticket) override;
  void handled(std::uint64_t token, Outcome outcome) override;
  void timer(std::uint64_t what) override;
  void instance_changed(std::uint32_t subscription, std::uint32_t instance, bool up) override;
  void ends_by(std::uint64_t token, std::int64_t when) override;
  void set_intake(std::uint32_t subscription, std::uint32_t instance, Intake intake) override;
  void node_changed(std::uint32_t node, bool up) override;
  std::uint64_t depth(std::uint32_t) const override { return store_.size(); }
  std::int64_t oldest_born(std::uint32_t) const override;  // of the one that was accepted first
  void reset_counts() override;
  ChannelRecord record() const override;
  std::size_t bytes() const override;
  ReceiveCounts receive_counts() const;

 private:
  // One message in a consumer's hands, by one receipt.
  struct Delivery {
    enum class State : std::uint8_t { free, travelling, waiting, behind, running };
    Envelope envelope;  // the consumer's own copy: the queue's may be gone before it begins
    std::uint64_t serial = 0;
    std::int64_t received_ns = 0;
    std::int64_t ends_ns = CloudQueueSettings::kNever;  // its timeout, if its handler is dead
    std::uint32_t message = kNobody;
    std::uint32_t receipt = 0;
    std::uint32_t instance = 0;
    std::uint32_t generation = 0;
    std::uint32_t next = kNobody;  // in the instance's line, or with it in one handler
    std::uint32_t then = kNobody;  // FIFO: begins after this one's success
    std::uint32_t held_next = kNobody, held_previous = kNobody;  // all of the instance
    State state = State::free;
  };
  struct Instance {
    bool up = true;
    Intake intake = Intake::open;
    bool asking = false;  // a receive is on its way, or a timer for the next one is set
    bool in_line = false;
    std::uint32_t generation = 0;  // of its timers
    std::int64_t running = 0;
    std::uint32_t first = kNobody, last = kNobody;  // received, may begin
    std::uint32_t coming = kNobody;                 // received, on their way
    std::uint32_t held = kNobody;
    std::int64_t since = 0;                            // long polling: waiting at the queue
    std::uint32_t next = kNobody, previous = kNobody;  // in the line of those
    std::uint32_t deletes_generation = 0;
  };
  struct Delete {
    std::int64_t arrives = 0;
    std::uint64_t serial = 0;
    std::uint32_t message = kNobody, receipt = 0;
  };
  enum class Timer : std::uint8_t { due, retention, poll, arrival, flush, deletes, redrive, resume, settle };

  // publishing
  bool repeated(const Envelope& message);
  bool throttled(const Envelope& message);

  // receiving
  void serve();                         // gives what is visible to those who wait at the queue
  void settle(std::uint32_t instance);  // begins what it may begin, and receives
  bool ask(std::uint32_t instance);     // true: it has received something at once
  bool held_back(std::uint32_t instance, std::int64_t until);
  bool receive(std::uint32_t instance);
  std::uint32_t take(std::uint32_t id, std::uint32_t instance);
  bool spent(std::uint32_t id);  // received as often as it may be: given up
  std::int64_t free_workers(const Instance& i) const;
  void arrive(std::uint32_t instance);
  void wait_at_queue(std::uint32_t instance);
  void leave_line(std::uint32_t instance);
  bool closed() const;

  // handling
  bool begin_next(std::uint32_t instance);
  bool runs(std::uint64_t token) const;
  bool valid(const Delivery& d) const;
  void fail(const Delivery& d, Outcome outcome);
  void skip(std::uint32_t delivery, Outcome outcome);  // it and those behind it: received, not begun
  void let_go(const Delivery& d);                      // from now on its timeout runs without heartbeats
  void pause_if_failing();
  std::int64_t hidden_until(const Delivery& d, std::int64_t held_until) const;
  void release(std::uint32_t delivery);
  std::uint32_t new_delivery();

  // ending
  void send_delete(const Delivery& d);
  void send_deletes(const Delete* deletes, std::size_t count);
  void flush_deletes(std::uint32_t instance);
  void apply_delete(const Delete& d);
  void give_up(std::uint32_t message);
  void end(std::uint32_t message, Fate fate);

  // time
  void wake(Timer timer, std::uint32_t index, std::uint32_t generation, std::int64_t when);
  void arm_due();
  void arm_retention();
  void on_due();
  void on_retention();
  void on_deletes();
  void redrive();
  void note(std::uint32_t what);
  double chance(CloudQueueModel::Purpose purpose);

  const CloudQueueModel& model_;
  const CloudQueueSettings& s_;
  ChannelHost& host_;
  MessageStore store_;
  std::vector<Delivery> deliveries_;
  std::vector<std::uint32_t> free_deliveries_;
  std::vector<Instance> instances_;
  std::vector<std::vector<Delete>> unsent_;                   // per instance: waiting for their batch
  std::uint32_t line_first_ = kNobody, line_last_ = kNobody;  // instances that wait at the queue
  Ring<Delete> deletes_;                                      // on their way
  std::vector<Envelope> together_;

  struct Seen {
    std::int64_t until;
    std::uint64_t identity;
  };
  Ring<Seen> seen_;
  IdentityTable seen_ids_;
  RateGate sends_, receives_, delete_gate_;
  KeyMap<RateGate> group_sends_;

  bool up_ = true, serving_ = false;
  std::int64_t failures_in_a_row_ = 0, paused_until_ = 0;
  std::int64_t due_armed_ = -1, retention_armed_ = -1;
  std::uint32_t due_generation_ = 0;
  bool deletes_armed_ = false;
  ChannelCounts counts_;
  ReceiveCounts received_;
  std::vector<ChannelEvent> events_;
};

}  // namespace tailrace::models
