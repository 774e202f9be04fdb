// Exchanges: what reaches which queue.
#include "models/messaging/queue_broker/routing.hpp"
#include "tests/unit/models/messaging/queue_broker_world.hpp"

namespace tailrace::models {
namespace {

TEST(QueueBrokerRouting, a_star_is_one_word_and_a_hash_any_number) {
  EXPECT_TRUE(topic_matches("order.*", "order.placed"));
  EXPECT_FALSE(topic_matches("order.*", "order"));
  EXPECT_FALSE(topic_matches("order.*", "order.placed.eu"));
  EXPECT_TRUE(topic_matches("order.#", "order"));
  EXPECT_TRUE(topic_matches("order.#", "order.placed.eu"));
  EXPECT_TRUE(topic_matches("#", ""));
  EXPECT_TRUE(topic_matches("#.eu", "eu"));
  EXPECT_TRUE(topic_matches("*.*.eu", "order.placed.eu"));
  EXPECT_TRUE(topic_matches("#.placed.#", "order.placed.eu"));
  EXPECT_FALSE(topic_matches("#.placed.#", "order.paid.eu"));
  EXPECT_FALSE(topic_matches("", "a"));
  EXPECT_TRUE(topic_matches("", ""));
  EXPECT_FALSE(topic_matches("*", ""));
  // Would take forever with backtracking.
  std::string pattern, key = "x";
  for (int k = 0; k < 200; ++k) pattern += "#.a.", key += ".b";
  EXPECT_FALSE(topic_matches(pattern + "z", key));
}

TEST(QueueBrokerRouting, a_headers_binding_asks_for_all_of_its_arguments_or_for_any) {
  const std::string report = with_headers("k", {{"format", "pdf"}, {"type", "report"}});
  const std::string log = with_headers("k", {{"format", "pdf2"}, {"type", "log"}});
  const BindingSettings all{"", 0, kNobody, {{"format", "pdf"}, {"type", "report"}}, false};
  BindingSettings any = all;
  any.arguments = {{"format", "pdf"}, {"type", "log"}};
  any.match_any = true;
  EXPECT_TRUE(binding_matches(ExchangeType::headers, all, report));
  EXPECT_FALSE(binding_matches(ExchangeType::headers, all, log));
  EXPECT_FALSE(binding_matches(ExchangeType::headers, all, "k"));
  EXPECT_TRUE(binding_matches(ExchangeType::headers, any, report));
  EXPECT_TRUE(binding_matches(ExchangeType::headers, any, log));
  EXPECT_FALSE(binding_matches(ExchangeType::headers, any, "k"));
  // Other exchanges look at the key alone.
  EXPECT_TRUE(binding_matches(ExchangeType::direct, {"k", 0, kNobody}, report));
  EXPECT_TRUE(binding_matches(ExchangeType::topic, {"*", 0, kNobody}, report));
}

// events (topic): order.* -> mails, # -> audit; everywhere (fanout): mails, audit; inner (direct): "x" ->
// mails.
BrokerSettings exchanges() {
  BrokerSettings s;
  s.queues = {queue_of("audit"), queue_of("mails")};
  s.exchanges = {{"events", ExchangeType::topic, {{"order.*", 1, kNobody}, {"#", 0, kNobody}}},
                 {"everywhere", ExchangeType::fanout, {{"", 0, kNobody}, {"", 1, kNobody}}},
                 {"inner", ExchangeType::direct, {{"x", 1, kNobody}, {"loop", kNobody, 3}}},
                 {"outer", ExchangeType::fanout, {{"", kNobody, 2}, {"", 0, kNobody}, {"", kNobody, 1}}}};
  return s;
}
const std::vector<std::string> kKeys = {"", "order.placed", "x", "loop"};

TEST(QueueBrokerRouting, each_exchange_type_reaches_its_queues_once) {
  const BrokerSettings settings = exchanges();
  QueueRouter router(settings, kKeys);
  const auto reached = [&](std::uint16_t entry, std::uint16_t route) {
    std::vector<std::uint32_t> queues;
    const QueueRouter::Reach reach = router.reach(entry, route);
    for (std::uint32_t k = reach.first; k < reach.last; ++k) queues.push_back(router.queue(k));
    return queues;
  };
  using Queues = std::vector<std::uint32_t>;
  for (int again = 0; again < 2; ++again) {
    EXPECT_EQ(reached(0, 1), (Queues{0, 1}));
    EXPECT_EQ(reached(0, 2), (Queues{0}));
    EXPECT_EQ(reached(1, 0), (Queues{0, 1}));
    EXPECT_EQ(reached(2, 2), (Queues{1}));
    EXPECT_EQ(reached(2, 1), (Queues{}));
    EXPECT_EQ(reached(2, 3), (Queues{0, 1}));  // inner -> outer -> inner: each once
    EXPECT_EQ(reached(3, 0), (Queues{0, 1}));
    EXPECT_EQ(reached(4, 3), (Queues{0}));  // a queue named directly, whatever the key
    EXPECT_EQ(reached(5, 0), (Queues{1}));
  }
}

// What "orders" does not route goes through "rest" to the queue "mails"; a fanout that is bound routes all
// itself.
TEST(QueueBrokerRouting, what_no_binding_matches_takes_the_alternate_exchange) {
  BrokerSettings s;
  s.queues = {queue_of("audit"), queue_of("mails")};
  s.exchanges = {{"orders", ExchangeType::topic, {{"order.*", 0, kNobody}}, 1},
                 {"rest", ExchangeType::fanout, {{"", 1, kNobody}}, 0},
                 {"empty", ExchangeType::direct, {}, 0}};
  QueueRouter router(s, kKeys);
  const auto only = [&](std::uint16_t entry, std::uint16_t route) {
    const QueueRouter::Reach reach = router.reach(entry, route);
    return reach.last - reach.first == 1 ? router.queue(reach.first) : kNobody;
  };
  EXPECT_EQ(only(0, 1), 0u);
  EXPECT_EQ(only(0, 2), 1u);
  EXPECT_EQ(only(1, 1), 1u);
  EXPECT_EQ(only(2, 1), 0u) << "the alternate of an alternate is asked by its own bindings";
  EXPECT_EQ(only(2, 2), 1u);
}

TEST(QueueBrokerRouting, what_no_binding_matches_is_accepted_and_gone) {
  BrokerWorld w(exchanges(), kKeys);
  EXPECT_EQ(w.publish(1, 2, 1), Publication::accepted);
  EXPECT_EQ(w.channel->record().counts.unrouted, 1u);
  EXPECT_EQ(w.channel->record().counts.published, 1u);
  EXPECT_EQ(w.host.copies, 0);
  EXPECT_EQ(w.publish(2, 1), Publication::accepted);  // a fan-out to two is one publication, two copies
  EXPECT_EQ(w.channel->record().counts.published, 2u);
  EXPECT_EQ(w.host.copies, 2);
  w.expect_conserved();
}

TEST(QueueBrokerRouting, dead_letters_take_their_own_key_through_an_exchange) {
  BrokerSettings s = exchanges();
  s.queues.push_back(queue_of("work", 1));
  s.queues[2].on_failure = BrokerOnFailure::reject;
  s.queues[2].dead_letter = dead_letters_to(0);
  s.queues[2].dead_letter.own_key = true;
  s.queues[2].dead_letter.route = 1;
  BrokerWorld w(s, kKeys);
  w.publish(1, 6);
  w.channel->handled(w.host.started[0].token, Outcome::error);
  EXPECT_EQ(w.place(0).ready, 1u);
  EXPECT_EQ(w.place(1).ready, 1u);
  EXPECT_EQ(w.ended(2, Fate::dead_lettered), 1u);
  w.expect_conserved();
}

TEST(QueueBrokerRouting, dead_letters_to_another_channel_are_forwarded_or_dropped) {
  for (const bool accepts : {true, false}) {
    BrokerSettings s;
    s.queues = {queue_of("work", 1)};
    s.queues[0].on_failure = BrokerOnFailure::reject;
    s.queues[0].dead_letter.to = DeadLetterSettings::To::elsewhere;
    s.queues[0].dead_letter.channel = 7;
    s.queues[0].dead_letter.entry = 2;
    BrokerWorld w(s);
    w.host.accepts_forwarded = accepts;
    w.publish(1);
    w.channel->handled(w.host.started[0].token, Outcome::error);
    ASSERT_EQ(w.host.forwarded.size(), 1u);
    EXPECT_EQ(w.host.forwarded[0].first, 7u);
    EXPECT_EQ(w.host.forwarded[0].second.entry, 2u);
    EXPECT_EQ(w.host.forwarded[0].second.redirected, 1u);
    EXPECT_EQ(w.host.gone[0].fate, accepts ? Fate::dead_lettered : Fate::dropped);
    w.expect_conserved();
  }
}

}  // namespace
}  // namespace tailrace::models
