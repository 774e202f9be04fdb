#include "analysis/experiment/baseline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "analysis/experiment/figures.hpp"
#include "analysis/report/human.hpp"
#include "analysis/stats/paired.hpp"
#include "models/field/diagnostics.hpp"

namespace tailrace::analysis {

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr const char* kBetter[] = {"lower", "higher", "neither"};

double value_of(const RunFigure& figure, const ReplicationFigures& r) {
  if (figure.percentile > 0) {
    const sim::Histogram& h = r.durations[figure.source];
    // A replication's own percentile of too few requests says nothing.
    const double beyond = static_cast<double>(h.count()) * std::min(figure.percentile, 1 - figure.percentile);
    return beyond < 1 ? kNone : sim::seconds_of(h.quantile(figure.percentile));
  }
  const RatioSample& s = r.ratios[figure.source];
  return s.weight > 0 ? s.total / s.weight : kNone;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double v : values) sum += v;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

std::vector<double> seen(const std::vector<double>& values) {
  std::vector<double> out;
  for (const double v : values) {
    if (std::isfinite(v)) out.push_back(v);
  }
  return out;
}

// Pair by pair, or of two samples.
MeanDifference compare(const KeptFigure& a, const KeptFigure& b, bool paired, double confidence,
                       BaselineFigure& out) {
  std::vector<double> x, y;
  if (paired) {
    for (std::size_t r = 0; r < std::min(a.values.size(), b.values.size()); ++r) {
      if (!std::isfinite(a.values[r]) || !std::isfinite(b.values[r])) continue;
      x.push_back(a.values[r]);
      y.push_back(b.values[r]);
    }
  } else {
    x = seen(a.values);
    y = seen(b.values);
  }
  out.before = mean_of(x);
  out.after = mean_of(y);
  return paired ? paired_difference(x, y, confidence) : welch_difference(x, y, confidence);
}

std::string shown(double value, const std::string& unit) {
  if (unit == "s") return human_duration(value, {});
  if (unit == "fraction") return human_fraction(value);
  if (unit == "per_s") return human_rate(value);
  return human_number(value);
}

}  // namespace

std::vector<KeptFigure> keep_figures(const models::CompiledModel& model,
                                     const std::vector<models::RunRecord>& records) {
  const std::vector<RunFigure> figures = list_figures(model);
  std::vector<KeptFigure> kept;
  for (const RunFigure& f : figures) {
    if (f.headline)
      kept.push_back({f.name(), unit_name(f.unit), kBetter[static_cast<std::size_t>(f.better)], {}});
  }
  for (const models::RunRecord& r : records) {
    const ReplicationFigures of_one = take_figures(model, r);  // histograms: not kept for all
    const bool whole = r.status == models::RunStatus::completed;
    std::size_t k = 0;
    for (const RunFigure& f : figures) {
      if (f.headline) kept[k++].values.push_back(whole ? value_of(f, of_one) : kNone);
    }
  }
  return kept;
}

bool BaselineComparison::regressed() const {
  return std::any_of(figures.begin(), figures.end(), [](const BaselineFigure& f) { return f.regression; });
}

BaselineComparison compare_with_baseline(const BaselineRun& before, const BaselineRun& after,
                                         double confidence, double tolerance) {
  BaselineComparison out;
  out.confidence = confidence;
  out.tolerance = tolerance;
  out.paired =
      before.seed == after.seed && before.duration_s == after.duration_s && before.warmup_s == after.warmup_s;
  std::vector<double> p_values;
  std::vector<std::size_t> judged;
  std::vector<std::string> better;
  for (const KeptFigure& now : after.figures) {
    const auto then = std::find_if(before.figures.begin(), before.figures.end(),
                                   [&](const KeptFigure& f) { return f.name == now.name; });
    if (then == before.figures.end()) {
      out.notes.push_back(now.name + " is not in the baseline");
      continue;
    }
    if (now.better == "neither") continue;
    BaselineFigure f;
    f.name = now.name;
    f.unit = now.unit;
    const MeanDifference difference = compare(*then, now, out.paired, confidence, f);
    f.difference = difference.interval;
    const auto pairs = static_cast<int>(std::min(then->values.size(), now.values.size()));
    out.replications = std::max(out.replications, pairs);
    if (f.difference.known) {
      judged.push_back(out.figures.size());
      p_values.push_back(difference.p_value);
    }
    better.push_back(now.better);
    out.figures.push_back(std::move(f));
  }
  for (const KeptFigure& then : before.figures) {
    if (std::none_of(after.figures.begin(), after.figures.end(),
                     [&](const KeptFigure& f) { return f.name == then.name; }))
      out.notes.push_back(models::escaped(then.name) + " is in the baseline only");
  }
  const std::vector<double> adjusted = holm_adjusted(p_values);
  for (std::size_t k = 0; k < judged.size(); ++k) {
    BaselineFigure& f = out.figures[judged[k]];
    f.p_adjusted = adjusted[k];
    f.change = Change::none;
    if (f.p_adjusted > 1 - confidence || f.after == f.before) continue;
    const bool worse = (better[judged[k]] == "lower") == (f.after > f.before);
    f.change = worse ? Change::worse : Change::better;
    f.regression = worse && std::fabs(f.after - f.before) > tolerance * std::fabs(f.before);
  }
  return out;
}

const char* change_name(Change change) {
  constexpr const char* kNames[] = {"unknown", "no difference told", "better", "worse"};
  return kNames[static_cast<std::size_t>(change)];
}

std::string baseline_line(const BaselineFigure& f, const BaselineComparison& c) {
  std::string line = fmt::format("{}: {} to {}", f.name, shown(f.before, f.unit), shown(f.after, f.unit));
  if (f.before != 0) line += fmt::format(", {:+.3g} %", 100 * (f.after - f.before) / std::fabs(f.before));
  if (f.difference.known)
    line += fmt::format(" (difference {:+.4g} to {:+.4g} {} at {:g} %, p {:.3g})", f.difference.low,
                        f.difference.high, f.unit, 100 * c.confidence, f.p_adjusted);
  if (f.change == Change::unknown) line += ": too few replications to tell";
  return line;
}

std::string baseline_text(const BaselineComparison& c, const std::string& file) {
  std::string out =
      fmt::format("\nagainst {}: {} intervals over {} replications, p-values corrected over {} figures\n",
                  file, c.paired ? "paired" : "unpaired (Welch)", c.replications, c.figures.size());
  bool any = false;
  for (const BaselineFigure& f : c.figures) {
    if (f.change != Change::worse && f.change != Change::better) continue;
    any = true;
    out += fmt::format("  {}  {}\n",
                       f.regression                ? "REGRESSION"
                       : f.change == Change::worse ? "worse, within the tolerance"
                                                   : "better",
                       baseline_line(f, c));
  }
  if (!any) out += "  no significant difference\n";
  for (const std::string& note : c.notes) out += "  " + note + '\n';
  return out;
}

}  // namespace tailrace::analysis
