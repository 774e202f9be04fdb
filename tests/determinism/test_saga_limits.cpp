// Limits of time of sagas, durable ones and those in memory, to the nanosecond: what times out when, what is
// undone, what comes late, and that a limit goes on while its orchestrator is dead.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

// a takes 10 ms, b 60 ms, each compensation 5 ms, storing 1 ms.
std::string booking(const std::string& limits, const std::string& job = "lease: 10s", double b_ms = 60) {
  return fmt::format(R"(
workloads: {{load: {{trace: {{times: [0ms]}}, steps: [publish: bookings]}}}}
jobs:
  bookings:
    {}
    workers:
      steps:
        - saga: book
          durable: true
          state: db.save
          compensation_attempts: 0
          {}
          steps:
            - {{do: [call: a.reserve], compensate: [call: a.release]}}
            - {{do: [call: b.reserve], compensate: [call: b.release]}}
            - {{do: [call: c.confirm]}}
services:
  a: {{endpoints: {{reserve: [sleep: 10ms], release: [sleep: 5ms]}}}}
  b: {{endpoints: {{reserve: [sleep: {}ms], release: [sleep: 5ms]}}}}
  c: {{endpoints: {{confirm: [sleep: 1ms]}}}}
  db: {{endpoints: {{save: [sleep: 1ms]}}}}
)",
                     job, limits, b_ms);
}

struct Ends {
  std::uint64_t completed, failed, timed_out, step_timed_out, late;
};
void expect_ends(Trace& t, Ends e) {
  EXPECT_EQ(t.milestones("bookings/book.started"), 1u);
  EXPECT_EQ(t.milestones("bookings/book.completed"), e.completed);
  EXPECT_EQ(t.milestones("bookings/book.failed"), e.failed);
  EXPECT_EQ(t.milestones("bookings/book.undone"), e.failed);
  EXPECT_EQ(t.milestones("bookings/book.timed_out"), e.timed_out);
  EXPECT_EQ(t.milestones("bookings/book.step_timed_out"), e.step_timed_out);
  EXPECT_EQ(t.milestones("bookings/book.late"), e.late);
  EXPECT_EQ(t.effect("bookings/book.ended").pending, 0u);
  EXPECT_EQ(t.effect("bookings/book.ended").distinct, 1u);
}

// b is asked at 11 and its time is over at 36; that is stored by 37, b is undone by 42 and stored by 43, a by
// 48 and 49. b's answer comes at 71, and changes nothing.
TEST(SagaLimits, ATimedOutStepIsUndoneWithThoseBeforeIt) {
  Trace t(booking("step_timeout: 25ms"));
  t.reached("a.reserve", {0});
  t.reached("b.reserve", {11});
  t.reached("b.release", {37});
  t.reached("a.release", {43});
  t.reached("db.save", {10, 36, 42, 48});
  t.reached("c.confirm", {});
  t.served("b.reserve", {{71, success}});
  expect_ends(t, {0, 1, 0, 1, 1});
}

TEST(SagaLimits, ASagaIsPendingUntilItHasEnded) {
  Trace before(booking("step_timeout: 25ms"), 48.9), after(booking("step_timeout: 25ms"), 49.1);
  EXPECT_EQ(before.effect("bookings/book.ended").pending, 1u);
  EXPECT_EQ(after.effect("bookings/book.ended").pending, 0u);
  EXPECT_EQ(after.milestones("bookings/book.undone"), 1u);
}

TEST(SagaLimits, ATimedOutStepIsLeftAsItIsWhereTheScenarioSaysSo) {
  Trace t(booking("step_timeout: 25ms\n          compensate_timed_out: false"));
  t.reached("b.release", {});
  t.reached("a.release", {37});
  expect_ends(t, {0, 1, 0, 1, 1});
}

// Asked again at 36, over at 61; both answers come late, at 71 and 96.
TEST(SagaLimits, ATimedOutStepIsTriedAgainAsOftenAsAllowed) {
  Trace t(booking("step_timeout: 25ms\n          timeout_retries: 1"));
  t.reached("b.reserve", {11, 36});
  t.reached("b.release", {62});
  t.reached("a.release", {68});
  expect_ends(t, {0, 1, 0, 2, 2});
}

