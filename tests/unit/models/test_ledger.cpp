// The ledger of causes: two entries of a journey stand beside it, the others are found by a table. Nobody may
// be able to tell which is which.
#include <gtest/gtest.h>

#include <map>
#include <utility>

#include "models/runtime/ledger.hpp"

namespace tailrace::models {
namespace {

TEST(Ledger, FindsTheFirstEntriesOfAJourneyAndTheFurtherOnes) {
  Ledger ledger;
  const std::uint32_t journey = ledger.begin(0, 0);
  ledger.hold(journey);
  for (std::uint32_t n = 0; n < 100; ++n) ledger.at(n % 3, n, journey).applied = n;
  for (std::uint32_t n = 0; n < 100; ++n) {
    const Ledger::Entry* entry = ledger.find(n % 3, n, journey);
    ASSERT_NE(entry, nullptr) << n;
    EXPECT_EQ(entry->applied, n);
    EXPECT_EQ(&ledger.at(n % 3, n, journey), entry);
    EXPECT_EQ(ledger.find(3, n, journey), nullptr);
  }
  ledger.forget(1, 1, journey);        // beside it
  ledger.forget(97 % 3, 97, journey);  // in the table
  EXPECT_EQ(ledger.find(1, 1, journey)->applied, 0u);
  EXPECT_EQ(ledger.find(97 % 3, 97, journey)->applied, 0u);
  std::uint32_t judged = 0;
  ledger.let_go(journey, [&](const Ledger::Entry&) { ++judged; });
  EXPECT_EQ(judged, 100u);
  std::uint32_t seen = 0;
  ledger.visit([&](const Ledger::Entry&) { ++seen; });
  EXPECT_EQ(seen, 0u);
}

// Places are used again, and what was there is gone.
TEST(Ledger, AJourneyInThePlaceOfAnotherBeginsEmpty) {
  Ledger ledger;
  const auto ignore = [](const Ledger::Entry&) {};
  std::map<std::uint32_t, std::uint32_t> entries;  // of the journeys that live
  std::uint64_t dice = 1;
  const auto roll = [&](std::uint64_t n) {
    dice = dice * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<std::uint32_t>((dice >> 33) % n);
  };
  for (int round = 0; round < 3000; ++round) {
    if (entries.size() < 20 && roll(2) == 0) {
      const std::uint32_t id = ledger.begin(round, 0);
      ASSERT_EQ(entries.count(id), 0u);
      ledger.hold(id);
      entries[id] = 0;
    } else if (!entries.empty()) {
      auto which = entries.begin();
      std::advance(which, static_cast<std::ptrdiff_t>(roll(entries.size())));
      auto& [id, count] = *which;
      for (std::uint32_t n = 0; n < count; ++n) ASSERT_NE(ledger.find(n, n, id), nullptr);
      ASSERT_EQ(ledger.find(count, count, id), nullptr);
      if (roll(4) == 0) {
        ledger.let_go(id, ignore);
        entries.erase(which);
      } else {
        ledger.at(count, count, id).applied = 1;
        ++count;
      }
    }
  }
  std::uint32_t all = 0, seen = 0;
  for (const auto& [id, count] : entries) all += count;
  ledger.visit([&](const Ledger::Entry&) { ++seen; });
  EXPECT_EQ(seen, all);
  EXPECT_EQ(ledger.journeys(), entries.size());
}

// A number is given again: a message from before the journey is not of it, and of one that has ended is none.
TEST(Ledger, AJourneyKnowsItsMessagesByWhenItBegan) {
  Ledger ledger;
  const std::uint32_t id = ledger.begin(0, 5);  // five had been published
  ledger.hold(id);
  EXPECT_FALSE(ledger.lives(id, 4));
  EXPECT_TRUE(ledger.lives(id, 5));
  ledger.hold(id);
  ledger.let_go(id, [](const Ledger::Entry&) {});
  EXPECT_TRUE(ledger.lives(id, 5));  // held once more
  ledger.let_go(id, [](const Ledger::Entry&) {});
  EXPECT_FALSE(ledger.lives(id, 5));
  ASSERT_EQ(ledger.begin(0, 9), id);
  EXPECT_FALSE(ledger.lives(id, 8));
  EXPECT_TRUE(ledger.lives(id, 9));
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
