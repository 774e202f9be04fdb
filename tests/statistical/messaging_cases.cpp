// Messages: lag, partitions, redelivery, dead letters, producers' batches, visibility timeouts. Publishers
// are Poisson; what is delivered, fails or overruns does so independently of everything else.
#include <fmt/format.h>

#include <cmath>
#include <set>

#include "sim/random/stream.hpp"
#include "tests/statistical/cases.hpp"
#include "tests/statistical/variants.hpp"

namespace tailrace::tests {

namespace {

std::string publishing(double rate, const std::string& publish) {
  return fmt::format("workloads: {{load: {{constant_arrival_rate: {}/s, steps: [{{publish: {}}}]}}}}\n", rate,
                     publish);
}

// `n` consumers of mean service 1/mu, each with its share of the partitions: (lambda - n mu) t, and what a
// consumer could have handled while it had nothing yet. For each that is the depth to which a random walk
// with upward drift falls, on average mu / (lambda/n - mu) (Feller, vol. 1, chapter XIV).
Case lag_growth(const std::string& id, int partitions, int n, double lambda, double mu, double t) {
  Case c;
  c.id = id;
  c.source = "fluid limit, with the idle time of the beginning";
  c.scenario = publishing(lambda, "orders, key: \"uniform(1, 1e6)\"") +
               fmt::format(
                   "logs: {{orders: {{partitions: {}, replication_latency: 0s, consumers: {{mailers: "
                   "{{instances: {}, steps: [compute: exp({}ms)]}}}}}}}}\n",
                   partitions, n, 1e3 / mu);
  c.rate = lambda;
  c.warmup_s = 0;
  c.fixed_duration = true;
  c.requests = lambda * t * c.replications;
  const double idle = n * mu / (lambda / n - mu);
  const double lag = (lambda - n * mu) * t + idle;
  const double sigma = std::sqrt((lambda + n * mu) * t / c.replications);
  c.expectations = {near("lag_at_end", lag_at_end("orders/mailers"), lag, 4.5 * sigma / lag),
                    near("consumed_per_s", handled_per_s("orders/mailers"), n * mu - idle / t, 0.01)};
  return c;
}

// Keys spread over the partitions split a Poisson stream into Poisson streams.
Case partitions(const std::string& id, int n, int consumers, double lambda, double mu, bool one_each) {
  Case c;
  c.id = id;
  c.source = "Poisson splitting; M/M/1 at each consumer (Kleinrock, Queueing Systems vol. 1, 1975)";
  c.scenario = publishing(lambda, "orders, key: \"uniform(1, 1e6)\"") +
               fmt::format(
                   "logs: {{orders: {{partitions: {}, replication_latency: 0s, consumers: {{mailers: "
                   "{{instances: {}, steps: [compute: exp({}ms)]}}}}}}}}\n",
                   n, consumers, 1e3 / mu);
  c.rate = lambda;
  c.requests = 1e6;
  const double each = lambda / consumers, mean = 1 / (mu - each);
  c.expectations = {near("end_to_end_mean", end_to_end_mean("orders/mailers"), mean, 0.03),
                    near("lag_mean", lag_mean("orders/mailers"), lambda * mean, 0.03),
                    near("utilization", utilization("orders/mailers"), each / mu, 0.02),
                    near("consumed_per_s", handled_per_s("orders/mailers"), lambda, 0.01)};
  if (one_each) {  // first come, first served, so the law is exponential
    c.expectations.push_back(
        near("end_to_end_p99", end_to_end_percentile("orders/mailers", 0.99), std::log(100.0) * mean, 0.04));
  }
  return c;
}

// Every delivery fails, or loses its acknowledgement, with probability p, and is followed by another. What
// fails after its work has come about each time.
Case redelivery(const std::string& id, double p, const std::string& group, const std::string& publish,
                const std::string& channels) {
  Case c;
  c.id = id;
  c.source = "geometric: 1/(1-p) deliveries";
  c.scenario = publishing(50, publish) + channels;
  c.rate = 50;
  c.requests = 4e5;
  c.expectations = {near("deliveries_per_message", deliveries_per_message(group), 1 / (1 - p), 0.01),
                    near("duplicate_fraction_of_deliveries", redelivered_fraction(group), p, 0.02),
                    near("duplicate_fraction_of_effects", duplicate_fraction(group), p, 0.02)};
  return c;
}

// p^K of the messages fail K times; (1 - p^K) / (1 - p) deliveries of each.
Case dead_letters(const std::string& id, double p, int most, const std::string& group,
                  const std::string& publish, const std::string& channels) {
  Case c;
  c.id = id;
  c.source = "p^K; (1-p^K)/(1-p)";
  c.scenario = publishing(50, publish) + channels;
  c.rate = 50;
  c.requests = 5e5;
  const double dead = std::pow(p, most), each = (1 - dead) / (1 - p);
  const double error = std::sqrt((1 - dead) / (dead * c.requests));
  c.expectations = {near("dead_letter_fraction", dead_lettered_fraction(group), dead, 4.5 * error),
                    near("deliveries_per_message", deliveries_per_message(group), each, 0.015),
                    near("redelivered_fraction", redelivered_fraction(group), 1 - 1 / each, 0.02)};
  return c;
}

// A batch is sent with its B-th message, or T after its first. A renewal cycle is a batch and the gap to the
// next message: K(u) further messages by u, Poisson, gives
//   size = E[min(1 + K(T), B)],  waits = integral over (0, T) of E[(1 + K(u)) 1{K(u) <= B-2}] du.
Case batching(const std::string& id, double lambda, int most, double linger_s) {
  Case c;
  c.id = id;
  c.source = "renewal cycle";
  c.scenario = publishing(lambda, "orders") +
               fmt::format("logs: {{orders: {{linger: {}, batch_size: {}, replication_latency: 0s}}}}\n",
                           linger_s > 0 ? fmt::format("{}ms", linger_s * 1e3) : "unlimited",
                           most > 0 ? fmt::format("{}", most) : "unlimited");
  c.rate = lambda;
  c.requests = 1e6;
  double size = 0, waits = 0;
  if (linger_s <= 0) {
    size = most, waits = most * (most - 1) / (2 * lambda);
  } else {
    const int last = most > 0 ? most : 200;
    const auto poisson = [&](int k, double u) {
      return std::exp(k * std::log(lambda * u) - lambda * u - std::lgamma(k + 1.0));
    };
    size = last;
    for (int k = 0; k < last; ++k) size -= (last - 1 - k) * poisson(k, linger_s);
    const int steps = 4000;  // midpoints
    for (int i = 0; i < steps; ++i) {
      const double u = (i + 0.5) * linger_s / steps;
      for (int k = 0; k <= last - 2; ++k) waits += (1 + k) * poisson(k, u) * linger_s / steps;
    }
  }
  c.expectations = {near("batch_size_mean", batch_size_mean("orders"), size, 0.01),
                    near("batching_delay_mean", batching_mean("orders"), waits / size, 0.01),
                    near("batches_per_s", batches_per_s("orders"), lambda / size, 0.01),
                    near("publisher_waits_for_it", response_mean(), waits / size, 0.01)};
  return c;
}

// Every delivery overruns V with probability e^(-V/s), independently, and its late delete does not count.
Case visibility(const std::string& id, double v_s, double mean_s, const std::string& consumers) {
  Case c;
  c.id = id;
  c.source = "geometric with p = exp(-V/s)";
  c.scenario =
      publishing(20, "jobs") + fmt::format(
                                   "cloud_queues: {{jobs: {{visibility_timeout: {}ms, late_delete: ignored, "
                                   "consumers: {{{}, steps: [compute: exp({}ms)]}}}}}}\n",
                                   v_s * 1e3, consumers, mean_s * 1e3);
  c.rate = 20;
  c.requests = 4e5;
  c.warmup_s = 30;
  const double p = std::exp(-v_s / mean_s);
  const std::string group = "jobs/consumers";
  c.expectations = {near("redelivered_fraction", redelivered_fraction(group), p, 0.02),
                    near("deliveries_per_message", deliveries_per_message(group), 1 / (1 - p), 0.01)};
  return c;
}

// Consumers that compete for a queue, one message each: M/M/c. Erlang's C, and with room for k messages
// beside those in work and refusal of the rest, M/M/c/(c + k).
Case competing(const std::string& id, int c_count, double rho, int room) {
  const double mu = 50, lambda = rho * c_count * mu;
  Case c;
  c.id = id;
  c.source = "Erlang (1917); Kleinrock, Queueing Systems vol. 1, 1975, 3.5 and 3.8";
  c.scenario =
      publishing(lambda, "q.mails") +
      fmt::format(
          "brokers: {{q: {{queues: {{mails: {{{}consumers: {{instances: {}, steps: [compute: "
          "exp({}ms)]}}}}}}}}}}\n",
          room > 0 ? fmt::format("max_length: {}, overflow: reject_publish, ", room) : "", c_count, 1e3 / mu);
  c.rate = lambda;
  c.requests = 4e5;
  // p[n], n in the system, up to where it ends or is too small to count.
  const int most = room > 0 ? c_count + room : c_count + 4000;
  double term = 1, sum = 0, busy = 0, inside = 0;
  for (int n = 0; n <= most; ++n) {
    if (n > 0) term *= lambda / (mu * std::min(n, c_count));
    sum += term, busy += term * std::min(n, c_count), inside += term * n;
  }
  const double refused = room > 0 ? term / sum : 0;
  c.expectations = {
      near("utilization", utilization("q/mails"), busy / sum / c_count, 0.02),
      near("lag_mean", lag_mean("q/mails"), inside / sum, 0.04),
      near("end_to_end_mean", end_to_end_mean("q/mails"), inside / sum / (lambda * (1 - refused)), 0.04),
      within("refused", failed_fraction(), refused, 0.01)};
  return c;
}

// One consumer, and messages that expire at the head of their queue: who waits longer than T leaves, M/M/1 +
// D.
Case expiring(const std::string& id, double rho, double ttl_in_services) {
  const double mu = 50, lambda = rho * mu;
  Case c;
  c.id = id;
  c.source = "Barrer, Operations Research 5 (1957): patience that ends before service";
  c.scenario = publishing(lambda, "q.mails") +
               fmt::format(
                   "brokers: {{q: {{queues: {{mails: {{message_ttl: {}ms, dead_letter: dead, consumers: "
                   "{{instances: 1, steps: [compute: exp({}ms)]}}}}, dead: {{}}}}}}}}\n",
                   1e3 / mu * ttl_in_services, 1e3 / mu);
  c.rate = lambda;
  c.requests = 4e5;
  const double late = std::exp(-(1 - rho) * ttl_in_services);
  const double lost = (1 - rho) * rho * late / (1 - rho * rho * late);
  c.expectations = {near("expired", dead_lettered_fraction("q/mails"), lost, 0.05),
                    near("utilization", utilization("q/mails"), rho * (1 - lost), 0.02)};
  return c;
}

// In how many ways copies of messages left their places.
double ways_out(const Observed& o) {
  std::set<std::size_t> ways;
  for (const models::RunRecord& r : o.records) {
    for (const models::ChannelRecord& c : r.channels) {
      for (const models::PlaceCounts& p : c.places) {
        for (std::size_t f = 0; f < models::kFates; ++f)
          if (p.ended[f] > 0) ways.insert(f);
      }
    }
  }
  return static_cast<double>(ways.size());
}

// Everything that can lose, repeat, refuse, expire or dead-letter a message at once, with crashes.
Case conservation() {
  Case c;
  c.id = "identity-conservation-messages";
  c.source = "produced = acked + dead-lettered + dropped + lost + expired + in queue + in flight";
  c.scenario = R"yaml(
workloads:
  load:
    constant_arrival_rate: 200/s
    steps:
      - {publish: orders, key: "uniform(1, 50)", ignore_failure: true}
      - {publish: rabbit.all, routing_key: a.b, priority: 1, ignore_failure: true}
      - {publish: invoices, key: "uniform(1, 5)", ignore_failure: true}
      - {publish: news, ignore_failure: true}
logs:
  orders:
    partitions: 4
    replication_factor: 3
    retention: 2s
    consumers:
      mailers: {instances: 2, session_timeout: 300ms, rebalance_time: 100ms, error_rate: 5%,
                retry_backoff: 5ms, on_failure: dead_letter, max_delivery_count: 2,
                dead_letter_topic: rabbit.dead, steps: [compute: exp(8ms)]}
      slow: {instances: 1, subscription: shared, ack_timeout: 100ms, concurrency: 2,
                steps: [compute: exp(11ms)]}
brokers:
  rabbit:
    nodes: 3
    exchanges: {all: {type: topic, bindings: [{key: "a.*", queue: mails}, {key: "#", queue: audit}]}}
    queues:
      mails: {type: quorum, max_length: 100, message_ttl: 500ms, dead_letter: dead, max_delivery_count: 3,
                max_priority: 2, consumers: {instances: 2, error_rate: 10%, steps: [compute: exp(9ms)]}}
      audit: {durable: false, consumers: {instances: 2, ack: automatic, steps: [compute: exp(9ms)]}}
      dead: {max_length: 1000}
cloud_queues:
  invoices: {visibility_timeout: 50ms, max_receive_count: 3, dead_letter: rest, duplicate_probability: 1%,
            consumers: {instances: 2, concurrency: 2, steps: [compute: exp(15ms)]}}
  rest: {retention: 3s}
topics:
  news:
    subscriptions:
      zero: {level: at_most_once, buffer: 2, steps: [compute: exp(6ms)]}
      one: {level: at_least_once, ack_failure: 5%, retransmit_interval: 200ms, concurrency: 3,
                steps: [compute: exp(9ms)]}
      two: {level: exactly_once, clean_session: true, max_queued: 50, instances: 2, steps: [compute: exp(9ms)]}
faults:
  - {type: pod_failure, target: "*", mtbf: exp(6s), mttr: exp(500ms)}
)yaml";
  c.rate = 200;
  c.requests = 1e5;
  c.warmup_s = 3;
  c.expectations = {within("residual", message_residual(), 0, 0),
                    within("ways_out", ways_out, models::kFates, 0)};  // or it says nothing of one
  return c;
}

}  // namespace

