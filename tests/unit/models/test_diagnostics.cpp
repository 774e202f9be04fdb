// How faults look on a terminal: place, path, message, quoted line with a caret, hint; and that no text
// drives it.
#include "models/field/diagnostics.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace tailrace::models {
namespace {

const std::vector<SourceFile> kFiles = {
    {"shop.yaml", "/", {"services:", "  cart: {workers: many}", "\tx: \xc3\xa9\x1b[31m red"}},
    {"--set", "/", {"services.cart.workers=2.5"}}};

TEST(FormatDiagnostics, QuotesTheLineWithACaretAndAHint) {
  Diagnostics d;
  d.error({0, 2, 19}, "services.cart.workers", "expected a whole number, found many", "write a number");
  d.note({0, 1, 1}, "in this block");
  EXPECT_EQ(format_diagnostics(d, kFiles),
            "shop.yaml:2:19: error: services.cart.workers: expected a whole number, found many\n"
            "    2 |   cart: {workers: many}\n"
            "      |                   ^\n"
            "      = hint: write a number\n"
            "shop.yaml:1:1: note: in this block\n"
            "    1 | services:\n"
            "      | ^\n");
}

TEST(FormatDiagnostics, AnOverrideIsQuotedLikeAFile) {
  Diagnostics d;
  d.error({1, 1, 23}, "services.cart.workers", "expected a whole number, found 2.5");
  EXPECT_EQ(format_diagnostics(d, kFiles),
            "--set:1:23: error: services.cart.workers: expected a whole number, found 2.5\n"
            "    1 | services.cart.workers=2.5\n"
            "      |                       ^\n");
}

TEST(FormatDiagnostics, AFaultWithoutAPlaceNamesTheFileOnly) {
  Diagnostics d;
  d.error({0, 0, 0}, "", "cannot read: it is a folder");
  d.error({9, 1, 1}, "", "no such file known");
  EXPECT_EQ(format_diagnostics(d, kFiles),
            "shop.yaml: error: cannot read: it is a folder\nerror: no such file known\n");
}

TEST(FormatDiagnostics, ControlCharactersAreEscapedAndTheCaretStaysUnderItsCharacter) {
  Diagnostics d;
  d.error({0, 3, 7}, "a\x1b[2J", "odd \x07", "h\n");
  // Column 7 is the byte behind the tab, "x: " and the two bytes of e acute.
  EXPECT_EQ(format_diagnostics(d, kFiles),
            "shop.yaml:3:7: error: a\\x1b[2J: odd \\x07\n"
            "    3 | \\tx: \xc3\xa9\\x1b[31m red\n"
            "      |       ^\n"
            "      = hint: h\\n\n");
}

TEST(FormatDiagnostics, ALongLineIsCutAroundTheCaret) {
  Diagnostics d;
  std::string line(1'000'000, 'x');
  line[499'999] = 'y';
  const std::vector<SourceFile> files = {{"a", "/", {line}}};
  d.error({0, 1, 500'000}, "", "m");
  const std::string out = format_diagnostics(d, files);
  EXPECT_LT(out.size(), 400u);
  EXPECT_NE(out.find("    1 | ...xxx"), std::string::npos);
  EXPECT_NE(out.find("xxx...\n      | "), std::string::npos);
  const auto column = [&](char what) {
    const std::size_t at = out.find(what);
    return at - out.rfind('\n', at);
  };
  EXPECT_EQ(column('^'), column('y'));
}

TEST(FormatDiagnostics, ShowsTwentyAndCountsTheRest) {
  Diagnostics d;
  for (int i = 0; i < 5000; ++i) d.error({0, 0, 0}, "", "e" + std::to_string(i));
  const std::string out = format_diagnostics(d, kFiles);
  EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 21);
  EXPECT_NE(out.find("... and 4980 more errors\n"), std::string::npos);
}

TEST(FormatDiagnostics, WarningsKeepNoErrorFromSight) {
  Diagnostics d;
  for (int i = 0; i < 25; ++i) {
    d.warning({0, 0, 0}, "", "w" + std::to_string(i));
    d.note({0, 0, 0}, "of w" + std::to_string(i));
  }
  d.error({0, 0, 0}, "", "what is wrong");
  d.note({0, 0, 0}, "and where");
  const std::string out = format_diagnostics(d, kFiles);
  EXPECT_NE(out.find("note: of w19\n"), std::string::npos);
  EXPECT_EQ(out.find("w20\n"), std::string::npos);
  EXPECT_NE(out.find("error: what is wrong\nshop.yaml: note: and where\n... and 5 more warnings\n"),
            std::string::npos);
}

TEST(NearestWord, FindsSlipsOfTheKeyboardAndNothingElse) {
  const std::vector<std::string_view> known = {"replicas", "cpus", "workers", "max_attempts"};
  EXPECT_EQ(nearest_word("replcas", known), "replicas");          // one letter missing
  EXPECT_EQ(nearest_word("wrokers", known), "workers");           // two letters swapped
  EXPECT_EQ(nearest_word("cpu", known), "cpus");                  // 1 <= 4 / 3
  EXPECT_EQ(nearest_word("maxAttempts", known), "max_attempts");  // 2 <= 12 / 3
  EXPECT_EQ(nearest_word("memory", known), "");
  EXPECT_EQ(nearest_word("", known), "");
  EXPECT_EQ(nearest_word(std::string(100'000, 'w'), known), "");
}

TEST(Escaped, LetsNothingThroughThatDrivesATerminal) {
  EXPECT_EQ(escaped("a\x1b\x7f\n\t"), "a\\x1b\\x7f\\n\\t");
  EXPECT_EQ(escaped("\xff\xc3"), "\\xff\\xc3");   // not UTF-8
  EXPECT_EQ(escaped("\xc2\x9b"), "\\x9b");        // C1: a terminal takes it for ESC [
  EXPECT_EQ(escaped("\xe2\x80\xae"), "\\u202e");  // turns the writing around
  EXPECT_EQ(escaped("\xc3\xa9\xf0\x9f\x98\x80"), "\xc3\xa9\xf0\x9f\x98\x80");
  EXPECT_EQ(escaped(std::string_view("\0", 1)), "\\x00");
}

TEST(Paths, QuoteKeysThatHoldThePathsOwnSigns) {
  EXPECT_EQ(child_path("", "services"), "services");
  EXPECT_EQ(child_path("thresholds", "shoppers.request_duration"),
            "thresholds.\"shoppers.request_duration\"");
  EXPECT_EQ(child_path("a", "b\"c"), "a.\"b\\\"c\"");
  EXPECT_EQ(item_path("a.b", 2), "a.b[2]");
}

}  // namespace
}  // namespace tailrace::models
