// Sweeps under mpirun: whoever did the points, the results are those of one process.
#include <algorithm>
#include <cstdlib>

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
    "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun --oversubscribe --enable-recovery ";

bool there_is_mpi() {
#ifdef TAILRACE_MPI
  return std::system("mpirun --version > /dev/null 2>&1") == 0;
#else
  return false;
#endif
}

std::size_t lines_of(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

class Ranks : public Program {
 protected:
  // `then` follows the command that starts the ranks.
  int sweep(const std::string& out, int ranks, const std::string& more, const std::string& then = "") {
    const std::string command = (ranks == 1 ? std::string() : kMpirun + "-n " + std::to_string(ranks) + " ") +
                                TAILRACE_BINARY + " sweep " + path("s.yaml") + " " + more + " -q --out " +
                                path(out) + " > /dev/null 2>&1 " + then;
    return std::system(command.c_str());
  }
  void expect_same(const std::string& out) {
    for (const char* name : {"/sweep.csv", "/sweep.json"}) {
      EXPECT_NE(read(path("one") + name), "");
      EXPECT_EQ(read(path("one") + name), read(path(out) + name)) << name;
    }
  }
};

TEST_F(Ranks, TogetherFindWhatOneProcessFinds) {
  if (!there_is_mpi()) GTEST_SKIP() << "built or run without MPI";
  file("s.yaml", kTiny);
  const std::string grid =
      "--vary workloads.load.constant_arrival_rate=10/s..95/s:50 --vary services.s.workers=[0,1,2]";
  EXPECT_EQ(sweep("one", 1, grid), 0);
  EXPECT_EQ(sweep("three", 3, grid), 0);
  expect_same("three");
  EXPECT_EQ(lines_of(read(path("three/points.jsonl"))), 150u);
}

TEST_F(Ranks, DoAgainWhatAKilledOneLeft) {
  if (!there_is_mpi()) GTEST_SKIP() << "built or run without MPI";
  file("s.yaml", kTiny);
  const std::string grid = "--vary workloads.load.constant_arrival_rate=10/s..95/s:300 --duration 400s";
  EXPECT_EQ(sweep("one", 1, grid), 0);
  // The ranks are mpirun's children, the last one is no coordinator. It dies with points in its hands.
  sweep("three", 3, grid,
        "& m=$!; for i in $(seq 200); do sleep 0.05; [ -s " + path("three/points.jsonl") +
            " ] && break; done; set -- $(cat /proc/$m/task/$m/children); shift $(($# - 1)); kill -9 $1; "
            "(sleep 50; kill $m) >/dev/null 2>&1 & w=$!; wait $m; c=$?; kill $w 2>/dev/null; (exit $c)");
  // Where mpirun itself gives up, or waits for the dead (once in some runs), the same command goes on.
  if (!std::filesystem::exists(path("three/sweep.csv"))) {
    EXPECT_EQ(sweep("three", 3, grid), 0);
  }
  expect_same("three");
}

}  // namespace
}  // namespace tailrace::tests