std::vector<Case> messaging_cases() {
  std::vector<Case> cases;
  cases.push_back(lag_growth("broker-lag-growth", 8, 4, 1000, 200, 30));
  cases.push_back(lag_growth("broker-lag-growth-of-three", 9, 3, 500, 100, 40));
  cases.push_back(partitions("broker-partitions-8", 8, 8, 480, 100, true));
  cases.push_back(partitions("broker-partitions-3", 3, 3, 210, 100, true));
  cases.push_back(partitions("broker-partitions-12-of-4", 12, 4, 240, 100, false));

  const std::string queue =
      "brokers: {q: {queues: {mails: {consumers: {instances: 50, steps: [compute: 1ms], ";
  cases.push_back(redelivery("redelivery-p20", 0.2, "q/mails", "q.mails", queue + "error_rate: 20%}}}}}\n"));
  cases.push_back(
      redelivery("redelivery-p35-lost-acks", 0.35, "q/mails", "q.mails", queue + "ack_failure: 35%}}}}}\n"));
  cases.push_back(redelivery(
      "redelivery-p25-log", 0.25, "q/g", "q",
      "logs: {q: {consumers: {g: {error_rate: 25%, retry_backoff: 1ms, steps: [compute: 1ms]}}}}\n"));
  cases.push_back(redelivery(
      "redelivery-p10-topic", 0.1, "q/s", "q",
      "topics: {q: {subscriptions: {s: {ack_failure: 10%, retransmit_interval: 20ms, instances: 50, steps: "
      "[compute: 1ms]}}}}\n"));
  cases.push_back(redelivery("redelivery-p40-cloud", 0.4, "q/consumers", "q",
                             "cloud_queues: {q: {visibility_timeout: 1s, consumers: {instances: 50, "
                             "receive_batch: 1, error_rate: 40%, "
                             "steps: [compute: 1ms]}}}\n"));

  cases.push_back(dead_letters("dlq-p30-k3", 0.3, 3, "q/mails", "q.mails",
                               "brokers: {q: {queues: {dead: {}, mails: {max_delivery_count: 3, dead_letter: "
                               "dead, consumers: {instances: 50, steps: [compute: 1ms, fail: 30%]}}}}}\n"));
  cases.push_back(dead_letters("dlq-p50-k5", 0.5, 5, "q/mails", "q.mails",
                               "brokers: {q: {queues: {mails: {max_delivery_count: 5, dead_letter: dead, "
                               "consumers: {instances: 50, error_rate: 50%, steps: [compute: 1ms]}}}}}\n"
                               "cloud_queues: {dead: {}}\n"));
  cases.push_back(dead_letters(
      "dlq-p40-k4-cloud", 0.4, 4, "q/consumers", "q",
      "cloud_queues: {dead: {}, q: {max_receive_count: 4, dead_letter: dead, consumers: {instances: 50, "
      "receive_batch: 1, on_failure: make_visible, backoff: {base_interval: 10ms}, steps: [compute: 1ms, "
      "fail: "
      "40%]}}}\n"));
  cases.push_back(dead_letters("dlq-p20-k2-log", 0.2, 2, "q/g", "q",
                               "logs: {dead: {}, q: {consumers: {g: {on_failure: dead_letter, "
                               "max_delivery_count: 2, dead_letter_topic: dead, retry_backoff: 1ms, steps: "
                               "[compute: 1ms, fail: 20%]}}}}\n"));

  cases.push_back(batching("batch-by-count", 100, 20, 0));
  cases.push_back(batching("batch-by-count-7", 350, 7, 0));
  cases.push_back(batching("linger-only", 200, 0, 0.02));
  cases.push_back(batching("linger-only-5ms", 1000, 0, 0.005));
  cases.push_back(batching("linger-and-count-2", 120, 5, 0.04));
  cases.push_back(batching("linger-and-count-12", 500, 12, 0.02));

  cases.push_back(visibility("visibility-timeout", 1, 0.5, "instances: 1000, receive_batch: 1"));
  cases.push_back(visibility("visibility-timeout-short", 0.3, 0.3, "concurrency: 10000"));

  cases.push_back(competing("broker-competing-4", 4, 0.8, 0));
  cases.push_back(competing("broker-bounded-2", 2, 0.9, 5));
  cases.push_back(expiring("broker-ttl", 0.8, 3));
  cases.push_back(conservation());
  return cases;
}

