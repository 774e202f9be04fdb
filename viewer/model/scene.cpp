#include "viewer/model/scene.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <set>
#include <utility>

#include "models/catalog.hpp"
#include "models/field/field.hpp"
#include "viewer/model/clock_text.hpp"

namespace tailrace::viewer {

namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

NodeKind icon_of(std::string_view kind) {
  static constexpr std::array<std::pair<std::string_view, NodeKind>, 15> kIcons = {{
      {"workload", NodeKind::workload},
      {"service", NodeKind::service},
      {"database", NodeKind::database},
      {"cache", NodeKind::cache},
      {"broker", NodeKind::broker},
      {"cloud_queue", NodeKind::cloud_queue},
      {"log", NodeKind::log},
      {"topic", NodeKind::topic},
      {"outbox", NodeKind::outbox},
      {"webhook", NodeKind::webhook},
      {"job", NodeKind::job},
      {"window", NodeKind::window},
      {"proxy", NodeKind::proxy},
      {"gateway", NodeKind::gateway},
      {"mesh", NodeKind::mesh},
  }};
  for (const auto& [name, icon] : kIcons) {
    if (name == kind) return icon;
  }
  return NodeKind::other;
}

void add_once(std::vector<int>& list, int value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

void add_once(std::vector<std::string>& list, std::string text) {
  if (std::find(list.begin(), list.end(), text) == list.end()) list.push_back(std::move(text));
}

void name_policies(const models::Edge& e, std::vector<std::string>& words) {
  if (e.timeout) add_once(words, "timeout " + models::show_value(*e.timeout));
  if (e.per_try_timeout) add_once(words, "per-try timeout " + models::show_value(*e.per_try_timeout));
  if (e.retries == models::kUnlimited) add_once(words, "retries without end");
  if (e.retries > 0) add_once(words, fmt::format("retries {}", e.retries));
  if (e.retry_budget) add_once(words, "retry budget");
  if (e.deadline) add_once(words, "deadline " + models::show_value(*e.deadline));
  if (e.hedging) add_once(words, "hedging");
  if (e.fallback) add_once(words, "fallback");
  for (const models::AdmissionUse& use : e.admissions) {
    std::string name = use.policy;
    std::replace(name.begin(), name.end(), '_', ' ');
    add_once(words, std::move(name));
  }
}

class Builder {
 public:
  Builder(std::shared_ptr<const models::CompiledModel> model, std::size_t injected_from)
      : t_(*model->topology), injected_from_(injected_from) {
    s_.model = std::move(model);
  }

  Scene run() {
    s_.name = t_.name;
    s_.about = t_.about;
    s_.duration_s = static_cast<double>(t_.run.duration.ns) * 1e-9;
    s_.warmup_s = t_.run.warmup_auto ? -1 : static_cast<double>(t_.run.warmup.ns) * 1e-9;
    s_.seed = t_.run.seed;
    nodes();
    zones();
    edges();
    for (std::size_t f = 0; f < t_.faults.size(); ++f) fault(f);
    return std::move(s_);
  }

 private:
  void nodes() {
    // In the order in which they stand in the file: a drawing follows it where nothing else decides.
    std::vector<std::vector<int>> stations(t_.components.size()), workloads(t_.components.size());
    for (std::size_t i = 0; i < t_.stations.size(); ++i)
      if (t_.stations[i].component >= 0)
        stations[at(t_.stations[i].component)].push_back(static_cast<int>(i));
    for (std::size_t i = 0; i < t_.workloads.size(); ++i)
      workloads[at(t_.workloads[i].component)].push_back(static_cast<int>(i));
    std::vector<int> order;
    for (std::size_t i = 0; i < t_.components.size(); ++i) {
      bool calls = !stations[i].empty() || !workloads[i].empty();
      for (std::size_t c = 0; c < t_.channels.size() && !calls; ++c)
        calls = t_.channels[c].component == static_cast<int>(i);
      if (calls) order.push_back(static_cast<int>(i));
    }
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      return t_.components[at(a)].declared_order < t_.components[at(b)].declared_order;
    });
    s_.node_of_component.assign(t_.components.size(), -1);
    s_.node_of_station.assign(t_.stations.size(), -1);
    for (const int component : order) {
      const models::Component& c = t_.components[at(component)];
      SceneNode node;
      node.component = component;
      node.name = c.name;
      node.kind = c.kind;
      node.icon = icon_of(c.kind);
      node.mark = c.mark;
      node.stations = stations[at(component)];
      node.workloads = workloads[at(component)];
      const models::Kind* kind = models::find_kind(c.kind);
      if (kind != nullptr)
        node.path = kind->named ? models::child_path(kind->section, c.name) : kind->section;
      const int number = static_cast<int>(s_.nodes.size());
      s_.node_of_component[at(component)] = number;
      for (const int station : node.stations) s_.node_of_station[at(station)] = number;
      if (!node.stations.empty()) {
        const models::Station& first = t_.stations[at(node.stations.front())];
        node.replicas = first.instances;
        node.workers = first.workers;
        node.scales = first.scaling.has_value();
      }
      s_.nodes.push_back(std::move(node));
    }
    for (std::size_t g = 0; g < s_.model->groups.size(); ++g) {
      const int component = t_.channels[s_.model->groups[g].channel].component;
      const int node = component < 0 ? -1 : s_.node_of_component[at(component)];
      if (node >= 0) s_.nodes[at(node)].groups.push_back(static_cast<int>(g));
    }
  }

