// What the words of a fault's target stand for.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "models/fault/fault.hpp"
#include "models/field/name_pair.hpp"
#include "models/field/units.hpp"
#include "models/messaging/partitions.hpp"

namespace tailrace::models {

namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

std::string takes_text(unsigned takes) {
  std::vector<std::string> list;
  if (takes & (kTakesInstances | kTakesRequests)) {
    list.push_back(takes & kTakesPartitions
                       ? "a service, service#0, zone NAME, partition LOG, partition LOG#0 or *"
                       : "a service, service#0, zone NAME or *");
  }
  if (takes & kTakesRequests) list.push_back("service.endpoint or caller -> callee");
  if (takes & kTakesLinks) list.push_back("caller -> callee, or a service for all its callers");
  if (takes & kTakesCaches) list.push_back("a cache, cache#0 or *");
  if (takes & kTakesWorkloads) list.push_back("a workload");
  if (takes & kTakesMesh) list.push_back("mesh");
  return fmt::format("{}", fmt::join(list, ", "));
}

class Resolver {
 public:
  Resolver(const FaultWords& words, const FaultInfo& info, const FaultParts& parts, TopologyBuilder& b,
           std::vector<FaultTarget>& out)
      : words_(words), info_(info), parts_(parts), b_(b), t_(b.topology), out_(out) {}

  void run() {
    const std::string text = trimmed(words_.text);
    if (info_.takes & kTakesMesh) return mesh(text);
    if (const auto arrow = text.find("->"); arrow != std::string::npos)
      return pair(trimmed(text.substr(0, arrow)), trimmed(text.substr(arrow + 2)));
    if (text == "*") return everything();
    if (text.starts_with("zone ")) return zone(trimmed(text.substr(5)));
    if (text.starts_with("partition ")) return partition(trimmed(text.substr(10)));
    if (const auto hash = text.find_first_of("#["); hash != std::string::npos)
      return instance(text.substr(0, hash), text.substr(hash + 1), text[hash] == '[');
    if (const int id = find(text); id != kNone) return component(id);
    if (const auto dot = text.find('.'); dot != std::string::npos) {
      const int op = b_.find_operation(text);
      if (op != kNone) return endpoint(op);
    }
    unknown(text, true);
  }

 private:
  void error(std::string message, std::string hint = {}) {
    b_.diagnostics.error(words_.mark, words_.path, std::move(message), std::move(hint));
  }
  bool takes(unsigned what) {
    if (info_.takes & what) return true;
    error(fmt::format("{} cannot hit \"{}\"", with_article(info_.name), escaped(words_.text)),
          "it takes " + takes_text(info_.takes));
    return false;
  }
  // A component; or a part of one that has a name of its own: a channel's consumer group, read replicas.
  int find(const std::string& name) {
    const auto it = b_.component_ids.find(name);
    if (it != b_.component_ids.end()) return it->second;
    const auto part = std::find_if(t_.stations.begin(), t_.stations.end(),
                                   [&](const Station& s) { return s.name == name; });
    if (part == t_.stations.end()) return kNone;
    part_ = name;
    return part->component;
  }
  // Where the component's own name is said, its consumer groups are not meant: their code is somebody else's.
  std::vector<std::size_t> stations_of(int component) const {
    std::vector<std::size_t> list;
    for (std::size_t s = 0; s < t_.stations.size(); ++s) {
      if (t_.stations[s].component != component) continue;
      const bool group = std::any_of(t_.channels.begin(), t_.channels.end(), [&](const MessageChannel& c) {
        return std::any_of(c.groups.begin(), c.groups.end(),
                           [&](const ConsumerGroup& g) { return g.station == static_cast<int>(s); });
      });
      if (part_.empty() ? !group : t_.stations[s].name == part_) list.push_back(s);
    }
    return list;
  }
  const std::string& shown_name(int component) const {
    return part_.empty() ? t_.components[at(component)].name : part_;
  }
  void unknown(const std::string& name, bool operations) {
    if (b_.components_unread) return;
    std::vector<std::string_view> known;
    for (const auto& [component, id] : b_.component_ids) known.push_back(component);
    if (operations) {
      for (const auto& [operation, id] : b_.operation_ids) known.push_back(operation);
    }
    const std::string near = nearest_word(name, known);
    error(fmt::format("there is no component \"{}\"", escaped(name)),
          near.empty() ? "it takes " + takes_text(info_.takes) : fmt::format("did you mean {}?", near));
  }
  bool is_workload(int component) const { return t_.components[at(component)].kind == "workload"; }

