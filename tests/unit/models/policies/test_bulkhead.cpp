// The bulkhead event by event, and against Erlang.
#include <gtest/gtest.h>

#include <deque>

#include "models/policies/bulkhead/bulkhead.hpp"
#include "policy_bench.hpp"
#include "sim/random/sampler.hpp"

namespace tailrace::models {
namespace {

using Kind = Admission::Kind;

TEST(Bulkhead, OneMoreThanItsPlacesIsRejectedAtOnce) {
  const auto bulkhead = started(bulkhead_policy(), "max_concurrent_calls: 2");
  sim::Stream random;
  EXPECT_EQ(bulkhead->admit(at_ms(0), random).kind, Kind::admit);
  EXPECT_EQ(bulkhead->admit(at_ms(0), random).kind, Kind::admit);
  const Admission third = bulkhead->admit(at_ms(0), random);
  EXPECT_EQ(third.kind, Kind::reject);
  EXPECT_EQ(third.reason, Outcome::rejected);
  EXPECT_EQ(bulkhead->gauge(), 2);
  bulkhead->ended(result_at_ms(1, Outcome::timeout));  // however it ended
  EXPECT_EQ(bulkhead->admit(at_ms(1), random).kind, Kind::admit);
}

TEST(Bulkhead, WithAWaitACallGoesInLineAndIsLetInFromThere) {
  const auto bulkhead = started(bulkhead_policy(), "max_concurrent_calls: 1, max_wait_duration: 50ms");
  sim::Stream random;
  bulkhead->admit(at_ms(0), random);
  CallFacts second = at_ms(10);
  const Admission wait = bulkhead->admit(second, random);
  EXPECT_EQ(wait.kind, Kind::wait);
  EXPECT_EQ(wait.time.ns, 50 * kMs);
  EXPECT_EQ(wait.reason, Outcome::queue_timeout);
  second.now = {20 * kMs};
  second.from_line = true;
  second.waiting = 1;
  EXPECT_EQ(bulkhead->admit(second, random).kind, Kind::wait);  // nobody has ended
  bulkhead->ended(result_at_ms(30, Outcome::success));
  second.now = {30 * kMs};
  EXPECT_EQ(bulkhead->admit(second, random).kind, Kind::admit);
  EXPECT_EQ(bulkhead->admit(at_ms(30), random).kind, Kind::wait);
}

TEST(Bulkhead, NoPlacesLetNobodyThrough) {
  const auto bulkhead = started(bulkhead_policy(), "max_concurrent_calls: 0");
  sim::Stream random;
  EXPECT_EQ(bulkhead->admit(at_ms(0), random).kind, Kind::reject);
}

// Poisson calls of constant length at a bulkhead without a line are Erlang's loss system, whatever the law of
// the length: 4 places, 4 erlang: B(4, 4) = (4^4/4!) / sum_{k=0..4} 4^k/k! = 10.6667/34.3333 = 0.310680.
TEST(Bulkhead, WithoutALineItLosesAsErlangSays) {
  const auto bulkhead = started(bulkhead_policy(), "max_concurrent_calls: 4");
  sim::Stream arrivals(3, 0, "a", "b"), random;
  const sim::Sampler gap(sim::Distribution::exponential(1e9 / 400));  // 400/s for 10 ms each
  std::deque<std::int64_t> ends;
  std::int64_t now = 0;
  constexpr int kCalls = 400'000;
  int lost = 0;
  for (int i = 0; i < kCalls; ++i) {
    now += gap.sample_duration(arrivals).ns;
    for (; !ends.empty() && ends.front() <= now; ends.pop_front()) bulkhead->ended(at_ns(ends.front()));
    if (bulkhead->admit(at_ns(now), random).kind == Kind::admit) {
      ends.push_back(now + 10 * kMs);
    } else {
      ++lost;
    }
  }
  // Independent calls would err by sqrt(0.31 * 0.69 / 400000) = 0.0007; correlated over about one length (4
  // calls), by at most thrice that. Three of those.
  EXPECT_NEAR(static_cast<double>(lost) / kCalls, 0.310680, 0.0066);
}

TEST(Bulkhead, ImpossibleNumbersAreReported) {
  EXPECT_EQ(fault_at(bulkhead_policy(), "max_concurrent_calls: 2000000000"), "bulkhead.max_concurrent_calls");
  EXPECT_EQ(fault_at(bulkhead_policy(), "max_concurrent_calls: -1"), "bulkhead.max_concurrent_calls");
}

}  // namespace
}  // namespace tailrace::models
