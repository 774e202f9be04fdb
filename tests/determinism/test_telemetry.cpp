// What observing costs the observed: synchronous records, buffers that overflow, and shares of the requests.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/metrics.hpp"
#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

std::string recorded(const std::string& times, const std::string& entry, const std::string& faults = "") {
  return fmt::format(R"(
workloads: {{load: {{trace: {{times: [{}]}}, calls: s.op}}}}
services:
  s: {{telemetry: [{{{}}}], endpoints: {{op: [compute: 10ms]}}}}
  audit: {{endpoints: {{write: [compute: 5ms]}}}}
faults: [{}]
)",
                     times, entry, faults);
}

TEST(Telemetry, ASynchronousRecordAddsItsLatency) {
  Trace t(recorded("0s", "name: audit, mode: sync, cpu: 1ms, to: audit.write"));
  t.requests("load", {{16, success}});
}

TEST(Telemetry, AndIsADependency) {
  const std::string down = "{type: pod_failure, target: audit, start: 0s}";
  Trace strict(recorded("1s", "mode: sync, to: audit.write", down));
  strict.requests("load", {{1010, network}});
  Trace lenient(recorded("1s", "mode: sync, to: audit.write, ignore_failure: true", down));
  lenient.requests("load", {{1010, success}});
}

TEST(Telemetry, AnAsynchronousRecordIsNot) {
  Trace t(recorded("1s", "mode: async, to: audit.write", "{type: pod_failure, target: audit, start: 0s}"));
  t.requests("load", {{1010, success}});
}

// Seven records at one instant: one is sent, two wait, four are dropped. Nobody waits for any of it.
TEST(Telemetry, AFullBufferDropsAndTheRequestNeverNotices) {
  Trace t(recorded("0s, 0s, 0s, 0s, 0s, 0s, 0s", "mode: async, to: audit.write, buffer: 2, senders: 1"));
  std::vector<At> ends(7, At{10, success});
  t.requests("load", ends);
  t.sent("s", "audit.write", {10, 15, 20});
  EXPECT_EQ(t.policy("telemetry").counts.admitted, 3u);
  EXPECT_EQ(t.policy("telemetry").counts.rejected, 4u);
}

// Of 10^5 requests a tenth is recorded: 5 standard deviations are 474.
TEST(Telemetry, SamplingRecordsItsShare) {
  const Results run = run_text(R"(
run: {duration: 100s, replications: 1}
workloads: {load: {constant_arrival_rate: 1000/s, spacing: regular, calls: s.op}}
services:
  s: {telemetry: [{mode: async, to: audit.write, sample: 10%}], endpoints: {op: [compute: 1ms]}}
  audit: {endpoints: {write: [compute: 1us]}}
)");
  EXPECT_NEAR(static_cast<double>(operation(run.report, "audit.write").arrived), 10'000, 474);
}

}  // namespace
}  // namespace tailrace::tests
