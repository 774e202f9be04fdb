// Random brokers under random publications, handler outcomes and crashes: nothing is lost or created, after
// every step.
#include <fmt/format.h>

#include <set>

#include "tests/unit/models/messaging/queue_broker_world.hpp"

namespace tailrace::models {
namespace {

using sim::Stream;

BrokerSettings random_broker(Stream& r) {
  const auto some = [&](std::uint64_t n) { return static_cast<std::int64_t>(r.below(n)); };
  BrokerSettings s;
  s.nodes = static_cast<std::uint32_t>(1 + r.below(3));
  s.memory_limit = r.below(3) == 0 ? 300 + some(3000) : kNoLimit;
  s.replication_latency_ns = some(3) * kMs;
  s.election_time_ns = some(3) * 10 * kMs;
  const std::size_t queues = 1 + r.below(4), exchanges = r.below(4);
  for (std::size_t q = 0; q < queues; ++q) {
    QueueSettings it = queue_of(fmt::format("q{}", q), some(4), 1 + some(3));
    it.home = static_cast<std::uint32_t>(r.below(s.nodes));
    if (r.below(2) == 0)
      it.type = QueueType::quorum, it.replicas = static_cast<std::uint32_t>(1 + r.below(s.nodes));
    it.durable = r.below(3) > 0 || it.type == QueueType::quorum;
    it.prefetch = r.below(4) == 0 ? kNoLimit : 1 + some(5);
    it.ack = r.below(4) == 0 ? AckMode::automatic : AckMode::manual;
    it.on_failure = r.below(3) == 0 ? BrokerOnFailure::reject : BrokerOnFailure::requeue;
    it.message_ttl_ns = r.below(3) == 0 ? some(20) * kMs : kNoTime;
    it.queue_ttl_ns = r.below(5) == 0 ? (1 + some(50)) * kMs : kNoTime;
    it.max_length = r.below(3) == 0 ? some(6) : kNoLimit;
    it.max_bytes = r.below(4) == 0 ? some(1000) : kNoLimit;
    it.overflow = static_cast<Overflow>(r.below(3));
    it.max_priority = static_cast<std::uint8_t>(r.below(3));
    it.max_delivery_count = r.below(2) == 0 ? 1 + some(4) : kNoLimit;
    it.redelivery_delays_ns = redelivery_delays(some(3) * kMs, 2, 20 * kMs);
    it.ack_failure = r.below(3) == 0 ? probability_bits(0.3) : 0;
    it.single_active_consumer = r.below(5) == 0;
    if (r.below(2) == 0)
      it.dead_letter = dead_letters_to(static_cast<std::uint16_t>(r.below(queues + exchanges)));
    if (r.below(8) == 0) it.dead_letter.to = DeadLetterSettings::To::elsewhere;
    s.queues.push_back(it);
  }
  const char* patterns[] = {"#", "*", "a.*", "a.b", "#.b"};
  for (std::size_t e = 0; e < exchanges; ++e) {
    ExchangeSettings it{fmt::format("e{}", e), static_cast<ExchangeType>(r.below(3)), {}};
    for (std::size_t b = r.below(4); b > 0; --b) {
      BindingSettings binding{patterns[r.below(5)], kNobody, kNobody};
      (r.below(3) == 0 ? binding.exchange : binding.queue) =
          static_cast<std::uint32_t>(r.below(3) == 0 ? 0 : r.below(std::min(queues, exchanges)));
      it.bindings.push_back(binding);
    }
    s.exchanges.push_back(it);
  }
  return s;
}

class Swarm {
 public:
  explicit Swarm(std::uint64_t seed)
      : r_(seed, 0, "swarm", "queue"), w_(random_broker(r_), {"", "a.b", "a.c", "b"}) {
    for (const GroupSettings& group : w_.model.groups())
      up_.emplace_back(static_cast<std::size_t>(group.instances), true);
    nodes_.assign(w_.model.nodes(), true);
  }

  void run() {
    for (int step = 0; step < 400; ++step) {
      act();
      look();
      if (::testing::Test::HasFailure()) return;
    }
    w_.channel->reset_counts();
    for (int step = 0; step < 100; ++step) {
      act();
      look();
    }
    end();
  }

