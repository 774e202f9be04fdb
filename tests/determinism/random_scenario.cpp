#include "tests/determinism/random_scenario.hpp"

#include <fmt/format.h>

#include "tests/determinism/random_policies.hpp"

namespace tailrace::tests {

namespace {

class Author : RandomText {
 public:
  Author(std::uint64_t seed, bool ends) : RandomText(seed), policies_(*this), ends_(ends) {}

  std::string write() {
    services_ = 1 + below(6);
    databases_ = below(3);
    policies_.on = chance(75);
    std::string out =
        ends_ ? fmt::format("run: {{duration: 10h, replications: 1, seed: {}, max_events: 4000000}}\n",
                            below(1'000'000))
              : fmt::format(
                    "run: {{duration: 10s, warmup: {}, replications: 2, seed: {}, max_events: 200000}}\n",
                    one_of({"0s", "500ms", "1s"}), below(1'000'000));
    if (policies_.on && chance(25)) out += policies_.defaults();
    out += "workloads:\n";
    const int loads = 1 + below(3);
    for (int i = 0; i < loads; ++i) out += fmt::format("  load{}: {{{}, {}}}\n", i, arrivals(), request());
    out += "services:\n";
    for (int i = 0; i < services_; ++i) out += service(i);
    if (databases_ > 0) out += "databases:\n";
    for (int i = 0; i < databases_; ++i) out += database(i);
    if (chance(60)) out += network();
    return out;
  }

 private:
  std::string time() {
    const int us = 100 + below(8000);
    switch (below(8)) {
      case 0:
        return fmt::format("{}us", us);
      case 1:
        return fmt::format("\"uniform({}us, {}us)\"", us / 2, us * 2);
      case 2:
        return fmt::format("\"lognormal(mean={}us, cv=1.5)\"", us);
      case 3:
        return fmt::format("\"pareto(alpha=2.2, min={}us)\"", us / 2);
      case 4:
        return fmt::format("\"bimodal(p=0.1, fast={}us, slow={}us)\"", us / 2, us * 5);
      case 5:
        return "0s";
      default:
        return fmt::format("exp({}us)", us);
    }
  }

  std::string arrivals() {
    if (ends_) {
      const int rate = 200 + below(3000);
      return fmt::format(
          "ramping_arrival_rate: {{start_rate: {}/s, stages: [{{duration: {}ms, target: {}/s}}, {{duration: "
          "1ms, target: 0/s}}]}}",
          rate, 200 + below(1500), rate);
    }
    const int rate = 700 + below(1500);
    switch (below(7)) {
      case 0:
        return fmt::format(
            "mmpp: {{states: [{{rate: {}/s, mean_sojourn: 200ms}}, {{rate: {}/s, mean_sojourn: 100ms}}]}}",
            rate * 2, rate);
      case 1:
        return fmt::format("sinusoidal_arrival_rate: {{base: {}/s, amplitude: {}/s, period: 3s}}", rate,
                           rate / 2);
      case 2:
        return fmt::format(
            "ramping_arrival_rate: {{start_rate: {}/s, stages: [{{duration: 2s, target: {}/s}}]}}", rate,
            rate / 2);
      case 3:
        return fmt::format("constant_vus: {}, think_time: exp({}ms)", 20 + below(60), 1 + below(20));
      case 4:
        return fmt::format("constant_arrival_rate: {}/s, batch_size: {}, spacing: \"erlang(k=2, mean=1)\"",
                           rate / 2, 2 + below(4));
      case 5:
        return fmt::format("constant_arrival_rate: {}/s, spacing: regular", rate);
      default:
        return fmt::format("constant_arrival_rate: {}/s", rate);
    }
  }

  std::string retries() {
    return fmt::format("retries: {{attempts: {}{}{}, backoff: {{base_interval: {}, jitter: {}}}}}",
                       1 + below(3), chance(40) ? fmt::format(", per_try_timeout: {}ms", 5 + below(60)) : "",
                       chance(30) ? ", retry_on: [timeout, error, rejected]" : "",
                       one_of({"0s", "1ms", "10ms"}), one_of({"none", "full", "equal"}));
  }

  std::string target(int from) {  // services after `from`, or databases
    const int later = services_ - from - 1;
    const int pick = below(later + databases_);
    return pick < later ? fmt::format("s{}.{}", from + 1 + pick, one_of({"a", "b"}))
                        : fmt::format("d{}.{}", pick - later, one_of({"read", "write"}));
  }

  std::string call(int from, bool plain = false) {
    if (plain || chance(30)) return "{call: " + target(from) + "}";
    std::string out = "{call: " + target(from);
    if (chance(25)) out += fmt::format(", timeout: {}ms", 3 + below(80));
    const std::string again = chance(30) ? ", " + retries() : "";
    out += again + policies_.of_a_call(again.find("per_try") != std::string::npos);
    if (policies_.on && chance(8)) out += ", fallback_steps: [compute: " + time() + "]";
    if (chance(20)) out += ", ignore_failure: true";
    if (chance(20)) out += ", probability: 0.6";
    if (chance(20))
      out += fmt::format(", request_size: \"exp({}B)\", response_size: {}B", 100 + below(4000), below(9000));
    return out + "}";
  }

