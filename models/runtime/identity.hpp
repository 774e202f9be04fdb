#pragma once
// Identities of what a run brings about (models/runtime/messaging.hpp): made of a cause's identity and a
// place.
#include <cstdint>

namespace tailrace::models {

constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  std::uint64_t h = (a ^ (b + 0x9e3779b97f4a7c15ULL + (a << 6) + (a >> 2))) * 0xbf58476d1ce4e5b9ULL;
  h = (h ^ (h >> 31)) * 0x94d049bb133111ebULL;
  return h ^ (h >> 29);
}

// Of publications that nobody waits for.
inline constexpr std::uint64_t kNoTicket = ~std::uint64_t{0};

}  // namespace tailrace::models
