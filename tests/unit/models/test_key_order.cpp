// What came out of order among the messages of a key, and how long a key is known.
#include "models/runtime/key_order.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace tailrace::models {
namespace {

TEST(KeyOrder, AMessageAfterALaterOneOfItsKeyIsOutOfOrder) {
  KeyOrder order;
  EXPECT_TRUE(order.in_order(7, 0));
  EXPECT_TRUE(order.in_order(7, 5));
  EXPECT_FALSE(order.in_order(7, 3));
  EXPECT_TRUE(order.in_order(8, 3));
  EXPECT_TRUE(order.in_order(7, 6));
}

TEST(KeyOrder, TheGenerationBeforeIsStillKnownAndTheOneBeforeThatIsNot) {
  KeyOrder order;
  EXPECT_TRUE(order.in_order(7, 10));
  order.next_generation();
  EXPECT_FALSE(order.in_order(7, 9));
  order.next_generation();
  EXPECT_FALSE(order.in_order(7, 9));  // asked for, so it came along
  order.next_generation();
  order.next_generation();
  EXPECT_TRUE(order.in_order(7, 9));
}

TEST(KeyOrder, MemoryFollowsTheKeysOfTwoGenerations) {
  KeyOrder order;
  std::size_t after_two = 0;
  for (std::uint64_t key = 0; key < 40 * KeyOrder::kGeneration; ++key) {
    EXPECT_TRUE(order.in_order(key, key));
    if (order.generation_is_full()) order.next_generation();
    if (key == 3 * KeyOrder::kGeneration) after_two = order.bytes();
  }
  EXPECT_EQ(order.bytes(), after_two);
}

}  // namespace
}  // namespace tailrace::models
