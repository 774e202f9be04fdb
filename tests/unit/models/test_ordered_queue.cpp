// The ordered queue against a sorted set: any mix of arrivals, departures from the top and from the middle.
#include <gtest/gtest.h>

#include <set>
#include <tuple>
#include <vector>

#include "models/runtime/station_state.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::models {
namespace {

TEST(OrderedQueue, KeepsRankThenArrivalThroughAnyMixOfOperations) {
  FrameSlab frames;
  OrderedQueue queue;
  std::set<std::tuple<std::int64_t, std::uint64_t, std::uint32_t>> expected;  // rank, arrival, frame
  std::vector<std::tuple<std::int64_t, std::uint64_t, std::uint32_t>> inside;
  sim::Stream random(11, 0, "queue", "mix");
  std::uint64_t arrival = 0;
  for (int i = 0; i < 20'000; ++i) {
    const std::uint64_t what = random.below(5);
    if (what < 3 || inside.empty()) {
      const std::uint32_t slot = frames.allocate();
      const auto entry = std::tuple(static_cast<std::int64_t>(random.below(4)), arrival++, slot);
      queue.push(std::get<0>(entry), slot, frames);
      expected.insert(entry);
      inside.push_back(entry);
    } else if (what == 3) {
      ASSERT_EQ(queue.pop(frames), std::get<2>(*expected.begin()));
      std::erase(inside, *expected.begin());
      expected.erase(expected.begin());
    } else {
      const auto leaving = inside[random.below(inside.size())];
      queue.remove(std::get<2>(leaving), frames);
      std::erase(inside, leaving);
      expected.erase(leaving);
    }
  }
  while (!expected.empty()) {
    ASSERT_EQ(queue.pop(frames), std::get<2>(*expected.begin()));
    expected.erase(expected.begin());
  }
}

TEST(OrderedQueue, InterruptedWorkComesBeforeItsRank) {
  FrameSlab frames;
  OrderedQueue queue;
  const std::uint32_t a = frames.allocate(), b = frames.allocate(), c = frames.allocate(),
                      urgent = frames.allocate();
  queue.push(1, a, frames);
  queue.push_front(1, b, frames);
  queue.push_front(1, c, frames);
  queue.push(0, urgent, frames);
  EXPECT_EQ(queue.pop(frames), urgent);
  EXPECT_EQ(queue.pop(frames), c);
  EXPECT_EQ(queue.pop(frames), b);
  EXPECT_EQ(queue.pop(frames), a);
}

}  // namespace
}  // namespace tailrace::models
