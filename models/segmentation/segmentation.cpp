#include "models/segmentation/segmentation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "models/field/name_pair.hpp"
#include "models/segmentation/selectors.hpp"
#include "sim/random/sampler.hpp"

namespace tailrace::models {

namespace {

class Refusal final : public AdmissionModel, public AdmissionPolicy {
 public:
  std::unique_ptr<AdmissionPolicy> start() const override { return std::make_unique<Refusal>(); }
  Admission admit(const CallFacts&, sim::Stream&) override { return Admission::no(Outcome::rejected); }
};

// The check on the way of a call that is allowed.
class Toll final : public AdmissionModel, public AdmissionPolicy {
 public:
  explicit Toll(sim::Distribution cost) : cost_(std::move(cost)), sampler_(cost_) {}
  std::unique_ptr<AdmissionPolicy> start() const override { return std::make_unique<Toll>(cost_); }
  Admission admit(const CallFacts&, sim::Stream& random) override {
    return Admission::later(sim::Duration::from_ns(sampler_.sample(random)));
  }

 private:
  sim::Distribution cost_;
  sim::Sampler sampler_;  // points into it
};

struct PortRule {
  std::vector<Selectors::Ports> ports;  // none: any
  bool holds(std::optional<std::int64_t> port) const {
    return ports.empty() || (port && std::any_of(ports.begin(), ports.end(),
                                                 [&](const Selectors::Ports& p) { return p.holds(*port); }));
  }
};

// A pair rule, or one direction of a policy's rule, with names resolved.
struct Rule {
  std::vector<int> from, to;
  PortRule ports;
  static bool has(const std::vector<int>& ids, int id) {
    return std::binary_search(ids.begin(), ids.end(), id);
  }
  bool holds(int a, int b, std::optional<std::int64_t> port) const {
    return has(from, a) && has(to, b) && ports.holds(port);
  }
};

class Expander {
 public:
  Expander(const SegmentationSpec& spec, int component, TopologyBuilder& b)
      : s_(spec), mark_(b.topology.components[static_cast<std::size_t>(component)].mark), b_(b), select_(b) {}

  void run() {
    open_ = s_.otherwise.value_or(s_.policies.empty() || !s_.allow.empty()
                                      ? SegmentationDefault::deny
                                      : SegmentationDefault::allow) == SegmentationDefault::allow;
    const auto& useless = open_ ? s_.allow : s_.deny;
    if (!useless.empty())
      b_.diagnostics.error(
          mark_, open_ ? "segmentation.allow" : "segmentation.deny",
          fmt::format("everything else is {} anyway", open_ ? "allowed" : "denied"),
          open_ ? "default: deny, or rules under deny" : "default: allow, or rules under allow");
    const auto& list = open_ ? s_.deny : s_.allow;
    for (std::size_t i = 0; i < list.size(); ++i)
      pair_rule(list[i], fmt::format("segmentation.{}[{}]", open_ ? "deny" : "allow", i));
    for (const Named<NetworkPolicySpec>& p : s_.policies) policy(p);
    if (!b_.diagnostics.ok()) return;
    tell_topology();
    put_on_edges();
  }

 private:
  void pair_rule(const SegmentationRuleSpec& spec, const std::string& path) {
    NamePair pair = name_pair(spec.pair.text).value_or(NamePair{});
    Rule rule;
    if (const auto colon = pair.to.rfind(':'); colon != std::string::npos) {
      const auto ports = select_.ports(pair.to.substr(colon + 1), spec.pair.mark, path);
      if (!ports) return;
      rule.ports.ports.push_back(*ports);
      pair.to = trimmed(pair.to.substr(0, colon));
    }
    if (pair.to.empty())
      return b_.diagnostics.error(
          spec.pair.mark, path,
          fmt::format("expected a pair of components, found \"{}\"", escaped(spec.pair.text)),
          "\"orders -> payments\", or * for any");
    rule.from = select_.components(pair.from, spec.pair.mark, path);
    rule.to = select_.components(pair.to, spec.pair.mark, path);
    check_ports(rule, spec.pair.mark, path);
    pairs_.push_back(std::move(rule));
  }

  // A port that nobody there listens at is most likely a slip.
  void check_ports(const Rule& rule, Mark mark, const std::string& path) {
    if (rule.ports.ports.empty() || rule.to.empty()) return;
    for (std::size_t op = 0; op < b_.topology.operations.size(); ++op) {
      if (Rule::has(rule.to, b_.topology.operations[op].component) && rule.ports.holds(port_of(op))) return;
    }
    b_.diagnostics.warning(mark, path, "nothing that it selects listens at such a port",
                           "port: 8443 at the service or its endpoint");
  }