  const Cache* cache_of(int component) const {
    const auto found = std::find_if(t_.caches.begin(), t_.caches.end(),
                                    [&](const Cache& c) { return c.component == component; });
    return found == t_.caches.end() ? nullptr : &*found;
  }
  // A local one is hit wherever it is; a shared one has nodes.
  void cache(int component) {
    if (cache_of(component)->station != kNone) return instances_of(component);
    FaultTarget target;
    target.name = t_.components[at(component)].name;
    target.component = component;
    out_.push_back(std::move(target));
  }

  // Every instance by itself.
  void instances_of(int component) {
    int number = 0;
    for (const std::size_t s : stations_of(component)) {
      for (int i = 0; i < static_cast<int>(t_.stations[s].instances); ++i, ++number) {
        FaultTarget target;
        target.name = fmt::format("{}#{}", shown_name(component), number);
        target.instances.emplace_back(static_cast<int>(s), i);
        target.component = component;
        out_.push_back(std::move(target));
      }
    }
  }
  std::vector<std::pair<int, int>> all_instances_of(int component) const {
    std::vector<std::pair<int, int>> list;
    for (const std::size_t s : stations_of(component)) {
      for (int i = 0; i < static_cast<int>(t_.stations[s].instances); ++i)
        list.emplace_back(static_cast<int>(s), i);
    }
    return list;
  }

  void everything() {
    if (info_.takes & kTakesWorkloads) {
      for (const auto& [name, id] : b_.component_ids) {
        if (is_workload(id)) workload(id);
      }
      return;
    }
    for (const auto& [name, id] : b_.component_ids) {
      if (info_.takes & kTakesCaches) {
        if (cache_of(id) != nullptr) cache(id);
        continue;
      }
      if (is_workload(id)) continue;
      info_.takes& kTakesLinks ? callers_of(id) : instances_of(id);
    }
  }

  void component(int id) {
    if (is_workload(id)) {
      if (takes(kTakesWorkloads)) workload(id);
      return;
    }
    if (const Cache* c = cache_of(id)) {
      if (info_.takes & kTakesCaches) return cache(id);
      if (c->station == kNone)
        return error(fmt::format("{} is a local cache, and has no instances of its own", c->name),
                     "hit the services that use it, or empty it with cache_flush");
    }
    if (info_.takes & kTakesLinks) return callers_of(id);
    if (takes(kTakesInstances | kTakesRequests)) instances_of(id);
  }

  void mesh(const std::string& text) {
    const auto found = std::find_if(t_.components.begin(), t_.components.end(),
                                    [](const Component& c) { return c.kind == "mesh"; });
    if (text != "mesh")
      return error(fmt::format("{} cannot hit \"{}\"", with_article(info_.name), escaped(text)),
                   "target: mesh");
    if (found == t_.components.end()) return error("there is no mesh", "a section mesh");
    FaultTarget target;
    target.name = "mesh";
    target.component = static_cast<int>(found - t_.components.begin());
    out_.push_back(std::move(target));
  }

  void workload(int id) {
    for (std::size_t w = 0; w < t_.workloads.size(); ++w) {
      if (t_.workloads[w].component != id) continue;
      FaultTarget target;
      target.name = t_.workloads[w].name;
      target.component = id;
      target.workload = static_cast<int>(w);
      out_.push_back(std::move(target));
    }
  }

  void instance(const std::string& name, const std::string& rest, bool bracket) {
    if (!takes(kTakesInstances | kTakesRequests | kTakesCaches)) return;
    const int id = find(name);
    if (id == kNone || is_workload(id)) return unknown(name, false);
    const Cache* c = cache_of(id);
    if (info_.takes & kTakesCaches && c == nullptr)
      return error(fmt::format("{} is no cache", name), "it takes " + takes_text(info_.takes));
    if (c != nullptr && c->station == kNone)
      return error(fmt::format("{} is a local cache, and has no instances of its own", name),
                   "hit the services that use it, or empty it with cache_flush");
    const std::string digits = bracket && rest.ends_with("]") ? rest.substr(0, rest.size() - 1) : rest;
    const std::vector<std::pair<int, int>> all = all_instances_of(id);
    if (all.empty()) {  // what is wrong with the component has been said
      if (b_.diagnostics.errors() == 0) error(fmt::format("{} has no instances", name));
      return;
    }
    const Quantity number = parse_count(digits);
    if (!number.value || *number.value < 0 || *number.value >= static_cast<double>(all.size())) {
      return error(fmt::format("{} has no instance \"{}\"", name, escaped(digits)),
                   fmt::format("its instances are {0}#0 to {0}#{1}", name, all.size() - 1));
    }
    const auto index = static_cast<std::size_t>(*number.value);
    FaultTarget target;
    target.name = fmt::format("{}#{}", name, index);
    target.instances.push_back(all[index]);
    target.component = id;
    out_.push_back(std::move(target));
  }

