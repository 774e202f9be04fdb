#include "cli/reach_text.hpp"

#include <fmt/format.h>

#include "analysis/report/text_table.hpp"

namespace tailrace::cli {

namespace {
constexpr std::size_t kMostRows = 40;
constexpr std::size_t kMostPairs = 10;
}  // namespace

std::string reach_text(const models::Topology& t, analysis::TextStyle style) {
  if (!t.segmentation.on) return {};
  const analysis::ReachReport report = analysis::reach_of(t);
  const auto name = [&](int id) { return t.components[static_cast<std::size_t>(id)].name; };
  analysis::TextTable table(style);
  table.left("taken over").right("may call").right("reaches").right("of").right("calls reach");
  for (std::size_t i = 0; i < report.from.size() && i < kMostRows; ++i) {
    const analysis::ReachOf& r = report.from[i];
    table.row({analysis::shortened(name(r.component), 30, style), fmt::format("{}", r.direct),
               fmt::format("{}", r.reachable.size()), fmt::format("{}", report.components - 1),
               fmt::format("{}", r.called.size())});
  }
  std::string text = table.text();
  text += analysis::inked(
      fmt::format("reaches: components that whoever has this one gets to, hop by hop, over what segmentation "
                  "allows: {} of {} on average; calls reach: what its calls need",
                  analysis::human_number(report.mean_reach), report.components - 1),
      analysis::Ink::dim, style);
  text += "\n";
  for (std::size_t i = 0; i < report.unused.size() && i < kMostPairs; ++i)
    text += fmt::format("allowed, and no call needs it: {} -> {}\n", name(report.unused[i].first),
                        name(report.unused[i].second));
  if (report.unused.size() > kMostPairs)
    text += fmt::format("... and {} more\n", report.unused.size() - kMostPairs);
  return text;
}

}  // namespace tailrace::cli
