// What a run says of its policies, in small worlds without chance: each figure is worked out beside it.
#include <cstdlib>
#include <stdexcept>

#include "tests/cli/program.hpp"

namespace tailrace::tests {
namespace {

using nlohmann::json;

json summary(const std::string& file) {
  const Finished run = run_program({"run", file, "--format", "json"});
  EXPECT_TRUE(run.exit_code == 0 || run.exit_code == 99) << run.err;
  return json::parse(run.out);
}
const json& named(const json& list, const std::string& name) {
  for (const json& item : list) {
    if (item["name"] == name) return item;
  }
  throw std::runtime_error("nothing is called " + name);
}
const json& edge_to(const json& summary, const std::string& operation) {
  for (const json& e : summary["edges"]) {
    if (e["to"] == operation) return e;
  }
  throw std::runtime_error("no edge to " + operation);
}

// Calls at 1, 2, ... 10 s take 100 ms and fail. Two failures open the circuit at 2.1 s for 3 s: the calls at
// 3, 4 and 5 s are refused. Half open from 5.1 s, the call at 6 s is the one probe; it fails at 6.1 s. The
// same again: 7, 8 and 9 s are refused, the probe at 10 s fails at 10.1 s. The run ends at 12 s.
constexpr const char* kCircuit = R"(tailrace: 1
run: {duration: 12s, replications: 2}
workloads:
  load:
    trace: {times: [1s, 2s, 3s, 4s, 5s, 6s, 7s, 8s, 9s, 10s]}
    calls: s.op
    circuit_breaker: {sliding_window_size: 2, minimum_number_of_calls: 2, failure_rate_threshold: 50,
                      wait_duration_in_open_state: 3s, permitted_number_of_calls_in_half_open_state: 1}
services: {s: {endpoints: {op: [compute: 100ms, fail: 100%]}}}
)";

TEST_F(Program, ACircuitIsReportedWithItsTimes) {
  const json s = summary(file("q.yaml", kCircuit));
  ASSERT_EQ(s["policies"].size(), 1u);
  const json& p = s["policies"][0];
  EXPECT_EQ(p["policy"], "circuit_breaker");
  EXPECT_EQ(p["holder"], "load");
  EXPECT_EQ(p["target"], "s");
  EXPECT_EQ(p["admitted"], 8);  // 1, 2, 6 and 10 s, in two replications
  EXPECT_EQ(p["rejected"], 12);
  EXPECT_NEAR(p["rejected_fraction"]["estimate"].get<double>(), 0.6, 1e-12);
  EXPECT_EQ(p["rejected_fraction"]["groups"], 2);
  EXPECT_EQ(p["changes"], 10);
  EXPECT_EQ(p["trips"], 2);
  EXPECT_NEAR(p["trips_per_hour"]["estimate"].get<double>(), 1 / (12.0 / 3600), 1e-9);
  const auto share = [&](const char* status) {
    return named(p["statuses"], status)["share_of_time"]["estimate"].get<double>();
  };
  EXPECT_NEAR(share("closed"), 2.1 / 12, 1e-12);
  EXPECT_NEAR(share("open"), (3 + 3 + 1.9) / 12, 1e-12);
  EXPECT_NEAR(share("half_open"), (1.0 + 1.0) / 12, 1e-12);
  EXPECT_EQ(p["statuses"].size(), 3u);  // what never held is left out
  EXPECT_EQ(p["timeline"][0],
            json::parse(R"({"replication": 0, "caller_instance": 0, "target_instance": 0, "at_s": 2.1,
                            "from": "closed", "to": "open"})"));
  EXPECT_EQ(p["timeline"].size(), 10u);
  EXPECT_EQ(s["outcomes"]["circuit_open"], 12);
  EXPECT_EQ(s["outcomes"]["error"], 8);
}

TEST_F(Program, PoliciesCsvHasOneRowPerReplicationAndChange) {
  run_program({"run", file("q.yaml", kCircuit), "--out", path("out"), "-q"});
  std::string expected = "replication,policy,holder,target,caller_instance,target_instance,time_s,from,to\n";
  for (const char* replication : {"0", "1"}) {
    for (const char* change : {"2.1,closed,open", "5.1,open,half_open", "6.1,half_open,open",
                               "9.1,open,half_open", "10.1,half_open,open"})
      expected += std::string(replication) + ",circuit_breaker,load,s,,," + change + "\n";
  }
  EXPECT_EQ(read(path("out/policies.csv")), expected);
}

TEST_F(Program, TheSummaryHasABlockOfPoliciesOnlyWhereThereAreAny) {
  const std::string with = run_program({"run", file("q.yaml", kCircuit)}).out;
  EXPECT_NE(with.find("circuit_breaker  load -> s"), std::string::npos) << with;
  EXPECT_NE(with.find("open 65.8 %"), std::string::npos) << with;
  EXPECT_EQ(run_program({"run", file("q.yaml", kQueue)}).out.find("policies"), std::string::npos);
}

// Three layers, each of which tries 1 + 3 times, over a leaf that is down: 4, 16 and 64 arrivals per request.
constexpr const char* kChain = R"(tailrace: 1
run: {duration: 100s, replications: 2}
defaults: {outbound: {retries: {attempts: 3, backoff: {base_interval: 1ms, jitter: none}}}}
workloads: {load: {trace: {times: [1s, 2s, 3s]}, calls: a.op}, other: {trace: {times: [5s]}, calls: free.op}}
services:
  a: {endpoints: {op: [call: b.op]}}
  b: {endpoints: {op: [call: c.op]}}
  c: {endpoints: {op: [fail: 100%]}}
  free: {endpoints: {op: [compute: 1ms]}}
)";

