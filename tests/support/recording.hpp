#pragma once
// What the statistical tests measure, written down while they run: one line of JSON for each figure, added to
// the file that TAILRACE_VALIDATION names. docs/validation.md is made of these lines (scripts/validation), so
// that nothing is said there that no test holds. Without the variable nothing is written.
#include <string>

namespace tailrace::tests {

struct Recorded {
  std::string group;   // a family of cases, or "scenarios"
  std::string id;      // of the case; of a test "RetryAmplification.SixtyFourCallsOfADeadLeaf"
  std::string source;  // the formula and who found it; of a test its place, "test_lessons.cpp:17"
  std::string figure;
  std::string rule;  // what `tolerance` is: relative, absolute, at_most, at_least
  double expected = 0, tolerance = 0;
  double measured = 0;
  double half_width = 0;  // of the 95 % interval, Student's over the replications
  double z = 0;
  bool has_z = false;  // the law of `measured` is known, so z says something
  bool exact = true;   // theory is exact here
  bool holds = false;
  int replications = 0;
};

void record(const Recorded& recorded);

// Half the width of the 95 % interval of a mean over n replications, from the standard error; 0 for n < 2.
double half_width_95(double standard_error, int n);

}  // namespace tailrace::tests
