#pragma once
// Who begins with work takes a worker on arrival, or waits for one, in an async service too. Whoever begins
// with a call or a sleep there takes none until it computes, and is by then no newcomer to the queue.
#include "models/topology/topology.hpp"

namespace tailrace::models {

inline bool begins_with_work(const Steps& steps) {
  if (steps.empty()) return false;
  const Step& first = steps.front();
  if (first.kind == Step::Kind::cache)  // a look-up or a write in contents of its own
    return !first.branches.empty() && begins_with_work(first.branches.front().steps);
  return first.kind == Step::Kind::compute;
}

}  // namespace tailrace::models
