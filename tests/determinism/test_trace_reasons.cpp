// Why a request's time passed, part by part, in small systems whose every moment is known.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

#include "analysis/tail/tail.hpp"
#include "tests/support/scenario.hpp"

namespace tailrace::tests {
namespace {

using models::TraceRecord;

struct Traced {
  Model model;
  std::shared_ptr<const TraceRecord> traces;
};

Traced traced(const std::string& body) {
  Traced t;
  t.model = compile_text("tailrace: 1\nrun: {duration: 10s, warmup: 0s}\n" + body);
  t.traces = run_traced(t.model).traces;
  return t;
}

// "place reason" or "place reason *" for stragglers' time, in microseconds.
using Parts = std::map<std::string, std::int64_t>;
Parts parts_of(const Traced& t, const std::string& workload, std::size_t nth = 0) {
  Parts parts;
  for (const models::TracedRequest& r : t.traces->requests) {
    if (t.model->topology->workloads[t.model->classes[r.cls].workload].name != workload || r.number != nth)
      continue;
    for (std::uint32_t i = 0; i < r.parts; ++i) {
      const models::TracePart& p = t.traces->parts[r.first_part + i];
      EXPECT_EQ(p.ns % 1000, 0);
      parts[analysis::place_name(*t.model, p.place) + " " + models::reason_name(p.reason) +
            (p.straggler ? " *" : "")] += p.ns / 1000;
    }
    return parts;
  }
  ADD_FAILURE() << "no such request";
  return parts;
}

// One worker, 10 ms each, three requests within 2 ms: waits of 0, 9 and 18 ms.
TEST(TraceReasons, WaitingForAWorkerIsQueue) {
  const Traced t = traced(R"(
workloads: {load: {trace: {times: [0s, 1ms, 2ms]}, calls: s.op}}
services: {s: {workers: 1, endpoints: {op: [compute: 10ms]}}}
)");
  EXPECT_EQ(parts_of(t, "load", 0), (Parts{{"s service", 10'000}}));
  EXPECT_EQ(parts_of(t, "load", 1), (Parts{{"s queue", 9'000}, {"s service", 10'000}}));
  EXPECT_EQ(parts_of(t, "load", 2), (Parts{{"s queue", 18'000}, {"s service", 10'000}}));
}

// What a database's workers are is connections; sleeping is no service; each call goes there and back.
TEST(TraceReasons, CallsAreDividedAmongWhoeverSpentTheTime) {
  const Traced t = traced(R"(
workloads: {load: {trace: {times: [0s, 0s]}, calls: api.op}}
services: {api: {workers: 4, endpoints: {op: [compute: 1ms, sleep: 2ms, call: db.read]}}}
databases: {db: {connections: 1, operations: {read: 5ms}}}
network: {default: {latency: 250us}}
)");
  // Over the network to api, and from there to the database; the second finds the connection taken for 5 ms.
  Parts first{{"load -> api network", 500},
              {"api service", 1'000},
              {"api sleep", 2'000},
              {"api -> db network", 500},
              {"db service", 5'000}};
  EXPECT_EQ(parts_of(t, "load", 0), first);
  first["db connection"] = 5'000;
  EXPECT_EQ(parts_of(t, "load", 1), first);
}

// Three attempts of 4 ms that fail, pauses of 10 and 20 ms. The last answer is the call's: its time is s's.
TEST(TraceReasons, AttemptsThatDidNotCountAreRetryAndPausesBackOff) {
  const Traced t = traced(R"(
workloads:
  load: {trace: {times: [0s]}, calls: s.op, retries: {attempts: 2, backoff: {base_interval: 10ms, jitter: none}}}
services: {s: {workers: 1, error_rate: 1, endpoints: {op: [compute: 4ms]}}}
)");
  EXPECT_EQ(parts_of(t, "load"),
            (Parts{{"load -> s retry", 8'000}, {"load -> s backoff", 30'000}, {"s service", 4'000}}));
}

// The call's timeout ends a wait in the queue: nothing came back, but where the time went is known. `first`
// holds the worker until 50.
TEST(TraceReasons, ATimeoutIsSpentWhereTheAttemptWas) {
  const Traced t = traced(R"(
workloads:
  first: {trace: {times: [0s]}, calls: s.op}
  load: {trace: {times: [1ms]}, calls: s.op, timeout: 30ms}
services: {s: {workers: 1, endpoints: {op: [compute: 50ms]}}}
)");
  EXPECT_EQ(parts_of(t, "load"), (Parts{{"s queue", 30'000}}));
}

// `first` holds the worker until 100 ms. Each attempt waits in the queue for its 20 ms: from 1, 22 and 44 ms
// on, after pauses of 1 and 2 ms. The first two were for nothing; of the last it is known where it waited.
TEST(TraceReasons, OnlyTheLastAttemptIsLookedInto) {
  const Traced t = traced(R"(
workloads:
  first: {trace: {times: [0s]}, calls: s.op}
  load:
    trace: {times: [1ms]}
    calls: s.op
    retries: {attempts: 2, per_try_timeout: 20ms, backoff: {base_interval: 1ms, jitter: none}}
services: {s: {workers: 1, endpoints: {op: [compute: 100ms]}}}
)");
  EXPECT_EQ(parts_of(t, "load"),
            (Parts{{"load -> s retry", 40'000}, {"load -> s backoff", 3'000}, {"s queue", 20'000}}));
}

// Branches of 2, 3, 4 and 20 ms: the join waits for the last. Half are back at 3 ms, so 17 ms are spent on a
// straggler.
TEST(TraceReasons, AJoinBelongsToItsSlowestBranch) {
  const Traced t = traced(R"(
workloads: {load: {trace: {times: [0s]}, calls: front.op}}
services:
  front: {endpoints: {op: [{parallel: [{call: a.op}, {call: b.op}, {call: c.op}, {call: d.op}]}, compute: 1ms]}}
  a: {endpoints: {op: [compute: 2ms]}}
  b: {endpoints: {op: [compute: 20ms]}}
  c: {endpoints: {op: [compute: 3ms]}}
  d: {endpoints: {op: [compute: 4ms]}}
)");
  EXPECT_EQ(parts_of(t, "load"),
            (Parts{{"b service", 3'000}, {"b service *", 17'000}, {"front service", 1'000}}));
}

// Any of two: the faster one is what was waited for, and none was a straggler.
TEST(TraceReasons, AJoinOfTheFirstBelongsToTheFirst) {
  const Traced t = traced(R"(
workloads: {load: {trace: {times: [0s]}, calls: front.op}}
services:
  front: {endpoints: {op: [{parallel: [{call: a.op}, {call: b.op}], join: any}]}}
  a: {endpoints: {op: [compute: 2ms]}}
  b: {endpoints: {op: [compute: 20ms]}}
)");
  EXPECT_EQ(parts_of(t, "load"), (Parts{{"a service", 2'000}}));
}

// A hedge goes out at 20 ms and is back 5 ms later: the first attempt's 20 ms brought nothing.
TEST(TraceReasons, AHedgeThatWinsMakesTheFirstAttemptALoss) {
  const Traced t = traced(R"(
workloads:
  load: {trace: {times: [0s]}, calls: s.op, hedge: {delay: 20ms, budget: 100%}}
services:
  s:
    instances: [{speed: 0.05}, {speed: 1}]
    endpoints: {op: [compute: 5ms]}
)");
  EXPECT_EQ(parts_of(t, "load"), (Parts{{"load -> s retry", 20'000}, {"s service", 5'000}}));
}

// One connection, held for 10 ms by each call: the second waits in the pool's line, not at the server.
TEST(TraceReasons, ALineForAConnectionIsConnection) {
  const Traced t = traced(R"(
workloads:
  load: {trace: {times: [0s, 0s]}, calls: api.op}
services:
  api: {outbound: {connection_pool: {max_connections: 1}}, endpoints: {op: [call: s.op]}}
  s: {workers: 8, endpoints: {op: [compute: 10ms]}}
)");
  EXPECT_EQ(parts_of(t, "load", 0), (Parts{{"s service", 10'000}}));
  EXPECT_EQ(parts_of(t, "load", 1), (Parts{{"api -> s connection", 10'000}, {"s service", 10'000}}));
}

// Two requests of 10 ms share one core from 0 on: each takes 20 ms, of which half is the other's.
TEST(TraceReasons, SharingACoreIsQueueBeyondTheWork) {
  const Traced t = traced(R"(
workloads: {load: {trace: {times: [0s, 0s]}, calls: s.op}}
services: {s: {workers: 8, cpus: 1, endpoints: {op: [compute: 10ms]}}}
)");
  const Parts both{{"s service", 10'000}, {"s queue", 10'000}};
  EXPECT_EQ(parts_of(t, "load", 0), both);
  EXPECT_EQ(parts_of(t, "load", 1), both);
  // The spans of a single request say the same.
  ASSERT_FALSE(t.traces->examples.empty());
  for (const models::TraceExample& example : t.traces->examples) {
    std::int64_t service = 0, queue = 0;
    for (const models::TraceSegment& s : example.segments) {
      if (s.waits) continue;
      (s.reason == models::Reason::queue ? queue : service) += s.end_ns - s.start_ns;
    }
    EXPECT_EQ(service, 10'000'000);
    EXPECT_EQ(queue, 10'000'000);
  }
}

// An urgent request interrupts the other's work from 4 to 9 ms.
TEST(TraceReasons, InterruptedWorkIsInTheQueue) {
  for (const char* steps : {"[compute: 10ms]", "[try: [compute: 10ms]]"}) {
    SCOPED_TRACE(steps);
    const Traced t = traced(fmt::format(R"(
workloads:
  low: {{trace: {{times: [0s]}}, calls: s.op, priority: 1}}
  high: {{trace: {{times: [4ms]}}, calls: s.short, priority: 2}}
services:
  s: {{workers: 1, queue: {{discipline: preemptive_priority}}, endpoints: {{op: {}, short: [compute: 5ms]}}}}
)",
                                        steps));
    EXPECT_EQ(parts_of(t, "high"), (Parts{{"s service", 5'000}}));
    EXPECT_EQ(parts_of(t, "low"), (Parts{{"s service", 10'000}, {"s queue", 5'000}}));
  }
}

// 100 leaves, of which one call in a hundred takes 100 ms instead of 1: a request that meets one waits for it
// alone. 1 - 0.99^100 = 63 % of the requests do, so the p99 is the leaves' service, and nearly all of it is
// spent on stragglers.
TEST(TraceReasons, AFanOutsTailIsBlamedOnTheSlowLeaves) {
  const Model model = compile_text(R"yaml(tailrace: 1
run: {duration: 60s, warmup: 1s, seed: 7, replications: 5}
workloads: {load: {constant_arrival_rate: 20/s, calls: root.op}}
services:
  root: {endpoints: {op: [compute: 1ms, {parallel: [)yaml" +
                                   repeated("{call: leaf.op}", 100) +
                                   R"yaml(]}]}}
  leaf: {replicas: 100, endpoints: {op: [compute: "mixture(0.99: 1ms, 0.01: 100ms)"]}}
)yaml");
  std::vector<models::RunRecord> records;
  for (std::uint32_t replication = 0; replication < 5; ++replication)
    records.push_back(run_traced(model, {models::TraceSampling::Mode::automatic, 1}, replication));
  const analysis::TailReport report = analysis::build_tail_report(*model, records);
  ASSERT_EQ(report.classes.size(), 1u);
  const analysis::TailBand* p99 = nullptr;
  for (const analysis::TailBand& band : report.classes[0].bands)
    if (band.name == "p99") p99 = &band;
  ASSERT_NE(p99, nullptr);
  const analysis::TailPart& worst = p99->parts[0];
  EXPECT_EQ(analysis::place_name(*model, worst.place), "leaf");
  EXPECT_EQ(worst.reason, models::Reason::service);
  // 100 of the 101 ms; half of the leaves are back after the first of them.
  EXPECT_NEAR(worst.share.estimate, 100.0 / 101, 1e-9);
  EXPECT_NEAR(worst.straggler_s, 0.099, 1e-9);
  EXPECT_NEAR(p99->straggler.estimate, 99.0 / 101, 1e-9);
  double whole = 0;
  for (const analysis::TailPart& part : p99->parts) whole += part.mean_s;
  EXPECT_NEAR(whole, p99->mean_s, 1e-12);
}

}  // namespace
}  // namespace tailrace::tests
