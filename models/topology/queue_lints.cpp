#include "models/topology/queue_lints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "models/policies/transport/transport.hpp"
#include "models/topology/first_work.hpp"

namespace tailrace::models {

namespace {

// What is asked of those only who wait for their first worker.
std::string limits_of(const Station& s) {
  std::vector<std::string> limits;
  if (s.queue_capacity != kUnlimited) limits.push_back("capacity");
  if (s.patience) limits.push_back("timeout");
  if (s.drop_expired) limits.push_back("drop_expired");
  if (s.queue_policy != nullptr && s.queue_policy->name() == "codel") limits.push_back("codel");
  return fmt::format("{}", fmt::join(limits, ", "));
}

bool computes(const Steps& steps) {
  return std::any_of(steps.begin(), steps.end(), [](const Step& s) {
    if (s.kind == Step::Kind::background) return false;  // takes no worker
    return s.kind == Step::Kind::compute ||
           std::any_of(s.branches.begin(), s.branches.end(),
                       [](const StepBranch& b) { return computes(b.steps); });
  });
}

// Whether some call comes to it without a message that is work to read.
std::vector<bool> called_plainly(const Topology& t) {
  std::vector<bool> called(t.operations.size(), false), wired(t.operations.size(), false);
  for (const Edge& e : t.edges) {
    const auto op = static_cast<std::size_t>(e.operation);
    called[op] = true;
    if (transport_of(e.admissions) != nullptr || e.passes_connections_on) wired[op] = true;
  }
  for (std::size_t op = 0; op < called.size(); ++op) called[op] = called[op] && !wired[op];
  return called;
}

}  // namespace

void lint_queues(const Topology& t, Diagnostics& diagnostics) {
  const std::vector<bool> called = called_plainly(t);
  std::vector<int> first(t.stations.size(), kNone), more(t.stations.size(), 0);
  for (std::size_t i = 0; i < t.operations.size(); ++i) {
    const Operation& op = t.operations[i];
    if (!called[i] || op.station == kNone) continue;
    const auto station = static_cast<std::size_t>(op.station);
    if (t.stations[station].blocking || begins_with_work(op.steps) || !computes(op.steps)) continue;
    first[station] == kNone ? first[station] = static_cast<int>(i) : ++more[station];
  }
  for (std::size_t i = 0; i < t.stations.size(); ++i) {
    const Station& s = t.stations[i];
    const Component& c = t.components[static_cast<std::size_t>(s.component)];
    const std::string limits = limits_of(s);
    if (first[i] == kNone || limits.empty() || c.kind != "service") continue;
    diagnostics.warning(
        c.mark, s.name + ".queue",
        fmt::format("its limits ({}) do not see the requests of {}{}: they begin without a worker, as their "
                    "first step is no compute",
                    limits, t.operation_name(first[i]),
                    more[i] == 0 ? "" : fmt::format(" and {} more", more[i])),
        "a compute first, also before a branch, try or loop; or mode: blocking");
  }
}

}  // namespace tailrace::models
