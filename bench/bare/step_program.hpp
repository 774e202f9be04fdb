#pragma once
// The same three tiers as a flat program of steps over 16-byte requests: what remains of a general simulator
// when everything but the program and the queues is taken away. The event list is a heap, as such a loop
// would have it, or the simulator's own calendar, which suits the large worlds better. Times in nanoseconds.
#include <array>
#include <cstdint>
#include <vector>

#include "bench/bare/event_heap.hpp"
#include "bench/bare/mm1.hpp"
#include "sim/engine/event.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::bare {

// The heap of the small worlds as a calendar.
class HeapEvents {
 public:
  bool empty() const { return heap_.empty(); }
  void push(const sim::Event& event) { heap_.push(static_cast<double>(event.time_ns), event.target); }
  sim::Event pop() {
    std::uint32_t target = 0;
    const double time = heap_.pop(target);
    return {static_cast<std::int64_t>(time), target, 0};
  }

 private:
  EventHeap heap_;
};

template <class Calendar>
Outcome run_step_program(std::uint64_t requests, std::uint32_t scale, std::uint64_t seed) {
  enum class Op : std::uint8_t { acquire, work, release, end };
  struct Step {
    Op op;
    std::uint8_t station;
    double mean;
  };
  struct Request {
    std::int64_t start;
    std::uint32_t pc, next;
  };
  struct Station {
    std::uint32_t free, head, tail;
  };
  constexpr std::uint32_t kNone = 0;  // request 0 is nobody; as a target it is the arrival
  std::vector<Step> program;
  const std::array<double, 3> means{1e6, 2e6, 1e6};
  for (std::uint8_t tier = 0; tier < 3; ++tier) {
    program.push_back({Op::acquire, tier, 0});
    program.push_back({Op::work, tier, means[tier]});
    program.push_back({Op::release, tier, 0});
  }
  program.push_back({Op::end, 0, 0});
  std::array<Station, 3> stations{{{8 * scale, 0, 0}, {16 * scale, 0, 0}, {8 * scale, 0, 0}}};
  const double gap = 1e6 / (6.4 * scale);
  sim::Stream gaps(seed, 0, "bare", "gaps"), work(seed, 0, "bare", "work");
  const auto draw = [](sim::Stream& stream) { return sim::exponential_draw(stream.next()); };
  std::vector<Request> all(1);
  std::uint32_t unused = kNone;
  Calendar events;
  Outcome out;
  std::uint64_t arrived = 0;
  std::int64_t now = 0;
  double exact = gap * draw(gaps);
  const auto advance = [&](std::uint32_t first) {
    std::array<std::uint32_t, 4> todo{first};
    for (std::size_t n = 1; n > 0;) {
      const std::uint32_t id = todo[--n];
      for (bool runs = true; runs;) {
        Request& r = all[id];
        const Step& step = program[r.pc++];
        Station& s = stations[step.station];
        switch (step.op) {
          case Op::acquire:
            if (s.free > 0) {
              --s.free;
              break;
            }
            r.next = kNone;
            (s.head == kNone ? s.head : all[s.tail].next) = id;
            s.tail = id;
            runs = false;
            break;
          case Op::work:
            events.push({now + static_cast<std::int64_t>(step.mean * draw(work) + 0.5), id, 0});
            runs = false;
            break;
          case Op::release:
            if (s.head == kNone) {
              ++s.free;
            } else {
              todo[n++] = s.head;
              s.head = all[s.head].next;
            }
            break;
          case Op::end:
            out.sum += static_cast<double>(now - r.start);
            ++out.requests;
            r.next = unused;
            unused = id;
            runs = false;
            break;
        }
      }
    }
  };
  events.push({static_cast<std::int64_t>(exact), 0, 0});
  while (!events.empty()) {
    const sim::Event event = events.pop();
    now = event.time_ns;
    if (event.target != 0) {
      advance(event.target);
      continue;
    }
    std::uint32_t id = unused;
    if (id != kNone) {
      unused = all[id].next;
    } else {
      id = static_cast<std::uint32_t>(all.size());
      all.push_back({});
    }
    all[id] = {now, 0, kNone};
    if (++arrived < requests) {
      exact += gap * draw(gaps);
      events.push({static_cast<std::int64_t>(exact), 0, 0});
    }
    advance(id);
  }
  return out;
}

}  // namespace tailrace::bare
