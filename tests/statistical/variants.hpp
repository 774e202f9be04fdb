#pragma once
// Cases with parameters that nobody chose.
#include <cstdint>
#include <vector>

#include "tests/support/validation.hpp"

namespace tailrace::tests {

// Eleven closed forms of messaging in each round.
std::vector<Case> random_messaging_cases(std::uint64_t seed, int rounds);

}  // namespace tailrace::tests
