// What is written is read back as the same tree: scenarios of the library, and texts that YAML would take for
// something else.
#include <gtest/gtest.h>

#include <filesystem>

#include "scenarios/format/read.hpp"
#include "scenarios/format/write.hpp"

namespace tailrace::scenarios {
namespace {

namespace fs = std::filesystem;
using models::Node;

Node read(const std::string& text) {
  models::Diagnostics diagnostics;
  ReadResult result = read_scenario_text(text, "t.yaml", {}, diagnostics);
  EXPECT_TRUE(diagnostics.ok()) << models::format_diagnostics(diagnostics, result.doc.files) << "\nin:\n"
                                << text;
  return std::move(result.doc.root);
}

void expect_same_again(const Node& tree) {
  const std::string text = write_scenario(tree);
  EXPECT_TRUE(same_tree(read(text), tree)) << text;
}

TEST(Write, every_scenario_of_the_library_reads_the_same_when_written) {
  int scenarios = 0;
  for (const auto& entry : fs::directory_iterator(std::string(TAILRACE_SOURCE_DIR) + "/scenarios/library")) {
    if (entry.path().extension() != ".yaml") continue;
    models::Diagnostics diagnostics;
    const ReadResult result = read_scenario(entry.path().string(), {}, diagnostics);
    ASSERT_TRUE(diagnostics.ok()) << entry.path();
    SCOPED_TRACE(entry.path().string());
    expect_same_again(result.doc.root);
    ++scenarios;
  }
  EXPECT_GT(scenarios, 40);
}

TEST(Write, texts_that_look_like_something_else_stay_texts) {
  for (const char* text : {"a: \"true\"",
                           "a: \"12\"",
                           "a: ''",
                           "a: ' x '",
                           "a: \"x: y\"",
                           "a: \"x #y\"",
                           "a: x#y",
                           "a: \"- x\"",
                           "a: -x",
                           "a: \"[x\"",
                           "a: \"{x}\"",
                           "a: \"@x\"",
                           "a: \"%x\"",
                           "a: \"x:\"",
                           "a: x:y",
                           "a: '~'",
                           "a: 'null'",
                           "a:",
                           "a: \"two\\nlines\"",
                           "a: \"tab\\there\"",
                           "a: \"quote \\\" and \\\\\"",
                           "a: \"\\e[31m\"",
                           "a: \"\\x85 \\x9b31m\"",
                           "\"<<\": 1",
                           "a: |\n  block\n  text\n",
                           "a: [lognormal(mean=3ms, p99=12ms), x]",
                           "a: lognormal(mean=3ms, p99=12ms)",
                           "a: \"(x, y\"",
                           "a: [\"x, y\", z]",
                           "a: []",
                           "a: {}",
                           "a: [[], {}, [[1]]]",
                           "\"a b\": 1",
                           "\"a: b\": 1",
                           "\"#a\": 1",
                           "\"\": 1",
                           "a.b: {c.d: [1]}",
                           "a: zürich",
                           "a: [ü, \"→\"]",
                           "a: [{b: c}, {d: }]",
                           "a: [\"x]\", \"y}\"]",
                           "\"=x|,y\": 1",
                           "a: '---'",
                           "a: '...'",
                           "a: [x:y, \"x: y\"]",
                           "a: {\"x,y\": 1, x: \"a,b\"}",
                           "a: [? x, \"?\"]"}) {
    SCOPED_TRACE(text);
    expect_same_again(read(text));
  }
}

TEST(Write, a_value_is_one_line_that_an_override_takes) {
  for (const char* text : {"a: \"two\\nlines\"", "a: \"12\"", "a: lognormal(mean=3ms, p99=12ms)",
                           "a: [f(1, 2), {b: c}, \"x, y\"]", "a: {b: {c: [1, {d: ''}]}}", "a: \"x #y\""}) {
    const Node tree = read(text);
    const std::string line = write_value(*tree.find("a"));
    EXPECT_EQ(line.find('\n'), std::string::npos) << line;
    ReadOptions options;
    options.overrides = {"a=" + line};
    models::Diagnostics diagnostics;
    const ReadResult again = read_scenario_text("a: 1", "t.yaml", options, diagnostics);
    EXPECT_TRUE(diagnostics.ok()) << models::format_diagnostics(diagnostics, again.doc.files);
    EXPECT_TRUE(same_tree(again.doc.root, tree)) << line;
  }
  EXPECT_EQ(write_value(*read("a: {b: }").find("a")), "");
  EXPECT_EQ(write_value(*read("a: what?").find("a")), "");
}

// The reader joins again what it has taken apart at a comma in an open parenthesis, with one blank behind it.
TEST(Write, commas_inside_parentheses_come_back_as_they_were) {
  for (const char* text : {"f(a,b)", "f(a, b)", "f(a,  b)", "f(a ,b)", "f(a,, b)", "f(, a)", "f(a, )",
                           "f(a,)", "f(a, - b)", "f(a, null, b)", "f(a, b:, c)", "f((a, b), c,d)"}) {
    Node list;
    list.kind = Node::Kind::list;
    Node item;
    item.kind = Node::Kind::scalar;
    item.text = text;
    list.items = {item, item};
    Node root;
    root.kind = Node::Kind::map;
    root.entries.push_back({"list", {}, list});
    SCOPED_TRACE(text);
    expect_same_again(root);
  }
}

void expect_any_text_again(const std::string& signs) {
  std::uint64_t state = 1;
  for (int round = 0; round < 3000; ++round) {
    Node root;
    root.kind = Node::Kind::map;
    Node list;
    list.kind = Node::Kind::list;
    for (int k = 0; k < 3; ++k) {
      Node item;
      item.kind = Node::Kind::scalar;
      const std::size_t length = 1 + (state >> 60);
      for (std::size_t i = 0; i < length; ++i) {
        state = state * 6364136223846793005ULL + 1442695040888963407ULL;
        item.text += signs[(state >> 33) % signs.size()];
      }
      list.items.push_back(item);
      root.entries.push_back({"k" + std::to_string(k), {}, item});
    }
    root.entries.push_back({"list", {}, list});
    const Node again = read(write_scenario(root));
    ASSERT_EQ(again.entries.size(), root.entries.size());
    for (std::size_t k = 0; k < 3; ++k) {
      ASSERT_EQ(again.entries[k].value.text, root.entries[k].value.text) << write_scenario(root);
      ASSERT_EQ(again.entries[3].value.items[k].text, list.items[k].text) << write_scenario(root);
    }
  }
}

TEST(Write, whatever_characters_stand_in_a_text_it_comes_back) {
  expect_any_text_again("a :#-?[]{},&*!|>'\"%@`()=.~\\\n\t1");
  expect_any_text_again("ab(), -");  // what may stand in a line without quotes
}

TEST(Write, a_wide_tree_is_broken_into_lines_that_people_can_read) {
  std::string text = "services: {";
  for (int i = 0; i < 20; ++i)
    text +=
        (i > 0 ? ", s" : "s") + std::to_string(i) + ": {workers: 4, endpoints: {get: [compute: exp(3ms)]}}";
  const std::string written = write_scenario(read(text + "}"));
  std::size_t longest = 0, start = 0;
  for (std::size_t end = written.find('\n'); end != std::string::npos; end = written.find('\n', start)) {
    longest = std::max(longest, end - start);
    start = end + 1;
  }
  EXPECT_LT(longest, 120U);
  EXPECT_NE(written.find("\n  s7: {workers: 4,"), std::string::npos) << written;
}

}  // namespace
}  // namespace tailrace::scenarios
