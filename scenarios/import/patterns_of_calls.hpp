#pragma once
// What one visit calls: stages one after another, each of chains that run at the same time. Two visits have
// the same pattern when they call the same operations in the same order, whatever the times.
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "scenarios/import/draft.hpp"
#include "scenarios/import/visits.hpp"

namespace tailrace::scenarios {

// Operations in the order of calling; behind a chain kNextChain, behind a stage kNextStage; kBackground
// before one that its caller does not wait for.
using CallPattern = std::vector<std::uint32_t>;
inline constexpr std::uint32_t kNextChain = 0xfffffffd, kNextStage = 0xfffffffe, kBackground = 0xffffffff;

inline constexpr std::size_t kMostPatterns = 6;     // of an operation, the merged rest included
inline constexpr std::size_t kLongestPattern = 60;  // calls; longer ones are merged

// `calls` are the visits that one visit makes, in any order; they are put in order.
CallPattern pattern_of(std::vector<const Visit*>& calls);

struct PatternCounts {
  std::map<CallPattern, std::uint64_t> counts;
  std::uint64_t total = 0, rest = 0;                  // rest: visits in `rest_calls`
  std::map<std::uint32_t, std::uint64_t> rest_calls;  // of patterns that are too long
};

struct CallSteps {
  std::vector<DraftStep> steps;
  std::string comment;  // about what was merged, or ""
};

// `targets` by operation; calls that `tolerated` names carry ignore_failure.
CallSteps steps_of(const PatternCounts& patterns, const std::vector<Target>& targets,
                   const std::vector<bool>& tolerated);

}  // namespace tailrace::scenarios
