#pragma once
// Set in a `recognise` step's effect: it only asks whether the effect has come about for this cause, and
// counts nothing. What an idempotent receiver does, by contrast, is counted as a repetition that was skipped.
#include <cstdint>

namespace tailrace::models {

inline constexpr std::uint32_t kEffectQuestion = 0x80000000u;

}  // namespace tailrace::models
