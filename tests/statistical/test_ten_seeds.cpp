// Failures that emerge, seed by seed: in each of ten replications, judged by itself, the verdict, what fell
// first and why, how long it took to come back, and every threshold of the scenario. (Replications have
// streams of their own; one of another number is as good as one of another seed.)
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <set>
#include <utility>

#include "analysis/cascade/cascade_report.hpp"
#include "analysis/report/thresholds.hpp"
#include "scenarios/format/patterns.hpp"
#include "tests/support/scenario.hpp"

namespace tailrace::tests {
namespace {

using analysis::CascadeHitReport;
using analysis::CascadeReport;
using analysis::Mechanism;
using analysis::Verdict;

constexpr int kSeeds = 10;

// As in the report's table: "server" by "fault: standstill". Where the evidence of a window or two decides,
// one seed shows the workers who wait, and the next only that they are slow.
struct Fell {
  std::string component;
  std::set<Mechanism> by;
  std::string cause;
};

struct Row {
  std::string scenario, variant;
  std::vector<std::string> changes;  // to the file, as for --set; thresholds of what is changed are told here
  std::set<Verdict> verdicts;        // that a seed may have
  std::string fault;                 // where the story begins
  std::vector<Fell> fell;            // in this order; others may fall between them
  std::set<std::string> together = {};  // metrics whose limits ten seeds meet, and not each of them
};

// "retry_storm_no_retries"; what is changed has a number.
std::string name_of(const testing::TestParamInfo<Row>& row) {
  std::string name = row.param.scenario + (row.param.variant.empty() ? "" : "_" + row.param.variant) +
                     (row.param.changes.empty() ? "" : fmt::format("_{}", row.index));
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}

std::string rate(const std::string& workload, int per_s) {
  return fmt::format("workloads.{}.constant_arrival_rate={}/s", workload, per_s);
}

// Up to twice the load and back within two minutes, and no spike.
std::vector<std::string> slow_ramp(const std::string& backoff) {
  return {"faults=[]", "run.duration=400s",
          "workloads.clients={ramping_arrival_rate: {start_rate: 40/s, stages: [{duration: 100s, target: "
          "40/s}, {duration: 60s, target: 80/s}, {duration: 60s, target: 40/s}]}, calls: service.work, "
          "retries: {attempts: 2, per_try_timeout: 3s, retry_on: [timeout], backoff: " +
              backoff + "}}",
          "thresholds={metastable: ['count >= 8'], lost: ['value > 80%']}"};
}

const std::set<Mechanism> kFault = {Mechanism::fault}, kTimeouts = {Mechanism::timeouts},
                          kLoad = {Mechanism::load, Mechanism::retry_load},
                          kWaiting = {Mechanism::held_workers, Mechanism::slow_replies},
                          kRefusals = {Mechanism::refusals}, kErrors = {Mechanism::errors};

const std::vector<Fell> kStandstill = {{"server", kFault, "standstill"}, {"clients", kTimeouts, "server"}};
const std::vector<Fell> kCollection = {{"server", kFault, "collection"}, {"clients", kTimeouts, "server"}};
const std::vector<Fell> kSpike = {{"service", kLoad, "clients"}};

std::vector<Row> rows() {
  using enum Verdict;
  return {
      {"retry-storm", "", {}, {metastable}, "standstill", kStandstill},
      {"retry-storm", "", {rate("clients", 200)}, {metastable}, "standstill", kStandstill},
      {"retry-storm", "", {rate("clients", 160)}, {metastable}, "standstill", kStandstill},
      {"retry-storm",
       "",
       {rate("clients", 140), "thresholds={recovery_time: ['value > 70s', 'value < 180s']}"},
       {recovered},
       "standstill",
       kStandstill},
      {"retry-storm",
       "",
       {rate("clients", 120), "thresholds={recovery_time: ['value > 20s', 'value < 50s']}"},
       {recovered},
       "standstill",
       kStandstill},
      {"retry-storm", "drop_expired", {}, {recovered}, "standstill", kStandstill},
      {"retry-storm", "no_retries", {}, {recovered}, "standstill", kStandstill},
      {"retry-storm", "budget_per_call", {}, {metastable}, "standstill", kStandstill},
      {"retry-storm", "budget_per_success", {}, {recovered}, "standstill", kStandstill},
      {"gc-pause", "", {}, {metastable}, "collection", kCollection},
      {"gc-pause", "no_retries", {}, {recovered}, "collection", kCollection},
      {"gc-pause", "patient", {}, {recovered}, "collection", {{"server", kFault, "collection"}}},
      {"gc-pause", "short_pause", {}, {unaffected}, "collection", {{"server", kFault, "collection"}}},
      {"load-spike", "", {}, {metastable, unaffected}, "spike", kSpike, {"metastable"}},
      {"load-spike", "backoff", {}, {unaffected}, "spike", kSpike},
      {"load-spike",
       "",
       slow_ramp("{base_interval: 1ms, jitter: none}"),
       {metastable, degraded},
       "",
       {},
       {"metastable"}},
      {"load-spike",
       "",
       slow_ramp("{base_interval: 20s, multiplier: 2, jitter: full}"),
       {metastable, degraded},
       "",
       {},
       {"metastable"}},
      {"fifo-or-lifo", "", {}, {recovered}, "spike", {{"in_order", kLoad, "patient"}}},
      {"thread-pools",
       "",
       {},
       {recovered},
       "slow disk",
       {{"ledger", kFault, "slow disk"},
        {"stock", kWaiting, "ledger"},
        {"orders", kWaiting, "stock"},
        {"gateway", kWaiting, "orders"},
        {"readers", {Mechanism::timeouts, Mechanism::slow_replies}, "gateway"}}},
      {"thread-pools",
       "bulkhead",
       {},
       {recovered},
       "slow disk",
       {{"ledger", kFault, "slow disk"},
        {"stock", kWaiting, "ledger"},
        {"orders", kWaiting, "stock"},
        {"gateway", kRefusals, "orders"}}},
      {"thundering-herd", "", {}, {metastable}, "restart", {{"hasty_login", kLoad, "hasty_gateway"}}},
      {"cache-stampede",
       "",
       {},
       {metastable, degraded},
       "cache_flush pages",
       {{"front", {Mechanism::cache_misses}, "cache_flush pages"}, {"store", kLoad, "front"}}},
      {"survivors",
       "",
       {},
       {metastable, degraded, recovered},
       "pod_failure deep#0",
       {{"deep", kFault, "pod_failure deep#0"}, {"doomed", kErrors, "deep"}},
       {"doomed.request_failed"}},
      // Nothing comes from outside; what they show is in their thresholds. A batch that waits for long at the
      // end of a window may look for a moment as if it had failed.
      {"priority-inversion", "", {}, {steady, recovered}, "", {}},
      {"retry-amplification", "", {}, {steady}, "", {}},
      {"breaker-scope", "", {}, {steady}, "", {}},
  };
}

class TenSeeds : public testing::TestWithParam<Row> {
 protected:
  void SetUp() override {
    const Row& row = GetParam();
    std::vector<std::string> changes = row.changes;
    changes.push_back(fmt::format("run.replications={}", kSeeds));
    const Loaded loaded = load_file("scenarios/library/" + row.scenario + ".yaml", changes, row.variant);
    ASSERT_NE(loaded.topology, nullptr) << loaded.shown;
    run_ = run_model(models::compile(loaded.topology), 0);
    ASSERT_EQ(run_.records.size(), std::size_t{kSeeds});
  }

