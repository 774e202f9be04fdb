// What the library's scenarios about surviving teach, as claims: retries and overload.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <utility>

#include "tests/statistical/lessons.hpp"

namespace tailrace::tests {
namespace {

// --- retry-amplification

TEST(RetryAmplification, SixtyFourCallsOfADeadLeaf) {
  const Results run = run_library("retry-amplification");
  EXPECT_FIGURE(run, arrivals_per_request("leaf.op", "load"), 64, 0.3);  // ends of the run
  for (const auto& [from, to] :
       {std::pair("front", "middle.op"), std::pair("middle", "back.op"), std::pair("back", "leaf.op")})
    EXPECT_FIGURE(run, attempts(from, to), 4, 0.02);
  EXPECT_EQ(most(run, successes("load")), 0);
}

// 1.06^3 = 1.191, 1.2^3 = 1.728; and 1.2 where only the last layer retries.
TEST(RetryAmplification, BudgetsHoldIt) {
  const auto leaf = [](double percent) {
    return mean(
        run_library("retry-amplification",
                    {fmt::format("defaults.outbound.retry_budget={{type: deposit, percent_can_retry: {}, "
                                 "min_retries_per_sec: 0}}",
                                 percent)}),
        arrivals_per_request("leaf.op", "load"));
  };
  EXPECT_NEAR(leaf(6), 1.191, 0.012);
  EXPECT_NEAR(leaf(20), 1.728, 0.018);
  const Results one_layer = run_library(
      "retry-amplification", {"services.front.outbound.retries=none", "services.middle.outbound.retries=none",
                              "defaults.outbound.retry_budget={type: deposit, percent_can_retry: 20, "
                              "min_retries_per_sec: 0}"});
  EXPECT_FIGURE(one_layer, arrivals_per_request("leaf.op", "load"), 1.2, 0.012);
}

// --- retry-buckets. With f the failure rate: plain retries make (1 - f^4)/(1 - f) attempts and save 1 - f^4;
// the bucket's make 1 + s/10, where s = (1 - f)/(1 - (1 - f)/10) of the requests succeed, once that binds.
TEST(RetryBuckets, LoadOfAFailingServerStaysWhereBackoffTriplesIt) {
  for (const double f : {0.0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0}) {
    SCOPED_TRACE(fmt::format("failure rate {}", f));
    const Results run =
        run_library("retry-buckets", {fmt::format("services.server.error_rate={}", f), "run.duration=80s"});
    const double plain = f < 1 ? (1 - std::pow(f, 4)) / (1 - f) : 4;
    EXPECT_FIGURE(run, attempts("plain", "server.op"), plain, 0.02);
    EXPECT_FIGURE(run, successes("with_backoff"), 1 - std::pow(f, 4), 0.01);
    const double bound = 0.1 * (1 - f) / (1 - 0.1 * (1 - f));
    const double careful = mean(run, attempts("careful", "server.op"));
    EXPECT_LE(careful, 1 + bound + 0.01);  // what the full buckets at the start had left
    if (f >= 0.3) {
      EXPECT_NEAR(careful, 1 + bound, 0.01);
      EXPECT_FIGURE(run, successes("with_bucket"), (1 - f) * (1 + bound), 0.01);
    }
    if (f <= 0.02) {
      EXPECT_NEAR(careful, plain, 0.003);
      EXPECT_GT(mean(run, successes("with_bucket")), 0.999);
    }
  }
}

// --- overload: capacity 1000/s, offered 3000/s.

TEST(Overload, GoodputIsKeptByThoseWhoShedEarlyAndLostByThoseWhoQueue) {
  const Results run = run_library("overload");
  for (const char* good : {"queue_timeout", "newest_first", "controlled_delay", "adaptive_lifo",
                           "concurrency", "expired_lifo"}) {
    EXPECT_GT(least(run, goodput_per_s(good)), 900) << good;
    EXPECT_LT(most(run, goodput_per_s(good)), 1020) << good;
  }
  for (const char* bad : {"unbounded", "codel_rfc"}) EXPECT_LT(most(run, goodput_per_s(bad)), 10) << bad;
  EXPECT_LT(most(run, goodput_per_s("expired")), 100);
  // All of what the unbounded one does is for nobody.
  EXPECT_GT(least(run, wasted_share("unbounded_server")), 0.99);
  EXPECT_LT(most(run, wasted_share("queue_timeout_server")), 0.001);
}

// Netflix' rules at the same door do as well. (Vegas takes the shortest response for one without a queue, so
// it wants times that are alike.)
TEST(Overload, EveryConcurrencyLimitKeepsTheGoodput) {
  const std::string service = "services.concurrency_server.";
  for (const char* rule : {"vegas", "gradient2", "aimd, aimd: {timeout: 100ms}"}) {
    const Results run =
        run_library("overload", {service + "inbound.adaptive_concurrency={algorithm: " + rule + "}",
                                 service + "endpoints.op[0].compute=10ms", "run.duration=40s"});
    EXPECT_GT(least(run, goodput_per_s("concurrency")), 900) << rule;
  }
}

TEST(Overload, BelowCapacityNoneOfThemIsNoticed) {
  const Results run =
      run_library("overload", {"workloads.unbounded.constant_arrival_rate=900/s",
                               "workloads.controlled_delay.constant_arrival_rate=900/s",
                               "workloads.concurrency.constant_arrival_rate=900/s", "run.duration=40s"});
  EXPECT_GT(least(run, successes("unbounded")), 0.97);
  EXPECT_GT(least(run, successes("controlled_delay")), 0.9);
}

// --- cooperative-shedding: 1000/s, offered 2000/s.

double refused_at_ranking(const Results& run) {
  return mean(run, [](const models::CompiledModel& m, const models::RunRecord& r) {
    double sum = 0;
    for (std::size_t p = 0; p < r.policies.size(); ++p)
      if (m.admission_groups[p].policy == "priority_shedding")
        sum += static_cast<double>(r.policies[p].counts.rejected);
    return sum;
  });
}

// Half of 2000/s for two minutes are refused by who is alone: 120 000. What the others let through is the
// same.
TEST(CooperativeShedding, SavesTheRefusalsAndKeepsTheGoodput) {
  const Results together = run_library("cooperative-shedding");
  const Results alone =
      run_library("cooperative-shedding", {"services.feed.endpoints.page[0]={call: ranking.sort}"});
  EXPECT_GT(refused_at_ranking(alone), 100'000);
  EXPECT_LT(refused_at_ranking(together), 100);
  for (const Results* run : {&together, &alone}) {
    EXPECT_GT(least(*run, goodput_per_s("readers")), 850);
    EXPECT_LT(most(*run, goodput_per_s("readers")), 1000);
  }
}

}  // namespace
}  // namespace tailrace::tests
