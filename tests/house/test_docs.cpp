// The pages hold together: links lead somewhere, every page is found from the README, the paths that
// ARCHITECTURE.md names exist, and every part of the catalog has its line in docs/models.md.
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <map>
#include <regex>
#include <set>

#include "models/catalog.hpp"
#include "tests/house/files.hpp"

namespace tailrace::house {
namespace {

namespace fs = std::filesystem;

std::vector<SourceText> pages() {
  std::vector<SourceText> all = read_files("docs", {".md"});
  for (SourceText& file : read_files("examples", {".md"})) all.push_back(std::move(file));
  for (const char* path : {"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"}) all.push_back(read_file(path));
  return all;
}

// The anchor that GitHub gives a heading: letters in lower case, digits, hyphens for blanks; other signs are
// dropped.
std::string anchor(const std::string& heading) {
  std::string out;
  for (const char c : heading) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '_' || byte >= 0x80)
      out += static_cast<char>(std::tolower(byte));
    else if (c == ' ')
      out += '-';
  }
  return out;
}

std::set<std::string> anchors(const std::vector<std::string>& lines) {
  std::set<std::string> all;
  bool code = false;
  for (const std::string& line : lines) {
    if (line.rfind("```", 0) == 0) code = !code;
    const auto marks = line.find_first_not_of('#');
    if (!code && marks != std::string::npos && marks > 0 && line[marks] == ' ')
      all.insert(anchor(line.substr(marks + 1)));
  }
  return all;
}

struct Link {
  std::string page, target;  // as written
  std::size_t line;
};

std::vector<Link> links(const SourceText& page) {
  static const std::regex kLink(R"(\]\(([^)\s]+)\))");
  std::vector<Link> all;
  bool code = false;
  for (std::size_t i = 0; i < page.lines.size(); ++i) {
    if (page.lines[i].rfind("```", 0) == 0) code = !code;
    if (code) continue;
    for (std::sregex_iterator m(page.lines[i].begin(), page.lines[i].end(), kLink), end; m != end; ++m)
      all.push_back({page.path, (*m)[1].str(), i + 1});
  }
  return all;
}

// Where a link leads, from the root; of another page's anchor the page.
std::string leads_to(const Link& link) {
  const std::string file = link.target.substr(0, link.target.find('#'));
  return file.empty() ? link.page : (fs::path(link.page).parent_path() / file).lexically_normal().string();
}

TEST(Docs, EveryLinkLeadsSomewhere) {
  std::map<std::string, std::set<std::string>> headings;
  for (const SourceText& page : pages()) headings[page.path] = anchors(page.lines);
  std::vector<std::string> faults;
  int checked = 0;
  for (const SourceText& page : pages()) {
    for (const Link& link : links(page)) {
      if (link.target.find("://") != std::string::npos) continue;
      ++checked;
      const std::string to = leads_to(link);
      const std::string from = link.page + ":" + std::to_string(link.line) + ": " + link.target;
      if (!fs::exists(fs::path(TAILRACE_SOURCE_DIR) / to)) {
        faults.push_back(from + ": no such file");
        continue;
      }
      const auto hash = link.target.find('#');
      if (hash == std::string::npos || headings.count(to) == 0) continue;
      if (headings[to].count(link.target.substr(hash + 1)) == 0) faults.push_back(from + ": no such heading");
    }
  }
  EXPECT_TRUE(faults.empty()) << listed(faults);
  EXPECT_GT(checked, 100);
}

TEST(Docs, EveryPageIsFoundFromTheReadme) {
  std::map<std::string, std::vector<std::string>> to;
  for (const SourceText& page : pages()) {
    for (const Link& link : links(page)) to[page.path].push_back(leads_to(link));
  }
  std::set<std::string> found = {"README.md"};
  std::vector<std::string> open = {"README.md"};
  while (!open.empty()) {
    const std::string page = open.back();
    open.pop_back();
    for (const std::string& next : to[page]) {
      if (found.insert(next).second) open.push_back(next);
    }
  }
  std::vector<std::string> faults;
  for (const SourceText& page : pages()) {
    if (found.count(page.path) == 0) faults.push_back(page.path);
  }
  EXPECT_TRUE(faults.empty()) << listed(faults);
}

TEST(Docs, WhatArchitectureNamesIsThere) {
  static const std::regex kPath(
      R"(`((?:sim|models|analysis|scenarios|viewer|cli|tests|bench|examples|docs)/[\w/.*-]+)`)");
  std::vector<std::string> faults;
  const std::string text = read_text("ARCHITECTURE.md");
  int checked = 0;
  for (std::sregex_iterator m(text.begin(), text.end(), kPath), end; m != end; ++m) {
    const std::string path = (*m)[1].str();
    if (path.find('*') != std::string::npos) continue;
    ++checked;
    const fs::path there = fs::path(TAILRACE_SOURCE_DIR) / path;
    if (!fs::exists(there) && !fs::exists(there.string() + ".hpp")) faults.push_back(path);
  }
  EXPECT_TRUE(faults.empty()) << listed(faults);
  EXPECT_GT(checked, 20);
}

// The table that follows a heading has a row for each name, and no row that names nothing.
void expect_table(const std::string& heading, std::set<std::string> names) {
  const std::string page = read_text("docs/models.md");
  const auto begin = page.find("\n## " + heading + "\n");
  ASSERT_NE(begin, std::string::npos) << heading;
  const std::string part = page.substr(begin + 1, page.find("\n## ", begin + 1) - begin - 1);
  static const std::regex kRow(
      R"(\n\| \[`(\w+)`\]\(models/\w+\.md#\w+\) \| [^|\n]*\[[^|\n]*\| [^|\n]+\| [^|\n]+\|)");
  std::vector<std::string> unknown;
  for (std::sregex_iterator m(part.begin(), part.end(), kRow), end; m != end; ++m) {
    if (names.erase((*m)[1].str()) == 0) unknown.push_back((*m)[1].str());
  }
  EXPECT_TRUE(names.empty())
      << heading << " without a row in docs/models.md (model page, chapter, left out, defaults):\n"
      << listed({names.begin(), names.end()});
  EXPECT_TRUE(unknown.empty()) << heading << " that are not in the catalog:\n" << listed(unknown);
}

template <class Items>
std::set<std::string> names_of(const Items& items) {
  std::set<std::string> names;
  for (const auto& item : items) names.insert(std::string(item.name));
  return names;
}

TEST(Docs, EveryPartOfTheModelHasALineThatSaysWhereItIsDescribed) {
  expect_table("Kinds", names_of(models::kinds()));
  expect_table("Steps", names_of(models::step_kinds()));
  expect_table("Policies", names_of(models::policies()));
  expect_table("Faults", names_of(models::fault_types()));
}

}  // namespace
}  // namespace tailrace::house
