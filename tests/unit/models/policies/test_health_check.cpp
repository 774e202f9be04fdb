// Health checks: thresholds probe by probe, and how long a failure stays unseen.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "models/policies/health_check/health_check.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::models {
namespace {

// g: a good probe, f: a failed one. Below: the verdict after it, h or u. Three failures in a row take it out,
// two good ones bring it back; in between the counts start over.
TEST(HealthCheck, ThresholdsCountProbesInARow) {
  const std::string probes = "gffgfffgfggffgfff";
  const std::string wanted = "hhhhhhuuuuhhhhhhu";
  HealthState state{HealthCheckSettings{}};
  std::string verdicts;
  int changes = 0;
  for (const char probe : probes) {
    changes += state.probed(probe == 'g') ? 1 : 0;
    verdicts += state.healthy() ? 'h' : 'u';
  }
  EXPECT_EQ(verdicts, wanted);
  EXPECT_EQ(changes, 3);
}

TEST(HealthCheck, ThresholdsOfOneFollowEveryProbe) {
  HealthCheckSettings settings;
  settings.unhealthy_threshold = settings.healthy_threshold = 1;
  HealthState state(settings);
  for (const bool good : {true, false, false, true, false}) {
    state.probed(good);
    EXPECT_EQ(state.healthy(), good);
  }
}

// Probes every 10 s, 3 must fail. The failure is U into a period: the next probe comes after 10 - U and the
// third 20 s later, so the time is 30 - U: uniform over 20 to 30 s, mean (3 - 1/2) 10 = 25 s, standard
// deviation 10 / sqrt(12).
TEST(HealthCheck, AFailureIsFoundAfterTwoAndAHalfPeriodsOnAverage) {
  constexpr int kFailures = 20'000;
  const HealthCheckSettings settings;
  sim::Stream random(5, 0, "health", "failure");
  double sum = 0, most = 0, least = 1e9;
  for (int n = 0; n < kFailures; ++n) {
    HealthState state(settings);
    const std::int64_t fails_at =
        5 * settings.interval.ns +
        static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(settings.interval.ns)));
    std::int64_t t = 0;
    do {
      t += settings.interval.ns;
    } while (!state.probed(t <= fails_at));
    EXPECT_FALSE(state.healthy());
    const double took = static_cast<double>(t - fails_at) * 1e-9;
    sum += took;
    most = std::max(most, took);
    least = std::min(least, took);
  }
  EXPECT_NEAR(sum / kFailures, 25, 5 * 10 / std::sqrt(12.0 * kFailures));
  EXPECT_LE(most, 30);
  EXPECT_GT(most, 29.9);
  EXPECT_GE(least, 20);
}

TEST(HealthCheck, ThePolicyFillsTheStationAndKeepsTheOperationsName) {
  Station station;
  Diagnostics diagnostics;
  PolicyTarget target{nullptr, &station, {}, "services.a.health_check", nullptr, diagnostics};
  HealthCheckSpec spec;
  spec.operation = "ping";
  spec.unhealthy_threshold = 4;
  const PolicyInfo info = health_check_policy();
  info.apply(&spec, target);
  ASSERT_TRUE(station.balancer.health);
  EXPECT_EQ(station.balancer.health->operation_name, "ping");
  EXPECT_EQ(station.balancer.health->operation, -1);
  EXPECT_EQ(station.balancer.health->unhealthy_threshold, 4);
  EXPECT_FALSE(station.balancer.outliers);
  EXPECT_TRUE(diagnostics.ok());
  spec.timeout = sim::Duration::from_seconds(11);
  info.apply(&spec, target);
  EXPECT_EQ(diagnostics.errors(), 1);
}

}  // namespace
}  // namespace tailrace::models
