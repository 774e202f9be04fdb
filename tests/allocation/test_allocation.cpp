// Memory on the hot path: a run allocates while its slabs, queues and histograms grow to their size, then no
// more. This program counts every call of operator new, so it is a program of its own.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>
#include <string>

#include "models/runtime/execution.hpp"
#include "tests/support/scenario.hpp"

namespace {
std::atomic<std::uint64_t> allocations{0};

void* counted(std::size_t bytes, std::size_t alignment) {
  allocations.fetch_add(1, std::memory_order_relaxed);
  void* const memory = alignment <= alignof(std::max_align_t)
                           ? std::malloc(bytes)
                           : std::aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
}  // namespace

void* operator new(std::size_t bytes) {
  return counted(bytes, 1);
}
void* operator new[](std::size_t bytes) {
  return counted(bytes, 1);
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes, std::align_val_t alignment) {
  return counted(bytes, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept {
  std::free(memory);
}
void operator delete[](void* memory) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}
void operator delete[](void* memory, std::size_t, std::align_val_t) noexcept {
  std::free(memory);
}

namespace tailrace::tests {
namespace {

struct Cost {
  std::uint64_t events = 0;
  std::uint64_t allocations = 0;
};

Cost cost_of(const std::string& seconds, const std::string& components) {
  const Model model = compile_text("run: {duration: " + seconds + "s, warmup: 0s, seed: 1}\n" + components);
  models::Execution execution(model, {});
  const std::uint64_t before = allocations.load();
  const models::RunRecord record = execution.run();
  const std::uint64_t after = allocations.load();
  EXPECT_EQ(record.status, models::RunStatus::completed) << record.message;
  return {record.events, after - before};
}

// Both runs have the same 200 windows. What the longer one may allocate beyond the shorter is what grows with
// its records: a deeper queue, a latency in an octave that never occurred before. That is a handful, whatever
// the number of events; one allocation in a thousand events would be hundreds.
void expect_none_per_event(const std::string& components) {
  const Cost shorter = cost_of("20", components);
  const Cost longer = cost_of("120", components);
  ASSERT_GT(longer.events, shorter.events + 400'000);
  EXPECT_LE(longer.allocations, shorter.allocations + 40)
      << longer.events - shorter.events << " further events, " << shorter.allocations
      << " allocations before";
}

TEST(Allocation, ThreeTiersAllocateNothingPerEvent) {
  expect_none_per_event(R"(
workloads: {load: {constant_arrival_rate: 1600/s, calls: gateway.op}}
services:
  gateway: {workers: 2, mode: async, endpoints: {op: [compute: exp(1ms), call: service.op]}}
  service: {workers: 4, mode: async, endpoints: {op: [compute: exp(2ms), call: database.op]}}
  database: {workers: 2, mode: async, endpoints: {op: [compute: exp(1ms)]}}
)");
}

TEST(Allocation, SharedCoresAllocateNothingPerEvent) {
  expect_none_per_event(R"(
workloads: {load: {constant_arrival_rate: 3000/s, calls: s.op}}
services: {s: {workers: 200, cpus: 4, endpoints: {op: [compute: exp(1ms)]}}}
)");
}

TEST(Allocation, TimeoutsAndRetriesAllocateNothingPerEvent) {
  expect_none_per_event(R"(
workloads: {load: {constant_arrival_rate: 1600/s, calls: gateway.op}}
services:
  gateway:
    workers: unlimited
    endpoints:
      op:
        - call: service.op
          timeout: 20ms
          retries: {attempts: 2, per_try_timeout: 4ms, backoff: {base_interval: 1ms}}
  service: {workers: 4, error_rate: 0.1, endpoints: {op: [compute: exp(1ms)]}}
)");
}

TEST(Allocation, PrioritiesWithInterruptionAllocateNothingPerEvent) {
  expect_none_per_event(R"(
workloads:
  gold: {constant_arrival_rate: 1200/s, priority: 2, calls: s.op}
  bulk: {constant_arrival_rate: 1200/s, priority: 1, calls: s.op}
services: {s: {workers: 3, queue: {discipline: preemptive_priority}, endpoints: {op: [compute: exp(1ms)]}}}
)");
}

// Every policy of a call, and a failing, overloaded target, so that all of them have something to do.
TEST(Allocation, GuardedCallsAllocateNothingPerEvent) {
  expect_none_per_event(R"(
workloads: {load: {constant_arrival_rate: 1600/s, calls: gateway.op, deadline: 60ms, cancellation: true}}
services:
  gateway:
    workers: unlimited
    cancellation: at_once
    outbound:
      cancellation: true
      retry_budget: {budget_percent: 20}
      circuit_breaker: {failure_rate_threshold: 60, sliding_window_size: 50, wait_duration_in_open_state: 50ms}
      bulkhead: {max_concurrent_calls: 12, max_wait_duration: 5ms}
      connection_pool: {max_connections: 8, connect_time: 1ms, idle_timeout: 20ms, acquire_timeout: 10ms}
    endpoints:
      op:
        - call: service.op
          rate_limit: {rate: 1500/s, burst: 100}
          admission_control: {sampling_window: 2s}
          retries: {attempts: 2, per_try_timeout: 8ms, backoff: {base_interval: 1ms}}
          hedge: {delay: 3ms}
          fallback: value
  service:
    replicas: 3
    workers: 2
    error_rate: 10%
    cancellation: at_once
    load_balancer: {policy: least_request, own_view: true}
    outlier_detection: {interval: 100ms, base_ejection_time: 100ms}
    endpoints: {op: [compute: exp(3ms)]}
)");
}

// Connections that age and break, sizes, handshakes, and a sidecar at either end.
TEST(Allocation, TransportsAllocateNothingPerEvent) {
  expect_none_per_event(R"(
workloads: {load: {constant_arrival_rate: 500/s, calls: front.op}}
services:
  front:
    workers: unlimited
    outbound:
      transport: {protocol: rest, connections: 6, max_pending_requests: 20, max_connection_age: 50ms}
      tls: {mutual: true, resumption: 50%}
      timeout: 40ms
    endpoints: {op: [{call: back.op, request_size: exp(1KiB), response_size: exp(4KiB)}]}
  back: {replicas: 2, endpoints: {op: [compute: exp(3ms)]}}
mesh: {}
)");
}

TEST(Allocation, DoorsAllocateNothingPerEvent) {
  expect_none_per_event(R"(
workloads: {load: {constant_arrival_rate: 3000/s, calls: front.op, timeout: 50ms}}
services:
  front: {workers: unlimited, endpoints: {op: [parallel: [call: a.op, call: b.op, call: c.op]]}}
  a: {workers: 2, inbound: {codel: {variant: controlled_delay}, adaptive_lifo: {}},
        endpoints: {op: [compute: exp(1ms)]}}
  b: {workers: 2, inbound: {adaptive_concurrency: {}}, endpoints: {op: [compute: exp(1ms)]}}
  c: {workers: 2, inbound: {priority_shedding: {}, rate_limit: {algorithm: leaky_bucket, rate: 2500/s, queue: 10}},
      endpoints: {op: [compute: exp(700us)]}}
)");
}

// Every policy at work: hits, misses, evictions, expiries, shared fetches, stale entries, writes behind.
TEST(Allocation, CachesAllocateNothingPerEvent) {
  for (const char* policy : {"lru", "lfu", "fifo", "random"}) {
    expect_none_per_event(fmt::format(R"Y(
workloads: {{load: {{constant_arrival_rate: 2000/s, calls: s.op}}}}
caches:
  near: {{keys: "zipf(s=0.8, n=500)", capacity: 100, policy: {}, ttl: 50ms, coalesce: true,
          stale_while_revalidate: 20ms}}
  far: {{capacity: 300, policy: {}, lookup_time: 50us, flush_interval: 50ms, store: [call: db.write],
         shared: {{nodes: 3, workers: 4}}}}
services:
  s:
    replicas: 2
    endpoints:
      op:
        - {{cache: near, on_miss: [{{cache: far, on_miss: [call: db.read]}}]}}
        - {{cache: far, key: "zipf(s=0.8, n=500)", write: behind}}
databases: {{db: {{connections: 20, operations: {{read: exp(1ms), write: exp(1ms)}}}}}}
)Y",
                                      policy, policy));
  }
}

// Messages in channels of each kind, some of which fail and come again.
TEST(Allocation, MessagesAllocateNothingPerEvent) {
  const std::string load = R"Y(
workloads: {load: {constant_arrival_rate: 2500/s, steps: [{publish: q, key: "uniform(1, 500)"}]}}
)Y";
  for (
      const char* channel :
      {R"(jobs: {q: {workers: {instances: 5, concurrency: 4, steps: [compute: exp(1ms), fail: 2%]}}})",
       R"(logs:
  q:
    partitions: 8
    consumers:
      group: {instances: 8, steps: [compute: exp(1ms)]}
      shared: {subscription: key_shared, instances: 6, steps: [compute: exp(1ms)]})",
       R"(topics: {q: {subscriptions: {all: {level: exactly_once, instances: 6, steps: [compute: exp(1ms)]}}}})",
       R"(cloud_queues:
  q: {visibility_timeout: 6s, consumers: {instances: 10, steps: [compute: exp(1ms), fail: 2%]}})"}) {
    SCOPED_TRACE(channel);
    expect_none_per_event(load + channel);
  }
  expect_none_per_event(R"(
workloads: {load: {constant_arrival_rate: 1500/s, steps: [publish: rabbit.placed]}}
brokers:
  rabbit:
    exchanges: {placed: {type: fanout, bindings: [{queue: one}, {queue: two}]}}
    queues:
      one: {consumers: {instances: 6, steps: [compute: exp(1ms), fail: 2%]}}
      two: {consumers: {instances: 6, steps: [compute: exp(1ms)]}}
)");
}

// 10^6 requests per second for one second, none done before ten: a frame each and an entry in the calendar.
TEST(Memory, AMillionCallsInFlightTakeAtMost128BytesEach) {
  const Model model = compile_text(R"Y(
run: {duration: 1s, warmup: 0s, seed: 1, max_memory: 4GB}
workloads: {load: {constant_arrival_rate: 1000000/s, spacing: regular, calls: s.op}}
services: {s: {workers: unlimited, endpoints: {op: [sleep: "uniform(10s, 20s)"]}}}
)Y");
  const models::RunRecord record = models::Execution(model, {}).run();
  ASSERT_GT(record.frames_peak, 990'000u);
  EXPECT_LE(static_cast<double>(record.state_bytes) / static_cast<double>(record.frames_peak), 128.0);
}

}  // namespace
}  // namespace tailrace::tests
