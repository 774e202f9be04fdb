// The recipe of docs/experiments.md for Slurm, as it stands there but for the size of the array, on whatever
// Slurm answers here. scripts/slurm-node starts one of one node for a command; without any the test is
// skipped.
#include <cstdlib>

#include "tests/cli/program.hpp"

namespace tailrace::tests {
namespace {

// 512 points, some milliseconds each.
constexpr const char* kCart = R"(tailrace: 1
name: shop
run: {duration: 2s, replications: 2, seed: 1}
workloads: {load: {constant_arrival_rate: 50/s, calls: cart.add}}
services: {cart: {replicas: 1, workers: 1, endpoints: {add: [compute: exp(10ms)]}}}
)";

// The text between the first "```bash" after `after` and its end; `after` then begins behind it.
std::string next_recipe(const std::string& page, std::size_t& after) {
  const std::size_t begin = page.find("```bash\n", after) + 8;
  after = page.find("```", begin);
  return page.substr(begin, after - begin);
}

void replace(std::string& text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  ASSERT_NE(at, std::string::npos) << from;
  text.replace(at, from.size(), to);
}

TEST_F(Program, SlurmArrayOfTheDocsIsTheWholeSweep) {
  if (std::system("timeout 5 sinfo --noheader >/dev/null 2>&1") != 0) GTEST_SKIP() << "no Slurm answers here";
  const std::string page = read(std::string(TAILRACE_SOURCE_DIR) + "/docs/experiments.md");
  std::size_t at = page.find("As a Slurm job array");
  ASSERT_NE(at, std::string::npos);
  std::string job = next_recipe(page, at), submit = next_recipe(page, at);
  replace(job, "--array=1-64", "--array=1-4");
  replace(job, "/64\"", "/4\"");
  replace(job, "--cpus-per-task=8", "--cpus-per-task=1");
  replace(submit, "--dependency", "--wait --dependency");
  file("shop.yaml", kCart);
  file("sweep.sh", job);
  file("submit.sh", submit);
  const std::string binary = TAILRACE_BINARY;
  const std::string enter =
      "cd " + path("") + " && PATH=" + binary.substr(0, binary.rfind('/')) + ":$PATH timeout 100 bash -e ";
  ASSERT_EQ(std::system((enter + "submit.sh > said 2>&1").c_str()), 0) << read(path("said"));
  for (int i = 1; i <= 4; ++i) {
    EXPECT_NE(read(path("results/points-" + std::to_string(i) + "-of-4.jsonl")), "") << i;
  }
  const Finished alone =
      run_program({"sweep", path("shop.yaml"), "--vary", "services.cart.replicas=1..8:8", "--vary",
                   "services.cart.workers=1..64:64", "--quiet", "--out", path("alone")});
  EXPECT_EQ(alone.exit_code, 0) << alone.err;
  expect_same("alone", "results", {"sweep.csv", "sweep.json"});
}

}  // namespace
}  // namespace tailrace::tests
