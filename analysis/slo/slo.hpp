#pragma once
// Objectives of a run: how much of the error budget its failures have used, and whether the burn-rate alerts
// (Site Reliability Workbook, chapter 5) would have fired, and when. The burn rate over a window is the share
// of requests that failed in it over 1 - objective. An alert fires while it is above its limit over the long
// and the short window; it is looked at where the run's windows end, so times are as fine as these
// (run.time_resolution). A request counts when it ends. What lies before the end of the warm-up counts as
// good, at the run's mean rate: a system that had been well. With a latency, a request that succeeds later
// than that counts as failed.
#include <string>
#include <vector>

#include "analysis/report/human.hpp"
#include "analysis/report/json_text.hpp"
#include "analysis/slo/slow_requests.hpp"
#include "analysis/stats/interval.hpp"
#include "models/compile/compiled_model.hpp"
#include "models/runtime/record.hpp"
#include "models/slo/slo.hpp"

namespace tailrace::analysis {

struct AlertRun {  // of one replication
  int times = 0;
  double first_s = -1;  // -1: never
  double active_s = 0;
};

struct AlertReport {
  models::AlertSpec spec;
  int fired = 0;                      // replications
  double first_s = -1, active_s = 0;  // medians over these
  int times = 0;                      // in all
  double peak_burn = 0;               // the highest of the lower of both windows, of all replications
};

struct SloReport {
  std::string name, workload;
  double objective = 0, period_s = 0;
  double latency_s = 0;  // 0: success is enough
  int replications = 0;
  Interval good;         // share of the requests that succeeded, in time
  Interval slow;         // ... that succeeded too late
  double budget = 0;     // failures that the period allows at the run's rate
  Interval budget_used;  // share of it, by one run
  double fault_s = -1;   // start of the first fault; -1: none
  std::vector<AlertReport> alerts;
};

std::vector<SloReport> evaluate_slos(const std::vector<models::Named<models::SloSpec>>& slos,
                                     const models::CompiledModel& model,
                                     const std::vector<models::RunRecord>& records, const SlowRequests& slow,
                                     double confidence);

std::string slo_text(const std::vector<SloReport>& reports, TextStyle style);
void slo_json(JsonText& json, const std::vector<SloReport>& reports);  // field "slos"

}  // namespace tailrace::analysis
