// What tracing for the tail costs: the same replication without and with it, one after the other in one
// process, and the analysis of what was traced. `ratio` (all of it over the plain run) must stay under 1.5.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "analysis/tail/tail.hpp"
#include "bench/world.hpp"

namespace {

using namespace tailrace;

void measure(benchmark::State& state, const std::string& text) {
  const auto model = bench::compiled(text);
  std::vector<double> ratio, plain_ns, traced;
  std::uint32_t replication = 0;
  for (auto _ : state) {
    models::RunRecord record;
    const double off = bench::timed([&] { record = bench::replicated(model, replication); });
    const double requests = static_cast<double>(bench::requests_of(record));
    std::vector<models::RunRecord> records(1);
    analysis::TailReport report;
    const double on = bench::timed([&] {
      models::RunOptions options;
      options.replication = replication;
      options.trace.mode = models::TraceSampling::Mode::automatic;
      records[0] = models::Execution(model, options).run();
      report = analysis::build_tail_report(*model, records);
    });
    if (records[0].trajectory != record.trajectory) state.SkipWithError("tracing has changed the run");
    ratio.push_back(on / off);
    plain_ns.push_back(off * 1e9 / requests);
    traced.push_back(static_cast<double>(records[0].traces->requests.size()));
    state.SetIterationTime(on);
    ++replication;
  }
  state.counters["plain_ns"] = bench::median(plain_ns);
  state.counters["ratio"] = bench::median(ratio);
  state.counters["traced"] = bench::median(traced);
}

// Three tiers at 80 %, 640,000 requests.
void t3(benchmark::State& state) {
  measure(state, R"(tailrace: 1
run: {duration: 100s, warmup: 0s, seed: 1}
workloads: {load: {constant_arrival_rate: 6400/s, calls: gateway.op}}
services:
  gateway: {workers: 8, mode: async, endpoints: {op: [compute: exp(1ms), call: service.op]}}
  service: {workers: 16, mode: async, endpoints: {op: [compute: exp(2ms), call: database.op]}}
  database: {workers: 8, mode: async, endpoints: {op: [compute: exp(1ms)]}}
)");
}

// The same with a network, timeouts and retries on every call.
void guarded(benchmark::State& state) {
  measure(state, R"(tailrace: 1
run: {duration: 60s, warmup: 0s, seed: 1}
defaults: {outbound: {timeout: 200ms, retries: {attempts: 2, per_try_timeout: 50ms}}}
network: {default: {latency: 100us}}
workloads: {load: {constant_arrival_rate: 6400/s, calls: gateway.op}}
services:
  gateway: {workers: 100, endpoints: {op: [compute: exp(1ms), call: service.op]}}
  service: {workers: 100, endpoints: {op: [compute: exp(2ms), call: database.op]}}
  database: {workers: 8, endpoints: {op: [compute: exp(1ms)]}}
)");
}

// Each request asks fifty leaves at once: the traced ones have 102 spans each.
void fan_out(benchmark::State& state) {
  std::string calls;
  for (int i = 0; i < 50; ++i) calls += i == 0 ? "{call: leaf.op}" : ", {call: leaf.op}";
  measure(state, R"(tailrace: 1
run: {duration: 100s, warmup: 0s, seed: 1}
workloads: {load: {constant_arrival_rate: 300/s, calls: root.op}}
services:
  root: {endpoints: {op: [{parallel: [)" +
                     calls + R"(]}]}}
  leaf: {workers: 40, endpoints: {op: [compute: exp(2ms)]}}
)");
}

}  // namespace

BENCHMARK(t3)->Iterations(7)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(guarded)->Iterations(7)->UseManualTime()->Unit(benchmark::kMillisecond);
BENCHMARK(fan_out)->Iterations(7)->UseManualTime()->Unit(benchmark::kMillisecond);
