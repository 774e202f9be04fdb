// What a scenario costs by its prices: in run, compare and plan.
#include "tests/cli/program.hpp"

namespace tailrace::tests {
namespace {

// An hour: 3 replicas of a at 2, one of b (as nobody says otherwise) at 0.5, 50 connections at 0.01: 7.
constexpr const char* kShop = R"(tailrace: 1
name: shop
run: {duration: 100s, warmup: 10s, replications: 3, seed: 1}
workloads: {load: {constant_arrival_rate: 100/s, spacing: regular, calls: a.op}}
services:
  a: {replicas: 3, workers: 1, endpoints: {op: [compute: exp(10ms), call: b.op]}}
  b: {endpoints: {op: [call: db.read]}}
databases: {db: {connections: 50, operations: {read: 1ms}}}
prices:
  units:
    - {of: services.*.replicas, price: 0.5}
    - {of: services.a.replicas, price: 2}
    - {of: databases.db.connections, price: 0.01}
thresholds: {load.request_duration: ["avg < 1s"]}
variants: {more: {services.a.replicas: 5}}
)";

// 100 requests a second are 0.36 million an hour: 7 / 0.36 = 19.44.
TEST_F(Program, PricesAddUpInTheRun) {
  const Finished f = run_program({"run", file("s.yaml", kShop), "--out", path("out")});
  ASSERT_EQ(f.exit_code, 0) << f.err;
  const auto cost = json_file(path("out/summary.json"))["cost"];
  EXPECT_NEAR(cost["per_hour"], 7, 1e-9);
  EXPECT_NEAR(cost["units_per_hour"], 7, 1e-9);
  EXPECT_NEAR(cost["per_million_requests"], 7 / 0.36, 0.02);
  ASSERT_EQ(cost["units"].size(), 3u);
  for (const auto& unit : cost["units"]) {
    const bool a = unit["path"] == "services.a.replicas", b = unit["path"] == "services.b.replicas";
    EXPECT_EQ(unit["price"], a ? 2 : b ? 0.5 : 0.01) << unit;
    EXPECT_EQ(unit["amount"], a ? 3 : b ? 1 : 50) << unit;
    EXPECT_EQ(unit["measured"], false);
  }
  EXPECT_TRUE(contains(f.out, "for a million requests")) << f.out;
  EXPECT_TRUE(contains(read(path("out/report.html")), "<h2>Cost</h2>"));
  EXPECT_TRUE(contains(read(path("out/report.md")), "## Cost"));
}

TEST_F(Program, PricesAreNotToldWhereThereAreNone) {
  const Finished f = run_program({"run", file("s.yaml", kQueue), "--out", path("out")});
  EXPECT_TRUE(json_file(path("out/summary.json"))["cost"].is_null());
  EXPECT_FALSE(contains(read(path("out/report.html")), "<h2>Cost</h2>"));
  EXPECT_FALSE(contains(f.out, "cost"));
}

TEST_F(Program, PricesOfVariantsAreCompared) {
  const Finished f = run_program({"compare", file("s.yaml", kShop), "--out", path("out")});
  ASSERT_EQ(f.exit_code, 0) << f.err;
  const auto variants = json_file(path("out/compare.json"))["variants"];
  EXPECT_NEAR(variants[0]["cost_per_hour"], 7, 1e-9);
  EXPECT_NEAR(variants[1]["cost_per_hour"], 11, 1e-9);
  EXPECT_TRUE(contains(f.out, "cost of an hour: base 7.00, more 11.0 (+57.1 %)")) << f.out;
}

// Two queues in tandem, 50 ms each; with a second worker one of them takes 12 ms: 62 in all. The prices of
// the scenario decide which it is, unless the command line says otherwise.
TEST_F(Program, PricesOfTheScenarioDecideThePlan) {
  const auto plan = [&](const std::string& a, const std::string& b, const std::vector<std::string>& more) {
    const std::string text =
        "tailrace: 1\nrun: {duration: 60s, warmup: 5s, replications: 3, seed: 4}\n"
        "workloads: {load: {constant_arrival_rate: 80/s, requests: {all: {steps: [call: a.op, call: "
        "b.op]}}}}\n"
        "services:\n"
        "  a: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}\n"
        "  b: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}\n"
        "thresholds: {load.request_duration: [\"avg < 75ms\"]}\n"
        "prices: {units: [{of: services.a.workers, price: " +
        a + "}, {of: services.b.workers, price: " + b + "}]}\n";
    std::vector<std::string> words = {
        "plan",   file("p.yaml", text),      "--size",   "services.a.workers=1..4",
        "--size", "services.b.workers=1..4", "--format", "json"};
    words.insert(words.end(), more.begin(), more.end());
    const Finished f = run_program(words);
    EXPECT_EQ(f.exit_code, 0) << f.err;
    return nlohmann::json::parse(f.out);
  };
  const auto cheap_a = plan("1", "3", {});
  EXPECT_EQ(cheap_a["sizes"]["services.a.workers"], 2);
  EXPECT_EQ(cheap_a["sizes"]["services.b.workers"], 1);
  EXPECT_EQ(cheap_a["cost"], 5);
  const auto cheap_b = plan("3", "1", {});
  EXPECT_EQ(cheap_b["sizes"]["services.a.workers"], 1);
  EXPECT_EQ(cheap_b["sizes"]["services.b.workers"], 2);
  const auto told = plan("3", "1", {"--price", "services.a.workers=0.1"});
  EXPECT_EQ(told["sizes"]["services.a.workers"], 2);
  EXPECT_EQ(told["axes"][0]["price"], 0.1);
}

// One replica for the first half of the time and two afterwards are one and a half.
TEST_F(Program, PricesOfScaledReplicasAreOfThoseThatWereThere) {
  const std::string scenario = file("s.yaml", R"(tailrace: 1
run: {duration: 200s, replications: 1, seed: 1}
workloads: {load: {constant_arrival_rate: 10/s, calls: s.op}}
services:
  s:
    workers: 4
    endpoints: {op: [compute: 10ms]}
    autoscaling: {min_replicas: 1, max_replicas: 4, schedule: [{at: 100s, replicas: 2}]}
prices: {units: [{of: services.s.replicas, price: 1}]}
)");
  const Finished f = run_program({"run", scenario, "--format", "json"});
  ASSERT_EQ(f.exit_code, 0) << f.err << f.out;
  const auto unit = nlohmann::json::parse(f.out)["cost"]["units"][0];
  EXPECT_EQ(unit["measured"], true);
  EXPECT_NEAR(unit["amount"].get<double>(), 1.5, 1e-9);
}

}  // namespace
}  // namespace tailrace::tests
