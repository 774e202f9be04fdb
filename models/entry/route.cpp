#include "models/entry/route.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "models/policies/allow_list/allow_list.hpp"
#include "models/topology/keys.hpp"

namespace tailrace::models {

namespace {

constexpr double kAll = 1 - 1e-9;

// The ways to the versions of one route.
class Split {
 public:
  Split(const EntryRouteSpec& route, TopologyBuilder& b) : route_(route), b_(b), path_(b.path) {}

  void run(Steps& out) {
    Steps rest = by_weight();
    rest = by_share(&EntryVersionSpec::clients, ".clients", true, std::move(rest));
    rest = by_share(&EntryVersionSpec::header, ".header", false, std::move(rest));
    for (Step& s : rest) out.push_back(std::move(s));
  }

 private:
  Steps call(const Named<EntryVersionSpec>& v, const char* how) {
    Steps out;
    b_.path = path_ + ".versions." + v.name + how;
    expand_target(v.value.calls, merge_policies(v.value.policies, route_.policies), route_.request_size,
                  route_.response_size, b_, out);
    b_.path = path_;
    return out;
  }

  Steps by_weight() {
    double sum = 0;
    int versions = 0;
    for (const auto& v : route_.versions) sum += v.value.weight, versions += v.value.weight > 0 ? 1 : 0;
    Step step;
    step.kind = Step::Kind::branch;
    for (const auto& v : route_.versions) {
      if (!(v.value.weight > 0)) continue;
      Steps one = call(v, "");
      if (versions == 1) return one;
      step.branches.push_back({v.value.weight / sum, std::move(one)});
    }
    if (step.branches.empty()) return {};
    Steps out;
    out.push_back(std::move(step));
    return out;
  }

  Steps by_share(Fraction EntryVersionSpec::*share, const char* how, bool by_client, Steps rest) {
    Step step;
    step.kind = Step::Kind::branch;
    step.needed = by_client ? 1 : 0;
    double sum = 0;
    for (const auto& v : route_.versions) {
      const double p = (v.value.*share).value;
      if (!(p > 0)) continue;
      sum += p;
      step.branches.push_back({p, call(v, how)});
    }
    if (step.branches.empty()) return rest;
    if (sum < kAll) step.branches.push_back({1 - sum, std::move(rest)});
    Steps out;
    out.push_back(std::move(step));
    return out;
  }

  const EntryRouteSpec& route_;
  TopologyBuilder& b_;
  const std::string path_;
};

bool by_client(const Steps& steps) {
  return std::any_of(steps.begin(), steps.end(), [](const Step& s) {
    if (s.kind == Step::Kind::branch && s.needed == 1) return true;
    return std::any_of(s.branches.begin(), s.branches.end(),
                       [](const StepBranch& b) { return by_client(b.steps); });
  });
}

}  // namespace

FieldTable entry_version_fields() {
  FieldTable table =
      Fields<EntryVersionSpec>("version", "One of the versions behind a route.")
          .add("calls", &EntryVersionSpec::calls, "the operation of this version, component.operation")
          .required()
          .add("weight", &EntryVersionSpec::weight,
               "of those whom neither a header nor their share of the clients sends elsewhere, relative to "
               "the "
               "other versions' weights",
               between(0, 1e9))
          .add("clients", &EntryVersionSpec::clients,
               "share of the clients that always meet this version, by the request's key")
          .add("header", &EntryVersionSpec::header,
               "share of the requests that name this version in a header")
          .table();
  add_policy_fields(table, PolicyPlace::call,
                    [](void* spec) -> PolicySet& { return static_cast<EntryVersionSpec*>(spec)->policies; });
  return table;
}

FieldTable entry_route_fields() {
  return Fields<EntryRouteSpec>("route", "Where requests of one name go.")
      .add("calls", &EntryRouteSpec::calls, "the operation that they are handed on to, component.operation")
      .map_of("versions", &EntryRouteSpec::versions, entry_version_fields(),
              "in place of calls: versions that share the requests")
      .add("request_size", &EntryRouteSpec::request_size,
           "bytes of a request, on links with bandwidth and for costs by size")
      .add("response_size", &EntryRouteSpec::response_size, "bytes of a response")
      .table();
}

bool check_entry_route(const EntryRouteSpec& route, Mark mark, TopologyBuilder& b) {
  const auto error = [&](const char* field, std::string message, std::string hint) {
    b.diagnostics.error(mark, b.path + field, std::move(message), std::move(hint));
    return false;
  };
  if (route.calls && !route.versions.empty())
    return error("", "a route has both calls and versions", "keep one of them");
  if (!route.calls && route.versions.empty())
    return error("", "the route leads nowhere", "calls: orders.place");
  if (route.calls) return true;
  double weights = 0, clients = 0, header = 0;
  for (const auto& v : route.versions) {
    weights += v.value.weight;
    clients += v.value.clients.value;
    header += v.value.header.value;
    if (v.value.weight > 0 || v.value.clients.value > 0 || v.value.header.value > 0) continue;
    b.diagnostics.error(v.mark, b.path + ".versions." + v.name, "nobody is sent to this version",
                        "a weight, a share of the clients or a header");
    return false;
  }
  for (const auto& [name, sum] : {std::pair("clients", clients), std::pair("header", header)}) {
    if (sum > 1 + 1e-9)
      return error(".versions", fmt::format("the shares in {} sum to {:.9g}, more than 1", name, sum),
                   "what is left of 1 goes by weight");
  }
  if (!(weights > 0) && clients < kAll && header < kAll)
    return error(".versions", "who is in no share goes nowhere", "give at least one version a weight");
  return true;
}

void expand_target(const Reference& target, const PolicySet& policies,
                   const std::optional<SizeDistribution>& request_size,
                   const std::optional<SizeDistribution>& response_size, TopologyBuilder& b, Steps& out) {
  CallSpec call;
  call.call = target;
  call.policies = policies;
  call.request_size = request_size;
  call.response_size = response_size;
  expand_call_step(call, target.mark, b, out);
}

void expand_entry_route(const EntryRouteSpec& route, TopologyBuilder& b, Steps& out) {
  if (route.calls) {
    expand_target(*route.calls, route.policies, route.request_size, route.response_size, b, out);
  } else {
    Split(route, b).run(out);
  }
}

void check_client_keys(const Topology& topology, Diagnostics& diagnostics) {
  if (some_have_keys(topology)) return;
  const char* const hint = "workloads: {users: {key: \"uniform(1, 1000)\"}}";
  for (const Station& station : topology.stations) {
    for (const AdmissionUse& use : station.doors) {
      const auto* list = dynamic_cast<const AllowListModel*>(use.model.get());
      if (list == nullptr || !list->by_client()) continue;
      diagnostics.error(topology.components[static_cast<std::size_t>(station.component)].mark, station.name,
                        "an allow list of clients: which client is it? No request has a key", hint);
    }
  }
  for (const Operation& op : topology.operations) {
    const Component& owner = topology.components[static_cast<std::size_t>(op.component)];
    if ((owner.kind != "gateway" && owner.kind != "proxy") || !by_client(op.steps)) continue;
    diagnostics.error(owner.mark,
                      fmt::format("{}.{}.routes.{}.versions", owner.kind == "proxy" ? "proxies" : "gateways",
                                  owner.name, op.name),
                      "which client is it? No request has a key", hint);
  }
}

}  // namespace tailrace::models
