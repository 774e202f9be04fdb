#include "sim/observe/window_sketch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/random/stream.hpp"

namespace tailrace::sim {
namespace {

std::int64_t of_rank(std::vector<std::int64_t> values, double p) {
  std::sort(values.begin(), values.end());
  const auto rank = static_cast<std::size_t>(std::ceil(p * static_cast<double>(values.size())));
  return values[std::max<std::size_t>(rank, 1) - 1];
}

void expect_close(const WindowCounts& counts, const std::vector<std::int64_t>& values) {
  ASSERT_EQ(counts.count(), values.size());
  if (values.empty()) return;
  for (const double p : {0.01, 0.5, 0.9, 0.99, 1.0}) {
    const auto truth = static_cast<double>(of_rank(values, p));
    EXPECT_NEAR(static_cast<double>(counts.quantile(p)), truth, std::max(8.0, truth / 64)) << p;
  }
  const std::int64_t most = *std::max_element(values.begin(), values.end());
  EXPECT_GE(counts.max(), most);
  EXPECT_LE(static_cast<double>(counts.max()), static_cast<double>(most) * (1 + 1.0 / 32) + 16);
}

// Windows of few and of many values, from the log of the first 1024 on into counts, and back after a clear().
TEST(WindowSketch, SeesWhatCameSinceItLookedLast) {
  Stream stream(1, 0, "test", "values");
  Histogram histogram;
  WindowSketch sketch;
  WindowCounts counts;
  for (int round = 0; round < 3; ++round) {
    for (const int size : {3, 0, 700, 900, 1, 5000, 40}) {
      std::vector<std::int64_t> values;
      for (int i = 0; i < size; ++i)
        values.push_back(static_cast<std::int64_t>(stream.next() >> (8 + stream.below(50))));
      for (const std::int64_t v : values) histogram.record(v);
      sketch.look(histogram, counts);
      expect_close(counts, values);
      counts.clear();
    }
    histogram.clear();
    sketch.forget();
  }
}

TEST(WindowSketch, SeveralHistogramsAreOneWindow) {
  Stream stream(2, 0, "test", "values");
  Histogram a, b;
  WindowSketch of_a, of_b;
  WindowCounts counts;
  std::vector<std::int64_t> values;
  for (int i = 0; i < 4000; ++i) {
    values.push_back(static_cast<std::int64_t>(stream.below(1'000'000)));
    (i % 3 == 0 ? a : b).record(values.back());
  }
  of_a.look(a, counts);
  of_b.look(b, counts);
  expect_close(counts, values);
  counts.clear();
  of_a.look(a, counts);
  EXPECT_EQ(counts.count(), 0u);
  EXPECT_EQ(counts.quantile(0.5), 0);
  EXPECT_EQ(counts.max(), 0);
}

}  // namespace
}  // namespace tailrace::sim
