#include "analysis/report/threshold_decision.hpp"

namespace tailrace::analysis {

Decided decided(const ThresholdResult& t) {
  const Interval& i = t.measured;
  if (!i.known) return Decided::untold;
  // "rate == 0": that none happened is all that any run can say of it.
  if (i.exact != RatioOf::sums && i.estimate == t.limit && holds(t, i.estimate)) return Decided::met;
  const bool low = holds(t, i.low), high = holds(t, i.high);
  if (i.low < t.limit && t.limit < i.high) return Decided::untold;
  if (low && high) return Decided::met;
  if (!low && !high) return Decided::failed;
  return Decided::untold;
}

}  // namespace tailrace::analysis
