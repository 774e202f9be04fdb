#include "models/policies/cooperative_shedding/cooperative_shedding.hpp"

#include "models/policies/priority_shedding/priority_shedding.hpp"
#include "models/policy/scope_fields.hpp"

namespace tailrace::models {

namespace {

class CooperativeShedding final : public AdmissionPolicy, public LearnsLevel {
 public:
  explicit CooperativeShedding(const CooperativeSheddingSpec& spec) : spec_(spec) {}

  Admission admit(const CallFacts& facts, sim::Stream& random) override {
    const int level = compound_level(facts, spec_.user_rotation, random);
    const bool known = learned_.ns >= 0 && facts.now.ns - learned_.ns <= spec_.forget_after.ns;
    return known && level > level_ ? Admission::no(Outcome::shed) : Admission::yes();
  }
  void learn(int level, sim::Instant now) override { level_ = level, learned_ = now; }
  double gauge() const override { return level_; }

 private:
  const CooperativeSheddingSpec& spec_;  // of the model, which outlives its states
  int level_ = LevelHistogram::kLevels - 1;
  sim::Instant learned_{-1};
};

FieldTable cooperative_shedding_fields() {
  using Spec = CooperativeSheddingSpec;
  Fields<Spec> fields("cooperative_shedding", "Sheds what the server would shed, before it is sent.");
  fields
      .add("forget_after", &Spec::forget_after,
           "a level that no answer has renewed for so long says nothing more", more_than(0))
      .add("user_rotation", &Spec::user_rotation, "as at the server's priority_shedding", more_than(0));
  return add_scope_fields(fields).table();
}

}  // namespace

std::unique_ptr<AdmissionPolicy> CooperativeSheddingModel::start() const {
  return std::make_unique<CooperativeShedding>(spec_);
}

PolicyInfo cooperative_shedding_policy() {
  PolicyInfo info;
  info.name = "cooperative_shedding";
  info.seam = "admission";
  info.places = {PolicyPlace::call};
  info.about = "Learns the server's admission level from its answers, and sheds by it before a call is sent.";
  info.fields = cooperative_shedding_fields();
  info.example = "{forget_after: 10s}";
  info.make = make_spec<CooperativeSheddingSpec>;
  info.apply = [](const void* value, PolicyTarget& target) {
    const auto& spec = *static_cast<const CooperativeSheddingSpec*>(value);
    target.admission("cooperative_shedding", std::make_shared<const CooperativeSheddingModel>(spec),
                     spec.scope, spec.shared);
  };
  return info;
}

}  // namespace tailrace::models
