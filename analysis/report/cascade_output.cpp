#include "analysis/report/cascade_output.hpp"

#include <fmt/format.h>

#include "analysis/report/cascade_story.hpp"
#include "analysis/report/json_figures.hpp"
#include "analysis/report/text_table.hpp"
#include "models/field/diagnostics.hpp"

namespace tailrace::analysis {

namespace {

constexpr std::size_t kWidth = 100;  // of the story
constexpr std::size_t kMostRows = 20;

Ink ink_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::metastable:
      return Ink::bad;
    case Verdict::degraded:
      return Ink::warn;
    case Verdict::recovered:
    case Verdict::unaffected:
      return Ink::good;
    default:
      return Ink::plain;
  }
}

}  // namespace

const char* seen_as(const CascadeHitReport& h) {
  return h.waits ? "waiting" : symptom_name(h.symptom);
}

std::string symptom_amount(const CascadeHitReport& h, double value, TextStyle style) {
  switch (h.symptom) {
    case Symptom::failed:
    case Symptom::errors:
      return human_fraction(value);
    case Symptom::slow:
      return human_duration(value, style);
    case Symptom::refused:
      return human_rate(value);
    case Symptom::lag:
    case Symptom::queue:
      return human_number(value);
  }
  return "";
}

std::string cause_words(const CascadeHitReport& h) {
  std::string words = mechanism_name(h.mechanism);
  for (char& c : words) {
    if (c == '_') c = ' ';
  }
  return h.cause.empty() ? words : fmt::format("{}: {}", words, h.cause);
}

std::string cascade_text(const CascadeReport& report, TextStyle style) {
  if (report.verdict == Verdict::unknown && !report.triggers.empty())
    return "\n" + inked("what followed", Ink::bold, style) + ": unknown, " + report.reason + "\n";
  if (!report.happened()) return "";
  std::string out = "\n" + inked("what followed", Ink::bold, style) + ": ";
  out += inked(verdict_name(report.verdict), ink_of(report.verdict), style);
  if (report.verdict == Verdict::recovered && report.recovery.estimate > 0)
    out += fmt::format(" after {}", human_duration(report.recovery.estimate, style));
  if (!report.reason.empty()) out += ", " + report.reason;
  out += "\n";
  TextTable table(style);
  table.left("hit").left("by").right("from").right("to").left("seen as").right("before").right("worst").right(
      "in");
  for (std::size_t i = 0; i < report.hits.size() && i < kMostRows; ++i) {
    const CascadeHitReport& h = report.hits[i];
    table.row({shortened(h.component, 30, style), shortened(cause_words(h), 40, style),
               moment_words(h.onset_s), h.over > 0 ? moment_words(h.end_s) : "the end", seen_as(h),
               symptom_amount(h, h.normal, style), symptom_amount(h, h.worst, style),
               fmt::format("{}/{}", h.replications, report.replications)});
  }
  if (!table.empty()) out += table.text() + cut_line(report.hits.size(), kMostRows, style);
  return out + wrapped(models::escaped(report.story), kWidth);
}

void cascade_json(JsonText& json, const CascadeReport& report) {
  json.key("cascade").begin_object();
  json.field("verdict", verdict_name(report.verdict)).field("reason", report.reason);
  json.key("verdicts").begin_inline_object();
  for (int v = 0; v < kVerdicts; ++v)
    json.field(verdict_name(static_cast<Verdict>(v)), report.verdicts[static_cast<std::size_t>(v)]);
  json.end_object();
  interval(json, "recovery_s", report.recovery);
  interval(json, "detection_s", report.detection);
  interval(json, "lost", report.lost);
  interval(json, "goodput_before_per_s", report.goodput_before);
  interval(json, "goodput_after_per_s", report.goodput_after);
  json.field("components_hit", report.components_hit).field("components", report.components);
  json.key("hits").begin_array();
  for (const CascadeHitReport& h : report.hits) {
    json.begin_object().field("component", h.component).field("kind", h.kind);
    json.field("replications", h.replications).field("over", h.over);
    json.field("onset_s", h.onset_s).key("end_s");
    h.over > 0 ? json.value(h.end_s) : json.null();
    json.field("symptom", symptom_name(h.symptom)).field("normal", h.normal).field("worst", h.worst);
    json.field("mechanism", mechanism_name(h.mechanism)).field("cause", h.cause).field("root", h.root);
    json.end_object();
  }
  json.end_array();
  json.key("amplified").begin_array();
  for (const AmplificationReport& a : report.amplified) {
    json.begin_object().field("from", a.from).field("to", a.to).field("path", a.path);
    json.field("replications", a.replications).field("attempts_per_call_before", a.before);
    json.field("attempts_per_call_most", a.most).end_object();
  }
  json.end_array();
  json.field("story", report.story).end_object();
}

}  // namespace tailrace::analysis
