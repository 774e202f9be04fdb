#pragma once
// Which parameter moves a figure most: each is set a little lower and a little higher than the scenario has
// it, the others staying, in paired replications on common random numbers. The elasticity is
//
//   e = ln(figure at high / figure at low) / ln(high / low)
//
// per cent of the figure for a per cent of the parameter, between the two settings (a central difference in
// logarithms: the error is of the step's square). Its interval is that of the ratio of paired runs, which the
// delta method puts on the log scale. p-values of all parameters and figures are corrected together by Holm's
// method. A parameter is a path whose value is text with one number in it: 8, 20ms, 100/s, exp(10ms), 5 %.
#include <atomic>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "analysis/experiment/figures.hpp"
#include "analysis/stats/interval.hpp"
#include "scenarios/run/crew.hpp"
#include "scenarios/sweep/point.hpp"

namespace tailrace::scenarios {

struct SensitivityOptions {
  double step = 0.1;    // relative, to both sides
  std::string primary;  // empty: p(99) of the first workload
  double confidence = 0.95;
  int jobs = 0;
  Crew* crew = nullptr;  // where set, it simulates, from the recipes of points (point.hpp)
  const std::atomic<int>* interrupt = nullptr;
  std::function<void(int done, int wanted, double share)> progress;
};

struct Setting {
  std::string text;  // as --set takes it
  double number = 0;
};

struct Elasticity {
  std::string figure;
  analysis::FigureUnit unit = analysis::FigureUnit::number;
  double at_low = 0, at_high = 0;
  analysis::Interval value;  // of e; unknown where the figure is 0 or thin
  double p_adjusted = 1;
  bool told = false;  // not 0, after the correction
};

struct Parameter {
  std::string path;
  Setting base, low, high;
  std::vector<Elasticity> figures;  // the primary first

  // Null where it is not known.
  const Elasticity* primary() const {
    return figures.empty() || !figures[0].value.known ? nullptr : &figures[0];
  }
};

struct Sensitivity {
  std::string scenario, primary;
  double step = 0.1, confidence = 0.95;
  int replications = 0;
  std::vector<Parameter> parameters;  // those that move the primary figure most come first
  std::string fault;                  // nothing was run
  bool wrong = false;                 // ... because some setting makes no valid scenario
  bool interrupted = false;
  std::string ended_early;  // a setting at which a run met a limit
  bool broken = false;      // or broke an invariant of the simulator
};

// The settings of one path: "exp(10ms)" with 10 % is "exp(9ms)" and "exp(11ms)"; whole numbers move by one at
// least. "" or why there are none.
std::string settings_of(const std::string& text, double step, Setting& base, Setting& low, Setting& high);

Sensitivity find_sensitivity(const SweepScenario& scenario, const std::vector<std::string>& paths,
                             const SensitivityOptions& options);

}  // namespace tailrace::scenarios
