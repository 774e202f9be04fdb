// Outlier detection by hand-driven clocks. The ticks are at whole multiples of the interval, here 10 s.
#include <gtest/gtest.h>

#include <vector>

#include "models/policies/outlier_detection/outlier_detection.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::models {
namespace {

sim::Instant at(double seconds) {
  return {sim::Duration::from_seconds(seconds).ns};
}

struct Detector : OutlierDetector {
  using OutlierDetector::OutlierDetector;
  bool result(std::uint32_t host, Outcome outcome, double seconds) {
    advance(at(seconds));
    return ended(host, outcome, at(seconds));
  }
  bool fail_five(std::uint32_t host, double seconds) {
    bool went = false;
    for (int i = 0; i < 5; ++i) went = result(host, Outcome::error, seconds);
    return went;
  }
};

// Laid out for 20, of which 4 are there: half of those may be out, not all of them.
TEST(OutlierDetection, TheShareThatMayBeOutIsOfThoseThatAreThere) {
  OutlierSettings s;
  s.max_ejection_fraction = 0.5;
  Detector d(s, 20);
  for (std::uint32_t host = 4; host < 20; ++host) d.set_present(host, false, at(0));
  for (std::uint32_t host = 0; host < 4; ++host) EXPECT_EQ(d.fail_five(host, 1 + host), host < 2);
  d.set_present(4, true, at(6));
  d.set_present(5, true, at(6));
  EXPECT_TRUE(d.fail_five(2, 7));
  EXPECT_EQ(d.ejected_count(), 3u);
}

// Host 1 is out and leaves; what still comes back from it says nothing, and who comes in its place is new.
TEST(OutlierDetection, WhoLeavesTakesItsEjectionWithIt) {
  Detector d(OutlierSettings{}, 3);
  EXPECT_TRUE(d.fail_five(1, 1));
  EXPECT_FALSE(d.fail_five(2, 2));  // one of three
  d.set_present(1, false, at(3));
  EXPECT_EQ(d.ejected_count(), 0u);
  EXPECT_EQ(d.log(1).status(), OutlierDetector::kIn);
  EXPECT_FALSE(d.fail_five(1, 4));
  EXPECT_TRUE(d.fail_five(2, 5));
  d.set_present(1, true, at(6));
  EXPECT_FALSE(d.ejected(1));
  EXPECT_EQ(d.multiplier(1), 0u);
  EXPECT_FALSE(d.advance(at(30)));  // ticks at 10, 20 and 30 s: nothing is due of it
  EXPECT_TRUE(d.advance(at(40)));   // host 2, out since 5 s for 30 s
  EXPECT_EQ(d.ejected_count(), 0u);
}

TEST(OutlierDetection, TheFifthFailureInARowEjects) {
  Detector d(OutlierSettings{}, 3);
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(d.result(1, Outcome::error, 1));
  EXPECT_FALSE(d.result(1, Outcome::success, 1));
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(d.result(1, Outcome::timeout, 2));
  EXPECT_FALSE(d.ejected(1));
  EXPECT_TRUE(d.result(1, Outcome::network, 2.5));
  EXPECT_TRUE(d.ejected(1));
  EXPECT_FALSE(d.ejected(0));
  EXPECT_EQ(d.log(1).kept().size(), 1u);
  EXPECT_EQ(d.log(1).kept()[0].at, at(2.5));
}

TEST(OutlierDetection, WhatNeverReachedTheInstanceIsNotCounted) {
  const std::vector<Outcome> failures = {Outcome::error,       Outcome::timeout,       Outcome::network,
                                         Outcome::rejected,    Outcome::queue_timeout, Outcome::shed,
                                         Outcome::unavailable, Outcome::deadline};
  const std::vector<Outcome> others = {Outcome::circuit_open, Outcome::cancelled, Outcome::rate_limited,
                                       Outcome::depth_limit};
  for (const Outcome f : failures) {
    Detector d(OutlierSettings{}, 3);
    // Neither for the instance nor against it: the others do not break the run.
    for (int i = 0; i < 4; ++i) {
      d.result(0, f, 1);
      for (const Outcome o : others) d.result(0, o, 1);
    }
    EXPECT_FALSE(d.ejected(0)) << static_cast<int>(f);
    d.result(0, f, 1);
    EXPECT_TRUE(d.ejected(0)) << static_cast<int>(f);
  }
  Detector d(OutlierSettings{}, 3);
  for (int i = 0; i < 100; ++i) {
    for (const Outcome o : others) EXPECT_FALSE(d.result(0, o, 1));
  }
  EXPECT_FALSE(d.ejected(0));
}

// base 30 s, interval 10 s. A tick either ends an ejection or, where the instance is in, takes 1 off the
// multiplier.
//
//   time    what                           multiplier  until at least  returns at the tick
//    12 s   first ejection                     1           42 s              50 s
//    55 s   second                             2          115 s             120 s
//   125 s   third                              3          215 s             220 s
//   230 s   in                                 2
//   240 s   in                                 1
//   241 s   fourth                             2          301 s             310 s
//   320, 330 s  in                             0
//   331 s   fifth                              1          361 s             370 s
TEST(OutlierDetection, EjectionsGrowAndAreForgivenTickByTick) {
  Detector d(OutlierSettings{}, 3);
  struct Round {
    double ejected;
    std::uint32_t multiplier;
    double still_out, back;
  };
  const std::vector<Round> rounds = {{12, 1, 49.999, 50},
                                     {55, 2, 119.999, 120},
                                     {125, 3, 219.999, 220},
                                     {241, 2, 309.999, 310},
                                     {331, 1, 369.999, 370}};
  for (const Round& r : rounds) {
    EXPECT_TRUE(d.fail_five(0, r.ejected)) << r.ejected;
    EXPECT_EQ(d.multiplier(0), r.multiplier) << r.ejected;
    d.advance(at(r.still_out));
    EXPECT_TRUE(d.ejected(0)) << r.ejected;
    EXPECT_TRUE(d.advance(at(r.back))) << r.ejected;
    EXPECT_FALSE(d.ejected(0)) << r.ejected;
    EXPECT_EQ(d.returned_at(0), at(r.back));
  }
  // Out for 38 + 65 + 95 + 69 + 39 = 306 s of the first 400.
  EXPECT_EQ(d.log(0).durations(at(400)), (std::vector<std::int64_t>{94'000'000'000, 306'000'000'000}));
  EXPECT_EQ(d.log(0).changes(), 10u);
}

TEST(OutlierDetection, AQuietCallerCatchesUpWithExactTimes) {
  Detector busy(OutlierSettings{}, 3), quiet(OutlierSettings{}, 3);
  for (Detector* d : {&busy, &quiet}) {
    d->fail_five(0, 12);
    d->advance(at(50));
    d->fail_five(0, 55);  // multiplier 2
  }
  for (double t = 55; t <= 1000; t += 0.5) busy.advance(at(t));
  EXPECT_TRUE(quiet.advance(at(1000)));
  for (const Detector* d : {&busy, &quiet}) {
    EXPECT_EQ(d->returned_at(0), at(120));
    EXPECT_EQ(d->multiplier(0), 0u);
  }
  EXPECT_EQ(busy.log(0).durations(at(1000)), quiet.log(0).durations(at(1000)));
  EXPECT_FALSE(quiet.advance(sim::Instant::max()));  // 9.2e8 idle ticks: stepped over
}

// base 30 s, max 70 s: 30, 60, 70, 70. As in Envoy the multiplier grows while 30 x multiplier < 70 + 30.
TEST(OutlierDetection, EjectionTimeIsCapped) {
  OutlierSettings s;
  s.max_ejection_time = sim::Duration::from_seconds(70);
  s.interval = sim::Duration::from_seconds(1);
  Detector d(s, 3);
  double t = 0.5;
  for (const double out : {30.0, 60.0, 70.0, 70.0, 70.0}) {
    ASSERT_TRUE(d.fail_five(0, t));
    const double back = t + 0.5 + out;  // the tick after
    d.advance(at(back - 0.001));
    EXPECT_TRUE(d.ejected(0)) << out;
    d.advance(at(back));
    EXPECT_FALSE(d.ejected(0)) << out;
    t = back + 0.5;  // before the next tick
  }
  EXPECT_EQ(d.multiplier(0), 4u);

  s.base_ejection_time = sim::Duration::from_seconds(100);  // over the maximum: holds
  Detector longer(s, 3);
  longer.fail_five(0, 0.5);
  longer.advance(at(100));
  EXPECT_TRUE(longer.ejected(0));
  longer.advance(at(101));
  EXPECT_FALSE(longer.ejected(0));
}

TEST(OutlierDetection, AtMostTheGivenShareIsOutButOneMayAlwaysGo) {
  struct Case {
    std::uint32_t hosts;
    double fraction;
    std::uint32_t out;
  };
  for (const Case& c : std::vector<Case>{{1, 0.1, 1},
                                         {5, 0.1, 1},
                                         {19, 0.1, 1},
                                         {20, 0.1, 2},
                                         {30, 0.1, 3},
                                         {100, 0.29, 29},
                                         {5, 0, 1},
                                         {4, 0.5, 2},
                                         {4, 1, 4}}) {
    OutlierSettings s;
    s.max_ejection_fraction = c.fraction;
    Detector d(s, c.hosts);
    for (std::uint32_t h = 0; h < c.hosts; ++h) d.fail_five(h, 1);
    EXPECT_EQ(d.ejected_count(), c.out) << c.hosts << " " << c.fraction;
  }
}

// Instance 1 fails five times while 0 is out: refused, and its run starts over. After 0 is back, four more
// are not enough.
TEST(OutlierDetection, ARunThatCouldNotEjectStartsOver) {
  Detector d(OutlierSettings{}, 5);
  EXPECT_TRUE(d.fail_five(0, 1));
  EXPECT_FALSE(d.fail_five(1, 2));
  EXPECT_FALSE(d.result(1, Outcome::error, 41));
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(d.result(1, Outcome::error, 41));
  EXPECT_TRUE(d.result(1, Outcome::error, 41));
}

// Late answers of an ejected instance change nothing, and it starts afresh.
TEST(OutlierDetection, FailuresWhileOutAreForgotten) {
  Detector d(OutlierSettings{}, 5);
  d.fail_five(0, 1);
  for (int i = 0; i < 20; ++i) EXPECT_FALSE(d.result(0, Outcome::error, 2));
  d.advance(at(40));
  EXPECT_FALSE(d.ejected(0));
  EXPECT_EQ(d.multiplier(0), 1u);
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(d.result(0, Outcome::error, 41));
  EXPECT_TRUE(d.result(0, Outcome::error, 41));
}

// Rates 100, 100, 100, 100 and r %: mean 80 + r/5, population stdev 2 (100 - r) / 5. With factor 1.9 the
// threshold is 80 + r/5 - 0.76 (100 - r) = 4 + 0.96 r, and r is below it when r < 100: at r = 50 the
// threshold is 52, as in Envoy's own example. With factor 2.1 it is 48: nothing.
TEST(OutlierDetection, SuccessRatesFarBelowTheMeanEject) {
  for (const double factor : {1900.0, 2100.0}) {
    OutlierSettings s;
    s.consecutive_failures = 0;
    s.success_rate_stdev_factor = factor;
    Detector d(s, 5);
    for (std::uint32_t h = 0; h < 5; ++h) {
      for (int i = 0; i < 200; ++i) d.result(h, h == 4 && i % 2 == 0 ? Outcome::error : Outcome::success, 3);
    }
    EXPECT_FALSE(d.advance(at(9.999)));
    EXPECT_EQ(d.advance(at(10)), factor < 2000);
    EXPECT_EQ(d.ejected(4), factor < 2000);
    EXPECT_EQ(d.ejected_count(), factor < 2000 ? 1u : 0u);
    if (factor > 2000) continue;
    EXPECT_EQ(d.log(4).kept()[0].at, at(10));
    d.advance(at(39.999));
    EXPECT_TRUE(d.ejected(4));
    d.advance(at(40));
    EXPECT_FALSE(d.ejected(4));
  }
}

// Four failures in a row at its end, out for its success rate, back at 40 s: a fifth is the first again.
TEST(OutlierDetection, AReturnStartsTheRunOver) {
  OutlierSettings s;
  s.success_rate_stdev_factor = 1900;
  Detector d(s, 5);
  for (std::uint32_t h = 0; h < 5; ++h) {
    for (int i = 0; i < 200; ++i) d.result(h, h == 4 && i % 5 != 0 ? Outcome::error : Outcome::success, 3);
  }
  ASSERT_TRUE(d.advance(at(10)));
  ASSERT_TRUE(d.advance(at(40)));
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(d.result(4, Outcome::error, 41));
  EXPECT_TRUE(d.result(4, Outcome::error, 41));
}

TEST(OutlierDetection, RatesNeedEnoughInstancesWithEnoughRequests) {
  struct Case {
    std::uint32_t hosts;
    int requests;
    bool ejects;
  };
  for (const Case& c : std::vector<Case>{{5, 100, true}, {5, 99, false}, {4, 100, false}}) {
    OutlierSettings s;
    s.consecutive_failures = 0;
    s.success_rate_stdev_factor = 1000;
    Detector d(s, c.hosts);
    for (std::uint32_t h = 0; h < c.hosts; ++h) {
      for (int i = 0; i < c.requests; ++i) d.result(h, h == 0 ? Outcome::error : Outcome::success, 3);
    }
    d.advance(at(10));
    EXPECT_EQ(d.ejected(0), c.ejects) << c.hosts << " " << c.requests;
  }
  // 60 requests in each of two intervals are never 100.
  OutlierSettings s;
  s.consecutive_failures = 0;
  s.success_rate_stdev_factor = 1000;
  Detector d(s, 5);
  for (const double t : {3.0, 13.0}) {
    for (std::uint32_t h = 0; h < 5; ++h) {
      for (int i = 0; i < 60; ++i) d.result(h, h == 0 ? Outcome::error : Outcome::success, t);
    }
  }
  d.advance(at(30));
  EXPECT_FALSE(d.ejected(0));
}

TEST(OutlierDetection, HugeTimesSaturate) {
  OutlierSettings s;
  s.base_ejection_time = s.max_ejection_time = s.interval = sim::Duration::max();
  Detector d(s, 2);
  d.fail_five(0, 1);
  EXPECT_FALSE(d.advance(sim::Instant::max()));
  EXPECT_TRUE(d.ejected(0));
}

TEST(OutlierDetection, ThePolicyFillsTheStationAndNothingElse) {
  Station station;
  station.balancer.policy = Balancing::maglev;
  station.balancer.health.emplace();
  Diagnostics diagnostics;
  PolicyTarget target{nullptr, &station, {}, "services.a.outlier_detection", nullptr, diagnostics};
  OutlierDetectionSpec spec;
  spec.consecutive_5xx = 7;
  const PolicyInfo info = outlier_detection_policy();
  info.apply(&spec, target);
  ASSERT_TRUE(station.balancer.outliers);
  EXPECT_EQ(station.balancer.outliers->consecutive_failures, 7);
  EXPECT_EQ(station.balancer.policy, Balancing::maglev);
  EXPECT_TRUE(station.balancer.health);
  EXPECT_TRUE(diagnostics.ok());
  spec.consecutive_5xx = 0;
  info.apply(&spec, target);
  EXPECT_EQ(diagnostics.errors(), 1);
}

}  // namespace
}  // namespace tailrace::models
