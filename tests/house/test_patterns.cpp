// scenarios/patterns.yaml, the library and the documentation keep step: nothing is shown without a scenario,
// no scenario is left out, every page exists, and what is inside the program is what is in the folder.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "scenarios/format/patterns.hpp"
#include "scenarios/library/library.hpp"
#include "tests/house/files.hpp"

namespace tailrace::house {
namespace {

namespace fs = std::filesystem;

TEST(Patterns, theProgramHoldsTheFilesOfTheLibrary) {
  std::vector<std::string> inside, in_folder;
  for (const scenarios::LibraryScenario& s : scenarios::library()) {
    inside.push_back("scenarios/library/" + std::string(s.name) + ".yaml");
    EXPECT_EQ(std::string(s.text), read_text(inside.back()));
    EXPECT_EQ(scenarios::find_in_library(s.name), &s);
  }
  for (const SourceText& file : read_files("scenarios/library", {".yaml"})) in_folder.push_back(file.path);
  // "saga" stands before "saga-timeout" in the library, and behind it among the files.
  std::sort(inside.begin(), inside.end());
  std::sort(in_folder.begin(), in_folder.end());
  EXPECT_EQ(inside, in_folder);
}

TEST(Patterns, everyPatternHasScenariosAndAPage) {
  std::set<std::string> names;
  for (const scenarios::Topic& topic : scenarios::read_patterns()) {
    EXPECT_FALSE(topic.patterns.empty()) << topic.name;
    for (const scenarios::Pattern& pattern : topic.patterns) {
      EXPECT_TRUE(names.insert(pattern.name).second) << pattern.name << " is there twice";
      EXPECT_FALSE(pattern.scenarios.empty()) << pattern.name;
      for (const std::string& scenario : pattern.scenarios)
        EXPECT_NE(scenarios::find_in_library(scenario), nullptr) << pattern.name << ": " << scenario;
      EXPECT_TRUE(fs::is_regular_file(fs::path(TAILRACE_SOURCE_DIR) / "docs" / pattern.page))
          << pattern.name << ": " << pattern.page;
    }
  }
}

TEST(Patterns, everyScenarioShowsSomething) {
  std::set<std::string> shown;
  for (const scenarios::Topic& topic : scenarios::read_patterns()) {
    for (const scenarios::Pattern& pattern : topic.patterns)
      shown.insert(pattern.scenarios.begin(), pattern.scenarios.end());
  }
  for (const scenarios::LibraryScenario& s : scenarios::library())
    EXPECT_TRUE(shown.count(std::string(s.name)) > 0) << s.name << " has no row in scenarios/patterns.yaml";
}

TEST(Patterns, aNameThatIsNearlyRightIsFound) {
  EXPECT_EQ(scenarios::nearest_in_library("retry-strom"), "retry-storm");
  EXPECT_EQ(scenarios::nearest_in_library("something else"), "");
  EXPECT_EQ(scenarios::find_in_library("retry"), nullptr);
}

}  // namespace
}  // namespace tailrace::house
