#include "tests/determinism/random_messaging.hpp"

#include <fmt/format.h>

#include <vector>

namespace tailrace::tests {

namespace {

class Writer {
 public:
  Writer(std::uint64_t seed, bool end)
      : state_(seed * 0x9e3779b97f4a7c15ULL + 4242), more_(seed * 0x9e3779b97f4a7c15ULL + 77), end_(end) {}

  std::string scenario() {
    static const char* kKinds[] = {"log", "broker", "cloud", "topic", "outbox", "webhook", "job", "window"};
    for (int k = 0; k < 8; ++k) {
      if (k < 4 ? below(10) < 6 : below(10) < 3) has_.push_back(kKinds[k]);
    }
    if (has_.empty()) has_.push_back(kKinds[below(4)]);
    targets_ = {"dead"};
    if (has("log")) targets_.push_back("orders");
    if (has("broker")) targets_.insert(targets_.end(), {"rabbit.all", "rabbit.mails"});
    if (has("cloud")) targets_.push_back("jobs");
    if (has("topic")) targets_.push_back("news");
    if (has("outbox")) targets_.push_back("box");
    if (has("webhook")) targets_.push_back("hook");
    if (has("job")) targets_.push_back("reports");
    if (has("window")) targets_.push_back("counts");
    const double rate = 20 + below(250);
    std::string out = end_ ? "run: {duration: 60s, replications: 1, max_events: 400000}\n"
                           : fmt::format("run: {{duration: {}ms, warmup: {}ms, replications: 2{}}}\n",
                                         1500 + below(2500), below(2) * 500,
                                         one_in(5) ? fmt::format(", max_events: {}", 500 + below(8000)) : "");
    out +=
        fmt::format("workloads:\n  load:\n    {}\n    steps:\n{}{}",
                    end_ ? trace(static_cast<int>(rate)) : fmt::format("constant_arrival_rate: {}/s", rate),
                    client_steps(), one_in(2) ? "    key: \"uniform(1, 20)\"\n" : "");
    out += "services:\n";
    for (int i = 0; i < 3; ++i) {
      out += fmt::format(
          "  s{}: {{workers: {}, replicas: {}{}, endpoints: {{op: [compute: exp({}us){}]}}}}\n", i,
          1 + below(6), 1 + below(2), one_in(3) ? fmt::format(", error_rate: {}%", below(40)) : "",
          100 + below(3000), i == 0 && one_in(3) ? fmt::format(", {}", publish(false, 0.3)) : "");
    }
    out += logs() + brokers() + cloud_queues() + topics();
    if (has("outbox")) {
      out += fmt::format(
          "outboxes: {{box: {{database: s1.op, publish: {}, poll_interval: {}ms, ordering: {}, "
          "relay_instances: "
          "{}, "
          "batch: {}{}}}}}\n",
          has("log") ? "orders" : "dead", 1 + below(200), pick({"all", "key", "none"}), 1 + below(2),
          1 + below(20), one_in(2) ? ", mark: s2.op" : "");
    }
    if (has("webhook")) {
      out += fmt::format(
          "webhooks: {{hook: {{receiver: s2.op, signature: 50us, timeout: {}ms, max_attempts: {}, backoff: "
          "{{base_interval: {}ms}}, senders: {}, concurrency: {}{}{}}}}}\n",
          1 + below(50), 1 + below(5), 1 + below(300), 1 + below(2), 1 + below(4),
          one_in(2) ? ", dead_letter: dead" : "",
          one_in(3) ? ", disable: {after: 3, disabled_for: 300ms}" : "");
    }
    if (has("job")) {
      out += fmt::format(
          "jobs: {{reports: {{workers: {{instances: {}, concurrency: {}, {}{}}}, lease: {}ms, max_attempts: "
          "{}, order: "
          "{}, retry: {{base_interval: {}ms}}{}{}{}}}}}\n",
          1 + below(3), 1 + below(2), work(), flows(), 20 + below(500), 1 + below(5), pick({"none", "key"}),
          1 + below(100), one_in(2) ? ", heartbeat: none" : "", one_in(3) ? ", capacity: 20" : "",
          one_in(2) ? ", dead_letter: dead" : "");
    }
    if (has("window")) out += windows();
    return out;
  }

