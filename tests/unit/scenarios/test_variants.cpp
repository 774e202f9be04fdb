// Variants: maps from paths to values, applied like --set, with their places in every complaint.
#include <gtest/gtest.h>

#include "scenarios/format/read.hpp"
#include "scenarios/format/write.hpp"

namespace tailrace::scenarios {
namespace {

constexpr const char* kText = R"(a: {b: 1, list: [x, y]}
variants:
  more: {a.b: 2}
  other:
    a.list[1]: {z: 3}
    c.d: new
  none:
)";

struct Read {
  ReadResult result;
  std::string faults;
};
Read read(const std::string& text, const std::string& variant = "", std::vector<std::string> overrides = {}) {
  ReadOptions options;
  options.variant = variant;
  options.overrides = std::move(overrides);
  models::Diagnostics d;
  Read out;
  out.result = read_scenario_text(text, "t.yaml", options, d);
  out.faults = models::format_diagnostics(d, out.result.doc.files);
  return out;
}

TEST(Variants, AreTakenOutOfTheTreeAndNamedInOrder) {
  const Read r = read(kText);
  EXPECT_EQ(r.faults, "");
  EXPECT_EQ(r.result.doc.root.find("variants"), nullptr);
  EXPECT_EQ(r.result.variants, (std::vector<std::string>{"more", "other", "none"}));
  EXPECT_EQ(r.result.doc.root.find("a")->find("b")->text, "1");
}

TEST(Variants, ReplaceAndAddByPath) {
  const Read r = read(kText, "other");
  EXPECT_EQ(r.faults, "");
  const models::Node& root = r.result.doc.root;
  EXPECT_EQ(root.find("a")->find("list")->items[1].find("z")->text, "3");
  EXPECT_EQ(root.find("c")->find("d")->text, "new");
  EXPECT_EQ(root.find("a")->find("b")->text, "1");
}

TEST(Variants, GiveWayToSet) {
  EXPECT_EQ(read(kText, "more").result.doc.root.find("a")->find("b")->text, "2");
  EXPECT_EQ(read(kText, "more", {"a.b=7"}).result.doc.root.find("a")->find("b")->text, "7");
}

TEST(Variants, WithoutChangesAreTheScenario) {
  const Read none = read(kText, "none");
  EXPECT_EQ(none.faults, "");
  EXPECT_TRUE(same_tree(none.result.doc.root, read(kText).result.doc.root));
}

TEST(Variants, ThatDoNotExistGetTheNearestName) {
  const std::string faults = read(kText, "mroe").faults;
  EXPECT_NE(faults.find("there is no variant mroe"), std::string::npos) << faults;
  EXPECT_NE(faults.find("did you mean more?"), std::string::npos) << faults;
  EXPECT_NE(read("a: 1\n", "more").faults.find("the scenario has no variants"), std::string::npos);
}

TEST(Variants, ThatAreWrittenWrongAreShownInTheirPlace) {
  EXPECT_EQ(read("a: [1]\nvariants: {v: {\"a[3]\": 2}}\n", "v").faults,
            "t.yaml:2:17: error: a: index 3 is out of range: the list has 1 item\n"
            "    2 | variants: {v: {\"a[3]\": 2}}\n"
            "      |                 ^\n"
            "      = hint: the first item is [0]\n");
  EXPECT_NE(read("variants: [a]\n").faults.find("expected a map from names to overrides"), std::string::npos);
  EXPECT_NE(read("variants: {v: 3}\n").faults.find("expected overrides"), std::string::npos);
  EXPECT_NE(read("variants: {a b: {x: 3}}\n").faults.find("is no name of a variant"), std::string::npos);
  EXPECT_NE(read("variants: {base: {x: 3}}\n").faults.find("base is the scenario"), std::string::npos);
  EXPECT_NE(read("variants: {v: {a..b: 3}}\n", "v").faults.find("a key is missing"), std::string::npos);
  EXPECT_NE(read("variants: {v: {include: x}}\n", "v").faults.find("include cannot be set"),
            std::string::npos);
  EXPECT_NE(read("a: 1\n", "", {"variants.v=1"}).faults.find("variants cannot be set"), std::string::npos);
}

}  // namespace
}  // namespace tailrace::scenarios