  void policy(const Named<NetworkPolicySpec>& named) {
    const NetworkPolicySpec& spec = named.value;
    const std::string path = "segmentation.policies." + named.name;
    if (!spec.isolates_in && !spec.isolates_out)
      return b_.diagnostics.error(named.mark, path, "it says neither who may come nor where to go",
                                  "ingress: [] lets nobody come");
    const std::vector<int> selected =
        select_.components(spec.select.text, spec.select.mark, path + ".select");
    const auto direction = [&](const std::vector<PeerRuleSpec>& rules, bool in) {
      std::vector<int>& isolated = in ? isolated_in_ : isolated_out_;
      isolated.insert(isolated.end(), selected.begin(), selected.end());
      for (std::size_t i = 0; i < rules.size(); ++i) {
        const PeerRuleSpec& r = rules[i];
        const std::string at = fmt::format("{}.{}[{}]", path, in ? "ingress" : "egress", i);
        const bool anybody = r.peer.text.empty();
        const std::vector<int> peers =
            select_.components(anybody ? "*" : r.peer.text, anybody ? named.mark : r.peer.mark, at);
        Rule rule;
        rule.from = in ? peers : selected;
        rule.to = in ? selected : peers;
        for (const Reference& port : r.ports) {
          if (const auto ports = select_.ports(port.text, port.mark, at + ".ports"))
            rule.ports.ports.push_back(*ports);
        }
        if (b_.diagnostics.ok()) check_ports(rule, anybody ? named.mark : r.peer.mark, at);
        (in ? ingress_ : egress_).push_back(std::move(rule));
      }
    };
    if (spec.isolates_in) direction(spec.ingress, true);
    if (spec.isolates_out) direction(spec.egress, false);
    for (std::vector<int>* ids : {&isolated_in_, &isolated_out_}) {
      std::sort(ids->begin(), ids->end());
      ids->erase(std::unique(ids->begin(), ids->end()), ids->end());
    }
  }

  std::optional<std::int64_t> port_of(std::size_t operation) const {
    const auto it = b_.ports.find(static_cast<int>(operation));
    return it == b_.ports.end() ? std::nullopt : std::optional(it->second);
  }

  bool allowed(int from, int to, std::optional<std::int64_t> port) const {
    const auto some = [&](const std::vector<Rule>& rules) {
      return std::any_of(rules.begin(), rules.end(), [&](const Rule& r) { return r.holds(from, to, port); });
    };
    if (some(pairs_) == open_) return false;
    if (Rule::has(isolated_in_, to) && !some(ingress_)) return false;
    return !Rule::has(isolated_out_, from) || some(egress_);
  }

  // Between two components, at some port: who opens a connection to one operation has got through.
  void tell_topology() {
    Segmentation& told = b_.topology.segmentation;
    told.on = true;
    told.open = open_;
    const auto n = static_cast<int>(b_.topology.components.size());
    std::vector<std::vector<std::optional<std::int64_t>>> ports(static_cast<std::size_t>(n));
    for (std::size_t op = 0; op < b_.topology.operations.size(); ++op) {
      auto& list = ports[static_cast<std::size_t>(b_.topology.operations[op].component)];
      const auto port = port_of(op);
      if (std::find(list.begin(), list.end(), port) == list.end()) list.push_back(port);
    }
    const auto judge = [&](int from, int to) {
      if (from == to) return;
      auto& at = ports[static_cast<std::size_t>(to)];
      if (at.empty()) at.push_back(std::nullopt);
      const bool free =
          std::any_of(at.begin(), at.end(), [&](const auto& port) { return allowed(from, to, port); });
      if (free != open_) told.pairs.emplace_back(from, to);
    };
    // Only who is named can be an exception.
    std::set<std::pair<int, int>> named;
    for (const Rule& rule : pairs_) {
      for (const int from : rule.from) {
        for (const int to : rule.to) named.emplace(from, to);
      }
    }
    if (open_) {
      for (const auto& [name, other] : b_.component_ids) {
        for (const int in : isolated_in_) named.emplace(other, in);
        for (const int out : isolated_out_) named.emplace(out, other);
      }
    }
    for (const auto& [from, to] : named) judge(from, to);
  }

