// Results that `run --out` stored, read back by `compare` and `report`.
#include "tests/cli/program.hpp"

namespace tailrace::tests {
namespace {

class Stored : public Program {
 protected:
  // A queue at the given service time, run into a folder of that name.
  std::string stored(const std::string& name, const std::string& mean, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments = {"run",   file("q.yaml", kQueue),
                                          "--set", "services.s.endpoints.op[0].compute=exp(" + mean + ")",
                                          "--out", path(name),
                                          "-q"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    EXPECT_EQ(run_program(arguments).exit_code, 0);
    return path(name);
  }
};

const nlohmann::json& row(const nlohmann::json& result, const std::string& metric,
                          const std::string& aggregation) {
  for (const auto& r : result["comparisons"]) {
    if (r["metric"] == metric && r["aggregation"] == aggregation) return r;
  }
  throw std::runtime_error("no row " + metric);
}

// The stored figures are those of the replications, so the mean difference is that of comparing the two
// scenarios, pair by pair on the same customers.
TEST_F(Stored, RunsCompareAsTheirScenariosDo) {
  const std::string slow = stored("slow", "9ms"), fast = stored("fast", "8ms");
  const Finished f = run_program({"compare", slow, fast, "--format", "json"});
  ASSERT_EQ(f.exit_code, 0) << f.err;
  const auto both = nlohmann::json::parse(f.out);
  EXPECT_TRUE(both["run"]["common_random_numbers"].get<bool>());
  const std::string variants =
      std::string(kQueue) + "variants: {fast: {\"services.s.endpoints.op[0].compute\": exp(8ms)}}\n";
  const auto again =
      nlohmann::json::parse(run_program({"compare", file("v.yaml", variants), "--set",
                                         "services.s.endpoints.op[0].compute=exp(9ms)", "--format", "json"})
                                .out);
  const auto& a = row(both, "load.requests", "rate");
  const auto& b = row(again, "load.requests", "rate");
  EXPECT_NEAR(a["difference"]["estimate"].get<double>(), b["difference"]["estimate"].get<double>(), 1e-9);
  EXPECT_NEAR(a["baseline_value"].get<double>(), b["baseline_value"].get<double>(), 1e-9);
  EXPECT_LT(row(both, "load.request_duration", "avg")["difference"]["high"].get<double>(), 0);
}

TEST_F(Stored, RunsOfOtherSeedsAreToldFromCommonRandomNumbers) {
  const Finished f = run_program({"compare", stored("a", "8ms"), stored("b", "8ms", {"--seed", "77"})});
  ASSERT_EQ(f.exit_code, 0) << f.err;
  EXPECT_TRUE(contains(f.out, "independent random numbers")) << f.out;
  EXPECT_TRUE(contains(f.out, "note: seed or length differ")) << f.out;
}

TEST_F(Stored, RunsAreComparedAsTheyAre) {
  const std::string a = stored("a", "8ms");
  Finished f = run_program({"compare", a, a, "--until", "1%"});
  EXPECT_EQ(f.exit_code, 2);
  EXPECT_TRUE(contains(f.err, "--until is for scenarios")) << f.err;
  f = run_program({"compare", a, file("q.yaml", kQueue)});
  EXPECT_EQ(f.exit_code, 2);
  EXPECT_TRUE(contains(f.err, "compare either stored runs or scenarios")) << f.err;
  f = run_program({"compare", a});
  EXPECT_EQ(f.exit_code, 2);
  f = run_program({"compare", a, a, "--primary", "load.request_duration p(98)"});
  EXPECT_EQ(f.exit_code, 2);
  EXPECT_TRUE(contains(f.err, "did you mean")) << f.err;
}

TEST_F(Stored, ReportsStandBesideEachOtherInAllForms) {
  const std::string slow = stored("slow", "9ms"), fast = stored("fast", "8ms");
  const auto summary = json_file(slow + "/summary.json");
  const Finished text = run_program({"report", slow, fast});
  ASSERT_EQ(text.exit_code, 0) << text.err;
  EXPECT_TRUE(contains(text.out, summary["fingerprints"]["result"].get<std::string>())) << text.out;
  EXPECT_TRUE(contains(text.out, "goodput")) << text.out;
  const Finished markdown = run_program({"report", slow, fast, "--format", "markdown"});
  EXPECT_TRUE(contains(markdown.out, "| result | workload | goodput | failed | mean | p50 | p99 | p99.9 |"))
      << markdown.out;
  ASSERT_EQ(run_program({"report", slow, fast, "--format", "html", "--out", path("both.html")}).exit_code, 0);
  const std::string page = read(path("both.html"));
  EXPECT_TRUE(contains(page, "<title>2 results</title>"));
  EXPECT_TRUE(contains(page, "</html>"));
}

// What a scenario's author wrote opens no tag and drives no terminal.
TEST_F(Stored, NamesInReportsAreEscaped) {
  std::string text = kQueue;
  text.replace(text.find("one queue"), 9, "\"<script>\\e[31m\"");
  ASSERT_EQ(run_program({"run", file("x.yaml", text), "--out", path("x"), "-q"}).exit_code, 0);
  const std::string page = run_program({"report", path("x"), "--format", "html"}).out;
  EXPECT_TRUE(contains(page, "&lt;script&gt;")) << page;
  EXPECT_FALSE(contains(page, "<script>"));
  const std::string text_form = run_program({"report", path("x")}).out;
  EXPECT_TRUE(contains(text_form, "<script>")) << text_form;
  EXPECT_FALSE(contains(text_form, "\x1b"));
}

TEST_F(Stored, ResultsThatAreNoneAreRefusedWithTheReason) {
  std::filesystem::create_directory(path("empty"));
  for (const char* command : {"report", "compare"}) {
    const auto said = [&](const std::string& what) { return run_program({command, what, what}); };
    Finished f = said(path("empty"));
    EXPECT_EQ(f.exit_code, 5);
    EXPECT_TRUE(contains(f.err, "there is no summary.json in it")) << f.err;
    f = said(file("cut.json", "{\"format\": \"tailrace-summary\""));
    EXPECT_EQ(f.exit_code, 5);
    EXPECT_TRUE(contains(f.err, "it is no JSON")) << f.err;
    f = said(file("list.json", "[1, 2]"));
    EXPECT_TRUE(contains(f.err, "it is no summary.json of this program")) << f.err;
    f = said(file("other.json", "{\"format\": \"tailrace-summary\", \"version\": 99}"));
    EXPECT_TRUE(contains(f.err, "another version")) << f.err;
    f = said(file("bare.json", "{\"format\": \"tailrace-summary\", \"version\": 1, \"complete\": true}"));
    EXPECT_EQ(f.exit_code, 5) << f.out;
  }
}

}  // namespace
}  // namespace tailrace::tests
