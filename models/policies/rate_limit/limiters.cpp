#include "models/policies/rate_limit/limiters.hpp"

#include <algorithm>
#include <limits>

#include "sim/base/check.hpp"

namespace tailrace::models {

namespace {

// a/b upwards, as a time; b > 0.
std::int64_t ceiling_ns(Wide a, Wide b) {
  const Wide whole = a <= 0 ? 0 : (a + b - 1) / b;
  constexpr Wide kMost = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(whole < kMost ? whole : kMost);
}

}  // namespace

// The bounds keep every product in 127 bits: per < 2^57, unit <= 2^90, bursts and queues below 2^30.
ExactRate ExactRate::of(double per_s) {
  TAILRACE_CHECK(per_s >= 1e-6 && per_s <= 1e12);
  for (const std::int64_t seconds : {1, 60, 3600, 86400}) {
    const double scaled = per_s * static_cast<double>(seconds);
    const double whole = static_cast<double>(static_cast<std::int64_t>(scaled + 0.5));
    const double off = scaled > whole ? scaled - whole : whole - scaled;
    if (whole >= 1 && off <= 1e-12 * whole) {
      return {static_cast<std::int64_t>(whole), Wide{seconds} * 1'000'000'000};
    }
  }
  Wide parts = 1;
  double scaled = per_s;
  while (scaled < 0x1p40) scaled *= 2, parts *= 2;
  return {static_cast<std::int64_t>(scaled + 0.5), parts * 1'000'000'000};
}

std::int64_t ContinuousBucket::take(sim::Instant now, sim::Duration max_wait) {
  // Full after at most (most - level)/per: an idle bucket overflows nothing.
  const Wide missing = most_ - level_;
  const Wide gained = Wide{(now - last_).ns} * rate_.per;
  level_ += std::min(missing, gained);
  last_ = now;
  const std::int64_t wait = ceiling_ns(rate_.unit - level_, rate_.per);
  if (wait > max_wait.ns || most_ == 0) return kRefused;
  level_ -= rate_.unit;
  return wait;
}

std::int64_t SteppedBucket::take(sim::Instant now, sim::Duration max_wait) {
  const std::int64_t step = now.ns / interval_;
  const Wide filled = Wide{tokens_} + Wide{step - step_} * fill_;
  tokens_ = static_cast<std::int64_t>(std::min(filled, Wide{most_}));
  step_ = step;
  std::int64_t wait = 0;
  if (tokens_ < 1) {
    const Wide steps = Wide{step} + (Wide{1} - tokens_ + fill_ - 1) / fill_;
    wait = ceiling_ns(steps * interval_ - now.ns, 1);
  }
  if (wait > max_wait.ns || most_ == 0) return kRefused;
  --tokens_;
  return wait;
}

std::int64_t LeakyQueue::take(sim::Instant now) {
  const Wide present = Wide{now.ns} * rate_.per;
  const Wide begins = std::max(free_at_, present);
  // It waits for `begins`; so do those that begin one, two, ... units before it, as far as that is to come.
  const Wide waiting = (begins - present - 1 + rate_.unit) / rate_.unit - 1;
  if (begins > present && waiting >= queue_) return kRefused;
  free_at_ = begins + rate_.unit;
  return ceiling_ns(begins - present, rate_.per);
}

std::int64_t FixedWindow::take(sim::Instant now) {
  const std::int64_t index = now.ns / window_;
  if (index != index_) index_ = index, count_ = 0;
  if (count_ >= limit_) return kRefused;
  ++count_;
  return 0;
}

std::int64_t SlidingWindow::take(sim::Instant now) {
  const std::int64_t index = now.ns / window_;
  if (index != index_) {
    before_ = index == index_ + 1 ? count_ : 0;
    index_ = index, count_ = 0;
  }
  const Wide covered = window_ - now.ns % window_;
  if (covered * before_ + Wide{window_} * (count_ + 1) > Wide{window_} * limit_) return kRefused;
  ++count_;
  return 0;
}

std::int64_t SlidingLog::take(sim::Instant now) {
  if (times_.empty() || (full_ && now - times_[next_] < window_)) return kRefused;
  times_[next_] = now;
  if (++next_ == times_.size()) next_ = 0, full_ = true;
  return 0;
}

}  // namespace tailrace::models
