// Hedged requests over servers without queues: minima of exponential times.
#include <fmt/format.h>

#include <cmath>

#include "tests/statistical/cases.hpp"

namespace tailrace::tests {

namespace {

Case hedged(const std::string& id, int replicas, const std::string& hedge) {
  Case c;
  c.id = id;
  c.scenario = fmt::format(
      "workloads: {{load: {{constant_arrival_rate: 100/s, calls: s.op, hedge: {{{}, budget: 100%}}}}}}\n"
      "services: {{s: {{replicas: {}, endpoints: {{op: [compute: exp(10ms)]}}}}}}\n",
      hedge, replicas);
  c.rate = 100;
  c.warmup_s = 1;
  return c;
}

}  // namespace

std::vector<Case> hedging_cases() {
  std::vector<Case> cases;
  const double ln100 = std::log(100.0);

  // The faster of n exponential times is exponential with an n-th of the mean.
  Case c = hedged("hedge-two-at-once", 2, "delay: 0s");
  c.source = "minimum of two exponentials";
  c.expectations = {near("response_mean", response_mean(), 0.005, 0.01),
                    near("response_p99", response_percentile(0.99), 0.005 * ln100, 0.02),
                    near("sent", attempts_per_call(), 2, 1e-6)};
  cases.push_back(c);

  c = hedged("hedge-three-at-once", 3, "delay: 0s, max_requests: 2");
  c.source = "minimum of three exponentials";
  c.expectations = {near("response_mean", response_mean(), 0.01 / 3, 0.01),
                    near("response_p99", response_percentile(0.99), 0.01 / 3 * ln100, 0.02),
                    near("sent", attempts_per_call(), 3, 1e-6)};
  cases.push_back(c);

  // With probability q = e^-d (d in means) the first is not done by then; from there on the faster of two
  // counts. Mean 10 ms (1 - q) + 5 ms q; p99 where q e^-2x = 0.01.
  for (const double delay_ms : {20.0, 10.0}) {
    const double q = std::exp(-delay_ms / 10);
    c = hedged(fmt::format("hedge-after-{}ms", delay_ms), 2, fmt::format("delay: {}ms", delay_ms));
    c.source = "exponential cut at the delay, then the minimum of two";
    c.expectations = {
        near("response_mean", response_mean(), 0.01 * (1 - q) + 0.005 * q, 0.01),
        near("response_p99", response_percentile(0.99), delay_ms / 1e3 + 0.005 * std::log(100 * q), 0.02),
        near("sent", attempts_per_call(), 1 + q, 0.01)};
    cases.push_back(c);
  }

  // The budget of 5 % of the calls binds where e^-1 of them would want a hedge. Few tokens are ever left
  // over, so 0.05 hedges are sent for each call.
  c = {};
  c.id = "hedge-budget";
  c.source = "hedges per call are at most the budget";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 100/s, calls: s.op, hedge: {delay: 10ms, budget: 5%}}}\n"
      "services: {s: {replicas: 2, endpoints: {op: [compute: exp(10ms)]}}}\n";
  c.rate = 100;
  c.warmup_s = 20;
  c.expectations = {near("sent", attempts_per_call(), 1.05, 0.005)};
  cases.push_back(c);
  return cases;
}

}  // namespace tailrace::tests