 private:
  void act() {
    switch (r_.below(10)) {
      case 0:
        w_.host.run_until(w_.host.now() + static_cast<std::int64_t>(r_.below(15)) * kMs);
        break;
      case 1:
        change_node();
        break;
      case 2:
        change_instance();
        break;
      case 3:
      case 4:
      case 5:
      case 6:
        publish();
        break;
      default:
        finish_one();
    }
  }
  void publish() {
    const std::size_t entries = w_.model.entries().size();
    Envelope m;
    m.identity = ++identity_;
    m.entry = static_cast<std::uint16_t>(r_.below(entries));
    m.route = static_cast<std::uint16_t>(r_.below(4));
    m.bytes = static_cast<std::uint32_t>(r_.below(300));
    m.priority = static_cast<std::uint8_t>(r_.below(4));
    m.level = static_cast<std::uint8_t>(r_.below(2));
    m.delay_us = r_.below(5) == 0 ? static_cast<std::uint32_t>(r_.below(20'000)) : 0;
    m.born = w_.host.now();
    w_.publish(m, r_.below(2) == 0);
  }
  void finish_one() {
    if (w_.host.started.empty()) return;
    // Also one that has ended already, or that a crash took.
    const std::size_t among = std::min<std::size_t>(w_.host.started.size(), 12);
    const FakeHost::Started s = w_.host.started[w_.host.started.size() - 1 - r_.below(among)];
    const Outcome ends[] = {Outcome::success, Outcome::success, Outcome::error, Outcome::timeout,
                            Outcome::network};
    w_.channel->handled(s.token, ends[r_.below(5)]);
  }
  void change_node() {
    const auto node = static_cast<std::uint32_t>(r_.below(nodes_.size()));
    nodes_[node] = r_.below(2) == 0;
    w_.channel->node_changed(node, nodes_[node]);
  }
  void change_instance() {
    const auto q = static_cast<std::uint32_t>(r_.below(up_.size()));
    if (up_[q].empty()) return;
    const auto i = static_cast<std::uint32_t>(r_.below(up_[q].size()));
    up_[q][i] = r_.below(2) == 0;
    w_.channel->instance_changed(q, i, up_[q][i]);
  }
  void look() {
    w_.expect_conserved();
    const ChannelRecord record = w_.channel->record();
    for (std::uint32_t q = 0; q < record.places.size(); ++q) {
      EXPECT_EQ(w_.channel->oldest_born(q) >= 0, w_.channel->depth(q) > 0);
      const QueueSettings& its = w_.model.settings().queues[q];
      if (its.prefetch != kNoLimit && its.ack == AckMode::manual) {
        EXPECT_LE(record.places[q].in_flight,
                  static_cast<std::uint64_t>(its.prefetch * its.consumers.instances));
      }
    }
    std::set<std::uint64_t> tickets;
    for (const FakeHost::Answered& a : w_.host.answered) {
      EXPECT_TRUE(tickets.insert(a.ticket).second) << "answered twice";
    }
  }
  // Everything up, handlers fine, and time: what can be consumed is.
  void end() {
    for (std::uint32_t n = 0; n < nodes_.size(); ++n) w_.channel->node_changed(n, true);
    for (std::uint32_t q = 0; q < up_.size(); ++q) {
      for (std::uint32_t i = 0; i < up_[q].size(); ++i) w_.channel->instance_changed(q, i, true);
    }
    w_.handle_in(kMs);
    for (std::size_t k = 0; k < w_.host.started.size(); ++k)
      w_.channel->handled(w_.host.started[k].token, Outcome::success);
    w_.host.run_until(w_.host.now() + 3000 * kSecond);
    look();
    bool drains = w_.model.settings().memory_limit == kNoLimit;
    for (std::uint32_t q = 0; q < up_.size(); ++q) {
      if (drains && !up_[q].empty()) {
        EXPECT_EQ(w_.channel->depth(q), 0u) << q;
      }
    }
  }

  Stream r_;
  BrokerWorld w_;
  std::vector<std::vector<bool>> up_;
  std::vector<bool> nodes_;
  std::uint64_t identity_ = 0;
};

TEST(QueueBrokerSwarm, copies_are_conserved_in_random_brokers_under_random_faults) {
  for (std::uint64_t seed = 0; seed < 300 && !HasFailure(); ++seed) {
    SCOPED_TRACE(seed);
    Swarm(seed).run();
  }
}

}  // namespace
}  // namespace tailrace::models