  void zone(const std::string& name) {
    if (!takes(kTakesInstances | kTakesRequests)) return;
    std::vector<std::string_view> known;
    bool found = false;
    for (std::size_t s = 0; s < t_.stations.size(); ++s) {
      const Station& station = t_.stations[s];
      int index = 0, base = 0;
      for (std::size_t before = 0; before < s; ++before) {
        if (t_.stations[before].component == station.component)
          base += static_cast<int>(t_.stations[before].instances);
      }
      for (const InstanceGroup& g : station.groups) {
        known.push_back(g.zone);
        for (std::int64_t k = 0; k < g.count; ++k, ++index) {
          if (g.zone != name || name.empty()) continue;
          found = true;
          FaultTarget target;
          target.name = fmt::format("{}#{}", t_.components[at(station.component)].name, base + index);
          target.instances.emplace_back(static_cast<int>(s), index);
          target.component = station.component;
          out_.push_back(std::move(target));
        }
      }
    }
    if (found || b_.components_unread) return;
    const std::string near = nearest_word(name, known);
    error(fmt::format("no instance is in a zone \"{}\"", escaped(name)),
          near.empty() ? "instances: [{count: 2, zone: west}, {count: 2, zone: east}]"
                       : fmt::format("did you mean zone {}?", near));
  }

  // "orders", for each of its partitions by itself, or "orders#3". What hits instances hits the leader; what
  // hits requests, those that publish to it.
  void partition(const std::string& text) {
    if (!takes(kTakesPartitions)) return;
    const auto hash = text.find_first_of("#[");
    const std::string name = trimmed(std::string_view(text).substr(0, hash));
    const auto channel = std::find_if(t_.channels.begin(), t_.channels.end(),
                                      [&](const MessageChannel& c) { return c.name == name; });
    const auto* const model =
        channel == t_.channels.end() ? nullptr : dynamic_cast<const Partitioned*>(channel->model.get());
    if (model == nullptr) {
      if (channel == t_.channels.end() && find(name) == kNone) return unknown(name, false);
      return error(fmt::format("{} has no partitions", escaped(name)), "a log has: partition orders#3");
    }
    std::uint32_t first = 0, end = model->partitions();
    if (hash != std::string::npos) {
      const bool bracket = text[hash] == '[' && text.ends_with("]");
      const std::string digits = text.substr(hash + 1, text.size() - hash - 1 - (bracket ? 1 : 0));
      const Quantity number = parse_count(digits);
      if (!number.value || *number.value < 0 || *number.value >= static_cast<double>(end)) {
        return error(fmt::format("{} has no partition \"{}\"", name, escaped(digits)),
                     fmt::format("its partitions are {0}#0 to {0}#{1}", name, end - 1));
      }
      first = static_cast<std::uint32_t>(*number.value);
      end = first + 1;
    }
    for (std::uint32_t p = first; p < end; ++p) {
      FaultTarget target;
      target.name = fmt::format("partition {}#{}", name, p);
      for (const std::uint32_t node : model->nodes_of(p))
        target.instances.emplace_back(channel->station, static_cast<int>(node));
      std::sort(target.instances.begin(), target.instances.end());
      target.component = channel->component;
      target.channel = static_cast<int>(channel - t_.channels.begin());
      target.partition = static_cast<int>(p);
      target.led = (info_.takes & kTakesRequests) == 0;
      out_.push_back(std::move(target));
    }
  }