// a takes 10 ms and b 60, both longer than the 5 of the others, and within limits of their own: c is asked at
// 10 + 1 + 60 + 1.
TEST(SagaLimits, AStepOfItsOwnLimitIsNotTheOthers) {
  std::string text = booking("step_timeout: 5ms");
  const auto put = [&](const std::string& after, const std::string& more) {
    text.insert(text.find(after) + after.size(), more);
  };
  put("do: [call: a.reserve]", ", timeout: 11ms");
  put("do: [call: b.reserve]", ", timeout: 1s");
  Trace t(text);
  t.reached("c.confirm", {72});
  expect_ends(t, {1, 0, 0, 0, 0});
}

// An answer that lands on the deadline is in time.
TEST(SagaLimits, AnAnswerOnTheDeadlineIsInTime) {
  Trace t(booking("step_timeout: 10ms", "lease: 10s", 10));
  t.reached("c.confirm", {22});
  expect_ends(t, {1, 0, 0, 0, 0});
}

// The whole saga has 30 ms, and the second step is under way when they are over.
TEST(SagaLimits, TheTimeOfTheWholeSagaEndsWhateverIsUnderWay) {
  Trace t(booking("timeout: 30ms"));
  t.reached("b.release", {31});
  t.reached("a.release", {37});
  expect_ends(t, {0, 1, 1, 0, 1});
}

// a is done at 10 and stored at 11, when the time is over: b is never asked, so it is not undone.
TEST(SagaLimits, ASagaWhoseTimeIsOverBeginsNoFurtherStep) {
  Trace t(booking("timeout: 11ms"));
  t.reached("b.reserve", {});
  t.reached("b.release", {});
  t.reached("a.release", {12});
  expect_ends(t, {0, 1, 1, 0, 0});
}

// A retry that is allowed does not outlive the saga: asked at 11 and 36, over at 50.
TEST(SagaLimits, RetriesEndWithTheSaga) {
  Trace t(booking("step_timeout: 25ms\n          timeout_retries: 5\n          timeout: 50ms"));
  t.reached("b.reserve", {11, 36});
  t.reached("b.release", {51});
  expect_ends(t, {0, 1, 1, 1, 2});
}

// A compensation has the step's limit too. b's would take 5 ms and has 3: its two tries begin at 15 and, 1 ms
// after the end of the first, at 19; then it is stuck, and a is undone from 22 on. b's answers all come late.
TEST(SagaLimits, ACompensationThatNeverAnswersIsStuckInTheEnd) {
  std::string text = booking("step_timeout: 3ms\n          compensation_backoff: 1ms");
  const auto change = [&](const std::string& from, const std::string& to) {
    text.replace(text.find(from), from.size(), to);
  };
  change("compensation_attempts: 0", "compensation_attempts: 1");
  change("do: [call: a.reserve]", "timeout: 15ms, do: [call: a.reserve]");
  Trace t(text);
  t.reached("b.reserve", {11});
  t.reached("b.release", {15, 19});
  t.reached("a.release", {22});
  EXPECT_EQ(t.milestones("bookings/book.stuck"), 1u);
  expect_ends(t, {0, 1, 0, 1, 3});
}

std::string dying(const std::string& limits, const std::string& lease, const std::string& when,
                  const std::string& fields = "heartbeat: none") {
  return booking(limits, fmt::format("lease: {}\n    {}\n    max_attempts: 9", lease, fields)) +
         fmt::format("faults: [{{type: pod_failure, target: bookings/workers, {}}}]\n", when);
}

// The worker dies at 20 and is back at 30 or at 50. b's time is over at 36: that ends the lease of the dead,
// however long it is and whatever extends it, and whoever is free, or is back first, undoes the saga at once,
// and does not ask b again.
TEST(SagaLimits, ATimerRingsWhileTheOrchestratorIsDead) {
  for (const char* lease : {"40ms", "10s"}) {
    for (const char* heartbeat : {"heartbeat: none", "heartbeat: 5ms"}) {
      for (const double back : {30.0, 50.0}) {
        SCOPED_TRACE(fmt::format("{}, {}, back at {}", lease, heartbeat, back));
        Trace t(dying("step_timeout: 25ms", lease, fmt::format("start: 20ms, duration: {}ms", back - 20),
                      heartbeat));
        const double rung = std::max(36.0, back);
        t.reached("b.reserve", {11});
        t.reached("db.save", {10, rung, rung + 6, rung + 12});
        t.reached("b.release", {rung + 1});
        t.reached("a.release", {rung + 7});
        EXPECT_EQ(t.milestones("bookings/book.resumed"), 1u);
        expect_ends(t, {0, 1, 0, 1, 0});
      }
    }
  }
}

