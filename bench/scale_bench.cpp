// How cost grows with size: time per event from ten services to ten thousand, bytes per call in flight, the
// way from YAML to a compiled model, and replications over threads. Times are processor time except for the
// threads, where the wall counts.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <string>

#include "bench/world.hpp"
#include "scenarios/run/replicate.hpp"

namespace {

using namespace tailrace;

// A tree of services: each computes, then calls one of its ten children by chance, so that every service is
// used. The leaves together see the load of the root; workers are plenty at the root and two at least.
std::string tree_text(int services, double rate, double seconds) {
  std::string text = fmt::format(
      "tailrace: 1\nrun: {{duration: {}s, warmup: 0s, seed: 1}}\n"
      "workloads: {{load: {{constant_arrival_rate: {}/s, calls: s0.op}}}}\nservices:\n",
      seconds, rate);
  double share = 1;
  int level_end = 1;
  int level_size = 1;
  for (int i = 0; i < services; ++i) {
    if (i == level_end) {
      level_size *= 10;
      level_end += level_size;
      share /= 10;
    }
    const int workers = std::max(2, static_cast<int>(rate * share * 1e-3 * 1.5));
    text += fmt::format("  s{}: {{workers: {}, mode: async, endpoints: {{op: [compute: exp(1ms)", i, workers);
    const int first = 10 * i + 1;
    if (first + 9 < services) {
      text += ", branch: [";
      for (int c = first; c < first + 10; ++c)
        text += fmt::format("{}{{probability: 0.1, steps: [call: s{}.op]}}", c == first ? "" : ", ", c);
      text += "]";
    }
    text += "]}}\n";
  }
  return text;
}

// Chains of three services that know nothing of each other, each with its own load: per event the same work
// at any size.
std::string chains_text(int services, double rate, double seconds) {
  const int chains = services / 3;
  std::string text =
      fmt::format("tailrace: 1\nrun: {{duration: {}s, warmup: 0s, seed: 1}}\nworkloads:\n", seconds);
  for (int i = 0; i < chains; ++i)
    text += fmt::format("  w{0}: {{constant_arrival_rate: {1}/s, calls: a{0}.op}}\n", i, rate / chains);
  text += "services:\n";
  const int workers = static_cast<int>(rate * 1e-3 * 1.5);
  for (int i = 0; i < chains; ++i) {
    for (const auto& [name, next] : {std::pair{'a', "b"}, {'b', "c"}, {'c', ""}}) {
      text += fmt::format("  {}{}: {{workers: {}, mode: async, endpoints: {{op: [compute: exp(1ms){}]}}}}\n", name, i,
                          workers, *next != 0 ? fmt::format(", call: {}{}.op", next, i) : "");
    }
  }
  return text;
}

void per_event(benchmark::State& state, const std::string& text) {
  const auto model = bench::compiled(text);
  double per_event = 1e9;
  std::uint64_t count = 0;
  for (auto _ : state) {
    models::RunRecord record;
    const double time = bench::timed([&] { record = bench::replicated(model); });
    per_event = std::min(per_event, time * 1e9 / static_cast<double>(record.events));
    count = record.events;
    state.SetIterationTime(time);
  }
  state.counters["ns_per_event"] = per_event;
  state.counters["events"] = static_cast<double>(count);
}

void events(benchmark::State& state) {
  per_event(state, tree_text(static_cast<int>(state.range(0)), 100'000, 10));
}

void chains(benchmark::State& state) {
  per_event(state, chains_text(static_cast<int>(state.range(0)), 100'000, 10));
}

double resident_bytes() {
  long pages = 0, resident = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%ld %ld", &pages, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return static_cast<double>(resident) * 4096;
}

// A million requests asleep at one service, each waiting for the end of its call.
void in_flight(benchmark::State& state) {
  const auto model = bench::compiled(R"Y(tailrace: 1
run: {duration: 1s, warmup: 0s, seed: 1, max_memory: 4GB}
workloads: {load: {constant_arrival_rate: 1000000/s, calls: s.op}}
services: {s: {workers: unlimited, endpoints: {op: [sleep: "uniform(10s, 20s)"]}}}
)Y");
  double state_bytes = 0, grown = 0;
  for (auto _ : state) {
    const double before = resident_bytes();
    models::RunOptions options;
    models::Execution execution(model, options);
    const models::RunRecord record = execution.run();
    grown = (resident_bytes() - before) / static_cast<double>(record.frames_peak);
    state_bytes = static_cast<double>(record.state_bytes) / static_cast<double>(record.frames_peak);
  }
  state.counters["bytes_per_call"] = state_bytes;
  state.counters["resident_per_call"] = grown;
}

void compile_model(benchmark::State& state) {
  const std::string text = tree_text(static_cast<int>(state.range(0)), 100'000, 1);
  for (auto _ : state) {
    const double time = bench::timed([&] { benchmark::DoNotOptimize(bench::compiled(text)); });
    state.SetIterationTime(time);
  }
  state.counters["text_MB"] = static_cast<double>(text.size()) * 1e-6;
}

void replications(benchmark::State& state) {
  const auto model = bench::compiled(R"(tailrace: 1
run: {duration: 300s, warmup: 0s, seed: 1, replications: 8}
workloads: {load: {constant_arrival_rate: 800/s, calls: s.op}}
services: {s: {workers: 1, endpoints: {op: [compute: exp(1ms)]}}}
)");
  scenarios::ReplicateOptions options;
  options.jobs = static_cast<int>(state.range(0));
  for (auto _ : state) benchmark::DoNotOptimize(scenarios::replicate(model, options));
}

}  // namespace

BENCHMARK(chains)->Arg(12)->Arg(99)->Arg(999)->Arg(9999)->Iterations(3)->UseManualTime()->Unit(
    benchmark::kMillisecond);
BENCHMARK(events)->Arg(11)->Arg(111)->Arg(1111)->Arg(11111)->Iterations(3)->UseManualTime()->Unit(
    benchmark::kMillisecond);
BENCHMARK(in_flight)->Iterations(1)->Unit(benchmark::kMillisecond);
BENCHMARK(compile_model)
    ->Arg(1000)
    ->Arg(10000)
    ->Iterations(1)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);
BENCHMARK(replications)->Arg(1)->Arg(2)->Iterations(3)->UseRealTime()->Unit(benchmark::kMillisecond);
