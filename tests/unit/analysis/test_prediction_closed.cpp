// Predictions of closed load, of the shape of the calls, and what the texts say.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <vector>

#include "analysis/prediction/predict.hpp"
#include "analysis/prediction/text.hpp"
#include "tests/unit/analysis/prediction_world.hpp"

namespace tailrace::analysis {
namespace {

// Exact mean value analysis of single-server stations, as in a textbook.
double mva(int users, double think_s, const std::vector<double>& demands) {
  std::vector<double> number(demands.size(), 0.0);
  double x = 0;
  for (int n = 1; n <= users; ++n) {
    double response = 0;
    for (std::size_t i = 0; i < demands.size(); ++i) response += demands[i] * (1 + number[i]);
    x = n / (think_s + response);
    for (std::size_t i = 0; i < demands.size(); ++i) number[i] = x * demands[i] * (1 + number[i]);
  }
  return x;
}

TEST(PredictClosed, OneStationIsMeanValueAnalysis) {
  World w;
  const int s = w.service("s", 1, {World::work(50)}, true);
  w.closed(20, 1000, {w.call(s)});
  const Prediction p = predict(w.t);
  const double x = mva(20, 1, {0.05});
  expect_figure(p.workloads[0].throughput_per_s, x, true);
  expect_figure(p.workloads[0].response_mean_s, 20 / x - 1, true);
  expect_figure(p.stations[0].utilization, x * 0.05, true);
  expect_figure(p.stations[0].wait_mean_s, 20 / x - 1 - 0.05, true);
  expect_figure(p.max_throughput_per_s, 20, true);
  expect_figure(p.knee_population, 1.05 / 0.05, true);
}

TEST(PredictClosed, ThreeStationsInARow) {
  World w;
  const int c = w.service("c", 1, {World::work(20)});
  const int b = w.service("b", 1, {World::work(30)});
  const int a = w.service("a", 1, {World::work(10)});
  w.then_call(a, b);
  w.then_call(b, c);
  w.closed(50, 1000, {w.call(a)});
  const Prediction p = predict(w.t);
  const double x = mva(50, 1, {0.01, 0.03, 0.02});
  expect_figure(p.workloads[0].throughput_per_s, x, true);
  expect_figure(p.workloads[0].response_mean_s, 50 / x - 1, true);
  EXPECT_EQ(p.stations[static_cast<std::size_t>(p.bottleneck)].name, "b");
}

TEST(PredictClosed, SaturationIsTheBottleneckAlone) {
  World w;
  const int s = w.service("s", 1, {World::work(50)}, true);
  w.closed(200, 1000, {w.call(s)});
  const Prediction p = predict(w.t);
  expect_figure(p.workloads[0].throughput_per_s, 20, true, 1e-9);
  expect_figure(p.workloads[0].response_mean_s, 9, true, 1e-9);
}

TEST(PredictClosed, LatencyAndSleepAreDelay) {
  World w;
  const int s = w.service("s", 1, {World::work(50), World::sleep(Distribution::constant(30 * kMs))});
  models::Link l;
  l.latency = Distribution::constant(10 * kMs);
  w.t.links.push_back(l);
  models::Step call = w.call(s);
  w.t.edges[0].out_link = w.t.edges[0].back_link = 0;
  w.closed(20, 1000, {call});
  const Prediction p = predict(w.t);
  const double x = mva(20, 1.05, {0.05});
  expect_figure(p.workloads[0].throughput_per_s, x, true);
  expect_figure(p.workloads[0].response_mean_s, 20 / x - 1, true);
}

TEST(PredictClosed, AFractionOfACoreIsASlowServer) {
  World w;
  const int s = w.service("s", models::kUnlimited, {World::compute(Distribution::constant(10 * kMs))});
  w.station(s).cpus = 0.2;
  w.closed(20, 1000, {w.call(s)});
  const Prediction p = predict(w.t);
  const double x = mva(20, 1, {0.05});
  expect_figure(p.workloads[0].throughput_per_s, x, true);
  expect_figure(p.stations[0].core_utilization, x * 0.05, true);
  expect_figure(p.stations[0].response_mean_s, 20 / x - 1, true);
}

// One user of each of two loads at a shared core: p(i, j) of the four states is (i + j)! A^i B^j Za^(1-i)
// Zb^(1-j), A and B being what they need there, whatever the laws.
TEST(PredictClosed, TwoLoadsShareACoreByWhatTheyNeed) {
  World w;
  const int a = w.service("s", models::kUnlimited, {World::compute(Distribution::constant(10 * kMs))});
  w.station(a).cpus = 1;
  const int b = w.beside(a, {World::work(80)});
  w.closed(1, 100, {w.call(a)});
  w.closed(1, 300, {w.call(b)});
  const Prediction p = predict(w.t);
  const double need_a = 0.010, need_b = 0.080, think_a = 0.1, think_b = 0.3;
  const double sum = think_a * think_b + need_a * think_b + think_a * need_b + 2 * need_a * need_b;
  const double away_a = (think_a * think_b + think_a * need_b) / sum;
  const double away_b = (think_a * think_b + need_a * think_b) / sum;
  expect_figure(p.workloads[0].throughput_per_s, away_a / think_a, true);
  expect_figure(p.workloads[1].throughput_per_s, away_b / think_b, true);
  expect_figure(p.stations[0].core_utilization, 1 - think_a * think_b / sum, true);
}

TEST(PredictClosed, PoolsWiderThanTheUsersAreTransparent) {
  World w;
  const int back = w.service("back", 1, {World::work(50)}, true);
  const int front = w.service("front", 20, {}, true);
  w.then_call(front, back);
  w.closed(20, 1000, {w.call(front)});
  const Prediction p = predict(w.t);
  const double x = mva(20, 1, {0.05});
  expect_figure(p.workloads[0].throughput_per_s, x, true);
  expect_figure(p.stations[1].utilization, x * (20 / x - 1) / 20, true);  // users inside over workers
}

// Users who think and visit one station that lets x[k] a second pass with k inside, the last entry for more:
// a birth-death chain, p(k) x(k) = p(k - 1) (N - k + 1) / Z. Passages a second.
double birth_and_death(int users, double think_s, const std::vector<double>& x) {
  std::vector<double> p = {1};
  double sum = 1, passages = 0;
  const auto speed = [&](int k) {
    return x[std::min<std::size_t>(static_cast<std::size_t>(k), x.size() - 1)];
  };
  for (int k = 1; k <= users; ++k) {
    p.push_back(p.back() * (users - k + 1) / think_s / speed(k));
    sum += p.back();
    passages += p.back() * speed(k);
  }
  return passages / sum;
}

TEST(PredictClosed, HeldWorkersAreAStationOfTheSameFlow) {
  World w;  // 8 users, 2 caller threads held across a one-thread backend
  const int back = w.service("back", 1, {World::work(20)}, true);
  const int front = w.service("front", 2, {World::work(10)}, true);
  w.then_call(front, back);
  w.closed(8, 100, {w.call(front)});
  const Prediction p = predict(w.t);
  // Inside: 10 ms that nobody waits for, and one server of 20 ms. With two inside the second finds the first
  // there 2 times in 3: 2 / (10 + 20 (1 + 2/3)) per ms.
  const double x = birth_and_death(8, 0.1, {0, mva(1, 0.01, {0.02}), mva(2, 0.01, {0.02})});
  EXPECT_NEAR(mva(2, 0.01, {0.02}), 2 / (0.010 + 0.020 * 5 / 3), 1e-9);
  expect_figure(p.workloads[0].throughput_per_s, x, false);
  expect_figure(p.workloads[0].response_mean_s, 8 / x - 0.1, false);
  // What the parts say adds up to the whole: the wait for a thread, the work, and the backend.
  const StationPrediction &behind = p.stations[0], &before = p.stations[1];
  expect_figure(behind.utilization, x * 0.02, false);
  EXPECT_NEAR(before.wait_mean_s.value + 0.01 + behind.response_mean_s.value, 8 / x - 0.1, 1e-9);
  EXPECT_NEAR(before.service_mean_s, 0.01 + behind.response_mean_s.value, 1e-9);
}

// Where nobody waits inside, a pool of three is a station of three servers.
TEST(PredictClosed, AHeldPoolBeforePlainDelayIsAStationOfItsWorkers) {
  World w;
  const int back = w.service("back", models::kUnlimited, {World::sleep(Distribution::constant(20 * kMs))});
  const int front = w.service("front", 3, {World::work(10)}, true);
  w.then_call(front, back);
  w.closed(12, 50, {w.call(front)});
  const Prediction p = predict(w.t);
  const double x = birth_and_death(12, 0.05, {0, 1 / 0.03, 2 / 0.03, 3 / 0.03});
  expect_figure(p.workloads[0].throughput_per_s, x, false);
  expect_figure(p.stations[1].utilization, x * 0.03 / 3, false);
}

// Three pools, one inside the other, the middle one with two cores: the innermost is solved first.
TEST(PredictClosed, PoolsInsidePoolsAreSolvedFromTheInsideOut) {
  World w;
  const int store = w.service("store", 1, {World::work(6)}, true);
  const int middle = w.service("middle", 3, {World::work(8)}, true);
  w.station(middle).cpus = 2;
  const int front = w.service("front", 4, {World::work(2)}, true);
  w.then_call(middle, store);
  w.then_call(front, middle);
  w.closed(15, 100, {w.call(front)});
  const Prediction p = predict(w.t);
  // In the middle: two cores for 8 ms of work each and one server of 6 ms. By hand, the chain of n inside, k
  // of them at the store: down 1 / 6 ms, up min(n - k, 2) / 8 ms.
  const auto inside_middle = [](int n) {
    std::vector<double> chance = {1};
    double sum = 1, passages = 0;
    for (int k = 1; k <= n; ++k) {
      chance.push_back(chance.back() * std::min(n - k + 1, 2) / 0.008 * 0.006);
      sum += chance.back();
      passages += chance.back() / 0.006;
    }
    return passages / sum;
  };
  // In front: 2 ms that nobody waits for, and the middle with at most three inside.
  const std::vector<double> middles = {0, inside_middle(1), inside_middle(2), inside_middle(3)};
  std::vector<double> fronts = {0};
  for (int n = 1; n <= 4; ++n) fronts.push_back(birth_and_death(n, 0.002, middles));
  const double x = birth_and_death(15, 0.1, fronts);
  expect_figure(p.workloads[0].throughput_per_s, x, false);
  expect_figure(p.workloads[0].response_mean_s, 15 / x - 0.1, false);
  expect_figure(p.stations[1].core_utilization, x * 0.008 / 2, false);
  double response = 0.002 + p.stations[2].wait_mean_s.value + p.stations[1].response_mean_s.value;
  EXPECT_NEAR(response, 15 / x - 0.1, 1e-9);
}

TEST(PredictClosed, PoolsThatAreNotNestedAreARoughFigure) {
  World w;  // the store is called with one pool's workers held and with both
  const int store = w.service("store", 1, {World::work(6)}, true);
  const int middle = w.service("middle", 3, {World::work(8)}, true);
  const int front = w.service("front", 4, {World::work(2)}, true);
  w.then_call(middle, store);
  w.then_call(front, middle);
  w.then_call(front, store);
  w.closed(15, 100, {w.call(front)});
  const Prediction p = predict(w.t);
  const Figure& x = p.workloads[0].throughput_per_s;
  EXPECT_TRUE(x.known && !x.exact);
  EXPECT_NE(x.reason.find("a rough figure"), std::string::npos) << x.reason;
  EXPECT_LT(x.value, 1 / 0.012);                                                  // two visits to the store
  EXPECT_NEAR(x.value * (p.workloads[0].response_mean_s.value + 0.1), 15, 1e-6);  // users are conserved
}

TEST(PredictClosed, OpenLoadBesideUsersIsApproximate) {
  World w;
  const int s = w.service("s", 1, {World::work(10)}, true);
  w.open(30, {w.call(s)});
  models::Workload users = w.t.workloads[0];
  users.name = "users";
  users.process = models::ArrivalProcess::constant_vus;
  users.vus = 10;
  users.think_time = Distribution::exponential(1e9);
  w.t.workloads.push_back(users);
  const Prediction p = predict(w.t);
  // Single server: the users see a server slowed down by 1 - 0.3.
  const double x = mva(10, 1, {0.01 / 0.7});
  expect_figure(p.workloads[1].throughput_per_s, x, false);
  expect_figure(p.workloads[0].throughput_per_s, 30, false);
  expect_figure(p.stations[0].utilization, 0.3 + x * 0.01, false);
}

TEST(PredictClosed, RampingUsersHaveNoSteadyState) {
  World w;
  const int s = w.service("s", 1, {World::work(10)}, true);
  w.closed(3, 1000, {w.call(s)}).process = models::ArrivalProcess::ramping_vus;
  const Prediction p = predict(w.t);
  EXPECT_NE(p.message.find("changes over time"), std::string::npos);
  EXPECT_EQ(p.critical_paths.size(), 1u);
}

// --- shape

// load -> gateway -> {left, right} in parallel -> store
World diamond() {
  World w;
  const int store = w.service("store", 4, {World::work(2)});
  const int left = w.service("left", 4, {World::work(5)});
  const int right = w.service("right", 4, {World::work(9)});
  const int gateway = w.service("gateway", 4, {World::work(1)});
  w.then_call(left, store);
  w.then_call(right, store);
  w.operation(gateway).steps.push_back(
      World::parallel({{w.call(left, gateway)}, {w.call(right, gateway)}}, 2));
  w.replicas(left, 2, models::Balancing::random);
  w.open(10, {w.call(gateway)});
  return w;
}

TEST(PredictShape, SinglePointsOfFailureOfADiamond) {
  World w = diamond();
  const Prediction p = predict(w.t);
  // gateway is the way to all three others; store and right are needed by every request; left has two
  // instances.
  std::map<std::string, int> dependents;
  for (const SinglePointOfFailure& s : p.single_points_of_failure) {
    dependents[s.component] = s.dependents;
    EXPECT_EQ(s.workload, "load");
  }
  EXPECT_EQ(dependents, (std::map<std::string, int>{{"gateway", 3}, {"right", 0}, {"store", 0}}));
  EXPECT_EQ(p.single_points_of_failure.front().component, "gateway");  // the gravest first
}

TEST(PredictShape, CriticalPathTakesTheSlowerSide) {
  World w = diamond();
  const Prediction p = predict(w.t);
  ASSERT_EQ(p.critical_paths.size(), 1u);
  const RequestPath& path = p.critical_paths[0];
  ASSERT_EQ(path.elements.size(), 3u);
  EXPECT_EQ(path.elements[0].name, "gateway.op");
  EXPECT_EQ(path.elements[1].name, "right.op");
  EXPECT_EQ(path.elements[2].name, "store.op");
  EXPECT_NEAR(path.elements[1].seconds, 0.009, 1e-12);
  EXPECT_NEAR(path.seconds, 0.012, 1e-12);
  EXPECT_EQ(p.longest_chain.size(), 3u);
  EXPECT_NEAR(p.amplification[0].calls_per_request, 2, 1e-12);  // the store
}

TEST(PredictShape, RetriesOfLayersMultiply) {
  World w;  // 5 attempts in each of 3 layers: 125
  const int leaf = w.service("leaf", 4, {World::work(1)});
  const int middle = w.service("middle", 4, {});
  const int top = w.service("top", 4, {});
  w.then_call(middle, leaf);
  w.then_call(top, middle);
  w.open(10, {w.call(top)});
  for (models::Edge& e : w.t.edges) e.retries = 4, e.retry_on = ~0u;
  const Prediction p = predict(w.t);
  EXPECT_DOUBLE_EQ(p.amplification[0].worst_attempts_per_call, 125);
  ASSERT_FALSE(p.notes.empty());
  EXPECT_EQ(p.notes.back(),
            "Retries multiply: when all fails, one request causes up to 125 calls along top.op -> middle.op "
            "-> leaf.op.");
}

TEST(PredictShape, TrafficThatNeverEndsIsSaid) {
  World w;
  const int a = w.service("a", 1, {World::work(1)});
  const int b = w.service("b", 1, {World::work(1)});
  w.then_call(a, b);
  w.then_call(b, a);
  w.open(10, {w.call(a)});
  EXPECT_NE(predict(w.t).message.find("never ends"), std::string::npos);
}

// --- texts

TEST(PredictionText, NamesWhatMatters) {
  World w;
  const int orders = w.service("orders", 2, {World::work(20)}, true);
  w.open(140, {w.call(orders)});
  const std::string text = prediction_text(predict(w.t), false);
  EXPECT_NE(text.find("Unstable: orders needs 1.4x its workers"), std::string::npos) << text;
  EXPECT_NE(text.find("orders is overloaded"), std::string::npos) << text;
  EXPECT_NE(text.find("every request of load needs it"), std::string::npos) << text;
  EXPECT_TRUE(
      std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 128; }));
}

