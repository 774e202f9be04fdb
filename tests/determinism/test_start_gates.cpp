// What an instance must have before it serves: secrets with leases, scans of its image.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

std::string vault(const std::string& times, const std::string& secrets, const std::string& faults) {
  return fmt::format(R"(
workloads: {{load: {{trace: {{times: [{}]}}, calls: s.op}}}}
services:
  s: {{secrets: {{from: vault.read, {}}}, endpoints: {{op: [compute: 1ms]}}}}
  vault: {{endpoints: {{read: [compute: 2s]}}}}
faults: [{}]
)",
                     times, secrets, faults);
}

// Down from 10 s to 15 s, and 2 s more to fetch its secret.
TEST(Secrets, ARestartWaitsForThem) {
  Trace t(vault("5s, 12s, 16s, 17500ms", "retry_every: 5s",
                "{type: pod_failure, target: s, start: 10s, duration: 5s}"),
          60'000);
  t.requests("load", {{5001, success}, {12000, network}, {16000, network}, {17501, success}});
  EXPECT_EQ(t.at_end().gated[0].starts, 1u);
  EXPECT_DOUBLE_EQ(t.at_end().gated[0].waited.mean_s(), 2);
}

// The vault is down from 12 s to 38 s: the tries at 15, 20, ... 35 s fail at once, that at 40 s takes 2 s.
TEST(Secrets, AVaultThatIsDownHoldsUpRestarts) {
  Trace t(vault("41s, 43s", "retry_every: 5s",
                "{type: pod_failure, target: s, start: 10s, duration: 5s}, "
                "{type: pod_failure, target: vault, start: 12s, duration: 26s}"),
          60'000);
  t.requests("load", {{41000, network}, {43001, success}});
  EXPECT_EQ(t.at_end().gated[0].failed_asks, 5u);
  EXPECT_DOUBLE_EQ(t.at_end().gated[0].waited.mean_s(), 42 - 15);
}

TEST(Secrets, AVaultThatIsDownIsNotFeltByWhatRuns) {
  Trace t(vault("5s, 30s, 55s", "retry_every: 5s",
                "{type: pod_failure, target: vault, start: 1s, duration: 59s}"),
          60'000);
  t.requests("load", {{5001, success}, {30001, success}, {55001, success}});
  EXPECT_EQ(t.at_end().gated[0].asks, 0u);
}

// Good for 30 s and to be renewed after 20 s; the vault is down from 15 s to 58 s. At 30 s it stops serving
// and tries again every 5 s: at 60 s, for 2 s.
TEST(Secrets, ALeaseThatCannotBeRenewedEndsTheService) {
  Trace t(vault("29s, 31s, 61s, 63s", "lease: 30s, renew_after: 66.666667%, retry_every: 5s",
                "{type: pod_failure, target: vault, start: 15s, duration: 43s}"),
          70'000);
  t.requests("load", {{29001, success}, {31000, network}, {61000, network}, {63001, success}});
  EXPECT_EQ(t.at_end().gated[0].expiries, 1u);
  EXPECT_EQ(t.at_end().gated[0].failed_renewals, 2u);  // at 20 s and 25 s; at 30 s it is too late
}

// Crashed again while it waits at its gate: from 10 s to 15 s, then at 16 s for 5 s. The second time it has
// its secret at 23 s.
TEST(Secrets, ASecondCrashBeginsAnew) {
  Trace t(vault("18s, 22s, 24s", "retry_every: 5s",
                "{type: pod_failure, target: s, start: 10s, duration: 5s}, "
                "{name: again, type: pod_failure, target: s, start: 16s, duration: 5s}"),
          60'000);
  t.requests("load", {{18000, network}, {22000, network}, {24001, success}});
  EXPECT_EQ(t.at_end().gated[0].starts, 1u);
}

std::string scanned(const std::string& scan, const std::string& faults) {
  return fmt::format(R"(
workloads: {{load: {{trace: {{times: [1s]}}, calls: s.op}}}}
services:
  s:
    replicas: 1
    startup_time: 2s
    image_scan: {{by: scanner.scan, {}}}
    autoscaling: {{max_replicas: 2, schedule: [{{at: 10s, replicas: 2}}]}}
    endpoints: {{op: [compute: 1ms]}}
  scanner: {{endpoints: {{scan: [compute: 3s]}}}}
faults: [{}]
)",
                     scan, faults);
}

// 3 s of scanning and 2 s to start: ready from 15 s on, so it is there for 20 s until 30 s.
TEST(ImageScan, ComesBeforeTheStart) {
  Trace t(scanned("retry_every: 10s", ""), 30'000);
  const models::RunRecord& r = t.at_end();
  EXPECT_EQ(r.gated[0].starts, 1u);
  EXPECT_DOUBLE_EQ(r.gated[0].waited.mean_s(), 3);
  EXPECT_NEAR(t.station("s").up_s, 30 + 15, 1e-6);
}

TEST(ImageScan, AScannerThatIsDownBlocksStarts) {
  Trace t(scanned("retry_every: 10s", "{type: pod_failure, target: scanner, start: 1s}"), 60'000);
  const models::RunRecord& r = t.at_end();
  EXPECT_EQ(r.gated[0].starts, 0u);
  EXPECT_EQ(r.gated[0].waiting, 1u);
  EXPECT_NEAR(t.station("s").up_s, 60, 1e-6);
}

TEST(ImageScan, OrLetsThemThrough) {
  Trace t(scanned("fail_open: true", "{type: pod_failure, target: scanner, start: 1s}"), 30'000);
  EXPECT_EQ(t.at_end().gated[0].passed_open, 1u);
  EXPECT_EQ(t.at_end().gated[0].starts, 1u);
}

}  // namespace
}  // namespace tailrace::tests
