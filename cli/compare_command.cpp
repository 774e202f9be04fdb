#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>

#include "analysis/experiment/comparison_output.hpp"
#include "cli/cluster_crew.hpp"
#include "cli/commands.hpp"
#include "cli/compare_stored.hpp"
#include "cli/console.hpp"
#include "cli/exit_code.hpp"
#include "cli/give_out.hpp"
#include "cli/load_scenario.hpp"
#include "cli/output_files.hpp"
#include "cli/progress.hpp"
#include "cli/signals.hpp"
#include "cli/stored_run.hpp"
#include "models/field/number_text.hpp"
#include "models/prices/prices.hpp"
#include "scenarios/run/compare.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::cli {

namespace {

struct Sides {
  std::vector<scenarios::ComparedModel> models;  // recipes: their numbers
  std::vector<scenarios::SweepScenario> read;
  std::vector<std::string> files;
  std::vector<std::string> notes;
  std::uint64_t seed = 1;  // of the baseline
  int replications = 0;
  int exit_code = 0;
};

// Seeds that have nothing to do with each other; at most 53 bits, which JSON's readers keep.
std::uint64_t seed_of_its_own(std::uint64_t seed, std::size_t side) {
  return sim::SplitMix64{seed ^ sim::hash_text(fmt::format("compare side {}", side))}.next() >> 11;
}

bool add_side(Sides& sides, const CompareArguments& arguments, ScenarioArguments scenario, std::string name,
              LoadedScenario loaded) {
  if (loaded.topology == nullptr) {
    sides.exit_code = loaded.exit_code;
    return false;
  }
  const models::RunSettings& run = loaded.topology->run;
  if (sides.models.empty()) {
    sides.seed = run.seed;
    sides.replications = static_cast<int>(std::max<std::int64_t>(2, run.replications));
  } else {
    const models::RunSettings& base = sides.models[0].model->topology->run;
    if (run.duration.ns != base.duration.ns) {
      sides.notes.push_back(fmt::format("{} runs for another time than {}", name, sides.models[0].name));
    }
  }
  models::Topology topology = *loaded.topology;
  topology.run.seed = sides.seed;
  if (arguments.independent && !sides.models.empty())
    topology.run.seed = seed_of_its_own(sides.seed, sides.models.size());
  sides.models.push_back({std::move(name),
                          models::compile(std::make_shared<const models::Topology>(std::move(topology))),
                          std::to_string(sides.models.size())});
  sides.read.push_back({std::move(loaded.doc), scenario.seed});
  sides.files.push_back(std::move(scenario.file));
  return true;
}

// Names that tell the files apart: their stems, or as they were written. A file against itself is numbered.
std::vector<std::string> names_of(const std::vector<std::string>& files) {
  std::vector<std::string> names;
  const auto stem = [](const std::string& file) { return std::filesystem::path(file).stem().string(); };
  for (std::size_t i = 0; i < files.size(); ++i) {
    bool same_stem = false, same_file = false;
    for (std::size_t k = 0; k < files.size(); ++k) {
      same_stem = same_stem || (files[k] != files[i] && stem(files[k]) == stem(files[i]));
      same_file = same_file || (k < i && files[k] == files[i]);
    }
    const std::string name = same_stem ? files[i] : stem(files[i]);
    names.push_back(same_file ? fmt::format("{} ({})", name, i + 1) : name);
  }
  return names;
}

Sides load_sides(const CompareArguments& arguments) {
  Sides sides;
  ScenarioArguments scenario = arguments.scenario;
  scenario.file = arguments.files[0];
  LoadedScenario first = load_scenario(scenario);
  if (arguments.files.size() > 1) {
    const std::vector<std::string> names = names_of(arguments.files);
    if (!add_side(sides, arguments, scenario, names[0], std::move(first))) return sides;
    for (std::size_t i = 1; i < arguments.files.size(); ++i) {
      scenario.file = arguments.files[i];
      if (!add_side(sides, arguments, scenario, names[i], load_scenario(scenario))) return sides;
    }
    return sides;
  }
  std::vector<std::string> variants = arguments.variants.empty() ? first.variants : arguments.variants;
  if (!add_side(sides, arguments, scenario, "base", std::move(first))) return sides;
  if (variants.empty()) {
    complain("there is nothing to compare with: name a second scenario, or give this one variants");
    sides.exit_code = kUsage;
    return sides;
  }
  for (const std::string& variant : variants) {
    scenario.variant = variant;
    if (!add_side(sides, arguments, scenario, variant, load_scenario(scenario))) return sides;
  }
  return sides;
}

// The name of the figure that is asked about; exit_code is set where there is none.
std::string primary_of(const CompareArguments& arguments, Sides& sides) {
  const std::vector<analysis::RunFigure> figures = analysis::list_figures(*sides.models[0].model);
  if (arguments.primary.empty()) {
    const analysis::RunFigure* figure = analysis::default_primary(figures);
    return figure == nullptr ? "" : figure->name();
  }
  std::string nearest;
  if (analysis::find_figure(figures, arguments.primary, nearest) != nullptr) return arguments.primary;
  complain(fmt::format("there is no figure {}; {}", models::shown(arguments.primary),
                       nearest.empty() ? "figures are such as \"shoppers.request_duration p(99)\""
                                       : fmt::format("did you mean \"{}\"?", nearest)));
  sides.exit_code = kUsage;
  return "";
}

int code_of(const scenarios::CompareRun& run) {
  const std::optional<std::size_t> early = run.to_tell();
  if (early && run.ends[*early].status == models::RunStatus::invariant_broken) return kInternal;
  if (run.interrupted) return kInterrupted + std::max(interrupted_by(), 1);
  return early ? kLimitReached : kGood;
}

// By the hour, without what only a run can tell (traffic, autoscaling); none without prices.
std::optional<double> cost_of(const Sides& sides, std::size_t v) {
  const auto priced = models::priced_units(sides.read[v].doc, *sides.models[v].model->topology);
  if (priced.empty()) return std::nullopt;
  double sum = 0;
  for (const models::PricedUnit& unit : priced) sum += unit.price * unit.amount;
  return sum;
}

analysis::ComparisonContext context_of(const CompareArguments& arguments, const Sides& sides,
                                       const scenarios::CompareRun& run) {
  analysis::ComparisonContext context;
  context.common_random_numbers = !arguments.independent;
  context.notes = sides.notes;
  context.notes.insert(context.notes.end(), run.notes.begin(), run.notes.end());
  for (std::size_t v = 0; v < sides.models.size(); ++v) {
    const scenarios::CompareRun::End& end = run.ends[v];
    context.sides.push_back({sides.models[v].name, sides.files[v], sides.models[v].model->topology->run.seed,
                             models::status_name(end.status), end.message, end.measured_s,
                             cost_of(sides, v)});
  }
  if (const std::optional<std::size_t> early = run.to_tell()) {
    context.status = models::status_name(run.ends[*early].status);
    context.message = fmt::format("{}: {}", sides.models[*early].name, run.ends[*early].message);
  } else if (run.interrupted) {
    context.status = models::status_name(models::RunStatus::interrupted);
    context.message = "interrupted";
  }
  return context;
}

int tell(const CompareArguments& arguments, const analysis::Comparison& comparison,
         const analysis::ComparisonContext& context, const StreamStyle& style, int code) {
  const GivenOut given = give_out(arguments.scenario, arguments.out,
                                  {"compare",
                                   [&] { return comparison_json(comparison, context); },
                                   [&] { return comparison_csv(comparison); },
                                   [&] { return comparison_text(comparison, context, style.out); },
                                   {}});
  if (context.status != "completed")
    complain(fmt::format("ended early ({}): {}; results are partial", context.status, context.message));
  return given.whole() || code == kInternal ? code : kInputOutput;
}

}  // namespace

