#include "viewer/panels/tail_panel.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/report/human.hpp"
#include "viewer/widgets/draw.hpp"
#include "viewer/widgets/icons.hpp"

namespace tailrace::viewer {

namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

constexpr double kTailSlices = 40;

struct Mark {
  double p;
  const char* name;
};
constexpr Mark kMarks[] = {{0.5, "p50"}, {0.9, "p90"}, {0.99, "p99"}, {0.999, "p99.9"}};

}  // namespace

// A bucket of the curve goes into bins by the share of it (on the logarithmic axis) that they cover.
std::vector<TailPanel::Bin> TailPanel::binned(const LatencyCurve& curve, double least, double top, int bins) {
  std::vector<Bin> result(at(bins));
  const double step = std::log(top / least) / bins;
  for (std::size_t i = 0; i < result.size(); ++i) {
    result[i].lower = least * std::exp(step * static_cast<double>(i));
    result[i].upper = least * std::exp(step * static_cast<double>(i + 1));
  }
  if (curve.count == 0) return result;
  for (const LatencyBucket& b : curve.buckets) {
    const double low = std::log(std::max(b.lower_s, least) / least) / step;
    const double high = std::log(std::max(b.upper_s, least * 1.0000001) / least) / step;
    const double share = static_cast<double>(b.count) / static_cast<double>(curve.count);
    const double span = std::max(high - low, 1e-9);
    for (int i = std::max(0, static_cast<int>(low)); i < bins && i <= static_cast<int>(high); ++i) {
      const double part = std::min(high, i + 1.0) - std::max(low, static_cast<double>(i));
      if (part > 0) result[at(i)].share += share * part / span;
    }
    if (high <= low + 1e-9) result[at(std::clamp(static_cast<int>(low), 0, bins - 1))].share += share;
  }
  double sum = 0;
  for (Bin& bin : result) bin.cumulative = sum += bin.share;
  return result;
}

void TailPanel::histogram(const Look* other, ImVec2 size) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  double least = 1e9, top = 0;
  for (const LatencyCurve* curve : {&here_, &whole_}) {
    if (curve->buckets.empty()) continue;
    least = std::min(least, std::max(curve->quantile(0.001), 1e-7));
    top = std::max(top, curve->buckets.back().upper_s);
  }
  if (top <= 0) least = 1e-3, top = 1;
  least *= 0.8, top = std::max(top * 1.25, least * 10);
  const int bins = std::clamp(static_cast<int>((size.x - em() * 9) / (em() * 0.55f)), 20, 160);
  const std::vector<Bin> now = binned(here_, least, top, bins), all = binned(whole_, least, top, bins);
  const std::vector<Bin> others = other != nullptr ? binned(other_, least, top, bins) : std::vector<Bin>();
  double most = 0;
  for (const Bin& bin : now) most = std::max(most, bin.share);
  for (const Bin& bin : all) most = std::max(most, bin.share);

  PlotOptions o;
  const bool narrow = size.x < em() * 40;
  // At the side percentiles take the place of the legend.
  o.title = narrow ? " " : "latency";
  o.x = {least, top, AxisKind::duration, true};
  o.y = {0, rounded_up(most * 1.08), AxisKind::share, false};
  o.left = em() * 4.2f, o.right = em() * 4.2f;
  const std::string range = clock_text(range_.t0_s) + " – " + clock_text(range_.t1_s);
  o.legend = {{range, theme().series[0], analysis::human_count(here_.count) + " requests", false},
              {"whole run", theme().dim, analysis::human_count(whole_.count), false},
              {"share below", theme().series[3], "", false}};
  if (narrow) o.legend.clear(), o.left = em() * 3, o.right = em() * 3;
  if (other != nullptr && !narrow)
    o.legend.push_back({other->label, theme().series[4], analysis::human_count(other_.count), true});
  PlotFrame plot = begin_plot("tail", size, o);
  shade(plot, base(), with_alpha(theme().dim, 0.16f), true);
  shade(plot, slow(), theme().selection, false);
  for (const Bin& bin : now) {
    if (bin.share <= 0) continue;
    const bool tail = here_.count > 0 && bin.lower >= here_.quantile(0.99);
    draw.AddRectFilled({plot.at_x(bin.lower) + 0.5f, plot.at_y(bin.share)},
                       {plot.at_x(bin.upper) - 0.5f, plot.max.y},
                       tail ? theme().strained : theme().series[0]);
  }
  const auto outline = [&](const std::vector<Bin>& curve, ImU32 colour, bool dashed) {
    std::vector<ImVec2> line;
    for (const Bin& bin : curve) {
      line.push_back({plot.at_x(bin.lower), plot.at_y(bin.share)});
      line.push_back({plot.at_x(bin.upper), plot.at_y(bin.share)});
    }
    if (dashed) {
      for (std::size_t i = 0; i + 1 < line.size(); i += 2) draw.AddLine(line[i], line[i + 1], colour, 1.8f);
    } else {
      draw.AddPolyline(line.data(), static_cast<int>(line.size()), colour, 0, 1.2f);
    }
  };
  outline(all, with_alpha(theme().dim, 0.8f), false);
  if (!others.empty()) outline(others, theme().series[4], true);
  // The distribution function, against the right side.
  std::vector<ImVec2> below;
  for (const Bin& bin : now)
    below.push_back(
        {plot.at_x(bin.upper), plot.max.y - static_cast<float>(bin.cumulative) * (plot.max.y - plot.min.y)});
  if (here_.count > 0)
    draw.AddPolyline(below.data(), static_cast<int>(below.size()), theme().series[3], 0, 1.8f);

  marks(plot, least, top);
  choose_by_mouse(plot);
  plot_ = plot;
  end_plot(plot);
  draw_text(draw, small_font(), 0, {plot.min.x - em() * 2.8f, plot.min.y - em() * 1.35f}, theme().text,
            fitted(small_font(), 0, above_, size.x));
  for (const double share : {0.0, 0.5, 1.0}) {
    const float y = plot.max.y - static_cast<float>(share) * (plot.max.y - plot.min.y);
    draw_text(draw, small_font(), 0, {plot.max.x + em() * 0.4f, y - em() * 0.55f}, theme().series[3],
              fmt::format("{:.0f}%", share * 100));
  }
  if (plot.hovered) {
    const double v = plot.x_of(plot.mouse.x);
    if (v >= least && v <= top)
      ImGui::SetTooltip(
          "%s of requests took less than %s",
          value_text(AxisKind::share, here_.count > 0 ? here_.share_below(v) : kNothing).c_str(),
          value_text(AxisKind::duration, v).c_str());
  }
  if (here_.count == 0) {
    const char* const text = "no request succeeded in this range";
    const float wide = text_width(body_font(), 0, text) + em();
    draw_badge(draw, {(plot.min.x + plot.max.x - wide) / 2, plot.min.y + em() * 2}, em(), theme().raised,
               theme().text, text);
  }
}

