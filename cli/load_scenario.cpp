#include "cli/load_scenario.hpp"

#include <fmt/format.h>

#include "cli/console.hpp"
#include "cli/exit_code.hpp"
#include "scenarios/format/read.hpp"
#include "scenarios/run/load.hpp"

namespace tailrace::cli {

namespace {

const char* severity_name(models::Severity severity) {
  switch (severity) {
    case models::Severity::error:
      return "error";
    case models::Severity::warning:
      return "warning";
    case models::Severity::note:
      return "note";
  }
  return "";
}

void tell(const LoadedScenario& loaded, const ScenarioArguments& arguments) {
  if (loaded.diagnostics.all().empty()) return;
  if (loaded.exit_code != 0 && arguments.format == OutputFormat::json) {
    analysis::JsonText json;
    json.begin_object();
    write_diagnostics(json, loaded.diagnostics, loaded.files);
    json.end_object();
    write_stdout(json.take());
    return;
  }
  if (loaded.exit_code == 0 && arguments.quiet) return;
  write_stderr(models::format_diagnostics(loaded.diagnostics, loaded.files));
}

}  // namespace

std::vector<std::string> LoadedScenario::warnings() const {
  std::vector<std::string> list;
  for (const models::Diagnostic& d : diagnostics.all()) {
    if (d.severity == models::Severity::warning)
      list.push_back(d.path.empty() ? d.message : d.path + ": " + d.message);
  }
  return list;
}

void write_diagnostics(analysis::JsonText& json, const models::Diagnostics& diagnostics,
                       const std::vector<models::SourceFile>& files) {
  json.key("diagnostics").begin_array();
  for (const models::Diagnostic& d : diagnostics.all()) {
    json.begin_object().field("severity", severity_name(d.severity));
    json.field("file", d.mark.file < files.size() ? files[d.mark.file].name : std::string());
    json.field("line", d.mark.line).field("column", d.mark.column);
    json.field("path", d.path).field("message", d.message).field("hint", d.hint).end_object();
  }
  json.end_array();
}

namespace {

// The tree of the scenario; loaded.exit_code is set where it cannot be read.
models::ScenarioDoc read_tree(const ScenarioArguments& arguments, LoadedScenario& loaded) {
  scenarios::ReadOptions options;
  options.allow_outside_includes = arguments.allow_outside_includes;
  options.variant = arguments.variant;
  options.overrides = arguments.overrides;
  if (arguments.duration) options.overrides.push_back("run.duration=" + *arguments.duration);
  if (arguments.replications)  // judged with the rest: so many may be more than a run can keep
    options.overrides.push_back(fmt::format("run.replications={}", *arguments.replications));
  scenarios::ReadResult read = scenarios::read_scenario(arguments.file, options, loaded.diagnostics);
  loaded.files = read.doc.files;
  loaded.variants = std::move(read.variants);
  if (read.status != scenarios::ReadStatus::ok)
    loaded.exit_code = read.status == scenarios::ReadStatus::unreadable ? kInputOutput : kWrongScenario;
  return std::move(read.doc);
}

}  // namespace

LoadedScenario read_for_sweep(const ScenarioArguments& arguments) {
  LoadedScenario loaded;
  loaded.doc = read_tree(arguments, loaded);
  if (loaded.exit_code == 0) {
    models::Diagnostics found;
    std::optional<models::Topology> topology = scenarios::checked_topology(loaded.doc, found);
    if (topology) {
      loaded.topology = std::make_shared<const models::Topology>(std::move(*topology));
      loaded.diagnostics = std::move(found);
    }
  }
  tell(loaded, arguments);
  return loaded;
}

LoadedScenario load_scenario(const ScenarioArguments& arguments) {
  LoadedScenario loaded;
  loaded.doc = read_tree(arguments, loaded);
  if (loaded.exit_code == 0) {
    std::optional<models::Topology> topology = scenarios::checked_topology(loaded.doc, loaded.diagnostics);
    if (!topology) {
      loaded.exit_code = kWrongScenario;
    } else {
      if (arguments.seed) topology->run.seed = *arguments.seed;
      loaded.topology = std::make_shared<const models::Topology>(std::move(*topology));
    }
  }
  tell(loaded, arguments);
  return loaded;
}

}  // namespace tailrace::cli
