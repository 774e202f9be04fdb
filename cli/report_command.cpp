#include <fmt/format.h>

#include "analysis/html/collection.hpp"
#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "cli/exit_code.hpp"
#include "cli/output_files.hpp"
#include "cli/stored_run.hpp"
#include "models/field/number_text.hpp"

namespace tailrace::cli {

int report_command(const ReportArguments& arguments) {
  if (const int code = prepare_file("--out", arguments.out); code != kGood) return code;
  std::vector<analysis::StoredResult> results(arguments.results.size());
  for (std::size_t i = 0; i < results.size(); ++i) {
    const std::string error = read_stored_result(arguments.results[i], results[i]);
    if (error.empty()) continue;
    complain(fmt::format("{} cannot be used: {}", models::shown(arguments.results[i]), error));
    return kInputOutput;
  }
  const std::string text =
      arguments.format == ReportFormat::html ? analysis::collection_html(results)
      : arguments.format == ReportFormat::markdown
          ? analysis::collection_markdown(results)
          : analysis::collection_text(
                results, arguments.out.empty() ? stream_style().out : analysis::TextStyle{false, true});
  if (arguments.out.empty()) return write_stdout(text) ? kGood : kInputOutput;
  const std::string error = write_single(arguments.out, text);
  if (error.empty()) return kGood;
  complain(error);
  return kInputOutput;
}

}  // namespace tailrace::cli
