#pragma once
// What a scenario says of a windowed aggregation, in whole nanoseconds. Immutable; shared by replications.
#include <cstdint>
#include <string>

#include "models/messaging/channel.hpp"

namespace tailrace::models::window {

enum class WindowType : std::uint8_t { tumbling, hopping, session };
// How the operator knows that an event time is over: by the latest event that it has seen, or by the clock.
enum class Watermark : std::uint8_t { events, clock };

inline constexpr std::int64_t kMostOverlap = 1000;  // windows that one event belongs to

struct WindowSettings {
  std::string name;
  WindowType type = WindowType::tumbling;
  std::int64_t size = 0;   // tumbling, hopping
  std::int64_t every = 0;  // between the beginnings of two windows; tumbling: size
  std::int64_t gap = 0;    // session: without an event of its key for so long it is over
  bool by_key = false;     // one set of windows for each key, else one for all
  Watermark watermark = Watermark::events;
  std::int64_t out_of_orderness = 0;  // the watermark stays so far behind
  std::int64_t lateness = 0;          // a window is kept so long after it has fired, and fires again
  std::int64_t retry_backoff = 0;     // of results that were not handled
  GroupSettings group;
};

}  // namespace tailrace::models::window
