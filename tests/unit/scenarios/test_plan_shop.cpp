// Ten sizes at ten prices: is the plan the least cost of all? Brute force over Jackson's formula knows.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <random>

#include "analysis/queueing/formulas.hpp"
#include "scenarios/plan/sizes.hpp"
#include "tests/unit/scenarios/sweep_scenario.hpp"

namespace tailrace::scenarios {
namespace {

constexpr std::size_t kServices = 10;
constexpr double kRate = 40;
constexpr double kWorkMs[kServices] = {20, 35, 60, 15, 90, 45, 30, 75, 25, 50};
constexpr double kPrice[kServices] = {4, 1, 3, 2, 5, 2, 1, 3, 2, 1};
constexpr int kSizes = 2;

int least(std::size_t k) {
  return static_cast<int>(kRate * kWorkMs[k] / 1000) + 1;
}
// An open Jackson network: each request passes all ten, so the mean responses add up.
double response(const Sizes& sizes) {
  double sum = 0;
  for (std::size_t k = 0; k < kServices; ++k)
    sum += analysis::mmc(kRate, kWorkMs[k] / 1000, static_cast<int>(sizes[k])).response_mean_s;
  return sum;
}

// The least mean response for each cost that some of the 1,024 choices has.
std::map<double, double> least_response_by_cost() {
  std::map<double, double> out;
  std::vector<std::vector<double>> of(kServices);
  for (std::size_t k = 0; k < kServices; ++k) {
    for (int i = 0; i < kSizes; ++i)
      of[k].push_back(analysis::mmc(kRate, kWorkMs[k] / 1000, least(k) + i).response_mean_s);
  }
  for (int code = 0; code < 1 << kServices; ++code) {
    double cost = 0, sum = 0;
    for (std::size_t k = 0, rest = static_cast<std::size_t>(code); k < kServices; ++k, rest /= kSizes) {
      cost += kPrice[k] * (least(k) + static_cast<int>(rest % kSizes));
      sum += of[k][rest % kSizes];
    }
    const auto [at, added] = out.emplace(cost, sum);
    if (!added) at->second = std::min(at->second, sum);
  }
  double best = 1e9;
  for (auto& [cost, sum] : out) sum = best = std::min(best, sum);
  return out;
}

TEST(PlanOfTenServices, EqualsBruteForce) {
  // A limit half way between two costs, where a simulation can tell them apart: 8 % between their responses.
  const std::map<double, double> curve = least_response_by_cost();
  double limit = 0, wanted = 0;
  for (auto at = std::next(curve.begin()); at != curve.end(); ++at) {
    const double before = std::prev(at)->second;
    if (before / at->second > 1.08) limit = std::sqrt(before * at->second), wanted = at->first;
  }
  ASSERT_GT(wanted, curve.begin()->first + 5) << "the cheapest choice would be no plan";

  std::string services, steps;
  std::vector<SizeAxis> axes;
  for (std::size_t k = 0; k < kServices; ++k) {
    services +=
        fmt::format("  s{}: {{workers: 9, endpoints: {{op: [compute: exp({}ms)]}}}}\n", k, kWorkMs[k]);
    steps += fmt::format("{}call: s{}.op", k == 0 ? "" : ", ", k);
    axes.push_back({fmt::format("services.s{}.workers", k), {least(k), least(k) + kSizes - 1, kPrice[k]}});
  }
  const SweepScenario shop = scenario(
      fmt::format("run: {{duration: 40s, warmup: 8s, replications: 5, seed: 1}}\n"
                  "workloads: {{load: {{constant_arrival_rate: {}/s, requests: {{all: {{steps: [{}]}}}}}}}}\n"
                  "services:\n{}thresholds: {{load.request_duration: [\"avg < {:.1f}ms\"]}}\n",
                  kRate, steps, services, 1000 * limit));
  const SizePlan plan = find_sizes(shop, axes, 600, {});
  ASSERT_TRUE(plan.answer.found) << plan.fault;
  EXPECT_EQ(plan.answer.cost, wanted);
  EXPECT_LT(response(plan.answer.sizes), limit);
  EXPECT_EQ(plan.best.meets, Meets::yes);
  RecordProperty("candidates", plan.simulated);
  RecordProperty("cost", static_cast<int>(wanted));
}

// Verdicts from theory, so that only the search is asked: 20 networks at random, all 4^10 choices of each.
TEST(PlanOfTenServices, SearchIsWithinFivePerCentOfTheLeastCostOfRandomNetworks) {
  std::mt19937_64 random(7);
  const auto pick = [&](double low, double high) {
    return low + (high - low) * static_cast<double>(random() >> 11u) * 0x1p-53;
  };
  int exact = 0;
  for (int network = 0; network < 20; ++network) {
    std::vector<LatticeAxis> axes;
    std::vector<std::vector<double>> mean(kServices);
    double fastest = 0;
    for (std::size_t k = 0; k < kServices; ++k) {
      const double visits = pick(0.3, 2.3), work = pick(0.01, 0.05);
      const int low = static_cast<int>(50 * visits * work) + 1;
      axes.push_back({low, low + 3, std::floor(pick(1, 6))});
      for (int c = low; c <= low + 3; ++c)
        mean[k].push_back(visits * analysis::mmc(50 * visits, work, c).response_mean_s);
      fastest += mean[k][3];
    }
    const double limit = fastest * pick(1.05, 1.4);
    double best = 1e9;
    const std::function<void(std::size_t, double, double)> all = [&](std::size_t k, double cost, double sum) {
      if (sum >= limit || cost >= best) return;
      if (k == kServices) best = cost;
      for (std::size_t i = 0; k < kServices && i < 4; ++i)
        all(k + 1, cost + axes[k].price * static_cast<double>(axes[k].low + static_cast<int>(i)),
            sum + mean[k][i]);
    };
    all(0, 0, 0);
    const LatticeAnswer answer = cheapest(
        axes,
        [&](const Sizes& sizes) -> std::optional<bool> {
          double sum = 0;
          for (std::size_t k = 0; k < kServices; ++k)
            sum += mean[k][static_cast<std::size_t>(sizes[k] - axes[k].low)];
          return sum < limit;
        },
        600);
    ASSERT_TRUE(answer.found);
    EXPECT_GE(answer.cost, best);
    EXPECT_LE(answer.cost, 1.05 * best) << network;
    if (answer.proven) {
      EXPECT_EQ(answer.cost, best) << network;
    }
    exact += answer.cost == best;
  }
  EXPECT_GE(exact, 18);
}

}  // namespace
}  // namespace tailrace::scenarios
