#pragma once
// What Op::spawn does besides starting one frame, in Step16::flags; `first` is the operation that holds the
// subscriptions.
#include <cstdint>

namespace tailrace::models {

inline constexpr std::uint8_t kSpawnOne = 0;   // `first` is a pc
inline constexpr std::uint8_t kAnnounce = 1;   // the program of the held at each instance that has any
inline constexpr std::uint8_t kFanOut = 2;     // the program at `needed` for each that is held here
inline constexpr std::uint8_t kAdmitHeld = 3;  // fails where `needed` are held here
// The sleep that follows is found by the others. Behind it come a jump to that sleep and the program of what
// an event sets off.
inline constexpr std::uint8_t kHold = 4;

}  // namespace tailrace::models
