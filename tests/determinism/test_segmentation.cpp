// What network policies add to a call, or forbid, event by event.
#include <gtest/gtest.h>

#include <string>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

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
