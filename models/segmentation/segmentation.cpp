#include "models/segmentation/segmentation.hpp"

#include <fmt/format.h>

#include <algorithm>

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

class Expander {
 public:
  Expander(const SegmentationSpec& spec, int component, TopologyBuilder& b)
      : s_(spec), mark_(b.topology.components[static_cast<std::size_t>(component)].mark), b_(b) {}

  void run() {
    Segmentation& rules = b_.topology.segmentation;
    rules.on = true;
    rules.open = s_.otherwise == SegmentationDefault::allow;
    const auto& useless = rules.open ? s_.allow : s_.deny;
    if (!useless.empty())
      b_.diagnostics.error(
          mark_, rules.open ? "segmentation.allow" : "segmentation.deny",
          fmt::format("everything else is {} anyway", rules.open ? "allowed" : "denied"),
          rules.open ? "default: deny, or rules under deny" : "default: allow, or rules under allow");
    const auto& list = rules.open ? s_.deny : s_.allow;
    for (std::size_t i = 0; i < list.size(); ++i)
      rule(list[i], fmt::format("segmentation.{}[{}]", rules.open ? "deny" : "allow", i));
    std::sort(rules.pairs.begin(), rules.pairs.end());
    rules.pairs.erase(std::unique(rules.pairs.begin(), rules.pairs.end()), rules.pairs.end());
    if (b_.diagnostics.ok()) put_on_edges();
  }

 private:
  static std::string trimmed(const std::string& s) {
    const auto first = s.find_first_not_of(" \t");
    const auto last = s.find_last_not_of(" \t");
    return first == std::string::npos ? std::string() : s.substr(first, last - first + 1);
  }
  // The components that a side of a rule names: one, or all with *.
  std::vector<int> named(const std::string& name, Mark mark, const std::string& path) {
    std::vector<int> ids;
    if (name == "*") {
      for (const auto& [text, id] : b_.component_ids) ids.push_back(id);
      return ids;
    }
    if (const auto it = b_.component_ids.find(name); it != b_.component_ids.end()) return {it->second};
    if (b_.components_unread) return ids;
    std::vector<std::string_view> known;
    for (const auto& [text, id] : b_.component_ids) known.push_back(text);
    const std::string near = nearest_word(name, known);
    b_.diagnostics.error(mark, path, fmt::format("there is no component \"{}\"", escaped(name)),
                         near.empty() ? "" : fmt::format("did you mean {}?", near));
    return ids;
  }

  void rule(const SegmentationRuleSpec& spec, const std::string& path) {
    const std::string& text = spec.pair.text;
    const auto arrow = text.find("->");
    const std::string from = arrow == std::string::npos ? "" : trimmed(text.substr(0, arrow));
    const std::string to = arrow == std::string::npos ? "" : trimmed(text.substr(arrow + 2));
    if (from.empty() || to.empty())
      return b_.diagnostics.error(spec.pair.mark, path,
                                  fmt::format("expected a pair of components, found \"{}\"", escaped(text)),
                                  "\"orders -> payments\", or * for any");
    for (const int a : named(from, spec.pair.mark, path)) {
      for (const int b : named(to, spec.pair.mark, path)) {
        if (a != b) b_.topology.segmentation.pairs.emplace_back(a, b);
      }
    }
  }

  void put_on_edges() {
    const auto refusal = std::make_shared<const Refusal>();
    const auto toll = s_.cost ? std::make_shared<const Toll>(s_.cost->value) : nullptr;
    for (Edge& e : b_.topology.edges) {
      const int to = b_.topology.operations[static_cast<std::size_t>(e.operation)].component;
      if (e.from_component == to) continue;
      AdmissionUse use{"segmentation", nullptr, Scope::service, true, true, nullptr};
      if (!b_.topology.segmentation.allows(e.from_component, to)) {
        use.model = refusal;
        use.per_attempt = false;
        use.origin = refusal.get();
        const auto name = [&](int id) { return b_.topology.components[static_cast<std::size_t>(id)].name; };
        b_.diagnostics.warning(e.mark, e.path,
                               fmt::format("segmentation forbids {} -> {}: the call is always refused",
                                           name(e.from_component), name(to)));
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
};

FieldTable rule_fields() {
  return Fields<SegmentationRuleSpec>("rule", "One direction between two components.")
      .add("pair", &SegmentationRuleSpec::pair, "caller -> callee, with * for any")
      .required()
      .shorthand("pair")
      .table();
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
          .choice("default", &SegmentationSpec::otherwise, {"deny", "allow"}, "for pairs that no rule names")
          .list_of("allow", &SegmentationSpec::allow, rule_fields(), "with default: deny")
          .list_of("deny", &SegmentationSpec::deny, rule_fields(), "with default: allow")
          .add("cost", &SegmentationSpec::cost, "of the check, for each attempt that is let through")
          .table();
  kind.make = [] { return std::static_pointer_cast<void>(std::make_shared<SegmentationSpec>()); };
  kind.declare = [](const void*, int, TopologyBuilder&) {};
  kind.expand = [](const void* raw, int component, TopologyBuilder& b) {
    Expander(*static_cast<const SegmentationSpec*>(raw), component, b).run();
  };
  return kind;
}

}  // namespace tailrace::models
