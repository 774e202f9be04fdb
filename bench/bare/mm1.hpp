#pragma once
// M/M/1 at 80 % by hand: two kinds of event, a ring of arrival times, a sum. No statistics but the mean.
#include <cstdint>

#include "bench/bare/event_heap.hpp"
#include "bench/bare/ring.hpp"
#include "sim/random/stream.hpp"
#include "sim/random/ziggurat.hpp"

namespace tailrace::bare {

struct Outcome {
  std::uint64_t requests = 0;
  double sum = 0;
};

inline Outcome run_mm1(std::uint64_t requests, std::uint64_t seed) {
  sim::Stream gaps(seed, 0, "bare", "gaps"), work(seed, 0, "bare", "work");
  const auto draw = [](sim::Stream& stream) { return sim::exponential_draw(stream.next()); };
  EventHeap events;
  Ring<double> queue;
  Outcome out;
  std::uint64_t arrived = 0;
  events.push(1.25 * draw(gaps), 0);
  while (!events.empty()) {
    std::uint32_t kind = 0;
    const double now = events.pop(kind);
    if (kind == 0) {
      if (queue.empty()) events.push(now + draw(work), 1);
      queue.push(now);
      if (++arrived < requests) events.push(now + 1.25 * draw(gaps), 0);
    } else {
      out.sum += now - queue.pop();
      ++out.requests;
      if (!queue.empty()) events.push(now + draw(work), 1);
    }
  }
  return out;
}

}  // namespace tailrace::bare
