#include "scenarios/sensitivity/sensitivity.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>

#include "analysis/experiment/comparison.hpp"
#include "analysis/stats/paired.hpp"
#include "models/field/number_text.hpp"
#include "models/field/path.hpp"
#include "scenarios/run/compare.hpp"
#include "sim/base/math.hpp"

namespace tailrace::scenarios {

namespace {

using models::Node;

bool digit(char c) {
  return c >= '0' && c <= '9';
}

// Where the only number of the text stands. False: none, or several.
bool only_number(const std::string& text, std::size_t& begin, std::size_t& end) {
  int numbers = 0;
  for (std::size_t i = 0; i < text.size();) {
    // A digit behind a letter belongs to a name.
    const bool starts =
        digit(text[i]) && (i == 0 || std::isalpha(static_cast<unsigned char>(text[i - 1])) == 0);
    if (!starts) {
      ++i;
      continue;
    }
    ++numbers;
    begin = i;
    while (i < text.size() && (digit(text[i]) || text[i] == '.')) ++i;
    end = i;
  }
  return numbers == 1;
}

// Digits enough for any step, and none that a person would not write.
std::string number_text(double value, bool whole) {
  return whole ? fmt::format("{:.0f}", value) : fmt::format("{:.6g}", value);
}

class Finder {
 public:
  Finder(const SweepScenario& scenario, const SensitivityOptions& options, Sensitivity& out)
      : scenario_(scenario), options_(options), out_(out) {}

  void run(const std::vector<std::string>& paths) {
    std::vector<ComparedModel> models;
    if (!add(models, "as it is", {}, {})) return;
    const auto figures = analysis::list_figures(*models[0].model);
    const analysis::RunFigure* primary = analysis::default_primary(figures);
    if (!options_.primary.empty()) {
      std::string nearest;
      primary = analysis::find_figure(figures, options_.primary, nearest);
      if (primary == nullptr)
        return refuse(fmt::format("there is no figure {}{}", models::shown(options_.primary),
                                  nearest.empty() ? "" : "; did you mean " + nearest + "?"));
    }
    if (primary == nullptr) return refuse("the scenario has no workload");
    out_.primary = primary->name();
    for (const std::string& path : paths) {
      Parameter p;
      p.path = path;
      const Node* node = models::node_at(scenario_.doc.root, path);
      if (node == nullptr || !node->is_scalar())
        return refuse(
            fmt::format("{} has no value in the scenario that could be varied; write one with --set",
                        models::shown(path)));
      if (const std::string why = settings_of(node->text, options_.step, p.base, p.low, p.high); !why.empty())
        return refuse(fmt::format("{}: {}", models::shown(path), why));
      if (!add(models, path + "=" + p.low.text, {path}, {p.low.text})) return;
      if (!add(models, path + "=" + p.high.text, {path}, {p.high.text})) return;
      out_.parameters.push_back(std::move(p));
    }
    CompareOptions compare;
    compare.jobs = options_.jobs;
    compare.crew = options_.crew;
    compare.replications = static_cast<int>(models[0].model->topology->run.replications);
    compare.interrupt = options_.interrupt;
    compare.progress = options_.progress;
    const CompareRun run = run_paired(models, compare);
    out_.interrupted = run.interrupted;
    if (const std::optional<std::size_t> k = run.to_tell()) {
      out_.broken = run.ends[*k].status == models::RunStatus::invariant_broken;
      out_.ended_early = fmt::format("{}: {}", models[*k].name, run.ends[*k].message);
    }
    out_.replications = static_cast<int>(run.variants[0].replications.size());
    for (std::size_t k = 0; k < out_.parameters.size(); ++k)
      measure(run.variants[1 + 2 * k], run.variants[2 + 2 * k], out_.parameters[k]);
    correct();
    std::stable_sort(out_.parameters.begin(), out_.parameters.end(),
                     [](const Parameter& a, const Parameter& b) {
                       const auto size = [](const Parameter& p) {
                         return p.primary() == nullptr ? 0 : std::fabs(p.primary()->value.estimate);
                       };
                       return size(a) > size(b);
                     });
  }

 private:
  void refuse(std::string fault) { out_.fault = std::move(fault); }

