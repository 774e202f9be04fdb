// What observing costs the observed: synchronous records, buffers that overflow, and what network policies
// add or forbid on the way of a call.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

std::string recorded(const std::string& times, const std::string& entry, const std::string& faults = "") {
  return fmt::format(R"(
workloads: {{load: {{trace: {{times: [{}]}}, calls: s.op}}}}
services:
  s: {{telemetry: [{{{}}}], endpoints: {{op: [compute: 10ms]}}}}
  audit: {{endpoints: {{write: [compute: 5ms]}}}}
faults: [{}]
)",
                     times, entry, faults);
}

TEST(Telemetry, ASynchronousRecordAddsItsLatency) {
  Trace t(recorded("0s", "name: audit, mode: sync, cpu: 1ms, to: audit.write"));
  t.requests("load", {{16, success}});
}

TEST(Telemetry, AndIsADependency) {
  const std::string down = "{type: pod_failure, target: audit, start: 0s}";
  Trace strict(recorded("1s", "mode: sync, to: audit.write", down));
  strict.requests("load", {{1010, network}});
  Trace lenient(recorded("1s", "mode: sync, to: audit.write, ignore_failure: true", down));
  lenient.requests("load", {{1010, success}});
}

TEST(Telemetry, AnAsynchronousRecordIsNot) {
  Trace t(recorded("1s", "mode: async, to: audit.write", "{type: pod_failure, target: audit, start: 0s}"));
  t.requests("load", {{1010, success}});
}

// Seven records at one instant: one is sent, two wait, four are dropped. Nobody waits for any of it.
TEST(Telemetry, AFullBufferDropsAndTheRequestNeverNotices) {
  Trace t(recorded("0s, 0s, 0s, 0s, 0s, 0s, 0s", "mode: async, to: audit.write, buffer: 2, senders: 1"));
  std::vector<At> ends(7, At{10, success});
  t.requests("load", ends);
  t.sent("s", "audit.write", {10, 15, 20});
  EXPECT_EQ(t.policy("telemetry").counts.admitted, 3u);
  EXPECT_EQ(t.policy("telemetry").counts.rejected, 4u);
}

// Of 10^5 requests a tenth is recorded: 5 standard deviations are 474.
TEST(Telemetry, SamplingRecordsItsShare) {
  const Results run = run_text(R"(
run: {duration: 100s, replications: 1}
workloads: {load: {constant_arrival_rate: 1000/s, spacing: regular, calls: s.op}}
services:
  s: {telemetry: [{mode: async, to: audit.write, sample: 10%}], endpoints: {op: [compute: 1ms]}}
  audit: {endpoints: {write: [compute: 1us]}}
)");
  for (const models::EdgeRecord& e : run.records[0].edges) {
    if (e.calls >= 50'000) continue;
    EXPECT_NEAR(static_cast<double>(e.calls), 10'000, 474);
  }
}

// --- segmentation

TEST(SegmentationPolicies, ACallThatTheyForbidIsRefusedAtOnce) {
  Trace t(R"(
workloads: {load: {trace: {times: [1s]}, calls: a.op}}
services:
  a: {endpoints: {op: [{compute: 2ms}, {call: b.op}]}}
  b: {endpoints: {op: [compute: 1ms]}}
segmentation: {default: deny, allow: ["load -> a"]}
)");
  t.requests("load", {{1002, rejected}});
  EXPECT_EQ(t.operation("b.op").arrived, 0u);
}

// Two hops of 3 ms each on top of 2 ms and 1 ms of work.
TEST(SegmentationPolicies, ACallThatTheyAllowPaysForTheCheck) {
  Trace t(R"(
workloads: {load: {trace: {times: [1s]}, calls: a.op}}
services:
  a: {endpoints: {op: [{compute: 2ms}, {call: b.op}]}}
  b: {endpoints: {op: [compute: 1ms]}}
segmentation: {default: allow, cost: 3ms}
)");
  t.requests("load", {{1009, success}});
}

// Who may come is said by labels, and at which port: the metrics of the same service are not for everybody.
TEST(SegmentationPolicies, SelectByLabelAndPort) {
  const std::string world = R"(
workloads:
  shoppers: {trace: {times: [1s]}, calls: web.buy}
  scrapers: {trace: {times: [2s]}, calls: web.scrape}
services:
  web: {labels: {tier: web}, endpoints: {buy: [call: orders.place], scrape: [call: orders.metrics]}}
  orders:
    labels: {tier: api, team: checkout}
    port: 8443
    endpoints: {place: [compute: 1ms], metrics: {port: 9090, steps: [compute: 1ms]}}
)";
  for (const char* rule : {"tier=web -> tier=api:8443", "web -> team=checkout,tier!=web:8000-8999"}) {
    SCOPED_TRACE(rule);
    Trace t(world + "segmentation: {allow: [shoppers -> web, scrapers -> web, \"" + rule + "\"]}\n");
    t.requests("shoppers", {{1001, success}});
    t.requests("scrapers", {{2000, rejected}});
  }
  Trace other(world + "segmentation: {default: allow, deny: [\"* -> tier=api:9090/tcp\"]}\n");
  other.requests("shoppers", {{1001, success}});
  other.requests("scrapers", {{2000, rejected}});
}

// As Kubernetes has it: who is selected is isolated, the others are not; and a call needs both ends.
TEST(SegmentationPolicies, IsolateWhomTheySelect) {
  const auto outcomes = [](const std::string& policies) {
    Trace t(R"(
workloads:
  a: {trace: {times: [1s]}, calls: web.orders}
  b: {trace: {times: [2s]}, calls: web.store}
  c: {trace: {times: [3s]}, calls: orders.store}
services:
  web: {labels: {tier: web}, endpoints: {orders: [call: orders.op], store: [call: store.get]}}
  orders: {labels: {tier: api}, endpoints: {op: [compute: 1ms], store: [call: store.get]}}
databases: {store: {labels: {tier: db}, port: 5432, operations: {get: 1ms}}}
segmentation: {policies: {)" +
            policies + "}}\n");
    std::string got;
    for (const models::ClassRecord& c : t.at_end().classes)
      got += c.ended[static_cast<std::size_t>(success)] == 1 ? "yes " : "no ";
    return got;
  };
  EXPECT_EQ(outcomes("db: {select: tier=db, ingress: [{from: tier=api, ports: [5432]}]}"), "yes no yes ");
  EXPECT_EQ(outcomes("db: {select: tier=db, ingress: [{from: tier=api, ports: [5433, 53/udp]}]}"),
            "yes no no ");
  EXPECT_EQ(outcomes("db: {select: tier=db, ingress: []}"), "yes no no ");
  EXPECT_EQ(outcomes("db: {select: tier=db, ingress: [{ports: 5432}]}"), "yes yes yes ");
  // Two policies add up; egress alone does not open a way that ingress keeps closed.
  EXPECT_EQ(
      outcomes(
          "db: {select: store, ingress: [{from: orders}]}, more: {select: tier=db, ingress: [{from: web}]}"),
      "yes yes yes ");
  EXPECT_EQ(outcomes("out: {select: tier=web, egress: [{to: tier=db}]}"), "no yes yes ");
  EXPECT_EQ(
      outcomes(
          "out: {select: tier=web, egress: [{to: tier=db}]}, db: {select: store, ingress: [{from: orders}]}"),
      "no no yes ");
  EXPECT_EQ(outcomes("all: {select: \"*\", ingress: []}"), "no no no ");
}

}  // namespace
}  // namespace tailrace::tests
