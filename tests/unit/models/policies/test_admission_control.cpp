// Success-rate based admission control with a hand-driven clock.
#include <gtest/gtest.h>

#include "models/policies/admission_control/admission_control.hpp"
#include "policy_bench.hpp"

namespace tailrace::models {
namespace {

AdmissionControlSettings settings_with(double threshold, double most) {
  AdmissionControlSettings s;
  s.threshold = threshold;
  s.most = most;
  s.failures = kTargetFailures;
  return s;
}
CallFacts at(std::int64_t ns, Outcome outcome = Outcome::success) {
  CallFacts facts = at_ns(ns);
  facts.outcome = outcome;
  return facts;
}
void end(AdmissionPolicy& policy, std::int64_t ns, Outcome outcome, int times) {
  for (int i = 0; i < times; ++i) policy.ended(at(ns, outcome));
}
// The probability with which a request would be refused at this instant.
double probability(AdmissionPolicy& policy, std::int64_t ns) {
  sim::Stream random(1, 0, "a", "b");
  policy.admit(at(ns), random);
  return policy.gauge();
}

TEST(AdmissionControl, TheProbabilityFollowsTheFormula) {
  AdmissionControlSettings s = settings_with(0.95, 0.8);
  EXPECT_EQ(rejection_probability(s, 0, 0), 0);
  EXPECT_EQ(rejection_probability(s, 100, 95), 0);  // exactly the threshold
  // (100 - 50 / 0.95) / 101 = 47.368421 / 101
  EXPECT_NEAR(rejection_probability(s, 100, 50), 0.46899427, 1e-8);
  EXPECT_EQ(rejection_probability(s, 100, 0), 0.8);  // 100 / 101, capped
  s.aggression = 2;
  EXPECT_NEAR(rejection_probability(s, 100, 50), 0.68483156, 1e-8);  // its square root
}

TEST(AdmissionControl, ABucketLeavesAsAWholeWhenItIsAsOldAsTheWindow) {
  const AdmissionControlModel model(settings_with(1, 1));
  const auto policy = model.start();
  end(*policy, 0, Outcome::error, 3);          // bucket 0 s: 3 and 1
  end(*policy, 999 * kMs, Outcome::error, 1);  // less than 1 s after the bucket began
  end(*policy, kS, Outcome::error, 5);         // bucket 1 s: 5
  EXPECT_DOUBLE_EQ(probability(*policy, 30 * kS - 1), 9.0 / 10);
  EXPECT_DOUBLE_EQ(probability(*policy, 30 * kS), 5.0 / 6);
  EXPECT_DOUBLE_EQ(probability(*policy, 31 * kS), 0);
}

TEST(AdmissionControl, AFullRingOfBucketsLosesNothing) {
  const AdmissionControlModel model(settings_with(1, 1));
  const auto policy = model.start();
  for (int s = 0; s < 100; ++s) end(*policy, s * kS, Outcome::timeout, 1);
  // At 99 s the buckets of 70..99 s are younger than 30 s.
  EXPECT_DOUBLE_EQ(probability(*policy, 99 * kS), 30.0 / 31);
}

TEST(AdmissionControl, OutcomesThatAreNoFailuresDoNotCount) {
  const AdmissionControlModel model(settings_with(1, 1));
  const auto policy = model.start();
  end(*policy, 0, Outcome::circuit_open, 10);
  end(*policy, 0, Outcome::rate_limited, 10);
  end(*policy, 0, Outcome::cancelled, 10);
  EXPECT_EQ(probability(*policy, 0), 0);
  end(*policy, 0, Outcome::success, 1);
  end(*policy, 0, Outcome::unavailable, 1);
  EXPECT_DOUBLE_EQ(probability(*policy, 0), 1.0 / 3);  // n = 2, ok = 1
}

TEST(AdmissionControl, NothingIsRefusedBelowTheRateThreshold) {
  AdmissionControlSettings s = settings_with(1, 1);
  s.least_rps = 10;
  const AdmissionControlModel model(s);
  const auto policy = model.start();
  end(*policy, 0, Outcome::error, 9);
  EXPECT_EQ(probability(*policy, 0), 0);  // 9 in what counts as 1 s
  end(*policy, 0, Outcome::error, 11);
  EXPECT_DOUBLE_EQ(probability(*policy, 2 * kS), 20.0 / 21);  // 20 in 2 s
  EXPECT_EQ(probability(*policy, 2 * kS + 1), 0);
}

TEST(AdmissionControl, RefusalsCountOnlyInTheBooksForm) {
  for (const bool book : {false, true}) {
    AdmissionControlSettings s = settings_with(1, 1);
    s.count_rejected = book;
    const AdmissionControlModel model(s);
    const auto policy = model.start();
    end(*policy, 0, Outcome::error, 10);
    sim::Stream random(3, 0, "a", "b");
    int refused = 0;
    for (int i = 0; i < 50; ++i) {
      const Admission answer = policy->admit(at(0), random);
      if (answer.kind != Admission::Kind::reject) continue;
      EXPECT_EQ(answer.reason, Outcome::shed);
      ++refused;
    }
    ASSERT_GT(refused, 25);
    EXPECT_DOUBLE_EQ(probability(*policy, 0), book ? (10.0 + refused) / (11 + refused) : 10.0 / 11) << book;
  }
}

// The SRE book's rule with K against a server that accepts C per second: of N requests per second, p N are
// refused locally and C succeed, so p = (N - K C) / N and N (1 - p) = K C are sent. K = 2, C = 100, N = 1000.
TEST(AdmissionControl, InTheBooksFormKTimesTheCapacityIsSent) {
  AdmissionControlSettings s = settings_with(0.5, 1);
  s.count_rejected = true;
  const AdmissionControlModel model(s);
  const auto policy = model.start();
  sim::Stream random(11, 0, "a", "b");
  int sent = 0;
  constexpr int kWarmup = 120, kMeasured = 400;
  for (int second = 0; second < kWarmup + kMeasured; ++second) {
    int left = 100;
    for (int i = 0; i < 1000; ++i) {
      const std::int64_t now = second * kS + i * kMs;
      if (policy->admit(at(now), random).kind != Admission::Kind::admit) continue;
      if (second >= kWarmup) ++sent;
      policy->ended(at(now, left-- > 0 ? Outcome::success : Outcome::error));
    }
  }
  // 200 +- sqrt(1000 x 0.2 x 0.8 / 400) = 0.63 per second if draws were independent; the window couples them
  // a little, so 2 %.
  EXPECT_NEAR(sent / static_cast<double>(kMeasured), 200, 4);
}

// Envoy's form, a server that succeeds with probability q whatever is sent: p = 1 - q / sr = 0.5.
TEST(AdmissionControl, InEnvoysFormTheRefusedShareIsTheMissingSuccess) {
  const AdmissionControlModel model(settings_with(0.8, 0.9));
  const auto policy = model.start();
  sim::Stream random(12, 0, "a", "b");
  int refused = 0;
  constexpr int kRequests = 400'000;
  for (int i = 0; i < kRequests; ++i) {
    const std::int64_t now = i * kMs;
    if (policy->admit(at(now), random).kind == Admission::Kind::reject) {
      ++refused;
    } else {
      policy->ended(at(now, random.uniform() < 0.4 ? Outcome::success : Outcome::error));
    }
  }
  // The window holds about 15 000 outcomes, so p itself wanders by sqrt(0.24 / 15000) / 0.8 = 0.005.
  EXPECT_NEAR(refused / static_cast<double>(kRequests), 0.5, 0.01);
}

TEST(AdmissionControl, FailuresAreReadByName) {
  PolicyBench bench;
  ASSERT_TRUE(bench.call(admission_control_policy(),
                         map_of({{"failures", list_of({scalar("timeout"), scalar("circuit_open")})}})));
  ASSERT_EQ(bench.edge.admissions.size(), 1u);
  const auto policy = bench.edge.admissions[0].model->start();
  end(*policy, 0, Outcome::error, 5);
  EXPECT_EQ(probability(*policy, 0), 0);
  end(*policy, 0, Outcome::timeout, 2);
  end(*policy, 0, Outcome::circuit_open, 1);
  EXPECT_DOUBLE_EQ(probability(*policy, 0), 0.75);

  PolicyBench wrong;
  EXPECT_FALSE(wrong.call(admission_control_policy(), map_of({{"failures", scalar("time_out")}})));
  EXPECT_EQ(wrong.first_error(), "\"time_out\" is no outcome of a failed call");
}

TEST(AdmissionControl, RangesAreHeld) {
  for (const auto& [field, value] : {std::pair<const char*, const char*>{"sampling_window", "500ms"},
                                     {"sampling_window", "2h"},
                                     {"sr_threshold", "0%"},
                                     {"aggression", "0.5"},
                                     {"rps_threshold", "-1"}}) {
    PolicyBench bench;
    EXPECT_FALSE(bench.inbound(admission_control_policy(), map_of({{field, scalar(value)}}))) << field;
  }
}

}  // namespace
}  // namespace tailrace::models
