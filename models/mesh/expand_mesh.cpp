// Lays sidecars over the calls between members. Runs after every component and before the network, so that
// the sidecars' calls, which carry their services' names, get the links of these.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "models/compile/wires.hpp"
#include "models/field/units.hpp"
#include "models/mesh/mesh.hpp"
#include "models/mesh/sidecar.hpp"
#include "models/policies/transport/transport.hpp"
#include "models/steps/step_shapes.hpp"

namespace tailrace::models {

namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

// A configuration as sidecars have it at one time: the mesh's, with all changes so far.
struct Version {
  PolicySet outbound;
  std::map<std::string, const RouteSpec*> routes;
};

class MeshBuilder {
 public:
  MeshBuilder(const MeshSpec& spec, int component, TopologyBuilder& b)
      : spec_(spec), component_(component), b_(b), t_(b.topology) {}

  void run() {
    find_members();
    versions();
    if (!b_.diagnostics.ok()) return;
    for (const auto& [component, station] : members_) inbound(component, station);
    const std::size_t edges = t_.edges.size();
    for (std::size_t i = 0; i < edges; ++i) {
      if (crosses(t_.edges[i])) lay_over(i);
    }
  }

 private:
  Mark mark() const { return t_.components[at(component_)].mark; }
  void error(Mark where, const std::string& path, std::string message, std::string hint = {}) {
    b_.diagnostics.error(where, path, std::move(message), std::move(hint));
  }

  // A service's own station; consumer groups run elsewhere.
  int service_station(int component) const {
    for (std::size_t s = 0; s < t_.stations.size(); ++s) {
      if (t_.stations[s].component == component && t_.stations[s].name == t_.components[at(component)].name)
        return static_cast<int>(s);
    }
    return kNone;
  }
  int find_service(const std::string& name, Mark where, const std::string& path) {
    const auto it = b_.component_ids.find(name);
    if (it != b_.component_ids.end() && t_.components[at(it->second)].kind == "service") return it->second;
    if (b_.components_unread) return kNone;
    std::vector<std::string_view> known;
    for (const Component& c : t_.components) {
      if (c.kind == "service") known.push_back(c.name);
    }
    const std::string near = nearest_word(name, known);
    error(where, path, fmt::format("there is no service \"{}\"", escaped(name)),
          near.empty() ? "" : fmt::format("did you mean {}?", near));
    return kNone;
  }

  void find_members() {
    std::vector<std::pair<int, std::string>> list;
    for (std::size_t i = 0; i < spec_.members.size(); ++i) {
      const auto& [name, where] = spec_.members[i];
      const std::string path = fmt::format("mesh.members[{}]", i);
      const int id = find_service(name, where, path);
      if (id != kNone) list.emplace_back(id, path);
    }
    if (spec_.members.empty()) {
      for (std::size_t c = 0; c < t_.components.size(); ++c) {
        if (t_.components[c].kind == "service") list.emplace_back(static_cast<int>(c), "mesh");
      }
    }
    for (const auto& [id, path] : list) {
      const int station = service_station(id);
      if (station == kNone) continue;  // it was not understood, and that was said
      if (t_.stations[at(station)].shared_queue) {
        error(mark(), path,
              fmt::format("{} cannot be a member: its instances share a queue, before any sidecar",
                          t_.components[at(id)].name),
              "members: the others");
        continue;
      }
      members_[id] = station;
    }
  }

  void check_route(const Named<RouteSpec>& route, const std::string& path) {
    find_service(route.name, route.mark, path);
    double weight = 0;
    for (std::size_t i = 0; i < route.value.split.size(); ++i) {
      find_service(route.value.split[i].to, route.mark, fmt::format("{}.split[{}].to", path, i));
      weight += route.value.split[i].weight;
    }
    if (!route.value.split.empty() && !(weight > 0))
      error(route.mark, path + ".split", "the weights sum to 0");
    if (route.value.mirror) find_service(route.value.mirror->to, route.mark, path + ".mirror.to");
  }

