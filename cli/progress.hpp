#pragma once
// One line on standard error that says how far the run is and how long it may still take. Rewritten in place,
// removed at the end; for terminals only.
#include <chrono>

#include "analysis/report/human.hpp"

namespace tailrace::cli {

class Progress {
 public:
  Progress(bool shown, analysis::TextStyle style) : shown_(shown), style_(style), start_(Clock::now()) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(int done, int wanted, double share);
  void clear();

 private:
  using Clock = std::chrono::steady_clock;
  bool shown_;
  analysis::TextStyle style_;
  Clock::time_point start_;
  std::size_t width_ = 0;  // of the line that stands there
};

}  // namespace tailrace::cli
