#include "models/vpc/vpc.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <tuple>

namespace tailrace::models {

namespace {

constexpr const char* kRouteNames[] = {"peering", "transit", "privatelink"};

class PassageState final : public AdmissionPolicy {
 public:
  explicit PassageState(bool refused) : refused_(refused) { quiet_ = !refused; }
  Admission admit(const CallFacts&, sim::Stream&) override {
    return refused_ ? Admission::no(Outcome::network) : Admission::yes();
  }

 private:
  bool refused_;
};

class Expander {
 public:
  Expander(const VpcSpec& spec, int component, TopologyBuilder& b)
      : s_(spec), mark_(b.topology.components[at(component)].mark), b_(b), t_(b.topology) {}

  void run() {
    place();
    for (std::size_t i = 0; i < s_.routes.size(); ++i) check_route(s_.routes[i], i);
    if (!b_.diagnostics.ok()) return;
    find_ways();
    if (b_.diagnostics.ok()) lay_ways();
  }

 private:
  static constexpr int kInside = -2;  // no border on the way

  static std::size_t at(int i) { return static_cast<std::size_t>(i); }
  const std::string& name_of(int component) const { return t_.components[at(component)].name; }

  int find_component(const VpcName& name, const std::string& path) {
    if (const auto it = b_.component_ids.find(name.text); it != b_.component_ids.end()) return it->second;
    if (b_.components_unread) return kNone;
    std::vector<std::string_view> known;
    for (const auto& [text, id] : b_.component_ids) known.push_back(text);
    const std::string near = nearest_word(name.text, known);
    b_.diagnostics.error(name.mark, path, fmt::format("there is no component \"{}\"", escaped(name.text)),
                         near.empty() ? "" : fmt::format("did you mean {}?", near));
    return kNone;
  }

  void place() {
    for (std::size_t v = 0; v < s_.networks.size(); ++v) {
      const auto& network = s_.networks[v];
      if (network.value.members.empty())
        b_.diagnostics.error(network.mark, "vpcs.networks." + network.name, "nobody is in it",
                             "members: [orders, payments]");
      for (std::size_t i = 0; i < network.value.members.size(); ++i) {
        const VpcName& member = network.value.members[i];
        const std::string path = fmt::format("vpcs.networks.{}.members[{}]", network.name, i);
        const int id = find_component(member, path);
        if (id == kNone) continue;
        const auto [it, fresh] = vpc_of_.emplace(id, static_cast<int>(v));
        if (!fresh)
          b_.diagnostics.error(
              member.mark, path,
              fmt::format("{} is in {} already", member.text, s_.networks[at(it->second)].name),
              "a component is in one VPC");
      }
    }
    if (s_.networks.empty())
      b_.diagnostics.error(mark_, "vpcs.networks", "there is no VPC",
                           "networks: {shop: {members: [orders]}}");
  }

  bool is_network(const std::string& name) const {
    return std::any_of(s_.networks.begin(), s_.networks.end(), [&](const auto& n) { return n.name == name; });
  }

  void check_route(const VpcRouteSpec& route, std::size_t i) {
    const std::string path = fmt::format("vpcs.routes[{}]", i);
    std::set<std::string> seen;
    for (std::size_t k = 0; k < route.between.size(); ++k) {
      const VpcName& name = route.between[k];
      const std::string where = fmt::format("{}.between[{}]", path, k);
      if (!is_network(name.text)) {
        std::vector<std::string_view> known;
        for (const auto& n : s_.networks) known.push_back(n.name);
        const std::string near = nearest_word(name.text, known);
        b_.diagnostics.error(name.mark, where, fmt::format("there is no VPC \"{}\"", escaped(name.text)),
                             near.empty() ? "" : fmt::format("did you mean {}?", near));
      } else if (!seen.insert(name.text).second) {
        b_.diagnostics.error(name.mark, where, fmt::format("{} is named twice", name.text));
      }
    }
    const Mark where = route.between.empty() ? mark_ : route.between.front().mark;
    if (route.between.size() < 2 || (route.by != VpcRouteBy::transit && route.between.size() != 2))
      b_.diagnostics.error(
          where, path + ".between",
          route.by == VpcRouteBy::transit ? "expected two VPCs or more" : "expected a pair of VPCs",
          "between: [shop, data]");
    if (!route.services.empty() && route.by != VpcRouteBy::privatelink)
      b_.diagnostics.error(
          route.services.front().mark, path + ".services",
          fmt::format("a {} reaches all that is there", kRouteNames[at(static_cast<int>(route.by))]),
          "by: privatelink");
    for (std::size_t k = 0; k < route.services.size(); ++k)
      find_component(route.services[k], fmt::format("{}.services[{}]", path, k));
  }

