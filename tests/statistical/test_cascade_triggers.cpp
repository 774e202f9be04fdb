// What a cascade begins with, and when that is over.
#include "tests/statistical/cascades.hpp"
#include "tests/statistical/lessons.hpp"

namespace tailrace::tests {
namespace {

// Swapping sets in when the queue is long, and that is long because more load came.
TEST(Triggers, AFaultThatWaitsForAQueueIsNotWhatFilledIt) {
  const CascadeReport c = cascade_of(R"(
tailrace: 1
run: {duration: 400s, warmup: 20s, replications: 3, time_resolution: 1s}
workloads:
  users:
    ramping_arrival_rate: {start_rate: 100/s, stages: [{duration: 150s, target: 100/s}, {duration: 0s, target: 270/s},
      {duration: 60s, target: 270/s}, {duration: 0s, target: 100/s}]}
    calls: web.go
    timeout: 1s
services:
  web: {replicas: 2, workers: 40, endpoints: {go: [compute: 2ms, call: cart.get]}}
  cart: {workers: 4, endpoints: {get: [compute: exp(20ms)]}}
faults: [{name: swap, type: memory_stress, target: cart, when: {queue: cart, above: 50, for: 2s}, duration: 30s}]
)");
  ASSERT_EQ(c.triggers.size(), 2u) << c.story;
  EXPECT_LT(c.triggers[0].fault, 0) << c.story;
  EXPECT_EQ(c.triggers[0].start_s, 150);
  EXPECT_EQ(c.triggers[1].fault, 0);
  ASSERT_NE(hit(c, "cart"), nullptr) << c.story;
  EXPECT_LT(hit(c, "cart")->onset_s, c.triggers[1].start_s) << c.story;
}

// Ten times a millisecond of work is not twice what `go` takes, but ten times what `see` does.
TEST(Triggers, AFaultExplainsWhoFeelsItMoreThanItsTarget) {
  const CascadeReport c = cascade_of(R"(
tailrace: 1
run: {duration: 200s, warmup: 20s, replications: 3, time_resolution: 1s}
workloads:
  users: {constant_arrival_rate: 150/s, calls: web.go}
  others: {constant_arrival_rate: 20/s, calls: web.see}
services:
  web: {replicas: 4, workers: 60, endpoints: {go: [compute: 1ms, call: mid.op], see: [compute: 1ms]}}
  mid: {replicas: 4, workers: 10, endpoints: {op: [compute: exp(13ms)]}}
faults: [{name: noisy, type: cpu_stress, target: web, load: 90%, start: 100s, duration: 30s}]
)");
  ASSERT_EQ(c.hits.size(), 1u) << c.story;
  expect_hit(c, "others", Mechanism::slow_replies, "web");
  EXPECT_EQ(with_verdict(c, Verdict::unaffected), 3) << c.story;
}

// A spike passes through a service with room for it, into a log whose consumers have none. And when what they
// call is down nothing fails that is published: the log fills.
TEST(Triggers, LoadIsFeltWhereThereIsNoRoomForIt) {
  const std::string text = R"(
tailrace: 1
run: {duration: 300s, warmup: 20s, replications: 3, time_resolution: 1s}
workloads: {users: {constant_arrival_rate: 100/s, calls: api.order, timeout: 1s}}
services:
  api: {replicas: 2, workers: 32, endpoints: {order: [compute: exp(2ms), publish: orders]}}
  smtp: {replicas: 2, workers: 8, endpoints: {send: [compute: exp(20ms)]}}
logs: {orders: {partitions: 8, consumers: {mailers: {instances: 4, retry_backoff: 500ms, calls: smtp.send}}}}
)";
  const CascadeReport spike = cascade_of(
      text + "faults: [{type: load_spike, target: users, factor: 4, start: 100s, duration: 30s}]\n");
  expect_hit(spike, "orders", Mechanism::load, "users");
  EXPECT_EQ(with_verdict(spike, Verdict::unaffected), 3) << spike.story;

