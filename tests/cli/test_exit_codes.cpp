#include <signal.h>

#include "cli/experiment_exit.hpp"
#include "tests/cli/program.hpp"

namespace tailrace::tests {
namespace {

TEST_F(Program, AGoodRunExitsWithZeroAndEndsWithItsFingerprint) {
  const Finished run = run_program({"run", file("q.yaml", kQueue)});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.err, "");  // no progress where nobody watches
  const auto last = run.out.rfind("fingerprint: trajectory ");
  ASSERT_NE(last, std::string::npos);
  EXPECT_EQ(run.out.find('\n', last), run.out.size() - 1);
  EXPECT_EQ(run.out.find('\x1b'), std::string::npos);  // no colours outside a terminal
}

TEST_F(Program, UsageErrorsExitWithTwoAndPrintNothingOnStandardOutput) {
  const std::string q = file("q.yaml", kQueue);
  const std::vector<std::vector<std::string>> wrong = {{},
                                                       {"fly"},
                                                       {"run"},
                                                       {"run", q, "--jobs", "0"},
                                                       {"run", q, "--jobs", "x"},
                                                       {"run", q, "--format", "xml"},
                                                       {"run", q, "--replications", "0"},
                                                       {"run", q, "--replications", "1000001"},
                                                       {"run", q, "--seed", "-1"},
                                                       {"run", q, "--seed", "9007199254740993"},
                                                       {"run", q, "--seed", "9223372036854775808"},
                                                       {"run", q, "--seed", "18446744073709551616"},
                                                       {"run", q, "--baseline", ""},
                                                       {"run", q, "--out", ""},
                                                       {"sweep", q, "--vary", "run.seed=1..2:2", "--out="},
                                                       {"run", q, "--duration", "10"},
                                                       {"run", q, "--precision", "0%"},
                                                       {"run", q, "--precision", "2"},
                                                       {"run", q, "--bogus"},
                                                       {"run", q, q},
                                                       {"describe", "nothing-like-it"}};
  for (const auto& arguments : wrong) {
    const Finished run = run_program(arguments);
    EXPECT_EQ(run.exit_code, 2) << ::testing::PrintToString(arguments) << run.err;
    EXPECT_EQ(run.out, "");
    EXPECT_NE(run.err, "");
  }
}

// The scenario beside the results has the seed, and runs to the same fingerprints: a seed that it could not
// hold is refused at once.
TEST_F(Program, ASeedIsOneThatAScenarioHolds) {
  const std::string q = file("q.yaml", kQueue);
  const Finished odd = run_program({"run", q, "--seed", "9007199254740993"});
  EXPECT_EQ(odd.exit_code, 2);
  EXPECT_NE(odd.err.find("9007199254740993 has more digits than a number holds"), std::string::npos)
      << odd.err;
  const Finished even = run_program({"run", q, "--seed", "9007199254740994", "--out", path("out")});
  EXPECT_EQ(even.exit_code, 0) << even.err;
  const Finished again = run_program({"run", path("out") + "/scenario.yaml"});
  EXPECT_EQ(again.out.substr(again.out.rfind("fingerprint")), even.out.substr(even.out.rfind("fingerprint")));
}

TEST_F(Program, FirstWordsThatAreNoCommandsAreSaidSo) {
  Finished f = run_program({"rune", "x.yaml"});
  EXPECT_EQ(f.exit_code, 2);
  EXPECT_EQ(f.err, "tailrace: there is no command rune; did you mean run?\n");
  f = run_program({"shop.yaml"});
  EXPECT_EQ(f.err, "tailrace: there is no command shop.yaml; `tailrace run shop.yaml` runs it\n");
}

TEST_F(Program, HelpAndVersionAreAnswersAndNoErrors) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--help"}, {"--version"}, {"run", "--help"}}) {
    const Finished run = run_program(arguments);
    EXPECT_EQ(run.exit_code, 0);
    EXPECT_NE(run.out, "");
    EXPECT_EQ(run.err, "");
  }
}

