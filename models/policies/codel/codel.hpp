#pragma once
// Queueing seam: drops requests that have waited too long, so that a standing queue cannot build up while a
// burst may pass. Two rules, both asked when a worker takes the next request; a drop is Outcome::shed.
//
// codel (RFC 8289). When the waiting times have been at `target` or above for a whole `interval`, one request
// is dropped, the next interval / sqrt(1) later, then interval / sqrt(2), interval / sqrt(3) and so on until
// a request has waited less than the target. A new dropping phase within 16 intervals of the last goes on at
// the rate which that one reached. The last request of a queue is never dropped (the RFC: less than one
// packet is left). The RFC controls packets of senders that slow down; against a load that does not, the drop
// rate grows only by its square root, so controlled_delay sheds a heavy overload much sooner.
//
// controlled_delay (Maurer, "Fail at Scale", 2015). A request may wait for `interval` if the queue has been
// empty at some time in the interval before the request came, else for `target`. The queue was not empty
// since the request came, so the rule is decided exactly when it leaves. What has expired keeps its place in
// the queue until a worker looks at it.
//
// Cost: a few words per queue; constant time per request and a square root per drop.
#include <cstdint>
#include <memory>

#include "models/field/field.hpp"
#include "models/policy/policy.hpp"
#include "models/policy/seams.hpp"

namespace tailrace::models {

struct CodelSpec {
  enum class Variant : std::uint8_t { codel, controlled_delay };
  Variant variant = Variant::codel;
  sim::Duration target{5'000'000};
  sim::Duration interval{100'000'000};
};

// When the queue was last seen empty, in terms of what the seam tells: emptied(), and how long the first
// request of a busy phase had waited. Its oldest request came the moment the queue ceased to be empty, so the
// phase is known from the first look at the oldest on.
class EmptyQueueMemory {
 public:
  void emptied(sim::Instant now) { last_empty_ = now, fresh_ = true; }
  void looked_at(sim::Instant now, sim::Duration waited) {
    if (!fresh_) return;
    fresh_ = false;
    const std::int64_t came = now.ns - waited.ns;
    if (came > last_empty_.ns) last_empty_.ns = came;
  }
  sim::Instant last_empty() const { return last_empty_; }

 private:
  sim::Instant last_empty_{0};  // a run begins with empty queues
  bool fresh_ = true;
};

class Codel final : public QueuePolicy {
 public:
  Codel(sim::Duration target, sim::Duration interval) : target_(target), interval_(interval) {}
  bool serve(const CallFacts& facts) override;
  void emptied(const CallFacts& facts) override;
  const StatusLog* log() const override { return &log_; }
  StatusLog* log() override { return &log_; }

 private:
  bool decide(const CallFacts& facts);
  bool may_drop(const CallFacts& facts);
  sim::Instant next_drop(sim::Instant from) const;

  sim::Duration target_, interval_;
  sim::Instant above_until_;  // from here on, waiting at or above the target is a standing queue
  bool above_ = false;
  bool dropping_ = false;
  bool just_dropped_ = false;  // by the law: the request behind it decides whether dropping goes on
  bool just_began_ = false;    // by the beginning of a dropping phase: the request behind it is served
  std::int64_t count_ = 0, count_at_start_ = 0;  // drops of the phase
  sim::Instant drop_next_;
  StatusLog log_;
};

class ControlledDelay final : public QueuePolicy {
 public:
  ControlledDelay(sim::Duration target, sim::Duration interval) : target_(target), interval_(interval) {}
  bool serve(const CallFacts& facts) override;
  void emptied(const CallFacts& facts) override {
    empty_.emptied(facts.now);
    log_.set(0, facts.now);
  }
  const StatusLog* log() const override { return &log_; }
  StatusLog* log() override { return &log_; }
  // Would a request that has waited `waited` be dropped?
  bool expired(sim::Instant now, sim::Duration waited) const;
  EmptyQueueMemory& memory() { return empty_; }

 private:
  sim::Duration target_, interval_;
  EmptyQueueMemory empty_;
  StatusLog log_;
};

class CodelModel : public QueuePolicyModel {
 public:
  explicit CodelModel(const CodelSpec& spec) : spec_(spec) {}
  std::unique_ptr<QueuePolicy> start() const override;
  std::string name() const override { return "codel"; }
  // controlled_delay drops from the first request that waited too long to the first that did not.
  std::vector<std::string> statuses() const override { return {"serving", "dropping"}; }
  const CodelSpec& spec() const { return spec_; }

 private:
  CodelSpec spec_;
};

PolicyInfo codel_policy();

}  // namespace tailrace::models
