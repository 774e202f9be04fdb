// What policies cost: the same system with plain calls and with calls that carry a timeout, retries, a
// circuit breaker and the power of two choices, in one run. Counters: ns per request of each, and their
// ratio.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "bench/world.hpp"

namespace {

using namespace tailrace;

// One call per request, between two computations.
std::string two_tiers(const std::string& backend, const std::string& policies) {
  return fmt::format(R"(tailrace: 1
run: {{duration: 1000s, warmup: 0s, seed: 1}}
workloads: {{load: {{constant_arrival_rate: 500/s, calls: front.op}}}}
services:
  front: {{workers: 64, endpoints: {{op: [compute: exp(1ms), {{call: back.op{}}}, compute: exp(1ms)]}}}}
  back: {{{}, endpoints: {{op: [compute: exp(2ms)]}}}}
)",
                     policies, backend);
}

// Three calls per request and little else: the most that policies can weigh.
std::string three_tiers(int replicas, const std::string& defaults) {
  return fmt::format(R"(tailrace: 1
run: {{duration: 60s, warmup: 0s, seed: 1}}
workloads: {{load: {{constant_arrival_rate: 6400/s, calls: gateway.op}}}}
services:
  gateway: {{replicas: {0}, workers: {1}, mode: async, endpoints: {{op: [compute: exp(1ms), call: service.op]}}}}
  service: {{replicas: {0}, workers: {2}, mode: async, endpoints: {{op: [compute: exp(2ms), call: database.op]}}}}
  database: {{replicas: {0}, workers: {1}, mode: async, endpoints: {{op: [compute: exp(1ms)]}}}}
{3})",
                     replicas, 8 / replicas, 16 / replicas, defaults);
}

constexpr const char* kPolicies = "timeout: 10s, retries: 2, circuit_breaker: {}";

void compare(benchmark::State& state, const std::string& plain, const std::string& guarded) {
  const auto without = bench::compiled(plain);
  const auto with = bench::compiled(guarded);
  std::vector<double> plain_ns, guarded_ns, ratio;
  std::uint32_t replication = 0;
  const auto per_request = [&](const auto& model) {
    models::RunRecord record;
    const double seconds = bench::timed([&] { record = bench::replicated(model, replication); });
    return seconds * 1e9 / static_cast<double>(bench::requests_of(record));
  };
  for (auto _ : state) {
    plain_ns.push_back(per_request(without));
    guarded_ns.push_back(per_request(with));
    ratio.push_back(guarded_ns.back() / plain_ns.back());
    state.SetIterationTime(guarded_ns.back() * 1e-9);
    ++replication;
  }
  state.counters["plain_ns"] = bench::median(plain_ns);
  state.counters["guarded_ns"] = bench::median(guarded_ns);
  state.counters["ratio"] = bench::median(ratio);
}

void one_call(benchmark::State& state) {
  compare(state, two_tiers("workers: 4", ""),
          two_tiers("replicas: 4, workers: 4, load_balancer: least_request", fmt::format(", {}", kPolicies)));
}

void three_calls(benchmark::State& state) {
  compare(state, three_tiers(1, ""),
          three_tiers(1, fmt::format("defaults: {{outbound: {{{}}}}}\n", kPolicies)));
}

void three_balanced_calls(benchmark::State& state) {
  compare(state, three_tiers(4, "defaults: {load_balancer: random}\n"),
          three_tiers(
              4, fmt::format("defaults: {{load_balancer: least_request, outbound: {{{}}}}}\n", kPolicies)));
}

// Everything at once against one plain instance.
void three_calls_and_balancing(benchmark::State& state) {
  compare(state, three_tiers(1, ""),
          three_tiers(
              4, fmt::format("defaults: {{load_balancer: least_request, outbound: {{{}}}}}\n", kPolicies)));
}

}  // namespace

BENCHMARK(one_call)->Iterations(7)->UseManualTime()->Unit(benchmark::kNanosecond);
BENCHMARK(three_calls)->Iterations(7)->UseManualTime()->Unit(benchmark::kNanosecond);
BENCHMARK(three_balanced_calls)->Iterations(7)->UseManualTime()->Unit(benchmark::kNanosecond);
BENCHMARK(three_calls_and_balancing)->Iterations(7)->UseManualTime()->Unit(benchmark::kNanosecond);
