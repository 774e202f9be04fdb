#include "analysis/report/cascade_story.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/report/human.hpp"

namespace tailrace::analysis {

namespace {

constexpr TextStyle kPlain{false, false};
constexpr std::size_t kMostTold = 8;

std::string at_time(double s) {  // a length
  return human_duration(s, kPlain);
}

std::string symptom_words(const CascadeHitReport& h) {
  switch (h.symptom) {
    case Symptom::failed:
      if (h.waits) return fmt::format("up to {} of its requests were kept waiting", human_fraction(h.worst));
      return fmt::format("{} of its requests failed (before: {})", human_fraction(h.worst),
                         human_fraction(h.normal));
    case Symptom::errors:
      return fmt::format("{} of the calls to it failed", human_fraction(h.worst));
    case Symptom::refused:
      return fmt::format("it refused up to {}", human_rate(h.worst));
    case Symptom::lag:
      return fmt::format("its lag grew to {}", human_number(h.worst));
    case Symptom::queue:
      return fmt::format("its queue grew from {} to {}", human_number(h.normal), human_number(h.worst));
    case Symptom::slow:
      return fmt::format("its time grew from {} to {}", at_time(h.normal), at_time(h.worst));
  }
  return "";
}

std::string mechanism_words(const CascadeHitReport& h) {
  switch (h.mechanism) {
    case Mechanism::fault:
      return fmt::format("by the fault \"{}\"", h.cause);
    case Mechanism::deployment:
      return fmt::format("by the deployment \"{}\"", h.cause);
    case Mechanism::cache_misses:
      return fmt::format("by misses of its cache, through the fault \"{}\"", h.cause);
    case Mechanism::load:
      return h.cause == "load" ? "by the load" : fmt::format("by more requests from {}", h.cause);
    case Mechanism::retry_load:
      return fmt::format("by retries of {}", h.cause);
    case Mechanism::timeouts:
      return fmt::format("because calls to {} timed out", h.cause);
    case Mechanism::refusals:
      return fmt::format("because calls to {} were refused", h.cause);
    case Mechanism::errors:
      return fmt::format("because calls to {} failed", h.cause);
    case Mechanism::held_workers:
      return fmt::format("because its workers were held by waiting for {}", h.cause);
    case Mechanism::slow_replies:
      return fmt::format("because {} answered slowly", h.cause);
    case Mechanism::unexplained:
      return "and no call explains why";
  }
  return "";
}

std::string in_how_many(int n, int all) {
  return n == all ? std::string() : fmt::format(" (in {} of {} replications)", n, all);
}

}  // namespace

std::string moment_words(double s) {
  if (!(s >= 100)) return human_duration(s, kPlain);
  s = std::floor(s * 10 + 0.5) / 10;  // before it is taken apart: there is no 60th second
  const auto tenths = [](double value) {
    std::string text = fmt::format("{:.1f}", value);
    if (text.ends_with(".0")) text.resize(text.size() - 2);
    return text;
  };
  if (s < 1000) return tenths(s) + " s";
  if (s >= 48 * 3600) return human_duration(s, kPlain);
  const auto whole = static_cast<long long>(s);
  std::string text = whole >= 3600 ? fmt::format("{} h ", whole / 3600) : "";
  text += fmt::format("{} min", whole / 60 % 60);
  const double rest = s - static_cast<double>(whole / 60 * 60);
  return rest >= 0.05 ? text + " " + tenths(rest) + " s" : text;
}

std::string cascade_story(const models::Topology& t, const CascadeReport& report,
                          std::string (*moment)(double)) {
  if (!report.happened()) return "";
  std::string text;
  const auto sentence = [&](std::string words) {
    if (!text.empty()) text += ' ';
    text += std::move(words) + ".";
  };
  double gone = -1;
  if (!report.triggers.empty()) {
    const Trigger& first = report.triggers.front();
    const std::string what = first.fault >= 0 ? fmt::format("the fault \"{}\" began", trigger_name(t, first))
                             : first.deployment >= 0
                                 ? fmt::format("the deployment \"{}\" began", trigger_name(t, first))
                                 : std::string("the load rose");
    const std::size_t more = report.triggers.size() - 1;
    if (report.same_start) {
      sentence(fmt::format(
          "At {} {}{}{}", moment(first.start_s), what,
          first.over ? fmt::format(", for {}", at_time(first.end_s - first.start_s)) : "",
          more > 0 ? fmt::format(", and {} more trigger{} later", more, more > 1 ? "s" : "") : ""));
      for (const Trigger& trigger : report.triggers)
        gone = trigger.over ? std::max(gone, trigger.end_s) : 1e300;
    } else if (report.began_so == report.triggered) {  // as all moments here, the median
      sentence(
          fmt::format("At {}, in the middle one of the replications, {}", moment(report.trigger_s), what));
    } else {
      sentence(fmt::format(
          "In {} of {} replications {} first, at {} in the middle one of them; in {} another trigger came "
          "first",
          report.began_so, report.replications, what, moment(report.trigger_s),
          report.triggered - report.began_so));
    }
  }
  std::size_t n = 0, left_out = 0;
  for (const CascadeHitReport& h : report.hits) {
    if (2 * h.replications < report.replications) continue;
    if (n++ >= kMostTold) {
      ++left_out;
      continue;
    }
    const bool unknown = h.mechanism == Mechanism::unexplained && !report.calls_watched;
    sentence(fmt::format("{} {} at {}{}: {}{}", h.component, n == 1 ? "was hit first," : "followed",
                         moment(h.onset_s), unknown ? "" : " " + mechanism_words(h), symptom_words(h),
                         in_how_many(h.replications, report.replications)));
  }
  if (left_out > 0) sentence(fmt::format("{} more components followed", left_out));
  if (n > 0 && !report.calls_watched)
    sentence("There are too many calls to watch each, so what one did to the next is not told");
  if (n > 0 && report.detection.estimate > 0 && report.detection.groups > 0)
    sentence(fmt::format("It could be told from chance {} after the trigger began",
                         at_time(report.detection.estimate)));
  if (!report.amplified.empty()) {
    const AmplificationReport& a = report.amplified.front();
    const char* by = !a.hedges ? "Retries" : a.retries ? "Retries and hedges" : "Hedges";
    sentence(fmt::format("{} made {} attempts of each call {} -> {}, up from {}", by, human_number(a.most),
                         a.from, a.to, human_number(a.before)));
  }
  const int of = report.verdicts[static_cast<std::size_t>(report.verdict)];
  const std::string many = in_how_many(of, report.replications);
  switch (report.verdict) {
    case Verdict::unaffected:
      sentence("No more requests failed than before" + many);
      break;
    case Verdict::recovered:
      sentence(fmt::format("It recovered {}{}{}",
                           report.recovery.estimate > 0
                               ? at_time(report.recovery.estimate) +
                                     (report.triggers.empty() ? " after it began" : " after the trigger")
                               : std::string("with the end of the trigger"),
                           report.recovery.known && report.recovery.estimate > 0
                               ? fmt::format(" ({} to {})", at_time(std::max(0.0, report.recovery.low)),
                                             at_time(report.recovery.high))
                               : "",
                           many));
      break;
    case Verdict::degraded:
      sentence(fmt::format("It had not recovered at the end: {}{}", report.reason, many));
      break;
    case Verdict::metastable:
      sentence(fmt::format(
          "The trigger is gone{}, the load is back, and goodput stays at {}, from {}: metastable{}",
          gone >= 0 && gone < 1e299 ? " since " + moment(gone) : "",
          human_rate(report.goodput_after.estimate), human_rate(report.goodput_before.estimate), many));
      break;
    case Verdict::unknown:
    case Verdict::steady:
      break;
  }
  if (report.lost.estimate > 0.0005)
    sentence(fmt::format("{} of the requests since then were lost; {} of {} components were hit",
                         human_fraction(report.lost.estimate), report.components_hit, report.components));
  return text;
}

}  // namespace tailrace::analysis
