// What two threads cost beside one: processor time of the same work, alternating, so that a machine which
// does other things too slows both alike. Efficiency is the time of one thread over that of two; what the
// wall would show besides is the idle end, at most one replication of each thread but the last.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <string>
#include <vector>

#include "bench/world.hpp"
#include "scenarios/run/replicate.hpp"

namespace {

using namespace tailrace;

constexpr const char* kTwoTiers = R"(tailrace: 1
run: {duration: 60s, warmup: 5s, seed: 1, replications: 40}
workloads: {load: {constant_arrival_rate: 1000/s, calls: a.op}}
services:
  a: {workers: 40, endpoints: {op: [compute: exp(10ms), call: s.op]}}
  s: {workers: 20, endpoints: {op: [compute: exp(5ms)]}}
)";

double replicate_s(const std::shared_ptr<const models::CompiledModel>& model, int jobs) {
  scenarios::ReplicateOptions options;
  options.jobs = jobs;
  const double before = bench::cpu_seconds();
  benchmark::DoNotOptimize(scenarios::replicate(model, options));
  return bench::cpu_seconds() - before;
}

void threads(benchmark::State& state) {
  const auto model = bench::compiled(kTwoTiers);
  std::vector<double> one, two;
  for (auto _ : state) {
    one.push_back(replicate_s(model, 1));
    two.push_back(replicate_s(model, static_cast<int>(state.range(0))));
  }
  state.counters["cpu_s_one"] = bench::median(one);
  state.counters["cpu_s_all"] = bench::median(two);
  state.counters["efficiency"] = bench::median(one) / bench::median(two);
}
BENCHMARK(threads)->Arg(2)->Iterations(9)->Unit(benchmark::kMillisecond);

}  // namespace
