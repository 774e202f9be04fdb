#include <fmt/format.h>

#include "analysis/html/collection.hpp"
#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "cli/exit_code.hpp"
#include "cli/output_files.hpp"
#include "cli/stored_run.hpp"
#include "models/field/number_text.hpp"
#include "scenarios/sensitivity/output.hpp"
#include "scenarios/sensitivity/page.hpp"

namespace tailrace::cli {

namespace {

using Results = std::vector<analysis::StoredResult>;
using Sensitivities = std::vector<scenarios::Sensitivity>;

std::string as_html(const Results& results, const Sensitivities& sensitivities) {
  analysis::FurtherSections further;
  if (!sensitivities.empty()) further.style = scenarios::kTornadoStyle;
  for (const scenarios::Sensitivity& s : sensitivities) further.html += scenarios::sensitivity_sections(s);
  return analysis::collection_html(results, further);
}

std::string as_markdown(const Results& results, const Sensitivities& sensitivities) {
  std::string out = results.empty() ? "" : analysis::collection_markdown(results);
  for (const scenarios::Sensitivity& s : sensitivities)
    out += (out.empty() ? "" : "\n") + scenarios::sensitivity_markdown(s);
  return out;
}

std::string as_text(const Results& results, const Sensitivities& sensitivities, analysis::TextStyle style) {
  std::string out = analysis::collection_text(results, style);
  for (const scenarios::Sensitivity& s : sensitivities)
    out += (out.empty() ? "" : "\n") + scenarios::sensitivity_text(s, style);
  return out;
}

}  // namespace

int report_command(const ReportArguments& arguments) {
  if (const int code = prepare_file("--out", arguments.out); code != kGood) return code;
  std::vector<analysis::StoredResult> results;
  std::vector<scenarios::Sensitivity> sensitivities;
  for (const std::string& path : arguments.results) {
    std::string error;
    const bool moves = has_sensitivity(path);
    if (moves) error = read_stored_sensitivity(path, sensitivities.emplace_back());
    // What holds neither is told what it lacks as a result.
    if (error.empty() && (has_summary(path) || !moves))
      error = read_stored_result(path, results.emplace_back());
    if (error.empty()) continue;
    complain(fmt::format("{} cannot be used: {}", models::shown(path), error));
    return kInputOutput;
  }
  const std::string text =
      arguments.format == ReportFormat::html ? as_html(results, sensitivities)
      : arguments.format == ReportFormat::markdown
          ? as_markdown(results, sensitivities)
          : as_text(results, sensitivities,
                    arguments.out.empty() ? stream_style().out : analysis::TextStyle{false, true});
  if (arguments.out.empty()) return write_stdout(text) ? kGood : kInputOutput;
  const std::string error = write_single(arguments.out, text);
  if (error.empty()) return kGood;
  complain(error);
  return kInputOutput;
}

}  // namespace tailrace::cli
