#include "analysis/html/tail_section.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "analysis/html/text.hpp"
#include "analysis/report/tail_output.hpp"

namespace tailrace::analysis::html {

namespace {

constexpr std::size_t kMostClasses = 6;
constexpr std::size_t kMostRows = 12;
constexpr double kWorthABar = 0.002;  // of the longest bar

double mean_in(const TailBand& band, const TailPart& part) {
  for (const TailPart& p : band.parts) {
    if (p.place == part.place && p.reason == part.reason) return p.mean_s;
  }
  return 0;
}

std::array<double, models::kReasons> by_reason(const TailBand& band) {
  std::array<double, models::kReasons> sums{};
  for (const TailPart& p : band.parts) sums[static_cast<std::size_t>(p.reason)] += p.mean_s;
  return sums;
}

// Lengths are shares of the slowest band's time, so that bands can be compared by eye.
std::string bars(const TailClass& cls) {
  double longest = 0;
  for (const TailBand& band : cls.bands) longest = std::max(longest, band.mean_s);
  if (longest <= 0) return "";
  std::array<bool, models::kReasons> used{};
  std::string rows;
  for (const TailBand& band : cls.bands) {
    rows += fmt::format("<tr><td>{}</td><td class=\"l\"><span class=\"stack\">", html(band.name));
    const auto sums = by_reason(band);
    for (std::size_t r = 0; r < sums.size(); ++r) {
      if (sums[r] / longest < kWorthABar) continue;
      used[r] = true;
      const char* name = reason_name(static_cast<models::Reason>(r));
      rows += fmt::format("<i class=\"why-{}\" style=\"width:{:.2f}%\" title=\"{}: {}\"></i>", name,
                          100 * sums[r] / longest, name, human_duration(sums[r], kText));
    }
    rows += fmt::format("</span></td><td>{}</td><td>{}</td></tr>\n", human_duration(band.mean_s, kText),
                        human_count(band.count));
  }
  std::string key = "<p class=\"legend\">";
  for (std::size_t r = 0; r < used.size(); ++r) {
    const char* name = reason_name(static_cast<models::Reason>(r));
    if (used[r]) key += fmt::format("<span><i class=\"key why-{}\"></i>{}</span>", name, name);
  }
  return key +
         "</p>\n<div class=\"scroll\"><table><thead><tr><th>band</th><th class=\"l\">mean time by reason</th>"
         "<th>mean</th><th>traced</th></tr></thead><tbody>\n" +
         rows + "</tbody></table></div>\n";
}

std::string parts(const TailClass& cls, const TailBand& told, const models::CompiledModel& model) {
  std::string out =
      "<div class=\"scroll\"><table><thead><tr><th class=\"l\">where</th><th class=\"l\">why</th>";
  for (const TailBand& band : cls.bands) out += fmt::format("<th>{}</th>", html(band.name));
  out += fmt::format("<th>share of {}</th><th>stragglers</th></tr></thead><tbody>\n", html(told.name));
  for (std::size_t i = 0; i < told.parts.size() && i < kMostRows; ++i) {
    const TailPart& part = told.parts[i];
    out += fmt::format("<tr><td>{}</td><td class=\"l\">{}</td>", html(place_name(model, part.place)),
                       reason_name(part.reason));
    for (const TailBand& band : cls.bands) {
      const double mean = mean_in(band, part);
      out += fmt::format("<td>{}</td>", mean > 0 ? human_duration(mean, kText) : "");
    }
    const Figure share = figure(part.share, fraction_scale(part.share.estimate), true);
    out += fmt::format("<td>{}{}</td><td>{}</td></tr>\n", share.value,
                       share.spread.empty() ? "" : "<small>" + share.spread.substr(1) + "</small>",
                       part.straggler_s > 0 ? human_duration(part.straggler_s, kText) : "");
  }
  out += "</tbody></table></div>\n";
  if (told.parts.size() > kMostRows)
    out += fmt::format("<p class=\"note\">{} more are in summary.json.</p>\n", told.parts.size() - kMostRows);
  return out;
}

}  // namespace

std::string tail_html(const RunResults& results) {
  const TailReport& report = results.report.tail;
  std::string body;
  std::size_t shown = 0;
  for (const TailClass& cls : report.classes) {
    const TailBand* told = told_band(cls);
    if (told == nullptr || told->parts.empty() || shown == kMostClasses) continue;
    ++shown;
    body += fmt::format("<p><b>{}</b>, {}</p>\n", html(cls.name),
                        html(tail_sentence(results.model, *told, kText)));
    body += bars(cls) + parts(cls, *told, results.model);
  }
  if (body.empty()) return "";
  body += fmt::format(
      "<p class=\"note\">Mean times on the critical path of the traced requests ({}); they add up to each "
      "request's latency. Stragglers: part of it, while a join waited for the slower half of its "
      "branches.</p>\n",
      report.every == 1 ? "all" : fmt::format("1 in {}", human_count(report.every)));
  return "<section><h2>Where the time went</h2>\n" + body + "</section>\n";
}

}  // namespace tailrace::analysis::html
