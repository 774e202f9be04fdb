// Paired replications: what is told when one of a pair ends early.
#include <gtest/gtest.h>

#include "scenarios/run/compare.hpp"
#include "scenarios/run/load.hpp"
#include "tests/unit/scenarios/broken_door.hpp"

namespace tailrace::scenarios {
namespace {

using models::RunStatus;

ComparedModel limited(const std::string& name) {
  return {name, load_file("mm1", {"run.duration=60s", "run.warmup=5s", "run.max_events=1000"})};
}
ComparedModel broken(const std::string& name) {
  return {name, with_broken_door(*load_file("mm1", {"run.duration=60s", "run.warmup=5s"})->topology)};
}

// A fault of the simulator is no less of one because the run beside it met a limit: with one thread the
// second run of the pair would begin when the first has ended.
TEST(Compare, ALimitHidesNoBrokenInvariant) {
  for (const int jobs : {1, 2, 4}) {
    CompareOptions options;
    options.replications = 3;
    options.jobs = jobs;
    const CompareRun run = run_paired({limited("a"), broken("b")}, options);
    ASSERT_EQ(run.ends.size(), 2u);
    EXPECT_EQ(run.ends[0].status, RunStatus::event_budget) << jobs;
    EXPECT_EQ(run.ends[1].status, RunStatus::invariant_broken) << jobs;
    EXPECT_EQ(run.to_tell(), 1u) << jobs;
    EXPECT_FALSE(run.interrupted) << jobs;
    EXPECT_TRUE(run.variants[0].replications.empty() && run.variants[1].replications.empty()) << jobs;
  }
}

TEST(Compare, TheFirstThatEndedEarlyIsToldAbout) {
  CompareOptions options;
  options.replications = 2;
  const CompareRun both = run_paired({limited("a"), limited("b")}, options);
  EXPECT_EQ(both.to_tell(), 0u);
  const ComparedModel whole{"whole", load_file("mm1", {"run.duration=60s", "run.warmup=5s"})};
  EXPECT_EQ(run_paired({whole, limited("b")}, options).to_tell(), 1u);
  EXPECT_EQ(run_paired({whole, whole}, options).to_tell(), std::nullopt);
}

}  // namespace
}  // namespace tailrace::scenarios
