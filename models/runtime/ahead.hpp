#pragma once
// What soon has an event, in a large model: the block that looking ahead goes over pass by pass (ahead.cpp).
#include <array>
#include <cstddef>
#include <cstdint>

namespace tailrace::models {

struct Ahead {
  static constexpr std::size_t kMost = 128;
  std::array<std::uint32_t, kMost> frames, clients;
  std::size_t frame_count = 0, client_count = 0;
};

}  // namespace tailrace::models
