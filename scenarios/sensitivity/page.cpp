#include "scenarios/sensitivity/page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/html/style.hpp"
#include "analysis/html/svg.hpp"
#include "analysis/html/text.hpp"

namespace tailrace::scenarios {

namespace {

using analysis::html::html;
using analysis::html::kText;

bool still(const Elasticity& e) {
  return e.value.estimate == 0 && e.value.low == 0 && e.value.high == 0;
}

// From -reach to reach; what lies beyond is cut off at the edge.
std::string bar(const Elasticity& e, double reach) {
  const auto x = [&](double v) { return 100 * std::clamp(v / reach, -1.0, 1.0); };
  const double at = x(e.value.estimate), low = x(e.value.low), high = x(e.value.high);
  using analysis::html::coordinate;
  return fmt::format(
      "<svg viewBox=\"-102 0 204 26\" preserveAspectRatio=\"none\" aria-hidden=\"true\">"
      "<rect class=\"{}{}\" x=\"{}\" y=\"4\" width=\"{}\" height=\"18\"/>"
      "<path class=\"axis\" vector-effect=\"non-scaling-stroke\" d=\"M0 0V26\"/>"
      "<path class=\"whisker\" fill=\"none\" vector-effect=\"non-scaling-stroke\" "
      "d=\"M{} 13H{}M{} 9V17M{} 9V17\"/></svg>",
      e.value.estimate > 0 ? "up" : "down", e.told ? "" : " luck", coordinate(std::min(0.0, at)),
      coordinate(std::fabs(at)), coordinate(low), coordinate(high), coordinate(low), coordinate(high));
}

std::string tornado(const Sensitivity& s) {
  double reach = 0.01;
  for (const Parameter& p : s.parameters) {
    const Elasticity* e = p.primary();
    if (e == nullptr) continue;
    // A whisker far longer than all bars would leave nothing of these.
    reach = std::max({reach, std::fabs(e->value.estimate),
                      e->told ? std::max(std::fabs(e->value.low), std::fabs(e->value.high)) : 0.0});
  }
  std::string out = fmt::format("<section><h2>What moves {}</h2>\n", html(s.primary));
  out += fmt::format(
      "<p class=\"note\">{}{} paired replications; each parameter lower and higher by {:g} %, the others "
      "staying</p>\n",
      s.scenario.empty() ? "" : html(s.scenario) + ": ", s.replications, 100 * s.step);
  out +=
      "<p class=\"legend\"><span><i class=\"key up\"></i>more of it, more of the figure</span>"
      "<span><i class=\"key down\"></i>more of it, less</span><span>pale: may be luck</span>"
      "<span>whiskers: " +
      fmt::format("{:g}", 100 * s.confidence) + " % interval</span></p>\n";
  for (const Parameter& p : s.parameters) {
    const Elasticity* e = p.primary();
    out += "<div class=\"row\"><div class=\"path\">" + html(p.path) + "</div>";
    out += "<div>" + (e == nullptr ? std::string() : bar(*e, reach)) + "</div>";
    out += e == nullptr
               ? "<div class=\"figure dim\">not known</div>"
               : fmt::format("<div class=\"figure\">{:+.3g} %<small>{:+.3g} to {:+.3g}{}</small></div>",
                             e->value.estimate, e->value.low, e->value.high,
                             e->told     ? ""
                             : still(*e) ? "; the same in every pair"
                                         : "; may be luck");
    out += "</div>\n";
  }
  return out +
         "<p class=\"note\">Per cent of the figure for one per cent more of the parameter.</p></section>\n";
}

std::string settings(const Sensitivity& s) {
  std::string out =
      "<section><h2>What was set</h2>\n<div class=\"scroll\"><table><thead><tr><th>Parameter</th><th>Now</th>"
      "<th>From</th><th>To</th><th>Figure from</th><th>to</th></tr></thead><tbody>\n";
  for (const Parameter& p : s.parameters) {
    const Elasticity* e = p.primary();
    out += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
                       html(p.path), html(p.base.text), html(p.low.text), html(p.high.text),
                       e == nullptr ? "" : html(analysis::human_figure(e->at_low, e->unit, kText)),
                       e == nullptr ? "" : html(analysis::human_figure(e->at_high, e->unit, kText)));
  }
  return out + "</tbody></table></div></section>\n";
}

std::string others(const Sensitivity& s) {
  std::string rows;
  for (const Parameter& p : s.parameters) {
    for (std::size_t k = 1; k < p.figures.size(); ++k) {
      const Elasticity& e = p.figures[k];
      if (!e.told || !e.value.known) continue;
      rows += fmt::format(
          "<tr><td>{}</td><td class=\"l\">{}</td><td>{:+.3g} %<small>{:+.3g} to {:+.3g}</small></td>"
          "</tr>\n",
          html(p.path), html(e.figure), e.value.estimate, e.value.low, e.value.high);
    }
  }
  if (rows.empty()) return "";
  return "<section><h2>Other figures that they move</h2>\n<div class=\"scroll\"><table><thead><tr>"
         "<th>Parameter</th><th class=\"l\">Figure</th><th>For 1 % more</th></tr></thead><tbody>\n" +
         rows + "</tbody></table></div></section>\n";
}

}  // namespace

const char* const kTornadoStyle = R"(
.row { display: grid; grid-template-columns: minmax(8em, 24em) 1fr 13em; gap: 4px 14px; align-items: center;
  padding: 5px 0; border-bottom: 1px solid var(--rule); font-variant-numeric: tabular-nums; }
.row .path { overflow-wrap: anywhere; text-align: right; font-weight: 600; font-size: .9rem; }
.row svg { display: block; width: 100%; height: 26px; }
.row .figure { font-size: .9rem; } .row .figure small { display: block; }
rect.up { fill: var(--full); } rect.down { fill: var(--calm); } .luck { opacity: .35; }
.axis { stroke: var(--dim); } .whisker { stroke: var(--ink); stroke-width: 2; }
.key.up { background: var(--full); height: 10px; } .key.down { background: var(--calm); height: 10px; }
@media (max-width: 600px) { .row { grid-template-columns: 1fr 8.5em; }
  .row .path { grid-column: 1 / -1; text-align: left; } .row .figure { font-size: .82rem; } }
)";

std::string sensitivity_sections(const Sensitivity& s) {
  std::string out;
  if (!s.ended_early.empty()) out += "<p class=\"bad\">A run ended early, " + html(s.ended_early) + "</p>\n";
  if (s.interrupted) out += "<p class=\"bad\">Interrupted: only whole pairs count.</p>\n";
  return out + tornado(s) + settings(s) + others(s);
}

std::string sensitivity_html(const Sensitivity& s) {
  const std::string title = s.scenario.empty() ? "tailrace sensitivity" : html(s.scenario);
  std::string out = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  out += "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  out += fmt::format("<title>{}</title>\n<style>{}{}</style>\n</head>\n<body>\n<main>\n", title,
                     analysis::html::kStyleSheet, kTornadoStyle);
  return out + "<h1>" + title + "</h1>\n" + sensitivity_sections(s) + "</main>\n</body>\n</html>\n";
}

}  // namespace tailrace::scenarios