// Percentiles: lines, with labels one below the other so that they never meet, and nothing crosses them.
void TailPanel::marks(PlotFrame& plot, double least, double top) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  edges_[0] = least, edges_[5] = top;
  const bool room = plot.max.x - plot.min.x > em() * 30;
  above_.clear();
  for (const bool words : {false, true}) {
    float label_y = plot.min.y + em() * 0.9f;
    for (std::size_t i = 0; i < std::size(kMarks); ++i) {
      const double q = here_.count > 0 ? here_.quantile(kMarks[i].p) : kNothing;
      edges_[i + 1] = std::isnan(q) ? top : q;
      if (std::isnan(q)) continue;
      const float x = std::round(plot.at_x(q));
      if (!words) draw.AddLine({x, plot.min.y}, {x, plot.max.y}, with_alpha(theme().text, 0.7f), 1.2f);
      if (!words) continue;
      const std::string text = fmt::format("{} {}", kMarks[i].name, value_text(AxisKind::duration, q));
      if (!room) {  // all in a line above
        above_ += (above_.empty() ? "" : "   ") + text;
        continue;
      }
      const float wide = text_width(small_font(), 0, text) + em();
      const float left = x + wide + 6 < plot.max.x ? x + 4 : x - wide - 4;
      draw_badge(draw, {left, label_y}, small_font()->FontSize, theme().raised, theme().text, text);
      label_y += em() * 1.5f;
    }
  }
}

// A band behind the bars; its own colour marks it at the axis.
void TailPanel::shade(PlotFrame& plot, const BandView* band, ImU32 colour, bool above) const {
  if (band == nullptr || band->count == 0 || band->band.failed) return;
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const float a = std::clamp(plot.at_x(band->low_s), plot.min.x, plot.max.x);
  const float b = std::clamp(plot.at_x(band->high_s), a + 3, std::max(plot.max.x, a + 3));
  draw.AddRectFilled({a, plot.min.y}, {b, plot.max.y}, colour);
  const float y = above ? plot.min.y : plot.max.y;
  draw.AddLine({a, y}, {b, y}, above ? theme().dim : theme().accent, em() * 0.25f);
}

