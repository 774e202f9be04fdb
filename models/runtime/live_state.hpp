#pragma once
// What a run keeps of each edge, draw, series, link and client while it goes: plain state, laid out so that
// an event touches few cache lines.
#include <array>
#include <cstdint>

#include "models/compile/compiled_model.hpp"
#include "models/policies/health_check/health_check.hpp"
#include "models/runtime/arrivals.hpp"
#include "models/runtime/record.hpp"
#include "models/runtime/station_state.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::models {

struct Sample {
  std::int64_t value;
  std::uint32_t series;
};
// What a plain call reads of its edge, and what it counts, on one cache line. Its attempts and their ends are
// those of the calls. So are the arrivals and ends at the operation, filled in when the run is over, but for
// answers that nobody waited for: `operations_` has those.
struct alignas(64) LiveEdge {
  explicit LiveEdge(const EdgeTable& e)
      : operation(e.operation),
        pc(e.pc),
        first_instance(e.first_instance),
        instances(e.instances),
        first_draw(e.first_draw),
        operation_series(e.operation_series),
        guard(e.guard),
        out_link(e.out_link),
        back_link(e.back_link),
        series(e.series),
        plain(e.plain),
        worker_first(e.worker_first),
        ignore_failure(e.ignore_failure),
        deepens(e.deepens),
        counts_outstanding(e.counts_outstanding),
        may_fail(e.may_fail) {}
  std::uint64_t calls = 0, succeeded = 0;
  std::uint32_t operation, pc, first_instance, instances, first_draw, operation_series, guard;
  std::uint32_t out_link, back_link, series;
  bool plain, worker_first, ignore_failure, deepens, counts_outstanding, may_fail;
};
static_assert(sizeof(LiveEdge) == 64);
struct EdgeCounts {
  std::uint64_t attempts = 0;
  OutcomeCounts ended{};  // on top of LiveEdge::succeeded
};
struct GuardCounts {  // of calls with policies
  OutcomeCounts attempt_ended{};
  std::uint64_t hedges = 0, hedges_won = 0, budget_denied = 0, fallbacks = 0, pushbacks = 0;
  std::int64_t last_success = -1;
};
struct StationExtras {
  std::uint64_t dropped = 0;
  Area wasted = 0;
};
// A draw with its stream's state beside it. The next value is computed when the last one is taken, so that
// nobody waits for it; each draw has its stream for itself, so its values are the same. One cache line; the
// sampler of what is neither exponential nor constant stays in the model's table.
struct alignas(64) LiveDraw {
  double next = 0;
  std::int64_t next_ns = 0;
  sim::Stream stream;
  double scale = 0;
  sim::Distribution::Kind kind = sim::Distribution::Kind::constant;
  [[gnu::always_inline]] void prepare(const Draw& table) {
    prepare_value(table);
    next_ns = sim::Duration::from_ns(next).ns;
  }
  // Of a draw that is never asked for nanoseconds.
  [[gnu::always_inline]] void prepare_value(const Draw& table) {
    if (kind == sim::Distribution::Kind::exponential) [[likely]] {
      next = scale * sim::exponential_draw(stream.next());
    } else {
      next = table.sampler.sample(stream);
    }
  }
};
static_assert(sizeof(LiveDraw) == 64);
// The latest values of a series, on one cache line, until they fill it and go to its histogram.
struct alignas(64) RecentValues {
  static constexpr std::uint32_t kMost = 15;
  std::uint32_t count = 0;
  std::array<std::uint32_t, kMost> values{};
};
static_assert(sizeof(RecentValues) == 64);
struct Health {  // of an instance that is probed
  HealthState state;
  StatusLog log;  // healthy, unhealthy
};
struct CoreQueue {  // per_core scheduling: whole cores, first come first served
  std::int32_t free = 0;
  std::uint32_t head = kNoId, tail = kNoId;
  Area busy_area = 0;
};
struct LinkState {
  std::int64_t busy_until = 0;
  LinkRecord counts;
};
struct alignas(64) ClientState {  // constant load uses the first line
  std::int64_t upcoming = -1;     // the arrival after the one that is in the calendar; -1: none
  ArrivalClock clock;
  std::int64_t users = 0, wanted = 0;  // virtual users that exist, that should
  std::int64_t next_wanted = 0;        // from the next users_change on
  std::int64_t extra = 0;              // of those wanted, by load spikes
  std::size_t stage = 0;
};

}  // namespace tailrace::models
