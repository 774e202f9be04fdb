#pragma once
// Words and figures of a report as HTML and as Markdown. Whatever a user wrote goes through html() or
// markdown(): control characters and broken UTF-8 become visible, and nothing can open a tag, end an
// attribute, make a link or mention somebody.
#include <string>
#include <string_view>

#include "analysis/report/human.hpp"
#include "analysis/report/latency_report.hpp"
#include "analysis/report/thresholds.hpp"

namespace tailrace::analysis::html {

inline constexpr TextStyle kText{false, true};

std::string html(std::string_view text);      // for text and for quoted attributes
std::string markdown(std::string_view text);  // one line, inside a table's cell too

// "12.3 ms", and what stands behind it: " ±0.4", or nothing where the interval is unknown.
struct Figure {
  std::string value, spread;
};
Figure figure(const Interval& i, const HumanScale& scale, bool estimable);
Figure duration(const LatencyReport& latency, std::size_t percentile);  // of kPercentiles
Figure mean_duration(const LatencyReport& latency);
Figure measured(const ThresholdResult& threshold);
std::string percentile_name(std::size_t percentile);  // "p99.9"

// "3 of 4 thresholds failed" and the like; how the run ended where it ended early.
struct Verdict {
  enum class Kind : unsigned char { good, bad, undecided, none } kind = Kind::none;
  std::string words;
};
Verdict verdict(const RunReport& report, const std::vector<ThresholdResult>& thresholds);
std::string remark(const ThresholdResult& threshold);

// "5 replications × 60 s measured after 5 s of warm-up · seed 1 · 123,456 events".
std::string run_line(const RunReport& report, std::uint64_t seed);

}  // namespace tailrace::analysis::html