void TailPanel::choose_by_mouse(PlotFrame& plot) {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  const bool shift = ImGui::GetIO().KeyShift;
  const double here = plot.x_of(std::clamp(plot.mouse.x, plot.min.x, plot.max.x));
  if (plot.hovered && ImGui::IsMouseClicked(0)) drag_from_ = drag_to_ = here, pressed_ = plot.mouse;
  if (drag_from_ < 0) return;
  const bool far = std::abs(plot.mouse.x - pressed_.x) > em() * 0.35f;
  if (!ImGui::IsMouseReleased(0)) {
    drag_to_ = here;
    if (far)
      draw.AddRectFilled({plot.at_x(std::min(drag_from_, drag_to_)), plot.min.y},
                         {plot.at_x(std::max(drag_from_, drag_to_)), plot.max.y}, theme().selection);
    return;
  }
  Choice choice{Choice::Kind::band, {"", std::min(drag_from_, here), std::max(drag_from_, here), false}};
  if (!far) {
    constexpr const char* kNames[] = {"faster half", "p50 to p90", "p90", "p99", "p99.9"};
    for (int i = 0; i < 5; ++i)
      if (here >= edges_[i] && here < edges_[i + 1])
        choice.band = {kNames[i], i == 0 ? 0 : edges_[i],
                       i == 4 ? std::numeric_limits<double>::infinity() : edges_[i + 1], false};
  }
  (shift ? base_ : slow_) = choice;
  open_example(-1);
  drag_from_ = drag_to_ = -1;
}

bool TailPanel::where(const std::string& what, ImVec2& centre) const {
  const auto it = places_.find(what);
  if (it == places_.end()) return false;
  centre = it->second;
  return true;
}

ImVec2 TailPanel::where_latency(double seconds) const {
  return {plot_.at_x(seconds), (plot_.min.y * 0.3f + plot_.max.y * 0.7f)};
}

void TailPanel::components(Look& look, ImVec2 where, ImVec2 size) const {
  ImDrawList& draw = *ImGui::GetWindowDrawList();
  draw_text(draw, bold_font(), 0, where, theme().text, "mean time inside, per visit");
  draw_text(
      draw, small_font(), 0,
      {where.x + text_width(bold_font(), 0, "mean time inside, per visit") + em(), where.y + em() * 0.1f},
      theme().dim, "waiting, working, and what it calls");
  struct Row {
    int node;
    double latency;
  };
  std::vector<Row> rows;
  double most = 0;
  for (std::size_t i = 0; i < look.scene->nodes.size(); ++i) {
    const double latency = look.figures.nodes[i].latency;
    if (std::isnan(latency) || !look.scene->nodes[i].workloads.empty()) continue;
    rows.push_back({static_cast<int>(i), latency});
    most = std::max(most, latency);
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return a.latency != b.latency ? a.latency > b.latency : a.node < b.node;
  });
  const float line = em() * 1.5f;
  const auto room = static_cast<std::size_t>(std::max(0.0f, (size.y - em() * 1.8f) / line));
  float names = em() * 4;
  for (std::size_t i = 0; i < std::min(room, rows.size()); ++i)
    names = std::max(names, text_width(body_font(), 0, look.scene->nodes[at(rows[i].node)].name));
  names = std::min(names + em() * 2.2f, size.x * 0.4f);
  float y = where.y + em() * 1.8f;
  const float figures = em() * 5.5f, bar_left = where.x + names, bar_room = size.x - names - figures;
  for (std::size_t i = 0; i < std::min(room, rows.size()); ++i) {
    const SceneNode& node = look.scene->nodes[at(rows[i].node)];
    const Health health = look.node_health[at(rows[i].node)];
    const bool chosen = rows[i].node == look.node;
    draw_icon(draw, {where.x + em() * 0.6f, y + line / 2}, em() * 0.45f, node.icon,
              chosen ? theme().accent : theme().dim);
    draw_text(draw, body_font(), 0, {where.x + em() * 1.5f, y + em() * 0.15f},
              chosen ? theme().accent : theme().text, fitted(body_font(), 0, node.name, names - em() * 2));
    const float wide = std::max(2.0f, bar_room * static_cast<float>(rows[i].latency / most));
    draw.AddRectFilled({bar_left, y + line * 0.22f}, {bar_left + wide, y + line * 0.78f},
                       with_alpha(theme().of(health == Health::idle ? Health::good : health), 0.85f), 2);
    draw_text(draw, small_font(), 0, {bar_left + wide + em() * 0.4f, y + em() * 0.2f}, theme().dim,
              value_text(AxisKind::duration, rows[i].latency));
    ImGui::SetCursorScreenPos({where.x, y});
    ImGui::PushID(rows[i].node);
    if (ImGui::InvisibleButton("row", {size.x, line})) look.select_node(rows[i].node);
    ImGui::PopID();
    y += line;
  }
}

