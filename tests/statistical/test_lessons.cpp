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

// --- the retry storm of Bronson, Aghayev, Charapko and Zhu (HotOS 2021). One server of 300/s; clients give
// up after 1 s and try once more; a request of 10 s stands in for a stop. The attempts of all, 2 lambda, must
// be less than 300 for the queue to go away again.
Results storm(double rate, const std::string& more, const char* warmup = "0s") {
  return run_text(fmt::format(R"(
run: {{duration: 400s, warmup: {}, replications: 5, time_resolution: 1s, seed: 3}}
workloads:
  load:
    constant_arrival_rate: {}/s
    calls: s.op
    retries: {{attempts: 1, per_try_timeout: 1s, backoff: {{base_interval: 0s}}}}
    {}
  stop: {{trace: {{times: [50s]}}, calls: s.stop}}
services: {{s: {{workers: 1, endpoints: {{op: [compute: exp(3333333ns)], stop: [compute: 10s]}}}}}}
)",
                              warmup, rate, more),
                  0);
}
// Share of success in the seconds from `from` to `to`.
double success_between(const Results& run, int from, int to) {
  double good = 0, all = 0;
  for (const models::RunRecord& r : run.records) {
    for (int s = from; s < to; ++s) {
      const auto& c = r.windows.at(static_cast<std::size_t>(s)).classes.at(0);
      good += static_cast<double>(c.succeeded);
      all += static_cast<double>(c.succeeded + c.failed);
    }
  }
  return good / all;
}

TEST(RetryStorm, StaysAfterItsTriggerIsGone) {
  for (const double rate : {280.0, 200.0, 160.0}) {
    const Results run = storm(rate, "");
    EXPECT_GT(success_between(run, 30, 50), 0.99) << rate;
    EXPECT_LT(success_between(run, 300, 400), 0.05) << rate;
  }
}

TEST(RetryStorm, DoublesTheLoadWhileItLasts) {
  const Results run = storm(280, "", "100s");
  const double sent = mean(run, [](const models::CompiledModel&, const models::RunRecord& r) {
    double attempts = 0;
    for (const models::EdgeRecord& e : r.edges) attempts += static_cast<double>(e.attempts);
    return attempts / r.seconds();
  });
  EXPECT_NEAR(sent, 560, 0.02 * 560);
}

// The queue at the end of the stop, less what is served within the timeout, goes away at 300 - 240 a second:
// (120 x (10 + 9) - 300) / 60 - 1 s = 32 s. Recovered: five seconds with 95 % of success.
TEST(RetryStorm, RecoversInTheTimeOfItsQueue) {
  const Results run = storm(120, "");
  double sum = 0;
  for (const models::RunRecord& r : run.records) {
    std::size_t s = 60;
    for (;; ++s) {
      std::uint64_t good = 0, all = 0;
      for (std::size_t i = s; i < s + 5; ++i) {
        good += r.windows.at(i).classes.at(0).succeeded;
        all += r.windows[i].classes[0].succeeded + r.windows[i].classes[0].failed;
      }
      if (static_cast<double>(good) >= 0.95 * static_cast<double>(all)) break;
    }
    sum += static_cast<double>(s) - 60;
  }
  EXPECT_NEAR(sum / 5, 32, 0.2 * 32);
}

// 10 s of arrivals, twice as many with their retries, and what comes meanwhile: at 120/s that is gone after
// about 33 s, at 140/s after about 118.
TEST(RetryStorm, GoesAwayWhereTheRetriesFitToo) {
  const Results slow = storm(120, "");
  EXPECT_LT(success_between(slow, 62, 75), 0.3);
  EXPECT_GT(success_between(slow, 60 + 60, 400), 0.99);
  const Results slower = storm(140, "");
  EXPECT_LT(success_between(slower, 65, 100), 0.3);
  EXPECT_GT(success_between(slower, 60 + 220, 400), 0.99);
}

// At 280/s a tenth of a retry for each first try still makes 308 attempts a second; for each success it makes
// none while nothing succeeds.
TEST(RetryStorm, IsCuredByABudgetOfSuccessesAndNotByOneOfTries) {
  const Results tries =
      storm(280, "retry_budget: {type: success_deposit, deposit_on: first_try, deposit: 0.1}");
  EXPECT_LT(success_between(tries, 300, 400), 0.1);
  const Results successes = storm(280, "retry_budget: {type: success_deposit, deposit: 0.1}");
  EXPECT_GT(success_between(successes, 300, 400), 0.95);
  const Results none = storm(280, "retry_budget: {type: success_deposit, bucket_size: 0}");
  EXPECT_GT(success_between(none, 300, 400), 0.99);
}

}  // namespace
}  // namespace tailrace::tests