  void put_on_edges() {
    const auto refusal = std::make_shared<const Refusal>();
    const auto toll = s_.cost ? std::make_shared<const Toll>(s_.cost->value) : nullptr;
    for (Edge& e : b_.topology.edges) {
      const auto op = static_cast<std::size_t>(e.operation);
      const int to = b_.topology.operations[op].component;
      if (e.from_component == to) continue;
      AdmissionUse use{"segmentation", nullptr, Scope::service, true, true, nullptr};
      if (!allowed(e.from_component, to, port_of(op))) {
        use.model = refusal;
        use.per_attempt = false;
        use.origin = refusal.get();
        const auto name = [&](int id) { return b_.topology.components[static_cast<std::size_t>(id)].name; };
        const auto port = port_of(op);
        b_.diagnostics.warning(
            e.mark, e.path,
            fmt::format("segmentation forbids {} -> {}{}: the call is always refused", name(e.from_component),
                        name(to), port ? fmt::format(" at port {}", Port{*port}.number()) : ""));
      } else if (toll != nullptr) {
        use.model = toll;
        use.origin = toll.get();
      } else {
        continue;
      }
      e.admissions.insert(e.admissions.begin(), std::move(use));
    }
  }

  const SegmentationSpec& s_;
  Mark mark_;
  TopologyBuilder& b_;
  Selectors select_;
  bool open_ = false;
  std::vector<Rule> pairs_, ingress_, egress_;
  std::vector<int> isolated_in_, isolated_out_;
};

void read_ports(const Node& node, std::vector<Reference>& out, ReadContext& context) {
  const auto one = [&](const Node& n) {
    if (!n.is_scalar()) return context.error(n, "expected a port", "8443, 53/udp, or 8000-8999");
    out.push_back({n.text, n.mark});
  };
  if (!node.is_list()) return one(node);
  for (const Node& item : node.items) one(item);
}

FieldTable rule_fields() {
  return Fields<SegmentationRuleSpec>("rule", "One direction between two components.")
      .add("pair", &SegmentationRuleSpec::pair,
           "caller -> callee: names, labels (tier=web), or * for any; after the callee a port, perhaps: "
           "orders:8443")
      .required()
      .shorthand("pair")
      .table();
}

FieldTable peer_rule_fields(bool in) {
  return Fields<PeerRuleSpec>(in ? "ingress rule" : "egress rule",
                              in ? "Who may come." : "Where to it may go.")
      .add(in ? "from" : "to", &PeerRuleSpec::peer, "a name, labels (tier=web,team!=search), or * (default)")
      .custom(
          "ports", FieldType::text,
          [](const Node& n, PeerRuleSpec& s, ReadContext& c) { read_ports(n, s.ports, c); },
          "at which of the callee's ports: one, or a list of 8443, 53/udp, 8000-8999; default any")
      .table();
}

// Written at all, a direction isolates.
void isolating(Field& field, bool NetworkPolicySpec::*flag) {
  field.read = [read = field.read, flag](const Field& self, const Node& node, void* spec,
                                         ReadContext& context) {
    static_cast<NetworkPolicySpec*>(spec)->*flag = true;
    read(self, node, spec, context);
  };
}

FieldTable policy_fields() {
  using S = NetworkPolicySpec;
  FieldTable table =
      Fields<S>("policy", "What those it selects may take and send, as a Kubernetes NetworkPolicy.")
          .add("select", &S::select, "whom it isolates: a name, labels (tier=db), or *")
          .required()
          .list_of("ingress", &S::ingress, peer_rule_fields(true),
                   "who may come: rules with from and ports; [] nobody; default: not its business")
          .list_of("egress", &S::egress, peer_rule_fields(false),
                   "where they may go: rules with to and ports; [] nowhere; default: not its business")
          .table();
  isolating(table.fields[1], &S::isolates_in);
  isolating(table.fields[2], &S::isolates_out);
  return table;
}

}  // namespace

Kind segmentation_kind() {
  Kind kind;
  kind.name = "segmentation";
  kind.section = "segmentation";
  kind.named = false;
  kind.about = "Network policies: who may call whom, and what the check costs on the way.";
  kind.example = "{default: allow}";
  kind.fields =
      Fields<SegmentationSpec>("segmentation", kind.about)
          .choice("default", &SegmentationSpec::otherwise, {"deny", "allow"},
                  "for pairs that no rule names; default deny, allow where there are policies and no rules")
          .list_of("allow", &SegmentationSpec::allow, rule_fields(), "with default: deny")
          .list_of("deny", &SegmentationSpec::deny, rule_fields(), "with default: allow")
          .map_of("policies", &SegmentationSpec::policies, policy_fields(),
                  "who is isolated, and who may reach them all the same")
          .add("cost", &SegmentationSpec::cost, "of the check, for each attempt that is let through")
          .table();
  kind.make = make_spec<SegmentationSpec>;
  kind.declare = [](const void*, int, TopologyBuilder&) {};
  kind.expand = [](const void* raw, int component, TopologyBuilder& b) {
    Expander(*static_cast<const SegmentationSpec*>(raw), component, b).run();
  };
  return kind;
}

}  // namespace tailrace::models
