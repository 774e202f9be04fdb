// From what is written to Topology::faults: relations between the fields, targets, and what is hardly meant.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "models/catalog.hpp"
#include "models/fault/fault.hpp"

namespace tailrace::models {

namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

class Expander {
 public:
  Expander(const FaultEntry& entry, TopologyBuilder& b) : entry_(entry), s_(entry.common), b_(b) {}

  void run() {
    FaultParts parts;
    entry_.info->apply(entry_.own.get(), parts);
    if (!parts.error.empty()) return error("", parts.error, parts.hint);
    const int errors = b_.diagnostics.errors();
    times(parts);
    modes();
    condition();
    if (s_.targets.empty()) {
      error("", fmt::format("{} needs a target", with_article(entry_.info->name)),
            "target: a service, service#0, caller -> callee, zone NAME, a workload, or *");
    }
    for (std::size_t i = 0; i < s_.targets.size(); ++i) {
      const std::string path =
          s_.together ? fmt::format("{}.targets[{}]", entry_.path, i) : entry_.path + ".target";
      resolve_fault_target({s_.targets[i].first, s_.targets[i].second, path}, *entry_.info, parts, b_,
                           fault_.targets);
    }
    if (b_.diagnostics.errors() != errors || fault_.targets.empty()) return;
    check_value();
    check_slow(parts);
    fault_.type = entry_.info->name;
    fault_.path = entry_.path;
    fault_.mark = entry_.mark;
    fault_.together = s_.together;
    fault_.effects = std::move(parts.effects);
    name();
    b_.topology.faults.push_back(std::move(fault_));
  }

 private:
  void error(const std::string& field, std::string message, std::string hint = {}) {
    Mark mark = entry_.mark;
    for (const auto& [key, place] : entry_.places) {
      if (key == field.substr(0, field.find('.'))) mark = place;
    }
    b_.diagnostics.error(mark, field.empty() ? entry_.path : entry_.path + "." + field, std::move(message),
                         std::move(hint));
  }

  void times(const FaultParts& parts) {
    fault_.start = s_.start;
    fault_.duration = s_.duration;
    fault_.ramp = s_.ramp;
    if (parts.duration) {
      if (s_.duration) {
        error("duration", fmt::format("{} lasts its restart_time", with_article(entry_.info->name)),
              "pod_failure has a duration");
      }
      fault_.duration = parts.duration;
    }
    if (s_.ramp.ns > 0 && !entry_.info->ramps)
      error("ramp", fmt::format("{} is there or not: it cannot grow", with_article(entry_.info->name)));
    if (s_.mtbf.has_value() != s_.mttr.has_value() && !(s_.mtbf && parts.duration))
      error("", s_.mtbf ? "mtbf without mttr: how long does each last?" : "mttr without mtbf");
    if (s_.mtbf) {
      if (s_.repeat) error("repeat", "random faults (mtbf) repeat by themselves");
      if (s_.duration) error("duration", "random faults last their mttr");
      if (s_.when) error("when", "random faults (mtbf) take no condition");
      fault_.mtbf = s_.mtbf->value;
      if (s_.mttr) fault_.mttr = s_.mttr->value;
      if (s_.mode != FaultMode::all && !s_.together)
        error("mode", "each target of a random fault fails by itself: mode chooses among `targets`");
      fault_.times = kUnlimited;
    }
    fault_.crews = s_.repair_crews.value;
    if (fault_.crews != kUnlimited && !(s_.mtbf && s_.mttr))
      error("repair_crews", "crews repair what fails at random, and takes time to repair",
            "give mtbf and mttr");
    if (!s_.repeat) return;
    fault_.every = s_.repeat->every;
    fault_.times = s_.repeat->times.value;
    if (!fault_.duration) {
      error("repeat", "it never ends, so it cannot come again", "give it a duration");
    } else if (fault_.every < *fault_.duration) {
      error("repeat", fmt::format("every {} it would begin again before it has ended ({})",
                                  show_value(fault_.every), show_value(*fault_.duration)));
    }
  }

  void modes() {
    fault_.mode = s_.mode;
    const bool counts = s_.mode == FaultMode::fixed;
    const bool percent = s_.mode == FaultMode::fixed_percent || s_.mode == FaultMode::random_max_percent;
    if ((counts || percent) != s_.value.has_value()) {
      error("value", s_.value ? "this mode takes no value" : "this mode needs a value",
            "fixed: a number of targets; fixed_percent and random_max_percent: percent");
    }
    if (!s_.value) return;
    if (percent && *s_.value > 100) error("value", fmt::format("{} percent is more than all", *s_.value));
    if (counts && *s_.value != std::floor(*s_.value))
      error("value", fmt::format("expected a whole number of targets, found {}", *s_.value));
    fault_.value = *s_.value;
  }

  void check_value() {
    if (fault_.mode == FaultMode::fixed && fault_.value > static_cast<double>(fault_.targets.size())) {
      error("value", fmt::format("{} of {} targets", fault_.value, fault_.targets.size()));
    }
  }

