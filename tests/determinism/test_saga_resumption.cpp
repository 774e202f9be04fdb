// Stored sagas behind an endpoint: when the run that leads one dies, fails or is called off, the service
// takes it up again by itself, to the nanosecond; and however often orchestrators die, no saga is lost or
// ends twice.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <numeric>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

// a takes 10 ms, b 60, c 1, each compensation 5; the state is stored in 1 and read in 2.
std::string booking(const std::string& service, const std::string& saga, const std::string& call = {}) {
  return fmt::format(R"(
workloads: {{load: {{trace: {{times: [0ms]}}, steps: [{{call: app.book{}}}]}}}}
services:
  app:
    {}
    endpoints:
      book:
        - saga: book
          durable: true
          state: db.save
          load: db.load
          compensation_attempts: 0
          {}
          steps:
            - {{do: [call: a.reserve], compensate: [call: a.release]}}
            - {{do: [call: b.reserve], compensate: [call: b.release]}}
            - {{do: [call: c.confirm]}}
        - call: c.thanks
  a: {{endpoints: {{reserve: [sleep: 10ms], release: [sleep: 5ms]}}}}
  b: {{endpoints: {{reserve: [sleep: 60ms], release: [sleep: 5ms]}}}}
  c: {{endpoints: {{confirm: [sleep: 1ms], thanks: [sleep: 1ms]}}}}
  db: {{endpoints: {{save: [sleep: 1ms], load: [sleep: 2ms]}}}}
)",
                     call.empty() ? "" : ", " + call, service, saga);
}
std::string down(const std::string& target, double from, double to, const std::string& more = {}) {
  return fmt::format("  - {{type: pod_failure, target: {}, start: {}ms, duration: {}ms{}}}\n", target, from,
                     to - from, more);
}

void expect_one_end(Trace& t, std::uint64_t completed, std::uint64_t resumed) {
  EXPECT_EQ(t.milestones("app/book.started"), 1u);
  EXPECT_EQ(t.milestones("app/book.completed"), completed);
  EXPECT_EQ(t.milestones("app/book.failed"), 1 - completed);
  EXPECT_EQ(t.milestones("app/book.resumed"), resumed);
  const models::EffectRecord& ended = t.effect("app/book.ended");
  EXPECT_EQ(ended.distinct, 1u);
  EXPECT_EQ(ended.pending, 0u);
}

// Nobody dies: the caller has his answer at 74 + 1, and nothing is taken up.
TEST(SagaResumption, WhoEndsTheSagaGoesOnBehindIt) {
  Trace t(booking("replicas: 1", "resume_after: 1ms"));
  t.reached("db.save", {10, 71, 73});
  t.reached("c.thanks", {74});
  t.requests("load", {{75, success}});
  expect_one_end(t, 1, 0);
}

// The orchestrator dies at 20, when b is under way, and is back at 30. It reads the state until 32 and asks b
// again, until 92; that a is reserved is stored. The caller was told at 20, and what follows the saga was for
// him.
TEST(SagaResumption, IsTakenUpWhenItsOrchestratorIsBack) {
  Trace t(booking("replicas: 1", "") + "faults:\n" + down("app", 20, 30));
  t.reached("a.reserve", {0});
  t.reached("db.load", {30});
  t.reached("b.reserve", {11, 32});
  t.reached("c.confirm", {93});
  t.reached("db.save", {10, 92, 94});
  t.reached("c.thanks", {});
  t.requests("load", {{20, network}});
  expect_one_end(t, 1, 1);
}

TEST(SagaResumption, IsOpenUntilThen) {
  const std::string text = booking("replicas: 1", "") + "faults:\n" + down("app", 20, 30);
  Trace before(text, 94.9), after(text, 95.1);
  EXPECT_EQ(before.effect("app/book.ended").pending, 1u);
  EXPECT_EQ(after.effect("app/book.ended").pending, 0u);
}

// Whoever takes it up may die as well, here at 40.
TEST(SagaResumption, IsTakenUpAsOftenAsItTakes) {
  Trace t(booking("replicas: 1", "") + "faults:\n" + down("app", 20, 30) + down("app", 40, 50));
  t.reached("b.reserve", {11, 32, 52});
  t.reached("c.confirm", {113});
  expect_one_end(t, 1, 2);
}

// Its timers have gone on: b's 25 ms are counted from 11 on, so they are over at 36, and both are undone.
TEST(SagaResumption, ItsTimersHaveGoneOn) {
  Trace t(booking("replicas: 1", "step_timeout: 25ms") + "faults:\n" + down("app", 20, 30));
  t.reached("b.reserve", {11, 32});
  t.reached("b.release", {37});
  t.reached("a.release", {43});
  expect_one_end(t, 0, 1);
}

// Of two instances the first is down until 1000; 15 ms after its end the other goes on.
TEST(SagaResumption, AnotherInstanceTakesItUpInTheEnd) {
  Trace t(booking("replicas: 2", "resume_after: 15ms") + "faults:\n" + down("app#0", 20, 1000));
  t.reached("db.load", {35});
  t.reached("b.reserve", {11, 37});
  expect_one_end(t, 1, 1);
}

