#include "tests/determinism/sample_scenarios.hpp"

namespace tailrace::tests {

std::vector<Sample> sample_scenarios() {
  const std::string run = "run: {duration: 20s, warmup: 2s, replications: 3, seed: 42}\n";
  return {
      {"shop", run + R"yaml(
workloads:
  shoppers:
    constant_arrival_rate: 120/s
    calls: cart.place
    timeout: 400ms
    retries: {attempts: 2, per_try_timeout: 250ms, backoff: {base_interval: 10ms, jitter: full}}
services:
  cart:
    replicas: 2
    workers: 8
    queue: {capacity: 20, timeout: 100ms}
    endpoints:
      place:
        - compute: lognormal(mean=4ms, cv=1.2)
        - {call: payment.charge, timeout: 150ms, retries: {attempts: 2, retry_on: [error, timeout],
              backoff: {base_interval: 5ms, jitter: equal}}}
        - {call: ledger.write, ignore_failure: true}
        - call: ledger.read
  payment: {workers: 4, error_rate: 3%, endpoints: {charge: {steps: [compute: gamma(shape=2, scale=6ms)],
        error_rate: 1%}}}
databases:
  ledger:
    connections: 3
    queue: {timeout: 60ms}
    read_replicas: 2
    operations: {write: exp(6ms), read: {time: "bimodal(p=0.05, fast=2ms, slow=40ms)", read: true, error_rate: 0.5%}}
)yaml"},
      {"disciplines", run + R"yaml(
workloads:
  gold: {constant_arrival_rate: 40/s, priority: 5, calls: front.op}
  tin: {constant_arrival_rate: 60/s, calls: front.op}
services:
  front: {endpoints: {op: [call: ranked.op, call: urgent.op, call: short.op, call: stack.op]}}
  ranked: {workers: 1, queue: {discipline: priority}, endpoints: {op: [compute: exp(8ms)]}}
  urgent: {workers: 2, queue: {discipline: preemptive_priority}, endpoints: {op: [compute: uniform(5ms, 25ms)]}}
  short: {workers: 1, queue: {discipline: shortest_job_first}, endpoints: {op: [compute: weibull(shape=0.7,
        scale=6ms)]}}
  stack: {workers: 1, queue: {discipline: lifo, capacity: 30, timeout: exp(80ms)},
        endpoints: {op: [compute: exp(9ms)]}}
)yaml"},
      {"cores", run + R"yaml(
workloads: {load: {constant_arrival_rate: 100/s, calls: shared.op}}
services:
  shared: {workers: 16, cpus: 1.5, endpoints: {op: [compute: exp(8ms), call: lined.op, compute: 3ms]}}
  lined:
    workers: 8
    cpus: 2
    cpu_scheduling: per_core
    instances: [{count: 2, weight: 3, speed: 1.5}, {weight: 1, speed: 0.5}]
    load_balancer: weighted
    endpoints: {op: [compute: pareto(alpha=2.5, min=4ms), sleep: 2ms, compute: exp(2ms)]}
)yaml"},
      {"network", run + R"yaml(
workloads: {load: {constant_arrival_rate: 150/s, calls: front.op, timeout: 2s}}
services:
  front: {endpoints: {op: [{call: back.op, request_size: "exp(20KB)", response_size: 4KB, retries: {attempts: 1}}]}}
  back: {workers: 4, endpoints: {op: [compute: exp(5ms)]}}
network:
  default: {latency: 2ms, jitter: exp(1ms)}
  links:
    "front -> back": {bandwidth: 30Mbit/s, loss: 2%, packet_size: 1500B, retransmit_timeout: 30ms,
          max_retransmissions: 3}
    "back -> front": {bandwidth: 10Mbit/s, loss: 1%}
)yaml"},
      {"flows", run + R"yaml(
workloads: {load: {constant_arrival_rate: 150/s, calls: front.op, timeout: 2s}}
services:
  front:
    outbound: {connection_pool: {max_connections: 20, handshake: tls13, idle_timeout: 20ms}}
    endpoints: {op: [{call: back.op, request_size: "exp(20KB)", response_size: 4KB}]}
  back: {workers: 4, endpoints: {op: [compute: exp(5ms)]}}
network:
  default: {latency: 2ms, jitter: exp(1ms), initial_window: 2, max_window: 8}
  links:
    "front -> back": {bandwidth: 30Mbit/s, sharing: fair, loss: 2%, retransmit_timeout: 30ms}
    "back -> front": {bandwidth: 10Mbit/s, loss: 1%}
)yaml"},
      {"balancing", run + R"yaml(
workloads: {load: {constant_arrival_rate: 200/s, calls: front.op}}
services:
  front: {endpoints: {op: [call: a.op, call: b.op, call: c.op, call: d.op]}}
  a: {replicas: 3, workers: 1, load_balancer: round_robin, endpoints: {op: [compute: exp(10ms)]}}
  b: {replicas: 4, workers: 1, load_balancer: random, endpoints: {op: [compute: exp(10ms)]}}
  c: {replicas: 5, workers: 1, load_balancer: {policy: least_request, choice_count: 2},
        endpoints: {op: [compute: exp(15ms)]}}
  d: {replicas: 3, workers: 1, load_balancer: {policy: least_request, choice_count: 0},
        endpoints: {op: [compute: exp(12ms)]}}
)yaml"},
      {"steps", run + R"yaml(
workloads:
  load:
    constant_arrival_rate: 60/s
    steps:
      - call: front.op
      - {parallel: [[call: s.a, call: s.b], [call: s.c]], join: any}
services:
  front:
    workers: 3
    mode: async
    endpoints:
      op:
        - compute: exp(2ms)
        - {parallel: [call: s.a, call: s.b, call: s.c], join: 2}
        - branch: [{probability: 0.3, steps: [call: s.a]}, {probability: 0.5, steps: [compute: 1ms, fail: 10%]}]
        - {loop: "uniform(0, 4)", steps: [call: s.b]}
        - {call: s.c, probability: 0.5, ignore_failure: true}
        - compute: erlang(k=2, mean=3ms)
  s: {workers: 4, error_rate: 2%, endpoints: {a: [compute: exp(4ms)], b: [compute: 2ms], c: [sleep: exp(6ms)]}}
)yaml"},
      {"arrivals", run + R"yaml(
workloads:
  bursts: {mmpp: {states: [{rate: 80/s, mean_sojourn: 500ms}, {rate: 5/s, mean_sojourn: 1s}]}, calls: s.op}
  days: {sinusoidal_arrival_rate: {base: 30/s, amplitude: 25/s, period: 7s, phase: 0.25}, calls: s.op}
  growth: {ramping_arrival_rate: {start_rate: 5/s, stages: [{duration: 5s, target: 40/s}, {duration: 5s,
        target: 10/s}]}, calls: s.op}
  batches: {constant_arrival_rate: 3/s, batch_size: "uniform(1, 9)", spacing: "lognormal(mean=1, cv=1.5)",
        calls: s.op}
  replay: {trace: {times: [1s, 1s, 3s, 3500ms, 10s, 19999ms]}, calls: s.op}
  mixed:
    constant_arrival_rate: 20/s
    spacing: regular
    requests: {read: {weight: 4, calls: s.op}, write: {weight: 1, priority: 2, steps: [call: s.op, call: s.op]}}
services: {s: {workers: 2, queue: 50, endpoints: {op: [compute: "mixture(0.8: exp(5ms), 0.2: uniform(10ms, 30ms))"]}}}
)yaml"},
      {"closed", run + R"yaml(
workloads:
  users: {constant_vus: 30, think_time: exp(200ms), calls: s.op}
  crowd:
    ramping_vus: {start_vus: 2, stages: [{duration: 8s, target: 25}, {duration: 4s, target: 5}]}
    think_time: uniform(50ms, 150ms)
    start_with: hello
    requests: {hello: {calls: s.hello}, ask: {weight: 5, calls: s.op, timeout: 300ms}}
services: {s: {workers: 3, endpoints: {op: [compute: exp(12ms)], hello: [compute: 4ms]}}}
)yaml"},
      {"guards", run + R"yaml(
defaults: {outbound: {cancellation: true}}
workloads:
  load:
    constant_arrival_rate: 150/s
    calls: front.op
    key: zipf(s=1, n=50)
    deadline: 250ms
    rate_limit: {rate: 20/s, burst: 10, per_key: true}
    retries: {attempts: 2, per_try_timeout: 120ms, backoff: {base_interval: 5ms, jitter: decorrelated}}
    retry_budget: {type: throttling}
services:
  front:
    replicas: 2
    workers: 30
    cancellation: at_step
    outbound: {circuit_breaker: {sliding_window_size: 20, minimum_number_of_calls: 10,
          wait_duration_in_open_state: 200ms}}
    endpoints:
      op:
        - parallel:
            - {call: a.op, hedge: {delay: p90, initial_delay: 20ms}, bulkhead: {max_concurrent_calls: 6,
                  max_wait_duration: 10ms}}
            - {call: b.op, connection_pool: {max_connections: 4, connect_time: 3ms, acquire_timeout: 30ms},
                  fallback: {stale: 1s}}
        - {call: c.op, admission_control: {}, fallback_steps: [compute: 1ms]}
  a: {replicas: 3, workers: 2, load_balancer: peak_ewma, cancellation: at_once, endpoints: {op: [compute: exp(12ms)]}}
  b: {instances: [{count: 3}, {error_rate: 40%}], workers: 2, load_balancer: {policy: ring_hash, load_bound: 1.5},
        outlier_detection: {consecutive_5xx: 3, interval: 500ms, base_ejection_time: 1s},
              endpoints: {op: [compute: exp(15ms)]}}
  c: {workers: 2, error_rate: 15%, cpus: 1, cancellation: at_once, endpoints: {op: [compute: exp(5ms)]}}
)yaml"},
      {"doors", run + R"yaml(
workloads:
  gold: {constant_arrival_rate: 60/s, calls: front.op, priority: 5, key: "uniform(1, 100)", timeout: 200ms}
  tin: {constant_arrival_rate: 120/s, calls: front.op, key: "uniform(1, 100)", timeout: 200ms}
services:
  front: {endpoints: {op: [{parallel: [call: a.op, call: b.op, call: c.op, call: d.op], join: 3}]}}
  a: {workers: 1, inbound: {codel: {}}, endpoints: {op: [compute: exp(6ms)]}}
  b: {workers: 1, inbound: {codel: {variant: controlled_delay}, adaptive_lifo: {}},
        endpoints: {op: [compute: exp(6ms)]}}
  c: {replicas: 2, workers: 1, inbound: {adaptive_concurrency: {}, rate_limit: {algorithm: leaky_bucket,
        rate: 100/s, queue: 5}},
        endpoints: {op: [compute: exp(12ms)]}}
  d: {workers: 1, inbound: {priority_shedding: {queuing_threshold: 5ms, window: 200ms}, quota: {limit: 30,
        period: 1s}},
        queue: {drop_expired: true}, endpoints: {op: [compute: exp(6ms)]}}
)yaml"},
  };
}

}  // namespace tailrace::tests
