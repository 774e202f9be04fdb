#pragma once
// What an event of a fault's process is for.
#include <cstdint>

namespace tailrace::models {

enum FaultStep : std::uint32_t { kStart, kEnd, kLook, kKill, kRevive };

}  // namespace tailrace::models
