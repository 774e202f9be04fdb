// Messages through a log with 12 partitions and one consumer group of 4 instances, as scenarios through the
// whole simulator with all its statistics: who publishes is a simulated request, who handles is a simulated
// handler. Times are processor time; messages_per_s is what the project promises a million of.
#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "bench/world.hpp"

namespace {

using namespace tailrace;

std::string log_text(const std::string& log, const std::string& group, double seconds) {
  return fmt::format(R"Y(tailrace: 1
run: {{duration: {}s, warmup: 0s, seed: 1}}
workloads: {{load: {{constant_arrival_rate: 100000/s, steps: [{{publish: orders, key: "uniform(1, 1000000)"}}]}}}}
logs:
  orders:
    partitions: 12
    {}
    consumers: {{mailers: {{steps: [compute: 30us], {}}}}}
)Y",
                     seconds, log, group);
}

void messages(benchmark::State& state, const std::string& log, const std::string& group) {
  const auto short_run = bench::compiled(log_text(log, group, 5));
  const auto long_run = bench::compiled(log_text(log, group, 20));
  double best = 0;
  models::RunRecord record;
  for (auto _ : state) {
    const double time = bench::timed([&] { record = bench::replicated(long_run); });
    best = std::max(best, static_cast<double>(record.channels[0].counts.published) / time);
    state.SetIterationTime(time);
  }
  state.counters["messages_per_s"] = best;
  state.counters["events_per_message"] =
      static_cast<double>(record.events) / static_cast<double>(record.channels[0].counts.published);
  // Four times the messages, at the same rate: as much memory.
  state.counters["state_MB"] = static_cast<double>(record.state_bytes) * 1e-6;
  state.counters["state_MB_of_a_quarter"] =
      static_cast<double>(bench::replicated(short_run).state_bytes) * 1e-6;
}

const bool registered = [] {
  const auto add = [](const char* name, const char* log, const char* group) {
    benchmark::RegisterBenchmark(name, [=](benchmark::State& state) { messages(state, log, group); })
        ->Iterations(3)
        ->UseManualTime()
        ->Unit(benchmark::kMillisecond);
  };
  add("messages/one_by_one", "linger: 0s", "instances: 4, offset_commit: record");
  add("messages/polls", "linger: 0s", "instances: 4, offset_commit: batch");
  add("messages/batches", "linger: 5ms", "instances: 4, offset_commit: batch");
  add("messages/handled_together", "linger: 5ms",
      "instances: 4, offset_commit: batch, batch: true, max_poll_records: 100");
  add("messages/three_replicas", "replication_factor: 3\n    replication_latency: 1ms",
      "instances: 4, offset_commit: record");
  // The group manages half of what comes; what it has not read after a second is gone.
  add("messages/lagging", "retention: 1s", "instances: 2, offset_commit: record");
  return true;
}();

}  // namespace
