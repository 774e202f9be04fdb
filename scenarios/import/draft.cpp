#include "scenarios/import/draft.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <set>

#include "models/field/diagnostics.hpp"
#include "models/field/number_text.hpp"
#include "scenarios/format/rounded.hpp"

namespace tailrace::scenarios {

namespace {

constexpr std::size_t kWidth = 100;
constexpr std::size_t kLongestName = 60;
constexpr std::size_t kMostNotesOfAKind = 5;
constexpr std::uint64_t kDeepestRecursion = 250;  // what run.max_call_depth takes

std::string number(double value) {
  return models::spelled(std::isfinite(value) ? rounded(value, 4) : 0);
}

std::string legal(const std::string& name) {
  std::string out;
  for (const char c : name) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
    if (good)
      out += c;
    else if (!out.empty() && out.back() != '_')
      out += '_';
    if (out.size() >= kLongestName) break;
  }
  while (!out.empty() && (out.back() == '_' || out.back() == '-')) out.pop_back();
  const char first = out.empty() ? '0' : out[0];
  const bool letter = (first >= 'a' && first <= 'z') || (first >= 'A' && first <= 'Z');
  return letter ? out : out.empty() ? "unnamed" : "n" + out;
}

// Words that YAML or the scenario format would take for something else.
bool reserved(const std::string& name) {
  static const std::set<std::string> kWords = {"null", "Null", "NULL", "true", "false", "none"};
  return kWords.count(name) != 0;
}

class Namer {
 public:
  explicit Namer(Draft& draft) : draft_(draft) {}
  ~Namer() {
    if (renamed_ > kMostNotesOfAKind)
      draft_.notes.push_back(
          fmt::format("{} more names were changed likewise", renamed_ - kMostNotesOfAKind));
  }
  Namer(const Namer&) = delete;
  Namer& operator=(const Namer&) = delete;

  std::string name(const std::string& wanted, std::set<std::string>& taken, const char* what) {
    const std::string base = legal(wanted);
    std::string out = base;
    for (int n = 2; reserved(out) || taken.count(out) != 0; ++n) out = fmt::format("{}_{}", base, n);
    taken.insert(out);
    if (out != wanted && ++renamed_ <= kMostNotesOfAKind)
      draft_.notes.push_back(
          fmt::format("the {} {} is called {} in the scenario", what, models::shown(wanted), out));
    return out;
  }

