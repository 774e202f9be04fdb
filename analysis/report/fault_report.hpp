#pragma once
// What faults did: per fault how often it came, for how long, whom it hit, and how many requests ended or
// were late because of it. Counts are of the whole run, warm-up included, all replications together; only
// what the fault itself did is counted here (refused, reset, lost), not what followed from it elsewhere.
#include <cstdint>
#include <string>
#include <vector>

#include "models/compile/compiled_model.hpp"
#include "models/runtime/record.hpp"

namespace tailrace::analysis {

struct FaultActivationReport {
  std::uint32_t replication = 0;
  double start_s = 0, end_s = 0;
  bool ended = true;  // before the run did; otherwise end_s is the run's end
  std::vector<std::string> targets;
  std::uint64_t requests_ended = 0, requests_delayed = 0;
};

struct FaultReport {
  std::string name, type;
  std::uint64_t activations = 0;
  double active_s = 0;
  std::uint64_t targets = 0;  // that could be hit
  std::uint64_t hit = 0;      // that were
  std::uint64_t requests_ended = 0, requests_delayed = 0, requests_added = 0;
  std::vector<FaultActivationReport> timeline;  // the first kMostListedFaults, by replication and start
};
inline constexpr std::size_t kMostListedFaults = 200;

// The activation's target number i: "cart#1"; of a partition with its leader: "partition orders#3 (led by
// orders#1)".
std::string hit_target(const models::CompiledModel& model, const models::FaultActivation& activation,
                       std::size_t i);
std::vector<FaultReport> fault_reports(const models::CompiledModel& model,
                                       const std::vector<models::RunRecord>& records);

}  // namespace tailrace::analysis
