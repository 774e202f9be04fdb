#include "models/runtime/passing_on.hpp"

#include <algorithm>

#include "models/policies/transport/connections.hpp"

namespace tailrace::models {

PassingOn::End* PassingOn::end(std::uint32_t slot, std::uint32_t station,
                               const std::vector<Connections*>& connections) {
  const std::uint64_t connection = frames_[slot].in;
  if (connection == kOwn) return nullptr;
  if (ends_.size() >= look_again_) {
    std::erase_if(ends_, [&](const auto& entry) {
      const std::uint64_t id = entry.first.first;
      return id != connection && !connections[(id >> 32) - 1]->has(static_cast<std::uint32_t>(id));
    });
    look_again_ = std::max<std::size_t>(1024, 2 * ends_.size());
  }
  return &ends_[{connection, station}];
}

}  // namespace tailrace::models