int compare_command(const CompareArguments& given) {
  const StreamStyle style = stream_style();
  CompareArguments arguments = given;
  arguments.scenario = said_once(given.scenario);
  if (arguments.files.size() > 1 && !arguments.variants.empty()) {
    complain("--variant chooses among the variants of a single scenario");
    return kUsage;
  }
  if (!prepare_folder(arguments.out)) return kInputOutput;
  if (std::any_of(arguments.files.begin(), arguments.files.end(), is_stored_run)) {
    const StoredComparison stored = compare_stored(arguments);
    if (stored.exit_code != 0) return stored.exit_code;
    return tell(arguments, stored.comparison, stored.context, style, kGood);
  }
  Sides sides = load_sides(arguments);
  if (sides.exit_code != 0) return sides.exit_code;
  const std::string primary = primary_of(arguments, sides);
  if (sides.exit_code != 0) return sides.exit_code;

  const std::unique_ptr<Cluster> cluster = join_cluster(identity_of(sides.read));
  if (cluster != nullptr && !cluster->first()) {
    const auto build = [&](const std::string& recipe) {
      const auto at = std::find_if(sides.models.begin(), sides.models.end(),
                                   [&](const scenarios::ComparedModel& m) { return m.recipe == recipe; });
      return at == sides.models.end() ? nullptr : at->model;
    };
    return follow(*cluster, build, arguments.jobs);
  }

  const WatchedRun watched;
  scenarios::CompareOptions options;
  std::optional<ClusterCrew> crew;
  if (cluster != nullptr) options.crew = &crew.emplace(*cluster);
  options.jobs = arguments.jobs;
  options.replications = sides.replications;
  options.until = arguments.until;
  options.primary = primary;
  options.interrupt = interrupt_flag();
  Progress progress(style.err_is_terminal && !arguments.scenario.quiet, style.err);
  options.progress = [&](int done, int wanted, double share) {
    progress.show(static_cast<std::size_t>(done), static_cast<std::size_t>(wanted), share);
  };
  const scenarios::CompareRun run = scenarios::run_paired(sides.models, options);
  progress.clear();

  const analysis::Comparison comparison =
      analysis::compare_variants(run.variants, primary, options.confidence);
  return tell(arguments, comparison, context_of(arguments, sides, run), style, code_of(run));
}

}  // namespace tailrace::cli
