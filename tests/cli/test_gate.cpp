// The gate: JUnit, baselines and early ends, as a CI job meets them.
#include <cstdlib>
#include <filesystem>
#include <regex>

#include "tests/cli/program.hpp"

namespace tailrace::tests {
namespace {

// M/M/1 at 0.8: the mean response is 10 ms / 0.2 = 50 ms.
std::string gated(const std::string& thresholds) {
  return std::string(R"(tailrace: 1
name: "gate <&>"
run: {duration: 60s, warmup: 5s, replications: 12, seed: 1}
workloads: {load: {constant_arrival_rate: 80/s, calls: s.op}}
services: {s: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}}
thresholds: )") +
         thresholds + "\n";
}

TEST_F(Program, JunitHasACaseForEachThresholdWithItsFigures) {
  const std::string s = file("s.yaml", gated(R"({load.request_duration: ["avg < 200ms", "avg < 20ms"]})"));
  const Finished f = run_program({"run", s, "--junit", path("j.xml"), "--out", path("out"), "-q"});
  EXPECT_EQ(f.exit_code, 99) << f.err;
  const std::string xml = read(path("j.xml"));
  EXPECT_EQ(xml, read(path("out/junit.xml")));
  EXPECT_TRUE(contains(xml, R"(tests="3" failures="1" errors="0" skipped="0")")) << xml;
  EXPECT_TRUE(contains(xml, R"(name="load.request_duration avg &lt; 200ms")")) << xml;
  EXPECT_TRUE(std::regex_search(xml, std::regex("<failure message=\"measured (4[5-9]|5[0-5])\\.\\d ms")))
      << xml;
  EXPECT_TRUE(contains(xml, "wanted &lt; 20.0 ms; 95 % interval ")) << xml;
  EXPECT_TRUE(contains(xml, "gate &lt;&amp;&gt;"));
  EXPECT_TRUE(is_xml(path("j.xml")));
}

// The run would take hours; a file stands where the folder should be.
TEST_F(Program, AJunitThatCannotBeWrittenIsFoundBeforeTheRun) {
  const std::string s = file("s.yaml", kQueue);
  const Finished f = run_program({"run", s, "--duration", "10000h", "--junit", path("s.yaml/j.xml")});
  EXPECT_EQ(f.exit_code, 5) << f.err;
  EXPECT_EQ(run_program({"run", s, "--duration", "10000h", "--junit", path("")}).exit_code, 2);
}
// A pipe or a device stays what it is, and so does a link.
TEST_F(Program, AFileIsWrittenToWhereThePathLeads) {
  namespace fs = std::filesystem;
  const std::string s = file("s.yaml", kQueue), pipe = path("pipe"), real = file("real.xml", "old");
  const std::string reader = "mkfifo " + pipe + " && (timeout 60 cat " + pipe + " > /dev/null &)";
  ASSERT_EQ(std::system(reader.c_str()), 0);
  EXPECT_EQ(run_program({"run", s, "-q", "--junit", pipe}).exit_code, 0);
  EXPECT_TRUE(fs::is_fifo(pipe));
  fs::create_symlink(real, path("link.xml"));
  EXPECT_EQ(run_program({"run", s, "-q", "--junit", path("link.xml")}).exit_code, 0);
  EXPECT_TRUE(fs::is_symlink(path("link.xml")));
  EXPECT_TRUE(contains(read(real), "<testsuite"));
}

TEST_F(Program, AThresholdWithoutDataIsSkippedInJunit) {
  const std::string s = file("s.yaml", gated(R"({load.request_duration: ["p(99.9999) < 1s"]})"));
  run_program({"run", s, "--junit", path("j.xml"), "--replications", "1", "--set", "run.duration=6s", "--set",
               "workloads.load.constant_arrival_rate=0.001/s", "-q"});
  EXPECT_TRUE(contains(read(path("j.xml")), R"(skipped="1")")) << read(path("j.xml"));
}

// Three replications of 4,400 requests know the mean to some ms: 50 ms are beyond doubt not below 5 ms, and
// not beyond doubt below or above 50 ms.
TEST_F(Program, AThresholdThatFailedBeyondDoubtEndsTheRun) {
  const auto replications = [&](const std::string& thresholds, std::vector<std::string> more = {}) {
    const std::string s = file("s.yaml", gated(thresholds));
    std::vector<std::string> arguments = {"run", s, "--format", "json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Finished f = run_program(arguments);
    const auto summary = nlohmann::json::parse(f.out);
    if (summary["run"]["replications"] < 12) {
      EXPECT_EQ(f.exit_code, 99);
      EXPECT_TRUE(
          contains(summary["notes"].dump(), "aborted: load.request_duration avg < 5ms failed beyond doubt"))
          << summary["notes"];
    }
    return summary["run"]["replications"].get<int>();
  };
  const std::string marked = R"({load.request_duration: [{threshold: "avg < 5ms", abort_on_fail: true}]})";
  EXPECT_EQ(replications(marked), 3);
  EXPECT_EQ(replications(marked, {"-j", "1"}), 3);
  EXPECT_EQ(replications(R"({load.request_duration: [{threshold: "avg < 5ms", abort_on_fail: false}]})"), 12);
  EXPECT_EQ(replications(R"({load.request_duration: "avg < 5ms"})"), 12);
  EXPECT_EQ(replications(R"({load.request_duration: "avg < 5ms"})", {"--abort-on-fail"}), 3);
  EXPECT_EQ(replications(R"({load.request_duration: [{threshold: "avg < 50ms", abort_on_fail: true}]})"), 12);
  EXPECT_EQ(replications(R"({load.request_duration: [{threshold: "avg < 500ms", abort_on_fail: true}]})"),
            12);
}

TEST_F(Program, ARunThatMayAbortAndDoesNotIsTheSameRun) {
  const std::string plain = R"({load.request_duration: "avg < 500ms"})";
  const std::string marked = R"({load.request_duration: {threshold: "avg < 500ms", abort_on_fail: true}})";
  const std::string a = run_program({"run", file("a.yaml", gated(plain)), "--format", "json"}).out;
  EXPECT_EQ(a, run_program({"run", file("b.yaml", gated(marked)), "--format", "json"}).out);
}

// A queue that grows from the first second on, a fifth of the arrivals a second: a mean above 100 ms comes
// within seconds, and the run ends at the first instant of the grid 10 s, 12 s, 14 s, ... that sees it.
TEST_F(Program, AThresholdThatIsAskedOnTheWayEndsItsReplication) {
  const std::string s = file("s.yaml", R"(tailrace: 1
name: grows
run: {duration: 1h, replications: 4, seed: 1, time_resolution: 10s}
workloads: {load: {constant_arrival_rate: 120/s, calls: s.op}}
services: {s: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}}
thresholds:
  load.request_duration:
    - {threshold: "avg < 100ms", abort_on_fail: true, evaluate_every: 2s, delay_abort_eval: 10s}
)");
  const auto run = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"run", s};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_program(arguments);
  };
  const Finished f = run({"--out", path("out"), "-q"});
  EXPECT_EQ(f.exit_code, 99);
  EXPECT_TRUE(contains(f.err, "aborted: load.request_duration avg < 100ms failed 10 s into the run"))
      << f.err;
  const auto summary = json_file(path("out/summary.json"));
  EXPECT_EQ(summary["run"]["replications"], 1);
  EXPECT_NEAR(summary["run"]["measured_s"].get<double>(), 10, 0.1);
  EXPECT_EQ(summary["status"], "interrupted");
  EXPECT_TRUE(contains(read(path("out/report.html")), "aborted: load.request_duration"));
  EXPECT_TRUE(contains(read(path("out/junit.xml")), "<failure"));
  // The threads change nothing, and neither does the question where it is answered with no.
  EXPECT_EQ(run({"--format", "json", "-j", "1"}).out, run({"--format", "json", "-j", "3"}).out);
  const auto fingerprints = [&](const std::string& threshold) {
    const Finished whole = run({"--format", "json", "--set", "run.duration=60s", "--set",
                                "thresholds.load.request_duration=[" + threshold + "]"});
    EXPECT_EQ(whole.exit_code, 0) << whole.err;
    return nlohmann::json::parse(whole.out)["fingerprints"];
  };
  EXPECT_EQ(fingerprints("avg < 1h"),
            fingerprints("{threshold: avg < 1h, abort_on_fail: true, evaluate_every: 1s}"));
}

