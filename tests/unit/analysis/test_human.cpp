// Figures as people read them, and texts that a terminal and a file format can hold.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "analysis/html/svg.hpp"
#include "analysis/report/human.hpp"
#include "analysis/report/json_text.hpp"
#include "analysis/report/plural.hpp"
#include "sim/base/check.hpp"

namespace tailrace::analysis {
namespace {

constexpr TextStyle kAscii{};
constexpr TextStyle kUnicode{false, true};

TEST(Human, DurationsHaveThreeDigitsAndAUnitThatFits) {
  const std::pair<double, const char*> cases[] = {
      {0, "0 s"},
      {1.6e-9, "2 ns"},
      {999e-9, "999 ns"},
      {999.6e-9, "1.00 us"},
      {1.234e-3, "1.23 ms"},
      {0.09994, "99.9 ms"},
      {0.09996, "100 ms"},
      {0.9994, "999 ms"},
      {0.9996, "1.00 s"},
      {119.9, "120 s"},
      {120, "2.00 min"},
      {7199, "120 min"},
      {7200, "2.00 h"},
      {4e6, "1,111 h"},
      {-0.5, "-500 ms"},
  };
  for (const auto& [seconds, text] : cases) EXPECT_EQ(human_duration(seconds, kAscii), text) << seconds;
  EXPECT_EQ(human_duration(1e-5, kUnicode), "10.0 µs");
  EXPECT_EQ(human_duration(std::nan(""), kAscii), "n/a");
  EXPECT_EQ(human_duration(std::numeric_limits<double>::infinity(), kAscii), "n/a");
}

TEST(Human, RatesBelowATenthAreTheseOfAMinuteOrAnHour) {
  EXPECT_EQ(human_rate(0), "0/s");
  EXPECT_EQ(human_rate(80), "80.0/s");
  EXPECT_EQ(human_rate(12345), "12,345/s");
  EXPECT_EQ(human_rate(0.05), "3.00/min");
  EXPECT_EQ(human_rate(0.001), "3.60/h");
}

// Neither does a little read as nothing, nor nearly all as all.
TEST(Human, FractionsKeepTheDigitsThatMatterAtBothEnds) {
  const std::pair<double, const char*> cases[] = {
      {0, "0 %"},          {0.00005, "0.0050 %"}, {0.0005, "0.050 %"},
      {0.0013, "0.13 %"},  {0.5, "50.0 %"},       {0.9991, "99.9 %"},
      {0.9996, "99.96 %"}, {0.99996, "99.996 %"}, {0.999996, "99.9996 %"},
      {1, "100.0 %"},
  };
  for (const auto& [fraction, text] : cases) EXPECT_EQ(human_fraction(fraction), text) << fraction;
}

TEST(Human, CountsAndBytesAreGrouped) {
  EXPECT_EQ(human_count(999), "999");
  EXPECT_EQ(human_count(1000), "1,000");
  EXPECT_EQ(human_count(1234567), "1,234,567");
  EXPECT_EQ(human_bytes_per_s(999), "999 B/s");
  EXPECT_EQ(human_bytes_per_s(999.6), "1.00 kB/s");
  EXPECT_EQ(human_bytes_per_s(1.25e9), "1.25 GB/s");
}

// In the unit of the estimate, and never 0 unless it is.
TEST(Human, AHalfWidthHasAtLeastOneDigit) {
  const HumanScale ms = duration_scale(0.05, kAscii);  // 50.0 ms
  EXPECT_EQ(ms.half_width(0.0012), "1.2");
  EXPECT_EQ(ms.half_width(0.00002), "0.02");
  EXPECT_EQ(ms.half_width(0), "0.0");
  Interval unknown;
  EXPECT_EQ(plus_minus(unknown, ms, kAscii), "");
}

TEST(Human, AnIntervalOnOneSideSaysWhich) {
  const auto spread = [](double estimate, double low, double high) {
    Interval i;
    i.known = true;
    i.estimate = estimate, i.low = low, i.high = high;
    return plus_minus(i, fraction_scale(estimate), kAscii);
  };
  EXPECT_EQ(spread(0, 0, 0.02), "+2");
  EXPECT_EQ(spread(1, 0.98, 1), "-2.0");
  EXPECT_EQ(spread(0.5, 0.48, 0.52), "+-2.0");
  EXPECT_EQ(spread(0.5, 0.5, 0.5), "+-0.0");
}

TEST(Human, BarsAreAsWideAsTheyAreAsked) {
  EXPECT_EQ(bar(0.5, 4, kAscii), "##..");
  EXPECT_EQ(bar(-1, 4, kAscii), "....");
  EXPECT_EQ(bar(7, 4, kAscii), "####");
  EXPECT_EQ(bar(std::nan(""), 2, kUnicode), "░░");
  EXPECT_EQ(bar(0.3125, 2, kUnicode), "▋░");  // 5 of 16 eighths
  for (int i = 0; i <= 100; ++i) EXPECT_EQ(display_width(bar(i / 100.0, 10, kUnicode)), 10u) << i;
}

TEST(Human, TextsAreCutBetweenCharacters) {
  EXPECT_EQ(shortened("checkout", 8, kAscii), "checkout");
  EXPECT_EQ(shortened("checkout", 6, kAscii), "chec..");
  EXPECT_EQ(shortened("größenmaß", 5, kUnicode), "größ…");
  EXPECT_EQ(shortened("a\x1b[31m", 20, kAscii).find('\x1b'), std::string::npos);
}

TEST(Human, LinesAreBrokenAtSpacesAndLongWordsBetweenCharacters) {
  EXPECT_EQ(wrapped("one two three", 7), "one two\nthree\n");
  EXPECT_EQ(wrapped("one two three", 6, "- "), "- one\n- two\n- three\n");
  EXPECT_EQ(wrapped("abcdefgh ij", 5), "abcde\nfgh\nij\n");
  EXPECT_EQ(wrapped("", 5), "\n");
  EXPECT_EQ(wrapped("注文処理", 7), "注文\n処理\n");  // three bytes each
}

TEST(JsonText, EscapesWhatJsonCannotHold) {
  EXPECT_EQ(json_quoted("a\"b\\c\n\t\r"), R"("a\"b\\c\n\t\r")");
  EXPECT_EQ(json_quoted("\x1b[31m"), R"("\u001b[31m")");
  EXPECT_EQ(json_quoted("zürich"), "\"zürich\"");
  EXPECT_EQ(json_quoted("a\xff"
                        "b"),
            R"("a\ufffdb")");
}

TEST(JsonText, NumbersReadBackAndWhatIsNoneIsNull) {
  EXPECT_EQ(json_number(0.1), "0.1");
  EXPECT_EQ(json_number(-0.0), "0");
  EXPECT_EQ(std::stod(json_number(1.0 / 3)), 1.0 / 3);
  EXPECT_EQ(json_number(std::nan("")), "null");
  EXPECT_EQ(json_number(-std::numeric_limits<double>::infinity()), "null");
}

TEST(JsonText, NestsAndRefusesWhatDoesNot) {
  JsonText compact(true);
  compact.begin_object().field("a", 1).key("b").begin_array().value(true).null().end_array().end_object();
  EXPECT_EQ(compact.take(), R"({"a":1,"b":[true,null]})");
  JsonText lines;
  lines.begin_object().field("a", 1).key("b").begin_inline_array().value(2).value(3).end_array().end_object();
  EXPECT_EQ(lines.take(), "{\n  \"a\": 1,\n  \"b\": [2, 3]\n}\n");
  JsonText wrong;
  wrong.begin_object();
  EXPECT_THROW(wrong.value(1), sim::InvariantBroken);  // no key
  EXPECT_THROW(wrong.end_array(), sim::InvariantBroken);
  EXPECT_THROW(wrong.take(), sim::InvariantBroken);
}

TEST(Plural, FollowsTheEndOfTheWord) {
  for (const auto& [one, many] :
       {std::pair{"service", "services"}, std::pair{"outbox", "outboxes"}, std::pair{"mesh", "meshes"},
        std::pair{"proxy", "proxies"}, std::pair{"gateway", "gateways"}})
    EXPECT_EQ(plural(one), many);
}

TEST(Ticks, AreRoundNumbersThatEncloseTheRange) {
  EXPECT_EQ(html::nice_ticks(0, 10, 4), (std::vector<double>{0, 5, 10}));
  EXPECT_EQ(html::nice_ticks(0, 95, 5), (std::vector<double>{0, 20, 40, 60, 80, 100}));
  EXPECT_EQ(html::decade_ticks(0.03, 5), (std::vector<double>{0.01, 0.1, 1, 10}));
  EXPECT_EQ(html::decade_ticks(1, 1), (std::vector<double>{1, 10}));
  EXPECT_EQ(html::time_ticks(300, 6), (std::vector<double>{0, 60, 120, 180, 240, 300}));
  EXPECT_EQ(html::time_ticks(7200, 6), (std::vector<double>{0, 1800, 3600, 5400, 7200}));
  EXPECT_EQ(html::short_tick("50.0 ms"), "50 ms");
  EXPECT_EQ(html::short_tick("2.50 s"), "2.5 s");
  EXPECT_EQ(html::short_tick("1,000/s"), "1,000/s");
  EXPECT_EQ(html::coordinate(12.0), "12");
  EXPECT_EQ(html::coordinate(12.54), "12.5");
}

}  // namespace
}  // namespace tailrace::analysis
