// Balancers, proxies and the whole request path, event by event: each hop's time, what a core and a
// connection can hold, and that the hops add up to what the client waits.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "tests/support/metrics.hpp"
#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

constexpr const char* kPath = R"(
proxies:
  balancer: {{layer: 4, routes: {{order: reverse_proxy.order}}{0}}}
  reverse_proxy: {{routes: {{order: ingress.order}}{0}}}
  ingress: {{routes: {{order: a.order}}{0}}}
services:
  a: {{cpus: 1, endpoints: {{order: [compute: {1}, call: orders.write, call: b.quote]}}}}
  b: {{endpoints: {{quote: [compute: {3}]}}}}
databases: {{orders: {{operations: {{write: {2}}}}}}}
network:
  default: {{latency: 250us}}
  links: {{client -> balancer: {{latency: 4ms}}, balancer -> client: {{latency: 5ms}}}}
)";

// There: 4 ms, 2 us at the balancer, 250 us, 20 us, 250 us, 20 us, 250 us, then 1 ms at A, the database (250
// us, 2 ms, 250 us), B (250 us, 3 ms, 250 us). Back: 250 us, 11 us, 250 us, 11 us, 250 us, 2 us, 5 ms.
TEST(RequestPath, HopsAddUpToTheNanosecond) {
  Trace t("workloads: {client: {trace: {times: [0ms, 100ms]}, calls: balancer.order}}\n" +
          fmt::format(kPath, "", "1ms", "2ms", "3ms"));
  t.reached("balancer.order", {4, 104});
  t.reached("reverse_proxy.order", {4.252, 104.252});
  t.reached("ingress.order", {4.522, 104.522});
  t.reached("a.order", {4.792, 104.792});
  t.reached("orders.write", {6.042, 106.042});
  t.served("orders.write", {{8.042, success}, {108.042, success}});
  t.reached("b.quote", {8.542, 108.542});
  t.served("b.quote", {{11.542, success}, {111.542, success}});
  t.served("a.order", {{11.792, success}, {111.792, success}});
  t.served("ingress.order", {{12.053, success}, {112.053, success}});
  t.served("reverse_proxy.order", {{12.314, success}, {112.314, success}});
  t.served("balancer.order", {{12.566, success}, {112.566, success}});
  t.requests("client", {{17.566, success}, {117.566, success}});
  t.is_quiet();
}

const models::InstanceRecord& first_instance(const Results& run, const std::string& name) {
  const models::Topology& t = *run.model->topology;
  for (std::size_t i = 0; i < t.stations.size(); ++i) {
    if (t.stations[i].name == name) return run.records[0].stations[i].instances[0];
  }
  throw std::runtime_error("no station is called " + name);
}
double cpu_s(const Results& run, const std::string& name) {
  return first_instance(run, name).cpu_s;
}
double busy_s(const Results& run, const std::string& name) {
  return first_instance(run, name).busy_s;
}

// Every time is drawn, and requests come one at a time: what the client waited in all is the cores' work at
// the four hops, the database's and B's time, and the links, 4 + 5 ms and ten times 250 us a request.
TEST(RequestPath, DrawnTimesAddUpToo) {
  std::string times;
  constexpr int kRequests = 300;
  for (int i = 0; i < kRequests; ++i) times += fmt::format("{}{}s", i == 0 ? "" : ", ", i);
  const Results run =
      run_text(fmt::format("run: {{duration: 302s, replications: 1}}\n"
                           "workloads: {{client: {{trace: {{times: [{}]}}, calls: balancer.order}}}}\n",
                           times) +
               fmt::format(kPath, ", request_cost: exp(100us), response_cost: exp(50us)", "exp(2ms)",
                           "lognormal(mean=4ms, p99=15ms)", "exp(3ms)"));
  const analysis::ClassReport& client = workload(run.report, "client");
  ASSERT_EQ(client.ended[0], static_cast<std::uint64_t>(kRequests));
  const double waited = client.duration.mean.estimate * kRequests;
  const double hops = cpu_s(run, "balancer") + cpu_s(run, "reverse_proxy") + cpu_s(run, "ingress") +
                      cpu_s(run, "a") + busy_s(run, "orders") + busy_s(run, "b");
  EXPECT_GT(cpu_s(run, "ingress"), kRequests * 100e-6);
  EXPECT_NEAR(waited, hops + kRequests * 11.5e-3, 1e-9);
}

