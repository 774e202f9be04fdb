#pragma once
// How long an attempt may take (models/topology/saga.hpp), as the run reads it: a row of numbers among
// CompiledModel::forks, whose place is the `stream` of the attempt's step.
#include <array>
#include <cstdint>

#include "models/compile/compiled_model.hpp"

namespace tailrace::models {

inline constexpr std::uint8_t kTimed = 4;  // Step16::flags of parallel, beside kAttempt

struct LimitTable {
  std::uint32_t step_lane = kNoId, saga_lane = kNoId;        // timers, which know their lengths
  std::uint32_t step_since = kNoId, saga_since = kNoId;      // effects
  std::uint32_t identity = kNoId;                            // effect
  std::uint32_t late = kNoId;                                // milestone
  std::uint32_t step_over_pc = kNoId, saga_over_pc = kNoId;  // where the frame goes on then
};

inline std::uint32_t add_limit(CompiledModel& m, const LimitTable& l) {
  const auto at = static_cast<std::uint32_t>(m.forks.size());
  for (const std::uint32_t n : {l.step_lane, l.saga_lane, l.step_since, l.saga_since, l.identity, l.late,
                                l.step_over_pc, l.saga_over_pc})
    m.forks.push_back(n);
  return at;
}
inline LimitTable limit_at(const CompiledModel& m, std::uint32_t at) {
  const std::uint32_t* n = m.forks.data() + at;
  return {n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]};
}

}  // namespace tailrace::models
