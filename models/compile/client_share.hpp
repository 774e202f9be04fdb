#pragma once
// A branch that the request's key decides: each client has a place of its own on [0, 1), the same at every
// such branch and in every run, so one client is always sent the same way. No draw is taken. Keys are spread
// by splitmix64's finaliser; clients 1, 2, 3 ... lie as if at random.
#include <cstdint>

namespace tailrace::models {

inline constexpr std::uint8_t kByKey = 4;  // in a branch step's flags

inline double client_place(std::uint64_t key) {
  std::uint64_t x = key + 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  x ^= x >> 31;
  return static_cast<double>(x >> 11) * 0x1p-53;
}

}  // namespace tailrace::models