TEST_F(Program, AmplificationIsReportedPerCallAndEndToEnd) {
  const std::string thresholds =
      "thresholds: {b -> c.retry_amplification: value == 4, c.op.arrivals_per_request: value == 64, "
      "b -> c.op.call_failed: rate == 100%, a -> b.retry_amplification: value < 4}\n";
  const json s = summary(file("q.yaml", kChain + thresholds));
  const auto arrivals = [&](const char* op) {
    return named(s["operations"], op)["arrivals_per_request"]["estimate"].get<double>();
  };
  EXPECT_EQ(arrivals("a.op"), 4);
  EXPECT_EQ(arrivals("b.op"), 16);
  EXPECT_EQ(arrivals("c.op"), 64);
  EXPECT_EQ(arrivals("free.op"), 1);  // of the requests of `other`, which alone lead there
  EXPECT_EQ(edge_to(s, "c.op")["retry_amplification"]["estimate"], 4.0);
  EXPECT_EQ(edge_to(s, "c.op")["outcomes"]["error"], 2 * 3 * 16);
  EXPECT_EQ(edge_to(s, "c.op")["attempt_outcomes"]["error"], 2 * 3 * 64);
  for (const json& t : s["thresholds"]) {
    const bool fails = t["metric"] == "a -> b.retry_amplification";  // exactly 4
    EXPECT_EQ(t["verdict"], fails ? "fail" : "pass") << t;
  }
  EXPECT_EQ(s["thresholds"].size(), 4u);
}