// The same customers, a server slower by 2 %: the mean response, 1 / (100/s - 80/s), becomes
// 1 / (98/s - 80/s), 10 % more.
TEST_F(Program, ABaselineFailsOnASignificantRegressionOnly) {
  const std::string s = file("s.yaml", gated("{}"));
  ASSERT_EQ(run_program({"run", s, "--out", path("base"), "-q"}).exit_code, 0);
  const std::string baseline = path("base/summary.json");

  const Finished same = run_program({"run", s, "--baseline", baseline});
  EXPECT_EQ(same.exit_code, 0) << same.err;
  EXPECT_TRUE(contains(same.out, "paired intervals over 12 replications")) << same.out;
  EXPECT_TRUE(contains(same.out, "no significant difference"));

  const Finished slower =
      run_program({"run", s, "--set", "services.s.endpoints.op[0].compute=exp(10.2ms)", "--baseline",
                   baseline, "--junit", path("j.xml"), "--out", path("new")});
  EXPECT_EQ(slower.exit_code, 99) << slower.out;
  EXPECT_TRUE(contains(slower.out, "REGRESSION  load.request_duration avg: ")) << slower.out;
  EXPECT_TRUE(contains(read(path("j.xml")), "classname=\"gate &lt;&amp;&gt;.baseline\""));

  EXPECT_TRUE(contains(read(path("new/report.md")), "REGRESSION  load.request_duration avg: "));
  EXPECT_FALSE(contains(read(path("new/report.md")), path("base")));  // a report goes to others

  const Finished faster = run_program(
      {"run", s, "--set", "services.s.endpoints.op[0].compute=exp(9.8ms)", "--baseline", baseline});
  EXPECT_EQ(faster.exit_code, 0) << faster.out;
  EXPECT_TRUE(contains(faster.out, "better  load.request_duration avg: ")) << faster.out;

  // Other customers: 2 % cannot be told, 40 % can.
  const Finished other = run_program({"run", s, "--seed", "7", "--baseline", baseline});
  EXPECT_EQ(other.exit_code, 0) << other.out;
  EXPECT_TRUE(contains(other.out, "unpaired (Welch)")) << other.out;
  const Finished much =
      run_program({"run", s, "--seed", "7", "--set", "services.s.endpoints.op[0].compute=exp(11.5ms)",
                   "--baseline", baseline, "-q"});
  EXPECT_EQ(much.exit_code, 99);
  EXPECT_TRUE(contains(much.err, "regression: load.request_duration avg: ")) << much.err;
}

