#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <set>

#include "cli/cluster_crew.hpp"
#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "cli/exit_code.hpp"
#include "cli/give_out.hpp"
#include "cli/load_scenario.hpp"
#include "cli/output_files.hpp"
#include "cli/progress.hpp"
#include "cli/signals.hpp"
#include "models/field/number_text.hpp"
#include "models/field/units.hpp"
#include "models/prices/prices.hpp"
#include "scenarios/plan/output.hpp"

namespace tailrace::cli {

namespace {

constexpr int kProof = 600;  // candidates beyond the first, to find and to prove the cheapest

// PATH=REST, where PATH may hold quoted keys with = in them; the values hold none.
bool split(const std::string& text, std::string& path, std::string& rest) {
  const auto equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0) return false;
  path = text.substr(0, equals);
  rest = text.substr(equals + 1);
  return true;
}

using ParsedSizes = std::vector<scenarios::Axis>;

std::string price_fault(const ParsedSizes& axes, const std::string& text, std::set<std::string>& priced) {
  std::string path, cost;
  const bool good = split(text, path, cost);
  const models::Quantity price = models::parse_number(cost);
  if (!good || !price.value || *price.value == 0 || std::fabs(*price.value) > 1e12)
    return fmt::format("--price {}: write PATH=COST with a number that is not 0", models::shown(text));
  if (std::none_of(axes.begin(), axes.end(), [&](const auto& a) { return a.path == path; }))
    return fmt::format("--price {}: there is no --size of that path", models::shown(path));
  if (!priced.insert(path).second) return fmt::format("--price {} is given twice", models::shown(path));
  return "";
}

// The sizes that are asked for, or nothing after complaining.
std::optional<ParsedSizes> read_axes(const PlanArguments& arguments) {
  ParsedSizes axes;
  for (const std::string& text : arguments.sizes) {
    scenarios::DesignFault fault;
    auto axis = scenarios::parse_size(text, fault);
    if (!axis) {
      complain(
          fmt::format("--size {}: {}; write PATH=LOW..HIGH, such as services.cart.replicas=1..20 or "
                      "defaults.timeout=10ms..2s",
                      models::shown(text), fault.message));
      return std::nullopt;
    }
    if (std::any_of(axes.begin(), axes.end(), [&](const auto& a) { return a.path == axis->path; })) {
      complain(fmt::format("--size {} is given twice", models::shown(axis->path)));
      return std::nullopt;
    }
    axes.push_back(std::move(*axis));
  }
  std::set<std::string> priced;
  for (const std::string& text : arguments.prices) {
    const std::string fault = price_fault(axes, text, priced);
    if (fault.empty()) continue;
    complain(fault);
    return std::nullopt;
  }
  return axes;
}

// What --price says stands before the scenario's prices; a size without either costs 1.
double price_of(const std::string& axis, const PlanArguments& arguments, const models::ScenarioDoc& doc) {
  for (const std::string& text : arguments.prices) {
    std::string path, cost;
    if (split(text, path, cost) && path == axis) return *models::parse_number(cost).value;
  }
  const std::optional<double> price = models::unit_price(doc, axis);
  return price && *price > 0 ? *price : 1;
}

std::optional<std::vector<scenarios::SizeAxis>> price_axes(const ParsedSizes& parsed,
                                                           const PlanArguments& arguments,
                                                           const models::ScenarioDoc& doc,
                                                           double resolution) {
  std::vector<scenarios::SizeAxis> axes;
  for (const scenarios::Axis& a : parsed) {
    scenarios::DesignFault fault;
    auto axis = scenarios::make_size_axis(a, price_of(a.path, arguments, doc), resolution, fault);
    if (!axis) {
      complain("--size " + fault.message);
      return std::nullopt;
    }
    axes.push_back(std::move(*axis));
  }
  return axes;
}

int code_of(bool interrupted, bool found) {
  if (interrupted) return kInterrupted + std::max(interrupted_by(), 1);
  return found ? kGood : kThresholds;
}

int print(const PlanArguments& arguments, int code, const std::string& text, const std::string& json) {
  const GivenOut given = give_out(arguments.scenario, arguments.out,
                                  {"plan", [&] { return json; }, nullptr, [&] { return text; }, {}});
  if (code > kInterrupted) complain("interrupted; results are partial");
  return given.whole() ? code : kInputOutput;
}

int plan_load(const PlanArguments& arguments, const scenarios::SweepScenario& scenario,
              const scenarios::PlanContext& context, const scenarios::PlanOptions& options,
              Progress& progress) {
  const scenarios::MaxLoad plan =
      scenarios::find_max_load(scenario, arguments.workload, context.resolution, options);
  progress.clear();
  if (plan.broken) {
    complain_of_fault(plan.fault);
    return kInternal;
  }
  if (!plan.fault.empty()) {
    complain(plan.fault);
    return plan.wrong ? kWrongScenario : kUsage;
  }
  return print(arguments, code_of(plan.interrupted, plan.meets.has_value()),
               max_load_text(plan, context, stream_style().out), max_load_json(plan, context));
}

int plan_sizes(const PlanArguments& arguments, const std::vector<scenarios::SizeAxis>& axes,
               const scenarios::SweepScenario& scenario, const scenarios::PlanContext& context,
               const scenarios::PlanOptions& options, Progress& progress) {
  const scenarios::SizePlan plan = scenarios::find_sizes(scenario, axes, kProof, options);
  progress.clear();
  if (plan.broken) {
    complain_of_fault(plan.fault);
    return kInternal;
  }
  if (!plan.fault.empty()) {
    complain(plan.fault);
    return kWrongScenario;
  }
  return print(arguments, code_of(plan.interrupted, plan.answer.found),
               sizes_text(plan, context, stream_style().out), sizes_json(plan, context));
}

}  // namespace

