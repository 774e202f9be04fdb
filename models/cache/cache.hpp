#pragma once
// Kind "cache": contents that are kept beside what they are copies of. A local one lives in each instance of
// the services that use it. A shared one has nodes of its own, reached by calls; its keys are spread over
// them by consistent hashing (ketama), and points of presence near clients have nodes of their own each.
//
// What is in a `cache` step of a service or workload is in models/steps/cache_steps.hpp, what the contents
// are in models/caching, what happens in a run in models/runtime/caching.hpp.
#include "models/caching/expand.hpp"
#include "models/kind/kind.hpp"

namespace tailrace::models {

Kind cache_kind();

}  // namespace tailrace::models