TEST_F(Program, TheVersionSaysWhatItWasBuiltWith) {
  const std::string text = run_program({"--version"}).out;
  EXPECT_EQ(text.rfind("tailrace 0.1.0", 0), 0U) << text;
  EXPECT_EQ(run_program({"version"}).out, text);
  const nlohmann::json data = nlohmann::json::parse(run_program({"version", "--format", "json"}).out);
  EXPECT_NE(text.find("built by " + data["compiler"].get<std::string>()), std::string::npos) << text;
  EXPECT_EQ(data["mpi"].is_null(), text.find("without MPI") != std::string::npos);
  EXPECT_EQ(data["viewer"] == false, text.find("without the viewer") != std::string::npos);
  ASSERT_EQ(data["libraries"].size(), 6U);
  for (const auto& [name, version] : data["libraries"].items()) {
    EXPECT_NE(version, "") << name;
    EXPECT_NE(text.find(name + " " + version.get<std::string>()), std::string::npos) << name;
  }
}

TEST_F(Program, AWrongScenarioExitsWithThreeAndSaysWhereOnStandardError) {
  const Finished run = run_program({"run", file("q.yaml", kQueue), "--set", "services.s.wrkers=2"});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_EQ(run.out, "");
  EXPECT_NE(run.err.find("--set:1:"), std::string::npos) << run.err;
  EXPECT_NE(run.err.find("did you mean workers?"), std::string::npos) << run.err;
}

TEST_F(Program, DiagnosticsComeAsDataWhenJsonIsAskedFor) {
  for (const char* command : {"run", "check"}) {
    const Finished run =
        run_program({command, file("q.yaml", kQueue), "--set", "services.s.wrkers=2", "--format", "json"});
    EXPECT_EQ(run.exit_code, 3);
    const auto json = nlohmann::json::parse(run.out);
    ASSERT_EQ(json["diagnostics"].size(), 1u);
    const auto& d = json["diagnostics"][0];
    EXPECT_EQ(d["severity"], "error");
    EXPECT_EQ(d["file"], "--set");
    EXPECT_EQ(d["line"], 1);
    EXPECT_EQ(d["path"], "services.s.wrkers");
    EXPECT_EQ(d["hint"], "did you mean workers?");
  }
}

// No table without a row.
TEST_F(Program, CheckSaysThatNothingIsAskedWhereThereIsNoWorkload) {
  const Finished f = run_program({"check", file("empty.yaml", "tailrace: 1\n")});
  EXPECT_EQ(f.exit_code, 0);
  EXPECT_NE(f.out.find("No prediction: there is no workload, so nothing is asked of anything.\n"),
            std::string::npos)
      << f.out;
  EXPECT_EQ(f.out.find("throughput"), std::string::npos) << f.out;
}

TEST_F(Program, AMissingScenarioOrAnUnusableFolderIsAnInputOutputError) {
  EXPECT_EQ(run_program({"run", path("missing.yaml")}).exit_code, 5);
  EXPECT_EQ(run_program({"run", folder_.string()}).exit_code, 5);
  EXPECT_EQ(run_program({"run", file("q.yaml", kQueue), "--out", "/dev/full"}).exit_code, 5);
  EXPECT_EQ(run_program({"run", path("q.yaml"), "--out", path("q.yaml")}).exit_code, 5);
}

TEST_F(Program, FailedThresholdsExitWithNinetyNine) {
  // The mean response of an M/M/1 at 0.8 is 50 ms: one limit lies far above it, the other far below.
  const std::string scenario =
      std::string(kQueue) + "thresholds: {load.request_duration: [avg < 10s, avg < 1ms]}\n";
  const Finished run = run_program({"run", file("q.yaml", scenario)});
  EXPECT_EQ(run.exit_code, 99);
  EXPECT_NE(run.out.find("✓ pass"), std::string::npos);
  EXPECT_NE(run.out.find("✗ FAIL"), std::string::npos);
}

// What is wrong with each, word for word: tests/bad_scenarios/thresholds.txt.
TEST_F(Program, WrongThresholdsAreScenarioErrorsBeforeAnythingRuns) {
  const std::pair<const char*, const char*> wrong[] = {
      {"load.request_duratin: [p(99) < 1s]", "did you mean load.request_duration?"},
      {"load.request_duration: [p(101) < 1s]", "percentile 101 is out of range"}};
  for (const auto& [threshold, expected] : wrong) {
    const Finished run =
        run_program({"run", file("q.yaml", std::string(kQueue) + "thresholds: {" + threshold + "}\n"),
                     "--duration", "100000d"});
    const Finished check =
        run_program({"check", file("q.yaml", std::string(kQueue) + "thresholds: {" + threshold + "}\n")});
    EXPECT_EQ(run.exit_code, 3);
    EXPECT_EQ(run.err, check.err);
    EXPECT_EQ(check.exit_code, 3) << threshold;
    EXPECT_NE(check.err.find(expected), std::string::npos) << check.err;
    EXPECT_NE(check.err.find("q.yaml:6:"), std::string::npos) << check.err;
  }
}

