#include "analysis/html/text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/report/markup.hpp"
#include "models/field/diagnostics.hpp"

namespace tailrace::analysis::html {

std::string html(std::string_view text) {
  std::string out;
  for (const char c : models::escaped(text)) {
    if (const std::string_view entity = entity_of(c); !entity.empty())
      out += entity;
    else if (c == '\'')
      out += "&#39;";
    else
      out += c;
  }
  return out;
}

std::string markdown(std::string_view text) {
  const std::string safe = models::escaped(text);
  const auto word = [&](std::size_t at) {
    return at < safe.size() && ((safe[at] >= '0' && safe[at] <= '9') ||
                                (safe[at] >= 'a' && safe[at] <= 'z') || (safe[at] >= 'A' && safe[at] <= 'Z'));
  };
  // Mentions and bare addresses are found in what was rendered, so an entity would not stop them: a space
  // without width does.
  constexpr std::string_view kNothing = "&#8203;";
  std::string out;
  for (std::size_t i = 0; i < safe.size(); ++i) {
    const char c = safe[i];
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (std::string_view("|\\`*[]~").find(c) != std::string_view::npos ||
               (c == '_' && !(i > 0 && word(i - 1) && word(i + 1)))) {
      out += '\\';
      out += c;
    } else {
      out += c;
      const bool address = c == ':' && safe.compare(i + 1, 2, "//") == 0;
      const bool host = c == 'w' && i >= 2 && safe.compare(i - 2, 4, "www.") == 0;
      if (c == '@' || c == '#' || address || host) out += kNothing;
    }
  }
  return out;
}

Figure figure(const Interval& i, const HumanScale& scale, bool estimable) {
  if (!estimable) return {"n/a", ""};
  const std::string spread = plus_minus(i, scale, kText);
  return {scale.text(i.estimate), spread.empty() ? "" : " " + spread};
}

Figure duration(const LatencyReport& latency, std::size_t percentile) {
  const Interval& i = latency.percentiles[percentile];
  return figure(i, duration_scale(i.estimate, kText),
                latency.count >= requests_needed(kPercentiles[percentile]));
}

Figure mean_duration(const LatencyReport& latency) {
  return figure(latency.mean, duration_scale(latency.mean.estimate, kText), latency.count > 0);
}

Figure measured(const ThresholdResult& t) {
  if (t.verdict == ThresholdVerdict::no_data) return {"n/a", ""};
  return figure(t.measured, scale_of(t.unit, t.measured.estimate, kText), true);
}

std::string percentile_name(std::size_t percentile) {
  return fmt::format("p{:g}", 100 * kPercentiles[percentile]);
}

Verdict verdict(const RunReport& report, const std::vector<ThresholdResult>& thresholds) {
  if (report.status != models::RunStatus::completed) {
    return {Verdict::Kind::bad,
            fmt::format("ended early ({}): {}", models::status_name(report.status), report.message)};
  }
  const auto count = [&](ThresholdVerdict v) {
    return std::count_if(thresholds.begin(), thresholds.end(), [&](const auto& t) { return t.verdict == v; });
  };
  const auto failed = count(ThresholdVerdict::fail), unknown = count(ThresholdVerdict::no_data);
  const char* s = thresholds.size() == 1 ? "" : "s";
  if (thresholds.empty()) return {Verdict::Kind::none, "no thresholds"};
  if (failed > 0)
    return {Verdict::Kind::bad, fmt::format("{} of {} threshold{} failed", failed, thresholds.size(), s)};
  if (unknown > 0) {
    return {Verdict::Kind::undecided,
            fmt::format("{} of {} threshold{} without data", unknown, thresholds.size(), s)};
  }
  return {Verdict::Kind::good, thresholds.size() == 1
                                   ? std::string("the threshold passed")
                                   : fmt::format("{0} of {0} thresholds passed", thresholds.size())};
}

std::string remark(const ThresholdResult& t) {
  return t.straddles ? "the interval covers the limit: another seed may decide otherwise" : why_not_shown(t);
}

std::string run_line(const RunReport& report, std::uint64_t seed) {
  const double each = report.replications > 0 ? report.measured_s / report.replications : 0;
  std::string text = fmt::format("{} replication{} × {} measured", report.replications,
                                 report.replications == 1 ? "" : "s", human_duration(each, kText));
  if (report.warmup_s > 0)
    text += fmt::format(" after {} of warm-up", human_duration(report.warmup_s, kText));
  return text + fmt::format(" · seed {} · {} events", seed, human_count(report.events));
}

}  // namespace tailrace::analysis::html
