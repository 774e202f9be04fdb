// `tailrace compare` and `--variant`, as a user or a script meets them.
#include <cstdlib>

#include "tests/cli/program.hpp"

namespace tailrace::tests {
namespace {

const std::string kVariants = std::string(kQueue) +
                              R"(variants:
  same: {}
  fast: {"services.s.endpoints.op[0].compute": exp(8ms)}
)";

const nlohmann::json& row(const nlohmann::json& result, const std::string& variant, const std::string& metric,
                          const std::string& aggregation) {
  for (const auto& r : result["comparisons"]) {
    if (r["variant"] == variant && r["metric"] == metric && r["aggregation"] == aggregation) return r;
  }
  throw std::runtime_error("no row " + metric);
}

TEST_F(Program, CompareSaysInWordsWhatDiffers) {
  const Finished f = run_program({"compare", file("q.yaml", kVariants), "--replications", "20"});
  EXPECT_EQ(f.exit_code, 0) << f.err;
  EXPECT_EQ(f.err, "");
  EXPECT_TRUE(contains(f.out, "same: load.request_duration p(99) is the same in every replication")) << f.out;
  EXPECT_TRUE(contains(f.out, "fast: load.request_duration p(99) is ")) << f.out;
  EXPECT_TRUE(contains(f.out, " % lower (95 % interval ")) << f.out;
}

TEST_F(Program, CompareAgreesWithItsTwoRuns) {
  const std::string q = file("q.yaml", kVariants);
  const auto both = nlohmann::json::parse(run_program({"compare", q, "--format", "json"}).out);
  const auto base = nlohmann::json::parse(run_program({"run", q, "--format", "json"}).out);
  const auto fast =
      nlohmann::json::parse(run_program({"run", q, "--variant", "fast", "--format", "json"}).out);
  const auto& r = row(both, "fast", "load.request_duration", "p(99)");
  const auto p99 = [](const nlohmann::json& run) {
    return run["workloads"][0]["duration_s"]["percentiles"]["p99"]["estimate"].get<double>();
  };
  EXPECT_EQ(r["baseline_value"], p99(base));
  EXPECT_EQ(r["variant_value"], p99(fast));
  EXPECT_EQ(r["difference"]["estimate"], p99(fast) - p99(base));
  EXPECT_EQ(r["family"], "primary");
  EXPECT_EQ(both["run"]["replications"], 4);
}

TEST_F(Program, CompareOfFilesTakesTheSeedOfTheFirst) {
  const std::string a = file("a.yaml", kQueue);
  std::string other = kQueue;
  other.replace(other.find("seed: 1"), 7, "seed: 9");
  const auto c =
      nlohmann::json::parse(run_program({"compare", a, file("b.yaml", other), "--format", "json"}).out);
  EXPECT_EQ(c["variants"][0]["name"], "a");
  EXPECT_EQ(c["variants"][1]["name"], "b");
  EXPECT_EQ(c["variants"][1]["seed"], 1);
  EXPECT_EQ(row(c, "b", "load.request_duration", "avg")["finding"], "equal");
  const auto apart =
      nlohmann::json::parse(run_program({"compare", a, a, "--independent", "--format", "json"}).out);
  EXPECT_EQ(apart["variants"][1]["name"], "a (2)");
  EXPECT_NE(apart["variants"][1]["seed"], 1);
  EXPECT_NE(row(apart, "a (2)", "load.request_duration", "avg")["finding"], "equal");
}

TEST_F(Program, CompareIsTheSameBytesForAnyNumberOfJobs) {
  const std::string q = file("q.yaml", kVariants);
  for (const char* jobs : {"1", "4"})
    run_program({"compare", q, "--jobs", jobs, "--out", path(jobs), "-q", "--until", "5%"});
  expect_same("1", "4", {"compare.json", "compare.csv"});
}

TEST_F(Program, CompareUntilAddsReplicationsUntilTheDifferenceIsKnown) {
  const std::string q = file("q.yaml", kVariants);
  const auto c =
      nlohmann::json::parse(run_program({"compare", q, "--variant", "fast", "--primary",
                                         "load.request_duration avg", "--until", "4%", "--format", "json"})
                                .out);
  EXPECT_GT(c["run"]["replications"], 10);
  const auto& r = row(c, "fast", "load.request_duration", "avg");
  const double half = (r["difference"]["high"].get<double>() - r["difference"]["low"].get<double>()) / 2;
  EXPECT_LE(half, 0.04 * r["baseline_value"].get<double>());
}

TEST_F(Program, CompareFitsItsSchema) {
  if (!python_has("jsonschema")) GTEST_SKIP() << "python3-jsonschema is not here";
  const std::string q = file("q.yaml", kVariants);
  const std::vector<std::vector<std::string>> changes = {
      {}, {"--set", "run.max_events=2000"}, {"--set", "workloads.load.constant_arrival_rate=0/s"}};
  for (const auto& change : changes) {
    std::vector<std::string> arguments = {"compare", q, "--out", path("out"), "-q"};
    arguments.insert(arguments.end(), change.begin(), change.end());
    run_program(arguments);
    EXPECT_EQ(schema_fault("compare", path("out/compare.json")), 0) << ::testing::PrintToString(change);
  }
}

// The longest warm-up is for all, unless some variant would have nothing left: then each has its own.
TEST_F(Program, CompareMeasuresAVariantThatEndsBeforeTheLongestWarmUp) {
  std::string text = kQueue;
  text.replace(text.find("warmup: 2s"), 10, "warmup: 10s");
  const std::string s = file("s.yaml", text + R"(variants:
  early: {run.warmup: 5s}
  short: {run.duration: 4s, run.warmup: 1s}
)");
  const auto measured = [&](const std::string& variant) {
    const auto found =
        nlohmann::json::parse(run_program({"compare", s, "--variant", variant, "--format", "json"}).out);
    return std::pair{found["variants"][0]["measured_s"].get<double>() / 4,
                     found["variants"][1]["measured_s"].get<double>() / 4};
  };
  EXPECT_EQ(measured("early"), std::pair(10.0, 10.0));
  EXPECT_EQ(measured("short"), std::pair(10.0, 3.0));
  const std::string told = run_program({"compare", s, "--variant", "short"}).out;
  EXPECT_TRUE(contains(told, "short ends before the longest warm-up, 10 s, is over")) << told;
}

TEST_F(Program, CompareSaysWhatItCannotDo) {
  const std::string q = file("q.yaml", kVariants), plain = file("p.yaml", kQueue);
  const auto code = [&](std::vector<std::string> arguments, const std::string& words) {
    arguments.insert(arguments.begin(), "compare");
    const Finished f = run_program(arguments);
    EXPECT_TRUE(contains(f.err, words)) << f.err;
    return f.exit_code;
  };
  EXPECT_EQ(code({plain}, "there is nothing to compare with"), 2);
  EXPECT_EQ(code({q, plain, "--variant", "fast"}, "of a single scenario"), 2);
  EXPECT_EQ(code({q, "--primary", "load.request_duration p(98)"}, "there is no figure"), 2);
  EXPECT_EQ(code({q, "--variant", "fats"}, "did you mean fast?"), 3);
  EXPECT_EQ(code({q, "--until", "2"}, "--until"), 2);
  EXPECT_EQ(code({q, path("missing.yaml")}, "cannot read"), 5);
  EXPECT_EQ(code({q, "--set", "run.max_events=2000"}, "event_budget"), 4);
  EXPECT_EQ(run_program({"run", q, "--variant", "nope"}).exit_code, 3);
  EXPECT_EQ(run_program({"check", q, "--variant", "fast", "-q"}).exit_code, 0);
}

TEST_F(Program, CheckLooksAtEveryVariant) {
  EXPECT_EQ(run_program({"check", file("q.yaml", kVariants), "-q"}).exit_code, 0);
  const std::string bad = file("bad.yaml", kVariants + "  worse: {services.s.wrkers: 2}\n");
  const Finished f = run_program({"check", bad, "-q"});
  EXPECT_EQ(f.exit_code, 3);
  EXPECT_TRUE(contains(f.err, "bad.yaml:9:22: error: services.s.wrkers: unknown key")) << f.err;
  EXPECT_TRUE(contains(f.err, "its variant worse is not")) << f.err;
}

TEST_F(Program, CompareInterruptedWritesThePairsThatAreWhole) {
  const Finished f = run_program({"compare", file("q.yaml", kVariants), "--replications", "10000", "--format",
                                  "json", "--out", path("out")},
                                 {.signals = {{0.5, 2}}});
  EXPECT_EQ(f.exit_code, 130) << f.err;
  const auto c = json_file(path("out/compare.json"));
  EXPECT_EQ(c["status"], "interrupted");
  EXPECT_GT(c["run"]["replications"], 1);
  EXPECT_LT(c["run"]["replications"], 10000);
}

}  // namespace
}  // namespace tailrace::tests
