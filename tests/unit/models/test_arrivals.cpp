// Arrival clocks with regular spacing, where every time is known, and the inversion behind them.
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "models/runtime/arrivals.hpp"
#include "models/runtime/wave.hpp"

namespace tailrace::models {
namespace {

constexpr double kSecond = 1e9;

std::vector<double> regular_arrivals(const Workload& w, std::size_t count) {
  sim::Stream states(1, 0, "w", "state");
  ArrivalClock clock;
  clock.start(w);
  std::vector<double> times;
  while (times.size() < count) {
    const std::int64_t t = clock.next(1, &states);
    if (t < 0) break;
    times.push_back(static_cast<double>(t) / kSecond);
  }
  return times;
}

TEST(Arrivals, RegularLoadDoesNotDrift) {
  Workload w;
  w.rate_per_s = 300;  // a gap of 3333333.33 ns
  const std::vector<double> times = regular_arrivals(w, 300'000);
  EXPECT_NEAR(times.back(), 1000, 1e-8);
}

TEST(Arrivals, ARateOfZeroNeverArrives) {
  Workload w;
  w.rate_per_s = 0;
  EXPECT_TRUE(regular_arrivals(w, 1).empty());
}

// From 0 to 10/s over 10 s the integral is t^2/2, so the n-th arrival comes at sqrt(2 n); 50 of them within
// the ramp, then one every 0.1 s.
TEST(Arrivals, ARampFollowsItsIntegral) {
  Workload w;
  w.process = ArrivalProcess::ramping_rate;
  w.rate_per_s = 0;
  w.stages = {{{10'000'000'000}, 10}};
  const std::vector<double> times = regular_arrivals(w, 60);
  for (const std::size_t n : {1u, 2u, 25u, 49u})
    EXPECT_NEAR(times[n - 1], std::sqrt(2.0 * static_cast<double>(n)), 1e-6) << n;
  EXPECT_NEAR(times[59] - times[58], 0.1, 1e-9);
}

// From 10/s to 0 in a second the integral is 10 t - 5 t^2, so the n-th comes at 1 - sqrt(1 - n/5). The fifth
// would come at the very end, where rounding decides; then there is none.
TEST(Arrivals, ARampToZeroEnds) {
  Workload w;
  w.process = ArrivalProcess::ramping_rate;
  w.rate_per_s = 10;
  w.stages = {{{1'000'000'000}, 0}};
  const std::vector<double> times = regular_arrivals(w, 100);
  ASSERT_GE(times.size(), 4u);
  EXPECT_LE(times.size(), 5u);
  for (std::size_t n = 1; n <= 4; ++n)
    EXPECT_NEAR(times[n - 1], 1 - std::sqrt(1 - static_cast<double>(n) / 5), 1e-8) << n;
}

// States of one rate are no states: the n-th comes at n / 100 s, however often they change in between (every
// 30 ms on average).
TEST(Arrivals, StatesOfOneRateChangeNothing) {
  Workload w;
  w.process = ArrivalProcess::mmpp;
  w.states = {{100, {30'000'000}}, {100, {30'000'000}}};
  const std::vector<double> times = regular_arrivals(w, 1000);
  ASSERT_EQ(times.size(), 1000u);
  for (std::size_t n = 1; n <= 1000; ++n) ASSERT_NEAR(times[n - 1], static_cast<double>(n) / 100, 1e-8) << n;
}

TEST(Arrivals, StatesInWhichNothingComesNeverArrive) {
  Workload w;
  w.process = ArrivalProcess::mmpp;
  w.states = {{0, {std::int64_t{1} << 60}}, {0, {std::int64_t{1} << 60}}};
  EXPECT_TRUE(regular_arrivals(w, 1).empty());
}

// base 100/s, amplitude 50/s, one hour: a quarter of the period holds 100 x 900 + 50 x 3600 / (2 pi) =
// 118647.9.
TEST(Arrivals, AWaveFollowsItsIntegral) {
  const Wave wave{100e-9, 50e-9, 3600 * kSecond, 0};
  EXPECT_NEAR(wave_advance(wave, 0, 118647.889757) / kSecond, 900, 1e-6);
  EXPECT_NEAR(wave_advance(wave, 0, 360000) / kSecond, 3600, 1e-6);
  EXPECT_NEAR(wave_advance(wave, 900 * kSecond, 360000 - 118647.889757) / kSecond, 3600, 1e-6);
}

TEST(Arrivals, AWaveThatTouchesZeroStillAdvances) {
  const Wave wave{1e-9, 1e-9, 10 * kSecond, 0.75};  // starts at its trough, where the rate is 0
  double t = 0;
  for (int i = 0; i < 100; ++i) {
    const double next = wave_advance(wave, t, 1);
    ASSERT_GT(next, t);
    t = next;
  }
  EXPECT_NEAR(t / kSecond, 100, 1.7);  // 100 expected arrivals take 100 s, to within amplitude / omega = 1.6
}

TEST(Arrivals, ATraceIsReplayedAndEnds) {
  Workload w;
  w.process = ArrivalProcess::trace;
  w.trace_ns = std::make_shared<const std::vector<std::int64_t>>(std::vector<std::int64_t>{0, 5, 5, 900});
  EXPECT_EQ(regular_arrivals(w, 10), (std::vector<double>{0, 5e-9, 5e-9, 900e-9}));
}

}  // namespace
}  // namespace tailrace::models