TEST_F(Program, AReachedLimitExitsWithFourAndKeepsThePartialResults) {
  const Finished run =
      run_program({"run", file("q.yaml", kQueue), "--set", "run.max_events=2000", "--out", path("out")});
  EXPECT_EQ(run.exit_code, 4);
  const auto summary = json_file(path("out/summary.json"));
  EXPECT_EQ(summary["complete"], false);
  EXPECT_EQ(summary["status"], "event_budget");
  EXPECT_NE(summary["message"], "");
}

TEST_F(Program, OverloadEndsAtTheMemoryBudgetAndNamesTheQueue) {
  const Finished run =
      run_program({"run", file("q.yaml", kQueue), "--set", "workloads.load.constant_arrival_rate=100000/s",
                   "--set", "run.max_memory=20MB", "--duration", "1d"});
  EXPECT_EQ(run.exit_code, 4);
  EXPECT_NE(run.err.find("the queue of s grew to"), std::string::npos) << run.err;
}

TEST_F(Program, AHostWithoutMemoryIsALimitAndNoCrash) {
  const Finished run =
      run_program({"run", file("q.yaml", kQueue), "--set", "workloads.load.constant_arrival_rate=100000/s",
                   "--duration", "1d", "--jobs", "2"},
                  {.memory_bytes = 200l << 20});
  EXPECT_EQ(run.exit_code, 4) << run.err;
}