 private:
  std::string windows() {
    const int size = 5 + below(300);
    const std::string kind =
        pick({fmt::format("size: {}ms", size),
              fmt::format("type: hopping, size: {}ms, every: {}ms", size, 1 + below(size)),
              fmt::format("type: session, gap: {}ms", size)});
    return fmt::format(
        "windows: {{counts: {{{}, by: {}, watermark: {}, out_of_orderness: {}ms, lateness: {}ms, "
        "retry_backoff: "
        "{}ms, consumers: {{instances: {}, concurrency: {}, {}}}}}}}\n",
        kind, pick({"all", "key"}), pick({"events", "clock"}), below(60), below(2) * below(100), below(30),
        1 + below(3), 1 + below(2), work());
  }

  int below(int n) {
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<int>((state_ >> 33) % static_cast<std::uint64_t>(n));
  }
  bool one_in(int n) { return below(n) == 0; }
  // For what came later: draws of its own, so that a seed keeps what it had.
  int more_below(int n) {
    more_ = more_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<int>((more_ >> 33) % static_cast<std::uint64_t>(n));
  }
  bool more_in(int n) { return more_below(n) == 0; }
  std::string pick(const std::vector<std::string>& list) {
    return list[static_cast<std::size_t>(below(static_cast<int>(list.size())))];
  }
  bool has(const std::string& kind) const {
    for (const std::string& k : has_) {
      if (k == kind) return true;
    }
    return false;
  }

  std::string trace(int n) {
    std::string times;
    for (int i = 0; i < n; ++i) times += fmt::format("{}{}ms", i > 0 ? ", " : "", 5 * i + below(5));
    return fmt::format("trace: {{times: [{}]}}", times);
  }

  std::string publish(bool client, double probability = 1) {
    const std::string to = pick(targets_);
    std::string out = fmt::format("publish: {}", to);
    if (probability < 1) out += fmt::format(", probability: {}", probability);
    if (one_in(2)) out += pick({", key: \"uniform(1, 9)\"", ", key: 3", ", key: none"});
    if (one_in(3)) out += fmt::format(", size: {}B", 1 + below(2000));
    if (one_in(6)) out += fmt::format(", delay: {}ms", below(300));
    if (one_in(8)) out += fmt::format(", ttl: {}ms", 1 + below(300));
    if (one_in(4)) out += fmt::format(", priority: {}", below(4));
    if (one_in(3)) out += fmt::format(", qos: {}", below(3));
    if (one_in(2)) out += ", routing_key: " + pick({"a.b", "a", "a.b.c", "z"});
    if (more_in(4)) out += ", headers: {kind: a, size: \"1\"}";
    if (one_in(6)) return "{" + out + ", confirm: false}";
    if (one_in(3)) out += ", ignore_failure: true";
    if (one_in(3)) out += fmt::format(", timeout: {}ms", 1 + below(40));
    if (one_in(3)) out += ", retries: {attempts: 2, backoff: {base_interval: 1ms}}";
    if (client && one_in(5)) {
      const std::string group = to == "orders"         ? "g0"
                                : to == "jobs"         ? "consumers"
                                : to == "reports"      ? "workers"
                                : to == "rabbit.mails" ? "mails"
                                                       : "";
      if (!group.empty()) {
        out += fmt::format(", await: {{group: {}, timeout: {}ms{}}}", group, 1 + below(200),
                           one_in(2) ? ", poll: {interval: 7ms}" : "");
      }
    }
    return "{" + out + "}";
  }

  std::string client_steps() {
    std::string out;
    const int n = 1 + below(4);
    for (int i = 0; i < n; ++i) {
      std::string step;
      switch (below(9)) {
        case 0:
          step = fmt::format("{{try: [{}, call: s0.op], on_failure: [{}]}}", publish(true), publish(true));
          break;
        case 1:
          step = fmt::format("{{background: [sleep: exp(2ms), {}]}}", publish(true));
          break;
        case 2:
          step = fmt::format("{{effect: charge{}, steps: [{}{}]}}", i, publish(true),
                             one_in(3) ? ", fail: 20%" : "");
          break;
        case 3:
          step = fmt::format(
              "{{saga: book{}, compensation_backoff: 5ms, steps: [{{do: [{}], compensate: [call: s0.op]}}, "
              "{{do: "
              "[call: s1.op], compensate: [{}]}}, {{do: [fail: 20%]}}]{}}}",
              i, publish(true), publish(true),
              one_in(3)   ? durable()
              : one_in(2) ? ", step_timeout: 20ms, timeout: 60ms, timeout_retries: 1"
                          : "");
          break;
        case 4:
          step = fmt::format("{{milestone: m{}}}", i);
          break;
        case 5:
          step = fmt::format("{{parallel: [[{}], [{}]]}}", publish(true), publish(true));
          break;
        default:
          step = publish(true);
      }
      out += "      - " + step + "\n";
    }
    return out + "      - " + publish(true) + "\n";
  }