std::string proxy(const std::string& times, const std::string& fields, const std::string& more = "") {
  return fmt::format(R"(
workloads: {{load: {{trace: {{times: [{}]}}, calls: lb.get}}}}
proxies: {{lb: {{routes: {{get: s.op}}, {}}}}}
services: {{s: {{endpoints: {{op: [compute: 10ms]}}}}}}
{})",
                     times, fields, more);
}

// One core: pieces of work go one after another, whole; calls do not hold it.
TEST(Proxy, CoresDoOnePieceAtATime) {
  Trace t(proxy("0ms, 0ms", "cpus: 1"));
  t.reached("s.op", {0.02, 0.04});
  t.requests("load", {{10.031, success}, {10.051, success}});
  Trace two(proxy("0ms, 0ms", "cpus: 2"));
  two.requests("load", {{10.031, success}, {10.031, success}});
}

// Half a core shares what it has: 20 us of work take 40 us.
TEST(Proxy, FractionOfACoreIsALimit) {
  Trace t(proxy("0ms", "cpus: 0.5"));
  t.requests("load", {{10.062, success}});
}

TEST(Proxy, ConnectionsAreLimitedAndTheBacklogToo) {
  for (const char* limit : {"max_connections: 1", "workers: 1"}) {
    SCOPED_TRACE(limit);
    Trace t(proxy("0ms, 1ms, 2ms", fmt::format("{}, queue: {{capacity: 1}}", limit)));
    t.requests("load", {{10.031, success}, {20.062, success}, {2, rejected}});
    t.is_quiet();
  }
}

TEST(Proxy, CostsGoBySize) {
  Trace t(R"(
workloads: {load: {trace: {times: [0ms]}, calls: lb.get}}
proxies:
  lb:
    request_cost: {time: 10us, per_kib: 2us}
    response_cost: {per_kib: 3us}
    routes: {get: {calls: s.op, request_size: 5KiB, response_size: 10KiB}}
services: {s: {endpoints: {op: [compute: 10ms]}}}
)");
  t.requests("load", {{10.05, success}});
}

// A proxy that is down takes its targets with it; one that retries hides a target's failure.
TEST(Proxy, FailsLikeAnyService) {
  Trace t(proxy("0ms, 20ms, 60ms", "cpus: 1",
                "faults: [{type: pod_failure, target: lb, start: 5ms, duration: 50ms}]"));
  t.requests("load", {{5, network}, {20, network}, {70.031, success}});
}

TEST(Proxy, RepeatsWhatFailed) {
  Trace t(R"(
workloads: {load: {trace: {times: [0ms]}, calls: lb.get}}
proxies: {lb: {routes: {get: {calls: s.op, retries: {attempts: 1, backoff: {base_interval: 5ms, jitter: none}}}}}}
services: {s: {endpoints: {op: [compute: 10ms]}}}
faults: [{type: pod_failure, target: s, start: 1ms, duration: 3ms}]
)");
  t.reached("s.op", {0.02, 6});
  t.requests("load", {{16.011, success}});
}

// The scenario's defaults say retries; a balancer of layer 4 cannot, and does not.
TEST(Proxy, OfLayer4InheritsNothingAboutRequests) {
  Trace t(R"(
defaults: {outbound: {retries: {attempts: 1, backoff: {base_interval: 5ms, jitter: none}}}}
workloads: {load: {trace: {times: [0ms]}, calls: lb.get, retries: none}}
proxies: {lb: {layer: 4, routes: {get: s.op}}}
services: {s: {endpoints: {op: [compute: 10ms]}}}
faults: [{type: pod_failure, target: s, start: 1ms, duration: 3ms}]
)");
  t.sent("lb", "s.op", {0.002});
  t.requests("load", {{1, network}});
}

