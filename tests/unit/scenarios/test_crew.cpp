// Replications that others simulate: records survive the way as bytes, and the answer is that of one process.
#include <gtest/gtest.h>

#include "analysis/experiment/baseline.hpp"
#include "analysis/report/run_report.hpp"
#include "analysis/report/summary_json.hpp"
#include "analysis/report/thresholds.hpp"
#include "models/runtime/execution.hpp"
#include "models/runtime/record_bytes.hpp"
#include "scenarios/run/compare.hpp"
#include "scenarios/run/crew.hpp"
#include "scenarios/run/load.hpp"
#include "scenarios/run/replicate.hpp"
#include "sim/base/bytes.hpp"
#include "sim/observe/histogram_bytes.hpp"
#include "tests/unit/scenarios/sweep_scenario.hpp"

namespace tailrace::scenarios {
namespace {

using models::CompiledModel;
using models::RunRecord;
using Model = std::shared_ptr<const CompiledModel>;

// Does all tasks in one go, the last first, as bytes there and back.
class BackwardsCrew final : public Crew {
 public:
  explicit BackwardsCrew(CrewMember::Build build) : member_(std::move(build), 2) {}
  void run(const std::vector<CrewTask>& tasks, const CrewOptions& options,
           const std::function<bool(std::size_t, RunRecord)>& done) override {
    std::vector<std::string> items, results(tasks.size());
    for (const CrewTask& task : tasks) items.push_back(task_bytes(task));
    member_.run(items, options, [&](std::size_t i, std::string bytes) { results[i] = std::move(bytes); });
    std::size_t wanted = tasks.size();
    for (std::size_t i = tasks.size(); i-- > 0;) {
      RunRecord record;
      ASSERT_TRUE(models::read_record(results[i], record));
      if (i < wanted && !done(i, std::move(record))) wanted = i + 1;
      ++asked;
    }
  }
  int asked = 0;

