#pragma once
// How estimates and latencies stand in summary.json: {estimate, low, high, confidence, count, groups}; what
// could not be estimated is null, with a reason.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "analysis/report/json_text.hpp"
#include "analysis/report/latency_report.hpp"

namespace tailrace::analysis {

// `count` replaces the interval's own where that counts something else (a rate's is seconds).
void interval(JsonText& json, std::string_view name, const Interval& i,
              std::optional<std::uint64_t> count = {}, bool estimable = true);
void latency(JsonText& json, std::string_view name, const LatencyReport& l);
std::string percentile_name(double p);  // "p99.9"

}  // namespace tailrace::analysis