// All instances are down when it is due, at 35. The second is back before the first.
TEST(SagaResumption, OrTheFirstThatComesBack) {
  Trace t(booking("replicas: 2", "resume_after: 15ms") + "faults:\n" + down("app#0", 20, 1000) +
          down("app#1", 20, 50));
  t.reached("b.reserve", {11, 52});
  expect_one_end(t, 1, 1);
}

// The caller repeats at 25, at the other instance: that one leads it on, and the first, back at 30, has
// nothing to take up.
TEST(SagaResumption, ACallerWhoRepeatsIsSooner) {
  Trace t(booking("replicas: 2", "", "retries: {attempts: 2, backoff: {base_interval: 5ms, jitter: none}}") +
          "faults:\n" + down("app#0", 20, 30));
  t.reached("db.load", {25});
  t.reached("b.reserve", {11, 27});
  t.requests("load", {{91, success}});
  expect_one_end(t, 1, 1);
}

// The store is out from 5 to 50: that a is reserved cannot be stored at 10, so the run has failed. The one
// that begins at 40 cannot read the state either. That of 70 has read by 72 that nothing is stored: it asks a
// again, and stores it by 83.
TEST(SagaResumption, ARunThatCannotStoreItsStateIsRepeated) {
  Trace t(booking("replicas: 1", "resume_after: 30ms") + "faults:\n" + down("db", 5, 50));
  t.reached("a.reserve", {0, 72});
  t.reached("b.reserve", {83});
  t.requests("load", {{10, network}});
  expect_one_end(t, 1, 1);
}

// The caller leaves at 15 and has its work stopped. A stored saga goes on all the same.
TEST(SagaResumption, ACallerWhoLeavesDoesNotEndIt) {
  Trace t(booking("cancellation: at_once", "resume_after: 10ms", "timeout: 15ms, cancellation: true"));
  t.reached("db.load", {25});
  t.reached("b.reserve", {11, 27});
  expect_one_end(t, 1, 1);
}

// Orders at random of an orchestrator whose two instances die again and again, while the store is out now and
// then: each that began ends once, whether its caller repeats or not.
TEST(SagaResumption, EverySagaThatBeganEndsOnce) {
  std::uint64_t resumed = 0, undone = 0, state = 7;
  const auto below = [&](std::uint64_t n) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return (state >> 33) % n;
  };
  for (int round = 0; round < 24; ++round) {
    std::string saga = fmt::format("resume_after: {}ms", 1 + below(400));
    if (below(2)) saga += fmt::format("\n          step_timeout: {}ms", 5 + below(90));
    if (below(2)) saga += fmt::format("\n          timeout: {}ms", 20 + below(300));
    std::string service = fmt::format("replicas: {}", 1 + below(3));
    if (below(3) == 0) service += "\n    cpus: 1";
    if (below(3) == 0) service += "\n    mode: async";
    if (below(3) == 0) service += "\n    cancellation: at_once";
    const char* const calls[] = {"", "timeout: 100ms, cancellation: true",
                                 "retries: {attempts: 3, backoff: {base_interval: 20ms}}"};
    const std::uint64_t call = below(3);
    const bool repeats = call == 2;
    std::string text = booking(service, saga, calls[call]);
    text.replace(
        text.find("trace: {times: [0ms]}"), 21,
        "ramping_arrival_rate: {start_rate: 40/s, stages: [{duration: 8s, target: 40/s}, {duration: 0s, "
        "target: 0/s}]}");
    text.replace(text.find("c.confirm]"), 10, "c.confirm, fail: 5%]");
    text += "faults:\n";
    for (double at = 100; at < 8000; at += 100 + static_cast<double>(below(600))) {
      const double back = at + 1 + static_cast<double>(below(150));
      text += below(5) == 0 ? down("db", at, back) : down("app", at, back, below(2) ? ", mode: one" : "");
    }
    SCOPED_TRACE(text);
    Trace t(text, 60'000);
    const models::EffectRecord& ended = t.effect("app/book.ended");
    EXPECT_GT(t.milestones("app/book.started"), 200u);
    EXPECT_EQ(ended.distinct, t.milestones("app/book.started"));
    EXPECT_EQ(ended.applied, ended.distinct);
    EXPECT_EQ(ended.pending, 0u);
    EXPECT_EQ(std::accumulate(std::begin(ended.missed), std::end(ended.missed), std::uint64_t{0}), 0u);
    EXPECT_EQ(t.at_end().journeys_open, 0u);
    // Two runs beside each other, of which one turns back, take a caller who repeats while it is led.
    const std::uint64_t turned_back = t.effect("app/book.undoing").distinct;
    if (repeats) {
      EXPECT_GE(turned_back, t.milestones("app/book.failed"));
    } else {
      EXPECT_EQ(turned_back, t.milestones("app/book.failed"));
    }
    resumed += t.milestones("app/book.resumed");
    undone += t.milestones("app/book.failed");
    if (HasFailure()) return;
  }
  EXPECT_GT(resumed, 500u);
  EXPECT_GT(undone, 500u);
}

}  // namespace
}  // namespace tailrace::tests
