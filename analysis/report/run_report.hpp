#pragma once
// What a run says: every number with its confidence interval and its count. Times are seconds, rates per
// second. The independent unit is a replication; a single replication gives intervals for requests from
// batches of equal time. All successes of all replications are pooled for the estimates of percentiles.
#include <cstdint>
#include <string>
#include <vector>

#include "analysis/cascade/cascade_report.hpp"
#include "analysis/report/arrivals.hpp"
#include "analysis/report/cache_report.hpp"
#include "analysis/report/fault_report.hpp"
#include "analysis/report/latency_report.hpp"
#include "analysis/report/messaging_report.hpp"
#include "analysis/report/policy_report.hpp"
#include "analysis/report/scaling_report.hpp"
#include "analysis/report/upkeep_report.hpp"
#include "analysis/stats/interval.hpp"
#include "analysis/tail/tail.hpp"
#include "models/compile/compiled_model.hpp"
#include "models/runtime/record.hpp"

namespace tailrace::analysis {

struct ClassReport {
  std::string workload, name;  // name is empty for a workload's only class
  std::uint64_t arrived = 0, in_flight_start = 0, in_flight_end = 0;
  models::OutcomeCounts ended{};
  Interval arrival_rate, throughput;  // throughput: requests that ended; goodput: that succeeded
  Interval goodput;
  Interval failed;                   // fraction of the ended
  std::uint64_t degraded_count = 0;  // successes in whose answer a fallback took part
  Interval degraded;                 // fraction of the successes
  LatencyReport duration;            // all requests that ended
  LatencyReport success_duration, failure_duration;
};

struct OperationReport {
  std::string name;
  std::uint64_t arrived = 0;
  models::OutcomeCounts ended{};
  std::uint64_t unheard = 0;  // ended after the one for whom it worked had left
  Interval throughput;
  // Arrivals per request of the workloads that can lead here: what retries, hedges and fan-out add up to on
  // the whole way.
  Interval arrivals_per_request;
  std::vector<WorkloadArrivals> by_workload;  // the same of each; none where there is one workload
  LatencyReport response;                     // at the server, from arrival to reply
};

struct StationReport {
  std::string name, kind;
  std::int64_t instances = 1, workers = 0;  // workers per instance, kUnlimited
  double cpus = 0;                          // per instance; 0: none
  Interval utilization;  // busy workers over all workers; unknown where the workers are unlimited
  Interval busy;         // workers, all instances together
  Interval cpu_utilization;
  Interval queue_length;   // mean number waiting, all instances together
  Interval throughput;     // starts of service per second
  Interval wait_mean;      // of those served, zero for those who did not wait
  Interval wait_mean_all;  // also of those who left unserved
  Interval wait_probability;
  Interval service_mean;                                       // time that a worker was held
  double residence_mean = 0;                                   // wait and service, per visit
  std::array<double, kPercentiles.size()> wait_percentiles{};  // of those served, zeros included
  std::uint64_t served = 0, waited = 0, rejected = 0, abandoned = 0;
  std::uint64_t dropped = 0;    // thrown away when their turn came
  std::uint64_t completed = 0;  // operations that ended here, and
  std::uint64_t unheard = 0;    // of these, after the one for whom they worked had left
  double wasted_s = 0;          // worker-seconds spent on them
  Interval wasted;              // share of the busy time
  std::uint32_t peak_queue = 0;
  Interval availability;  // share of the time in which at least min_available instances were up
  Interval instances_up;  // mean number
  Interval outages_per_hour;
  std::uint64_t outages = 0;  // times that they ceased to be enough
  std::int64_t min_available = 1;
  bool can_fail = false;  // some fault can take its instances down, or stop them
  double min_instance_utilization = 0, max_instance_utilization = 0;  // of busy workers, or of cores
};

struct EdgeReport {
  std::string from, to, path;
  std::uint64_t calls = 0, attempts = 0;
  models::OutcomeCounts attempt_ended{}, ended{};
  double attempts_per_call = 0;
  Interval retry_amplification;  // the same: attempts sent per call, hedges among them
  std::uint64_t hedges = 0, hedges_won = 0, budget_denied = 0, fallbacks = 0, pushbacks = 0;
  bool has_duration = false;
  LatencyReport duration;  // as the caller sees it; where the edge has a network, timers or retries
};

struct LinkReport {
  std::string name;
  std::uint64_t messages = 0, transmissions = 0, lost = 0, delayed = 0;
  double bytes_per_s = 0;
  Interval utilization;  // where it has a bandwidth
};

struct RunReport {
  models::RunStatus status = models::RunStatus::completed;
  std::string message;
  int replications = 0;
  double warmup_s = 0, measured_s = 0;  // measured_s: all replications together
  std::uint64_t events = 0;
  std::uint64_t trajectory_fingerprint = 0, result_fingerprint = 0;  // of all replications, in order
  double confidence = 0.95;
  std::vector<ClassReport> classes;
  std::vector<ClassReport> workloads;  // the classes of each workload together
  std::vector<OperationReport> operations;
  std::vector<StationReport> stations;
  std::vector<EdgeReport> edges;
  std::vector<LinkReport> links;
  std::vector<PolicyReport> policies;     // by CompiledModel::admission_groups
  std::vector<EjectionReport> ejections;  // of callers with outlier detection
  std::vector<HealthReport> health;       // of services with health checks
  std::vector<FaultReport> faults;        // by Topology::faults
  CascadeReport cascade;
  TailReport tail;                     // where requests were traced
  std::vector<ScalingReport> scaling;  // of stations whose instances come and go
  std::vector<DeploymentReport> deployments;
  UpkeepReport upkeep;            // discovery, start gates, what crosses zones and contexts
  bool littles_law_holds = true;  // exactly, at every station of every replication
  MessagingReport messaging;
  std::vector<CacheReport> caches;  // by Topology::caches
  // Every request that arrived ended or is still inside; so did every copy of a message, at every place.
  bool conservation_holds = true;
  std::vector<std::string> notes;  // what a reader should know about the figures
};

// A percentile of the waits of all who were served, in seconds; `waits` are of those who waited, the others
// come first, with 0.
double wait_quantile(const sim::Histogram& waits, std::uint64_t served, double p);

RunReport build_run_report(const models::CompiledModel& model, const std::vector<models::RunRecord>& records);
// The report's workloads alone, for who looks at them again and again.
std::vector<ClassReport> workload_reports(const models::CompiledModel& model,
                                          const std::vector<models::RunRecord>& records);

}  // namespace tailrace::analysis
