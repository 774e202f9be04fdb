#pragma once
// Messaging in motion: the host of the channels, and the ties between what happens and its cause. Each frame
// of such a model has a Cause line beside it: which journey it belongs to, and which fact it works for.
// Models without messages, effects or background work have none of this.
//
// Identities. A request has one of its own. A call has one made of its caller's, its place and how many calls
// the caller made before it; so the attempts of a call share one, and a handler that is given its message
// twice makes the same calls and publishes the same facts twice. That is what lets duplicates be counted.
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "models/messaging/channel.hpp"
#include "models/messaging/extras.hpp"
#include "models/runtime/fault_state.hpp"
#include "models/runtime/key_order.hpp"
#include "models/runtime/ledger.hpp"
#include "models/runtime/record.hpp"

namespace tailrace::models {

class Execution;
struct CompiledModel;
struct EffectTable;
struct GroupTable;
struct GuardTable;
struct Step16;

struct alignas(64) Cause {
  Envelope message;         // being published: the caller's, and each attempt's
  std::uint64_t identity;   // of what the frame works for
  std::uint64_t call;       // of the call that it makes now
  std::uint64_t published;  // of the message that it published last
  std::int64_t published_at;
  std::uint64_t key;  // of the request; kNoKey
  std::uint32_t journey;
  std::uint32_t ordinal;   // of its next call
  std::uint32_t delivery;  // the handler's frame and its branches: what they handle
  std::uint32_t handling;  // Delivery::serial, since work in the background outlives it
};
static_assert(sizeof(Cause) == 128);

// Of a frame that handles a message, in place of a class: Frame::parent.
inline constexpr std::uint32_t kDeliveryBit = 0x80000000u;
// Of a timer, in place of a channel.
inline constexpr std::uint32_t kSagaTimer = 0xfffffffeu;

class Messaging final : public InstanceListener {
 public:
  explicit Messaging(Execution& run);
  ~Messaging() override;
  void start();  // the channels

  // --- frames and their causes
  void begin_request(std::uint32_t slot, bool keyed);
  void begin_branch(std::uint32_t slot, std::uint32_t child, std::uint32_t number);
  void begin_spawned(std::uint32_t slot, std::uint32_t child) {
    next_fork(slot);
    begin_branch(slot, child, 0);
  }
  void next_fork(std::uint32_t slot) { ++causes_[slot].ordinal; }
  void begin_call(std::uint32_t slot, std::uint32_t edge, const GuardTable& g);
  void begin_attempt(std::uint32_t slot, std::uint32_t child);
  void release(std::uint32_t slot) { let_go(causes_[slot].journey); }
  // `fresh` goes on in place of `slot`, which stays as a grave.
  void stand_in(std::uint32_t slot, std::uint32_t fresh) {
    causes_[fresh] = causes_[slot];
    ledger_.hold(causes_[slot].journey);
  }
  void append() { causes_.append(); }
  std::size_t slots() const { return causes_.size(); }
  std::size_t bytes() const;

  // --- steps; each returns the frame that goes on, or kNoId
  std::uint32_t spawn(std::uint32_t slot, const Step16& step);
  std::uint32_t deposit(std::uint32_t slot, std::uint32_t channel);
  bool recognise(std::uint32_t slot, std::uint32_t effect);
  bool poisoned(std::uint32_t slot, std::uint32_t effect) const;  // its handling fails
  void effect(std::uint32_t slot, std::uint32_t effect);
  void milestone(std::uint32_t slot, std::uint32_t milestone);
  bool await(std::uint32_t slot, std::uint32_t effect);  // true: it has come about
  bool handled(std::uint32_t slot, std::uint32_t effect) const;
  std::int64_t waited(std::uint32_t slot) const;
  // When the effect came about for the frame's cause; -1: it has not.
  std::int64_t came_about(std::uint32_t slot, std::uint32_t effect) const;
  // What the frame does now is counted from the effect on, whatever it tried before.
  void inside(std::uint32_t slot, std::uint32_t effect);
  void late(std::uint32_t slot, std::uint32_t milestone);
  // sagas.cpp: the frame may lead one, and ends too soon; it dies with its instance.
  void saga_run_ends(std::uint32_t slot);
  void orchestrator_dies(std::uint32_t slot);

  // The call goes from an instance to itself (models/topology/subscriptions.hpp).
  bool stays_at_home(std::uint32_t edge) const { return !at_home_.empty() && at_home_[edge]; }
  // The broker's node that the message of the frame's call goes to; kNoInstance: there is none.
  std::uint32_t choose_node(std::uint32_t slot, const GuardTable& g);
  // Of a channel that has partitions: the instance that leads one; kNoId: nobody does now.
  std::uint32_t leader(std::uint32_t channel, std::uint32_t partition) const;
  // That what an attempt publishes goes to.
  std::uint32_t partition_of(std::uint32_t slot) const { return causes_[slot].message.part; }
  // The handler that the frame is has ended.
  void delivered(std::uint32_t slot, Outcome outcome);
  void timer(std::uint32_t id);
  void instance_changed(std::uint32_t instance, bool up, std::int64_t now_ns) override;
  // After all instances that go down at this instant have gone: what channels handed out meanwhile.
  void start_postponed();

