// The circuit breaker event by event: what each call is answered and which state it leaves behind.
#include <gtest/gtest.h>

#include "models/policies/circuit_breaker/circuit_breaker.hpp"
#include "policy_bench.hpp"
#include "sim/random/sampler.hpp"

namespace tailrace::models {
namespace {

constexpr auto kOk = Outcome::success;
constexpr auto kError = Outcome::error;

struct Driven {
  std::shared_ptr<AdmissionPolicy> policy;
  sim::Stream random{1, 0, "a", "b"};

  explicit Driven(std::string_view fields) : policy(started(circuit_breaker_policy(), fields)) {}
  // 'y' let through, 'n' refused.
  char ask(std::int64_t ms) {
    const Admission answer = policy->admit(at_ms(ms), random);
    if (answer.kind == Admission::Kind::admit) return 'y';
    EXPECT_EQ(answer.kind, Admission::Kind::reject);
    EXPECT_EQ(answer.reason, Outcome::circuit_open);
    return 'n';
  }
  void end(std::int64_t ms, Outcome outcome, std::int64_t took_ms = 0) {
    policy->ended(result_at_ms(ms, outcome, took_ms));
  }
  // A call without duration.
  char call(std::int64_t ms, Outcome outcome) {
    const char answer = ask(ms);
    if (answer == 'y') end(ms, outcome);
    return answer;
  }
  std::string state() const {
    return CircuitBreakerModel(BreakerRules{}).statuses()[std::as_const(*policy).log()->status()];
  }
};

TEST(CircuitBreaker, ItOpensWhenTheMinimumIsReachedWithTheThreshold) {
  // Window 10, at least 4: s f s f is 50 % of 4.
  Driven d("sliding_window_size: 10, minimum_number_of_calls: 4");
  EXPECT_EQ(d.call(0, kOk), 'y');
  EXPECT_EQ(d.call(1, kError), 'y');
  EXPECT_EQ(d.call(2, kError), 'y');  // 2 of 3, but 3 < 4
  EXPECT_EQ(d.state(), "closed");
  EXPECT_EQ(d.call(3, kOk), 'y');  // a success trips it too, when the rate is there
  EXPECT_EQ(d.state(), "open");
  EXPECT_EQ(d.ask(4), 'n');
}

TEST(CircuitBreaker, TheMinimumIsCappedToACountedWindow) {
  Driven d("sliding_window_size: 2");  // minimum 100 means 2
  d.call(0, kError);
  EXPECT_EQ(d.state(), "closed");
  d.call(1, kError);
  EXPECT_EQ(d.state(), "open");
}

TEST(CircuitBreaker, TheCountedWindowForgetsTheOldest) {
  // Window 4, 75 %. f f s s s f f f: after the 8th the last four are s f f f; before, never 3 of 4.
  Driven d("sliding_window_size: 4, failure_rate_threshold: 75");
  const Outcome results[] = {kError, kError, kOk, kOk, kOk, kError, kError};
  for (int i = 0; i < 7; ++i) {
    d.call(i, results[i]);
    EXPECT_EQ(d.state(), "closed") << i;
  }
  d.call(7, kError);
  EXPECT_EQ(d.state(), "open");
}

TEST(CircuitBreaker, ATimedWindowForgetsWholeSeconds) {
  // Three buckets of a second, at least 3 results. Two failures at 0.9 s and one at 2.999 s: the buckets 0, 1
  // and 2 hold all three. One at 3 s does not see bucket 0 any more.
  const char* const fields =
      "sliding_window_type: time_based, sliding_window_size: 3, "
      "minimum_number_of_calls: 3";
  Driven inside(fields);
  inside.call(900, kError);
  inside.call(900, kError);
  inside.call(2999, kError);
  EXPECT_EQ(inside.state(), "open");
  Driven outside(fields);
  outside.call(900, kError);
  outside.call(900, kError);
  outside.call(3000, kError);  // alone
  EXPECT_EQ(outside.state(), "closed");
  outside.call(3000, kOk);
  outside.call(4000, kOk);  // 1 of 3
  EXPECT_EQ(outside.state(), "closed");
}

// Seven results, or seven buckets of 100 ns of which the present one has begun, against a list of all.
TEST(ResultWindow, HoldsWhatAListOfAllResultsHolds) {
  struct Result {
    std::int64_t at;
    bool failed, slow;
  };
  for (const WindowType type : {WindowType::count_based, WindowType::time_based}) {
    ResultWindow window({type, 7, {100}});
    std::vector<Result> all;  // since it was cleared
    sim::Stream dice(3, 0, "results", "");
    std::int64_t now = 0;
    for (int i = 0; i < 5000; ++i) {
      now += static_cast<std::int64_t>(dice.below(60));
      if (dice.below(50) == 0) now += static_cast<std::int64_t>(dice.below(2000));
      if (dice.below(100) == 0) window.clear(), all.clear();
      all.push_back({now, dice.below(3) == 0, dice.below(4) == 0});
      Tally expected;
      for (std::size_t k = 0; k < all.size(); ++k) {
        if (type == WindowType::count_based ? k + 7 < all.size() : all[k].at / 100 + 7 <= now / 100) continue;
        ++expected.calls;
        expected.failed += all[k].failed ? 1 : 0;
        expected.slow += all[k].slow ? 1 : 0;
      }
      const Tally& seen = window.record({now}, all.back().failed, all.back().slow);
      ASSERT_EQ(seen.calls, expected.calls) << i;
      ASSERT_EQ(seen.failed, expected.failed) << i;
      ASSERT_EQ(seen.slow, expected.slow) << i;
    }
  }
}

TEST(CircuitBreaker, AfterAnyPauseOfAWindowEverythingIsForgotten) {
  // A failure in each of the buckets 0, 1 and 2, then three more after a pause of three or more seconds: any
  // of the old ones would make the four that open it.
  for (std::int64_t later = 5; later < 12; ++later) {
    Driven d("sliding_window_type: time_based, sliding_window_size: 3, minimum_number_of_calls: 4");
    for (std::int64_t s = 0; s < 3; ++s) d.call(s * 1000, kError);
    for (int i = 0; i < 3; ++i) d.call(later * 1000, kError);
    EXPECT_EQ(d.state(), "closed") << later;
    d.call(later * 1000, kError);
    EXPECT_EQ(d.state(), "open") << later;
  }
}

TEST(CircuitBreaker, ADurationShorterThanASecondIsCutInTenths) {
  // 100 ms: buckets of 10 ms; at 99 ms bucket 0 is still seen, at 100 ms not.
  const char* const fields =
      "sliding_window_type: time_based, sliding_window_duration: 100ms, "
      "minimum_number_of_calls: 2";
  Driven inside(fields), outside(fields);
  inside.call(0, kError);
  inside.call(99, kError);
  EXPECT_EQ(inside.state(), "open");
  outside.call(0, kError);
  outside.call(100, kError);
  EXPECT_EQ(outside.state(), "closed");
}

TEST(CircuitBreaker, SlowCallsOpenItWhateverTheirOutcome) {
  Driven d(
      "sliding_window_size: 2, slow_call_rate_threshold: 100, "
      "slow_call_duration_threshold: 50ms");
  d.ask(0);
  d.end(50, kOk, 50);  // exactly the threshold is not slow
  d.ask(60);
  d.end(120, kOk, 51);
  EXPECT_EQ(d.state(), "closed");
  d.ask(130);
  d.end(190, kOk, 60);
  EXPECT_EQ(d.state(), "open");
}

TEST(CircuitBreaker, HalfOpenAdmitsExactlyThePermittedCallsAndDecidesByTheirRate) {
  const char* const fields =
      "sliding_window_size: 2, wait_duration_in_open_state: 1s, "
      "permitted_number_of_calls_in_half_open_state: 3";
  Driven d(fields);
  d.call(0, kError);
  d.call(0, kError);  // open from 0 to 1000 ms
  EXPECT_EQ(d.ask(999), 'n');
  EXPECT_EQ(d.ask(1000), 'y');  // the very instant the wait is over
  EXPECT_EQ(d.state(), "half_open");
  EXPECT_EQ(d.ask(1001), 'y');
  EXPECT_EQ(d.ask(1002), 'y');
  EXPECT_EQ(d.ask(1003), 'n');
  d.end(1010, kError);
  d.end(1010, kOk);
  EXPECT_EQ(d.state(), "half_open");
  EXPECT_EQ(d.ask(1011), 'n');  // a result does not give its permission back
  d.end(1020, kOk);             // 1 of 3 is below 50 %
  EXPECT_EQ(d.state(), "closed");
  d.call(1030, kError);
  EXPECT_EQ(d.state(), "closed");  // the window began anew
  d.call(1030, kError);
  EXPECT_EQ(d.state(), "open");
  EXPECT_EQ(d.call(2030, kError), 'y');
  EXPECT_EQ(d.call(2030, kError), 'y');
  EXPECT_EQ(d.call(2030, kOk), 'y');  // 2 of 3
  EXPECT_EQ(d.state(), "open");
  EXPECT_EQ(d.ask(3029), 'n');
  EXPECT_EQ(d.ask(3030), 'y');
}

TEST(CircuitBreaker, HalfOpenDecidesAfterTheMinimumIfThatIsLess) {
  Driven d(
      "sliding_window_size: 5, minimum_number_of_calls: 2, "
      "wait_duration_in_open_state: 1s");  // permitted 10, but 2 results decide
  d.call(0, kError);
  d.call(0, kError);
  d.call(1000, kOk);
  EXPECT_EQ(d.state(), "half_open");
  d.call(1001, kOk);
  EXPECT_EQ(d.state(), "closed");
}

TEST(CircuitBreaker, ALateResultCountsInTheStateThatItFinds) {
  const char* const fields =
      "sliding_window_size: 2, wait_duration_in_open_state: 1s, "
      "permitted_number_of_calls_in_half_open_state: 2";
  Driven d(fields);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(d.ask(0), 'y');
  d.end(10, kError);
  d.end(10, kError);  // open until 1010
  d.end(500, kOk);    // found it open: nothing
  EXPECT_EQ(d.ask(1010), 'y');
  d.end(1020, kOk);  // the fourth of the first calls
  EXPECT_EQ(d.state(), "half_open");
  d.end(1030, kOk);  // the probe: 2 results, no failure
  EXPECT_EQ(d.state(), "closed");
  // A result when open does not bring it closer to half open or closed either.
  d.ask(1040);
  d.call(1050, kError);
  d.call(1050, kError);  // open until 2050
  d.end(2050, kOk);
  EXPECT_EQ(d.state(), "open");
  EXPECT_EQ(d.ask(2050), 'y');
}

TEST(CircuitBreaker, AnIgnoredResultGivesThePermissionBack) {
  Driven d(
      "sliding_window_size: 1, wait_duration_in_open_state: 1s, "
      "permitted_number_of_calls_in_half_open_state: 1");
  d.call(0, Outcome::cancelled);  // neither failure nor success
  EXPECT_EQ(d.state(), "closed");
  d.call(0, kError);
  EXPECT_EQ(d.ask(1000), 'y');
  EXPECT_EQ(d.ask(1001), 'n');
  d.end(1002, Outcome::circuit_open);  // of somebody further down
  EXPECT_EQ(d.state(), "half_open");
  EXPECT_EQ(d.call(1003, kOk), 'y');
  EXPECT_EQ(d.state(), "closed");
}

TEST(CircuitBreaker, WhatIsNeitherRecordedNorIgnoredIsASuccess) {
  Driven d("sliding_window_size: 2, record_on: [timeout]");
  d.call(0, kError);
  d.call(0, kError);
  EXPECT_EQ(d.state(), "closed");
  d.call(0, Outcome::timeout);  // 1 of 2
  EXPECT_EQ(d.state(), "open");
}

TEST(CircuitBreaker, FailuresInARowOpenItAndOneProbeDecides) {
  Driven d("consecutive_failures: 3, wait_duration_in_open_state: 30s");
  const Outcome results[] = {kError, kError, kOk, kError, kError};
  for (const Outcome o : results) d.call(0, o);
  EXPECT_EQ(d.state(), "closed");
  d.call(0, kError);
  EXPECT_EQ(d.state(), "open");
  EXPECT_EQ(d.ask(29'999), 'n');
  EXPECT_EQ(d.ask(30'000), 'y');
  EXPECT_EQ(d.ask(30'001), 'n');
  d.end(30'100, kError);  // open until 60.1 s
  EXPECT_EQ(d.ask(60'099), 'n');
  EXPECT_EQ(d.ask(60'100), 'y');
  d.end(60'200, kOk);
  EXPECT_EQ(d.state(), "closed");
}

TEST(CircuitBreaker, WithFailuresInARowOnlyRatesOpenNothing) {
  Driven d("consecutive_failures: 3, sliding_window_size: 10");
  for (int i = 0; i < 100; ++i) d.call(i, i % 3 == 0 ? kOk : kError);  // 66 %, never 3 in a row
  EXPECT_EQ(d.state(), "closed");
}

TEST(CircuitBreaker, TheWaitGrowsUntilItCloses) {
  Driven d(
      "consecutive_failures: 1, wait_duration_in_open_state: 1s, "
      "wait_duration_multiplier: 2, max_wait_duration_in_open_state: 3s");
  d.call(0, kError);                     // 1 s
  EXPECT_EQ(d.call(1000, kError), 'y');  // 2 s
  EXPECT_EQ(d.ask(2999), 'n');
  EXPECT_EQ(d.call(3000, kError), 'y');  // 4 s, but at most 3
  EXPECT_EQ(d.ask(5999), 'n');
  EXPECT_EQ(d.call(6000, kOk), 'y');
  EXPECT_EQ(d.call(6001, kError), 'y');  // closed again, so 1 s
  EXPECT_EQ(d.ask(7000), 'n');
  EXPECT_EQ(d.ask(7001), 'y');
}

TEST(CircuitBreaker, AHugeMultiplierSaturates) {
  Driven d(
      "consecutive_failures: 1, wait_duration_in_open_state: 1s, "
      "wait_duration_multiplier: 1e300");
  d.call(0, kError);
  d.call(1000, kError);
  EXPECT_EQ(d.ask(INT64_MAX / kMs - 1), 'n');
}

TEST(CircuitBreaker, HalfOpenForTooLongOpensItAgain) {
  Driven d(
      "consecutive_failures: 1, wait_duration_in_open_state: 1s, "
      "max_wait_duration_in_half_open_state: 500ms");
  d.call(0, kError);
  EXPECT_EQ(d.ask(1200), 'y');  // half open since this call; its result never comes
  EXPECT_EQ(d.ask(1699), 'n');
  EXPECT_EQ(d.state(), "half_open");
  EXPECT_EQ(d.ask(1700), 'n');
  EXPECT_EQ(d.state(), "open");  // until 2700
  EXPECT_EQ(d.ask(2699), 'n');
  EXPECT_EQ(d.ask(2700), 'y');
}

TEST(CircuitBreaker, TheLogHasTheMomentWhenTheWaitWasOver) {
  Driven d("consecutive_failures: 1, wait_duration_in_open_state: 1s");
  d.call(500, kError);
  d.ask(4000);
  d.end(4250, kOk);
  const StatusLog& log = *std::as_const(*d.policy).log();
  ASSERT_EQ(log.kept().size(), 3u);
  EXPECT_EQ(log.kept()[0].at.ns, 500 * kMs);
  EXPECT_EQ(log.kept()[1].at.ns, 1500 * kMs);
  EXPECT_EQ(log.kept()[2].at.ns, 4250 * kMs);
  // closed 500 + 750, open 1000, half open 2750 of 5000 ms.
  const std::vector<std::int64_t> spent = log.durations({5 * kS});
  EXPECT_EQ(spent[0], 1250 * kMs);
  EXPECT_EQ(spent[1], 1000 * kMs);
  EXPECT_EQ(spent[2], 2750 * kMs);
}

TEST(CircuitBreaker, AnAutomaticTransitionHappensAtItsTimeWithoutACall) {
  // Open 1 s, half open 0.5 s, and so on: at 10 s it has turned 0: open, 1: half, 1.5: open, 2.5: half, 3:
  // open, 4, 4.5, 5.5, 6, 7, 7.5, 8.5, 9 s: open, 10: half open. 14 changes.
  Driven d(
      "consecutive_failures: 1, wait_duration_in_open_state: 1s, "
      "max_wait_duration_in_half_open_state: 500ms, automatic_transition: true");
  d.call(0, kError);
  EXPECT_EQ(d.ask(10'000), 'y');
  EXPECT_EQ(std::as_const(*d.policy).log()->changes(), 14u);
  EXPECT_EQ(std::as_const(*d.policy).log()->durations({10 * kS})[1], 7 * kS);
}

TEST(CircuitBreaker, ForcedStatesNeverChange) {
  for (const char* state : {"disabled", "metrics_only", "forced_open"}) {
    Driven d(std::string("sliding_window_size: 1, state: ") + state);
    for (int i = 0; i < 5; ++i)
      EXPECT_EQ(d.call(i, kError), std::string(state) == "forced_open" ? 'n' : 'y') << state;
    EXPECT_EQ(d.state(), state);
    EXPECT_EQ(std::as_const(*d.policy).log()->changes(), 0u);
  }
}

TEST(CircuitBreaker, ContradictionsAreReportedAtTheirField) {
  const PolicyInfo info = circuit_breaker_policy();
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"sliding_window_size: 0", "sliding_window_size"},
      {"sliding_window_size: 1000000000", "sliding_window_size"},
      {"failure_rate_threshold: 101", "failure_rate_threshold"},
      {"sliding_window_duration: 10s", "sliding_window_duration"},
      {"sliding_window_type: time_based, sliding_window_duration: 1500ms", "sliding_window_duration"},
      {"record_on: [timeuot]", "record_on"},
      {"record_on: [error], ignore: [error]", "ignore"},
      {"max_wait_duration_in_open_state: 1s", "max_wait_duration_in_open_state"},
  };
  for (const auto& [fields, field] : wrong) {
    EXPECT_EQ(fault_at(info, fields), "circuit_breaker." + field);
  }
  EXPECT_EQ(fault_at(info, ""), "");
}

// Poisson calls, rate l = 20/s; failure p = 0.3; opens after k = 5 in a row; open T = 30 s; one probe.
// Calls until k failures in a row: (1 - p^k) / ((1 - p) p^k) = 586.457. It opens 1/(1 - p) times before a
// probe succeeds, and each probe is 1/l late, so a cycle lasts 586.457/l + (T + 1/l)/(1 - p) = 72.2514 s,
// open for T/(1 - p) of it (0.5931652), with 586.457 + 1/(1 - p) calls (8.136697/s) and 49.82587 trips/h.
TEST(CircuitBreaker, OpenFractionAndLoadMatchRenewalTheory) {
  Driven d("consecutive_failures: 5, wait_duration_in_open_state: 30s");
  sim::Stream arrivals(11, 0, "a", "arrivals"), failures(11, 0, "a", "failures");
  const sim::Sampler gap(sim::Distribution::exponential(1e9 / 20));
  constexpr std::int64_t kCycles = 20'000;
  const std::int64_t end = kCycles * 72 * kS;
  std::int64_t now = 0, calls = 0, trips = 0;
  while ((now += gap.sample_duration(arrivals).ns) < end) {
    const bool closed = std::as_const(*d.policy).log()->status() == 0;
    if (d.policy->admit(at_ns(now), d.random).kind != Admission::Kind::admit) continue;
    ++calls;
    CallFacts facts = at_ns(now);
    facts.outcome = failures.uniform() < 0.3 ? kError : kOk;
    d.policy->ended(facts);
    if (closed && std::as_const(*d.policy).log()->status() == 1) ++trips;
  }
  // The closed time of a cycle is nearly exponential, 29.3 s with a standard deviation of 29.2 s; the open
  // time is 42.86 s with 30 s * sqrt(0.3)/0.7 = 23.5 s. So trips per hour err by sqrt(29.2^2 + 23.5^2)/72.25
  // / sqrt(cycles) = 0.37 % and the fraction by (0.593 * 29.2 + 0.407 * 23.5 in quadrature)/72.25 /
  // sqrt(cycles) = 0.0019. Four of those.
  const double seconds = static_cast<double>(end) * 1e-9;
  const double open = static_cast<double>(std::as_const(*d.policy).log()->durations({end})[1]) * 1e-9;
  EXPECT_NEAR(open / seconds, 0.5931652, 0.0077);
  EXPECT_NEAR(static_cast<double>(calls) / seconds, 8.136697, 8.136697 * 0.019);
  EXPECT_NEAR(static_cast<double>(trips) / seconds * 3600, 49.82587, 49.82587 * 0.0148);
}

}  // namespace
}  // namespace tailrace::models
