#pragma once
// Gateway, service and database by hand: a switch over ten kinds of event, a pool of start times, rings as
// queues. With hop > 0 every message takes as long, as an event of its own. Times in milliseconds.
#include <array>
#include <cstdint>
#include <vector>

#include "bench/bare/mm1.hpp"

namespace tailrace::bare {

inline Outcome run_three_tiers(std::uint64_t requests, double hop, std::uint64_t seed) {
  constexpr std::array<double, 3> kMean{1.0, 2.0, 1.0};
  constexpr double kGap = 1 / 6.4;
  sim::Stream gaps(seed, 0, "bare", "gaps"), work(seed, 0, "bare", "work");
  const auto draw = [](sim::Stream& stream) { return sim::exponential_draw(stream.next()); };
  EventHeap events;
  std::array<Ring<std::uint32_t>, 3> queue;
  std::array<int, 3> free{8, 16, 8};
  std::vector<double> start;
  std::vector<std::uint32_t> unused;
  Outcome out;
  std::uint64_t arrived = 0;
  double now = 0;
  // Codes: the request's number above four bits of kind. 0 arrival, 1..3 work done at a tier, 4..9 a hop
  // ends.
  const auto schedule = [&](double time, std::uint32_t kind, std::uint32_t request) {
    events.push(time, request << 4 | kind);
  };
  const auto begin = [&](std::uint32_t tier, std::uint32_t request) {
    schedule(now + kMean[tier] * draw(work), tier + 1, request);
  };
  const auto enter = [&](std::uint32_t tier, std::uint32_t request) {
    if (free[tier] > 0) {
      --free[tier];
      begin(tier, request);
    } else {
      queue[tier].push(request);
    }
  };
  const auto finish = [&](std::uint32_t request) {
    out.sum += now - start[request];
    ++out.requests;
    unused.push_back(request);
  };
  schedule(kGap * draw(gaps), 0, 0);
  while (!events.empty()) {
    std::uint32_t code = 0;
    now = events.pop(code);
    const std::uint32_t kind = code & 15, request = code >> 4;
    if (kind == 0) {
      std::uint32_t fresh = static_cast<std::uint32_t>(start.size());
      if (unused.empty()) {
        start.push_back(0);
      } else {
        fresh = unused.back();
        unused.pop_back();
      }
      start[fresh] = now;
      if (++arrived < requests) schedule(now + kGap * draw(gaps), 0, 0);
      if (hop > 0) {
        schedule(now + hop, 4, fresh);
      } else {
        enter(0, fresh);
      }
    } else if (kind <= 3) {
      const std::uint32_t tier = kind - 1;
      if (queue[tier].empty()) {
        ++free[tier];
      } else {
        begin(tier, queue[tier].pop());
      }
      if (hop > 0) {
        schedule(now + hop, kind + 4, request);
      } else if (tier < 2) {
        enter(tier + 1, request);
      } else {
        finish(request);
      }
    } else if (kind <= 6) {
      enter(kind - 4, request);
    } else if (kind < 9) {
      schedule(now + hop, kind + 1, request);
    } else {
      finish(request);
    }
  }
  return out;
}

}  // namespace tailrace::bare
