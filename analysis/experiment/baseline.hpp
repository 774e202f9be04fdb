#pragma once
// A run against an earlier one: is anything of the workloads significantly worse? Where both runs have one
// seed and one length, replication r of both met the same customers and the intervals are Student's over the
// pairs; otherwise they are Welch's over two independent samples. The p-values of all figures are corrected
// together by Holm's method, so a gate of many figures cries wolf as seldom as one of a single figure. A
// regression is a figure that is worse, significantly, and by more than the tolerance.
#include <string>
#include <vector>

#include "analysis/report/kept_figures.hpp"
#include "analysis/stats/interval.hpp"
#include "models/compile/compiled_model.hpp"
#include "models/runtime/record.hpp"

namespace tailrace::analysis {

// Of whole workloads.
std::vector<KeptFigure> keep_figures(const models::CompiledModel& model,
                                     const std::vector<models::RunRecord>& records);

struct BaselineRun {
  std::string file, scenario;
  std::uint64_t seed = 1;
  double duration_s = 0, warmup_s = 0;
  std::vector<KeptFigure> figures;
};

enum class Change : std::uint8_t { unknown, none, better, worse };

struct BaselineFigure {
  std::string name, unit;
  double before = 0, after = 0;  // means of the replications' values
  Interval difference;           // after - before, of one comparison alone
  double p_adjusted = 1;
  Change change = Change::unknown;
  bool regression = false;  // worse by more than the tolerance
};

struct BaselineComparison {
  bool paired = false;
  int replications = 0;  // pairs; of two samples the smaller
  double confidence = 0.95, tolerance = 0;
  std::vector<BaselineFigure> figures;
  std::vector<std::string> notes;
  bool regressed() const;
};

BaselineComparison compare_with_baseline(const BaselineRun& before, const BaselineRun& after,
                                         double confidence, double tolerance);

const char* change_name(Change change);
// "shoppers.request_duration p(99): 0.41 s to 0.62 s, +51 % (95 % interval of the difference 0.1 to 0.3 s)"
std::string baseline_line(const BaselineFigure& figure, const BaselineComparison& comparison);
std::string baseline_text(const BaselineComparison& comparison, const std::string& file);

}  // namespace tailrace::analysis
