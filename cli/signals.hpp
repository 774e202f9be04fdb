#pragma once
// SIGINT and SIGTERM. While a run is watched the first one asks it to end with what it has; at any other
// time, and the second time, the program ends at once.
#include <atomic>

namespace tailrace::cli {

void catch_signals();

// The signal that asked for the end, or 0.
int interrupted_by();
const std::atomic<int>* interrupt_flag();

// Signals are kept for the run as long as one of these lives.
class WatchedRun {
 public:
  WatchedRun();
  ~WatchedRun();
  WatchedRun(const WatchedRun&) = delete;
  WatchedRun& operator=(const WatchedRun&) = delete;
};

}  // namespace tailrace::cli
