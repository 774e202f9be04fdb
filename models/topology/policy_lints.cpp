#include "models/topology/policy_lints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "models/policies/discovery/discovery.hpp"
#include "models/policies/load_balancing/balancer.hpp"
#include "models/topology/keys.hpp"

namespace tailrace::models {

namespace {

constexpr std::int64_t kMostStates = 2'000'000;  // of all policies; some take a few hundred bytes
constexpr std::int64_t kMostViews = 20'000'000;

const Station& target_of(const Topology& t, const Edge& e) {
  return t.stations[static_cast<std::size_t>(t.operations[static_cast<std::size_t>(e.operation)].station)];
}
const Component& component_of(const Topology& t, const Station& s) {
  return t.components[static_cast<std::size_t>(s.component)];
}

std::int64_t callers_of(const Topology& t, const Edge& e) {
  return e.from_station == kNone ? 1 : t.stations[static_cast<std::size_t>(e.from_station)].instances;
}

void count_states(const Topology& t, Diagnostics& diagnostics) {
  std::int64_t states = 0;
  for (const Edge& e : t.edges) {
    const std::int64_t callers = callers_of(t, e);
    const std::int64_t instances = target_of(t, e).instances;
    for (const AdmissionUse& use : e.admissions) {
      states = sim::saturating_add(
          states, (use.shared ? 1 : callers) * (use.scope == Scope::instance ? instances : 1));
    }
    if (target_of(t, e).balancer.outliers) states = sim::saturating_add(states, callers * instances);
    if (states <= kMostStates) continue;
    diagnostics.error(e.mark, e.path,
                      fmt::format("the policies of all calls would have more than {} states", kMostStates),
                      "shared: true, scope: service, or fewer instances of the caller");
    return;
  }
}

// What a caller's balancer keeps of each instance that it knows, in all: some 80 bytes each.
void count_views(const Topology& t, Diagnostics& diagnostics) {
  std::set<std::tuple<int, int, int>> seen;  // calls of one component to one station share their balancers
  std::int64_t views = 0;
  for (const Edge& e : t.edges) {
    const Station& target = target_of(t, e);
    if (!needs_balancer(target)) continue;
    const int station = t.operations[static_cast<std::size_t>(e.operation)].station;
    if (!seen.emplace(e.from_component, e.from_station, station).second) continue;
    const std::int64_t subset = target.balancer.subset_size;
    views = sim::saturating_add(
        views, callers_of(t, e) * (subset > 0 ? std::min(subset, target.instances) : target.instances));
    if (views <= kMostViews) continue;
    diagnostics.error(
        e.mark, e.path,
        fmt::format("the balancers of all callers would know more than {} instances", kMostViews),
        "round_robin or random, a subset_size, or fewer instances of the caller");
    return;
  }
}

// Whether an instance can leave what callers choose from, and so come back to it.
bool can_leave(const Topology& t, std::size_t station,
               const std::vector<std::vector<const DiscoverySettings*>>& discoveries) {
  const Station& s = t.stations[station];
  return s.balancer.outliers || s.balancer.health || s.scaling || !discoveries[station].empty() ||
         std::any_of(t.deployments.begin(), t.deployments.end(),
                     [&](const Deployment& d) { return d.station == static_cast<int>(station); });
}

}  // namespace

void lint_policies(const Topology& t, Diagnostics& diagnostics) {
  count_states(t, diagnostics);
  count_views(t, diagnostics);
  const bool keys = requests_have_keys(t);
  const bool deadlines =
      std::any_of(t.edges.begin(), t.edges.end(), [](const Edge& e) { return e.deadline.has_value(); });
  const std::vector<std::vector<const DiscoverySettings*>> discoveries = discoveries_of(t);
  for (std::size_t i = 0; i < t.stations.size(); ++i) {
    const Station& s = t.stations[i];
    const Component& c = component_of(t, s);
    const bool by_key = s.balancer.policy == Balancing::ring_hash || s.balancer.policy == Balancing::maglev ||
                        s.balancer.sticky;
    if (by_key && s.instances > 1 && !keys) {
      diagnostics.warning(
          c.mark, s.name + ".load_balancer",
          "instances are chosen by the request's key, and no workload has keys: all go to one",
          "key: zipf(s=1.1, n=1000) at the workload");
    }
    if (s.balancer.slow_start.ns > 0 && !can_leave(t, i, discoveries)) {
      diagnostics.warning(c.mark, s.name + ".load_balancer.slow_start",
                          "no instance ever leaves the balancer's choice, so none comes back to be spared",
                          "health_check: {} or outlier_detection: {} at the service");
    }
    if (s.drop_expired && !deadlines)
      diagnostics.warning(c.mark, s.name + ".queue.drop_expired", "no call has a deadline: nothing expires");
  }
  for (const Edge& e : t.edges) {
    if (e.retry_budget && e.retries == 0)
      diagnostics.warning(e.mark, e.path, "a retry budget without retries does nothing", "retries: 2");
    const Station& target = target_of(t, e);
    const auto named = [](const char* name) {
      return [name](const AdmissionUse& use) { return use.policy == name; };
    };
    if (std::any_of(e.admissions.begin(), e.admissions.end(), named("cooperative_shedding")) &&
        std::none_of(target.doors.begin(), target.doors.end(), named("priority_shedding"))) {
      diagnostics.warning(
          e.mark, e.path,
          fmt::format("{} has no admission level that a caller could learn", component_of(t, target).name),
          "inbound: {priority_shedding: {}} at the service");
    }
    if (e.cancels && target.cancellation == Cancellation::ignore) {
      diagnostics.warning(
          e.mark, e.path,
          fmt::format("{} is told when the caller leaves, and does not listen", component_of(t, target).name),
          "cancellation: at_step, or at_once, at the service");
    }
    if (e.cancels && !e.timeout && !e.per_try_timeout && !e.deadline && !e.hedging &&
        e.from_station == kNone) {
      diagnostics.warning(e.mark, e.path, "the caller never leaves before the answer: nothing is cancelled",
                          "a timeout or a deadline");
    }
  }
}

}  // namespace tailrace::models
