// 200 random systems. Whatever they do, the identities hold: Little's law to the last nanosecond at every
// queue and worker pool, every request that came is accounted for, calls and attempts add up, no number is
// undefined, and a second run is the same. A failure prints the seed; random_scenario(seed) is the system.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/determinism/random_faults.hpp"
#include "tests/determinism/random_scenario.hpp"
#include "tests/determinism/swarm.hpp"
#include "tests/support/figures.hpp"
#include "tests/support/scenario.hpp"
#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

const std::uint64_t kFirstSeed = first_seed(20'260'000);
constexpr int kShards = 8;
constexpr int kPerShard = 25;

using models::total;

void check_record(const models::CompiledModel& model, const models::RunRecord& r) {
  EXPECT_TRUE(r.status == models::RunStatus::completed || r.status == models::RunStatus::event_budget)
      << models::status_name(r.status) << ": " << r.message;
  for (std::size_t i = 0; i < r.classes.size(); ++i) {
    const models::ClassRecord& c = r.classes[i];
    EXPECT_EQ(c.started_in_flight + c.arrived, total(c.ended) + c.in_flight);
    EXPECT_EQ(r.series[model.classes[i].success_series].count(), c.ended[0]);
    EXPECT_EQ(r.series[model.classes[i].failure_series].count(), total(c.ended) - c.ended[0]);
  }
  for (std::size_t i = 0; i < r.stations.size(); ++i) {
    const models::StationRecord& s = r.stations[i];
    const std::string& name = model.topology->stations[i].name;
    EXPECT_TRUE(s.queue_residual == 0) << name;
    EXPECT_TRUE(s.busy_residual == 0) << name;
    const double workers = static_cast<double>(model.topology->stations[i].workers);
    for (const models::InstanceRecord& k : s.instances) {
      const double cpus = model.topology->stations[i].cpus.value_or(1e9);
      EXPECT_LE(k.busy_s, (workers < 0 ? 1e9 : workers) * r.seconds() * (1 + 1e-12)) << name;
      EXPECT_LE(k.cpu_s, cpus * r.seconds() * (1 + 1e-9)) << name;
      EXPECT_LE(k.in_queue, k.peak_queue) << name;
    }
  }
  for (const models::EdgeRecord& e : r.edges) {
    if (r.start_ns > 0) continue;  // what began before the warm-up's end may end after it
    EXPECT_LE(e.hedges_won, e.hedges);
    EXPECT_LE(total(e.ended), e.calls);
    EXPECT_LE(total(e.attempt_ended), e.attempts);
    EXPECT_LE(e.hedges, e.attempts);
    EXPECT_LE(e.fallbacks, total(e.ended) - e.ended[0]);
  }
  for (const models::OperationRecord& o : r.operations) {
    if (r.start_ns == 0) {
      EXPECT_LE(total(o.ended), o.arrived);
    }
  }
  for (std::size_t i = 0; i < r.policies.size(); ++i) {
    const models::AdmissionCounts& c = r.policies[i].counts;
    EXPECT_LE(c.delayed, c.admitted) << model.admission_groups[i].policy;
    for (const models::PolicyStateRecord& state : r.policies[i].states) {
      double sum = 0;
      for (const double seconds : state.seconds) sum += seconds;
      if (!state.seconds.empty()) {
        EXPECT_NEAR(sum, r.seconds(), 1e-6) << model.admission_groups[i].policy;
      }
    }
  }
}

class Swarm : public testing::TestWithParam<int> {};

TEST_P(Swarm, IdentitiesHoldInRandomSystems) {
  std::uint64_t events = 0, least = ~0ull;
  for (int i = 0; i < kPerShard; ++i) {
    const std::uint64_t seed = kFirstSeed + static_cast<std::uint64_t>(GetParam() * kPerShard + i);
    const std::string text = random_scenario(seed);
    SCOPED_TRACE(fmt::format("seed {}\n{}", seed, text));
    const Results run = run_text(text);
    for (const models::RunRecord& r : run.records) check_record(*run.model, r);
    EXPECT_TRUE(run.report.littles_law_holds);
    EXPECT_TRUE(run.report.conservation_holds);
    const std::string all = figures(run.report);
    EXPECT_EQ(all.find("nan"), std::string::npos) << all;
    EXPECT_EQ(all.find("inf"), std::string::npos) << all;
    EXPECT_TRUE(all == figures(run_text(text, 2).report));
    events += run.report.events;
    least = std::min(least, run.report.events);
    if (HasFailure()) break;
  }
  fmt::print("{} events, {} at least\n", events, least);
  EXPECT_GT(events, 2'000'000u);
}

TEST_P(Swarm, NothingIsLeftWhenTheLoadHasEnded) {
  std::uint64_t events = 0;
  int ended = 0;
  for (int i = 0; i < kPerShard; ++i) {
    const std::uint64_t seed = kFirstSeed + static_cast<std::uint64_t>(GetParam() * kPerShard + i);
    const std::string text = random_scenario_that_ends(seed);
    SCOPED_TRACE(fmt::format("ending, seed {}\n{}", seed, text));
    const Results run = run_text(text);
    check_record(*run.model, run.records[0]);
    if (run.records[0].status == models::RunStatus::completed) {
      expect_quiet(*run.model, run.records[0]);
      ++ended;
    }
    events += run.report.events;
    if (HasFailure()) break;
  }
  fmt::print("{} events, {} of {} ended\n", events, ended, kPerShard);
  EXPECT_GT(ended, kPerShard / 2);
}

// The same systems, and faults on everything in them.
TEST_P(Swarm, IdentitiesHoldUnderFaults) {
  std::uint64_t struck = 0;
  for (int i = 0; i < kPerShard; ++i) {
    const std::uint64_t seed = kFirstSeed + static_cast<std::uint64_t>(GetParam() * kPerShard + i);
    const std::string text = random_scenario(seed) + random_faults(seed, false);
    SCOPED_TRACE(fmt::format("faults, seed {}\n{}", seed, text));
    const Results run = run_text(text);
    for (const models::RunRecord& r : run.records) {
      check_record(*run.model, r);
      for (const models::FaultRecord& f : r.faults) struck += f.ended + f.delayed;
    }
    EXPECT_TRUE(run.report.littles_law_holds);
    EXPECT_TRUE(run.report.conservation_holds);
    EXPECT_EQ(run.report.trajectory_fingerprint, run_text(text, 2).report.trajectory_fingerprint);
    if (HasFailure()) break;
  }
  fmt::print("{} struck\n", struck);
  EXPECT_GT(struck, 10'000u);
}

TEST_P(Swarm, NothingIsLeftAfterFaults) {
  int ended = 0;
  for (int i = 0; i < kPerShard; ++i) {
    const std::uint64_t seed = kFirstSeed + static_cast<std::uint64_t>(GetParam() * kPerShard + i);
    const std::string text = random_scenario_that_ends(seed) + random_faults(seed, true);
    SCOPED_TRACE(fmt::format("faults, ending, seed {}\n{}", seed, text));
    const Results run = run_text(text);
    check_record(*run.model, run.records[0]);
    if (run.records[0].status == models::RunStatus::completed) {
      expect_quiet(*run.model, run.records[0]);
      ++ended;
    }
    if (HasFailure()) break;
  }
  EXPECT_GT(ended, kPerShard / 2);
}

INSTANTIATE_TEST_SUITE_P(Shards, Swarm, testing::Range(0, kShards));

}  // namespace
}  // namespace tailrace::tests
