// What the theory says of policies that it does not model: nothing, and why; and that all the rest stands.
#include <gtest/gtest.h>

#include <memory>

#include "analysis/prediction/predict.hpp"
#include "analysis/queueing/formulas.hpp"
#include "tests/unit/analysis/prediction_world.hpp"

namespace tailrace::analysis {
namespace {

class Open final : public models::AdmissionPolicy {
 public:
  models::Admission admit(const models::CallFacts&, sim::Stream&) override {
    return models::Admission::yes();
  }
};
class OpenModel final : public models::AdmissionModel {
 public:
  std::unique_ptr<models::AdmissionPolicy> start() const override { return std::make_unique<Open>(); }
};
models::AdmissionUse use(const char* policy) {
  models::AdmissionUse u;
  u.policy = policy;
  u.model = std::make_shared<OpenModel>();
  return u;
}

const StationPrediction& station(const Prediction& p, const std::string& name) {
  for (const StationPrediction& s : p.stations) {
    if (s.name == name) return s;
  }
  throw std::runtime_error(name);
}
bool says(const Prediction& p, const std::string& text) {
  for (const std::string& n : p.notes) {
    if (n.find(text) != std::string::npos) return true;
  }
  return false;
}

// load -> web (async) -> api, then late; other -> free.
struct Chain {
  World w;
  int web, api, late, free;
  Chain() {
    web = w.service("web", 4, {World::work(5)});
    api = w.service("api", 2, {World::work(10)});
    late = w.service("late", 2, {World::work(10)});
    free = w.service("free", 1, {World::work(10)});
    w.then_call(web, api);
    w.then_call(web, late);
    w.open(80, {w.call(web)});
    w.open(50, {w.call(free)}).name = "other";
  }
  models::Edge& to(int op) {
    for (models::Edge& e : w.t.edges) {
      if (e.operation == op) return e;
    }
    throw std::runtime_error("no such edge");
  }
  Prediction predicted() { return predict(w.t); }
};

TEST(PredictPolicies, FaultsAreLeftOutAndSaidToBe) {
  Chain c;
  EXPECT_FALSE(says(c.predicted(), "Faults are not part of this theory"));
  c.w.t.faults.emplace_back();
  EXPECT_TRUE(says(c.predicted(), "Faults are not part of this theory"));
}

TEST(PredictPolicies, WhatARateLimitMayRefuseHasNoFigureAndTheRestStands) {
  Chain c;
  c.to(c.api).admissions.push_back(use("rate_limit"));
  const Prediction p = c.predicted();
  const std::string why = "rate_limit of web -> api.op is not part of this theory";
  // Before it: 80/s x 5 ms over 4 workers.
  EXPECT_TRUE(station(p, "web").utilization.exact);
  EXPECT_NEAR(station(p, "web").utilization.value, 0.1, 1e-12);
  EXPECT_TRUE(station(p, "web").wait_mean_s.known);
  // Behind it, and after it on the same way: a refused call ends the request.
  for (const char* name : {"api", "late"}) {
    EXPECT_FALSE(station(p, name).utilization.known) << name;
    EXPECT_FALSE(station(p, name).wait_mean_s.known) << name;
    EXPECT_FALSE(station(p, name).rate_known) << name;
    EXPECT_EQ(station(p, name).utilization.reason, why) << name;
  }
  EXPECT_EQ(p.workloads[0].response_mean_s.reason, why);
  EXPECT_FALSE(p.workloads[0].response_mean_s.known);
  EXPECT_NEAR(p.workloads[0].throughput_per_s.value, 80, 1e-9);  // they all end, one way or the other
  // Beside it: M/M/1 at 50 %, 10 ms of work, so 20 ms.
  EXPECT_TRUE(p.workloads[1].response_mean_s.exact);
  EXPECT_NEAR(p.workloads[1].response_mean_s.value, 0.020, 1e-12);
  EXPECT_FALSE(p.max_load_multiplier.known);
  EXPECT_TRUE(says(p, why));
}

TEST(PredictPolicies, WithoutPoliciesNothingIsTakenBack) {
  Chain c;
  c.to(c.api).timeout = sim::Duration::from_ns(10e9);  // a thousand times the work
  const Prediction p = c.predicted();
  EXPECT_TRUE(p.notes.empty());
  EXPECT_TRUE(p.workloads[0].response_mean_s.known);
  EXPECT_TRUE(p.max_load_multiplier.known);
}

TEST(PredictPolicies, ADeadlineCountsLikeATimeout) {
  Chain c;
  c.to(c.api).deadline = sim::Duration::from_ns(10e9);
  EXPECT_TRUE(c.predicted().notes.empty());
  c.to(c.api).deadline = sim::Duration::from_ns(20e6);  // work of 10 ms on the mean
  EXPECT_TRUE(says(c.predicted(), "Timeouts"));
}

TEST(PredictPolicies, AnIgnoredRefusalLeavesTheLaterStepsAlone) {
  Chain c;
  c.to(c.api).admissions.push_back(use("circuit_breaker"));
  c.to(c.api).ignore_failure = true;
  const Prediction p = c.predicted();
  EXPECT_FALSE(station(p, "api").utilization.known);
  EXPECT_NEAR(station(p, "late").utilization.value, 80 * 0.010 / 2, 1e-12);
  EXPECT_FALSE(p.workloads[0].response_mean_s.known);  // how long api takes is part of it
}

TEST(PredictPolicies, ADoorSpoilsItsStationAndRetriesSpoilTheWayToIt) {
  Chain c;
  c.w.station(c.api).doors.push_back(use("adaptive_concurrency"));
  EXPECT_TRUE(c.predicted().stations[0].utilization.known);  // web
  EXPECT_FALSE(station(c.predicted(), "api").utilization.known);
  c.to(c.web).retries = 2;
  c.to(c.web).retry_on = ~1u;
  EXPECT_FALSE(station(c.predicted(), "web").utilization.known);
  EXPECT_EQ(station(c.predicted(), "web").remark, "adaptive_concurrency of api is not part of this theory");
}

TEST(PredictPolicies, AWorkerThatIsHeldAcrossSuchACallIsHeldForAnUnknownTime) {
  Chain c;
  c.w.station(c.web).blocking = true;
  c.to(c.api).hedging.emplace();
  const Prediction p = c.predicted();
  EXPECT_FALSE(station(p, "web").utilization.known);
  EXPECT_EQ(station(p, "web").utilization.reason, "hedge of web -> api.op is not part of this theory");
  EXPECT_TRUE(station(p, "late").utilization.known);  // no hedge makes a request fail
}

TEST(PredictPolicies, AFallbackMattersWhereTheCallCanFail) {
  Chain c;
  c.to(c.api).fallback.emplace();
  EXPECT_TRUE(c.predicted().notes.empty());
  c.w.operation(c.api).error_rate = 0.1;
  EXPECT_TRUE(says(c.predicted(), "fallback of web -> api.op"));
  EXPECT_FALSE(station(c.predicted(), "late").utilization.known);  // it is called also after a failure now
}

TEST(PredictPolicies, ABalancerWithMemoryLeavesTheMeanLoad) {
  Chain c;
  c.w.replicas(c.late, 2, models::Balancing::ring_hash);
  const Prediction p = c.predicted();
  EXPECT_NEAR(station(p, "late").utilization.value, 80 * 0.010 / 4, 1e-12);
  EXPECT_FALSE(station(p, "late").wait_mean_s.known);
  EXPECT_FALSE(p.workloads[0].response_mean_s.known);
}

TEST(PredictPolicies, InstancesWithErrorsOfTheirOwnSpoilWhatFollows) {
  Chain c;
  c.w.station(c.api).groups = {{1, 1, 1, 0.3, {}}};
  const Prediction p = c.predicted();
  EXPECT_TRUE(station(p, "api").utilization.known);
  EXPECT_FALSE(station(p, "late").utilization.known);
  EXPECT_FALSE(p.workloads[0].response_mean_s.known);
}

TEST(PredictPolicies, UsersInALoopComeBackAtAnUnknownRate) {
  World w;
  const int api = w.service("api", 2, {World::work(10)});
  w.closed(5, 100, {w.call(api)});
  EXPECT_TRUE(predict(w.t).workloads[0].throughput_per_s.known);
  w.t.edges[0].admissions.push_back(use("bulkhead"));
  const Prediction p = predict(w.t);
  EXPECT_FALSE(p.workloads[0].throughput_per_s.known);
  EXPECT_FALSE(p.stations[0].utilization.known);
  EXPECT_FALSE(p.max_throughput_per_s.known);
}

TEST(PredictPolicies, AnOverloadThatAPolicyMayPreventIsNotCalledOne) {
  Chain c;
  c.w.station(c.api).workers = 1;
  c.w.t.workloads[0].rate_per_s = 200;  // 200/s x 10 ms = 2
  c.w.station(c.late).workers = 10;
  EXPECT_FALSE(c.predicted().stable);
  c.w.station(c.api).doors.push_back(use("rate_limit"));
  const Prediction p = c.predicted();
  EXPECT_TRUE(p.stable);
  EXPECT_EQ(station(p, "api").remark,
            "would need 2x what it has, but rate_limit of api is not part of this theory");
}

// Cobham's waits, and those of who is interrupted; a class that comes from elsewhere takes them away.
TEST(PredictOpen, EachPriorityHasItsResponse) {
  for (const bool interrupts : {false, true}) {
    World w;
    const int quick = w.service("s", 1, {World::work(5)}, true);
    const int slow = w.beside(quick, {World::compute(Distribution::constant(12 * kMs))});
    w.station(quick).discipline =
        interrupts ? models::Discipline::preemptive_priority : models::Discipline::priority;
    w.open(30, {w.call(quick)}).classes[0].priority = 5;
    w.open(40, {w.call(slow)});
    const std::vector<PriorityClass> laws = {{30, 0.005, 1}, {40, 0.012, 0}};
    const auto means = interrupts ? priority_preemptive_resume(laws) : priority_nonpreemptive(laws);
    const Prediction p = predict(w.t);
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_TRUE(p.workloads[i].response_mean_s.exact) << p.workloads[i].response_mean_s.reason;
      EXPECT_NEAR(p.workloads[i].response_mean_s.value, means[i].response_mean_s, 1e-9);
    }
    const int front = w.service("front", models::kUnlimited, {});
    w.then_call(front, quick);
    w.open(1, {w.call(front)});
    EXPECT_FALSE(predict(w.t).workloads[0].response_mean_s.exact);
  }
}

// A load of which nothing comes while the run is measured: no priority of it is in the queue.
TEST(PredictOpen, APriorityOfWhichNobodyComesHasNoResponse) {
  World w;
  const int s = w.service("s", 1, {World::work(10)}, true);
  w.station(s).discipline = models::Discipline::priority;
  w.open(30, {w.call(s)}).classes[0].priority = 5;
  w.open(0, {w.call(s)});
  const Prediction p = predict(w.t);
  expect_figure(p.workloads[0].response_mean_s, mm1(30, 0.01).response_mean_s, true);
  EXPECT_FALSE(p.workloads[1].response_mean_s.known);
  EXPECT_EQ(p.workloads[1].response_mean_s.reason, "no requests");
}

}  // namespace
}  // namespace tailrace::analysis
