// The order of the work, and open load.
#include "analysis/prediction/predictor.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/prediction/shape.hpp"
#include "sim/base/math.hpp"

namespace tailrace::analysis::detail {

using sim::math::kInfinity;

namespace {

constexpr int kMaxLossPasses = 200;
constexpr int kBisections = 60;

}  // namespace

Prediction Predictor::run() {
  p_.stations.resize(t_.stations.size());
  p_.links.resize(t_.links.size());
  p_.workloads.resize(t_.workloads.size());
  for (std::size_t i = 0; i < t_.stations.size(); ++i) p_.stations[i].name = t_.stations[i].name;
  for (std::size_t i = 0; i < t_.links.size(); ++i) p_.links[i].name = t_.links[i].name;
  for (std::size_t i = 0; i < t_.workloads.size(); ++i) {
    p_.workloads[i].name = t_.workloads[i].name;
    p_.workloads[i].open = t_.workloads[i].open();
  }
  if (!zero_load()) return give_up("some call is retried without end: its target never succeeds");
  collect_loads();
  if (changing_users_) {
    p_.message = "the number of virtual users changes over time: no steady state to predict";
    shape({}, 0);
    return std::move(p_);
  }
  std::string message;
  const bool solved = closed_.empty() ? solve_open_load(message) : solve_closed_load(message);
  if (!solved) return give_up(std::move(message));
  report();
  return std::move(p_);
}

Prediction Predictor::give_up(std::string message) {
  p_.message = std::move(message);
  if (!p_.workloads.empty() && p_.critical_paths.empty()) shape({}, 0);
  return std::move(p_);
}

void Predictor::shape(const std::vector<double>& rates, double requests) {
  layers_.evaluate(std::vector<double>(t_.operations.size(), 0.0));
  describe_shape(layers_, rates, requests, p_);
}

bool Predictor::zero_load() {
  if (!layers_.settle_outcomes()) return false;
  layers_.evaluate(std::vector<double>(t_.operations.size(), 0.0));
  for (std::size_t w = 0; w < t_.workloads.size(); ++w) {
    double weight = 0, sum = 0;
    for (std::size_t c = 0; c < t_.workloads[w].classes.size(); ++c) {
      const WalkResult walk = layers_.request(static_cast<int>(w), static_cast<int>(c));
      idle_.push_back(walk);
      weight += t_.workloads[w].classes[c].weight * walk.success;
      sum += t_.workloads[w].classes[c].weight * walk.success * walk.time.mean;
    }
    p_.workloads[w].zero_load_response_s = weight > 0 ? sum / weight : 0;
  }
  for (const StationState& s : layers_.stations) {
    idle_stay_.push_back(s.visits.mean());
  }
  for (const WalkResult& w : layers_.op_walk) idle_spent_.push_back(w.spent_s);
  return true;
}

void Predictor::collect_loads() {
  std::size_t classes = 0;
  for (const models::Workload& w : t_.workloads) classes += w.classes.size();
  open_rates_.assign(classes, 0.0);
  std::size_t first = 0;
  for (std::size_t i = 0; i < t_.workloads.size(); ++i) {
    const models::Workload& w = t_.workloads[i];
    double weight = 0;
    for (const models::RequestClass& c : w.classes) weight += c.weight;
    const auto share = [&](std::size_t c) { return weight > 0 ? w.classes[c].weight / weight : 0; };
    if (w.open()) {
      const double rate = mean_rate(t_, w);
      open_total_ += rate;
      for (std::size_t c = 0; c < w.classes.size(); ++c) open_rates_[first + c] = rate * share(c);
    } else if (w.process == models::ArrivalProcess::ramping_vus) {
      changing_users_ = true;
    } else if (w.vus > 0) {
      ClosedLoad load;
      load.workload = static_cast<int>(i);
      load.population = static_cast<double>(w.vus);
      load.think_s = w.think_time.mean() * 1e-9;
      load.class_share.assign(classes, 0.0);
      for (std::size_t c = 0; c < w.classes.size(); ++c) load.class_share[first + c] = share(c);
      closed_.push_back(std::move(load));
    }
    first += w.classes.size();
  }
}

bool Predictor::settle(const std::vector<double>& class_rates, std::vector<double>& rates,
                       std::string& message) {
  for (int pass = 0; pass < kMaxLossPasses; ++pass) {
    std::vector<double> lost;
    for (const StationState& s : layers_.stations) lost.push_back(s.lost);
    if (!layers_.settle_outcomes()) {
      message = "some call is retried without end: its target never succeeds";
      return false;
    }
    if (!layers_.traffic(class_rates, rates, message)) return false;
    layers_.classify(rates, class_rates);
    layers_.evaluate(rates);
    double change = 0;
    for (std::size_t i = 0; i < lost.size(); ++i)
      change = std::max(change, std::fabs(lost[i] - layers_.stations[i].lost));
    if (change < 1e-10) return true;
  }
  note("What bounded queues lose did not settle: figures are approximate.");
  unsettled_ = true;
  return true;
}

bool Predictor::solve_open_load(std::string& message) {
  if (!settle(open_rates_, rates_, message)) return false;
  if (find_held()) solve_held(1);
  capacity();
  return true;
}

double Predictor::largest_utilization() const {
  double largest = 0;
  for (std::size_t i = 0; i < layers_.stations.size(); ++i) {
    if (!handles_messages(i) || handles_once(i)) largest = std::max(largest, offered(i));
  }
  for (const LinkState& l : layers_.links) largest = std::max(largest, l.utilization);
  return largest;
}

double Predictor::offered(std::size_t i) const {
  const StationState& s = layers_.stations[i];
  if (!(s.visit_rate > 0) && !(s.compute_rate > 0)) return 0;
  double largest = 0;
  for (const GroupState& g : s.groups) {
    largest = std::max(largest, g.core_utilization);
    if (!s.limited) continue;
    double stay = g.service_s;
    if (!std::isfinite(stay)) stay = idle_stay_[i];
    // Sharing cores stretches the stay without end as the cores fill up: they are the limit there.
    if (s.cores && !s.holds_calls) continue;
    largest = std::max(largest, s.visit_rate * g.share * stay / static_cast<double>(t_.stations[i].workers));
  }
  return largest;
}

bool Predictor::carries(double multiplier) {
  std::vector<double> rates = rates_;
  for (double& r : rates) r *= multiplier;
  layers_.evaluate(rates);
  solve_held(multiplier);
  for (std::size_t i = 0; i < layers_.stations.size(); ++i) {
    const StationState& s = layers_.stations[i];
    if (!s.stable || !(offered(i) < 1)) return false;
    for (const GroupState& g : s.groups) {
      if (s.visit_rate > 0 && !std::isfinite(g.service_s)) return false;
    }
  }
  for (const LinkState& l : layers_.links) {
    if (l.utilization >= 1) return false;
  }
  return true;
}

void Predictor::capacity() {
  Figure& f = p_.max_load_multiplier;
  if (!(open_total_ > 0)) return;
  f.known = f.exact = true;
  const double largest = largest_utilization();
  bool layered = false;
  for (const StationState& s : layers_.stations) {
    layered = layered || (s.visit_rate > 0 && (s.holds_calls || (s.cores && s.limited)));
    if (s.lost > 0) f.exact = false, f.reason = "bounded queues reject what is too much";
  }
  for (std::size_t i = 0; i < t_.operations.size(); ++i) {
    if (rates_[i] > 0 && layers_.by_messages[i] != 0)
      f.exact = false, f.reason = stream_text(Stream::messages);
  }
  f.value = largest > 0 ? 1 / largest : kInfinity;
  if (!layered || !(largest > 0)) return;
  f.exact = false;
  f.reason = "workers are held across calls";
  double low = 0, high = f.value;  // sharing can only lower it
  if (carries(high * (1 - 1e-9))) {
    low = high;
  } else {
    for (int i = 0; i < kBisections && high - low > 1e-7 * high; ++i) {
      const double middle = low + (high - low) / 2;
      (carries(middle) ? low : high) = middle;
    }
  }
  f.value = low;
  layers_.evaluate(rates_);
  solve_held(1);
}

}  // namespace tailrace::analysis::detail

namespace tailrace::analysis {

// Where instances come and go, of those that there are at the start.
Prediction predict(const models::Topology& topology) {
  const auto scales = [](const models::Station& s) { return s.scaling.has_value(); };
  if (std::none_of(topology.stations.begin(), topology.stations.end(), scales))
    return detail::Predictor(topology).run();
  models::Topology at_start = topology;
  for (models::Station& s : at_start.stations) {
    if (!s.scaling) continue;
    s.instances = std::max<std::int64_t>(1, s.scaling->initial);
    s.groups.front().count = s.instances;
  }
  return detail::Predictor(at_start).run();
}

}  // namespace tailrace::analysis
