#pragma once
// The types of faults that there are, each made of the effects of models/topology/fault.hpp. Names follow
// Chaos Mesh and Istio.
#include "models/fault/fault.hpp"

namespace tailrace::models {

// instances.cpp
FaultInfo pod_kill_fault();
FaultInfo pod_failure_fault();
FaultInfo zone_outage_fault();
FaultInfo pause_fault();
FaultInfo cpu_stress_fault();
FaultInfo memory_stress_fault();
FaultInfo gray_fault();

// clocks.cpp
FaultInfo clock_skew_fault();

// requests.cpp
FaultInfo delay_fault();
FaultInfo abort_fault();
FaultInfo dns_error_fault();
FaultInfo connection_refused_fault();
FaultInfo blackhole_fault();

// network.cpp
FaultInfo latency_fault();
FaultInfo loss_fault();
FaultInfo corrupt_fault();
FaultInfo bandwidth_fault();
FaultInfo partition_fault();

// caches.cpp
FaultInfo cache_flush_fault();

// certificates.cpp, control_plane.cpp
FaultInfo certificate_expired_fault();
FaultInfo ca_outage_fault();
FaultInfo control_plane_outage_fault();

// load.cpp
FaultInfo load_spike_fault();

}  // namespace tailrace::models
