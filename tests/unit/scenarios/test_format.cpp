// Reading YAML text: the tree with its places, and the exact words for everything that is refused. Each
// weakness of the parser underneath (duplicates kept, quotes that never close, cyclic aliases, ...) has its
// test here.
#include <gtest/gtest.h>

#include <ctime>

#include "scenarios/format/read.hpp"

namespace tailrace::scenarios {
namespace {

#ifdef __SANITIZE_ADDRESS__
constexpr bool kSlow = true;
#else
constexpr bool kSlow = false;
#endif

using models::Diagnostics;
using models::Node;

std::string faults(const std::string& text, ReadOptions options = {}) {
  Diagnostics d;
  const ReadResult r = read_scenario_text(text, "t.yaml", options, d);
  EXPECT_EQ(r.status == ReadStatus::ok, d.ok());
  return models::format_diagnostics(d, r.doc.files);
}

Node root_of(const std::string& text) {
  Diagnostics d;
  ReadResult r = read_scenario_text(text, "t.yaml", {}, d);
  EXPECT_TRUE(d.ok()) << models::format_diagnostics(d, r.doc.files);
  return std::move(r.doc.root);
}

std::string place(models::Mark m) {
  return std::to_string(m.line) + ":" + std::to_string(m.column);
}

std::string repeated(const std::string& text, int times) {
  std::string out;
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

TEST(ReadTree, KeepsOrderTextQuotesAndPlaces) {
  const Node root = root_of("b: 1\na:\n  - \"two\"\n  - {x: 'y', z: }\n");
  ASSERT_EQ(root.entries.size(), 2u);
  EXPECT_EQ(root.entries[0].key, "b");
  EXPECT_EQ(root.entries[0].value.text, "1");
  EXPECT_FALSE(root.entries[0].value.quoted);
  EXPECT_EQ(place(root.entries[0].value.mark), "1:4");
  const Node& list = *root.find("a");
  ASSERT_TRUE(list.is_list());
  EXPECT_TRUE(list.items[0].quoted);
  EXPECT_EQ(place(list.items[0].mark), "3:5");
  EXPECT_EQ(list.items[1].find("x")->text, "y");
  EXPECT_TRUE(list.items[1].find("z")->is_null());
  EXPECT_EQ(place(list.items[1].entries[1].key_mark), "4:14");
}

TEST(ReadTree, APlainScalarStaysText) {
  for (const char* text : {"no", "yes", "1e3", "0x10", "012", "1_000", "1:30", ".inf", "2026-01-01"}) {
    EXPECT_EQ(root_of(std::string("name: ") + text).find("name")->text, text);
  }
}

TEST(ReadTree, AKeyWithNothingBehindItIsNullAndStandsAtTheKey) {
  const Node root = root_of("workers:\nb: ~\n");
  EXPECT_TRUE(root.find("workers")->is_null());
  EXPECT_EQ(place(root.find("workers")->mark), "1:1");
  EXPECT_EQ(place(root.find("b")->mark), "2:4");
}

TEST(ReadTree, CommasInParenthesesBelongToTheTextInFlowStyleToo) {
  const Node root = root_of("a: [x: f(a=1, p=2), call: y, {z: f(1,2), w: g(h(3,4), 5)}, k(1, 2)]\n");
  const Node& a = *root.find("a");
  ASSERT_EQ(a.items.size(), 4u);
  EXPECT_EQ(a.items[0].find("x")->text, "f(a=1, p=2)");
  EXPECT_EQ(a.items[1].find("call")->text, "y");
  EXPECT_EQ(a.items[2].find("z")->text, "f(1, 2)");
  EXPECT_EQ(a.items[2].find("w")->text, "g(h(3, 4), 5)");
  EXPECT_EQ(a.items[3].text, "k(1, 2)");
  EXPECT_EQ(faults("a: [f(x, {b: 1}]"),
            "t.yaml:1:5: error: a[1]: the parenthesis is not closed before the next value, found \"f(x\"\n"
            "    1 | a: [f(x, {b: 1}]\n"
            "      |     ^\n"
            "      = hint: close it, or put the text in quotes\n");
}

TEST(ReadTree, AliasesAreCopiesThatStandWhereTheyWereDefined) {
  const Node root = root_of("a: &x {b: [1, 2]}\nc: *x\n");
  EXPECT_EQ(root.find("c")->find("b")->items[1].text, "2");
  EXPECT_EQ(place(root.find("c")->find("b")->items[1].mark), "1:15");
}

TEST(ReadTree, ByteOrderMarkAndEveryLineEndAreAccepted) {
  const Node root = root_of(
      "\xEF\xBB\xBF"
      "a: 1\r\nb: 2\rc: 3\n");
  ASSERT_EQ(root.entries.size(), 3u);
  EXPECT_EQ(place(root.find("a")->mark), "1:4");
  EXPECT_EQ(place(root.find("c")->mark), "3:4");
}

TEST(ReadTree, JsonIsYaml) {
  EXPECT_EQ(root_of("{\n\t\"a\": {\"b\": [1]}\n}").find("a")->find("b")->items[0].text, "1");
}

TEST(ReadFaults, DuplicateKeysShowBothPlaces) {
  EXPECT_EQ(faults("s:\n  a: 1\n  b: 2\n  a: 3\n"),
            "t.yaml:4:3: error: s: duplicate key a\n"
            "    4 |   a: 3\n"
            "      |   ^\n"
            "t.yaml:2:3: note: first given here\n"
            "    2 |   a: 1\n"
            "      |   ^\n");
}

TEST(ReadFaults, DuplicatesInALongMapAndSeveralOfThemAreAllReported) {
  std::string text;
  for (int i = 0; i < 12; ++i) text += "k" + std::to_string(i % 10) + ": 1\n";
  Diagnostics d;
  read_scenario_text(text, "t", {}, d);
  EXPECT_EQ(d.errors(), 2);  // k0 and k1
}

TEST(ReadFaults, AnAliasBombIsRefusedAtTheAliasBeforeItGrows) {
  std::string bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n";
  for (char c = 'b'; c <= 'i'; ++c) {
    bomb += std::string(1, c) + ": &" + c + " [" +
            repeated(std::string("*") + static_cast<char>(c - 1) + ",", 9) + "]\n";
  }
  const std::clock_t begin = std::clock();  // processor time: other work on the machine does not count
  // &a has 10 nodes, &f = 9 * (9 * ...) + ... = 664,300: the first *f fits beside what came before, the
  // second does not.
  EXPECT_EQ(faults(bomb),
            "t.yaml:7:8: error: g: alias expansion exceeds 1e6 nodes\n"
            "    7 | g: &g [*f,*f,*f,*f,*f,*f,*f,*f,*f,]\n"
            "      |        ^\n");
  EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, 0.1);
}

TEST(ReadFaults, AnAliasCannotReferToItself) {
  EXPECT_EQ(faults("&x [*x]"),
            "t.yaml:1:5: error: alias refers to itself\n"
            "    1 | &x [*x]\n"
            "      |     ^\n");
}

TEST(ReadFaults, NestingIsBoundedInEveryStyle) {
  const std::string words = "nesting deeper than 64\n";
  for (const char* open : {"[", "{a: ", "- ", "[{", "- [", "- - - ["}) {
    EXPECT_NE(faults(repeated(open, 5000)).find(words), std::string::npos) << open;
  }
  EXPECT_NE(faults(repeated("[", 1'000'000)).find("t.yaml:1:65: error: " + words), std::string::npos);
  // The root map is level 1, so 63 lists fit below it.
  EXPECT_EQ(faults("a: " + repeated("[", 63) + repeated("]", 63)), "");
  EXPECT_NE(faults("a: " + repeated("[", 64) + repeated("]", 64)).find(words), std::string::npos);
  // An alias brings its own depth along.
  EXPECT_NE(faults("a: &x " + repeated("[", 40) + repeated("]", 40) + "\nb: " + repeated("[", 40) + "*x" +
                   repeated("]", 40))
                .find(words),
            std::string::npos);
}

TEST(ReadFaults, TabsCannotIndent) {
  EXPECT_EQ(faults("a:\n\tb: 1\n"),
            "t.yaml:2:1: error: tabs cannot indent\n"
            "    2 | \\tb: 1\n"
            "      | ^\n"
            "      = hint: use spaces\n");
  for (const char* text :
       {"a: 1\n\tb: 2\n", "a:\n\t- b\n", "a:\n  - b\n\t- c\n", "a:\n  b:\n  \tc: 1\n", "\ta: 1\n"}) {
    EXPECT_NE(faults(text).find("tabs cannot indent"), std::string::npos) << text;
  }
}

TEST(ReadFaults, NothingToRead) {
  EXPECT_EQ(faults(""), "t.yaml:1:1: error: no scenario: the file is empty\n");
  for (const char* text : {"# only a comment\n", "---\n---\n", "\n\n", "~\n"}) {
    EXPECT_NE(faults(text).find("error: no scenario"), std::string::npos) << text;
  }
}

TEST(ReadFaults, OnlyOneDocument) {
  const std::string end =
      "t.yaml:2:1: error: a second document\n"
      "    2 | ---\n"
      "      | ^\n"
      "      = hint: a file holds one scenario; other files can be included\n";
  EXPECT_EQ(faults("a: 1\n---\nb: 2\n"), end);
  EXPECT_NE(faults("---\n---\na: 1\n").find("a second document"), std::string::npos);
  EXPECT_NE(faults("- a\nb: c\n").find("text after the end of the scenario"), std::string::npos);
}

TEST(ReadFaults, TheRootIsAMapping) {
  EXPECT_NE(faults("- a\n").find("t.yaml:1:1: error: expected a mapping, found a list\n"), std::string::npos);
  EXPECT_EQ(faults("a:1"),
            "t.yaml:1:1: error: expected a mapping, found \"a:1\"\n"
            "    1 | a:1\n"
            "      | ^\n"
            "      = hint: a space must follow the colon\n");
}

TEST(ReadFaults, AQuoteMustClose) {
  const std::string at = "t.yaml:1:4: error: a: the quote is not closed\n";
  EXPECT_EQ(faults("a: \"abc\nb: 3\n").substr(0, at.size()), at);   // the parser underneath accepts this
  EXPECT_EQ(faults("a: 'it''s\nb: 3\n").substr(0, at.size()), at);  // and this
  EXPECT_EQ(faults("a: \"abc\nb: 3").substr(0, at.size()), at);
  EXPECT_EQ(faults("a: \"abc\nb: \"x\"\n"),
            "t.yaml:2:5: error: expected a key or the end of the block, found x\n"
            "    2 | b: \"x\"\n"
            "      |     ^\n"
            "      = hint: the quote that opens in line 1 may lack its end\n");
}

TEST(ReadFaults, ABracketMustClose) {
  EXPECT_EQ(faults("a: [1, 2\n"),
            "t.yaml:1:4: error: a[1]: the bracket is not closed: expected ]\n"
            "    1 | a: [1, 2\n"
            "      |    ^\n");
  EXPECT_NE(faults("a: {b: 1}}").find("nothing is open that \"}\" could close"), std::string::npos);
  EXPECT_NE(faults("a: [1,,2]").find("t.yaml:1:7: error: a[0]: an item is missing before the comma"),
            std::string::npos);
}

TEST(ReadFaults, WhatYamlHasAndScenariosDoNot) {
  EXPECT_EQ(faults("a: &k {x: 1}\nb:\n  <<: *k\n"),
            "t.yaml:3:3: error: b: merge keys (<<) are not supported\n"
            "    3 |   <<: *k\n"
            "      |   ^\n"
            "      = hint: write the keys out, or give the whole map by an alias\n");
  EXPECT_EQ(faults("a: !!python/object:os.system x\n"),
            "t.yaml:1:4: error: a: tags are not supported, found \"!!python/object:os.system\"\n"
            "    1 | a: !!python/object:os.system x\n"
            "      |    ^\n"
            "      = hint: remove the tag\n");
  EXPECT_NE(faults("a: !!str\nb: ! x\n").find("t.yaml:2:4: error: b: tags are not supported"),
            std::string::npos);
  EXPECT_NE(faults("? [x]\n: y\n").find("a key must be plain text"), std::string::npos);
  EXPECT_NE(faults(": z\n").find("expected a key before the colon"), std::string::npos);
  EXPECT_NE(faults("a: &k x\n*k : 1\n").find("an alias cannot be a key"), std::string::npos);
}

TEST(ReadFaults, SyntaxErrorsSayWhatToDo) {
  EXPECT_NE(faults("a: @b").find("a value cannot begin with \"@\"\n"), std::string::npos);
  EXPECT_NE(faults("a: *nope").find("the alias has no anchor before it: \"*nope\"\n"), std::string::npos);
  EXPECT_NE(faults("a: \"\\q\"").find("unknown escape \\q\n"), std::string::npos);
  EXPECT_NE(faults("a: b: c").find("t.yaml:1:5: error: a colon cannot stand here\n"), std::string::npos);
  EXPECT_NE(
      faults("a:\n  - b\n - c").find("t.yaml:3:2: error: expected a key or the end of the block, found -\n"),
      std::string::npos);
}

TEST(ReadFaults, OnlyCleanUtf8) {
  EXPECT_EQ(faults("a: \xff\n"),
            "t.yaml:1:4: error: the byte \\xff is not UTF-8\n"
            "    1 | a: \\xff\n"
            "      |    ^\n"
            "      = hint: save the file as UTF-8\n");
  EXPECT_NE(faults(std::string("a: b\0c", 6)).find("a NUL byte"), std::string::npos);
  EXPECT_NE(faults("\xff\xfe"
                   "a")
                .find("UTF-16"),
            std::string::npos);
  EXPECT_NE(faults("a: \x1b[2J").find("the control character \\x1b cannot stand in a scenario"),
            std::string::npos);
  // Written as an escape it is the user's wish; it is escaped again wherever it is shown.
  EXPECT_EQ(root_of("a: \"\\e[31m\"").find("a")->text, "\x1b[31m");
}

TEST(ReadFaults, SizeIsBounded) {
  ReadOptions small;
  small.max_file_bytes = 10;
  EXPECT_EQ(faults("a: 12345678\n", small), "t.yaml: error: the file is larger than 10 bytes\n");
  ReadOptions few;
  few.max_nodes = 5;
  EXPECT_NE(faults("a: [1, 2, 3, 4]\n", few).find("the scenario has more than 5 values"), std::string::npos);
  EXPECT_NE(faults("a: " + std::string(2u << 20u, 'x'))
                .find("a line of 2097155 bytes; the longest allowed is 1048576"),
            std::string::npos);
}

TEST(ReadSpeed, TenThousandServicesReadInFiveSecondsOfAProcessor) {
  std::string text = "services:\n";
  for (int i = 0; i < 10'000; ++i) {
    text += "  service_" + std::to_string(i) +
            ":\n    replicas: 4\n    queue: {capacity: 256, discipline: fifo}\n" +
            "    endpoints:\n      place:\n        - compute: lognormal(mean=3ms, p99=12ms)\n" +
            "        - call: \"service_1.place\"\n          timeout: 500ms\n" +
            "          retries: {attempts: 2, backoff: {base_interval: 25ms, max_interval: 400ms}}\n";
  }
  const std::clock_t begin = std::clock();
  EXPECT_EQ(root_of(text).find("services")->entries.size(), 10'000u);
  EXPECT_LT(static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC, kSlow ? 50.0 : 5.0);
}

}  // namespace
}  // namespace tailrace::scenarios
