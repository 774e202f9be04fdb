#pragma once
// Independent tasks in parallel threads, handed out in the order of their numbers: when one asks to stop, all
// before it have been handed out and run to their end, whatever the number of threads. The calling thread
// does no task; it is called back whenever one has ended, and often enough to show progress, and may write
// files.
#include <atomic>
#include <cstddef>
#include <functional>

namespace tailrace::scenarios {

struct TaskOptions {
  int jobs = 0;                                 // 0: as many as there are cores
  const std::atomic<int>* interrupt = nullptr;  // non-zero: hand out no more
  int tick_ms = 100;
  std::function<void()> tick;  // by the calling thread, after tasks have ended and every tick_ms
};

// task(i) returns whether more should be handed out. The first exception ends the handing out and is thrown
// again when all threads have ended.
void run_tasks(std::size_t count, const TaskOptions& options, const std::function<bool(std::size_t)>& task);

int threads_for(int jobs);

}  // namespace tailrace::scenarios
