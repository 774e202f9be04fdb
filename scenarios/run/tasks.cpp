#include "scenarios/run/tasks.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace tailrace::scenarios {

int threads_for(int jobs) {
  return jobs > 0 ? jobs : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
}

void run_tasks(std::size_t count, const TaskOptions& options, const std::function<bool(std::size_t)>& task) {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> stop{false};
  std::mutex mutex;
  std::condition_variable wake;
  std::exception_ptr failure;
  std::size_t ended = 0, idle = 0;  // under the mutex
  const auto work = [&] {
    while (!stop.load() && (options.interrupt == nullptr || options.interrupt->load() == 0)) {
      const std::size_t i = next.fetch_add(1);
      if (i >= count) break;
      try {
        if (!task(i)) stop = true;
      } catch (...) {
        const std::scoped_lock lock(mutex);
        if (!failure) failure = std::current_exception();
        stop = true;
      }
      const std::scoped_lock lock(mutex);
      ++ended;
      wake.notify_all();
    }
    const std::scoped_lock lock(mutex);
    ++idle;
    wake.notify_all();
  };
  std::vector<std::thread> threads;
  const std::size_t wanted = std::min(static_cast<std::size_t>(threads_for(options.jobs)), count);
  for (std::size_t k = 0; k < wanted; ++k) {
    try {
      threads.emplace_back(work);
    } catch (const std::system_error&) {
      break;  // the system gives no more threads: fewer do
    }
  }
  if (threads.empty()) work();
  std::exception_ptr from_tick;
  for (std::size_t seen = 0; !threads.empty();) {
    bool done = false;
    {
      std::unique_lock lock(mutex);
      wake.wait_for(lock, std::chrono::milliseconds(options.tick_ms),
                    [&] { return ended > seen || idle == threads.size(); });
      seen = ended;
      done = idle == threads.size();
    }
    try {
      if (options.tick && !from_tick) options.tick();
    } catch (...) {
      from_tick = std::current_exception();
      stop = true;
    }
    if (done) break;
  }
  for (std::thread& t : threads) t.join();
  if (failure) std::rethrow_exception(failure);
  if (from_tick) std::rethrow_exception(from_tick);
  if (threads.empty() && options.tick) options.tick();
}

}  // namespace tailrace::scenarios
