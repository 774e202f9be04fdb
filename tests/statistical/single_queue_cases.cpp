// One queue, one pool of workers: M/M/1, M/M/c, M/G/1, GI/M/1, G/G/1, batches, bursts, a pool of connections.
// Symbols: lambda arrivals per second, mu = 1/E[S] services per second and worker, rho = lambda E[S] /
// workers.
#include <fmt/format.h>

#include <cmath>

#include "tests/statistical/cases.hpp"
#include "tests/support/erlang.hpp"

namespace tailrace::tests {

namespace {

std::string queue_scenario(const std::string& arrivals, int workers, const std::string& service) {
  return fmt::format(
      "workloads: {{load: {{{}, calls: s.op}}}}\n"
      "services: {{s: {{workers: {}, endpoints: {{op: [compute: {}]}}}}}}\n",
      arrivals, workers, service);
}

// M/M/1: the response is exponential with rate mu - lambda, so p-quantile -ln(1-p)/(mu-lambda); P(wait > t) =
// rho exp(-(mu-lambda)t); L = rho/(1-rho). Kleinrock, Queueing Systems 1 (1975), ch. 3. Tolerances, in the
// order below, grow with rho: long queues make requests depend on each other over many service times.
Case mm1(int lambda, std::vector<double> tolerance) {
  const double mu = 100, rho = lambda / mu, t = 1 / (mu - lambda), l = rho / (1 - rho);
  Case c;
  c.id = fmt::format("mm1-rho{}", lambda);
  c.source = "M/M/1, Kleinrock (1975) ch. 3";
  c.scenario = queue_scenario(fmt::format("constant_arrival_rate: {}/s", lambda), 1, "exp(10ms)");
  c.rate = lambda;
  c.warmup_s = 20;
  c.expectations = {
      near("response_mean", response_mean(), t, tolerance[0]),
      near("wait_mean", wait_mean("s"), rho * t, tolerance[1]),
      near("utilization", utilization("s"), rho, tolerance[2]),
      near("in_system", in_station("s"), l, tolerance[3]),
      near("in_queue", in_queue("s"), l - rho, tolerance[4]),
      near("wait_probability", wait_probability("s"), rho, tolerance[5]),
      near("response_p50", response_percentile(0.5), std::log(2) * t, tolerance[6]),
      near("response_p95", response_percentile(0.95), std::log(20) * t, tolerance[7]),
      near("response_p99", response_percentile(0.99), std::log(100) * t, tolerance[8]),
      near("wait_p99", wait_percentile("s", 0.99), std::log(100 * rho) * t, tolerance[9]),
      near("response_stddev", response_stddev(), t, tolerance[10]),
  };
  return c;
}

// M/M/c: C = ErlangC(c, a); E[W] = C/(c mu - lambda); P(W > t) = C exp(-(c mu - lambda)t). Gross, Shortle,
// Thompson, Harris, Fundamentals of Queueing Theory 4e (2008), sec. 2.3. The response's quantiles are
// numeric: the tail is (1-C) exp(-mu t) + C P(Exp(c mu - lambda) + Exp(mu) > t).
Case mmc(int workers, double lambda, double p50, double p99, std::vector<double> tolerance) {
  const double mu = 10, a = lambda / mu, wait = erlang_c(workers, a) / (workers * mu - lambda);
  Case c;
  c.id = fmt::format("mmc-{}", workers);
  c.source = "M/M/c (Erlang C), Gross et al. (2008) sec. 2.3";
  c.scenario = queue_scenario(fmt::format("constant_arrival_rate: {}/s", lambda), workers, "exp(100ms)");
  c.rate = lambda;
  c.warmup_s = 60;
  const double p_wait = erlang_c(workers, a);
  c.expectations = {
      near("wait_probability", wait_probability("s"), p_wait, tolerance[0]),
      near("wait_mean", wait_mean("s"), wait, tolerance[1]),
      near("response_mean", response_mean(), wait + 1 / mu, tolerance[2]),
      near("in_queue", in_queue("s"), lambda * wait, tolerance[3]),
      near("utilization", utilization("s"), a / workers, tolerance[4]),
      near("wait_p95", wait_percentile("s", 0.95), std::log(p_wait / 0.05) / (workers * mu - lambda),
           tolerance[5]),
      near("response_p50", response_percentile(0.5), p50, tolerance[6]),
      near("response_p99", response_percentile(0.99), p99, tolerance[7]),
  };
  return c;
}

// M/M/c again, the workers being the connections of a database, before which a service without work of its
// own stands.
Case connection_pool() {
  const double lambda = 700, mu = 40, p_wait = erlang_c(20, 17.5), drain = 20 * mu - lambda;
  Case c;
  c.id = "connection-pool-20";
  c.source = "M/M/c with c = connections: ErlangC(20, 17.5)";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 700/s, calls: api.get}}\n"
      "services: {api: {endpoints: {get: [call: db.query]}}}\n"
      "databases: {db: {connections: 20, operations: {query: exp(25ms)}}}\n";
  c.rate = lambda;
  c.warmup_s = 20;
  c.expectations = {
      near("wait_probability", wait_probability("db"), p_wait, 0.029),
      near("wait_mean", wait_mean("db"), p_wait / drain, 0.072),
      near("response_mean", response_mean(), p_wait / drain + 1 / mu, 0.02),
      near("connections_busy", busy_mean("db"), 17.5, 0.02),
      near("wait_p95", wait_percentile("db", 0.95), std::log(p_wait / 0.05) / drain, 0.062),
  };
  return c;
}