// The time of the whole saga is over at 30. b had been begun by the dead, so it is undone like a.
TEST(SagaLimits, TheTimeOfTheWholeSagaRingsToo) {
  Trace t(dying("timeout: 30ms", "10s", "start: 20ms, duration: 5ms"));
  t.reached("b.reserve", {11});
  t.reached("db.save", {10, 30, 36, 42});
  t.reached("b.release", {31});
  t.reached("a.release", {37});
  expect_ends(t, {0, 1, 1, 0, 0});
}

// It dies while it stores that a is done, when no step has a timer: the saga's own rings, at 30. Nobody knows
// of a more than that it was begun, so a is undone.
TEST(SagaLimits, ATimerRingsForWhoDiesBetweenTwoSteps) {
  Trace t(dying("timeout: 30ms", "10s", "start: 10.5ms, duration: 5ms"));
  t.reached("a.reserve", {0});
  t.reached("b.reserve", {});
  t.reached("db.save", {10, 30, 36});
  t.reached("a.release", {31});
  expect_ends(t, {0, 1, 1, 0, 0});
}

// Without limits of time nothing rings: the lease of 100 ms is all that there is.
TEST(SagaLimits, NothingRingsForASagaWithoutLimits) {
  Trace t(dying("load: db.save", "100ms", "start: 20ms, duration: 5ms"));
  t.reached("b.reserve", {11, 101});
  EXPECT_EQ(t.milestones("bookings/book.completed"), 1u);
}

// Two hundred sagas whose orchestrators die every 150 ms: each ends once, one way or the other, and none is
// open or hangs at the end although their leases would last for an hour.
TEST(SagaLimits, EverySagaThatBeganHasEnded) {
  std::string times, faults;
  for (int i = 0; i < 200; ++i) times += fmt::format("{}{}ms", i == 0 ? "" : ", ", 20 * i);
  for (int i = 1; i < 40; ++i)
    faults +=
        fmt::format("  - {{type: pod_failure, target: bookings/workers, start: {}ms, duration: {}ms}}\n",
                    150 * i + i % 7, 10 + i % 30);
  std::string text = booking("step_timeout: 80ms\n          timeout: 300ms",
                             "lease: 1h\n    heartbeat: none\n    max_attempts: 99") +
                     "faults:\n" + faults;
  const auto change = [&](const std::string& from, const std::string& to) {
    text.replace(text.find(from), from.size(), to);
  };
  change("times: [0ms]", "times: [" + times + "]");
  change("    workers:\n", "    workers:\n      instances: 2\n      concurrency: 20\n");
  Trace t(text, 20'000);
  const auto count = [&](const char* which) { return t.milestones(std::string("bookings/book.") + which); };
  EXPECT_EQ(count("started"), 200u);
  EXPECT_EQ(count("completed") + count("failed"), 200u);
  EXPECT_GT(count("completed"), 0u);
  EXPECT_GT(count("failed"), 0u);
  EXPECT_GT(count("resumed"), 20u);
  const models::EffectRecord& ended = t.effect("bookings/book.ended");
  EXPECT_EQ(ended.distinct, 200u);
  EXPECT_EQ(ended.pending, 0u);
  EXPECT_EQ(std::accumulate(std::begin(ended.missed), std::end(ended.missed), std::uint64_t{0}), 0u);
}

// With 45 ms it is not over yet at 40: b is asked again, and has until 11 + 45 = 56, not until 85.
TEST(SagaLimits, WhoGoesOnHasTheTimeThatIsLeft) {
  Trace t(booking("step_timeout: 45ms", "lease: 40ms\n    heartbeat: none\n    max_attempts: 9") +
          "faults: [{type: pod_failure, target: bookings/workers, start: 20ms, duration: 10ms}]\n");
  t.reached("b.reserve", {11, 40});
  t.reached("b.release", {57});
}

// The same in the memory of a service, which stores nothing: a takes 10 ms, b 60, each compensation 5.
std::string remembered(const std::string& limits) {
  return fmt::format(R"(
workloads: {{load: {{trace: {{times: [0ms]}}, calls: app.book}}}}
services:
  app:
    endpoints:
      book:
        - saga: book
          compensation_attempts: 0
          {}
          steps:
            - {{do: [call: a.reserve], compensate: [call: a.release]}}
            - {{do: [call: b.reserve], compensate: [call: b.release]}}
            - {{do: [call: c.confirm]}}
  a: {{endpoints: {{reserve: [sleep: 10ms], release: [sleep: 5ms]}}}}
  b: {{endpoints: {{reserve: [sleep: 60ms], release: [sleep: 5ms]}}}}
  c: {{endpoints: {{confirm: [sleep: 1ms]}}}}
)",
                     limits);
}

