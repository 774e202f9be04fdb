// Certificates that are rotated in time or not: event by event, and the share of time expired against theory.
#include "models/policies/certificate/certificate.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "policy_bench.hpp"

namespace tailrace::models {
namespace {

CertificateSpec spec_of(double validity_s, double before_s, double retry_s, double failure) {
  CertificateSpec s;
  s.validity = sim::Duration::from_seconds(validity_s);
  s.rotate_before = sim::Duration::from_seconds(before_s);
  s.retry_every = sim::Duration::from_seconds(retry_s);
  s.failure.value = failure;
  s.spread = false;
  return s;
}
CertificateState started(const CertificateModel& model) {
  CertificateState c(model);
  c.start(sim::Stream(1, 0, "test", "certificate"));
  return c;
}

TEST(Certificate, IsRotatedInTimeForEver) {
  const CertificateModel model(spec_of(100, 30, 10, 0));
  CertificateState c = started(model);
  for (std::int64_t s = 0; s < 1000; ++s) EXPECT_FALSE(c.expired({s * kS}, 0));
  EXPECT_EQ(c.askings(), 14u);  // at 70, 140, ...
}

// Asked for at 70, 80, 90 and 100 in vain; at 110 the authority is back, and at 115 the new one is in use.
TEST(Certificate, OutlivesAnOutageOfTheAuthorityThatIsShorterThanItsLead) {
  CertificateSpec spec = spec_of(100, 30, 10, 0);
  spec.propagation.value = sim::Distribution::constant(5e9);
  const CertificateModel model(spec);
  CertificateState c = started(model);
  c.ca_outage(true, {60 * kS});
  EXPECT_FALSE(c.expired({100 * kS - 1}, 0));
  EXPECT_TRUE(c.expired({100 * kS}, 0));
  c.ca_outage(false, {105 * kS});
  EXPECT_TRUE(c.expired({115 * kS - 1}, 0));
  EXPECT_FALSE(c.expired({115 * kS}, 0));
  // Issued at 110: asked for again at 180, in use at 185.
  EXPECT_FALSE(c.expired({300 * kS}, 0));
  EXPECT_EQ(c.log()->trips(), 1u);

  CertificateState in_time = started(model);
  in_time.ca_outage(true, {60 * kS});
  in_time.ca_outage(false, {85 * kS});  // asked for at 90, in use at 95
  EXPECT_FALSE(in_time.expired({300 * kS}, 0));
}

// Looking at it more often changes nothing.
TEST(Certificate, MovesByItsOwnClock) {
  CertificateSpec spec = spec_of(100, 30, 10, 0.7);
  spec.propagation.value = sim::Distribution::exponential(5e9);
  const CertificateModel model(spec);
  CertificateState seldom = started(model), often = started(model);
  for (std::int64_t s = 0; s <= 5000; ++s) often.settle({s * kS});
  seldom.settle({5000 * kS});
  EXPECT_EQ(seldom.log()->durations({5000 * kS}), often.log()->durations({5000 * kS}));
  EXPECT_GT(seldom.log()->trips(), 5u);
}

// p = 1/2, r = 10, d = 5, L = 30, V = 100: K r + d - L is positive from K = 3 on, where it is 5 + 10 K' with
// K' geometric of mean 1: 15/8 s expired in a cycle of 70 + 10 s.
TEST(Certificate, IsExpiredForTheShareOfTimeThatTheRenewalTheoremSays) {
  CertificateSpec spec = spec_of(100, 30, 10, 0.5);
  spec.propagation.value = sim::Distribution::constant(5e9);
  const CertificateModel model(spec);
  CertificateState c = started(model);
  constexpr std::int64_t kCycles = 200'000;
  const std::int64_t end = 80 * kCycles * kS;
  c.settle({end});
  const double share = static_cast<double>(c.log()->durations({end}).at(1)) / static_cast<double>(end);
  // Variance of the time expired in a cycle: E[X^2] = (25 + 100 + 300) / 8.
  const double error = std::sqrt(425.0 / 8 / static_cast<double>(kCycles)) / 80;
  EXPECT_NEAR(share, 1.875 / 80, 4 * error);
}

}  // namespace
}  // namespace tailrace::models
