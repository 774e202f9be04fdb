// docs/validation.md shows what the tests hold: every figure of every case with the value that the test
// expects, every test that records a figure, and nothing else. What was measured is renewed by
// scripts/validation.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

#include "tests/statistical/cases.hpp"

namespace tailrace::tests {
namespace {

constexpr const char* kMend = "; mend it with scripts/validation";

std::vector<std::string> lines_of(const std::filesystem::path& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in) << path;
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}
std::vector<std::string> page() {
  return lines_of(TAILRACE_SOURCE_DIR "/docs/validation.md");
}

std::string expected(const Expectation& e) {
  const char* sign = e.kind == Tolerance::at_most ? "≤ " : e.kind == Tolerance::at_least ? "≥ " : "";
  return fmt::format("{}{:.4g}{}", sign, e.expected, e.truth == Truth::exact ? "" : " ≈");
}

TEST(ValidationPage, HasEveryFigureOfEveryCase) {
  std::multiset<std::string> rows;  // "| mm1-rho80 | wait_mean | 0.04 "
  for (const std::string& line : page()) {
    std::size_t bar = 0;
    for (int i = 0; i < 3 && bar != std::string::npos; ++i) bar = line.find('|', bar + 1);
    if (bar != std::string::npos) rows.insert(line.substr(0, bar));
  }
  std::size_t figures = 0;
  for (const Case& c : all_cases()) {
    for (const Expectation& e : c.expectations) {
      const std::string row = fmt::format("| {} | {} | {} ", c.id, e.name, expected(e));
      const auto at = rows.find(row);
      EXPECT_NE(at, rows.end()) << row << kMend;
      if (at != rows.end()) rows.erase(at);
      ++figures;
    }
  }
  EXPECT_GT(figures, 400U);
  // What is left are heads of tables, families and figures of scenarios; no case that is gone.
  static const std::regex kCase(R"(\| (?!(?:case|family|figure) )[a-z][\w.-]* \| \w+ \| .*)");
  for (const std::string& row : rows) EXPECT_FALSE(std::regex_match(row, kCase)) << row << kMend;
}

TEST(ValidationPage, HasEveryTestThatRecordsAFigure) {
  std::set<std::string> shown, there;
  for (const std::string& line : page()) {
    if (line.rfind("### ", 0) == 0) shown.insert(line.substr(4));
  }
  static const std::regex kTest(R"(^TEST(?:_F)?\((\w+), (\w+)\))");
  for (const auto& file : std::filesystem::directory_iterator(TAILRACE_SOURCE_DIR "/tests/statistical")) {
    if (file.path().extension() != ".cpp" || file.path().filename() == "test_validation_page.cpp") continue;
    std::string test;
    for (const std::string& line : lines_of(file.path())) {
      std::smatch m;
      if (std::regex_search(line, m, kTest)) test = m[1].str() + "." + m[2].str();
      if (line.find("EXPECT_FIGURE(") != std::string::npos) there.insert(test);
    }
  }
  EXPECT_GT(there.size(), 25U);
  for (const std::string& test : there) EXPECT_EQ(shown.count(test), 1U) << test << kMend;
  for (const std::string& test : shown) EXPECT_EQ(there.count(test), 1U) << test << kMend;
}

}  // namespace
}  // namespace tailrace::tests
