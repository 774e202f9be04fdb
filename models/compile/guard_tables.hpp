#pragma once
// Tables of calls that carry policies, and of the doors of services. A plain call reads none of them.
//
// States of policies lie in one array per seam; a holder's state is at first + caller x targets + target,
// where caller is the instance that calls (0 where all share one state, or for a workload) and target the
// instance that is called (0 unless the policy is per instance).
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/policy/seams.hpp"

namespace tailrace::models {

// The states that belong to one written policy and one target; what the record reports as one policy.
struct AdmissionGroup {
  std::string policy;
  std::shared_ptr<const AdmissionModel> model;
  std::uint32_t component = 0;       // whose policy it is: the caller, or the service whose door it guards
  std::uint32_t station = 0;         // towards whom
  std::uint32_t edge = 0xffffffffu;  // where it is one call's own
  bool door = false;
  bool of_queue = false;  // rules the queue behind the door: no admission states, only counts
  bool per_instance = false;
  std::uint32_t first_state = 0, callers = 1, targets = 1;
  std::uint32_t states() const { return callers * targets; }
};

// One question of a call or a door.
struct AdmissionTable {
  std::uint32_t group = 0;
  std::uint32_t first_state = 0;
  std::uint32_t targets = 1;
  bool per_caller = true;  // callers > 1
  bool per_instance = false;
};

struct BudgetGroup {
  std::shared_ptr<const RetryBudgetModel> model;
  std::uint32_t first_state = 0, callers = 1;
};
struct HedgeGroup {
  std::shared_ptr<const HedgePolicyModel> model;
  std::uint32_t first_state = 0, callers = 1;
};
struct BalancerGroup {
  std::shared_ptr<const BalancerModel> model;
  std::vector<int> caller_zones;  // of each caller, by the target's numbers; empty for a workload
  std::uint32_t station = 0;
  std::uint32_t first_state = 0, callers = 1;
  std::uint32_t stream = 0;
  int from_component = -1, from_station = -1;
  std::uint32_t gate = 0xffffffffu;  // discovery: the first state of the policy that asks for addresses
  bool viewed = false;               // discovery: its callers know what they have been told, not what is
};

struct GuardTable {
  std::uint32_t first_admission = 0;
  std::uint16_t outer = 0;    // asked once per call
  std::uint16_t all = 0;      // outer and those asked for each attempt
  bool per_instance = false;  // some need to know the instance before they are asked
  bool cancels = false;
  bool simple = false;          // a timeout, retries and per-attempt policies, and nothing else
  bool tells = false;           // somebody wants to know how an attempt ended
  bool on_try_timeout = false;  // hedges
  bool honors_pushback = false;
  bool fallback = false;
  bool fallback_steps = false;  // they stand behind the call and a jump
  std::uint32_t admission_stream = 0xffffffffu;
  std::uint32_t first_caller = 0;  // instance that has the first state
  std::uint32_t budget = 0xffffffffu, hedge_budget = 0xffffffffu, hedge = 0xffffffffu;  // first states
  std::uint32_t balancer = 0xffffffffu;
  std::uint32_t most_hedges = 0;
  std::uint32_t publication = 0xffffffffu;
  std::uint32_t cache = 0xffffffffu;  // the call goes to the node that has the key
  std::uint8_t cache_depth = 0;       // of the site whose key it is
  std::uint32_t cache_pop = 0xffffffffu;
  std::int64_t deadline_ns = -1;  // after the call's start
  std::int64_t timeout_ns = -1;
  std::int64_t stale_ns = -1;
};

// The questions at the door of a station's instances.
struct DoorTable {
  std::uint32_t first_admission = 0;
  std::uint32_t count = 0;
  std::uint32_t stream = 0xffffffffu;
};

// Probes of one station.
struct ProberTable {
  std::uint32_t station = 0;
  std::uint32_t pc = 0xffffffffu;  // deep: the probe's steps; none: shallow
  std::int64_t interval_ns = 0;
  std::uint32_t first_state = 0;  // of its instances, one each
};

}  // namespace tailrace::models
