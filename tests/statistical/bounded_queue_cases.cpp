// Queues that turn requests away, and requests that lose patience.
#include <fmt/format.h>

#include <cmath>

#include "tests/statistical/cases.hpp"
#include "tests/support/erlang.hpp"

namespace tailrace::tests {

namespace {

Case one_queue(const std::string& id, double lambda, int workers, const std::string& queue,
               const std::string& service) {
  Case c;
  c.id = id;
  c.scenario = fmt::format(
      "workloads: {{load: {{constant_arrival_rate: {}/s, calls: s.op}}}}\n"
      "services: {{s: {{workers: {}, queue: {}, endpoints: {{op: [compute: {}]}}}}}}\n",
      lambda, workers, queue, service);
  c.rate = lambda;
  c.warmup_s = 1000 / lambda + 10;
  return c;
}

// Erlang's loss formula depends on the law of the service only through its mean. Gross et al. (2008)
// sec. 2.5.
Case loss(const std::string& id, double lambda, int workers, const std::string& service) {
  Case c = one_queue(id, lambda, workers, "0", service);
  const double a = lambda * 0.1, b = erlang_b(workers, a);
  c.source = fmt::format("ErlangB({}, {}) = {}", workers, a, b);
  c.expectations = {near("rejected_fraction", failed_fraction(), b, 0.02),
                    near("throughput", goodput(), lambda * (1 - b), 0.02),
                    near("busy", busy_mean("s"), a * (1 - b), 0.02)};
  return c;
}

// M/M/c/K, K = c + places: the birth-death chain p_k ~ lambda^k / (mu_1 ... mu_k); an arrival that finds K is
// turned away (PASTA); the response of the others is L / (lambda (1-p_K)). Gross et al. (2008) sec. 2.4-2.5.
Case bounded(const std::string& id, double lambda, double mean, int workers, int places,
             double rejected_tolerance) {
  Case c = one_queue(id, lambda, workers, std::to_string(places), fmt::format("exp({}ms)", mean * 1e3));
  double p = 1, sum = 1, l = 0, busy = 0;
  for (int k = 1; k <= workers + places; ++k) {
    p *= lambda * mean / std::min(k, workers);
    sum += p;
    l += k * p;
    busy += std::min(k, workers) * p;
  }
  const double rejected = p / sum;
  const double response = l / sum / (lambda * (1 - rejected));
  c.source = fmt::format("M/M/{}/{}: p_K = {}", workers, workers + places, rejected);
  c.expectations = {near("rejected_fraction", failed_fraction(), rejected, rejected_tolerance),
                    near("throughput", goodput(), lambda * (1 - rejected), 0.02),
                    near("in_system", in_station("s"), l / sum, 0.02),
                    near("response_mean", response_mean(), response, 0.02),
                    near("wait_mean", wait_mean("s"), response - mean, 0.02),
                    near("utilization", utilization("s"), busy / sum / workers, 0.02)};
  return c;
}

// Erlang A (Palm 1946): birth-death chain with death rate min(k, c) mu + (k-c)+ theta; abandonments = theta
// Lq / lambda; E[W] of all is Lq / lambda; P(wait) = P(k >= c) by PASTA.
Case erlang_a(const std::string& id, double lambda, double mean, int workers, double patience,
              double abandon_tolerance, double queue_tolerance, double wait_tolerance) {
  Case c = one_queue(id, lambda, workers, fmt::format("{{timeout: exp({}ms)}}", patience * 1e3),
                     fmt::format("exp({}ms)", mean * 1e3));
  double p = 1, sum = 1, queue = 0, full = 0;
  for (int k = 1; k < 2000; ++k) {
    const int waiting = std::max(0, k - workers);
    p *= lambda / (std::min(k, workers) / mean + waiting / patience);
    sum += p;
    queue += waiting * p;
    if (k >= workers) full += p;
  }
  const double abandoned = queue / sum / patience / lambda;
  c.source = "Erlang A, birth-death chain";
  c.expectations = {near("abandoned_fraction", abandoned_fraction("s"), abandoned, abandon_tolerance),
                    near("wait_probability", wait_probability("s"), full / sum, 0.02),
                    near("in_queue", in_queue("s"), queue / sum, queue_tolerance),
                    near("wait_mean_all", wait_mean_all("s"), queue / sum / lambda, wait_tolerance),
                    near("throughput", station_throughput("s"), lambda * (1 - abandoned), 0.02)};
  return c;
}

}  // namespace

std::vector<Case> bounded_queue_cases() {
  std::vector<Case> cases;
  cases.push_back(loss("loss-exponential-10", 70, 10, "exp(100ms)"));
  cases.push_back(loss("loss-deterministic-8", 60, 8, "100ms"));
  cases.push_back(bounded("mm1k-10", 90, 0.01, 1, 9, 0.035));
  cases.push_back(bounded("mmck-2-3", 3, 0.25, 2, 1, 0.02));
  cases.push_back(erlang_a("erlang-a-10", 105, 0.1, 10, 0.2, 0.021, 0.027, 0.025));
  cases.push_back(erlang_a("erlang-a-1", 95, 0.01, 1, 0.1, 0.02, 0.02, 0.02));

  // M/M/1+D: with k = mu - lambda, p0 = 1 / (1 + lambda (1-e^{-k tau})/k + (lambda/mu) e^{-k tau}), and a
  // share p0 (lambda/mu) e^{-k tau} leaves unserved. Barrer (1957).
  {
    const double lambda = 90, mu = 100, tau = 0.05, k = mu - lambda, tail = std::exp(-k * tau);
    const double p0 = 1 / (1 + lambda * (1 - tail) / k + lambda / mu * tail);
    const double lost = p0 * lambda / mu * tail;
    Case c = one_queue("queue-timeout", lambda, 1, "{timeout: 50ms}", "exp(10ms)");
    c.source = "M/M/1+D, Barrer (1957)";
    c.expectations = {near("timeout_fraction", failed_fraction(), lost, 0.02),
                      near("throughput", station_throughput("s"), lambda * (1 - lost), 0.02),
                      near("utilization", utilization("s"), lambda * (1 - lost) / mu, 0.02)};
    cases.push_back(c);
  }

  // M/M/5 + constant patience, as the acquire timeout of a connection pool. The virtual wait has density
  // lambda p_4 exp(-(5 mu - lambda) x) below tau and lambda p_4 exp(lambda tau - 5 mu x) above; a request
  // gives up when it exceeds tau, and has then waited tau. Baccelli, Boyer, Hebuterne (1984).
  {
    Case c;
    c.id = "connection-pool-timeout";
    c.source = "M/M/c+D, Baccelli, Boyer, Hebuterne (1984)";
    c.scenario =
        "workloads: {load: {constant_arrival_rate: 240/s, calls: api.get}}\n"
        "services: {api: {endpoints: {get: [call: db.query]}}}\n"
        "databases: {db: {connections: 5, queue: {timeout: 50ms}, operations: {query: exp(20ms)}}}\n";
    c.rate = 240;
    c.warmup_s = 20;
    c.expectations = {near("timeout_fraction", failed_fraction(), 0.0460586, 0.037),
                      near("wait_mean_all", wait_mean_all("db"), 0.01942767, 0.02),
                      near("throughput", goodput(), 228.9459, 0.02),
                      near("connections_busy", busy_mean("db"), 4.578919, 0.02)};
    cases.push_back(c);
  }
  return cases;
}

}  // namespace tailrace::tests
