// Who is served next, and at what speed: processor sharing, priorities, last come first served, shortest job
// first.
#include <fmt/format.h>

#include "tests/statistical/cases.hpp"

namespace tailrace::tests {

namespace {

Case shared_cores(const std::string& id, double lambda, int cores, const std::string& work) {
  Case c;
  c.id = id;
  c.scenario = fmt::format(
      "workloads: {{load: {{constant_arrival_rate: {}/s, calls: s.op}}}}\n"
      "services: {{s: {{cpus: {}, endpoints: {{op: [compute: {}]}}}}}}\n",
      lambda, cores, work);
  c.rate = lambda;
  c.warmup_s = 20;
  return c;
}

Case two_classes(const std::string& id, double high, double low, const std::string& discipline,
                 const std::string& steps = "[compute: exp(10ms)]") {
  Case c;
  c.id = id;
  c.scenario = fmt::format(
      "workloads:\n"
      "  high: {{constant_arrival_rate: {}/s, priority: 1, calls: s.op}}\n"
      "  low: {{constant_arrival_rate: {}/s, calls: s.op}}\n"
      "services: {{s: {{workers: 1, queue: {{discipline: {}}}, endpoints: {{op: {}}}}}}}\n",
      high, low, discipline, steps);
  c.rate = high + low;
  c.warmup_s = 20;
  return c;
}

Case one_queue(const std::string& id, double lambda, const std::string& discipline) {
  Case c;
  c.id = id;
  c.scenario = fmt::format(
      "workloads: {{load: {{constant_arrival_rate: {}/s, calls: s.op}}}}\n"
      "services: {{s: {{workers: 1, queue: {{discipline: {}}}, endpoints: {{op: [compute: exp(10ms)]}}}}}}\n",
      lambda, discipline);
  c.rate = lambda;
  c.warmup_s = 20;
  return c;
}

}  // namespace

std::vector<Case> discipline_cases() {
  std::vector<Case> cases;

  // M/G/1-PS is insensitive: E[T | work x] = x / (1-rho), so E[T] = E[S] / (1-rho) whatever the law of the
  // work. Kleinrock, Queueing Systems 2 (1976) sec. 4.4.
  Case c = shared_cores("ps-exponential", 70, 1, "exp(10ms)");
  c.source = "M/M/1-PS: E[T] = E[S]/(1-rho), L = rho/(1-rho)";
  c.expectations = {near("response_mean", response_mean(), 0.01 / 0.3, 0.02),
                    near("in_system", in_station("s"), 0.7 / 0.3, 0.02),
                    near("utilization", cpu_utilization("s"), 0.7, 0.02)};
  cases.push_back(c);

  c = shared_cores("ps-deterministic", 80, 1, "10ms");
  c.source = "M/D/1-PS: E[T] = E[S]/(1-rho), L = rho/(1-rho)";
  c.expectations = {near("response_mean", response_mean(), 0.01 / 0.2, 0.02),
                    near("in_system", in_station("s"), 4, 0.021),
                    near("utilization", cpu_utilization("s"), 0.8, 0.02)};
  cases.push_back(c);

  // Small and large requests on one core: each is slowed down by the same factor 1/(1-rho), rho = 40 x 5 ms +
  // 20 x 25 ms.
  c = {};
  c.id = "ps-slowdown";
  c.source = "M/G/1-PS: E[T | x] = x/(1-rho), rho = 0.7";
  c.scenario =
      "workloads:\n"
      "  large: {constant_arrival_rate: 20/s, calls: s.large}\n"
      "  small: {constant_arrival_rate: 40/s, calls: s.small}\n"
      "services: {s: {cpus: 1, endpoints: {small: [compute: 5ms], large: [compute: 25ms]}}}\n";
  c.rate = 60;
  c.warmup_s = 20;
  c.expectations = {near("small_response_mean", response_mean("small"), 0.005 / 0.3, 0.02),
                    near("large_response_mean", response_mean("large"), 0.025 / 0.3, 0.02)};
  cases.push_back(c);

  // One request uses one core at most. The number in the system is that of M/M/4 with rho = 0.8
  // (insensitive): ErlangC(4, 3.2) = 0.5964, L = C rho/(1-rho) + 3.2 = 5.58573.
  c = shared_cores("ps-4-cores", 320, 4, "lognormal(mean=10ms, cv=1.5)");
  c.source = "processor sharing of 4 cores, speed min(1, 4/n): L as in M/M/4";
  c.expectations = {near("response_mean", response_mean(), 5.58573 / 320, 0.028),
                    near("in_system", in_station("s"), 5.58573, 0.029),
                    near("utilization", cpu_utilization("s"), 0.8, 0.02)};
  cases.push_back(c);

  // Cobham (1954): W_k = W0 / ((1-sigma_{k-1}) (1-sigma_k)), W0 = sum of lambda_i E[S_i^2] / 2 = 80 x 2e-4 /
  // 2 = 8 ms, sigma_high = 0.3, sigma_low = 0.8. The wait is the response less the mean service.
  c = two_classes("priority", 30, 50, "priority");
  c.source = "Cobham: non-preemptive priorities";
  c.expectations = {near("wait_mean_high", minus(response_mean("high"), 0.01), 0.008 / 0.7, 0.02),
                    near("wait_mean_low", minus(response_mean("low"), 0.01), 0.008 / (0.7 * 0.2), 0.032),
                    near("utilization", utilization("s"), 0.8, 0.02)};
  cases.push_back(c);

  // T_k = [E[S] (1-sigma_k) + sum over i <= k of lambda_i E[S_i^2] / 2] / ((1-sigma_{k-1}) (1-sigma_k)):
  // high (0.01 x 0.6 + 40 x 1e-4) / 0.6, low (0.01 x 0.2 + 80 x 1e-4) / (0.6 x 0.2).
  c = two_classes("preemptive-priority", 40, 40, "preemptive_priority");
  c.source = "preemptive-resume priorities, Kleinrock 2 (1976) sec. 3.4";
  c.expectations = {near("response_mean_high", response_mean("high"), 0.01 / 0.6, 0.02),
                    near("response_mean_low", response_mean("low"), 0.01 / 0.12, 0.037),
                    near("utilization", utilization("s"), 0.8, 0.02)};
  cases.push_back(c);

  // What computes within a `try` is interrupted as it is without: the same formulas, the same times.
  c = two_classes("preemptive-priority-try", 40, 40, "preemptive_priority", "[try: [compute: exp(10ms)]]");
  c.source = "preemptive-resume priorities: computing in a try is interrupted too";
  c.expectations = cases.back().expectations;
  cases.push_back(c);

  // The mean wait is that of first come first served, rho/(mu-lambda) = 0.7/30; E[W^2] is that of FCFS,
  // 2 rho/(mu-lambda)^2, over (1-rho). Variance of the response = E[W^2] - E[W]^2 + var S.
  c = one_queue("lifo", 70, "lifo");
  c.source = "M/M/1 LCFS: E[W^2] = E[W^2 of FCFS]/(1-rho), Kingman (1962)";
  c.expectations = {near("response_mean", response_mean(), 1.0 / 30, 0.02),
                    near("wait_mean", wait_mean("s"), 0.7 / 30, 0.028),
                    near("response_stddev", response_stddev(), 0.06885304, 0.056)};
  cases.push_back(c);

  // E[W(x)] = (lambda E[S^2] / 2) / (1-rho(x))^2 with rho(x) the load of jobs up to x, averaged over
  // exponential x.
  c = one_queue("shortest-job-first", 80, "shortest_job_first");
  c.source = "M/M/1 with non-preemptive shortest job first, Phipps (1956)";
  c.expectations = {near("wait_mean", wait_mean("s"), 0.01882219, 0.023),
                    near("response_mean", response_mean(), 0.02882219, 0.02),
                    near("utilization", utilization("s"), 0.8, 0.02)};
  cases.push_back(c);
  return cases;
}

}  // namespace tailrace::tests