// b is asked at 10 and its time is over at 35; b is undone until 40 and a until 45, when the caller learns
// that the saga has failed. b's answer at 70 is late.
TEST(SagaLimitsInMemory, ATimedOutStepIsUndoneAndTheCallerIsTold) {
  Trace t(remembered("step_timeout: 25ms"));
  t.reached("b.reserve", {10});
  t.reached("b.release", {35});
  t.reached("a.release", {40});
  t.reached("c.confirm", {});
  t.requests("load", {{45, error}});
  EXPECT_EQ(t.milestones("app/book.failed"), 1u);
  EXPECT_EQ(t.milestones("app/book.step_timed_out"), 1u);
  EXPECT_EQ(t.milestones("app/book.late"), 1u);
  EXPECT_EQ(t.effect("app/book.ended").distinct, 1u);
}

TEST(SagaLimitsInMemory, TheTimeOfTheWholeSagaEndsWhateverIsUnderWay) {
  Trace t(remembered("timeout: 30ms"));
  t.reached("b.release", {30});
  t.reached("a.release", {35});
  t.requests("load", {{40, error}});
  EXPECT_EQ(t.milestones("app/book.timed_out"), 1u);
}

// a is done when the time is over: b is never asked.
TEST(SagaLimitsInMemory, ASagaWhoseTimeIsOverBeginsNoFurtherStep) {
  Trace t(remembered("timeout: 10ms"));
  t.reached("b.reserve", {});
  t.reached("a.release", {10});
}

TEST(SagaLimitsInMemory, WithTimeEnoughItCompletes) {
  Trace t(remembered("timeout: 72ms\n          step_timeout: 60ms"));
  t.reached("c.confirm", {70});
  t.requests("load", {{71, success}});
  EXPECT_EQ(t.milestones("app/book.completed"), 1u);
  EXPECT_EQ(t.effect("app/book.undoing").applied, 0u);
}

// Its orchestrator dies at 20: nobody undoes a, and nobody will. That is a saga that hangs.
TEST(SagaLimitsInMemory, ASagaWhoseOrchestratorDiesHangsForGood) {
  Trace t(remembered("step_timeout: 25ms") +
          "faults: [{type: pod_failure, target: app, start: 20ms, duration: 10ms}]\n");
  t.reached("a.release", {});
  const models::EffectRecord& ended = t.effect("app/book.ended");
  EXPECT_EQ(ended.applied, 0u);
  EXPECT_EQ(std::accumulate(std::begin(ended.missed), std::end(ended.missed), std::uint64_t{0}), 1u);
}

// A job's worker dies at 20, and the lease is over at 40: whoever takes it begins anew, with the whole time.
// b is asked at 50 and answers at 110, within 65 ms; counted from the first run it would have been too late.
TEST(SagaLimitsInMemory, WhoRunsItAgainBeginsAnew) {
  std::string text = booking("step_timeout: 65ms", "lease: 40ms\n    heartbeat: none\n    max_attempts: 9") +
                     "faults: [{type: pod_failure, target: bookings/workers, start: 20ms, duration: 10ms}]\n";
  for (const std::string line : {"          durable: true\n", "          state: db.save\n"})
    text.erase(text.find(line), line.size());
  Trace t(text);
  t.reached("a.reserve", {0, 40});
  t.reached("b.reserve", {10, 50});
  t.reached("c.confirm", {110});
  EXPECT_EQ(t.milestones("bookings/book.started"), 2u);
  EXPECT_EQ(t.milestones("bookings/book.completed"), 1u);
  EXPECT_EQ(t.effect("bookings/book.ended").distinct, 1u);
}

}  // namespace
}  // namespace tailrace::tests
