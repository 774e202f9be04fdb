// What the library's scenarios about discovery, segmentation, secrets, records, patches, contracts and
// borders teach, as claims. Rates are per second of the scenarios; arrivals are Poisson.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "analysis/graph/reach.hpp"
#include "tests/statistical/lessons.hpp"

namespace tailrace::tests {
namespace {

double failures(const Results& run, const std::string& name) {  // mean of the replications
  const analysis::ClassReport& c = workload(run.report, name);
  double ended = 0;
  for (const std::uint64_t n : c.ended) ended += static_cast<double>(n);
  return (ended - static_cast<double>(c.ended[0])) / static_cast<double>(run.records.size());
}
const models::DirectoryRecord& discovered(const Results& run, const std::string& name) {
  const auto& all = run.report.upkeep.discovery;
  return std::find_if(all.begin(), all.end(), [&](const auto& d) { return d.station == name; })->counts;
}
const models::GatedRecord& gated(const Results& run, const std::string& name) {
  const auto& all = run.report.upkeep.gates;
  return std::find_if(all.begin(), all.end(), [&](const auto& g) { return g.station == name; })->counts;
}

// --- dns-ttl. A quarter of 200/s for the rest of the ttl: patient's answer of 60 s holds until 120 s.

TEST(DnsTtl, ClientsGoOnCallingADeadAddressForTheTtl) {
  const Results run = run_library("dns-ttl", {"faults[2].start=259s", "faults[2].duration=1ms"});
  EXPECT_NEAR(failures(run, "to_patient"), 200 / 4.0 * (120 - 72), 110);
  EXPECT_LT(failures(run, "to_quick"), 200 / 4.0 * 5);
  EXPECT_GT(failures(run, "to_quick"), 200 / 4.0 * 2);
}
// quick has no answer left 5 s after 200 s at the latest, until 220 s; patient's of 180 s lasts.
TEST(DnsTtl, WhoAsksOftenLeansOnTheResolver) {
  const Results run = run_library("dns-ttl", {"faults[0].start=259s", "faults[0].duration=1ms",
                                              "faults[1].start=259s", "faults[1].duration=1ms"});
  EXPECT_GT(failures(run, "to_quick"), 200 * 15.0);
  EXPECT_LT(failures(run, "to_quick"), 200 * 20.5);
  EXPECT_LT(failures(run, "to_patient"), 10);
  EXPECT_GT(discovered(run, "quick").asks, 5 * discovered(run, "patient").asks);
}

// --- service-registry. Instance 1 of 4 beats at 57.5 s last, so its lease ends at 72.5 s: 10.5 s after 62 s.

TEST(ServiceRegistry, DetectionIsTheLeaseFromTheLastHeartbeat) {
  const Results run = run_library("service-registry");
  EXPECT_NEAR(discovered(run, "trusting").detected.mean_s(), 10.5, 0.05);
  EXPECT_EQ(discovered(run, "trusting").detected.count, run.records.size());
  EXPECT_NEAR(failures(run, "to_trusting"), 200 / 4.0 * 10.6, 60);
}
TEST(ServiceRegistry, ItsOutageStopsThoseWhoInsistOnItAndNobodyElse) {
  const Results run = run_library("service-registry");
  EXPECT_NEAR(failures(run, "to_strict") - failures(run, "to_trusting"), 200 * 30.0, 300);
  EXPECT_EQ(discovered(run, "trusting").refused, 0u);
  EXPECT_EQ(discovered(run, "trusting").expired, run.records.size());  // the dead one, and none who lives
}

// --- client-side-discovery. A hop is 1 ms of network and 0.2 ms of work.

TEST(ClientSideDiscovery, SavesAHop) {
  const Results run = run_library("client-side-discovery");
  EXPECT_NEAR(workload(run.report, "balanced").success_duration.mean.estimate -
                  workload(run.report, "direct").success_duration.mean.estimate,
              1.2e-3, 0.1e-3);
}
// The lease ends at 58.5 + 9 = 67.5 s; ten clients read at each of the next ten half seconds past: 5 s later
// on average, when a quarter of 200/s ends.
TEST(ClientSideDiscovery, GivesEachClientAViewOfItsOwn) {
  const Results run = run_library("client-side-discovery");
  EXPECT_NEAR(failures(run, "direct"), 200 / 4.0 * (67.5 + 5 - 60), 60);
  EXPECT_LT(failures(run, "balanced"), failures(run, "direct") / 4);
}

// --- segmentation

TEST(SegmentationLesson, RulesThatFollowTheCallsShrinkTheReach) {
  const Results run = run_library("segmentation");
  const analysis::ReachReport report = analysis::reach_of(*run.model->topology);
  models::Topology flat = *run.model->topology;
  flat.segmentation = {};
  EXPECT_DOUBLE_EQ(analysis::reach_of(flat).mean_reach, 5);
  // front 5; orders 2; search 1; payments, index and store nothing.
  EXPECT_DOUBLE_EQ(report.mean_reach, 8 / 6.0);
  EXPECT_EQ(failures(run, "shoppers"), 0);
  EXPECT_EQ(workload(run.report, "reports").ended[0], 0u);  // the call that no rule names
}

// --- vault-outage

TEST(VaultOutage, IsFeltAtRestartsAndRenewalsNotAtOnce) {
  const Results run = run_library("vault-outage");
  EXPECT_EQ(gated(run, "short").expiries, 4 * run.records.size());
  EXPECT_EQ(gated(run, "long").expiries, 0u);
  EXPECT_EQ(gated(run, "long").starts, run.records.size());
  // The one that crashed waits from 95 s to 180 s and for the next try, up to 5 s.
  EXPECT_GE(gated(run, "long").waited.mean_s(), 85);
  EXPECT_LE(gated(run, "long").waited.mean_s(), 90.1);
  EXPECT_LT(failures(run, "to_long"), 100 * 2.5);
  for (const models::RunRecord& r : run.records) {  // nothing fails in the outage's first 18 s
    for (const models::WindowRecord& w : r.windows) {
      if (w.end_ns > 78'000'000'000) break;
      for (const auto& c : w.classes) EXPECT_EQ(c.failed, 0u);
    }
  }
  const Results well = run_library("vault-outage", {"faults[0].duration=1ms"});
  EXPECT_EQ(failures(well, "to_short"), 0);
}

// --- audit-logging

TEST(AuditLogging, SynchronousCostsLatencyAndADependency) {
  const Results run = run_library("audit-logging");
  EXPECT_NEAR(workload(run.report, "to_strict").success_duration.mean.estimate, 14e-3, 0.3e-3);
  EXPECT_NEAR(workload(run.report, "to_loose").success_duration.mean.estimate, 10.02e-3, 0.3e-3);
  EXPECT_NEAR(failures(run, "to_strict"), 100 * 30.0, 150);
  EXPECT_EQ(failures(run, "to_loose"), 0);
}
// 100/s for 30 s, of which 500 find a place in the buffer and 4/s are taken out of it and time out.
TEST(AuditLogging, ABufferLosesWhatItCannotHold) {
  const Results run = run_library("audit-logging");
  double dropped = 0;
  for (const models::RunRecord& r : run.records) {
    for (std::size_t i = 0; i < r.policies.size(); ++i) {
      const models::AdmissionGroup& group = run.model->admission_groups[i];
      if (group.policy != "telemetry" || run.model->topology->stations[group.station].name != "lines")
        continue;
      dropped += static_cast<double>(r.policies[i].counts.rejected) / static_cast<double>(run.records.size());
    }
  }
  EXPECT_NEAR(dropped, 3000 - 500 - 4 * 30, 200);
}

// --- patch-rollout

TEST(PatchRollout, TimeToPatchedIsBoughtWithCapacity) {
  const Results run = run_library("patch-rollout");
  const auto& d = run.report.deployments;
  EXPECT_NEAR(d[0].duration_s, 8 * 8.0, 4);  // one after another, 3 s of scanning and 5 s to start
  EXPECT_NEAR(d[1].duration_s, 2 * 8.0, 4);  // half of them at a time
  EXPECT_LT(failures(run, "to_careful"), 40);
  // 400/s at four instances that do 320/s, for 16 s: 80/s too many.
  EXPECT_GT(failures(run, "to_hasty"), 80 * 10.0);
}
TEST(PatchRollout, AScannerThatIsDownStopsRolloutsAndRestarts) {
  const Results run = run_library("patch-rollout");
  EXPECT_NEAR(run.report.deployments[2].duration_s, 60 + 8 * 8.0, 6);  // the scanner is back 60 s after it
  EXPECT_GE(gated(run, "hasty").waited.max_s(), 45);  // the one that crashed at 160 s, from 165 s on
}

// --- contracts

TEST(ContractsLesson, SkewBreaksCallsAndAGateStopsTheRollout) {
  const Results run = run_library("contracts");
  EXPECT_GT(run.report.deployments[0].skewed, 0u);
  EXPECT_EQ(run.report.deployments[0].skewed, run.report.deployments[0].failed);
  EXPECT_EQ(run.report.deployments[1].blocked, run.records.size());
  EXPECT_EQ(failures(run, "lookers"), 0);
  const Results kept = run_library("contracts", {"deployments[0].version.still_serves=1"});
  EXPECT_EQ(failures(kept, "buyers"), 0);
}

// --- bounded-contexts: 4 ms of network against 14, and one border against six. Half of the requests each.

TEST(BoundedContexts, ASplitAcrossTheDomainPaysForEveryBorder) {
  const Results run = run_library("bounded-contexts");
  EXPECT_NEAR(run.report.upkeep.coupling.crossing.estimate, (1 + 6) / 2.0, 0.1);
  EXPECT_NEAR(workload(run.report, "by_layer").success_duration.mean.estimate -
                  workload(run.report, "by_domain").success_duration.mean.estimate,
              10e-3, 0.1e-3);
}

}  // namespace
}  // namespace tailrace::tests
