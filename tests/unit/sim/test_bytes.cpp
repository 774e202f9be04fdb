// What one process tells another comes back as it was; what is cut off or cannot be is noticed.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "sim/base/bytes.hpp"

namespace tailrace::sim {
namespace {

constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();
constexpr std::int64_t kLeast = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

std::string number(std::uint64_t value) {
  ByteWriter out;
  out.number(value);
  return out.take();
}

TEST(Bytes, NumbersTakeSevenBitsAByte) {
  EXPECT_EQ(number(0), std::string(1, '\0'));
  EXPECT_EQ(number(127), "\x7f");
  EXPECT_EQ(number(128), "\x80\x01");
  EXPECT_EQ(number(300), "\xac\x02");  // 300 = 2 * 128 + 44
  EXPECT_EQ(number(kLargest).size(), 10u);
}

TEST(Bytes, EveryKindOfValueComesBackAtTheEndsOfItsRange) {
  const Wide wides[] = {0, -1, static_cast<Wide>(kMost) * 1000, -(static_cast<Wide>(kMost) * 1000)};
  const std::string zero_inside("a\0b", 3);
  ByteWriter out;
  for (const std::uint64_t n : {std::uint64_t{0}, std::uint64_t{1} << 32u, kLargest}) out.number(n);
  for (const std::int64_t n : {std::int64_t{0}, std::int64_t{-1}, kLeast, kMost}) out.whole(n);
  for (const Wide n : wides) out.wide(n);
  out.real(-0.0);
  out.real(std::numeric_limits<double>::denorm_min());
  out.real(std::nan(""));
  out.text("");
  out.text(zero_inside);
  const std::string bytes = out.take();
  ByteReader in(bytes);
  for (const std::uint64_t n : {std::uint64_t{0}, std::uint64_t{1} << 32u, kLargest})
    EXPECT_EQ(in.number(), n);
  for (const std::int64_t n : {std::int64_t{0}, std::int64_t{-1}, kLeast, kMost}) EXPECT_EQ(in.whole(), n);
  for (const Wide n : wides) EXPECT_TRUE(in.wide() == n);
  EXPECT_TRUE(std::signbit(in.real()));
  EXPECT_EQ(in.real(), std::numeric_limits<double>::denorm_min());
  EXPECT_TRUE(std::isnan(in.real()));
  EXPECT_EQ(in.text(), "");
  EXPECT_EQ(in.text(), zero_inside);
  EXPECT_TRUE(in.good() && in.at_end());
}

TEST(Bytes, WhatEndsTooSoonIsNotGoodAndAnswersZeros) {
  ByteReader number_cut("\x80");
  EXPECT_EQ(number_cut.number(), 0u);
  EXPECT_FALSE(number_cut.good());
  ByteReader real_cut("1234567");  // a double has eight
  EXPECT_EQ(real_cut.real(), 0);
  EXPECT_FALSE(real_cut.good());
  ByteReader text_cut(
      "\x05"
      "abcd");
  EXPECT_EQ(text_cut.text(), "");
  EXPECT_FALSE(text_cut.good());
  EXPECT_EQ(text_cut.number(), 0u) << "and so on from then on";
  ByteReader endless(std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));  // more than 64 bits
  endless.number();
  EXPECT_FALSE(endless.good());
  ByteReader largest("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
  EXPECT_EQ(largest.number(), kLargest);
  EXPECT_TRUE(largest.good());
  ByteReader larger("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02");  // the 65th bit
  EXPECT_EQ(larger.number(), 0u);
  EXPECT_FALSE(larger.good());
}

TEST(Bytes, ACountIsNeverMoreThanThereAreBytes) {
  ByteReader three(
      "\x03"
      "abc");
  EXPECT_EQ(three.count(), 3u);
  EXPECT_TRUE(three.good());
  ByteReader four(
      "\x04"
      "abc");
  EXPECT_EQ(four.count(), 0u);
  EXPECT_FALSE(four.good());
}

}  // namespace
}  // namespace tailrace::sim