  void versions() {
    Version now;
    now.outbound = spec_.outbound;
    for (const auto& route : spec_.routes) {
      check_route(route, "mesh.routes." + route.name);
      now.routes[route.name] = &route.value;
    }
    versions_.push_back(now);
    if (spec_.changes.size() > kMostMeshChanges)
      return error(mark(), "mesh.changes", fmt::format("at most {} changes are allowed", kMostMeshChanges));
    for (std::size_t i = 0; i < spec_.changes.size(); ++i) {
      const MeshChangeSpec& change = spec_.changes[i];
      const std::string path = fmt::format("mesh.changes[{}]", i);
      if (i > 0 && change.at < spec_.changes[i - 1].at)
        error(mark(), path + ".at", "is before the change above it", "list them in the order of their times");
      now.outbound = merge_policies(change.outbound, now.outbound);
      for (const auto& route : change.routes) {
        check_route(route, path + ".routes." + route.name);
        now.routes[route.name] = &route.value;
      }
      versions_.push_back(now);
      times_.push_back({change.at.ns});
    }
  }

  // --- the target's side

  void inbound(int component, int station_id) {
    Station& station = t_.stations[at(station_id)];
    const auto twice = [](sim::Duration d) { return d + d; };  // a request and its answer
    station.doors.insert(station.doors.begin(),
                         {"sidecar",
                          std::make_shared<const InboundSidecarModel>(
                              twice(spec_.sidecar.cpu_per_message), twice(spec_.sidecar.latency),
                              static_cast<std::size_t>(spec_.sidecar.concurrency)),
                          Scope::service, false, true, &spec_});
    remember(station, component);
    apply_policies(spec_.target, {nullptr, &station, t_.components[at(component)].mark, "mesh.target",
                                  nullptr, b_.diagnostics});
    if (station.balancer.health && station.balancer.health->edge < 0 &&
        !station.balancer.health->operation_name.empty())
      error(mark(), "mesh.target.health_check.operation",
            "the mesh asks whether an instance is there, not one of its endpoints",
            "a health_check at the service, or one without operation");
  }

  // What a sidecar has besides its policies: memory where that has a limit, and a certificate.
  void remember(Station& station, int component) {
    PolicyTarget target{nullptr, &station, mark(), "mesh.certificates", &spec_, b_.diagnostics};
    if (spec_.certificates) {
      if (component == members_.begin()->first) check_certificate(*spec_.certificates, target);
      add_certificate(station, *spec_.certificates, &spec_);
    }
    const SidecarMemorySpec& memory = spec_.sidecar.memory;
    if (!memory.limit) return;
    SidecarMemorySettings s;
    double known = 0;
    for (const auto& [id, member] : members_) known += static_cast<double>(t_.stations[at(member)].instances);
    s.idle_bytes = memory.base.value.mean() + memory.per_instance.value.mean() * known;
    s.per_connection = memory.per_connection.value.mean();
    s.limit = memory.limit->value.mean();
    s.restart = memory.restart, s.crash_backoff = memory.crash_backoff;
    if (component == members_.begin()->first) check_memory(memory, s);
    station.doors.push_back({"sidecar_memory", std::make_shared<const SidecarMemoryModel>(s), Scope::service,
                             false, true, &spec_});
  }

  void check_memory(const SidecarMemorySpec& memory, const SidecarMemorySettings& s) {
    const std::pair<const char*, const sim::Distribution*> sizes[] = {
        {"base", &memory.base.value},
        {"per_connection", &memory.per_connection.value},
        {"per_instance", &memory.per_instance.value},
        {"limit", &memory.limit->value}};
    for (const auto& [field, size] : sizes) {
      if (!size->is_constant())
        error(mark(), fmt::format("mesh.sidecar.memory.{}", field), "expected one size, not a distribution");
    }
    if (s.idle_bytes + s.per_connection > s.limit)
      error(mark(), "mesh.sidecar.memory.limit",
            fmt::format("a sidecar has {:.3g} MB without any connection: none would ever serve",
                        s.idle_bytes / 1e6),
            "limit: 128MiB");
    if (memory.restart.ns <= 0)
      error(mark(), "mesh.sidecar.memory.restart", "expected more than 0s", "restart: 1s");
  }

