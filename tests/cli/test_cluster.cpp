// Work under mpirun: whoever did it, the results are those of one process.
#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "tests/cli/program.hpp"

namespace tailrace::tests {
namespace {

constexpr const char* kTiny = R"(tailrace: 1
name: tiny
run: {duration: 2s, replications: 2, seed: 1}
workloads: {load: {constant_arrival_rate: 80/s, calls: s.op}}
services: {s: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}}
)";

// Root may not run it without being asked, and a test machine has fewer cores than ranks.
const std::string kMpirun =
    "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun --oversubscribe ";

bool there_is_mpi() {
#ifdef TAILRACE_MPI
  return std::system("mpirun --version > /dev/null 2>&1") == 0;
#else
  return false;
#endif
}

constexpr const char* kPair = R"(tailrace: 1
name: pair
run: {duration: 40s, warmup: 5s, replications: 3, seed: 4}
workloads: {load: {constant_arrival_rate: 80/s, calls: a.op}}
services:
  a: {workers: 1, endpoints: {op: [compute: exp(10ms), call: b.op]}}
  b: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}
thresholds: {load.request_duration: ["avg < 80ms"]}
variants: {more: {services.a.workers: 2}}
)";

// It has computed for 0.6 s, so it is past its beginning, where nobody can be missed.
constexpr const char* kSimulates = "[ \"$(cut -d' ' -f14 /proc/$l/stat 2>/dev/null || echo 0)\" -ge 60 ]";

class Ranks : public Program {
 protected:
  void SetUp() override {
    if (!there_is_mpi()) GTEST_SKIP() << "built or run without MPI";
  }
  // The exit code; what was said on standard error is in `said`. `then` follows the command that starts the
  // ranks; it may kill some, and then mpirun goes on and returns 0 whatever the first rank returned.
  int start(const std::string& arguments, int ranks, const std::string& then = "") const {
    const std::string command =
        (ranks == 1
             ? std::string()
             : kMpirun + (then.empty() ? "" : "--enable-recovery ") + "-n " + std::to_string(ranks) + " ") +
        TAILRACE_BINARY + " " + arguments + " > /dev/null 2> " + path("said") + " " + then;
    return WEXITSTATUS(std::system(command.c_str()));
  }
  // After "COMMAND &": kills the last rank, $l, which is no coordinator, when `ready` holds, leaves a file
  // that says so, and waits for the rest. mpirun that has not come back after 100 seconds is a failure, and
  // is not waited for.
  std::string then_kill_one(const std::string& ready) const {
    return "& m=$!; for i in $(seq 400); do sleep 0.05; set -- $(cat /proc/$m/task/$m/children); l=; "
           "for l in $*; do :; done; " +
           ready + " && break; done; kill -9 $l && touch " + path("killed") +
           "; (sleep 100; kill -9 $m) >/dev/null 2>&1 & w=$!; wait $m; c=$?; kill $w 2>/dev/null; (exit $c)";
  }
  bool killed() const { return std::filesystem::exists(path("killed")); }
  int sweep(const std::string& out, int ranks, const std::string& more, const std::string& then = "") {
    return start("sweep " + path("s.yaml") + " " + more + " -q --out " + path(out), ranks, then);
  }
  void expect_all_same(const std::string& out) {
    std::vector<std::string> names;
    for (const auto& file : std::filesystem::directory_iterator(path("one")))
      names.push_back(file.path().filename().string());
    EXPECT_FALSE(names.empty());
    expect_same("one", out, names);
  }
};

TEST_F(Ranks, TogetherFindWhatOneProcessFinds) {
  file("s.yaml", kTiny);
  const std::string grid =
      "--vary workloads.load.constant_arrival_rate=10/s..95/s:50 --vary services.s.workers=[0,1,2]";
  EXPECT_EQ(sweep("one", 1, grid), 0);
  EXPECT_EQ(sweep("three", 3, grid), 0);
  expect_same("one", "three", {"sweep.csv", "sweep.json"});
  EXPECT_EQ(count_lines(read(path("three/points.jsonl"))), 150u);
}

TEST_F(Ranks, AnswerEveryCommandAsOneProcessDoes) {
  const std::string scenario = file("s.yaml", kPair) + " -q --out ";
  const std::vector<std::pair<std::string, std::string>> commands = {
      {"run ", ""},
      {"run ", " --set run.warmup=auto --precision 20%"},
      {"run ", " --replications 1 --abort-on-fail"},
      {"compare ", ""},
      {"compare ", " --until 30%"},
      {"plan ", " --max-load load --resolution 10%"},
      {"plan ", " --size services.a.workers=1..4 --size services.b.workers=1..4"},
      {"sensitivity ", " --vary services.a.workers"}};
  for (const auto& [command, more] : commands) {
    SCOPED_TRACE(command + more);
    for (const char* out : {"one", "three"}) std::filesystem::remove_all(path(out));
    const int code = start(command + scenario + path("one") + more, 1);
    EXPECT_TRUE(code == 0 || code == 99) << code;
    EXPECT_EQ(start(command + scenario + path("three") + more, 3), code);
    expect_all_same("three");
  }
}

