#pragma once
// What discovery, start gates, contracts and the borders between zones and contexts did in a run. Counts are
// of the measured time of all replications together; times are means and the longest.
#include <cstdint>
#include <string>
#include <vector>

#include "analysis/stats/interval.hpp"
#include "models/compile/compiled_model.hpp"
#include "models/runtime/record.hpp"

namespace tailrace::analysis {

struct DiscoveryReport {
  std::string station, by;  // dns, registry
  models::DirectoryRecord counts;
  Interval to_the_dead;  // share of the attempts that went to an instance that was not there
};
struct GateReport {
  std::string station, gates;  // "image_scan, secrets"
  models::GatedRecord counts;
};
struct EgressReport {
  std::string from, to;  // zones
  double per_gib = 0;
  std::uint64_t calls = 0;
  double gib = 0, cost = 0;  // of the measured time
};
struct CouplingReport {
  bool on = false;                   // some service has a context
  Interval crossing;                 // calls between contexts, per request
  Interval calls;                    // all calls, per request
  std::vector<std::string> busiest;  // pairs of contexts, by calls
  std::vector<double> per_request;   // of those
};
struct UpkeepReport {
  std::vector<DiscoveryReport> discovery;
  std::vector<GateReport> gates;
  std::vector<EgressReport> egress;                              // pairs of zones with traffic
  double egress_cost_per_hour = 0, egress_cost_per_million = 0;  // of simulated time; of requests
  CouplingReport coupling;
};

UpkeepReport upkeep_report(const models::CompiledModel& model, const std::vector<models::RunRecord>& records,
                           double confidence);

}  // namespace tailrace::analysis
