// What the report says of sagas, where it can be counted by hand.
#include <gtest/gtest.h>

#include "analysis/report/messaging_text.hpp"
#include "tests/support/scenario.hpp"

namespace tailrace::tests {
namespace {

// fast: 10 + 1 ms, three times. slow: its second step is over at 10 + 25, undone at 40, and the first at 45;
// twice, and once more which is 30 ms old at the end. lost: its orchestrator dies after 15 ms.
constexpr const char* kBookings = R"(
run: {duration: 1s, warmup: 0s, replications: 2}
workloads:
  fast: {trace: {times: [0ms, 100ms, 200ms]}, calls: app.fast}
  slow: {trace: {times: [0ms, 300ms, 970ms]}, calls: app.slow}
  lost: {trace: {times: [500ms]}, calls: doomed.book}
services:
  app:
    endpoints:
      fast: [{saga: fast, steps: [{do: [call: a.reserve], compensate: [call: a.release]}, {do: [call: c.confirm]}]}]
      slow:
        - saga: slow
          step_timeout: 25ms
          steps:
            - {do: [call: a.reserve], compensate: [call: a.release]}
            - {do: [call: b.reserve], compensate: [call: b.release]}
  doomed:
    endpoints:
      book: [{saga: lost, steps: [{do: [call: a.reserve], compensate: [call: a.release]}, {do: [call: b.reserve]}]}]
  a: {endpoints: {reserve: [sleep: 10ms], release: [sleep: 5ms]}}
  b: {endpoints: {reserve: [sleep: 60ms], release: [sleep: 5ms]}}
  c: {endpoints: {confirm: [sleep: 1ms]}}
faults: [{type: pod_failure, target: doomed, start: 515ms, duration: 10ms}]
)";

const analysis::SagaReport& named(const Results& r, const std::string& name) {
  for (const analysis::SagaReport& s : r.report.messaging.sagas) {
    if (s.name == name) return s;
  }
  ADD_FAILURE() << "no saga " << name;
  static const analysis::SagaReport none;
  return none;
}

TEST(SagaReport, CountsAndTimesEachSaga) {
  const Results r = run_text(kBookings);
  ASSERT_EQ(r.report.messaging.sagas.size(), 3u);

  const analysis::SagaReport& fast = named(r, "app/fast");
  EXPECT_EQ(fast.started, 2u * 3);
  EXPECT_EQ(fast.completed, 2u * 3);
  EXPECT_EQ(fast.compensated + fast.open + fast.hanging + fast.timed_out, 0u);
  EXPECT_FALSE(fast.durable);
  EXPECT_EQ(fast.completing.count, 2u * 3);
  EXPECT_NEAR(fast.completing.mean.estimate, 0.011, 1e-9);

  const analysis::SagaReport& slow = named(r, "app/slow");
  EXPECT_EQ(slow.started, 2u * 3);
  EXPECT_EQ(slow.completed, 0u);
  EXPECT_EQ(slow.compensated, 2u * 2);
  EXPECT_EQ(slow.step_timed_out, 2u * 2);
  EXPECT_EQ(slow.late, 2u * 2);
  EXPECT_EQ(slow.open, 2u * 1);
  EXPECT_EQ(slow.hanging, 0u);
  EXPECT_EQ(slow.compensated_share.estimate, 1);
  EXPECT_EQ(slow.compensating.count, 2u * 2);
  EXPECT_NEAR(slow.compensating.mean.estimate, 0.045, 1e-9);

  const analysis::SagaReport& lost = named(r, "doomed/lost");
  EXPECT_EQ(lost.started, 2u * 1);
  EXPECT_EQ(lost.completed + lost.compensated + lost.open, 0u);
  EXPECT_EQ(lost.hanging, 2u * 1);
}

TEST(SagaReport, StandsInTheText) {
  const Results r = run_text(kBookings);
  const std::string text = analysis::messaging_text(r.report.messaging, {});
  EXPECT_NE(text.find("\nsagas "), std::string::npos) << text;
  EXPECT_NE(text.find("hanging"), std::string::npos);
  EXPECT_NE(text.find("doomed/lost"), std::string::npos);
}

}  // namespace
}  // namespace tailrace::tests
