#pragma once
// Which member of a group reads which partition. Pure functions of the members (in rising order) and, for the
// sticky ones, of who has them now. Balanced to within one partition, except where the strategy is not.
#include <cstdint>
#include <span>
#include <vector>

#include "models/messaging/event_log/settings.hpp"

namespace tailrace::models::event_log {

// `owners` holds the present owner of each partition, or kNobody; the result has the same form. Without
// members nobody owns anything.
std::vector<std::uint32_t> assign(Subscription type, Assignment how, std::span<const std::uint32_t> members,
                                  std::span<const std::uint32_t> owners);

}  // namespace tailrace::models::event_log
