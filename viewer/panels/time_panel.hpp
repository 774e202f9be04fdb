#pragma once
// The run over time: faults and changes in lanes, load and goodput, latency on a logarithmic axis, and what
// is selected. All rows share one time axis. Dragging brushes a range that every panel then shows; a click
// moves the playhead; the strip at the top scrubs; the wheel zooms time, a double click shows all of it
// again.
#include <memory>
#include <optional>
#include <vector>

#include "viewer/panels/look.hpp"
#include "viewer/widgets/plot.hpp"

namespace tailrace::viewer {

class TimePanel {
 public:
  // `other`: a second run that is ready, dashed; may be null.
  void draw(Look& look, const Look* other, ImVec2 size);

  // Where a time is on the screen, for tests: in the row of the load.
  ImVec2 where(double t_s) const;

 private:
  struct Curves {
    std::shared_ptr<const History> history;  // runs of two sessions may have the same numbers
    TimeRange range;
    int node = -2, edge = -2, width = 0;
    std::vector<SeriesPoint> offered, goodput, failed, p50, p99, p999, first, second;
  };
  void collect(Curves& curves, const Look& look, std::size_t points) const;
  float lanes(Look& look, ImVec2 at, float width, float height);
  void load_row(Look& look, const Look* other, ImVec2 size);
  void latency_row(Look& look, const Look* other, ImVec2 size, bool labels);
  void selection_row(Look& look, const Look* other, ImVec2 size);
  void interact(Look& look, const PlotFrame& plot);
  void overlays(const Look& look, PlotFrame& plot, bool label);
  PlotOptions options(const char* title) const;

  std::optional<TimeRange> shown_;
  TimeRange axis_;
  Curves mine_, others_;
  double drag_from_ = -1;
  bool dragging_ = false;
  ImVec2 load_min_, load_max_;
};

}  // namespace tailrace::viewer