  // Which route takes a call from here to there: the first that fits; kNone: there is none.
  int way(int from, int to) const {
    const auto a = vpc_of_.find(from), b = vpc_of_.find(to);
    if (a == vpc_of_.end() || b == vpc_of_.end() || a->second == b->second) return kInside;
    const std::string& here = s_.networks[at(a->second)].name;
    const std::string& there = s_.networks[at(b->second)].name;
    for (std::size_t i = 0; i < s_.routes.size(); ++i) {
      const VpcRouteSpec& r = s_.routes[i];
      const auto has = [](const std::vector<VpcName>& list, const std::string& name) {
        return std::any_of(list.begin(), list.end(), [&](const VpcName& n) { return n.text == name; });
      };
      const bool joined = has(r.between, here) && has(r.between, there);
      const bool fits = r.by == VpcRouteBy::privatelink
                            ? joined && r.between.front().text == here &&
                                  (r.services.empty() || has(r.services, name_of(to)))
                            : joined;
      if (fits) return static_cast<int>(i);
    }
    return kNone;
  }

  void find_ways() {
    for (std::size_t i = 0; i < t_.edges.size(); ++i) {
      Edge& e = t_.edges[i];
      const int to = t_.operations[at(e.operation)].component;
      const int route = way(e.from_component, to);
      ways_.push_back(route);
      if (route == kInside) continue;
      auto passage = std::make_shared<VpcPassage>();
      passage->from = s_.networks[at(vpc_of_.at(e.from_component))].name;
      passage->to = s_.networks[at(vpc_of_.at(to))].name;
      if (route == kNone) {
        passage->refused = true;
        const std::string message =
            fmt::format("{} is in {} and {} in {}: there is no route between them", name_of(e.from_component),
                        passage->from, name_of(to), passage->to);
        if (s_.unrouted == Unrouted::error) {
          b_.diagnostics.error(
              e.mark, e.path, message,
              fmt::format("vpcs.routes: [{{by: peering, between: [{}, {}]}}], or unrouted: refuse",
                          passage->from, passage->to));
        } else {
          b_.diagnostics.warning(e.mark, e.path, message + ", so the call is always refused");
        }
      } else {
        passage->by = kRouteNames[static_cast<std::size_t>(s_.routes[at(route)].by)];
        passage->per_gib = s_.routes[at(route)].per_gib;
      }
      const void* origin = passage.get();
      const bool refused = passage->refused;
      e.admissions.insert(e.admissions.begin(),
                          {"vpc", std::move(passage), Scope::call, true, !refused, origin});
    }
  }

  // Each border on a message's way takes its time. A link that some calls use across a border and others not,
  // or over different routes, is laid once for each.
  void lay_ways() {
    std::map<int, std::set<int>> routes_of;  // by link
    for (std::size_t i = 0; i < t_.edges.size(); ++i) {
      const Edge& e = t_.edges[i];
      for (const int link : {e.out_link, e.back_link}) {
        if (link != kNone) routes_of[link].insert(ways_[i]);
      }
    }
    for (std::size_t i = 0; i < t_.edges.size(); ++i) {
      Edge& e = t_.edges[i];
      if (ways_[i] < 0) continue;
      const sim::Distribution& latency = s_.routes[at(ways_[i])].latency.value;
      if (latency.is_constant() && latency.mean() == 0) continue;
      const int to = t_.operations[at(e.operation)].component;
      const auto longer = [&](int link, int a, int b) {
        const auto key = std::tuple(link, link == kNone ? a : kNone, link == kNone ? b : kNone, ways_[i]);
        if (const auto it = laid_.find(key); it != laid_.end()) return it->second;
        int id = link;
        if (link == kNone) {
          Link fresh;
          fresh.name = name_of(a) + " -> " + name_of(b);
          id = static_cast<int>(t_.links.size());
          t_.links.push_back(std::move(fresh));
        } else if (routes_of[link].size() > 1) {
          id = static_cast<int>(t_.links.size());
          const Link copy = t_.links[at(link)];
          t_.links.push_back(copy);
        }
        add_latency(t_.links[at(id)], latency, ways_[i]);
        return laid_[key] = id;
      };
      e.out_link = longer(e.out_link, e.from_component, to);
      e.back_link = longer(e.back_link, to, e.from_component);
    }
  }

