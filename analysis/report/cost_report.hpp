#pragma once
// What a scenario costs by its prices (models/prices): for an hour of simulated time, and for a million
// requests that arrived. Units are paid for as the scenario has them; replicas of an autoscaled service as
// they were there (starting, ready and draining), averaged over the replications; traffic between zones as it
// was. Without prices there is no report.
#include <string>
#include <vector>

#include "analysis/report/human.hpp"
#include "analysis/report/json_text.hpp"
#include "analysis/report/run_report.hpp"
#include "models/prices/prices.hpp"

namespace tailrace::analysis {

struct CostLine {
  std::string path;
  double price = 0, amount = 0;  // of one for an hour; how many
  bool measured = false;         // the amount is a mean of the run
  double per_hour() const { return price * amount; }
};

struct CostReport {
  bool on = false;
  std::vector<CostLine> units;
  double traffic_per_hour = 0;
  double per_million_requests = 0;  // NaN where there were none
  double units_per_hour() const;
  double per_hour() const { return units_per_hour() + traffic_per_hour; }
};

CostReport evaluate_cost(const std::vector<models::PricedUnit>& priced, const models::CompiledModel& model,
                         const std::vector<models::RunRecord>& records, const RunReport& report);

std::string cost_text(const CostReport& report, TextStyle style);  // empty without prices
void cost_json(JsonText& json, const CostReport& report);          // field "cost", null without prices

}  // namespace tailrace::analysis
