// The way of a value to its histogram in large runs: a buffer in the order of the run, then a cache line for
// each series, then the histogram. Each step touches far fewer lines than it moves values, and asks for those
// of the next. The values of a series stay in their order.
#include <span>

#include "models/runtime/execution.hpp"

namespace tailrace::models {

// Each to the line of its series, and the lines that are full to their histograms, which three passes fetch.
void Execution::flush_samples() {
  std::size_t full = 0;  // their series take the places of samples that have been moved
  for (std::size_t i = 0; i < sample_count_; ++i) {
    const Sample sample = samples_[i];
    RecentValues& recent = recent_[sample.series];
    if (recent.count == RecentValues::kMost) record_recent(sample.series);
    if (sample.value >> 32 != 0) [[unlikely]] {  // too long for the line
      record_recent(sample.series);
      series_[sample.series].record(sample.value);
      continue;
    }
    recent.values[recent.count] = static_cast<std::uint32_t>(sample.value);
    if (++recent.count < RecentValues::kMost) continue;
    samples_[full++].series = sample.series;
  }
  sample_count_ = 0;
  const auto each = [&](auto&& visit) {
    for (std::size_t i = 0; i < full; ++i) {
      const RecentValues& recent = recent_[samples_[i].series];
      visit(series_[samples_[i].series], std::span(recent.values.data(), recent.count));
    }
  };
  each([](const sim::Histogram& h, auto) { h.fetch_totals(); });
  each([](const sim::Histogram& h, auto values) { h.fetch_ways(values); });
  each([](const sim::Histogram& h, auto values) { h.fetch_buckets(values); });
  for (std::size_t i = 0; i < full; ++i) {
    if (recent_[samples_[i].series].count == RecentValues::kMost) record_recent(samples_[i].series);
  }
}

void Execution::record_recent(std::uint32_t series) {
  RecentValues& recent = recent_[series];
  for (std::uint32_t k = 0; k < recent.count; ++k) series_[series].record(recent.values[k]);
  recent.count = 0;
}

void Execution::record_all_recent() {
  flush_samples();
  for (std::uint32_t i = 0; i < recent_.size(); ++i) record_recent(i);
}

}  // namespace tailrace::models
