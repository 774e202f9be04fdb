#include "tests/support/trace.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace tailrace::tests {

namespace {

std::int64_t ns_of(double ms) {
  return std::llround(ms * 1e6);
}

void add(models::OutcomeCounts& sum, const models::OutcomeCounts& more) {
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] += more[i];
}

}  // namespace

void expect_quiet(const models::CompiledModel& model, const models::RunRecord& record) {
  const models::Topology& t = *model.topology;
  for (const models::ClassRecord& c : record.classes) EXPECT_EQ(c.in_flight, 0u);
  for (std::size_t i = 0; i < record.operations.size(); ++i) {
    const models::OperationRecord& o = record.operations[i];
    EXPECT_EQ(o.arrived, models::total(o.ended)) << t.operation_name(static_cast<int>(i));
  }
  for (std::size_t i = 0; i < record.edges.size(); ++i) {
    const models::EdgeRecord& e = record.edges[i];
    EXPECT_EQ(e.calls, models::total(e.ended)) << t.edges[i].path;
    EXPECT_EQ(e.attempts, models::total(e.attempt_ended)) << t.edges[i].path;
  }
  for (std::size_t i = 0; i < record.stations.size(); ++i) {
    const models::StationRecord& s = record.stations[i];
    const std::string& name = t.stations[i].name;
    EXPECT_TRUE(s.queue_residual == 0) << name;
    EXPECT_TRUE(s.busy_residual == 0) << name;
    for (const models::InstanceRecord& k : s.instances) {
      EXPECT_EQ(k.in_queue, 0u) << name;
      EXPECT_EQ(k.in_service, 0u) << name;
    }
  }
}

Trace::Trace(std::string body, double end_ms) : body_(std::move(body)), end_ns_(ns_of(end_ms)) {}

const models::RunRecord& Trace::until(std::int64_t ns) {
  auto found = runs_.find(ns);
  if (found == runs_.end()) {
    const std::string text = fmt::format("run: {{duration: {}ns, replications: 1}}\n{}", ns, body_);
    found = runs_.emplace(ns, run_text(text)).first;
    EXPECT_EQ(found->second.records[0].status, models::RunStatus::completed)
        << found->second.records[0].message;
  }
  return found->second.records[0];
}

const models::RunRecord& Trace::at_end() {
  return until(end_ns_);
}
const models::CompiledModel& Trace::model() {
  at_end();
  return *runs_.at(end_ns_).model;
}

std::size_t Trace::operation_id(const std::string& name) {
  const models::Topology& t = *model().topology;
  for (std::size_t i = 0; i < t.operations.size(); ++i) {
    if (t.operation_name(static_cast<int>(i)) == name) return i;
  }
  throw std::runtime_error("no operation is called " + name);
}

std::size_t Trace::station_id(const std::string& name) {
  const models::Topology& t = *model().topology;
  for (std::size_t i = 0; i < t.stations.size(); ++i) {
    if (t.stations[i].name == name) return i;
  }
  throw std::runtime_error("no station is called " + name);
}

std::vector<std::size_t> Trace::edges(const std::string& from, const std::string& operation) {
  const models::Topology& t = *model().topology;
  const auto target = static_cast<int>(operation_id(operation));
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < t.edges.size(); ++i) {
    const models::Edge& e = t.edges[i];
    if (e.operation == target && t.components[static_cast<std::size_t>(e.from_component)].name == from)
      found.push_back(i);
  }
  if (found.empty()) throw std::runtime_error(from + " does not call " + operation);
  return found;
}

void Trace::expect_times(const std::string& what, const Counter& count, std::vector<double> ms) {
  std::sort(ms.begin(), ms.end());
  const auto by = [&](std::int64_t ns) {
    return static_cast<std::uint64_t>(
        std::count_if(ms.begin(), ms.end(), [&](double t) { return ns_of(t) <= ns; }));
  };
  for (const double t : ms) {
    const std::int64_t ns = ns_of(t);
    if (ns > 1) {
      EXPECT_EQ(count(until(ns - 1)), by(ns - 1)) << what << " just before " << t << " ms";
    }
    if (ns > 0) {
      EXPECT_EQ(count(until(ns)), by(ns)) << what << " at " << t << " ms";
    }
  }
  EXPECT_EQ(count(at_end()), ms.size()) << what << " in all";
}

void Trace::expect_table(const std::string& what, const std::vector<At>& table,
                         const std::function<models::OutcomeCounts(const models::RunRecord&)>& counts) {
  for (int o = 0; o < models::kOutcomes; ++o) {
    std::vector<double> ms;
    for (const At& at : table) {
      if (static_cast<int>(at.outcome) == o) ms.push_back(at.ms);
    }
    const auto i = static_cast<std::size_t>(o);
    expect_times(
        what + " with " + models::kOutcomeNames[i], [&](const models::RunRecord& r) { return counts(r)[i]; },
        ms);
  }
}

void Trace::sent(const std::string& from, const std::string& operation, const std::vector<double>& ms) {
  const std::vector<std::size_t> ids = edges(from, operation);
  expect_times(
      "attempts from " + from + " to " + operation,
      [&](const models::RunRecord& r) {
        std::uint64_t n = 0;
        for (const std::size_t i : ids) n += r.edges[i].attempts;
        return n;
      },
      ms);
}

void Trace::ended(const std::string& from, const std::string& operation, const std::vector<At>& table) {
  const std::vector<std::size_t> ids = edges(from, operation);
  expect_table("attempts of " + from + " at " + operation, table, [&](const models::RunRecord& r) {
    models::OutcomeCounts sum{};
    for (const std::size_t i : ids) add(sum, r.edges[i].attempt_ended);
    return sum;
  });
}