int plan_command(const PlanArguments& given) {
  PlanArguments arguments = given;
  arguments.scenario = said_once(given.scenario);
  if (arguments.workload.empty() == arguments.sizes.empty()) {
    complain("a plan is either --max-load WORKLOAD or --size PATH=LOW..HIGH");
    return kUsage;
  }
  const auto parsed = read_axes(arguments);
  if (!parsed) return kUsage;
  // Sizes may mend a scenario that is wrong as it stands; a rate is raised from what is there.
  if (!arguments.workload.empty()) {
    const LoadedScenario whole = load_scenario(arguments.scenario);
    if (whole.topology == nullptr) return whole.exit_code;
  }
  ScenarioArguments silent = arguments.scenario;
  silent.quiet = silent.quiet || !arguments.workload.empty();  // its warnings have been told
  const LoadedScenario loaded = read_for_sweep(silent);
  if (loaded.exit_code != 0) return loaded.exit_code;
  const models::Node* thresholds = loaded.doc.root.find("thresholds");
  if (thresholds == nullptr || (thresholds->entries.empty() && thresholds->items.empty())) {
    complain("the scenario has no thresholds, so nothing says what is enough");
    return kWrongScenario;
  }
  if (!prepare_folder(arguments.out)) return kInputOutput;
  const scenarios::SweepScenario scenario{loaded.doc, arguments.scenario.seed};
  scenarios::PlanContext context;
  if (loaded.topology != nullptr) context.scenario = loaded.topology->name;
  if (arguments.resolution > 0) context.resolution = arguments.resolution;
  if (arguments.indifference > 0) context.indifference = arguments.indifference;
  const auto axes = price_axes(*parsed, arguments, loaded.doc, context.resolution);
  if (!axes) return kUsage;

  const std::unique_ptr<Cluster> cluster = join_cluster(identity_of({scenario}));
  if (cluster != nullptr && !cluster->first()) {
    const auto build = [&](const std::string& recipe) { return scenarios::build_recipe(scenario, recipe); };
    return follow(*cluster, build, arguments.jobs);
  }

  const WatchedRun watched;
  const StreamStyle style = stream_style();
  Progress progress(style.err_is_terminal && !arguments.scenario.quiet, style.err);
  scenarios::PlanOptions options;
  options.jobs = arguments.jobs;
  std::optional<ClusterCrew> crew;
  if (cluster != nullptr) options.crew = &crew.emplace(*cluster);
  options.confidence = context.confidence;
  options.indifference = context.indifference;
  options.interrupt = interrupt_flag();
  std::string candidate;
  std::size_t candidates = 0;
  options.progress = [&](const std::string& name, int) {
    if (name != candidate) ++candidates;
    candidate = name;
    progress.show(candidates, candidates, 0, "candidates");
  };
  if (!arguments.workload.empty()) return plan_load(arguments, scenario, context, options, progress);
  return plan_sizes(arguments, *axes, scenario, context, options, progress);
}

}  // namespace tailrace::cli
