#include "models/runtime/key_order.hpp"

#include <gtest/gtest.h>

#include <cstdint>

#include "models/runtime/ledger.hpp"

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

// Journeys from before an epoch hold it until the last of them has ended.
TEST(Ledger, EarlierJourneysAreThoseThatBeganBeforeTheEpoch) {
  Ledger ledger;
  const auto ended = [](const Ledger::Entry&) {};
  const std::uint32_t first = ledger.begin(0, 0), second = ledger.begin(0, 0);
  ledger.hold(first);
  ledger.hold(second);
  EXPECT_EQ(ledger.earlier_journeys(), 0u);
  ledger.begin_epoch();
  EXPECT_EQ(ledger.earlier_journeys(), 2u);
  ledger.let_go(first, ended);
  const std::uint32_t third = ledger.begin(1, 0);  // in the first one's place
  ledger.hold(third);
  EXPECT_EQ(ledger.earlier_journeys(), 1u);
  ledger.let_go(third, ended);
  EXPECT_EQ(ledger.earlier_journeys(), 1u);
  ledger.let_go(second, ended);
  EXPECT_EQ(ledger.earlier_journeys(), 0u);
}

}  // namespace
}  // namespace tailrace::models
