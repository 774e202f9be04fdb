// What a report says where there is little to go on, much to show, or names that a file format does not like.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "analysis/experiment/baseline.hpp"
#include "analysis/html/tables.hpp"
#include "analysis/report/cache_report.hpp"
#include "analysis/report/cascade_output.hpp"
#include "analysis/report/scaling_text.hpp"
#include "analysis/report/summary_text.hpp"
#include "analysis/report/tables_csv.hpp"
#include "analysis/report/thresholds.hpp"
#include "tests/support/scenario.hpp"

namespace tailrace::analysis {
namespace {

using tests::Results;

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Results queue(const std::string& rate, const std::string& run, const std::string& more = "") {
  return tests::run_text("run: {seed: 1, " + run +
                         "}\n"
                         "workloads: {load: {constant_arrival_rate: " +
                         rate +
                         ", calls: s.op}}\n"
                         "services: {s: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}}\n" +
                         more);
}

// M/M/1 forgets over some 1 / (mu (1 - sqrt(rho))^2): at 95 % of 100/s that is 15 s, at 10 % 0.02 s. Batches
// are a twenty-fifth of the run, 4 s.
TEST(Report, BatchesThatResembleEachOtherAreTold) {
  const auto told = [](const Results& r) {
    return std::any_of(r.report.notes.begin(), r.report.notes.end(), [](const std::string& note) {
      return contains(note, "the batches of load resemble");
    });
  };
  EXPECT_TRUE(told(queue("95/s", "duration: 100s, replications: 1")));
  EXPECT_FALSE(told(queue("10/s", "duration: 100s, replications: 1")));
  EXPECT_FALSE(told(queue("95/s", "duration: 100s, replications: 2")));  // these have no batches
}

TEST(Report, APercentileOfTheWaitNeedsRequestsBeyondItLikeAnyOther) {
  // Some 500 are served in each replication: 2500 x 0.01 = 25 lie beyond p99, enough for four groups of six,
  // and for a hundredth of them beyond p99.99 it would take 120,000.
  const Results r = queue("50/s", "duration: 10s, replications: 5",
                          "thresholds: {s.wait: [p(50) < 1s, p(99) < 1s, p(99.99) < 1s]}\n");
  const std::vector<ThresholdResult> t = evaluate_thresholds(*r.model, r.records, r.report);
  ASSERT_EQ(t.size(), 3u);
  EXPECT_EQ(t[0].measured.groups, 5);
  EXPECT_TRUE(t[0].measured.known);
  EXPECT_EQ(t[1].measured.groups, static_cast<int>(r.report.stations[0].served / 100 / 6));
  EXPECT_TRUE(t[1].measured.known);
  EXPECT_EQ(t[1].measured.estimate, r.report.stations[0].wait_percentiles[4]);  // p99, as the summary has it
  EXPECT_FALSE(t[2].measured.known);
  EXPECT_TRUE(contains(t[2].note, "p99.99 needs about 120000 requests")) << t[2].note;
}

TEST(Report, AShareOfNothingIsNoData) {
  const Results r =
      queue("0/s", "duration: 10s, replications: 2",
            "thresholds: {s.wasted: [value < 50%], s.op.arrivals_per_request: [value > 1], s.utilization: "
            "[value < 50%], s.rejected: [count < 1]}\n");
  const std::vector<ThresholdResult> judged = evaluate_thresholds(*r.model, r.records, r.report);
  ASSERT_EQ(judged.size(), 4u);
  for (const ThresholdResult& t : judged) {
    const bool measured = t.metric == "s.utilization" || t.metric == "s.rejected";  // it was there, and idle
    EXPECT_EQ(t.verdict, measured ? ThresholdVerdict::pass : ThresholdVerdict::no_data) << t.metric;
  }
}

// Of requests that hang none has failed, and the page says so as the summary does.
TEST(Report, WhoIsKeptWaitingIsSeenSoEverywhere) {
  const Results r = queue("50/s", "duration: 100s, replications: 2, time_resolution: 1s",
                          "faults: [{name: stop, type: pause, target: s, start: 60s, duration: 10s}]\n");
  const std::vector<ThresholdResult> none;
  const RunResults results{*r.model, r.records, r.report, none, {}, {}};
  const std::string text = summary_text(results, {}), page = html::cascade_html(results);
  EXPECT_TRUE(contains(text, " waiting ")) << text;
  EXPECT_TRUE(contains(page, ">waiting<")) << page;
  EXPECT_FALSE(contains(page, ">failed<")) << page;
}

TEST(Report, ATimeThatIsInfiniteSaysWhy) {
  const Results r = queue("80/s", "duration: 60s, replications: 2",
                          "faults: [{name: broken, type: abort, target: s, start: 30s, duration: 60s}]\n"
                          "thresholds: {recovery_time: [value < 1s]}\n");
  const std::vector<ThresholdResult> t = evaluate_thresholds(*r.model, r.records, r.report);
  ASSERT_EQ(t.size(), 1u);
  EXPECT_EQ(t[0].verdict, ThresholdVerdict::fail);
  const std::string text = summary_text({*r.model, r.records, r.report, t, {}, {}}, {});
  EXPECT_TRUE(contains(text, "n/a  not every replication recovered")) << text;
}

// 15, 30 and 59 s are nanoseconds whose billionth parts, multiplied, are none of these.
TEST(Report, TimesAreTheDecimalsThatTheyAre) {
  const Results r = queue("80/s", "duration: 75s, warmup: 15s, replications: 2",
                          "faults: [{name: broken, type: abort, target: s, start: 30s, duration: 29s}]\n");
  EXPECT_EQ(r.report.warmup_s, 15);
  EXPECT_EQ(r.report.measured_s, 120);
  ASSERT_EQ(r.report.faults.size(), 1u);
  ASSERT_EQ(r.report.faults[0].timeline.size(), 2u);
  EXPECT_EQ(r.report.faults[0].timeline[0].start_s, 30);
  EXPECT_EQ(r.report.faults[0].timeline[0].end_s, 59);
  ASSERT_EQ(r.report.cascade.triggers.size(), 1u);
  EXPECT_EQ(r.report.cascade.triggers[0].start_s, 30);
}

TEST(Report, TablesThatAreCutSayByHowMuch) {
  std::string workloads, services, faults;
  for (int i = 0; i < 34; ++i) {
    const std::string n = std::to_string(i);
    workloads += "  w" + n + ": {constant_arrival_rate: 1/s, calls: s" + n + ".op}\n";
    services += "  s" + n + ": {replicas: 2, endpoints: {op: [compute: 1ms]}}\n";
    faults += "  - {name: f" + n + ", type: pod_failure, target: s" + n + ", start: 5s, duration: 1s}\n";
  }
  const Results r = tests::run_text("run: {duration: 10s, replications: 1}\nworkloads:\n" + workloads +
                                    "services:\n" + services + "faults:\n" + faults);
  const std::string summary = summary_text({*r.model, r.records, r.report, {}, {}, {}}, {});
  const std::string requests =
      summary.substr(0, std::min(summary.find("failed requests"), summary.find("services")));
  EXPECT_TRUE(contains(requests, "... and 4 more; all are in summary.json")) << requests;
  EXPECT_TRUE(contains(scaling_text(r.report, {}), "... and 4 more; all are in summary.json"));
}

TEST(Report, NamesOfCachesCannotBreakTheirTable) {
  const Results r = tests::run_text(R"y(run: {duration: 5s, replications: 1}
caches: {"=a,\"b": {keys: "zipf(s=1, n=100)", capacity: 10}}
workloads: {load: {constant_arrival_rate: 10/s, calls: s.op}}
services: {s: {endpoints: {op: [{cache: "=a,\"b", on_miss: [compute: 1ms]}]}}}
)y");
  EXPECT_TRUE(contains(caches_csv(*r.model, r.records), "\n0,\"'=a,\"\"b\",s,0,"))
      << caches_csv(*r.model, r.records);
}

TEST(Report, AStoryCannotDriveTheTerminal) {
  CascadeReport report;
  report.verdict = Verdict::recovered;
  report.story = "At 5 s the fault \"\x1b[31m\" began.";
  EXPECT_FALSE(contains(cascade_text(report, {}), "\x1b"));
}

// The second replication ended before its fault did: what the others do later is no business of that fault.
TEST(Report, AFaultEndsWithTheRunThatItIsIn) {
  Results r =
      queue("50/s", "duration: 100s, replications: 2, time_resolution: 10s",
            "faults: [{name: slow, type: delay, target: s, latency: 1ms, start: 20s, duration: 20s}]\n");
  models::RunRecord& early = r.records[1];
  early.status = models::RunStatus::event_budget;
  early.end_ns = 30'000'000'000;
  early.windows.resize(3);
  early.fault_activations.at(0).end_ns = -1;
  const std::string csv = timeseries_csv({*r.model, r.records, r.report, {}, {}, {}});
  EXPECT_TRUE(contains(csv.substr(csv.find("\n30,40,workload")), ",slow,"));
  EXPECT_FALSE(contains(csv.substr(csv.find("\n40,50,workload")), ",slow,")) << csv;
}

// Replication r of both runs met the same customers; one that ended early has no figure, and moves no other.
TEST(Report, FiguresAreKeptByTheNumberOfTheirReplication) {
  Results r = queue("50/s", "duration: 10s, replications: 3");
  const std::vector<KeptFigure> all = keep_figures(*r.model, r.records);
  r.records[1].status = models::RunStatus::event_budget;
  const std::vector<KeptFigure> kept = keep_figures(*r.model, r.records);
  ASSERT_FALSE(kept.empty());
  ASSERT_EQ(kept.size(), all.size());
  EXPECT_FALSE(std::isnan(all[0].values[0]));  // others may be, of too few requests
  for (std::size_t k = 0; k < kept.size(); ++k) {
    ASSERT_EQ(kept[k].values.size(), 3u) << kept[k].name;
    EXPECT_TRUE(std::isnan(kept[k].values[1])) << kept[k].name;
    for (const std::size_t other : {0u, 2u}) {
      if (!std::isnan(all[k].values[other])) {
        EXPECT_EQ(kept[k].values[other], all[k].values[other]) << kept[k].name;
      }
    }
  }
}

// 20 requests a second of an open workload all fail for 20 s, beside 5 users who go round in 100 ms, 50 a
// second, and whom nothing befalls. Of (20 + 50) x 60 that were due from then on 400 are lost.
TEST(Report, WhatUsersGetDoneDoesNotHideWhatOthersLose) {
  const Results r =
      tests::run_text(R"(run: {duration: 120s, warmup: 10s, replications: 2, time_resolution: 1s}
workloads:
  open: {constant_arrival_rate: 20/s, spacing: regular, calls: a.op}
  users: {constant_vus: 5, think_time: 90ms, calls: b.op}
services:
  a: {workers: 10, endpoints: {op: [compute: 1ms]}}
  b: {workers: 10, endpoints: {op: [compute: 10ms]}}
faults: [{name: broken, type: abort, target: a, start: 60s, duration: 20s}]
)");
  EXPECT_EQ(r.report.cascade.verdict, Verdict::recovered) << r.report.cascade.story;
  EXPECT_NEAR(r.report.cascade.lost.estimate, 400.0 / (70 * 60), 0.003) << r.report.cascade.story;
}

}  // namespace
}  // namespace tailrace::analysis
