#include "analysis/experiment/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "sim/base/check.hpp"

namespace tailrace::analysis {

namespace {

const RunFigure* matching(const std::vector<RunFigure>& figures, const RunFigure& wanted) {
  for (const RunFigure& f : figures) {
    if (f.metric == wanted.metric && f.aggregation == wanted.aggregation) return &f;
  }
  return nullptr;
}

PairedComparison compare_figure(const ComparedVariant& a, const RunFigure& of_a, const ComparedVariant& b,
                                const RunFigure& of_b, double confidence) {
  TAILRACE_CHECK(a.replications.size() == b.replications.size());
  const std::size_t n = a.replications.size();
  if (of_a.percentile > 0) {
    std::vector<const sim::Histogram*> left, right;
    for (std::size_t r = 0; r < n; ++r) {
      left.push_back(&a.replications[r].durations[of_a.source]);
      right.push_back(&b.replications[r].durations[of_b.source]);
    }
    return compare_percentiles(left, right, of_a.percentile, 1e9, confidence);
  }
  std::vector<RatioSample> left, right;
  for (std::size_t r = 0; r < n; ++r) {
    left.push_back(a.replications[r].ratios[of_a.source]);
    right.push_back(b.replications[r].ratios[of_b.source]);
  }
  return compare_ratios(left, right, confidence);
}

// Holm within the rows that are (or are not) of the primary figure; the size of that family.
std::size_t correct(std::vector<FigureComparison>& rows, bool primary) {
  std::vector<double> p_values;
  std::vector<FigureComparison*> family;
  for (FigureComparison& row : rows) {
    if (row.primary != primary || !row.result.difference.known) continue;
    family.push_back(&row);
    p_values.push_back(row.result.p_value);
  }
  const std::vector<double> adjusted = holm_adjusted(p_values);
  for (std::size_t i = 0; i < family.size(); ++i) family[i]->p_adjusted = adjusted[i];
  return family.size();
}

Finding judge(const FigureComparison& row, double level) {
  const Interval& d = row.result.difference;
  if (!d.known) return Finding::unknown;
  if (d.estimate == 0 && d.half_width() == 0) return Finding::equal;
  if (row.p_adjusted < level) return Finding::different;
  return row.result.p_value < level ? Finding::uncorrected : Finding::untold;
}

}  // namespace

const char* finding_name(Finding finding) {
  constexpr const char* kNames[] = {"unknown", "equal", "untold", "uncorrected", "different"};
  return kNames[static_cast<std::size_t>(finding)];
}

Comparison compare_variants(const std::vector<ComparedVariant>& variants, const std::string& primary,
                            double confidence) {
  TAILRACE_CHECK(!variants.empty());
  Comparison out;
  out.primary = primary;
  out.confidence = confidence;
  out.replications = static_cast<int>(variants[0].replications.size());
  for (const ComparedVariant& v : variants) out.variants.push_back(v.name);
  const ComparedVariant& base = variants[0];
  for (std::size_t v = 1; v < variants.size(); ++v) {
    std::size_t only_base = 0, matched = 0;
    for (const RunFigure& figure : base.figures) {
      const RunFigure* other = matching(variants[v].figures, figure);
      if (other == nullptr) {
        ++only_base;
        continue;
      }
      ++matched;
      FigureComparison row;
      row.figure = figure;
      row.variant = v;
      row.primary = figure.name() == primary;
      row.result = compare_figure(base, figure, variants[v], *other, confidence);
      out.rows.push_back(std::move(row));
    }
    const std::size_t only_other = variants[v].figures.size() - matched;
    if (only_base + only_other > 0) {
      out.notes.push_back(fmt::format("figures that only one side has are left out: {} of {}, {} of {}",
                                      only_base, base.name, only_other, variants[v].name));
    }
  }
  out.primary_family = correct(out.rows, true);
  out.other_family = correct(out.rows, false);
  for (FigureComparison& row : out.rows) row.finding = judge(row, 1 - confidence);
  return out;
}

}  // namespace tailrace::analysis
