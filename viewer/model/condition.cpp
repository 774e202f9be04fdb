#include "viewer/model/condition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>

#include "analysis/cascade/cascade.hpp"
#include "models/field/units.hpp"

namespace tailrace::viewer {

namespace {

using Part = Condition::Part;

constexpr const char* kMetrics[] = {"goodput",  "offered",   "failed",       "mean",        "p50",
                                    "p90",      "p99",       "p999",         "utilisation", "lag",
                                    "queue",    "in_flight", "error_share",  "replicas",    "latency",
                                    "attempts", "retries",   "amplification"};

std::vector<std::string> words_of(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(std::move(word));
  return words;
}

// "10/s", "20%", "150ms", "3".
std::optional<double> quantity(const std::string& text) {
  if (text.ends_with('%')) return models::parse_fraction(text).value;
  if (text.find('/') != std::string::npos) return models::parse_rate_per_s(text).value;
  if (const auto number = models::parse_number(text).value) return number;
  if (const auto ns = models::parse_duration_ns(text).value) return *ns * 1e-9;
  return std::nullopt;
}

// "30s..40s"
bool stretch(const std::string& text, Part& part) {
  const std::size_t dots = text.find("..");
  if (dots == std::string::npos) return false;
  const auto from = models::parse_duration_ns(text.substr(0, dots)).value;
  const auto to = models::parse_duration_ns(text.substr(dots + 2)).value;
  if (!from || !to || *to <= *from) return false;
  part.t0_s = *from * 1e-9;
  part.t1_s = *to * 1e-9;
  return true;
}

class Parser {
 public:
  Parser(std::vector<std::string> words, std::string& wrong) : words_(std::move(words)), wrong_(wrong) {}

  std::optional<Condition> run() {
    Condition condition;
    do {
      Part part;
      if (!one(part)) return std::nullopt;
      condition.parts.push_back(std::move(part));
    } while (accept("and"));
    if (at_ != words_.size()) return fail("\"and\"");
    return condition;
  }

 private:
  std::string next() const { return at_ < words_.size() ? words_[at_] : std::string(); }
  bool accept(const char* word) {
    if (next() != word) return false;
    ++at_;
    return true;
  }
  std::nullopt_t fail(const std::string& expected) {
    wrong_ = fmt::format("expected {}, found {}", expected,
                         at_ < words_.size() ? "\"" + next() + "\"" : "the end");
    return std::nullopt;
  }
  bool expect(bool good, const std::string& expected) {
    if (!good) fail(expected);
    return good;
  }
  bool comparison(Part& part) {
    if (!expect(next() == "<" || next() == ">", "< or >")) return false;
    part.less = next() == "<";
    ++at_;
    const std::optional<double> value = quantity(next());
    if (!expect(value.has_value(), "a value such as 10/s, 20% or 150ms")) return false;
    part.value = *value;
    ++at_;
    return true;
  }
  bool one(Part& part) {
    if (accept("verdict")) {
      part.kind = Part::Kind::verdict;
      if (!expect(accept("is"), "is") || !expect(at_ < words_.size(), "a verdict")) return false;
      part.word = words_[at_++];
      constexpr const char* kVerdicts[] = {"steady", "unaffected", "recovered", "degraded", "metastable"};
      const bool known =
          std::find(std::begin(kVerdicts), std::end(kVerdicts), part.word) != std::end(kVerdicts);
      if (!known) --at_;
      return expect(known, "steady, unaffected, recovered, degraded or metastable");
    }
    if (accept("first")) {
      part.kind = Part::Kind::first_hit;
      if (!expect(accept("hit"), "hit") || !expect(accept("is"), "is") ||
          !expect(at_ < words_.size(), "a name"))
        return false;
      part.word = words_[at_++];
      return true;
    }
    if (accept("recovery")) {
      part.kind = Part::Kind::recovery;
      return comparison(part);
    }
    const bool known = std::find(std::begin(kMetrics), std::end(kMetrics), next()) != std::end(kMetrics);
    if (!expect(known, "a figure such as goodput, p99 or queue")) return false;
    part.metric = words_[at_++];
    if (accept("of")) {
      if (!expect(at_ < words_.size(), "a name")) return false;
      part.of = words_[at_++];
      if (accept("->")) {
        if (!expect(at_ < words_.size(), "a name")) return false;
        part.to = words_[at_++];
      }
    }
    if (!comparison(part)) return false;
    if (!accept("in")) return true;
    if (!expect(stretch(next(), part), "a stretch such as 30s..40s")) return false;
    ++at_;
    return true;
  }

