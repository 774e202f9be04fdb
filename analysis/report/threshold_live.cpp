#include "analysis/report/threshold_live.hpp"

#include <fmt/format.h>

#include "analysis/report/threshold_metric.hpp"

namespace tailrace::analysis {

using detail::Aggregation;
using detail::Metric;
using detail::Owner;
using detail::Resolved;

std::optional<LiveThreshold> LiveThreshold::make(const models::Topology& topology,
                                                 const models::Threshold& threshold, std::string& fault) {
  Resolved r;
  if (!detail::resolve_threshold(topology, threshold, r)) return std::nullopt;
  if (r.info->owner != Owner::workload) {
    fault =
        fmt::format("{} is not known before the run ends: only figures of workloads are", threshold.metric);
    return std::nullopt;
  }
  if (r.aggregation == Aggregation::count && r.op[0] != '<') {
    fault = "a count grows, so whether it does not reach its limit is known at the end only";
    return std::nullopt;
  }
  LiveThreshold out;
  out.metric_ = threshold.metric;
  out.expression_ = threshold.expression;
  out.classes_ = 1;
  out.first_class_ = r.id;
  if (!r.of_class) {
    out.first_class_ = 0;
    for (std::size_t w = 0; w < r.id; ++w) out.first_class_ += topology.workloads[w].classes.size();
    out.classes_ = topology.workloads[r.id].classes.size();
  }
  out.resolved_ = std::make_shared<const Resolved>(std::move(r));
  return out;
}

std::optional<double> LiveThreshold::failed(const models::CompiledModel& model,
                                            const models::Peek& peek) const {
  const std::optional<double> now = value(model, peek);
  if (!now || detail::holds(*now, resolved_->op, resolved_->limit)) return std::nullopt;
  return now;
}

std::optional<double> LiveThreshold::value(const models::CompiledModel& model,
                                           const models::Peek& peek) const {
  const Resolved& r = *resolved_;
  models::ClassRecord sum;
  for (std::size_t c = first_class_; c < first_class_ + classes_; ++c) {
    const models::ClassRecord one = peek.request_class(c);
    sum.arrived += one.arrived;
    sum.degraded += one.degraded;
    for (std::size_t o = 0; o < models::kOutcomes; ++o) sum.ended[o] += one.ended[o];
  }
  const std::uint64_t ended = models::total(sum.ended), good = sum.ended[0];
  const double seconds = static_cast<double>(peek.now_ns() - peek.statistics_since_ns()) * 1e-9;
  const auto share = [](std::uint64_t part, std::uint64_t whole) -> std::optional<double> {
    if (whole == 0) return std::nullopt;
    return static_cast<double>(part) / static_cast<double>(whole);
  };
  const auto per_second = [&](std::uint64_t n) -> std::optional<double> {
    if (r.aggregation == Aggregation::count) return static_cast<double>(n);
    if (!(seconds > 0)) return std::nullopt;
    return static_cast<double>(n) / seconds;
  };
  switch (r.info->metric) {
    case Metric::request_failed:
      return share(ended - good, ended);
    case Metric::degraded:
      return share(sum.degraded, good);
    case Metric::requests:
      return per_second(sum.arrived);
    case Metric::goodput:
      return per_second(good);
    default:
      break;
  }
  sim::Histogram all;
  for (std::size_t c = first_class_; c < first_class_ + classes_; ++c) {
    all.merge(peek.series(model.classes[c].success_series));
    all.merge(peek.series(model.classes[c].failure_series));
  }
  if (all.empty()) return std::nullopt;
  switch (r.aggregation) {
    case Aggregation::avg:
      return all.mean() / 1e9;
    case Aggregation::min:
      return sim::seconds_of(all.min());
    case Aggregation::max:
      return sim::seconds_of(all.max());
    case Aggregation::med:
      return sim::seconds_of(all.quantile(0.5));
    default:
      return sim::seconds_of(all.quantile(r.percentile));
  }
}

}  // namespace tailrace::analysis
