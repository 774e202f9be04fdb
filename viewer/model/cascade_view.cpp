#include "viewer/model/cascade_view.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/report/cascade_output.hpp"
#include "analysis/report/cascade_story.hpp"
#include "viewer/model/clock_text.hpp"

namespace tailrace::viewer {

namespace {

using analysis::Hit;
using analysis::Mechanism;
using analysis::Symptom;
using analysis::Verdict;

constexpr analysis::TextStyle kStyle{false, true};

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

const char* meaning(Verdict verdict) {
  switch (verdict) {
    case Verdict::unknown:
      return "There was too little to tell.";
    case Verdict::steady:
      return "Nothing happened, and nothing was to happen.";
    case Verdict::unaffected:
      return "Something went wrong, and users never noticed.";
    case Verdict::recovered:
      return "Users noticed, and it is over.";
    case Verdict::degraded:
      return "It is not over: users still get less than before.";
    case Verdict::metastable:
      return "The cause is gone, and the system stays down: it keeps itself there.";
  }
  return "";
}

std::string symptom_verb(const Hit& hit) {
  switch (hit.symptom) {
    case Symptom::failed:
      return hit.waits ? "kept requests waiting" : "had failing requests";
    case Symptom::errors:
      return "failed its callers";
    case Symptom::refused:
      return "refused requests";
    case Symptom::lag:
      return "fell behind";
    case Symptom::queue:
      return "let requests wait";
    case Symptom::slow:
      return "slowed down";
  }
  return "";
}

std::string because(Mechanism mechanism, const std::string& cause) {
  switch (mechanism) {
    case Mechanism::fault:
    case Mechanism::deployment:
      return fmt::format("hit by {}", cause);
    case Mechanism::cache_misses:
      return fmt::format("its cache misses, through {}", cause);
    case Mechanism::load:
      return cause.empty() ? "more requests came" : fmt::format("more requests came from {}", cause);
    case Mechanism::retry_load:
      return fmt::format("{} retried", cause);
    case Mechanism::timeouts:
      return fmt::format("its calls to {} timed out", cause);
    case Mechanism::refusals:
      return fmt::format("its calls to {} were refused", cause);
    case Mechanism::errors:
      return fmt::format("its calls to {} failed", cause);
    case Mechanism::held_workers:
      return fmt::format("its workers were held by waiting for {}", cause);
    case Mechanism::slow_replies:
      return fmt::format("{} answered slowly", cause);
    case Mechanism::unexplained:
      return "no call explains why";
  }
  return "";
}

std::string amount(const Hit& hit, double value) {
  analysis::CascadeHitReport as_told;
  as_told.symptom = hit.symptom;
  return analysis::symptom_amount(as_told, value, kStyle);
}

CascadeTrigger trigger_of(const Scene& scene, const analysis::Trigger& t) {
  CascadeTrigger out;
  out.fault = t.fault;
  out.text = t.fault >= 0        ? scene.faults[at(t.fault)].name
             : t.deployment >= 0 ? analysis::trigger_name(*scene.model->topology, t)
                                 : "more load";
  out.start_s = t.start_s;
  out.end_s = t.end_s;
  out.over = t.over;
  for (const int component : t.components) {
    const int node = scene.node_of_component[at(component)];
    if (node >= 0) out.nodes.push_back(node);
  }
  return out;
}

}  // namespace

std::vector<int> CascadeScene::begun(double t_s) const {
  std::vector<int> list;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].onset_s <= t_s) list.push_back(static_cast<int>(i));
  }
  return list;
}

std::vector<int> CascadeScene::lasting(double t_s) const {
  std::vector<int> list;
  for (const int i : begun(t_s)) {
    if (!steps[at(i)].over || steps[at(i)].end_s > t_s) list.push_back(i);
  }
  return list;
}

CascadeScene cascade_scene(const Scene& scene, const FinishedRun& run) {
  const analysis::Cascade& c = run.detail;
  CascadeScene out;
  out.happened = c.verdict > Verdict::steady;
  out.verdict = analysis::verdict_name(c.verdict);
  out.verdict_text = meaning(c.verdict);
  if (!c.reason.empty()) out.verdict_text += " (" + c.reason + ")";
  out.story =
      analysis::cascade_story(*scene.model->topology, run.cascade, [](double s) { return clock_text(s, 1); });
  for (const analysis::Trigger& t : c.triggers) out.triggers.push_back(trigger_of(scene, t));
  out.user_onset_s = c.user_onset_s;
  out.user_end_s = c.user_end_s;
  out.recovery_s = c.recovery_s;
  out.lost_share = c.due > 0 ? std::clamp(c.lost / c.due, 0.0, 1.0) : 0;
  std::vector<int> step_of_node(scene.nodes.size(), -1);
  for (const Hit& hit : c.hits) {
    const int node = scene.node_of_component[at(hit.component)];
    if (node < 0) continue;
    CascadeStep step;
    step.node = node;
    step.onset_s = hit.onset_s;
    step.end_s = hit.end_s;
    step.over = hit.over;
    step.symptom = analysis::symptom_name(hit.symptom);
    step.seen_as = hit.waits ? "waiting" : step.symptom;
    step.amount = fmt::format("{} -> {}", amount(hit, hit.normal), amount(hit, hit.worst));
    step.mechanism = analysis::mechanism_name(hit.mechanism);
    step.trigger = hit.trigger;
    std::string cause;
    if (hit.cause >= 0) {
      step.cause_node = scene.node_of_component[at(hit.cause)];
      cause = scene.model->topology->components[at(hit.cause)].name;
      step.cause_edge = scene.find_edge(node, step.cause_node);
      if (step.cause_edge < 0) step.cause_edge = scene.find_edge(step.cause_node, node);
    } else if (hit.trigger >= 0 && hit.mechanism != Mechanism::load) {
      cause = out.triggers[at(hit.trigger)].text;
    }
    step.text = fmt::format("{} {} at {} ({}): {}", scene.nodes[at(node)].name, symptom_verb(hit),
                            clock_text(hit.onset_s, 1), step.amount, because(hit.mechanism, cause));
    step_of_node[at(node)] = static_cast<int>(out.steps.size());
    if (scene.nodes[at(node)].workloads.empty()) ++out.nodes_hit;
    out.steps.push_back(std::move(step));
  }
  // Causes may be hit in the same window, so they are not all before what they cause.
  for (CascadeStep& step : out.steps) {
    int node = step.cause_node;
    while (node >= 0 && step_of_node[at(node)] >= 0 && step.depth < static_cast<int>(out.steps.size())) {
      ++step.depth;
      node = out.steps[at(step_of_node[at(node)])].cause_node;
    }
  }
  // Hits of one window: causes first.
  std::stable_sort(out.steps.begin(), out.steps.end(), [](const CascadeStep& a, const CascadeStep& b) {
    return a.onset_s != b.onset_s ? a.onset_s < b.onset_s : a.depth < b.depth;
  });
  for (const SceneNode& node : scene.nodes) out.nodes += node.workloads.empty() ? 1 : 0;
  return out;
}

}  // namespace tailrace::viewer
