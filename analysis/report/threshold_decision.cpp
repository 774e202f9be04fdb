#include "analysis/report/threshold_decision.hpp"

#include "analysis/stats/student.hpp"

namespace tailrace::analysis {

void set_confidence(Interval& i, double confidence) {
  if (!i.known || i.groups < 2) return;
  const double dof = i.groups - 1;
  const double factor = t_critical(confidence, dof) / t_critical(i.confidence, dof);
  i.low = i.estimate - factor * (i.estimate - i.low);
  i.high = i.estimate + factor * (i.high - i.estimate);
  i.confidence = confidence;
}

Decided decided(const ThresholdResult& t) {
  const Interval& i = t.measured;
  if (!i.known) return Decided::untold;
  const bool low = holds(t, i.low), high = holds(t, i.high);
  if (i.low < t.limit && t.limit < i.high) return Decided::untold;
  if (low && high) return Decided::met;
  if (!low && !high) return Decided::failed;
  return Decided::untold;
}

}  // namespace tailrace::analysis