std::optional<BandView> TailPanel::realise(const Choice& choice, const LatencyBand* automatic) const {
  if (choice.kind == Choice::Kind::none) return std::nullopt;
  const LatencyBand* band = choice.kind == Choice::Kind::automatic ? automatic : &choice.band;
  if (band == nullptr) return std::nullopt;
  // A name that the requests know is theirs: percentiles move with the range.
  if (const LatencyBand* const known = view_->find(band->name)) band = known;
  return view_->band(*band);
}

void TailPanel::take_bands() {
  const auto same = [](const Choice& a, const Choice& b) { return a.kind == b.kind && a.band == b.band; };
  if (view_ == nullptr) {
    slow_view_.reset(), base_view_.reset(), waterfall_.reset();
    made_of_.reset();
    return;
  }
  if (made_of_ != view_ || !same(slow_, slow_made_) || !same(base_, base_made_)) {
    // Of a few requests the slowest is one of them, and still what one looks for.
    const LatencyBand* const last = view_->bands().empty() ? nullptr : &view_->bands().back();
    slow_view_ = realise(slow_, view_->slowest() != nullptr ? view_->slowest() : last);
    base_view_ = realise(base_, view_->find("p50"));
    if (base_view_ && (base_view_->count == 0 || (slow_view_ && base_view_->band == slow_view_->band)))
      base_view_.reset();
    changes_.clear();
    if (slow_view_) changes_ = difference(base_view_ ? *base_view_ : BandView(), *slow_view_);
    made_of_ = view_, slow_made_ = slow_, base_made_ = base_;
    waterfall_.reset();
  }
  take_request();
}

// As slow as the band that is shown. What summary.json calls p99 is of one class and of all of the run; here
// it is of what is looked at, so that the next band begins where this one ends.
bool TailPanel::fits(const StoredRequest& request) const {
  const models::TracedRequest& r = request.trace.request;
  if (workload_ >= 0 && static_cast<int>(scene_->model->classes[r.cls].workload) != workload_) return false;
  const LatencyBand& band = slow_view_->band;
  if ((r.outcome != models::Outcome::success) != band.failed) return false;
  if (band.failed) return true;
  double below = band.high_s;
  if (view_->find(band.name) != nullptr && band.name != "p50") {
    below = std::numeric_limits<double>::infinity();
    for (const LatencyBand& next : view_->bands())
      if (!next.failed && next.low_s > band.low_s) below = std::min(below, next.low_s);
  }
  const double s = static_cast<double>(r.latency_ns) * 1e-9;
  return s >= band.low_s && (s < below || s == band.high_s);
}

// Where there is room for both, one request is open from the start.
void TailPanel::take_request() {
  if (stored_ == nullptr || stored_example_ >= static_cast<int>(stored_->requests.size()))
    stored_example_ = -1;
  if (stored_example_ != stored_made_) waterfall_.reset();
  stored_made_ = stored_example_;
  if (stored_example_ >= 0) {
    example_made_ = -1;
    if (waterfall_) return;
    const StoredRequest& request = stored_->requests[at(stored_example_)];
    waterfall_ = waterfall(*scene_, request.trace);
    waterfall_->origin = fmt::format("replication {}", request.replication);
    return;
  }
  int wanted = example_;
  if (wanted < 0 && wide_) wanted = 0;
  if (!slow_view_ || wanted >= static_cast<int>(slow_view_->examples.size())) wanted = -1;
  if (wanted != example_made_) waterfall_.reset();
  example_made_ = wanted;
  if (wanted < 0 || waterfall_) return;
  const models::TracedRequest& request = slow_view_->examples[at(wanted)];
  const models::TraceExample* example = example_of(*traces_->record, request);
  if (example == nullptr) {
    // A run that ends with it follows it: sampled as thinly as it still belongs to the sample.
    if (tracer_ == nullptr) tracer_ = std::make_unique<TailTracer>();
    const double end = static_cast<double>(request.start_ns + request.latency_ns) * 1e-9;
    const std::uint64_t rank = models::trace_rank(request.cls, request.number);
    tracer_->want({traces_->run, scene_, 0, traces_->replication}, {end - 1e-9, end + 1e-9},
                  std::max<std::uint64_t>(1, ~std::uint64_t{0} / std::max<std::uint64_t>(1, rank)));
    const std::shared_ptr<const TailTraces> found = tracer_->latest();
    if (found != nullptr && found->run == traces_->run && found->record != nullptr)
      example = example_of(*found->record, request);
  }
  if (example != nullptr) waterfall_ = waterfall(*scene_, *example);
}

