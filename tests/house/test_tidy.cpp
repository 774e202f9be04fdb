// What a reader may rely on in every file, so that nobody has to ask for it in a review.
#include <gtest/gtest.h>

#include <cctype>

#include "tests/house/files.hpp"

namespace tailrace::house {
namespace {

constexpr std::size_t kMaxLines = 600;
constexpr std::size_t kMaxColumns = 120;

std::vector<SourceText> sources() {
  std::vector<SourceText> all;
  for (const char* folder :
       {"sim", "models", "analysis", "scenarios", "viewer", "cli", "tests", "bench", "examples"}) {
    for (SourceText& file : read_files(folder, {".hpp", ".cpp"})) all.push_back(std::move(file));
  }
  return all;
}

// Also what people read and write beside the code. Inputs of tests may be as crooked as they like.
std::vector<SourceText> texts() {
  std::vector<SourceText> all = sources();
  const auto add = [&](const std::string& folder, const std::vector<std::string>& suffixes) {
    for (SourceText& file : read_files(folder, suffixes)) all.push_back(std::move(file));
  };
  for (const char* folder : {"docs", "examples"}) add(folder, {".md"});
  for (const char* folder : {"scenarios", "viewer"}) add(folder, {".yaml"});
  for (const char* folder : {"scripts", ".ci", "tests/compilers"}) add(folder, {""});
  for (const char* folder :
       {"sim", "models", "analysis", "scenarios", "viewer", "cli", "tests", "bench", "examples"})
    add(folder, {"CMakeLists.txt", ".cmake"});
  for (const char* path :
       {"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "CMakeLists.txt"})
    all.push_back(read_file(path));
  return all;
}

std::size_t columns(const std::string& line) {
  std::size_t n = 0;
  for (const char c : line)
    n += (static_cast<unsigned char>(c) & 0xc0u) != 0x80u;  // not a UTF-8 continuation
  return n;
}

bool has_word(const std::string& line, const std::string& word) {
  const auto part_of_word = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
  };
  for (auto at = line.find(word); at != std::string::npos; at = line.find(word, at + 1)) {
    const auto end = at + word.size();
    if ((at == 0 || !part_of_word(line[at - 1])) && (end == line.size() || !part_of_word(line[end])))
      return true;
  }
  return false;
}

std::string place(const SourceText& file, std::size_t i) {
  return file.path + ":" + std::to_string(i + 1);
}

TEST(Tidy, files_are_one_subject_long) {
  std::vector<std::string> faults;
  for (const SourceText& file : sources()) {
    if (file.lines.size() > kMaxLines)
      faults.push_back(file.path + ": " + std::to_string(file.lines.size()) + " lines");
  }
  EXPECT_TRUE(faults.empty()) << listed(faults);
}

TEST(Tidy, lines_fit_the_page) {
  std::vector<std::string> faults;
  for (const SourceText& file : sources()) {
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::size_t n = columns(file.lines[i]);
      if (n > kMaxColumns) faults.push_back(place(file, i) + ": " + std::to_string(n) + " columns");
    }
  }
  EXPECT_TRUE(faults.empty()) << listed(faults);
}

TEST(Tidy, no_tabs_and_no_trailing_blanks) {
  std::vector<std::string> faults;
  for (const SourceText& file : texts()) {
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      const std::string& line = file.lines[i];
      if (line.find('\t') != std::string::npos) faults.push_back(place(file, i) + ": a tab");
      if (!line.empty() && (line.back() == ' ' || line.back() == '\r'))
        faults.push_back(place(file, i) + ": a trailing blank");
    }
  }
  EXPECT_TRUE(faults.empty()) << listed(faults);
}

TEST(Tidy, headers_are_guarded_and_begin_with_their_idea) {
  std::vector<std::string> faults;
  for (const SourceText& file : sources()) {
    if (!ends_with(file.path, ".hpp")) continue;
    if (file.lines.empty() || file.lines[0] != "#pragma once")
      faults.push_back(file.path + ": line 1 is not #pragma once");
    if (file.lines.size() < 2 || !starts_with(file.lines[1], "// "))
      faults.push_back(file.path + ": line 2 says not what this is");
  }
  EXPECT_TRUE(faults.empty()) << listed(faults);
}

TEST(Tidy, nothing_is_left_for_later) {
  // Put together, so that this file does not find itself.
  const std::vector<std::string> words = {std::string("TO") + "DO", std::string("FIX") + "ME",
                                          std::string("XX") + "X"};
  std::vector<std::string> faults;
  for (const SourceText& file : texts()) {
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      for (const std::string& word : words) {
        if (has_word(file.lines[i], word)) faults.push_back(place(file, i) + ": " + word);
      }
    }
  }
  EXPECT_TRUE(faults.empty()) << listed(faults);
}

TEST(Tidy, no_file_knows_the_machine_it_was_written_on) {
  const std::vector<std::string> roots = {std::string("/wo") + "rk/", std::string("/ho") + "me/",
                                          std::string("/ro") + "ot/", std::string("/Us") + "ers/",
                                          std::string("/op") + "t/"};
  std::vector<std::string> faults;
  for (const SourceText& file : texts()) {
    for (std::size_t i = 0; i < file.lines.size(); ++i) {
      for (const std::string& root : roots) {
        const auto at = file.lines[i].find(root);
        // "a/home/b" is a path inside something else.
        if (at == std::string::npos ||
            (at > 0 && std::isalnum(static_cast<unsigned char>(file.lines[i][at - 1])) != 0))
          continue;
        faults.push_back(place(file, i) + ": " + root);
      }
    }
  }
  EXPECT_TRUE(faults.empty()) << listed(faults);
}

TEST(Tidy, the_eye_of_these_tests_is_open) {
  EXPECT_TRUE(has_word("// FIXED: fix later", "fix"));
  EXPECT_FALSE(has_word("// prefix_fix fixes", "fix"));
  EXPECT_EQ(columns("µs"), 2u);
  EXPECT_GT(sources().size(), 100u);
}

}  // namespace
}  // namespace tailrace::house
