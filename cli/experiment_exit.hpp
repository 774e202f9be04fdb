#pragma once
// How experiments end, by what their runs went through: see the order of severity in exit_code.hpp. Apart
// from the commands so that a test can ask it with results of a simulator that is at fault, which no scenario
// brings about.
#include <algorithm>

#include "cli/exit_code.hpp"
#include "scenarios/metastability/map.hpp"
#include "scenarios/rare/estimate.hpp"
#include "scenarios/sensitivity/sensitivity.hpp"

namespace tailrace::cli {

struct RunsEnded {
  bool broken = false;  // an invariant of the simulator
  bool interrupted = false;
  bool limited = false;
};

// `written`: all that was asked for; `signal`: what interrupted it, 0 where nothing did.
inline int exit_code(const RunsEnded& runs, bool written, int signal) {
  if (runs.broken) return kInternal;
  if (!written) return kInputOutput;
  if (runs.interrupted) return kInterrupted + std::max(signal, 1);
  return runs.limited ? kLimitReached : kGood;
}
inline int exit_code(const scenarios::RareEstimate& e, bool written, int signal) {
  return exit_code(RunsEnded{e.broken > 0, !e.complete, e.limited > 0}, written, signal);
}
inline int exit_code(const scenarios::Sensitivity& s, bool written, int signal) {
  return exit_code(RunsEnded{s.broken, s.interrupted, !s.ended_early.empty()}, written, signal);
}
// A run that meets a limit is an answer there: the load is too much.
inline int exit_code(const scenarios::MetastabilityMap& map, bool written, int signal) {
  return exit_code(RunsEnded{!map.broken.empty(), map.interrupted, false}, written, signal);
}

}  // namespace tailrace::cli
