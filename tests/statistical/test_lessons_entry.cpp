// What the library's scenarios about the way in teach, as claims: hops that add up, boxes that fail, gateways
// that cost and protect, and answers that outlive their truth.
#include <gtest/gtest.h>

#include <cmath>

#include "models/compile/client_share.hpp"
#include "tests/statistical/lessons.hpp"

namespace tailrace::tests {
namespace {

Figure arrivals(const std::string& name) {
  return [name](const models::CompiledModel& m, const models::RunRecord& r) {
    return static_cast<double>(operation_record(m, r, name).arrived);
  };
}
Figure answered(const std::string& name) {
  return [name](const models::CompiledModel& m, const models::RunRecord& r) {
    return static_cast<double>(operation_record(m, r, name).ended[0]);
  };
}
// Microseconds of a core at the gateway for each request that came to its door.
Figure core_us_per_request() {
  return [](const models::CompiledModel& m, const models::RunRecord& r) {
    double cpu = 0;
    for (const models::InstanceRecord& i : station_record(m, r, "edge").instances) cpu += i.cpu_s;
    return 1e6 * cpu / static_cast<double>(r.classes[0].arrived);
  };
}
double failed(const Results& run, const std::string& workload) {
  return 1 - mean(run, successes(workload));
}
double duration_ms(const Results& run, const std::string& name) {
  return 1e3 * workload(run.report, name).success_duration.mean.estimate;
}

// 4 + 4 ms to the data centre and back, ten links of 250 us, 4 + 62 us in the three boxes, and 2 + 4 + 3 ms
// of work.
TEST(RequestPath, MeansOfTheHopsAddUp) {
  const Results run = run_library("request-path");
  EXPECT_NEAR(duration_ms(run, "clients"), 8 + 2.5 + 0.066 + 9, 0.1);
  const Results far = run_library("request-path", {"network.default.latency=2ms"});
  EXPECT_NEAR(duration_ms(far, "clients"), 8 + 20 + 0.066 + 9, 0.1);
}

// A hundred answers of which each is slow in one of a hundred cases. 9,500 requests: a standard error of 0.5
// %.
TEST(GatewayAggregation, TheSlowestOfAHundredSetsTheTail) {
  const double some_slow = 1 - std::pow(0.99, 100);
  const Results run = run_library("gateway-aggregation");
  EXPECT_NEAR(slower_than(0.05, "whole")({run.report, run.records}), some_slow, 0.02);
  EXPECT_NEAR(percentile(workload(run.report, "whole").success_duration, 0.5), 0.100255, 0.001);
  EXPECT_FIGURE(run, degraded("partial"), some_slow, 0.02);
  EXPECT_EQ(least(run, successes("partial")), 1);
  EXPECT_LT(percentile(workload(run.report, "partial").success_duration, 0.99), 0.021);
}

// Out for 20 of 95 s; of a pair, half the requests for as long as three checks take, 2 to 3 s.
TEST(ServerSideBalancer, IsOneMoreHopAndOnePointOfFailureUnlessReplicated) {
  const Results run = run_library("server-side-balancer");
  EXPECT_NEAR(duration_ms(run, "one_box") - duration_ms(run, "direct"), 1.031, 0.1);
  EXPECT_NEAR(failed(run, "one_box"), 20.0 / 95, 0.01);
  EXPECT_GT(failed(run, "two_boxes"), 0.9 / 95);
  EXPECT_LT(failed(run, "two_boxes"), 1.7 / 95);
  EXPECT_EQ(least(run, successes("direct")), 1);
}

// Instances of the service that had no work at all.
Figure idle_instances(const std::string& service) {
  return [=](const models::CompiledModel& model, const models::RunRecord& r) {
    double idle = 0;
    for (const models::InstanceRecord& i : station_record(model, r, service).instances)
      idle += i.busy_s == 0 ? 1 : 0;
    return idle;
  };
}

// Eight connections thrown at ten backends leave each without one with probability 0.9^8.
TEST(Layer4, ConnectionsAreBallsInBins) {
  const Results run = run_library("layer-4");
  EXPECT_NEAR(mean(run, idle_instances("pinned")), 10 * std::pow(0.9, 8), 0.7);
  EXPECT_GE(least(run, idle_instances("pinned")), 2);
  EXPECT_EQ(most(run, idle_instances("spread")), 0);
}

// A new connection every second is a new throw: in fifteen of them all backends are hit.
TEST(Layer4, AgeThrowsTheBallsAgain) {
  const Results run = run_library(
      "layer-4", {"services.clients_4.endpoints.get=[{call: packets.get, transport: {protocol: grpc, "
                  "max_connection_age: 1s}}]"});
  EXPECT_LT(mean(run, idle_instances("pinned")), 0.1);
}

double edge_us(const std::string& variant) {
  return mean(run_library("gateway-functions",
                          variant.empty() ? std::vector<std::string>{} : std::vector<std::string>{variant}),
              core_us_per_request());
}

// Each on its own over the base of 55 us; refused requests never cost their way back.
TEST(GatewayFunctions, CostWhatTheySay) {
  EXPECT_NEAR(edge_us(""), 55, 0.1);
  // A hundredth of 2.9 ms, two records, 1.7 us for each of 9 kB.
  EXPECT_NEAR(edge_us("gateways.edge.tls={requests_per_connection: 100}"), 55 + 29 + 20 + 15.3, 4);
  EXPECT_NEAR(edge_us("gateways.edge.authentication={jwt: 80us, invalid: 2%}"), 120 + 0.98 * 15, 0.2);
  EXPECT_NEAR(edge_us("gateways.edge.authorization={rbac: 20us, denied: 3%}"), 60 + 0.97 * 15, 0.2);
  EXPECT_NEAR(edge_us("gateways.edge.response_transformation={time: 20us, per_kib: 5.12us}"), 55 + 60, 0.2);
  EXPECT_NEAR(edge_us("gateways.edge.protocol_translation={time: 10us, per_kib: 10.24us}"), 55 + 20 + 90,
              0.3);
}

// Of the requests 9 of 10 come from 1..1000, of which 899.5 of 999 round to 900 or less, and 1 of 10 from
// client 1, whom the limit leaves one request per second of forty.
TEST(GatewayFunctions, KeepRequestsFromTheService) {
  const auto reach = [](const std::vector<std::string>& changes) {
    return mean(run_library("gateway-functions", changes), arrivals_per_request("catalog.find", "clients"));
  };
  EXPECT_NEAR(reach({}), 1, 0.001);
  EXPECT_NEAR(reach({"gateways.edge.allow_list=[1..900]"}), 0.1 + 0.9 * 899.5 / 999, 0.005);
  EXPECT_NEAR(reach({"gateways.edge.rate_limit={rate: 0.5/s, burst: 5, per_key: true}"}), 0.9 + 1.0 / 400,
              0.006);
  EXPECT_NEAR(reach({"gateways.edge.authentication={jwt: 80us, invalid: 2%}"}), 0.98, 0.003);
  const Results cached = run_library(
      "gateway-functions", {"caches.pages={ttl: 10s, keys: \"zipf(s=1, n=10000)\", lookup_time: 5us}",
                            "gateways.edge.routes.find.response_cache=pages"});
  ASSERT_EQ(cached.report.caches.size(), 1u);
  ASSERT_TRUE(cached.report.caches[0].theory.has_value());
  EXPECT_FIGURE(cached, arrivals_per_request("catalog.find", "clients"),
                1 - cached.report.caches[0].theory->ratio, 0.02);
}

// Each of 200 clients asks every 2 s. Its answer lives 60 s on average, so 62 s pass from one to the next:
// when the server goes, 2 of 62 have none, and one 62nd more in each second after it, 17/62 on average over
// 30 s.
TEST(AuthOutage, TakesEverythingDownThatAsks) {
  const Results run = run_library("auth-outage");
  EXPECT_EQ(least(run, successes("signed")), 1);
  EXPECT_NEAR(failed(run, "asked"), 30.0 / 300, 0.003);
  EXPECT_NEAR(failed(run, "remembered"), 30.0 / 300 * 17 / 62, 0.004);
  EXPECT_NEAR(duration_ms(run, "asked") - duration_ms(run, "signed"), 4 - 0.08, 0.15);
  // What asking costs the authorization server: each request of those who always ask; of those who remember,
  // 2 of 62, and 17 of 62 in the outage. They begin without any answer, half a renewal each more than later,
  // 100 of 30,000; and have lost half of them after the outage, 80 more.
  EXPECT_FIGURE(run, arrivals_per_request("auth.introspect", "asked"),
                1 + 0.9 * 2 / 62 + 0.1 * 17 / 62 + 180.0 / 30'000, 0.01);
  // Open to all while nobody answers: a choice, and a measured one.
  const Results open =
      run_library("auth-outage", {"gateways.asking_edge.authentication.introspection.on_failure=allow"});
  EXPECT_EQ(least(open, successes("asked")), 1);
}

// A decision lives uniform(5, 15) seconds and is renewed a second later: E[T^2] / 2(E[T] + 1) = 108.3 / 22
// requests let in wrongly. 500 clients in 5 replications, a standard error of 5 %.
TEST(Authorization, RememberedDecisionsStayWrongUntilTheyExpire) {
  const Results run = run_library("authorization");
  EXPECT_EQ(least(run, successes("by_role")), 1);
  EXPECT_NEAR(duration_ms(run, "asked") - duration_ms(run, "by_role"), 2 - 0.02, 0.05);
  // A decision in 11 s and client in place of one each second.
  EXPECT_NEAR(mean(run, answered("asked_engine.decide")) / mean(run, answered("cached_engine.decide")), 11,
              0.8);
  // From the change on.
  const Results after = run_library("authorization", {"run.warmup=120s"});
  const auto let_in = [](const std::string& name) {  // for each of the 100 clients
    return [name](const models::CompiledModel& m, const models::RunRecord& r) {
      return goodput_per_s(name)(m, r) * r.seconds() / 100;
    };
  };
  EXPECT_FIGURE(after, let_in("remembered"), 108.3 / 22, 0.9);
  EXPECT_LT(mean(after, let_in("asked")), 0.02);  // who had been asked about a moment before
}

// 2 % by header; of the rest, the clients whose place is below 10 %; of the rest of those, one in twenty.
TEST(GatewayVersions, ShareRequestsAsWritten) {
  const Results run = run_text(R"y(
run: {duration: 200s, seed: 3, replications: 1}
workloads: {load: {constant_arrival_rate: 1000/s, key: "uniform(0.5, 1000.5)", calls: edge.get}}
gateways:
  edge:
    routes:
      get:
        versions:
          stable: {calls: stable.get, weight: 95}
          canary: {calls: canary.get, weight: 5}
          beta: {calls: beta.get, header: 2%}
          early: {calls: early.get, clients: 10%}
services:
  stable: {endpoints: {get: [compute: 1us]}}
  canary: {endpoints: {get: [compute: 1us]}}
  beta: {endpoints: {get: [compute: 1us]}}
  early: {endpoints: {get: [compute: 1us]}}
)y");
  int early = 0;
  for (std::uint64_t key = 1; key <= 1000; ++key) early += models::client_place(key) < 0.1 ? 1 : 0;
  const double clients = early / 1000.0;
  EXPECT_NEAR(clients, 0.1, 0.04);  // four standard errors of a thousand clients
  const double n = mean(run, arrivals("edge.get"));
  const auto expect_share = [&](const char* name, double p) {
    EXPECT_NEAR(mean(run, arrivals(name)) / n, p, 4 * std::sqrt(p * (1 - p) / n)) << name;
  };
  expect_share("beta.get", 0.02);
  expect_share("early.get", 0.98 * clients);
  expect_share("canary.get", 0.98 * (1 - clients) * 0.05);
  expect_share("stable.get", 0.98 * (1 - clients) * 0.95);
}

}  // namespace
}  // namespace tailrace::tests
