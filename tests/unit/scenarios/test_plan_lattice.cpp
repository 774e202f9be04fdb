// The search of the cheapest sizes, on conditions that need no simulation: against brute force.
#include <gtest/gtest.h>

#include <set>

#include "scenarios/plan/lattice.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::scenarios {
namespace {

constexpr int kEnough = 1'000'000;

struct Asked {
  LatticeAnswer answer;
  std::set<Sizes> points;
};
Asked search(const std::vector<LatticeAxis>& axes, const std::function<bool(const Sizes&)>& meets,
             int budget = kEnough) {
  Asked out;
  out.answer = cheapest(
      axes,
      [&](const Sizes& s) -> std::optional<bool> {
        EXPECT_TRUE(out.points.insert(s).second) << "asked twice";
        return meets(s);
      },
      budget);
  return out;
}

// The costs of these tests may be below 0; none is this large.
constexpr double kNone = 1e9;

double brute_force(const std::vector<LatticeAxis>& axes, const std::function<bool(const Sizes&)>& meets) {
  double best = kNone;
  for (std::int64_t x = axes[0].low; x <= axes[0].high; ++x) {
    for (std::int64_t y = axes[1].low; y <= axes[1].high; ++y) {
      for (std::int64_t z = axes[2].low; z <= axes[2].high; ++z) {
        const double cost = cost_of(axes, {x, y, z});
        if (meets({x, y, z}) && cost < best) best = cost;
      }
    }
  }
  return best;
}

TEST(CheapestSizes, OfOneAxisAreFoundByBisection) {
  const Asked a = search({{1, 1000, 2}}, [](const Sizes& s) { return s[0] >= 137; });
  EXPECT_TRUE(a.answer.found && a.answer.proven);
  EXPECT_EQ(a.answer.sizes, Sizes{137});
  EXPECT_EQ(a.answer.cost, 274);
  EXPECT_LE(a.answer.asked, 12);
}

TEST(CheapestSizes, ThatDoNotStandInForEachOtherAreTheLeastOfEach) {
  const Asked a = search({{1, 50, 1}, {1, 50, 1}}, [](const Sizes& s) { return s[0] >= 7 && s[1] >= 30; });
  EXPECT_EQ(a.answer.sizes, (Sizes{7, 30}));
  EXPECT_TRUE(a.answer.proven);
}

// One pass of descent ends at (1, 9) or (9, 1); both are minima of single steps, and (5, 3) is cheaper.
TEST(CheapestSizes, AreNotTheFirstLocalMinimum) {
  const auto meets = [](const Sizes& s) {
    const auto enough = [&](std::int64_t x, std::int64_t y) { return s[0] >= x && s[1] >= y; };
    return enough(1, 9) || enough(9, 1) || enough(5, 3);
  };
  const Asked a = search({{1, 9, 1}, {1, 9, 1}}, meets);
  EXPECT_EQ(a.answer.sizes, (Sizes{5, 3}));
  EXPECT_TRUE(a.answer.proven);
  const Asked cut = search({{1, 9, 1}, {1, 9, 1}}, meets, 0);
  EXPECT_TRUE(cut.answer.found);
  EXPECT_FALSE(cut.answer.proven);
  EXPECT_EQ(cut.answer.cost, 10);
}

TEST(CheapestSizes, NothingWithinTheRanges) {
  const Asked a = search({{1, 4, 1}, {1, 4, 1}}, [](const Sizes&) { return false; });
  EXPECT_FALSE(a.answer.found);
  EXPECT_EQ(a.answer.sizes, (Sizes{4, 4}));
  EXPECT_EQ(a.answer.asked, 1);
}

TEST(CheapestSizes, AnUnansweredQuestionStopsTheSearch) {
  const LatticeAnswer a = cheapest(
      {{1, 9, 1}}, [](const Sizes&) { return std::nullopt; }, kEnough);
  EXPECT_TRUE(a.stopped);
  EXPECT_EQ(a.asked, 1);
}

TEST(CheapestSizes, EqualBruteForceForRandomMonotoneConditions) {
  sim::SplitMix64 random{7};
  const auto below = [&](std::uint64_t n) { return static_cast<std::int64_t>(random.next() % n); };
  std::size_t asked = 0, all = 0;
  const auto uneven = [&](std::int64_t steps) {  // also below 0
    std::vector<double> costs{-0.25 * static_cast<double>(below(40))};
    while (static_cast<std::int64_t>(costs.size()) < steps)
      costs.push_back(costs.back() + 0.25 * static_cast<double>(1 + below(12)));
    return costs;
  };
  for (int round = 0; round < 300; ++round) {
    std::vector<LatticeAxis> axes;
    for (int k = 0; k < 3; ++k)
      axes.push_back({1 + below(3), 4 + below(5), 0.5 * static_cast<double>(1 + below(8))});
    if (round % 2 == 1) axes[1].costs = uneven(axes[1].high - axes[1].low + 1);
    std::vector<Sizes> corners;
    for (int k = 0; k < 4; ++k) corners.push_back({1 + below(9), 1 + below(9), 1 + below(9)});
    const auto meets = [&](const Sizes& s) {
      return std::any_of(corners.begin(), corners.end(),
                         [&](const Sizes& c) { return s[0] >= c[0] && s[1] >= c[1] && s[2] >= c[2]; });
    };
    const double best = brute_force(axes, meets);
    const Asked a = search(axes, meets);
    ASSERT_EQ(a.answer.found, best < kNone);
    if (best >= kNone) continue;
    EXPECT_EQ(a.answer.cost, best);
    EXPECT_TRUE(a.answer.proven && meets(a.answer.sizes));
    asked += a.points.size();
    all += 6 * 6 * 6;
  }
  EXPECT_LT(asked * 4, all);  // or it might as well have been brute force
}

}  // namespace
}  // namespace tailrace::scenarios
