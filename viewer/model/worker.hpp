#pragma once
// A thread with what it shares with those who give it work: a lock, "there is work" and "something was
// found", and a number that a run looks at to end early. Declared last in its owner, it begins when
// everything else of the owner is there, and ends first: the destructor stops the run that is under way, and
// waits.
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace tailrace::viewer {

struct Worker {
  template <class Work>
  explicit Worker(Work work) : thread(std::move(work)) {}
  ~Worker() {
    {
      const std::scoped_lock lock(mutex);
      ending = true;
      stop = 1;
    }
    wake.notify_all();
    thread.join();
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  mutable std::mutex mutex;                 // of everything in the owner that both sides touch
  mutable std::condition_variable changed;  // for those who wait for what is found
  std::condition_variable wake;             // for the thread
  bool ending = false;
  std::atomic<int> stop{0};  // non-zero: what is under way is not wanted any more
  std::thread thread;        // last: it uses all of the above
};

}  // namespace tailrace::viewer