 private:
  Draft& draft_;
  std::size_t renamed_ = 0;
};

void each_call(std::vector<DraftStep>& steps, const std::function<void(DraftStep&)>& seen) {
  for (DraftStep& step : steps) {
    if (step.kind == DraftStep::Kind::call) seen(step);
    for (auto& block : step.blocks) each_call(block, seen);
  }
}

using Number = std::size_t;  // of an operation, over all components

// What an operation calls whatever happens.
std::set<Number> certain_calls(const std::vector<DraftStep>& steps, const std::vector<Number>& first) {
  std::set<Number> out;
  for (const DraftStep& step : steps) {
    if (step.kind == DraftStep::Kind::call) {
      if (step.probability >= 1) out.insert(first[step.target.component] + step.target.operation);
    } else if (step.kind == DraftStep::Kind::branch) {
      std::set<Number> common;
      for (std::size_t b = 0; b < step.blocks.size(); ++b) {
        const std::set<Number> here = certain_calls(step.blocks[b], first);
        std::set<Number> both;
        std::set_intersection(common.begin(), common.end(), here.begin(), here.end(),
                              std::inserter(both, both.end()));
        common = b == 0 ? here : both;
      }
      out.merge(common);
    } else {
      for (const auto& block : step.blocks) out.merge(certain_calls(block, first));
    }
  }
  return out;
}

// The arcs that close a cycle in a walk from the lowest number on. Iterative: chains of calls can be long.
std::vector<std::pair<Number, Number>> closing_arcs(const std::vector<std::set<Number>>& calls) {
  std::vector<std::pair<Number, Number>> out;
  std::vector<std::uint8_t> state(calls.size(), 0);  // 1: on the way, 2: done
  for (Number root = 0; root < calls.size(); ++root) {
    if (state[root] != 0) continue;
    std::vector<std::pair<Number, std::set<Number>::const_iterator>> way{{root, calls[root].begin()}};
    state[root] = 1;
    while (!way.empty()) {
      auto& [at, next] = way.back();
      if (next == calls[at].end()) {
        state[at] = 2;
        way.pop_back();
        continue;
      }
      const Number to = *next++;
      if (state[to] == 1) out.emplace_back(at, to);
      if (state[to] == 0) {
        state[to] = 1;
        way.emplace_back(to, calls[to].begin());
      }
    }
  }
  return out;
}

// Leaves out steps that call `target`, and what is then empty.
void leave_out(std::vector<DraftStep>& steps, const Target& target) {
  for (DraftStep& step : steps) {
    for (auto& block : step.blocks) leave_out(block, target);
  }
  std::erase_if(steps, [&](const DraftStep& step) {
    if (step.kind == DraftStep::Kind::call) return step.target == target;
    if (step.kind == DraftStep::Kind::compute || step.kind == DraftStep::Kind::sleep) return false;
    return std::all_of(step.blocks.begin(), step.blocks.end(), [](const auto& b) { return b.empty(); });
  });
}

void open_cycles(Draft& draft) {
  std::vector<Number> first;
  std::vector<Target> of;
  for (std::size_t c = 0; c < draft.components.size(); ++c) {
    first.push_back(of.size());
    for (std::size_t o = 0; o < draft.components[c].operations.size(); ++o) of.push_back({c, o});
  }
  const auto steps_of = [&](Number n) -> std::vector<DraftStep>& {
    return draft.components[of[n].component].operations[of[n].operation].steps;
  };
  const auto arcs = [&](bool certain) {
    std::vector<std::set<Number>> calls(of.size());
    for (Number n = 0; n < of.size(); ++n) {
      if (certain) {
        calls[n] = certain_calls(steps_of(n), first);
      } else {
        each_call(steps_of(n),
                  [&](DraftStep& s) { calls[n].insert(first[s.target.component] + s.target.operation); });
      }
    }
    return closing_arcs(calls);
  };
  const auto told = [&](std::size_t i, Number from, Number to, const char* what) {
    if (i == kMostNotesOfAKind) draft.notes.push_back("and more of these");
    if (i >= kMostNotesOfAKind) return;
    const auto name = [&](Number n) {
      const DraftComponent& c = draft.components[of[n].component];
      return models::escaped(c.name + "." + c.operations[of[n].operation].name);
    };
    draft.notes.push_back(fmt::format("the call {} -> {} closes a cycle; {}", name(from), name(to), what));
  };
  const auto any = arcs(false);
  if (any.empty()) {
    draft.recursion = 0;
    return;
  }
  if (draft.recursion == 0) {
    for (std::size_t i = 0; i < any.size(); ++i) {
      leave_out(steps_of(any[i].first), of[any[i].second]);
      told(i, any[i].first, any[i].second, "it is left out, since nothing says how the cycle ends");
    }
    return;
  }
  const auto sure = arcs(true);
  for (std::size_t i = 0; i < sure.size(); ++i) {
    each_call(steps_of(sure[i].first), [&](DraftStep& s) {
      if (s.target == of[sure[i].second]) s.probability = std::min(s.probability, 0.9);
    });
    told(i, sure[i].first, sure[i].second, "it is made with a probability of 90 %, so that it ends");
  }
  draft.recursion = std::clamp<std::uint64_t>(draft.recursion, 1, kDeepestRecursion);
}

class Writer {
 public:
  explicit Writer(Draft& draft) : draft_(draft) {}

