#pragma once
// In a blocking service a frame that waits for a single branch (of a `try`, or of a loop) has nothing else to
// do: its worker goes with the branch, and comes back with it. So what is computed there is interrupted,
// stopped and given back like any other work. The branches of a `parallel` compute beside the worker, and so
// does an attempt with a limit of time, which its frame may leave behind.
#include <cstdint>

namespace tailrace::models {

inline constexpr std::uint8_t kLendsWorker = 8;  // Step16::flags of parallel and loop

}  // namespace tailrace::models