  // --- the caller's side

  bool crosses(const Edge& e) const {
    if (e.probe || e.publication != kNone || e.cache != kNone || e.from_station == kNone) return false;
    const Operation& op = t_.operations[at(e.operation)];
    const auto from = members_.find(e.from_component);
    const auto to = members_.find(op.component);
    return from != members_.end() && to != members_.end() && from->second == e.from_station &&
           to->second == op.station && e.from_component != op.component;
  }

  int sidecar_of(int component, int service) {
    const auto [it, fresh] = sidecars_.emplace(component, kNone);
    if (!fresh) return it->second;
    Station s;
    s.name = t_.components[at(component)].name + ".sidecar";
    s.component = component_;
    s.groups = t_.stations[at(service)].groups;  // their zones
    for (InstanceGroup& g : s.groups) g.speed = 1, g.error_rate = 0, g.weight = 1;
    s.instances = t_.stations[at(service)].instances;
    s.workers = spec_.sidecar.concurrency;
    s.blocking = false;
    s.doors.push_back({"mesh_config",
                       std::make_shared<const SidecarConfigModel>(times_, spec_.push_delay.value),
                       Scope::service, false, true, &spec_});
    return it->second = b_.add_station(std::move(s));
  }

  static Step timed(Step::Kind kind, sim::Duration time) {
    return drawing_step(kind, sim::Distribution::constant(static_cast<double>(time.ns)));
  }

  // The application's call ends at its own sidecar, which makes the rest of the way.
  void lay_over(std::size_t edge_id) {
    const Edge original = t_.edges[edge_id];
    const int sidecar = sidecar_of(original.from_component, original.from_station);
    const Operation target = t_.operations[at(original.operation)];
    const std::string target_name = t_.operation_name(original.operation);
    int& count = named_[{original.from_component, original.operation}];
    const std::string name =
        fmt::format("sidecar {}{}", target_name, count == 0 ? "" : fmt::format(" {}", count + 1));
    ++count;
    const int op = b_.declare_operation(original.from_component, name);
    t_.operations[at(op)].station = sidecar;

    Steps steps;
    const auto pass = [&] {
      if (spec_.sidecar.cpu_per_message.ns > 0)
        steps.push_back(timed(Step::Kind::compute, spec_.sidecar.cpu_per_message));
      if (spec_.sidecar.latency.ns > 0) steps.push_back(timed(Step::Kind::sleep, spec_.sidecar.latency));
    };
    pass();
    Step choice;
    choice.kind = Step::Kind::branch;
    choice.ref = kVersionBranch;
    for (std::size_t v = 0; v < versions_.size(); ++v)
      choice.branches.push_back({v == 0 ? 1.0 : 0.0, route(original, sidecar, target, v)});
    if (versions_.size() == 1) {
      for (Step& s : choice.branches.front().steps) steps.push_back(std::move(s));
    } else {
      steps.push_back(std::move(choice));
    }
    pass();
    t_.operations[at(op)].steps = std::move(steps);

    Edge& e = t_.edges[edge_id];
    e.operation = op;
    e.request_bytes.reset(), e.response_bytes.reset();
    if (const TransportModel* own = transport_of(e.admissions)) {
      // It writes and reads what it sends and gets; who reads and writes at the other end is the target.
      e.request_bytes = original.request_bytes, e.response_bytes = original.response_bytes;
      TransportSettings s = own->settings();
      s.secured = false, s.full = s.resumed = {}, s.sticks = false, s.work_at_target = false;
      replace_transport(e.admissions, std::make_shared<const TransportModel>(own->spec(), s, nullptr));
    }
  }

  static void replace_transport(std::vector<AdmissionUse>& uses,
                                std::shared_ptr<const TransportModel> model) {
    const void* origin = nullptr;
    for (const AdmissionUse& use : uses) {
      if (use.policy == "transport") origin = use.origin;
    }
    std::erase_if(uses, [](const AdmissionUse& use) { return use.policy == "transport"; });
    add_transport(uses, std::move(model), origin);
  }

