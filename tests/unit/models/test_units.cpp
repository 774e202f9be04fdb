// Spellings of numbers and units: what each accepted text is worth, and the exact words for each refused one.
#include "models/field/units.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace tailrace::models {
namespace {

std::string refusal(const Quantity& q) {
  if (q.value) return "accepted as " + std::to_string(*q.value);
  return q.hint.empty() ? q.error : q.error + " | " + q.hint;
}
double value(const Quantity& q) {
  return q.value.value_or(std::nan(""));
}

TEST(Durations, EveryUnitIsWorthItsNanoseconds) {
  EXPECT_EQ(value(parse_duration_ns("7ns")), 7);
  EXPECT_EQ(value(parse_duration_ns("1.5us")), 1500);
  EXPECT_EQ(value(parse_duration_ns("1.5\u00b5s")), 1500);  // micro sign
  EXPECT_EQ(value(parse_duration_ns("1.5\u03bcs")), 1500);  // Greek mu
  EXPECT_EQ(value(parse_duration_ns("25ms")), 25e6);
  EXPECT_EQ(value(parse_duration_ns("25 ms")), 25e6);
  EXPECT_EQ(value(parse_duration_ns("1e3s")), 1e12);
  EXPECT_EQ(value(parse_duration_ns("2min")), 120e9);
  EXPECT_EQ(value(parse_duration_ns("1h")), 3600e9);
  EXPECT_EQ(value(parse_duration_ns("1d")), 86400e9);
  EXPECT_EQ(value(parse_duration_ns("0")), 0);
}

TEST(Durations, CompoundFormsAddUp) {
  EXPECT_EQ(value(parse_duration_ns("1min30s")), 90e9);
  EXPECT_EQ(value(parse_duration_ns("1h 5min")), 3900e9);
  EXPECT_EQ(refusal(parse_duration_ns("30s1min")),
            "the units of 30s1min must go from large to small | write it as 1h5min30s");
}

TEST(Durations, RefusalsNameTheReadings) {
  const auto r = [](std::string_view text) { return refusal(parse_duration_ns(text)); };
  EXPECT_EQ(r("50"), "expected a duration, found 50, which has no unit | write 50ms or 50s");
  EXPECT_EQ(r("5m"), "5m is ambiguous as a duration | write 5min or 5ms");
  EXPECT_EQ(r("5M"), "5M is ambiguous as a duration | write 5min or 5ms");
  EXPECT_EQ(r("5sec"), "expected a duration, found 5sec | write 5s");
  EXPECT_EQ(r("5w"), "a duration has no unit w, found 5w | units are ns, us, ms, s, min, h or d");
  EXPECT_EQ(r("1,5ms"), "expected a duration: the decimal sign is a point, found \"1,5ms\" | write 1.5ms");
  EXPECT_EQ(r("1_000ms"),
            "expected a duration: digits are not grouped with \"_\", found 1_000ms | write 1000ms");
  EXPECT_EQ(r("1:30"),
            "expected a duration: numbers are not written with \":\", found \"1:30\" | write it as 1min30s");
  EXPECT_EQ(r("soon"),
            "expected a duration, found soon | write a number and a unit: ns, us, ms, s, min, h or d");
  EXPECT_EQ(r(""), "expected a duration, found nothing | units are ns, us, ms, s, min, h or d");
}

TEST(Durations, AreFromZeroTo292Years) {
  const auto r = [](std::string_view text) { return refusal(parse_duration_ns(text)); };
  EXPECT_EQ(r("-5ms"), "-5ms is out of range: a duration is from 0 to 292 years");
  EXPECT_EQ(r("- 5ms"), "\"- 5ms\" is out of range: a duration is from 0 to 292 years");
  // int64 nanoseconds end at 9.223e9 s = 292.3 years of 365.25 days.
  EXPECT_EQ(r("9.3e9s"), "9.3e9s exceeds 292 years | simulated time is counted in ns of 64 bits");
  EXPECT_EQ(value(parse_duration_ns("9.2e9s")), 9.2e18);
}

TEST(Numbers, FollowTheCoreSchemaInDecimal) {
  EXPECT_EQ(value(parse_number("1e3")), 1000);
  EXPECT_EQ(value(parse_number("-2.5")), -2.5);
  EXPECT_EQ(value(parse_number("+.5")), 0.5);
  EXPECT_EQ(value(parse_number("3.")), 3);
  EXPECT_FALSE(std::signbit(value(parse_number("-0"))));
}

TEST(Numbers, SpellingsThatMeanSomethingElseElsewhereAreRefused) {
  const auto r = [](std::string_view text) { return refusal(parse_number(text)); };
  EXPECT_EQ(r("0x10"), "expected a number: numbers are written in decimal, found 0x10 | write 16");
  EXPECT_EQ(r("-0x10"), "expected a number: numbers are written in decimal, found -0x10 | write -16");
  EXPECT_EQ(r("0o17"), "expected a number: numbers are written in decimal, found 0o17 | write 15");
  EXPECT_EQ(r("012"), "expected a number: a leading 0 can mean octal, found 012 | write 12");
  EXPECT_EQ(r("1_000"), "expected a number: digits are not grouped with \"_\", found 1_000 | write 1000");
  EXPECT_EQ(r("1:30"), "expected a number: numbers are not written with \":\", found \"1:30\"");
  EXPECT_EQ(r("5k"), "expected a number, found 5k | write 5000");
  EXPECT_EQ(r("5%"), "expected a number, found 5% | write it without the percent sign");
  EXPECT_EQ(r("5apples"), "expected a number, found 5apples | write 5 alone: this has no unit");
  EXPECT_EQ(r("many"), "expected a number, found many");
}

TEST(Numbers, AreFinite) {
  const auto r = [](std::string_view text) { return refusal(parse_number(text)); };
  EXPECT_EQ(r("Infinity"), "expected a number: the number must be finite, found Infinity");
  EXPECT_EQ(r(".inf"), "expected a number: the number must be finite, found .inf");
  EXPECT_EQ(r("-.inf"), "expected a number: the number must be finite, found -.inf");
  EXPECT_EQ(r("nan"), "expected a number: the number must be finite, found nan");
  EXPECT_EQ(r("1e400"), "expected a number: 1e400 is too large for a number | numbers reach 1.8e308");
  EXPECT_EQ(
      r("1e-400"),
      "expected a number: 1e-400 is too close to 0 for a number | write 0, or a number of at least 1e-300");
  EXPECT_EQ(refusal(parse_size_bytes("1e300TB")), "1e300TB is too large for a number");
}

TEST(Rates, ArePerSecond) {
  EXPECT_EQ(value(parse_rate_per_s("300/s")), 300);
  EXPECT_EQ(value(parse_rate_per_s("2/ms")), 2000);
  EXPECT_EQ(value(parse_rate_per_s("120/min")), 2);
  const auto r = [](std::string_view text) { return refusal(parse_rate_per_s(text)); };
  EXPECT_EQ(r("300"), "expected a rate, found 300, which has no unit | write 300/s or 300/min");
  EXPECT_EQ(r("300/m"), "300/m is ambiguous as a rate | write 300/min or 300/ms");
  EXPECT_EQ(r("300rps"), "expected a rate, found 300rps | write 300/s");
  EXPECT_EQ(r("1k/s"), "expected a rate, found 1k/s | write 1e3/s");
  EXPECT_EQ(r("300 / s"), "expected a rate, found \"300 / s\" | write 300/s");
  EXPECT_EQ(r("300 req/s"), "expected a rate, found \"300 req/s\" | write 300/s");
  EXPECT_EQ(r("5/s 3"), "expected a rate, found \"5/s 3\" | nothing may follow 5/s");
  EXPECT_EQ(r("-3/s"), "-3/s is out of range: a rate is 0 or more");
}

TEST(Sizes, KilobytesAreThousandsAndKibibytesAre1024) {
  EXPECT_EQ(value(parse_size_bytes("1KB")), 1000);
  EXPECT_EQ(value(parse_size_bytes("1kB")), 1000);
  EXPECT_EQ(value(parse_size_bytes("1KiB")), 1024);
  EXPECT_EQ(value(parse_size_bytes("2GiB")), 2147483648.0);  // 2 x 1024^3
  EXPECT_EQ(value(parse_size_bytes("0")), 0);
  const auto r = [](std::string_view text) { return refusal(parse_size_bytes(text)); };
  EXPECT_EQ(r("5M"), "5M is ambiguous as a size | write 5MB or 5MiB");
  EXPECT_EQ(r("100mb"),
            "100mb is ambiguous as a size: bits or bytes | write 100MB (powers of 1000) or 100MiB (powers of "
            "1024)");
  EXPECT_EQ(r("64"), "expected a size, found 64, which has no unit | write 64B or 64KiB");
  EXPECT_EQ(r("-1B"), "-1B is out of range: a size is 0 or more");
}

TEST(Bandwidths, AreInBitsPerSecond) {
  EXPECT_EQ(value(parse_bandwidth_bit_per_s("10Gbit/s")), 1e10);
  EXPECT_EQ(value(parse_bandwidth_bit_per_s("1MB/s")), 8e6);
  EXPECT_EQ(value(parse_bandwidth_bit_per_s("1KiB/s")), 8192);
  const auto r = [](std::string_view text) { return refusal(parse_bandwidth_bit_per_s(text)); };
  EXPECT_EQ(r("10Gbps"), "10Gbps is ambiguous as a bandwidth | write 10Gbit/s or 10GB/s");
  EXPECT_EQ(r("100mb"), "100mb is ambiguous as a bandwidth | write 100Mbit/s or 100MB/s");
  EXPECT_EQ(r("2Tbps"), "expected a bandwidth, found 2Tbps | write 2Tbit/s");  // there is no TB/s
  EXPECT_EQ(r("10"), "expected a bandwidth, found 10, which has no unit | write 10Mbit/s or 10MB/s");
}

TEST(Fractions, LieBetweenZeroAndOne) {
  EXPECT_EQ(value(parse_fraction("20%")), 0.2);
  EXPECT_EQ(value(parse_fraction("0.2")), 0.2);
  EXPECT_EQ(value(parse_fraction("1")), 1);
  const std::string range = " is out of range: a fraction is from 0 to 1, or from 0% to 100%";
  EXPECT_EQ(refusal(parse_fraction("20")), "20" + range + " | write 20%");
  EXPECT_EQ(refusal(parse_fraction("1.0000001")), "1.0000001" + range);
  EXPECT_EQ(refusal(parse_fraction("-5%")), "-5%" + range);
  EXPECT_EQ(refusal(parse_fraction("101%")), "101%" + range);
}

TEST(Counts, AreWholeAndExact) {
  EXPECT_EQ(value(parse_count("1e3")), 1000);
  EXPECT_EQ(value(parse_count("0")), 0);
  EXPECT_EQ(refusal(parse_count("2.5")), "expected a whole number, found 2.5 | write 2 or 3");
  EXPECT_EQ(refusal(parse_count("-1")), "-1 is out of range: a whole number is 0 or more");
  EXPECT_EQ(refusal(parse_count("1e19")), "1e19 is out of range: a whole number is 0 to 9223372036854774784");
  EXPECT_EQ(value(parse_count("9223372036854774784")), 9223372036854774784.0);
  // 2^53 + 1 is the first whole number that a double cannot hold.
  EXPECT_EQ(value(parse_count("9007199254740992")), 9007199254740992.0);
  EXPECT_EQ(
      refusal(parse_count("9007199254740993")),
      "9007199254740993 has more digits than a number holds | the nearest that fits is 9007199254740992");
}

TEST(Bools, AreTrueAndFalseOnly) {
  EXPECT_EQ(parse_bool("true"), true);
  EXPECT_EQ(parse_bool("false"), false);
  for (const char* word : {"yes", "on", "y", "True"}) {
    EXPECT_FALSE(parse_bool(word)) << word;
    EXPECT_EQ(bool_hint(word), "write true");
  }
  for (const char* word : {"no", "off", "N", "FALSE"}) EXPECT_EQ(bool_hint(word), "write false") << word;
  EXPECT_EQ(bool_hint("maybe"), "write true or false");
}

TEST(FormatDuration, IsTheShortestTextThatReadsBack) {
  EXPECT_EQ(format_duration(25e6), "25ms");
  EXPECT_EQ(format_duration(1500), "1.5us");
  EXPECT_EQ(format_duration(0), "0s");
  EXPECT_EQ(format_duration(3600e9), "1h");
  EXPECT_EQ(format_duration(90e9), "90s");
  for (double ns : {1.0, 999.0, 12345678.0, 1e9 / 3, 86399999999999.0, 9.2e18, 0.1, 123e-9}) {
    EXPECT_EQ(value(parse_duration_ns(format_duration(ns))), ns) << format_duration(ns);
  }
}

TEST(FormatDuration, ShowsWhatIsNoDurationToo) {
  EXPECT_EQ(format_duration(-25e6), "-25ms");
  EXPECT_EQ(format_duration(std::nan("")), "n/a");
  EXPECT_EQ(format_duration(-HUGE_VAL), "-inf");
}

}  // namespace
}  // namespace tailrace::models
