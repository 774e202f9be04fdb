// `tailrace metastability`, as a user or a script meets it.
#include <signal.h>

#include <algorithm>
#include <map>

#include "tests/cli/program.hpp"

namespace tailrace::tests {
namespace {

const std::string kLibrary = std::string(TAILRACE_SOURCE_DIR) + "/scenarios/library/";

// One server of 30/s, a pause of 8 s, a patience of 1 s and one retry. It is stuck where 2 x rate > 30/s.
const std::string kStorm = R"(tailrace: 1
name: small storm
run: {duration: 300s, warmup: 20s, seed: 1, replications: 5, time_resolution: 2s}
workloads:
  clients:
    constant_arrival_rate: 20/s
    calls: s.work
    retries: {attempts: 1, per_try_timeout: 1s, retry_on: [timeout]}
services: {s: {workers: 1, endpoints: {work: [compute: 33.3ms]}}}
faults:
  - {name: stop, type: pause, target: s, start: 60s, duration: 8s}
  - {name: late, type: load_spike, target: clients, factor: 2, start: 60s, duration: 8s}
)";

// Published: at 280, 200 and 160/s it stays collapsed, at 140/s it recovers; the threshold of theory is
// rate x 2 = 300/s.
TEST_F(Program, MetastabilityFindsTheBoundaryOfTheRetryStorm) {
  const Finished f =
      run_program({"metastability", kLibrary + "retry-storm.yaml", "--loads", "[0.5, 0.5714285714285714, 1]",
                   "--durations", "[1]", "--no-hysteresis", "--out", path("out")});
  EXPECT_EQ(f.exit_code, 0) << f.err;
  EXPECT_EQ(f.err, "");
  EXPECT_TRUE(contains(f.out, "Highest safe load, under all triggers of the map: ")) << f.out;
  const auto map = json_file(path("out/metastability.json"));
  EXPECT_EQ(map["complete"], true);
  EXPECT_EQ(map["trigger"]["name"], "standstill");
  EXPECT_EQ(map["load_per_s"], 280);
  int metastable = 0, recovered = 0;
  for (const auto& point : map["points"]) {
    const double rate = 280 * point["load"].get<double>();
    if (rate >= 160 - 1e-6) {
      EXPECT_EQ(point["fate"], "metastable") << rate;
      ++metastable;
    }
    if (rate <= 140 + 1e-6) {
      EXPECT_EQ(point["fate"], "recovered") << rate;
      ++recovered;
    }
    EXPECT_GE(point["replications"], 8);
  }
  EXPECT_GE(metastable, 2);
  EXPECT_GE(recovered, 1);
  ASSERT_EQ(map["boundaries"].size(), 1u);
  const auto& b = map["boundaries"][0];
  EXPECT_GE(280 * b["safe"].get<double>(), 140 - 1e-6);
  EXPECT_LT(280 * b["safe"].get<double>(), 150);
  EXPECT_GT(280 * b["metastable"].get<double>(), 280 * b["safe"].get<double>());
  EXPECT_LE(280 * b["metastable"].get<double>(), 160 + 1e-6);
  EXPECT_LE(b["unsafe"].get<double>() - b["safe"].get<double>(), 0.02 * b["unsafe"].get<double>() + 1e-9);
  // A row of the CSV for each point, below the head.
  const std::string csv = read(path("out/metastability.csv"));
  EXPECT_EQ(static_cast<std::size_t>(std::count(csv.begin(), csv.end(), '\n')), map["points"].size() + 1);
}

TEST_F(Program, MetastabilityIsTheSameForAnyNumberOfJobsAndFollowsItsSchema) {
  const std::string s = file("s.yaml", kStorm);
  const auto json = [&](const char* jobs) {
    return run_program({"metastability", s, "--loads", "[0.25, 1]", "--durations", "[0.05, 1]", "--set",
                        "faults[1].duration=1ms", "--resolution", "20%", "--format", "json", "-j", jobs})
        .out;
  };
  const std::string one = json("1");
  EXPECT_EQ(one, json("3"));
  const auto map = nlohmann::json::parse(one);
  // A pause of 0.4 s is well within the patience; one of 8 s at 20/s is not: 2 x 20 > 30.
  std::map<std::pair<double, double>, std::string> fates;
  for (const auto& p : map["points"])
    fates[{p["load"].get<double>(), p["duration"].get<double>()}] = p["fate"].get<std::string>();
  EXPECT_EQ((fates[{1, 1}]), "metastable");
  EXPECT_EQ((fates[{1, 0.05}]), "recovered");
  EXPECT_EQ((fates[{0.25, 1}]), "recovered");
  EXPECT_EQ((fates[{0.25, 0.05}]), "recovered");
  const std::string written = file("map.json", one);
  if (!python_has("jsonschema")) GTEST_SKIP() << "python3-jsonschema is not here";
  EXPECT_EQ(schema_fault("metastability", written), 0);
}

// From 5/s to 40/s and back: on the way up 20/s is served, on the way down the queue of what was too much is
// still there.
TEST_F(Program, MetastabilityWalksUpAndDownAndSeesThePast) {
  const std::string s = file("s.yaml", kStorm);
  const Finished f = run_program({"metastability", s, "--loads", "[0.25, 2]", "--durations", "[0.1]",
                                  "--resolution", "50%", "--format", "json"});
  const auto steps = nlohmann::json::parse(f.out)["hysteresis"]["steps"];
  ASSERT_EQ(steps.size(), 9u);
  EXPECT_EQ(steps[0]["load"], 0.25);
  EXPECT_GT(steps[0]["up"]["estimate"], 0.99);
  EXPECT_LT(steps[8]["up"]["estimate"], 0.2);
  bool past = false;
  for (const auto& step : steps) {
    if (step["load"] > 0.8 && step["load"] < 1.2) past = past || step["differs"] == true;
  }
  EXPECT_TRUE(past) << f.out;
}

TEST_F(Program, MetastabilityTakesItsTriggerByNameOrNumberAndScalesItsSize) {
  const std::string s = file("s.yaml", kStorm);
  for (const char* fault : {"late", "1"}) {
    const Finished f =
        run_program({"metastability", s, "--set", "faults[0].duration=1ms", "--fault", fault, "--loads",
                     "[0.5]", "--durations", "[1]", "--sizes", "[0.5, 20]", "--format", "json"});
    ASSERT_EQ(f.exit_code, 0) << f.err;
    const auto map = nlohmann::json::parse(f.out);
    EXPECT_EQ(map["trigger"]["name"], "late");
    // 10/s is stable even if every call is two. 1.5 times as many are 15/s; 21 times are 210/s for 8 s.
    ASSERT_EQ(map["points"].size(), 2u);
    EXPECT_EQ(map["points"][0]["size"], 0.5);
    EXPECT_EQ(map["points"][0]["recovery_s"]["estimate"], 0);
    EXPECT_GT(map["points"][1]["goodput_before_per_s"], 9);
    EXPECT_TRUE(map["points"][1]["fate"] != "recovered" || map["points"][1]["recovery_s"]["estimate"] > 10);
  }
}

TEST_F(Program, MetastabilitySaysWhatItCannotBeAsked) {
  const std::string s = file("s.yaml", kStorm);
  const std::string none = file("none.yaml", kQueue);
  const std::vector<std::pair<std::vector<std::string>, std::string>> wrong = {
      {{none}, "no fault"},
      {{s, "--fault", "other"}, "there is no fault other; there are stop, late"},
      {{s, "--fault", "stop", "--sizes", "[2]"}, "has no size"},
      {{s, "--loads", "0.5..2"}, "--loads"},
      {{s, "--loads", "[0]"}, "--loads"},
      {{s, "--set", "faults[0]={name: stop, type: pause, target: s, start: 60s}"}, "lasts to the end"}};
  for (const auto& [arguments, words] : wrong) {
    std::vector<std::string> all = {"metastability"};
    all.insert(all.end(), arguments.begin(), arguments.end());
    const Finished f = run_program(all);
    EXPECT_EQ(f.exit_code, 2) << words;
    EXPECT_TRUE(contains(f.err, words)) << f.err;
    EXPECT_EQ(f.out, "");
  }
}

TEST_F(Program, AMapOfRunsWithoutAVerdictSaysWhy) {
  const std::string s = file("s.yaml", kStorm);
  std::vector<std::string> asked = {"metastability", s,
                                    "--loads",       "[0.25]",
                                    "--durations",   "[1]",
                                    "--set",         "faults[0].start=21s",
                                    "--set",         "faults[1].start=21s"};
  const Finished f = run_program(asked);
  EXPECT_TRUE(contains(f.out, "too few windows between the warm-up and the first fault")) << f.out;
  asked.insert(asked.end(), {"--format", "json"});
  const auto map = nlohmann::json::parse(run_program(asked).out);
  EXPECT_EQ(map["points"][0]["fate"], "untold");
  EXPECT_EQ(map["points"][0]["replications"], 8);
  EXPECT_EQ(map["points"][0]["degraded"], 0);
}

// 40/s and 60/s for a server of 30/s: nobody was served before the trigger came either.
TEST_F(Program, AMapTellsAnOverloadFromWhatATriggerDoes) {
  const std::string s = file("s.yaml", kStorm);
  const auto map = nlohmann::json::parse(
      run_program({"metastability", s, "--loads", "[2, 3]", "--durations", "[1]", "--set",
                   "faults[1].start=290s", "--no-hysteresis", "--resolution", "50%", "--format", "json"})
          .out);
  ASSERT_GE(map["points"].size(), 2u);
  for (const auto& p : map["points"]) EXPECT_EQ(p["fate"], "overloaded") << p;
}

TEST_F(Program, AnInterruptedMapWritesThePointsThatItHas) {
  const std::string s = file("s.yaml", kStorm);
  const Finished f = run_program({"metastability", s, "--loads", "0.1..2:40", "--resolution", "0.1%", "--set",
                                  "run.duration=2000s", "--out", path("out")},
                                 {.signals = {{3, SIGINT}}});
  EXPECT_EQ(f.exit_code, 130) << f.err;
  const auto map = json_file(path("out/metastability.json"));
  EXPECT_EQ(map["complete"], false);
  EXPECT_FALSE(map["points"].empty());
  for (const auto& p : map["points"]) EXPECT_GE(p["replications"], 8);
}

}  // namespace
}  // namespace tailrace::tests
