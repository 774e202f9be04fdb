// What fails and is repaired: alternating renewal processes, redundancy, repair by few, detection, and a
// queue whose server breaks down. Failures are random faults with the times that the case gives.
#include <algorithm>
#include <cmath>

#include "tests/statistical/cases.hpp"

namespace tailrace::tests {

namespace {

Metric availability(std::string name) {
  return [name](const Observed& o) { return station(o.report, name).availability.estimate; };
}
Metric unavailability(std::string name) {
  return [name](const Observed& o) { return 1 - station(o.report, name).availability.estimate; };
}
Metric instances_up(std::string name) {
  return [name](const Observed& o) { return station(o.report, name).instances_up.estimate; };
}
Metric outages_per_hour(std::string name) {
  return [name](const Observed& o) { return station(o.report, name).outages_per_hour.estimate; };
}

// From the start of a failure to the health check's verdict, of every failure that was found.
std::vector<double> detection_times(const Observed& o) {
  std::vector<double> times;
  for (const models::RunRecord& r : o.records) {
    for (std::uint32_t k = 0; k < r.health.size(); ++k) {
      for (const models::StatusChange& c : r.health[k].timeline) {
        if (c.to != 1) continue;
        std::int64_t failed = -1;
        for (const models::FaultActivation& a : r.fault_activations) {
          if (a.targets.front() == k && a.start_ns <= c.at.ns) failed = std::max(failed, a.start_ns);
        }
        if (failed >= 0) times.push_back(static_cast<double>(c.at.ns - failed) * 1e-9);
      }
    }
  }
  return times;
}
double detection_mean(const Observed& o) {
  const std::vector<double> times = detection_times(o);
  double sum = 0;
  for (const double t : times) sum += t;
  return sum / static_cast<double>(times.size());
}
double detection_max(const Observed& o) {
  const std::vector<double> times = detection_times(o);
  return *std::max_element(times.begin(), times.end());
}

}  // namespace

std::vector<Case> availability_cases() {
  std::vector<Case> cases;

  // 990 s up, 10 s down on average: up for 0.99 of the time, and a cycle of 1000 s is 3.6 in an hour.
  Case c;
  c.id = "avail-1";
  c.source = "alternating renewal process: MTBF/(MTBF + MTTR)";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 1/s, calls: s.op}}\n"
      "services: {s: {endpoints: {op: [compute: 0s]}}}\n"
      "faults: [{type: pod_failure, target: s, mtbf: exp(990s), mttr: exp(10s)}]\n";
  c.rate = 1;
  c.requests = 4e6;
  c.expectations = {within("availability", availability("s"), 0.99, 0.001),
                    near("failed_request_fraction", failed_fraction(), 0.01, 0.1),
                    near("outages_per_hour", outages_per_hour("s"), 3.6, 0.1)};
  cases.push_back(c);

  // Each is up for a share of the time, whatever the others do, and all are needed.
  c = {};
  c.id = "avail-chain";
  c.source = "product of availabilities";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 100/s, calls: front.op}}\n"
      "services:\n"
      "  front: {endpoints: {op: [call: a.op, call: b.op, call: c.op, call: d.op]}}\n"
      "  a: {endpoints: {op: [compute: 0s]}}\n"
      "  b: {endpoints: {op: [compute: 0s]}}\n"
      "  c: {endpoints: {op: [compute: 0s]}}\n"
      "  d: {endpoints: {op: [compute: 0s]}}\n"
      "faults:\n"
      "  - {type: pod_failure, target: a, mtbf: exp(3.996s), mttr: exp(4ms)}\n"
      "  - {type: pod_failure, target: b, mtbf: exp(3.98s), mttr: exp(20ms)}\n"
      "  - {type: pod_failure, target: c, mtbf: exp(3.96s), mttr: exp(40ms)}\n"
      "  - {type: pod_failure, target: d, mtbf: exp(3.998s), mttr: exp(2ms)}\n";
  c.rate = 100;
  c.warmup_s = 1;
  c.expectations = {near("failed_fraction", failed_fraction(), 1 - 0.999 * 0.995 * 0.99 * 0.9995, 0.075)};
  cases.push_back(c);

  // Five nodes that are each down for 0.05 of the time, three of them or more at once: the upper tail of the
  // binomial law.
  const double up = 0.95, down = 0.05;
  c = {};
  c.id = "k-of-n-3-5";
  c.source = "binomial tail";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 10/s, calls: s.op}}\n"
      "services: {s: {replicas: 5, min_available: 3, endpoints: {op: [compute: 0s]}}}\n"
      "faults: [{type: pod_failure, target: s, mtbf: exp(19s), mttr: exp(1s)}]\n";
  c.rate = 10;
  c.requests = 1e6;
  c.expectations = {
      near("unavailability", unavailability("s"),
           10 * std::pow(down, 3) * up * up + 5 * std::pow(down, 4) * up + std::pow(down, 5), 0.36),
      near("nodes_up_mean", instances_up("s"), 5 * up, 0.003)};
  cases.push_back(c);

  // Machine repair: of 4 nodes k are down with weight 4!/(4-k)! (15/60)^k, since one is repaired at a time.
  const double w[] = {1, 4 * 0.25, 12 * 0.0625, 24 * 0.015625, 24 * 0.00390625};
  const double all = w[0] + w[1] + w[2] + w[3] + w[4];
  c = {};
  c.id = "repair-crew-2";
  c.source = "birth and death of the number down";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 5/s, calls: s.op}}\n"
      "services: {s: {replicas: 4, min_available: 2, endpoints: {op: [compute: 0s]}}}\n"
      "faults: [{type: pod_failure, target: s, mtbf: exp(60s), mttr: exp(15s), repair_crews: 1}]\n";
  c.rate = 5;
  c.warmup_s = 600;
  c.expectations = {
      within("availability", availability("s"), (w[0] + w[1] + w[2]) / all, 0.005),
      near("nodes_up_mean", instances_up("s"), (4 * w[0] + 3 * w[1] + 2 * w[2] + w[3]) / all, 0.01)};
  cases.push_back(c);

  // The first probe after a failure comes after half a period on average, and two more follow it.
  c = {};
  c.id = "health-check";
  c.source = "a failure uniform over the probe's period P, found by the k-th probe: (k - 1/2) P";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 0.2/s, calls: s.op}}\n"
      "services:\n"
      "  s:\n"
      "    replicas: 10\n"
      "    health_check: {interval: 10s, unhealthy_threshold: 3}\n"
      "    endpoints: {op: [compute: 0s]}\n"
      "faults: [{type: pod_failure, target: s, mtbf: exp(400s), mttr: 100s}]\n";
  c.rate = 0.2;
  c.requests = 2e5;
  c.warmup_s = 1;
  c.expectations = {near("detection_time_mean_s", detection_mean, 25, 0.02),
                    {"detection_time_max_s", detection_max, 30, 0, Tolerance::at_most, Truth::approximate}};
  cases.push_back(c);

  // White & Christie: with failures at rate xi and repairs at rate eta, also while the server idles,
  // L = lambda ((xi + eta)^2 + xi mu) / ((xi + eta) (mu eta - lambda (xi + eta))).
  const double lambda = 50, mu = 100, xi = 0.1, eta = 1;
  const double l =
      lambda * ((xi + eta) * (xi + eta) + xi * mu) / ((xi + eta) * (mu * eta - lambda * (xi + eta)));
  c = {};
  c.id = "breakdown-mm1";
  c.source = "M/M/1 with breakdowns and preemptive resume, White & Christie (1958)";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 50/s, calls: s.op}}\n"
      "services: {s: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}}\n"
      "faults: [{type: pause, target: s, mtbf: exp(10s), mttr: exp(1s)}]\n";
  c.rate = lambda;
  c.requests = 1e7;
  c.warmup_s = 60;
  c.expectations = {near("response_mean_s", response_mean(), l / lambda, 0.055),
                    near("in_system_mean", in_station("s"), l, 0.055),
                    near("availability", availability("s"), eta / (xi + eta), 0.02)};
  cases.push_back(c);
  return cases;
}

}  // namespace tailrace::tests
