#pragma once
// From spans to visits: one stay of one request at one operation of one component, and how long its caller
// waited for it. What happens to spans:
//
//   server, consumer, a root, another          begins a visit
//     service than its parent's
//   client or producer with such a child       is the call of that visit: the caller waits for the client
//                                              span; what it is longer than the server span is the
//                                              network, there and back
//   client without: to a database, or to a     a visit of its own at that database or service
//     named peer
//   anything else                              is work of the visit that it lies in
//
// Clocks of machines differ. A child that was measured by another clock is moved into the span of its parent,
// or cut where it is longer, and counted. Only spans of one clock are compared otherwise. Every parent is an
// earlier visit, so walking backwards sees children first. Cost: n log n in spans.
#include <cstdint>
#include <string>
#include <vector>

#include "scenarios/import/spans.hpp"

namespace tailrace::scenarios {

constexpr std::int32_t kNoVisit = -1;

struct Visit {
  std::uint32_t component = 0, operation = 0;  // of VisitSet
  std::int32_t parent = kNoVisit;
  std::uint32_t instance = 0;              // name, 0: not said
  std::int64_t start = 0, end = 0;         // its own
  std::int64_t called = 0, answered = 0;   // as its parent sees it, inside the parent's time
  std::int64_t gap = -1;                   // network, there and back; -1: not known
  std::int64_t waited = 0;                 // of its time, in a queue
  bool error = false, background = false;  // its caller does not wait
  bool user = false;                       // a client span without a parent: who sends requests
};

struct VisitOperation {
  std::uint32_t component = 0;
  std::string name;
};
struct VisitComponent {
  std::string name;
  bool database = false, outside = false;  // outside: known only as somebody's peer
};

struct VisitSet {
  std::vector<VisitComponent> components;
  std::vector<VisitOperation> operations;
  std::vector<Visit> visits;
  std::uint64_t duplicates = 0, orphans = 0, cycles = 0, skewed = 0, merged_names = 0;
};

VisitSet find_visits(const SpanSet& set);

// "GET /user/4711/cart" and all the others like it are one operation: "GET /user/id/cart".
std::string operation_pattern(const std::string& name);

}  // namespace tailrace::scenarios
