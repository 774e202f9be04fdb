// Certificates that end, to the nanosecond: by a fault, or because they are renewed too late.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

// Out of date from 150 to 350 ms. One client has a connection, the other needs one.
TEST(Certificate, OnceExpiredStopsNewConnectionsAndKeepsOpenOnes) {
  const std::string plain = "transport: {protocol: rest, encode: {}, decode: {}}";
  Trace t(
      fmt::format("workloads:\n"
                  "  kept: {{trace: {{times: [0s, 200ms]}}, calls: s.op, {0}}}\n"
                  "  fresh: {{trace: {{times: [250ms, 500ms]}}, calls: s.op, {0}}}\n"
                  "  open: {{trace: {{times: [250ms]}}, calls: s.op, {1}}}\n"
                  "services: {{s: {{endpoints: {{op: [sleep: 5ms]}}}}}}\n"
                  "network: {{default: {{latency: 20ms}}}}\n"
                  "faults: [{{type: certificate_expired, target: s, start: 150ms, duration: 200ms}}]\n",
                  plain + ", tls: {client_cpu: 0s, server_cpu: 0s}", plain));
  t.requests("kept", {{125, success}, {245, success}});
  t.requests("fresh", {{250, network}, {625, success}});
  t.requests("open", {{335, success}});
}

// In vain at 900, 1000, ..., 1200, while the authority is out; at 1300 with success, in use at 1350.
TEST(Rotation, ThatComesTooLateStopsNewConnectionsUntilItComes) {
  const std::string client =
      "calls: s.op, transport: {protocol: rest, encode: {}, decode: {}, idle_timeout: 1us}, "
      "tls: {client_cpu: 0s, server_cpu: 0s}";
  Trace t(
      fmt::format("workloads:\n"
                  "  fresh: {{trace: {{times: [800ms, 1000ms, 1349ms, 1350ms]}}, {0}}}\n"
                  "  plain: {{trace: {{times: [1100ms]}}, calls: s.op, transport: {{protocol: rest, encode: "
                  "{{}}, decode: {{}}}}}}\n"
                  "services:\n"
                  "  s:\n"
                  "    inbound: {{certificate: {{validity: 1s, rotate_before: 100ms, retry_every: 100ms, "
                  "propagation: 50ms, "
                  "spread: false}}}}\n"
                  "    endpoints: {{op: [sleep: 5ms]}}\n"
                  "network: {{default: {{latency: 20ms}}}}\n"
                  "faults: [{{type: ca_outage, target: s, start: 850ms, duration: 400ms}}]\n",
                  client));
  t.requests("fresh", {{925, success}, {1000, network}, {1349, network}, {1475, success}});
  t.requests("plain", {{1185, success}});
  const auto& state = t.policy("certificate").states.at(0);
  EXPECT_NEAR(state.seconds.at(1), 0.35, 1e-9);
  EXPECT_EQ(state.gauge, 2);  // handshakes that it made fail
}

// Mutual: a caller whose own certificate has ended is refused too.
TEST(Rotation, OfTheCallersCertificateCountsWhereTlsIsMutual) {
  const auto chain = [](const char* mutual) {
    return fmt::format(
        "workloads: {{load: {{trace: {{times: [500ms, 2s]}}, calls: a.op}}}}\n"
        "services:\n"
        "  a:\n"
        "    inbound: {{certificate: {{validity: 1s, failure: 100%, rotate_before: 1ms, spread: false}}}}\n"
        "    endpoints:\n"
        "      op:\n"
        "        - {{call: s.op, transport: {{protocol: rest, encode: {{}}, decode: {{}}, idle_timeout: "
        "1us}}, "
        "tls: {{mutual: {}, client_cpu: 0s, server_cpu: 0s}}}}\n"
        "  s: {{endpoints: {{op: [sleep: 5ms]}}}}\n",
        mutual);
  };
  Trace mutual(chain("true"));
  mutual.requests("load", {{505, success}, {2000, network}});
  Trace one_sided(chain("false"));
  one_sided.requests("load", {{505, success}, {2005, success}});
}

}  // namespace
}  // namespace tailrace::tests