  std::string text() {
    name_all();
    for (const std::string& line : draft_.header) out_ += comment(line, 0);
    out_ += fmt::format("tailrace: 1\nname: {}\n\n", legal(draft_.name));
    // Long enough for a mean, short enough to try things: at most some 200,000 requests of each replication.
    const double rate = std::clamp(draft_.rate, 1e-6, 1e9);
    const double seconds = rate >= 20000 ? 10 : rate > 3000 ? std::ceil(200'000 / rate) : 60;
    out_ += fmt::format("run: {{duration: {}s, warmup: 5s, seed: 1, replications: 5{}}}\n\n", number(seconds),
                        draft_.recursion > 0 ? fmt::format(", max_call_depth: {}", draft_.recursion) : "");
    workloads(rate);
    components(false);
    components(true);
    network();
    while (out_.size() > 1 && out_[out_.size() - 2] == '\n') out_.pop_back();
    return std::move(out_);
  }

 private:
  static std::string comment(const std::string& line, std::size_t indent) {
    if (line.empty()) return std::string(indent, ' ') + "#\n";
    return std::string(indent, ' ') + "# " + models::escaped(line) + "\n";
  }
  void above(const std::string& line, std::size_t indent) {
    if (!line.empty()) out_ += comment(line, indent);
  }

  void name_all() {
    Namer namer(draft_);
    std::set<std::string> taken;
    const auto name_operations = [&](const DraftComponent& c) {
      std::set<std::string> own;
      for (const DraftOperation& o : c.operations)
        operations_.back().push_back(namer.name(o.name, own, "operation"));
    };
    for (const DraftComponent& c : draft_.components) {
      names_.push_back(namer.name(c.name, taken, "service"));
      operations_.emplace_back();
      name_operations(c);
    }
    workload_ = namer.name(draft_.workload, taken, "workload");
    std::set<std::string> own;
    for (const DraftRequest& r : draft_.requests) requests_.push_back(namer.name(r.name, own, "request"));
  }

  std::string target(const Target& t) const {
    return names_[t.component] + "." + operations_[t.component][t.operation];
  }

  // A list of steps in one line; anything that is written like this reads back, whatever its length.
  std::string flow(const std::vector<DraftStep>& steps) const {
    std::string out = "[";
    for (const DraftStep& step : steps) out += (out.size() > 1 ? ", " : "") + flow(step);
    return out + "]";
  }
  std::string flow(const DraftStep& step) const {
    using Kind = DraftStep::Kind;
    std::string out;
    std::vector<std::string> more;
    switch (step.kind) {
      case Kind::compute:
        return "compute: " + step.time;
      case Kind::sleep:
        return "sleep: " + step.time;
      case Kind::call:
        out = "call: " + target(step.target);
        if (step.probability < 1) more.push_back("probability: " + number(std::max(step.probability, 1e-9)));
        if (step.ignore_failure) more.push_back("ignore_failure: true");
        if (!step.request_size.empty()) more.push_back("request_size: " + step.request_size);
        if (!step.response_size.empty()) more.push_back("response_size: " + step.response_size);
        break;
      case Kind::parallel:
        out = "parallel: [";
        for (std::size_t b = 0; b < step.blocks.size(); ++b) {
          const bool single = step.blocks[b].size() == 1 && is_plain(step.blocks[b][0]);
          const std::string text = flow(step.blocks[b]);
          out += (b > 0 ? ", " : "") + (single ? "{" + text.substr(1, text.size() - 2) + "}" : text);
        }
        return out + "]";
      case Kind::branch:
        out = "branch: [";
        for (std::size_t b = 0; b < step.blocks.size(); ++b)
          out += fmt::format("{}{{weight: {}, steps: {}}}", b > 0 ? ", " : "",
                             models::spelled(step.weights[b]), flow(step.blocks[b]));
        return out + "]";
      case Kind::loop:
        out = fmt::format("loop: {}", step.times);
        more.push_back("steps: " + flow(step.blocks[0]));
        break;
      case Kind::background:
        return "background: " + flow(step.blocks[0]);
    }
    if (more.empty()) return out;
    for (const std::string& m : more) out += ", " + m;
    return "{" + out + "}";
  }
  static bool is_plain(const DraftStep& s) {
    using Kind = DraftStep::Kind;
    if (s.kind == Kind::call)
      return s.probability >= 1 && !s.ignore_failure && s.request_size.empty() && s.response_size.empty();
    return s.kind != Kind::loop;
  }

  static bool has_comment(const std::vector<DraftStep>& steps) {
    return std::any_of(steps.begin(), steps.end(), [](const DraftStep& s) { return !s.comment.empty(); });
  }

  // The value after "key:", on its line or below it.
  void steps(const std::vector<DraftStep>& list, std::size_t indent, std::size_t used) {
    const std::string line = flow(list);
    if (used + line.size() + 1 <= kWidth && !has_comment(list)) {
      out_ += " " + line + "\n";
      return;
    }
    out_ += "\n";
    const std::string pad(indent, ' ');
    for (const DraftStep& step : list) {
      above(step.comment, indent);
      const std::string one = flow(step);
      const bool blocks = step.kind == DraftStep::Kind::parallel || step.kind == DraftStep::Kind::branch;
      if (!blocks || indent + 2 + one.size() <= kWidth) {
        out_ += pad + "- " + one + "\n";
        continue;
      }
      out_ += pad + (step.kind == DraftStep::Kind::branch ? "- branch:\n" : "- parallel:\n");
      for (std::size_t b = 0; b < step.blocks.size(); ++b) {
        if (step.kind == DraftStep::Kind::branch)
          out_ += fmt::format("{}    - {{weight: {}, steps: {}}}\n", pad, models::spelled(step.weights[b]),
                              flow(step.blocks[b]));
        else
          out_ += fmt::format("{}    - {}\n", pad, flow(step.blocks[b]));
      }
    }
  }

  void workloads(double rate) {
    above(draft_.workload_comment, 0);
    out_ += fmt::format("workloads:\n  {}:\n    constant_arrival_rate: {}/s\n    requests:\n", workload_,
                        number(rate));
    for (std::size_t r = 0; r < draft_.requests.size(); ++r) {
      const DraftRequest& request = draft_.requests[r];
      out_ += fmt::format("      {}:\n        weight: {}\n        steps:", requests_[r],
                          models::spelled(std::clamp(request.weight, 0.0, 1e9)));
      steps(request.steps, 10, 16);
    }
    out_ += "\n";
  }

  void components(bool databases) {
    bool any = false;
    for (std::size_t c = 0; c < draft_.components.size(); ++c) {
      const DraftComponent& component = draft_.components[c];
      if (component.database != databases || component.operations.empty()) continue;
      if (!any) out_ += databases ? "databases:\n" : "services:\n";
      any = true;
      above(component.comment, 2);
      out_ += fmt::format("  {}:\n", names_[c]);
      databases ? database(c) : service(c);
    }
    if (any) out_ += "\n";
  }

  void service(std::size_t c) {
    const DraftComponent& s = draft_.components[c];
    if (s.replicas > 1)
      out_ += fmt::format("    replicas: {}\n", std::min<std::uint64_t>(s.replicas, 1'000'000));
    if (s.cpus > 0) out_ += fmt::format("    cpus: {}\n", number(std::clamp(s.cpus, 1e-6, 1e6)));
    if (s.max_replicas > 0) {
      const std::uint64_t most = std::min<std::uint64_t>(s.max_replicas, 1'000'000);
      out_ += fmt::format(
          "    autoscaling: {{min_replicas: {}, max_replicas: {}, hpa: {{metric: cpu, target: {}%}}}}\n",
          std::clamp<std::uint64_t>(s.min_replicas, 1, most), most,
          number(100 * std::clamp(s.cpu_target, 0.01, 1.0)));
    }
    out_ += "    endpoints:\n";
    for (std::size_t o = 0; o < s.operations.size(); ++o) {
      const DraftOperation& operation = s.operations[o];
      above(operation.comment, 6);
      out_ += fmt::format("      {}:", operations_[c][o]);
      if (operation.error_rate <= 0) {
        steps(operation.steps, 8, 7 + operations_[c][o].size());
        continue;
      }
      out_ += fmt::format("\n        error_rate: {}%\n        steps:",
                          number(100 * std::clamp(operation.error_rate, 1e-9, 1.0)));
      steps(operation.steps, 10, 14);
    }
  }

  void database(std::size_t c) {
    const DraftComponent& d = draft_.components[c];
    if (d.cpus > 0) out_ += fmt::format("    cpus: {}\n", number(std::clamp(d.cpus, 1e-6, 1e6)));
    out_ += "    operations:\n";
    for (std::size_t o = 0; o < d.operations.size(); ++o) {
      const DraftOperation& operation = d.operations[o];
      above(operation.comment, 6);
      out_ += fmt::format("      {}: {{time: \"{}\"", operations_[c][o],
                          operation.steps.empty() ? "0s" : operation.steps[0].time);
      if (operation.error_rate > 0)
        out_ += fmt::format(", error_rate: {}%", number(100 * std::clamp(operation.error_rate, 1e-9, 1.0)));
      out_ += "}\n";
    }
  }

  void network() {
    if (draft_.latency.empty() && draft_.links.empty()) return;
    above(draft_.latency_comment, 0);
    out_ += "network:\n";
    if (!draft_.latency.empty()) out_ += fmt::format("  default: {{latency: {}}}\n", draft_.latency);
    if (draft_.links.empty()) return;
    out_ += "  links:\n";
    for (const DraftLink& link : draft_.links) {
      above(link.comment, 4);
      out_ +=
          fmt::format("    {} -> {}: {{latency: {}}}\n",
                      link.from == kClients ? workload_ : names_[link.from], names_[link.to], link.latency);
    }
  }

  Draft& draft_;
  std::vector<std::string> names_, requests_;
  std::vector<std::vector<std::string>> operations_;
  std::string workload_, out_;
};

}  // namespace

std::string time_text(double ns) {
  constexpr double kDay = 86400e9;
  double value = rounded(std::clamp(ns, 0.0, kDay), 4);
  const char* unit = "ns";
  for (const char* next : {"us", "ms", "s"}) {
    if (value < 1000) break;
    value = rounded(value / 1000, 4);
    unit = next;
  }
  return models::spelled(value) + unit;
}

std::string finish(Draft& draft) {
  open_cycles(draft);
  return Writer(draft).text();
}

}  // namespace tailrace::scenarios
