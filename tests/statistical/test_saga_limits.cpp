// Limits of time of sagas against closed forms, and what the scenario saga-timeout teaches.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/statistical/lessons.hpp"

namespace tailrace::tests {
namespace {

using models::EffectRecord;

// A step that takes exp(20 ms) and has 40 ms: e^-2 of its tries are late. With r further tries, each of them
// on its own, e^(-2 (r + 1)) of the sagas are undone. 100/s for 400 s.
Results booked(int retries) {
  return run_text(fmt::format(R"(
run: {{duration: 400s, replications: 5, seed: 7}}
workloads:
  load:
    ramping_arrival_rate:
      start_rate: 100/s
      stages: [{{duration: 390s, target: 100/s}}, {{duration: 0s, target: 0/s}}, {{duration: 10s, target: 0/s}}]
    steps: [publish: bookings]
jobs:
  bookings:
    workers:
      concurrency: 1000
      steps:
        - saga: book
          durable: true
          state: db.save
          step_timeout: 40ms
          timeout_retries: {}
          steps:
            - {{do: [call: a.reserve], compensate: [call: a.release]}}
            - {{do: [call: b.reserve], compensate: [call: b.release]}}
services:
  a:
    endpoints:
      reserve: [{{effect: reserved, idempotency: {{}}, steps: [sleep: 1ms]}}]
      release: [{{effect: released, idempotency: {{}}, steps: [sleep: 1ms]}}]
  b:
    endpoints:
      reserve: [{{effect: reserved, idempotency: {{}}, steps: [sleep: exp(20ms)]}}]
      release: [{{effect: released, idempotency: {{}}, steps: [sleep: 1ms]}}]
databases: {{db: {{operations: {{save: 1us}}}}}}
)",
                              retries));
}

TEST(SagaLimitShare, IsTheTailOfTheStepsTime) {
  for (const int retries : {0, 1}) {
    const Results run = booked(retries);
    const double sagas = 390 * 100, share = std::exp(-2.0 * (retries + 1));
    const double failed = mean(run, milestones("bookings/book.failed"));
    EXPECT_NEAR(failed / mean(run, milestones("bookings/book.started")), share,
                4 * std::sqrt(share * (1 - share) / sagas / 5))
        << retries;
    // One late answer for each try that was given up: those end, too, all within the run.
    EXPECT_EQ(most(run, minus(milestones("bookings/book.late"), milestones("bookings/book.step_timed_out"))),
              0);
    EXPECT_EQ(least(run, minus(milestones("bookings/book.late"), milestones("bookings/book.step_timed_out"))),
              0);
  }
}

// Each reservation that came about is kept by a saga that completed or released by one that did not, once.
// That holds for those that came late, too: the participant recognises a second reservation, and a late one
// is released.
TEST(SagaLimitShare, EveryEffectIsKeptOrUndoneOnce) {
  for (const int retries : {0, 1}) {
    const Results run = booked(retries);
    for (const char* participant : {"a", "b"}) {
      const std::string who = participant;
      const Figure reserved = effects(who + "/reserved", &EffectRecord::distinct);
      const Figure released = effects(who + "/released", &EffectRecord::distinct);
      const Figure kept = minus(reserved, released);
      EXPECT_EQ(most(run, minus(kept, milestones("bookings/book.completed"))), 0) << who;
      EXPECT_EQ(least(run, minus(kept, milestones("bookings/book.completed"))), 0) << who;
      EXPECT_EQ(most(run, effects(who + "/reserved", &EffectRecord::duplicates)), 0) << who;
      EXPECT_EQ(most(run, effects(who + "/released", &EffectRecord::duplicates)), 0) << who;
    }
    EXPECT_EQ(most(run, effects("bookings/book.ended", &EffectRecord::pending)), 0);
    EXPECT_EQ(most(run, missed("bookings/book.ended")), 0);
  }
}

// --- saga-timeout: 50/s for 400 s, 300 places; 5 % of the bookings are never answered, 1 % of the charges
// take 10 s.

// The places fill up at 2.5/s; after 120 s no order gets anywhere.
TEST(SagaTimeout, WithoutAClockTheHungTakeAllPlaces) {
  const Results run = run_library("saga-timeout");
  const double filled = 300 / (50 * 0.05);
  EXPECT_NEAR(mean(run, milestones("patient/order.completed")), 50 * filled * 0.95, 450);
  EXPECT_EQ(mean(run, milestones("patient/order.failed")), 0);
  EXPECT_NEAR(mean(run, effects("patient/order.ended", &EffectRecord::pending)), 300, 0.001)
      << "one at each place, for good";
}

// Two tries of 2 s each: 0.25 % never get an answer, and 0.01 % find the bank slow twice.
TEST(SagaTimeout, WithOneTheyEndUndoneWithinTheirLimit) {
  const Results run = run_library("saga-timeout");
  const double undone = 50 * 400 * (0.05 * 0.05 + 0.01 * 0.01);
  EXPECT_NEAR(mean(run, milestones("punctual/order.failed")), undone, 4 * std::sqrt(undone / 5));
  EXPECT_EQ(mean(run, milestones("punctual/order.timed_out")), 0) << "the limits of the steps are enough";
  EXPECT_GT(mean(run, milestones("punctual/order.completed")), 50 * 400 * 0.99);
  EXPECT_LT(most(run, effects("punctual/order.ended", &EffectRecord::pending)), 100)
      << "under way at the end";
  // From the decision: its state, three compensations with theirs; the first of them in 2 s at worst.
  EXPECT_NEAR(mean(run, milestone_mean("punctual/order.undone")), 0.05 + 0.1 + 0.1 + 3 * 0.005, 0.01);
}

// 1 % of 50/s, for as long as an answer after 10 s is still seen; each is a charge that the second try
// repeated.
TEST(SagaTimeout, LateAnswersAreCountedAndNobodyPaysTwice) {
  const Results run = run_library("saga-timeout");
  const double late = 50 * 0.01 * 390;
  EXPECT_NEAR(mean(run, milestones("punctual/order.late")), late, 4 * std::sqrt(late / 5) + 3);
  EXPECT_EQ(most(run, effects("bank/charged", &EffectRecord::duplicates)), 0);
}

}  // namespace
}  // namespace tailrace::tests
