#include "models/deployment/deployment.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tailrace::models {

namespace {

FieldTable expectation_fields() {
  return Fields<ExpectationSpec>("expectation", "What it calls, and which version of that it knows.")
      .add("service", &ExpectationSpec::service, "which")
      .required()
      .add("api", &ExpectationSpec::api, "version of its interface", between(1, 1e6))
      .table();
}
FieldTable version_fields() {
  return Fields<VersionSpec>("version", "What differs in the new version.")
      .add("error_rate", &VersionSpec::error_rate, "requests that it answers with an error, after its work")
      .add("slowness", &VersionSpec::slowness, "its work takes this many times as long", between(1e-3, 1e3))
      .add("api", &VersionSpec::api, "version of its interface; what runs at the start has 1",
           between(1, 1e6))
      .add("still_serves", &VersionSpec::still_serves,
           "the oldest version of its interface that it answers to; default: none but its own",
           between(1, 1e6))
      .list_of("expects", &VersionSpec::expects, expectation_fields(),
               "versions of others that it is written for; default 1 of everything")
      .table();
}
FieldTable step_fields() {
  return Fields<CanaryStepSpec>("step", "A part of the instances has the new version for a while.")
      .add("share", &CanaryStepSpec::share, "of the instances, rounded up")
      .required()
      .add("pause", &CanaryStepSpec::pause, "how long they are watched, once they are ready", more_than(0))
      .table();
}

int station_named(const Topology& t, const std::string& name) {
  for (std::size_t i = 0; i < t.stations.size(); ++i) {
    if (t.stations[i].name == name) return static_cast<int>(i);
  }
  return kNone;
}

class Expander {
 public:
  Expander(const DeploymentSpec& spec, Mark mark, std::string path, TopologyBuilder& b)
      : s_(spec), mark_(mark), path_(std::move(path)), b_(b) {}

  void run() {
    const int id = station_named(b_.topology, s_.service);
    if (id == kNone || kind_of(id) != "service") {
      if (b_.components_unread) return;
      std::vector<std::string_view> known;
      for (std::size_t i = 0; i < b_.topology.stations.size(); ++i) {
        if (kind_of(static_cast<int>(i)) == "service") known.push_back(b_.topology.stations[i].name);
      }
      const std::string near = nearest_word(s_.service, known);
      return error(".service", fmt::format("there is no service \"{}\"", escaped(s_.service)),
                   near.empty() ? "" : fmt::format("did you mean {}?", near));
    }
    Station& station = b_.topology.stations[static_cast<std::size_t>(id)];
    const bool before = std::any_of(b_.topology.deployments.begin(), b_.topology.deployments.end(),
                                    [&](const Deployment& d) { return d.station == id; });
    if (station.scaling && !before)
      return error(".service", fmt::format("{} scales by itself; deploying that is not modelled", s_.service),
                   "give it a fixed number of replicas");
    if (station.groups.size() != 1)
      return error(".service", fmt::format("the instances of {} are not alike", s_.service), "replicas: 4");
    Deployment d;
    d.name = fmt::format("{} of {}", kWords[static_cast<std::size_t>(s_.strategy)], s_.service);
    d.path = path_;
    d.mark = mark_;
    d.station = id;
    d.at = s_.at;
    d.strategy = s_.strategy;
    d.replicas = station.scaling ? station.scaling->initial : station.instances;
    d.surge = s_.max_surge;
    d.unavailable = s_.max_unavailable;
    d.version = {s_.version.error_rate.value, s_.version.slowness, contract()};
    if (s_.abort_above) d.abort_above = s_.abort_above->value;
    for (const CanaryStepSpec& step : s_.steps) d.steps.push_back({step.share.value, step.pause});
    check(d);
    lay_out(station, d);
    lay_out_sidecars(id);
    b_.topology.deployments.push_back(std::move(d));
  }

  static constexpr const char* kWords[] = {"rolling", "recreate", "blue_green", "canary"};

 private:
  const std::string& kind_of(int station) const {
    const int component = b_.topology.stations[static_cast<std::size_t>(station)].component;
    return b_.topology.components[static_cast<std::size_t>(component)].kind;
  }
  void error(const std::string& field, std::string message, std::string hint = {}) {
    b_.diagnostics.error(mark_, path_ + field, std::move(message), std::move(hint));
  }

