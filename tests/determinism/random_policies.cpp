#include "tests/determinism/random_policies.hpp"

#include <fmt/format.h>

namespace tailrace::tests {

namespace {

// "{a, b}" of ", a, b".
std::string braced(const std::string& text) {
  std::string out = "{";
  if (text.size() > 2) out.append(text, 2);
  return out + "}";
}

}  // namespace

std::string RandomPolicies::ms(int least, int more) {
  return fmt::format("{}ms", least + r_.below(more));
}

std::string RandomPolicies::scope(bool per_instance) {
  std::string out;
  if (r_.chance(40))
    out += ", scope: " +
           (per_instance ? r_.one_of({"service", "instance", "call"}) : r_.one_of({"service", "call"}));
  if (r_.chance(30)) out += ", shared: true";
  return out;
}

std::string RandomPolicies::rate_limit(bool scoped) {
  const int rate = 20 + r_.below(1000);
  std::string out = ", rate_limit: {";
  switch (r_.below(5)) {
    case 0:
      out += fmt::format("rate: {}/s, burst: {}, max_wait: {}", rate, 1 + r_.below(50), ms(1, 50));
      break;
    case 1:
      out += fmt::format("algorithm: leaky_bucket, rate: {}/s, queue: {}", rate, r_.below(20));
      break;
    case 2:
      out += fmt::format("algorithm: {}, limit: {}, window: {}",
                         r_.one_of({"fixed_window", "sliding_window", "sliding_log"}), 1 + r_.below(100),
                         ms(10, 500));
      break;
    case 3:
      out += fmt::format("max_tokens: {}, tokens_per_fill: {}, fill_interval: {}", 1 + r_.below(40),
                         1 + r_.below(20), ms(5, 100));
      break;
    default:
      out += fmt::format("rate: {}/s, burst: {}, per_key: {}", rate, 1 + r_.below(20), r_.chance(50));
  }
  return out + (scoped ? scope(true) : "") + "}";
}

std::string RandomPolicies::concurrency() {
  return ", adaptive_concurrency: " +
         r_.one_of(
             {"gradient", "{algorithm: aimd, initial_limit: 4, min_limit: 1, aimd: {timeout: 20ms}}",
              "{algorithm: vegas, initial_limit: 3, min_limit: 1}",
              "{algorithm: gradient2, initial_limit: 5, min_limit: 2}",
              "{concurrency_update_interval: 20ms, min_rtt_calc: {interval: 300ms, request_count: 10}}"});
}

std::string RandomPolicies::breaker() {
  std::string out = ", circuit_breaker: {";
  if (r_.chance(40)) {
    out += fmt::format("consecutive_failures: {}", 1 + r_.below(5));
  } else if (r_.chance(50)) {
    out +=
        fmt::format("sliding_window_type: time_based, sliding_window_size: {}, minimum_number_of_calls: {}",
                    1 + r_.below(3), 1 + r_.below(20));
  } else {
    out += fmt::format("sliding_window_size: {}, minimum_number_of_calls: {}, failure_rate_threshold: {}",
                       1 + r_.below(30), 1 + r_.below(20), 5 + r_.below(90));
  }
  out += fmt::format(", wait_duration_in_open_state: {}, permitted_number_of_calls_in_half_open_state: {}",
                     ms(1, 400), 1 + r_.below(4));
  if (r_.chance(30)) out += ", slow_call_duration_threshold: " + ms(1, 30) + ", slow_call_rate_threshold: 60";
  if (r_.chance(20)) out += ", automatic_transition: true";
  if (r_.chance(20)) out += ", max_wait_duration_in_half_open_state: " + ms(1, 100);
  if (r_.chance(20)) out += ", wait_duration_multiplier: 2, max_wait_duration_in_open_state: 1s";
  return out;
}

std::string RandomPolicies::hedge(bool has_per_try_timeout) {
  const std::string budget = r_.one_of({"", ", budget: unlimited", ", budget: 40%, max_burst: 5"});
  if (has_per_try_timeout && r_.chance(50)) return ", hedge: {on_per_try_timeout: true" + budget + "}";
  return fmt::format(", hedge: {{delay: {}, max_requests: {}{}}}",
                     r_.one_of({"0s", "1ms", "8ms", "p80", "p95"}), 1 + r_.below(3), budget);
}

std::string RandomPolicies::budget() {
  return ", retry_budget: " +
         r_.one_of({"{budget_percent: 20}", "{budget_percent: 5, min_retry_concurrency: 1}",
                    "{type: deposit, percent_can_retry: 30, min_retries_per_sec: 1, ttl: 500ms}",
                    "{type: success_deposit, bucket_size: 5}",
                    "{type: success_deposit, deposit_on: first_try, deposit: 0.3}", "{type: throttling}"});
}

std::string RandomPolicies::pool() {
  const int connect = r_.below(6);
  std::string out =
      fmt::format(", connection_pool: {{max_connections: {}, connect_time: {}ms", 1 + r_.below(10), connect);
  if (r_.chance(50)) out += fmt::format(", acquire_timeout: {}ms", connect + 1 + r_.below(30));
  if (r_.chance(30)) out += fmt::format(", max_pending_requests: {}", r_.below(6));
  if (r_.chance(30)) out += fmt::format(", max_requests: {}", 1 + r_.below(12));
  if (r_.chance(30)) out += ", idle_timeout: " + ms(1, 50);
  if (r_.chance(30)) {
    out += fmt::format(", max_concurrent_streams: {}", 1 + r_.below(5));
  } else if (r_.chance(40)) {
    out += fmt::format(", max_requests_per_connection: {}", 1 + r_.below(20));
  }
  return out;
}

std::string RandomPolicies::of_a_call(bool has_per_try_timeout, bool may_order) {
  if (!on || r_.chance(40)) return "";
  const bool ordered = may_order && r_.chance(12);  // what stands outside the retries cannot be per instance
  std::string out;
  if (r_.chance(15)) out += ", deadline: " + ms(3, 150);
  if (r_.chance(30)) out += ", cancellation: true";
  if (r_.chance(18)) out += hedge(has_per_try_timeout);
  if (r_.chance(20)) out += budget();
  if (r_.chance(15)) out += ", fallback: " + r_.one_of({"value", "{stale: 50ms}"});
  if (r_.chance(10)) out += ordered ? ", rate_limit: {rate: 300/s, burst: 20}" : rate_limit(true);
  if (r_.chance(5)) out += ", quota: {limit: 300, period: 1s}";
  if (r_.chance(10)) out += ", admission_control: {sampling_window: 2s" + scope(!ordered) + "}";
  if (r_.chance(8)) out += concurrency();
  if (r_.chance(12)) out += ", cooperative_shedding: {forget_after: " + ms(20, 500) + scope(!ordered) + "}";
  if (r_.chance(15) || ordered) out += breaker() + scope(!ordered) + "}";
  if (r_.chance(15) || ordered)
    out += fmt::format(", bulkhead: {{max_concurrent_calls: {}, max_wait_duration: {}{}}}", r_.below(12),
                       r_.one_of({"0s", "3ms", "40ms"}), scope(!ordered));
  if (r_.chance(15)) out += pool() + scope(!ordered) + "}";
  if (ordered)
    out += ", order: " +
           r_.one_of({"[circuit_breaker, retries]", "[circuit_breaker, bulkhead, retries]",
                      "[bulkhead, retries, circuit_breaker]", "[retries, bulkhead, circuit_breaker]"});
  return out;
}

std::string RandomPolicies::inbound(bool fifo) {
  std::string out;
  if (r_.chance(20)) out += rate_limit(false);
  if (r_.chance(10)) out += ", quota: {limit: 500, period: 1s}";
  if (r_.chance(15)) out += ", admission_control: {sampling_window: 2s}";
  if (r_.chance(20)) out += concurrency();
  if (r_.chance(20)) out += ", priority_shedding: {queuing_threshold: " + ms(1, 10) + ", window: 100ms}";
  if (r_.chance(25)) out += ", retry_pushback: " + r_.one_of({"never", "0s", "7ms"});
  const int queue = r_.below(8);
  if (queue == 0) out += ", codel: {target: 2ms, interval: 20ms}";
  if (queue == 1 || (queue == 2 && fifo))
    out += ", codel: {variant: controlled_delay, target: 2ms, interval: 20ms}";
  if ((queue == 2 || queue == 3) && fifo) out += ", adaptive_lifo: {interval: 20ms, queue_length: 30}";
  return braced(out);
}

std::string RandomPolicies::of_a_service(bool fifo) {
  if (!on) return "";
  std::string out = fmt::format("cancellation: {}, ", r_.one_of({"ignore", "at_step", "at_once"}));
  if (r_.chance(45)) out += "inbound: " + inbound(fifo) + ", ";
  if (r_.chance(20)) out += "outbound: " + braced(of_a_call(false, false)) + ", ";
  if (r_.chance(25))
    out += fmt::format(
        "outlier_detection: {{consecutive_5xx: {}, interval: {}, base_ejection_time: {}, "
        "max_ejection_percent: {}%, "
        "success_rate_stdev_factor: {}, success_rate_minimum_hosts: 2, success_rate_request_volume: 5}}, ",
        1 + r_.below(6), ms(20, 500), ms(20, 500), 10 + r_.below(91), r_.one_of({"0", "1000", "1900"}));
  if (r_.chance(10)) out += "health_check: {interval: 500ms, timeout: 100ms}, ";
  return out;
}

std::string RandomPolicies::balancer() {
  const std::string policy =
      r_.one_of({"round_robin", "random", "weighted", "least_request", "peak_ewma", "ring_hash", "maglev"});
  const bool hashes = policy == "ring_hash" || policy == "maglev";
  std::string out = "load_balancer: {policy: " + policy;
  if (r_.chance(20)) out += ", sticky: true";
  if (r_.chance(20)) out += fmt::format(", panic_threshold: {}%", r_.below(101));
  if (hashes) return out + (r_.chance(40) ? ", load_bound: 1.5}" : "}");
  const bool zones = r_.chance(30);
  if (zones) out += ", zone_aware: true, zone_minimum: 2";
  if (r_.chance(20)) out += ", subset_size: 2";
  if (r_.chance(20)) out += ", slow_start: 300ms";
  if (policy == "least_request" && r_.chance(40)) out += ", own_view: true";
  return out + "}";
}

std::string RandomPolicies::defaults() {
  return fmt::format("defaults: {{outbound: {}, {}}}\n", braced(of_a_call(false, false)), balancer());
}

}  // namespace tailrace::tests
