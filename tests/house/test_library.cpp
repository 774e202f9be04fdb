// The scenarios that come with the project: each loads without a word, runs, keeps its books and meets its
// own thresholds, in a shorter run than it asks for. What their stories claim is checked by name below.
#include <gtest/gtest.h>

#include <map>

#include "analysis/report/run_report.hpp"
#include "analysis/report/thresholds.hpp"
#include "tests/house/files.hpp"
#include "tests/support/scenario.hpp"

namespace tailrace::house {
namespace {

using tests::Loaded;
using tests::Results;

// The scenarios that are warned of: what they are warned of is their story.
bool warned_by_intent(const Loaded& loaded) {
  const std::string& name = loaded.topology->name;
  return name == "retry-amplification" || name == "service-mesh" || name == "segmentation" || name == "vpcs";
}

Results finish(Loaded& loaded) {
  EXPECT_NE(loaded.topology, nullptr) << loaded.shown;
  if (!loaded.topology) return {};
  analysis::check_thresholds(*loaded.topology, loaded.diagnostics);
  EXPECT_EQ(loaded.diagnostics.all().empty(), !warned_by_intent(loaded)) << loaded.shown;
  return tests::run_model(models::compile(loaded.topology), 0);
}

Results run_file(const std::string& path, const std::vector<std::string>& overrides = {}) {
  Loaded loaded = tests::load_file(path, overrides);
  return finish(loaded);
}

void expect_passed(const Results& done) {
  EXPECT_EQ(done.report.status, models::RunStatus::completed) << done.report.message;
  EXPECT_TRUE(done.report.littles_law_holds);
  EXPECT_TRUE(done.report.conservation_holds);
  const auto results = analysis::evaluate_thresholds(*done.model, done.records, done.report);
  EXPECT_EQ(results.size(), done.model->topology->thresholds.size());
  for (const analysis::ThresholdResult& t : results) {
    EXPECT_EQ(t.verdict, analysis::ThresholdVerdict::pass)
        << t.metric << " " << t.expression << ": measured " << t.measured.estimate << " " << t.note;
  }
}

std::vector<std::string> library() {
  std::vector<std::string> paths;
  for (const SourceText& file : read_files("scenarios/library", {".yaml"})) paths.push_back(file.path);
  return paths;
}

class Library : public testing::TestWithParam<std::string> {};

TEST_P(Library, tells_its_story_first) {
  EXPECT_TRUE(starts_with(read_text(GetParam()), "# ")) << "a scenario opens with what it shows";
  const Loaded loaded = tests::load_file(GetParam());
  ASSERT_NE(loaded.topology, nullptr) << loaded.shown;
  EXPECT_FALSE(loaded.topology->name.empty());
  EXPECT_FALSE(loaded.topology->about.empty());
  EXPECT_FALSE(loaded.topology->thresholds.empty());
}

TEST_P(Library, meets_its_thresholds) {
  const Results done = run_file(GetParam(), {"run.replications=4"});
  ASSERT_NE(done.model, nullptr);
  expect_passed(done);
}

// A variant shows something else, so it says what; where it says nothing the scenario's own thresholds hold.
TEST_P(Library, meets_the_thresholds_of_its_variants) {
  for (const std::string& variant : tests::load_file(GetParam()).variants) {
    SCOPED_TRACE(variant);
    const Loaded loaded = tests::load_file(GetParam(), {"run.replications=4"}, variant);
    ASSERT_NE(loaded.topology, nullptr) << loaded.shown;
    expect_passed(tests::run_model(models::compile(loaded.topology), 0));
  }
}

std::string test_name(const testing::TestParamInfo<std::string>& scenario) {
  std::string name = scenario.param.substr(scenario.param.rfind('/') + 1);
  name = name.substr(0, name.find('.'));
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
}

INSTANTIATE_TEST_SUITE_P(Scenarios, Library, testing::ValuesIn(library()), test_name);

// The first YAML block of a page is a whole scenario, so that what a newcomer copies works.
class Pages : public testing::TestWithParam<const char*> {};

TEST_P(Pages, show_a_scenario_that_runs_and_meets_its_thresholds) {
  const std::string page = read_text(GetParam());
  const auto open = page.find("```yaml");
  ASSERT_NE(open, std::string::npos) << GetParam() << " has no scenario";
  const auto begin = page.find('\n', open) + 1;
  const auto end = page.find("```", begin);
  Loaded loaded = tests::load_text(page.substr(begin, end - begin), {"run.replications=3"});
  const Results done = finish(loaded);
  ASSERT_NE(done.model, nullptr);
  expect_passed(done);
}

INSTANTIATE_TEST_SUITE_P(
    Docs, Pages, testing::Values("README.md", "docs/guide.md", "docs/messaging.md", "docs/entry.md"),
    [](const auto& page) {
      return std::string(std::vector{"readme", "guide", "messaging", "entry"}[page.index]);
    });

constexpr const char* kBoutique = "scenarios/library/online-boutique.yaml";

std::map<std::string, double> throughputs(const Results& done) {
  std::map<std::string, double> by_station;
  for (const analysis::StationReport& s : done.report.stations) by_station[s.name] = s.throughput.estimate;
  return by_station;
}

// Per task of the load generator, from the tables of calls and weights (1, 2, 10, 2, 3, 1 of 19), with c
// = 1.636 lines in a cart that is viewed and 2.43 in one that is ordered:
//   currency        1x10 + 10x2 + 2x2 + 3x(2+c) + 1x(2 + 2.43+1 + 1)              =  51.3
//   productcatalog  1x1 + 10x(2+5) + 2x(2+5+1) + 3x(1+5+c) + 1x(2+5+1 + 2.43 + 1+5)  = 126.3
//   frontend        1 + 2 + 10 + 2x2 + 3 + 1x3                                     =  23
TEST(OnlineBoutique, calls_in_the_ratios_of_its_own_call_graph) {
  const Results done = run_file(kBoutique, {"run.replications=4"});
  ASSERT_NE(done.model, nullptr);
  auto per_second = throughputs(done);
  EXPECT_NEAR(per_second["currency"] / per_second["frontend"], 51.3 / 23, 0.05);
  EXPECT_NEAR(per_second["productcatalog"] / per_second["frontend"], 126.3 / 23, 0.08);
}

TEST(OnlineBoutique, all_its_services_and_redis_work) {
  const Results done = run_file(kBoutique, {"run.replications=1"});
  const std::vector<std::string> expected = {
      "ad",      "cart",           "checkout",       "currency", "email",   "frontend",
      "payment", "productcatalog", "recommendation", "redis",    "shipping"};
  std::vector<std::string> names;
  for (const analysis::StationReport& s : done.report.stations) {
    names.push_back(s.name);
    EXPECT_GT(s.served, 500u) << s.name;
  }
  EXPECT_EQ(names, expected);
}

// "Currency is the highest-QPS service": so it is for visitors of the home page. Currency leads from the
// weight w on at which 10 w + 41.3 > w + 125.3, that is w > 9.3.
TEST(OnlineBoutique, currency_is_called_most_when_the_home_page_is_what_people_see) {
  const Results done =
      run_file(kBoutique, {"run.replications=2", "workloads.shoppers.requests.index.weight=20"});
  auto per_second = throughputs(done);
  for (const auto& [name, rate] : per_second) {
    if (name != "currency") {
      EXPECT_GT(per_second["currency"], rate) << name;
    }
  }
}

TEST(OnlineBoutique, the_frontend_is_its_bottleneck) {
  const Results done = run_file(kBoutique, {"run.replications=2"});
  double frontend = 0;
  for (const analysis::StationReport& s : done.report.stations) {
    if (s.name == "frontend") frontend = s.cpu_utilization.estimate;
  }
  EXPECT_GT(frontend, 0.55);
  for (const analysis::StationReport& s : done.report.stations) {
    if (s.name != "frontend") {
      EXPECT_LT(s.cpu_utilization.estimate, frontend) << s.name;
    }
  }
}

// Failure per call: 1 - 0.97 x 0.98 = 4.94 %. Without retries that is the requests' rate; with two it is its
// cube.
TEST(RetriesAndTimeouts, two_retries_cube_the_failure_rate) {
  const std::string path = "scenarios/library/retries-and-timeouts.yaml";
  const Results with = run_file(path, {"run.replications=4"});
  const Results without =
      run_file(path, {"run.replications=4", "services.shop.endpoints.buy[1].retries.attempts=0"});
  const double p = 1 - 0.97 * 0.98;
  EXPECT_NEAR(without.report.workloads[0].failed.estimate, p, 0.003);
  EXPECT_NEAR(with.report.workloads[0].failed.estimate, p * p * p, 8e-5);
}

// Erlang: M/M/8 and M/M/16 at 80 % load, one after another.
TEST(ThreeTier, takes_what_erlang_says) {
  const Results done = run_file("scenarios/library/three-tier.yaml", {"run.replications=5"});
  EXPECT_NEAR(done.report.workloads[0].duration.mean.estimate, 4.76261e-3, 0.02 * 4.76261e-3);
}

}  // namespace
}  // namespace tailrace::house
