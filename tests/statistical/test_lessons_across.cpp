// What the library's scenarios about the way across teach, as claims: transports, TLS, the mesh, GraphQL.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/statistical/lessons.hpp"
#include "tests/support/erlang.hpp"

namespace tailrace::tests {
namespace {

double mean_ms(const Results& run, const std::string& name) {
  return workload(run.report, name).success_duration.mean.estimate * 1e3;
}

// Work of workers, of all instances or of those from a number on, in seconds per replication.
Figure busy(const std::string& name, std::size_t from = 0) {
  return [=](const models::CompiledModel& model, const models::RunRecord& r) {
    const std::vector<models::InstanceRecord>& instances = station_record(model, r, name).instances;
    double sum = 0;
    for (std::size_t i = from; i < instances.size(); ++i) sum += instances[i].busy_s;
    return sum;
  };
}

Figure counted(const std::string& component, std::uint64_t models::AdmissionCounts::*count) {
  return [=](const models::CompiledModel& model, const models::RunRecord& r) {
    for (std::size_t p = 0; p < r.policies.size(); ++p) {
      const models::AdmissionGroup& group = model.admission_groups[p];
      if (group.policy != "transport" || model.topology->components[group.component].name != component)
        continue;
      return static_cast<double>(r.policies[p].counts.*count);
    }
    return std::nan("");
  };
}

// Erlang's C: ten servers of 1/(10 ms + the store's work), 900/s. The store writes 8 KiB of JSON in 34 us and
// reads the request in 3, so 10.037 ms and a = 9.033: C = 0.679, and a wait of C/(10/s - 900) = 7.0 ms.
TEST(RestOrGrpc, APoolOfSingleConnectionsIsAQueueAndStreamsAreNot) {
  const Results run = run_library("rest-or-grpc");
  const double s = 0.010037, c = erlang_c(10, 900 * s);
  const double wait_ms = c / (10 / s - 900) * 1e3;
  const double waited = mean(run, counted("rest_api", &models::AdmissionCounts::waited)) /
                        mean(run, counted("rest_api", &models::AdmissionCounts::admitted));
  EXPECT_NEAR(waited, c, 0.03);
  EXPECT_NEAR(mean_ms(run, "rest") - mean_ms(run, "grpc"), wait_ms, 1.5);
  EXPECT_EQ(mean(run, counted("grpc_api", &models::AdmissionCounts::waited)), 0);
}

// 1200/s over connections that carry 10/10.037 ms = 996/s: the rest is rejected.
TEST(RestOrGrpc, OverloadExhaustsThePool) {
  const Results run = run_library("rest-or-grpc", {"workloads.rest.constant_arrival_rate=1200/s"});
  EXPECT_FIGURE(run, successes("rest"), 996.0 / 1200, 0.01);
}

// Until 60 s two instances have all; then the new two have none, or a half of it but for the age of
// connections.
TEST(StickyConnections, NewInstancesGetNothingUntilConnectionsAge) {
  const Results run = run_library("sticky-connections");
  EXPECT_EQ(most(run, busy("sticking_store", 2)), 0);
  const double share = mean(run, busy("aging_store", 2)) / mean(run, busy("aging_store"));
  EXPECT_NEAR(share, 0.5 * 110 / 180, 0.08);
  const Results seen = run_library(
      "sticky-connections", {"services.sticking_web.endpoints.get[0].transport={protocol: grpc, balance: "
                             "request}"});
  EXPECT_NEAR(mean(seen, busy("sticking_store", 2)) / mean(seen, busy("sticking_store")), 0.5 * 120 / 180,
              0.02);
}

TEST(Chatty, RoundTripsDominate) {
  for (const int n : {1, 10, 40}) {
    const Results run =
        run_library("chatty", {fmt::format("workloads.chatty.steps[0].loop={}", n),
                               fmt::format("services.items.endpoints.twenty[0].compute={}ms", n)});
    EXPECT_NEAR(mean_ms(run, "chatty"), n * (10 + 1), 0.01);
    EXPECT_NEAR(mean_ms(run, "composite"), 10 + n, 0.01);
  }
}

// A megabyte at B bit/s takes 8 s/B x 1e6, gzipped 1/2.743 of that and 1e6/90e6 + 1e6/400e6 s of work.
TEST(Compression, WinsOnASlowLinkAndLosesOnAFastOne) {
  const Results run = run_library("compression");
  const double work = 1e3 / 90 + 1e3 / 400;
  for (const auto& [link, bit_per_s] : {std::pair("phone", 20e6), std::pair("rack", 10e9)}) {
    EXPECT_NEAR(mean_ms(run, std::string(link) + "_plain"), 5 + 8e9 / bit_per_s, 0.01);
    EXPECT_NEAR(mean_ms(run, std::string(link) + "_gzip"), 5 + 8e9 / bit_per_s / 2.743 + work, 0.01);
  }
  // Even at 635 kB in that time.
  const double even = (1 - 1 / 2.743) * 8e9 / work;
  for (const double factor : {0.9, 1.1}) {
    const Results near = run_library(
        "compression", {fmt::format("network.links.phone_plain -> api.bandwidth={:.0f}bit/s", even * factor),
                        fmt::format("network.links.phone_gzip -> api.bandwidth={:.0f}bit/s", even * factor)});
    EXPECT_EQ(mean_ms(near, "phone_gzip") < mean_ms(near, "phone_plain"), factor < 1);
  }
}

// Core-milliseconds at the service for each of its requests.
Figure core_ms_per_request(const std::string& service) {
  return [=](const models::CompiledModel& model, const models::RunRecord& r) {
    double cpu = 0;
    for (const models::InstanceRecord& i : station_record(model, r, service).instances) cpu += i.cpu_s;
    return 1e3 * cpu / static_cast<double>(operation_record(model, r, service + ".get").arrived);
  };
}

// A new connection: two round trips of 10 ms, and 0.463 ms of work at either end. At the service 200/s share
// one core, where x ms of work take x / (1 - 0.2 x).
TEST(Tls, HandshakesCostOnNewConnectionsOnly) {
  const Results run = run_library("tls", {"faults=[]"});
  const double kept = mean(run, core_ms_per_request("kept_api"));
  EXPECT_NEAR(kept, 0.2, 0.01) << "and a few microseconds for the messages";
  EXPECT_NEAR(mean(run, core_ms_per_request("fresh_api")) - kept, 0.463, 0.005);
  const auto takes = [](double work_ms) { return work_ms / (1 - 0.2 * work_ms); };
  EXPECT_NEAR(mean_ms(run, "fresh") - mean_ms(run, "kept"), 20 + 0.463 + takes(kept + 0.463) - takes(kept),
              0.05);
}

TEST(Tls, AnExpiredCertificateStopsNewConnectionsAtOnceAndSparesKeptOnes) {
  const Results run = run_library("tls");
  EXPECT_GT(least(run, successes("kept")), 0.999);  // but for a burst that needs one more connection
  EXPECT_FIGURE(run, successes("fresh"), 0.8, 0.01);
  EXPECT_LT(mean(run, successes("aging")), 0.91);
  EXPECT_GT(mean(run, successes("aging")), 0.81);
}

// 2048 messages of 4096 + 80 bytes through windows of 65,535: 131 of them, a round trip apart. To the first
// byte a round trip and 1 ms of work; 8 ms to write the answer, 18 ms to read it. The first of all also sets
// a connection up.
TEST(FlowControl, AStreamGetsAWindowPerRoundTrip) {
  const Results run = run_library("flow-control");
  const double bytes = 2048 * 4176.0, windows = std::ceil(bytes / 65'535);
  const double work = 1 + 2048 * (0.0005 + 4 * 0.0008) + 2048 * (0.0007 + 4 * 0.002);
  for (const auto& [client, rtt] : {std::pair("near", 1.0), std::pair("far", 80.0)})
    EXPECT_NEAR(mean_ms(run, client), windows * rtt + work, 0.1 + rtt / 4) << client;
  EXPECT_NEAR(mean_ms(run, "tuned"), std::ceil(bytes / 4194304) * 80 + work, 5);
  // The last window need not be consumed before the answer counts as there.
  EXPECT_NEAR(mean_ms(run, "reader"), 2 * 4096 * 0.05 + 1 + work, 5);
}

// One that asks in vain in the first 15 of the outage's 20 minutes ends 5 minutes later, and has a new one up
// to a minute after the outage: (15 - x) + 1/2 minute, for 15 of the 55 minutes between askings; 240 minutes
// in all.
TEST(CertificateRotation, ALeadThatIsShorterThanTheOutageBecomesAnOutage) {
  const Results run = run_library("certificate-rotation");
  EXPECT_EQ(least(run, successes("early_client")), 1);
  const double lost = (15 * 15 / 2.0 + 15 * 0.5) / 55 / 240;
  EXPECT_NEAR(1 - mean(run, successes("late_client")), lost, 0.4 * lost);
  const Results longer = run_library(
      "certificate-rotation", {"services.late.inbound.certificate={validity: 1h, rotate_before: 25min, "
                               "retry_every: 1min, propagation: exp(5s)}"});
  EXPECT_EQ(least(longer, successes("late_client")), 1);
}

TEST(MeshProtection, TakesOutWhatFailsAndSparesWhatIsDown) {
  const Results run = run_library("mesh-protection");
  EXPECT_NEAR(1 - mean(run, successes("bare")), 0.25, 0.005);
  EXPECT_LT(1 - mean(run, successes("meshed")), 0.02);
  EXPECT_LT(mean(run, arrivals_per_request("down.get", "hopeless")), 0.05);
  const Results unwatched = run_library("mesh-protection", {"mesh.target.outlier_detection=none"});
  EXPECT_GT(1 - mean(unwatched, successes("meshed")), 0.2);
  const Results unbroken = run_library("mesh-protection", {"mesh.outbound.circuit_breaker=none"});
  EXPECT_NEAR(mean(unbroken, arrivals_per_request("down.get", "hopeless")), 1, 0.01);
}

// Web to warehouse: 2 x (0.2 + 0.3) ms and 2 of work; to the ledger 2 x (0.2 + 0.8) and 2; the way in 2 x
// 0.2.
TEST(Vpcs, ARouteAddsItsLatencyAndItsPriceAndNoneIsTransitive) {
  const Results run = run_library("vpcs");
  EXPECT_NEAR(mean_ms(run, "shoppers"), 0.4 + 1 + 2 + 2 + 2, 0.3);
  EXPECT_EQ(most(run, successes("night")), 0);
  const double gib = 1024.0 * 1024 * 1024;
  const double per_million = 1e6 * 200 / 201 * ((2048 + 1024) * 0.01 + (4096 + 1024) * 0.02) / gib;
  EXPECT_NEAR(run.report.upkeep.egress_cost_per_million, per_million, 0.02 * per_million);
  const Results shared = run_library(
      "vpcs",
      {"vpcs.routes[1]={by: transit, between: [shop, data, finance], latency: 800us, per_gib: 0.02}"});
  EXPECT_EQ(least(shared, successes("night")), 1);
}

// From the frontend's door: its proxy in (2 messages), out and back, the store's: 6 messages of 425 us.
TEST(ServiceMesh, CostsSixMessagesAndRepeatsWhatTheApplicationRepeats) {
  const Results run = run_library("service-mesh");
  EXPECT_NEAR(mean_ms(run, "meshed") - mean_ms(run, "bare"), 6 * 0.425, 0.15);
  EXPECT_FIGURE(run, arrivals_per_request("broken.get", "unlucky"), 9, 0.1);
  const Results once = run_library("service-mesh", {"mesh.outbound.retries=none"});
  EXPECT_FIGURE(once, arrivals_per_request("broken.get", "unlucky"), 3, 0.05);
}

// 20 % of the calls fail by half until the sidecars have the change: at 60 s and 1 to 2 s later.
TEST(MeshControlPlane, DownItLeavesTheDataPlaneItsLastConfiguration) {
  const Results up = run_library("mesh-control-plane");
  EXPECT_NEAR(1 - mean(up, successes("shoppers")), 0.1 * 61.5 / 120, 0.004);
  const Results down =
      run_library("mesh-control-plane",
                  {"faults=[{type: control_plane_outage, target: mesh, start: 50s, duration: 30s}]"});
  EXPECT_NEAR(1 - mean(down, successes("shoppers")), 0.1 * 81.5 / 120, 0.004);
}

// The largest of twenty of mean 5 ms: 5 H(20) = 18.0 ms; the batch is one.
TEST(Graphql, NPlusOneCallsAgainstOne) {
  const Results run = run_library("graphql");
  double harmonic = 0;
  for (int k = 1; k <= 20; ++k) harmonic += 1.0 / k;
  EXPECT_NEAR(mean_ms(run, "naive"), 5.1 + 5 * harmonic, 0.3);
  EXPECT_NEAR(mean_ms(run, "batched"), 10.1, 0.3);
  EXPECT_FIGURE(run, arrivals_per_request("users.get", "naive"), 20, 0.2);
  EXPECT_FIGURE(run, arrivals_per_request("users.many", "batched"), 1, 0.01);
  EXPECT_GT(percentile(workload(run.report, "naive").success_duration, 0.99),
            1.3 * percentile(workload(run.report, "batched").success_duration, 0.99));
}

// Each of the two other queries asks for the posts once; the greedy one never does.
TEST(Graphql, ACostlyQueryIsRefusedBeforeItCosts) {
  const Results run = run_library("graphql");
  EXPECT_EQ(most(run, successes("greedy")), 0);
  EXPECT_EQ(mean(run, arrivals_per_request("posts.comments", "greedy")), 0);
  EXPECT_LT(workload(run.report, "greedy").failure_duration.mean.estimate, 0.0002);
}

// Five hundred subscribers, 250 at each gateway, to each of 4 changes a second: so many deliveries, and what
// they ask.
TEST(GraphqlSubscriptions, CostEventsTimesSubscribers) {
  const Results run = run_library("graphql-subscriptions");
  const auto per_change = [](const Figure& of) {
    return Figure([=](const models::CompiledModel& model, const models::RunRecord& r) {
      return of(model, r) / static_cast<double>(r.classes[0].arrived);
    });
  };
  EXPECT_NEAR(mean(run, per_change(milestones("lean_graph/subscribe.delivered"))), 500, 5);
  EXPECT_NEAR(mean(run, arrivals_per_request("prices.get", "changes")), 2, 0.02);
  EXPECT_NEAR(mean(run, arrivals_per_request("prices.each", "changes")), 500, 5);
  EXPECT_NEAR(mean(run, per_change(busy("lean_graph"))), 500 * 0.0002, 0.001);
}

// 1 ms to change, 1 to get there, 1 for the price. An event holds the worker for D = 250 x 0.2 = 50 ms, and
// waits for those before it as in M/D/1: r D^2/(2(1 - r D)) = 6.25 ms. Then the mean of 250 in turn, 251/2 x
// 0.2 = 25.1 ms.
TEST(GraphqlSubscriptions, TheMeanSubscriberWaitsForHalfOfTheOthers) {
  const Results run = run_library("graphql-subscriptions");
  const double d = 0.05, r = 4;
  EXPECT_NEAR(mean(run, milestone_mean("lean_graph/subscribe.delivered")),
              0.003 + r * d * d / (2 * (1 - r * d)) + 251 / 2.0 * 0.0002, 0.004);
}

// A thousand clients come back. After a second to the next of four in turn: a third of them, less those who
// met the dead one, at a time. Within thirty seconds: eight a second to each, 4 ms of work.
TEST(ReconnectStorm, JitterFlattensIt) {
  const auto peak = [](const std::string& name) {
    return Figure([=](const models::CompiledModel& model, const models::RunRecord& r) {
      double most = 0;
      for (const models::InstanceRecord& i : station_record(model, r, name).instances)
        most = std::max(most, static_cast<double>(i.peak_queue));
      return most;
    });
  };
  const Results run = run_library("reconnect-storm");
  EXPECT_GT(least(run, peak("hasty_chat")), 200);
  EXPECT_LT(most(run, peak("jittered_chat")), 30);
}

}  // namespace
}  // namespace tailrace::tests