  std::vector<std::string> words_;
  std::string& wrong_;
  std::size_t at_ = 0;
};

double of_load(const std::string& metric, const LoadFigures& f) {
  if (metric == "goodput") return f.goodput;
  if (metric == "offered") return f.offered;
  if (metric == "in_flight") return f.in_flight;
  if (metric == "mean" || metric == "latency") return f.mean;
  if (metric == "p50") return f.p50;
  if (metric == "p90") return f.p90;
  if (metric == "p99") return f.p99;
  if (metric == "p999") return f.p999;
  if (metric == "failed" || metric == "error_share")
    return f.goodput + f.failed > 0 ? f.failed / (f.goodput + f.failed) : kNothing;
  return kNothing;
}

double of_node(const std::string& metric, const NodeFigures& f) {
  if (metric == "utilisation") return f.utilisation;
  if (metric == "queue") return f.queue;
  if (metric == "in_flight") return f.in_flight;
  if (metric == "offered") return f.offered;
  if (metric == "goodput") return f.goodput;
  if (metric == "error_share" || metric == "failed") return f.error_share;
  if (metric == "replicas") return f.replicas;
  if (metric == "lag") return f.lag;
  if (metric == "latency" || metric == "mean") return f.latency;
  return kNothing;
}

double of_edge(const std::string& metric, const EdgeFigures& f) {
  if (metric == "attempts") return f.attempts;
  if (metric == "retries") return f.retries;
  if (metric == "amplification") return f.amplification;
  if (metric == "goodput") return f.goodput;
  if (metric == "error_share" || metric == "failed") return f.error_share;
  if (metric == "latency" || metric == "mean") return f.latency;
  return kNothing;
}

std::optional<double> figure(const Part& part, const SessionView& view) {
  if (view.scene == nullptr || view.history == nullptr) return std::nullopt;
  const double end = part.t1_s < 0 ? view.scene->duration_s : part.t1_s;
  const bool ended = view.state != RunState::running && view.state != RunState::compiling;
  if (!ended && view.history->frontier_s() < end - 1e-9) return std::nullopt;
  const Figures f = view.history->figures({part.t0_s, end});
  double value = kNothing;
  if (part.of.empty()) {
    value = of_load(part.metric, f.load);
  } else {
    const int node = view.scene->find(part.of);
    if (node < 0) return std::nullopt;
    const SceneNode& n = view.scene->nodes[static_cast<std::size_t>(node)];
    if (!part.to.empty()) {
      const int edge = view.scene->find_edge(node, view.scene->find(part.to));
      if (edge < 0) return std::nullopt;
      value = of_edge(part.metric, f.edges[static_cast<std::size_t>(edge)]);
    } else if (!n.workloads.empty()) {
      value = of_load(part.metric, f.workloads[static_cast<std::size_t>(n.workloads.front())]);
    } else {
      value = of_node(part.metric, f.nodes[static_cast<std::size_t>(node)]);
    }
  }
  if (std::isnan(value)) return std::nullopt;
  return value;
}

std::optional<bool> judge_part(const Part& part, const SessionView& view) {
  if (part.kind == Part::Kind::figure) {
    const std::optional<double> value = figure(part, view);
    if (!value) return std::nullopt;
    return part.less ? *value < part.value : *value > part.value;
  }
  if (view.finished == nullptr) return std::nullopt;
  const analysis::Cascade& cascade = view.finished->detail;
  if (part.kind == Part::Kind::verdict) return part.word == analysis::verdict_name(cascade.verdict);
  if (part.kind == Part::Kind::recovery) {
    // What never recovers takes longer than anything.
    if (cascade.recovery_s < 0) return !part.less;
    return part.less ? cascade.recovery_s < part.value : cascade.recovery_s > part.value;
  }
  for (const analysis::Hit& hit : cascade.hits) {
    const int node = view.scene->node_of_component[static_cast<std::size_t>(hit.component)];
    if (node < 0 || !view.scene->nodes[static_cast<std::size_t>(node)].workloads.empty()) continue;
    return view.scene->nodes[static_cast<std::size_t>(node)].name == part.word;
  }
  return false;
}

}  // namespace

std::optional<Condition> parse_condition(const std::string& text, std::string& wrong) {
  return Parser(words_of(text), wrong).run();
}

std::optional<bool> judge(const Condition& condition, const SessionView& view) {
  for (const Part& part : condition.parts) {
    const std::optional<bool> holds = judge_part(part, view);
    if (!holds || !*holds) return holds;
  }
  return true;
}

}  // namespace tailrace::viewer