  std::string durable() {
    std::string out = ", durable: true, state: s2.op, load: s1.op";
    if (more_in(2))
      out += fmt::format(", step_timeout: {}us, timeout_retries: {}", 200 + more_below(9000), more_below(3));
    if (more_in(2)) out += fmt::format(", timeout: {}us", 500 + more_below(20000));
    return out;
  }

  // Groups that pause, grow and shrink; of those that can.
  std::string flows() {
    std::string out;
    if (more_in(4)) {
      const int length = 1 + more_below(300);
      out += fmt::format(", pauses: [{{at: {}ms, duration: {}ms, every: {}ms}}]", more_below(900), length,
                         length + 1 + more_below(900));
    }
    if (!more_in(3)) return out;
    out += fmt::format(
        ", startup_time: {}ms, grace_period: {}ms, autoscaling: {{min_replicas: {}, max_replicas: {}, ",
        more_below(200), more_below(60), more_below(2), 3 + more_below(3));
    if (more_in(3))
      return out + fmt::format("schedule: [{{at: {}ms, replicas: 1}}, {{at: {}ms, replicas: 3}}]}}",
                               200 + more_below(500), 900 + more_below(900));
    return out + fmt::format(
                     "hpa: {{metric: queue, target: {}, sync_period: 50ms, cooldown: {}ms, scale_down: "
                     "{{stabilization_window: {}ms}}}}}}",
                     1 + more_below(20), more_below(400), 50 * more_below(8));
  }

  // What a handler does.
  std::string work() {
    const std::string compute = fmt::format("compute: exp({}us)", 200 + below(9000));
    switch (below(6)) {
      case 0:
        return fmt::format("calls: s{}.op", below(3));
      case 1:
        return fmt::format("steps: [{}, {{call: s1.op, timeout: {}ms}}]", compute, 1 + below(20));
      case 2:
        return fmt::format("steps: [{}, {}]", compute, publish(false, 0.25));
      case 3:
        return fmt::format("steps: [{}, {{effect: done, steps: [compute: 100us]}}, {{milestone: handled}}]",
                           compute);
      case 4:
        return fmt::format("steps: [{}, fail: {}%]", compute, below(60));
      default:
        return fmt::format("steps: [{}]", compute);
    }
  }
  std::string consumers() {
    std::string out = fmt::format("instances: {}, concurrency: {}, {}", 1 + below(3), 1 + below(3), work());
    if (one_in(3)) out += fmt::format(", error_rate: {}%", below(50));
    if (one_in(3)) out += one_in(2) ? ", idempotency: {}" : ", idempotency: {ttl: 200ms, lookup: 50us}";
    if (one_in(5)) out += ", transactional: true";
    if (one_in(5)) out += ", cpus: 1";
    return out;
  }

  std::string logs() {
    if (!has("log")) return {};
    const int replicas = 1 + below(3), partitions = 1 + below(6);
    std::string out = fmt::format(
        "logs:\n  orders:\n    {{partitions: {}, replication_factor: {}, brokers: {}, min_insync_replicas: "
        "{}, acks: "
        "\"{}\", replication_latency: {}us, election_time: {}ms, catch_up_time: 300ms",
        partitions, replicas, replicas + below(2), 1 + below(replicas), pick({"0", "1", "all"}), below(3000),
        below(300));
    if (one_in(2)) out += fmt::format(", linger: {}ms, batch_size: {}", 1 + below(20), 1 + below(20));
    if (one_in(3)) out += fmt::format(", retention: {}ms", 50 + below(2000));
    if (one_in(4)) out += ", cleanup_policy: compact_and_delete, compaction_interval: 200ms";
    if (one_in(4)) out += ", unclean_leader_election: true";
    out += ", partitioner: " + pick({"sticky", "round_robin"}) + ",\n     consumers: {";
    const int groups = 1 + below(3);
    for (int g = 0; g < groups; ++g) {
      const bool shared = one_in(3);
      out += fmt::format(
          "{}g{}: {{{}, subscription: {}, rebalance_time: {}ms, session_timeout: {}ms", g > 0 ? ", " : "", g,
          consumers(),
          shared ? pick({"shared", "key_shared"}) : pick({"group", "group", "failover", "exclusive"}),
          below(200), below(400));
      if (shared && one_in(2)) out += fmt::format(", ack_timeout: {}ms", 5 + below(200));
      if (shared) out += fmt::format(", receiver_queue_size: {}", 1 + below(20));
      out += flows();
      if (!shared) {
        out += fmt::format(", assignment: {}, max_poll_records: {}, offset_commit: {}",
                           pick({"range", "round_robin", "sticky", "cooperative_sticky"}), 1 + below(30),
                           pick({"record", "batch", "auto", "before"}));
        if (one_in(3)) out += ", batch: true";
        if (one_in(3)) out += fmt::format(", max_poll_interval: {}ms", 20 + below(500));
        if (one_in(3)) out += ", auto_commit_interval: 100ms";
        if (one_in(3)) out += ", group_instance_id: true";
        if (one_in(3)) out += fmt::format(", fetch_latency: {}ms", below(10));
      }
      out += fmt::format(", retry_backoff: {}ms", 1 + below(50));
      out += pick({"", ", on_failure: skip",
                   ", on_failure: dead_letter, max_delivery_count: 2, dead_letter_topic: dead"});
      out += "}";
    }
    return out + "}}\n";
  }

