// Last wills: what the broker publishes when a client is gone and has not said so.
#include "models/messaging/extras.hpp"
#include "models/messaging/topic/state.hpp"

namespace tailrace::models {

// Also without a delay by a timer, so that all who go at this instant have gone before anybody hears of it.
void Topic::arm_will(std::uint32_t s, std::uint32_t i) {
  std::uint32_t number = i;
  for (std::uint32_t before = 0; before < s; ++before)
    number += static_cast<std::uint32_t>(sessions_[before].instances.size());
  const std::uint32_t absence = sessions_[s].instances[i].absences & kGenerationMask;
  host_.wake_at(
      sim::saturating_add(host_.now(), settings(s).will->delay_ns),
      (static_cast<std::uint64_t>(Timer::will) << 60) | (static_cast<std::uint64_t>(absence) << 32) | number);
}

void Topic::will_due(std::uint32_t number, std::uint32_t absence) {
  std::uint32_t s = 0, i = number;
  while (i >= sessions_[s].instances.size()) i -= static_cast<std::uint32_t>(sessions_[s++].instances.size());
  if ((sessions_[s].instances[i].absences & kGenerationMask) != absence || !broker_up_) return;
  publish_will(*settings(s).will, s);
}

void Topic::publish_will(const WillSettings& will, std::uint32_t s) {
  auto* const origin = dynamic_cast<Origin*>(&host_);
  if (origin == nullptr) return;
  Envelope message = origin->originate();
  message.route = will.route;
  message.level = will.level;
  host_.hold(message);
  if (events_.size() < ChannelRecord::kMostEvents) events_.push_back({host_.now(), 2u, s});
  publish(message, false, 0);
  host_.release(message);
}

}  // namespace tailrace::models
