#include "scenarios/plan/output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/experiment/figures.hpp"
#include "analysis/report/json_figures.hpp"
#include "analysis/report/json_text.hpp"
#include "analysis/report/text_table.hpp"

namespace tailrace::scenarios {

namespace {

using analysis::HumanScale;
using analysis::JsonText;
using analysis::ThresholdVerdict;

// --- text

// "load.request_duration p(99) < 200ms: 187 ms +-3".
std::string told(const Judgement& j, analysis::TextStyle style) {
  if (!j.reason.empty()) return j.reason;
  const JudgedThreshold* t = j.binding();
  if (t == nullptr) return "";
  std::string out = fmt::format("{} {}: ", t->result.metric, t->result.expression);
  if (t->result.verdict == ThresholdVerdict::no_data) return out + "nothing was measured";
  const HumanScale scale = analysis::scale_of(t->result.unit, t->result.measured.estimate, style);
  out += scale.text(t->result.measured.estimate);
  if (t->by_estimate) return out + " (no interval)";
  return out + " " + analysis::plus_minus(t->result.measured, scale, style);
}

std::string word(Meets meets) {
  return meets == Meets::yes ? "meets" : meets == Meets::no ? "FAILS" : "untold";
}

std::string how(const PlanContext& c) {
  return fmt::format(
      "Verdicts are decided at {:g} % confidence, and intervals are as wide as that takes. Untold: not "
      "decided\n"
      "after the last look, or within {:g} % of the limit.\n",
      100 * c.confidence, 100 * c.indifference);
}

// --- json

void number(JsonText& j, const char* name, const std::optional<double>& value) {
  j.key(name);
  value&& std::isfinite(*value) ? j.value(*value) : j.null();
}

void judgement(JsonText& j, const Judgement& of) {
  j.field("verdict", meets_name(of.meets)).field("replications", of.replications);
  j.field("by_theory", of.by_theory).field("reason", of.reason);
  const JudgedThreshold* binding = of.binding();
  j.key("binding");
  binding == nullptr || !of.reason.empty()
      ? j.null()
      : j.value(binding->result.metric + " " + binding->result.expression);
  j.key("thresholds").begin_array();
  for (const JudgedThreshold& t : of.thresholds) {
    j.begin_object().field("metric", t.result.metric).field("expression", t.result.expression);
    j.field("verdict", meets_name(t.meets)).field("by_estimate", t.by_estimate);
    j.field("unit", analysis::unit_name(t.result.unit)).field("limit", t.result.limit);
    analysis::interval(j, "measured", t.result.measured, {}, t.result.verdict != ThresholdVerdict::no_data);
    j.end_object();
  }
  j.end_array();
}

JsonText head(const PlanContext& c, const char* kind, bool found, bool interrupted) {
  JsonText j;
  j.begin_object().field("format", "tailrace-plan").field("version", kPlanVersion);
  j.field("scenario", c.scenario).field("kind", kind).field("found", found).field("complete", !interrupted);
  j.field("confidence", c.confidence).field("indifference", c.indifference);
  return j;
}

void rate(JsonText& j, const RateJudgement& r) {
  j.begin_object().field("rate_per_s", r.rate_per_s);
  judgement(j, r.judgement);
  j.end_object();
}

void sizes(JsonText& j, const SizePlan& plan, const Sizes& of) {
  j.key("sizes").begin_object();
  for (std::size_t k = 0; k < of.size(); ++k) {
    const SizeAxis& axis = plan.axes[k];
    axis.values.empty() ? j.field(axis.path, of[k]) : j.field(axis.path, axis.value(of[k]));
  }
  j.end_object();
}

std::string written(const SizePlan& plan, const Sizes& of) {
  std::string out;
  for (std::size_t k = 0; k < of.size(); ++k)
    out += fmt::format("{}{}={}", k == 0 ? "" : ", ", plan.axes[k].path, plan.axes[k].value(of[k]));
  return out;
}

std::size_t replications(const std::vector<SizeJudgement>& tried) {
  std::size_t sum = 0;
  for (const SizeJudgement& s : tried) sum += static_cast<std::size_t>(s.judgement.replications);
  return sum;
}

}  // namespace

std::string max_load_text(const MaxLoad& p, const PlanContext& c, analysis::TextStyle style) {
  std::string out;
  const auto line = [&](const std::string& text) { out += text + "\n"; };
  const auto rate_text = [](double r) { return fmt::format("{:.4g}/s", r); };
  if (!p.meets) {
    line(
        analysis::inked(fmt::format("{}: no rate from {} down to {} meets the thresholds.", p.workload,
                                    rate_text(p.present_per_s),
                                    rate_text(p.tried.empty() ? p.present_per_s : p.tried.back().rate_per_s)),
                        analysis::Ink::bold, style));
  } else if (!p.fails) {
    line(analysis::inked(fmt::format("{}: {} meets the thresholds, and no rate was found that fails.",
                                     p.workload, rate_text(p.meets->rate_per_s)),
                         analysis::Ink::bold, style));
  } else {
    line(analysis::inked(fmt::format("{}: the thresholds are met up to {}; at {} they are not.", p.workload,
                                     rate_text(p.meets->rate_per_s), rate_text(p.fails->rate_per_s)),
                         analysis::Ink::bold, style));
  }
  if (p.meets)
    line(fmt::format("  at {}: {}", rate_text(p.meets->rate_per_s), told(p.meets->judgement, style)));
  if (p.fails)
    line(fmt::format("  at {}: {}", rate_text(p.fails->rate_per_s), told(p.fails->judgement, style)));
  if (p.untold_between) line("  Some rates between these could not be told.");
  if (const auto h = p.headroom())
    line(fmt::format("Headroom: {:.3g} times the present {}.", *h, rate_text(p.present_per_s)));
  if (p.saturation_per_s)
    line(fmt::format("Saturation (theory): {}{}.", rate_text(*p.saturation_per_s),
                     p.saturates.empty() ? "" : ", of " + p.saturates));
  if (p.knee_per_s) {
    line(fmt::format("Knee (theory): {}, where rate over mean response is greatest.",
                     rate_text(*p.knee_per_s)));
  } else if (!p.knee_reason.empty()) {
    line(fmt::format("Knee: unknown; {}.", p.knee_reason));
  }
  analysis::TextTable table(style);
  table.right("rate").left("").right("replications").left("binds");
  for (const RateJudgement& r : p.tried)
    table.row({rate_text(r.rate_per_s), word(r.judgement.meets), std::to_string(r.judgement.replications),
               told(r.judgement, style)});
  if (!table.empty()) out += "\n" + table.text();
  return out + "\n" + how(c);
}

std::string max_load_json(const MaxLoad& p, const PlanContext& c) {
  JsonText j = head(c, "max_load", p.meets.has_value(), p.interrupted);
  j.field("resolution", c.resolution).field("workload", p.workload).field("present_per_s", p.present_per_s);
  number(j, "saturation_per_s", p.saturation_per_s);
  j.field("saturates", p.saturates);
  number(j, "knee_per_s", p.knee_per_s);
  j.field("knee_reason", p.knee_reason);
  number(j, "headroom", p.headroom());
  j.key("meets");
  p.meets ? rate(j, *p.meets) : void(j.null());
  j.key("fails");
  p.fails ? rate(j, *p.fails) : void(j.null());
  j.field("untold_between", p.untold_between).key("tried").begin_array();
  for (const RateJudgement& r : p.tried) rate(j, r);
  j.end_array().end_object();
  return j.take();
}

std::string sizes_text(const SizePlan& p, const PlanContext& c, analysis::TextStyle style) {
  std::string out;
  const auto line = [&](const std::string& text) { out += text + "\n"; };
  if (!p.answer.found) {
    if (p.interrupted) return "Nothing was found before the interrupt.\n";
    line(analysis::inked("No sizes within the ranges meet the thresholds.", analysis::Ink::bold, style));
    line(fmt::format("  the largest, {}: {}{}", written(p, p.answer.sizes),
                     p.best.meets == Meets::untold ? "untold, " : "", told(p.best, style)));
    return out + "\n" + how(c);
  }
  line(analysis::inked(
      fmt::format("{} meets the thresholds at the cost {:g}.", written(p, p.answer.sizes), p.answer.cost),
      analysis::Ink::bold, style));
  line("  " + told(p.best, style));
  const bool hurts = std::any_of(p.one_less.begin(), p.one_less.end(), [](const SizeJudgement& s) {
    return !s.sizes.empty() && s.judgement.meets == Meets::yes;
  });
  const bool grid = std::any_of(p.axes.begin(), p.axes.end(), [](const SizeAxis& a) { return a.real(); });
  line(p.answer.proven ? grid && p.axes.size() > 1
                             ? "Nothing cheaper on a first grid does, if what is dearer never hurts; from "
                               "there each value was "
                               "brought down\nto the resolution, the others staying."
                             : "Nothing cheaper within the ranges does, if more of anything never hurts."
       : p.interrupted ? "Whether something cheaper does was not seen before the interrupt."
       : hurts ? "One less was seen to do as well: more does hurt here, and this need not be the least."
               : "That nothing cheaper does was not proven: the candidates were used up.");
  analysis::TextTable table(style);
  table.left("one step cheaper").left("").left("binds");
  for (std::size_t k = 0; k < p.one_less.size(); ++k) {
    const SizeJudgement& s = p.one_less[k];
    const std::string value = s.sizes.empty() ? "" : "=" + p.axes[k].value(s.sizes[k]);
    table.row({p.axes[k].path + value, s.sizes.empty() ? "" : word(s.judgement.meets),
               s.sizes.empty() ? "the end of its range" : told(s.judgement, style)});
  }
  if (!table.empty()) out += "\n" + table.text();
  out += fmt::format(
      "\n{} candidates simulated in {} replications, {} ruled out by theory{}.\n", p.simulated,
      replications(p.tried), p.by_theory,
      p.untold > 0 ? fmt::format(", {} could not be told and count as not enough", p.untold) : "");
  return out + how(c);
}

std::string sizes_json(const SizePlan& p, const PlanContext& c) {
  JsonText j = head(c, "sizes", p.answer.found, p.interrupted);
  j.key("axes").begin_array();
  for (const SizeAxis& a : p.axes) {
    j.begin_inline_object().field("path", a.path);
    if (a.values.empty()) {
      j.field("low", a.range.low).field("high", a.range.high);
    } else {
      j.field("low", a.low).field("high", a.high).field("values", a.values.size());
    }
    j.field("price", a.values.empty() ? a.range.price : a.price).end_object();
  }
  j.end_array();
  sizes(j, p, p.answer.sizes);
  j.field("cost", p.answer.cost).field("proven", p.answer.proven).key("best").begin_object();
  judgement(j, p.best);
  j.end_object().key("one_less").begin_array();
  for (std::size_t k = 0; k < p.one_less.size(); ++k) {
    j.begin_object().field("path", p.axes[k].path).field("end_of_range", p.one_less[k].sizes.empty());
    judgement(j, p.one_less[k].judgement);
    j.end_object();
  }
  j.end_array().key("tried").begin_array();
  for (const SizeJudgement& s : p.tried) {
    j.begin_object();
    sizes(j, p, s.sizes);
    judgement(j, s.judgement);
    j.end_object();
  }
  j.end_array().end_object();
  return j.take();
}

}  // namespace tailrace::scenarios