 private:
  CrewMember member_;
};

std::string json_of(const Model& model, const std::vector<RunRecord>& records) {
  const analysis::RunReport report = analysis::build_run_report(*model, records);
  const auto thresholds = analysis::evaluate_thresholds(*model, records, report);
  const analysis::RunResults results{*model, records, report, thresholds, {}, {}};
  return analysis::summary_json(results, analysis::keep_figures(*model, records), {});
}

TEST(Crew, RecordsComeBackWholeWhateverIsInThem) {
  // Policies, faults, caches, logs, queues, autoscaling, deployments, discovery, leases, zones.
  for (const char* name : {"retry-storm", "cache-stampede", "rebalance-storm", "visibility-timeout", "canary",
                           "scale-to-zero", "dns-ttl", "vault-outage", "zone-outage", "gray-instance"}) {
    const Model model = load_file(name);
    models::RunOptions options;
    options.seed = model->topology->run.seed;
    options.warmup_ns = model->topology->run.warmup.ns;
    options.batches = kBatches;
    options.trace = {models::TraceSampling::Mode::automatic, 1};
    std::vector<RunRecord> records, copies(1);
    records.push_back(models::Execution(model, options).run());
    const std::string bytes = models::record_bytes(records[0]);
    ASSERT_TRUE(models::read_record(bytes, copies[0])) << name;
    EXPECT_EQ(models::record_bytes(copies[0]), bytes) << name;
    EXPECT_EQ(models::result_fingerprint(copies[0]), models::result_fingerprint(records[0])) << name;
    EXPECT_EQ(json_of(model, copies), json_of(model, records)) << name;
  }
}

TEST(Crew, HistogramsKeepTheRoundingOfTheirSquares) {
  sim::Histogram few, many, wide;
  for (std::int64_t i = 0; i < 300; ++i) few.record(i * i * i);
  for (std::int64_t i = 0; i < 5000; ++i) many.record(1'000'003 * (i % 977));
  wide.record_many(12345, std::uint64_t{5} << 32u);
  for (const sim::Histogram& h : {sim::Histogram(), few, many, wide}) {
    sim::ByteWriter out;
    sim::write_histogram(h, out);
    const std::string bytes = out.take();
    sim::ByteReader in(bytes);
    const sim::Histogram copy = sim::read_histogram(in);
    EXPECT_TRUE(in.good() && in.at_end());
    EXPECT_TRUE(copy == h);
    EXPECT_EQ(copy.sum_of_squares(), h.sum_of_squares());
  }
}

TEST(Crew, BytesThatEndTooSoonAreNoRecord) {
  const Model model = load_file("mm1", {"run.duration=30s", "run.warmup=5s"});
  const std::string bytes = models::record_bytes(models::Execution(model, {}).run());
  RunRecord record;
  ASSERT_TRUE(models::read_record(bytes, record));
  for (std::size_t n = 0; n < bytes.size(); n += 1 + bytes.size() / 500)
    EXPECT_FALSE(models::read_record(bytes.substr(0, n), record)) << n;
  EXPECT_FALSE(models::read_record(bytes + "x", record));
  EXPECT_FALSE(models::read_record(std::string(200, '\xff'), record));
}

TEST(Crew, ReplicationsAreThoseOfThreads) {
  const Model model = load_file("retry-storm", {"run.replications=4"});
  BackwardsCrew crew([&](const std::string&) { return model; });
  ReplicateOptions options;
  options.trace = {models::TraceSampling::Mode::automatic, 1};
  const ReplicateResult threads = replicate(model, options);
  options.crew = &crew;
  const ReplicateResult others = replicate(model, options);
  EXPECT_EQ(crew.asked, 4);
  EXPECT_EQ(json_of(model, others.records), json_of(model, threads.records));
}

// The budget stops the second replication, of 80,514 events, and the sixth, of 80,672: what came after the
// second is dropped.
TEST(Crew, WhatCameAfterAnEarlyEndIsDropped) {
  const Model model = load_file("mm1", {"run.replications=6", "run.max_events=80400"});
  BackwardsCrew crew([&](const std::string&) { return model; });
  ReplicateOptions options;
  const ReplicateResult threads = replicate(model, options);
  options.crew = &crew;
  const ReplicateResult others = replicate(model, options);
  ASSERT_EQ(threads.records.size(), 2u);
  ASSERT_EQ(threads.records[1].status, models::RunStatus::event_budget);
  ASSERT_EQ(others.records.size(), 2u);
  EXPECT_EQ(json_of(model, others.records), json_of(model, threads.records));
}

// Sweeps and plans tell a crew which values are set; the other side, which has the scenario, makes the model.
TEST(Crew, ThePointOfARecipeIsItsModel) {
  const SweepScenario s = scenario(
      "workloads: {load: {constant_arrival_rate: 1/s, calls: s.op}}\n"
      "services: {s: {endpoints: {op: [compute: 1ms]}}}\n");
  const auto model = build_recipe(s, point_recipe({"services.s.workers", "run.duration"}, {"3", "7s"}));
  ASSERT_NE(model, nullptr);
  EXPECT_EQ(model->topology->stations[0].workers, 3);
  EXPECT_EQ(model->topology->run.duration.ns, 7'000'000'000);
  EXPECT_NE(build_recipe(s, point_recipe({}, {})), nullptr);  // the scenario as it is
  EXPECT_EQ(build_recipe(s, point_recipe({"services.s.wrokers"}, {"3"})), nullptr);
  EXPECT_EQ(build_recipe(s,
                         "\x05"
                         "abc"),
            nullptr);
}

TEST(Crew, ComparisonsAreThoseOfThreads) {
  const std::vector<std::string> recipes = {"run.replications=6", "services.server.workers=2"};
  const auto build = [](const std::string& change) { return load_file("mm1", {"run.duration=60s", change}); };
  std::vector<ComparedModel> models;
  for (const std::string& recipe : recipes) models.push_back({recipe, build(recipe), recipe});
  BackwardsCrew crew(build);
  CompareOptions options;
  options.replications = 6;
  const CompareRun threads = run_paired(models, options);
  options.crew = &crew;
  const CompareRun others = run_paired(models, options);
  EXPECT_EQ(crew.asked, 12);
  for (std::size_t v = 0; v < models.size(); ++v) {
    ASSERT_EQ(others.variants[v].replications.size(), 6u);
    for (std::size_t r = 0; r < 6; ++r) {
      const auto& a = threads.variants[v].replications[r];
      const auto& b = others.variants[v].replications[r];
      EXPECT_FALSE(a.durations.empty());
      EXPECT_TRUE(a.durations == b.durations);
      ASSERT_EQ(a.ratios.size(), b.ratios.size());
      for (std::size_t k = 0; k < a.ratios.size(); ++k) {
        EXPECT_EQ(a.ratios[k].total, b.ratios[k].total);
        EXPECT_EQ(a.ratios[k].weight, b.ratios[k].weight);
      }
    }
  }
}

}  // namespace
}  // namespace tailrace::scenarios
