#pragma once
// Traces to a scenario: a service per service, an endpoint per operation, and for each what it calls, in
// which order and what at the same time.
//
// Calls whose times overlap are parallel, others follow one another; equal neighbours become a loop. Requests
// of one operation that call differently become a branch, weighted by how many there were; beyond the
// kMostPatterns most frequent ones, the rest become one option with the mean number of calls to each target.
// The time of an operation is its span without what it waits for its calls, as one `compute` before them. In
// it is whatever the traces do not show, such as queueing at the time; services have no limit of workers,
// because traces do not tell one.
#include <optional>
#include <string>

#include "scenarios/import/draft.hpp"
#include "scenarios/import/spans.hpp"

namespace tailrace::scenarios {

struct TraceImport {
  Draft draft;
  std::string error;  // nothing that could be simulated; or ""
};

// `rate`: requests per second, where the traces are samples of them.
TraceImport import_traces(const SpanSet& set, std::optional<double> rate);

}  // namespace tailrace::scenarios
