// What the library's scenarios about surviving teach, as claims: who is chosen, who is kept apart, and what
// stands in.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/statistical/lessons.hpp"

namespace tailrace::tests {
namespace {

double share_of_instance(const Results& run, std::size_t instance) {
  double one = 0, all = 0;
  for (const models::RunRecord& r : run.records) {
    for (std::size_t i = 0; i < 2; ++i) {
      all += r.stations[0].instances[i].busy_s;
      if (i == instance) one += r.stations[0].instances[i].busy_s;
    }
  }
  return one / all;
}

// Both draws hit the busy one of three in 1/9 of the calls; the idle two share 8/9. 90,000 calls: a standard
// error of 0.1 %.
TEST(EnvoyP2c, BusyHostOfThreeGetsANinth) {
  const Results run = run_library("envoy-p2c");
  const double busy = 1 - mean(run, successes("load"));
  EXPECT_NEAR(busy, 1.0 / 9, 0.004);
  EXPECT_NEAR((1 - busy) * share_of_instance(run, 0), 0.4445, 0.01);
  EXPECT_NEAR((1 - busy) * share_of_instance(run, 1), 0.4445, 0.01);
}

TEST(EnvoyP2c, DrawnWithoutReplacementItGetsNothing) {
  const Results run = run_library("envoy-p2c", {"services.api.load_balancer.distinct=true"});
  EXPECT_GT(least(run, successes("load")), 0.999);
}

double p999(const Results& run, const std::string& name) {
  return percentile(workload(run.report, name).success_duration, 0.999);
}

// Of a thousand calls ten are slow, the least of them but one takes 280 ms. With a hedge after 20 ms a call
// that takes 20 ms + x has met one slow and one healthy server, or two slow ones: with y = e^-x/5ms
//   (0.99 e^-4 y + 0.01)(0.99 y + 0.01) = 0.001 at y = 0.078, x = 12.7 ms.
TEST(Hedging, CutsTheTailForAFewPercentMoreCalls) {
  const Results run = run_library("hedging");
  EXPECT_NEAR(p999(run, "plain"), 0.28, 0.01);
  EXPECT_NEAR(p999(run, "hedged"), 0.0327, 0.002);
  EXPECT_FIGURE(run, attempts("hedged", "two.get"), 1 + 0.99 * std::exp(-4) + 0.01, 0.002);
  // Calling the losers back, it is even less work.
  EXPECT_LT(station(run.report, "two").busy.estimate, station(run.report, "one").busy.estimate);
}

// A percentile of what is seen falls as hedges make it fall; the budget of a tenth bounds it.
TEST(Hedging, BudgetBoundsADelayThatChasesItself) {
  const Results run = run_library("hedging", {"workloads.hedged.hedge.delay=p95"});
  EXPECT_GT(least(run, attempts("hedged", "two.get")), 1.05);
  EXPECT_LT(most(run, attempts("hedged", "two.get")), 1.101);
  EXPECT_LT(p999(run, "hedged"), 0.035);
}

TEST(Bulkhead, KeepsASlowDependencyFromTakingTheOthersDown) {
  const Results run = run_library("bulkhead");
  EXPECT_LT(most(run, successes("open_reads")), 0.3);
  EXPECT_EQ(least(run, successes("divided_reads")), 1);
  const Bounds gain = difference(run, goodput_per_s("divided_reads"), run, goodput_per_s("open_reads"));
  EXPECT_GT(gain.low, 200);
  const Results good_day = run_library("bulkhead", {"services.slow.endpoints.op[0].compute=20ms"});
  EXPECT_GT(least(good_day, successes("divided_reports")), 0.999);
}

TEST(BreakerScope, OverAllShardsOneThatIsDownTakesAllDown) {
  const Results run = run_library("breaker-scope");
  EXPECT_FIGURE(run, successes("without"), 0.9, 0.005);
  EXPECT_LT(most(run, successes("whole")), 0.05);
  EXPECT_FIGURE(run, successes("each"), 0.9, 0.005);
  // And the shard that is down is left alone: of what would be sent to it 99 % is not.
  EXPECT_LT(mean(run, attempts("each", "shards.get")), 0.91);
  const Results patient =
      run_library("breaker-scope", {"workloads.whole.circuit_breaker.failure_rate_threshold=50"});
  EXPECT_FIGURE(patient, successes("whole"), 0.9, 0.005);
}

TEST(Deadlines, ThatTravelSpareTheWorkForNobody) {
  const Results run = run_library("deadlines");
  EXPECT_GT(least(run, wasted_share("deaf_back")), 0.6);
  EXPECT_EQ(most(run, wasted_share("told_back")), 0);
  EXPECT_EQ(most(run, wasted_share("told_front")), 0);
  const Bounds gain = difference(run, successes("told"), run, successes("deaf"));
  EXPECT_GT(gain.low, 0.5);
  const Results calm =
      run_library("deadlines", {"workloads.deaf.constant_arrival_rate=150/s", "run.duration=130s"});
  EXPECT_GT(least(calm, successes("deaf")), 0.97);
}

// Half of a tenth of the calls fail. Five failures in a row take 62 calls on average, 1.6 s; then it is out
// for 30 s and more.
TEST(GrayInstance, IsTakenOutByOutlierDetection) {
  const Results run = run_library("gray-instance");
  EXPECT_NEAR(1 - mean(run, successes("exposed")), 0.05, 0.003);
  EXPECT_LT(1 - mean(run, successes("guarded")), 0.005);
  EXPECT_GT(difference(run, successes("guarded"), run, successes("exposed")).low, 0.04);
}

// Six of ten fail nine tenths of their calls. Under the panic threshold all are used: 54 % fail. Without it
// four instances of 100/s each get 800/s, fail by timeouts and full queues, and are ejected too.
TEST(GrayInstance, PanicThresholdKeepsEnoughIn) {
  const Results with = run_library("gray-instance");
  EXPECT_NEAR(1 - mean(with, successes("crowd")), 0.54, 0.02);
  const Results without = run_library("gray-instance", {"services.many.load_balancer.panic_threshold=0%"});
  EXPECT_LT(most(without, successes("crowd")), 0.05);
  const models::OutcomeCounts& ended = workload(without.report, "crowd").ended;
  EXPECT_GT(ended[static_cast<std::size_t>(models::Outcome::unavailable)], models::total(ended) * 9 / 10);
}

// 20 % errors, and of the rest e^-10/3 too late: 22.9 % are not answered by the recommender.
TEST(Fallback, KeepsThePageAtALowerQuality) {
  const double missing = 1 - 0.8 * (1 - std::exp(-100.0 / 30));
  const Results run = run_library("fallback");
  EXPECT_NEAR(1 - mean(run, successes("strict")), missing, 0.01);
  EXPECT_EQ(most(run, degraded("strict")), 0);
  for (const char* name : {"default", "cached"}) {
    EXPECT_EQ(least(run, successes(name)), 1) << name;
    EXPECT_FIGURE(run, degraded(name), missing, 0.01) << name;
  }
}

TEST(Idempotency, AKeyMakesOneWriteOfEachPayment) {
  const Results run = run_library("idempotency");
  EXPECT_GT(least(run, arrivals_per_request("naive_ledger.write", "naive")), 1.03);
  EXPECT_LE(most(run, arrivals_per_request("keyed_ledger.write", "keyed")), 1);
  EXPECT_GT(least(run, arrivals_per_request("keyed_ledger.write", "keyed")), 0.99);
  EXPECT_GT(least(run, successes("keyed")), 0.999);
  // The price: a look-up for each attempt.
  EXPECT_GT(least(run, arrivals_per_request("keys.look_up", "keyed")), 1.03);
}

// A clock that is 5 min ahead of tokens that live 15, with 1 min of leeway: a share of 4/15 at one gateway of
// three, 8.9 % in all; who asks once more is refused twice in 8.9 % of these. Of the requests with a time of
// day as deadline a third meet the catalog that finds them over. 34,800 requests in each replication: the
// standard deviation of a share is 0.15 %, of the third 0.25 %, and half of that for five.
TEST(ClockSkewLesson, RefusesAShareOfTokensAndDeadlinesThatAreTimesOfDay) {
  const double refused = (5.0 - 1) / 15 / 3;
  for (const char* offset : {"5min", "-5min"}) {
    const Results run = run_library("clock-skew", {std::string("faults[0].time_offset=") + offset});
    EXPECT_NEAR(mean(run, successes("stay_in")), 1 - refused, 0.003) << offset;
    EXPECT_NEAR(mean(run, successes("ask_again")), 1 - refused * refused, 0.001) << offset;
    EXPECT_NEAR(mean(run, successes("timed")), 2.0 / 3, 0.005);
  }
  const Results tolerant =
      run_library("clock-skew", {"faults[0].token_leeway=5min", "faults[1].deadlines=remaining"});
  for (const char* workload : {"stay_in", "ask_again", "timed"})
    EXPECT_EQ(least(tolerant, successes(workload)), 1) << workload;
}

}  // namespace
}  // namespace tailrace::tests
