// Instances that come and go: a backlog that new instances work off, cold starts, a server that switches off.
#include <algorithm>
#include <cmath>

#include "tests/statistical/cases.hpp"

namespace tailrace::tests {

namespace {

double mean_over(const Observed& o, const std::function<double(const models::RunRecord&)>& of) {
  double sum = 0;
  for (const models::RunRecord& r : o.records) sum += of(r);
  return sum / static_cast<double>(o.records.size());
}

double peak_queue(const models::RunRecord& r) {
  std::uint32_t most = 0;
  for (const models::InstanceRecord& i : r.stations.at(0).instances) most = std::max(most, i.peak_queue);
  return most;
}
// Seconds from `at_s` to the end of the first window in which next to nobody waited.
double drained_after(const models::RunRecord& r, double at_s) {
  for (const models::WindowRecord& w : r.windows) {
    const double end = static_cast<double>(w.end_ns) * 1e-9;
    if (end > at_s + 1 && w.stations.at(0).queue < 10) return end - at_s;
  }
  return 1e9;
}
// Mean time in the system of those who ended in the window that begins at `at_s`.
double response_at(const models::RunRecord& r, double at_s) {
  for (const models::WindowRecord& w : r.windows) {
    if (static_cast<double>(w.end_ns) * 1e-9 > at_s + 0.5) return w.class_times.at(0).mean_s;
  }
  return 0;
}
double longest_wait(const models::RunRecord& r) {
  double most = 0;
  for (const models::WindowRecord& w : r.windows) most = std::max(most, w.class_times.at(0).p50_s);
  return most;
}

Metric cold_fraction(std::string name) {
  return [name](const Observed& o) { return scaling(o.report, name).cold_starts.estimate; };
}

}  // namespace

std::vector<Case> autoscaling_cases() {
  std::vector<Case> cases;

  // 150/s come and ten instances do 100/s for 60 s: 3000 wait. Twenty do 200/s, so these are gone after 60 s
  // more. Who comes at 60 s waits 3000/200 = 15 s; who is served then has come at 40 s.
  Case c;
  c.id = "scale-step";
  c.source = "fluid limit";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 150/s, calls: s.op}}\n"
      "services:\n"
      "  s:\n"
      "    workers: 1\n"
      "    replicas: 10\n"
      "    shared_queue: true\n"
      "    autoscaling: {max_replicas: 20, schedule: [{at: 60s, replicas: 20}]}\n"
      "    endpoints: {op: [compute: exp(100ms)]}\n";
  c.run_extra = "time_resolution: 1s";
  c.rate = 150;
  c.fixed_duration = true;
  c.requests = 150 * 200.0 * 20;
  c.warmup_s = 0;
  const auto fluid = [](const char* name, std::function<double(const models::RunRecord&)> of, double expected,
                        double tolerance) {
    return Expectation{name,
                       [of](const Observed& o) { return mean_over(o, of); },
                       expected,
                       tolerance,
                       Tolerance::relative,
                       Truth::approximate};
  };
  c.expectations = {
      fluid("peak_backlog", peak_queue, 3000, 0.08),
      fluid(
          "drain_time_s", [](const models::RunRecord& r) { return drained_after(r, 60); }, 60, 0.08),
      fluid("peak_wait_s", longest_wait, 20, 0.08),
      fluid(
          "wait_at_scale_up_s", [](const models::RunRecord& r) { return response_at(r, 75) - 0.1; }, 15,
          0.08)};
  cases.push_back(c);

  // A request finds nothing when the gap before it was longer than the idle timeout: exp(-0.01 x 60).
  c = {};
  c.id = "cold-start";
  c.source = "Poisson gaps: exp(-lambda tau)";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 0.01/s, calls: s.op}}\n"
      "services:\n"
      "  s:\n"
      "    workers: 1\n"
      "    autoscaling: {min_replicas: 0, max_replicas: 1, on_demand: {idle_timeout: 60s}}\n"
      "    endpoints: {op: [compute: 0s]}\n";
  c.rate = 0.01;
  c.requests = 5e5;
  c.expectations = {near("cold_start_fraction", cold_fraction("s"), std::exp(-0.6), 0.01)};
  cases.push_back(c);

  // Off when empty, on again after a set-up I: T = 1/(mu - lambda) + (2 E[I] + lambda E[I^2]) / (2 (1 +
  // lambda E[I])), Welch (1964).
  const double lambda = 50, mu = 100, setup = 0.1;
  c = {};
  c.id = "setup-det";
  c.source = "M/M/1 with set-up times, Welch (1964)";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 50/s, calls: s.op}}\n"
      "services:\n"
      "  s:\n"
      "    workers: 1\n"
      "    startup_time: 100ms\n"
      "    autoscaling: {min_replicas: 0, max_replicas: 1, on_demand: {idle_timeout: 0s}}\n"
      "    endpoints: {op: [compute: exp(10ms)]}\n";
  c.rate = lambda;
  c.expectations = {
      near("response_mean_s", response_mean(),
           1 / (mu - lambda) + (2 * setup + lambda * setup * setup) / (2 * (1 + lambda * setup)), 0.02)};
  cases.push_back(c);

  // The same with an exponential set-up, E[I^2] = 2 E[I]^2: as many ms more as the set-up takes.
  c.id = "setup-exp";
  c.scenario.replace(c.scenario.find("startup_time: 100ms"), 19, "startup_time: exp(100ms)");
  c.expectations = {near("response_mean_s", response_mean(), 1 / (mu - lambda) + setup, 0.02)};
  cases.push_back(c);
  return cases;
}

}  // namespace tailrace::tests
