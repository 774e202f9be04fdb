// Several queues: product-form networks (asynchronous hand-over), closed loops, and threads that are held
// across calls.
#include <fmt/format.h>

#include <cmath>

#include "tests/statistical/cases.hpp"

namespace tailrace::tests {

namespace {

// Closed loops: users think for an exponential time of mean 1 s, then visit the stations in order. Exact mean
// value analysis (Reiser & Lavenberg 1980): R_i(n) = D_i (1 + Q_i(n-1)), X(n) = n / (Z + sum R_i(n)), Q_i(n)
// = X(n) R_i(n).
Case closed_loop(const std::string& id, int users, const std::vector<double>& demand_s,
                 std::vector<double> in_station_tolerance, double response_tolerance) {
  std::vector<double> queue(demand_s.size(), 0.0), residence(demand_s.size());
  double x = 0, response = 0;
  for (int n = 1; n <= users; ++n) {
    response = 0;
    for (std::size_t i = 0; i < demand_s.size(); ++i) response += residence[i] = demand_s[i] * (1 + queue[i]);
    x = n / (1 + response);
    for (std::size_t i = 0; i < demand_s.size(); ++i) queue[i] = x * residence[i];
  }
  Case c;
  c.id = id;
  c.source = "exact mean value analysis";
  c.scenario = fmt::format("workloads: {{load: {{constant_vus: {}, think_time: exp(1s), steps: [", users);
  for (std::size_t i = 0; i < demand_s.size(); ++i)
    c.scenario += fmt::format("{}call: s{}.op", i ? ", " : "", i + 1);
  c.scenario += "]}}\nservices:\n";
  for (std::size_t i = 0; i < demand_s.size(); ++i) {
    c.scenario += fmt::format("  s{}: {{workers: 1, endpoints: {{op: [compute: exp({}ms)]}}}}\n", i + 1,
                              demand_s[i] * 1e3);
  }
  c.rate = x;
  c.warmup_s = 60;
  c.expectations = {near("throughput", throughput(), x, 0.01),
                    near("response_mean", response_mean(), response, response_tolerance)};
  for (std::size_t i = 0; i < demand_s.size(); ++i) {
    const std::string name = fmt::format("s{}", i + 1);
    c.expectations.push_back(near("in_" + name, in_station(name), queue[i], in_station_tolerance[i]));
    c.expectations.push_back(near("utilization_" + name, utilization(name), x * demand_s[i], 0.01));
  }
  return c;
}

}  // namespace

std::vector<Case> network_of_queues_cases() {
  std::vector<Case> cases;
  Case c;

  // Burke (1956), Reich (1957): the responses of the two stages are independent exponentials with rates mu_i
  // - lambda (40 and 23.33 per s); the quantiles are those of their sum.
  c = {};
  c.id = "tandem-2";
  c.source = "Burke/Reich: hypoexponential response";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 60/s, calls: s1.op}}\n"
      "services:\n"
      "  s1: {workers: 1, mode: async, endpoints: {op: [compute: exp(10ms), call: s2.op]}}\n"
      "  s2: {workers: 1, endpoints: {op: [compute: exp(12ms)]}}\n";
  c.rate = 60;
  c.warmup_s = 20;
  c.expectations = {near("response_mean", response_mean(), 0.06785714, 0.02),
                    near("response_p50", response_percentile(0.5), 0.05607487, 0.02),
                    near("response_p99", response_percentile(0.99), 0.2343787, 0.029),
                    near("utilization_1", utilization("s1"), 0.6, 0.02),
                    near("utilization_2", utilization("s2"), 0.72, 0.02)};
  cases.push_back(c);

  // A request comes back to the same queue with probability 0.2: lambda_eff = 60/0.8 = 75, L = rho/(1-rho) =
  // 3, T = L/60. Jackson (1957). The cycle of calls ends by chance; nobody goes 100 deep (0.2^100).
  c = {};
  c.id = "feedback";
  c.source = "Jackson (1957), feedback";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 60/s, calls: s.op}}\n"
      "services: {s: {workers: 1, mode: async, endpoints: {op: [compute: exp(10ms), {call: s.op, "
      "probability: 0.2}]}}}\n";
  c.run_extra = "max_call_depth: 100";
  c.rate = 60;
  c.warmup_s = 20;
  c.expectations = {near("response_mean", response_mean(), 0.05, 0.02),
                    near("utilization", utilization("s"), 0.75, 0.02),
                    near("in_system", in_station("s"), 3, 0.021), near("visits", visits("s.op"), 1.25, 0.02)};
  cases.push_back(c);

  // Traffic: s1 100, s2 50, s3 30 + 10, s4 20 + 10 per s; each station an M/M/1 of rates 200, 80, 60, 50; a
  // visit takes 1/(mu - lambda); T = sum of L_i / 100 = (1 + 5/3 + 2 + 1.5)/100. Jackson (1963).
  c = {};
  c.id = "branching-gateway";
  c.source = "open Jackson network";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 100/s, calls: s1.op}}\n"
      "services:\n"
      "  s1:\n"
      "    workers: 1\n"
      "    mode: async\n"
      "    endpoints:\n"
      "      op:\n"
      "        - compute: exp(5ms)\n"
      "        - branch:\n"
      "            - {probability: 0.5, steps: [call: s2.op]}\n"
      "            - {probability: 0.3, steps: [call: s3.op]}\n"
      "            - {probability: 0.2, steps: [call: s4.op]}\n"
      "  s2: {workers: 1, mode: async, endpoints: {op: [compute: exp(12.5ms), {call: s3.op, probability: "
      "0.2}]}}\n"
      "  s3: {workers: 1, mode: async, endpoints: {op: [compute: exp(16.6666667ms), {call: s4.op, "
      "probability: 0.25}]}}\n"
      "  s4: {workers: 1, endpoints: {op: [compute: exp(20ms)]}}\n";
  c.rate = 100;
  c.warmup_s = 20;
  c.expectations = {near("response_mean", response_mean(), 0.06166667, 0.02),
                    near("utilization_1", utilization("s1"), 0.5, 0.02),
                    near("visit_mean_1", residence_mean("s1"), 0.01, 0.02),
                    near("utilization_2", utilization("s2"), 0.625, 0.02),
                    near("visit_mean_2", residence_mean("s2"), 1.0 / 30, 0.02),
                    near("utilization_3", utilization("s3"), 2.0 / 3, 0.02),
                    near("visit_mean_3", residence_mean("s3"), 0.05, 0.028),
                    near("utilization_4", utilization("s4"), 0.6, 0.02),
                    near("visit_mean_4", residence_mean("s4"), 0.05, 0.022)};
  cases.push_back(c);

  cases.push_back(closed_loop("closed-1-station", 20, {0.05}, {0.011}, 0.011));
  cases.push_back(closed_loop("closed-3-stations", 50, {0.02, 0.012, 0.008}, {0.018, 0.01, 0.01}, 0.014));
  cases.push_back(closed_loop("closed-saturated", 200, {0.02, 0.01}, {0.01, 0.01}, 0.01));

  // Two closed loads, 6 users and 3, share one core, where they need an exponential 5 ms and a constant 80
  // ms: with i and j of them there, p(i, j) ~ (i+j)! / (i! j!) A^i B^j Z^(6-i) / (6-i)! Y^(3-j) / (3-j)!
  // (Baskett, Chandy, Muntz and Palacios 1975), whatever the laws.
  double all = 0, idle = 0, light_away = 0, heavy_away = 0;
  for (int i = 0; i <= 6; ++i) {
    for (int j = 0; j <= 3; ++j) {
      double p = std::pow(0.005, i) * std::pow(0.08, j) * std::pow(0.1, 6 - i) * std::pow(0.3, 3 - j);
      p *= std::tgamma(i + j + 1) / (std::tgamma(i + 1) * std::tgamma(j + 1));
      p /= std::tgamma(7 - i) * std::tgamma(4 - j);
      all += p, light_away += (6 - i) * p, heavy_away += (3 - j) * p;
      if (i + j == 0) idle = p;
    }
  }
  c = {};
  c.id = "closed-two-loads-share-a-core";
  c.source = "product form of processor sharing";
  c.scenario =
      "workloads:\n"
      "  light: {constant_vus: 6, think_time: exp(100ms), calls: s.light}\n"
      "  heavy: {constant_vus: 3, think_time: exp(300ms), calls: s.heavy}\n"
      "services:\n"
      "  s: {workers: unlimited, cpus: 1, endpoints: {light: [compute: exp(5ms)], heavy: [compute: 80ms]}}\n";
  const double light = light_away / all / 0.1, heavy = heavy_away / all / 0.3;
  c.rate = light + heavy;
  c.warmup_s = 20;
  c.expectations = {near("throughput_light", throughput("light"), light, 0.01),
                    near("throughput_heavy", throughput("heavy"), heavy, 0.01),
                    near("response_mean_light", response_mean("light"), 6 / light - 0.1, 0.03),
                    near("response_mean_heavy", response_mean("heavy"), 3 / heavy - 0.3, 0.02),
                    near("core_utilization", cpu_utilization("s"), 1 - idle / all, 0.01)};
  cases.push_back(c);

  // One caller thread is held for the whole nest, so nothing below it ever queues: M/G/1 with S a sum of
  // exponentials of 5 and 12 ms: E[S] = 17 ms, var S = 25 + 144 ms^2, W = lambda E[S^2] / (2 (1-rho)) = 40 x
  // 458e-6 / 0.64.
  c = {};
  c.id = "nested-one-thread";
  c.source = "Pollaczek-Khinchine over the whole nest";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 40/s, calls: caller.op}}\n"
      "services:\n"
      "  caller: {workers: 1, endpoints: {op: [compute: exp(5ms), call: below.op]}}\n"
      "  below: {workers: 1, endpoints: {op: [compute: exp(12ms)]}}\n";
  c.rate = 40;
  c.warmup_s = 20;
  c.expectations = {near("wait_mean", wait_mean("caller"), 0.028625, 0.02),
                    near("response_mean", response_mean(), 0.045625, 0.02),
                    near("thread_busy", utilization("caller"), 0.68, 0.02)};
  cases.push_back(c);

  // ErlangB(6, 50 x 80 ms) = 0.1171625: the holding time is the whole nest, and only its mean matters.
  c = {};
  c.id = "nested-loss";
  c.source = "Erlang B over the whole nest";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 50/s, calls: caller.op}}\n"
      "services:\n"
      "  caller: {workers: 6, queue: 0, endpoints: {op: [compute: exp(20ms), call: below.op]}}\n"
      "  below: {endpoints: {op: [compute: 60ms]}}\n";
  c.rate = 50;
  c.expectations = {near("rejected_fraction", failed_fraction(), 0.1171625, 0.02),
                    near("threads_busy", busy_mean("caller"), 3.53135, 0.02),
                    near("throughput", goodput(), 44.14188, 0.02)};
  cases.push_back(c);

  // Simultaneous possession of a thread and the backend is not product form; figures of the exact
  // quasi-birth-death chain (level: requests in the caller, phase: requests at the backend), Neuts (1981).
  c = {};
  c.id = "nested-4-threads";
  c.source = "quasi-birth-death chain, solved numerically";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 50/s, calls: caller.op}}\n"
      "services:\n"
      "  caller: {workers: 4, endpoints: {op: [compute: exp(50ms), call: backend.op]}}\n"
      "  backend: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}\n";
  c.rate = 50;
  c.warmup_s = 60;
  c.expectations = {near("response_mean", response_mean(), 0.1158063, 0.02),
                    near("threads_busy", busy_mean("caller"), 3.280865, 0.02),
                    near("backend_response_mean", residence_mean("backend"), 0.01561729, 0.02),
                    near("wait_mean", wait_mean("caller"), 0.05018903, 0.038),
                    near("backend_utilization", utilization("backend"), 0.5, 0.02)};
  cases.push_back(c);

  // The same with 8 users in a closed loop: a finite chain on (requests in the caller, requests at the
  // backend).
  c = {};
  c.id = "nested-closed";
  c.source = "finite Markov chain, solved numerically";
  c.scenario =
      "workloads: {load: {constant_vus: 8, think_time: exp(200ms), calls: caller.op}}\n"
      "services:\n"
      "  caller: {workers: 2, endpoints: {op: [compute: exp(40ms), call: backend.op]}}\n"
      "  backend: {workers: 1, endpoints: {op: [compute: exp(16.6666667ms)]}}\n";
  c.rate = 27;
  c.warmup_s = 20;
  c.expectations = {near("throughput", throughput(), 27.06453, 0.01),
                    near("response_mean", response_mean(), 0.09558979, 0.01),
                    near("threads_busy", busy_mean("caller"), 1.650958, 0.01),
                    near("backend_utilization", utilization("backend"), 0.4510756, 0.01)};
  cases.push_back(c);
  return cases;
}

}  // namespace tailrace::tests
