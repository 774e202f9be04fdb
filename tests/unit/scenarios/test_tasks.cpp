// Tasks in threads: each once, none behind one that asks to stop, and exceptions of either side come out.
#include <gtest/gtest.h>

#include <atomic>
#include <stdexcept>
#include <vector>

#include "scenarios/run/tasks.hpp"

namespace tailrace::scenarios {
namespace {

TaskOptions with_jobs(int jobs) {
  TaskOptions options;
  options.jobs = jobs;
  return options;
}

TEST(Tasks, AreEachDoneOnce) {
  for (const int jobs : {1, 3, 50}) {
    std::vector<std::atomic<int>> done(40);
    run_tasks(done.size(), with_jobs(jobs), [&](std::size_t i) {
      ++done[i];
      return true;
    });
    for (const std::atomic<int>& times : done) EXPECT_EQ(times, 1) << jobs;
  }
}

TEST(Tasks, BeforeOneThatAsksToStopAreAllDone) {
  for (const int jobs : {1, 4}) {
    std::vector<std::atomic<int>> done(1000);
    run_tasks(done.size(), with_jobs(jobs), [&](std::size_t i) {
      ++done[i];
      return i != 17;
    });
    for (std::size_t i = 0; i <= 17; ++i) EXPECT_EQ(done[i], 1) << i;
    if (jobs == 1) {
      EXPECT_EQ(done[18], 0);
    }
  }
}

TEST(Tasks, AnInterruptHandsOutNoMore) {
  std::atomic<int> signal{0}, done{0};
  TaskOptions options = with_jobs(1);
  options.interrupt = &signal;
  const auto task = [&](std::size_t i) {
    ++done;
    if (i == 3) signal = 15;
    return true;
  };
  run_tasks(10, options, task);
  EXPECT_EQ(done, 4);
  run_tasks(10, options, task);  // it is still there
  EXPECT_EQ(done, 4);
}

TEST(Tasks, AnExceptionEndsThemAndIsThrownAgain) {
  for (const int jobs : {1, 4}) {
    std::vector<std::atomic<int>> done(1000);
    EXPECT_THROW(run_tasks(done.size(), with_jobs(jobs),
                           [&](std::size_t i) -> bool {
                             ++done[i];
                             if (i == 5) throw std::runtime_error("the sixth");
                             return true;
                           }),
                 std::runtime_error);
    for (std::size_t i = 0; i <= 5; ++i) EXPECT_EQ(done[i], 1) << i;
    if (jobs == 1) {
      EXPECT_EQ(done[6], 0);
    }
  }
}

TEST(Tasks, TheCallerIsToldAtTheEndAndMayThrow) {
  for (const std::size_t count : {std::size_t{0}, std::size_t{5}}) {
    std::size_t seen = 1000;
    std::atomic<std::size_t> ended{0};
    TaskOptions options = with_jobs(1);
    options.tick = [&] { seen = ended; };
    run_tasks(count, options, [&](std::size_t) {
      ++ended;
      return true;
    });
    EXPECT_EQ(ended, count);
    EXPECT_EQ(seen, count);  // the last tick comes when all have ended
    options.tick = [] { throw std::runtime_error("the disk is full"); };
    EXPECT_THROW(run_tasks(count, options, [](std::size_t) { return true; }), std::runtime_error);
  }
}

}  // namespace
}  // namespace tailrace::scenarios
