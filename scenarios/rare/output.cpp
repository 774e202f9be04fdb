#include "scenarios/rare/output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/report/json_text.hpp"
#include "analysis/report/text_table.hpp"
#include "models/field/diagnostics.hpp"

namespace tailrace::scenarios {

namespace {

using analysis::human_count;
using analysis::human_duration;
using analysis::Interval;
using analysis::TextStyle;
using analysis::TextTable;

constexpr std::size_t kRows = 12;
constexpr int kBar = 24;

std::string large(double n) {
  return n < 1e7 ? human_count(static_cast<std::uint64_t>(n)) : fmt::format("{:.2g}", n);
}
std::string events(std::uint64_t n) {
  const double v = static_cast<double>(n);
  return v >= 1e9   ? fmt::format("{:.3g} billion", v * 1e-9)
         : v >= 1e6 ? fmt::format("{:.3g} million", v * 1e-6)
                    : human_count(n);
}

class Text {
 public:
  Text(const RareEstimate& e, const RareTold& told, TextStyle style) : e_(e), t_(told), style_(style) {}

  std::string run() {
    std::string out =
        fmt::format("{}: how probable is \"{}\" {}?\n\n", t_.scenario, models::escaped(t_.event), when());
    const Interval& p = e_.probability;
    if (p.groups == 0 && !p.known) {
      out += "No answer.\n";
    } else if (p.estimate <= 0) {
      out += fmt::format("  never met in {} runs; less than {} ({:g} %)\n", human_count(e_.runs),
                         probability_text(p.high), 100 * p.confidence);
    } else {
      out += answer(p);
    }
    out += '\n' + method() + levels();
    for (const std::string& note : e_.notes)
      out += analysis::inked("! ", analysis::Ink::warn, style_) + note + ".\n";
    if (!e_.complete) out += "Interrupted: what was not finished is left out.\n";
    return out;
  }

 private:
  std::string when() const {
    return t_.from_s > 0 ? fmt::format("from {} to {} of a run", human_duration(t_.from_s, style_),
                                       human_duration(t_.until_s, style_))
                         : fmt::format("within {}", human_duration(t_.until_s, style_));
  }

  std::string answer(const Interval& p) const {
    std::string out =
        "  probability " + analysis::inked(probability_text(p.estimate), analysis::Ink::bold, style_);
    if (p.known)
      out += fmt::format(", {} to {} ({:g} %)", probability_text(p.low), probability_text(p.high),
                         100 * p.confidence);
    out +=
        fmt::format("\n  {}relative standard error {:.2g} %\n",
                    p.estimate < 0.2 ? fmt::format("one run in {}; ", large(std::round(1 / p.estimate))) : "",
                    100 * e_.relative_error);
    return out;
  }

  std::string method() const {
    if (!e_.split) {
      return fmt::format("Not rare: {} of {} plain runs met it ({} events), so nothing was split.\n",
                         human_count(e_.plain_happened), human_count(e_.plain_runs), events(e_.events));
    }
    std::string out = fmt::format(
        "Adaptive multilevel splitting, {} repetitions of {} trajectories: {} runs, {} events.\n",
        e_.repetitions.size(), human_count(e_.trajectories), human_count(e_.runs), events(e_.events));
    out += fmt::format("Of {} plain runs {} met it.", human_count(e_.plain_runs),
                       human_count(e_.plain_happened));
    if (e_.plain_runs_needed > 0) {
      out += fmt::format(" As precise an answer would take {} of them, {} times the events.",
                         large(e_.plain_runs_needed),
                         e_.saving >= 100 ? large(std::round(e_.saving)) : fmt::format("{:.2g}", e_.saving));
    }
    return out + '\n';
  }

  std::string level_name(std::uint32_t score) const {
    if (!t_.counts.empty()) return std::to_string(score);
    return fmt::format("{:.3g} %", 100.0 * score / t_.goal);
  }

