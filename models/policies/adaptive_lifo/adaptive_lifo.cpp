#include "models/policies/adaptive_lifo/adaptive_lifo.hpp"

#include <optional>

namespace tailrace::models {

namespace {

class AdaptiveLifo final : public QueuePolicy {
 public:
  AdaptiveLifo(const AdaptiveLifoSpec& spec, const CodelModel* dropping) : spec_(spec) {
    if (dropping != nullptr) dropping_.emplace(dropping->spec().target, dropping->spec().interval);
  }

  bool newest_first(const CallFacts& facts) override {
    empty_.looked_at(facts.now, facts.waited);
    if (dropping_) {
      dropping_->memory().looked_at(facts.now, facts.waited);
      if (dropping_->expired(facts.now, facts.waited)) return false;  // and serve() drops it
    }
    const bool standing = (facts.now - empty_.last_empty()).ns > spec_.interval.ns;
    const bool longer = !spec_.queue_length.unlimited() &&
                        static_cast<std::int64_t>(facts.waiting) > spec_.queue_length.value;
    log_.set(standing || longer ? 1 : 0, facts.now);
    return standing || longer;
  }
  bool serve(const CallFacts& facts) override { return !dropping_ || dropping_->serve(facts); }
  void emptied(const CallFacts& facts) override {
    empty_.emptied(facts.now);
    if (dropping_) dropping_->emptied(facts);
    log_.set(0, facts.now);
  }
  const StatusLog* log() const override { return &log_; }
  StatusLog* log() override { return &log_; }

 private:
  const AdaptiveLifoSpec& spec_;  // of the model, which outlives its states
  std::optional<ControlledDelay> dropping_;
  EmptyQueueMemory empty_;
  StatusLog log_;
};

void apply(const void* written, PolicyTarget& target) {
  const auto& spec = *static_cast<const AdaptiveLifoSpec*>(written);
  Station& station = *target.station;
  if (station.discipline != Discipline::fifo) {
    return target.diagnostics.error(target.mark, target.path,
                                    "adaptive_lifo needs a queue whose discipline is fifo",
                                    "it changes between first and newest first by itself");
  }
  std::shared_ptr<const CodelModel> dropping;
  if (station.queue_policy != nullptr) {
    dropping = std::dynamic_pointer_cast<const CodelModel>(station.queue_policy);
    if (dropping == nullptr) {
      return target.diagnostics.error(target.mark, target.path, "another policy rules this queue already",
                                      "one of them must go, or be none");
    }
    if (dropping->spec().variant != CodelSpec::Variant::controlled_delay) {
      return target.diagnostics.error(
          target.mark, target.path,
          "beside adaptive_lifo, codel would see only how briefly the newest waited",
          "write codel: {variant: controlled_delay}");
    }
  }
  station.queue_policy = std::make_shared<AdaptiveLifoModel>(spec, std::move(dropping));
}

FieldTable adaptive_lifo_fields() {
  return Fields<AdaptiveLifoSpec>("adaptive_lifo", "Newest first while a queue is overloaded.")
      .add("interval", &AdaptiveLifoSpec::interval,
           "the queue is overloaded when it has not been empty for this long")
      .add("queue_length", &AdaptiveLifoSpec::queue_length, "also while more requests than this wait")
      .shorthand("interval")
      .table();
}

}  // namespace

std::unique_ptr<QueuePolicy> AdaptiveLifoModel::start() const {
  return std::make_unique<AdaptiveLifo>(spec_, dropping_.get());
}

PolicyInfo adaptive_lifo_policy() {
  PolicyInfo info;
  info.name = "adaptive_lifo";
  info.seam = "queueing";
  info.places = {PolicyPlace::inbound};
  info.about = "Serves the newest first while the queue is overloaded.";
  info.fields = adaptive_lifo_fields();
  info.example = "{interval: 100ms}";
  info.make = make_spec<AdaptiveLifoSpec>;
  info.apply = apply;
  return info;
}

}  // namespace tailrace::models
