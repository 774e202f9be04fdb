// The reference worlds, each as a scenario through the whole pipeline with all statistics on, beside a
// hand-written loop of the same system in the same run. One iteration runs both, one after the other, so that
// a busy machine disturbs both alike; times are processor time. Counters: ns per request of each, and their
// ratio, which is the figure that travels.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "bench/bare/mm1.hpp"
#include "bench/bare/step_program.hpp"
#include "bench/bare/three_tiers.hpp"
#include "bench/world.hpp"
#include "sim/engine/calendar.hpp"

namespace {

using namespace tailrace;

std::string mm1_text() {
  return R"(tailrace: 1
run: {duration: 2500s, warmup: 0s, seed: 1}
workloads: {load: {constant_arrival_rate: 800/s, calls: s.op}}
services: {s: {workers: 1, endpoints: {op: [compute: exp(1ms)]}}}
)";
}

std::string three_tiers_text(int scale, double seconds, const std::string& network) {
  return fmt::format(R"(tailrace: 1
run: {{duration: {}s, warmup: 0s, seed: 1}}
workloads: {{load: {{constant_arrival_rate: {}/s, calls: gateway.op}}}}
services:
  gateway: {{workers: {}, mode: async, endpoints: {{op: [compute: exp(1ms), call: service.op]}}}}
  service: {{workers: {}, mode: async, endpoints: {{op: [compute: exp(2ms), call: database.op]}}}}
  database: {{workers: {}, mode: async, endpoints: {{op: [compute: exp(1ms)]}}}}
{})",
                     seconds, 6400 * scale, 8 * scale, 16 * scale, 8 * scale, network);
}

// `bare(requests, seed)` runs the loop. The mean of both is compared as well: two different systems would
// make no ratio.
template <class Bare>
void compare(benchmark::State& state, const std::string& text, Bare bare, double bare_unit_ns) {
  const auto model = bench::compiled(text);
  std::vector<double> simulated, by_hand, ratio;
  double mean = 0, bare_mean = 0;
  std::uint32_t replication = 0;
  for (auto _ : state) {
    models::RunRecord record;
    const double full = bench::timed([&] { record = bench::replicated(model, replication); });
    const std::uint64_t requests = bench::requests_of(record);
    bare::Outcome out;
    const double loop = bench::timed([&] { out = bare(requests, replication + 1); });
    simulated.push_back(full * 1e9 / static_cast<double>(requests));
    by_hand.push_back(loop * 1e9 / static_cast<double>(out.requests));
    ratio.push_back(simulated.back() / by_hand.back());
    mean = record.series[model->classes[0].success_series].mean() * 1e-6;
    bare_mean = out.sum / static_cast<double>(out.requests) * bare_unit_ns * 1e-6;
    state.SetIterationTime(full);
    ++replication;
  }
  state.counters["tailrace_ns"] = bench::median(simulated);
  state.counters["bare_ns"] = bench::median(by_hand);
  state.counters["ratio"] = bench::median(ratio);
  state.counters["mean_ms"] = mean;
  state.counters["bare_mean_ms"] = bare_mean;
}

void mm1(benchmark::State& state) {
  compare(state, mm1_text(), bare::run_mm1, 1e6);
}

void t3(benchmark::State& state) {
  compare(
      state, three_tiers_text(1, 100, ""),
      [](std::uint64_t n, std::uint64_t seed) { return bare::run_three_tiers(n, 0, seed); }, 1e6);
}

void t3hop(benchmark::State& state) {
  compare(
      state, three_tiers_text(1, 60, "network: {default: {latency: 100us}}\n"),
      [](std::uint64_t n, std::uint64_t seed) { return bare::run_three_tiers(n, 0.1, seed); }, 1e6);
}

template <class Calendar>
void t3x10000(benchmark::State& state) {
  compare(
      state, three_tiers_text(10000, 0.05, ""),
      [](std::uint64_t n, std::uint64_t seed) { return bare::run_step_program<Calendar>(n, 10000, seed); },
      1.0);
}

}  // namespace

BENCHMARK(mm1)->Iterations(7)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(t3)->Iterations(7)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(t3hop)->Iterations(7)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(t3x10000<bare::HeapEvents>)->Iterations(3)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(t3x10000<sim::Calendar>)->Iterations(3)->UseManualTime()->Unit(benchmark::kMillisecond);
