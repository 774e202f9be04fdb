#pragma once
// The step `cache`: a look-up with what follows a miss (cache-aside, read-through), or a write (through,
// behind, around, or with an invalidation).
#include <string>
#include <vector>

#include "models/caching/expand.hpp"
#include "models/steps/steps.hpp"

namespace tailrace::models {

enum class CacheWrite : std::uint8_t { none, through, behind, around, invalidate };

struct CacheStepSpec {
  Reference cache;
  KeySpec key;
  bool request_key = false;  // the request's own
  StepList on_miss;
  CacheWrite write = CacheWrite::none;
  StepList store;
  std::string pop;
  PolicySet policies;
};

// For steps.cpp's list.
std::vector<StepKind> make_cache_step_kinds();

}  // namespace tailrace::models
