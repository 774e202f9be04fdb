#include "analysis/stats/sequential.hpp"

#include <algorithm>
#include <cmath>

#include "sim/base/check.hpp"

namespace tailrace::analysis {

namespace {

double target_half_width(const Interval& interval, const SequentialOptions& options) {
  return std::max(options.relative_precision * std::fabs(interval.estimate), options.absolute_precision);
}

}  // namespace

bool precise_enough(const Interval& interval, const SequentialOptions& options) {
  return interval.known && interval.half_width() <= target_half_width(interval, options);
}

int next_round(int done, const SequentialOptions& options) {
  TAILRACE_CHECK(options.first_round >= 2 && options.round >= 1);
  TAILRACE_CHECK(options.max_replications >= 2);
  const int next = done < options.first_round ? options.first_round : done + options.round;
  return std::min(next, options.max_replications);
}

SequentialDecision decide(int done, std::span<const TargetMetric> metrics, const SequentialOptions& options) {
  const int first = std::min(options.first_round, options.max_replications);
  TAILRACE_CHECK(done >= 0 && done <= options.max_replications);
  TAILRACE_CHECK(done == 0 || done == options.max_replications ||
                 (done >= first && (done - first) % options.round == 0));
  SequentialDecision decision;
  if (done == 0) {
    decision.replications = next_round(0, options);
    return decision;
  }
  // The worst is the metric with the largest half width over target; an unknown interval is worse than any.
  bool all_met = true;
  double worst_excess = 0;
  for (const TargetMetric& metric : metrics) {
    if (precise_enough(metric.interval, options)) continue;
    const double excess = metric.interval.half_width() / target_half_width(metric.interval, options);
    if (!all_met && !(excess > worst_excess)) continue;
    all_met = false;
    worst_excess = excess;
    decision.worst = metric.name;
    decision.projected = std::isfinite(excess) ? std::ceil(done * excess * excess) : 0;
  }
  decision.replications = done;
  if (all_met) {
    decision.verdict = SequentialVerdict::stop;
  } else if (done == options.max_replications) {
    decision.verdict = SequentialVerdict::hopeless;
  } else {
    decision.replications = next_round(done, options);
  }
  return decision;
}

}  // namespace tailrace::analysis
