// Policies where messages are published and handled, and what holds back whoever is too fast: each with the
// number that it should come to.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/statistical/lessons.hpp"
#include "tests/support/erlang.hpp"

namespace tailrace::tests {
namespace {

using models::EffectRecord;
using models::Fate;

Results run(const std::string& text, double seconds = 200) {
  return run_text(
      fmt::format("tailrace: 1\nrun: {{duration: {}s, seed: 1, replications: 5}}\n{}", seconds, text), 2);
}

std::string publishing(double rate, const std::string& publish) {
  return fmt::format("workloads: {{load: {{constant_arrival_rate: {}/s, steps: [{{publish: {}}}]}}}}\n", rate,
                     publish);
}
const std::string kLog = "logs: {orders: {partitions: 4}}\n";

double accepted_share(const Results& r) {
  return mean(r, published("orders")) / mean(r, [](const auto&, const auto& record) {
           return static_cast<double>(record.classes[0].arrived);
         });
}

// --- publishing

// Three answers of ten are errors. Three tries: 1 - p^3 succeed, with (1 - p^3) / (1 - p) attempts.
TEST(PublishingPolicies, RetriesPublishAgain) {
  const Results r = run(publishing(100, "orders, retries: {attempts: 2, backoff: {base_interval: 1ms}}") +
                        kLog + "faults: [{type: abort, target: orders, percentage: 30%}]\n");
  const double p = 0.3, three = 1 - p * p * p;
  EXPECT_FIGURE(r, successes("load"), three, 0.003);
  EXPECT_FIGURE(r, attempts("load", "orders.publish"), three / (1 - p), 0.01);
  EXPECT_NEAR(accepted_share(r), three, 0.003);
}

// The broker answers with errors for 20 of 200 s, 100/s come. Ten failures open the breaker for 5 s; then one
// probe each: 10 + 3 attempts are made in vain, in place of 2000.
TEST(PublishingPolicies, ABreakerSparesABrokerThatFails) {
  const std::string down = "faults: [{type: abort, target: orders, start: 50s, duration: 20s}]\n";
  const Results with =
      run(publishing(100,
                     "orders, circuit_breaker: {consecutive_failures: 10, wait_duration_in_open_state: 5s}") +
          kLog + down);
  const double calls = 100 * 200;
  EXPECT_NEAR((1 - mean(with, attempts("load", "orders.publish"))) * calls, 2000 - 13, 0.03 * 2000);
  EXPECT_NEAR(1 - mean(with, successes("load")), 0.1, 0.005);
  const Results without = run(publishing(100, "orders") + kLog + down);
  EXPECT_EQ(mean(without, attempts("load", "orders.publish")), 1);
}

// A producer with room for five publications, of 100 ms each: Erlang's B with 10 erlang and five places.
TEST(PublishingPolicies, ABulkheadBoundsAProducer) {
  const Results r =
      run(publishing(100, "orders, bulkhead: 5") +
          "logs: {orders: {partitions: 4, replication_factor: 3, replication_latency: 100ms}}\n");
  const double b = erlang_b(5, 10);  // 0.564
  EXPECT_NEAR(1 - mean(r, successes("load")), b, 0.01);
  EXPECT_NEAR(accepted_share(r), 1 - b, 0.01);
}

// The same with time to wait: 40/s on five places of 10/s each are never refused, and the producer is held
// up.
TEST(PublishingPolicies, ABoundedProducerWaitsWhereItMay) {
  const Results r =
      run(publishing(40, "orders, bulkhead: {max_concurrent_calls: 5, max_wait_duration: 60s}") +
          "logs: {orders: {partitions: 4, replication_factor: 3, replication_latency: 100ms}}\n");
  EXPECT_EQ(least(r, successes("load")), 1);
  EXPECT_GT(workload(r.report, "load").success_duration.mean.estimate, 0.120) << "100 ms and the line";
}

// A bucket of one token, a new one 20 ms after it was taken: cycles of 20 ms and the next arrival, 10 ms.
TEST(PublishingPolicies, ARateLimitIsThePublishersPace) {
  const Results r = run(publishing(100, "orders, rate_limit: {rate: 50/s, burst: 1}") + kLog);
  EXPECT_NEAR(mean(r, published("orders")) / 200, 1 / 0.030, 0.5);
}

// --- consuming

std::string handled_by(const std::string& consumers, const std::string& server) {
  return publishing(50, "orders, key: \"uniform(1, 100000)\"") +
         fmt::format(
             "logs: {{orders: {{partitions: 1, consumers: {{mailers: {{{}}}}}}}}}\n"
             "services: {{s: {{endpoints: {{op: [{}]}}}}}}\n",
             consumers, server);
}

// The handler tries three times before its message fails: one delivery in 1 - p^3 is followed by none.
TEST(ConsumingPolicies, RetriesSpareRedeliveries) {
  const Results r =
      run(handled_by("calls: s.op, retries: {attempts: 2, backoff: {base_interval: 1ms}}, retry_backoff: 1ms",
                     "compute: 1ms, fail: 30%"));
  EXPECT_FIGURE(r, redelivered_share("orders/mailers"), 0.027, 0.002);
  const Results none = run(handled_by("calls: s.op, retry_backoff: 1ms", "compute: 1ms, fail: 30%"));
  EXPECT_FIGURE(none, redelivered_share("orders/mailers"), 0.3, 0.006);
}

// The server is out for 20 s; the one reader tries every 100 ms. Ten failures open the breaker: it is called
// 13 times instead of 200, and every message is handled in the end.
TEST(ConsumingPolicies, ABreakerSparesADeadServer) {
  const std::string down = "faults: [{type: pod_failure, target: s, start: 50s, duration: 20s}]\n";
  const std::string group = "calls: s.op, retry_backoff: 100ms";
  const std::string breaker =
      ", circuit_breaker: {consecutive_failures: 10, wait_duration_in_open_state: 5s}";
  const Figure calls_in_vain = [](const models::CompiledModel& m, const models::RunRecord& r) {
    double sum = 0;
    for (std::size_t e = 0; e < r.edges.size(); ++e) {
      if (m.topology->operation_name(m.topology->edges[e].operation) != "s.op") continue;
      sum += static_cast<double>(r.edges[e].attempts) -
             static_cast<double>(r.edges[e].ended[static_cast<std::size_t>(models::Outcome::success)]);
    }
    return sum;
  };
  const Results with = run(handled_by(group + breaker, "compute: 1ms") + down);
  const Results without = run(handled_by(group, "compute: 1ms") + down);
  EXPECT_FIGURE(without, calls_in_vain, 200, 3);
  EXPECT_FIGURE(with, calls_in_vain, 13, 2);
  for (const Results* r : {&with, &without}) {
    EXPECT_EQ(most(*r, missed("orders/mailers")), 0);
    EXPECT_LT(most(*r, lag_at("orders/mailers", 200)), 10);
  }
}

// Two of ten handlers may call the server, 100 ms each: 20/s of the 50/s.
TEST(ConsumingPolicies, ABulkheadHoldsHandlersBack) {
  const Results r =
      run(handled_by("concurrency: 10, calls: s.op, bulkhead: {max_concurrent_calls: 2, "
                     "max_wait_duration: 1h}",
                     "compute: 100ms"));
  EXPECT_NEAR(mean(r, effects("orders/mailers", &EffectRecord::distinct)) / 200, 20, 0.3);
  EXPECT_EQ(most(r, redelivered_share("orders/mailers")), 0);
}

// The consumer is paused by its own rate limit, and goes on: 20/s, nothing is delivered twice, the rest is
// lag.
TEST(ConsumingPolicies, ARateLimitIsTheConsumersPace) {
  const Results r =
      run(handled_by("calls: s.op, rate_limit: {rate: 20/s, burst: 1, max_wait: 1h}", "compute: 1ms"));
  EXPECT_NEAR(mean(r, effects("orders/mailers", &EffectRecord::distinct)) / 200, 20, 0.3);
  EXPECT_EQ(most(r, redelivered_share("orders/mailers")), 0);
  EXPECT_FIGURE(r, lag_at("orders/mailers", 200), (50 - 20) * 200, 300);
}

// --- flow control

// A consumer that is paused for 10 s and stays in its group: its lag is what came meanwhile, and nothing
// moves.
TEST(FlowControl, APausedConsumerKeepsItsPartitionsAndGoesOn) {
  const Results r = run(handled_by("instances: 1, calls: s.op", "compute: 1ms") +
                        "faults: [{type: pause, target: orders/mailers, start: 50s, duration: 10s}]\n");
  EXPECT_FIGURE(r, lag_at("orders/mailers", 59.99), 50 * 10, 30);
  EXPECT_LT(most(r, lag_at("orders/mailers", 70)), 10);
  EXPECT_EQ(most(r, redelivered_share("orders/mailers")), 0);
  EXPECT_EQ(
      most(r, [](const auto&,
                 const auto& record) { return static_cast<double>(record.channels[0].counts.rebalances); }),
      0);
}

// 100/s of 1 kB for a consumer of 50/s. With 100 kB in its queues the broker holds its publishers back: what
// it takes is what is handled and those 100; nothing is lost, and publishers wait for the rest.
TEST(FlowControl, ABrokersMemoryAlarmHoldsItsPublishersBack) {
  const Results r =
      run(publishing(100, "rabbit.mails, size: 1kB") +
          "brokers: {rabbit: {memory_limit: 100kB, queues: {mails: {consumers: {instances: 1, steps: "
          "[compute: 20ms]}}}}}\n");
  EXPECT_FIGURE(r, published("rabbit"), 50 * 200 + 100, 30);
  EXPECT_FIGURE(r, lag_at("rabbit/mails", 200), 100, 3);
  EXPECT_EQ(most(r,
                 [](const auto&, const auto& record) {
                   return static_cast<double>(record.channels[0].places[0].peak <= 101);
                 }),
            1);
  EXPECT_EQ(most(r, missed("rabbit/mails")), 0);
  EXPECT_GT(least(r,
                  [](const auto&, const auto& record) {
                    return static_cast<double>(record.channels[0].counts.blocked_ns) * 1e-9;
                  }),
            190);
}

// --- poison

// One message in ten cannot be handled. It is tried three times and given up: 0.9 + 0.1 x 3 deliveries of
// each, and a tenth is dead. Alike in the queue of a broker, a cloud queue and a log.
TEST(Poison, IsTriedAsOftenAsAllowedAndGivenUp) {
  const std::string channels[] = {
      "brokers: {b: {queues: {q: {max_delivery_count: 3, dead_letter: dead, consumers: {instances: 10, "
      "steps: "
      "[compute: 1ms]}}, dead: {}}}}\n",
      "cloud_queues: {q: {visibility_timeout: 1s, max_receive_count: 3, dead_letter: dead, consumers: "
      "{instances: 10, "
      "steps: [compute: 1ms]}}, dead: {consumers: {instances: 0}}}\n",
      "logs: {q: {partitions: 10, consumers: {g: {instances: 10, on_failure: dead_letter, "
      "max_delivery_count: 3, "
      "dead_letter_topic: dead, retry_backoff: 1ms, steps: [compute: 1ms]}}}, dead: {}}\n"};
  const std::string entries[] = {"b.q", "q", "q"};
  const std::string groups[] = {"b/q", "q/consumers", "q/g"};
  for (int k = 0; k < 3; ++k) {
    const Results r = run(publishing(100, entries[k] + ", poison: 10%") + channels[k]);
    const double dead = mean(r, gone(groups[k], Fate::dead_lettered)),
                 done = mean(r, gone(groups[k], Fate::consumed));
    EXPECT_NEAR(dead / (dead + done), 0.1, 0.004) << groups[k];
    EXPECT_FIGURE(r, redelivered_share(groups[k]), 0.2 / 1.2, 0.006) << groups[k];
    EXPECT_EQ(most(r, minus(effects(groups[k], &EffectRecord::distinct), gone(groups[k], Fate::consumed))), 0)
        << groups[k] << ": what was given up had no effect";
  }
}

}  // namespace
}  // namespace tailrace::tests