  ApiVersion contract() {
    ApiVersion api;
    api.newest = s_.version.api;
    api.oldest = s_.version.still_serves.value_or(s_.version.api);
    api.gate = s_.contract_gate;
    if (api.oldest > api.newest)
      error(".version.still_serves",
            fmt::format("version {} cannot serve {}, which comes after it", api.newest, api.oldest));
    for (std::size_t i = 0; i < s_.version.expects.size(); ++i) {
      const ExpectationSpec& e = s_.version.expects[i];
      const int station = station_named(b_.topology, e.service);
      if (station == kNone) {
        if (!b_.components_unread)
          error(fmt::format(".version.expects[{}].service", i),
                fmt::format("there is no service \"{}\"", escaped(e.service)));
        continue;
      }
      api.expects.emplace_back(station, e.api);
    }
    return api;
  }

  void check(const Deployment& d) {
    const bool canary = d.strategy == DeploymentStrategy::canary;
    if (canary && d.steps.empty())
      error(".steps", "a canary without steps: nobody watches it", "steps: [{share: 10%, pause: 60s}]");
    if (!canary && !d.steps.empty()) error(".steps", "only a canary goes by steps", "strategy: canary");
    if (!canary && s_.abort_above) error(".abort_above", "only a canary is watched", "strategy: canary");
    for (std::size_t i = 1; i < d.steps.size(); ++i) {
      if (d.steps[i].share < d.steps[i - 1].share)
        error(fmt::format(".steps[{}].share", i), "a step of a canary goes back");
    }
    const bool gradual = canary || d.strategy == DeploymentStrategy::rolling;
    if (gradual && d.surge == 0 && d.unavailable == 0)
      error(".max_surge", "with no instance more and none fewer nothing can be replaced", "max_surge: 1");
    if (d.at >= b_.topology.run.duration && b_.topology.run.duration.ns > 0)
      b_.diagnostics.warning(mark_, path_ + ".at",
                             fmt::format("it starts at {}, and the run ends at {}", show_value(d.at),
                                         show_value(b_.topology.run.duration)));
  }

  // Both versions beside each other, and as many again that still drain.
  static void lay_out(Station& station, const Deployment& d) {
    if (!station.scaling) {
      station.scaling.emplace();
      station.scaling->initial = station.scaling->least = station.scaling->most = d.replicas;
      station.scaling->startup = station.startup;
      station.scaling->grace = station.grace;
    }
    const std::int64_t room = 3 * d.replicas + d.surge;
    station.instances = std::max(station.instances, room);
    station.groups.front().count = station.instances;
  }

  // A member of a mesh calls through a sidecar beside each of its instances, and the mesh was laid out
  // before.
  void lay_out_sidecars(int member) {
    std::vector<Station>& stations = b_.topology.stations;
    const std::int64_t instances = stations[static_cast<std::size_t>(member)].instances;
    for (const Edge& e : b_.topology.edges) {
      if (e.from_station != member) continue;
      const int target = b_.topology.operations[static_cast<std::size_t>(e.operation)].station;
      Station& beside = stations[static_cast<std::size_t>(target)];
      if (beside.doors.empty() || beside.doors.front().policy != "mesh_config") continue;
      beside.instances = instances;
      beside.groups.front().count = instances;
    }
  }

  const DeploymentSpec& s_;
  Mark mark_;
  std::string path_;
  TopologyBuilder& b_;
};

}  // namespace

FieldTable deployment_fields() {
  return Fields<DeploymentSpec>("deployment", "A new version replaces the instances of a service.")
      .add("service", &DeploymentSpec::service, "which")
      .required()
      .add("at", &DeploymentSpec::at, "from the start of the run; where one is under way, when that is over")
      .choice(
          "strategy", &DeploymentSpec::strategy, {"rolling", "recreate", "blue_green", "canary"},
          "rolling: a few at a time; recreate: all go, then all come; blue_green: all new ones come beside "
          "the old, then callers change over; canary: a part first, which is watched")
      .add("max_surge", &DeploymentSpec::max_surge,
           "instances beyond the usual number, of rolling and canary", between(0, 1e6))
      .add("max_unavailable", &DeploymentSpec::max_unavailable,
           "instances that may be missing meanwhile, of rolling and canary", between(0, 1e6))
      .section("version", &DeploymentSpec::version, version_fields(), "what differs in the new version")
      .list_of("steps", &DeploymentSpec::steps, step_fields(), "of a canary")
      .add("abort_above", &DeploymentSpec::abort_above,
           "of a canary: rolled back when more than this share fails at new instances in a step")
      .add("contract_gate", &DeploymentSpec::contract_gate,
           "it does not begin while some caller and callee that run would not fit its version; asked again "
           "every second")
      .table();
}

void expand_deployments(const std::vector<DeploymentSpec>& specs, const Node* list,
                        TopologyBuilder& builder) {
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const Mark mark =
        list != nullptr && list->is_list() && i < list->items.size() ? list->items[i].mark : Mark{};
    Expander(specs[i], mark, fmt::format("deployments[{}]", i), builder).run();
  }
}

}  // namespace tailrace::models