std::vector<Case> random_messaging_cases(std::uint64_t seed, int rounds) {
  sim::Stream random(seed, 0, "variants", "parameters");
  const auto real = [&](double low, double high) { return low + (high - low) * random.uniform(); };
  const auto whole = [&](int low, int high) {
    return low + static_cast<int>(random.uniform() * (high - low + 1));
  };
  const auto percent = [&](int low, int high) { return whole(low, high) / 100.0; };
  std::vector<Case> cases;
  for (int k = 0; k < rounds; ++k) {
    const auto id = [&](const char* what) { return fmt::format("{}-{}", what, k); };
    {
      const int n = whole(1, 6), each = whole(1, 3);
      const double mu = whole(40, 150);
      cases.push_back(lag_growth(id("lag-growth"), n * each, n, n * mu * real(1.2, 1.8), mu, whole(60, 120)));
    }
    {
      const int n = whole(1, 6), each = whole(1, 4);
      cases.push_back(partitions(id("partitions"), n * each, n, n * 100 * real(0.3, 0.8), 100, each == 1));
    }
    const std::string busy = fmt::format("instances: {}, steps: [compute: 1ms]", whole(20, 80));
    const double p = percent(5, 60);
    cases.push_back(
        redelivery(id("redelivery-queue"), p, "q/mails", "q.mails",
                   fmt::format("brokers: {{q: {{queues: {{mails: {{consumers: {{{}, {}: {}}}}}}}}}}}\n", busy,
                               whole(0, 1) == 0 ? "error_rate" : "ack_failure", p)));
    cases.push_back(redelivery(
        id("redelivery-cloud"), p, "q/consumers", "q",
        fmt::format(
            "cloud_queues: {{q: {{visibility_timeout: {}ms, consumers: {{receive_batch: {}, error_rate: {}, "
            "{}}}}}}}\n",
            whole(300, 1500), whole(1, 10), p, busy)));
    const int most = whole(2, 6);
    cases.push_back(
        dead_letters(id("dead-letters"), p, most, "q/mails", "q.mails",
                     fmt::format("brokers: {{q: {{queues: {{dead: {{}}, mails: {{max_delivery_count: {}, "
                                 "dead_letter: dead, consumers: {{error_rate: {}, {}}}}}}}}}}}\n",
                                 most, p, busy)));
    cases.push_back(dead_letters(
        id("dead-letters-log"), p, most, "q/g", "q",
        fmt::format("logs: {{dead: {{}}, q: {{partitions: {}, consumers: {{g: {{on_failure: dead_letter, "
                    "max_delivery_count: {}, dead_letter_topic: dead, retry_backoff: 1ms, error_rate: {}, "
                    "instances: 1, "
                    "steps: [compute: 1ms]}}}}}}}}\n",
                    whole(1, 4), most, p)));
    cases.push_back(
        batching(id("batching"), whole(50, 600), whole(2, 25), whole(0, 2) == 0 ? 0 : real(0.004, 0.05)));
    const double mean_s = real(0.1, 0.6);
    cases.push_back(visibility(id("visibility"), std::round(mean_s * real(0.6, 2.5) * 1e3) / 1e3, mean_s,
                               "instances: 1000, receive_batch: 1"));
    cases.push_back(competing(id("competing"), whole(1, 12), real(0.3, 0.85), 0));
    cases.push_back(competing(id("bounded"), whole(1, 8), real(0.5, 1.6), whole(1, 12)));
    cases.push_back(expiring(id("expiring"), real(0.4, 0.95), real(0.5, 4)));
  }
  return cases;
}

}  // namespace tailrace::tests
