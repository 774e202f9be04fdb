#include "cli/signals.hpp"

#include <signal.h>
#include <unistd.h>

#include "cli/exit_code.hpp"

namespace tailrace::cli {

namespace {

// A handler reaches nothing but globals.
std::atomic<int> received{0};
std::atomic<bool> watched{false};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

void handle(int signal) {
  int none = 0;
  if (watched.load() && received.compare_exchange_strong(none, signal)) return;
  _exit(kInterrupted + signal);
}

}  // namespace

void catch_signals() {
  struct sigaction action = {};
  action.sa_handler = handle;
  sigemptyset(&action.sa_mask);
  action.sa_flags = 0;  // no SA_RESTART: a blocked write must notice
  for (const int signal : {SIGINT, SIGTERM}) {
    struct sigaction before = {};
    // What the parent ignores (nohup, a background job) stays ignored.
    if (sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) continue;
    sigaction(signal, &action, nullptr);
  }
}

int interrupted_by() {
  return received.load();
}
const std::atomic<int>* interrupt_flag() {
  return &received;
}

WatchedRun::WatchedRun() {
  watched = true;
}
WatchedRun::~WatchedRun() {
  watched = false;
}

}  // namespace tailrace::cli