  // What a sidecar does with a call under one configuration.
  Steps route(const Edge& original, int sidecar, const Operation& target, std::size_t v) {
    const Version& version = versions_[v];
    const std::string& service = t_.components[at(target.component)].name;
    const auto found = version.routes.find(service);
    static const RouteSpec kPlain{};
    const RouteSpec& r = found == version.routes.end() ? kPlain : *found->second;
    const PolicySet policies = merge_policies(r.outbound, version.outbound);
    Steps steps;
    if (r.mirror && r.mirror->share.value > 0) {
      Step copy;
      copy.kind = Step::Kind::background;
      copy.branches.push_back(
          {1, {call(original, sidecar, r.mirror->to, target.name, policies, v, "mirror")}});
      b_.topology.background = true;
      append_sometimes(r.mirror->share, {std::move(copy)}, steps);
    }
    if (r.split.empty()) {
      steps.push_back(call(original, sidecar, service, target.name, policies, v, "call"));
      return steps;
    }
    double sum = 0;
    for (const SplitSpec& s : r.split) sum += s.weight;
    Step split;
    split.kind = Step::Kind::branch;
    for (const SplitSpec& s : r.split) {
      if (s.weight == 0) continue;
      split.branches.push_back(
          {s.weight / sum, {call(original, sidecar, s.to, target.name, policies, v, "call " + s.to)}});
    }
    steps.push_back(std::move(split));
    return steps;
  }

  Step call(const Edge& original, int sidecar, const std::string& service, const std::string& endpoint,
            const PolicySet& policies, std::size_t version, const std::string& what) {
    Step step;
    step.kind = Step::Kind::call;
    const int op = b_.find_operation(service + "." + endpoint);
    if (op == kNone) {
      error(
          mark(), "mesh.routes." + service,
          fmt::format("{} has no endpoint \"{}\", which calls to it would need", service, escaped(endpoint)));
      return step;
    }
    Edge e;
    e.from_component = original.from_component;
    e.from_station = sidecar;
    e.operation = op;
    e.path = fmt::format("{} ({}{})", original.path, what == "call" ? "sidecar" : "sidecar, " + what,
                         version == 0 ? "" : fmt::format(", config {}", version));
    e.mark = original.mark;
    e.request_bytes = original.request_bytes;
    e.response_bytes = original.response_bytes;
    e.ignore_failure = what == "mirror";
    apply_policies(policies, {&e, nullptr, mark(), "mesh.outbound", nullptr, b_.diagnostics});
    const TransportModel* own = transport_of(original.admissions);
    TlsSpec tls = spec_.tls;
    tls.mutual = true;
    TransportSpec across;
    if (own != nullptr) {
      across = own->spec();
    } else {
      across.protocol = Protocol::grpc;
    }
    TransportSettings s = settings_of(across, spec_.mtls ? &tls : nullptr);
    s.sticks = false;
    s.work_at_caller = false;
    s.work_at_target = own != nullptr;
    if (own == nullptr) s.header_bytes = 0;
    std::erase_if(e.admissions, [](const AdmissionUse& use) { return use.policy == "transport"; });
    add_transport(e.admissions, std::make_shared<const TransportModel>(across, s, &spec_), &spec_);
    step.edge = static_cast<int>(t_.edges.size());
    t_.edges.push_back(std::move(e));
    return step;
  }

  const MeshSpec& spec_;
  int component_;
  TopologyBuilder& b_;
  Topology& t_;
  std::map<int, int> members_, sidecars_;  // component -> station
  std::map<std::pair<int, int>, int> named_;
  std::vector<Version> versions_;
  std::vector<sim::Instant> times_;  // of the changes
};

}  // namespace

void expand_mesh(const MeshSpec& spec, int component, TopologyBuilder& b) {
  MeshBuilder(spec, component, b).run();
}

}  // namespace tailrace::models
