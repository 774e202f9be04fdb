// Exactly once inside the log: what transactions and idempotent producers make of crashes and zombies, and
// what their absence costs. A handler of 20 ms publishes after 10 ms; its group is killed now and then.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/statistical/lessons.hpp"

namespace tailrace::tests {
namespace {

using models::EffectRecord;

constexpr double kSeconds = 400;
constexpr int kCrashes = 60;

// One instance, 40/s (80 % busy), which dies every 5 s from 10 s on and is back at once; the load ends at 380
// s.
std::string chain(const std::string& consumer, const std::string& out,
                  const std::string& handler = "compute: 10ms, publish: out, compute: 10ms",
                  const std::string& fault =
                      "type: pod_kill, target: orders/billing, start: 10s, restart_time: "
                      "10ms, repeat: {every: 5.00317s, times: 60}") {
  return fmt::format(R"Y(tailrace: 1
run: {{duration: {}s, seed: 1, replications: 5}}
workloads:
  load:
    ramping_arrival_rate:
      start_rate: 40/s
      stages: [{{duration: 380s, target: 40/s}}, {{duration: 0s, target: 0/s}}, {{duration: 20s, target: 0/s}}]
    steps: [publish: orders]
logs:
  orders: {{partitions: 1, consumers: {{billing: {{session_timeout: 0s, rebalance_time: 0s, {}, steps: [{}]}}}}}}
  out: {{partitions: 1, {}consumers: {{readers: {{instances: 1, steps: [compute: 1ms]}}}}}}
faults: [{{{}}}]
)Y",
                     kSeconds, consumer, handler, out, fault);
}

const Figure kRecords = [](const models::CompiledModel&, const models::RunRecord& r) {
  return static_cast<double>(r.channels[1].counts.published - r.channels[1].counts.deduplicated);
};
const Figure kRecognised = [](const models::CompiledModel&, const models::RunRecord& r) {
  return static_cast<double>(r.channels[1].counts.deduplicated);
};
// Records of the second log beyond one for each order.
Figure surplus() {
  return minus(kRecords, effects("orders/billing", &EffectRecord::distinct));
}

// A crash finds the only handler at work with the probability of its load; in the second half of its 20 ms it
// has published. That message is handled again, and published again.
double published_and_not_done(double load) {
  return kCrashes * load / 2;
}

TEST(ExactlyOnce, WithoutTransactionsACrashPublishesTwice) {
  const Results r = run_text(chain("instances: 1", ""), 2);
  const double twice = published_and_not_done(0.8);
  EXPECT_FIGURE(r, surplus(), twice, 3 * std::sqrt(twice * (1 - 0.4) / 5));
  EXPECT_EQ(mean(r, effects("out/readers", &EffectRecord::duplicates)), mean(r, surplus()));
  EXPECT_EQ(mean(r, kRecognised), 0) << "a repeated handler sends anew: a sequence of its own";
  EXPECT_EQ(most(r, missed("out/readers")), 0);
}

TEST(ExactlyOnce, ATransactionPublishesWithItsOffsetOrNotAtAll) {
  const Results r = run_text(chain("instances: 1, transactional: true", ""), 2);
  EXPECT_EQ(most(r, surplus()), 0);
  EXPECT_EQ(least(r, surplus()), 0);
  EXPECT_EQ(most(r, effects("out/readers", &EffectRecord::duplicates)), 0);
  EXPECT_GT(least(r, redelivered_share("orders/billing")), 0) << "the handlers themselves are repeated";
}

// A transaction commits its own offsets, so what the group says of them does not matter.
TEST(ExactlyOnce, ATransactionDoesNotWaitForTheGroupsCommits) {
  for (const std::string commit : {"batch", "auto"}) {
    const Results r = run_text(chain("instances: 1, transactional: true, offset_commit: " + commit, ""), 2);
    EXPECT_EQ(most(r, surplus()), 0) << commit;
    EXPECT_EQ(least(r, surplus()), 0) << commit;
  }
}

// A producer that numbers what it publishes by the order that caused it gives the same number again after its
// restart. One that counts its sends does not (see above), and one without numbers is never recognised.
TEST(ExactlyOnce, ADurableProducerIsRecognisedAfterItsRestart) {
  const Results durable = run_text(chain("instances: 1", "producer_identity: durable, "), 2);
  const double twice = published_and_not_done(0.8);
  EXPECT_EQ(most(durable, surplus()), 0);
  EXPECT_FIGURE(durable, kRecognised, twice, 3 * std::sqrt(twice * (1 - 0.4) / 5));
  EXPECT_EQ(most(durable, effects("out/readers", &EffectRecord::duplicates)), 0);
}

// The broker appends and its answer is lost: the client sends again. Its sequence number
// tells the broker, with either identity; without idempotence the record is there twice.
TEST(ExactlyOnce, AnIdempotentProducersOwnRetriesAreRecognised) {
  const auto world = [](const std::string& out) {
    return fmt::format(
        "tailrace: 1\nrun: {{duration: 200s, seed: 1, replications: 5}}\n"
        "workloads: {{load: {{constant_arrival_rate: 50/s, steps: [{{publish: out, retries: {{attempts: 5, "
        "per_try_timeout: 50ms, backoff: {{base_interval: 1ms}}}}}}]}}}}\n"
        "logs: {{unused: {{}}, out: {{partitions: 1, {}consumers: {{readers: {{instances: 1, steps: "
        "[compute: "
        "1ms]}}}}}}}}\n"
        "network: {{links: {{load -> out: {{loss: 5%, retransmit_timeout: 1s}}}}}}\n",
        out);
  };
  const Figure records = [](const models::CompiledModel& m, const models::RunRecord& r) {
    const std::size_t out = m.topology->channels[0].name == "out" ? 0 : 1;
    return static_cast<double>(r.channels[out].counts.published - r.channels[out].counts.deduplicated) /
           static_cast<double>(r.classes[0].arrived);
  };
  // A send whose record or whose answer is lost (1 - 0.95^2) is given up after 50 ms and sent again, six
  // times at most; each comes to the broker sooner or later.
  const double p = 1 - 0.95 * 0.95, sends = (1 - std::pow(p, 6)) / (1 - p);
  EXPECT_FIGURE(run_text(world("enable_idempotence: false, "), 2), records, sends, 0.006);
  EXPECT_FIGURE(run_text(world(""), 2), records, 1, 0.001);
  EXPECT_FIGURE(run_text(world("producer_identity: durable, "), 2), records, 1, 0.001);
}

// Zombies. Of two instances one stands still for 3 s in the middle of its work and is thrown out after 1 s;
// the other does its work. When it goes on it finishes what it had begun: its transaction is fenced off, but
// a plain publication comes through, a second time.
TEST(ExactlyOnce, AZombiesTransactionIsFencedOff) {
  const std::string pause =
      "type: pause, target: orders/billing#0, start: 10s, duration: 3s, repeat: {every: 6.00317s, times: 60}";
  const std::string handler = "compute: 10ms, publish: out, compute: 10ms",
                    group = "instances: 2, max_poll_interval: 1s";
  const auto two_partitions = [](std::string text) {
    const std::string one = "orders: {partitions: 1";
    return text.replace(text.find(one), one.size(), "orders: {partitions: 2");
  };
  const Results plain = run_text(two_partitions(chain(group, "", handler, pause)), 2);
  const Results fenced =
      run_text(two_partitions(chain(group + ", transactional: true", "", handler, pause)), 2);
  EXPECT_GT(least(plain, surplus()), 5);
  EXPECT_EQ(most(fenced, surplus()), 0);
  EXPECT_EQ(least(fenced, surplus()), 0);
  EXPECT_EQ(most(fenced, effects("out/readers", &EffectRecord::duplicates)), 0);
  EXPECT_EQ(most(fenced, missed("out/readers")), 0);
}

}  // namespace
}  // namespace tailrace::tests
