#pragma once
// The state of a topic in one run. A copy is waiting in its subscription's session, or in flight with one of
// the instances; a delivery is one handing over to a handler there. Level 1 may have several deliveries of
// one copy, and some that outlive it: a delivery carries its own envelope.
#include <vector>

#include "models/messaging/topic/topic.hpp"

namespace tailrace::models {

class Topic final : public Channel {
 public:
  Topic(const TopicModel& model, ChannelHost& host);

  std::uint32_t place(Envelope& message) override;
  Publication publish(const Envelope& message, bool confirmed, std::uint64_t ticket) override;
  void handled(std::uint64_t token, Outcome outcome) override;
  void timer(std::uint64_t what) override;
  void instance_changed(std::uint32_t subscription, std::uint32_t instance, bool up) override;
  void set_intake(std::uint32_t subscription, std::uint32_t instance, Intake intake) override;
  void node_changed(std::uint32_t node, bool up) override;
  std::uint64_t depth(std::uint32_t subscription) const override;
  // Of the copy that came first.
  std::int64_t oldest_born(std::uint32_t subscription) const override;
  void reset_counts() override;
  ChannelRecord record() const override;
  std::size_t bytes() const override;

 private:
  enum class Timer : std::uint8_t { message, answer, will };
  static constexpr std::uint32_t kGenerationMask = (1u << 28) - 1;  // of a copy or an absence, in a timer
  enum class At : std::uint8_t { nowhere, waiting, handshake, in_flight };

  struct Copy {
    Envelope envelope;
    std::int64_t accepted = 0;
    std::uint64_t order = 0;
    std::uint32_t prev = kNobody, next = kNobody;    // waiting, or in flight with the instance
    std::uint32_t older = kNobody, newer = kNobody;  // all of the subscription; newer: the free list too
    std::uint32_t generation = 0;                    // of its timer
    std::uint32_t serial = 0;                        // of the slot's use
    std::uint32_t subscription = 0, instance = 0;
    std::uint32_t sent = 0;      // times handed to a handler
    std::uint32_t buffered = 0;  // deliveries that no handler has begun
    At at = At::nowhere;
    std::uint8_t level = 0;
  };
  struct Delivery {
    Envelope envelope;
    std::uint32_t copy = kNobody, serial = 0;  // which may have gone
    std::uint32_t subscription = 0, instance = 0;
    std::uint32_t prev = kNobody, next = kNobody;
    std::uint32_t generation = 0;
    bool started = false;
  };
  struct List {
    std::uint32_t first = kNobody, last = kNobody;
  };
  struct Instance {
    bool up = true;
    Intake intake = Intake::open;
    std::int64_t window = 0;  // copies of levels 1 and 2 in flight
    std::int64_t handling = 0, buffered = 0;
    List in_flight;   // copies
    List deliveries;  // in order
    std::uint32_t next_to_start = kNobody;
    std::uint32_t absences = 0;  // how often it has gone or come
    bool takes() const { return up && intake == Intake::open; }
  };
  struct Session {
    List waiting, all;
    std::uint64_t orders = 0;
    std::int64_t waits = 0;
    std::vector<Instance> instances;
    std::uint32_t up = 0, turn = 0;
    PlaceCounts counts;
    std::int64_t area_since = 0;
    bool dirty = false;
  };
  struct Pending {
    std::uint64_t ticket;
    std::uint32_t next;
  };

  const SubscriptionSettings& settings(std::uint32_t s) const { return settings_.subscriptions[s]; }
  void end_turn();
  void mark(std::uint32_t subscription);
  void accrue(Session& session);
  void offer(std::uint32_t subscription, const Envelope& message);
  void append(List& list, std::uint32_t copy);
  void unlink(List& list, std::uint32_t copy);
  List& list_of(const Copy& copy);
  void send_waiting(std::uint32_t subscription);
  std::uint32_t choose(std::uint32_t subscription, std::uint8_t level);
  void send(std::uint32_t copy, std::uint32_t instance);
  void hand_over(std::uint32_t copy);
  void start_buffered(std::uint32_t subscription, std::uint32_t instance);
  void drop_delivery(std::uint32_t delivery);
  void arm(std::uint32_t copy, std::int64_t after);
  bool ack_lost(std::uint32_t subscription);
  void take_back(std::uint32_t copy);
  void finish(std::uint32_t copy, Fate fate);
  void lose_waiting(std::uint32_t subscription);
  // wills.cpp
  void arm_will(std::uint32_t subscription, std::uint32_t instance);
  void will_due(std::uint32_t number, std::uint32_t absence);
  void publish_will(const WillSettings& will, std::uint32_t subscription);

  const TopicModel& model_;
  const TopicSettings& settings_;
  ChannelHost& host_;
  std::vector<Session> sessions_;
  std::vector<Copy> copies_;
  std::vector<Delivery> deliveries_;
  std::vector<Pending> pending_;
  std::uint32_t free_copy_ = kNobody, free_delivery_ = kNobody, free_pending_ = kNobody;
  std::vector<std::uint32_t> dirty_;
  bool broker_up_ = true, has_retained_ = false;
  Envelope retained_;
  int turns_ = 0;
  ChannelCounts counts_;
  std::vector<ChannelEvent> events_;
};

}  // namespace tailrace::models
