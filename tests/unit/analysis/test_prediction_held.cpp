// Predictions of open load through pools that hold their workers while others work.
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "analysis/prediction/predict.hpp"
#include "tests/unit/analysis/prediction_world.hpp"

namespace tailrace::analysis {
namespace {

// n workers come back at once to work of `own_s` that nobody waits for, then to one server of `server_s`:
// passages a second. With b at the server the chances go as server^b own^(n - b) / (n - b)!.
double two_stages(int n, double own_s, double server_s) {
  std::vector<double> chance;  // of n - b = k at their own work
  double weight = 1, sum = 0;
  for (int k = 0; k <= n; ++k) {
    if (k > 0) weight *= own_s / server_s / k;
    chance.push_back(weight);
    sum += weight;
  }
  return (1 - chance.back() / sum) / server_s;
}

// Arrivals to `workers` in front of one server, all exponential, as the chain that it is: n inside, b of
// those who have a worker at the server. Mean numbers of workers held, and of those who wait for one.
struct Exact {
  double held = 0, waiting = 0;
};
Exact solved(double rate, int workers, double own_s, double server_s) {
  constexpr int kMost = 150;  // inside; no more come
  const int w = workers + 1;
  std::vector<double> p(static_cast<std::size_t>((kMost + 1) * w), 0.0), next(p.size());
  const auto at = [&](int n, int b) { return static_cast<std::size_t>(n * w + b); };
  p[0] = 1;
  const double step = 1 / (rate + workers / own_s + 1 / server_s);  // uniformized
  for (int round = 0; round < 20'000; ++round) {
    std::fill(next.begin(), next.end(), 0.0);
    for (int n = 0; n <= kMost; ++n) {
      for (int b = 0; b <= std::min(n, workers); ++b) {
        const double mass = p[at(n, b)];
        const double come = n < kMost ? rate * step : 0, own = (std::min(n, workers) - b) / own_s * step,
                     leave = b > 0 ? step / server_s : 0;
        if (come > 0) next[at(n + 1, b)] += mass * come;
        if (own > 0) next[at(n, b + 1)] += mass * own;
        if (leave > 0) next[at(n - 1, b - 1)] += mass * leave;
        next[at(n, b)] += mass * (1 - come - own - leave);
      }
    }
    p.swap(next);
  }
  Exact e;
  for (int n = 0; n <= kMost; ++n) {
    for (int b = 0; b <= std::min(n, workers); ++b) {
      e.held += p[at(n, b)] * std::min(n, workers);
      e.waiting += p[at(n, b)] * std::max(0, n - workers);
    }
  }
  return e;
}

// Workers of a front, each held for work of its own and for the one server of 10 ms behind it.
struct Held : World {
  int back = service("back", 1, {work(10)}, true), front = 0;
  Held(std::int64_t workers, double own_ms) : front(service("front", workers, {work(own_ms)}, true)) {
    then_call(front, back);
  }
};

// Four workers are held for 2 ms of their own and for one server of 10 ms: no more than four ever wait there.
TEST(PredictHeld, APoolIsAQueueThatIsTheSlowerTheMoreAreHeld) {
  Held w(4, 2);
  for (const double rate : {50.0, 80.0}) {
    w.t.workloads.clear();
    w.open(rate, {w.call(w.front)});
    const Prediction p = predict(w.t);
    const Exact exact = solved(rate, 4, 0.002, 0.010);
    const StationPrediction &behind = p.stations[0], &before = p.stations[1];
    EXPECT_NEAR(before.utilization.value, exact.held / 4, 0.005 * exact.held / 4) << rate;
    EXPECT_NEAR(before.wait_mean_s.value, exact.waiting / rate, 0.07 * exact.waiting / rate) << rate;
    EXPECT_NEAR(before.in_queue_mean.value, rate * before.wait_mean_s.value, 1e-9);
    EXPECT_NEAR(behind.in_queue_mean.value, rate * behind.wait_mean_s.value, 1e-9);
    EXPECT_FALSE(before.wait_mean_s.exact);
    EXPECT_EQ(before.wait_mean_s.reason, "workers are held across calls");
    EXPECT_FALSE(behind.wait_mean_s.exact);
    // Of an open queue it would be 1 / (100 - rate).
    EXPECT_LT(behind.response_mean_s.value, 1 / (100 - rate));
    // What the parts say adds up to the whole.
    const double response = before.wait_mean_s.value + 0.002 + behind.response_mean_s.value;
    expect_figure(p.workloads[0].response_mean_s, response, false, 1e-9);
    EXPECT_NEAR(before.service_mean_s, 0.002 + behind.response_mean_s.value, 1e-9);
    // All four held, the server works nearly all the time: that is what the pool can do at most.
    EXPECT_NEAR(two_stages(4, 0.002, 0.010), 1e3 * (1221 + 1 / 3.0) / 12214,
                1e-6);  // sums of products, by hand
    expect_figure(p.max_load_multiplier, two_stages(4, 0.002, 0.010) / rate, false);
  }
}

// One worker, held for 5 and 10 ms: 66.7 a second at most, though the server behind could do 100.
TEST(PredictHeld, AnOverloadedPoolNeedsWhatItsWorkersLack) {
  Held w(1, 5);
  w.open(80, {w.call(w.front)});
  const Prediction p = predict(w.t);
  EXPECT_FALSE(p.stable);
  EXPECT_TRUE(p.stations[0].stable);
  EXPECT_FALSE(p.stations[1].stable);
  EXPECT_NEAR(p.stations[1].utilization.value, 80 * 0.015, 1e-9);
  EXPECT_EQ(p.stations[1].remark, "needs 1.2x its workers");
  EXPECT_NEAR(p.max_load_multiplier.value, 1 / (80 * 0.015), 1e-6);
}

// As busy as that by an approximation, it may be full: then not all that come are answered.
TEST(PredictHeld, WhatANearlyFullPoolAnswersIsNotCertain) {
  Held w(2, 5);
  for (const double rate : {50.0, 88.0}) {
    w.t.workloads.clear();
    w.open(rate, {w.call(w.front)});
    const Prediction p = predict(w.t);
    EXPECT_EQ(p.stations[1].utilization.value > 0.9, rate > 50);
    EXPECT_EQ(p.workloads[0].throughput_per_s.exact, rate <= 50) << rate;
  }
}

// A lone worker is a queue of its own, whatever is behind it: Pollaczek and Khinchine.
TEST(PredictHeld, OneWorkerIsMg1) {
  World w;
  const int back = w.service("back", 1, {World::compute(Distribution::constant(10 * kMs))}, true);
  const int front = w.service("front", 1, {World::work(5)}, true);
  w.then_call(front, back);
  w.open(40, {w.call(front)});
  const Prediction p = predict(w.t);
  const double second = 0.005 * 0.005 * 2 + 2 * 0.005 * 0.010 + 0.010 * 0.010;
  EXPECT_NEAR(p.stations[1].wait_mean_s.value, 40 * second / 2 / (1 - 40 * 0.015), 1e-9);
  EXPECT_NEAR(p.stations[0].wait_mean_s.value, 0, 1e-9);  // never two there
}

// Two pools inside each other before one server. At most three are ever in the middle, so the server's queue
// is never longer than two, and those in front can do what the middle lets through.
TEST(PredictHeld, PoolsInsidePools) {
  World w;
  const int store = w.service("store", 1, {World::work(10)}, true);
  const int middle = w.service("middle", 3, {World::work(1)}, true);
  const int front = w.service("front", 20, {World::work(1)}, true);
  w.then_call(middle, store);
  w.then_call(front, middle);
  w.open(80, {w.call(front)});
  const Prediction p = predict(w.t);
  EXPECT_TRUE(p.stable);
  EXPECT_LT(p.stations[0].in_queue_mean.value, 2);
  EXPECT_LT(p.stations[1].utilization.value, 1);
  // Twenty in front keep three in the middle nearly always.
  EXPECT_NEAR(p.max_load_multiplier.value * 80, two_stages(3, 0.001, 0.010), 1e-3);
  double response = 0.001 + p.stations[2].wait_mean_s.value + p.stations[1].response_mean_s.value;
  EXPECT_NEAR(p.workloads[0].response_mean_s.value, response, 1e-9);
}

// Who is called by two pools is outside of both: a queue as any other, and time to those who call it.
TEST(PredictHeld, WhatPoolsShareIsOutsideOfThem) {
  World w;
  const int store = w.service("store", 1, {World::work(10)}, true);
  const int one = w.service("one", 5, {World::work(1)}, true);
  const int other = w.service("other", 8, {World::work(2)}, true);
  w.then_call(one, store);
  w.then_call(other, store);
  w.open(50, {World::one_of({{0.5, {w.call(one)}}, {0.5, {w.call(other)}}})});
  const Prediction p = predict(w.t);
  EXPECT_NEAR(p.stations[0].response_mean_s.value, 1 / (100 - 50.0), 1e-9);
  EXPECT_NEAR(p.stations[1].utilization.value, 25 * (0.001 + 0.020) / 5, 1e-9);
  EXPECT_NEAR(p.stations[2].utilization.value, 25 * (0.002 + 0.020) / 8, 1e-9);
}

// Who calls from work left behind holds no worker meanwhile: the backend's queue has no bound.
TEST(PredictHeld, CallsOfWorkLeftBehindHoldNothing) {
  World w;
  const int back = w.service("back", 1, {World::work(10)}, true);
  const int front = w.service("front", 4, {World::work(2)}, true);
  models::Step left;
  left.kind = models::Step::Kind::background;
  left.branches.push_back({1, {w.call(back, front)}});
  w.operation(front).steps.push_back(left);
  w.open(80, {w.call(front)});
  const Prediction p = predict(w.t);
  EXPECT_NEAR(p.stations[0].response_mean_s.value, 1 / (100 - 80.0), 1e-9);
  EXPECT_NEAR(p.stations[1].utilization.value, 80 * 0.002 / 4, 1e-9);
}

// A queue that may be full, or may be left, is not this theory's: the figures are those of an open queue.
TEST(PredictHeld, ABoundedPoolIsTakenWhereItsBoundIsFarOnly) {
  Held w(4, 2);
  w.open(80, {w.call(w.front)});
  w.station(w.front).queue_capacity = 1000;
  EXPECT_LT(predict(w.t).stations[0].response_mean_s.value, 0.9 / (100 - 80));
  w.station(w.front).queue_capacity = 1;
  EXPECT_NEAR(predict(w.t).stations[0].response_mean_s.value, 1 / (100 - 80.0), 1e-9);
}

}  // namespace
}  // namespace tailrace::analysis
