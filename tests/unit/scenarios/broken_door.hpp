#pragma once
// A simulator that is at fault, which no scenario brings about: a door that breaks an invariant at its
// twentieth request.
#include <memory>
#include <utility>

#include "models/compile/compiled_model.hpp"
#include "models/policy/seams.hpp"
#include "models/topology/topology.hpp"
#include "sim/base/check.hpp"

namespace tailrace::scenarios {

class BrokenDoor final : public models::AdmissionPolicy {
 public:
  models::Admission admit(const models::CallFacts&, sim::Stream&) override {
    TAILRACE_CHECK(++requests_ < 20);
    return models::Admission::yes();
  }

 private:
  int requests_ = 0;
};

class BrokenDoorModel final : public models::AdmissionModel {
 public:
  std::unique_ptr<models::AdmissionPolicy> start() const override { return std::make_unique<BrokenDoor>(); }
};

// Of the first station.
inline std::shared_ptr<const models::CompiledModel> with_broken_door(models::Topology topology) {
  models::AdmissionUse door;
  door.policy = "broken";
  door.model = std::make_shared<const BrokenDoorModel>();
  topology.stations[0].doors.push_back(door);
  return models::compile(std::make_shared<const models::Topology>(std::move(topology)));
}

}  // namespace tailrace::scenarios
