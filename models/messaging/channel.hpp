#pragma once
// The messaging seam: a channel is where messages are between their publisher and their consumers, as a
// state machine of its own (a queue broker's exchange and queues, a cloud queue, an event log, a topic with
// delivery levels). It is told what happens and when, and acts through its host: it starts handlers, sets
// timers, answers publishers. It never sees the engine.
//
// A ChannelModel is what the scenario says, shared by replications; start() makes the state of one run.
//
//   publish ──► channel ──► subscription ──► consumer group ──► handler on one of its instances
//
// A subscription is one logical copy of the stream (a queue bound to an exchange, a consumer group of a log,
// a topic's subscription): each gets every message that is routed to it. Its consumer group has instances
// that may crash and return; those that are up compete for its messages, or are assigned parts of them.
//
// What is counted where: channels count copies (conservation, per place: queue or partition); the host counts
// effects (Envelope::identity): applied once, twice, never, out of order.
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/topology/outcome.hpp"
#include "sim/base/time.hpp"

namespace tailrace::models {

inline constexpr std::uint32_t kNobody = 0xffffffffu;
inline constexpr std::uint64_t kNoKey = ~std::uint64_t{0};

// What a message carries. Copies of one publication share the identity, also when its publisher tried again
// or ran again (a handler that was given its message twice publishes the same facts twice).
struct Envelope {
  std::int64_t born = 0;       // when its publisher first tried to publish it, ns
  std::uint64_t key = kNoKey;  // partition, group, ordering
  std::uint64_t identity = 0;  // which business fact
  std::uint64_t sequence = 0;  // order of first publishing, over the whole run
  std::uint32_t journey = kNobody;
  std::uint32_t bytes = 0;
  std::uint16_t route = 0;  // index into the channel's routing keys (see models/messaging/expand.hpp)
  std::uint16_t entry = 0;  // index into ChannelModel::entries(): the exchange or queue that it was sent to
  std::uint32_t part = kNobody;  // partition, chosen by place()
  std::uint32_t delay_us = 0;    // not delivered before so long after it was accepted
  std::uint32_t producer = 0;    // which publishing component: batches and idempotent producers are its own
  std::uint32_t ttl_us = 0;      // expires so long after it was accepted; 0: never
  std::uint8_t priority = 0;
  std::uint8_t level = 1;       // delivery level asked for: 0 at most once, 1 at least once, 2 exactly once
  std::uint8_t redirected = 0;  // times dead-lettered
  bool poison = false;          // no handler can handle it; channels do not know
};
static_assert(sizeof(Envelope) == 64);

// What became of a copy of a message.
enum class Fate : std::uint8_t {
  consumed,       // handled and acknowledged
  expired,        // message or queue TTL, retention
  dropped,        // length limit, or a slow subscriber of level 0
  dead_lettered,  // left for the dead-letter queue (which accepted its own copy), or given up without one
  lost            // a node took it down, or it was acknowledged before it was handled
};
inline constexpr std::size_t kFates = 5;
const char* fate_name(Fate fate);

// One place that keeps messages: a queue, a partition for one group, ... Held always, for each place:
//   resident_at_start + accepted = sum(ended) + ready + in_flight
struct PlaceCounts {
  std::uint64_t resident_at_start = 0;  // at the end of the warm-up
  std::uint64_t accepted = 0;           // copies that came in, redelivered ones not again
  std::uint64_t ended[kFates] = {};
  std::uint64_t ready = 0, in_flight = 0;  // now: waiting (delayed ones too); with a consumer
  std::uint64_t deliveries = 0;            // handed to a consumer
  std::uint64_t redeliveries = 0;          // of these, not the copy's first time
  std::uint64_t peak = 0;                  // of ready + in_flight
  __extension__ __int128 area = 0;         // message-nanoseconds of ready + in_flight; see depth_changed()
  std::uint64_t total_ended() const {
    std::uint64_t sum = 0;
    for (const std::uint64_t n : ended) sum += n;
    return sum;
  }
  bool conserved() const { return resident_at_start + accepted == total_ended() + ready + in_flight; }
};

// Of a whole channel. Refused publications entered no place.
struct ChannelCounts {
  std::uint64_t published = 0;     // accepted publications (a fan-out to three queues is one)
  std::uint64_t unrouted = 0;      // of these, matched by no binding
  std::uint64_t refused = 0;       // rejected: full, alarm, too few replicas, no leader
  std::uint64_t deduplicated = 0;  // of published: a repetition that the broker recognised and dropped
  std::uint64_t batches = 0;       // requests that carried them, where producers batch
  std::uint64_t elections = 0, rebalances = 0;
  std::uint64_t receives = 0, empty_receives = 0;  // polls of consumers; those that found nothing
  std::uint64_t late_deletes = 0;                  // of messages that were visible to others again by then
  std::int64_t blocked_ns = 0;  // time that publishers were held back by flow control, in all
  std::int64_t rebalancing_ns = 0;
};

// State changes for reports: "rebalancing", "memory alarm", "leader of 3 lost".
struct ChannelEvent {
  std::int64_t time_ns;
  std::uint32_t what;   // index into ChannelModel::event_names()
  std::uint32_t place;  // place, node or subscription that it is about; kNobody
};

struct ChannelRecord {
  ChannelCounts counts;
  std::vector<PlaceCounts> places;   // by ChannelModel::place_names()
  std::vector<ChannelEvent> events;  // the first kMostEvents
  static constexpr std::size_t kMostEvents = 1000;
};

// Times that channels measure for the host's histograms.
enum class ChannelTime : std::uint8_t {
  batching,  // publication to the flush of its batch
  waiting,   // accepted by the place to its first delivery
};

class ChannelHost {
 public:
  virtual ~ChannelHost() = default;
  virtual std::int64_t now() const = 0;
  // Channel::timer(what) at that time (now or later). It cannot be called off: a channel ignores what is out
  // of date.
  virtual void wake_at(std::int64_t when, std::uint64_t what) = 0;
  // The group's instance begins to handle the messages (one, or a batch as one). Channel::handled(token)
  // follows later, never from within this call.
  virtual void start(std::uint32_t subscription, std::uint32_t instance, std::span<const Envelope> messages,
                     std::uint64_t token) = 0;
  // The end of a publication that publish() left pending.
  virtual void answer(std::uint64_t ticket, Outcome outcome) = 0;
  // Into another channel of the model (a dead-letter queue, a redrive), past any publisher. False: refused.
  virtual bool forward(std::uint32_t channel, const Envelope& message) = 0;
  // A copy has come into the subscription (kept for Envelope::journey) / is gone from it.
  virtual void copy_made(std::uint32_t subscription, const Envelope& message) = 0;
  virtual void copy_gone(std::uint32_t subscription, const Envelope& message, Fate fate) = 0;
  // A consumer has the message in its hands, and may begin to handle it although the copy is gone by then
  // (handled by somebody else meanwhile); until released. What a handler works at needs no such hold.
  virtual void hold(const Envelope&) {}
  virtual void release(const Envelope&) {}
  // 64 random bits of the channel's own stream number `purpose` (< ChannelModel::streams()).
  virtual std::uint64_t random(std::uint32_t purpose) = 0;
  virtual void observe(ChannelTime what, std::uint32_t subscription, std::int64_t ns) = 0;
};

enum class Publication : std::uint8_t {
  accepted,
  pending,  // host.answer(ticket) will follow, or never, as when the node that had it dies
  refused,  // Outcome::rejected
  unavailable
};

// Whether an instance fetches. One that is paused keeps what it was assigned, and one that leaves gives it
// up; both handle what they have fetched.
enum class Intake : std::uint8_t { open, paused, leaving };

class Channel {
 public:
  virtual ~Channel() = default;
  // Before the message is sent: chooses its part, and names the broker's node that it is to be sent to (the
  // leader); kNobody when there is none now.
  virtual std::uint32_t place(Envelope& message) = 0;
  // It has reached the broker. `confirmed`: the publisher waits for the broker's word (publisher confirms,
  // acks 1 or all); otherwise the answer is not looked at.
  virtual Publication publish(const Envelope& message, bool confirmed, std::uint64_t ticket) = 0;
  // A delivery that start() began has ended. Everything but success is a failure of the handler; network
  // means that the instance crashed or was cut off (its instance_changed() comes as well, in either order).
  virtual void handled(std::uint64_t token, Outcome outcome) = 0;
  virtual void timer(std::uint64_t what) = 0;
  virtual void instance_changed(std::uint32_t subscription, std::uint32_t instance, bool up) = 0;
  // Who leaves is not up for long: its end is an instance_changed(), and one that stays after all is told
  // `open`.
  virtual void set_intake(std::uint32_t subscription, std::uint32_t instance, Intake intake) = 0;
  virtual void node_changed(std::uint32_t node, bool up) = 0;
  // Messages that the subscription has not finished with: ready and in flight, over all its places (lag).
  virtual std::uint64_t depth(std::uint32_t subscription) const = 0;
  // When the oldest of them was born; -1 if there is none. For staleness. May be a lower bound of the age
  // where that is all that is cheap; say so.
  virtual std::int64_t oldest_born(std::uint32_t subscription) const = 0;
  virtual void reset_counts() = 0;           // end of the warm-up
  virtual ChannelRecord record() const = 0;  // areas up to host.now()
  virtual std::size_t bytes() const = 0;     // of messages kept, for the memory budget
};

// A consumer group as the channel sees it. The handler itself is the host's.
struct GroupSettings {
  std::string name;
  std::int64_t instances = 1;
  std::int64_t concurrency =
      1;  // handlers at a time per instance; the host gives its station as many workers
};

// When a group pauses. By the clock, or while another group is behind: that is looked at every `interval`,
// and the pause ends at the first look that finds no more than `below`.
struct PauseSettings {
  std::uint32_t subscription = 0;
  std::int64_t at_ns = 0, length_ns = 0, every_ns = 0;  // every 0: once
  int watched = -1;  // effect of the group that is behind; none: by the clock
  std::int64_t interval_ns = 1'000'000'000;
  std::uint64_t above = 0, below = 0;
};

class ChannelModel {
 public:
  virtual ~ChannelModel() = default;
  virtual std::unique_ptr<Channel> start(ChannelHost& host) const = 0;
  virtual const std::vector<GroupSettings>& groups() const = 0;  // by subscription
  // Where copies are kept: "q1", "orders[3]/mailers"; which subscription each place belongs to.
  virtual std::vector<std::string> place_names() const = 0;
  virtual std::vector<std::uint32_t> place_subscriptions() const = 0;
  // The scenario's routing keys, by Envelope::route; 0 is "". Told once, when all are known.
  virtual void routing_keys(const std::vector<std::string>&) {}
  // What publishers may name: exchanges and queues of a broker; "publish" of a log.
  virtual std::vector<std::string> entries() const { return {"publish"}; }
  virtual std::vector<std::string> event_names() const { return {}; }
  virtual std::uint32_t nodes() const { return 1; }
  // Every message of the subscription is delivered once, as long as no handler fails and nothing breaks:
  // there are no lost acknowledgements, limits or timeouts.
  virtual bool delivers_once(std::uint32_t) const { return true; }
  virtual std::uint32_t streams() const { return 1; }

  std::vector<PauseSettings> pauses;  // of its groups
};

}  // namespace tailrace::models
