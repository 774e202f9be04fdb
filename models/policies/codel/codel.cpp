#include "models/policies/codel/codel.hpp"

#include <cmath>

namespace tailrace::models {

// Is this request part of a standing queue?
bool Codel::may_drop(const CallFacts& facts) {
  if (facts.waited < target_ || facts.waiting == 0) {
    above_ = false;
    return false;
  }
  if (!above_) {
    above_ = true;
    above_until_ = facts.now + interval_;
    return false;
  }
  return facts.now >= above_until_;
}

sim::Instant Codel::next_drop(sim::Instant from) const {
  return from +
         sim::Duration::from_ns(static_cast<double>(interval_.ns) / std::sqrt(static_cast<double>(count_)));
}

bool Codel::serve(const CallFacts& facts) {
  const bool served = decide(facts);
  log_.set(dropping_ ? 1 : 0, facts.now);
  return served;
}

bool Codel::decide(const CallFacts& facts) {
  const bool standing = may_drop(facts);
  if (just_began_) {
    just_began_ = false;
    return true;
  }
  if (just_dropped_) {
    just_dropped_ = false;
    if (standing) {
      drop_next_ = next_drop(drop_next_);
    } else {
      dropping_ = false;
    }
  } else if (dropping_ && !standing) {
    dropping_ = false;
    return true;
  }
  if (dropping_) {
    if (facts.now < drop_next_) return true;
    ++count_;
    just_dropped_ = true;
    return false;
  }
  if (!standing) return true;
  // A dropping phase begins, at the rate of the last one if that is not long ago.
  const std::int64_t reached = count_ - count_at_start_;
  const bool recent = drop_next_.ns > facts.now.ns ||
                      (facts.now - drop_next_).ns / 16 < interval_.ns;  // divided: it cannot overflow
  count_ = reached > 1 && recent ? reached : 1;
  count_at_start_ = count_;
  drop_next_ = next_drop(facts.now);
  dropping_ = true;
  just_began_ = true;
  return false;
}

void Codel::emptied(const CallFacts& facts) {
  above_ = false;
  if (just_dropped_) dropping_ = false;
  log_.set(dropping_ ? 1 : 0, facts.now);
  just_dropped_ = just_began_ = false;
}

bool ControlledDelay::expired(sim::Instant now, sim::Duration waited) const {
  const std::int64_t came = now.ns - waited.ns;
  const bool standing = came - empty_.last_empty().ns > interval_.ns;
  return waited > (standing ? target_ : interval_);
}

bool ControlledDelay::serve(const CallFacts& facts) {
  empty_.looked_at(facts.now, facts.waited);
  const bool late = expired(facts.now, facts.waited);
  log_.set(late ? 1 : 0, facts.now);
  return !late;
}

std::unique_ptr<QueuePolicy> CodelModel::start() const {
  if (spec_.variant == CodelSpec::Variant::codel) {
    return std::make_unique<Codel>(spec_.target, spec_.interval);
  }
  return std::make_unique<ControlledDelay>(spec_.target, spec_.interval);
}

namespace {

void apply(const void* written, PolicyTarget& target) {
  if (target.station->queue_policy != nullptr) {
    return target.diagnostics.error(target.mark, target.path, "another policy rules this queue already",
                                    "one of them must go, or be none");
  }
  target.station->queue_policy = std::make_shared<CodelModel>(*static_cast<const CodelSpec*>(written));
}

FieldTable codel_fields() {
  return Fields<CodelSpec>("codel", "Drops requests of a standing queue.")
      .choice("variant", &CodelSpec::variant, {"codel", "controlled_delay"},
              "codel: RFC 8289, drops faster and faster while requests wait too long; controlled_delay: "
              "whoever waited for the target is dropped, or for the interval if the queue was empty within "
              "it")
      .add("target", &CodelSpec::target, "waiting that is acceptable in a standing queue", more_than(0))
      .add("interval", &CodelSpec::interval, "a queue that lasts for this long is a standing one",
           more_than(0))
      .shorthand("variant")
      .table();
}

}  // namespace

PolicyInfo codel_policy() {
  PolicyInfo info;
  info.name = "codel";
  info.seam = "queueing";
  info.places = {PolicyPlace::inbound};
  info.about = "Drops requests that waited too long once the queue does not go away.";
  info.fields = codel_fields();
  info.example = "{target: 5ms, interval: 100ms}";
  info.make = make_spec<CodelSpec>;
  info.apply = apply;
  return info;
}

}  // namespace tailrace::models
