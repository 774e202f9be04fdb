#pragma once
// One line on standard error that says how far the run is and how long it may still take. Rewritten in place,
// removed at the end; for terminals only.
#include <chrono>
#include <cstddef>

#include "analysis/report/human.hpp"

namespace tailrace::cli {

class Progress {
 public:
  Progress(bool shown, analysis::TextStyle style) : shown_(shown), style_(style), start_(Clock::now()) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // Draws at most ten times a second.
  void show(std::size_t done, std::size_t wanted, double share, const char* what = "replications");
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  bool shown_;
  analysis::TextStyle style_;
  Clock::time_point start_, drawn_{};
  std::size_t width_ = 0;  // of the line that stands there
};

}  // namespace tailrace::cli