// Pollaczek-Khinchine: E[W] = lambda E[S^2] / (2 (1-rho)), here with E[S] = 10 ms. Kleinrock (1975) sec. 5.6.
Case mg1(const std::string& id, const std::string& service, double second_moment, double lambda,
         double wait_tolerance, double response_tolerance, double system_tolerance) {
  const double mean = 0.01, rho = lambda * mean, wait = lambda * second_moment / (2 * (1 - rho));
  Case c;
  c.id = id;
  c.source = fmt::format("Pollaczek-Khinchine with E[S] = {} s, E[S^2] = {} s^2", mean, second_moment);
  c.scenario = queue_scenario(fmt::format("constant_arrival_rate: {}/s", lambda), 1, service);
  c.rate = lambda;
  c.warmup_s = 30;
  c.expectations = {
      near("wait_mean", wait_mean("s"), wait, wait_tolerance),
      near("response_mean", response_mean(), wait + mean, response_tolerance),
      near("utilization", utilization("s"), rho, 0.02),
      near("in_system", in_station("s"), lambda * (wait + mean), system_tolerance),
      near("wait_probability", wait_probability("s"), rho, 0.02),
  };
  return c;
}

// GI/M/1: sigma in (0, 1) solves sigma = E[exp(-mu (1-sigma) A)]; an arrival waits with probability sigma,
// and its response is exponential with rate mu (1-sigma). Kleinrock (1975) ch. 6.
Case gim1(const std::string& id, const std::string& spacing, double lambda,
          double (*transform)(double s, double lambda), double wait_tolerance, double response_tolerance,
          double p99_tolerance) {
  const double mu = 100;
  double sigma = 0.5;
  for (int i = 0; i < 1000; ++i) sigma = transform(mu * (1 - sigma), lambda);
  const double rate = mu * (1 - sigma);
  Case c;
  c.id = id;
  c.source = fmt::format("GI/M/1, sigma = A*(mu (1-sigma)) = {}", sigma);
  c.scenario = queue_scenario(fmt::format("constant_arrival_rate: {}/s, spacing: \"{}\"", lambda, spacing), 1,
                              "exp(10ms)");
  c.rate = lambda;
  c.warmup_s = 20;
  c.expectations = {
      near("wait_mean", wait_mean("s"), sigma / rate, wait_tolerance),
      near("response_mean", response_mean(), 1 / rate, response_tolerance),
      near("wait_probability", wait_probability("s"), sigma, 0.02),
      near("response_p99", response_percentile(0.99), std::log(100) / rate, p99_tolerance),
      near("utilization", utilization("s"), lambda / mu, 0.02),
  };
  return c;
}

}  // namespace

