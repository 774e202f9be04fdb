// What the pages of docs/ show and test_pages.cpp does not run: every fragment of a scenario is legal beside
// what it leaves out (tests/cli/page_worlds/PAGE.yaml), and every command that is named anywhere has the
// options that it is given.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <utility>

#include "tests/cli/program.hpp"

namespace tailrace::tests {
namespace {

namespace fs = std::filesystem;

struct Block {
  std::string page, kind, text;  // kind: what stands behind the three quotes
  std::size_t line;
};

std::vector<std::string> pages() {
  std::vector<std::string> list = {TAILRACE_SOURCE_DIR "/README.md"};
  for (const auto& file : fs::directory_iterator(TAILRACE_SOURCE_DIR "/docs")) {
    if (file.path().extension() == ".md") list.push_back(file.path().string());
  }
  std::sort(list.begin(), list.end());
  return list;
}

std::string text_of(const std::string& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::vector<Block> blocks(const std::string& path) {
  std::vector<Block> all;
  std::istringstream in(text_of(path));
  std::size_t number = 0;
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (line.rfind("```", 0) == 0) {
      inside = !inside;
      if (inside) all.push_back({fs::path(path).stem().string(), line.substr(3), "", number});
    } else if (inside) {
      all.back().text += line + "\n";
    }
  }
  return all;
}

std::string indented(const std::string& text, std::size_t by) {
  std::istringstream in(text);
  std::string out;
  for (std::string line; std::getline(in, line);) out += std::string(by, ' ') + line + "\n";
  return out;
}

bool begins(const std::string& text, const std::string& with) {
  return text.rfind(with, 0) == 0;
}

// A whole scenario's fragment as it stands; steps and endpoints in a service of their own.
std::string placed(std::string text) {
  for (std::size_t at = 0; (at = text.find("{...}", at)) != std::string::npos;)
    text.replace(at, 5, "{x: [compute: 1ms]}");
  const std::string probe = "services:\n  probe:\n    mode: async\n    endpoints:\n";
  if (begins(text, "- ")) return probe + "      probe:\n" + indented(text, 8);
  if (begins(text, "place:")) return probe + indented(text, 6);
  return text;
}

class PageFragments : public Program {};

TEST_F(PageFragments, areLegalBesideWhatTheyLeaveOut) {
  // Run elsewhere: the whole scenarios that pages begin with (tests/house/test_library.cpp), examples of the
  // reference (tests/house/test_catalog.cpp).
  const std::set<std::string> begin_with_a_scenario = {"README", "messaging", "entry"};
  int checked = 0;
  for (const std::string& page : pages()) {
    bool first = true;
    for (const Block& block : blocks(page)) {
      if (block.kind != "yaml" || block.page == "reference") continue;
      if (std::exchange(first, false) && begin_with_a_scenario.count(block.page) == 1) continue;
      // Pipelines of others, whose commands are looked at below, and the outline of a scenario.
      if (block.text.find("  script:\n") != std::string::npos ||
          block.text.find("runs-on:") != std::string::npos || begins(block.text, "tailrace: 1  "))
        continue;
      const std::string where = "docs/" + block.page + ".md:" + std::to_string(block.line);
      const std::string world = TAILRACE_SOURCE_DIR "/tests/cli/page_worlds/" + block.page + ".yaml";
      ASSERT_TRUE(fs::exists(world)) << where << ": nothing says what this leaves out: " << world;
      file("world.yaml", text_of(world));
      const Finished done =
          run_program({"check", file("fragment.yaml", "include: world.yaml\n" + placed(block.text))});
      EXPECT_EQ(done.exit_code, 0) << where << "\n" << done.err;
      ++checked;
    }
  }
  EXPECT_GE(checked, 20);
}

// "tailrace plan shop.yaml --size a=1..3 \" and what goes on below it; quoted text is left out.
std::vector<std::string> commands(const std::string& text) {
  static const std::regex kJoined("\\\\\n\\s*"), kQuoted("'[^'\n]*'|\"[^\"\n]*\"");
  const std::string flat = std::regex_replace(std::regex_replace(text, kJoined, ""), kQuoted, "QUOTED");
  static const std::regex kCommand(R"((?:^|[\s`/])tailrace ([a-z]+)\b([^`\n]*))");
  std::vector<std::string> all;
  for (std::sregex_iterator m(flat.begin(), flat.end(), kCommand), end; m != end; ++m)
    all.push_back((*m)[1].str() + " " + (*m)[2].str());
  return all;
}

TEST_F(PageFragments, commandsHaveTheOptionsThatTheyAreGiven) {
  static const std::regex kOption(R"((?:^|\s)(--[a-z][a-z-]*))"), kSubcommand(R"(\n  ([a-z]+)  +\S)");
  const std::string overview = run_program({"--help"}).out;
  std::set<std::string> known;
  for (std::sregex_iterator m(overview.begin(), overview.end(), kSubcommand), end; m != end; ++m)
    known.insert((*m)[1].str());
  ASSERT_GE(known.size(), 10U) << overview;
  std::map<std::string, std::string> help;
  int checked = 0;
  for (const std::string& page : pages()) {
    for (const std::string& command : commands(text_of(page))) {
      const std::string name = command.substr(0, command.find(' '));
      if (known.count(name) == 0) continue;  // prose
      if (help.count(name) == 0) help[name] = run_program({name, "--help"}).out;
      if (name == "view" && help[name].empty()) continue;  // the viewer is not built
      for (std::sregex_iterator m(command.begin(), command.end(), kOption), end; m != end; ++m) {
        const std::string option = (*m)[1].str();
        ++checked;
        EXPECT_TRUE(std::regex_search(help[name], std::regex(option + "(?![a-z-])")))
            << page << ": tailrace " << name << " has no " << option;
      }
    }
  }
  EXPECT_GT(checked, 80);
}

}  // namespace
}  // namespace tailrace::tests
