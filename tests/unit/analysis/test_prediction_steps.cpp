// What steps make of a prediction: drawn loops, what runs in the background, and failures on the way.
#include <gtest/gtest.h>

#include "analysis/prediction/predict.hpp"
#include "analysis/prediction/program.hpp"
#include "tests/unit/analysis/prediction_world.hpp"

namespace tailrace::analysis {
namespace {

models::Step loop(Distribution times, models::Steps body) {
  models::Step s = World::timed(models::Step::Kind::loop, std::move(times));
  s.branches = {{1, std::move(body)}};
  return s;
}
models::Step fail(double probability) {
  models::Step s;
  s.kind = models::Step::Kind::fail;
  s.probability = probability;
  return s;
}
models::Step background(models::Steps steps) {
  models::Step s;
  s.kind = models::Step::Kind::background;
  s.branches = {{1, std::move(steps)}};
  return s;
}
Distribution constant(double ms) {
  return Distribution::constant(ms * kMs);
}

// 1, 2, 3 or 4 rounds, each a quarter of the time: E[N] = 2.5, E[N^2] = 7.5.
TEST(PredictSteps, ADrawnNumberOfRoundsIsRounded) {
  const detail::Rounds r = detail::rounds_of(Distribution::uniform(0.5, 4.5), 1);
  expect_close(r.begun, 2.5, 1e-9);
  expect_close(r.mean, 2.5, 1e-9);
  expect_close(r.variance, 1.25, 1e-9);
  World w;  // E[S^2] = E[N] m^2 + E[N^2] m^2 = 160 ms^2: Pollaczek-Khinchine
  const int s = w.service("s", 1, {loop(Distribution::uniform(0.5, 4.5), {World::work(4)})}, true);
  w.open(60, {w.call(s)});
  expect_figure(predict(w.t).stations[0].wait_mean_s, 60 * 160e-6 / 2 / 0.4, true);
}

// One round or two of 10 ms, after each of which half of all fail: 1/4 succeed with one, 1/8 with two.
TEST(PredictSteps, WhoSucceedsWentThroughFewerRounds) {
  World w;
  const models::Step rounds = loop(Distribution::uniform(0.5, 2.5), {World::sleep(constant(10)), fail(0.5)});
  const int s = w.service("s", models::kUnlimited, {rounds});
  w.open(50, {w.call(s)});
  const Prediction p = predict(w.t);
  EXPECT_NEAR(p.workloads[0].success, 0.375, 1e-12);
  expect_figure(p.workloads[0].response_mean_s, (0.25 * 0.010 + 0.125 * 0.020) / 0.375, true);
}

// A constant loop of few steps is written out and keeps its worker: one stay of 18 ms. One of a drawn number
// of rounds gives it back before each, and the next comes when the last has ended.
TEST(PredictSteps, ADrawnLoopGivesItsWorkerBack) {
  World kept;
  int s = kept.service(
      "s", 1, {World::compute(constant(3)), loop(Distribution::constant(3), {World::compute(constant(5))})});
  kept.open(40, {kept.call(s)});
  expect_figure(predict(kept.t).stations[0].wait_mean_s, 40 * 0.018 * 0.018 / 2 / (1 - 0.72), true);
  World given;
  s = given.service(
      "s", 1,
      {World::compute(constant(3)), loop(Distribution::uniform(0.5, 4.5), {World::compute(constant(5))})});
  given.open(40, {given.call(s)});
  const Figure wait = predict(given.t).stations[0].wait_mean_s;
  EXPECT_TRUE(wait.known);
  EXPECT_FALSE(wait.exact);
  EXPECT_EQ(wait.reason, "fed by a station whose departures are not Poisson");
}

TEST(PredictSteps, BackgroundCallsBesideOthersComeInGroups) {
  World w;
  const int s = w.service("s", 1, {World::work(5)});
  w.open(60, {background({w.call(s)})});
  expect_figure(predict(w.t).stations[0].wait_mean_s, 0.3 * 0.005 / 0.7, true);
  w.t.workloads[0].classes[0].steps.push_back(w.call(s));
  w.t.edges.back().from_component = w.t.workloads[0].component;
  const std::string groups = "fed by parallel calls, which come in groups";
  EXPECT_EQ(predict(w.t).stations[0].wait_mean_s.reason, groups);
  World again;
  const int t = again.service("t", 1, {World::work(5)});
  again.open(20, {loop(Distribution::constant(5), {background({again.call(t)})})});
  EXPECT_EQ(predict(again.t).stations[0].wait_mean_s.reason, groups);
}

TEST(PredictSteps, BackgroundCallsLeaveWithTheOthers) {
  World w;  // after 14 ms of each, one by one
  const int back = w.service("back", 1, {World::work(10)});
  const int front = w.service("front", 1, {World::compute(constant(14))});
  w.operation(front).steps.push_back(background({w.call(back, front)}));
  w.open(60, {w.call(front)});
  EXPECT_EQ(predict(w.t).stations[0].wait_mean_s.reason, "fed by a station whose departures are not Poisson");
}

// Three users think for 50 ms and wait for 5: what runs on behind them is not in their loop.
TEST(PredictSteps, UsersDoNotWaitForTheBackground) {
  World w;
  const int behind = w.service("behind", 1, {World::work(15)});
  const int front = w.service("front", models::kUnlimited, {});
  w.operation(front).steps = {background({w.call(behind, front)}), World::compute(constant(5))};
  w.closed(3, 50, {w.call(front)});
  const Prediction p = predict(w.t);
  expect_figure(p.workloads[0].throughput_per_s, 3 / 0.055, false);
  expect_figure(p.workloads[0].response_mean_s, 0.005, false);
}

// Half of the calls end after 10 of their 40 ms: nothing that the theory follows.
TEST(PredictSteps, UsersWhoseCallsFailEarlyComeBackSooner) {
  World w;
  const int s =
      w.service("s", models::kUnlimited, {World::sleep(constant(10)), fail(0.5), World::sleep(constant(30))});
  w.closed(3, 50, {w.call(s)});
  EXPECT_FALSE(predict(w.t).workloads[0].throughput_per_s.exact);
  w.t.edges[0].ignore_failure = true;
  const Prediction p = predict(w.t);
  EXPECT_FALSE(p.workloads[0].throughput_per_s.exact);
  EXPECT_FALSE(p.workloads[0].response_mean_s.exact);
}

TEST(PredictSteps, ErrorsAtTheEndLeaveALoopExact) {
  World w;
  const int s = w.service("s", 1, {World::work(10)});
  w.operation(s).error_rate = 0.5;
  w.closed(1, 50, {w.call(s)});
  expect_figure(predict(w.t).workloads[0].throughput_per_s, 1 / 0.06, true);
}

// Half of the calls go to an instance of half the speed: 20 ms of work there and 10 ms elsewhere, whichever
// of them is named last.
TEST(PredictSteps, UnlikeInstancesWorkAsLongAsTheirSpeedsSay) {
  for (const bool slow_last : {true, false}) {
    World w;
    const int s = w.service("s", models::kUnlimited, {World::compute(constant(10))});
    w.replicas(s, 2, models::Balancing::random);
    const models::InstanceGroup slow{1, 1, 0.5, 0, {}}, fast{1, 1, 1, 0, {}};
    if (slow_last) {
      w.station(s).groups = {fast, slow};
    } else {
      w.station(s).groups = {slow, fast};
    }
    w.open(40, {w.call(s)});
    expect_figure(predict(w.t).stations[0].response_mean_s, 0.015, true);
    w.station(s).cpus = 1;  // shared by all inside: 20 ms at 40 % and 10 ms at 20 %
    const StationPrediction shared = predict(w.t).stations[0];
    expect_figure(shared.core_utilization, 0.3, true);
    expect_figure(shared.response_mean_s, (0.02 / 0.6 + 0.01 / 0.8) / 2, true);
  }
}

// A third of the calls to the instance of half the speed: both have 20/3 ms of each request. Mean value
// analysis.
TEST(PredictSteps, UsersMeetUnlikeInstancesByTheirSpeeds) {
  World w;
  const int s = w.service("s", 1, {World::work(10)}, true);
  w.replicas(s, 2, models::Balancing::weighted);
  w.station(s).groups = {{1, 1, 0.5, 0, {}}, {1, 2, 1, 0, {}}};
  w.closed(4, 20, {w.call(s)});
  double number = 0, throughput = 0;
  for (int n = 1; n <= 4; ++n) {
    const double response = 2 * 0.020 / 3 * (1 + number);
    throughput = n / (0.020 + response);
    number = throughput * response / 2;
  }
  const Prediction p = predict(w.t);
  expect_figure(p.workloads[0].throughput_per_s, throughput, true);
  expect_figure(p.stations[0].utilization, throughput * 0.020 / 3, true);
}

// What a bounded queue loses has no formula for constant service: nor has what is done after its answers.
TEST(PredictSteps, WorkAfterAnApproximateAnswerIsApproximate) {
  World w;
  const int back = w.service("back", 1, {World::compute(constant(2))});
  w.station(back).queue_capacity = 20;
  const int after = w.service("after", models::kUnlimited, {});
  w.operation(after).steps = {w.call(back, after), World::work(3)};
  w.station(after).cpus = 1;
  const int before = w.service("before", models::kUnlimited, {World::work(3)});
  w.then_call(before, back);
  w.station(before).cpus = 1;
  w.open(40, {w.call(after)});
  w.open(40, {w.call(before)}).name = "other";
  const Prediction p = predict(w.t);
  EXPECT_FALSE(p.stations[0].utilization.exact);
  EXPECT_FALSE(p.stations[1].core_utilization.exact);
  EXPECT_EQ(p.stations[1].core_utilization.reason, "behind back, whose losses are approximate");
  expect_figure(p.stations[2].core_utilization, 0.12, true);
}

// With exponential work every order that looks at nothing leaves the number inside as it is; the shortest
// first do not, nor does an order keep the wait of those who do not give up.
TEST(PredictSteps, WhatIsLostDependsOnTheOrder) {
  World w;
  const int s = w.service("s", 1, {World::work(20)}, true);
  w.station(s).queue_capacity = 3;
  w.open(40, {w.call(s)});
  const auto utilization_exact = [&](models::Discipline d) {
    w.station(s).discipline = d;
    return predict(w.t).stations[0].utilization.exact;
  };
  EXPECT_TRUE(utilization_exact(models::Discipline::fifo));
  EXPECT_TRUE(utilization_exact(models::Discipline::lifo));
  EXPECT_FALSE(utilization_exact(models::Discipline::shortest_job_first));
  w.station(s).queue_capacity = models::kUnlimited;
  w.station(s).patience = constant(30);
  EXPECT_TRUE(utilization_exact(models::Discipline::fifo));
  EXPECT_FALSE(utilization_exact(models::Discipline::lifo));
  EXPECT_EQ(predict(w.t).workloads[0].response_mean_s.reason,
            "s: what its queue loses is that of first come, first served");
}

// A share of misses that is given is exact. One that follows from the contents is that of fetches that take
// no time: what a cache is asked for while they are under way is missed, too.
TEST(PredictSteps, WhatTheContentsOfACacheMissIsApproximate) {
  for (const bool by_chance : {true, false}) {
    World w;
    const int store = w.service("store", 1, {World::work(5)});
    models::Cache cache;
    cache.name = "c";
    cache.used = true;
    cache.settings.capacity = 2;
    cache.keys = Distribution::zipf(0, 4);  // all alike: half of them are there
    if (by_chance) cache.hit_ratio = 0.5;
    w.t.caches.push_back(cache);
    models::Step look;
    look.kind = models::Step::Kind::cache;
    look.ref = 0;
    look.branches = {{1, {}}, {1, {w.call(store)}}};
    w.open(50, {look});
    expect_figure(predict(w.t).stations[0].utilization, 50 * 0.5 * 0.005, by_chance);
    World users = w;
    users.t.workloads.clear();
    users.closed(3, 100, {look});
    EXPECT_EQ(predict(users.t).workloads[0].throughput_per_s.exact, by_chance);
  }
}

// Both calls may time out, and what comes in place of the first has no rate in this theory.
TEST(PredictSteps, AStationThatTheoryBelievesIdleIsNoCertainty) {
  World w;
  const int s = w.service("s", 1, {World::work(8)});
  const int instead = w.service("instead", 1, {World::work(8)});
  models::Step attempt;
  attempt.kind = models::Step::Kind::attempt;
  attempt.branches = {{1, {w.call(s)}}, {1, {w.call(instead)}}};
  w.open(60, {attempt});
  EXPECT_TRUE(predict(w.t).stations[1].wait_mean_s.exact);
  w.t.edges[0].timeout = sim::Duration{20'000'000};
  EXPECT_FALSE(predict(w.t).stations[1].wait_mean_s.exact);
}

TEST(PredictSteps, RetriesOfSomeFailuresOnlyHaveNoFigure) {
  World w;
  const int s = w.service("s", 2, {World::work(25)}, true);
  w.operation(s).error_rate = 0.2;
  const models::Step call = w.call(s);
  w.t.edges[0].retries = 1;
  w.t.edges[0].retry_on = models::outcome_bit(models::Outcome::error);
  w.open(40, {call});
  expect_figure(predict(w.t).stations[0].utilization, 40 * 1.2 * 0.025 / 2, true);
  w.station(s).queue_capacity = 0;  // rejections, too, and nobody tries again after these
  const Figure busy = predict(w.t).stations[0].utilization;
  EXPECT_FALSE(busy.known);
  EXPECT_EQ(busy.reason, "retry_on of load -> s.op is not part of this theory");
  w.t.edges[0].retry_on |= models::outcome_bit(models::Outcome::rejected);
  EXPECT_TRUE(predict(w.t).stations[0].utilization.known);
}

}  // namespace
}  // namespace tailrace::analysis
