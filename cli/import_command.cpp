#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "cli/exit_code.hpp"
#include "cli/output_files.hpp"
#include "models/field/number_text.hpp"
#include "scenarios/format/source.hpp"
#include "scenarios/import/import.hpp"

namespace tailrace::cli {

namespace {

constexpr std::size_t kMostBytes = std::size_t{4}
                                   << 30U;  // of traces; they are held as text while they are read

}  // namespace

int import_command(const ImportArguments& arguments) {
  if (const int code = prepare_file("--out", arguments.out); code != kGood) return code;
  const auto& formats = scenarios::import_formats();
  const auto format =
      std::find_if(formats.begin(), formats.end(), [&](const auto& f) { return arguments.format == f.name; });
  if (format == formats.end()) return kUsage;  // the command line has seen to that
  const scenarios::FileBytes file = scenarios::read_bytes(arguments.file, kMostBytes, false);
  if (!file.error.empty()) {
    complain(fmt::format("{}: {}", models::shown(arguments.file), file.error));
    return kInputOutput;
  }
  const scenarios::Imported imported = format->import(file.bytes, {arguments.file, arguments.rate});
  if (!imported.error.empty()) {
    complain(imported.error);
    return kWrongScenario;
  }
  if (!arguments.quiet) {
    for (const std::string& note : imported.notes) write_stderr("note: " + note + "\n");
  }
  if (arguments.out.empty()) return write_stdout(imported.scenario) ? kGood : kInputOutput;
  const std::string error = write_single(arguments.out, imported.scenario);
  if (error.empty()) return kGood;
  complain(error);
  return kInputOutput;
}

}  // namespace tailrace::cli