  const CascadeReport down = cascade_of(
      text + "faults: [{name: down, type: pod_failure, target: smtp, start: 100s, duration: 30s}]\n");
  expect_hit(down, "smtp", Mechanism::fault, "down");
  expect_hit(down, "orders", Mechanism::errors, "smtp");
  ASSERT_NE(hit(down, "orders"), nullptr);
  EXPECT_EQ(hit(down, "orders")->symptom, analysis::Symptom::lag);
  EXPECT_NEAR(hit(down, "orders")->worst, 3000, 500);
  EXPECT_EQ(hit(down, "smtp")->normal, 0);
}

// When a broker goes down, its consumers' service ends what it has, and gets nothing more: it is not slow.
TEST(Triggers, WhoGetsNothingToDoIsNotSlow) {
  const CascadeReport c = cascade_of(R"(
tailrace: 1
run: {duration: 240s, warmup: 20s, replications: 5, time_resolution: 1s}
workloads: {users: {constant_arrival_rate: 200/s, calls: api.order, timeout: 1s}}
services:
  api: {replicas: 2, workers: 32, endpoints: {order: [compute: exp(2ms), call: db.write, publish: rabbit.mails]}}
  mailer: {replicas: 2, workers: 8, endpoints: {send: [compute: exp(20ms)]}}
databases: {db: {connections: 10, operations: {write: exp(10ms)}}}
brokers: {rabbit: {queues: {mails: {consumers: {instances: 2, concurrency: 6, calls: mailer.send}}}}}
faults: [{name: down, type: pod_failure, target: rabbit, start: 100s, duration: 20s}]
)");
  expect_hit(c, "rabbit", Mechanism::fault, "down");
  EXPECT_EQ(hit(c, "mailer"), nullptr) << c.story;
  EXPECT_EQ(hit(c, "db"), nullptr) << c.story;
}

// From 40/s to 80/s within a minute: no window of two seconds stands out, and a service whose requests slow
// each other down collapses. That load began it, and it is there no longer. Each replication by itself.
TEST(Triggers, LoadThatGrowsSlowlyIsMoreLoad) {
  const Results run = run_library(
      "load-spike",
      {"run.replications=10", "faults=[]", "run.duration=400s", "thresholds={}",
       "workloads.clients={ramping_arrival_rate: {start_rate: 40/s, stages: [{duration: 100s, target: 40/s}, "
       "{duration: 60s, target: 80/s}, {duration: 60s, target: 40/s}]}, calls: service.work, "
       "retries: {attempts: 2, per_try_timeout: 3s, retry_on: [timeout], backoff: {base_interval: 1ms, "
       "jitter: none}}}"});
  int metastable = 0;
  for (const models::RunRecord& record : run.records) {
    const analysis::Cascade c = analysis::find_cascade(*run.model, record);
    metastable += c.verdict == Verdict::metastable ? 1 : 0;
    if (c.user_onset_s < 0) continue;
    ASSERT_FALSE(c.triggers.empty()) << record.replication;
    EXPECT_GT(c.triggers[0].start_s, 100) << record.replication;
    EXPECT_LT(c.triggers[0].start_s, 160) << record.replication;
    EXPECT_LE(c.triggers[0].start_s, c.hits[0].onset_s) << record.replication;
  }
  EXPECT_GE(metastable, 9);
}

// What instances fetch of their own accord they fetch seldom, and all of it fails.
TEST(Triggers, AVaultThatIsDownIsWhyLeasesRunOut) {
  const CascadeReport c = run_library("vault-outage").report.cascade;
  expect_hit(c, "vault", Mechanism::fault, "no vault");
  expect_hit(c, "short", Mechanism::errors, "vault");
  expect_hit(c, "to_short", Mechanism::errors, "short");
}

// A thousand sessions end as the gateway goes down, in the window that ends with that: they are no baseline
// of it, and their devices, who try again for good, know why.
TEST(Triggers, TheGatewayIsWhyItsDevicesWait) {
  const CascadeReport c = run_library("thundering-herd").report.cascade;
  expect_hit(c, "hasty_gateway", Mechanism::fault, "restart");
  ASSERT_NE(hit(c, "hasty"), nullptr) << c.story;
  EXPECT_EQ(hit(c, "hasty")->cause, "hasty_gateway") << c.story;
}

// Virtual users ask for no more than they get, but two hundred are more than twenty.
TEST(Triggers, MoreVirtualUsersAreMoreLoad) {
  const CascadeReport c = cascade_of(R"(
tailrace: 1
run: {duration: 400s, warmup: 20s, replications: 3, time_resolution: 2s}
workloads:
  users:
    ramping_vus: {start_vus: 20, stages: [{duration: 150s, target: 20}, {duration: 100s, target: 200},
      {duration: 150s, target: 200}]}
    think_time: exp(1s)
    calls: web.go
    timeout: 1s
services:
  web: {replicas: 2, workers: 40, endpoints: {go: [compute: 2ms, call: cart.get]}}
  cart: {workers: 4, endpoints: {get: [compute: exp(40ms)]}}
)");
  ASSERT_EQ(c.triggers.size(), 1u) << c.story;
  EXPECT_NEAR(c.triggers[0].start_s, 156, 1);  // thirty, of what were twenty
  expect_hit(c, "users", Mechanism::load, "load");
  expect_hit(c, "web", Mechanism::load, "users");
  EXPECT_EQ(with_verdict(c, Verdict::degraded), 3) << c.story;
  EXPECT_EQ(c.reason, "its trigger lasts");
}

// From 100 s on the instances of `cart` are replaced by such as fail three requests in ten, and none comes
// back. A version that is alike does nothing, and does not last when something else goes wrong for good.
TEST(Triggers, ABadVersionIsWhyItsServiceFails) {
  const CascadeReport bad = cascade_of(R"(
tailrace: 1
run: {duration: 300s, warmup: 20s, replications: 3, time_resolution: 1s}
workloads: {users: {constant_arrival_rate: 200/s, calls: web.go, timeout: 1s}}
services:
  web: {endpoints: {go: [compute: 1ms, call: cart.get]}}
  cart: {replicas: 4, workers: 8, startup_time: 3s, endpoints: {get: [compute: exp(10ms)]}}
deployments: [{service: cart, at: 100s, version: {error_rate: 30%}}]
)");
  expect_hit(bad, "cart", Mechanism::deployment, "rolling of cart");
  expect_hit(bad, "web", Mechanism::errors, "cart");
  expect_hit(bad, "users", Mechanism::errors, "web");
  EXPECT_EQ(with_verdict(bad, Verdict::degraded), 3) << bad.story;
  EXPECT_EQ(bad.reason, "its trigger lasts");
  EXPECT_EQ(bad.story.find("At 100 s the deployment \"rolling of cart\" began"), 0u) << bad.story;

  const CascadeReport alike =
      run_library("gc-pause", {"run.replications=3", "deployments=[{service: server, at: 30s}]"})
          .report.cascade;
  EXPECT_EQ(with_verdict(alike, Verdict::metastable), 3) << alike.story;
}

// A workload of 8/s stays collapsed for good, one of 190/s never notices and has 80/s from 200 s on. That
// there is less to do is not that less is done: nine tenths of it are.
TEST(Triggers, LessLoadAfterwardsIsNotLessGoodput) {
  const std::string text = R"(
tailrace: 1
run: {duration: 400s, warmup: 20s, replications: 3, time_resolution: 1s}
workloads:
  small:
    constant_arrival_rate: 8/s
    spacing: regular
    calls: tiny.go
    retries: {attempts: 3, per_try_timeout: 500ms, backoff: {base_interval: 50ms, multiplier: 1, jitter: none}}
  large:
    ramping_arrival_rate: {start_rate: 190/s, stages: [{duration: 200s, target: 190/s}, {duration: 0s, target: 80/s},
      {duration: 200s, target: 80/s}]}
    calls: big.go
services:
  tiny: {workers: 1, endpoints: {go: [compute: 95ms]}}
  big: {replicas: 4, workers: 8, endpoints: {go: [compute: exp(10ms)]}}
faults: [{name: collection, type: pause, target: tiny, start: 100s, duration: 1s}]
)";
  const CascadeReport less = cascade_of(text);
  EXPECT_EQ(with_verdict(less, Verdict::degraded), 3) << less.story;
  EXPECT_EQ(less.reason, "most of the goodput is back");
  EXPECT_NEAR(less.lost.estimate, 8.0 / (8 + (100 * 190 + 200 * 80) / 300.0), 0.01);
  // And of as little as of much: where the larger one collapses, it does.
  const CascadeReport all = cascade_of(text, {"workloads.large={constant_arrival_rate: 1/s, calls: big.go}"});
  EXPECT_EQ(with_verdict(all, Verdict::metastable), 3) << all.story;
}

}  // namespace
}  // namespace tailrace::tests