// What is not shared out is said once.
TEST_F(Ranks, LeaveTheFirstAloneWithWhatItDoesAlone) {
  const std::string rare = "rare " + file("s.yaml", kPair) + " --event 'queue of a > 5' --replications 2 ";
  const std::string map =
      "metastability " +
      file("m.yaml", std::string(kPair) + "faults: [{type: pause, target: a, start: 15s, duration: 1s}]\n") +
      " --loads [0.5] --durations [1] --no-hysteresis ";
  for (const std::string& command : {rare, map}) {
    SCOPED_TRACE(command);
    const std::string whole = std::string(TAILRACE_BINARY) + " " + command;
    EXPECT_EQ(std::system((whole + " > " + path("one.txt") + " 2>&1").c_str()), 0);
    EXPECT_EQ(std::system(
                  ("NO_COLOR=1 " + kMpirun + "-n 3 " + whole + " > " + path("three.txt") + " 2>&1").c_str()),
              0);
    EXPECT_NE(read(path("one.txt")), "");
    EXPECT_EQ(read(path("three.txt")), read(path("one.txt")));
  }
}

// What was asked for can be run again where nothing of it was finished.
TEST_F(Ranks, InterruptedBeforeAnyReplicationLeaveTheScenarioAsItWasAsked) {
  file("s.yaml", kTiny);
  start("run " + path("s.yaml") +
            " --duration 100d --set run.max_events=unlimited --replications 7 -q --out " + path("two"),
        2,
        "& m=$!; for i in $(seq 400); do sleep 0.05; set -- $(cat /proc/$m/task/$m/children); "
        "[ $# -ge 2 ] && break; done; sleep 1; kill -INT $*; wait $m");
  const auto run = json_file(path("two/summary.json"))["run"];
  ASSERT_EQ(run["replications"], 0);
  EXPECT_NE(read(path("two/scenario.yaml")).find("replications: 7"), std::string::npos);
}

TEST_F(Ranks, DoAgainWhatAKilledOneLeft) {
  file("s.yaml", kTiny);
  const std::string grid = "--vary workloads.load.constant_arrival_rate=10/s..95/s:1000 --duration 100s";
  EXPECT_EQ(sweep("one", 1, grid), 0);
  EXPECT_EQ(sweep("three", 3, grid, then_kill_one("[ -s " + path("three/points.jsonl") + " ]")), 0);
  EXPECT_TRUE(killed());
  expect_same("one", "three", {"sweep.csv", "sweep.json"});
}

// Two ranks and nobody left but the coordinator: it says so, and the same command goes on from the journal.
TEST_F(Ranks, GoOnFromTheJournalWhenAllWereKilled) {
  file("s.yaml", kTiny);
  const std::string grid = "--vary workloads.load.constant_arrival_rate=10/s..95/s:1000 --duration 100s";
  EXPECT_EQ(sweep("one", 1, grid), 0);
  sweep("two", 2, grid, then_kill_one("[ -s " + path("two/points.jsonl") + " ]"));
  EXPECT_TRUE(killed());
  const std::string said = read(path("said"));
  EXPECT_TRUE(contains(said, "no rank is left to simulate; the same command goes on from what is written"))
      << said;
  EXPECT_FALSE(std::filesystem::exists(path("two/sweep.csv")));
  const std::size_t saved = count_lines(read(path("two/points.jsonl")));
  EXPECT_GT(saved, 0u);
  EXPECT_LT(saved, 1000u);
  EXPECT_EQ(sweep("two", 2, grid), 0);
  expect_same("one", "two", {"sweep.csv", "sweep.json"});
}

TEST_F(Ranks, SimulateAgainTheReplicationsOfAKilledOne) {
  const std::string command =
      "run " + file("s.yaml", kPair) + " -q --duration 2000s --replications 80 --out ";
  start(command + path("one"), 1);
  start(command + path("three"), 3, then_kill_one(kSimulates));
  EXPECT_TRUE(killed());
  expect_all_same("three");
}

TEST_F(Ranks, OfDifferentScenariosRefuseToWorkTogether) {
  file("s.yaml", kPair);
  std::string other = kPair;
  other.replace(other.find("80/s"), 4, "81/s");
  file("t.yaml", other);
  const std::string one = std::string(TAILRACE_BINARY) + " run " + path("s.yaml");
  const std::string two = std::string(TAILRACE_BINARY) + " run " + path("t.yaml");
  const std::string command = kMpirun + "-n 1 " + one + " : -n 1 " + two + " > /dev/null 2> " + path("said");
  EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), 5);
  EXPECT_NE(read(path("said")).find("rank 1 does not read the same scenario"), std::string::npos);
}

}  // namespace
}  // namespace tailrace::tests
