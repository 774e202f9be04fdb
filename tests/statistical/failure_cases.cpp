// Errors, retries, timeouts and added latency. Failures are independent of everything; a caller that stops
// waiting does not tell the server, which works on. What is held are the failures: where nearly all succeed,
// a per cent of the successes says nothing.
#include <cmath>

#include "tests/statistical/cases.hpp"

namespace tailrace::tests {

std::vector<Case> failure_cases() {
  std::vector<Case> cases;
  Case c;

  // attempts = (1 - p^(r+1)) / (1-p), and p^(r+1) fail, for failure p and r retries.
  c.id = "retry-10-percent";
  c.source = "geometric series";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 50/s, calls: s.op, retries: {attempts: 3, backoff: "
      "{base_interval: 0s}}}}\n"
      "services: {s: {error_rate: 0.1, endpoints: {op: [compute: 1ms]}}}\n";
  c.rate = 50;
  c.warmup_s = 1;
  c.expectations = {near("attempts", attempts_per_call(), 1.111, 0.005),
                    near("failed_fraction", failed_fraction(), 1e-4, 0.32)};
  cases.push_back(c);

  c.id = "retry-50-percent";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 50/s, calls: s.op, retries: {attempts: 3, backoff: "
      "{base_interval: 0s}}}}\n"
      "services: {s: {error_rate: 50%, endpoints: {op: [compute: 1ms]}}}\n";
  c.expectations = {near("attempts", attempts_per_call(), 1.875, 0.005),
                    near("failed_fraction", failed_fraction(), 0.0625, 0.02)};
  cases.push_back(c);

  // The load that the server sees is lambda / (1-p) = 75; a first-come-first-served exponential station and a
  // delay (BCMP: Baskett, Chandy, Muntz, Palacios 1975), so an attempt takes 1/(100-75) on average, a
  // request 1.25 attempts and 0.25 pauses of 50 ms.
  c = {};
  c.id = "retry-through-queue";
  c.source = "BCMP network with feedback through a delay";
  c.scenario =
      "workloads:\n"
      "  load:\n"
      "    constant_arrival_rate: 60/s\n"
      "    calls: s.op\n"
      "    retries: {attempts: unlimited, backoff: {base_interval: 50ms, multiplier: 1, jitter: none}}\n"
      "services: {s: {workers: 1, error_rate: 0.2, endpoints: {op: [compute: exp(10ms)]}}}\n";
  c.rate = 60;
  c.warmup_s = 20;
  c.expectations = {near("utilization", utilization("s"), 0.75, 0.02),
                    near("attempt_response_mean", residence_mean("s"), 0.04, 0.023),
                    near("request_mean", response_mean(), 0.0625, 0.02),
                    near("attempts", attempts_per_call(), 1.25, 0.02),
                    near("success_fraction", success_fraction(), 1, 0.02)};
  cases.push_back(c);

  // Success after k failures has probability 0.25^k 0.75 and takes 20 ms (k+1) plus pauses of 0, 100, 300,
  // 700 ms.
  c = {};
  c.id = "retry-latency";
  c.source = "mixture over the number of failures, given success";
  c.scenario =
      "workloads:\n"
      "  load:\n"
      "    constant_arrival_rate: 50/s\n"
      "    calls: s.op\n"
      "    retries: {attempts: 3, backoff: {base_interval: 100ms, multiplier: 2, max_interval: 10s, jitter: "
      "none}}\n"
      "services: {s: {error_rate: 0.25, endpoints: {op: [compute: 20ms]}}}\n";
  c.rate = 50;
  c.requests = 5e5;
  double weight = 0, time = 0;
  const double pause[] = {0, 0.1, 0.3, 0.7};
  for (int k = 0; k < 4; ++k) {
    const double p = std::pow(0.25, k);
    weight += p;
    time += p * (0.02 * (k + 1) + pause[k]);
  }
  c.expectations = {near("success_mean", response_mean(), time / weight, 0.012),
                    near("failed_fraction", failed_fraction(), std::pow(0.25, 4), 0.1)};
  cases.push_back(c);

  // The response of M/M/1 is exponential with rate 20: P(T > 0.1) = e^-2, E[min(T, 0.1)] = (1 - e^-2)/20. The
  // server works for everybody, so it is as busy as without the timeout.
  const double late = std::exp(-2);
  c = {};
  c.id = "client-timeout";
  c.source = "M/M/1 cut off at 100 ms";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 80/s, calls: s.op, timeout: 100ms}}\n"
      "services: {s: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}}\n";
  c.rate = 80;
  c.warmup_s = 20;
  c.expectations = {near("timeout_fraction", failed_fraction(), late, 0.064),
                    near("goodput", goodput(), 80 * (1 - late), 0.02),
                    near("utilization", utilization("s"), 0.8, 0.02),
                    near("client_mean", any_response_mean(), (1 - late) / 20, 0.02)};
  cases.push_back(c);

  // Tail of the Erlang-3 law: e^-x (1 + x + x^2/2) at x = 120/20.
  c = {};
  c.id = "deadline-over-chain";
  c.source = "Erlang-3 tail";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 50/s, calls: front.op, timeout: 120ms}}\n"
      "services:\n"
      "  front: {endpoints: {op: [call: s.op, call: s.op, call: s.op]}}\n"
      "  s: {endpoints: {op: [compute: exp(20ms)]}}\n";
  c.rate = 50;
  c.expectations = {near("missed_fraction", failed_fraction(), std::exp(-6) * 25, 0.014)};
  cases.push_back(c);

  // An attempt of exponential length, mean 50 ms, is in time with 1 - e^-2 and takes min(X, 100 ms), on
  // average 0.05 (1 - e^-2); a second one follows a failure.
  c = {};
  c.id = "timeout-then-retry";
  c.source = "per attempt: success 1 - e^-2, mean 50 ms (1 - e^-2)";
  c.scenario =
      "workloads:\n"
      "  load:\n"
      "    constant_arrival_rate: 50/s\n"
      "    calls: s.op\n"
      "    retries: {attempts: 1, per_try_timeout: 100ms, backoff: {base_interval: 0s}}\n"
      "services: {s: {endpoints: {op: [compute: exp(50ms)]}}}\n";
  c.rate = 50;
  c.expectations = {near("failed_fraction", failed_fraction(), late * late, 0.025),
                    near("attempts", attempts_per_call(), 1 + late, 0.01),
                    near("request_mean", any_response_mean(), 0.05 * (1 - late) * (1 + late), 0.01)};
  cases.push_back(c);

  // Four hard dependencies in series: the product of what each achieves.
  c = {};
  c.id = "hard-dependencies";
  c.source = "product of availabilities";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 100/s, calls: front.op}}\n"
      "services:\n"
      "  front: {endpoints: {op: [call: a.op, call: b.op, call: c.op, call: d.op]}}\n"
      "  a: {error_rate: 0.1%, endpoints: {op: [compute: 1ms]}}\n"
      "  b: {error_rate: 0.5%, endpoints: {op: [compute: 1ms]}}\n"
      "  c: {error_rate: 1%, endpoints: {op: [compute: 1ms]}}\n"
      "  d: {error_rate: 0.05%, endpoints: {op: [compute: 1ms]}}\n";
  c.rate = 100;
  c.warmup_s = 1;
  c.expectations = {near("failed_fraction", failed_fraction(), 1 - 0.999 * 0.995 * 0.99 * 0.9995, 0.025)};
  cases.push_back(c);

  // A tenth of the requests wait for 200 ms, and all work for 20.
  c = {};
  c.id = "fault-latency-injection";
  c.source = "mixture of 20 ms and 220 ms";
  c.scenario =
      "workloads: {load: {constant_arrival_rate: 50/s, calls: s.op}}\n"
      "services: {s: {endpoints: {op: [compute: 20ms]}}}\n"
      "faults: [{type: delay, target: s, latency: 200ms, probability: 10%}]\n";
  c.rate = 50;
  c.requests = 5e5;
  c.expectations = {near("response_mean", response_mean(), 0.04, 0.01),
                    near("response_p50", response_percentile(0.5), 0.02, 0.01),
                    near("response_p95", response_percentile(0.95), 0.22, 0.01),
                    near("fraction_slow", slower_than(0.1), 0.1, 0.02)};
  cases.push_back(c);
  return cases;
}

}  // namespace tailrace::tests