  void add_latency(Link& link, const sim::Distribution& more, int route) {
    const auto sum = [&](const sim::Distribution& own) {
      return sim::Distribution::constant(own.mean() + more.mean());
    };
    if (!link.latency) {
      link.latency = more;
    } else if (more.is_constant() && link.latency->is_constant()) {
      link.latency = sum(*link.latency);
    } else if (!link.jitter) {
      link.jitter = more;
    } else if (more.is_constant() && link.jitter->is_constant()) {
      link.jitter = sum(*link.jitter);
    } else {
      b_.diagnostics.error(mark_, fmt::format("vpcs.routes[{}].latency", route),
                           fmt::format("{} has a latency and a jitter that are drawn already", link.name),
                           "leave out the jitter of the network's link, or draw the latency in one place");
    }
  }

  const VpcSpec& s_;
  Mark mark_;
  TopologyBuilder& b_;
  Topology& t_;
  std::map<int, int> vpc_of_;  // component -> network
  std::vector<int> ways_;      // by edge: a route, kNone, kInside
  std::map<std::tuple<int, int, int, int>, int> laid_;
};

void read_names(const Node& node, std::vector<VpcName>& out, ReadContext& context) {
  if (!node.is_list()) return context.error(node, "expected a list of names");
  for (const Node& item : node.items) {
    if (!item.is_scalar()) return context.error(item, "expected a name");
    out.push_back({item.text, item.mark});
  }
}

FieldTable network_fields() {
  using S = VpcNetworkSpec;
  return Fields<S>("vpc", "One virtual private network.")
      .custom(
          "members", FieldType::text,
          [](const Node& n, S& s, ReadContext& c) { read_names(n, s.members, c); },
          "a list of the components that are in it")
      .required()
      .table();
}

FieldTable route_fields() {
  using S = VpcRouteSpec;
  return Fields<S>("route", "A way between VPCs; of several that fit the first is taken.")
      .choice("by", &S::by, {"peering", "transit", "privatelink"},
              "peering: of two, either way; transit: any two of those attached to it; privatelink: the first "
              "calls "
              "services of the second, and not the other way round. Not one of them is transitive")
      .custom(
          "between", FieldType::text,
          [](const Node& n, S& s, ReadContext& c) { read_names(n, s.between, c); },
          "a list of VPCs; privatelink: who calls, who is called")
      .required()
      .custom(
          "services", FieldType::text,
          [](const Node& n, S& s, ReadContext& c) { read_names(n, s.services, c); },
          "privatelink: a list of those that can be called; default all")
      .add("latency", &S::latency, "added to each message, either way")
      .add("per_gib", &S::per_gib, "price of a GiB, either way, in any currency", between(0, 1e6))
      .table();
}

}  // namespace

std::unique_ptr<AdmissionPolicy> VpcPassage::start() const {
  return std::make_unique<PassageState>(refused);
}

const VpcPassage* vpc_passage_of(const std::vector<AdmissionUse>& admissions) {
  for (const AdmissionUse& use : admissions) {
    if (const auto* passage = dynamic_cast<const VpcPassage*>(use.model.get())) return passage;
  }
  return nullptr;
}

Kind vpc_kind() {
  using S = VpcSpec;
  Kind kind;
  kind.name = "vpcs";
  kind.section = "vpcs";
  kind.named = false;
  kind.about = "Virtual private networks, who is in which, and the routes between them: latency and price.";
  kind.example = "{networks: {all: {members: [cart]}}}";
  kind.fields =
      Fields<S>("vpcs", kind.about)
          .map_of("networks", &S::networks, network_fields(), "by name")
          .list_of("routes", &S::routes, route_fields(), "between VPCs; without one there is no way")
          .choice("unrouted", &S::unrouted, {"error", "refuse"},
                  "a call without a route: error: the scenario is wrong; refuse: it fails at once "
                  "(outcome network)")
          .table();
  kind.make = make_spec<S>;
  kind.declare = [](const void*, int, TopologyBuilder&) {};
  kind.expand = [](const void* raw, int component, TopologyBuilder& b) {
    Expander(*static_cast<const S*>(raw), component, b).run();
  };
  return kind;
}

}  // namespace tailrace::models
