#include "models/mesh/sidecar_memory.hpp"

namespace tailrace::models {

namespace {
constexpr std::int64_t kMostBackoff = 300'000'000'000, kForgottenAfter = 600'000'000'000;
}

sim::Duration SidecarMemory::killed(sim::Instant now) {
  log_.set(kKilled, now);
  connections_ = 0;
  if (now.ns - up_since_.ns >= kForgottenAfter) backoff_ = {0};
  const sim::Duration pause = s_.restart + backoff_;
  backoff_ = {backoff_.ns == 0 ? s_.crash_backoff.ns : std::min(2 * backoff_.ns, kMostBackoff)};
  return pause;
}

void SidecarMemory::restarted(sim::Instant now) {
  log_.set(kRunning, now);
  up_since_ = now;
}

}  // namespace tailrace::models
