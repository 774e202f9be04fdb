#include "scenarios/sensitivity/output.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/html/text.hpp"
#include "analysis/report/json_text.hpp"
#include "analysis/report/markup.hpp"
#include "analysis/report/tables_csv.hpp"
#include "analysis/report/text_table.hpp"

namespace tailrace::scenarios {

namespace {

using analysis::JsonText;
using analysis::TextStyle;
using analysis::TextTable;

constexpr int kHalfWidth = 20;  // characters of the longest bar

// The largest |elasticity|; at least so much that noise about 0 makes no long bars.
double longest(const Sensitivity& s) {
  double most = 0.01;
  for (const Parameter& p : s.parameters) {
    if (const Elasticity* e = p.primary()) most = std::max(most, std::fabs(e->value.estimate));
  }
  return most;
}

std::string tornado_bar(double value, double most, TextStyle style) {
  const auto n = static_cast<std::size_t>(std::fabs(value) / most * kHalfWidth + 0.5);
  const char* const block = style.unicode ? "█" : "#";
  std::string bar;
  for (std::size_t i = 0; i < n; ++i) bar += block;
  const std::string empty(static_cast<std::size_t>(kHalfWidth) - n, ' ');
  const std::string none(kHalfWidth, ' ');
  return value < 0 ? empty + bar + "|" + none : none + "|" + bar + empty;
}

std::string xml(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (const std::string_view entity = analysis::entity_of(c); !entity.empty())
      out += entity;
    else
      out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out;
}

}  // namespace

std::string sensitivity_text(const Sensitivity& s, TextStyle style) {
  std::string out =
      fmt::format("{}: what moves {}\n{} paired replications; each parameter lower and higher by {:g} %\n\n",
                  analysis::shortened(s.scenario, 60, style), analysis::shortened(s.primary, 80, style),
                  s.replications, 100 * s.step);
  TextTable table(style);
  table.left("parameter")
      .right("from")
      .right("to")
      .right("figure")
      .right("")
      .right("elasticity")
      .left("")
      .left("");
  const double most = longest(s);
  for (const Parameter& p : s.parameters) {
    const Elasticity* e = p.primary();
    if (e == nullptr) {
      table.row({analysis::shortened(p.path, 60, style), analysis::shortened(p.low.text, 30, style),
                 analysis::shortened(p.high.text, 30, style), "", "", "not known", "", ""});
      continue;
    }
    table.row(
        {analysis::shortened(p.path, 60, style),
         analysis::shortened(p.low.text, 30, style),
         analysis::shortened(p.high.text, 30, style),
         analysis::human_figure(e->at_low, e->unit, style),
         analysis::human_figure(e->at_high, e->unit, style),
         fmt::format("{:+.3g}", e->value.estimate),
         fmt::format("{:+.3g} to {:+.3g}", e->value.low, e->value.high),
         {tornado_bar(e->value.estimate, most, style), e->told ? analysis::Ink::plain : analysis::Ink::dim}});
  }
  out += table.text();
  const auto told = std::count_if(s.parameters.begin(), s.parameters.end(), [](const Parameter& p) {
    const Elasticity* e = p.primary();
    return e != nullptr && e->told;
  });
  if (told == 0) {
    out += "\nNo parameter moves it by more than luck could.\n";
  } else {
    const Elasticity& e = s.parameters[0].figures[0];
    out += fmt::format("\n1 % more of {} is {:+.3g} % of {}{}.\n",
                       analysis::shortened(s.parameters[0].path, 80, style), e.value.estimate,
                       analysis::shortened(s.primary, 80, style), e.told ? "" : ", if it is not luck");
  }
  if (!s.ended_early.empty()) out += "A run ended early, " + s.ended_early + "\n";
  if (s.interrupted) out += "Interrupted: only whole pairs count.\n";
  return out;
}

std::string sensitivity_markdown(const Sensitivity& s) {
  using analysis::html::markdown;
  std::string out = fmt::format(
      "{}: what moves {}\n\n| Parameter | from | to | % for 1 % more | {:g} % interval | |\n"
      "|---|---:|---:|---:|---:|---|\n",
      markdown(s.scenario), markdown(s.primary), 100 * s.confidence);
  for (const Parameter& p : s.parameters) {
    const Elasticity* e = p.primary();
    out += fmt::format("| {} | {} | {} | ", markdown(p.path), markdown(p.low.text), markdown(p.high.text));
    out += e == nullptr ? "not known | | |\n"
                        : fmt::format("{:+.3g} | {:+.3g} to {:+.3g} | {} |\n", e->value.estimate,
                                      e->value.low, e->value.high, e->told ? "" : "may be luck");
  }
  return out;
}

std::string sensitivity_json(const Sensitivity& s) {
  JsonText j;
  j.begin_object().field("format", "tailrace-sensitivity").field("version", kSensitivityVersion);
  j.field("scenario", s.scenario).field("complete", !s.interrupted && s.ended_early.empty());
  j.field("message", s.ended_early).field("primary", s.primary).field("step", s.step);
  j.field("confidence", s.confidence).field("replications", s.replications);
  j.key("parameters").begin_array();
  for (const Parameter& p : s.parameters) {
    j.begin_object().field("path", p.path).field("base", p.base.text).field("low", p.low.text);
    j.field("high", p.high.text).key("figures").begin_array();
    for (const Elasticity& e : p.figures) {
      j.begin_inline_object().field("figure", e.figure).field("unit", analysis::unit_name(e.unit));
      j.field("at_low", e.at_low).field("at_high", e.at_high).key("elasticity");
      e.value.known ? j.value(e.value.estimate) : j.null();
      j.key("elasticity_low");
      e.value.known ? j.value(e.value.low) : j.null();
      j.key("elasticity_high");
      e.value.known ? j.value(e.value.high) : j.null();
      j.field("p_adjusted", e.p_adjusted).field("told", e.told).end_object();
    }
    j.end_array().end_object();
  }
  j.end_array().end_object();
  return j.take();
}

std::string sensitivity_csv(const Sensitivity& s) {
  std::string out =
      "path,low,high,figure,unit,at_low,at_high,elasticity,elasticity_low,elasticity_high,p_adjusted\n";
  for (const Parameter& p : s.parameters) {
    for (const Elasticity& e : p.figures) {
      out += fmt::format("{},{},{},{},{},{},{},", analysis::csv_cell(p.path), analysis::csv_cell(p.low.text),
                         analysis::csv_cell(p.high.text), analysis::csv_cell(e.figure),
                         analysis::unit_name(e.unit), e.at_low, e.at_high);
      out += e.value.known ? fmt::format("{},{},{},", e.value.estimate, e.value.low, e.value.high) : ",,,";
      out += fmt::format("{}\n", e.p_adjusted);
    }
  }
  return out;
}

std::string sensitivity_svg(const Sensitivity& s) {
  constexpr double kRow = 34, kTop = 70, kMiddle = 520, kReach = 230, kWidth = 800;
  double most = longest(s);
  for (const Parameter& p : s.parameters) {
    if (const Elasticity* e = p.primary())
      most = std::max(
          {most, std::min(std::fabs(e->value.low), 2 * most), std::min(std::fabs(e->value.high), 2 * most)});
  }
  const double height = kTop + kRow * static_cast<double>(s.parameters.size()) + 30;
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" role=\"img\" "
      "font-family=\"sans-serif\" "
      "font-size=\"13\">\n<title>What moves {2}</title>\n",
      kWidth, height, xml(s.primary));
  out +=
      "<style>text{fill:#1d2733}.up{fill:#c2542f}.down{fill:#2f7ec2}.dim{opacity:.35}line{stroke:#1d2733}"
      "@media(prefers-color-scheme:dark){text{fill:#e6edf3}line{stroke:#e6edf3}}</style>\n";
  out += fmt::format("<text x=\"16\" y=\"24\" font-size=\"16\">{}: what moves {}</text>\n", xml(s.scenario),
                     xml(s.primary));
  out +=
      "<text x=\"16\" y=\"46\">% of the figure for 1 % more of the parameter; whiskers: interval; pale: may "
      "be "
      "luck</text>\n";
  double y = kTop;
  for (const Parameter& p : s.parameters) {
    out += fmt::format("<text x=\"{:.0f}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n",
                       kMiddle - kReach - 10, y + 17, xml(analysis::shortened(p.path, 38, {})));
    if (const Elasticity* e = p.primary()) {
      const auto x = [&](double v) { return kMiddle + kReach * std::clamp(v / most, -1.0, 1.0); };
      const double from = std::min(kMiddle, x(e->value.estimate));
      out += fmt::format("<rect class=\"{}{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"18\"/>\n",
                         e->value.estimate > 0 ? "up" : "down", e->told ? "" : " dim", from, y + 4,
                         std::fabs(x(e->value.estimate) - kMiddle));
      out += fmt::format("<line x1=\"{:.1f}\" x2=\"{:.1f}\" y1=\"{:.1f}\" y2=\"{:.1f}\"/>\n", x(e->value.low),
                         x(e->value.high), y + 13, y + 13);
      out += fmt::format("<text x=\"{:.0f}\" y=\"{:.1f}\" text-anchor=\"end\">{:+.3g}</text>\n", kWidth - 4,
                         y + 17, e->value.estimate);
    }
    y += kRow;
  }
  out += fmt::format("<line x1=\"{0:.0f}\" x2=\"{0:.0f}\" y1=\"{1:.0f}\" y2=\"{2:.1f}\"/>\n</svg>\n", kMiddle,
                     kTop - 6, y);
  return out;
}

}  // namespace tailrace::scenarios
