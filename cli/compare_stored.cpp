#include "cli/compare_stored.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/console.hpp"
#include "cli/exit_code.hpp"
#include "cli/stored_run.hpp"
#include "models/field/number_text.hpp"

namespace tailrace::cli {

namespace {

constexpr double kConfidence = 0.95;

// Of the options those that only a simulation can follow.
const char* needs_a_run(const CompareArguments& a) {
  if (a.until > 0) return "--until";
  if (a.independent) return "--independent";
  if (!a.variants.empty()) return "--variant";
  if (!a.scenario.overrides.empty()) return "--set";
  if (a.scenario.seed) return "--seed";
  if (a.scenario.replications) return "--replications";
  if (a.scenario.duration) return "--duration";
  return nullptr;
}

std::size_t replications_of(const analysis::BaselineRun& run) {
  std::size_t most = 0;
  for (const analysis::KeptFigure& f : run.figures) most = std::max(most, f.values.size());
  return most;
}

analysis::ComparedVariant variant_of(const std::string& name, const analysis::BaselineRun& run,
                                     std::size_t replications) {
  analysis::ComparedVariant variant;
  variant.name = name;
  variant.replications.resize(replications);
  for (std::size_t r = 0; r < replications; ++r)
    variant.replications[r].replication = static_cast<std::uint32_t>(r);
  for (const analysis::KeptFigure& kept : run.figures) {
    analysis::RunFigure figure;
    const auto space = kept.name.rfind(' ');
    figure.metric = kept.name.substr(0, space);
    figure.aggregation = space == std::string::npos ? "value" : kept.name.substr(space + 1);
    figure.unit = unit_of(kept.unit);
    figure.better = kept.better == "lower"    ? analysis::Better::lower
                    : kept.better == "higher" ? analysis::Better::higher
                                              : analysis::Better::neither;
    figure.headline = true;  // only those are kept
    figure.source = variant.figures.size();
    variant.figures.push_back(std::move(figure));
    for (std::size_t r = 0; r < replications; ++r) {
      const double value = r < kept.values.size() ? kept.values[r] : std::nan("");
      variant.replications[r].ratios.push_back(std::isfinite(value) ? analysis::RatioSample{value, 1}
                                                                    : analysis::RatioSample{});
    }
  }
  return variant;
}

std::string primary_of(const CompareArguments& arguments, const std::vector<analysis::RunFigure>& figures,
                       int& exit_code) {
  if (arguments.primary.empty()) {
    const auto tail = std::find_if(figures.begin(), figures.end(), [](const analysis::RunFigure& f) {
      return f.aggregation == "p(99)" && f.unit == analysis::FigureUnit::seconds;
    });
    return tail == figures.end() ? "" : tail->name();
  }
  std::string nearest;
  if (analysis::find_figure(figures, arguments.primary, nearest) != nullptr) return arguments.primary;
  complain(fmt::format(
      "the stored runs have no figure {}; {}", models::shown(arguments.primary),
      nearest.empty() ? "they keep those of whole workloads" : fmt::format("did you mean \"{}\"?", nearest)));
  exit_code = kUsage;
  return "";
}

}  // namespace

StoredComparison compare_stored(const CompareArguments& arguments) {
  StoredComparison out;
  const auto refuse = [&out](int code, const std::string& why) {
    complain(why);
    out.exit_code = code;
    return out;
  };
  if (arguments.files.size() < 2)
    return refuse(kUsage, "there is nothing to compare with: name a second stored run");
  if (const char* option = needs_a_run(arguments))
    return refuse(kUsage, fmt::format("{} is for scenarios: stored runs are compared as they are", option));
  std::vector<analysis::BaselineRun> runs(arguments.files.size());
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const std::string& file = arguments.files[i];
    if (!is_stored_run(file))
      return refuse(
          kUsage, fmt::format("{} is no stored run, and others are: compare either stored runs or scenarios",
                              models::shown(file)));
    if (const std::string error = read_stored_run(file, runs[i]); !error.empty())
      return refuse(kInputOutput, fmt::format("{} cannot be used: {}", models::shown(file), error));
  }
  std::size_t replications = replications_of(runs[0]);
  bool uneven = false, together = true;
  for (const analysis::BaselineRun& run : runs) {
    uneven = uneven || replications_of(run) != replications_of(runs[0]);
    replications = std::min(replications, replications_of(run));
    together = together && run.seed == runs[0].seed && run.duration_s == runs[0].duration_s &&
               run.warmup_s == runs[0].warmup_s;
  }
  std::vector<analysis::ComparedVariant> variants;
  for (std::size_t i = 0; i < runs.size(); ++i)
    variants.push_back(variant_of(arguments.files[i], runs[i], replications));
  const std::string primary = primary_of(arguments, variants[0].figures, out.exit_code);
  if (out.exit_code != 0) return out;
  out.comparison = analysis::compare_variants(variants, primary, kConfidence);
  out.context.common_random_numbers = together;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    out.context.sides.push_back(
        {arguments.files[i], arguments.files[i], runs[i].seed, "completed", "",
         (runs[i].duration_s - runs[i].warmup_s) * static_cast<double>(replications)});
  }
  if (uneven)
    out.context.notes.push_back(
        fmt::format("the runs have different numbers of replications: the first {} count", replications));
  if (!together)
    out.context.notes.push_back(
        "seed or length differ: the pairs did not meet the same customers, and the "
        "intervals are as wide as those of independent runs");
  return out;
}

}  // namespace tailrace::cli