  bool add(std::vector<ComparedModel>& models, std::string name, const std::vector<std::string>& paths,
           const std::vector<std::string>& values) {
    std::string fault;
    auto topology = build_point(scenario_, paths, values, "sensitivity", fault);
    if (!topology) {
      refuse(name + ": " + fault);
      out_.wrong = true;
      return false;
    }
    if (paths.empty()) out_.scenario = topology->name;
    models.push_back({std::move(name),
                      models::compile(std::make_shared<const models::Topology>(std::move(*topology))),
                      point_recipe(paths, values)});
    return true;
  }

  void measure(const analysis::ComparedVariant& low, const analysis::ComparedVariant& high,
               Parameter& p) const {
    const analysis::Comparison c = analysis::compare_variants({low, high}, out_.primary, options_.confidence);
    const double distance = sim::math::log(p.high.number / p.low.number);
    p.figures.emplace_back().figure = out_.primary;  // and stays unknown where a setting takes it away
    for (const analysis::FigureComparison& row : c.rows) {
      if (!row.primary && (!row.figure.headline || row.figure.better == analysis::Better::neither)) continue;
      Elasticity e;
      e.figure = row.figure.name();
      e.unit = row.figure.unit;
      e.at_low = row.result.a;
      e.at_high = row.result.b;
      e.p_adjusted = row.result.p_value;
      const analysis::Interval& ratio = row.result.ratio;
      e.value = ratio;
      e.value.known = ratio.known && ratio.low > 0 && std::isfinite(ratio.high);
      if (e.value.known) {
        const double bounds[] = {sim::math::log(ratio.low) / distance, sim::math::log(ratio.high) / distance};
        e.value.estimate = sim::math::log(ratio.estimate) / distance;
        e.value.low = std::min(bounds[0], bounds[1]);
        e.value.high = std::max(bounds[0], bounds[1]);
      }
      (row.primary ? p.figures[0] : p.figures.emplace_back()) = std::move(e);
    }
  }

  void correct() {
    std::vector<double> p_values;
    for (const Parameter& p : out_.parameters) {
      for (const Elasticity& e : p.figures) {
        if (e.value.known) p_values.push_back(e.p_adjusted);
      }
    }
    const std::vector<double> adjusted = analysis::holm_adjusted(p_values);
    std::size_t k = 0;
    for (Parameter& p : out_.parameters) {
      for (Elasticity& e : p.figures) {
        if (!e.value.known) continue;
        e.p_adjusted = adjusted[k++];
        e.told = e.p_adjusted <= 1 - options_.confidence && e.at_low != e.at_high;
      }
    }
  }

  const SweepScenario& scenario_;
  const SensitivityOptions& options_;
  Sensitivity& out_;
};

}  // namespace

std::string settings_of(const std::string& text, double step, Setting& base, Setting& low, Setting& high) {
  std::size_t begin = 0, end = 0;
  if (!only_number(text, begin, end))
    return fmt::format("{} is no value with one number in it", models::shown(text));
  const std::string number = text.substr(begin, end - begin);
  double value = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size(), value);
  if (read.ec != std::errc() || !(value > 0))
    return fmt::format("{} is no number more than 0", models::shown(number));
  // A bare whole number may be a count.
  const bool whole = number == text && value == std::floor(value);
  double down = value * (1 - step), up = value * (1 + step);
  if (whole) {
    down = std::min(std::floor(down + 0.5), value - 1);
    up = std::max(std::floor(up + 0.5), value + 1);
    if (down < 1) down = value;  // 1 cannot be less: one-sided
  }
  const auto setting = [&](double v) {
    const std::string digits = number_text(v, whole);
    Setting s{text.substr(0, begin) + digits + text.substr(end), v};
    std::from_chars(digits.data(), digits.data() + digits.size(), s.number);
    return s;
  };
  base = {text, value};
  low = setting(down);
  high = setting(up);
  if (!(low.number < high.number))
    return fmt::format("{} % of {} is less than six digits show: take a larger --step", 100 * step, number);
  return "";
}

Sensitivity find_sensitivity(const SweepScenario& scenario, const std::vector<std::string>& paths,
                             const SensitivityOptions& options) {
  Sensitivity out;
  out.step = options.step;
  out.confidence = options.confidence;
  Finder(scenario, options, out).run(paths);
  return out;
}

}  // namespace tailrace::scenarios
