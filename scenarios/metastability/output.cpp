#include "scenarios/metastability/output.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/report/json_text.hpp"
#include "analysis/report/tables_csv.hpp"
#include "analysis/report/text_table.hpp"

namespace tailrace::scenarios {

namespace {

using analysis::human_duration;
using analysis::human_rate;
using analysis::Ink;
using analysis::JsonText;
using analysis::TextStyle;
using analysis::TextTable;

constexpr const char* kMarks[] = {".", "o", "#", "X", "?"};
constexpr Ink kInks[] = {Ink::good, Ink::warn, Ink::bad, Ink::bad, Ink::dim};

class Text {
 public:
  Text(const MetastabilityMap& map, const std::string& scenario, TextStyle style)
      : m_(map), scenario_(scenario), style_(style) {}

  std::string run() {
    const TriggerFault& t = m_.trigger;
    std::string out = fmt::format("{}: what follows from {} ({}, {} from {} on)\n", scenario_,
                                  analysis::shortened(t.name, 40, style_), t.type,
                                  human_duration(t.duration_s, style_), human_duration(t.start_s, style_));
    if (m_.load_per_s > 0)
      out += fmt::format("Load 1 is {} and duration 1 is {}, as in the scenario.\n",
                         human_rate(m_.load_per_s), human_duration(t.duration_s, style_));
    for (const double size : m_.options.sizes) out += '\n' + picture(size);
    out += '\n' + boundaries();
    out += '\n' + verdict();
    out += '\n' + stairs();
    out += remarks();
    for (const std::string& note : m_.notes) out += note + '\n';
    if (m_.interrupted) out += "Interrupted: points that were not finished are left out.\n";
    if (!m_.broken.empty())
      out += "The simulator is at fault, and no figure here can be trusted: " + m_.broken + "\n";
    return out;
  }

 private:
  std::string load(double factor) const {
    return m_.load_per_s > 0 ? human_rate(factor * m_.load_per_s) : fmt::format("{:g}", factor);
  }
  std::string duration(double factor) const { return human_duration(factor * m_.trigger.duration_s, style_); }

  // Why runs had no verdict or ended early: each reason once.
  std::string remarks() const {
    std::vector<std::string> told;
    std::string out;
    for (const MapPoint& p : m_.points) {
      const std::string& note = p.probe.note;
      if (note.empty() || std::find(told.begin(), told.end(), note) != told.end()) continue;
      told.push_back(note);
      out += fmt::format("At load {}, {}: {}.\n", load(p.load), duration(p.duration), note);
    }
    return out;
  }

  // Loads downwards from the highest, durations to the right.
  std::string picture(double size) const {
    TextTable table(style_);
    table.right("load").right("");
    for (const double d : m_.options.durations) table.right(duration(d));
    std::vector<double> loads = m_.options.loads;
    std::sort(loads.rbegin(), loads.rend());
    for (const double l : loads) {
      std::vector<TextTable::Cell> row = {fmt::format("{:g}", l), m_.load_per_s > 0 ? load(l) : ""};
      for (const double d : m_.options.durations) {
        const MapPoint* p = m_.at(l, d, size);
        const auto fate = p == nullptr ? std::size_t{4} : static_cast<std::size_t>(p->probe.fate);
        row.emplace_back(p == nullptr ? " " : kMarks[fate], kInks[fate]);
      }
      table.row(std::move(row));
    }
    std::string out = m_.trigger.has_size ? fmt::format("Size {:g}:\n", size) : "";
    out += table.text();
    return out + ". recovered   o degraded   # metastable   X overloaded before it   ? cannot be told\n";
  }

  std::string boundaries() const {
    TextTable table(style_);
    if (m_.options.sizes.size() > 1) table.right("size");
    table.right("duration")
        .right("recovers up to")
        .right("not at")
        .right("metastable from")
        .right("back after");
    for (const MapBoundary& b : m_.boundaries) {
      std::vector<TextTable::Cell> row;
      if (m_.options.sizes.size() > 1) row.emplace_back(fmt::format("{:g}", b.size));
      row.emplace_back(duration(b.duration));
      row.emplace_back(b.safe ? load(*b.safe) : "none tried");
      row.emplace_back(b.unsafe ? load(*b.unsafe) : "none tried");
      row.emplace_back(b.metastable ? load(*b.metastable) : "none tried");
      row.emplace_back(b.safe ? human_duration(b.recovery.estimate, style_) : "");
      table.row(std::move(row));
    }
    return table.text() +
           fmt::format(
               "Each fate is that of more than half of all runs, wrong with at most {:g} %; back after: "
               "the mean at the highest load that recovers.\n",
               100 * (1 - m_.options.confidence));
  }

  std::string verdict() const {
    const auto safe = m_.safe_load();
    if (m_.boundaries.empty()) return "";
    if (!safe) return "No load that was tried is safe from all these triggers.\n";
    const bool highest = std::all_of(m_.boundaries.begin(), m_.boundaries.end(),
                                     [](const MapBoundary& b) { return !b.unsafe; });
    return fmt::format("Highest safe load, under all triggers of the map: {} ({:.3g} of the scenario's){}.\n",
                       load(*safe), *safe, highest ? ", the highest that was tried" : "");
  }