  void endpoint(int operation) {
    if (!takes(kTakesRequests)) return;
    const Operation& op = t_.operations[at(operation)];
    FaultTarget target;
    target.name = t_.operation_name(operation);
    for (int i = 0; i < static_cast<int>(t_.stations[at(op.station)].instances); ++i)
      target.instances.emplace_back(op.station, i);
    target.component = op.component;
    target.operation = operation;
    out_.push_back(std::move(target));
  }

  void callers_of(int callee) {
    std::vector<int> callers;
    for (const Edge& e : t_.edges) {
      if (t_.operations[at(e.operation)].component == callee && e.from_component != callee)
        callers.push_back(e.from_component);
    }
    std::sort(callers.begin(), callers.end());
    callers.erase(std::unique(callers.begin(), callers.end()), callers.end());
    for (const int caller : callers) link_target(caller, callee);
  }

  void pair(const std::string& from, const std::string& to) {
    if (!takes(kTakesRequests | kTakesLinks)) return;
    const int ends[2] = {find(from), find(to)};
    if (ends[0] == kNone) unknown(from, false);
    if (ends[1] == kNone) unknown(to, false);
    if (ends[0] == kNone || ends[1] == kNone) return;
    const bool calls = std::any_of(t_.edges.begin(), t_.edges.end(), [&](const Edge& e) {
      return e.from_component == ends[0] && t_.operations[at(e.operation)].component == ends[1];
    });
    if (!calls) {
      const bool other = std::any_of(t_.edges.begin(), t_.edges.end(), [&](const Edge& e) {
        return e.from_component == ends[1] && t_.operations[at(e.operation)].component == ends[0];
      });
      return error(fmt::format("{} never calls {}", escaped(from), escaped(to)),
                   other ? fmt::format("did you mean {} -> {}?", to, from) : "");
    }
    if (info_.takes & kTakesLinks) return link_target(ends[0], ends[1]);
    FaultTarget target;
    target.name = fmt::format("{} -> {}", from, to);
    target.instances = all_instances_of(ends[1]);
    target.component = ends[1];
    target.from_component = ends[0];
    out_.push_back(std::move(target));
  }

  // The stretches of network between the two; made where there were none, since they cost no time.
  void link_target(int from, int to) {
    FaultTarget target;
    const auto name = [&](int a, int b) {
      return fmt::format("{} -> {}", t_.components[at(a)].name, t_.components[at(b)].name);
    };
    target.name = name(from, to);
    target.component = to;
    const bool sized = std::any_of(parts_.effects.begin(), parts_.effects.end(),
                                   [](const FaultEffect& e) { return e.action == FaultAction::bandwidth; });
    const auto link = [&](const std::string& wanted) {
      for (std::size_t i = 0; i < t_.links.size(); ++i) {
        if (t_.links[i].name == wanted) return static_cast<int>(i);
      }
      Link added;
      added.name = wanted;
      t_.links.push_back(std::move(added));
      return static_cast<int>(t_.links.size()) - 1;
    };
    using Direction = FaultParts::Direction;
    const int out = parts_.direction == Direction::from ? kNone : link(name(from, to));
    const int back = parts_.direction == Direction::to ? kNone : link(name(to, from));
    for (Edge& e : t_.edges) {
      const int callee = t_.operations[at(e.operation)].component;
      // A link carries the requests one way and the answers to requests the other way.
      const bool along = e.from_component == from && callee == to;
      const bool against = e.from_component == to && callee == from;
      if (!along && !against) continue;
      if (const int there = along ? out : back; there != kNone) e.out_link = there;
      if (const int home = along ? back : out; home != kNone) e.back_link = home;
      if (!sized) continue;
      if (!e.request_bytes) e.request_bytes = sim::Distribution::constant(1024);
      if (!e.response_bytes) e.response_bytes = sim::Distribution::constant(1024);
    }
    for (const int id : {out, back}) {
      if (id != kNone) target.links.push_back(id);
    }
    out_.push_back(std::move(target));
  }

  const FaultWords& words_;
  const FaultInfo& info_;
  const FaultParts& parts_;
  TopologyBuilder& b_;
  Topology& t_;
  std::vector<FaultTarget>& out_;
  std::string part_;  // the name of a station that is no component's own
};

}  // namespace

void resolve_fault_target(const FaultWords& words, const FaultInfo& info, const FaultParts& parts,
                          TopologyBuilder& builder, std::vector<FaultTarget>& out) {
  Resolver(words, info, parts, builder, out).run();
}

}  // namespace tailrace::models
