// The commands on the pages of docs/, run as a reader would type them, one page after the other in a folder
// of its own.
//
//   ```yaml NAME        a file to be written; `NAME +` adds to it
//   ```console          lines that begin with "$ " are run by a shell, what follows is what they print (on
//                       both streams); "..." on a line by itself stands for any lines, inside a line for any
//                       text
#include <array>
#include <cstdio>
#include <fstream>
#include <optional>
#include <sstream>

#include "tests/cli/program.hpp"

namespace tailrace::tests {
namespace {

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// "..." in `wanted` matches any text.
bool line_matches(const std::string& wanted, const std::string& line) {
  const std::size_t gap = wanted.find("...");
  if (gap == std::string::npos) return wanted == line;
  if (line.compare(0, gap, wanted, 0, gap) != 0) return false;
  const std::string rest = wanted.substr(gap + 3);
  for (std::size_t from = gap; from <= line.size(); ++from) {
    if (line_matches(rest, line.substr(from))) return true;
  }
  return false;
}

// How many of `wanted` were found, in order; all of them when they match all of `lines`.
std::size_t matched(const std::vector<std::string>& wanted, std::size_t w,
                    const std::vector<std::string>& lines, std::size_t l) {
  if (w == wanted.size()) return l == lines.size() ? w : w - 1;
  if (wanted[w] == "...") {
    std::size_t best = w;
    for (std::size_t to = l; to <= lines.size() && best < wanted.size(); ++to)
      best = std::max(best, matched(wanted, w + 1, lines, to));
    return best;
  }
  return l < lines.size() && line_matches(wanted[w], lines[l]) ? matched(wanted, w + 1, lines, l + 1) : w;
}

std::string printed_by(const std::string& command, const std::string& folder) {
  const std::string program = TAILRACE_BINARY;
  const std::string whole = "cd '" + folder + "' && export LC_ALL=C.UTF-8 PATH='" +
                            program.substr(0, program.rfind('/')) + "':$PATH COLUMNS=100 && { " + command +
                            "; } 2>&1";
  std::FILE* pipe = popen(whole.c_str(), "r");
  std::string out;
  std::array<char, 4096> block;
  while (const std::size_t got = std::fread(block.data(), 1, block.size(), pipe))
    out.append(block.data(), got);
  pclose(pipe);
  return out;
}

TEST(PageMatching, gapsStandForLinesAndForText) {
  const std::vector<std::string> lines = {"a 1", "b 2", "c 3"};
  const auto fits = [&](const std::vector<std::string>& wanted) {
    return matched(wanted, 0, lines, 0) == wanted.size();
  };
  EXPECT_TRUE(fits({"a 1", "b 2", "c 3"}));
  EXPECT_TRUE(fits({"...", "c 3"}));
  EXPECT_TRUE(fits({"a ...", "...", "... 3", "..."}));
  EXPECT_FALSE(fits({"a 1", "b 2"}));
  EXPECT_FALSE(fits({"a 1", "c 3"}));
  EXPECT_FALSE(fits({"...", "c 4"}));
}

class PageCommands : public Program, public testing::WithParamInterface<const char*> {};

TEST_P(PageCommands, printWhatThePageSays) {
  const std::vector<std::string> page =
      lines_of(read(std::string(TAILRACE_SOURCE_DIR "/docs/") + GetParam()));
  int commands = 0;
  for (std::size_t i = 0; i < page.size(); ++i) {
    if (page[i].rfind("```", 0) != 0 || page[i] == "```") continue;
    const std::string kind = page[i];
    const std::size_t begin = ++i;
    while (i < page.size() && page[i] != "```") ++i;
    ASSERT_LT(i, page.size()) << "a block has no end: line " << begin;
    if (kind.rfind("```yaml ", 0) == 0) {
      const bool more = kind.size() > 2 && kind.substr(kind.size() - 2) == " +";
      const std::string name = kind.substr(8, kind.size() - 8 - (more ? 2 : 0));
      std::ofstream file(path(name), more ? std::ios::app : std::ios::trunc);
      for (std::size_t k = begin; k < i; ++k) file << page[k] << "\n";
    }
    if (kind != "```console") continue;
    for (std::size_t k = begin; k < i;) {
      ASSERT_EQ(page[k].rfind("$ ", 0), 0U) << "line " << k + 1;
      const std::string command = page[k++].substr(2);
      std::vector<std::string> wanted;
      while (k < i && page[k].rfind("$ ", 0) != 0) wanted.push_back(page[k++]);
      const std::string out = printed_by(command, folder_.string());
      const std::size_t good = matched(wanted, 0, lines_of(out), 0);
      EXPECT_EQ(good, wanted.size()) << GetParam() << ": " << command << "\nprinted\n"
                                     << out << "where the page goes on with\n"
                                     << (good < wanted.size() ? wanted[good] : "nothing");
      ++commands;
    }
  }
  EXPECT_GT(commands, 0);
}

INSTANTIATE_TEST_SUITE_P(Docs, PageCommands,
                         testing::Values("guide.md", "rare.md", "cookbook.md", "import.md", "cascades.md",
                                         "tail.md"),
                         [](const auto& page) {
                           return std::string(page.param).substr(0, std::string(page.param).find('.'));
                         });

}  // namespace
}  // namespace tailrace::tests