// Work of 50 ms, a hedge after 20 ms: the first answer comes at 50 ms, and the hedge works on for 20 ms more
// for nobody. So of 100 ms of work for each call 20 ms are wasted.
TEST_F(Program, HedgesAndTheWorkThatNobodyWaitedForAreReported) {
  const json s = summary(file("q.yaml", R"(tailrace: 1
run: {duration: 10s, replications: 2}
workloads: {load: {trace: {times: [1s, 2s, 3s, 4s]}, calls: s.op, hedge: {delay: 20ms, budget: 100%}}}
services: {s: {workers: 4, endpoints: {op: [compute: 50ms]}}}
thresholds: {s.wasted: value < 21%, load -> s.hedged: rate == 100%, s.op.unheard: count == 8}
)"));
  const json& e = edge_to(s, "s.op");
  EXPECT_EQ(e["calls"], 8);
  EXPECT_EQ(e["attempts"], 16);
  EXPECT_EQ(e["hedges"], 8);
  EXPECT_EQ(e["hedges_won"], 0);
  EXPECT_EQ(e["hedges_wasted"], 8);
  const json& station = s["stations"][0];
  EXPECT_NEAR(station["wasted_s"].get<double>(), 8 * 0.020, 1e-9);
  EXPECT_NEAR(station["wasted_fraction"]["estimate"].get<double>(), 0.2, 1e-9);
  EXPECT_EQ(station["completed"], 16);  // throughput; goodput is half of it
  EXPECT_EQ(station["unheard"], 8);
  EXPECT_EQ(s["operations"][0]["unheard"], 8);
  EXPECT_NEAR(s["workloads"][0]["goodput_per_s"]["estimate"].get<double>(), 0.4, 1e-12);
  EXPECT_NEAR(s["operations"][0]["throughput_per_s"]["estimate"].get<double>(), 0.8, 1e-12);
  for (const json& t : s["thresholds"]) EXPECT_EQ(t["verdict"], "pass") << t;
}

TEST_F(Program, DegradedAnswersAreSuccessesThatAreCounted) {
  const json s = summary(file("q.yaml", R"(tailrace: 1
run: {duration: 10s, replications: 2}
workloads:
  load: {trace: {times: [1s, 2s, 3s, 4s]}, steps: [call: a.op]}
  good: {trace: {times: [5s]}, calls: a.fine}
services:
  a: {endpoints: {op: [{call: down.op, fallback: value}], fine: [{call: up.op, fallback: value}]}}
  down: {endpoints: {op: [fail: 100%]}}
  up: {endpoints: {op: [compute: 1ms]}}
thresholds: {load.degraded: rate == 100%, good.degraded: rate == 0%, a -> down.fallbacks: rate == 100%}
)"));
  const json& load = named(s["workloads"], "load");
  EXPECT_EQ(load["degraded"], 8);
  EXPECT_EQ(load["degraded_fraction"]["estimate"], 1.0);
  EXPECT_EQ(load["failed_fraction"]["estimate"], 0.0);
  EXPECT_EQ(named(s["workloads"], "good")["degraded"], 0);
  EXPECT_EQ(edge_to(s, "down.op")["fallbacks"], 8);
  EXPECT_EQ(edge_to(s, "down.op")["outcomes"]["error"], 8);
  for (const json& t : s["thresholds"]) EXPECT_EQ(t["verdict"], "pass") << t;
}

// Round robin over a good and a bad instance, one call a second of 50 ms: two failures in a row of the bad
// one eject it until the end, its second at 3.05 s or 4.05 s, as the first turn was its own or not.
TEST_F(Program, AnEjectedInstanceIsReportedWithItsTimeOut) {
  const std::string q = file("q.yaml", R"(tailrace: 1
run: {duration: 20s, replications: 1}
workloads: {load: {trace: {times: [1s, 2s, 3s, 4s, 5s, 6s, 7s]}, calls: s.op}}
services:
  s:
    instances: [{count: 1}, {count: 1, error_rate: 100%}]
    outlier_detection: {consecutive_5xx: 2}
    endpoints: {op: [compute: 50ms]}
)");
  const json s = summary(q);
  ASSERT_EQ(s["outlier_ejections"].size(), 1u);
  const json& e = s["outlier_ejections"][0];
  EXPECT_EQ(e["caller"], "load");
  EXPECT_EQ(e["target"], "s");
  EXPECT_EQ(e["ejections"], 1);
  EXPECT_EQ(e["instances"][0]["ejections"], 0);
  EXPECT_EQ(e["instances"][1]["ejections"], 1);
  ASSERT_EQ(e["timeline"].size(), 1u);
  const double at = e["timeline"][0]["at_s"].get<double>();
  EXPECT_TRUE(at == 3.05 || at == 4.05) << at;
  EXPECT_NEAR(e["instances"][1]["ejected_share_of_time"]["estimate"].get<double>(), (20 - at) / 20, 1e-12);
  EXPECT_EQ(s["outcomes"]["error"], 2);
}

// Probes of the second instance at 1 and 2 s fail after 50 ms: unhealthy from 2.05 s on. Nobody calls.
TEST_F(Program, WhatHealthChecksFindIsReported) {
  const std::string q = file("q.yaml", R"(tailrace: 1
run: {duration: 20s, replications: 1}
workloads: {load: {trace: {times: [19s]}, calls: s.op}}
services:
  s:
    instances: [{count: 1}, {count: 1, error_rate: 100%}]
    health_check: {operation: op, interval: 1s, timeout: 500ms, unhealthy_threshold: 2}
    endpoints: {op: [compute: 50ms]}
)");
  const json s = summary(q);
  ASSERT_EQ(s["health_checks"].size(), 1u);
  const json& h = s["health_checks"][0];
  EXPECT_EQ(h["target"], "s");
  EXPECT_EQ(h["instances"][0]["found_unhealthy"], 0);
  EXPECT_EQ(h["instances"][1]["found_unhealthy"], 1);
  EXPECT_NEAR(h["instances"][1]["unhealthy_share_of_time"]["estimate"].get<double>(), 17.95 / 20, 1e-12);
  ASSERT_EQ(h["timeline"].size(), 1u);
  EXPECT_EQ(h["timeline"][0]["at_s"], 2.05);
  EXPECT_EQ(h["timeline"][0]["to"], "unhealthy");
  EXPECT_EQ(s["outcomes"]["success"], 1);
  const Finished text = run_program({"run", q});
  EXPECT_NE(text.out.find("unhealthy instances"), std::string::npos) << text.out;
  run_program({"run", q, "--out", path("out"), "-q"});
  EXPECT_NE(read(path("out") + "/policies.csv").find("0,health_check,s,s,,1,2.05,healthy,unhealthy\n"),
            std::string::npos);
}

// Probes come every second. The fault of 3.5 s is seen at 4 and 5 s: noticed after 1.5 s. While the instance
// is out (until two probes have passed, at 9 s) another hits it, which is no news; one between two probes is
// never seen.
TEST_F(Program, HowLongItTakesToNoticeAFaultIsReported) {
  const std::string q = file("q.yaml", R"(tailrace: 1
run: {duration: 20s, replications: 1}
workloads: {load: {trace: {times: [19s]}, calls: s.op}}
services:
  s:
    replicas: 2
    health_check: {interval: 1s, timeout: 500ms, unhealthy_threshold: 2, healthy_threshold: 2}
    endpoints: {op: [compute: 50ms]}
faults:
  - {type: pod_failure, target: "s#1", start: 3500ms, duration: 4s}
  - {type: pause, target: "s#1", start: 6s, duration: 200ms}
  - {type: pod_failure, target: "s#1", start: 12200ms, duration: 500ms}
)");
  const json s = summary(q);
  const json& found = s["health_checks"][0]["detection"];
  EXPECT_EQ(found["hits"], 2) << found;
  EXPECT_EQ(found["noticed"], 1);
  EXPECT_DOUBLE_EQ(found["after_s"]["estimate"].get<double>(), 1.5);
  const Finished text = run_program({"run", q, "--out", path("out")});
  const std::string page = read(path("out/report.html"));
  EXPECT_NE(page.find("<h2>How soon faults were noticed</h2>"), std::string::npos);
  EXPECT_NE(
      page.find(
          "<td>s</td><td class=\"l\">health checks</td><td>1.50 s</td><td>2</td><td class=\"bad\">1</td>"),
      std::string::npos);
  EXPECT_NE(
      text.out.find("s: found unhealthy 1.50 s after a fault began (1 of 2 hits noticed while it lasted)"),
      std::string::npos)
      << text.out;
}

// A call every 100 ms, each second one to the instance that fails from 5 s on: three failures in a row eject
// it.
TEST_F(Program, HowLongItTakesToEjectIsReported) {
  const std::string q = file("q.yaml", R"(tailrace: 1
run: {duration: 20s, replications: 1}
workloads: {load: {constant_arrival_rate: 10/s, spacing: regular, calls: s.op}}
services:
  s:
    replicas: 2
    load_balancer: round_robin
    outlier_detection: {consecutive_5xx: 3, success_rate_stdev_factor: 0, max_ejection_percent: 100%}
    endpoints: {op: [compute: 1ms]}
faults:
  - {type: abort, target: "s#1", start: 5s, duration: 10s}
)");
  const json s = summary(q);
  const json& e = s["outlier_ejections"][0];
  EXPECT_EQ(e["detection"]["hits"], 1) << e;
  EXPECT_EQ(e["detection"]["noticed"], 1);
  const double after = e["detection"]["after_s"]["estimate"];
  EXPECT_NEAR(after, e["timeline"][0]["at_s"].get<double>() - 5, 1e-9);
  EXPECT_GT(after, 0.4 - 1e-9);
  EXPECT_LT(after, 0.6 + 1e-9);
}

// Sixty at once of 10 ms each: dropping begins at 110 ms (in tests/determinism it is worked out that seven
// are dropped), and ends with the queue. The first of them found a free worker and was no question of the
// queue's.
TEST_F(Program, AQueuePolicyIsReportedLikeOneAtTheDoor) {
  std::string times = "0s";
  for (int i = 1; i < 60; ++i) times += ", 0s";
  const std::string q = file("q.yaml",
                             "tailrace: 1\nrun: {duration: 10s, replications: 1}\nworkloads: {load: {trace: "
                             "{times: [" +
                                 times + R"(]}, calls: s.op}}
services: {s: {workers: 1, inbound: {codel: {target: 5ms, interval: 100ms}}, endpoints: {op: [compute: 10ms]}}}
thresholds: {s.codel.trips: count == 1, s.codel.rejected: rate < 12%}
)");
  const json s = summary(q);
  ASSERT_EQ(s["policies"].size(), 1u);
  const json& p = s["policies"][0];
  EXPECT_EQ(p["policy"], "codel");
  EXPECT_EQ(p["place"], "door");
  EXPECT_EQ(p["holder"], "s");
  EXPECT_EQ(p["admitted"], 52);
  EXPECT_EQ(p["rejected"], 7);
  EXPECT_EQ(p["trips"], 1);
  EXPECT_EQ(p["changes"], 2);
  EXPECT_EQ(p["timeline"][0]["at_s"], 0.11);
  EXPECT_EQ(p["timeline"][0]["to"], "dropping");
  for (const json& t : s["thresholds"]) EXPECT_EQ(t["verdict"], "pass") << t;
  EXPECT_NE(run_program({"run", q}).out.find("codel"), std::string::npos);
}

// A bucket of one token and a token each 10 s, at the door: of calls at 1, 2, 3 and 12 s the second and the
// third are refused.
TEST_F(Program, ADoorIsReportedAndHasThresholdsOfItsOwn) {
  const json s = summary(file("q.yaml", R"(tailrace: 1
run: {duration: 20s, replications: 2}
workloads: {load: {trace: {times: [1s, 2s, 3s, 12s]}, calls: s.op}}
services: {s: {inbound: {rate_limit: {rate: 0.1/s, burst: 1}}, endpoints: {op: [compute: 50ms]}}}
thresholds: {s.rate_limit.rejected: rate == 50%, load.request_failed: rate == 50%}
)"));
  const json& p = s["policies"][0];
  EXPECT_EQ(p["place"], "door");
  EXPECT_EQ(p["holder"], "s");
  EXPECT_TRUE(p["target"].is_null());
  EXPECT_EQ(p["admitted"], 4);
  EXPECT_EQ(p["rejected"], 4);
  EXPECT_FALSE(p.contains("statuses"));
  EXPECT_EQ(s["outcomes"]["rate_limited"], 4);
  for (const json& t : s["thresholds"]) EXPECT_EQ(t["verdict"], "pass") << t;
}

// Everything that a call can carry, in the order in which it meets it.
TEST_F(Program, CheckShowsThePoliciesOfACallInTheirOrder) {
  const std::string q = file("q.yaml", R"(tailrace: 1
workloads: {load: {constant_arrival_rate: 1/s, calls: a.op}}
services:
  a:
    endpoints:
      op:
        - call: b.op
          connection_pool: {max_connections: 10}
          circuit_breaker: {}
          rate_limit: 100/s
          retries: {attempts: 2, per_try_timeout: 50ms, backoff: {base_interval: 10ms}}
          retry_budget: {budget_percent: 20}
          hedge: {delay: 20ms, budget: 100%}
          timeout: 1s
          deadline: 2s
          cancellation: true
          fallback: value
  b:
    replicas: 8
    load_balancer: {policy: least_request, choice_count: 3}
    outlier_detection: {}
    cancellation: at_once
    inbound: {adaptive_concurrency: gradient, rate_limit: 200/s, codel: {}}
    endpoints: {op: [compute: 1ms]}
)");
  const Finished text = run_program({"check", q});
  EXPECT_EQ(text.exit_code, 0) << text.err;
  EXPECT_NE(
      text.out.find("call b.op (deadline 2s, timeout 1s, once rate_limit, 2 retries after 10ms..100ms within "
                    "a budget, up to 1 hedge, each attempt circuit_breaker > connection_pool, per try 50ms, "
                    "cancels, fallback value)"),
      std::string::npos)
      << text.out;
  EXPECT_NE(
      text.out.find("least_request of 3 (outlier detection), door rate_limit > adaptive_concurrency, a queue "
                    "policy, stops at once when left"),
      std::string::npos)
      << text.out;
  const json checked = json::parse(run_program({"check", q, "--format", "json"}).out);
  const json& call = checked["calls"][0]["to"] == "b.op" ? checked["calls"][0] : checked["calls"][1];
  std::vector<std::string> asked;
  for (const json& use : call["admissions"]) asked.push_back(use["policy"]);
  EXPECT_EQ(asked, (std::vector<std::string>{"rate_limit", "circuit_breaker", "connection_pool"}));
  EXPECT_EQ(call["admissions"][0]["per_attempt"], false);
  EXPECT_EQ(call["deadline_s"], 2.0);
  EXPECT_EQ(call["hedges"], 1);
  EXPECT_EQ(call["fallback"], "value");
}

TEST_F(Program, CheckShowsEveryWayOfBalancing) {
  for (const char* policy : {"round_robin", "random", "least_request", "peak_ewma", "ring_hash", "maglev"}) {
    const Finished run = run_program(
        {"check",
         file("q.yaml", std::string("tailrace: 1\nworkloads: {w: {constant_arrival_rate: 1/s, calls: s.op}}\n"
                                    "services: {s: {replicas: 2, load_balancer: ") +
                            policy + ", endpoints: {op: [compute: 1ms]}}}\n")});
    EXPECT_NE(run.out.find(std::string(", ") + policy + "\n"), std::string::npos) << run.out;
  }
}

// 1 + 3 tries at each of three layers: 64.
TEST_F(Program, RetriesThatMultiplyAlongAChainAreAWarningUntilThereIsABudget) {
  const Finished bare = run_program({"check", file("q.yaml", kChain)});
  EXPECT_EQ(bare.exit_code, 0);
  EXPECT_NE(
      bare.err.find("warning: services.b.endpoints.op[0]: 3 layers retry on the way to c.op: one request can "
                    "become 64 attempts when it fails"),
      std::string::npos)
      << bare.err;
  EXPECT_EQ(bare.err.find("warning"), bare.err.rfind("warning")) << "one warning is enough: " << bare.err;
  const Finished budget = run_program(
      {"check", file("q.yaml", kChain), "--set", "defaults.outbound.retry_budget={budget_percent: 20}"});
  EXPECT_EQ(budget.err, "");
  const Finished one_layer =
      run_program({"check", file("q.yaml", kChain), "--set", "defaults.outbound.retries=none", "--set",
                   "services.b.outbound.retries=3"});
  EXPECT_EQ(one_layer.err, "");
}

TEST_F(Program, AThresholdOnAPolicyThatIsNotThereNamesTheNearest) {
  const std::string q =
      file("q.yaml", std::string(kCircuit) + "thresholds: {load -> s.circuit_breker.trips: count == 0}\n");
  const Finished run = run_program({"check", q});
  EXPECT_EQ(run.exit_code, 3);
  EXPECT_NE(run.err.find("did you mean load -> s.circuit_breaker.trips?"), std::string::npos) << run.err;
}

TEST_F(Program, SummariesWithPoliciesFitTheSchemaAndTheNumberOfJobsChangesNothing) {
  for (const char* jobs : {"1", "4"})
    run_program(
        {"run", file("q.yaml", kCircuit), "--jobs", jobs, "--replications", "6", "--out", path(jobs), "-q"});
  expect_same("1", "4", {"summary.json", "policies.csv"});
  if (!python_has("jsonschema")) GTEST_SKIP() << "python3-jsonschema is not here";
  EXPECT_EQ(schema_fault("summary", path("1/summary.json")), 0);
}

}  // namespace
}  // namespace tailrace::tests
