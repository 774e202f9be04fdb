// Random systems whose calls have transports, TLS and a mesh in place of connection pools, with faults. The
// books balance, nothing is left when the load has ended, and a second run is the same.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/determinism/random_faults.hpp"
#include "tests/determinism/random_scenario.hpp"
#include "tests/determinism/swarm.hpp"
#include "tests/support/scenario.hpp"
#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

const std::uint64_t kFirstSeed = first_seed(20'261'000);
constexpr int kShards = 4, kPerShard = 12;

constexpr std::string_view kTransports[] = {
    "transport: rest",
    "transport: {protocol: rest, connections: 3, max_pending_requests: 4}, tls: {mutual: true}",
    "transport: {protocol: rest, connections: 2, acquire_timeout: 5ms, idle_timeout: 20ms}, tls: 1.2",
    "transport: {protocol: grpc, balance: request, max_concurrent_streams: 4, compression: zstd}",
    "transport: {protocol: rest, max_connection_age: 80ms, messages: {sent: 3}}, tls: {resumption: 50%}",
    "transport: {protocol: grpc, balance: request, messages: {sent: 20, received: 30}, flow_control: "
    "{stream_window: 2KiB, connection_window: 3KiB, consume_per_kib: 100us}}, tls: 1.3",
    "transport: grpc",  // sticks: not beside policies per instance
    "transport: {protocol: grpc, max_connection_age: 50ms, connections: 2}, tls: 1.3",
};

// Every pool becomes a transport.
std::string with_transports(std::string text, std::uint64_t seed, bool may_stick) {
  const std::size_t kinds = std::size(kTransports) - (may_stick ? 0 : 2);
  std::size_t n = seed;
  constexpr std::string_view kPool = "connection_pool: {";
  for (std::size_t at = 0; (at = text.find(kPool, at)) != std::string::npos;) {
    std::size_t end = at + kPool.size();
    for (int depth = 1; depth > 0; ++end) depth += text[end] == '{' ? 1 : text[end] == '}' ? -1 : 0;
    text.replace(at, end - at, kTransports[n++ % kinds]);
    ++at;
  }
  return text;
}

// The first of these that is legal: with a mesh and sticking connections, with fewer of them, as it was.
std::string legal(const std::string& text, std::uint64_t seed) {
  // Every other mesh has sidecars that die of their connections, and certificates that are late.
  const std::string frail =
      seed % 4 < 2 ? ""
                   : ", memory: {base: 1MB, per_connection: 100KB, per_instance: 0B, limit: 1250KB, restart: "
                     "10ms, crash_backoff: 5ms}";
  const std::string late =
      seed % 4 < 2 ? ""
                   : ", certificates: {validity: 50ms, rotate_before: 10ms, retry_every: 5ms, failure: 50%}";
  const std::string mesh = "\nmesh: {sidecar: {cpu_per_message: 100us, latency: 50us" + frail + "}" + late +
                           ", outbound: {retries: {attempts: 1}, timeout: 200ms}}\n";
  for (const std::string& tried :
       {with_transports(text, seed, true) + mesh, with_transports(text, seed, false) + mesh,
        with_transports(text, seed, true), with_transports(text, seed, false)}) {
    if (load_text(tried).topology != nullptr) return tried;
  }
  return text;
}

class TransportSwarm : public testing::TestWithParam<int> {};

TEST_P(TransportSwarm, BooksBalanceAndNothingIsLeft) {
  int wired = 0, ended = 0;
  for (int i = 0; i < kPerShard; ++i) {
    const std::uint64_t seed = kFirstSeed + static_cast<std::uint64_t>(GetParam() * kPerShard + i);
    std::string text = random_scenario_that_ends(seed);
    if (i % 2 == 1) text += random_faults(seed, true);
    text = legal(text, seed);
    SCOPED_TRACE(fmt::format("seed {}\n{}", seed, text));
    if (text.find("transport:") != std::string::npos || text.find("mesh:") != std::string::npos) ++wired;
    const Results run = run_text(text);
    EXPECT_TRUE(run.report.littles_law_holds);
    EXPECT_TRUE(run.report.conservation_holds);
    EXPECT_EQ(run.report.trajectory_fingerprint, run_text(text, 2).report.trajectory_fingerprint);
    const models::RunRecord& r = run.records[0];
    EXPECT_TRUE(r.status == models::RunStatus::completed || r.status == models::RunStatus::event_budget)
        << r.message;
    if (r.status != models::RunStatus::completed) continue;
    expect_quiet(*run.model, r);
    ++ended;
    if (HasFailure()) break;
  }
  EXPECT_GT(wired, kPerShard / 2);
  EXPECT_GT(ended, kPerShard / 2);
}

INSTANTIATE_TEST_SUITE_P(Shards, TransportSwarm, testing::Range(0, kShards));

}  // namespace
}  // namespace tailrace::tests
