// FIFO queues: order and exclusion per message group, deduplication, throughput limits.
#include <gtest/gtest.h>

#include "cloud_queue_world.hpp"

namespace tailrace::models {
namespace {

using World = CloudQueueWorld;

CloudQueueSettings fifo(std::int64_t instances, std::int64_t concurrency) {
  CloudQueueSettings s = World::settings(instances, concurrency);
  s.fifo = true;
  return s;
}

// Group 1 has 10, 11 and 12, group 2 has 20. 10 is received alone, as it was the first; when it is deleted
// one receive takes 11 and 12, which are handled one after the other. Group 2 does not wait for them.
TEST(FifoQueue, AGroupIsHandledInOrderAndByOneAtATime) {
  World w(fifo(2, 4));
  w.handle_in(kSecond);
  w.publish_at(0, 10, 1);
  w.publish_at(0, 11, 1);
  w.publish_at(0, 20, 2);
  w.publish_at(0, 12, 1);
  w.host.run_until(10 * kSecond);
  ASSERT_EQ(w.order(), (std::vector<std::uint64_t>{10, 20, 11, 12}));
  EXPECT_EQ(w.host.started[1].time, 0);
  EXPECT_EQ(w.host.started[2].time, 1 * kSecond);
  EXPECT_EQ(w.host.started[3].time, 2 * kSecond);
}

// 10 fails: 11, received with it, is not begun. Both come back at 30 s, in order.
TEST(FifoQueue, AfterAFailureTheRestOfTheGroupIsLeft) {
  World w(fifo(1, 4));
  int failures = 1;
  w.host.handling = [&](const FakeHost::Started&) {
    return std::pair{kSecond, failures-- > 0 ? Outcome::error : Outcome::success};
  };
  w.channel->instance_changed(0, 0, false);
  w.publish(10, 1);
  w.publish(11, 1);
  w.channel->instance_changed(0, 0, true);
  w.host.run_until(29 * kSecond);
  EXPECT_EQ(w.order(), (std::vector<std::uint64_t>{10}));
  EXPECT_EQ(w.queue().receive_counts().skipped, 1u);
  w.host.run_until(60 * kSecond);
  EXPECT_EQ(w.order(), (std::vector<std::uint64_t>{10, 10, 11}));
  EXPECT_EQ(w.host.started[1].time, 30 * kSecond);
}

TEST(FifoQueue, AnExpiredReceiptDeletesNothing) {
  World w(fifo(1, 1));
  w.handle_in(45 * kSecond);
  w.publish_at(0, 1, 1);
  w.host.run_until(50 * kSecond);
  EXPECT_EQ(w.host.started.size(), 2u);  // although nobody had received it again by 45 s
  EXPECT_EQ(w.queue().receive_counts().late, 1u);
}

TEST(FifoQueue, ARepetitionWithinTheIntervalIsAcceptedAndDropped) {
  CloudQueueSettings s = fifo(1, 1);
  s.deduplication_ns = 300 * kSecond;
  World w(s);
  w.handle_in(kSecond);
  w.publish_at(0, 1, 1);
  w.publish_at(299 * kSecond, 1, 1);  // also after it was deleted
  w.publish_at(300 * kSecond, 1, 1);
  w.host.run_until(400 * kSecond);
  EXPECT_EQ(w.host.started.size(), 2u);
  const ChannelCounts counts = w.channel->record().counts;
  EXPECT_EQ(counts.published, 3u);
  EXPECT_EQ(counts.deduplicated, 1u);
}

// 300 transactions a second, and a second's worth at once: of 1000 sends at one instant 300 pass, and one
// more every 3.33 ms.
TEST(FifoQueue, SendsOverTheLimitAreRefused) {
  CloudQueueSettings s = fifo(0, 1);
  s.transactions_per_s = 300;
  World w(s);
  const auto burst = [&](std::uint64_t n) {
    int accepted = 0;
    for (std::uint64_t i = 0; i < n; ++i) accepted += w.publish(i, i) == Publication::accepted;
    return accepted;
  };
  EXPECT_EQ(burst(1000), 300);
  w.host.run_until(100 * kMs);
  EXPECT_EQ(burst(1000), 30);
  EXPECT_EQ(w.channel->record().counts.refused, 700u + 970u);

  s.send_batch = 10;  // 3000 messages
  World batched(s);
  int accepted = 0;
  for (std::uint64_t i = 0; i < 5000; ++i) accepted += batched.publish(i, i) == Publication::accepted;
  EXPECT_EQ(accepted, 3000);

  s.send_batch = 1;
  s.limit_per_group = true;  // high throughput: each group has a limit of its own
  World groups(s);
  accepted = 0;
  for (std::uint64_t i = 0; i < 2000; ++i) accepted += groups.publish(i, i % 4) == Publication::accepted;
  EXPECT_EQ(accepted, 4 * 300);
}

// One message per receive, handled at once: 300 receives a second is what is left after the first second's
// worth.
TEST(FifoQueue, ReceivesOverTheLimitWait) {
  CloudQueueSettings s = fifo(1, 1);
  s.receive_batch = 1;
  s.transactions_per_s = 300;
  s.send_batch = 10;
  World w(s);
  w.handle_in(0);
  w.channel->instance_changed(0, 0, false);
  for (std::uint64_t i = 0; i < 2000; ++i) w.publish(i, i);
  w.channel->instance_changed(0, 0, true);
  w.host.run_until(kSecond);
  EXPECT_NEAR(static_cast<double>(w.host.started.size()), 600, 2);
  w.host.run_until(2 * kSecond);
  EXPECT_NEAR(static_cast<double>(w.host.started.size()), 900, 2);
}

}  // namespace
}  // namespace tailrace::models
