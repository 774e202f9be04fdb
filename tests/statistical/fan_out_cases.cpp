// Parallel calls: joins of all, of some, with and without queues below.
#include <fmt/format.h>

#include <cmath>

#include "tests/statistical/cases.hpp"

namespace tailrace::tests {

namespace {

Case fan_out(const std::string& id, double rate, const std::string& step, const std::string& leaf) {
  Case c;
  c.id = id;
  c.scenario = fmt::format(
      "workloads: {{load: {{constant_arrival_rate: {}/s, steps: [{{{}}}]}}}}\n"
      "services: {{leaf: {{endpoints: {{op: [compute: {}]}}}}}}\n",
      rate, step, leaf);
  c.rate = rate;
  c.warmup_s = 5;
  return c;
}

std::string calls(int n) {
  return "parallel: [" + repeated("call: leaf.op", n) + "]";
}

// The slowest of n exponentials of mean m: E = m H_n, variance m^2 sum 1/k^2, p-quantile -m ln(1 - p^(1/n)).
double slowest_quantile(double m, int n, double p) {
  return -m * std::log(1 - std::pow(p, 1.0 / n));
}
double harmonic(int n) {
  double h = 0;
  for (int k = 1; k <= n; ++k) h += 1.0 / k;
  return h;
}

}  // namespace

std::vector<Case> fan_out_cases() {
  std::vector<Case> cases;
  Case c;

  // T = (12 - rho)/8 / (mu - lambda). Flatto & Hahn (1984); Nelson & Tantawi (1988).
  c = {};
  c.id = "fork-join-2";
  c.source = "two parallel M/M/1, joined: (12-rho)/8 of one's response";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 50/s, steps: [parallel: [call: a.op, call: b.op]]}}\n"
      "services:\n"
      "  a: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}\n"
      "  b: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}\n";
  c.rate = 50;
  c.expectations = {near("response_mean", response_mean(), 11.5 / 8 * 0.02, 0.02),
                    near("branch_response_mean", residence_mean("a"), 0.02, 0.02)};
  cases.push_back(c);

  c = fan_out("slowest-of-10", 20, calls(10), "exp(10ms)");
  c.source = "maximum of 10 exponentials";
  double squares = 0;
  for (int k = 1; k <= 10; ++k) squares += 1.0 / (k * k);
  c.expectations = {near("response_mean", response_mean(), 0.01 * harmonic(10), 0.01),
                    near("response_p50", response_percentile(0.5), slowest_quantile(0.01, 10, 0.5), 0.01),
                    near("response_p99", response_percentile(0.99), slowest_quantile(0.01, 10, 0.99), 0.01),
                    near("response_stddev", response_stddev(), 0.01 * std::sqrt(squares), 0.01)};
  cases.push_back(c);

  // M/G/1 with S the slower of two exponentials: E[S] = 15 ms, E[S^2] = 3.5 m^2 = 350 ms^2, rho = 0.75,
  // W = 50 x 350e-6 / (2 x 0.25) = 35 ms.
  c = {};
  c.id = "split-merge-2";
  c.source = "Pollaczek-Khinchine over the maximum of two exponentials";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 50/s, calls: parent.op}}\n"
      "services:\n"
      "  parent: {workers: 1, endpoints: {op: [parallel: [call: part.op, call: part.op]]}}\n"
      "  part: {endpoints: {op: [compute: exp(10ms)]}}\n";
  c.rate = 50;
  c.warmup_s = 20;
  c.expectations = {near("response_mean", response_mean(), 0.05, 0.02),
                    near("wait_mean", wait_mean("parent"), 0.035, 0.02),
                    near("thread_busy", utilization("parent"), 0.75, 0.02)};
  cases.push_back(c);

  // The second of three exponentials: E = m (1/3 + 1/2); P(T <= t) = 3 q^2 - 2 q^3, q = 1 - exp(-t/m), whose
  // 0.99 quantile is 28.31861 ms.
  c = fan_out("quorum-2-of-3", 20, calls(3) + ", join: 2", "exp(10ms)");
  c.source = "second order statistic of three exponentials";
  c.expectations = {near("response_mean", response_mean(), 0.01 * (1.0 / 3 + 0.5), 0.01),
                    near("response_p99", response_percentile(0.99), 0.02831861, 0.01)};
  cases.push_back(c);

  // E max = x + y - 1/(1/x + 1/y), x = 10 ms, y = 25 ms.
  c = {};
  c.id = "slower-of-two";
  c.source = "maximum of two unlike exponentials";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 20/s, steps: [parallel: [call: a.op, call: b.op]]}}\n"
      "services:\n"
      "  a: {endpoints: {op: [compute: exp(10ms)]}}\n"
      "  b: {endpoints: {op: [compute: exp(25ms)]}}\n";
  c.rate = 20;
  c.expectations = {near("response_mean", response_mean(), 0.035 - 1.0 / 140, 0.01)};
  cases.push_back(c);

  // Dean & Barroso, The Tail at Scale (2013): 1 % slow leaves make 63 % slow requests, 1 - 0.99^100.
  const double slow = 1 - std::pow(0.99, 100);
  c = fan_out("tail-at-scale", 5, calls(100), "\"bimodal(p=0.01, fast=10ms, slow=1s)\"");
  c.source = "1 - (1-p)^n";
  c.requests = 2e5;
  c.expectations = {near("slow_fraction", slower_than(0.5), slow, 0.02),
                    near("response_mean", response_mean(), 0.01 + 0.99 * slow, 0.02)};
  cases.push_back(c);

  c = fan_out("slowest-of-100", 5, calls(100), "exp(10ms)");
  c.source = "maximum of 100 exponentials; the p99 of a leaf is passed by 1 - 0.99^100";
  c.requests = 5e5;
  c.expectations = {near("response_mean", response_mean(), 0.01 * harmonic(100), 0.015),
                    near("response_p50", response_percentile(0.5), slowest_quantile(0.01, 100, 0.5), 0.015),
                    near("response_p99", response_percentile(0.99), slowest_quantile(0.01, 100, 0.99), 0.015),
                    near("above_leaf_p99", slower_than(0.01 * std::log(100)), slow, 0.015)};
  cases.push_back(c);

  // Three of five nodes that are each up with probability 0.95 suffice; it fails with 3, 4 or 5 down: sum of
  // C(5,k) 0.05^k 0.95^(5-k), k = 3..5.
  c = {};
  c.id = "three-of-five";
  c.source = "binomial tail";
  c.scenario = "workloads: {load: {constant_arrival_rate: 100/s, steps: [{parallel: [" +
               repeated("call: node.op", 5) +
               "], join: 3}]}}\n"
               "services: {node: {error_rate: 0.05, endpoints: {op: [compute: 1ms]}}}\n";
  c.rate = 100;
  const double up = 0.95, down = 0.05;
  c.expectations = {near("failed_fraction", failed_fraction(),
                         10 * std::pow(down, 3) * up * up + 5 * std::pow(down, 4) * up + std::pow(down, 5),
                         0.1)};
  cases.push_back(c);
  return cases;
}

}  // namespace tailrace::tests
