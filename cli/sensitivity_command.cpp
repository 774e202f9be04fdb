#include <fmt/format.h>

#include <memory>
#include <optional>

#include "cli/cluster_crew.hpp"
#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "cli/exit_code.hpp"
#include "cli/experiment_exit.hpp"
#include "cli/give_out.hpp"
#include "cli/load_scenario.hpp"
#include "cli/output_files.hpp"
#include "cli/progress.hpp"
#include "cli/signals.hpp"
#include "scenarios/sensitivity/output.hpp"
#include "scenarios/sensitivity/page.hpp"

namespace tailrace::cli {

int sensitivity_command(const SensitivityArguments& given) {
  SensitivityArguments arguments = given;
  arguments.scenario = said_once(given.scenario);
  if (arguments.step > 0.5) {
    complain("--step: an elasticity is of small changes; at most 50 %");
    return kUsage;
  }
  const LoadedScenario loaded = load_scenario(arguments.scenario);
  if (loaded.topology == nullptr) return loaded.exit_code;
  if (!prepare_folder(arguments.out)) return kInputOutput;
  const scenarios::SweepScenario scenario{loaded.doc, arguments.scenario.seed};
  const std::unique_ptr<Cluster> cluster = join_cluster(identity_of({scenario}));
  if (cluster != nullptr && !cluster->first()) {
    const auto build = [&](const std::string& recipe) { return scenarios::build_recipe(scenario, recipe); };
    return follow(*cluster, build, arguments.jobs);
  }
  const WatchedRun watched;
  const StreamStyle style = stream_style();
  Progress progress(style.err_is_terminal && !arguments.scenario.quiet, style.err);
  scenarios::SensitivityOptions options;
  if (arguments.step > 0) options.step = arguments.step;
  options.primary = arguments.primary;
  options.jobs = arguments.jobs;
  options.interrupt = interrupt_flag();
  options.progress = [&](int done, int wanted, double share) {
    progress.show(static_cast<std::size_t>(done), static_cast<std::size_t>(wanted), share);
  };
  std::optional<ClusterCrew> crew;
  if (cluster != nullptr) options.crew = &crew.emplace(*cluster);
  const scenarios::Sensitivity found = scenarios::find_sensitivity(scenario, arguments.paths, options);
  progress.clear();
  if (!found.fault.empty()) {
    complain(found.fault);
    return found.wrong ? kWrongScenario : kUsage;
  }
  const GivenOut given_out =
      give_out(arguments.scenario, arguments.out,
               {"sensitivity",
                [&] { return scenarios::sensitivity_json(found); },
                [&] { return scenarios::sensitivity_csv(found); },
                [&] { return scenarios::sensitivity_text(found, style.out); },
                {{"sensitivity.svg", [&] { return scenarios::sensitivity_svg(found); }},
                 {"sensitivity.html", [&] { return scenarios::sensitivity_html(found); }}}});
  if (found.interrupted) complain("interrupted; results are partial");
  if (found.broken) complain_of_fault(found.ended_early);
  return exit_code(found, given_out.whole(), interrupted_by());
}

}  // namespace tailrace::cli
