#include "analysis/html/page.hpp"

#include <fmt/format.h>

#include "analysis/html/charts.hpp"
#include "analysis/html/style.hpp"
#include "analysis/html/tables.hpp"
#include "analysis/html/tail_section.hpp"
#include "analysis/html/text.hpp"
#include "analysis/html/topology_svg.hpp"
#include "analysis/report/cache_output.hpp"
#include "analysis/report/messaging_text.hpp"
#include "analysis/report/scaling_text.hpp"
#include "analysis/report/upkeep_output.hpp"
#include "models/field/diagnostics.hpp"

namespace tailrace::analysis {

namespace {

using html::kText;

constexpr std::size_t kMostTableText = 64 * 1024;  // of messages, caches, scaling

std::string title_of(const models::Topology& topology) {
  return topology.name.empty() ? "tailrace run" : html::html(topology.name);
}

std::string chip(const char* style, const std::string& words) {
  return fmt::format("<li class=\"{}\">{}</li>", style, html::html(words));
}

std::string verdicts(const RunResults& results) {
  const html::Verdict verdict = html::verdict(results.report, results.thresholds);
  const bool good = verdict.kind == html::Verdict::Kind::good;
  const bool bad = verdict.kind == html::Verdict::Kind::bad;
  std::string out = "<ul class=\"verdicts\">";
  out += chip(good ? "good" : bad ? "bad" : "dim", (good ? "✓ " : bad ? "✗ " : "") + verdict.words);
  const CascadeReport& cascade = results.report.cascade;
  if (cascade.happened()) {
    std::string words = verdict_name(cascade.verdict);
    if (!cascade.triggers.empty()) {
      const Trigger& first = cascade.triggers.front();
      words = (first.fault >= 0        ? "after the fault: "
               : first.deployment >= 0 ? "after the deployment: "
                                       : "after the load rose: ") +
              words;
    }
    const bool fell = cascade.verdict == Verdict::metastable || cascade.verdict == Verdict::degraded;
    out += chip(fell ? "bad" : "good", words);
  }
  if (!results.report.littles_law_holds || !results.report.conservation_holds)
    out += chip("bad", "the figures contradict each other: please report this");
  return out + "</ul>\n";
}

// Wide tables that the summary has as text already.
std::string text_section(const char* title, const std::string& text) {
  if (text.empty()) return "";
  if (text.size() > kMostTableText)
    return fmt::format(
        "<section><h2>{}</h2><p class=\"note\">Too long for a page: see summary.json.</p></section>\n",
        title);
  std::string out = fmt::format("<section><h2>{}</h2>\n<pre class=\"table\">", title);
  std::size_t start = text.front() == '\n' ? 1 : 0;
  while (start < text.size()) {
    std::size_t end = text.find('\n', start);
    if (end == std::string::npos) end = text.size();
    out += html::html(std::string_view(text).substr(start, end - start)) + "\n";
    start = end + 1;
  }
  return out + "</pre></section>\n";
}

std::string notes(const RunResults& results) {
  if (results.warnings.empty() && results.notes.empty()) return "";
  std::string out = "<section><h2>Notes</h2>\n<ul>";
  for (const std::string& warning : results.warnings)
    out += "<li>Warning: " + html::html(warning) + "</li>\n";
  for (const std::string& note : results.notes) out += "<li>" + html::html(note) + "</li>\n";
  return out + "</ul></section>\n";
}

std::string scenario_section(const ReportedScenario& scenario) {
  if (scenario.files.empty()) return "";
  std::string out = "<section><h2>Scenario</h2>\n";
  if (!scenario.changes.empty()) {
    out += "<p>Changed on the command line:";
    for (const std::string& change : scenario.changes) out += " <code>" + html::html(change) + "</code>";
    out += "</p>\n";
  }
  std::size_t left = kMostScenarioBytes;
  for (const ReportedFile& file : scenario.files) {
    out += "<details><summary>" + html::html(file.name) + "</summary>\n<pre>";
    bool cut = false;
    for (const std::string& line : file.lines) {
      std::string text;
      for (const char c : line) c == '\t' ? text += "  " : text += c;
      text = html::html(text) + "\n";
      if (text.size() > left) {
        cut = true;
        break;
      }
      left -= text.size();
      out += text;
    }
    out += "</pre>";
    if (cut) out += "<p class=\"note\">The rest of this file is left out.</p>";
    out += "</details>\n";
  }
  return out + "</section>\n";
}

}  // namespace

std::string report_html(const RunResults& results, const ReportedScenario& scenario,
                        const std::vector<ReportedText>& further) {
  const RunReport& report = results.report;
  const models::Topology& topology = *results.model.topology;
  std::string out = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  out += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  out += fmt::format("<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n<main>\n", title_of(topology),
                     html::kStyleSheet);
  out += fmt::format("<h1>{}</h1>\n", title_of(topology));
  if (!topology.about.empty()) out += "<p>" + html::html(topology.about) + "</p>\n";
  out += fmt::format("<p class=\"dim\">{}</p>\n", html::run_line(report, topology.run.seed));
  out += verdicts(results);
  out += html::thresholds_html(results);
  for (const ReportedText& f : further) out += text_section(f.title.c_str(), f.text);
  out += html::cascade_html(results);
  out += html::detection_html(results);
  out += html::topology_html(results);
  out += html::charts_html(results);
  out += html::requests_html(results);
  out += html::tail_html(results);
  out += html::services_html(results);
  out += text_section("Arrivals per request, by workload", arrivals_text(report.operations, kText));
  out += text_section("Messages", messaging_text(report.messaging, kText));
  out += text_section("Caches", cache_text(report.caches, kText));
  out += text_section("Availability, scaling, deployments", scaling_text(report, kText));
  out += text_section("Discovery and what instances need", upkeep_text(report.upkeep, kText));
  out += notes(results);
  out += scenario_section(scenario);
  out += fmt::format("<p class=\"note\">Fingerprints: trajectory {:016x}, result {:016x}.</p>\n",
                     report.trajectory_fingerprint, report.result_fingerprint);
  return out + "</main>\n</body>\n</html>\n";
}

}  // namespace tailrace::analysis