  // The way there, in a dozen steps. The last level is the step into the event itself.
  std::string levels() const {
    if (e_.levels.size() < 2) return "";
    const double least = lowest();
    if (!(least < 0)) return "";
    TextTable table(style_);
    table.right(t_.counts.empty() ? "more than, of the way" : t_.counts + " above")
        .right("probability")
        .right("")
        .left("");
    const std::size_t last = e_.levels.size() - 1;
    const std::size_t rows = std::min(kRows, e_.levels.size());
    for (std::size_t r = 0; r < rows; ++r) {
      const RareLevel& l = e_.levels[rows < 2 ? 0 : r * last / (rows - 1)];
      const double p = l.beyond.estimate;
      table.row(
          {level_name(l.score), p > 0 ? probability_text(p) : "0",
           l.beyond.known && l.beyond.low < l.beyond.high
               ? fmt::format("{} to {}", probability_text(l.beyond.low), probability_text(l.beyond.high))
               : "",
           p > 0 ? analysis::bar(1 - std::log10(p) / least, kBar, style_) : ""});
    }
    std::string out = fmt::format("\nThe way there (bars: orders of magnitude, {} in all):\n",
                                  fmt::format("{:.2g}", -least));
    out += table.text();
    if (e_.hardest_share < 0.1) {
      out += fmt::format("The hardest step is past {}{}: in one repetition {:.2g} % got on from there.\n",
                         t_.counts.empty() ? "" : t_.counts + " ", level_name(e_.hardest),
                         100 * e_.hardest_share);
    }
    return out;
  }

  double lowest() const {
    double least = 0;
    for (const RareLevel& l : e_.levels) {
      if (l.beyond.estimate > 0) least = std::min(least, std::log10(l.beyond.estimate));
    }
    return least;
  }

  const RareEstimate& e_;
  const RareTold& t_;
  TextStyle style_;
};

void interval(analysis::JsonText& j, const char* name, const Interval& i) {
  j.key(name).begin_inline_object().field("estimate", i.estimate);
  j.key("low");
  i.known ? j.value(i.low) : j.null();
  j.key("high");
  i.known ? j.value(i.high) : j.null();
  j.field("confidence", i.confidence).end_object();
}

}  // namespace

std::string probability_text(double p) {
  if (p <= 0) return "0";
  return p < 1e-3 ? fmt::format("{:.2e}", p) : fmt::format("{:.3g}", p);
}

std::string rare_text(const RareEstimate& estimate, const RareTold& told, TextStyle style) {
  return Text(estimate, told, style).run();
}

std::string rare_json(const RareEstimate& e, const RareTold& told) {
  analysis::JsonText j;
  j.begin_object().field("format", "tailrace-rare").field("version", kRareVersion);
  j.field("scenario", told.scenario)
      .field("event", told.event)
      .field("guide", told.guide.empty() ? told.event : told.guide);
  j.field("from_s", told.from_s).field("until_s", told.until_s);
  j.field("method", e.split ? "adaptive multilevel splitting" : "plain replications");
  j.field("complete", e.complete).field("precise", e.precise).field("precision", told.precision);
  interval(j, "probability", e.probability);
  j.field("relative_error", e.relative_error);
  j.key("plain_runs").begin_inline_object().field("runs", e.plain_runs).field("happened", e.plain_happened);
  j.field("events_per_run", e.events_per_run).field("needed", e.plain_runs_needed);
  j.field("saving", e.saving).end_object();
  j.field("trajectories", e.trajectories).field("runs", e.runs).field("events", e.events);
  j.field("died_out", e.died_out).field("ancestors", e.ancestors).field("limited", e.limited);
  j.key("repetitions").begin_inline_array();
  for (const double p : e.repetitions) j.value(p);
  j.end_array();
  j.field("goal", told.goal).field("counts", told.counts);
  j.key("levels").begin_array();
  for (const RareLevel& l : e.levels) {
    j.begin_inline_object().field("above", l.score);
    interval(j, "probability", l.beyond);
    j.end_object();
  }
  j.end_array().key("notes").begin_array();
  for (const std::string& note : e.notes) j.value(note);
  j.end_array().end_object();
  return j.take();
}

std::string rare_csv(const RareEstimate& e, const RareTold& told) {
  std::string out = "above,share_of_way,probability,low,high\n";
  for (const RareLevel& l : e.levels) {
    out += fmt::format("{},{},{},", l.score, static_cast<double>(l.score) / told.goal, l.beyond.estimate);
    out += l.beyond.known ? fmt::format("{},{}\n", l.beyond.low, l.beyond.high) : ",\n";
  }
  return out;
}

}  // namespace tailrace::scenarios
