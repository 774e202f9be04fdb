// Faults of a mesh's control plane.
#include "models/faults/faults.hpp"
#include "models/faults/telling.hpp"

namespace tailrace::models {

FaultInfo control_plane_outage_fault() {
  FaultInfo f = telling_fault(
      "control_plane_outage",
      "The mesh's control plane pushes nothing for the duration. Sidecars go on with the configuration that "
      "they have; a change made meanwhile is pushed when it is over.",
      "{type: control_plane_outage, target: mesh, start: 30s, duration: 20s}", kTakesMesh);
  f.apply = [](const void*, FaultParts& parts) { tell(parts, "control_plane_outage"); };
  return f;
}

}  // namespace tailrace::models
