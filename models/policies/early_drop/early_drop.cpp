#include "models/policies/early_drop/early_drop.hpp"

namespace tailrace::models {

Admission EarlyDrop::admit(const CallFacts& facts, sim::Stream& random) {
  const std::int64_t queue = facts.waiting;
  if (queue < spec_.min_queue) return Admission::yes();
  if (queue >= spec_.max_queue) return Admission::no(Outcome::shed);
  const double share =
      static_cast<double>(queue - spec_.min_queue) / static_cast<double>(spec_.max_queue - spec_.min_queue);
  return random.uniform() < spec_.max_probability.value * share ? Admission::no(Outcome::shed)
                                                                : Admission::yes();
}

namespace {

class EarlyDropModel final : public AdmissionModel {
 public:
  explicit EarlyDropModel(const EarlyDropSpec& spec) : spec_(spec) {}
  std::unique_ptr<AdmissionPolicy> start() const override { return std::make_unique<EarlyDrop>(spec_); }

 private:
  EarlyDropSpec spec_;
};

void apply(const void* raw, PolicyTarget& target) {
  const EarlyDropSpec& spec = *static_cast<const EarlyDropSpec*>(raw);
  if (spec.max_queue <= spec.min_queue) {
    target.diagnostics.error(target.mark, target.path + ".max_queue", "max_queue is not above min_queue",
                             "between the two the share of refusals grows");
    return;
  }
  target.admission("early_drop", std::make_shared<const EarlyDropModel>(spec), Scope::service, false);
}

}  // namespace

PolicyInfo early_drop_policy() {
  PolicyInfo info;
  info.name = "early_drop";
  info.seam = "admission";
  info.places = {PolicyPlace::inbound};
  info.about = "Turns away a share of the requests that grows with the queue.";
  info.fields =
      Fields<EarlyDropSpec>("early_drop", info.about)
          .add("min_queue", &EarlyDropSpec::min_queue, "up to this queue all are admitted", between(0, 1e9))
          .add("max_queue", &EarlyDropSpec::max_queue, "from this queue on all are refused", between(1, 1e9))
          .add("max_probability", &EarlyDropSpec::max_probability,
               "share that is refused just below max_queue")
          .table();
  info.example = "{min_queue: 10, max_queue: 100}";
  info.make = make_spec<EarlyDropSpec>;
  info.apply = apply;
  return info;
}

}  // namespace tailrace::models
