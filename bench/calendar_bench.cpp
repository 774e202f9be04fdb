// What one event costs the calendar, under the hold model: N pending; pop the first, push it again some delay
// later. The delays come from a table read in sequence, which adds about a nanosecond, the same for every
// structure. The figures to look at are ratios between structures within one run: machines differ, neighbours
// make noise.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <queue>
#include <vector>

#include "sim/engine/calendar.hpp"
#include "sim/engine/heap_calendar.hpp"
#include "sim/random/stream.hpp"

namespace {

using tailrace::sim::Calendar;
using tailrace::sim::Event;
using tailrace::sim::HeapCalendar;
using tailrace::sim::Stream;

// What is at hand in the standard library, given the same order.
class StandardQueue {
 public:
  void push(const Event& event) { queue_.push({event, sequence_++}); }
  Event pop() {
    const Event event = queue_.top().event;
    queue_.pop();
    return event;
  }

 private:
  struct Entry {
    Event event;
    std::uint64_t sequence;
    bool operator<(const Entry& other) const {  // the greatest is the top
      if (event.time_ns != other.event.time_ns) return event.time_ns > other.event.time_ns;
      if (event.phase() != other.event.phase()) return event.phase() > other.event.phase();
      return sequence > other.sequence;
    }
  };
  std::priority_queue<Entry> queue_;
  std::uint64_t sequence_ = 0;
};

enum class Delay { exponential, constant, bimodal, ties };  // all of mean about 1 ms, bimodal 10 ms

std::vector<std::uint32_t> delays(Delay delay) {
  Stream stream(1, 0, "bench", "delays");
  const auto exponential = [&stream](double mean) { return -std::log1p(-stream.uniform()) * mean; };
  std::vector<std::uint32_t> table(1u << 16);
  for (std::uint32_t& entry : table) {
    double value = 1e6;
    if (delay == Delay::exponential) value = exponential(1e6);
    if (delay == Delay::bimodal) value = exponential(stream.below(10) == 0 ? 1e8 : 1e4);
    if (delay == Delay::ties) value = 250000.0 * static_cast<double>(1 + stream.below(8));
    entry = static_cast<std::uint32_t>(value);
  }
  return table;
}

template <class Queue, Delay kDelay>
void hold(benchmark::State& state) {
  const std::vector<std::uint32_t> table = delays(kDelay);
  const std::size_t mask = table.size() - 1;
  const auto pending = static_cast<std::uint32_t>(state.range(0));
  Queue queue;
  Stream stream(1, 0, "bench", "start");
  for (std::uint32_t i = 0; i < pending; ++i) {
    queue.push({static_cast<std::int64_t>(stream.uniform() * table[i & mask]), i, 0});
  }
  std::size_t next = 0;
  const auto step = [&] {
    Event event = queue.pop();
    event.time_ns += table[next++ & mask];
    queue.push(event);
  };
  for (std::uint32_t i = 0; i < 2 * pending + 100000; ++i)
    step();  // from the start's pattern to the steady state
  for (auto _ : state) step();
  state.SetItemsProcessed(state.iterations());
}

void few_to_many(benchmark::internal::Benchmark* benchmark) {
  for (const int pending : {2, 10, 30, 100, 1000, 10000, 100000, 300000, 1000000}) benchmark->Arg(pending);
}
BENCHMARK(hold<Calendar, Delay::exponential>)->Apply(few_to_many);
BENCHMARK(hold<HeapCalendar, Delay::exponential>)->Apply(few_to_many);
BENCHMARK(hold<StandardQueue, Delay::exponential>)->Apply(few_to_many);
BENCHMARK(hold<Calendar, Delay::constant>)->Arg(10)->Arg(1000)->Arg(100000);
BENCHMARK(hold<HeapCalendar, Delay::constant>)->Arg(10)->Arg(1000)->Arg(100000);
BENCHMARK(hold<Calendar, Delay::bimodal>)->Arg(10)->Arg(1000)->Arg(100000);
BENCHMARK(hold<HeapCalendar, Delay::bimodal>)->Arg(10)->Arg(1000)->Arg(100000);
BENCHMARK(hold<Calendar, Delay::ties>)->Arg(10)->Arg(1000)->Arg(100000);
BENCHMARK(hold<HeapCalendar, Delay::ties>)->Arg(10)->Arg(1000)->Arg(100000);

}  // namespace
