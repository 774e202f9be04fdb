#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

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

constexpr double kLargest = 1e6;  // a size
constexpr int kProof = 600;       // candidates beyond the first, to find and to prove the cheapest

// PATH=REST, where PATH may hold quoted keys with = in them; the values hold none.
bool split(const std::string& text, std::string& path, std::string& rest) {
  const auto equals = text.rfind('=');
  if (equals == std::string::npos || equals == 0) return false;
  path = text.substr(0, equals);
  rest = text.substr(equals + 1);
  return true;
}

// The sizes that are asked for, or nothing after complaining.
std::optional<std::vector<scenarios::SizeAxis>> read_axes(const PlanArguments& arguments) {
  std::vector<scenarios::SizeAxis> axes;
  const auto find = [&](const std::string& path) {
    return std::find_if(axes.begin(), axes.end(), [&](const auto& a) { return a.path == path; });
  };
  for (const std::string& text : arguments.sizes) {
    scenarios::SizeAxis axis;
    std::string range;
    const auto refuse = [&]() -> std::optional<std::vector<scenarios::SizeAxis>> {
      complain(
          fmt::format("--size {}: write PATH=LOW..HIGH with whole numbers from 0 to 1000000, such as "
                      "services.cart.replicas=1..20",
                      models::shown(text)));
      return std::nullopt;
    };
    if (!split(text, axis.path, range)) return refuse();
    const auto dots = range.find("..");
    if (dots == std::string::npos) return refuse();
    const models::Quantity low = models::parse_count(range.substr(0, dots));
    const models::Quantity high = models::parse_count(range.substr(dots + 2));
    if (!low.value || !high.value || *low.value > *high.value || *high.value > kLargest) return refuse();
    if (find(axis.path) != axes.end()) {
      complain(fmt::format("--size {} is given twice", models::shown(axis.path)));
      return std::nullopt;
    }
    axis.range.low = static_cast<std::int64_t>(*low.value);
    axis.range.high = static_cast<std::int64_t>(*high.value);
    axes.push_back(std::move(axis));
  }
  for (const std::string& text : arguments.prices) {
    std::string path, cost;
    const bool good = split(text, path, cost);
    const models::Quantity price = models::parse_number(cost);
    if (!good || !price.value || !(*price.value > 0) || *price.value > 1e12) {
      complain(fmt::format("--price {}: write PATH=COST with a number more than 0", models::shown(text)));
      return std::nullopt;
    }
    const auto axis = find(path);
    if (axis == axes.end()) {
      complain(fmt::format("--price {}: there is no --size of that path", models::shown(path)));
      return std::nullopt;
    }
    axis->range.price = *price.value;
  }
  return axes;
}

// What --price says stands before the scenario's prices; a size without either costs 1.
void price_from_scenario(std::vector<scenarios::SizeAxis>& axes, const PlanArguments& arguments,
                         const models::ScenarioDoc& doc) {
  for (scenarios::SizeAxis& axis : axes) {
    const bool told = std::any_of(arguments.prices.begin(), arguments.prices.end(),
                                  [&](const auto& text) { return text.rfind(axis.path + "=", 0) == 0; });
    const std::optional<double> price = models::unit_price(doc, axis.path);
    if (!told && price && *price > 0) axis.range.price = *price;
  }
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
  auto axes = read_axes(arguments);
  if (!axes) return kUsage;
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
  price_from_scenario(*axes, arguments, loaded.doc);
  const scenarios::SweepScenario scenario{loaded.doc, arguments.scenario.seed,
                                          arguments.scenario.replications};
  scenarios::PlanContext context;
  if (loaded.topology != nullptr) context.scenario = loaded.topology->name;
  if (arguments.resolution > 0) context.resolution = arguments.resolution;
  if (arguments.indifference > 0) context.indifference = arguments.indifference;

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
