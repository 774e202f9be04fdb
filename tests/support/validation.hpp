#pragma once
// The table that proves the simulator right: a case is a scenario as a user would write it, what theory says
// about it, and how far from that an estimate of this many requests may lie (about 4.5 standard errors, never
// under a floor).
//
// Each case runs as 20 independent replications. Besides the tolerance there is z = (mean over replications -
// expected) / standard error: where theory is exact, z is a draw from (nearly) the standard normal law, so a
// single |z| > 5 fails even inside the tolerance, unless the difference is under 0.1 % (the ends of a finite
// run); and over all cases the root mean square of z must be near 1. That catches biases that hide inside
// wide tolerances, and too small errors.
#include <string>
#include <vector>

#include "tests/support/metrics.hpp"
#include "tests/support/scenario.hpp"

namespace tailrace::tests {

enum class Tolerance { relative, absolute, at_most, at_least };
enum class Truth { exact, approximate };  // approximate: no z

struct Expectation {
  std::string name;
  Metric metric;
  double expected = 0;
  double tolerance = 0;  // unused by at_most and at_least
  Tolerance kind = Tolerance::relative;
  Truth truth = Truth::exact;
};

struct Case {
  std::string id;
  std::string source;     // the formula, its symbols and who found it
  std::string scenario;   // without its `run` section
  double rate = 1;        // root requests per second, to choose the duration
  double requests = 2e6;  // of all replications together
  double warmup_s = 10;
  std::vector<Expectation> expectations;
  int replications = 20;
  bool fixed_duration =
      false;  // the figures hold at this very time, so the size of an experiment does not scale it
  std::string run_extra;  // more keys of the run section, "max_call_depth: 100"
  std::string family;     // "One queue"; the heading below which docs/validation.md shows it
};

struct Score {
  std::string name;  // "mm1-rho80 wait_mean"
  double estimate = 0, expected = 0;
  double z = 0;
  bool has_z = false;  // exact, and with a spread
};

// The same case at a fraction of its size and with another seed is an independent experiment. The seed is
// mixed with the case's id: streams are keyed by the names of components, so one seed would give all cases
// the same arrivals.
struct CaseOptions {
  double size = 1;
  unsigned seed = 1;
  int jobs = 1;
  // They are made for size 1. Without: those of figures that do not vary, which are as near at any size.
  bool check_tolerances = true;
};

// Runs the case; adds a GoogleTest failure for each expectation that does not hold, and for every identity
// that does not (Little's law, conservation, a completed run). Prints one line per expectation, and records
// it (recording.hpp) where tolerances are checked.
std::vector<Score> run_case(const Case& c, const CaseOptions& options = {});

Expectation near(std::string name, Metric metric, double expected, double relative_tolerance);
Expectation within(std::string name, Metric metric, double expected, double absolute_tolerance);

}  // namespace tailrace::tests
