#pragma once
// How long requests took: a histogram and its distribution function on one logarithmic axis, with the
// percentiles marked, beside the whole run's for comparison. A click on a band (a stretch between two marks)
// says how many requests are in it. Below, where time goes: the mean time inside of each component, in the
// same range.
#include "viewer/panels/look.hpp"
#include "viewer/widgets/plot.hpp"

namespace tailrace::viewer {

class TailPanel {
 public:
  // `other`: a second run, dashed; may be null.
  void draw(Look& look, const Look* other, ImVec2 size);

 private:
  struct Bin {
    double lower = 0, upper = 0, share = 0, cumulative = 0;
  };
  static std::vector<Bin> binned(const LatencyCurve& curve, double least, double top, int bins);
  void histogram(const Look* other, ImVec2 size);
  void components(Look& look, ImVec2 at, ImVec2 size) const;

  std::uint64_t run_ = 0, version_ = 0;
  TimeRange range_;  // that is shown: the brush, or the last stretch before the playhead
  int workload_ = -2;
  LatencyCurve here_, whole_, other_;
  int band_ = -1;  // that was clicked: between percentile marks
};

}  // namespace tailrace::viewer
