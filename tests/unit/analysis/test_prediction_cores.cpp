// Predictions of services whose computing shares cores.
#include <gtest/gtest.h>

#include "analysis/prediction/predict.hpp"
#include "analysis/queueing/formulas.hpp"
#include "tests/unit/analysis/prediction_world.hpp"

namespace tailrace::analysis {
namespace {

TEST(PredictOpen, SharedCoresAreInsensitive) {
  World w;  // one core, constant work of 10 ms: response S / (1 - rho), and nobody waits for a worker
  const int s = w.service("s", models::kUnlimited, {World::compute(Distribution::constant(10 * kMs))});
  w.station(s).cpus = 1;
  w.open(70, {w.call(s)});
  const Prediction p = predict(w.t);
  expect_figure(p.workloads[0].response_mean_s, 0.01 / 0.3, true);
  expect_figure(p.stations[0].core_utilization, 0.7, true);
  expect_figure(p.stations[0].wait_mean_s, 0, true);
  EXPECT_FALSE(p.stations[0].utilization.known);
}

// Two of 10 ms share the core, in twos: of both the core is busy, and nobody is held up by the worker. The
// time takes them as independent.
TEST(PredictOpen, BackgroundWorkIsOnTheCoresToo) {
  World w;
  models::Step beside;
  beside.kind = models::Step::Kind::background;
  beside.branches.push_back({1, {World::work(10)}});
  const int s = w.service("s", models::kUnlimited, {beside, World::work(10)});
  w.station(s).cpus = 1;
  w.open(35, {w.call(s)});
  const Prediction p = predict(w.t);
  EXPECT_NEAR(p.stations[0].core_utilization.value, 0.7, 1e-12);
  expect_figure(p.workloads[0].response_mean_s, 0.01 / 0.3, false);
  EXPECT_NEAR(p.workloads[0].zero_load_response_s, 0.01, 1e-12);
}

TEST(PredictOpen, FourSharedCoresAreErlangC) {
  World w;
  const int s = w.service("s", models::kUnlimited, {World::work(10)});
  w.station(s).cpus = 4;
  w.open(320, {w.call(s)});
  expect_figure(predict(w.t).workloads[0].response_mean_s, mmc(320, 0.01, 4).response_mean_s, true);
}

TEST(PredictOpen, AFifthOfACoreIsASlowCore) {
  World w;  // 10 ms of work take 50 ms; rho = 10 * 0.05
  const int s = w.service("s", models::kUnlimited, {World::work(10)});
  w.station(s).cpus = 0.2;
  w.open(10, {w.call(s)});
  const Prediction p = predict(w.t);
  expect_figure(p.workloads[0].response_mean_s, 0.05 / 0.5, true);
  EXPECT_NEAR(p.workloads[0].zero_load_response_s, 0.05, 1e-12);
}

TEST(PredictOpen, WorkersInFrontOfACoreHideNothingOfTheResponse) {
  World w;  // M/M/1 whatever the split: L = 4, of which E[(N - 2)+] = rho^3 / (1 - rho) wait for one of 2
            // workers
  const int s = w.service("s", 2, {World::work(10)}, true);
  w.station(s).cpus = 1;
  w.open(80, {w.call(s)});
  const Prediction p = predict(w.t);
  expect_figure(p.workloads[0].response_mean_s, 0.05, true);
  expect_figure(p.stations[0].in_queue_mean, 0.8 * 0.8 * 0.8 / 0.2, true);
  EXPECT_NEAR(p.max_load_multiplier.value, 1.25, 1e-5);
}

}  // namespace
}  // namespace tailrace::analysis
