// How callers choose among replicas, one thread each, 80 % busy where there are queues.
#include <fmt/format.h>

#include <cmath>

#include "tests/statistical/cases.hpp"

namespace tailrace::tests {

namespace {

Case balanced(const std::string& id, double rate, int replicas, const std::string& balancer) {
  Case c;
  c.id = id;
  c.scenario = fmt::format(
      "workloads: {{load: {{constant_arrival_rate: {}/s, calls: s.op}}}}\n"
      "services: {{s: {{replicas: {}, workers: 1, load_balancer: {}, endpoints: {{op: [compute: "
      "exp(10ms)]}}}}}}\n",
      rate, replicas, balancer);
  c.rate = rate;
  c.warmup_s = 20;
  return c;
}

}  // namespace

std::vector<Case> balancing_cases() {
  std::vector<Case> cases;

  // A Poisson stream that is split at random is Poisson: four M/M/1.
  Case c = balanced("random-of-4", 320, 4, "random");
  c.source = "Poisson splitting";
  c.expectations = {near("response_mean", response_mean(), 0.05, 0.034),
                    near("response_p99", response_percentile(0.99), 0.05 * std::log(100), 0.052)};
  cases.push_back(c);

  // Every fourth arrival: E4/M/1, sigma = (lambda / (lambda + mu (1-sigma)))^4 with the whole lambda.
  double sigma = 0.5;
  for (int i = 0; i < 1000; ++i) sigma = std::pow(320 / (320 + 100 * (1 - sigma)), 4);
  c = balanced("round-robin-of-4", 320, 4, "round_robin");
  c.source = "E4/M/1";
  c.expectations = {
      near("response_mean", response_mean(), 0.01 / (1 - sigma), 0.022),
      near("response_p99", response_percentile(0.99), 0.01 / (1 - sigma) * std::log(100), 0.046),
      near("wait_probability", wait_probability("s"), sigma, 0.02)};
  cases.push_back(c);

  // The shorter of two queues, ties at random: the chain on the ordered pair of lengths, solved numerically,
  // truncated at 60.
  c = balanced("shortest-of-2", 160, 2, "{policy: least_request, choice_count: 0}");
  c.source = "join the shortest queue, Markov chain";
  c.expectations = {near("response_mean", response_mean(), 0.02955737, 0.02),
                    near("in_system", in_station("s"), 4.729179, 0.02)};
  cases.push_back(c);

  // The better of two random ones among 200; for infinitely many T = (1/mu) sum of rho^(2^i - 2), i >= 1, rho
  // = 0.9. Mitzenmacher (2001). 200 replicas differ from infinitely many by less than the tolerance.
  c = balanced("two-choices-of-200", 18000, 200, "{policy: least_request, choice_count: 2}");
  c.source = "power of two choices, mean field";
  c.requests = 2e7;
  double mean_field = 0;
  for (int i = 1; i < 12; ++i) mean_field += 0.01 * std::pow(0.9, std::pow(2, i) - 2);
  c.expectations = {
      {"response_mean", response_mean(), mean_field, 0.03, Tolerance::relative, Truth::approximate}};
  cases.push_back(c);

  // 5 % of the calls go to a canary that takes five times as long.
  c = {};
  c.id = "canary";
  c.source = "mixture 0.95 x 20 ms + 0.05 x 100 ms";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 100/s, calls: s.op}}\n"
      "services:\n"
      "  s:\n"
      "    instances: [{weight: 0.95}, {weight: 0.05, speed: 0.2}]\n"
      "    load_balancer: weighted\n"
      "    endpoints: {op: [compute: 20ms]}\n";
  c.rate = 100;
  c.expectations = {near("response_mean", response_mean(), 0.024, 0.01),
                    near("canary_fraction", slower_than(0.05), 0.05, 0.01)};
  cases.push_back(c);

  // Turns go by weight / (calls under way + 1). With 1000 calls a second of 100 ms and workers for all, the
  // shares p and 1 - p of weights 4 and 1 settle where p (100 p + 1) / 4 = (1 - p) (100 (1 - p) + 1): in the
  // mean two to one, not four to one. The light instance's calls take 1 % longer, to tell them apart.
  c = {};
  c.id = "weighted-least-request";
  c.source = "balance of turns by weight / (n + 1), mean field";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 1000/s, calls: s.op}}\n"
      "services:\n"
      "  s:\n"
      "    workers: unlimited\n"
      "    instances: [{weight: 4}, {weight: 1, speed: 0.99}]\n"
      "    load_balancer: least_request\n"
      "    endpoints: {op: [compute: 100ms]}\n";
  c.rate = 1000;
  double light = 0.3;
  for (int i = 0; i < 100; ++i)
    light = (1 - light) * (100 * (1 - light) + 1) / 4 / (100 * light / 0.99 + 1) * 0.5 + light * 0.5;
  c.expectations = {
      {"light_fraction", slower_than(0.1005), light, 0.01, Tolerance::relative, Truth::approximate}};
  cases.push_back(c);
  return cases;
}

}  // namespace tailrace::tests
