// Caches: hit ratios under the independent reference model, entries that expire, what reaches the database
// behind a cache, and fetches that are shared.
#include <fmt/format.h>

#include <cmath>

#include "analysis/caching/hit_ratio.hpp"
#include "tests/statistical/cases.hpp"

namespace tailrace::tests {

namespace {

Metric of_cache(double (*value)(const analysis::CacheReport&)) {
  return [value](const Observed& o) { return value(o.report.caches.at(0)); };
}
Metric hit_ratio() {
  return of_cache([](const auto& c) { return c.hit_ratio.estimate; });
}

// Requests that ask one cache and fill it at once.
Case one_cache(const std::string& id, double rate, const std::string& cache) {
  Case c;
  c.id = id;
  c.scenario = fmt::format(
      "workloads: {{load: {{constant_arrival_rate: {}/s, calls: s.op}}}}\n"
      "caches: {{c: {{{}}}}}\n"
      "services: {{s: {{endpoints: {{op: [cache: c]}}}}}}\n",
      rate, cache);
  c.rate = rate;
  return c;
}

std::vector<double> zipf(int keys, double exponent) {
  std::vector<double> p;
  double sum = 0;
  for (int k = 1; k <= keys; ++k) sum += std::pow(k, -exponent);
  for (int k = 1; k <= keys; ++k) p.push_back(std::pow(k, -exponent) / sum);
  return p;
}

}  // namespace

std::vector<Case> cache_cases() {
  std::vector<Case> cases;

  // Orders of recency ij: P = p_i p_j / (1 - p_i); it hits with p_i + p_j.
  const std::vector<double> three = {0.5, 0.3, 0.2};
  double lru = 0;
  for (std::size_t i = 0; i < 3; ++i) {
    for (std::size_t j = 0; j < 3; ++j) {
      if (i != j) lru += three[i] * three[j] / (1 - three[i]) * (three[i] + three[j]);
    }
  }
  Case c = one_cache("lru-exact-3-2", 1000, "capacity: 2, keys: [0.5, 0.3, 0.2]");
  c.source = "King (1971)";
  c.expectations = {near("hit_ratio", hit_ratio(), lru, 0.003)};
  cases.push_back(c);

  for (const char* policy : {"fifo", "random"}) {
    // P(contents) ~ product of the popularities.
    const std::vector<double> p = zipf(6, 1);
    double weights = 0, hits = 0;
    for (std::size_t i = 0; i < 6; ++i) {
      for (std::size_t j = i + 1; j < 6; ++j) {
        for (std::size_t k = j + 1; k < 6; ++k) {
          weights += p[i] * p[j] * p[k];
          hits += p[i] * p[j] * p[k] * (p[i] + p[j] + p[k]);
        }
      }
    }
    c = one_cache(fmt::format("{}-exact-6-3", policy), 1000,
                  fmt::format("capacity: 3, policy: {}, keys: \"zipf(s=1, n=6)\"", policy));
    c.source = "King (1971), Gelenbe (1973)";
    c.expectations = {near("hit_ratio", hit_ratio(), hits / weights, 0.003)};
    cases.push_back(c);
  }

  c = one_cache("lru-zipf-che-1000", 1000, "capacity: 100, keys: \"zipf(s=0.8, n=1000)\"");
  c.source = "Che, Tung, Wang (2002)";
  c.expectations = {near("hit_ratio", hit_ratio(), analysis::lru_hit_ratio_che(zipf(1000, 0.8), 100), 0.01)};
  c.expectations[0].truth = Truth::approximate;
  cases.push_back(c);

  const std::vector<double> popular = zipf(1000, 0.9);
  double top = 0;
  for (std::size_t i = 0; i < 50; ++i) top += popular[i];
  c = one_cache("lfu-static", 1000, "capacity: 50, policy: pinned, keys: \"zipf(s=0.9, n=1000)\"");
  c.source = "the most popular keys' share";
  c.expectations = {near("hit_ratio", hit_ratio(), top, 0.005)};
  cases.push_back(c);

  // A miss begins an entry's life; Poisson arrivals bring lambda T = 1.5 hits in it.
  c = one_cache("ttl-fixed", 0.5, "ttl: 3s, keys: [1]");
  c.source = "renewal: lambda T / (1 + lambda T)";
  c.requests = 5e5;
  c.expectations = {near("hit_ratio", hit_ratio(), 1.5 / 2.5, 0.005)};
  cases.push_back(c);

  c = one_cache("ttl-sliding-2", 1.2, "ttl: 1s, sliding: true, keys: [1]");
  c.source = "P(the next comes within T) = 1 - exp(-lambda T)";
  c.requests = 5e5;
  c.expectations = {near("hit_ratio", hit_ratio(), 1 - std::exp(-1.2), 0.005)};
  cases.push_back(c);

  // Misses are a thinned Poisson stream of 60/s: M/M/1 with rho 0.6, 10 ms / 0.4 = 25 ms; 1 ms + 0.3 x 25 ms.
  c = Case{};
  c.id = "cache-aside-mm1";
  c.source = "thinned Poisson stream; M/M/1";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 200/s, calls: s.op}}\n"
      "caches: {c: {hit_ratio: 70%, lookup_time: 1ms}}\n"
      "services: {s: {endpoints: {op: [{cache: c, on_miss: [call: db.read]}]}}}\n"
      "databases: {db: {connections: 1, operations: {read: exp(10ms)}}}\n";
  c.rate = 200;
  c.warmup_s = 20;
  c.expectations = {near("response_mean", response_mean(), 0.0085, 0.02),
                    near("db_utilization", utilization("db"), 0.6, 0.02),
                    near("db_response_mean", residence_mean("db"), 0.025, 0.02)};
  cases.push_back(c);

  // A cycle: idle for 1/lambda, a fetch of d, hits for T. Its first request and the lambda d that come during
  // the fetch wait for it.
  const double lambda = 10, ttl = 5, fetch = 0.5;
  const double in_cycle = 1 + lambda * (fetch + ttl);
  c = Case{};
  c.id = "singleflight-2";
  c.source = "renewal cycle";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 10/s, calls: s.op}}\n"
      "caches: {c: {ttl: 5s, coalesce: true, keys: [1]}}\n"
      "services: {s: {endpoints: {op: [{cache: c, on_miss: [sleep: 500ms]}]}}}\n";
  c.rate = lambda;
  c.requests = 1e6;
  c.warmup_s = 50;
  c.expectations = {
      near("backend_fetches_per_s", of_cache([](const auto& x) { return x.fetches_per_s.estimate; }),
           lambda / in_cycle, 0.01),
      near("instant_hit_fraction", hit_ratio(), lambda * ttl / in_cycle, 0.01),
      near("coalesced_fraction", of_cache([](const auto& x) { return x.coalesced.estimate; }),
           lambda * fetch / in_cycle, 0.015),
      near("response_mean", response_mean(), (fetch + lambda * fetch * fetch / 2) / in_cycle, 0.01)};
  cases.push_back(c);
  return cases;
}

}  // namespace tailrace::tests
