#pragma once
// How the program ends, for scripts. When several apply, the order of severity is: internal, output,
// interrupted, limit, thresholds.

namespace tailrace::cli {

enum ExitCode : int {
  kGood = 0,
  kUsage = 2,  // the command line is wrong
  kWrongScenario = 3,
  kLimitReached = 4,   // events, memory, time that stands still, deadlock; partial results are written
  kInputOutput = 5,    // a file is missing, unreadable or cannot be written
  kInternal = 70,      // a fault of this program
  kThresholds = 99,    // as in k6
  kInterrupted = 128,  // plus the signal: 130 for SIGINT, 143 for SIGTERM; partial results are written
};

}  // namespace tailrace::cli
