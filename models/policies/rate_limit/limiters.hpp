#pragma once
// The arithmetic of rate limiting, without a clock of its own. Everything is whole numbers: a request that
// comes in the very nanosecond in which its token is complete gets it. Each answers with the time until the
// request may start (0: now), or with kRefused, and has then taken nothing.
#include <cstdint>
#include <vector>

#include "sim/base/time.hpp"

namespace tailrace::models {

__extension__ using Wide = __int128;

inline constexpr std::int64_t kRefused = -1;

// A rate as a fraction: `per` requests in `unit` nanoseconds. Exact for rates that are whole numbers per
// second, minute, hour or day; others are kept to 40 binary places.
struct ExactRate {
  std::int64_t per = 1;
  Wide unit = 1'000'000'000;
  static ExactRate of(double per_s);  // 1e-6 .. 1e12
};

// A token per unit/per, at most `burst` of them, full at the start. Tokens may be taken ahead of their time.
class ContinuousBucket {
 public:
  ContinuousBucket() = default;
  ContinuousBucket(const ExactRate& rate, std::int64_t burst)
      : rate_(rate), most_(burst * rate.unit), level_(most_) {}
  std::int64_t take(sim::Instant now, sim::Duration max_wait);

 private:
  ExactRate rate_;
  Wide most_ = 0, level_ = 0;  // in tokens times rate.unit; below 0: promised
  sim::Instant last_;
};

// `fill` tokens at each multiple of the interval on the run's clock, at most `most`, full at the start.
class SteppedBucket {
 public:
  SteppedBucket() = default;
  SteppedBucket(std::int64_t most, std::int64_t fill, sim::Duration interval)
      : most_(most), fill_(fill), interval_(interval.ns), tokens_(most) {}
  std::int64_t take(sim::Instant now, sim::Duration max_wait);

 private:
  std::int64_t most_ = 0, fill_ = 1, interval_ = 1;
  std::int64_t tokens_ = 0;  // below 0: promised
  std::int64_t step_ = 0;    // intervals filled
};

// Requests leave one by one, unit/per apart, at most `queue` waiting.
class LeakyQueue {
 public:
  LeakyQueue() = default;
  LeakyQueue(const ExactRate& rate, std::int64_t queue) : rate_(rate), queue_(queue) {}
  std::int64_t take(sim::Instant now);

 private:
  ExactRate rate_;
  std::int64_t queue_ = 0;
  Wide free_at_ = 0;  // in nanoseconds times rate.per
};

// At most `limit` in each window; windows begin at the multiples of their length.
class FixedWindow {
 public:
  FixedWindow() = default;
  FixedWindow(std::int64_t limit, sim::Duration window) : limit_(limit), window_(window.ns) {}
  std::int64_t take(sim::Instant now);

 private:
  std::int64_t limit_ = 0, window_ = 1;
  std::int64_t index_ = 0, count_ = 0;
};

// Cloudflare's approximation of a sliding window from two fixed ones: what the last one let through, in
// proportion to what a window that ends now still covers of it, and what this one has let through, may with
// the new request be at most the limit.
class SlidingWindow {
 public:
  SlidingWindow() = default;
  SlidingWindow(std::int64_t limit, sim::Duration window) : limit_(limit), window_(window.ns) {}
  std::int64_t take(sim::Instant now);

 private:
  std::int64_t limit_ = 0, window_ = 1;
  std::int64_t index_ = 0, count_ = 0, before_ = 0;
};

// At most `limit` in any half-open stretch of a window's length: the times of the last `limit` are kept.
class SlidingLog {
 public:
  SlidingLog() = default;
  SlidingLog(std::int64_t limit, sim::Duration window)
      : window_(window), times_(static_cast<std::size_t>(limit)) {}
  std::int64_t take(sim::Instant now);

 private:
  sim::Duration window_;
  std::vector<sim::Instant> times_;
  std::size_t next_ = 0;
  bool full_ = false;
};

}  // namespace tailrace::models