  void judge(const analysis::RunReport& report, const std::vector<models::RunRecord>& records, bool all) {
    for (const auto& t : analysis::evaluate_thresholds(*run_.model, records, report)) {
      if (!all && GetParam().together.contains(t.metric)) continue;
      EXPECT_EQ(t.verdict, analysis::ThresholdVerdict::pass)
          << t.metric << " " << t.expression << ": " << t.measured.estimate << " " << t.note;
    }
  }

  Results run_;
};

TEST_P(TenSeeds, HaveTheVerdictTheCausesAndTheFigures) {
  const Row& row = GetParam();
  judge(run_.report, run_.records, true);
  for (const models::RunRecord& record : run_.records) {
    SCOPED_TRACE(fmt::format("replication {}", record.replication));
    const std::vector<models::RunRecord> one = {record};
    const analysis::RunReport report = analysis::build_run_report(*run_.model, one);
    judge(report, one, false);
    const CascadeReport& c = report.cascade;
    EXPECT_TRUE(row.verdicts.contains(c.verdict)) << analysis::verdict_name(c.verdict) << ": " << c.story;
    if (!row.fault.empty()) {
      EXPECT_NE(c.story.find("the fault \"" + row.fault + "\" began"), std::string::npos) << c.story;
    }
    std::ptrdiff_t place = -1;
    for (const Fell& expected : row.fell) {
      const auto hit = std::find_if(c.hits.begin(), c.hits.end(), [&](const CascadeHitReport& h) {
        return h.component == expected.component;
      });
      ASSERT_NE(hit, c.hits.end()) << expected.component << " was not hit: " << c.story;
      EXPECT_TRUE(expected.by.contains(hit->mechanism)) << analysis::mechanism_name(hit->mechanism);
      EXPECT_EQ(hit->cause, expected.cause) << expected.component;
      EXPECT_GT(hit - c.hits.begin(), place) << expected.component << " was hit too early: " << c.story;
      place = hit - c.hits.begin();
    }
  }
}

// So that a new failure of the library, or a new cure, is held seed by seed as well.
TEST(TenSeedsTable, HasEveryFailureThatEmergesWithEachOfItsVariants) {
  std::set<std::pair<std::string, std::string>> held, wanted;
  for (const Row& row : rows()) held.insert({row.scenario, row.variant});
  for (const scenarios::Topic& topic : scenarios::read_patterns()) {
    if (topic.name != "Failures that emerge") continue;
    for (const scenarios::Pattern& pattern : topic.patterns) {
      for (const std::string& name : pattern.scenarios) {
        wanted.insert({name, ""});
        for (const std::string& variant : load_file("scenarios/library/" + name + ".yaml").variants)
          wanted.insert({name, variant});
      }
    }
  }
  EXPECT_GE(wanted.size(), 12u);
  for (const auto& [name, variant] : wanted)
    EXPECT_TRUE(held.contains({name, variant})) << name << " " << variant;
}

void PrintTo(const Row& row, std::ostream* out) {
  *out << row.scenario << " " << row.variant;
}

INSTANTIATE_TEST_SUITE_P(Cascades, TenSeeds, testing::ValuesIn(rows()), name_of);

}  // namespace
}  // namespace tailrace::tests
