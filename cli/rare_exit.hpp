#pragma once
// How `tailrace rare` ends, by what its estimate went through: see the order of severity in exit_code.hpp.
// Apart from the command so that a test can ask it with an estimate of a simulator that is at fault, which no
// scenario brings about.
#include <algorithm>

#include "cli/exit_code.hpp"
#include "scenarios/rare/estimate.hpp"

namespace tailrace::cli {

// `written`: all that was asked for; `signal`: what interrupted it, 0 where nothing did.
inline int rare_exit_code(const scenarios::RareEstimate& estimate, bool written, int signal) {
  if (estimate.broken > 0) return kInternal;
  if (!written) return kInputOutput;
  if (!estimate.complete) return kInterrupted + std::max(signal, 1);
  return estimate.limited > 0 ? kLimitReached : kGood;
}

}  // namespace tailrace::cli
