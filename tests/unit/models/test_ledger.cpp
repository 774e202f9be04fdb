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

}  // namespace
}  // namespace tailrace::models