void Trace::calls(const std::string& from, const std::string& operation, const std::vector<At>& table) {
  const std::vector<std::size_t> ids = edges(from, operation);
  expect_table("calls of " + from + " to " + operation, table, [&](const models::RunRecord& r) {
    models::OutcomeCounts sum{};
    for (const std::size_t i : ids) add(sum, r.edges[i].ended);
    return sum;
  });
}

void Trace::reached(const std::string& operation, const std::vector<double>& ms) {
  const std::size_t id = operation_id(operation);
  expect_times(
      "arrivals at " + operation, [id](const models::RunRecord& r) { return r.operations[id].arrived; }, ms);
}

void Trace::served(const std::string& operation, const std::vector<At>& table) {
  const std::size_t id = operation_id(operation);
  expect_table("requests at " + operation, table,
               [id](const models::RunRecord& r) { return r.operations[id].ended; });
}

void Trace::requests(const std::string& workload, const std::vector<At>& table) {
  const models::Topology& t = *model().topology;
  std::size_t first = 0;
  for (const models::Workload& w : t.workloads) {
    if (w.name == workload) {
      return expect_table("requests of " + workload, table, [&](const models::RunRecord& r) {
        models::OutcomeCounts sum{};
        for (std::size_t i = first; i < first + w.classes.size(); ++i) add(sum, r.classes[i].ended);
        return sum;
      });
    }
    first += w.classes.size();
  }
  throw std::runtime_error("no workload is called " + workload);
}

double Trace::busy_ms(const std::string& name) {
  double sum = 0;
  for (const models::InstanceRecord& i : station(name).instances) sum += i.busy_s;
  return sum * 1e3;
}
double Trace::busy_ms(const std::string& name, std::size_t instance) {
  return station(name).instances.at(instance).busy_s * 1e3;
}
double Trace::wasted_ms(const std::string& name) {
  return static_cast<double>(station(name).counts.wasted) * 1e-6;
}

models::EdgeRecord Trace::edge(const std::string& from, const std::string& operation) {
  models::EdgeRecord sum;
  for (const std::size_t i : edges(from, operation)) {
    const models::EdgeRecord& e = at_end().edges[i];
    sum.calls += e.calls, sum.attempts += e.attempts, sum.hedges += e.hedges, sum.hedges_won += e.hedges_won;
    sum.budget_denied += e.budget_denied, sum.fallbacks += e.fallbacks;
    sum.pushbacks += e.pushbacks;
    add(sum.ended, e.ended), add(sum.attempt_ended, e.attempt_ended);
  }
  return sum;
}
const models::OperationRecord& Trace::operation(const std::string& name) {
  return at_end().operations[operation_id(name)];
}
const models::StationRecord& Trace::station(const std::string& name) {
  return at_end().stations[station_id(name)];
}

const models::PolicyRecord& Trace::policy(const std::string& name, std::size_t nth) {
  const models::RunRecord& r = at_end();
  for (std::size_t i = 0; i < r.policies.size(); ++i) {
    if (model().admission_groups[i].policy == name && nth-- == 0) return r.policies[i];
  }
  throw std::runtime_error("no such " + name);
}

std::pair<std::size_t, std::size_t> Trace::place_id(const std::string& name) {
  for (std::size_t c = 0; c < model().channels.size(); ++c) {
    const std::vector<std::string> places = model().channels[c].model->place_names();
    for (std::size_t p = 0; p < places.size(); ++p) {
      if (places[p] == name || model().topology->channels[c].name + "/" + places[p] == name) return {c, p};
    }
  }
  throw std::runtime_error("no place is called " + name);
}

void Trace::accepted(const std::string& place, const std::vector<double>& ms) {
  const auto [c, p] = place_id(place);
  expect_times(
      "messages that entered " + place,
      [c = c, p = p](const models::RunRecord& r) { return r.channels[c].places[p].accepted; }, ms);
}
void Trace::delivered(const std::string& place, const std::vector<double>& ms) {
  const auto [c, p] = place_id(place);
  expect_times(
      "deliveries from " + place,
      [c = c, p = p](const models::RunRecord& r) { return r.channels[c].places[p].deliveries; }, ms);
}
void Trace::gone(const std::string& place, models::Fate fate, const std::vector<double>& ms) {
  const auto [c, p] = place_id(place);
  const auto f = static_cast<std::size_t>(fate);
  expect_times(
      std::string("messages ") + models::fate_name(fate) + " of " + place,
      [c = c, p = p, f](const models::RunRecord& r) { return r.channels[c].places[p].ended[f]; }, ms);
}
const models::EffectRecord& Trace::effect(const std::string& name) {
  const models::RunRecord& r = at_end();
  for (std::size_t i = 0; i < r.effects.size(); ++i) {
    if (model().topology->effects[i].name == name) return r.effects[i];
  }
  throw std::runtime_error("no effect is called " + name);
}
std::uint64_t Trace::milestones(const std::string& name) {
  const models::RunRecord& r = at_end();
  for (std::size_t i = 0; i < model().topology->milestones.size(); ++i) {
    if (model().topology->milestones[i].name == name) return r.series[model().milestone_series[i]].count();
  }
  throw std::runtime_error("no milestone is called " + name);
}

void Trace::is_quiet() {
  expect_quiet(model(), at_end());
}

}  // namespace tailrace::tests
