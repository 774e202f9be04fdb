// Networks against closed forms, against a plain exact MVA written here, and against a brute-force Markov
// chain.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <ctime>

#include "analysis/queueing/network.hpp"
#include "tests/unit/analysis/expect_close.hpp"

namespace tailrace::analysis {
namespace {

Station queue(std::string name, double mean_s, int servers = 1) {
  return {std::move(name), servers, mean_s, 1, Discipline::fcfs};
}

TEST(OpenNetwork, TandemIsTwoIndependentQueues) {
  const OpenSolution s = solve_open({{queue("a", 0.01), queue("b", 0.012)}, {60, 0}, {{0, 1, 1}}});
  expect_close(s.response_mean_s, 1 / (100 - 60.0) + 1 / (1 / 0.012 - 60));
  EXPECT_TRUE(s.exact);
  EXPECT_EQ(s.bottleneck, 1);
  expect_close(s.max_load_multiplier, 1 / 0.72);
}

TEST(OpenNetwork, FeedbackCountsEveryVisit) {
  // 60 / (1 - .2) = 75 visits/s, rho = .75, L = 3, response of a request 3 / 60.
  const OpenSolution s = solve_open({{queue("a", 0.01)}, {60}, {{0, 0, 0.2}}});
  expect_close(s.stations[0].visits, 1.25);
  expect_close(s.in_system_mean, 3);
  expect_close(s.response_mean_s, 0.05);
  EXPECT_TRUE(s.exact);
}

TEST(OpenNetwork, BranchingRoutes) {
  const OpenSolution s =
      solve_open({{queue("1", 1.0 / 200), queue("2", 1.0 / 80), queue("3", 1.0 / 60), queue("4", 1.0 / 50)},
                  {100, 0, 0, 0},
                  {{0, 1, 0.5}, {0, 2, 0.3}, {0, 3, 0.2}, {1, 2, 0.2}, {2, 3, 0.25}}});
  expect_close(s.response_mean_s, 0.06166667);
  expect_close(s.stations[2].means.utilization, 0.6666667);
  expect_close(s.stations[3].means.response_mean_s, 0.05);
}

TEST(OpenNetwork, LoopsOfGainOneNeverEnd) {
  const OpenNetwork closed_loop{
      {queue("a", 0.01), queue("b", 0.01), queue("c", 0.01)}, {1, 0, 0}, {{0, 1, 1}, {1, 2, 1}, {2, 1, 1}}};
  const OpenSolution s = solve_open(closed_loop);
  EXPECT_EQ(s.status, OpenSolution::Status::never_ends);
  EXPECT_EQ(s.message, "traffic never ends: each request in the loop b, c causes at least one more");
  OpenNetwork growing = closed_loop;
  growing.routing[2].calls = 1.5;
  EXPECT_EQ(solve_open(growing).status, OpenSolution::Status::never_ends);
  growing.routing[2].calls = 0.999;  // 1000 rounds, but they end
  expect_close(solve_open(growing).stations[1].visits, 1000, 1e-9);
  growing.routing[2].calls = 1;
  growing.routing[0].calls = 0;  // a loop that no request enters
  EXPECT_EQ(solve_open(growing).status, OpenSolution::Status::ok);
  EXPECT_EQ(solve_open({{queue("self", 0.01)}, {1}, {{0, 0, 1}}}).status, OpenSolution::Status::never_ends);
  EXPECT_EQ(solve_open({{queue("self", 0.01)}, {1}, {{0, 0, 2}}}).status, OpenSolution::Status::never_ends);
}

TEST(OpenNetwork, SaysWhereAWaitIsAnApproximation) {
  OpenNetwork n{{queue("gate", 0.001), queue("constant", 0.01), queue("after", 0.01)},
                {50, 0, 0},
                {{0, 1, 1}, {1, 2, 1}}};
  n.stations[1].service_scv = 0;
  OpenSolution s = solve_open(n);
  EXPECT_TRUE(s.stations[0].means.exact);
  EXPECT_TRUE(s.stations[1].means.exact);  // Poisson arrivals: Pollaczek-Khinchine
  expect_close(s.stations[1].means.wait_mean_s, 0.005);
  EXPECT_FALSE(s.stations[2].means.exact);
  EXPECT_EQ(s.stations[2].reason, "fed by a station whose departures are not Poisson");
  n.stations[1].discipline = Discipline::processor_sharing;
  EXPECT_TRUE(solve_open(n).exact);
  n.routing[0].calls = 2;  // two calls at once are a batch, and 100/s on 10 ms is the limit
  n.external_rates_per_s[0] = 49;
  s = solve_open(n);
  EXPECT_EQ(s.stations[1].reason, "fed by calls that come in groups (more than one per visit)");
  expect_close(s.stations[1].means.utilization, 0.98);
}

TEST(OpenNetwork, OverloadNamesTheStationAndKeepsTheOthers) {
  const OpenSolution s = solve_open({{queue("front", 0.001), queue("db", 0.02)}, {100, 0}, {{0, 1, 1}}});
  EXPECT_EQ(s.status, OpenSolution::Status::unstable);
  EXPECT_EQ(s.message, "db is offered 2 times what it can serve");
  EXPECT_TRUE(s.stations[0].means.stable);
  EXPECT_TRUE(std::isinf(s.response_mean_s));
  expect_close(s.max_load_multiplier, 0.5);
}

TEST(OpenNetwork, BadInputIsAMessage) {
  EXPECT_EQ(solve_open({{queue("a", 0.01)}, {}, {}}).status, OpenSolution::Status::invalid);
  EXPECT_EQ(solve_open({{queue("a", NAN)}, {1}, {}}).status, OpenSolution::Status::invalid);
  EXPECT_EQ(solve_open({{queue("a", 0.01)}, {1}, {{0, 1, 1}}}).status, OpenSolution::Status::invalid);
  EXPECT_EQ(solve_open({{}, {}, {}}).status, OpenSolution::Status::ok);
}

TEST(OpenNetwork, TenThousandStationsWithLoops) {
  constexpr int kStations = 10'000;
  OpenNetwork n;
  unsigned state = 1;
  const auto below = [&](int limit) {
    state = state * 1664525u + 1013904223u;
    return static_cast<int>((state >> 8) % static_cast<unsigned>(limit));
  };
  for (int i = 0; i < kStations; ++i) {
    n.stations.push_back(queue("s" + std::to_string(i), 1e-6));
    n.external_rates_per_s.push_back(i == 0 ? 100 : 0);
    for (int k = 0; k < 3 && i + 1 < kStations; ++k)
      n.routing.push_back({i, i + 1 + below(std::min(50, kStations - 1 - i)), 1.0 / 3});
    if (i % 100 == 99) n.routing.push_back({i, i - below(60), 0.05});  // retries into the recent past
  }
  const std::clock_t before = std::clock();  // of a processor: other work on the machine does not count
  const OpenSolution s = solve_open(n);
  const double took_s = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
  ASSERT_EQ(s.status, OpenSolution::Status::ok);
  EXPECT_LT(took_s, 5.0);  // about 0.05 s; the slack is for sanitizers
  // Flow balance at every station: the residual of the traffic equations.
  std::vector<double> residual = n.external_rates_per_s;
  for (const Routing& r : n.routing)
    residual[static_cast<std::size_t>(r.to)] +=
        s.stations[static_cast<std::size_t>(r.from)].arrival_rate_per_s * r.calls;
  for (std::size_t i = 0; i < residual.size(); ++i) {
    EXPECT_NEAR(residual[i], s.stations[i].arrival_rate_per_s, 1e-9 * (1 + residual[i]));
  }
}

TEST(OpenNetwork, LargeTangledLoops) {
  // Every station calls three others at random with a gain of g in all: 1 / (1 - g) visits per request.
  constexpr int kStations = 5000;
  const auto tangle = [](double gain) {
    OpenNetwork n;
    unsigned state = 5;
    for (int i = 0; i < kStations; ++i) {
      n.stations.push_back(queue("s", 1e-6));
      n.external_rates_per_s.push_back(1);
      for (int k = 0; k < 3; ++k) {
        state = state * 1664525u + 1013904223u;
        n.routing.push_back({i, static_cast<int>((state >> 8) % kStations), gain / 3});
      }
    }
    return solve_open(n);
  };
  const OpenSolution s = tangle(0.9);
  ASSERT_EQ(s.status, OpenSolution::Status::ok);
  double visits = 0;
  for (const OpenStation& station : s.stations) visits += station.visits;
  expect_close(visits, 10, 1e-11);
  EXPECT_EQ(tangle(1.0).status, OpenSolution::Status::never_ends);
  EXPECT_EQ(tangle(1.1).status, OpenSolution::Status::never_ends);
}

ClosedSolution closed(int users, double think_s, std::vector<double> demands, std::vector<int> servers = {}) {
  ClosedNetwork n;
  for (std::size_t i = 0; i < demands.size(); ++i)
    n.stations.push_back(queue("s", demands[i], servers.empty() ? 1 : servers[i]));
  n.workloads.push_back({"users", users, think_s, std::vector<double>(demands.size(), 1.0)});
  return solve_closed(n);
}

TEST(ClosedNetwork, SevenDigitsOfMeanValueAnalysis) {
  const ClosedSolution one = closed(20, 1, {0.05});
  expect_close(one.workloads[0].throughput_per_s, 16.82216);
  expect_close(one.workloads[0].response_mean_s, 0.1889079);
  expect_close(one.workloads[0].in_system_mean[0], 3.177839);
  const ClosedSolution three = closed(50, 1, {0.02, 0.012, 0.008});
  expect_close(three.workloads[0].throughput_per_s, 43.72614);
  expect_close(three.workloads[0].response_mean_s, 0.1434808);
  expect_close(three.stations[1].in_system_mean, 1.068849);
  const ClosedSolution saturated = closed(200, 1, {0.02, 0.01});
  expect_close(saturated.workloads[0].throughput_per_s, 50);
  expect_close(saturated.workloads[0].response_mean_s, 3);
  expect_close(saturated.stations[0].in_system_mean, 149);
  EXPECT_TRUE(one.exact && three.exact && saturated.exact);
}

TEST(ClosedNetwork, AgreesWithPlainMeanValueAnalysis) {
  // Single servers only, where the recursion of Reiser and Lavenberg is stable: R = D (1 + Q(n-1)).
  const std::vector<double> d{0.03, 0.02, 0.025, 0.001, 0.03};
  for (const double think : {0.0, 0.5, 40.0}) {
    std::vector<double> q(d.size(), 0.0);
    double x = 0;
    for (int n = 1; n <= 3000; ++n) {
      double r = 0;
      for (std::size_t i = 0; i < d.size(); ++i) r += d[i] * (1 + q[i]);
      x = n / (think + r);
      for (std::size_t i = 0; i < d.size(); ++i) q[i] = x * d[i] * (1 + q[i]);
      if (n != 1 && n != 2 && n != 37 && n != 1200 && n != 3000) continue;
      const ClosedSolution s = closed(n, think, d);
      ASSERT_TRUE(s.exact);
      expect_close(s.workloads[0].throughput_per_s, x, 1e-9);
      for (std::size_t i = 0; i < d.size(); ++i) expect_close(s.stations[i].in_system_mean, q[i], 1e-8);
    }
  }
}

TEST(ClosedNetwork, MultiServerStationIsTheMachineRepairModel) {
  // One station of c servers and thinking users is a birth-death chain: up (N-k)/Z, down min(k, c)/D.
  const int users = 60, servers = 4;
  const double think = 1, demand = 0.1;
  double weight = 1, total = 1, number = 0, busy = 0;
  for (int k = 1; k <= users; ++k) {
    weight *= (users - k + 1) / think / (std::min(k, servers) / demand);
    total += weight;
    number += k * weight;
    busy += std::min(k, servers) * weight;
  }
  const ClosedSolution s = closed(users, think, {demand}, {servers});
  expect_close(s.workloads[0].throughput_per_s, busy / total / demand, 1e-10);
  expect_close(s.stations[0].in_system_mean, number / total, 1e-10);
  EXPECT_TRUE(s.exact);
}

TEST(ClosedNetwork, SeveralMultiServerStationsAddUp) {
  // The numbers at all stations and in thought make up the population: an identity that no station computes
  // alone.
  for (const int users : {3, 50, 400, 20'000}) {
    const ClosedSolution s = closed(users, 2, {0.1, 0.3, 0.2, 0.01, 0.5}, {4, 16, 7, 1, 0});
    ASSERT_TRUE(s.exact) << s.reason;
    double total = s.workloads[0].throughput_per_s * 2;
    for (const ClosedStation& station : s.stations) total += station.in_system_mean;
    EXPECT_NEAR(total, users, 1e-8 * users);
    EXPECT_LE(s.workloads[0].throughput_per_s, s.workloads[0].bounds.max_throughput_per_s * (1 + 1e-12));
    EXPECT_GE(s.workloads[0].response_mean_s, s.workloads[0].bounds.min_response_s * (1 - 1e-9));
  }
}

TEST(ClosedNetwork, ALoadDependentStationOfEqualServersIsAMultiServerStation) {
  Station many = queue("many", 0.03, 4), told = many;
  told.speeds = {1, 2, 3, 4};
  for (const int users : {1, 3, 4, 30, 400}) {
    const ClosedWorkload load{"load", users, 0.2, {1, 2}};
    const ClosedSolution a = solve_closed({{many, queue("other", 0.004)}, {load}});
    const ClosedSolution b = solve_closed({{told, queue("other", 0.004)}, {load}});
    ASSERT_TRUE(a.exact && b.exact) << b.reason;
    expect_close(b.workloads[0].throughput_per_s, a.workloads[0].throughput_per_s, 1e-11);
    expect_close(b.stations[0].in_system_mean, a.stations[0].in_system_mean, 1e-9);
    double sum = 0, mean = 0;
    for (std::size_t k = 0; k < b.in_system[0].size(); ++k) {
      sum += b.in_system[0][k];
      mean += static_cast<double>(k) * b.in_system[0][k];
    }
    expect_close(sum, 1, 1e-11);
    expect_close(mean, b.stations[0].in_system_mean, 1e-11);
  }
}

TEST(ClosedNetwork, ALoadDependentStationIsABirthDeathChain) {
  // N users think for Z; with k inside the station works at speed s(k): p(k) = p(k-1) (N-k+1) S / (Z s(k)).
  Station station = queue("s", 0.05, 5);
  station.speeds = {1, 1.6, 1.9, 2.0, 2.0};
  const int users = 40;
  std::vector<double> p = {1};
  double sum = 1, passages = 0;
  for (std::size_t k = 1; k <= users; ++k) {
    const double rate = station.speeds[std::min<std::size_t>(k, 5) - 1] / 0.05;
    p.push_back(p.back() * (users + 1.0 - static_cast<double>(k)) / 0.7 / rate);
    sum += p.back();
    passages += p.back() * rate;
  }
  const ClosedSolution s = solve_closed({{station}, {{"load", users, 0.7, {1}}}});
  ASSERT_TRUE(s.exact) << s.reason;
  expect_close(s.workloads[0].throughput_per_s, passages / sum, 1e-11);
  for (std::size_t k = 0; k <= users; ++k) EXPECT_NEAR(s.in_system[0][k], p[k] / sum, 1e-12) << k;
  station.speeds = {1, 0.5, 1, 1, 1};
  EXPECT_FALSE(solve_closed({{station}, {{"load", users, 0.7, {1}}}}).ok);
}

TEST(ClosedNetwork, AHundredThousandUsers) {
  // Saturated by far: X = c / D = 400/s, and N - X (Z + other demands) queue up.
  ClosedSolution s = closed(100'000, 10, {0.1, 0.01}, {40, 8});
  EXPECT_TRUE(s.exact) << s.reason;
  expect_close(s.workloads[0].throughput_per_s, 400, 1e-9);
  expect_close(s.workloads[0].response_mean_s, 100'000 / 400.0 - 10, 1e-9);
  // Far from saturation: almost nobody queues, N / (Z + D).
  s = closed(100'000, 1000, {0.1, 0.001}, {40, 1});
  expect_close(s.workloads[0].throughput_per_s, 100'000 / 1000.101, 1e-4);
  // Too large: approximated, and still between the bounds.
  s = closed(100'000, 10, {0.1, 0.2}, {4000, 3000});
  EXPECT_FALSE(s.exact);
  EXPECT_LE(s.workloads[0].throughput_per_s, s.workloads[0].bounds.max_throughput_per_s);
  EXPECT_GE(s.workloads[0].throughput_per_s, 0.9 * s.workloads[0].bounds.max_throughput_per_s);
}

TEST(ClosedNetwork, BoundsAndKnee) {
  const ClosedBounds b = closed(200, 1, {0.02, 0.01}).workloads[0].bounds;
  expect_close(b.knee_population, 1.03 / 0.02);
  expect_close(b.max_throughput_per_s, 50);
  expect_close(b.min_response_s, 3);
}

TEST(ClosedNetwork, TwoHalvesOfAWorkloadAreTheWhole) {
  ClosedNetwork n{{queue("cpu", 0.03), queue("disks", 0.05)}, {{"a", 15, 1, {1, 1}}, {"b", 25, 1, {1, 1}}}};
  n.stations[1].servers = 2;
  const ClosedSolution two = solve_closed(n);
  EXPECT_TRUE(two.exact) << two.reason;
  const ClosedSolution whole = closed(40, 1, {0.03, 0.05}, {1, 2});
  const double x = whole.workloads[0].throughput_per_s;
  expect_close(two.workloads[0].throughput_per_s, x * 15 / 40, 1e-12);
  expect_close(two.workloads[1].throughput_per_s, x * 25 / 40, 1e-12);
  for (std::size_t i = 0; i < 2; ++i) {
    expect_close(two.stations[i].in_system_mean, whole.stations[i].in_system_mean, 1e-12);
    expect_close(two.workloads[0].in_system_mean[i], whole.stations[i].in_system_mean * 15 / 40, 1e-12);
  }
  n.workloads[1].population = 0;  // an empty workload is no workload
  expect_close(solve_closed(n).workloads[0].throughput_per_s,
               closed(15, 1, {0.03, 0.05}, {1, 2}).workloads[0].throughput_per_s, 1e-12);
}

// Two workloads, mean value analysis as in a textbook (Reiser and Lavenberg 1980): single servers only.
struct Mva {
  double x[2] = {}, number[2][3] = {};
};
Mva mean_value_analysis(const ClosedNetwork& n) {
  const auto &a = n.workloads[0], &b = n.workloads[1];
  std::vector<std::vector<Mva>> all(static_cast<std::size_t>(a.population) + 1);
  for (int i = 0; i <= a.population; ++i) {
    for (int j = 0; j <= b.population; ++j) {
      Mva m;
      const int users[2] = {i, j};
      for (std::size_t k = 0; k < 2; ++k) {
        if (users[k] == 0) continue;
        const Mva& less = all[static_cast<std::size_t>(i - (k == 0))][static_cast<std::size_t>(j - (k == 1))];
        double response = 0, time[3] = {};
        for (std::size_t s = 0; s < n.stations.size(); ++s) {
          const double demand = n.workloads[k].visits[s] * n.stations[s].service_mean_s;
          time[s] = demand * (1 + less.number[0][s] + less.number[1][s]);
          response += time[s];
        }
        m.x[k] = users[k] / (n.workloads[k].think_s + response);
        for (std::size_t s = 0; s < n.stations.size(); ++s) m.number[k][s] = m.x[k] * time[s];
      }
      all[static_cast<std::size_t>(i)].push_back(m);
    }
  }
  return all.back().back();
}

TEST(ClosedNetwork, TwoWorkloadsAgreeWithPlainMeanValueAnalysis) {
  const ClosedNetwork n{{queue("cpu", 0.03), queue("disk", 0.02), queue("net", 0.001)},
                        {{"a", 30, 1, {1, 2, 5}}, {"b", 12, 0.2, {3, 0.5, 0}}}};
  const ClosedSolution s = solve_closed(n);
  EXPECT_TRUE(s.exact) << s.reason;
  const Mva m = mean_value_analysis(n);
  for (std::size_t k = 0; k < 2; ++k) {
    expect_close(s.workloads[k].throughput_per_s, m.x[k], 1e-11);
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(s.workloads[k].in_system_mean[i], m.number[k][i], 1e-10);
  }
}

// The chain over (i, j) users of two workloads at two servers, product form: each of the (i+j)! / (i! j!)
// orders in line has S^(i+j) / (s(1) ... s(i+j)), and who thinks Z^(A-i) / (A-i)! and Y^(B-j) / (B-j)!.
TEST(ClosedNetwork, TwoWorkloadsAtTwoServersAreTheirChain) {
  const int a = 4, b = 3;
  const double s = 0.05, z = 0.3, y = 0.1;
  double sum = 0, inside_a = 0, inside_b = 0;
  for (int i = 0; i <= a; ++i) {
    for (int j = 0; j <= b; ++j) {
      const int k = i + j;
      double p = k == 0 ? 1 : std::pow(2.0, 1 - k);  // 1 / (s(1) ... s(k))
      p *= std::pow(s, k) * std::tgamma(k + 1) / std::tgamma(i + 1) / std::tgamma(j + 1);
      p *= std::pow(z, a - i) / std::tgamma(a - i + 1) * std::pow(y, b - j) / std::tgamma(b - j + 1);
      sum += p, inside_a += i * p, inside_b += j * p;
    }
  }
  ClosedNetwork n{{queue("s", s)}, {{"a", a, z, {1}}, {"b", b, y, {1}}}};
  n.stations[0].servers = 2;
  const ClosedSolution solution = solve_closed(n);
  EXPECT_TRUE(solution.exact) << solution.reason;
  expect_close(solution.workloads[0].in_system_mean[0], inside_a / sum, 1e-12);
  expect_close(solution.workloads[1].in_system_mean[0], inside_b / sum, 1e-12);
  expect_close(solution.workloads[0].throughput_per_s, (a - inside_a / sum) / z, 1e-12);
  expect_close(solution.workloads[1].throughput_per_s, (b - inside_b / sum) / y, 1e-12);
}

TEST(ClosedNetwork, ManyLargeWorkloadsAreApproximate) {
  // Bard-Schweitzer cannot tell its parts from the whole, up to the term of a user's own queue.
  ClosedNetwork n{{queue("cpu", 0.0003), queue("disk", 0.0002)}, {}};
  for (const char* name : {"a", "b", "c"}) n.workloads.push_back({name, 1000, 1, {1, 1}});
  const ClosedSolution s = solve_closed(n);
  EXPECT_FALSE(s.exact);
  EXPECT_EQ(s.reason, "several workloads, too large for the exact solution: Bard-Schweitzer approximation");
  const double whole = closed(3000, 1, {0.0003, 0.0002}).workloads[0].throughput_per_s;
  for (const ClosedWorkloadResult& w : s.workloads) expect_close(w.throughput_per_s, whole / 3, 0.01);
}

TEST(ClosedNetwork, BadInputIsAMessage) {
  EXPECT_FALSE(closed(10, 0, {0.0}).ok);
  EXPECT_FALSE(closed(-1, 1, {0.1}).ok);
  EXPECT_TRUE(closed(0, 1, {0.1}).ok);
  EXPECT_EQ(closed(0, 1, {0.1}).workloads[0].throughput_per_s, 0);
  expect_close(closed(1, 1, {0.1}).workloads[0].throughput_per_s, 1 / 1.1, 1e-12);
}

TEST(MixedNetwork, OneServerSharedByOpenAndClosedTraffic) {
  // Product form of the mixed single-server station, by hand from the chain over (open, closed) jobs: the
  // closed part is the closed network of demand D / (1 - rho), and open response = D (1 + Q) / (1 - rho).
  const OpenNetwork open{{queue("s", 0.02)}, {25}, {}};
  const MixedSolution m = solve_mixed(open, {{"users", 10, 1, {1}}});
  const ClosedSolution slowed = closed(10, 1, {0.04});
  expect_close(m.closed.workloads[0].throughput_per_s, slowed.workloads[0].throughput_per_s, 1e-12);
  expect_close(m.open.response_mean_s, 0.04 * (1 + slowed.stations[0].in_system_mean), 1e-9);
  expect_close(m.closed.stations[0].utilization, 0.02 * (25 + slowed.workloads[0].throughput_per_s), 1e-9);
  EXPECT_FALSE(m.closed.exact);
  EXPECT_FALSE(solve_mixed({{queue("s", 0.02)}, {51}, {}}, {{"users", 10, 1, {1}}}).closed.ok);
}

}  // namespace
}  // namespace tailrace::analysis
