// VPCs to the nanosecond: what a route adds, who is not reached, and which way is taken.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "tests/support/trace.hpp"

namespace tailrace::tests {
namespace {

using enum models::Outcome;

// `load` is outside, `a` in one VPC, `s` in another. Work takes 5 ms.
std::string world(const std::string& routes, const std::string& more = "") {
  return fmt::format(
      "workloads:\n"
      "  load: {{trace: {{times: [0s]}}, calls: a.op}}\n"
      "  back: {{trace: {{times: [0s]}}, calls: s.back}}\n"
      "services:\n"
      "  a: {{endpoints: {{op: [call: s.op], leaf: []}}}}\n"
      "  s: {{endpoints: {{op: [sleep: 5ms], back: [call: a.leaf]}}}}\n"
      "vpcs:\n"
      "  networks: {{one: {{members: [a]}}, two: {{members: [s]}}}}\n"
      "  routes: [{}]\n{}",
      routes, more);
}

TEST(Vpcs, ARouteAddsItsLatencyBothWays) {
  Trace alone(world("{by: peering, between: [one, two], latency: 3ms}"));
  alone.requests("load", {{11, success}});
  alone.requests("back", {{6, success}});
  Trace on_top(
      world("{by: peering, between: [two, one], latency: 3ms}", "network: {default: {latency: 2ms}}\n"));
  on_top.requests("load", {{2 + 5 + 5 + 5 + 2, success}});
  Trace drawn(world("{by: peering, between: [one, two], latency: 3ms}",
                    "network: {default: {jitter: 2ms}}\n"));  // what is drawn stays beside it
  drawn.requests("load", {{2 + 5 + 5 + 5 + 2, success}});
}

// Each direction has a link of its own: neither's latency is the other's.
TEST(Vpcs, CallsInBothDirectionsMayTakeDifferentWays) {
  Trace t(
      world("{by: privatelink, between: [one, two], latency: 3ms}, "
            "{by: privatelink, between: [two, one], latency: 7ms}",
            "network: {default: {latency: 2ms}}\n"));
  t.requests("load", {{2 + 5 + 5 + 5 + 2, success}});
  t.requests("back", {{2 + 9 + 9 + 2, success}});
  t.is_quiet();
}

TEST(Vpcs, APrivateLinkGoesOneWayAndWhatHasNoWayFailsAtOnce) {
  Trace t(world("{by: privatelink, between: [one, two], latency: 3ms}", "  unrouted: refuse\n"));
  t.requests("load", {{11, success}});
  t.requests("back", {{0, network}});
}

TEST(Vpcs, APrivateLinkReachesTheServicesThatItNames) {
  Trace t(world("{by: privatelink, between: [one, two], services: [a]}", "  unrouted: refuse\n"));
  t.requests("load", {{0, network}});
}

// The first that fits: by transit in 9 ms, though a peering would take 1.
TEST(Vpcs, TheFirstRouteThatFitsIsTaken) {
  Trace t(world(
      "{by: transit, between: [one, two], latency: 9ms}, {by: peering, between: [one, two], latency: 1ms}"));
  t.requests("load", {{23, success}});
}

}  // namespace
}  // namespace tailrace::tests
