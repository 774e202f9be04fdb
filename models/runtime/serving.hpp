#pragma once
// How many instances of a station serve, over time: those that are present, not down and not standing still.
// The station is available while at least `needed` do. Constant work per change; stations of which nothing
// can change have none of this.
#include <cstdint>

#include "models/runtime/station_state.hpp"

namespace tailrace::models {

struct Serving {
  std::uint32_t up = 0, needed = 1;
  std::int64_t since = 0;     // the sums are of the time before
  Area up_area = 0;           // instance-nanoseconds
  std::int64_t good_ns = 0;   // available
  std::uint64_t outages = 0;  // times that it ceased to be

  bool available() const { return up >= needed; }
  void settle(std::int64_t now) {
    up_area += static_cast<Area>(up) * (now - since);
    if (available()) good_ns += now - since;
    since = now;
  }
  void change(std::int64_t now, int by) {
    settle(now);
    const bool before = available();
    up = static_cast<std::uint32_t>(static_cast<std::int64_t>(up) + by);
    if (before && !available()) ++outages;
  }
  // Statistics begin here.
  void reset(std::int64_t now) {
    settle(now);
    up_area = 0, good_ns = 0, outages = 0;
  }
};

}  // namespace tailrace::models