void TailPanel::take(Look& look, const Look* other) {
  const int workload = look.workload();
  // A moment has too few requests for a tail: without a brush it is the last stretch before the playhead.
  TimeRange wanted = look.range;
  const double slice = look.history->slice_s();
  if (!look.brush) wanted.t0_s = std::max(0.0, wanted.t1_s - kTailSlices * slice);
  wanted.t0_s = std::floor(wanted.t0_s / slice + 1e-6) * slice;
  wanted.t1_s = std::max(wanted.t0_s + slice, std::ceil(wanted.t1_s / slice - 1e-6) * slice);
  const bool moved = history_ != look.history || range_.t0_s != wanted.t0_s || range_.t1_s != wanted.t1_s ||
                     workload_ != workload;
  if (moved) {
    history_ = look.history, range_ = wanted, workload_ = workload;
    here_ = look.history->latency(range_, workload);
    whole_ = look.history->latency({0, look.scene->duration_s}, workload);
  }
  if (moved) other_history_.reset();
  if (other != nullptr && (other_history_ != other->history || other_workload_ != other->workload())) {
    other_history_ = other->history, other_workload_ = other->workload();
    other_ = other->history->latency(range_, other_workload_);
  }
  // While time moves the requests of the whole run serve every stretch; where it stands, its own do: there
  // are more of them.
  if (look.view->finished != nullptr) {
    const bool moves = look.session->playing() && !look.brush;
    look.session->want_traces(moves ? TimeRange{0, look.scene->duration_s} : range_);
  }
  const std::shared_ptr<const TailTraces> traces = look.session->traces();
  const bool covers = traces != nullptr && traces->record != nullptr &&
                      traces->range.t0_s <= range_.t0_s + 1e-9 &&
                      traces->range.t1_s >= std::min(range_.t1_s, look.scene->duration_s) - 1e-9;
  if (!covers) {
    traces_.reset(), view_.reset();
  } else if (traces != traces_ || moved || scene_ != look.scene) {
    traces_ = traces, scene_ = look.scene;
    view_ = std::make_shared<const TailView>(scene_, traces_, range_, workload_);
  }
  const std::shared_ptr<const StoredTraces> stored = look.session->stored_traces();
  if (stored != stored_) stored_ = stored, stored_example_ = -1;
  take_bands();
}

void TailPanel::draw(Look& look, const Look* other, ImVec2 size) {
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  ImGui::GetWindowDrawList()->AddRectFilled(origin, origin + size, theme().panel);
  places_.clear();
  if (!look.ready()) return draw_absent(look, origin, size);
  wide_ = size.x > em() * 55;
  take(look, other);
  const float pad = em() * 0.8f;
  const ImVec2 inner = origin + ImVec2{pad, pad};
  float below = size.y * (wide_ ? 0.58f : 0.66f);
  if (view_ == nullptr) {
    std::size_t visited = 0;
    for (const NodeFigures& f : look.figures.nodes) visited += std::isnan(f.latency) ? 0 : 1;
    below = std::min(static_cast<float>(visited) * em() * 1.5f + em() * 4.2f, size.y * 0.45f);
  }
  const float above = size.y - 2 * pad - below;
  ImGui::SetCursorScreenPos(inner);
  histogram(other, {size.x - 2 * pad, above});
  const ImVec2 rest{inner.x, inner.y + above + em() * 0.6f}, room{size.x - 2 * pad, below - em() * 0.6f};
  if (view_ != nullptr) {
    bands(look, rest, room);
  } else {
    draw_text(*ImGui::GetWindowDrawList(), small_font(), 0, rest, theme().dim,
              look.view->state == RunState::broken ? "of this run no requests can be followed"
              : look.view->finished == nullptr     ? "where the time went is known when the run is over"
              : look.following()                   ? "following the requests of this stretch …"
                                                   : "the requests of this stretch could not be followed");
    components(look, rest + ImVec2{0, em() * 1.4f}, room - ImVec2{0, em() * 1.4f});
  }
  ImGui::SetCursorScreenPos(origin + ImVec2{0, size.y});
}

}  // namespace tailrace::viewer
