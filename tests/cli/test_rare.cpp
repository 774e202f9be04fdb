// `tailrace rare`, as a user or a script meets it.
#include <signal.h>

#include <cstdlib>

#include "tests/cli/program.hpp"

namespace tailrace::tests {
namespace {

const std::string kScenario = R"(tailrace: 1
name: small queue
run: {duration: 40s, seed: 1}
workloads: {clients: {constant_arrival_rate: 1/s, calls: s.op}}
services: {s: {workers: 1, endpoints: {op: [compute: exp(500ms)]}}}
)";

TEST_F(Program, RareIsTheSameForAnyNumberOfJobsAndFollowsItsSchema) {
  const std::string s = file("s.yaml", kScenario);
  const auto json = [&](const char* jobs) {
    return run_program({"rare", s, "--event", "requests in s >= 14", "--format", "json", "-j", jobs}).out;
  };
  const std::string one = json("1");
  EXPECT_EQ(one, json("2"));
  EXPECT_EQ(one, json("4"));
  const auto told = nlohmann::json::parse(one);
  EXPECT_EQ(told["method"], "adaptive multilevel splitting");
  EXPECT_EQ(told["precise"], true);
  EXPECT_EQ(told["until_s"], 40);
  EXPECT_EQ(told["goal"], 14);
  EXPECT_GE(told["repetitions"].size(), 10u);
  EXPECT_EQ(told["levels"].size(), 14u);
  const double p = told["probability"]["estimate"];
  EXPECT_EQ(told["levels"][13]["probability"]["estimate"], p);
  EXPECT_LT(told["probability"]["low"], p);
  EXPECT_LT((told["probability"]["high"].get<double>() / p), 1.25);  // e^0.2
  const std::string written = file("rare.json", one);
  if (!python_has("jsonschema")) GTEST_SKIP() << "python3-jsonschema is not here";
  EXPECT_EQ(schema_fault("rare", written), 0);
}

TEST_F(Program, RareWritesItsFilesAndSaysWhatItDid) {
  const std::string s = file("s.yaml", kScenario);
  const Finished f = run_program({"rare", s, "--event", "when requests in s >= 14", "--out", path("out")});
  EXPECT_EQ(f.exit_code, 0) << f.err;
  EXPECT_EQ(f.err, "");
  EXPECT_TRUE(contains(f.out, "how probable is \"requests in s >= 14\" within 40.0 s?")) << f.out;
  EXPECT_TRUE(contains(f.out, "Adaptive multilevel splitting")) << f.out;
  EXPECT_EQ(json_file(path("out/rare.json"))["format"], "tailrace-rare");
  const std::string csv = read(path("out/rare.csv"));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 15);
}

TEST_F(Program, RareCountsWhereTheEventIsNotRare) {
  const std::string s = file("s.yaml", kScenario);
  const Finished f = run_program({"rare", s, "--event", "requests in s >= 3"});
  EXPECT_EQ(f.exit_code, 0) << f.err;
  EXPECT_TRUE(contains(f.out, "Not rare: ")) << f.out;
}

// The counting begins with --from, or with the end of the warm-up: then the queue is not empty any more.
TEST_F(Program, RareCountsFromTheTimeThatIsAskedFor) {
  const std::string s = file("s.yaml", kScenario);
  const auto from = [&](std::vector<std::string> more) {
    std::vector<std::string> all = {"rare", s, "--event", "requests in s >= 6", "--format", "json"};
    all.insert(all.end(), more.begin(), more.end());
    const auto told = nlohmann::json::parse(run_program(all).out);
    return std::pair<double, double>{told["from_s"], told["probability"]["estimate"]};
  };
  const auto late = from({"--from", "39s"}), whole = from({}), warm = from({"--set", "run.warmup=39s"});
  EXPECT_EQ(late.first, 39);
  EXPECT_EQ(whole.first, 0);
  EXPECT_EQ(warm, late);
  EXPECT_LT(late.second, 0.5 * whole.second);
  EXPECT_GT(late.second, 0);
}

TEST_F(Program, RareSaysWhatIsWrongWithTheQuestion) {
  const std::string s = file("s.yaml", kScenario);
  const auto refused = [&](std::vector<std::string> more) {
    std::vector<std::string> all = {"rare", s};
    all.insert(all.end(), more.begin(), more.end());
    const Finished f = run_program(all);
    EXPECT_EQ(f.exit_code, 2) << f.err;
    EXPECT_EQ(f.out, "");
    return f.err;
  };
  EXPECT_TRUE(contains(refused({}), "--event"));
  EXPECT_TRUE(
      contains(refused({"--event", "queue of nobody > 5"}), "there is no service or database nobody"));
  EXPECT_TRUE(contains(refused({"--event", "queue of s > 5", "--guide", "queue"}), "--guide: "));
  EXPECT_TRUE(contains(refused({"--event", "queue of s > 5", "--from", "40s"}), "is not below"));
  EXPECT_TRUE(contains(refused({"--event", "queue of s > 5", "--from", "5"}), "--from"));
  EXPECT_TRUE(contains(refused({"--event", "queue of s > 5", "--trajectories", "1"}), "--trajectories"));
  EXPECT_TRUE(contains(refused({"--event", "queue of s > 5", "--precision", "0"}), "precision"));
  EXPECT_TRUE(contains(refused({"--event", "queue of s > 5", "--max-time", "soon"}), "--max-time"));
  EXPECT_TRUE(contains(refused({"--event", "queue of s > 5", "--replications", "10001"}), "at most 10000"));
  EXPECT_EQ(run_program({"rare", path("none.yaml"), "--event", "queue of s > 5"}).exit_code, 5);
  EXPECT_EQ(
      run_program({"rare", file("bad.yaml", "tailrace: 1\nrun: 3\n"), "--event", "queue of s > 5"}).exit_code,
      3);
}

// What was done when the signal came is told, and the exit code says so.
TEST_F(Program, RareThatIsInterruptedTellsWhatItHas) {
  const std::string s = file("s.yaml", kScenario);
  Conditions conditions;
  conditions.signals = {{1.0, SIGINT}};
  const Finished f = run_program({"rare", s, "--event", "requests in s >= 30", "--precision", "0.1%", "--set",
                                  "run.duration=1000s", "--max-events", "1000000000000"},
                                 conditions);
  EXPECT_EQ(f.exit_code, 130) << f.err;
  EXPECT_TRUE(contains(f.out, "Interrupted")) << f.out;
  EXPECT_LT(f.seconds, 20);
}

TEST_F(Program, RareEndsWithItsBudgetOfTimeAndSaysSo) {
  const std::string s = file("s.yaml", kScenario);
  const Finished f = run_program({"rare", s, "--event", "requests in s >= 20", "--trajectories", "50",
                                  "--precision", "0.1%", "--max-time", "2s"});
  EXPECT_EQ(f.exit_code, 0) << f.err;
  EXPECT_TRUE(contains(f.out, "the time budget ended it")) << f.out;
}

}  // namespace
}  // namespace tailrace::tests