TEST(PredictionText, BesideSaysWithinOrDiffers) {
  World w;
  const int s = w.service("s", 1, {World::work(10)}, true);
  w.open(80, {w.call(s)});
  const Prediction p = predict(w.t);
  using What = Measured::What;
  const std::string text = beside_text(p, {{"s", What::utilization, 0.801, 0.79, 0.81, true},
                                           {"s", What::wait_mean, 0.05, 0.049, 0.051, true},
                                           {"load", What::response, 0.0502, 0, 0, false},
                                           {"s", What::core_utilization, 0.1, 0, 0, false},
                                           {"nobody", What::response, 1, 0, 0, false}});
  EXPECT_NE(text.find("within the interval"), std::string::npos) << text;
  EXPECT_NE(text.find("+25.00 %"), std::string::npos) << text;
  EXPECT_NE(text.find("close (no interval)"), std::string::npos) << text;
  EXPECT_NE(text.find("No theory for s core utilisation: no cpus."), std::string::npos) << text;
  EXPECT_EQ(text.find("nobody"), std::string::npos);
}

TEST(PredictionText, ARemarkThatSeveralRowsHaveStandsOnceBelow) {
  Prediction p;
  for (const char* name : {"a", "b", "c"}) {
    StationPrediction s;
    s.name = name;
    s.utilization = {0.5, true, false, s.name == "c" ? "cut off" : "rough"};
    p.stations.push_back(s);
  }
  using What = Measured::What;
  const std::string text = beside_text(p,
                                       {{"a", What::utilization, 0.5, 0.4, 0.6, true},
                                        {"b", What::utilization, 0.7, 0.6, 0.8, true},
                                        {"c", What::utilization, 0.5, 0.4, 0.6, true}},
                                       false);
  EXPECT_NE(text.find("within the interval [1]\n"), std::string::npos) << text;
  EXPECT_NE(text.find("differs [1]\n"), std::string::npos) << text;
  EXPECT_NE(text.find("within the interval: cut off\n  [1] rough\n"), std::string::npos) << text;
}

TEST(PredictionText, TimesChooseTheirUnit) {
  EXPECT_EQ(time_text(0.0125), "12.5 ms");
  EXPECT_EQ(time_text(12.5e-6, false), "12.5 us");
  EXPECT_EQ(time_text(0), "0 s");
  EXPECT_EQ(time_text(INFINITY), "unbounded");
}

}  // namespace
}  // namespace tailrace::analysis
