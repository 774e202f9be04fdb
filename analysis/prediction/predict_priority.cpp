// Requests that come straight from the load to one worker which serves them by priority: each priority has a
// wait of its own. What reaches such a station through others, or waits for several workers, has the common
// wait.
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>

#include "analysis/prediction/predictor.hpp"
#include "analysis/queueing/formulas.hpp"

namespace tailrace::analysis::detail {

namespace {

struct Arrivals {
  double rate = 0, work = 0, square = 0;  // per second: requests, and sums of their service and its square

  PriorityClass law() const {
    const double mean = work / rate;
    return {rate, mean, std::max(0.0, square / rate / (mean * mean) - 1)};
  }
};

}  // namespace

// The operation that is all that a request does, kNone where it does more.
int Predictor::only_call(const models::RequestClass& c) const {
  if (c.steps.size() != 1 || c.steps[0].kind != models::Step::Kind::call) return models::kNone;
  const models::Edge& e = t_.edges[at(c.steps[0].edge)];
  const CallFacts& f = layers_.facts[at(c.steps[0].edge)];
  const bool straight = e.out_link == models::kNone && e.back_link == models::kNone;
  return straight && f.attempts == 1 && f.success > kCertain ? e.operation : models::kNone;
}

bool Predictor::serves_by_priority(std::size_t i) const {
  const StationState& s = layers_.stations[i];
  const models::Station& m = t_.stations[i];
  if (!s.priorities || !m.blocking || m.workers != 1 || m.instances != 1 || s.cores || s.holds_calls ||
      !s.stable)
    return false;
  if (m.queue_capacity != models::kUnlimited || m.patience || s.arrivals != Stream::poisson) return false;
  for (const int op : s.operations) {
    const WalkResult& walk = layers_.op_walk[at(op)];
    const bool computes =
        walk.time.mean > 0 && std::fabs(walk.computes.first - walk.time.mean) <= 1e-9 * walk.time.mean;
    if (rates_[at(op)] > 0 && !(walk.success > kCertain && walk.time.exact && computes)) return false;
  }
  return true;
}

std::optional<double> Predictor::response_by_priority(int workload) const {
  const auto station_of = [&](int op) { return t_.operations[at(op)].station; };
  const models::Workload& own = t_.workloads[at(workload)];
  if (!closed_.empty() || own.classes.empty() || only_call(own.classes[0]) == models::kNone)
    return std::nullopt;
  const int station = station_of(only_call(own.classes[0]));
  if (!serves_by_priority(at(station))) return std::nullopt;
  std::map<int, Arrivals, std::greater<>> priorities;  // the highest first
  double direct = 0, all = 0;
  std::size_t flat = 0;
  for (const models::Workload& w : t_.workloads) {
    for (const models::RequestClass& c : w.classes) {
      const double rate = open_rates_[flat++];
      const int op = only_call(c);
      if (!(rate > 0) || op == models::kNone || station_of(op) != station) continue;
      const Moments& service = layers_.op_walk[at(op)].time;
      Arrivals& a = priorities[c.priority];
      a.rate += rate, a.work += rate * service.mean, a.square += rate * service.second();
      direct += rate;
    }
  }
  for (const int op : layers_.stations[at(station)].operations) all += rates_[at(op)];
  if (!(direct > 0) || std::fabs(direct - all) > 1e-9 * all) return std::nullopt;  // some come another way
  std::vector<PriorityClass> laws;
  for (const auto& [priority, a] : priorities) laws.push_back(a.law());
  const bool interrupts = t_.stations[at(station)].discipline == models::Discipline::preemptive_priority;
  const std::vector<QueueMeans> means =
      interrupts ? priority_preemptive_resume(laws) : priority_nonpreemptive(laws);
  double sum = 0, weight = 0;
  for (const models::RequestClass& c : own.classes) {
    if (!(c.weight > 0)) continue;
    const int op = only_call(c);
    if (op == models::kNone || station_of(op) != station) return std::nullopt;
    const auto of_its_priority = priorities.find(c.priority);
    if (of_its_priority == priorities.end()) return std::nullopt;  // none come
    double above = 0;                                              // the load that goes first
    std::size_t place = 0;
    for (auto higher = priorities.begin(); higher != of_its_priority; ++higher, ++place)
      above += higher->second.work;
    const double slow = interrupts ? 1 / (1 - above) : 1;
    const double wait = means[place].response_mean_s - laws[place].service_mean_s * slow;
    sum += c.weight * (wait + layers_.op_walk[at(op)].time.mean * slow);
    weight += c.weight;
  }
  if (!(weight > 0)) return std::nullopt;
  return sum / weight;
}

}  // namespace tailrace::analysis::detail
