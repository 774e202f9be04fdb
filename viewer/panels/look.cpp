#include "viewer/panels/look.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "viewer/widgets/draw.hpp"
#include "viewer/widgets/ticks.hpp"

namespace tailrace::viewer {

namespace {

// Of the attempts that ended: below the first nobody looks, above the second it is what a user remembers.
constexpr double kSomeErrors = 0.01, kManyErrors = 0.2;
constexpr double kBusy = 0.85;
// What "now" is made of, before the playhead: a slice alone is noise at low rates. Two seconds, less of a
// short run.
constexpr double kNowSlices = 3, kNowSeconds = 2, kNowShare = 1.0 / 30;

bool differs(const TimeRange& a, const TimeRange& b) {
  return a.t0_s != b.t0_s || a.t1_s != b.t1_s;
}

}  // namespace

Health health_of(const SceneNode& node, const NodeFigures& f) {
  const bool some_work = f.offered > 0 || f.busy > 0 || f.queue > 0 || f.lag > 0;
  if (f.down > 0 && f.replicas < 0.5) return Health::down;
  if (!std::isnan(f.error_share) && f.error_share >= kManyErrors) return Health::failing;
  if (f.down > 0) return Health::strained;
  if (!std::isnan(f.error_share) && f.error_share >= kSomeErrors) return Health::strained;
  if (!std::isnan(f.utilisation) && f.utilisation >= kBusy) return Health::strained;
  if (f.rejected > 0) return Health::strained;
  if (!some_work && node.workloads.empty()) return Health::idle;
  return some_work ? Health::good : Health::idle;
}

Health health_of(const EdgeFigures& f) {
  if (f.breaker == 2) return Health::failing;  // also, and most of all, where it lets nothing through
  if (f.attempts <= 0) return Health::idle;
  if (!std::isnan(f.error_share) && f.error_share >= kManyErrors) return Health::failing;
  if ((!std::isnan(f.error_share) && f.error_share >= kSomeErrors) || f.breaker == 1) return Health::strained;
  if (!std::isnan(f.amplification) && f.amplification >= 1.1) return Health::strained;
  return Health::good;
}

std::string trouble_of(const NodeFigures& f) {
  if (f.down > 0 && f.replicas < 0.5) return "down";
  if (!std::isnan(f.error_share) && f.error_share >= kSomeErrors)
    return value_text(AxisKind::share, f.error_share) + " fail";
  if (f.down > 0) return fmt::format("{:.0f} down", f.down);
  if (f.rejected > 0) return fmt::format("{} turned away", value_text(AxisKind::rate, f.rejected));
  return "";
}

void Look::select_as(const Scene& other, int its_node, int its_edge) {
  select_nothing();
  if (!scene) return;
  const auto own = [&](int which) { return scene->find(other.nodes[static_cast<std::size_t>(which)].name); };
  if (its_node >= 0) node = own(its_node);
  if (its_edge < 0) return;
  const SceneEdge& e = other.edges[static_cast<std::size_t>(its_edge)];
  edge = scene->find_edge(own(e.from), own(e.to));
}

int Look::workload() const {
  if (!scene || node < 0) return -1;
  const std::vector<int>& sends = scene->nodes[static_cast<std::size_t>(node)].workloads;
  return sends.empty() ? -1 : sends.front();
}

bool Look::following() const {
  return session->tracing() || session->pending_s() >= 0;
}

std::string Look::which() const {
  const std::int64_t all = session->replications();
  return all > 1 ? fmt::format("the first of {} replications", all) : "";
}

std::string Look::wrong() const {
  if (view == nullptr || view->state < RunState::ended_early) return "";
  if (view->state == RunState::ended_early) return "ended early: " + view->message;
  return view->message.empty() ? "this run could not be made" : view->message;
}

void draw_absent(const Look& look, ImVec2 at, ImVec2 size) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  draw.AddRectFilled(at, at + size, theme().panel);
  const std::string wrong = look.wrong();
  draw_wrapped(draw, body_font(), 0, at + ImVec2{em(), em()}, wrong.empty() ? theme().dim : theme().failing,
               wrong.empty() ? "compiling the scenario …" : wrong, size.x - 2 * em());
}

void Look::refresh() {
  const auto fresh = session->view();
  const bool new_run = view == nullptr || fresh->run != run_;
  const bool new_version = new_run || fresh->version != version_;
  if (new_version) {
    const auto old_scene = scene;
    view = fresh, scene = fresh->scene, history = fresh->history;
    if (old_scene != scene) {  // ids are the scene's
      lit.clear(), lit_edges.clear();
      if (old_scene) select_as(*old_scene, node, edge);
    }
    if (!fresh->finished || new_run) cascade.reset();
    if (fresh->finished && scene && !cascade)
      cascade = std::make_shared<const CascadeScene>(cascade_scene(*scene, *fresh->finished));
    run_ = fresh->run, version_ = fresh->version;
  }
  playhead_s = session->playhead_s();
  if (!ready()) return;
  if (brush && brush->t0_s >= scene->duration_s) brush.reset();  // of a longer run
  if (brush) {
    range = {brush->t0_s, std::min(brush->t1_s, scene->duration_s)};
  } else {
    const double length =
        std::max(kNowSlices * history->slice_s(), std::min(kNowSeconds, kNowShare * scene->duration_s));
    const TimeRange now = history->slice_at(playhead_s);
    range = {std::max(0.0, now.t1_s - length), now.t1_s};
  }
  if (!new_version && !differs(range, figures_range_) && figures_at_ >= 0) return;
  figures = history->figures(range);
  figures_range_ = range, figures_at_ = playhead_s;
  node_health.resize(scene->nodes.size());
  for (std::size_t i = 0; i < scene->nodes.size(); ++i)
    node_health[i] = health_of(scene->nodes[i], figures.nodes[i]);
  // What the cascade has found wrong is at least strained, also where thresholds do not see it.
  if (cascade && !brush) {
    for (const int step : cascade->lasting(playhead_s)) {
      const int hit = cascade->steps[static_cast<std::size_t>(step)].node;
      if (hit < 0) continue;
      Health& health = node_health[static_cast<std::size_t>(hit)];
      if (health == Health::good || health == Health::idle) health = Health::strained;
    }
  }
}

}  // namespace tailrace::viewer
