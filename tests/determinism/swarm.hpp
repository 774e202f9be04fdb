#pragma once
// Where the seeds of a swarm begin. For a longer hunt TAILRACE_SWARM_SEED=1000000 in the environment moves
// them.
#include <cstdint>
#include <cstdlib>

namespace tailrace::tests {

inline std::uint64_t first_seed(std::uint64_t usual) {
  const char* moved = std::getenv("TAILRACE_SWARM_SEED");
  return moved == nullptr ? usual : std::strtoull(moved, nullptr, 10);
}

}  // namespace tailrace::tests
