// The algorithms of adaptive_concurrency, sample by sample, and the policy around them.
#include <gtest/gtest.h>

#include "models/policies/adaptive_concurrency/adaptive_concurrency.hpp"
#include "models/policies/adaptive_concurrency/limits.hpp"
#include "policy_bench.hpp"

namespace tailrace::models {
namespace {

using Spec = AdaptiveConcurrencySpec;

LimitSample answer(double now_ms, double rtt_ms, std::int64_t in_flight = 1000, bool dropped = false) {
  return {{static_cast<std::int64_t>(now_ms * 1e6)},
          {static_cast<std::int64_t>(rtt_ms * 1e6)},
          in_flight,
          dropped};
}

// --- gradient: minRTT of 2 samples, updates every 100 ms, no jitter; otherwise Envoy's defaults.

AdaptiveConcurrencySettings gradient_settings() {
  Spec spec;
  spec.min_rtt_calc.emplace();
  spec.min_rtt_calc->request_count = 2;
  spec.min_rtt_calc->jitter.value = 0;
  return adaptive_concurrency_settings(spec);
}

TEST(GradientLimit, TheLimitFollowsTheGradientAndItsHeadroom) {
  const AdaptiveConcurrencySettings settings = gradient_settings();
  GradientLimit limit(settings);
  EXPECT_EQ(limit.limit(), 3);
  limit.sample(answer(10, 10), 0);
  limit.sample(answer(10, 10), 0);  // minRTT 10 ms, with the buffer 12.5 ms; updates at 110, 210, ...
  EXPECT_EQ(limit.limit(), 3);
  struct Step {
    double rtt;
    std::int64_t limit;
  };
  const Step steps[] = {
      {10, 5},     // 3 x 1.25 = 3.75, + sqrt = 1.94: 5.69
      {10, 8},     // 6.25 + 2.5 = 8.75
      {10, 13},    // 10 + 3.16
      {10, 20},    // 16.25 + 4.03
      {12.5, 24},  // 20 + 4.47: a gradient of 1 grows by the headroom alone
      {25, 15},    // 12 + 3.46
      {1000, 10},  // held at 1/2: 7.5 + 2.74
      {1, 24},     // held at 2: 20 + 4.47
  };
  double now = 100;
  for (const Step& step : steps) {
    limit.advance({static_cast<std::int64_t>(now * 1e6)});
    const std::int64_t before = limit.limit();
    const double ends = now + 5;  // an answer that began before the measurement of minRTT would not count
    limit.sample(answer(ends, std::min(step.rtt, ends - 10)), 0);
    limit.advance({static_cast<std::int64_t>((now + 10) * 1e6) - 1});
    EXPECT_EQ(limit.limit(), before) << "before the interval is over";
    limit.advance({static_cast<std::int64_t>((now + 10) * 1e6)});
    EXPECT_EQ(limit.limit(), step.limit) << step.rtt;
    now += 100;
  }
}

TEST(GradientLimit, IntervalsWithoutSamplesChangeNothingHoweverMany) {
  AdaptiveConcurrencySettings settings = gradient_settings();
  settings.min_rtt.interval = sim::Duration::max();
  settings.update_interval = {1};  // 10^18 updates in the pause
  GradientLimit limit(settings);
  limit.sample(answer(10, 10), 0);
  limit.sample(answer(10, 10), 0);
  limit.advance({1'000'000'000'000'000'000});
  EXPECT_EQ(limit.limit(), 3);
  limit.sample(answer(1e12, 10), 0);
  limit.advance({1'000'000'000'000'000'001});
  EXPECT_EQ(limit.limit(), 5);
}

TEST(GradientLimit, TheYardstickIsMeasuredAgainAtMinConcurrency) {
  const AdaptiveConcurrencySettings settings = gradient_settings();
  GradientLimit limit(settings);
  limit.sample(answer(10, 10), 0.5);
  limit.sample(answer(10, 10), 0.5);
  limit.sample(answer(50, 10), 0);
  limit.advance({110 * kMs});
  EXPECT_EQ(limit.limit(), 5);
  limit.advance({60'010 * kMs - 1});
  EXPECT_EQ(limit.limit(), 5);
  limit.advance({60'010 * kMs});  // 60 s after the first measurement ended
  EXPECT_EQ(limit.limit(), 3);
  limit.sample(answer(60'015, 6), 0);  // began before: not counted
  limit.sample(answer(60'030, 20), 0);
  EXPECT_EQ(limit.limit(), 3);
  limit.sample(answer(60'030, 20), 0);
  EXPECT_EQ(limit.limit(), 5);  // back to what it was
  limit.sample(answer(60'060, 20), 0);
  limit.advance({60'130 * kMs});
  EXPECT_EQ(limit.limit(), 8);  // 20 ms is no queueing now: 6.25 + 2.5
}

TEST(GradientLimit, JitterPutsTheNextMeasurementOff) {
  AdaptiveConcurrencySettings settings = gradient_settings();
  settings.min_rtt.jitter.value = 0.15;
  GradientLimit limit(settings);
  limit.sample(answer(10, 10), 0.5);
  limit.sample(answer(10, 10), 0.5);  // 60 s x 0.15 x 0.5 = 4.5 s later
  limit.sample(answer(50, 10), 0);
  limit.advance({64'509 * kMs});
  EXPECT_EQ(limit.limit(), 5);
  limit.advance({64'510 * kMs});
  EXPECT_EQ(limit.limit(), 3);
}

TEST(GradientLimit, FiveUpdatesAtTheMinimumMeasureAnew) {
  const AdaptiveConcurrencySettings settings = gradient_settings();
  GradientLimit limit(settings);
  limit.sample(answer(10, 10), 0);
  limit.sample(answer(10, 10), 0);
  for (int update = 1; update <= 5; ++update) {  // at 110, 210, ... 510: 50 ms is far over 12.5 ms
    limit.sample(answer(100 * update, 50), 0);
    limit.advance({(100 * update + 10) * kMs});
    EXPECT_EQ(limit.limit(), 3);
  }
  limit.sample(answer(600, 50), 0);  // these two are the measurement, begun at 510
  limit.sample(answer(600, 50), 0);
  limit.sample(answer(650, 50), 0);
  limit.advance({700 * kMs});
  EXPECT_EQ(limit.limit(), 5);  // 50 ms is the yardstick
}

TEST(GradientLimit, StaysWithinItsBounds) {
  AdaptiveConcurrencySettings settings = gradient_settings();
  settings.most = 12;
  GradientLimit limit(settings);
  limit.sample(answer(10, 10), 0);
  limit.sample(answer(10, 10), 0);
  for (int update = 1; update <= 10; ++update) {
    limit.sample(answer(100 * update, 10), 0);
    limit.advance({(100 * update + 10) * kMs});
  }
  EXPECT_EQ(limit.limit(), 12);
}

// --- Netflix concurrency-limits

TEST(AimdLimit, AddsOneWhenHalfUsedAndBacksOff) {
  Spec spec;
  spec.algorithm = Spec::Algorithm::aimd;
  spec.min_limit = 10;
  const AdaptiveConcurrencySettings settings = adaptive_concurrency_settings(spec);
  AimdLimit limit(settings);
  EXPECT_EQ(limit.limit(), 20);
  limit.sample(answer(0, 10, 9));
  EXPECT_EQ(limit.limit(), 20);  // 18 < 20
  limit.sample(answer(0, 10, 10));
  EXPECT_EQ(limit.limit(), 21);
  limit.sample(answer(0, 10, 0, true));
  EXPECT_EQ(limit.limit(), 18);  // 18.9
  limit.sample(answer(0, 5000, 100));
  EXPECT_EQ(limit.limit(), 19);  // exactly the timeout is in time
  limit.sample(answer(0, 5000.000001, 100));
  EXPECT_EQ(limit.limit(), 17);  // 17.1
  for (int i = 0; i < 20; ++i) limit.sample(answer(0, 10, 0, true));
  EXPECT_EQ(limit.limit(), 10);
  for (int i = 0; i < 500; ++i) limit.sample(answer(0, 10));
  EXPECT_EQ(limit.limit(), 200);
}

AdaptiveConcurrencySettings vegas_settings(Count probe_multiplier) {
  Spec spec;
  spec.algorithm = Spec::Algorithm::vegas;
  spec.vegas.emplace();
  spec.vegas->probe_multiplier = probe_multiplier;
  return adaptive_concurrency_settings(spec);
}

// log10 of 20..99 counts as 1, so alpha = 3, beta = 6, threshold = 1.
TEST(VegasLimit, TheLimitFollowsTheQueueThatItSees) {
  const AdaptiveConcurrencySettings settings = vegas_settings(1000);
  VegasLimit limit(settings);
  struct Step {
    double rtt;
    std::int64_t in_flight;
    bool dropped;
    std::int64_t limit;
  };
  const Step steps[] = {
      {10, 20, false, 20},    // the first RTT is the one without load
      {10, 20, false, 26},    // queue 0: + beta
      {12.5, 26, false, 26},  // ceil(26 x 0.2) = 6: between alpha and beta
      {11, 26, false, 26},    // ceil(26 / 11) = 3: not below alpha
      {10.5, 26, false, 27},  // ceil(26 x 0.0476) = 2: + 1
      {20, 27, false, 26},    // ceil(13.5) = 14: - 1
      {10, 12, false, 26},    // 24 < 26 in use: no change
      {10, 13, false, 32},    // queue 0 again
      {1, 13, true, 31},      // a drop, and no lesson about RTTs:
      {10, 31, false, 37},    // 10 ms is still no queue
      {8, 37, false, 37},     // a new RTT without load
      {10, 37, false, 36},    // ceil(37 x 0.2) = 8: - 1
  };
  for (const Step& step : steps) {
    limit.sample(answer(0, step.rtt, step.in_flight, step.dropped), 0);
    EXPECT_EQ(limit.limit(), step.limit) << step.rtt;
  }
}

TEST(VegasLimit, AProbeForgetsTheRttWithoutLoad) {
  const AdaptiveConcurrencySettings settings = vegas_settings(1);
  VegasLimit limit(settings);
  // Jitter 0: a probe every 0.5 x 20 = 10 samples while the limit is 20. Nothing is in use, so it stays.
  limit.sample(answer(0, 10, 0), 0);
  for (int i = 2; i <= 9; ++i) limit.sample(answer(0, 30, 0), 0);
  limit.sample(answer(0, 30, 0), 0);   // the tenth: 30 ms from now on
  limit.sample(answer(0, 30, 20), 0);  // no queue against 30 ms; against 10 ms it would be 14
  EXPECT_EQ(limit.limit(), 26);
}

TEST(VegasLimit, TheLogarithmIsWholeAndBecomesARoot) {
  EXPECT_EQ(log10_root(1), 1);
  EXPECT_EQ(log10_root(99), 1);
  EXPECT_EQ(log10_root(100), 2);
  EXPECT_EQ(log10_root(999), 2);
  EXPECT_EQ(log10_root(1000), 31);
}

TEST(Gradient2Limit, TheLimitFollowsTheLongTermMean) {
  Spec spec;
  spec.algorithm = Spec::Algorithm::gradient2;
  spec.min_limit = 1;
  const AdaptiveConcurrencySettings settings = adaptive_concurrency_settings(spec);
  Gradient2Limit limit(settings);
  EXPECT_EQ(limit.limit(), 20);
  for (int i = 0; i < 10; ++i) limit.sample(answer(0, 10));
  EXPECT_EQ(limit.limit(), 28);  // + 0.2 x 4 each
  limit.sample(answer(0, 10, 13));
  EXPECT_EQ(limit.limit(), 28);  // less than half in use
  for (int i = 0; i < 10; ++i) limit.sample(answer(0, 1000));
  // The long mean stays below half of 1000 ms, so L <- 0.8 L + 0.2 (L / 2 + 4) = 0.9 L + 0.8, ten times:
  // 8 + 20 x 0.9^10 = 14.97.
  EXPECT_EQ(limit.limit(), 14);
}

// --- the policy

TEST(AdaptiveConcurrency, RequestsOverTheLimitAreShedUntilOneEnds) {
  const AdaptiveConcurrencyModel model(gradient_settings());
  const auto policy = model.start();
  sim::Stream random(1, 0, "a", "b");
  for (int i = 0; i < 3; ++i) EXPECT_EQ(policy->admit(at_ms(0), random).kind, Admission::Kind::admit);
  const Admission fourth = policy->admit(at_ms(0), random);
  EXPECT_EQ(fourth.kind, Admission::Kind::reject);
  EXPECT_EQ(fourth.reason, Outcome::shed);
  EXPECT_EQ(policy->gauge(), 3);
  policy->ended(result_at_ms(5, Outcome::error, 5));
  EXPECT_EQ(policy->admit(at_ms(5), random).kind, Admission::Kind::admit);
  EXPECT_EQ(policy->admit(at_ms(5), random).kind, Admission::Kind::reject);
}

TEST(AdaptiveConcurrency, RefusalsFurtherInTeachTheGradientNothing) {
  const AdaptiveConcurrencyModel model(gradient_settings());
  const auto policy = model.start();
  sim::Stream random(1, 0, "a", "b");
  const auto pass = [&](std::int64_t end_ms, Outcome outcome, std::int64_t took) {
    ASSERT_EQ(policy->admit(at_ms(end_ms - took), random).kind, Admission::Kind::admit);
    policy->ended(result_at_ms(end_ms, outcome, took));
  };
  pass(10, Outcome::success, 10);
  pass(20, Outcome::success, 10);  // minRTT; updates at 120, ...
  pass(30, Outcome::circuit_open, 0);
  pass(40, Outcome::shed, 0);
  pass(60, Outcome::success, 20);
  pass(70, Outcome::cancelled, 0);
  // At 120: 3 x 12.5 / 20 = 1.875, + 1.37 = 3.2; the median of {0, 0, 20, 0} would have let it grow to 8. All
  // have made room, so three are let in.
  for (int i = 0; i < 3; ++i) EXPECT_EQ(policy->admit(at_ms(120), random).kind, Admission::Kind::admit);
  EXPECT_EQ(policy->gauge(), 3);
  EXPECT_EQ(policy->admit(at_ms(120), random).kind, Admission::Kind::reject);
}

TEST(AdaptiveConcurrency, AimdCountsTimeoutsAndRefusalsAsDrops) {
  Spec spec;
  spec.algorithm = Spec::Algorithm::aimd;
  spec.min_limit = 1;
  for (const auto& [outcome, limit] : {std::pair{Outcome::timeout, 18.0},
                                       {Outcome::rejected, 18.0},
                                       {Outcome::shed, 18.0},
                                       {Outcome::error, 20.0},
                                       {Outcome::circuit_open, 20.0}}) {
    const AdaptiveConcurrencyModel model(adaptive_concurrency_settings(spec));
    const auto policy = model.start();
    sim::Stream random(1, 0, "a", "b");
    policy->admit(at_ms(0), random);
    policy->ended(result_at_ms(1, outcome, 1));
    EXPECT_EQ(policy->gauge(), limit) << static_cast<int>(outcome);
  }
}

// A server with 10 workers and 10 ms of work each, always as full as the policy lets it be: above 10 in
// flight the response time grows in proportion, L / 10 x 10 ms. The fixed point of gradient L + sqrt(gradient
// L) with gradient = 12.5 / L is 12.5 + 3.54: 16 in flight, whole.
TEST(GradientLimit, SettlesALittleAboveTheServersConcurrency) {
  const AdaptiveConcurrencySettings settings = gradient_settings();
  GradientLimit limit(settings);
  limit.sample(answer(10, 10), 0);
  limit.sample(answer(10, 10), 0);
  for (int update = 1; update <= 50; ++update) {
    const double rtt = std::max(10.0, static_cast<double>(limit.limit()));
    limit.sample(answer(100 * update, rtt), 0);
    limit.advance({(100 * update + 10) * kMs});
  }
  EXPECT_EQ(limit.limit(), 16);
}

TEST(AdaptiveConcurrency, SectionsOfOtherAlgorithmsAreRefused) {
  PolicyBench bench;
  EXPECT_FALSE(bench.call(adaptive_concurrency_policy(), map_of({{"vegas", map_of({})}})));
  EXPECT_EQ(bench.first_error(), "vegas belongs to algorithm: vegas");
  PolicyBench right;
  EXPECT_TRUE(
      right.call(adaptive_concurrency_policy(),
                 map_of({{"algorithm", scalar("vegas")}, {"vegas", map_of({{"alpha", scalar("2")}})}})));
  PolicyBench small;  // the default least and first limits give way
  EXPECT_TRUE(small.call(adaptive_concurrency_policy(),
                         map_of({{"algorithm", scalar("aimd")}, {"max_concurrency_limit", scalar("5")}})));
  EXPECT_EQ(small.edge.admissions.at(0).model->start()->gauge(), 5);
  PolicyBench crossed;
  EXPECT_FALSE(crossed.call(adaptive_concurrency_policy(),
                            map_of({{"min_limit", scalar("9")}, {"max_concurrency_limit", scalar("5")}})));
}

}  // namespace
}  // namespace tailrace::models