  std::string queue(const std::string& name) {
    std::string out = fmt::format("      {}: {{", name);
    const bool quorum = one_in(3);
    out += quorum ? "type: quorum" : fmt::format("type: classic, durable: {}", one_in(2) ? "true" : "false");
    if (one_in(2)) out += fmt::format(", dead_letter: {}", one_in(2) ? "rest" : "dead");
    if (one_in(3)) out += fmt::format(", message_ttl: {}ms", 1 + below(500));
    if (one_in(6)) out += fmt::format(", queue_ttl: {}ms", 50 + below(500));
    if (one_in(3))
      out += fmt::format(", max_length: {}, overflow: {}", below(40), pick({"drop_head", "reject_publish"}));
    if (one_in(6)) out += ", max_bytes: 5000B";
    if (one_in(3)) out += ", max_priority: 3";
    if (one_in(2)) out += fmt::format(", max_delivery_count: {}", 1 + below(4));
    if (one_in(3)) out += fmt::format(", redelivery_delay: {}ms", below(50));
    out += ", consumers: {" + consumers() + flows();
    if (one_in(4)) {
      out += ", ack: automatic";
    } else {
      if (one_in(2)) out += fmt::format(", prefetch: {}", 3 + below(10));
      if (one_in(3)) out += fmt::format(", ack_failure: {}%", below(40));
      if (one_in(3)) out += ", on_failure: reject";
    }
    if (one_in(4)) out += ", single_active_consumer: true";
    return out + "}}\n";
  }
  std::string exchange() {
    const std::string type = pick({"direct", "topic", "fanout"});
    return more_in(4) ? "headers" : type;
  }
  std::string brokers() {
    if (!has("broker")) return {};
    std::string out = fmt::format("brokers:\n  rabbit:\n    nodes: {}\n    election_time: {}ms\n",
                                  1 + below(3), below(200));
    out += fmt::format("    replication_latency: {}us\n", below(2000));
    if (one_in(4)) out += "    memory_limit: 20KB\n";
    if (one_in(3)) out += "    publish_time: exp(200us)\n    publish_workers: 2\n";
    out += fmt::format(
        "    exchanges:\n      all: {{type: {}, bindings: [{{key: \"a.b\", queue: mails}}, {{key: \"a\", "
        "queue: audit}}, "
        "{{key: \"a.b\", exchange: more}}]}}\n      more: {{type: fanout, bindings: [{{queue: audit}}, "
        "{{queue: "
        "mails}}]}}\n",
        exchange());
    return out + "    queues:\n" + queue("mails") + queue("audit") + "      rest: {max_length: 200}\n";
  }

  std::string cloud_queues() {
    std::string out = fmt::format("cloud_queues:\n  dead: {{retention: {}ms}}\n", 100 + below(3000));
    if (!has("cloud")) return out;
    const bool fifo = one_in(3);
    out += fmt::format("  jobs: {{type: {}, visibility_timeout: {}ms", fifo ? "fifo" : "standard",
                       5 + below(300));
    if (one_in(3)) out += fmt::format(", delivery_delay: {}ms", below(100));
    if (one_in(3)) out += fmt::format(", retention: {}ms", 20 + below(2000));
    if (one_in(2)) out += fmt::format(", max_receive_count: {}, dead_letter: dead", 1 + below(4));
    if (one_in(4)) out += fmt::format(", in_flight_limit: {}", 1 + below(20));
    if (one_in(5)) out += ", throughput_limit: 100/s";
    if (!fifo && one_in(2)) out += ", late_delete: " + pick({"latest", "ignored", "accepted"});
    if (!fifo && one_in(3)) out += ", duplicate_probability: 10%";
    out += fmt::format(", consumers: {{{}{}, receive_batch: {}", consumers(), flows(), 1 + below(10));
    if (one_in(3)) out += ", free_workers_only: true";
    if (one_in(3)) out += ", batch_handling: together";
    if (one_in(3)) out += ", skip_expired: true";
    out += one_in(2) ? ", wait_time: 0s, poll_interval: 5ms, short_poll_miss: 20%" : ", wait_time: 1s";
    if (one_in(3)) out += ", receive_latency: exp(2ms)";
    if (one_in(3)) out += ", delete_latency: 2ms";
    if (one_in(3)) out += ", delete_batch: {size: 3, max_wait: 10ms}";
    if (one_in(4)) out += ", extend_visibility: {interval: 2ms}";
    if (one_in(3)) out += ", on_failure: make_visible, backoff: {base_interval: 3ms}";
    return out + "}}\n";
  }

