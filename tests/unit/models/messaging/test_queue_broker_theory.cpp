// A queue with its consumers against closed forms: random arrivals and handling times from named streams.
#include <cmath>

#include "sim/random/sampler.hpp"
#include "tests/support/erlang.hpp"
#include "tests/unit/models/messaging/queue_broker_world.hpp"

namespace tailrace::models {
namespace {

struct Driver {
  // Poisson publications and exponential handling; means in seconds.
  Driver(BrokerSettings settings, double per_s, double handling_s, std::int64_t messages, double failing = 0)
      : w(std::move(settings)) {
    const sim::Sampler gap(sim::Distribution::exponential(1e9 / per_s));
    const sim::Sampler handling(sim::Distribution::exponential(handling_s * 1e9));
    w.host.handling = [this, handling, failing](const FakeHost::Started&) {
      const std::int64_t time = handling.sample_duration(handlings).ns;
      return std::pair{time, outcomes.uniform() < failing ? Outcome::error : Outcome::success};
    };
    std::function<void()> next = [&, gap] {
      w.publish(++published);
      if (static_cast<std::int64_t>(published) < messages)
        w.host.at(w.host.now() + gap.sample_duration(arrivals).ns, next);
    };
    w.host.at(0, next);
    w.host.run_until(std::numeric_limits<std::int64_t>::max() / 2);
    w.expect_conserved();
    EXPECT_EQ(w.host.copies, 0);
  }
  BrokerWorld w;
  sim::Stream arrivals{11, 0, "test", "arrivals"};
  sim::Stream handlings{11, 0, "test", "handling"};
  sim::Stream outcomes{11, 0, "test", "outcomes"};
  std::uint64_t published = 0;
};

constexpr std::int64_t kMessages = 400'000;

BrokerSettings broker_of(QueueSettings queue) {
  BrokerSettings settings;
  settings.queues.push_back(std::move(queue));
  return settings;
}

// Two instances of two handlers each, and prefetch no larger: nobody idles while a message waits, M/M/4.
TEST(QueueBrokerTheory, competing_consumers_are_one_mmc_queue) {
  Driver d(broker_of(queue_of("q", 2, 2)), 320, 0.01, kMessages);
  const double a = 3.2;
  const double waiting_s = tests::erlang_c(4, a) * 0.01 / (4 - a);  // 7.45 ms
  double sum = 0;
  for (const std::int64_t ns : d.w.host.times[std::pair(ChannelTime::waiting, 0u)])
    sum += static_cast<double>(ns);
  EXPECT_NEAR(sum / kMessages / 1e9, waiting_s, 0.04 * waiting_s);
}

// With unlimited prefetch each instance has a line of its own, dealt out in turns: E2/M/1 twice, each with
// gaps of two exponentials of rate 160/s and mu = 100/s, which takes longer than M/M/2.
TEST(QueueBrokerTheory, unlimited_prefetch_deals_messages_out_in_turns) {
  QueueSettings q = queue_of("q", 2, 1);
  q.prefetch = kNoLimit;
  Driver d(broker_of(q), 160, 0.01, kMessages);
  double s = 0.5;  // root of s = L(mu (1 - s)), L the transform of the gaps
  for (int k = 0; k < 200; ++k) s = std::pow(160 / (160 + 100 * (1 - s)), 2);
  const double lag = 160 / (100 * (1 - s));
  const double measured = static_cast<double>(d.w.place(0).area) / 1e9 / (kMessages / 160.0);
  EXPECT_NEAR(measured, lag, 0.04 * lag);
  EXPECT_GT(measured, 1.2 * 160 * 0.01 / (1 - 0.8 * 0.8));  // M/M/2
}

// redelivery-p20: each acknowledgement is lost with 20 %, so deliveries are geometric.
TEST(QueueBrokerTheory, lost_acknowledgements_deliver_one_over_one_minus_p_times) {
  QueueSettings q = queue_of("q", 4);
  q.ack_failure = probability_bits(0.2);
  Driver d(broker_of(q), 50, 0.01, kMessages);
  const PlaceCounts place = d.w.place(0);
  // Standard error sqrt(p)/(1-p)/sqrt(n) = 0.0009.
  EXPECT_NEAR(static_cast<double>(place.deliveries) / kMessages, 1.25, 0.004);
  EXPECT_NEAR(static_cast<double>(place.redeliveries) / static_cast<double>(place.deliveries), 0.2, 0.003);
  EXPECT_EQ(place.ended[static_cast<std::size_t>(Fate::consumed)], static_cast<std::uint64_t>(kMessages));
}

// dlq-p30-k3: 0.3^3 of all are given up, (1 - 0.3^3) / 0.7 deliveries each.
TEST(QueueBrokerTheory, p_to_the_k_of_all_messages_are_dead_lettered) {
  BrokerSettings settings;
  settings.queues = {queue_of("work", 4), queue_of("dead")};
  settings.queues[0].max_delivery_count = 3;
  settings.queues[0].dead_letter = dead_letters_to(1);
  settings.queues[1].message_ttl_ns = kSecond;  // so that the world is empty in the end
  Driver d(settings, 50, 0.01, kMessages, 0.3);
  const PlaceCounts place = d.w.place(0);
  const auto dead = static_cast<double>(place.ended[static_cast<std::size_t>(Fate::dead_lettered)]);
  EXPECT_NEAR(dead / kMessages, 0.027, 0.001);  // standard error 0.00026
  EXPECT_NEAR(static_cast<double>(place.deliveries) / kMessages, 1.39, 0.005);
}

// Message TTL: M/M/1 whose customers leave the queue after exactly T (Barrer 1957). With rho = lambda/mu the
// probability of expiry is
//   p = (1 - rho) rho e / (1 - rho^2 e),  e = exp(-(mu - lambda) T),
// which for T = 0 is Erlang's rho / (1 + rho).
TEST(QueueBrokerTheory, a_message_ttl_expires_what_barrers_formula_says) {
  QueueSettings q = queue_of("q", 1);
  q.message_ttl_ns = 20 * kMs;
  Driver d(broker_of(q), 90, 0.01, kMessages);
  const double e = std::exp(-(100.0 - 90.0) * 0.02), rho = 0.9;
  const double expired = (1 - rho) * rho * e / (1 - rho * rho * e);
  const PlaceCounts place = d.w.place(0);
  EXPECT_NEAR(static_cast<double>(place.ended[static_cast<std::size_t>(Fate::expired)]) / kMessages, expired,
              0.03 * expired);
}

// Consumers too slow: the lag grows as (lambda - n mu) t and 800 a second are consumed.
TEST(QueueBrokerTheory, too_few_consumers_let_the_lag_grow_linearly) {
  BrokerWorld w(broker_of(queue_of("q", 4)));
  sim::Stream arrivals(3, 0, "test", "arrivals"), handlings(3, 0, "test", "handling");
  const sim::Sampler gap(sim::Distribution::exponential(1e6)), handling(sim::Distribution::exponential(5e6));
  w.host.handling = [&](const FakeHost::Started&) {
    return std::pair{handling.sample_duration(handlings).ns, Outcome::success};
  };
  std::uint64_t id = 0;
  std::function<void()> next = [&] {
    w.publish(++id);
    w.host.at(w.host.now() + gap.sample_duration(arrivals).ns, next);
  };
  w.host.at(0, next);
  w.host.run_until(120 * kSecond);
  EXPECT_NEAR(static_cast<double>(w.channel->depth(0)), 200.0 * 120, 0.05 * 200 * 120);
  EXPECT_NEAR(static_cast<double>(w.ended(0, Fate::consumed)) / 120, 800, 10);
  w.expect_conserved();
}

}  // namespace
}  // namespace tailrace::models
