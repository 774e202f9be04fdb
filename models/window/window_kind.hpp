#pragma once
// Kind "window": stream processing by windows. Events are published to it, by requests or by a consumer of a
// log, counted by the time at which they came about, and one result per window is handled by its consumers,
// who may publish it further. What it does is in models/messaging/window/.
//
//   logs: {clicks: {partitions: 4, consumers: {windowing: {steps: [publish: per_minute]}}}}
//   windows:
//     per_minute: {size: 1min, out_of_orderness: 2s, consumers: {steps: [call: dashboard.put]}}
#include <optional>

#include "models/kind/kind.hpp"
#include "models/messaging/consumer.hpp"
#include "models/messaging/window/settings.hpp"

namespace tailrace::models {

enum class WindowScope : std::uint8_t { all, key };

struct WindowSpec {
  window::WindowType type = window::WindowType::tumbling;
  std::optional<sim::Duration> size, every, gap;
  WindowScope by = WindowScope::all;
  window::Watermark watermark = window::Watermark::events;
  sim::Duration out_of_orderness{0};
  sim::Duration lateness{0};
  sim::Duration retry_backoff{1'000'000'000};
  ConsumerSpec consumers;
};

Kind window_kind();

}  // namespace tailrace::models