  std::string topics() {
    if (!has("topic")) return {};
    std::string out =
        fmt::format("topics:\n  news:\n    handshake: {}us\n    retained: {}\n    subscriptions:\n",
                    below(2000), one_in(2) ? "true" : "false");
    const int n = 1 + below(3);
    for (int i = 0; i < n; ++i) {
      const int level = below(3);
      out +=
          fmt::format("      t{}: {{{}, level: {}, clean_session: {}", i, consumers(),
                      pick({"at_most_once", "at_least_once", "exactly_once"}), one_in(2) ? "true" : "false");
      if (one_in(2)) out += ", filter: \"a.#\"";
      if (more_in(3)) out += fmt::format(", will: {{routing_key: a.b, delay: {}ms}}", more_below(100));
      if (one_in(3)) out += fmt::format(", receive_maximum: {}", 1 + below(10));
      if (one_in(3)) out += fmt::format(", max_queued: {}", below(30));
      if (one_in(3)) out += fmt::format(", buffer: {}", below(10));
      out += fmt::format(", retransmit_interval: {}ms", 2 + below(300));
      if (level > 0 && one_in(2)) out += fmt::format(", ack_failure: {}%", below(40));
      out += "}\n";
    }
    return out;
  }

  std::uint64_t state_, more_;
  bool end_;
  std::vector<std::string> has_, targets_;
};

}  // namespace

std::string random_messaging(std::uint64_t seed, bool end) {
  return Writer(seed, end).scenario();
}

std::string random_ordered_messaging(std::uint64_t seed) {
  std::uint64_t state = seed * 0x9e3779b97f4a7c15ULL + 99;
  const auto below = [&](int n) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return static_cast<int>((state >> 33) % static_cast<std::uint64_t>(n));
  };
  static const char* kAssignments[] = {"range", "round_robin", "sticky", "cooperative_sticky"};
  static const char* kCommits[] = {"record", "batch", "auto"};
  std::string out = fmt::format(
      "run: {{duration: 4s, replications: 1}}\n"
      "workloads: {{load: {{constant_arrival_rate: {}/s, steps: [{{publish: orders, key: \"uniform(1, 6)\", "
      "ignore_failure: true}}, {{publish: jobs, key: \"uniform(1, 6)\", ignore_failure: true}}]}}}}\n",
      50 + below(200));
  out += fmt::format(
      "logs: {{orders: {{partitions: {}, replication_latency: {}us, linger: {}ms, batch_size: 10, consumers: "
      "{{readers: "
      "{{instances: {}, concurrency: {}, assignment: {}, offset_commit: {}, rebalance_time: {}ms, "
      "session_timeout: "
      "{}ms, max_poll_records: {}, error_rate: {}%, retry_backoff: {}ms, steps: [compute: "
      "exp(3ms)]}}}}}}}}\n",
      1 + below(5), below(2000), below(10), 1 + below(3), 1 + below(3), kAssignments[below(4)],
      kCommits[below(3)], below(200), below(400), 1 + below(40), below(20), 1 + below(10));
  out += fmt::format(
      "cloud_queues: {{jobs: {{type: fifo, visibility_timeout: {}ms, consumers: {{instances: {}, "
      "concurrency: {}, "
      "receive_batch: {}, error_rate: {}%, skip_expired: true, steps: [compute: exp(2ms)]}}}}}}\n",
      200 + below(300), 1 + below(3), 1 + below(3), 1 + below(10), below(10));
  out += fmt::format(
      "faults: [{{type: pod_failure, targets: [orders/readers, jobs/consumers], mtbf: exp({}ms), mttr: "
      "exp({}ms)}}]\n",
      300 + below(2000), 50 + below(300));
  return out;
}

}  // namespace tailrace::tests
