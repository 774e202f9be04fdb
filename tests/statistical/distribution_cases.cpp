// Each law as the service time of a service that never queues: parsing, compiling, sampling, rounding to ns
// and recording in one go. Quantiles are those of the inverse distribution functions.
#include <fmt/format.h>

#include <cmath>

#include "tests/statistical/cases.hpp"

namespace tailrace::tests {

namespace {

Case law(const std::string& id, const std::string& text, double mean, double stddev, double p50, double p90,
         double p99) {
  Case c;
  c.id = "law-" + id;
  c.source = text;
  c.scenario = fmt::format(
      "workloads: {{load: {{constant_arrival_rate: 100/s, calls: s.op}}}}\n"
      "services: {{s: {{endpoints: {{op: [compute: {}]}}}}}}\n",
      text);
  c.rate = 100;
  c.requests = 1e6;
  c.expectations = {
      near("mean", response_mean(), mean, 0.005), near("stddev", response_stddev(), stddev, 0.01),
      near("p50", response_percentile(0.5), p50, 0.005), near("p90", response_percentile(0.9), p90, 0.005),
      near("p99", response_percentile(0.99), p99, 0.015)};
  return c;
}

}  // namespace

std::vector<Case> distribution_cases() {
  const auto exponential = [](double p) { return -0.02 * std::log(1 - p); };
  // cv = 1: sigma^2 = ln 2, median = mean / sqrt 2; the normal law's quantiles at 0.9 and 0.99
  // are 1.2815516, 2.3263479.
  const auto lognormal = [](double z) { return 0.02 / std::sqrt(2) * std::exp(std::sqrt(std::log(2)) * z); };
  const auto pareto = [](double p) { return 0.01 * std::pow(1 - p, -1 / 4.5); };
  return {
      law("exponential", "exp(20ms)", 0.02, 0.02, exponential(0.5), exponential(0.9), exponential(0.99)),
      law("lognormal", "lognormal(mean=20ms, cv=1)", 0.02, 0.02, lognormal(0), lognormal(1.2815516),
          lognormal(2.3263479)),
      law("pareto", "pareto(alpha=4.5, min=10ms)", 0.01 * 4.5 / 3.5, 0.01 * std::sqrt(4.5 / 2.5) / 3.5,
          pareto(0.5), pareto(0.9), pareto(0.99)),
      // Quantiles of chi-square with 6 degrees of freedom, over 200.
      law("erlang", "erlang(k=3, mean=30ms)", 0.03, 0.03 / std::sqrt(3), 0.0267406, 0.0532232, 0.08405947),
      law("uniform", "uniform(10ms, 50ms)", 0.03, 0.04 / std::sqrt(12), 0.03, 0.046, 0.0496),
  };
}

}  // namespace tailrace::tests
