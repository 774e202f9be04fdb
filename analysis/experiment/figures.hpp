#pragma once
// What experiments compare: a run's figures in a form that can be kept for thousands of runs. A model has a
// list of figures, named as thresholds name them ("shoppers.request_duration" "p(99)"); a replication leaves
// a sum and a weight for each that is a ratio, and one histogram of durations per workload or class. Records
// can be thrown away after that. Models that differ have different lists, so figures are matched by name.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "analysis/report/thresholds.hpp"
#include "analysis/stats/interval.hpp"
#include "models/compile/compiled_model.hpp"
#include "models/runtime/record.hpp"

namespace tailrace::analysis {

enum class Better : std::uint8_t { lower, higher, neither };

struct RunFigure {
  std::string metric;       // "shoppers.request_duration"
  std::string aggregation;  // "avg", "p(99)", "rate", "value"
  FigureUnit unit = FigureUnit::number;
  Better better = Better::neither;
  bool headline = false;  // of a whole workload: what a verdict is about
  double percentile = 0;  // 0: a ratio
  RatioOf ratio = RatioOf::sums;
  std::size_t source = 0;  // in ReplicationFigures: ratios, or durations for percentiles

  std::string name() const { return metric + " " + aggregation; }
};

inline constexpr std::array<double, 5> kFigurePercentiles = {0.5, 0.9, 0.95, 0.99, 0.999};

std::vector<RunFigure> list_figures(const models::CompiledModel& model);

const char* unit_name(FigureUnit unit);  // s, fraction, per_s, number: as files have it

struct ReplicationFigures {
  std::uint32_t replication = 0;
  std::vector<RatioSample> ratios;
  std::vector<sim::Histogram> durations;  // ns, requests that ended, failures too
};
ReplicationFigures take_figures(const models::CompiledModel& model, const models::RunRecord& record);

// The estimate over replications, as a run reports it. groups is 0 where nothing was observed.
Interval estimate(const RunFigure& figure, const std::vector<ReplicationFigures>& replications,
                  double confidence);

// The one that "METRIC AGGREGATION" names, or null; `nearest` is then the most similar name, if any is.
const RunFigure* find_figure(const std::vector<RunFigure>& figures, std::string_view name,
                             std::string& nearest);
// The tail of the first workload: p(99) of its request_duration. Null for a model without workloads.
const RunFigure* default_primary(const std::vector<RunFigure>& figures);

}  // namespace tailrace::analysis