  // What slows down is an instance, for all that it does.
  void check_slow(const FaultParts& parts) {
    const bool slows = std::any_of(parts.effects.begin(), parts.effects.end(),
                                   [](const FaultEffect& e) { return e.action == FaultAction::slow; });
    const bool part = std::any_of(fault_.targets.begin(), fault_.targets.end(), [](const FaultTarget& t) {
      return t.operation != kNone || t.from_component != kNone;
    });
    if (slows && part)
      error("factor", "a factor slows whole instances, not an endpoint or a caller's requests",
            "use latency here");
  }

  void condition() {
    if (!s_.when) return;
    FaultCondition when;
    const auto it = b_.component_ids.find(s_.when->queue);
    if (it != b_.component_ids.end()) {
      for (std::size_t i = 0; i < b_.topology.stations.size(); ++i) {
        if (b_.topology.stations[i].component == it->second) when.stations.push_back(static_cast<int>(i));
      }
    }
    if (when.stations.empty() && !b_.components_unread) {
      std::vector<std::string_view> known;
      for (const Station& s : b_.topology.stations) known.push_back(s.name);
      const std::string near = nearest_word(s_.when->queue, known);
      error("when.queue", fmt::format("\"{}\" has no queue", escaped(s_.when->queue)),
            near.empty() ? "a service or a database" : fmt::format("did you mean {}?", near));
    }
    when.above = s_.when->above;
    when.holds = s_.when->holds;
    when.check_every = s_.when->check_every;
    fault_.when = std::move(when);
  }

  // Streams and outputs go by the name, so it is unique.
  void name() {
    std::string name = s_.name;
    if (name.empty()) {
      name = entry_.info->name;
      for (std::size_t i = 0; i < s_.targets.size(); ++i) name += (i == 0 ? " " : ", ") + s_.targets[i].first;
    }
    const auto taken = [&](const std::string& wanted) {
      return std::any_of(b_.topology.faults.begin(), b_.topology.faults.end(),
                         [&](const Fault& f) { return f.name == wanted; });
    };
    fault_.name = name;
    for (int n = 2; taken(fault_.name); ++n) fault_.name = fmt::format("{} ({})", name, n);
  }

  const FaultEntry& entry_;
  const FaultSpec& s_;
  TopologyBuilder& b_;
  Fault fault_;
};

bool has(const Fault& f, FaultAction action) {
  return std::any_of(f.effects.begin(), f.effects.end(),
                     [&](const FaultEffect& e) { return e.action == action; });
}

// The first start and its end.
std::pair<std::int64_t, std::int64_t> first_time(const Fault& f) {
  return {f.start.ns, f.duration ? sim::saturating_add(f.start.ns, f.duration->ns) : INT64_MAX};
}

void lint_forever(const Topology& t, const Fault& f, Diagnostics& diagnostics) {
  std::set<int> warned;
  for (const FaultTarget& target : f.targets) {
    for (const Edge& e : t.edges) {
      const Operation& op = t.operations[at(e.operation)];
      if (op.component != target.component || e.timeout || e.per_try_timeout || e.deadline || e.probe)
        continue;
      if (target.from_component != kNone && e.from_component != target.from_component) continue;
      if (target.operation != kNone && e.operation != target.operation) continue;
      if (!warned.insert(e.from_component).second) continue;
      diagnostics.warning(
          f.mark, f.path,
          fmt::format("{} calls {} without a timeout: what vanishes it waits for until the end",
                      t.components[at(e.from_component)].name, t.components[at(op.component)].name),
          "timeout: 1s");
    }
  }
}

}  // namespace

void expand_faults(const std::vector<FaultEntry>& entries, TopologyBuilder& builder) {
  for (const FaultEntry& entry : entries) {
    if (entry.clean) Expander(entry, builder).run();
  }
}

void lint_faults(const Topology& t, Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < t.faults.size(); ++i) {
    const Fault& f = t.faults[i];
    if (f.start >= t.run.duration && t.run.duration.ns > 0) {
      diagnostics.warning(f.mark, f.path + ".start",
                          fmt::format("it starts at {}, and the run ends at {}", show_value(f.start),
                                      show_value(t.run.duration)));
    }
    if (has(f, FaultAction::vanish)) lint_forever(t, f, diagnostics);
    for (const FaultInfo& info : fault_types()) {
      if (info.lint != nullptr && info.name == f.type) info.lint(t, f, diagnostics);
    }
    if (!has(f, FaultAction::loss) || f.mtbf || f.when) continue;
    for (std::size_t k = 0; k < i; ++k) {
      const Fault& g = t.faults[k];
      if (!has(g, FaultAction::loss) || g.mtbf || g.when || g.type != f.type) continue;
      const auto [f_start, f_end] = first_time(f);
      const auto [g_start, g_end] = first_time(g);
      if (f_start >= g_end || g_start >= f_end) continue;
      const auto shared = [&](const FaultTarget& a) {
        return std::any_of(g.targets.begin(), g.targets.end(), [&](const FaultTarget& b) {
          return std::find_first_of(a.links.begin(), a.links.end(), b.links.begin(), b.links.end()) !=
                 a.links.end();
        });
      };
      const auto both = std::find_if(f.targets.begin(), f.targets.end(), shared);
      if (both == f.targets.end()) continue;
      diagnostics.warning(
          f.mark, f.path,
          fmt::format("overlaps {} on {}: for a while there are two of them", g.name, both->name));
      diagnostics.note(g.mark, "the other one");
    }
  }
}

}  // namespace tailrace::models
