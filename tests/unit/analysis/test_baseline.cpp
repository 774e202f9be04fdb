// The gate against a baseline: how often it cries wolf, and what it never calls a regression.
#include <gtest/gtest.h>

#include "analysis/experiment/baseline.hpp"
#include "tests/support/draws.hpp"

namespace tailrace::analysis {
namespace {

BaselineRun run(std::uint64_t seed, const std::vector<KeptFigure>& figures) {
  return {"", "s", seed, 60, 5, figures};
}

// 400 pull requests that change nothing, eight figures of ten replications each. Any of them is called worse
// in 2.5 % (the level is two-sided; Holm's correction of eight that are independent leaves 2.4 %): 10, and
// within three standard deviations 10 +- 3 x 3.1. A test that never fails has no power either.
TEST(Baseline, SeldomCriesWolf) {
  for (const bool paired : {true, false}) {
    sim::Stream numbers(1, 0, "baseline", paired ? "paired" : "unpaired");
    int wolves = 0;
    for (int request = 0; request < 400; ++request) {
      std::vector<KeptFigure> a, b;
      for (int f = 0; f < 8; ++f) {
        KeptFigure x{"f" + std::to_string(f), "s", "lower", {}}, y = x;
        for (int r = 0; r < 10; ++r) {
          const double of_x = tests::normal(numbers);
          const double of_y = paired ? of_x : tests::normal(numbers);  // a pair has it in common
          x.values.push_back(100 + of_x + tests::normal(numbers));
          y.values.push_back(100 + of_y + tests::normal(numbers));
        }
        a.push_back(x);
        b.push_back(y);
      }
      const BaselineComparison c = compare_with_baseline(run(1, a), run(paired ? 1 : 2, b), 0.95, 0);
      EXPECT_EQ(c.paired, paired);
      wolves += c.regressed();
    }
    EXPECT_LE(wolves, 19) << paired;
    EXPECT_GE(wolves, 1) << paired;
  }
}

TEST(Baseline, WhatIsBetterOrTooLittleOrOfNoDirectionIsNoRegression) {
  const auto figure = [](const char* name, const char* better, double base, double step) {
    KeptFigure f{name, "s", better, {}};
    for (int r = 0; r < 6; ++r) f.values.push_back(base + step * r);
    return f;
  };
  const BaselineRun before =
      run(1, {figure("time", "lower", 10, 0.1), figure("goodput", "higher", 10, 0.1),
              figure("requests", "neither", 10, 0.1), figure("little", "lower", 10, 0.1)});
  const BaselineRun after =
      run(1, {figure("time", "lower", 9, 0.1), figure("goodput", "higher", 8, 0.1),
              figure("requests", "neither", 20, 0.1), figure("little", "lower", 10.05, 0.1)});
  const BaselineComparison c = compare_with_baseline(before, after, 0.95, 0.01);
  ASSERT_EQ(c.figures.size(), 3u);
  EXPECT_EQ(c.figures[0].change, Change::better);
  EXPECT_EQ(c.figures[1].change, Change::worse);
  EXPECT_TRUE(c.figures[1].regression);
  EXPECT_EQ(c.figures[2].change, Change::worse);  // in every pair, by half a per cent
  EXPECT_FALSE(c.figures[2].regression);
  EXPECT_TRUE(c.regressed());
}

TEST(Baseline, OneReplicationTellsNothing) {
  const BaselineRun before = run(1, {{"time", "s", "lower", {1}}});
  const BaselineRun after = run(1, {{"time", "s", "lower", {100}}, {"more", "s", "lower", {1}}});
  const BaselineComparison c = compare_with_baseline(before, after, 0.95, 0);
  ASSERT_EQ(c.figures.size(), 1u);
  EXPECT_EQ(c.figures[0].change, Change::unknown);
  EXPECT_FALSE(c.regressed());
  ASSERT_EQ(c.notes.size(), 1u);
  EXPECT_EQ(c.notes[0], "more is not in the baseline");
}

}  // namespace
}  // namespace tailrace::analysis
