// Predictions of open load against closed forms worked out beside each test.
#include <gtest/gtest.h>

#include <cmath>
#include <ctime>

#include "analysis/prediction/predict.hpp"
#include "analysis/prediction/text.hpp"
#include "analysis/queueing/formulas.hpp"
#include "tests/unit/analysis/prediction_world.hpp"

namespace tailrace::analysis {
namespace {

TEST(PredictOpen, OneExponentialWorkerIsMm1) {
  World w;
  const int s = w.service("s", 1, {World::work(10)}, true);
  w.open(80, {w.call(s)});
  const Prediction p = predict(w.t);
  // rho = 80 * 0.01 = 0.8; wait = rho / (mu - lambda) = 0.8 / 20; response = 1 / 20; in queue = 80 * 0.04.
  expect_figure(p.stations[0].utilization, 0.8, true);
  expect_figure(p.stations[0].wait_mean_s, 0.04, true);
  expect_figure(p.stations[0].response_mean_s, 0.05, true);
  expect_figure(p.stations[0].in_queue_mean, 3.2, true);
  expect_figure(p.workloads[0].response_mean_s, 0.05, true);
  expect_figure(p.workloads[0].throughput_per_s, 80, true);
  expect_figure(p.max_load_multiplier, 1.25, true);
  EXPECT_EQ(p.bottleneck, 0);
  EXPECT_NEAR(p.workloads[0].zero_load_response_s, 0.01, 1e-12);
}

TEST(PredictOpen, RatesThatChangeAreThoseOfTheMeasuredTime) {
  World w;
  const int s = w.service("s", 10, {World::work(1)});
  w.t.run.duration = {100'000'000'000};
  models::Workload& load = w.open(0, {w.call(s)});
  load.process = models::ArrivalProcess::ramping_rate;
  load.stages = {{{100'000'000'000}, 100}};
  EXPECT_NEAR(predict(w.t).workloads[0].throughput_per_s.value, 50, 1e-9);
  w.t.run.warmup = {60'000'000'000};  // from 60/s to 100/s
  EXPECT_NEAR(predict(w.t).workloads[0].throughput_per_s.value, 80, 1e-9);
  // Ten at 0, 10, ... 90 s: of these 70, 80 and 90 s are measured; who comes at 60 s is there before that.
  load.process = models::ArrivalProcess::trace;
  std::vector<std::int64_t> times;
  for (std::int64_t k = 0; k < 10; ++k) times.push_back(k * 10'000'000'000);
  load.trace_ns = std::make_shared<const std::vector<std::int64_t>>(times);
  EXPECT_NEAR(predict(w.t).workloads[0].throughput_per_s.value, 3.0 / 40, 1e-12);
  w.t.run.warmup = {0};
  EXPECT_NEAR(predict(w.t).workloads[0].throughput_per_s.value, 10.0 / 100, 1e-12);
}

TEST(PredictOpen, TenWorkersAreErlangC) {
  World w;
  const int s = w.service("s", 10, {World::work(100)});
  w.open(80, {w.call(s)});
  const Prediction p = predict(w.t);
  expect_figure(p.stations[0].wait_mean_s, mmc(80, 0.1, 10).wait_mean_s, true);
  expect_figure(p.workloads[0].response_mean_s, mmc(80, 0.1, 10).response_mean_s, true);
}

TEST(PredictOpen, ConstantServiceFollowsPollaczekKhinchine) {
  World w;
  const int s = w.service("s", 1, {World::compute(Distribution::constant(10 * kMs))}, true);
  w.open(80, {w.call(s)});
  expect_figure(predict(w.t).stations[0].wait_mean_s, 0.02, true);  // half of M/M/1
}

TEST(PredictOpen, StepsOfOneStayAddUpTheirVariances) {
  World
      w;  // two exponential steps of 5 ms: Erlang-2 of 10 ms, scv 1/2; wait = (1 + 1/2) / 2 of M/M/1's 40 ms
  const int s = w.service("s", 1, {World::work(5), World::work(5)});
  w.open(80, {w.call(s)});
  const Prediction p = predict(w.t);
  expect_figure(p.stations[0].wait_mean_s, 0.03, true);
  EXPECT_NEAR(p.stations[0].visit_rate_per_s, 80, 1e-9);  // one stay, not two
}

TEST(PredictOpen, TandemOfAsyncStationsIsJackson) {
  World w;
  const int a = w.service("a", 1, {World::work(10)});
  const int b = w.service("b", 1, {World::work(12)});
  w.then_call(a, b);
  w.open(60, {w.call(a)});
  const Prediction p = predict(w.t);
  expect_figure(p.workloads[0].response_mean_s, 1 / (100 - 60.0) + 1 / (1 / 0.012 - 60), true);
  EXPECT_EQ(p.bottleneck, 1);
}

TEST(PredictOpen, ThreeTiersAreThreeTimesErlangC) {
  World w;
  const int gw = w.service("gw", 8, {World::work(1)});
  const int svc = w.service("svc", 16, {World::work(2)});
  const int db = w.service("db", 8, {World::work(1)});
  w.then_call(gw, svc);
  w.then_call(svc, db);
  w.open(6400, {w.call(gw)});
  const double outer = mmc(6400, 0.001, 8).response_mean_s, inner = mmc(6400, 0.002, 16).response_mean_s;
  expect_figure(predict(w.t).workloads[0].response_mean_s, 2 * outer + inner, true);
}

TEST(PredictOpen, FeedbackCountsEveryVisit) {
  World w;  // each visit calls itself again with 20 %: 60 / 0.8 = 75 visits/s, L = 3, response 3 / 60
  const int s = w.service("s", 1, {World::work(10)});
  models::Step again = w.call(s, s);
  w.t.edges[0].in_cycle = true;
  w.t.run.max_call_depth = 100;
  w.operation(s).steps.push_back(World::one_of({{0.2, {again}}}));
  w.open(60, {w.call(s)});
  const Prediction p = predict(w.t);
  EXPECT_NEAR(p.stations[0].visit_rate_per_s, 75, 1e-9);
  expect_figure(p.workloads[0].response_mean_s, 0.05, true);
  ASSERT_EQ(p.cycles.size(), 1u);
  EXPECT_EQ(p.cycles[0], "s.op -> s.op");
}

TEST(PredictOpen, ADepthLimitThatCutsCallsIsNotCalledExact) {
  World w;
  const int s = w.service("s", 1, {World::work(10)});
  models::Step again = w.call(s, s);
  w.t.edges[0].in_cycle = true;
  w.t.run.max_call_depth = 1;
  w.operation(s).steps.push_back(World::one_of({{0.2, {again}}}));
  w.open(50, {w.call(s)});
  const Prediction p = predict(w.t);
  EXPECT_NEAR(p.stations[0].visit_rate_per_s, 60, 1e-9);  // 50 + 10, and no further
  EXPECT_FALSE(p.stations[0].wait_mean_s.exact);
}

TEST(PredictOpen, GatewayThatBranches) {
  World w;  // rates: 100, 50, 30 + 10, 20 + 10; responses 1 / (mu - lambda): 10, 33.3, 50, 50 ms
  const int s1 = w.service("s1", 1, {World::work(1000 / 200.0)});
  const int s2 = w.service("s2", 1, {World::work(1000 / 80.0)});
  const int s3 = w.service("s3", 1, {World::work(1000 / 60.0)});
  const int s4 = w.service("s4", 1, {World::work(1000 / 50.0)});
  w.operation(s1).steps.push_back(
      World::one_of({{0.5, {w.call(s2, s1)}}, {0.3, {w.call(s3, s1)}}, {0.2, {w.call(s4, s1)}}}));
  w.operation(s2).steps.push_back(World::one_of({{0.2, {w.call(s3, s2)}}}));
  w.operation(s3).steps.push_back(World::one_of({{0.25, {w.call(s4, s3)}}}));
  w.open(100, {w.call(s1)});
  const Prediction p = predict(w.t);
  // Numbers inside 1, 5/3, 2 and 1.5: by Little's law 6.16667 of 100/s.
  expect_figure(p.workloads[0].response_mean_s, (1 + 5 / 3.0 + 2 + 1.5) / 100, true);
  const double expected[] = {0.5, 0.625, 2.0 / 3, 0.6};
  for (std::size_t i = 0; i < 4; ++i) expect_figure(p.stations[i].utilization, expected[i], true);
}

TEST(PredictOpen, RandomBalancingSplitsIntoQueuesOfTheirOwn) {
  World w;  // 4 x M/M/1 at 20/s each
  const int s = w.service("s", 1, {World::work(40)}, true);
  w.replicas(s, 4, models::Balancing::random);
  w.open(80, {w.call(s)});
  const Prediction p = predict(w.t);
  expect_figure(p.stations[0].wait_mean_s, 0.8 / 5, true);
  expect_figure(p.stations[0].utilization, 0.8, true);
  expect_figure(p.stations[0].in_queue_mean, 4 * 3.2, true);
}

TEST(PredictOpen, RoundRobinOfPoissonIsErlangPerInstance) {
  World w;
  const int s = w.service("s", 1, {World::work(40)}, true);
  w.replicas(s, 4, models::Balancing::round_robin);
  w.open(80, {w.call(s)});
  const Prediction p = predict(w.t);
  expect_figure(p.stations[0].wait_mean_s, gm1(20, laplace_erlang(4, 1 / 20.0), 0.04).wait_mean_s, true);
  EXPECT_LT(p.stations[0].wait_mean_s.value, 0.16);  // than random
}

TEST(PredictOpen, UnlikeInstancesByWeight) {
  World w;  // 95 % at normal speed, 5 % at half of it, no queueing: 0.95 * 10 + 0.05 * 20 ms
  const int s = w.service("s", models::kUnlimited, {World::work(10)});
  w.station(s).groups = {{1, 95, 1, 0, {}}, {1, 5, 0.5, 0, {}}};
  w.station(s).instances = 2;
  w.station(s).balancer.policy = models::Balancing::weighted;
  w.open(80, {w.call(s)});
  expect_figure(predict(w.t).workloads[0].response_mean_s, 0.0105, true);
}

TEST(PredictOpen, AnUnstableStationIsNamedWithItsNeed) {
  World w;
  const int orders = w.service("orders", 2, {World::work(20)}, true);
  w.open(140, {w.call(orders)});
  const Prediction p = predict(w.t);
  EXPECT_FALSE(p.stable);
  EXPECT_FALSE(p.stations[0].stable);
  EXPECT_EQ(p.stations[0].remark, "needs 1.4x its workers");
  EXPECT_FALSE(p.stations[0].wait_mean_s.known);
  EXPECT_FALSE(p.workloads[0].response_mean_s.known);
  EXPECT_EQ(p.workloads[0].response_mean_s.reason, "orders is overloaded");
  EXPECT_NEAR(p.max_load_multiplier.value, 1 / 1.4, 1e-9);
}

// Workers that share a core have no formula for what a bounded queue loses; but it does not grow.
TEST(PredictOpen, AnOverloadedQueueThatIsBoundedTurnsAway) {
  World w;
  const int s = w.service("s", 4, {World::work(10)}, true);
  w.station(s).cpus = 1;
  w.open(110, {w.call(s)});
  EXPECT_NE(prediction_text(predict(w.t), false).find("s needs 1.1x its cores; its queue grows without end."),
            std::string::npos);
  w.station(s).queue_capacity = 2;
  EXPECT_NE(
      prediction_text(predict(w.t), false).find("s needs 1.1x its cores; its queue turns the rest away."),
      std::string::npos);
}

TEST(PredictOpen, CallersOfAnOverloadedStationWaitForItButAreNotBlamed) {
  World w;
  const int back = w.service("back", 1, {World::work(10)}, true);
  const int front = w.service("front", 50, {World::work(1)}, true);
  w.then_call(front, back);
  w.open(120, {w.call(front)});
  const Prediction p = predict(w.t);
  EXPECT_FALSE(p.stations[0].stable);
  EXPECT_TRUE(p.stations[1].stable);
  EXPECT_FALSE(p.stations[1].wait_mean_s.known);
}

TEST(PredictOpen, BoundedQueuesLoseAsInMm1k) {
  World w;
  const int s = w.service("s", 1, {World::work(10)}, true);
  w.station(s).queue_capacity = 9;
  w.open(90, {w.call(s)});
  const Prediction p = predict(w.t);
  const LossMeans m = mm1k(90, 0.01, 10);
  expect_close(p.stations[0].lost_fraction, m.lost_fraction);
  expect_figure(p.stations[0].wait_mean_s, m.wait_mean_s, true);
  expect_figure(p.stations[0].utilization, 90 * (1 - m.lost_fraction) * 0.01, true);
  expect_close(p.workloads[0].success, 1 - m.lost_fraction);
}

TEST(PredictOpen, ImpatienceIsErlangA) {
  World w;
  const int s = w.service("s", 10, {World::work(100)}, true);
  w.station(s).patience = Distribution::exponential(500 * kMs);
  w.open(110, {w.call(s)});
  const LossMeans m = erlang_a(110, 0.1, 10, 0.5);
  const Prediction p = predict(w.t);
  EXPECT_TRUE(p.stable);
  expect_figure(p.stations[0].wait_mean_s, m.wait_mean_s, true);
  EXPECT_NEAR(p.stations[0].lost_fraction, m.lost_fraction, 1e-12);
  // Responses are of those who were served.
  expect_figure(p.stations[0].response_mean_s, m.served_wait_s + 0.1, true);
  EXPECT_NEAR(p.workloads[0].response_mean_s.value, m.served_wait_s + 0.1, 1e-9);
}

TEST(PredictOpen, ShortestJobFirstHasItsFormula) {
  World w;
  const int s = w.service("s", 1, {World::work(10)}, true);
  w.station(s).discipline = models::Discipline::shortest_job_first;
  w.open(80, {w.call(s)});
  const auto quantile = [](double u) { return -0.01 * std::log1p(-std::min(u, 1 - 0x1p-53)); };
  expect_figure(predict(w.t).stations[0].wait_mean_s, sjf_mg1(80, 0.01, 1, quantile).wait_mean_s, true);
}

TEST(PredictOpen, RegularArrivalsAreDm1AndBatchesTheirOwn) {
  World w;
  const int s = w.service("s", 1, {World::work(10)}, true);
  models::Workload& load = w.open(80, {w.call(s)});
  load.spacing = Distribution::constant(1);
  expect_figure(predict(w.t).stations[0].wait_mean_s, gm1(80, laplace_constant(1 / 80.0), 0.01).wait_mean_s,
                true);
  load.spacing = Distribution::exponential(1);
  load.batch_size = Distribution::constant(5);
  load.rate_per_s = 12;
  expect_figure(predict(w.t).stations[0].response_mean_s, batch_mg1(12, 5, 25, 0.01, 1).response_mean_s,
                true);
  w.operation(s).steps = {World::compute(Distribution::constant(4 * kMs))};
  expect_figure(predict(w.t).stations[0].wait_mean_s, batch_mg1(12, 5, 25, 0.004, 0).wait_mean_s, true);
}

// P(k or more) = exp(-(k - 1/2) / 2) for k > 1, of exponentials of mean 2: 1 + e^-0.75 / (1 - e^-0.5) = 2.2
// of them.
TEST(PredictOpen, SizesOfBatchesAreRounded) {
  World w;
  const int s = w.service("s", 1, {World::work(1)}, true);
  models::Workload& load = w.open(20, {w.call(s)});
  load.batch_size = Distribution::exponential(2);
  const double size = 1 + std::exp(-0.75) / (1 - std::exp(-0.5));
  expect_figure(predict(w.t).workloads[0].throughput_per_s, 20 * size, true);
  expect_figure(predict(w.t).stations[0].utilization, 0.02 * size, true);
  load.batch_size = Distribution::constant(2.5);
  expect_figure(predict(w.t).workloads[0].throughput_per_s, 60, true);
}

TEST(PredictOpen, ChangingRatesLeaveTheWaitUnknown) {
  World w;
  const int s = w.service("s", 1, {World::work(10)}, true);
  models::Workload& load = w.open(0, {w.call(s)});
  load.process = models::ArrivalProcess::mmpp;
  load.states = {{90, sim::Duration{1'000'000'000}}, {30, sim::Duration{2'000'000'000}}};
  const Prediction p = predict(w.t);
  expect_figure(p.stations[0].utilization, 0.5, true);  // mean rate 50/s
  EXPECT_FALSE(p.stations[0].wait_mean_s.known);
  EXPECT_EQ(p.stations[0].wait_mean_s.reason, "the arrival rate changes over time");
  EXPECT_FALSE(p.workloads[0].response_mean_s.known);
}

TEST(PredictOpen, DeparturesOfAConstantServiceAreNotPoisson) {
  World w;
  const int a = w.service("a", 1, {World::compute(Distribution::constant(10 * kMs))});
  const int b = w.service("b", 1, {World::work(10)});
  w.then_call(a, b);
  w.open(50, {w.call(a)});
  const Prediction p = predict(w.t);
  EXPECT_TRUE(p.stations[0].wait_mean_s.exact);
  EXPECT_FALSE(p.stations[1].wait_mean_s.exact);
  EXPECT_EQ(p.stations[1].wait_mean_s.reason, "fed by a station whose departures are not Poisson");
  EXPECT_TRUE(p.stations[1].utilization.exact);
}

TEST(PredictOpen, ParallelCallsFeedTheirTargetsInGroups) {
  World w;
  const int a = w.service("a", 1, {World::work(10)});
  const int b = w.service("b", 1, {World::work(10)});
  w.open(50, {World::parallel({{w.call(a)}, {w.call(b)}}, 2)});
  const Prediction p = predict(w.t);
  // The exact answer for two is (12 - rho) / 8 = 1.44 of the response, 20 ms. Queues that are taken as
  // independent come near: the later of two exponential times is 1.5 of one.
  expect_figure(p.workloads[0].response_mean_s, 1.5 * 0.02, false);
}

TEST(PredictOpen, JoinsWithoutQueuesAreExact) {
  World w;
  models::Steps all, quorum;
  std::vector<models::Steps> ten, three;
  const int leaf = w.service("leaf", models::kUnlimited, {World::work(10)});
  for (int i = 0; i < 10; ++i) ten.push_back({w.call(leaf)});
  w.open(50, {World::parallel(std::move(ten), 10)});
  expect_figure(predict(w.t).workloads[0].response_mean_s, kth_exponential_mean(10, 10, 0.01), true, 1e-6);
  for (int i = 0; i < 3; ++i) three.push_back({w.call(leaf)});
  w.t.workloads[0].classes[0].steps = {World::parallel(std::move(three), 2)};
  expect_figure(predict(w.t).workloads[0].response_mean_s, kth_exponential_mean(2, 3, 0.01), true, 1e-6);
}

// The first of three that succeeds, where 30 % fail: of k that do it is 10 / k ms; all three fail 27 times in
// 1000.
TEST(PredictOpen, JoinsWaitForBranchesThatSucceed) {
  World w;
  const int leaf = w.service("leaf", models::kUnlimited, {World::work(10)});
  w.operation(leaf).error_rate = 0.3;
  w.open(50, {World::parallel({{w.call(leaf)}, {w.call(leaf)}, {w.call(leaf)}}, 1)});
  const Prediction p = predict(w.t);
  const double time = 3 * 0.7 * 0.09 * 0.01 + 3 * 0.49 * 0.3 * 0.005 + 0.343 * 0.01 / 3;
  expect_figure(p.workloads[0].response_mean_s, time / 0.973, true, 1e-6);
  EXPECT_NEAR(p.workloads[0].success, 0.973, 1e-12);
}

// One in five fails at once, calls the backup and goes on after its 4 ms; the others take 1 ms.
TEST(PredictOpen, WhatReplacesAFailureIsPartOfTheWay) {
  World w;
  const int backup = w.service("backup", models::kUnlimited, {World::work(4)});
  models::Step fail, attempt;
  fail.kind = models::Step::Kind::fail;
  fail.probability = 0.2;
  attempt.kind = models::Step::Kind::attempt;
  attempt.branches = {{1, {fail, World::sleep(Distribution::constant(1 * kMs))}}, {1, {w.call(backup)}}};
  w.open(50, {attempt});
  const Prediction p = predict(w.t);
  expect_figure(p.workloads[0].response_mean_s, 0.8 * 0.001 + 0.2 * 0.004, false, 1e-9);
  EXPECT_NEAR(p.workloads[0].success, 1, 1e-12);
  EXPECT_NEAR(p.stations[0].visit_rate_per_s, 10, 1e-9);
}

TEST(PredictOpen, ARejectedCallThatIsIgnoredTakesAnotherTime) {
  World w;
  const int s = w.service("s", 1, {World::work(10)}, true);
  w.station(s).queue_capacity = 0;
  const models::Step call = w.call(s);
  w.t.edges[0].ignore_failure = true;
  w.open(50, {call});
  EXPECT_FALSE(predict(w.t).workloads[0].response_mean_s.exact);
}

// What gets through an overloaded station is less than what comes to it.
TEST(PredictOpen, RatesBehindAnOverloadedStationAreApproximate) {
  World w;
  const int back = w.service("back", 1, {World::work(5)});
  const int front = w.service("front", 1, {World::work(10)});
  const int beside = w.service("beside", 1, {World::work(5)});
  w.then_call(front, back);
  w.open(120, {w.call(beside), w.call(front)});
  const Prediction p = predict(w.t);
  EXPECT_FALSE(p.stations[0].utilization.exact);
  EXPECT_EQ(p.stations[0].utilization.reason, "behind front, which is overloaded");
  EXPECT_FALSE(p.stations[0].wait_mean_s.exact);
  EXPECT_FALSE(p.stations[1].utilization.exact);
  EXPECT_TRUE(p.stations[2].utilization.exact);
}

TEST(PredictOpen, ParallelOfUnlikeMeansAndConstants) {
  World w;  // E max of exponentials 10 and 30 ms: 10 + 30 - 1 / (1/10 + 1/30) = 32.5; a constant of 20 ms
            // beside 10 ms: 20 + 10 exp(-2)
  const int a = w.service("a", models::kUnlimited, {World::work(10)});
  const int b = w.service("b", models::kUnlimited, {World::work(30)});
  const int c = w.service("c", models::kUnlimited, {World::compute(Distribution::constant(20 * kMs))});
  w.open(50, {World::parallel({{w.call(a)}, {w.call(b)}}, 2)});
  expect_figure(predict(w.t).workloads[0].response_mean_s, 0.0325, true, 1e-6);
  w.t.workloads[0].classes[0].steps = {World::parallel({{w.call(a)}, {w.call(c)}}, 2)};
  expect_figure(predict(w.t).workloads[0].response_mean_s, 0.02 + 0.01 * std::exp(-2.0), true, 1e-6);
}

TEST(PredictOpen, RetriesMultiplyTheLoad) {
  World w;  // p = 0.1, at most 3 retries: 1 + .1 + .01 + .001 attempts, one failure in 10^4
  const int s = w.service("s", models::kUnlimited, {World::work(10)});
  w.operation(s).error_rate = 0.1;
  models::Step call = w.call(s);
  w.t.edges[0].retries = 3;
  w.t.edges[0].retry_on = ~0u;
  w.open(100, {call});
  const Prediction p = predict(w.t);
  EXPECT_NEAR(p.stations[0].visit_rate_per_s, 111.1, 1e-9);
  EXPECT_NEAR(p.workloads[0].success, 0.9999, 1e-12);
  EXPECT_NEAR(p.amplification[0].calls_per_request, 1.111, 1e-9);
  EXPECT_DOUBLE_EQ(p.amplification[0].worst_attempts_per_call, 4);
}

TEST(PredictOpen, LinksAddLatencyAndQueueForBandwidth) {
  World w;  // 12 500 byte at 10 Mbit/s: 10 ms; 80 messages/s: rho .8, wait rho S / (2 (1 - rho)) = 20 ms
            // (M/D/1)
  const int s = w.service("s", models::kUnlimited, {World::work(5)});
  models::Link l;
  l.name = "wire";
  l.latency = Distribution::constant(3 * kMs);
  l.bandwidth_bit_per_s = 1e7;
  w.t.links.push_back(l);
  models::Step call = w.call(s);
  w.t.edges[0].out_link = 0;
  w.t.edges[0].request_bytes = Distribution::constant(12'500);
  w.open(80, {call});
  const Prediction p = predict(w.t);
  EXPECT_NEAR(p.links[0].utilization.value, 0.8, 1e-9);
  EXPECT_NEAR(p.links[0].wait_mean_s.value, 0.02, 1e-9);
  expect_figure(p.workloads[0].response_mean_s, 0.02 + 0.01 + 0.003 + 0.005, false);
  EXPECT_NEAR(p.workloads[0].zero_load_response_s, 0.018, 1e-9);
}

// One in five is lost, and given up after two repetitions, 50 ms apart: of those that arrive 0.8 do at once,
// 0.16 and 0.032 later.
TEST(PredictOpen, LossesDelayWhatArrives) {
  World w;
  const int s = w.service("s", models::kUnlimited, {World::work(5)});
  models::Link l;
  l.name = "wire";
  l.loss = 0.2;
  l.retransmit_timeout = sim::Duration{50'000'000};
  l.max_retransmissions = 2;
  w.t.links.push_back(l);
  models::Step call = w.call(s);
  w.t.edges[0].out_link = 0;
  w.open(80, {call});
  const Prediction p = predict(w.t);
  EXPECT_NEAR(p.workloads[0].response_mean_s.value, (0.16 + 2 * 0.032) / 0.992 * 0.05 + 0.005, 1e-12);
  EXPECT_NEAR(p.workloads[0].success, 0.992, 1e-12);
}

// The same messages all at once: 10 ms / (1 - rho) = 50 ms. In packets of 1250 bytes, 1 ms each, that come in
// windows of 1, 2, 4 and 3, the sender stands still for 3 + 2 + 0 ms, with 3 ms of round trip.
TEST(PredictOpen, LinksShareTheirBandwidthAndHaveWindows) {
  World w;
  const int s = w.service("s", models::kUnlimited, {World::work(5)});
  models::Link l;
  l.name = "wire";
  l.latency = Distribution::constant(3 * kMs);
  l.bandwidth_bit_per_s = 1e7;
  l.sharing = models::LinkSharing::fair;
  w.t.links.push_back(l);
  models::Step call = w.call(s);
  w.t.edges[0].out_link = 0;
  w.t.edges[0].request_bytes = Distribution::constant(12'500);
  w.open(80, {call});
  const Prediction shared = predict(w.t);
  EXPECT_NEAR(shared.links[0].wait_mean_s.value, 0.04, 1e-9);
  EXPECT_NEAR(shared.workloads[0].response_mean_s.value, 0.05 + 0.003 + 0.005, 1e-9);
  w.t.links[0].packet_bytes = 1250;
  w.t.links[0].initial_window = 1;
  const Prediction rounds = predict(w.t);
  EXPECT_NEAR(rounds.workloads[0].response_mean_s.value, 0.05 + 0.005 + 0.003 + 0.005, 1e-9);
}

TEST(PredictOpen, AShortTimeoutTakesTheExactnessAway) {
  World w;
  const int s = w.service("s", 1, {World::work(10)}, true);
  models::Step call = w.call(s);
  w.t.edges[0].timeout = sim::Duration{100'000'000};
  w.open(80, {call});
  EXPECT_FALSE(predict(w.t).stations[0].wait_mean_s.exact);
  w.t.edges[0].timeout = sim::Duration{10'000'000'000};
  EXPECT_TRUE(predict(w.t).stations[0].wait_mean_s.exact);
}

// --- size

// Of a processor: other work on the machine does not count.
double seconds_of(const models::Topology& t, Prediction& p) {
  const std::clock_t start = std::clock();
  p = predict(t);
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

TEST(PredictOpen, AChainOf20000CallsNeedsNoStack) {
  for (const bool blocking : {false, true}) {
    World w;
    constexpr int kDepth = 20'000;
    for (int i = 0; i < kDepth; ++i) {
      const int op = w.service("s" + std::to_string(i), blocking ? 200 : 4,
                               {World::compute(Distribution::exponential(1000))}, blocking);
      if (i > 0) w.then_call(op, i - 1);
    }
    w.open(1000, {w.call(kDepth - 1)});
    Prediction p;
    EXPECT_LT(seconds_of(w.t, p), 15);
    EXPECT_TRUE(p.workloads[0].response_mean_s.known);
    EXPECT_EQ(p.workloads[0].response_mean_s.exact, !blocking);
    EXPECT_NEAR(p.workloads[0].zero_load_response_s, kDepth * 1e-6, 1e-9);
    EXPECT_EQ(p.longest_chain.size(), static_cast<std::size_t>(kDepth));
  }
}

TEST(PredictOpen, TenThousandServicesInTwoSeconds) {
  World w;  // layers of 100 services, each calling two of the next layer
  for (int i = 0; i < 10'000; ++i) w.service("s" + std::to_string(i), 8, {World::work(1)});
  for (int i = 0; i + 100 < 10'000; ++i) {
    const int next = (i / 100 + 1) * 100;
    w.operation(i).steps.push_back(
        World::one_of({{0.5, {w.call(next + i * 7 % 100, i)}}, {0.4, {w.call(next + i * 11 % 100, i)}}}));
  }
  w.open(1000, {w.call(0)});
  Prediction p;
  EXPECT_LT(seconds_of(w.t, p), 2);
  EXPECT_TRUE(p.workloads[0].response_mean_s.exact) << p.workloads[0].response_mean_s.reason;
}

}  // namespace
}  // namespace tailrace::analysis
