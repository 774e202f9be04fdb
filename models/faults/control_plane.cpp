// Faults of a mesh's control plane.
#include "models/faults/faults.hpp"

namespace tailrace::models {

namespace {
struct Nothing {};
}  // namespace

FaultInfo control_plane_outage_fault() {
  FaultInfo f;
  f.name = "control_plane_outage";
  f.about =
      "The mesh's control plane pushes nothing for the duration. Sidecars go on with the configuration that "
      "they have; a change made meanwhile is pushed when it is over.";
  f.example = "{type: control_plane_outage, target: mesh, start: 30s, duration: 20s}";
  f.takes = kTakesMesh;
  f.ramps = false;
  f.fields = Fields<Nothing>("control_plane_outage", f.about).table();
  f.make = [] { return std::static_pointer_cast<void>(std::make_shared<Nothing>()); };
  f.apply = [](const void*, FaultParts& parts) {
    FaultEffect e;
    e.action = FaultAction::notify;
    e.hook = "control_plane_outage";
    parts.effects.push_back(e);
  };
  return f;
}

}  // namespace tailrace::models
