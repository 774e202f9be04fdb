#pragma once
// Who has a key: whether anything that chooses by keys (hash rings, allow lists of clients, caches) has one
// to choose by.
#include <algorithm>

#include "models/topology/topology.hpp"

namespace tailrace::models {

inline bool requests_have_keys(const Topology& topology) {
  return std::any_of(topology.workloads.begin(), topology.workloads.end(), [](const Workload& w) {
    return std::any_of(w.classes.begin(), w.classes.end(),
                       [](const RequestClass& c) { return c.key.has_value(); });
  });
}
// Messages have keys too, and hand them on to what their handlers call.
inline bool some_have_keys(const Topology& topology) {
  return !topology.channels.empty() || requests_have_keys(topology);
}

}  // namespace tailrace::models
