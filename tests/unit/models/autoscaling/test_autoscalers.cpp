// Autoscalers as machines: what they answer to what was measured, by a clock that the test moves.
#include <gtest/gtest.h>

#include "models/autoscaling/autoscaling.hpp"

namespace tailrace::models {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;

// One autoscaler; what it asks for is there at once.
class Driver {
 public:
  Driver(const std::shared_ptr<const AutoscalerModel>& model, std::uint32_t current)
      : scaler_(model->start()), current_(current) {}
  std::uint32_t look(std::int64_t at_s, double value, double quick = 0) {
    ScaleFacts facts;
    facts.now = {at_s * kSecond};
    facts.current = current_;
    facts.ready = ready.value_or(current_);
    facts.value = value;
    facts.quick = quick;
    return current_ = scaler_->look(facts).wanted;
  }
  std::optional<std::uint32_t> ready;  // otherwise all

 private:
  std::unique_ptr<Autoscaler> scaler_;
  std::uint32_t current_;
};

// Kubernetes' documentation: ceil(current x metric / target), within 10 % nothing.
TEST(Hpa, WantsCurrentTimesMetricOverTargetRoundedUp) {
  EXPECT_EQ(hpa_desired(4, 90, 60, 0.1), 6u);
  EXPECT_EQ(hpa_desired(4, 63, 60, 0.1), 4u);
  EXPECT_EQ(hpa_desired(10, 30, 60, 0.1), 5u);
  EXPECT_EQ(hpa_desired(3, 200, 50, 0.1), 12u);
  EXPECT_EQ(hpa_desired(4, 0.9, 0.6, 0.1), 6u);  // 0.9/0.6 is a little more than 1.5 in binary
  EXPECT_EQ(hpa_desired(4, 66, 60, 0.1), 4u);    // the tolerance itself is within it
  EXPECT_EQ(hpa_desired(4, 67, 60, 0.1), 5u);
}

HpaSpec cpu(double target) {
  HpaSpec s;
  s.metric = ScaleMetric::workers;
  s.target = target;
  return s;
}

// From 1 at 300 % of the target: at most 4 more in 15 s, then twice as many.
TEST(Hpa, GrowsByFourOrTwofoldPerPeriod) {
  Driver d(hpa_model(cpu(0.1)), 1);
  EXPECT_EQ(d.look(15, 1.0), 5u);   // 10 are wanted: 1 + 4
  EXPECT_EQ(d.look(30, 1.0), 10u);  // 50 are wanted: 5 + 5
  EXPECT_EQ(d.look(45, 1.0), 20u);
}

// The load falls after 15 s; what was recommended before counts for 300 s.
TEST(Hpa, ShrinksToTheHighestRecommendationOfFiveMinutes) {
  Driver d(hpa_model(cpu(0.5)), 8);
  EXPECT_EQ(d.look(15, 0.5), 8u);
  for (int at = 30; at < 315; at += 15) EXPECT_EQ(d.look(at, 0.25), 8u) << at;
  EXPECT_EQ(d.look(315, 0.25), 4u);
}

TEST(Hpa, WithoutAWindowFollowsEveryDip) {
  HpaSpec s = cpu(0.5);
  s.scale_down.stabilization_window = sim::Duration{0};
  Driver d(hpa_model(s), 8);
  EXPECT_EQ(d.look(15, 0.25), 4u);
  EXPECT_EQ(d.look(30, 1.0), 8u);
}

TEST(Hpa, TakesNoMoreThanItsPolicyAllows) {
  HpaSpec s = cpu(0.5);
  s.scale_down.stabilization_window = sim::Duration{0};
  s.scale_down.policies = {{Count{1}, {}, sim::Duration{60 * kSecond}}};
  Driver d(hpa_model(s), 8);
  EXPECT_EQ(d.look(15, 0.05), 7u);
  EXPECT_EQ(d.look(30, 0.05), 7u);
  EXPECT_EQ(d.look(75, 0.05), 6u);
  s.scale_down.select_policy = HpaSelect::disabled;
  Driver never(hpa_model(s), 8);
  EXPECT_EQ(never.look(15, 0.05), 8u);
}

// 4 when the minute began, 4 more at 15 s: one less than there were is 3.
TEST(Hpa, APoliciesPeriodBeginsWithWhatThereWasWhicheverWayItChanged) {
  HpaSpec s = cpu(0.5);
  s.scale_down.stabilization_window = sim::Duration{0};
  s.scale_down.policies = {{Count{1}, {}, sim::Duration{60 * kSecond}}};
  Driver d(hpa_model(s), 4);
  EXPECT_EQ(d.look(15, 1.0), 8u);
  EXPECT_EQ(d.look(30, 0.05), 3u);
  EXPECT_EQ(d.look(45, 0.05), 3u);
}

// Of the two, 4 more or as many again, the one that allows less holds.
TEST(Hpa, TakesTheSmallerChangeWhereThatIsAskedFor) {
  HpaSpec s = cpu(0.1);
  s.scale_up.policies = {{Count{4}, {}, sim::Duration{15 * kSecond}},
                         {{}, 100.0, sim::Duration{15 * kSecond}}};
  s.scale_up.select_policy = HpaSelect::least;
  Driver d(hpa_model(s), 1);
  EXPECT_EQ(d.look(15, 1.0), 2u);
}

// Twice the target from 30 s on. 4 were enough at 15 s, and that counts until 75 s.
TEST(Hpa, GrowsToTheLowestRecommendationOfItsWindow) {
  HpaSpec s = cpu(0.5);
  s.scale_up.stabilization_window = sim::Duration{60 * kSecond};
  Driver d(hpa_model(s), 4);
  EXPECT_EQ(d.look(15, 0.5), 4u);
  for (int at = 30; at < 75; at += 15) EXPECT_EQ(d.look(at, 1.0), 4u) << at;
  EXPECT_EQ(d.look(75, 1.0), 8u);
}

// 4 ready ones at twice the target need 8. While 4 start that counts: 4 x 1.0 / (0.5 x 8) is the target.
TEST(Hpa, CountsThoseThatStart) {
  Driver d(hpa_model(cpu(0.5)), 4);
  EXPECT_EQ(d.look(15, 1.0), 8u);
  d.ready = 4;
  EXPECT_EQ(d.look(30, 1.0), 8u);
  d.ready = 8;
  EXPECT_EQ(d.look(45, 1.0), 16u);
}

// A queue of 95 at 30 each: one comes first, then there are 4. Empty for the cooldown of 60 s: none.
TEST(Hpa, ScalesAQueueToZeroAndBack) {
  HpaSpec s;
  s.metric = ScaleMetric::queue;
  s.target = 30;
  s.cooldown = sim::Duration{60 * kSecond};
  s.scale_down.stabilization_window = sim::Duration{0};
  Driver d(hpa_model(s), 0);
  EXPECT_EQ(d.look(15, 0), 0u);
  EXPECT_EQ(d.look(30, 95), 1u);
  EXPECT_EQ(d.look(45, 95), 4u);
  EXPECT_EQ(d.look(60, 0), 1u);
  EXPECT_EQ(d.look(90, 0), 1u);
  EXPECT_EQ(d.look(105, 0), 0u);
  EXPECT_EQ(d.look(120, 1), 1u);
}

TEST(Hpa, TheFirstComesWhenTheMetricIsAboveTheActivation) {
  HpaSpec s;
  s.metric = ScaleMetric::queue;
  s.target = 30;
  s.activation = 10;
  Driver d(hpa_model(s), 0);
  EXPECT_EQ(d.look(15, 10), 0u);
  EXPECT_EQ(d.look(30, 11), 1u);
}

// 70 each. A burst that needs twice the ready ones decides at once, and nothing is taken for a stable window.
TEST(Concurrency, PanicsInABurstAndCalmsDownAfterTheStableWindow) {
  ConcurrencySpec s;
  Driver d(concurrency_model(s), 2);
  EXPECT_EQ(d.look(2, 140, 140), 2u);
  EXPECT_EQ(d.look(4, 150, 700), 10u);
  EXPECT_EQ(d.look(6, 200, 70), 10u);
  EXPECT_EQ(d.look(62, 210, 70), 10u);
  EXPECT_EQ(d.look(64, 210, 70), 5u);  // the burst is 60 s ago; at most halved
}

// The last look with anything inside is at 2 s.
TEST(Concurrency, TheLastInstanceGoesAfterTheGraceAndTheNextComesAtOnce) {
  Driver d(concurrency_model(ConcurrencySpec{}), 1);
  EXPECT_EQ(d.look(2, 70, 70), 1u);
  EXPECT_EQ(d.look(30, 0), 1u);
  EXPECT_EQ(d.look(32, 0), 0u);
  EXPECT_EQ(d.look(34, 70, 70), 1u);
}

TEST(StepScaling, TakesTheOutermostStepAndCoolsDown) {
  StepScalingSpec s;
  s.metric = ScaleMetric::workers;
  s.cooldown = sim::Duration{120 * kSecond};
  s.steps = {{0.7, -1, 1.0, {}}, {0.9, -1, {}, 50.0}, {-1, 0.3, -1.0, {}}};
  Driver d(step_scaling_model(s), 4);
  EXPECT_EQ(d.look(60, 0.95), 6u);
  EXPECT_EQ(d.look(120, 0.95), 6u);
  EXPECT_EQ(d.look(180, 0.75), 7u);
  EXPECT_EQ(d.look(360, 0.2), 6u);
  EXPECT_EQ(d.look(600, 0.5), 6u);
}

// A share of none is at least one more, and no share at all changes nothing.
TEST(StepScaling, TakesAShareOfAtLeastOneInstance) {
  StepScalingSpec s;
  s.metric = ScaleMetric::queue;
  s.cooldown = sim::Duration{0};
  s.steps = {{5, -1, {}, 50.0}, {-1, 1, {}, -10.0}, {-1, 0.1, {}, 0.0}};
  Driver d(step_scaling_model(s), 0);
  EXPECT_EQ(d.look(60, 8), 1u);
  EXPECT_EQ(d.look(120, 8), 2u);
  EXPECT_EQ(d.look(180, 2), 1u);
  EXPECT_EQ(d.look(240, 0), 1u);
}

TEST(TargetTracking, AddsAfterThreeLooksAndTakesAfterFifteen) {
  TrackingSpec s;
  s.metric = ScaleMetric::workers;
  s.target = 0.5;
  Driver d(tracking_model(s), 4);
  EXPECT_EQ(d.look(60, 0.8), 4u);
  EXPECT_EQ(d.look(120, 0.8), 4u);
  EXPECT_EQ(d.look(180, 0.8), 7u);  // ceil(4 x 1.6)
  for (int k = 1; k < 15; ++k) EXPECT_EQ(d.look(180 + 60 * k, 0.4), 7u);
  EXPECT_EQ(d.look(180 + 60 * 15, 0.4), 6u);  // ceil(7 x 0.8)
  EXPECT_EQ(d.look(180 + 60 * 16, 0.46), 6u);
}

// Above the target all the time: the next come when the cooldown of 300 s is over.
TEST(TargetTracking, AddsNoMoreDuringItsCooldown) {
  TrackingSpec s;
  s.metric = ScaleMetric::workers;
  s.target = 0.5;
  Driver d(tracking_model(s), 4);
  for (const int at : {60, 120}) EXPECT_EQ(d.look(at, 0.8), 4u) << at;
  for (int at = 180; at < 480; at += 60) EXPECT_EQ(d.look(at, 0.8), 7u) << at;
  EXPECT_EQ(d.look(480, 0.8), 12u);  // ceil(7 x 1.6)
}

}  // namespace
}  // namespace tailrace::models