std::vector<Case> single_queue_cases() {
  std::vector<Case> cases;
  cases.push_back(mm1(30, std::vector<double>(11, 0.02)));
  cases.push_back(mm1(50, {0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.02, 0.022, 0.022, 0.02}));
  cases.push_back(mm1(80, {0.033, 0.041, 0.02, 0.036, 0.044, 0.02, 0.024, 0.046, 0.07, 0.074, 0.057}));
  cases.push_back(mmc(2, 15, 0.1688068, 0.9709503, {0.02, 0.034, 0.02, 0.036, 0.02, 0.036, 0.02, 0.036}));
  cases.push_back(mmc(10, 80, 0.09121446, 0.4946111, {0.025, 0.073, 0.02, 0.075, 0.02, 0.065, 0.02, 0.02}));
  cases.push_back(connection_pool());

  // E[S^2] = D^2. The quantiles of the wait come from P(W <= t) = (1-rho) sum over k <= t/D of
  // [-lambda (t-kD)]^k / k! exp(lambda (t-kD)) (Erlang 1909).
  Case md1 = mg1("md1-rho80", "10ms", 1e-4, 80, 0.025, 0.02, 0.02);
  md1.expectations.push_back(near("wait_p50", wait_percentile("s", 0.5), 0.0127594, 0.029));
  md1.expectations.push_back(near("wait_p99", wait_percentile("s", 0.99), 0.1035589, 0.041));
  cases.push_back(md1);
  // E[S^2] = mean^2 + (b-a)^2/12.
  cases.push_back(mg1("mg1-uniform", "uniform(5ms, 15ms)", 1e-4 + 1e-4 / 12, 80, 0.028, 0.02, 0.022));
  // E[S^2] = mean^2 (1 + cv^2), also for the next ones.
  cases.push_back(mg1("mg1-lognormal", "lognormal(mean=10ms, cv=1.5)", 1e-4 * 3.25, 70, 0.035, 0.028, 0.029));
  cases.push_back(
      mg1("mg1-hyperexponential", "hyperexponential(mean=10ms, cv=2)", 1e-4 * 5, 60, 0.044, 0.036, 0.037));
  cases.push_back(mg1("mg1-gamma", "gamma(shape=0.5, scale=20ms)", 1e-4 * 3, 65, 0.02, 0.02, 0.02));
  // Pareto, alpha 4.5: E[S^2] = alpha min^2 / (alpha - 2), min = mean (alpha-1)/alpha.
  const double least = 0.01 * 3.5 / 4.5;
  cases.push_back(
      mg1("mg1-pareto", "pareto(alpha=4.5, mean=10ms)", 4.5 * least * least / 2.5, 70, 0.02, 0.02, 0.02));

  cases.push_back(gim1(
      "dm1-rho80", "regular", 80, [](double s, double lambda) { return std::exp(-s / lambda); }, 0.028, 0.02,
      0.057));
  cases.push_back(gim1(
      "e2m1-rho85", "erlang(k=2, mean=1)", 85,
      [](double s, double lambda) {
        const double x = 2 * lambda / (2 * lambda + s);
        return x * x;
      },
      0.04, 0.033, 0.059));

  // Spitzer's identity: E[W] = sum of E[max(0, S_n)] / n, P(W = 0) = exp(-sum of P(S_n > 0) / n), with S_n
  // the sum of n differences of service and spacing. On a grid of 10 us, from the logarithm of their
  // transform.
  Case gg1;
  gg1.id = "gg1-lognormal";
  gg1.source =
      "Lindley's equation, solved numerically: lognormal spacing with ca = 1.5 and service with cs = 2";
  gg1.scenario = queue_scenario("constant_arrival_rate: 80/s, spacing: \"lognormal(mean=1, cv=1.5)\"", 1,
                                "lognormal(mean=10ms, cv=2)");
  gg1.rate = 80;
  gg1.requests = 1e7;
  gg1.warmup_s = 60;
  gg1.expectations = {near("wait_mean", wait_mean("s"), 0.1215, 0.04),
                      near("wait_probability", wait_probability("s"), 0.8398, 0.02),
                      near("utilization", utilization("s"), 0.8, 0.02)};
  cases.push_back(gg1);

  Case batch;
  batch.id = "batch-arrivals-5";
  batch.source =
      "M^[b]/M/1: L = rho (1+b) / (2 (1-rho)) with rho = lambda b/mu = 0.7, b = 5; T = L/(lambda b)";
  batch.scenario = queue_scenario("constant_arrival_rate: 14/s, batch_size: 5", 1, "exp(10ms)");
  batch.rate = 70;
  batch.warmup_s = 20;
  batch.expectations = {
      near("response_mean", response_mean(), 0.1, 0.024),
      near("in_system", in_station("s"), 7, 0.029),
      near("utilization", utilization("s"), 0.7, 0.02),
      near("wait_mean", wait_mean("s"), 0.09, 0.026),
  };
  cases.push_back(batch);

  // Overloaded half of the time. From the matrix-geometric solution of the chain (state, number in system),
  // Neuts (1981); throughput is the mean rate (120 + 40)/2.
  Case mmpp;
  mmpp.id = "mmpp-m1";
  mmpp.source = "MMPP(2)/M/1, matrix-geometric; T = L / mean rate";
  mmpp.scenario = queue_scenario(
      "mmpp: {states: [{rate: 120/s, mean_sojourn: 1s}, {rate: 40/s, mean_sojourn: 1s}]}", 1, "exp(10ms)");
  mmpp.rate = 80;
  mmpp.requests = 2e7;
  mmpp.warmup_s = 200;
  mmpp.expectations = {
      near("response_mean", response_mean(), 0.3290752, 0.03),
      near("in_system", in_station("s"), 26.32602, 0.033),
      near("throughput", throughput(), 80, 0.03),
      near("utilization", utilization("s"), 0.8, 0.03),
      near("wait_probability", wait_probability("s"), 0.8883699, 0.03),
  };
  cases.push_back(mmpp);
  return cases;
}

}  // namespace tailrace::tests
