#include "analysis/html/markdown.hpp"

#include <fmt/format.h>

#include "analysis/html/text.hpp"
#include "analysis/report/tail_output.hpp"

namespace tailrace::analysis {

namespace {

using html::Figure;
using html::markdown;

constexpr std::size_t kShownPercentiles[] = {0, 3, 4, 5};  // p50 p95 p99 p99.9 of kPercentiles

std::string cell(const Figure& figure) {
  return figure.value + figure.spread;
}

const char* mark(ThresholdVerdict verdict) {
  switch (verdict) {
    case ThresholdVerdict::pass:
      return "✓ pass";
    case ThresholdVerdict::fail:
      return "**✗ FAIL**";
    case ThresholdVerdict::no_data:
      break;
  }
  return "no data";
}

std::string thresholds(const std::vector<ThresholdResult>& list) {
  if (list.empty()) return "";
  std::string out = "| | Metric | Threshold | Measured | |\n|---|---|---|---:|---|\n";
  for (std::size_t i = 0; i < list.size() && i < kMostMarkdownRows; ++i) {
    const ThresholdResult& t = list[i];
    out += fmt::format("| {} | {} | {} | {} | {} |\n", mark(t.verdict), markdown(t.metric),
                       markdown(t.expression), cell(html::measured(t)), markdown(html::remark(t)));
  }
  if (list.size() > kMostMarkdownRows)
    out += fmt::format("\n…and {} more\n", list.size() - kMostMarkdownRows);
  return out + "\n";
}

std::string latencies(const RunReport& report) {
  std::string out = "| Workload | Goodput | Failed | Mean |";
  for (const std::size_t k : kShownPercentiles) out += " " + html::percentile_name(k) + " |";
  out += "\n|---|---:|---:|---:|---:|---:|---:|---:|\n";
  for (std::size_t i = 0; i < report.workloads.size() && i < kMostMarkdownRows; ++i) {
    const ClassReport& w = report.workloads[i];
    const bool ended = models::total(w.ended) > 0;
    out += fmt::format("| {} | {} | {} | {} |", markdown(w.workload),
                       cell(html::figure(w.goodput, rate_scale(w.goodput.estimate), w.goodput.groups > 0)),
                       cell(html::figure(w.failed, fraction_scale(w.failed.estimate), ended)),
                       cell(html::mean_duration(w.duration)));
    for (const std::size_t k : kShownPercentiles) out += " " + cell(html::duration(w.duration, k)) + " |";
    out += "\n";
  }
  if (report.workloads.size() > kMostMarkdownRows)
    out += fmt::format("\n…and {} more\n", report.workloads.size() - kMostMarkdownRows);
  return out + "\n";
}

std::string sagas(const std::vector<SagaReport>& list) {
  if (list.empty()) return "";
  std::string out =
      "| Saga | Started | Completed | p50 | p99 | Compensated | p50 | p99 | Timed out | Stuck | Open | "
      "Hanging "
      "|\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n";
  const auto counted = [](std::uint64_t n, bool bad) {
    const std::string text = human_count(n);
    return bad && n > 0 ? "**" + text + "**" : text;
  };
  for (std::size_t i = 0; i < list.size() && i < kMostMarkdownRows; ++i) {
    const SagaReport& s = list[i];
    out += fmt::format("| {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} | {} |\n", markdown(s.name),
                       counted(s.started, false), counted(s.completed, false),
                       cell(html::duration(s.completing, 0)), cell(html::duration(s.completing, 4)),
                       counted(s.compensated, false), cell(html::duration(s.compensating, 0)),
                       cell(html::duration(s.compensating, 4)), counted(s.timed_out, false),
                       counted(s.stuck, true), counted(s.open, false), counted(s.hanging, true));
  }
  if (list.size() > kMostMarkdownRows)
    out += fmt::format("\n…and {} more\n", list.size() - kMostMarkdownRows);
  return out + "\n";
}

}  // namespace

std::string report_markdown(const RunResults& results) {
  const RunReport& report = results.report;
  const models::Topology& topology = *results.model.topology;
  const html::Verdict verdict = html::verdict(report, results.thresholds);
  const char* sign = verdict.kind == html::Verdict::Kind::good  ? "✓ "
                     : verdict.kind == html::Verdict::Kind::bad ? "✗ "
                                                                : "";
  std::string out =
      fmt::format("### {}: {}{}\n\n", topology.name.empty() ? "tailrace" : markdown(topology.name), sign,
                  markdown(verdict.words));
  out += thresholds(results.thresholds) + latencies(report) + sagas(report.messaging.sagas);
  if (!report.cascade.story.empty()) {
    out += fmt::format("**What followed: {}.** {}\n\n", verdict_name(report.cascade.verdict),
                       markdown(report.cascade.story));
  }
  for (const TailClass& cls : report.tail.classes) {
    const TailBand* told = told_band(cls);
    if (told == nullptr || told->parts.empty()) continue;
    out += fmt::format("**Where the time of {} went.** {}\n\n", markdown(cls.name),
                       markdown(tail_sentence(results.model, *told, html::kText)));
    break;  // one is enough for a comment
  }
  for (const std::string& warning : results.warnings) out += "- warning: " + markdown(warning) + "\n";
  for (const std::string& note : results.notes) out += "- note: " + markdown(note) + "\n";
  if (!results.warnings.empty() || !results.notes.empty()) out += "\n";
  out += fmt::format("<sub>{}; ± is half of a {:g} % interval; result {:016x}</sub>\n",
                     html::run_line(report, topology.run.seed), 100 * report.confidence,
                     report.result_fingerprint);
  return out;
}

}  // namespace tailrace::analysis
