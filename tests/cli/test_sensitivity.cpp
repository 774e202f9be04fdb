// `tailrace sensitivity`, as a user or a script meets it, on systems whose elasticities theory knows.
#include <cstdlib>

#include "tests/cli/program.hpp"

namespace tailrace::tests {
namespace {

// M/M/1: response = 1 / (mu - lambda), lambda = 50, mu = 100. Elasticities at the point: of the rate
// lambda / (mu - lambda) = 1; of the service time s = 1/mu: R = s / (1 - lambda s), 1 / (1 - rho) = 2. The
// second service does nothing but take 1 ms: of it 1 / 21 of the response. Nothing depends on its workers.
const std::string kKnown = R"(tailrace: 1
name: known
run: {duration: 200s, warmup: 10s, replications: 10, seed: 1}
workloads: {load: {constant_arrival_rate: 50/s, requests: {all: {steps: [call: s.op, call: t.op]}}}}
services:
  s: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}
  t: {workers: 100, endpoints: {op: [compute: 1ms]}}
)";
const std::vector<std::string> kQuestion = {"--primary", "load.request_duration avg",
                                            "--vary",    "services.t.workers",
                                            "--vary",    "workloads.load.constant_arrival_rate",
                                            "--vary",    "services.t.endpoints.op[0].compute",
                                            "--vary",    "services.s.endpoints.op[0].compute"};