TEST_F(Program, ABaselineThatIsNoneIsAnError) {
  const std::string s = file("s.yaml", gated("{}"));
  EXPECT_EQ(run_program({"run", s, "--baseline", path("missing.json")}).exit_code, 5);
  for (const char* text :
       {"", "[]", "{\"format\": 7}", "{\"format\": \"tailrace-summary\", \"complete\": true, \"figures\": 3}",
        "{\"format\": \"tailrace-summary\", \"complete\": true, \"figures\": [{\"name\": 3}]}"}) {
    const Finished f = run_program({"run", s, "--baseline", file("x.json", text)});
    EXPECT_EQ(f.exit_code, 5) << text;
    EXPECT_TRUE(contains(f.err, "the baseline ")) << f.err;
  }
}

// docs/ci.md: its YAML is YAML, and its commands do what the page says.
TEST_F(Program, TheRecipesOfTheDocsWork) {
  const std::string page = read(std::string(TAILRACE_SOURCE_DIR) + "/docs/ci.md");
  const std::regex block("```yaml\n([^`]*)```");
  int blocks = 0;
  const bool python = python_has("yaml");
  for (std::sregex_iterator it(page.begin(), page.end(), block), end; it != end; ++it) {
    const std::string text = file("recipe.yaml", (*it)[1].str());
    const std::string reader = "python3 -c \"import sys, yaml; yaml.safe_load(open(sys.argv[1]))\" ";
    if (python) {
      EXPECT_EQ(std::system((reader + text).c_str()), 0) << (*it)[1];
    }
    ++blocks;
  }
  EXPECT_GE(blocks, 3);
  // Every line that runs the program, in a folder that has what the page supposes.
  std::filesystem::create_directories(path("perf"));
  file("perf/checkout.yaml", gated(R"({load.request_duration: "avg < 200ms"})"));
  ASSERT_EQ(run_program({"run", path("perf/checkout.yaml"), "--out", path("perf/baseline"), "-q"}).exit_code,
            0);
  const std::regex command("\n *(?:- )?(?:run: )?(tailrace (?:run|check)[^\n]*)");
  std::vector<std::string> commands;
  for (std::sregex_iterator it(page.begin(), page.end(), command), end; it != end; ++it)
    commands.push_back((*it)[1]);
  ASSERT_GE(commands.size(), 4u);
  for (const std::string& line : commands) {
    const std::string shell = "cd " + folder_.string() + " && " + TAILRACE_BINARY +
                              line.substr(std::string("tailrace").size()) + " >log 2>&1";
    EXPECT_EQ(std::system(shell.c_str()), 0) << line << "\n" << read(path("log"));
  }
}

}  // namespace
}  // namespace tailrace::tests
