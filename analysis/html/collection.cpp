#include "analysis/html/collection.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "analysis/html/style.hpp"
#include "analysis/html/text.hpp"
#include "analysis/report/text_table.hpp"

namespace tailrace::analysis {

namespace {

std::string cell(const Interval& i, const HumanScale& scale, TextStyle style) {
  if (i.count == 0) return "-";
  const std::string spread = plus_minus(i, scale, style);
  return scale.text(i.estimate) + (spread.empty() ? "" : " " + spread);
}
std::string time_cell(const Interval& i, TextStyle style) {
  return cell(i, duration_scale(i.estimate, style), style);
}

constexpr std::array<const char*, 8> kHeads = {"result", "workload", "goodput", "failed",
                                               "mean",   "p50",      "p99",     "p99.9"};

// One row per result and workload, as all three forms have it.
std::vector<std::array<std::string, kHeads.size()>> rows(const std::vector<StoredResult>& results,
                                                         TextStyle style) {
  std::vector<std::array<std::string, kHeads.size()>> out;
  for (const StoredResult& r : results) {
    for (const StoredWorkload& w : r.workloads) {
      out.push_back({r.folder, w.name, cell(w.goodput, rate_scale(w.goodput.estimate), style),
                     cell(w.failed, fraction_scale(w.failed.estimate), style), time_cell(w.mean, style),
                     time_cell(w.p50, style), time_cell(w.p99, style), time_cell(w.p999, style)});
    }
  }
  return out;
}

std::size_t failed_thresholds(const StoredResult& r) {
  return static_cast<std::size_t>(std::count_if(r.thresholds.begin(), r.thresholds.end(),
                                                [](const auto& t) { return t.verdict != "pass"; }));
}
bool bad(const StoredResult& r) {
  return !r.completed() || failed_thresholds(r) > 0;
}

std::string verdict_words(const StoredResult& r) {
  if (!r.completed()) return fmt::format("ended early ({}): {}", r.status, r.message);
  if (r.thresholds.empty()) return "no thresholds";
  const std::size_t failed = failed_thresholds(r);
  return failed == 0 ? fmt::format("{0} of {0} thresholds passed", r.thresholds.size())
                     : fmt::format("{} of {} thresholds failed", failed, r.thresholds.size());
}
const char* sign(const StoredResult& r, TextStyle style) {
  if (r.completed() && r.thresholds.empty()) return "";
  if (style.unicode) return bad(r) ? "✗ " : "✓ ";
  return bad(r) ? "x " : "";
}

std::string measured(const StoredThreshold& t, TextStyle style) {
  const double v = t.measured.estimate;
  if (t.unit == "s") return cell(t.measured, duration_scale(v, style), style);
  if (t.unit == "1/s") return cell(t.measured, rate_scale(v), style);
  return cell(t.measured, t.condition.find('%') != std::string::npos ? fraction_scale(v) : number_scale(v),
              style);
}

std::string requests_section(const std::vector<StoredResult>& results) {
  std::string out = "<section><h2>Requests</h2>\n<div class=\"scroll\"><table><thead><tr>";
  for (std::size_t k = 0; k < kHeads.size(); ++k)
    out += fmt::format("<th{}>{}</th>", k < 2 ? " class=\"l\"" : "", kHeads[k]);
  out += "</tr></thead><tbody>\n";
  for (const auto& row : rows(results, html::kText)) {
    out += "<tr>";
    for (std::size_t k = 0; k < row.size(); ++k)
      out += fmt::format("<td{}>{}</td>", k < 2 ? " class=\"l\"" : "", html::html(row[k]));
    out += "</tr>\n";
  }
  return out + "</tbody></table></div></section>\n";
}

std::string run_words(const StoredResult& r, TextStyle style) {
  return fmt::format("{}{} replication{}, {} measured, seed {}, result {}",
                     r.scenario.empty() ? "" : r.scenario + ": ", r.replications,
                     r.replications == 1 ? "" : "s", human_duration(r.measured_s, style), r.seed,
                     r.result_fingerprint);
}

}  // namespace

std::string collection_text(const std::vector<StoredResult>& results, TextStyle style) {
  std::string out;
  for (const StoredResult& r : results) {
    out += fmt::format("{}: {}\n  {}\n", inked(shortened(r.folder, 60, style), Ink::bold, style),
                       inked(sign(r, style) + verdict_words(r), bad(r) ? Ink::bad : Ink::good, style),
                       shortened(run_words(r, style), 110, style));
    for (const StoredThreshold& t : r.thresholds) {
      if (t.verdict == "pass") continue;
      out += fmt::format("  {} {}: measured {}\n", shortened(t.metric, 60, style),
                         shortened(t.condition, 40, style), measured(t, style));
    }
    if (!r.story.empty()) out += wrapped(r.verdict + ": " + shortened(r.story, 2000, style), 98, "  ");
  }
  TextTable table(style);
  for (std::size_t k = 0; k < kHeads.size(); ++k) k < 2 ? table.left(kHeads[k]) : table.right(kHeads[k]);
  for (const auto& row : rows(results, style)) {
    std::vector<TextTable::Cell> cells;
    for (std::size_t k = 0; k < row.size(); ++k)
      cells.emplace_back(k < 2 ? shortened(row[k], 30, style) : row[k]);
    table.row(std::move(cells));
  }
  if (!table.empty()) out += "\n" + table.text();
  return out;
}

std::string collection_markdown(const std::vector<StoredResult>& results) {
  using html::kText;
  using html::markdown;
  std::string out = "| Result | Verdict | Run |\n|---|---|---|\n";
  for (const StoredResult& r : results) {
    out += fmt::format("| {} | {}{} | {} |\n", markdown(r.folder), sign(r, kText), markdown(verdict_words(r)),
                       markdown(run_words(r, kText)));
  }
  out += "\n|";
  for (const char* head : kHeads) out += fmt::format(" {} |", head);
  out += "\n|---|---|---:|---:|---:|---:|---:|---:|\n";
  for (const auto& row : rows(results, kText)) {
    out += "|";
    for (const std::string& text : row) out += " " + markdown(text) + " |";
    out += "\n";
  }
  bool failures = false;
  for (const StoredResult& r : results) {
    for (const StoredThreshold& t : r.thresholds) {
      if (t.verdict == "pass") continue;
      out += fmt::format("{}- {}: {} {}, measured {}\n", failures ? "" : "\n", markdown(r.folder),
                         markdown(t.metric), markdown(t.condition), measured(t, kText));
      failures = true;
    }
  }
  return out;
}

std::string collection_html(const std::vector<StoredResult>& results, const FurtherSections& further) {
  using html::kText;
  const auto escaped = [](std::string_view text) { return html::html(text); };
  std::string out = fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{0}</title>\n"
      "<style>{1}{2}</style></head><body>\n<main>\n<header><h1>{0}</h1></header>\n",
      results.empty()       ? "What moves it"
      : results.size() == 1 ? "1 result"
                            : fmt::format("{} results", results.size()),
      html::kStyleSheet, further.style);
  if (!results.empty()) out += requests_section(results);
  for (const StoredResult& r : results) {
    out += fmt::format(
        "<section><h2>{0}</h2>\n<ul class=\"verdicts\"><li class=\"{1}\">{2}{3}</li></ul>\n"
        "<p class=\"note\">{4} · <a href=\"{0}/report.html\">its report</a></p>\n",
        escaped(r.folder),
        bad(r)                 ? "bad"
        : r.thresholds.empty() ? "dim"
                               : "good",
        sign(r, kText), escaped(verdict_words(r)), escaped(run_words(r, kText)));
    if (!r.thresholds.empty()) {
      out +=
          "<div class=\"scroll\"><table><thead><tr><th class=\"l\">threshold</th><th class=\"l\">"
          "condition</th><th>measured</th><th class=\"l\">verdict</th></tr></thead><tbody>\n";
      for (const StoredThreshold& t : r.thresholds) {
        out += fmt::format(
            "<tr><td class=\"l\">{}</td><td class=\"l\">{}</td><td>{}</td><td class=\"l {}\">{}</td></tr>\n",
            escaped(t.metric), escaped(t.condition), escaped(measured(t, kText)),
            t.verdict == "pass" ? "good" : "bad", t.verdict == "no_data" ? "no data" : escaped(t.verdict));
      }
      out += "</tbody></table></div>\n";
    }
    if (!r.story.empty())
      out += fmt::format("<p class=\"story\"><b>What followed: {}.</b> {}</p>\n", escaped(r.verdict),
                         escaped(r.story));
    out += "</section>\n";
  }
  return out + further.html + "</main></body></html>\n";
}

}  // namespace tailrace::analysis
