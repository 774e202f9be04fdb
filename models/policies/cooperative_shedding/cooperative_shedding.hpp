#pragma once
// Admission seam, at a call: sheds what the server would shed, before it is sent. The other half of DAGOR
// (Zhou et al., "Overload Control for Scaling WeChat Microservices", SoCC 2018, section 4.2.3): each answer
// carries the admission level of the server's priority_shedding, its caller keeps the last one that it has
// heard of each instance, and what is above it fails at once (`shed`), without the way there and back and
// without the server's work of refusing it.
//
// Nothing is known at first, and what no answer has renewed for forget_after is not known any more: then
// everything is sent, so a caller that shed all of its own requests learns that the server has recovered.
// Both sides take a user's level from the request's key. A request without a key draws its level on either
// side anew, and so may be shed here and, if not, there.
// Cost: constant per request; one number and a time per state.
#include "models/field/field.hpp"
#include "models/policy/piggyback.hpp"
#include "models/policy/policy.hpp"
#include "models/policy/seams.hpp"

namespace tailrace::models {

struct CooperativeSheddingSpec {
  sim::Duration forget_after{10'000'000'000};
  sim::Duration user_rotation{3'600'000'000'000};
  Scope scope = Scope::instance;
  bool shared = false;
};

class CooperativeSheddingModel final : public AdmissionModel, public Listens {
 public:
  explicit CooperativeSheddingModel(const CooperativeSheddingSpec& spec) : spec_(spec) {}
  std::unique_ptr<AdmissionPolicy> start() const override;
  // The last one heard of.
  std::string gauge_name() const override { return "known_level"; }

 private:
  CooperativeSheddingSpec spec_;
};

PolicyInfo cooperative_shedding_policy();

}  // namespace tailrace::models
