// `tailrace sweep`: what is finished stays finished, and the results do not tell how they came about.
#include <sys/resource.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <random>

#include "tests/cli/program.hpp"

namespace tailrace::tests {
namespace {

// A thousand points of a scenario that takes no time.
constexpr const char* kTiny = R"(tailrace: 1
name: tiny
run: {duration: 2s, replications: 2, seed: 1}
workloads: {load: {constant_arrival_rate: 80/s, calls: s.op}}
services: {s: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}}
)";
const std::vector<std::string> kThousand = {"--vary", "workloads.load.constant_arrival_rate=10/s..95/s:100",
                                            "--vary", "services.s.workers=1..10:10"};

std::vector<std::string> sweep(const std::string& scenario, std::vector<std::string> more,
                               const std::vector<std::string>& axes = kThousand) {
  std::vector<std::string> arguments = {"sweep", scenario};
  arguments.insert(arguments.end(), axes.begin(), axes.end());
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

TEST_F(Program, SweepKilledAndResumedEqualsTheUninterruptedOne) {
  const std::string s = file("s.yaml", kTiny);
  ASSERT_EQ(run_program(sweep(s, {"--out", path("whole"), "-q"})).exit_code, 0);
  const std::string csv = read(path("whole/sweep.csv")), json = read(path("whole/sweep.json"));
  ASSERT_EQ(count_lines(csv), 1001u);
  // A new moment in each run of the test; the journal says how far each attempt came.
  std::mt19937 moment(std::random_device{}());
  std::size_t kills = 0, before = 0;
  for (int attempt = 0; attempt < 200; ++attempt) {
    // On a machine that is slow today, later attempts get further.
    const double seconds = std::uniform_real_distribution<>(0.01, 0.12)(moment) * (1 + 0.1 * attempt);
    const Finished f =
        run_program(sweep(s, {"--out", path("out"), "-q", "--jobs", "2"}), {.signals = {{seconds, 9}}});
    const std::string journal = read(path("out/points.jsonl"));
    EXPECT_GE(count_lines(journal), before) << "a finished point was lost";
    before = count_lines(journal);
    if (f.exit_code == 0) break;
    ASSERT_EQ(f.exit_code, 1009) << f.err;
    ++kills;
  }
  EXPECT_GE(kills, 1u);
  EXPECT_EQ(before, 1000u) << "a finished point was done again";
  EXPECT_EQ(read(path("out/sweep.csv")), csv);
  EXPECT_EQ(read(path("out/sweep.json")), json);
}

TEST_F(Program, SweepIsTheSameBytesForAnyNumberOfJobs) {
  const std::string s = file("s.yaml", kTiny);
  const std::string one = run_program(sweep(s, {"--jobs", "1", "--format", "csv"})).out;
  EXPECT_EQ(count_lines(one), 1001u);
  EXPECT_EQ(one, run_program(sweep(s, {"--jobs", "5", "--format", "csv"})).out);
}

TEST_F(Program, SweepDropsATornLineAndOneThatCannotBeRead) {
  const std::string s = file("s.yaml", kTiny);
  const std::vector<std::string> axes = {"--vary", "services.s.workers=1..4:4"};
  run_program(sweep(s, {"--out", path("out"), "-q", "--jobs", "1"}, axes));
  const std::string csv = read(path("out/sweep.csv"));
  std::string journal = read(path("out/points.jsonl"));
  ASSERT_EQ(count_lines(journal), 4u);
  // The last line loses its end, and the first its sense.
  journal.resize(journal.size() - 10);
  journal.replace(0, 3, "???");
  std::ofstream(path("out/points.jsonl"), std::ios::binary) << journal;
  std::filesystem::remove(path("out/sweep.csv"));
  EXPECT_EQ(run_program(sweep(s, {"--out", path("out"), "-q"}, axes)).exit_code, 0);
  EXPECT_EQ(read(path("out/sweep.csv")), csv);
  EXPECT_EQ(count_lines(read(path("out/points.jsonl"))), 5u);  // one of no sense, two kept, two anew
}

TEST_F(Program, SweepPointsAreTheRunsOfTheirOverrides) {
  const std::string s = file("s.yaml", kQueue);
  const auto swept = nlohmann::json::parse(
      run_program(
          sweep(s, {"--format", "json"}, {"--vary", "workloads.load.constant_arrival_rate=40/s..80/s:2"}))
          .out);
  for (std::size_t p = 0; p < 2; ++p) {
    const auto run = nlohmann::json::parse(
        run_program({"run", s, "--format", "json", "--set",
                     std::string("workloads.load.constant_arrival_rate=") + (p == 0 ? "40/s" : "80/s")})
            .out);
    const auto& figures = swept["points"][p]["figures"];
    const auto& workload = run["workloads"][0];
    for (const char* part : {"estimate", "low", "high"}) {
      EXPECT_EQ(figures["load.request_duration p(99)"][part],
                workload["duration_s"]["percentiles"]["p99"][part]);
      EXPECT_EQ(figures["load.goodput rate"][part], workload["goodput_per_s"][part]);
    }
    EXPECT_DOUBLE_EQ(figures["load.request_duration avg"]["estimate"],
                     workload["duration_s"]["mean"]["estimate"]);
  }
}

// A point is done again where a file that it reads has changed, whatever the file is called.
TEST_F(Program, SweepDoesPointsAgainWhenTheirDataHaveChanged) {
  for (const std::string name : {"times.csv", "my times.csv", "times.v2"}) {
    SCOPED_TRACE(name);
    std::string text = kTiny;
    text.replace(text.find("exp(10ms)"), 9, "'empirical(\"" + name + "\")'");
    const std::string s = file("s.yaml", text);
    const std::vector<std::string> axes = {"--vary", "services.s.workers=1..2:2"};
    const auto points = [&] {
      EXPECT_EQ(run_program(sweep(s, {"--out", path(name + " out"), "-q"}, axes)).exit_code, 0);
      return count_lines(read(path(name + " out/points.jsonl")));
    };
    file(name, "1ms\n2ms\n");
    EXPECT_EQ(points(), 2u);
    EXPECT_EQ(points(), 2u);
    file(name, "3ms\n4ms\n");
    EXPECT_EQ(points(), 4u);
  }
}

TEST_F(Program, SweepGoesOnWhenMoreIsAsked) {
  const std::string s = file("s.yaml", kTiny);
  const std::vector<std::string> axes = {"--vary", "workloads.load.constant_arrival_rate=10/s..90/s"};
  run_program(sweep(s, {"--out", path("out"), "-q", "--sample", "sobol:8"}, axes));
  run_program(sweep(s, {"--out", path("out"), "-q", "--sample", "sobol:16"}, axes));
  EXPECT_EQ(count_lines(read(path("out/points.jsonl"))), 16u);
  // Another scenario has nothing to go on from.
  run_program(sweep(s, {"--out", path("out"), "-q", "--sample", "sobol:16", "--seed", "2"}, axes));
  EXPECT_EQ(count_lines(read(path("out/points.jsonl"))), 32u);
}

TEST_F(Program, SweepReportsABadPointInItsRowAndGoesOn) {
  const std::string s = file("s.yaml", kTiny);
  const Finished f =
      run_program(sweep(s, {"--out", path("out"), "-q"}, {"--vary", "services.s.workers=[1, 0, 2]"}));
  EXPECT_EQ(f.exit_code, 0);
  EXPECT_NE(
      f.err.find("point 2 (services.s.workers=0): --vary:1:20: services.s.workers: a service with 0 workers"),
      std::string::npos)
      << f.err;
  const auto json = json_file(path("out/sweep.json"));
  EXPECT_EQ(json["points"][0]["status"], "completed");
  EXPECT_EQ(json["points"][1]["status"], "wrong");
  EXPECT_EQ(json["points"][2]["status"], "completed");
  EXPECT_TRUE(json["complete"]);
  EXPECT_EQ(run_program(sweep(s, {"-q"}, {"--vary", "services.s.wrkers=[1, 2]"})).exit_code, 3);
}

TEST_F(Program, SweepMendsAScenarioThatIsWrongAsItStands) {
  std::string text = kTiny;
  text.replace(text.find("workers: 1"), 10, "workers: 0");
  const Finished f =
      run_program(sweep(file("s.yaml", text), {"-q"}, {"--vary", "services.s.workers=[1, 2]"}));
  EXPECT_EQ(f.exit_code, 0) << f.err;
}

TEST_F(Program, SweepCountsThresholdsAndNamesLimits) {
  const std::string s =
      file("s.yaml", std::string(kTiny) + "thresholds: {load.request_duration: avg < 20ms}\n");
  const auto json = nlohmann::json::parse(
      run_program(
          sweep(s, {"--format", "json"}, {"--vary", "workloads.load.constant_arrival_rate=[10/s, 95/s]"}))
          .out);
  EXPECT_EQ(json["points"][0]["thresholds"], 1);
  EXPECT_EQ(json["points"][0]["thresholds_failed"], 0);
  EXPECT_EQ(json["points"][1]["thresholds_failed"], 1);
  const Finished f = run_program(sweep(s, {"-q"}, {"--vary", "run.max_events=[100, unlimited]"}));
  EXPECT_EQ(f.exit_code, 4);
  EXPECT_NE(f.err.find("event_budget"), std::string::npos) << f.err;
}

TEST_F(Program, SweepShardsTogetherAreTheWholeSweep) {
  const std::string s = file("s.yaml", kTiny);
  const std::vector<std::string> axes = {"--vary", "services.s.workers=1..10:10"};
  run_program(sweep(s, {"--out", path("whole"), "-q"}, axes));
  for (const char* shard : {"2/3", "1/3"})
    EXPECT_EQ(run_program(sweep(s, {"--out", path("out"), "-q", "--shard", shard}, axes)).exit_code, 0);
  const Finished early = run_program(sweep(s, {"--out", path("out"), "-q", "--merge"}, axes));
  EXPECT_EQ(early.exit_code, 4);
  EXPECT_NE(early.err.find("3 of 10 points are missing"), std::string::npos) << early.err;
  run_program(sweep(s, {"--out", path("out"), "-q", "--shard", "3/3"}, axes));
  EXPECT_EQ(run_program(sweep(s, {"--out", path("out"), "-q", "--merge"}, axes)).exit_code, 0);
  expect_same("whole", "out", {"sweep.csv", "sweep.json"});
}

TEST_F(Program, SweepInterruptedWritesWhatIsThere) {
  const std::string s = file("s.yaml", kQueue);
  const std::vector<std::string> axes = {"--vary", "workloads.load.constant_arrival_rate=10/s..90/s:3000"};
  const Finished f = run_program(sweep(s, {"--out", path("out"), "-q"}, axes), {.signals = {{0.3, 2}}});
  ASSERT_EQ(f.exit_code, 130) << f.err;
  EXPECT_NE(f.err.find("the same command goes on from here"), std::string::npos) << f.err;
  const auto json = json_file(path("out/sweep.json"));
  EXPECT_FALSE(json["complete"]);
  EXPECT_GT(json["points"].size(), 0u);
  EXPECT_EQ(json["points"].size(), count_lines(read(path("out/points.jsonl"))));
}

TEST_F(Program, SweepCostsUnderTwoMillisecondsAPoint) {
  // Nothing arrives, so all of the processor's time is the sweep's own.
  const std::string s = file("s.yaml", kTiny);
  rusage before{}, after{};
  getrusage(RUSAGE_CHILDREN, &before);
  ASSERT_EQ(run_program(sweep(s, {"--set", "run.duration=1ms", "--out", path("out"), "-q"})).exit_code, 0);
  getrusage(RUSAGE_CHILDREN, &after);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  const double used =
      seconds(after.ru_utime) - seconds(before.ru_utime) + seconds(after.ru_stime) - seconds(before.ru_stime);
  RecordProperty("microseconds_per_point", static_cast<int>(1e6 * used / 1000));
  EXPECT_LT(used / 1000, 0.002);
}

TEST_F(Program, SweepFitsItsSchema) {
  if (!python_has("jsonschema")) GTEST_SKIP() << "python3-jsonschema is not here";
  run_program(sweep(file("s.yaml", kTiny), {"--out", path("out"), "-q"},
                    {"--vary", "services.s.workers=[1, 0, unlimited]"}));
  EXPECT_EQ(schema_fault("sweep", path("out/sweep.json")), 0);
}

TEST_F(Program, SweepSaysWhatItCannotDo) {
  const std::string s = file("s.yaml", kTiny);
  const auto code = [&](std::vector<std::string> more, const std::string& words,
                        const std::vector<std::string>& axes = {"--vary", "services.s.workers=1..2:2"}) {
    const Finished f = run_program(sweep(s, std::move(more), axes));
    EXPECT_NE(f.err.find(words), std::string::npos) << f.err;
    return f.exit_code;
  };
  EXPECT_EQ(code({}, "--vary", {}), 2);
  EXPECT_EQ(code({}, "expected a range or a list", {"--vary", "a=3"}), 2);
  EXPECT_EQ(code({"--sample", "grid:3"}, "lhs:N or sobol:N"), 2);
  EXPECT_EQ(code({"--sample", "lhs:0"}, "points"), 2);
  EXPECT_EQ(code({"--sample", "lhs:3", "--zip"}, "--zip"), 2);
  EXPECT_EQ(code({"--shard", "1/2"}, "need --out"), 2);
  EXPECT_EQ(code({"--shard", "3/2", "--out", path("out")}, "--shard is i/n"), 2);
  EXPECT_EQ(code({"--merge", "--shard", "1/2", "--out", path("out")}, "without --shard"), 2);
  EXPECT_EQ(code({"--out", s}, "cannot write into"), 5);
  EXPECT_EQ(run_program(sweep(path("missing.yaml"), {})).exit_code, 5);
}

}  // namespace
}  // namespace tailrace::tests