  void zones() {
    std::set<std::string> names;
    for (const models::Station& station : t_.stations) {
      for (const models::InstanceGroup& group : station.groups)
        if (!group.zone.empty()) names.insert(group.zone);
    }
    s_.zones.assign(names.begin(), names.end());
    for (SceneNode& node : s_.nodes) {
      for (const int station : node.stations) {
        for (const models::InstanceGroup& group : t_.stations[at(station)].groups) {
          const auto it = std::find(s_.zones.begin(), s_.zones.end(), group.zone);
          if (it != s_.zones.end()) add_once(node.zones, static_cast<int>(it - s_.zones.begin()));
        }
      }
      std::sort(node.zones.begin(), node.zones.end());
    }
  }

  void edges() {
    std::map<std::pair<int, int>, int> known;
    s_.edge_of_call.assign(t_.edges.size(), -1);
    for (std::size_t i = 0; i < t_.edges.size(); ++i) {
      const models::Edge& e = t_.edges[i];
      if (e.probe || e.operation < 0 || e.from_component < 0) continue;
      const models::Operation& op = t_.operations[at(e.operation)];
      const int from = s_.node_of_component[at(e.from_component)];
      const int to = s_.node_of_component[at(op.component)];
      if (from < 0 || to < 0 || from == to) continue;
      const auto [it, fresh] = known.emplace(std::make_pair(from, to), static_cast<int>(s_.edges.size()));
      if (fresh) {
        SceneEdge edge;
        edge.from = from, edge.to = to;
        edge.asynchronous = true;
        s_.nodes[at(from)].out.push_back(it->second);
        s_.nodes[at(to)].in.push_back(it->second);
        s_.edges.push_back(std::move(edge));
      }
      SceneEdge& edge = s_.edges[at(it->second)];
      edge.edges.push_back(static_cast<int>(i));
      edge.network = edge.network || e.out_link >= 0;
      edge.retried = edge.retried || e.retries != 0 || e.hedging.has_value();
      edge.asynchronous = edge.asynchronous && e.publication >= 0;
      name_policies(e, edge.policies);
      s_.edge_of_call[i] = it->second;
    }
  }

