#include "analysis/report/tail_output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "analysis/report/json_figures.hpp"
#include "analysis/report/text_table.hpp"
#include "models/field/diagnostics.hpp"

namespace tailrace::analysis {

namespace {

constexpr std::size_t kMostClasses = 3;
constexpr std::size_t kMostParts = 6;
constexpr std::size_t kMostWords = 3;
constexpr double kWorthSaying = 0.05;  // of the band's time

double mean_in(const TailBand* band, const TailPart& part) {
  if (band == nullptr) return 0;
  for (const TailPart& p : band->parts) {
    if (p.place == part.place && p.reason == part.reason) return p.mean_s;
  }
  return 0;
}

std::string sample_words(const TailReport& report, const TailClass& cls) {
  if (report.every == 1) return fmt::format("all {} requests", human_count(cls.traced));
  return fmt::format("{} requests, 1 in {}", human_count(cls.traced), human_count(report.every));
}

}  // namespace

const TailBand* band_named(const TailClass& cls, const char* name) {
  for (const TailBand& band : cls.bands) {
    if (band.name == name) return &band;
  }
  return nullptr;
}

const TailBand* told_band(const TailClass& cls) {
  for (const char* name : {"p99", "p90", "p50"}) {
    const TailBand* band = band_named(cls, name);
    if (band != nullptr && band->count >= TailReport::kEnough) return band;
  }
  return nullptr;
}

std::string tail_sentence(const models::CompiledModel& model, const TailBand& band, TextStyle style) {
  std::string out = fmt::format("{} ({} to {}): ", band.name, human_duration(band.low_s, style),
                                human_duration(band.high_s, style));
  for (std::size_t i = 0; i < band.parts.size() && i < kMostWords; ++i) {
    const TailPart& part = band.parts[i];
    if (i > 0 && part.share.estimate < kWorthSaying) break;
    out += fmt::format("{}{} {} {}", i == 0 ? "" : ", ", human_fraction(part.share.estimate),
                       models::escaped(place_name(model, part.place)), reason_name(part.reason));
  }
  if (band.straggler.estimate >= kWorthSaying)
    out += fmt::format("; {} of the time waiting for the slower branches",
                       human_fraction(band.straggler.estimate));
  return out;
}

std::string tail_text(const TailReport& report, const models::CompiledModel& model, TextStyle style) {
  std::string out;
  std::vector<const TailClass*> most;  // those with the most requests
  for (const TailClass& cls : report.classes) most.push_back(&cls);
  std::stable_sort(most.begin(), most.end(),
                   [](const TailClass* a, const TailClass* b) { return a->traced > b->traced; });
  most.resize(std::min(most.size(), kMostClasses));
  for (const TailClass* of : most) {
    const TailClass& cls = *of;
    const TailBand* told = told_band(cls);
    if (told == nullptr || told->parts.empty()) continue;
    const TailBand *typical = band_named(cls, "p50"), *extreme = band_named(cls, "p99.9");
    if (typical == told) typical = nullptr;
    if (extreme != nullptr && extreme->count < TailReport::kEnough) extreme = nullptr;
    TextTable table(style);
    table.left(fmt::format("where the {} of {} went", told->name, shortened(cls.name, 30, style))).left("");
    table.right(typical != nullptr ? "p50" : "").right(told->name).right("share").right("");
    table.right(extreme != nullptr ? "p99.9" : "").right("stragglers");
    for (std::size_t i = 0; i < told->parts.size() && i < kMostParts; ++i) {
      const TailPart& part = told->parts[i];
      const HumanScale scale = fraction_scale(part.share.estimate);
      const auto time = [&](double seconds) { return seconds > 0 ? human_duration(seconds, style) : "-"; };
      table.row({shortened(place_name(model, part.place), 40, style),
                 reason_name(part.reason),
                 typical != nullptr ? time(mean_in(typical, part)) : "",
                 time(part.mean_s),
                 scale.text(part.share.estimate),
                 {plus_minus(part.share, scale, style), Ink::dim},
                 extreme != nullptr ? time(mean_in(extreme, part)) : "",
                 part.straggler_s > 0 ? time(part.straggler_s) : ""});
    }
    table.row({"all", "", typical != nullptr ? human_duration(typical->mean_s, style) : "",
               human_duration(told->mean_s, style), "", "",
               extreme != nullptr ? human_duration(extreme->mean_s, style) : "", ""});
    out += "\n" + table.text();
    std::string note = fmt::format("traced: {}; {} in the band; mean times on the critical path",
                                   sample_words(report, cls), human_count(told->count));
    if (told->parts.size() > kMostParts)
      note += fmt::format("; {} more parts in summary.json", told->parts.size() - kMostParts);
    out += inked(note, Ink::dim, style) + "\n";
  }
  if (report.too_large > 0) {
    out += inked(fmt::format("{} sampled requests had too many spans and were not traced to their end",
                             human_count(report.too_large)),
                 Ink::dim, style) +
           "\n";
  }
  return out;
}

// --- summary.json

namespace {

void where(JsonText& json, const models::CompiledModel& model, const models::TracePlace& place,
           models::Reason reason) {
  json.field("kind", place_kind(place)).field("place", place_name(model, place));
  json.field("reason", reason_name(reason));
}

void band_json(JsonText& json, const TailReport& report, const models::CompiledModel& model,
               const TailBand& band) {
  json.begin_object().field("band", band.name).field("from", band.from).field("to", band.to);
  json.field("requests", band.count).field("low_s", band.low_s).field("high_s", band.high_s);
  json.field("mean_s", band.mean_s);
  interval(json, "straggler_share", band.straggler);
  json.key("parts").begin_array();
  for (const TailPart& part : band.parts) {
    json.begin_object();
    where(json, model, part.place, part.reason);
    json.field("mean_s", part.mean_s).field("straggler_s", part.straggler_s).field("requests", part.requests);
    interval(json, "share", part.share);
    json.end_object();
  }
  json.end_array().key("exemplars").begin_array();
  for (const TailExample& e : band.examples) {
    const models::TraceExample& example = report.records[e.record]->examples[e.example];
    json.begin_object().field("replication", report.replications[e.record]);
    json.field("number", example.request.number);
    json.field("start_s", sim::seconds_of(example.request.start_ns));
    json.field("latency_ns", example.request.latency_ns);
    json.field("outcome", models::kOutcomeNames[static_cast<std::size_t>(example.request.outcome)])
        .field("spans", example.spans.size());
    json.key("parts").begin_array();
    for (const models::TracePart& part : example.own_parts) {
      json.begin_inline_object();
      where(json, model, part.place, part.reason);
      json.field("straggler", part.straggler).field("ns", part.ns).end_object();
    }
    json.end_array().end_object();
  }
  json.end_array().end_object();
}

}  // namespace

void tail_json(JsonText& json, const TailReport& report, const models::CompiledModel& model) {
  json.key("tail").begin_object().field("traced", report.traced).field("every", report.every);
  json.field("too_large", report.too_large).key("classes").begin_array();
  for (const TailClass& cls : report.classes) {
    json.begin_object().field("class", cls.name).field("traced", cls.traced).field("failed", cls.failed);
    json.key("bands").begin_array();
    for (const TailBand& band : cls.bands) band_json(json, report, model, band);
    json.end_array().key("difference");
    if (!cls.has_difference) {
      json.null().end_object();
      continue;
    }
    json.begin_object().field("from", cls.bands[cls.difference.from].name);
    json.field("to", cls.bands[cls.difference.to].name);
    json.field("more_s", cls.bands[cls.difference.to].mean_s - cls.bands[cls.difference.from].mean_s);
    json.key("parts").begin_array();
    for (const TailDifference::Part& part : cls.difference.parts) {
      json.begin_inline_object();
      where(json, model, part.place, part.reason);
      json.field("more_s", part.more_s).end_object();
    }
    json.end_array().end_object().end_object();
  }
  json.end_array().end_object();
}

}  // namespace tailrace::analysis
