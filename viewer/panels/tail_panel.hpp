#pragma once
// How long requests took, and where the time of the slow ones went. Above: a histogram and its distribution
// function on one logarithmic axis, with percentiles, beside the whole run's. Two bands of latency are
// chosen there or by name (a click between marks, a drag over any stretch; with shift the one it is compared
// with). Below: what a request of the band spent at whom and why, and how that differs; and single requests
// of the band, each as a waterfall.
//
// Requests are followed by a second run of the same once the first is over (Session::want_traces), so
// nothing of this is known while it goes; until then: the mean time inside of each component.
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "viewer/model/stored_traces.hpp"
#include "viewer/model/tail_tracer.hpp"
#include "viewer/model/waterfall.hpp"
#include "viewer/panels/look.hpp"
#include "viewer/widgets/plot.hpp"

namespace tailrace::viewer {

class TailPanel {
 public:
  // `other`: a second run that is ready, dashed; may be null.
  void draw(Look& look, const Look* other, ImVec2 size);

  // For tests and the command line: a band by name, or from one latency to another.
  void choose(LatencyBand band) { slow_ = {Choice::Kind::band, std::move(band)}; }
  void compare_with(LatencyBand band) { base_ = {Choice::Kind::band, std::move(band)}; }
  void open_example(int which) { example_ = which, stored_example_ = -1; }
  void open_stored(int which) { stored_example_ = which; }  // of Session::stored_traces()
  // What is shown, of the last frame; null where nothing is.
  const BandView* slow() const { return slow_view_ ? &*slow_view_ : nullptr; }
  const BandView* base() const { return base_view_ ? &*base_view_ : nullptr; }
  const Waterfall* shown_request() const { return waterfall_ ? &*waterfall_ : nullptr; }
  // A single request is being followed that the traces kept no spans of.
  bool following() const { return tracer_ != nullptr && tracer_->busy(); }
  bool wait(double seconds) const { return tracer_ == nullptr || tracer_->wait(seconds); }
  bool where(const std::string& what, ImVec2& centre) const;  // "band p99", "against p50", "request 0", ...
  ImVec2 where_latency(double seconds) const;

 private:
  struct Bin {
    double lower = 0, upper = 0, share = 0, cumulative = 0;
  };
  struct Choice {
    enum class Kind : unsigned char { automatic, none, band } kind = Kind::automatic;
    LatencyBand band;  // a name that the view knows, or two latencies
  };
  static std::vector<Bin> binned(const LatencyCurve& curve, double least, double top, int bins);
  void take(Look& look, const Look* other);
  void take_bands();
  void take_request();
  bool fits(const StoredRequest& request) const;
  std::optional<BandView> realise(const Choice& choice, const LatencyBand* automatic) const;
  void histogram(const Look* other, ImVec2 size);
  void marks(PlotFrame& plot, double least, double top);
  void shade(PlotFrame& plot, const BandView* band, ImU32 colour, bool above) const;
  void choose_by_mouse(PlotFrame& plot);
  void components(Look& look, ImVec2 at, ImVec2 size) const;  // without traces
  // tail_bands.cpp
  void bands(Look& look, ImVec2 at, ImVec2 size);
  float choices(ImVec2 at, float width);
  float headline(ImVec2 at, float width) const;
  void shares(Look& look, ImVec2 at, ImVec2 size);
  float requests(ImVec2 at, float width);
  float stored_requests(ImVec2 at, float width);
  bool chip(const std::string& id, const std::string& text, bool lit, ImU32 colour, ImVec2 at, float& width);

  std::shared_ptr<const History> history_, other_history_;  // that the curves below are of
  TimeRange range_;  // that is shown: the brush, or the last stretch before the playhead; whole slices
  int workload_ = -2, other_workload_ = -2;
  LatencyCurve here_, whole_, other_;

  std::shared_ptr<const TailTraces> traces_;
  std::shared_ptr<const TailView> view_;
  std::shared_ptr<const Scene> scene_;
  Choice slow_, base_;
  Choice slow_made_, base_made_;  // that the views below are of
  std::shared_ptr<const TailView> made_of_;
  std::optional<BandView> slow_view_, base_view_;
  std::vector<TailChange> changes_;
  int example_ = -1;  // of slow_view_->examples
  int example_made_ = -1;
  std::shared_ptr<const StoredTraces> stored_;  // null where nothing is stored
  int stored_example_ = -1, stored_made_ = -1;  // of stored_->requests; goes before example_
  std::unique_ptr<TailTracer> tracer_;          // of single requests; made when the first is wanted
  std::optional<Waterfall> waterfall_;
  bool wide_ = false;

  double drag_from_ = -1, drag_to_ = -1;  // latencies
  ImVec2 pressed_;
  double edges_[6] = {};
  std::string above_;  // percentiles, where labels in the plot have no room
  PlotFrame plot_;
  std::map<std::string, ImVec2> places_;
};

}  // namespace tailrace::viewer