std::vector<std::string> asked(const std::string& s, std::vector<std::string> more) {
  std::vector<std::string> all = {"sensitivity", s};
  all.insert(all.end(), kQuestion.begin(), kQuestion.end());
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

TEST_F(Program, SensitivityFindsTheElasticitiesOfTheory) {
  const std::string s = file("s.yaml", kKnown);
  const Finished f = run_program(asked(s, {"--step", "5%", "--out", path("out")}));
  EXPECT_EQ(f.exit_code, 0) << f.err;
  const auto found = json_file(path("out/sensitivity.json"));
  EXPECT_EQ(found["replications"], 10);
  ASSERT_EQ(found["parameters"].size(), 4u);
  // R = 20 ms of s and 1 ms of t.
  const std::vector<std::pair<std::string, double>> theory = {
      {"services.s.endpoints.op[0].compute", 2 * 20.0 / 21},
      {"workloads.load.constant_arrival_rate", 20.0 / 21},
      {"services.t.endpoints.op[0].compute", 1.0 / 21},
      {"services.t.workers", 0}};
  for (std::size_t k = 0; k < theory.size(); ++k) {
    const auto& p = found["parameters"][k];
    EXPECT_EQ(p["path"], theory[k].first);  // the largest first
    const auto& e = p["figures"][0];
    EXPECT_EQ(e["figure"], "load.request_duration avg");
    EXPECT_NEAR(e["elasticity"].get<double>(), theory[k].second, 0.06) << p["path"];
    EXPECT_LE(e["elasticity_low"], e["elasticity"]);
    EXPECT_GE(e["elasticity_high"], e["elasticity"]);
    EXPECT_EQ(e["told"], theory[k].second > 0) << p["path"];
  }
  EXPECT_EQ(found["parameters"][0]["low"], "exp(9.5ms)");
  EXPECT_EQ(found["parameters"][3]["high"], "105");
  EXPECT_TRUE(contains(
      f.out, "1 % more of services.s.endpoints.op[0].compute is +1.89 % of load.request_duration avg"))
      << f.out;
  EXPECT_TRUE(contains(f.out, "|#####") || contains(f.out, "|█████")) << f.out;
  const std::string svg = read(path("out/sensitivity.svg"));
  EXPECT_TRUE(contains(svg, "<svg ") && contains(svg, "services.t.workers") && contains(svg, "class=\"up\""));
  EXPECT_TRUE(is_xml(path("out/sensitivity.svg")));
  if (!python_has("jsonschema")) GTEST_SKIP() << "python3-jsonschema is not here";
  EXPECT_EQ(schema_fault("sensitivity", path("out/sensitivity.json")), 0);
}

TEST_F(Program, SensitivityIsTheSameForAnyNumberOfJobs) {
  const std::string s = file("s.yaml", kKnown);
  const auto json = [&](const char* jobs) {
    return run_program(asked(s, {"--replications", "3", "--format", "json", "-j", jobs})).out;
  };
  EXPECT_EQ(json("1"), json("3"));
}

// Also of a figure that no verdict is about: rho = lambda s, so 1 % more of either is 1 % more of it.
TEST_F(Program, SensitivityIsOfTheFigureThatWasAskedFor) {
  const std::string s = file("s.yaml", kKnown);
  const Finished f = run_program({"sensitivity", s, "--format", "json", "--primary", "s.utilization value",
                                  "--vary", "workloads.load.constant_arrival_rate"});
  EXPECT_EQ(f.exit_code, 0) << f.err;
  const auto found = nlohmann::json::parse(f.out);
  const auto& e = found["parameters"][0]["figures"][0];
  EXPECT_EQ(e["figure"], "s.utilization value");
  EXPECT_NEAR(e["at_low"].get<double>(), 0.45, 0.02);
  EXPECT_NEAR(e["elasticity"].get<double>(), 1, 0.05);
}

TEST_F(Program, SensitivitySaysWhatItCannotVary) {
  const std::string s = file("s.yaml", kKnown);
  const std::vector<std::tuple<std::string, std::string, int>> wrong = {
      {"services.s.wrkers", "has no value in the scenario", 2},
      {"services.s", "has no value in the scenario", 2},
      {"name", "is no value with one number in it", 2}};
  for (const auto& [path_, words, code] : wrong) {
    const Finished f = run_program({"sensitivity", s, "--vary", path_});
    EXPECT_EQ(f.exit_code, code) << path_;
    EXPECT_TRUE(contains(f.err, words)) << f.err;
  }
  EXPECT_EQ(run_program({"sensitivity", s, "--vary", "services.t.workers", "--step", "80%"}).exit_code, 2);
  EXPECT_EQ(run_program({"sensitivity", s}).exit_code, 2);
  const Finished still =
      run_program({"sensitivity", s, "--vary", "services.t.endpoints.op[0].compute", "--step", "0.00001%"});
  EXPECT_EQ(still.exit_code, 2);
  EXPECT_TRUE(contains(still.err, "take a larger --step")) << still.err;
  const Finished f = run_program(
      {"sensitivity", s, "--vary", "services.t.workers", "--primary", "load.request_duration p(98)"});
  EXPECT_EQ(f.exit_code, 2);
  EXPECT_TRUE(contains(f.err, "did you mean load.request_duration p(9")) << f.err;
}

// One page, whether the folder holds a run as well or not; what is shown is what `sensitivity` itself showed.
TEST_F(Program, ReportShowsTheTornadoBesideTheRun) {
  const std::string s = file("s.yaml", kKnown);
  ASSERT_EQ(run_program(asked(s, {"--step", "5%", "--out", path("out"), "-q"})).exit_code, 0);
  const std::string own = read(path("out/sensitivity.html"));
  const std::string tornado = own.substr(own.find("<section>"), own.find("</main>") - own.find("<section>"));
  ASSERT_TRUE(contains(tornado, "What moves load.request_duration avg"));
  const auto report = [&](const std::string& form) {
    const Finished f = run_program({"report", path("out"), "--format", form});
    EXPECT_EQ(f.exit_code, 0) << f.err;
    return f.out;
  };
  const std::string alone = report("html");
  EXPECT_TRUE(contains(alone, tornado));
  EXPECT_FALSE(contains(alone, "<h2>Requests</h2>"));
  EXPECT_TRUE(contains(alone, ".row svg")) << "the tornado's style";
  ASSERT_EQ(run_program({"run", s, "--out", path("out"), "-q"}).exit_code, 0);
  const std::string both = report("html");
  EXPECT_TRUE(contains(both, tornado));
  EXPECT_TRUE(contains(both, "<h2>Requests</h2>"));
  EXPECT_TRUE(contains(both, "<title>1 result</title>"));
  EXPECT_TRUE(contains(report("markdown"), "| services.t.workers | 95 | 105 | ")) << report("markdown");
  const std::string text = run_program(asked(s, {"--step", "5%"})).out;
  EXPECT_TRUE(contains(report("text"), text.substr(text.find("parameter")))) << report("text");
}

TEST_F(Program, ASensitivityThatIsNoneIsRefusedWithTheReason) {
  const Finished cut = run_program(
      {"report", file("sensitivity.json", R"({"format": "tailrace-sensitivity", "version": 1})")});
  EXPECT_EQ(cut.exit_code, 5);
  EXPECT_TRUE(contains(cut.err, "it is no sensitivity.json of this program")) << cut.err;
  const Finished odd =
      run_program({"report", file("sensitivity.json", R"({"format": "tailrace-sensitivity", "version": 1,
    "scenario": "\u001b[31m<script>", "complete": true, "message": "", "primary": "<b>", "step": 0.1,
    "confidence": 0.95,
    "replications": 3, "parameters": [{"path": "<i>", "base": "1", "low": "1", "high": "2", "figures": []}]})"),
                   "--format", "html"});
  EXPECT_EQ(odd.exit_code, 0) << odd.err;
  for (const char* tag : {"<script>", "<b>", "<i>", "\x1b"}) EXPECT_FALSE(contains(odd.out, tag)) << tag;
}

}  // namespace
}  // namespace tailrace::tests
