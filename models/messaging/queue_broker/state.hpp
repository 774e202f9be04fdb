#pragma once
// The state of a queue broker in one run. Messages, deliveries and pending publications live in slabs and
// refer to each other by index; lists run through them.
//
// Invariants: a copy of a message is in the slab from copy_made() to copy_gone(), counted as ready or in
// flight by its queue; it is on its queue's list of ready messages exactly while its state is `ready`, and
// has a delivery exactly while it is `unacked`. What the host calls back into (a publication from within
// start(), answer() or forward()) only adds; messages move in settle(), run by the outermost call.
#include <cstdint>
#include <vector>

#include "models/messaging/extras.hpp"
#include "models/messaging/queue_broker/queue_broker.hpp"
#include "models/messaging/queue_broker/routing.hpp"
#include "models/messaging/ring.hpp"

namespace tailrace::models {

class QueueBroker final : public Channel {
 public:
  QueueBroker(const QueueBrokerModel& model, ChannelHost& host);

  std::uint32_t place(Envelope& message) override;
  Publication publish(const Envelope& message, bool confirmed, std::uint64_t ticket) override;
  void handled(std::uint64_t token, Outcome outcome) override;
  void timer(std::uint64_t what) override;
  void instance_changed(std::uint32_t subscription, std::uint32_t instance, bool up) override;
  void set_intake(std::uint32_t subscription, std::uint32_t instance, Intake intake) override;
  void node_changed(std::uint32_t node, bool up) override;
  std::uint64_t depth(std::uint32_t subscription) const override;
  // Of the copy that came first, which a later one may have been born before.
  std::int64_t oldest_born(std::uint32_t subscription) const override;
  void reset_counts() override;
  ChannelRecord record() const override;
  std::size_t bytes() const override;

  enum class Event : std::uint32_t {
    memory_alarm,
    memory_alarm_over,
    queue_unavailable,
    queue_available,
    leader_lost,
    leader_elected,
    queue_expired
  };

 private:
  enum class Timer : std::uint8_t { message, head, queue_ttl, election, resume };
  enum class At : std::uint8_t {
    nowhere,
    committing,  // quorum: not with a majority yet
    stalled,     // quorum: due to be committed, but the majority is not there
    delayed,
    ready,
    unacked,
    leaving  // given up by its queue, on its way to the dead letters
  };
  enum class Why : std::uint8_t { expired, overflow, rejected, delivery_limit };
  enum class Entry : std::uint8_t { in, full, unavailable, no_queue };

  struct Message {
    Envelope envelope;
    std::int64_t accepted = 0;
    std::int64_t expires = 0;
    std::uint64_t order = 0;    // within its queue
    std::uint64_t visited = 0;  // queues that it left by itself since it was rejected last; see visit()
    std::uint32_t prev = kNobody, next = kNobody;    // ready list
    std::uint32_t older = kNobody, newer = kNobody;  // all of the queue; newer: the free list too
    std::uint32_t generation = 0;
    std::uint32_t publication = kNobody;
    std::uint32_t delivery = kNobody;
    std::uint32_t deliveries = 0;
    std::uint32_t queue = 0;
    At at = At::nowhere;
    Why why = Why::expired;
    std::uint8_t band = 0;
  };
  // What an instance has in its hands. Without a message: the handler of one that was taken back still runs.
  struct Delivery {
    std::uint32_t message = kNobody, queue = 0, instance = 0;
    std::uint32_t prev = kNobody, next = kNobody;  // of the instance, in order of delivery
    std::uint32_t generation = 0;
    bool started = false;
    std::int64_t started_ns = -1;
  };
  struct Instance {
    bool up = true, in_turn = false;
    Intake intake = Intake::open;
    // Handlers cut off at this instant: perhaps it is down, and we have not been told yet.
    std::int64_t suspect = 0;
    std::int64_t held = 0;                          // messages unacked
    std::int64_t handling = 0;                      // handlers that run
    std::uint32_t first = kNobody, last = kNobody;  // deliveries
    std::uint32_t waiting = kNobody;                // the first that has not been started
    std::uint32_t next_in_turn = kNobody;
    std::uint64_t seniority = 0;  // single active consumer: who came first
  };
  struct Band {
    std::uint32_t first = kNobody, last = kNobody;
  };
  struct Queue {
    std::vector<Band> bands;  // by priority
    std::uint64_t bands_used = 0;
    std::int64_t ready = 0, ready_bytes = 0;            // messages on the lists
    std::int64_t committing = 0, committing_bytes = 0;  // not yet committed
    std::uint32_t oldest = kNobody, newest = kNobody;
    std::uint64_t orders = 0;
    PlaceCounts counts;
    std::int64_t area_since = 0;
    std::vector<Instance> instances;
    std::uint32_t turn_first = kNobody, turn_last = kNobody;  // who has free prefetch
    std::uint32_t up = 0;                                     // instances
    std::uint32_t active = kNobody;                           // single active consumer
    std::uint64_t registrations = 0;
    std::uint32_t leader = 0;
    bool serving = true, exists = true, dirty = false;
    std::int64_t head_timer = 0;
    std::uint32_t head_generation = 0, ttl_generation = 0, election_generation = 0;
  };
  struct Pending {
    std::uint64_t ticket = 0;
    std::uint32_t waiting = 0;  // copies that are not committed; also the free list
    bool failed = false;        // no answer any more
  };
  struct Suspect {
    std::uint32_t queue, instance, delivery, generation;
  };
  struct Held {
    Envelope envelope;
    std::uint64_t ticket;
    std::int64_t since;
    bool confirmed;
  };

