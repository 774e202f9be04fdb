// `tailrace plan`, as a user or a script meets it.
#include <cstdlib>

#include "tests/cli/program.hpp"

namespace tailrace::tests {
namespace {

// One server of 10 ms: the mean response reaches 50 ms at 80/s.
const std::string kPlanned = R"(tailrace: 1
name: planned
run: {duration: 60s, warmup: 5s, replications: 5, seed: 1}
workloads: {load: {constant_arrival_rate: 40/s, calls: s.op}}
services: {s: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}}
thresholds: {load.request_duration: ["avg < 50ms"]}
)";

TEST_F(Program, PlanNamesTheHighestLoad) {
  const std::string s = file("s.yaml", kPlanned);
  const Finished f = run_program({"plan", s, "--max-load", "load", "--resolution", "5%"});
  EXPECT_EQ(f.exit_code, 0) << f.err;
  EXPECT_EQ(f.err, "");
  EXPECT_TRUE(contains(f.out, "load: the thresholds are met up to ")) << f.out;
  EXPECT_TRUE(contains(f.out, "load.request_duration avg < 50ms: ")) << f.out;
  EXPECT_TRUE(contains(f.out, "times the present 40/s")) << f.out;
  EXPECT_TRUE(contains(f.out, "Saturation (theory): 100/s, of s.")) << f.out;
  EXPECT_TRUE(contains(f.out, "Knee (theory): 50/s")) << f.out;
}

TEST_F(Program, PlanNamesTheCheapestSizesAndWhatBinds) {
  const std::string s = file("s.yaml", kPlanned);
  const std::vector<std::string> plan = {"plan",    s,
                                         "--set",   "workloads.load.constant_arrival_rate=330/s",
                                         "--size",  "services.s.workers=1..20",
                                         "--price", "services.s.workers=2.5"};
  const Finished f = run_program(plan);
  EXPECT_EQ(f.exit_code, 0) << f.err;
  EXPECT_TRUE(contains(f.out, "services.s.workers=4 meets the thresholds at the cost 10.")) << f.out;
  EXPECT_TRUE(contains(f.out, "theory: s overloaded")) << f.out;
  EXPECT_TRUE(contains(f.out, "Nothing cheaper within the ranges does")) << f.out;
}

TEST_F(Program, PlanIsTheSameForAnyNumberOfJobs) {
  const std::string s = file("s.yaml", kPlanned);
  const auto json = [&](const char* jobs) {
    return run_program(
               {"plan", s, "--max-load", "load", "--resolution", "5%", "--format", "json", "-j", jobs})
        .out;
  };
  const std::string one = json("1");
  EXPECT_EQ(one, json("3"));
  const auto plan = nlohmann::json::parse(one);
  EXPECT_EQ(plan["found"], true);
  EXPECT_EQ(plan["meets"]["verdict"], "meets");
  EXPECT_EQ(plan["fails"]["verdict"], "fails");
  EXPECT_LT(plan["meets"]["rate_per_s"], plan["fails"]["rate_per_s"]);
}

TEST_F(Program, PlanThatIsNotMetEndsAsThresholdsDo) {
  const std::string s = file("s.yaml", kPlanned);
  const Finished f = run_program({"plan", s, "--set", "workloads.load.constant_arrival_rate=330/s", "--size",
                                  "services.s.workers=1..3"});
  EXPECT_EQ(f.exit_code, 99) << f.err;
  EXPECT_TRUE(contains(f.out, "No sizes within the ranges meet the thresholds.")) << f.out;
}

TEST_F(Program, PlanSaysWhatItCannotDo) {
  const std::string s = file("s.yaml", kPlanned);
  const auto code = [&](std::vector<std::string> more, const std::string& words) {
    more.insert(more.begin(), {"plan", s});
    const Finished f = run_program(more);
    EXPECT_TRUE(contains(f.err, words)) << f.err;
    return f.exit_code;
  };
  EXPECT_EQ(code({}, "--max-load"), 2);
  EXPECT_EQ(code({"--max-load", "load", "--size", "a=1..2"}, "--size"), 2);
  EXPECT_EQ(code({"--max-load", "laod"}, "there is no workload"), 2);
  EXPECT_EQ(code({"--size", "services.s.workers=3"}, "PATH=LOW..HIGH"), 2);
  EXPECT_EQ(code({"--size", "services.s.workers=1..2", "--size", "services.s.workers=1..3"}, "given twice"),
            2);
  EXPECT_EQ(code({"--size", "services.s.workers=3..1"}, "PATH=LOW..HIGH"), 2);
  EXPECT_EQ(code({"--size", "services.s.workers=1.5..3"}, "whole number"), 3);
  EXPECT_EQ(code({"--size", "services.s.workers=1ms..3"}, "different units"), 2);
  EXPECT_EQ(code({"--size", "services.s.queue.discipline=[fifo, lifo]"}, "has no price"), 2);
  EXPECT_EQ(code({"--size", "services.s.workers=1..3", "--price", "services.s.replicas=2"}, "no --size"), 2);
  EXPECT_EQ(code({"--size", "services.s.workers=1..3", "--price", "services.s.workers=0"}, "not 0"), 2);
  EXPECT_EQ(code({"--size", "services.s.workers=1..3", "--price", "services.s.workers=2", "--price",
                  "services.s.workers=3"},
                 "--price services.s.workers is given twice"),
            2);
  EXPECT_EQ(code({"--size", "services.s.wrokers=1..3"}, "wrokers"), 3);
  const std::string none = file("none.yaml", kPlanned.substr(0, kPlanned.find("thresholds")));
  const Finished f = run_program({"plan", none, "--max-load", "load"});
  EXPECT_EQ(f.exit_code, 3);
  EXPECT_TRUE(contains(f.err, "no thresholds")) << f.err;
}

TEST_F(Program, PlanFitsItsSchema) {
  if (!python_has("jsonschema")) GTEST_SKIP() << "python3-jsonschema is not here";
  const std::string s = file("s.yaml", kPlanned);
  const std::vector<std::vector<std::string>> plans = {
      {"--max-load", "load", "--resolution", "10%"},
      {"--size", "services.s.workers=1..4"},
      {"--size", "services.s.workers=[1, 2, 4]", "--size", "workloads.load.timeout=100ms..10s", "--price",
       "workloads.load.timeout=-1", "--resolution", "10%", "--set", "workloads.load.timeout=1s"}};
  for (const auto& plan : plans) {
    std::vector<std::string> arguments = {"plan", s, "--out", path("out"), "-q"};
    arguments.insert(arguments.end(), plan.begin(), plan.end());
    EXPECT_EQ(run_program(arguments).exit_code, 0);
    EXPECT_EQ(schema_fault("plan", path("out/plan.json")), 0);
  }
}

}  // namespace
}  // namespace tailrace::tests
