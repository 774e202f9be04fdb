// Systems that are not in equilibrium, and arrivals as such: many short replications, judged at their end,
// and counts in windows of time.
#include <fmt/format.h>

#include <cmath>

#include "tests/statistical/cases.hpp"

namespace tailrace::tests {

namespace {

double at_end(const models::RunRecord& r) {
  double n = 0;
  for (const models::InstanceRecord& i : r.stations.at(0).instances) n += i.in_queue + i.in_service;
  return n;
}

double mean_at_end(const Observed& o) {
  double sum = 0;
  for (const models::RunRecord& r : o.records) sum += at_end(r);
  return sum / static_cast<double>(o.records.size());
}
double stddev_at_end(const Observed& o) {
  const double mean = mean_at_end(o);
  double squares = 0;
  for (const models::RunRecord& r : o.records) squares += (at_end(r) - mean) * (at_end(r) - mean);
  return o.records.size() < 2 ? 0 : std::sqrt(squares / static_cast<double>(o.records.size() - 1));
}

// Requests that arrived in window `w`, as a mean over the replications.
Metric arrivals_in_window(std::size_t w) {
  return [w](const Observed& o) {
    double n = 0;
    for (const models::RunRecord& r : o.records)
      n += static_cast<double>(r.windows.at(w).classes.at(0).arrived);
    return n / static_cast<double>(o.records.size());
  };
}

double arrivals(const Observed& o) {
  return static_cast<double>(workload(o.report, "load").arrived) / static_cast<double>(o.records.size());
}

// Of the counts in all windows: variance over mean, and the correlation of neighbours.
struct Counts {
  double dispersion = 0, correlation = 0;
};
Counts of_counts(const Observed& o) {
  double n = 0, sum = 0, squares = 0, pairs = 0, products = 0;
  for (const models::RunRecord& r : o.records) {
    double before = -1;
    for (const models::WindowRecord& w : r.windows) {
      const double x = static_cast<double>(w.classes.at(0).arrived);
      n += 1;
      sum += x;
      squares += x * x;
      if (before >= 0) {
        pairs += 1;
        products += before * x;
      }
      before = x;
    }
  }
  const double mean = sum / n, variance = squares / n - mean * mean;
  return {variance / mean, (products / pairs - mean * mean) / variance};
}

}  // namespace

std::vector<Case> transient_cases() {
  std::vector<Case> cases;

  // An empty start, unlimited workers: the number in service at t is Poisson of mean lambda E[S] (1 -
  // exp(-t/E[S])).
  for (const double t : {0.25, 0.5, 1.0, 2.0}) {
    Case c;
    c.id = fmt::format("filling-up-{}ms", t * 1e3);
    c.source = "M/M/inf from empty, Kleinrock (1975)";
    c.scenario =
        "workloads: {load: {constant_arrival_rate: 100/s, calls: s.op}}\n"
        "services: {s: {endpoints: {op: [compute: exp(500ms)]}}}\n";
    c.rate = 100;
    c.fixed_duration = true;
    c.replications = 2000;
    c.requests = 100 * t * c.replications;
    c.warmup_s = 0;
    c.expectations = {near("in_system_at_end", mean_at_end, 50 * (1 - std::exp(-2 * t)), 0.02)};
    cases.push_back(c);
  }

  // Half as much again as the server can do: the backlog grows by lambda - mu, plus mu/(lambda-mu) = 2 that
  // idle time at the start leaves; the spread is that of a random walk, sqrt((lambda+mu) t).
  Case c;
  c.id = "overload";
  c.source = "random walk limit";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 150/s, calls: s.op}}\n"
      "services: {s: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}}\n";
  c.rate = 150;
  c.fixed_duration = true;
  c.replications = 500;
  c.requests = 150 * 60.0 * c.replications;
  c.warmup_s = 0;
  c.expectations = {{"in_system_at_end", mean_at_end, 3002, 0.02, Tolerance::relative, Truth::approximate},
                    {"in_system_stddev_at_end", stddev_at_end, std::sqrt(250 * 60.0), 0.15,
                     Tolerance::relative, Truth::approximate}};
  cases.push_back(c);

  // The integral of 100 + 50 sin(2 pi t / 3600) over an hour, and over its first quarter: 90000 + 50 x 3600 /
  // (2 pi).
  c = {};
  c.id = "sinusoidal-arrivals";
  c.source = "non-homogeneous Poisson process: the integral of its rate";
  c.scenario =
      "workloads: {load: {sinusoidal_arrival_rate: {base: 100/s, amplitude: 50/s, period: 3600s}, calls: "
      "s.op}}\n"
      "services: {s: {endpoints: {op: [compute: 1ms]}}}\n";
  c.run_extra = "time_resolution: 900s";
  c.rate = 100;
  c.fixed_duration = true;
  c.requests = 360000.0 * 20;
  c.warmup_s = 0;
  c.expectations = {
      near("count", arrivals, 360000, 0.01),
      near("count_in_first_quarter", arrivals_in_window(0), 90000 + 90000 / std::acos(-1), 0.01)};
  cases.push_back(c);

  // Poisson counts in 1 s windows: variance = mean, neighbours independent.
  c = {};
  c.id = "poisson-arrivals";
  c.source = "Poisson process";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 100/s, calls: s.op}}\n"
      "services: {s: {endpoints: {op: [compute: 1ms]}}}\n";
  c.run_extra = "time_resolution: 1s";
  c.rate = 100;
  c.warmup_s = 0;
  c.expectations = {
      near(
          "index_of_dispersion", [](const Observed& o) { return of_counts(o).dispersion; }, 1, 0.05),
      within(
          "neighbour_correlation", [](const Observed& o) { return of_counts(o).correlation; }, 0, 0.03)};
  cases.push_back(c);
  return cases;
}

}  // namespace tailrace::tests