  std::string stairs() const {
    if (!m_.no_stairs.empty()) return fmt::format("No walk up and down the loads: {}.\n", m_.no_stairs);
    if (m_.stairs.empty()) return "";
    TextTable table(style_);
    table.right("load").right("").right("served, going up").right("going down").left("");
    double low = 0, high = 0;
    for (auto s = m_.stairs.rbegin(); s != m_.stairs.rend(); ++s) {
      table.row({fmt::format("{:g}", s->load),
                 m_.load_per_s > 0 ? load(s->load) : "",
                 analysis::human_fraction(s->up.estimate),
                 analysis::human_fraction(s->down.estimate),
                 {s->differs ? "the past decides" : "", Ink::warn}});
      if (s->differs) low = s->load, high = high > 0 ? high : s->load;
    }
    std::string out = fmt::format("No trigger, the load up and down, {} a step, {} runs:\n",
                                  human_duration(m_.hold_s, style_), m_.stair_replications);
    out += table.text();
    if (high == 0) return out + "Hysteresis: none; up and down serve the same.\n";
    return out +
           fmt::format(
               "Hysteresis: from {} to {} a system that has been overloaded is still so on the way down.\n",
               load(low), load(high));
  }

  const MetastabilityMap& m_;
  const std::string& scenario_;
  TextStyle style_;
};

void interval(JsonText& j, const char* name, const analysis::Interval& i) {
  j.key(name).begin_inline_object().field("estimate", i.estimate);
  j.key("low");
  i.known ? j.value(i.low) : j.null();
  j.key("high");
  i.known ? j.value(i.high) : j.null();
  j.end_object();
}

void maybe(JsonText& j, const char* name, const std::optional<double>& value) {
  j.key(name);
  value ? j.value(*value) : j.null();
}

void numbers(JsonText& j, const char* name, const std::vector<double>& values) {
  j.key(name).begin_inline_array();
  for (const double v : values) j.value(v);
  j.end_array();
}

}  // namespace

std::string metastability_text(const MetastabilityMap& map, const std::string& scenario, TextStyle style) {
  return Text(map, scenario, style).run();
}

std::string metastability_json(const MetastabilityMap& map, const std::string& scenario) {
  JsonText j;
  j.begin_object().field("format", "tailrace-metastability").field("version", kMetastabilityVersion);
  j.field("scenario", scenario).field("complete", !map.interrupted && map.broken.empty());
  j.field("confidence", map.options.confidence).field("resolution", map.options.resolution);
  j.key("trigger").begin_object().field("name", map.trigger.name).field("type", map.trigger.type);
  j.field("start_s", map.trigger.start_s).field("duration_s", map.trigger.duration_s);
  j.field("has_size", map.trigger.has_size).end_object();
  j.field("load_per_s", map.load_per_s);
  numbers(j, "loads", map.options.loads);
  numbers(j, "durations", map.options.durations);
  numbers(j, "sizes", map.options.sizes);
  j.key("points").begin_array();
  for (const MapPoint& p : map.points) {
    j.begin_inline_object().field("load", p.load).field("duration", p.duration).field("size", p.size);
    j.field("fate", fate_name(p.probe.fate)).field("replications", p.probe.replications);
    for (int f = 0; f < kFates; ++f)
      j.field(fate_name(static_cast<Fate>(f)), p.probe.fates[static_cast<std::size_t>(f)]);
    interval(j, "recovery_s", p.probe.recovery);
    j.field("goodput_before_per_s", p.probe.goodput_before);
    j.field("goodput_after_per_s", p.probe.goodput_after).field("note", p.probe.note).end_object();
  }
  j.end_array().key("boundaries").begin_array();
  for (const MapBoundary& b : map.boundaries) {
    j.begin_inline_object().field("duration", b.duration).field("size", b.size);
    maybe(j, "safe", b.safe);
    maybe(j, "unsafe", b.unsafe);
    maybe(j, "not_metastable", b.not_metastable);
    maybe(j, "metastable", b.metastable);
    interval(j, "recovery_s", b.recovery);
    j.end_object();
  }
  j.end_array();
  maybe(j, "safe_load", map.safe_load());
  j.key("hysteresis").begin_object().field("hold_s", map.hold_s);
  j.field("replications", map.stair_replications).field("reason", map.no_stairs);
  j.key("steps").begin_array();
  for (const Stair& s : map.stairs) {
    j.begin_inline_object().field("load", s.load);
    interval(j, "up", s.up);
    interval(j, "down", s.down);
    interval(j, "difference", s.difference);
    j.field("differs", s.differs).end_object();
  }
  j.end_array().end_object().key("notes").begin_array();
  for (const std::string& note : map.notes) j.value(note);
  j.end_array().end_object();
  return j.take();
}

std::string metastability_csv(const MetastabilityMap& map) {
  std::string out = "load,duration,size,load_per_s,duration_s,fate,replications";
  for (int f = 0; f < kFates; ++f) out += fmt::format(",{}", fate_name(static_cast<Fate>(f)));
  out += ",recovery_s,goodput_before_per_s,goodput_after_per_s,note\n";
  for (const MapPoint& p : map.points) {
    out += fmt::format("{},{},{},{},{},{},{}", p.load, p.duration, p.size, p.load * map.load_per_s,
                       p.duration * map.trigger.duration_s, fate_name(p.probe.fate), p.probe.replications);
    for (const int n : p.probe.fates) out += fmt::format(",{}", n);
    out += ',';
    if (p.probe.fates[0] > 0) out += fmt::format("{}", p.probe.recovery.estimate);
    out += fmt::format(",{},{},{}\n", p.probe.goodput_before, p.probe.goodput_after,
                       analysis::csv_cell(p.probe.note));
  }
  return out;
}

}  // namespace tailrace::scenarios