  // broker.cpp: publications, the memory alarm, the record
  Publication accept(const Envelope& message, bool confirmed, std::uint64_t ticket);
  void settle();
  void end_turn();
  void let_in_held();
  void keep_bytes(std::int64_t change);
  void note(Event what, std::uint32_t place);
  void wake(Timer kind, std::uint32_t index, std::uint32_t generation, std::int64_t when);
  std::uint32_t open_publication(std::uint64_t ticket);
  void publication_step(std::uint32_t publication, bool committed);

  // queue.cpp: the life of a copy between its acceptance and its end, consumers apart
  const QueueSettings& settings(std::uint32_t queue) const { return settings_.queues[queue]; }
  Entry enqueue(std::uint32_t queue, const Envelope& message, std::uint64_t visited,
                std::uint32_t publication);
  void message_due(std::uint32_t message);
  void commit(std::uint32_t message);
  void stop_committing(const Message& message);
  void make_ready(std::uint32_t message);
  void unlink_ready(std::uint32_t message);
  std::uint32_t head(const Queue& queue) const;
  void trim(std::uint32_t queue);
  void arm_head(std::uint32_t queue);
  void leave(std::uint32_t message, Why why);
  void dead_letter(std::uint32_t message);
  bool send_dead(std::uint32_t from, Envelope message, std::uint64_t visited, Why why);
  std::uint64_t visit(std::uint64_t visited, std::uint32_t queue) const;
  bool has_visited(std::uint64_t visited, std::uint32_t queue) const;
  void finish(std::uint32_t message, Fate fate);
  void expire_queue(std::uint32_t queue);
  void accrue(Queue& queue);
  void mark(std::uint32_t queue);

  // consumers.cpp
  void dispatch(std::uint32_t queue);
  void deliver(std::uint32_t queue, std::uint32_t message);
  void start_waiting(std::uint32_t queue, std::uint32_t instance);
  void take_turn(std::uint32_t queue, std::uint32_t instance);
  std::uint32_t next_in_turn(std::uint32_t queue);
  bool has_credit(std::uint32_t queue, std::uint32_t instance) const;
  void choose_active(std::uint32_t queue);
  void drop_delivery(std::uint32_t delivery);
  void conclude(std::uint32_t delivery, Outcome outcome);
  void resume();
  void give_back(std::uint32_t message, std::int64_t delay_ns);
  void take_back(std::uint32_t message);

  // nodes.cpp
  bool majority(std::uint32_t queue) const;
  void classic_changed(std::uint32_t queue);
  void quorum_changed(std::uint32_t queue);
  void elect(std::uint32_t queue);
  void lose_uncommitted(std::uint32_t queue);

  const QueueBrokerModel& model_;
  const BrokerSettings& settings_;
  ChannelHost& host_;
  QueueRouter router_;
  std::vector<Queue> queues_;
  std::vector<Message> messages_;
  std::vector<Delivery> deliveries_;
  std::vector<Pending> pending_;
  std::uint32_t free_message_ = kNobody, free_delivery_ = kNobody, free_pending_ = kNobody;
  Ring<std::uint32_t> dirty_;    // queues to be looked at, each once
  Ring<std::uint32_t> leaving_;  // messages
  Ring<Suspect> suspects_;       // in the order of their timers
  Ring<Held> held_;              // publications that the memory alarm keeps waiting
  std::int64_t kept_bytes_ = 0;
  bool alarm_ = false;
  std::vector<bool> node_up_;
  int turns_ = 0;
  ChannelCounts counts_;
  std::vector<ChannelEvent> events_;
};

}  // namespace tailrace::models
