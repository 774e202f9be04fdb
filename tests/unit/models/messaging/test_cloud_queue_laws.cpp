// Closed forms, and what must hold whatever happens.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "cloud_queue_world.hpp"
#include "sim/random/sampler.hpp"

namespace tailrace::models {
namespace {

using World = CloudQueueWorld;

// Poisson arrivals; the next is drawn when one has come.
struct Poisson {
  World& world;
  std::int64_t mean_ns;
  std::uint64_t left, identity = 0;
  sim::Stream stream{7, 0, "test", "arrivals"};
  sim::Sampler spacing{sim::Distribution::exponential(1)};

  void next() {
    if (left-- == 0) return;
    const auto pause = static_cast<std::int64_t>(spacing.sample(stream) * static_cast<double>(mean_ns));
    world.host.at(world.host.now() + pause, [this] {
      world.publish(identity++);
      next();
    });
  }
};

// Every delivery overruns the visibility timeout V with probability p = exp(-V/s), independently; late
// deletes do not count. So p = exp(-2) = .1353 of the messages are delivered again, and each 1/(1-p) = 1.1565
// times.
TEST(CloudQueueLaws, OverrunsOfTheVisibilityTimeoutAreGeometric) {
  for (const LateDelete late : {LateDelete::ignored, LateDelete::latest}) {
    CloudQueueSettings s = World::settings(1, 100'000);
    s.visibility_timeout_ns = kSecond;
    s.late_delete = late;
    World w(s);
    sim::Stream services(3, 0, "test", "services");
    const sim::Sampler service(sim::Distribution::exponential(0.5e9));
    w.host.handling = [&](const FakeHost::Started&) {
      return std::pair{static_cast<std::int64_t>(service.sample(services)), Outcome::success};
    };
    const std::uint64_t n = 100'000;
    Poisson arrivals{w, kSecond / 20, n};
    arrivals.next();
    w.host.run_until(std::int64_t{20'000} * kSecond);
    ASSERT_EQ(w.ended(Fate::consumed), n);
    std::map<std::uint64_t, int> times;
    for (const std::uint64_t identity : w.order()) ++times[identity];
    std::uint64_t again = 0;
    for (const auto& [identity, deliveries] : times) again += deliveries > 1;
    const double p = std::exp(-2.0), size = static_cast<double>(n);
    EXPECT_NEAR(static_cast<double>(again) / size, p, 4 * std::sqrt(p * (1 - p) / size));
    EXPECT_NEAR(static_cast<double>(w.counts().deliveries) / size, 1 / (1 - p),
                4 * std::sqrt(p / ((1 - p) * (1 - p)) / size));
  }
}

// A delete that misses one copy with probability d leaves a geometric number of deliveries, 1/(1-d).
TEST(CloudQueueLaws, DuplicatesByChanceAreGeometric) {
  CloudQueueSettings s = World::settings(1, 100'000);
  s.visibility_timeout_ns = 10 * kMs;
  s.duplicate_probability = 0.1;
  World w(s);
  w.handle_in(kMs);
  const std::uint64_t n = 100'000;
  Poisson arrivals{w, kMs, n};
  arrivals.next();
  w.host.run_until(1000 * kSecond);
  EXPECT_EQ(w.ended(Fate::consumed), n);
  EXPECT_NEAR(static_cast<double>(w.counts().deliveries) / static_cast<double>(n), 1 / 0.9,
              4 * std::sqrt(0.1 / 0.81 / static_cast<double>(n)));
}

// Each delivery fails with .3, three are allowed: .3^3 = .027 are dead-lettered, after (1-.027)/.7 = 1.39
// deliveries on average.
TEST(CloudQueueLaws, DeadLettersAfterThreeReceives) {
  CloudQueueSettings s = World::settings(1, 100'000);
  s.max_receives = 3;
  s.dead_letter = 1;
  World w(s);
  sim::Stream luck(3, 0, "test", "luck");
  w.host.handling = [&](const FakeHost::Started&) {
    return std::pair{kMs, luck.uniform() < 0.3 ? Outcome::error : Outcome::success};
  };
  const std::uint64_t n = 200'000;
  Poisson arrivals{w, 20 * kMs, n};
  arrivals.next();
  w.host.run_until(std::int64_t{10'000} * kSecond);
  const double size = static_cast<double>(n);
  EXPECT_EQ(w.host.forwarded.size(), w.ended(Fate::dead_lettered));
  EXPECT_EQ(w.ended(Fate::dead_lettered) + w.ended(Fate::consumed), n);
  EXPECT_NEAR(static_cast<double>(w.ended(Fate::dead_lettered)) / size, 0.027,
              4 * std::sqrt(0.027 * 0.973 / size));
  // Var of the deliveries: 1 w.p. .7, 2 w.p. .21, 3 w.p. .09: E = 1.39, E[x^2] = 2.35.
  EXPECT_NEAR(static_cast<double>(w.counts().deliveries) / size, 1.39,
              4 * std::sqrt((2.35 - 1.39 * 1.39) / size));
}

// A short poll misses a message with probability m: it is found at the k-th poll with (1-m) m^(k-1), so it
// waits m/(1-m) intervals more than the half that it waits for the first.
TEST(CloudQueueLaws, ShortPollsThatMissWaitGeometricallyLong) {
  CloudQueueSettings s = World::settings(1, 100'000);
  s.wait_time_ns = 0;
  s.poll_interval_ns = 100 * kMs;
  s.short_poll_miss = 0.5;
  World w(s);
  w.handle_in(0);
  const std::uint64_t n = 20'000;
  Poisson arrivals{w, 10 * kSecond, n};  // so seldom that an own poll after a find hardly matters
  arrivals.next();
  w.host.run_until(std::int64_t{300'000} * kSecond);
  ASSERT_EQ(w.ended(Fate::consumed), n);
  double sum = 0;
  for (const std::int64_t ns : w.host.times.at({ChannelTime::waiting, 0u})) sum += static_cast<double>(ns);
  // 50 ms + 100 ms x .5/.5; variances 100^2/12 and 100^2 x .5/.25.
  EXPECT_NEAR(sum / static_cast<double>(n) / kMs, 150,
              4 * std::sqrt((1e4 / 12 + 2e4) / static_cast<double>(n)));
}

// Random traffic, outcomes, crashes of consumers and outages of the queue, on random settings. After every
// step the place is conserved and copies are in balance; in FIFO queues the first successes of a group come
// in its order of acceptance.
TEST(CloudQueueLaws, NothingIsLostOrCreatedWhateverHappens) {
  int in_order = 0;  // first successes of FIFO queues whose order was looked at
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    sim::Stream random(seed, 0, "swarm", "steps");
    const auto pick = [&](std::uint64_t n) { return random.below(n); };
    const auto ms = [&](std::uint64_t most) { return static_cast<std::int64_t>(pick(most)) * kMs; };
    const std::int64_t instances = 1 + static_cast<std::int64_t>(pick(3));
    CloudQueueSettings s = World::settings(instances, 1 + static_cast<std::int64_t>(pick(4)));
    s.fifo = pick(2) == 0;
    s.one_group = pick(8) == 0;
    s.deduplication_ns = s.fifo && pick(2) == 0 ? 5 * kSecond : 0;
    s.visibility_timeout_ns = 500 * kMs + ms(1000);
    if (pick(2) == 0) s.extend_interval_ns = 200 * kMs, s.extend_until_ns = ms(5000);
    s.receive_batch = 1 + static_cast<std::int64_t>(pick(10));
    s.free_workers_only = pick(2) == 0;
    s.whole_batch = pick(5) == 0;
    s.skip_expired = pick(2) == 0;
    if (pick(3) == 0) s.wait_time_ns = 0, s.poll_interval_ns = 50 * kMs, s.short_poll_miss = 0.2;
    if (pick(2) == 0) s.receive_latency = sim::Distribution::exponential(1e7);
    s.delete_latency_ns = pick(2) == 0 ? ms(100) : 0;
    if (pick(3) == 0) s.delete_batch = 4, s.delete_max_wait_ns = 100 * kMs;
    s.late_delete = static_cast<LateDelete>(pick(3));
    s.duplicate_probability = !s.fifo && pick(3) == 0 ? 0.05 : 0;
    s.on_failure = static_cast<CloudOnFailure>(pick(2));
    if (pick(2) == 0) s.backoff = {{10 * kMs}, 2, {kSecond}, static_cast<Jitter>(pick(3))};
    s.at_its_place = pick(2) == 0;
    s.release_on_crash = pick(3) == 0;
    const bool gives_up = pick(3) == 0;
    if (gives_up)
      s.max_receives = 4, s.dead_letter = pick(2) == 0 ? 1 : kNone, s.give_up_at_failure = pick(2) == 0;
    if (pick(4) == 0) s.retention_ns = 20 * kSecond;
    if (pick(4) == 0) s.in_flight_limit = 6;
    if (pick(4) == 0) s.capacity = 50;
    if (pick(4) == 0) s.delivery_delay_ns = 300 * kMs;
    if (pick(4) == 0) s.transactions_per_s = 40;
    if (pick(4) == 0) s.pause_after_failures = 4, s.pause_ns = kSecond;
    World w(s);
    w.host.accepts_forwarded = pick(4) != 0;

    std::map<std::uint64_t, std::uint64_t> ranks;   // identity -> when it was first accepted
    std::map<std::uint64_t, std::uint64_t> newest;  // group -> the latest of these that has succeeded
    std::set<std::uint64_t> done;
    std::vector<bool> up(static_cast<std::size_t>(instances), true);
    const bool ordered = s.fifo && !gives_up && s.retention_ns > 60 * kSecond;
    std::vector<FakeHost::Started> open;
    std::size_t known = 0;
    std::uint64_t identity = 0, accepted = 0;
    bool node_up = true;
    const auto check = [&] {
      const PlaceCounts c = w.counts();
      ASSERT_TRUE(c.conserved()) << seed;
      ASSERT_EQ(static_cast<std::uint64_t>(w.host.copies), c.ready + c.in_flight) << seed;
      ASSERT_EQ(c.accepted, accepted - w.channel->record().counts.deduplicated) << seed;
      ASSERT_EQ(w.channel->depth(0), c.ready + c.in_flight);
      ASSERT_EQ(w.channel->oldest_born(0) < 0, w.channel->depth(0) == 0) << seed;
      if (s.in_flight_limit > 0) {
        ASSERT_LE(c.in_flight, 6u) << seed;
      }
    };
    for (int step = 0; step < 2000; ++step) {
      const std::uint64_t action = pick(100);
      if (action < 35) {
        const std::uint64_t again = pick(20) == 0 && identity > 0 ? 1 + pick(identity) : ++identity;
        if (w.publish(again, again % 4) == Publication::accepted) ranks.emplace(again, ++accepted);
      } else if (action < 75 && !open.empty()) {
        const std::size_t which = pick(open.size());
        const FakeHost::Started d = open[which];
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(which));
        const Outcome outcome = pick(5) != 0   ? Outcome::success
                                : pick(4) != 0 ? Outcome::error
                                               : Outcome::network;
        if (outcome == Outcome::success && ordered) {
          for (const Envelope& m : d.messages) {
            if (!done.insert(m.identity).second) continue;
            std::uint64_t& last = newest[s.one_group ? 0 : m.key];
            ASSERT_GT(ranks.at(m.identity), last) << seed;
            last = ranks.at(m.identity);
            ++in_order;
          }
        }
        w.channel->handled(d.token, outcome);
        if (pick(10) == 0) w.channel->handled(d.token, Outcome::success);  // twice: ignored
      } else if (action < 79) {
        const std::size_t i = pick(up.size());
        up[i] = !up[i];
        w.channel->instance_changed(0, static_cast<std::uint32_t>(i), up[i]);
        // Its handlers are dead; the host may still report them.
        std::erase_if(open, [&](const FakeHost::Started& d) {
          if (up[i] || d.instance != i) return false;
          w.channel->handled(d.token, Outcome::network);
          return true;
        });
      } else if (action < 80) {
        node_up = !node_up;
        w.channel->node_changed(0, node_up);
      } else {
        w.host.run_until(w.host.now() + ms(200));
      }
      for (; known < w.host.started.size(); ++known) {
        ASSERT_TRUE(up[w.host.started[known].instance]) << seed;
        open.push_back(w.host.started[known]);
      }
      check();
      if (HasFatalFailure()) return;
    }
    w.channel->reset_counts();
    EXPECT_TRUE(w.counts().conserved());

    // All is up, every handler succeeds at once, nothing pauses: what can be handled, is.
    w.host.handling = [](const FakeHost::Started&) { return std::pair{kMs, Outcome::success}; };
    for (std::size_t i = 0; i < up.size(); ++i)
      w.channel->instance_changed(0, static_cast<std::uint32_t>(i), true);
    w.channel->node_changed(0, true);
    for (const FakeHost::Started& d : open) w.channel->handled(d.token, Outcome::success);
    w.host.run_until(w.host.now() + 600 * kSecond);
    EXPECT_EQ(w.channel->depth(0), 0u) << seed;
    EXPECT_EQ(w.host.copies, 0) << seed;
    EXPECT_TRUE(w.counts().conserved()) << seed;
  }
  EXPECT_GT(in_order, 100);
}

}  // namespace
}  // namespace tailrace::models