// A caller whose messages cost nothing, over a new connection or a kept one, to a server that takes 5 ms.
std::string behind_layer_4(const std::string& times, const std::string& transport,
                           const std::string& fields) {
  return fmt::format(R"(
workloads: {{load: {{trace: {{times: [{}]}}, calls: lb.get, {}}}}}
proxies: {{lb: {{layer: 4, routes: {{get: s.op}}, {}}}}}
services: {{s: {{endpoints: {{op: [sleep: 5ms]}}}}}}
network: {{default: {{latency: 20ms}}}}
)",
                     times, transport, fields);
}

// Two round trips to the balancer of 40 ms, and half of one: at 100. The connection costs it 1 ms, the
// request 2 us; at the server, 20 ms later, the handshake's 3 ms come before the 5, and the caller's 2 ms at
// the end. The second request finds the connection there, and pays for no part of it. The balancer has no
// handshake.
TEST(Layer4, ANewConnectionIsItsWorkAndTheHandshakeItsTargets) {
  Trace t(behind_layer_4(
      "0s, 300ms",
      "transport: {protocol: rest, encode: {}, decode: {}}, tls: {client_cpu: 2ms, server_cpu: 3ms}",
      "connection_cost: 1ms"));
  t.reached("lb.get", {100, 320});
  t.reached("s.op", {121.002, 340.002});
  t.served("s.op", {{129.002, success}, {345.002, success}});
  t.served("lb.get", {{149.004, success}, {365.004, success}});
  t.requests("load", {{171.004, success}, {385.004, success}});
  t.is_quiet();
}

// A balancer in front of a balancer: each has the connection in its table, only the server the handshake.
TEST(Layer4, HandshakesPassThroughTwoBalancers) {
  Trace t(R"(
workloads:
  load:
    trace: {times: [0s]}
    calls: outer.get
    transport: {protocol: rest, encode: {}, decode: {}}
    tls: {client_cpu: 0s, server_cpu: 3ms}
proxies:
  outer: {layer: 4, routes: {get: inner.get}, connection_cost: 1ms}
  inner: {layer: 4, routes: {get: s.op}}
services: {s: {endpoints: {op: [sleep: 5ms]}}}
)");
  t.reached("s.op", {1.004});
  t.served("s.op", {{9.004, success}});
}

// Requests every 10 ms over connections that are closed by then: each pays for a new one. The core of the
// balancer is busy for (1 ms + 4 us) / 10 ms of the time; over one that is kept for (1 ms + 100 x 4 us) / 1
// s.
TEST(Layer4, ConnectionsThatAreNotKeptTakeItsCore) {
  std::string times;
  for (int i = 0; i < 100; ++i) times += fmt::format("{}{}ms", i == 0 ? "" : ", ", 10 * i);
  for (const bool kept : {false, true}) {
    const std::string transport = fmt::format(
        "transport: {{protocol: rest, encode: {{}}, decode: {{}}, idle_timeout: {}}}", kept ? "1min" : "1ms");
    std::string text = behind_layer_4(times, transport, "cpus: 1, connection_cost: 1ms");
    text.replace(text.find("latency: 20ms"), 13, "latency: 0ms");
    text.replace(text.find("sleep: 5ms"), 10, "sleep: 1ms");
    const Results run = run_text("run: {duration: 2s, replications: 1}\n" + text);
    EXPECT_NEAR(cpu_s(run, "lb"), (kept ? 1 : 100) * 1e-3 + 100 * 4e-6, 1e-12);
  }
}

}  // namespace
}  // namespace tailrace::tests
