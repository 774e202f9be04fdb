// Retries of several layers, and budgets that bound them.
#include <fmt/format.h>

#include <cmath>
#include <utility>

#include "tests/statistical/cases.hpp"

namespace tailrace::tests {

namespace {

Case budgeted(const std::string& id, double failure, const std::string& budget) {
  Case c;
  c.id = id;
  c.scenario = fmt::format(
      "workloads:\n"
      "  load:\n"
      "    constant_arrival_rate: 100/s\n"
      "    calls: s.op\n"
      "    retries: {{attempts: 3, backoff: {{base_interval: 0s}}}}\n"
      "    retry_budget: {{{}}}\n"
      "services: {{s: {{error_rate: {}, endpoints: {{op: [compute: 1ms]}}}}}}\n",
      budget, failure);
  c.rate = 100;
  c.warmup_s = 10;
  return c;
}

}  // namespace

std::vector<Case> budget_cases() {
  std::vector<Case> cases;

  // (r + 1)^3 calls of a leaf that is down, from three layers with r retries each.
  for (const int retries : {3, 2}) {
    Case c;
    c.id = fmt::format("nested-retries-{}", retries);
    c.source = "every layer repeats what the layers below repeat";
    c.scenario = fmt::format(
        "defaults: {{outbound: {{retries: {{attempts: {}, backoff: {{base_interval: 0s}}}}}}}}\n"
        "workloads: {{load: {{constant_arrival_rate: 100/s, calls: a.op}}}}\n"
        "services:\n"
        "  a: {{endpoints: {{op: [call: b.op]}}}}\n"
        "  b: {{endpoints: {{op: [call: leaf.op]}}}}\n"
        "  leaf: {{error_rate: 1, endpoints: {{op: []}}}}\n",
        retries);
    c.rate = 100;
    c.requests = 2e4;
    c.warmup_s = 0;
    c.expectations = {near("leaf_calls", visits("leaf.op"), std::pow(retries + 1, 3), 1e-9),
                      within("success_fraction", success_fraction(), 0, 0)};
    cases.push_back(c);
  }

  // A bucket that gets d per first try and is always wanted: d retries for each request, whatever the failure
  // rate f; a retry succeeds with 1 - f.
  for (const auto& [failure, deposit] : {std::pair(0.3, 0.1), std::pair(0.5, 0.2)}) {
    Case c = budgeted(
        fmt::format("budget-first-try-{}", failure), failure,
        fmt::format("type: success_deposit, deposit_on: first_try, deposit: {}, bucket_size: 5", deposit));
    c.source = "retries = deposits";
    c.expectations = {near("attempts", attempts_per_call(), 1 + deposit, 0.005),
                      near("success_fraction", success_fraction(), (1 + deposit) * (1 - failure), 0.005)};
    cases.push_back(c);
  }

  // d per success: x retries per request, s = (1 + x)(1 - f) successes, x = d s.
  for (const auto& [failure, deposit] : {std::pair(0.6, 0.2), std::pair(0.8, 0.5)}) {
    const double success = (1 - failure) / (1 - deposit * (1 - failure));
    Case c = budgeted(fmt::format("budget-success-{}", failure), failure,
                      fmt::format("type: success_deposit, deposit: {}, bucket_size: 5", deposit));
    c.source = "s = (1 - f) / (1 - d (1 - f))";
    c.expectations = {near("attempts", attempts_per_call(), 1 + deposit * success, 0.005),
                      near("success_fraction", success_fraction(), success, 0.01)};
    cases.push_back(c);
  }

  // Finagle's: a fifth of a retry for each call, and none on top.
  Case c = budgeted("budget-deposit", 0.5, "type: deposit, percent_can_retry: 20, min_retries_per_sec: 0");
  c.source = "retries = deposits, less the few that expire";
  c.expectations = {near("attempts", attempts_per_call(), 1.2, 0.005),
                    near("success_fraction", success_fraction(), 0.6, 0.005)};
  for (Expectation& e : c.expectations) e.truth = Truth::approximate;
  cases.push_back(c);

  // Pauses of 0.1 x 2^k s.
  c = {};
  c.id = "backoff-fixed";
  c.source = "geometric series";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 10/s, calls: s.op, retries: {attempts: 4, backoff: "
      "{base_interval: 100ms, jitter: none}}}}\n"
      "services: {s: {error_rate: 1, endpoints: {op: []}}}\n";
  c.rate = 10;
  c.requests = 2e4;
  c.expectations = {near("request_time", any_response_mean(), 1.5, 1e-6),
                    near("attempts", attempts_per_call(), 5, 0.005)};
  cases.push_back(c);

  // Full jitter halves each pause on average.
  c.id = "backoff-full-jitter";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 10/s, calls: s.op, retries: {attempts: 4, backoff: "
      "{base_interval: 100ms}}}}\n"
      "services: {s: {error_rate: 1, endpoints: {op: []}}}\n";
  c.requests = 2e5;
  c.expectations = {near("request_time", any_response_mean(), 0.75, 0.005)};
  cases.push_back(c);

  // A deadline over three steps of 20 ms: the tail of the Erlang-3 law at 6. And it is the caller's that
  // holds in the middle of the chain.
  c = {};
  c.id = "deadline-handed-on";
  c.source = "Erlang-3 tail";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 50/s, calls: a.op, deadline: 120ms}}\n"
      "services:\n"
      "  a: {endpoints: {op: [compute: exp(20ms), call: b.op]}}\n"
      "  b: {endpoints: {op: [compute: exp(20ms), call: c.op]}}\n"
      "  c: {endpoints: {op: [compute: exp(20ms)]}}\n";
  c.rate = 50;
  c.expectations = {near("missed_fraction", failed_fraction(), std::exp(-6) * 25, 0.02)};
  cases.push_back(c);
  return cases;
}

}  // namespace tailrace::tests
