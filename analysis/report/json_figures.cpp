#include "analysis/report/json_figures.hpp"

#include <fmt/format.h>

namespace tailrace::analysis {

void interval(JsonText& json, std::string_view name, const Interval& i, std::optional<std::uint64_t> count,
              bool estimable) {
  const bool empty = i.groups == 0 || !estimable;
  json.key(name).begin_inline_object().key("estimate");
  empty ? json.null() : json.value(i.estimate);
  json.key("low");
  i.known&& estimable ? json.value(i.low) : json.null();
  json.key("high");
  i.known&& estimable ? json.value(i.high) : json.null();
  json.field("confidence", i.confidence).field("count", count.value_or(i.count)).field("groups", i.groups);
  if (!i.known || !estimable)
    json.field("reason", i.reason.empty() ? std::string("no observations") : i.reason);
  json.end_object();
}

std::string percentile_name(double p) {
  return fmt::format("p{:g}", 100 * p);
}

void latency(JsonText& json, std::string_view name, const LatencyReport& l) {
  json.key(name).begin_object();
  json.field("count", l.count);
  interval(json, "mean", l.mean, l.count);
  for (const auto& [field, value] :
       {std::pair{"stddev", l.stddev}, std::pair{"min", l.min}, std::pair{"max", l.max}}) {
    json.key(field);
    l.count > 0 ? json.value(value) : json.null();
  }
  json.key("percentiles").begin_object();
  for (std::size_t k = 0; k < kPercentiles.size(); ++k) {
    interval(json, percentile_name(kPercentiles[k]), l.percentiles[k], l.count,
             l.count >= requests_needed(kPercentiles[k]));
  }
  json.end_object().end_object();
}

}  // namespace tailrace::analysis