  // --- observation
  void reset();  // end of the warm-up
  void record(RunRecord& record);
  std::uint64_t depth(std::uint32_t group) const;
  std::uint64_t lag_of_station(std::uint32_t station) const;  // of all its groups
  // For tracing (tracing_messages.cpp): the journey of a frame and its beginning, for their numbers are used
  // again; the order of the message that an attempt publishes, and of the first that a handler has.
  struct Journey {
    std::uint32_t id;
    std::uint64_t began;
    bool operator==(const Journey&) const = default;
  };
  Journey journey_of(std::uint32_t slot);
  std::uint64_t published_by(std::uint32_t slot) const;
  std::uint64_t handled_by(std::uint32_t slot) const;
  // The instance has been told to go, and its channels give it nothing more; or it stays after all.
  void instance_leaves(std::uint32_t instance, bool leaves);
  // Of what is kept, in words, for a run that ends for want of memory.
  std::string largest() const;

 private:
  class Port;
  struct Delivery {
    std::uint64_t token = 0;
    std::uint32_t group = 0;
    std::uint32_t serial = 0;
    std::uint32_t next_free = 0;
    std::vector<Envelope> messages;
    std::vector<std::pair<std::uint32_t, Envelope>> transaction;  // what it publishes if it succeeds
  };
  // A channel that learns of one death hands its messages to the next instance, which may be about to die at
  // this very instant.
  struct Postponed {
    std::uint32_t channel, subscription, instance;
    std::uint64_t token;
    std::vector<Envelope> messages;
  };
  struct Pause {
    const PauseSettings* settings;
    std::uint32_t channel;
    bool on = false;
  };
  struct Timer {  // of a channel, or of a pause or a stored saga (`what`)
    std::uint64_t what;
    std::uint32_t channel;
    std::uint32_t next_free;
  };
  struct Unled {  // a stored saga that nobody leads now
    std::uint64_t identity, key, request_key;
    std::uint64_t number;  // of its timer
    std::uint32_t journey, program, instance;
    std::uint8_t priority, depth;
  };

  void let_go(std::uint32_t journey);
  void spawn_at(std::uint32_t slot, std::uint32_t pc, std::uint32_t instance);
  // subscriptions.cpp
  void find_subscriptions();
  std::uint32_t step_of_subscriptions(std::uint32_t slot, const Step16& step);
  std::uint32_t held_at(std::uint32_t operation, std::uint32_t instance);
  void left(std::uint32_t instance);  // a handler, of one that comes and goes
  std::uint32_t new_timer(std::uint64_t what, std::uint32_t channel);
  // sagas.cpp
  void start_sagas();
  void saga_begun(std::uint32_t effect, const Envelope& message);
  void saga_ended(std::uint32_t effect, const Envelope& message);
  void take_up(std::size_t unled, std::uint32_t instance);
  void resume_timer(std::uint64_t number);
  void resume_at(std::uint32_t instance);  // it is up again
  void led_by(std::uint32_t effect, const Cause& x);
  // pauses.cpp
  void start_pauses();
  void pause_event(std::uint32_t pause);
  void set_pause(Pause& pause, bool on);
  void look_again(std::uint32_t pause, std::int64_t ns);
  void set_intake(const GroupTable& group, std::uint32_t index, bool leaves);
  // The frame works for a delivery that is not over.
  bool handles(const Cause& x) const {
    return x.delivery != 0xffffffffu && deliveries_[x.delivery].serial == x.handling;
  }
  void judge(const Ledger::Entry& entry);
  void revive(Envelope& message, std::uint32_t effect);
  bool remembered(const EffectTable& table, const Ledger::Entry& entry) const;
  void applied(std::uint32_t effect, const Envelope& message);
  void forget_keys();
  void start_delivery(std::uint32_t channel, std::uint32_t subscription, std::uint32_t instance,
                      std::span<const Envelope> messages, std::uint64_t token);
  Publication publish(std::uint32_t channel, const Envelope& message, bool confirmed, std::uint64_t ticket);

  Execution& run_;
  const CompiledModel& model_;
  sim::GrowingArray<Cause> causes_;
  Ledger ledger_;
  std::vector<std::unique_ptr<Port>> ports_;
  std::vector<std::unique_ptr<Channel>> channels_;
  std::vector<Delivery> deliveries_;
  std::uint32_t free_delivery_ = 0xffffffffu;
  std::vector<Postponed> postponed_;
  bool postponing_ = false;
  std::vector<Timer> timers_;
  std::vector<Pause> pauses_;
  std::uint32_t free_timer_ = 0xffffffffu;
  std::vector<EffectRecord> effects_;
  std::vector<Unled> unled_;  // in the order in which they came about
  std::uint64_t resumptions_ = 0;
  std::vector<std::uint32_t> saga_begins_, saga_ends_;  // by effect: of which saga; none where no saga is
  std::vector<std::uint32_t> milestone_since_;          // by milestone: effect; likewise
  std::vector<std::uint64_t> unpublished_;              // by channel: facts that never got there
  std::vector<KeyOrder> order_;                         // by effect
  // Who holds a subscription, by operation and instance. Who has gone is found out when they are counted: its
  // frame has another ticket, or is elsewhere in its program.
  struct Holder {
    std::uint32_t slot, ticket;
  };
  struct Held {
    std::uint32_t first_instance = 0;
    std::uint32_t sleeping_pc = 0;  // where their frames are
    std::uint32_t on_event = 0;     // program of what an event sets off at an instance
    std::vector<std::vector<Holder>> by_instance;
    std::vector<std::size_t> look_again;  // by instance: at so many entries
  };
  std::vector<Held> held_;     // by operation; none where nobody subscribes
  std::vector<bool> at_home_;  // by edge; likewise
  std::uint64_t requests_ = 0, sequence_ = 0;
};

}  // namespace tailrace::models