  void fault(std::size_t number) {
    const models::Fault& f = t_.faults[number];
    SceneFault out;
    out.fault = static_cast<int>(number);
    out.name = f.name;
    out.type = f.type;
    out.path = f.path;
    out.injected = number >= injected_from_;
    out.upon_condition = f.when.has_value();
    if (f.mtbf || f.when) {
      out.start_s = out.end_s = -1;
    } else {
      out.start_s = static_cast<double>(f.start.ns) * 1e-9;
      out.end_s = f.duration
                      ? std::min(s_.duration_s, out.start_s + static_cast<double>(f.duration->ns) * 1e-9)
                      : s_.duration_s;
    }
    for (const models::FaultTarget& target : f.targets) hit(target, out);
    std::sort(out.nodes.begin(), out.nodes.end());
    std::sort(out.edges.begin(), out.edges.end());
    for (const int node : out.nodes) s_.nodes[at(node)].faults.push_back(static_cast<int>(number));
    s_.faults.push_back(std::move(out));
  }

  void hit(const models::FaultTarget& target, SceneFault& out) {
    if (target.from_component >= 0) {  // only requests of one caller: it is the call that suffers
      const int from = s_.node_of_component[at(target.from_component)];
      for (const auto& [station, index] : target.instances) {
        const int edge = s_.find_edge(from, s_.node_of_station[at(station)]);
        if (edge >= 0) add_once(out.edges, edge);
      }
      return;
    }
    for (const auto& [station, index] : target.instances) {
      if (s_.node_of_station[at(station)] >= 0) add_once(out.nodes, s_.node_of_station[at(station)]);
    }
    if (target.workload >= 0)
      add_once(out.nodes, s_.node_of_component[at(t_.workloads[at(target.workload)].component)]);
    for (std::size_t i = 0; i < t_.edges.size() && !target.links.empty(); ++i) {
      if (s_.edge_of_call[i] < 0) continue;
      for (const int link : target.links) {
        if (t_.edges[i].out_link == link || t_.edges[i].back_link == link)
          add_once(out.edges, s_.edge_of_call[i]);
      }
    }
    if (target.instances.empty() && target.links.empty() && target.workload < 0 && target.component >= 0) {
      const int node = s_.node_of_component[at(target.component)];
      if (node >= 0) add_once(out.nodes, node);
    }
  }

  const models::Topology& t_;
  std::size_t injected_from_;
  Scene s_;
};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

}  // namespace

std::string SceneFault::when() const {
  if (start_s < 0) return upon_condition ? "upon a condition" : "at random";
  return clock_text(start_s) + (end_s > start_s ? " – " + clock_text(end_s) : "");
}

int Scene::find(std::string_view node) const {
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (nodes[i].name == node) return static_cast<int>(i);
  }
  return -1;
}

int Scene::find_edge(int from, int to) const {
  if (from < 0 || to < 0) return -1;
  for (const int edge : nodes[at(from)].out) {
    if (edges[at(edge)].to == to) return edge;
  }
  return -1;
}

std::vector<int> Scene::search(std::string_view part) const {
  const std::string wanted = lowered(part);
  std::vector<int> first, others;
  for (std::size_t i = 0; i < nodes.size() && !wanted.empty(); ++i) {
    const std::size_t found = lowered(nodes[i].name).find(wanted);
    if (found == std::string::npos) continue;
    (found == 0 ? first : others).push_back(static_cast<int>(i));
  }
  first.insert(first.end(), others.begin(), others.end());
  return first;
}

std::vector<int> Scene::neighbourhood(int node, int steps) const {
  std::vector<int> distance(nodes.size(), -1);
  std::deque<int> open{node};
  distance[at(node)] = 0;
  while (!open.empty()) {
    const int n = open.front();
    open.pop_front();
    if (distance[at(n)] == steps) continue;
    const auto reach = [&](int other) {
      if (distance[at(other)] >= 0) return;
      distance[at(other)] = distance[at(n)] + 1;
      open.push_back(other);
    };
    for (const int e : nodes[at(n)].out) reach(edges[at(e)].to);
    for (const int e : nodes[at(n)].in) reach(edges[at(e)].from);
  }
  std::vector<int> list;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (distance[i] >= 0) list.push_back(static_cast<int>(i));
  }
  return list;
}

std::shared_ptr<const Scene> make_scene(std::shared_ptr<const models::CompiledModel> model,
                                        std::size_t injected_from) {
  return std::make_shared<const Scene>(Builder(std::move(model), injected_from).run());
}

}  // namespace tailrace::viewer
