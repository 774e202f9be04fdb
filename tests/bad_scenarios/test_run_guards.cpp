// Scenarios that are legal and never end well: what stops them, what it says, and that the results until then
// are kept.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/scenario.hpp"

namespace tailrace::tests {
namespace {

using models::RunRecord;
using models::RunStatus;
using testing::HasSubstr;
using testing::MatchesRegex;

// One replication of `services` under `load`, for 10 s unless `run` says otherwise.
Results run_once(const std::string& run, const std::string& load, const std::string& services) {
  const std::string duration = run.find("duration") == std::string::npos ? "duration: 10s, " : "";
  return run_text("run: {" + duration + run + (run.empty() ? "" : ", ") +
                  "replications: 1}\nworkloads: {load: {" + load + ", calls: s.op}}\nservices:\n" + services);
}

std::uint64_t ended(const RunRecord& r) {
  return models::total(r.classes.front().ended);
}

TEST(RunGuards, an_overload_ends_at_the_memory_budget_with_what_it_has_and_the_queue_that_grew) {
  // 100 of 1000 requests a second are served; the others stay, 64 bytes each, until 4 MB hold no more: about
  // 65 s.
  const Results run =
      run_once("duration: 1d, max_memory: 4MB", "constant_arrival_rate: 1000/s, spacing: regular",
               "  s: {workers: 1, endpoints: {op: [compute: 10ms]}}\n");
  const RunRecord& r = run.records.at(0);
  EXPECT_EQ(r.status, RunStatus::memory_budget);
  EXPECT_THAT(r.message,
              MatchesRegex("run.max_memory \\(4 MB\\) reached; the queue of s grew to [0-9]+ at [0-9.]+ s"));
  EXPECT_GT(ended(r), 1000u);
  EXPECT_LT(r.end_ns, 200'000'000'000);
  EXPECT_LE(r.state_bytes, 8'000'000u);
  EXPECT_EQ(run.report.message, r.message);
  EXPECT_TRUE(run.report.conservation_holds);
}

TEST(RunGuards, a_loop_over_no_steps_is_nothing_however_often) {
  const Results run = run_once("", "constant_arrival_rate: 10/s, spacing: regular",
                               "  s: {endpoints: {op: [{loop: 1e18, steps: []}, compute: 1ms]}}\n");
  const RunRecord& r = run.records.at(0);
  EXPECT_EQ(r.status, RunStatus::completed);
  EXPECT_EQ(run.report.message, "");
  EXPECT_EQ(ended(r), 99u);  // one each 100 ms, of 1 ms each; the last comes at the end
}

TEST(RunGuards, statistics_count_against_the_memory_budget) {
  // 100 stations with histograms of waits and responses: empty ones have some hundred bytes, those of
  // exponential times some 20 KB. A few dozen requests are inside at a time.
  std::string services = "  s: {endpoints: {op: [";
  for (int i = 0; i < 100; ++i) services += (i > 0 ? ", call: s" : "call: s") + std::to_string(i) + ".op";
  services += "]}}\n";
  for (int i = 0; i < 100; ++i)
    services += "  s" + std::to_string(i) + ": {workers: 1, endpoints: {op: [compute: exp(5ms)]}}\n";
  const auto run = [&](const std::string& limit) {
    const Results done =
        run_once("duration: 20s, max_memory: " + limit, "constant_arrival_rate: 100/s", services);
    return done.records.at(0);
  };
  const RunRecord small = run("2MB");
  EXPECT_EQ(small.status, RunStatus::memory_budget);
  EXPECT_THAT(small.message,
              MatchesRegex("run.max_memory \\(2 MB\\) reached; [0-9.]+ MB of it are statistics"));
  EXPECT_LT(small.state_bytes, 1'000'000u);
  EXPECT_EQ(run("20MB").status, RunStatus::completed);
}

TEST(RunGuards, a_crowd_that_one_event_brings_ends_at_the_memory_budget) {
  const Results run = run_once("max_memory: 4MB", "constant_arrival_rate: 1/s, batch_size: 1000000",
                               "  s: {workers: 1, endpoints: {op: [compute: 1s]}}\n");
  EXPECT_EQ(run.records.at(0).status, RunStatus::memory_budget);
  EXPECT_THAT(run.records.at(0).message, HasSubstr("run.max_memory (4 MB) reached; the queue of s grew to "));
}

TEST(RunGuards, more_virtual_users_than_memory_end_at_the_budget) {
  const Results run = run_once("max_memory: 4MB", "constant_vus: 100000000, think_time: 1h",
                               "  s: {endpoints: {op: [compute: 1s]}}\n");
  EXPECT_EQ(run.records.at(0).status, RunStatus::memory_budget);
  EXPECT_THAT(run.records.at(0).message, HasSubstr("run.max_memory (4 MB) reached"));
}

TEST(RunGuards, a_fan_out_of_fan_outs_ends_at_the_memory_budget) {
  const std::string calls = repeated("call: t.op", 1000);
  const std::string more = repeated("call: u.op", 1000);
  const Results run =
      run_once("max_memory: 4MB", "constant_arrival_rate: 1/s",
               "  s: {endpoints: {op: [parallel: [" + calls + "]]}}\n  t: {endpoints: {op: [parallel: [" +
                   more + "]]}}\n  u: {endpoints: {op: [sleep: 1h]}}\n");
  EXPECT_EQ(run.records.at(0).status, RunStatus::memory_budget);
}

TEST(RunGuards, a_loop_that_takes_no_time_is_stopped) {
  const Results run = run_once("", "constant_arrival_rate: 1/s",
                               "  s: {endpoints: {op: [{loop: 1e18, steps: [compute: 0s]}]}}\n");
  EXPECT_EQ(run.records.at(0).status, RunStatus::stalled);
  EXPECT_THAT(run.records.at(0).message,
              MatchesRegex("time does not advance at [0-9.e-]+ s: calls or loops go round.*"));
}

TEST(RunGuards, users_whose_requests_take_no_time_pause_all_the_same) {
  const Results run = run_text(
      "run: {duration: 1s, replications: 1, warmup: 0s}\n"
      "workloads: {load: {constant_vus: 3, calls: s.op}}\n"
      "services: {s: {endpoints: {op: [compute: 0s]}}}\n");
  EXPECT_EQ(run.records.at(0).status, RunStatus::completed) << run.records.at(0).message;
  EXPECT_EQ(run.records.at(0).classes.at(0).arrived, 3u * 1001);  // the last at the end
}

// Without these pauses a service that is down would be asked for ever at one instant.
TEST(RunGuards, users_and_consumers_of_a_dead_service_are_no_stall) {
  const Results run = run_text(
      "run: {duration: 10s, replications: 1, warmup: 0s}\n"
      "workloads:\n"
      "  users: {constant_vus: 2, calls: s.op, instant_pause: 10ms}\n"
      "  orders: {constant_arrival_rate: 1/s, spacing: regular, steps: [publish: rabbit.orders]}\n"
      "services: {s: {endpoints: {op: [compute: 1s]}}}\n"
      "brokers:\n"
      "  rabbit:\n"
      "    queues: {orders: {redelivery_delay: {instant_failure: 50ms}, consumers: {calls: s.op, "
      "concurrency: 1}}}\n"
      "faults: [{type: pod_failure, target: s, start: 5500ms, duration: 1s}]\n");
  EXPECT_EQ(run.records.at(0).status, RunStatus::completed) << run.records.at(0).message;
  // Within the second each user asks a hundred times, and each of one or two messages comes back twenty
  // times.
  EXPECT_NEAR(static_cast<double>(run.records.at(0).classes.at(1).arrived), 2 * (9 + 100), 6);
  const std::uint64_t redeliveries = run.records.at(0).channels.at(0).places.at(0).redeliveries;
  EXPECT_GE(redeliveries, 20u);
  EXPECT_LE(redeliveries, 50u);
}

TEST(RunGuards, retries_that_take_no_time_are_stopped) {
  const Results run =
      run_once("", "constant_arrival_rate: 1/s, retries: {attempts: unlimited, backoff: {base_interval: 0s}}",
               "  s: {endpoints: {op: [fail: 100%]}}\n");
  EXPECT_EQ(run.records.at(0).status, RunStatus::stalled);
}

TEST(RunGuards, many_users_in_step_are_no_stall) {
  // Each round is 600 000 ends and 600 000 new requests at one instant: more than a million events.
  const Results run = run_text(
      "run: {duration: 5s, replications: 1}\n"
      "workloads: {load: {constant_vus: 600000, start_with: a, requests: {a: {calls: s.op}}}}\n"
      "services: {s: {endpoints: {op: [sleep: 1s]}}}\n");
  EXPECT_EQ(run.records.at(0).status, RunStatus::completed) << run.records.at(0).message;
}

TEST(RunGuards, the_event_budget_ends_a_run_exactly) {
  const Results run =
      run_once("max_events: 777", "constant_arrival_rate: 100/s", "  s: {endpoints: {op: [compute: 1ms]}}\n");
  EXPECT_EQ(run.records.at(0).status, RunStatus::event_budget);
  EXPECT_EQ(run.records.at(0).message, "run.max_events (777) reached");
  EXPECT_EQ(run.records.at(0).events, 777u);
}

TEST(RunGuards, no_events_at_all_are_a_budget_too) {
  const Results run =
      run_once("max_events: 0", "constant_arrival_rate: 100/s", "  s: {endpoints: {op: [compute: 1ms]}}\n");
  EXPECT_EQ(run.records.at(0).status, RunStatus::event_budget);
  EXPECT_EQ(run.records.at(0).events, 0u);
}

TEST(RunGuards, a_deadlock_says_who_waits_for_whom) {
  // Every request of s holds s's only worker and asks t, which asks s again; the worker may be lent.
  for (const char* steps : {"[{call: t.op, probability: 99.99%}]",
                            "[try: [{loop: 100, steps: [{call: t.op, probability: 99.99%}]}]]"}) {
    const Results run =
        run_once("max_call_depth: 9", "constant_arrival_rate: 10/s, spacing: regular",
                 std::string("  s: {workers: 1, endpoints: {op: ") + steps +
                     "}}\n"
                     "  t: {workers: 1, endpoints: {op: [{call: s.op, probability: 99.99%}]}}\n");
    EXPECT_EQ(run.records.at(0).status, RunStatus::deadlocked) << steps;
    EXPECT_THAT(run.records.at(0).message,
                MatchesRegex("deadlock: [0-9]+ requests wait for a worker of s; its "
                             "workers are held by s.op, which waits for t.op"))
        << steps;
  }
}

TEST(RunGuards, times_beyond_the_clock_saturate) {
  // The run is as long as the clock; work, pauses, timeouts, jitter and back-off reach past its end.
  const Results run = run_text(
      "run: {duration: 106751d, replications: 1}\n"
      "workloads: {load: {constant_arrival_rate: 1/d, calls: s.op, timeout: 106751d, retries: {attempts: "
      "unlimited, "
      "per_try_timeout: 100000d, backoff: {base_interval: 106751d, multiplier: 1e308, max_interval: 106751d, "
      "jitter: none}}}}\n"
      "services:\n"
      "  s: {workers: 1, cpus: 0.000001, queue: {timeout: exp(106751d)}, endpoints: {op: [compute: "
      "exp(106751d), call: t.op]}}\n"
      "  t: {workers: 1, endpoints: {op: [compute: pareto(alpha=0.2, min=1000d), sleep: 106751d]}}\n"
      "network: {default: {latency: exp(106751d), jitter: exp(106751d), bandwidth: 1bit/s, loss: 50%, "
      "retransmit_timeout: 106751d}}\n");
  EXPECT_EQ(run.records.at(0).status, RunStatus::completed) << run.records.at(0).message;
  EXPECT_EQ(run.records.at(0).end_ns, std::int64_t{106751} * 86'400 * 1'000'000'000);
  EXPECT_TRUE(run.report.littles_law_holds);
  EXPECT_TRUE(run.report.conservation_holds);
}

TEST(RunGuards, a_back_off_beyond_all_numbers_stays_at_its_cap) {
  // Every attempt fails at once; after the first pause of 1 ms each is the cap, 2 s: 1 + 1 + 4 attempts in 10
  // s.
  const Results run =
      run_once("",
               "trace: {times: [0s]}, retries: {attempts: unlimited, backoff: {base_interval: 1ms, "
               "multiplier: 1e308, max_interval: 2s, jitter: none}}",
               "  s: {endpoints: {op: [fail: 100%]}}\n");
  EXPECT_EQ(run.records.at(0).status, RunStatus::completed);
  EXPECT_EQ(run.records.at(0).edges.at(0).attempts, 6u);
}

TEST(RunGuards, nested_loops_are_not_written_out_without_end) {
  std::string steps = "compute: 1us";
  for (int i = 0; i < 25; ++i) steps = "loop: 20, steps: {" + steps + "}";
  const Model model = compile_text(
      "workloads: {load: {constant_arrival_rate: 1/s, calls: s.op}}\nservices: {s: {endpoints: {op: [{" +
      steps + "}]}}}\n");
  EXPECT_LT(model->steps.size(), 1000u);
}

}  // namespace
}  // namespace tailrace::tests
