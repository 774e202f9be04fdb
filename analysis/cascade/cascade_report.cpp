#include "analysis/cascade/cascade_report.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

#include "analysis/cascade/signals.hpp"
#include "analysis/stats/median.hpp"
#include "models/catalog.hpp"

namespace tailrace::analysis {

namespace {

constexpr double kConfidence = 0.95;

std::size_t at(int id) {
  return static_cast<std::size_t>(id);
}

// The key with the highest count; of several the first.
template <class Key>
Key most_frequent(const std::map<Key, int>& counts) {
  return std::max_element(counts.begin(), counts.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

class Aggregator {
 public:
  Aggregator(const models::Topology& topology, const std::vector<Cascade>& cascades)
      : t_(topology), cascades_(cascades) {}

  CascadeReport run() {
    report_.replications = static_cast<int>(cascades_.size());
    std::vector<double> recoveries, detections, before, after;
    std::vector<RatioSample> lost;
    for (const Cascade& c : cascades_) {
      ++report_.verdicts[static_cast<std::size_t>(c.verdict)];
      if (c.verdict == Verdict::unknown) continue;
      if (c.detection_s >= 0) detections.push_back(c.detection_s);
      if (c.recovery_s >= 0) recoveries.push_back(c.recovery_s);
      before.push_back(c.goodput_before);
      after.push_back(c.goodput_after);
      lost.push_back({c.lost, c.due});
    }
    for (int v = 0; v < kVerdicts; ++v) {
      if (report_.verdicts[at(v)] > 0 &&
          report_.verdicts[at(v)] >= report_.verdicts[static_cast<std::size_t>(report_.verdict)])
        report_.verdict = static_cast<Verdict>(v);
    }
    for (const Cascade& c : cascades_) {
      if (c.verdict != report_.verdict) continue;
      report_.reason = c.reason;
      break;
    }
    triggers();
    report_.recovery = mean_interval(recoveries, kConfidence);
    report_.detection = mean_interval(detections, kConfidence);
    report_.goodput_before = mean_interval(before, kConfidence);
    report_.goodput_after = mean_interval(after, kConfidence);
    report_.lost = ratio_interval(lost, RatioOf::sums, kConfidence);
    hits();
    amplified();
    return std::move(report_);
  }

 private:
  // What a replication began with: its first trigger's fault and deployment (neither: load), if it had one.
  using Beginning = std::optional<std::pair<int, int>>;
  static Beginning beginning(const Cascade& c) {
    if (c.triggers.empty()) return std::nullopt;
    return std::pair(c.triggers.front().fault, c.triggers.front().deployment);
  }

  void triggers() {
    std::map<Beginning, int> beginnings;
    for (const Cascade& c : cascades_) {
      if (c.verdict == report_.verdict) ++beginnings[beginning(c)];
    }
    if (beginnings.empty()) return;
    const Beginning usual = most_frequent(beginnings);
    if (!usual) return;
    std::vector<double> starts;
    for (const Cascade& c : cascades_) {
      if (!c.triggers.empty()) ++report_.triggered;
      if (beginning(c) != usual) continue;
      starts.push_back(c.triggers.front().start_s);
      if (report_.triggers.empty() && c.verdict == report_.verdict) report_.triggers = c.triggers;
    }
    report_.began_so = static_cast<int>(starts.size());
    report_.trigger_s = median(starts);
    report_.same_start =
        report_.began_so == report_.triggered &&
        std::all_of(starts.begin(), starts.end(), [&](double s) { return s == starts.front(); });
  }

  const std::string& name(int component) const { return t_.components[at(component)].name; }

  void hits() {
    std::map<int, std::vector<std::pair<const Hit*, const Cascade*>>> by_component;
    for (const Cascade& c : cascades_) {
      for (const Hit& h : c.hits) by_component[h.component].emplace_back(&h, &c);
    }
    for (const auto& [component, found] : by_component) {
      CascadeHitReport hit;
      hit.component = name(component);
      hit.kind = t_.components[at(component)].kind;
      hit.replications = static_cast<int>(found.size());
      std::map<Symptom, int> symptoms;
      std::map<std::pair<Mechanism, std::string>, int> causes;
      std::vector<double> onsets, ends;
      for (const auto& [h, c] : found) {
        ++symptoms[h->symptom];
        ++causes[{h->mechanism, cause(*h, *c)}];
        onsets.push_back(h->onset_s);
        if (h->over) ends.push_back(h->end_s), ++hit.over;
      }
      hit.symptom = most_frequent(symptoms);
      hit.waits =
          2 * std::count_if(found.begin(), found.end(), [](const auto& f) { return f.first->waits; }) >
          static_cast<std::ptrdiff_t>(found.size());
      std::vector<double> normal, worst;
      for (const auto& [h, c] : found) {
        if (h->symptom == hit.symptom) normal.push_back(h->normal), worst.push_back(h->worst);
      }
      hit.onset_s = median(onsets);
      hit.end_s = median(ends);
      hit.normal = median(normal);
      hit.worst = median(worst);
      std::tie(hit.mechanism, hit.cause) = most_frequent(causes);
      const auto known = std::find_if(t_.components.begin(), t_.components.end(),
                                      [&](const models::Component& c) { return c.name == hit.cause; });
      hit.root = hit.mechanism == Mechanism::fault || hit.mechanism == Mechanism::deployment ||
                 hit.mechanism == Mechanism::cache_misses || known == t_.components.end();
      report_.hits.push_back(std::move(hit));
    }
    in_order();
    for (const models::Component& c : t_.components) {
      if (c.kind == "workload" || !models::find_kind(c.kind)->named) continue;
      ++report_.components;
      for (const CascadeHitReport& h : report_.hits) {
        if (h.component == c.name && 2 * h.replications >= report_.replications) ++report_.components_hit;
      }
    }
  }

  // By onset; of what began in one window causes come before their effects, and what nothing explains last.
  void in_order() {
    const int unexplained = static_cast<int>(report_.hits.size());
    std::map<std::string, int> depth;
    for (std::size_t pass = 0; pass < report_.hits.size(); ++pass) {
      for (const CascadeHitReport& h : report_.hits) {
        const auto of_cause = h.root ? depth.end() : depth.find(h.cause);
        const int d = h.mechanism == Mechanism::unexplained    ? unexplained
                      : h.mechanism == Mechanism::cache_misses ? 1
                      : of_cause == depth.end()                ? 0
                                                               : of_cause->second + 1;
        if (d > 2 * unexplained) continue;  // two that hit each other
        depth[h.component] = d;
      }
    }
    std::stable_sort(
        report_.hits.begin(), report_.hits.end(), [&](const CascadeHitReport& a, const CascadeHitReport& b) {
          return a.onset_s != b.onset_s ? a.onset_s < b.onset_s : depth[a.component] < depth[b.component];
        });
  }

  std::string cause(const Hit& h, const Cascade& c) const {
    if (h.cause >= 0) return name(h.cause);
    if (h.trigger < 0) return "";
    return trigger_name(t_, c.triggers[at(h.trigger)]);
  }

  void amplified() {
    std::map<int, std::vector<const EdgeAmplification*>> by_edge;
    for (const Cascade& c : cascades_) {
      for (const EdgeAmplification& a : c.amplified) by_edge[a.edge].push_back(&a);
    }
    for (const auto& [edge, found] : by_edge) {
      AmplificationReport a;
      const models::Edge& e = t_.edges[at(edge)];
      a.from = name(e.from_component);
      a.to = t_.operation_name(e.operation);
      a.path = e.path;
      a.retries = e.retries != 0;
      a.hedges = e.hedging.has_value();
      a.replications = static_cast<int>(found.size());
      std::vector<double> before, most;
      for (const EdgeAmplification* one : found) before.push_back(one->before), most.push_back(one->most);
      a.before = median(before);
      a.most = median(most);
      report_.amplified.push_back(std::move(a));
    }
    std::stable_sort(
        report_.amplified.begin(), report_.amplified.end(),
        [](const AmplificationReport& a, const AmplificationReport& b) { return a.most > b.most; });
  }

  const models::Topology& t_;
  const std::vector<Cascade>& cascades_;
  CascadeReport report_;
};

}  // namespace

std::string trigger_name(const models::Topology& topology, const Trigger& trigger) {
  if (trigger.fault >= 0) return topology.faults[at(trigger.fault)].name;
  return trigger.deployment >= 0 ? topology.deployments[at(trigger.deployment)].name : "load";
}

CascadeReport cascade_report(const models::Topology& topology, const std::vector<Cascade>& cascades) {
  return Aggregator(topology, cascades).run();
}

CascadeReport cascade_report(const models::CompiledModel& model,
                             const std::vector<models::RunRecord>& records) {
  std::vector<Cascade> cascades;
  for (const models::RunRecord& record : records) cascades.push_back(find_cascade(model, record));
  CascadeReport report = cascade_report(*model.topology, cascades);
  report.calls_watched = std::all_of(records.begin(), records.end(), [&](const models::RunRecord& record) {
    return calls_in_windows(record, model.edges.size());
  });
  return report;
}

}  // namespace tailrace::analysis
