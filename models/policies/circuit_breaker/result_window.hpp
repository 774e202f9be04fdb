#pragma once
// The results that a circuit breaker looks back on: the last so many calls, or those of the last so many
// seconds. Time is cut into buckets that begin at multiples of their width on the run's clock (resilience4j:
// one second), so the window holds the present bucket, begun, and the N - 1 before it.
// Memory is taken once; recording costs a constant, apart from buckets that have run out (each is emptied
// once).
#include <cstdint>
#include <vector>

#include "sim/base/time.hpp"

namespace tailrace::models {

enum class WindowType : std::uint8_t { count_based, time_based };

struct WindowSettings {
  WindowType type = WindowType::count_based;
  std::uint32_t size = 100;             // calls, or buckets
  sim::Duration bucket{1'000'000'000};  // time_based
};

struct Tally {
  std::uint32_t calls = 0, failed = 0, slow = 0;
};

class ResultWindow {
 public:
  ResultWindow() = default;
  explicit ResultWindow(const WindowSettings& settings);
  const Tally& record(sim::Instant now, bool failed, bool slow);
  void clear();

 private:
  void move_to(std::int64_t bucket);

  WindowSettings settings_;
  Tally total_;
  std::vector<std::uint8_t> ring_;  // count_based: bit 0 failed, bit 1 slow
  std::vector<Tally> buckets_;      // time_based
  std::size_t next_ = 0;            // count_based: place of the oldest, once the ring is full
  std::int64_t newest_ = 0;         // time_based: number of the present bucket
};

}  // namespace tailrace::models
