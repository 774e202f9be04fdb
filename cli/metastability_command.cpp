#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "cli/cluster.hpp"
#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "cli/exit_code.hpp"
#include "cli/experiment_exit.hpp"
#include "cli/give_out.hpp"
#include "cli/load_scenario.hpp"
#include "cli/output_files.hpp"
#include "cli/progress.hpp"
#include "cli/signals.hpp"
#include "models/field/number_text.hpp"
#include "models/field/units.hpp"
#include "scenarios/metastability/output.hpp"
#include "scenarios/sweep/design.hpp"

namespace tailrace::cli {

namespace {

constexpr std::size_t kMostFactors = 50;
constexpr double kLargestFactor = 1000;

// Factors as a sweep's values are written: 0.25..1.5:6 or [0.5, 1]. Nothing after complaining.
std::optional<std::vector<double>> read_factors(const char* option, const std::string& text,
                                                const char* otherwise) {
  scenarios::DesignFault fault;
  std::vector<std::string> values;
  const auto axis = scenarios::parse_axis(fmt::format("factor={}", text.empty() ? otherwise : text), fault);
  if (axis) values = axis->values;
  if (axis && values.empty()) fault.message = "how many? A range has a count, as in 0.5..1.5:5";
  std::vector<double> factors;
  for (const std::string& v : values) {
    const models::Quantity q = models::parse_number(v);
    if (!q.value || !(*q.value > 0) || *q.value > kLargestFactor) {
      fault.message = fmt::format("{} is no factor from above 0 to {:g}", models::shown(v), kLargestFactor);
      factors.clear();
      break;
    }
    factors.push_back(*q.value);
  }
  if (factors.size() > kMostFactors) {
    fault.message = fmt::format("{} values; at most {} do", factors.size(), kMostFactors);
    factors.clear();
  }
  if (factors.empty()) {
    complain(
        fmt::format("{}: {}{}", option, fault.message, fault.hint.empty() ? "" : " (" + fault.hint + ")"));
    return std::nullopt;
  }
  std::sort(factors.begin(), factors.end());
  factors.erase(std::unique(factors.begin(), factors.end()), factors.end());
  return factors;
}

}  // namespace

int metastability_command(const MetastabilityArguments& arguments) {
  if (is_follower()) return kGood;  // it is not shared out: the first rank alone does it
  const auto loads = read_factors("--loads", arguments.loads, "0.25..1.25:5");
  const auto durations = read_factors("--durations", arguments.durations, "[0.25, 0.5, 1, 2, 4]");
  const auto sizes = read_factors("--sizes", arguments.sizes, "[1]");
  if (!loads || !durations || !sizes) return kUsage;
  const LoadedScenario whole = load_scenario(arguments.scenario);
  if (whole.topology == nullptr) return whole.exit_code;
  ScenarioArguments silent = arguments.scenario;
  silent.quiet = true;  // its warnings have been told
  const LoadedScenario loaded = read_for_sweep(silent);
  if (loaded.exit_code != 0) return loaded.exit_code;
  if (!prepare_folder(arguments.out)) return kInputOutput;

  const WatchedRun watched;
  const StreamStyle style = stream_style();
  Progress progress(style.err_is_terminal && !arguments.scenario.quiet, style.err);
  scenarios::MapOptions options;
  options.fault = arguments.fault;
  options.loads = *loads;
  options.durations = *durations;
  options.sizes = *sizes;
  if (arguments.resolution > 0) options.resolution = arguments.resolution;
  options.hysteresis = !arguments.no_hysteresis;
  options.jobs = arguments.jobs;
  options.interrupt = interrupt_flag();
  options.progress = [&](std::size_t done, std::size_t about) {
    progress.show(done, about, static_cast<double>(done) / static_cast<double>(about), "points");
  };
  const scenarios::SweepScenario scenario{loaded.doc, arguments.scenario.seed};
  const scenarios::MetastabilityMap map = scenarios::map_metastability(scenario, options);
  progress.clear();
  if (!map.fault.empty()) {
    complain(map.fault);
    return kUsage;
  }
  const std::string name = whole.topology->name.empty() ? "scenario" : whole.topology->name;
  const GivenOut given = give_out(arguments.scenario, arguments.out,
                                  {"metastability",
                                   [&] { return scenarios::metastability_json(map, name); },
                                   [&] { return scenarios::metastability_csv(map); },
                                   [&] { return scenarios::metastability_text(map, name, style.out); },
                                   {}});
  if (map.interrupted) complain("interrupted; results are partial");
  if (!map.broken.empty()) complain_of_fault(map.broken);
  return exit_code(map, given.whole(), interrupted_by());
}

}  // namespace tailrace::cli
