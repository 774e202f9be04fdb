#pragma once
// Topologies in a few words, for the tests of predictions: what build_topology() would make of a scenario.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "analysis/prediction/predict.hpp"
#include "models/topology/outcome.hpp"
#include "models/topology/topology.hpp"
#include "tests/unit/analysis/expect_close.hpp"

namespace tailrace::analysis {

using sim::Distribution;

inline constexpr double kMs = 1e6;  // ns

// Known, with this value, and either exact or with the reason why not.
inline void expect_figure(const Figure& f, double value, bool exact, double relative = 1e-6) {
  EXPECT_TRUE(f.known) << f.reason;
  EXPECT_EQ(f.exact, exact) << f.reason;
  expect_close(f.value, value, relative);
  EXPECT_EQ(f.reason.empty(), exact);
}

struct World {
  models::Topology t;

  int component(const std::string& name, const std::string& kind) {
    t.components.push_back({name, kind, {}, 0, {}});
    return static_cast<int>(t.components.size()) - 1;
  }
  // A service with one operation "op"; returns the operation. Async unless told.
  int service(const std::string& name, std::int64_t workers, models::Steps steps, bool blocking = false) {
    models::Station s;
    s.name = name;
    s.component = component(name, "service");
    s.groups = {{1, 1, 1, 0, {}}};
    s.workers = workers;
    s.blocking = blocking;
    t.stations.push_back(s);
    models::Operation o;
    o.name = "op";
    o.component = s.component;
    o.station = static_cast<int>(t.stations.size()) - 1;
    o.steps = std::move(steps);
    t.operations.push_back(o);
    return static_cast<int>(t.operations.size()) - 1;
  }
  // One more operation where `op` is; returns it.
  int beside(int op, models::Steps steps) {
    models::Operation o = operation(op);
    o.name += "2";
    o.steps = std::move(steps);
    t.operations.push_back(std::move(o));
    return static_cast<int>(t.operations.size()) - 1;
  }
  models::Station& station(int op) {
    return t.stations[static_cast<std::size_t>(t.operations[static_cast<std::size_t>(op)].station)];
  }
  models::Operation& operation(int op) { return t.operations[static_cast<std::size_t>(op)]; }
  void replicas(int op, std::int64_t n, models::Balancing policy) {
    station(op).groups = {{n, 1, 1, 0, {}}};
    station(op).instances = n;
    station(op).balancer.policy = policy;
  }

  static models::Step compute(Distribution d) { return timed(models::Step::Kind::compute, std::move(d)); }
  static models::Step sleep(Distribution d) { return timed(models::Step::Kind::sleep, std::move(d)); }
  static models::Step timed(models::Step::Kind kind, Distribution d) {
    models::Step s;
    s.kind = kind;
    s.distribution = std::move(d);
    return s;
  }
  static models::Step work(double ms) { return compute(Distribution::exponential(ms * kMs)); }

  models::Step call(int to, int from_op = models::kNone) {
    models::Edge e;
    e.from_component = from_op == models::kNone ? 0 : operation(from_op).component;
    e.from_station = from_op == models::kNone ? models::kNone : operation(from_op).station;
    e.operation = to;
    t.edges.push_back(e);
    models::Step s;
    s.kind = models::Step::Kind::call;
    s.edge = static_cast<int>(t.edges.size()) - 1;
    return s;
  }
  void then_call(int from, int to) { operation(from).steps.push_back(call(to, from)); }
  static models::Step one_of(std::vector<std::pair<double, models::Steps>> ways) {
    models::Step s;
    s.kind = models::Step::Kind::branch;
    for (auto& [p, steps] : ways) s.branches.push_back({p, std::move(steps)});
    return s;
  }
  static models::Step parallel(std::vector<models::Steps> ways, int needed) {
    models::Step s;
    s.kind = models::Step::Kind::parallel;
    s.needed = needed;
    for (auto& steps : ways) s.branches.push_back({1, std::move(steps)});
    return s;
  }

  // A service whose edges start at component 0 may come first; the client's name is its component's.
  models::Workload& workload(models::Steps steps) {
    models::Workload w;
    w.component = component("load", "workload");
    w.name = "load";
    models::RequestClass c;
    c.steps = std::move(steps);
    w.classes = {c};
    for (models::Edge& e : t.edges) {
      if (e.from_station == models::kNone) e.from_component = w.component;
    }
    t.workloads.push_back(std::move(w));
    return t.workloads.back();
  }
  models::Workload& open(double per_s, models::Steps steps) {
    models::Workload& w = workload(std::move(steps));
    w.rate_per_s = per_s;
    return w;
  }
  models::Workload& closed(std::int64_t users, double think_ms, models::Steps steps) {
    models::Workload& w = workload(std::move(steps));
    w.process = models::ArrivalProcess::constant_vus;
    w.vus = users;
    w.think_time = Distribution::exponential(think_ms * kMs);
    return w;
  }
};

}  // namespace tailrace::analysis
