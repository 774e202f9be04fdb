// Circuit breakers, rate limits and connection pools in equilibrium.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/statistical/cases.hpp"
#include "tests/support/erlang.hpp"

namespace tailrace::tests {

namespace {

models::AdmissionCounts counts(const Observed& o) {
  models::AdmissionCounts sum;
  for (const models::RunRecord& r : o.records) {
    sum.admitted += r.policies.at(0).counts.admitted;
    sum.rejected += r.policies.at(0).counts.rejected;
    sum.waited += r.policies.at(0).counts.waited;
  }
  return sum;
}
double seconds(const Observed& o) {
  double sum = 0;
  for (const models::RunRecord& r : o.records) sum += r.seconds();
  return sum;
}
double rejected_fraction(const Observed& o) {
  const models::AdmissionCounts n = counts(o);
  return static_cast<double>(n.rejected) / static_cast<double>(n.admitted + n.rejected);
}
double admitted_per_s(const Observed& o) {
  return static_cast<double>(counts(o).admitted) / seconds(o);
}
double line_probability(const Observed& o) {
  const models::AdmissionCounts n = counts(o);
  return static_cast<double>(n.waited) / static_cast<double>(workload(o.report, "load").arrived);
}
double open_fraction(const Observed& o) {
  double open = 0;
  for (const models::RunRecord& r : o.records) open += r.policies.at(0).states.at(0).seconds.at(1);
  return open / seconds(o);
}
double trips_per_hour(const Observed& o) {  // from closed to open
  std::uint64_t trips = 0;
  for (const models::RunRecord& r : o.records) trips += r.policies.at(0).states.at(0).trips;
  return static_cast<double>(trips) / seconds(o) * 3600;
}

// N failures in a row take (1 - p^N) / (p^N (1 - p)) calls on average. Then, 1 / (1-p) times: everything
// within the wait is refused, and the first call after it probes.
Case breaker(const std::string& id, double rate, double p, int row, double wait_s) {
  Case c;
  c.id = id;
  c.source = "renewal cycle of a breaker on runs of failures";
  c.scenario = fmt::format(
      "workloads: {{load: {{constant_arrival_rate: {}/s, calls: s.op, circuit_breaker: "
      "{{consecutive_failures: {}, "
      "wait_duration_in_open_state: {}s}}}}}}\n"
      "services: {{s: {{error_rate: {}, endpoints: {{op: []}}}}}}\n",
      rate, row, wait_s, p);
  c.rate = rate;
  c.warmup_s = 10 * wait_s;
  c.replications = 100;
  const double run = std::pow(p, row);
  double rejected, trips;
  if (p < 1) {
    const double closed = (1 - run) / (run * (1 - p)), opened = 1 / (1 - p);
    const double calls = closed + opened * (rate * wait_s + 1);
    rejected = opened * rate * wait_s / calls;
    trips = 3600 * rate / calls;
  } else {
    rejected = rate * wait_s / (rate * wait_s + 1);
    trips = 0;
  }
  c.expectations = {near("rejected_fraction", rejected_fraction, rejected, 0.01),
                    near("open_fraction", open_fraction, rejected, 0.01),  // arrivals see time averages
                    near("upstream_rate", admitted_per_s, rate * (1 - rejected), 0.02)};
  if (p < 1) c.expectations.push_back(near("trips_per_hour", trips_per_hour, trips, 0.02));
  return c;
}

// A bucket of b tokens is a queue of M/D/1/b, seen from the tokens: what it lacks is the work in that queue,
// and a request is refused when b are inside. With the embedded chain at departures: loss = 1 - 1/(pi0 +
// rho).
double bucket_rejects(double offered, double rate, int burst) {
  const double rho = offered / rate;
  std::vector<double> a{std::exp(-rho)}, pi{1};
  for (int k = 1; k <= burst; ++k) a.push_back(a.back() * rho / k);
  double sum = 1;
  for (int j = 0; j + 1 < burst; ++j) {
    double next = pi[static_cast<std::size_t>(j)] - pi[0] * a[static_cast<std::size_t>(j)];
    for (int i = 1; i <= j; ++i)
      next -= pi[static_cast<std::size_t>(i)] * a[static_cast<std::size_t>(j - i + 1)];
    pi.push_back(next / a[0]);
    sum += pi.back();
  }
  return 1 - 1 / (1 / sum + rho);
}

Case limited(const std::string& id, double offered, const std::string& limit, double rejected) {
  Case c;
  c.id = id;
  c.scenario = fmt::format(
      "workloads: {{load: {{constant_arrival_rate: {}/s, calls: s.op, rate_limit: {{{}}}}}}}\n"
      "services: {{s: {{endpoints: {{op: []}}}}}}\n",
      offered, limit);
  c.rate = offered;
  c.requests = 4e6;
  c.expectations = {near("admitted", admitted_per_s, offered * (1 - rejected), 0.005),
                    near("rejected_fraction", rejected_fraction, rejected, 0.02)};
  return c;
}

// M/M/1 of 100/s that turns newcomers away by the length of its queue: the birth-death chain on the number in
// the system, of whom all but one wait.
Case early_drop(double offered, int least, int most, double top) {
  constexpr double kService = 100;
  double here = 1, sum = 0, refused = 0;
  for (int n = 0; n <= most + 1; ++n) {
    const int queue = std::max(0, n - 1);
    const double share = queue < least ? 0 : queue >= most ? 1 : top * (queue - least) / (most - least);
    sum += here;
    refused += here * share;
    here *= offered * (1 - share) / kService;
  }
  Case c;
  c.id = fmt::format("early-drop-{}", offered);
  c.source = "birth-death chain with a birth rate by queue";
  c.scenario = fmt::format(
      "workloads: {{load: {{constant_arrival_rate: {}/s, calls: s.op}}}}\n"
      "services: {{s: {{workers: 1, inbound: {{early_drop: {{min_queue: {}, max_queue: {}, max_probability: "
      "{}}}}}, endpoints: {{op: [compute: exp(10ms)]}}}}}}\n",
      offered, least, most, top);
  c.rate = offered;
  c.requests = 4e6;
  c.expectations = {near("rejected_fraction", rejected_fraction, refused / sum, 0.02)};
  return c;
}

Case pooled(const std::string& id, double rate, double mean_s, const std::string& pool) {
  Case c;
  c.id = id;
  c.scenario = fmt::format(
      "workloads: {{load: {{constant_arrival_rate: {}/s, calls: s.op, connection_pool: {{{}}}}}}}\n"
      "services: {{s: {{endpoints: {{op: [compute: exp({}ms)]}}}}}}\n",
      rate, pool, mean_s * 1e3);
  c.rate = rate;
  c.warmup_s = 20;
  c.requests = 8e6;
  return c;
}

}  // namespace

std::vector<Case> admission_cases() {
  std::vector<Case> cases;

  cases.push_back(breaker("breaker-five-in-a-row", 20, 0.3, 5, 30));
  cases.back().requests = 2e7;
  cases.push_back(breaker("breaker-three-in-a-row", 50, 0.2, 3, 5));
  cases.back().requests = 1e7;
  cases.push_back(breaker("breaker-dead-dependency", 20, 1, 5, 30));
  cases.back().requests = 2e7;
  // Hardly any randomness: what shows is where in a cycle the run begins and ends.
  for (Expectation& e : cases.back().expectations) e.truth = Truth::approximate;

  // One token: after each admission the limiter is dead for 1/r, then takes the next that comes.
  for (const auto& [offered, rate] : {std::pair(150.0, 100.0), std::pair(300.0, 100.0)}) {
    Case c = limited(fmt::format("bucket-dead-time-{}", offered), offered, fmt::format("rate: {}/s", rate),
                     1 - 1 / (1 + offered / rate));
    c.source = "dead time: 1 / (1/r + 1/lambda)";
    cases.push_back(c);
  }
  for (const auto& [offered, burst] : {std::pair(100.0, 5), std::pair(80.0, 3)}) {
    Case c = limited(fmt::format("bucket-burst-{}", burst), offered,
                     fmt::format("rate: 100/s, burst: {}", burst), bucket_rejects(offered, 100, burst));
    c.source = "M/D/1/b";
    cases.push_back(c);
  }
  // r T + b in T.
  Case c = limited("bucket-overload", 500, "rate: 100/s, burst: 200", 1 - 100.1 / 500);
  c.source = "r + b / T over a run of T = 2000 s";
  c.warmup_s = 0;
  c.requests = 500 * 2000 * 20;
  c.fixed_duration = true;
  c.expectations[0].truth = Truth::approximate;  // less than a token
  cases.push_back(c);

  // Each second lets min(N, 100) of its N through, N Poisson.
  for (const double offered : {120.0, 100.0}) {
    double passed = 0, probability = std::exp(-offered);
    for (int k = 0; k < 400; ++k) {
      passed += std::min(k, 100) * probability;
      probability *= offered / (k + 1);
    }
    c = limited(fmt::format("fixed-window-{}", offered), offered, "algorithm: fixed_window, limit: 100",
                1 - passed / offered);
    c.source = "E min(Poisson, limit)";
    c.requests = offered * 20 * 2000;  // whole seconds
    cases.push_back(c);
  }

  cases.push_back(early_drop(150, 2, 12, 0.5));
  cases.push_back(early_drop(90, 0, 8, 1));

  // A pool of c connections in front of a server without queue is M/M/c.
  for (const auto& [rate, mean, connections] : {std::tuple(700.0, 0.025, 20), std::tuple(400.0, 0.02, 10)}) {
    const double load = rate * mean, probability = erlang_c(connections, load);
    const double wait = probability * mean / (connections - load);
    c = pooled(fmt::format("pool-policy-{}", connections), rate, mean,
               fmt::format("max_connections: {}, max_pending_requests: unlimited, max_requests: unlimited",
                           connections));
    c.source = "Erlang C";
    c.expectations = {near("wait_mean", minus(response_mean(), mean), wait, 0.03),
                      near("wait_probability", line_probability, probability, 0.02)};
    cases.push_back(c);
  }
  // M/M/c where nobody waits longer than T (Gnedenko and Kovalenko): the offered wait has the density
  // lambda p(c-1) e^-(c mu - lambda)x up to T and falls with e^-c mu x from there, where nobody joins.
  {
    const double rate = 240, mean = 0.02, limit = 0.05;
    const int n = 5;
    const double mu = 1 / mean, load = rate * mean;
    double state = 1, idle = 0;
    for (int j = 0; j < n; ++j) {
      idle += state;
      if (j < n - 1) state *= load / (j + 1);
    }
    const double drift = n * mu - rate;
    const double tail = rate * state * std::exp(-drift * limit) / (n * mu);
    const double body = rate * state * (1 - std::exp(-drift * limit)) / drift;
    const double lost = tail / (idle + body + tail);
    c = pooled("pool-acquire-timeout", rate, mean,
               "max_connections: 5, max_pending_requests: unlimited, acquire_timeout: 50ms");
    c.source = "M/M/5 with patience of 50 ms";
    c.expectations = {near("timed_out", failed_fraction(), lost, 0.03),
                      near("goodput", goodput(), rate * (1 - lost), 0.005)};
    cases.push_back(c);
  }
  return cases;
}

}  // namespace tailrace::tests
