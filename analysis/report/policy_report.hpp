#pragma once
// What policies did: the part of the run report about calls that were refused, delayed or shed, about
// circuits that opened and instances that were ejected. One entry per written policy and target, all its
// states together (a state per instance of the caller, or per instance called). Shares and gauges are means
// over the states; a replication is the independent unit, as everywhere.
// Policies of queues are listed as those of the door before it: who they dropped is who they rejected.
//
// A record keeps the first StatusLog::kMostKept changes of a state for the timeline; all are counted.
#include <cstdint>
#include <string>
#include <vector>

#include "analysis/report/detection.hpp"
#include "analysis/stats/interval.hpp"
#include "models/compile/compiled_model.hpp"
#include "models/runtime/record.hpp"

namespace tailrace::analysis {

struct StatusShare {
  std::string name;
  Interval share;  // of the time, mean over the states
};

inline constexpr std::size_t kMostChanges = 200;

struct PolicyChange {
  std::uint32_t replication = 0;
  std::uint32_t caller = 0, target = 0;  // instances, where each has a state of its own
  double at_s = 0;                       // from the start of the run
  std::uint8_t from = 0, to = 0;
};

struct PolicyReport {
  std::string policy;  // "circuit_breaker"
  std::string holder;  // the caller, or the service whose door it guards
  std::string target;  // the station that is called; empty at a door
  std::string path;    // of the call, where the policy is that call's own
  bool door = false;
  std::uint32_t callers = 1, targets = 1;  // states = callers x targets
  models::AdmissionCounts counts;          // all replications
  Interval rejected;                       // share of those who asked
  std::uint64_t changes = 0;
  std::vector<StatusShare> statuses;   // empty where the policy has none
  std::uint64_t trips = 0;             // changes away from the first status
  Interval trips_per_hour;             // of one state
  std::string gauge_name;              // empty: none
  Interval gauge;                      // at the end, mean over the states
  std::vector<PolicyChange> timeline;  // the first kMostChanges, in order of replication, state and time

  std::string name() const;   // "orders -> payments.circuit_breaker", as thresholds call it
  std::string where() const;  // "orders -> payments"; "payments" at its door
};

// The instances of a target as one caller's outlier detection saw them; all instances of the caller together.
struct EjectionReport {
  std::string caller, target;
  std::uint32_t callers = 1;
  struct Instance {
    std::uint64_t ejections = 0;
    Interval out;  // share of the time, mean over the caller's instances
  };
  std::vector<Instance> instances;
  DetectionReport detection;  // by whichever of the callers was first
  std::uint64_t ejections = 0, changes = 0;
  std::vector<PolicyChange> timeline;
};

// The instances of a target as its health checks found them.
struct HealthReport {
  std::string target;
  struct Instance {
    std::uint64_t failures = 0;  // times that it was found unhealthy
    Interval out;                // share of the time
  };
  std::vector<Instance> instances;
  DetectionReport detection;
  std::uint64_t changes = 0;
  std::vector<PolicyChange> timeline;
};

std::vector<HealthReport> health_reports(const models::CompiledModel& model,
                                         const std::vector<models::RunRecord>& records, double confidence);
std::vector<PolicyReport> policy_reports(const models::CompiledModel& model,
                                         const std::vector<models::RunRecord>& records, double confidence);
std::vector<EjectionReport> ejection_reports(const models::CompiledModel& model,
                                             const std::vector<models::RunRecord>& records,
                                             double confidence);

// The statuses of an instance under outlier detection.
inline constexpr const char* kEjectionStatuses[] = {"in", "ejected"};
inline constexpr const char* kHealthStatuses[] = {"healthy", "unhealthy"};

}  // namespace tailrace::analysis
