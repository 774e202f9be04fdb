#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/experiment/comparison_output.hpp"
#include "analysis/report/text_table.hpp"

namespace tailrace::analysis {

namespace {

constexpr std::size_t kMostOthers = 12;  // rows of stations and classes, per variant

std::string percent(double share) {
  const double p = 100 * std::fabs(share);
  if (p == 0) return "0";
  return fmt::format("{:.{}f}", p, p >= 9.95 ? 0 : p >= 0.995 ? 1 : p >= 0.0995 ? 2 : 3);
}

// A change by this share, in words: "38 % lower".
std::string change_in_words(double share, const char* unit) {
  if (share == 0) return "the same";
  return fmt::format("{} {} {}", percent(share), unit, share < 0 ? "lower" : "higher");
}

struct Change {
  double value, low, high;
  const char* unit;
};
// Shares are compared in percentage points, all else in per cent of the baseline.
Change change_of(const FigureComparison& row) {
  const Interval& d = row.result.difference;
  const Interval& r = row.result.ratio;
  if (row.figure.unit == FigureUnit::fraction || !r.known)
    return {d.estimate, d.low, d.high, "percentage points"};
  return {r.estimate - 1, r.low - 1, r.high - 1, "%"};
}

bool in_words_by_share(const FigureComparison& row) {
  return row.figure.unit == FigureUnit::fraction || row.result.ratio.known;
}

std::string absolute(const FigureComparison& row, double value) {
  const TextStyle plain;
  return scale_of(row.figure.unit, value, plain).text(value);
}

std::string range_in_words(const FigureComparison& row) {
  const Interval& d = row.result.difference;
  if (!in_words_by_share(row)) return fmt::format("{} to {}", absolute(row, d.low), absolute(row, d.high));
  const Change c = change_of(row);
  if (c.low < 0 && c.high > 0) {
    return fmt::format("{} to {}", change_in_words(c.low, c.unit), change_in_words(c.high, c.unit));
  }
  const bool lower = c.value < 0;
  return fmt::format("{} to {} {}", percent(lower ? c.high : c.low), percent(lower ? c.low : c.high), c.unit);
}

Ink ink_of(const FigureComparison& row) {
  if (row.finding != Finding::different || row.figure.better == Better::neither) return Ink::plain;
  const bool lower = row.result.difference.estimate < 0;
  return lower == (row.figure.better == Better::lower) ? Ink::good : Ink::bad;
}

std::vector<TextTable::Cell> table_row(const FigureComparison& row, TextStyle style) {
  const PairedComparison& r = row.result;
  const bool seen = r.count_a > 0 && r.count_b > 0;
  const auto value = [&](double v) {
    return seen ? scale_of(row.figure.unit, v, style).text(v) : std::string("n/a");
  };
  const Interval& d = r.difference;
  std::string difference, ratio;
  if (d.known) {
    const HumanScale scale =
        scale_of(row.figure.unit, std::max(std::fabs(d.estimate), d.half_width()), style);
    difference = (d.estimate > 0 ? "+" : "") + scale.text(d.estimate);
    if (d.half_width() > 0) difference += " " + plus_minus(d, scale, style);
    if (row.figure.unit != FigureUnit::fraction && r.ratio.known) {
      const double change = r.ratio.estimate - 1;
      ratio = fmt::format("{}{} %", change < 0 ? "-" : change > 0 ? "+" : "", percent(change));
    }
  }
  constexpr const char* kWords[] = {"not enough data", "equal", "cannot be told", "may be luck", "different"};
  const Ink ink = ink_of(row);
  const bool quiet = row.finding != Finding::different;
  return {{shortened(row.figure.name(), 44, style), row.primary ? Ink::bold : Ink::plain},
          value(r.a),
          value(r.b),
          {difference, ink},
          {ratio, ink},
          {kWords[static_cast<std::size_t>(row.finding)], quiet ? Ink::dim : ink}};
}

// Rows that are shown: the workloads', and of the others those that are told apart.
std::string variant_table(const Comparison& c, std::size_t variant, TextStyle style) {
  TextTable table(style);
  table.left("figure")
      .right(shortened(c.variants[0], 24, style))
      .right(shortened(c.variants[variant], 24, style))
      .right("difference")
      .right("")
      .left("");
  std::size_t others = 0, hidden_different = 0, hidden = 0;
  for (const FigureComparison& row : c.rows) {
    if (row.variant != variant) continue;
    if (!row.figure.headline && !row.primary) {
      const bool different = row.finding == Finding::different;
      if (!different || others >= kMostOthers) {
        ++hidden;
        hidden_different += different;
        continue;
      }
      ++others;
    }
    table.row(table_row(row, style));
  }
  std::string text = table.text();
  if (hidden > 0) {
    text += fmt::format(
        "{} more figure{}{}; --format csv has them all\n", hidden, hidden == 1 ? "" : "s",
        hidden_different > 0 ? fmt::format(", {} of them different", hidden_different) : ", not told apart");
  }
  return text;
}

// "cost of an hour: base 0.30, more 0.40 (+33 %)": what the prices name, as each side is written.
std::string costs(const ComparisonContext& context, TextStyle style) {
  std::string out;
  const std::optional<double> base = context.sides.empty() ? std::nullopt : context.sides[0].cost_per_hour;
  for (const ComparisonContext::Side& side : context.sides) {
    if (!side.cost_per_hour) continue;
    out += fmt::format("{}{} {}", out.empty() ? "cost of an hour: " : ", ", shortened(side.name, 40, style),
                       human_number(*side.cost_per_hour));
    if (base && *base > 0 && *side.cost_per_hour != *base)
      out += fmt::format(" ({:+.3g} %)", 100 * (*side.cost_per_hour / *base - 1));
  }
  return out.empty() ? "" : out + "\n";
}

}  // namespace

std::string verdict(const Comparison& comparison, const FigureComparison& row) {
  const std::string who = fmt::format("{}: {}", comparison.variants[row.variant], row.figure.name());
  const double level = 100 * comparison.confidence;
  const std::size_t family = row.primary ? comparison.primary_family : comparison.other_family;
  switch (row.finding) {
    case Finding::unknown:
      return fmt::format("{} cannot be compared: {}", who, row.result.difference.reason);
    case Finding::equal:
      return fmt::format("{} is the same in every replication", who);
    case Finding::different: {
      const Change c = change_of(row);
      const double d = row.result.difference.estimate;
      const std::string change = in_words_by_share(row)
                                     ? change_in_words(c.value, c.unit)
                                     : absolute(row, std::fabs(d)) + (d < 0 ? " lower" : " higher");
      return fmt::format("{} is {} ({:g} % interval {})", who, change, level, range_in_words(row));
    }
    case Finding::uncorrected:
      return fmt::format(
          "{}: no difference can be told after correction for {} comparisons ({:g} % interval of this one "
          "alone: {})",
          who, family, level, range_in_words(row));
    case Finding::untold:
      break;
  }
  return fmt::format("{}: no difference can be told ({:g} % interval: {})", who, level, range_in_words(row));
}

std::string comparison_text(const Comparison& c, const ComparisonContext& context, TextStyle style) {
  std::string out = inked("compare", Ink::bold, style);
  for (std::size_t v = 0; v < c.variants.size(); ++v)
    out += (v == 0 ? "  " : v == 1 ? " against " : ", ") + shortened(c.variants[v], 40, style);
  out += fmt::format("\n{} paired replications, {}, seed {}\n\n", c.replications,
                     context.common_random_numbers ? "common random numbers" : "independent random numbers",
                     context.sides.empty() ? 0 : context.sides[0].seed);
  if (context.status != "completed")
    out +=
        inked(fmt::format("ended early ({}): {}", context.status, context.message), Ink::bad, style) + "\n\n";
  for (const FigureComparison& row : c.rows) {
    if (!row.primary) continue;
    out += inked(shortened(verdict(c, row), 500, style),
                 row.finding == Finding::different ? Ink::bold : Ink::plain, style) +
           "\n";
  }
  out += costs(context, style);
  for (std::size_t v = 1; v < c.variants.size(); ++v) out += "\n" + variant_table(c, v, style);
  out += fmt::format(
      "\n\"different\" holds at {:g} % after Holm's correction over {} primary and {} other comparisons;\n"
      "intervals are of one comparison alone\n",
      100 * c.confidence, c.primary_family, c.other_family);
  for (const std::string& note : c.notes) out += "note: " + shortened(note, 300, style) + "\n";
  for (const std::string& note : context.notes) out += "note: " + shortened(note, 300, style) + "\n";
  return out;
}

}  // namespace tailrace::analysis
