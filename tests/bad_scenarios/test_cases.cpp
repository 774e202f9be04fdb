// The bad scenarios of the .txt files beside this one, each with the exact words that it must get. A file
// holds cases:
//
//   === claim, which becomes the test's name
//   the scenario
//   --->
//   the diagnostics
//
// An error must keep the scenario from running; a case that is only warned of is a warning by intent.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <ostream>

#include "tests/bad_scenarios/diagnose.hpp"

namespace tailrace::tests {
namespace {

struct Case {
  std::string name, scenario, diagnostics;
};
void PrintTo(const Case& c, std::ostream* out) {
  *out << c.name;
}

std::vector<Case> read_cases() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(TAILRACE_SOURCE_DIR "/tests/bad_scenarios")) {
    if (entry.path().extension() == ".txt") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Case> cases;
  for (const std::filesystem::path& file : files) {
    std::ifstream in(file);
    std::string* part = nullptr;
    for (std::string line; std::getline(in, line);) {
      if (line.rfind("=== ", 0) == 0) {
        cases.push_back({file.stem().string() + "__" + line.substr(4), {}, {}});
        part = &cases.back().scenario;
      } else if (line == "--->" && part != nullptr) {
        part = &cases.back().diagnostics;
      } else if (part != nullptr) {
        *part += line + "\n";
      }
    }
  }
  return cases;
}

class BadScenario : public testing::TestWithParam<Case> {};

TEST_P(BadScenario, gets_its_words) {
  const Case& c = GetParam();
  ASSERT_FALSE(c.diagnostics.empty()) << "a case without expectation";
  EXPECT_EQ(diagnose(c.scenario), c.diagnostics) << "in:\n" << c.scenario;
}

INSTANTIATE_TEST_SUITE_P(, BadScenario, testing::ValuesIn(read_cases()),
                         [](const testing::TestParamInfo<Case>& one) { return one.param.name; });

// A folder that is not found must not pass.
TEST(BadScenarios, are_many) {
  EXPECT_GE(read_cases().size(), 500u);
}

}  // namespace
}  // namespace tailrace::tests