  std::string step(int from, int depth) {
    const bool calls = services_ - from - 1 + databases_ > 0;
    const int kind = below(calls ? 11 : 3);
    if (kind <= 1 || depth > 1)
      return calls && chance(50) ? call(from) : fmt::format("{{compute: {}}}", time());
    if (kind == 2) return chance(70) ? fmt::format("{{sleep: {}}}", time()) : "{fail: 3%}";
    if (kind == 3)
      return fmt::format("{{parallel: [{}, [{}, {}], {}], join: {}{}}}", step(from, depth + 1),
                         step(from, depth + 1), step(from, depth + 1), call(from),
                         one_of({"all", "any", "2"}),
                         policies_.on && chance(35) ? ", cancel_rest: true" : "");
    if (kind == 4)
      return fmt::format(
          "{{branch: [{{probability: 0.4, steps: [{}]}}, {{probability: 0.3, steps: [{}, {}]}}]}}",
          step(from, depth + 1), step(from, depth + 1), call(from));
    if (kind == 5)
      return fmt::format("{{loop: {}, steps: [{}]}}", one_of({"2", "\"uniform(0, 3)\"", "0"}),
                         step(from, depth + 1));
    return call(from);
  }

  std::string request() {
    std::string out;
    if (chance(70)) {
      out = "calls: s0." + one_of({"a", "b"});
      if (chance(40)) out += fmt::format(", timeout: {}ms", 5 + below(300));
      const std::string again = chance(30) ? ", " + retries() : "";
      out += again + policies_.of_a_call(again.find("per_try") != std::string::npos);
    } else {
      out = fmt::format("steps: [{{call: s0.a}}, {}]", step(-1, 0));
    }
    if (policies_.on && chance(40))
      out += fmt::format(", key: {}", one_of({"7", "\"zipf(s=1, n=100)\"", "\"uniform(0, 50)\""}));
    if (chance(40)) out += fmt::format(", priority: {}", below(4));
    return out;
  }

  std::string queue() {
    std::string out = fmt::format(
        "queue: {{discipline: {}",
        one_of({"fifo", "fifo", "lifo", "priority", "preemptive_priority", "shortest_job_first"}));
    if (chance(40)) out += fmt::format(", capacity: {}", one_of({"0", "1", "10", "200"}));
    if (policies_.on && chance(20)) out += ", drop_expired: true";
    if (chance(30))
      out += fmt::format(", timeout: {}", one_of({"5ms", "exp(20ms)", "100ms", "\"uniform(1ms, 30ms)\""}));
    return out + "}";
  }

  std::string balancer() {
    if (policies_.on && chance(50)) return policies_.balancer();
    return "load_balancer: " +
           one_of({"round_robin", "random", "weighted", "{policy: least_request, choice_count: 2}",
                   "{policy: least_request, choice_count: 0}"});
  }

  std::string service(int i) {
    std::string out = fmt::format("  s{}: {{", i);
    if (chance(30)) {
      out += fmt::format("instances: [{{count: 2, weight: 2{}}}, {{weight: 1, speed: {}{}}}], ",
                         policies_.on ? ", zone: x" : "", one_of({"0.5", "1", "2"}),
                         policies_.on ? fmt::format(", zone: y, error_rate: {}%", below(60)) : "");
    } else {
      out += fmt::format("replicas: {}, ", 1 + below(4));
    }
    const std::string line = queue();
    out += balancer() + ", " + line + ", ";
    out += policies_.of_a_service(line.find("discipline: fifo") != std::string::npos);
    if (chance(80)) out += fmt::format("workers: {}, ", 1 + below(12));
    if (chance(30)) out += "mode: async, ";
    const bool preemptive =
        line.find("preemptive") != std::string::npos;  // of workers only: not modelled with cpus
    if (!preemptive && chance(40)) {
      out += chance(50) ? fmt::format("cpus: {}, cpu_scheduling: per_core, ", 1 + below(4))
                        : fmt::format("cpus: {}, ", one_of({"0.5", "1", "2.5", "8"}));
    }
    if (chance(30)) out += fmt::format("error_rate: {}%, ", below(20));
    out += "endpoints: {";
    for (const char* name : {"a", "b"}) {
      out += fmt::format("{}: [{{compute: {}}}", name, time());
      for (int k = below(3); k > 0; --k) out += ", " + step(i, 0);
      out += "], ";
    }
    out.resize(out.size() - 2);
    return out + "}}\n";
  }

  std::string database(int i) {
    return fmt::format(
        "  d{}: {{connections: {}, {}, read_replicas: {}, operations: {{read: {{time: {}, read: true}}, "
        "write: {{time: {}, error_rate: 2%}}}}}}\n",
        i, 1 + below(20), queue(), below(3), time(), time());
  }

  std::string network() {
    std::string out = fmt::format("network: {{default: {{latency: {}", one_of({"0s", "200us", "exp(300us)"}));
    if (chance(30)) out += ", jitter: exp(100us)";
    if (chance(40)) {
      out += fmt::format(", bandwidth: {}Mbit/s", 20 + below(1000));
      if (chance(40)) out += ", sharing: fair";
    }
    if (chance(40))
      out += fmt::format(", loss: {}%, retransmit_timeout: {}ms, max_retransmissions: {}", below(5),
                         1 + below(30), below(4));
    if (chance(30)) out += ", packet_size: 1460B";
    if (chance(30)) out += fmt::format(", initial_window: {}", 1 + below(10));
    return out + "}}\n";
  }

  RandomPolicies policies_;
  bool ends_;  // the load does, early in the run
  int services_ = 1, databases_ = 0;
};

}  // namespace

std::string random_scenario(std::uint64_t seed) {
  return Author(seed, false).write();
}
std::string random_scenario_that_ends(std::uint64_t seed) {
  return Author(seed, true).write();
}

}  // namespace tailrace::tests