// 10 000 replications leave more than half a gigabyte of records, and only some of them fit. Where the memory
// ends differs with the limit: within a replication, when its record is kept, in the report.
TEST_F(Program, AHostWithoutMemoryForAllReplicationsKeepsThoseThatFit) {
  const std::string q = file("q.yaml", kQueue);
  for (const long megabytes : {100, 150, 180, 220, 300}) {
    const Finished run = run_program({"run", q, "--replications", "10000", "--duration", "5s", "--jobs", "2",
                                      "--out", path("out"), "--format", "json"},
                                     {.memory_bytes = megabytes << 20});
    EXPECT_EQ(run.exit_code, 4) << run.err;
    EXPECT_NE(run.err.find("(memory_budget): the system has no more memory after "), std::string::npos)
        << megabytes << " MB: " << run.err;
    const auto summary = json_file(path("out/summary.json"));
    EXPECT_EQ(summary["complete"], false);
    EXPECT_EQ(summary["status"], "memory_budget");
    EXPECT_GE(summary["run"]["replications"], 1);
    EXPECT_LT(summary["run"]["replications"], 10'000);
    EXPECT_GT(summary["workloads"][0]["arrived"], 0);
    EXPECT_EQ(nlohmann::json::parse(run.out), summary);
  }
}

TEST_F(Program, TimeThatDoesNotAdvanceIsALimit) {
  const Finished run = run_program({"run", file("q.yaml", R"(tailrace: 1
run: {duration: 1s, replications: 1}
workloads: {load: {trace: {times: [100ms]}, calls: s.op}}
services: {s: {endpoints: {op: [{loop: 1e18, steps: [compute: 0s]}]}}}
)")});
  EXPECT_EQ(run.exit_code, 4);
  EXPECT_NE(run.err.find("time does not advance"), std::string::npos) << run.err;
}

TEST_F(Program, NoRequestsAreNoErrorAndNoFiguresEither) {
  for (const char* change : {"workloads.load.constant_arrival_rate=0/s", "workloads={}"}) {
    const Finished run = run_program({"run", file("q.yaml", kQueue), "--set", change, "--format", "json"});
    EXPECT_EQ(run.exit_code, 0) << run.err;
    EXPECT_NE(run.err.find("warning"), std::string::npos);
    EXPECT_EQ(run.out.find("nan"), std::string::npos);
    for (const auto& workload : nlohmann::json::parse(run.out)["workloads"]) {
      EXPECT_TRUE(workload["duration_s"]["mean"]["estimate"].is_null());
      EXPECT_TRUE(workload["duration_s"]["percentiles"]["p50"]["estimate"].is_null());
    }
    EXPECT_NE(run_program({"run", path("q.yaml"), "--set", change}).out.find("no request ended"),
              std::string::npos);
  }
}

TEST_F(Program, TheFirstSignalKeepsThePartialResultsAndIsAnsweredWithinASecond) {
  const std::string q = file("q.yaml", kQueue);
  const std::pair<int, int> cases[] = {{SIGINT, 130}, {SIGTERM, 143}};
  for (const auto& [signal, code] : cases) {
    const Finished run = run_program({"run", q, "--duration", "100d", "--set", "run.max_events=unlimited",
                                      "--out", path("out"), "--format", "json"},
                                     {.signals = {{0.5, signal}}});
    EXPECT_EQ(run.exit_code, code) << run.err;
    EXPECT_LT(run.seconds, 1.0);
    const auto summary = json_file(path("out/summary.json"));
    EXPECT_EQ(summary["complete"], false);
    EXPECT_EQ(summary["status"], "interrupted");
    EXPECT_EQ(nlohmann::json::parse(run.out), summary);
    EXPECT_GT(summary["workloads"][0]["arrived"], 0);
  }
}

// What a run keeps whatever happens in it is known beforehand: 200 rows of two columns, and two of the
// instance.
TEST_F(Program, ReplicationsOfTheCommandLineAreJudgedAsThoseOfTheScenario) {
  const std::string q = file("q.yaml", kQueue);
  for (const std::vector<std::string>& more : std::vector<std::vector<std::string>>{
           {"--replications", "10000"}, {"--set", "run.replications=10000"}}) {
    std::vector<std::string> arguments = {"run",  q,       "--duration",
                                          "100s", "--set", "run.time_resolution=10ms"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Finished run = run_program(arguments);
    EXPECT_EQ(run.exit_code, 3);
    EXPECT_NE(run.err.find("run.replications: 10000 replications keep 200020000 rows"), std::string::npos)
        << run.err;
  }
}

// While the program stands still both signals come in, and both are delivered when it goes on: two different
// ones, because two of a kind that wait are one. Had the second not ended it, the run would have ended with
// its results.
TEST_F(Program, TheSecondSignalEndsTheProgramAtOnceAndWithoutResults) {
  const Finished run =
      run_program({"run", file("q.yaml", kQueue), "--duration", "100d", "--set", "run.max_events=unlimited",
                   "--out", path("out"), "--format", "json"},
                  {.signals = {{0.5, SIGSTOP}, {0.55, SIGINT}, {0.6, SIGTERM}, {0.65, SIGCONT}}});
  EXPECT_TRUE(run.exit_code == 128 + SIGINT || run.exit_code == 128 + SIGTERM) << run.exit_code;
  EXPECT_LT(run.seconds, 1.0);
  EXPECT_EQ(run.out, "");
  EXPECT_FALSE(std::filesystem::exists(path("out/summary.json")));
}

// What no scenario brings about.
TEST(ExperimentExit, IsTheGravestOfWhatHappened) {
  scenarios::RareEstimate e;
  EXPECT_EQ(cli::exit_code(e, true, 0), 0);
  e.limited = 1;
  EXPECT_EQ(cli::exit_code(e, true, 0), 4);
  e.complete = false;
  EXPECT_EQ(cli::exit_code(e, true, 15), 143);
  EXPECT_EQ(cli::exit_code(e, false, 15), 5);
  e.broken = 1;
  EXPECT_EQ(cli::exit_code(e, false, 15), 70);
  scenarios::MetastabilityMap map;
  EXPECT_EQ(cli::exit_code(map, true, 0), 0);
  map.interrupted = true;
  EXPECT_EQ(cli::exit_code(map, true, 2), 130);
  map.broken = "expected a > b";
  EXPECT_EQ(cli::exit_code(map, false, 2), 70);
  scenarios::Sensitivity s;
  s.ended_early = "base: no more events";
  EXPECT_EQ(cli::exit_code(s, true, 0), 4);
  EXPECT_EQ(cli::exit_code(s, false, 0), 5);
  s.broken = true;
  EXPECT_EQ(cli::exit_code(s, true, 0), 70);
}

}  // namespace
}  // namespace tailrace::tests
