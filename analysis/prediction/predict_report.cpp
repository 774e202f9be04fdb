// What is said of the solved system: figures, how sure they are, and why not.
#include "analysis/prediction/predictor.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/prediction/shape.hpp"
#include "sim/base/math.hpp"

namespace tailrace::analysis::detail {

using sim::math::kInfinity;

namespace {

constexpr double kNearlyFull = 0.9;

}  // namespace

void Predictor::note(std::string text) {
  if (std::find(p_.notes.begin(), p_.notes.end(), text) == p_.notes.end())
    p_.notes.push_back(std::move(text));
}

Figure Predictor::figure(double value, bool known, bool exact, const std::string& reason) {
  if (!std::isfinite(value)) known = false;
  Figure f{known ? value : 0, known, known && exact, {}};
  if (!f.exact) f.reason = reason.empty() ? "approximate" : reason;
  return f;
}

bool Predictor::timeouts_matter() const {
  constexpr double kFar = 20;  // an exponential time beyond 20 means has probability 2e-9
  for (std::size_t e = 0; e < t_.edges.size(); ++e) {
    const models::Edge& edge = t_.edges[e];
    if (!(rates_[at(edge.operation)] > 0)) continue;
    const double time = layers_.facts[e].time.mean * kFar;
    if (edge.timeout && !(time < static_cast<double>(edge.timeout->ns) * 1e-9)) return true;
    if (edge.per_try_timeout && !(time < static_cast<double>(edge.per_try_timeout->ns) * 1e-9)) return true;
    if (edge.deadline && !(time < static_cast<double>(edge.deadline->ns) * 1e-9)) return true;
  }
  return false;
}

void Predictor::report() {
  const bool closed = !closed_.empty();
  const bool timed = timeouts_matter();
  const bool deadlines = std::any_of(t_.edges.begin(), t_.edges.end(),
                                     [](const models::Edge& e) { return e.deadline.has_value(); });
  if (timed) {
    note(fmt::format(
        "Timeouts{} are not part of this theory: where calls come near theirs, expect other figures.",
        deadlines ? " and deadlines" : ""));
  }
  if (!t_.faults.empty())
    note("Faults are not part of this theory: these are the figures of the system without them.");
  if (layers_.depth_cut) note("run.max_call_depth ends some calls; what their callers do then is left out.");
  if (!layers_.converged)
    note("Stations that call each other in a circle did not settle: figures are approximate.");
  doubt_ = timed               ? "timeouts are not part of this theory"
           : layers_.depth_cut ? "run.max_call_depth ends some calls"
                               : "";
  if (doubt_.empty() && (unsettled_ || !layers_.converged)) doubt_ = "the figures did not settle";
  doubt_rates();
  unmodelled_ = find_unmodelled(layers_);
  for (const std::string& text : unmodelled_.notes) note(text);
  for (std::size_t i = 0; i < layers_.stations.size(); ++i) station(i, closed);
  for (std::size_t i = 0; i < layers_.links.size(); ++i) link(i);
  double requests = 0;
  for (std::size_t w = 0; w < t_.workloads.size(); ++w) requests += workload(static_cast<int>(w));
  for (std::size_t i = 0; i < p_.stations.size(); ++i) {
    const double u = offered_full(i);
    if (u <= p_.bottleneck_utilization) continue;
    p_.bottleneck_utilization = u;
    p_.bottleneck = static_cast<int>(i);
  }
  if (closed && closed_.size() == 1 && !p_.knee_population.known) layered_bounds();
  take_back_loads();
  shape(rates_, requests);
}

void Predictor::doubt_rates() {
  const std::size_t n = t_.operations.size();
  doubtful_.assign(n, models::kNone);
  if (!closed_.empty()) return;
  std::vector<int> behind(n, models::kNone);  // what makes the replies of an operation doubtful
  bool changed = false;
  for (std::size_t i = 0; i < n; ++i) {
    const int station = t_.operations[i].station;
    const StationState& s = layers_.stations[at(station)];
    const models::Station& m = t_.stations[at(station)];
    const bool loses = m.queue_capacity != models::kUnlimited || m.patience;
    if (!(rates_[i] > 0) || (s.stable && !(loses && !s.exact))) continue;
    behind[i] = station;
    changed = true;
  }
  const auto raise = [&](int& to, int from) {
    if (to != models::kNone || from == models::kNone) return;
    to = from;
    changed = true;
  };
  // What follows a call happens as often as the call is answered; retries as often as it fails.
  const auto follow = [&](const std::vector<CallCount>& calls, int now) {
    for (const CallCount& c : calls) {
      const int op = t_.edges[at(c.edge)].operation;
      raise(doubtful_[at(op)], now);
      if (layers_.facts[at(c.edge)].attempts > 1) raise(doubtful_[at(op)], behind[at(op)]);
      if (now == models::kNone) now = behind[at(op)];
    }
    return now;
  };
  for (bool forth = true; changed; forth = !forth) {
    changed = false;
    for (std::size_t k = 0; k < n; ++k) {
      const std::size_t i = at(layers_.op_order[forth ? k : n - 1 - k]);
      if (!(rates_[i] > 0)) continue;
      const int now = doubtful_[i] != models::kNone ? doubtful_[i] : behind[i];
      raise(behind[i], follow(layers_.op_calls[i], now));
      for (const int handler : layers_.handlers[i]) raise(doubtful_[at(handler)], behind[i]);
    }
    for (std::size_t w = 0; w < t_.workloads.size(); ++w) {
      for (std::size_t c = 0; c < t_.workloads[w].classes.size(); ++c)
        follow(layers_.request(static_cast<int>(w), static_cast<int>(c)).calls, models::kNone);
    }
  }
  // What an operation does itself after such a call is no surer than the answer.
  ProgramFacts unanswered = layers_.facts;
  for (std::size_t e = 0; e < unanswered.size(); ++e) {
    if (behind[at(t_.edges[e].operation)] != models::kNone) unanswered[e].success = 0;
  }
  for (std::size_t i = 0; i < n; ++i) {
    const std::vector<CallCount>& calls = layers_.op_calls[i];
    const auto doubtful = std::find_if(calls.begin(), calls.end(), [&](const CallCount& c) {
      return behind[at(t_.edges[at(c.edge)].operation)] != models::kNone;
    });
    if (!(rates_[i] > 0) || doubtful == calls.end()) continue;
    const WalkPlace place{!t_.stations[at(t_.operations[i].station)].blocking, 1, 1, 0, {}};
    const models::Steps& steps = t_.operations[i].steps;
    const WalkResult as_is = walk_program(steps, t_, layers_.facts, place);
    const WalkResult without = walk_program(steps, t_, unanswered, place);
    if (as_is.computes.first != without.computes.first || as_is.segments.count != without.segments.count)
      raise(doubtful_[i], behind[at(t_.edges[at(doubtful->edge)].operation)]);
  }
}

std::string Predictor::doubt_of_rate(std::size_t i) const {
  for (const int op : layers_.stations[i].operations) {
    const int from = doubtful_[at(op)];
    if (from == models::kNone || from == static_cast<int>(i)) continue;
    return fmt::format(
        "behind {}, {}", t_.stations[at(from)].name,
        layers_.stations[at(from)].stable ? "whose losses are approximate" : "which is overloaded");
  }
  return {};
}

bool Predictor::surely_unstable(std::size_t i) const {
  const StationState& s = layers_.stations[i];
  const models::Station& m = t_.stations[i];
  if (s.stable || m.queue_capacity != models::kUnlimited || m.patience || !doubt_of_rate(i).empty())
    return false;
  if (!s.holds_calls) return true;
  const auto full = [](const GroupState& g) { return g.core_utilization >= 1; };
  if (std::any_of(s.groups.begin(), s.groups.end(), full)) return true;
  if (s.groups.size() > 1) return false;  // each takes another time
  double held = 0;
  for (const int op : s.operations) held += rates_[at(op)] * idle_spent_[at(op)];
  return held >= static_cast<double>(m.workers) * static_cast<double>(m.instances);
}

double Predictor::rate_of(std::size_t i) const {  // visits per second, at the full rates
  const StationState& s = layers_.stations[i];
  double sum = 0;
  for (const int op : s.operations) {
    sum += rates_[at(op)] * (t_.stations[i].blocking ? 1 : layers_.op_walk[at(op)].segments.count);
  }
  return sum;
}

double Predictor::work_of(std::size_t i) const {  // core-seconds per second
  double sum = 0;
  for (const int op : layers_.stations[i].operations) {
    const WalkResult& w = layers_.op_walk[at(op)];
    sum += rates_[at(op)] * (w.computes.first + w.beside.first);
  }
  return sum;
}

double Predictor::offered_full(std::size_t i) const {
  const StationPrediction& s = p_.stations[i];
  double u = s.core_utilization.known ? s.core_utilization.value : 0;
  if (!s.rate_known || (handles_messages(i) && !handles_once(i))) return 0;
  if (!layers_.stations[i].stable) return std::max(u, offered(i));
  if (s.utilization.known) u = std::max(u, s.utilization.value);
  return u;
}

void Predictor::take_back_station(std::size_t i) {
  const std::string& rate = unmodelled_.rate[i];
  const std::string& wait = unmodelled_.wait[i];
  StationPrediction& out = p_.stations[i];
  const auto unknown = [](Figure& f, const std::string& reason) { f = {0, false, false, reason}; };
  if (rate.empty() && wait.empty()) return;
  for (Figure* f : {&out.wait_mean_s, &out.response_mean_s, &out.in_queue_mean}) unknown(*f, wait);
  out.remark = wait;
  if (rate.empty()) return;
  out.rate_known = false;
  out.lost_fraction = 0;
  if (t_.stations[i].workers != models::kUnlimited) unknown(out.utilization, rate);
  if (t_.stations[i].cpus) unknown(out.core_utilization, rate);
  out.remark = rate;
  // Not overload, perhaps: these policies are what prevents it.
  if (!out.stable) out.remark = fmt::format("would need {:.3g}x what it has, but {}", offered(i), rate);
  out.stable = true;
}

bool Predictor::messages_arrive(std::size_t i) const {
  const std::vector<int>& ops = layers_.stations[i].operations;
  return std::any_of(ops.begin(), ops.end(), [&](int op) { return layers_.by_messages[at(op)] != 0; });
}

bool Predictor::handles_messages(std::size_t i) const {
  for (const models::MessageChannel& c : t_.channels) {
    for (const models::ConsumerGroup& g : c.groups) {
      if (g.station == static_cast<int>(i)) return true;
    }
  }
  return false;
}

// Every message is handled once, and a handling takes what it takes: no more is needed for the workers'
// share.
bool Predictor::handles_once(std::size_t i) const {
  const StationState& s = layers_.stations[i];
  if (s.holds_calls || s.cores) return false;
  for (const models::MessageChannel& c : t_.channels) {
    for (std::size_t g = 0; g < c.groups.size(); ++g) {
      if (c.groups[g].station != static_cast<int>(i)) continue;
      if (c.model && !c.model->delivers_once(static_cast<std::uint32_t>(g))) return false;
      if (layers_.op_success[at(c.groups[g].operation)] < 1) return false;
    }
  }
  return true;
}

void Predictor::take_back_loads() {
  for (std::size_t i = 0; i < p_.stations.size(); ++i) {
    const std::string& why = unmodelled_.wait[i];
    if (why.empty() || !(rate_of(i) > 0 || (closed_.empty() && p_.stations[i].by_messages))) continue;
    for (Figure* f : {&p_.max_load_multiplier, &p_.knee_population, &p_.max_throughput_per_s}) {
      if (f->known) *f = {0, false, false, why};
    }
    return;
  }
}

void Predictor::station(std::size_t i, bool closed) {
  const StationState& s = layers_.stations[i];
  const models::Station& m = t_.stations[i];
  StationPrediction& out = p_.stations[i];
  const bool workers_limited = m.workers != models::kUnlimited;
  const double rate = rate_of(i);
  out.visit_rate_per_s = rate;
  out.lost_fraction = s.lost;
  out.stable = s.stable;
  out.surely_unstable = surely_unstable(i);
  out.turns_away = m.queue_capacity != models::kUnlimited || m.patience;
  out.by_messages = messages_arrive(i);
  const bool waits_in_channel = handles_messages(i);
  const bool unclaimed = waits_in_channel && !handles_once(i);
  p_.stable = p_.stable && (s.stable || unclaimed || !unmodelled_.rate[i].empty());
  double stay = 0, wait = 0, served_wait = 0, shares = 0, in_queue = 0;
  for (const GroupState& g : s.groups) {
    const double part = g.share * g.count;
    shares += part;
    stay += part * stay_of(i, g, rate);
    if (part > 0) wait += part * g.wait.mean, served_wait += part * g.served_wait.mean;
    in_queue += g.count * g.in_queue;
  }
  if (shares > 0) stay /= shares, wait /= shares, served_wait /= shares;
  out.service_mean_s = stay;
  const std::string behind = doubt_of_rate(i);
  bool exact = s.exact && doubt_.empty() && behind.empty();
  std::string reason = !doubt_.empty() ? doubt_ : s.reason.empty() ? behind : s.reason;
  bool known = s.known;
  if (closed) {
    exact = closed_exact_ && doubt_.empty();
    if (doubt_.empty()) reason = closed_reason_;
    known = true;
  }
  if (out.by_messages) {
    exact = false;
    if (doubt_.empty()) reason = stream_text(Stream::messages);
  }
  if (!s.stable) reason = "overloaded";
  const double instances = static_cast<double>(m.instances);
  const std::string& of_rate = behind.empty() || !doubt_.empty() || !s.stable ? reason : behind;
  if (workers_limited) {
    const double u = rate * (1 - s.lost) * stay / (static_cast<double>(m.workers) * instances);
    // Busy workers follow from rates and stays alone (Little): no need for a formula of the wait.
    const bool plain = !out.by_messages && !s.holds_calls && !s.cores && s.stable && doubt_.empty() &&
                       behind.empty() && (!closed || closed_exact_) && !out.turns_away && s.visits.exact &&
                       s.arrivals != Stream::misses;
    out.utilization = figure(s.stable ? u : offered(i), true, plain || exact, of_rate);
  } else {
    out.utilization = {0, false, false, "workers are unlimited"};
  }
  if (m.cpus) {
    out.core_utilization = figure(
        work_of(i) * (1 - s.lost) / (*m.cpus * instances), true,
        !out.by_messages && s.stable && doubt_.empty() && behind.empty() && (!closed || closed_exact_) &&
            (!out.turns_away || !s.limited || s.exact) && s.arrivals != Stream::misses,
        of_rate);
  } else {
    out.core_utilization = {0, false, false, "no cpus"};
  }
  if (!(rate > 0)) {
    out.wait_mean_s = out.response_mean_s = out.in_queue_mean =
        figure(0, true, doubt_.empty() && behind.empty(), doubt_.empty() ? behind : doubt_);
    return take_back_station(i);
  }
  const bool free = !out.by_messages && !s.limited;  // nobody waits, and every visit is known
  out.wait_mean_s = figure(wait, known && s.stable, exact || (free && s.stable), reason);
  out.response_mean_s =
      figure(served_wait + stay, known && s.stable, exact || (free && !s.cores && !holds_open(i)), reason);
  const bool from_rate = closed || s.groups.empty();
  out.in_queue_mean =
      figure(from_rate ? rate * wait : in_queue, known && s.stable, exact || (free && s.stable), reason);
  if (!s.limited && out.wait_mean_s.exact) out.wait_mean_s.reason.clear(), out.in_queue_mean.reason.clear();
  if (!s.stable) {
    const double u = offered(i);
    out.remark = out.core_utilization.known && out.core_utilization.value >= 1
                     ? fmt::format("needs {:.3g}x its cores", out.core_utilization.value)
                     : fmt::format("needs {:.3g}x its workers", u);
  } else if (!known) {
    out.remark = reason;
  } else if (s.lost > 1e-9) {
    out.remark = fmt::format("loses {:.3g} % of its calls", 100 * s.lost);
  } else if (!exact) {
    out.remark = reason;
  }
  if (waits_in_channel) {
    // A channel hands a message out when a consumer is free: the queue is there, and by its rules.
    for (Figure* f : {&out.wait_mean_s, &out.response_mean_s, &out.in_queue_mean})
      *f = {0, false, false, "messages wait in their channel"};
    if (s.stable || unclaimed) out.remark = "messages wait in their channel";
    if (unclaimed) {
      // Who waits there for a slow or failing call sends for no more: it is as busy as that lets it be.
      out.stable = true;
      if (out.utilization.known) out.utilization = {0, false, false, out.remark};
      if (out.core_utilization.known) out.core_utilization = {0, false, false, out.remark};
    }
  }
  take_back_station(i);
}

bool Predictor::holds_open(std::size_t i) const {
  const StationState& s = layers_.stations[i];
  return std::any_of(s.operations.begin(), s.operations.end(),
                     [&](int op) { return rates_[at(op)] > 0 && !layers_.op_time[at(op)].exact; });
}

double Predictor::stay_of(std::size_t i, const GroupState& g, double rate) const {
  const StationState& s = layers_.stations[i];
  if (s.limited) return g.service_s;
  // Nobody waits for a worker: the stay is the response of the operation (blocking) or of its stretches of
  // work.
  double sum = 0;
  for (const int op : s.operations) {
    const WalkResult& w = layers_.op_walk[at(op)];
    sum += rates_[at(op)] * (t_.stations[i].blocking ? w.time.mean : w.segments.first);
  }
  return rate > 0 ? sum / rate : 0;
}

void Predictor::link(std::size_t i) {
  const LinkState& s = layers_.links[i];
  LinkPrediction& out = p_.links[i];
  out.message_rate_per_s = s.message_rate;
  if (!(t_.links[i].bandwidth_bit_per_s > 0)) {
    out.utilization = out.wait_mean_s = {0, false, false, "no bandwidth limit"};
    return;
  }
  const std::string reason = s.utilization >= 1 ? "overloaded" : "arrivals taken as Poisson";
  out.utilization = figure(s.utilization, true, s.exact && doubt_.empty() && closed_.empty(), reason);
  out.wait_mean_s = figure(s.wait_s, s.utilization < 1, false, reason);
  p_.stable = p_.stable && s.utilization < 1;
  if (unmodelled_.link[i].empty()) return;
  out.utilization = out.wait_mean_s = {0, false, false, unmodelled_.link[i]};
}

std::vector<char> Predictor::reached(int workload) const {
  std::vector<char> seen(t_.operations.size(), 0), stations(t_.stations.size(), 0);
  std::vector<int> todo;
  const auto push = [&](const std::vector<CallCount>& calls) {
    for (const CallCount& c : calls) {
      const int op = t_.edges[at(c.edge)].operation;
      if (c.times > 0 && seen[at(op)] == 0) seen[at(op)] = 1, todo.push_back(op);
    }
  };
  for (std::size_t c = 0; c < t_.workloads[at(workload)].classes.size(); ++c) {
    if (t_.workloads[at(workload)].classes[c].weight > 0)
      push(layers_.request(workload, static_cast<int>(c)).calls);
  }
  while (!todo.empty()) {
    const int op = todo.back();
    todo.pop_back();
    stations[at(t_.operations[at(op)].station)] = 1;
    push(layers_.op_calls[at(op)]);
  }
  return stations;
}

double Predictor::workload(int id) {
  const models::Workload& w = t_.workloads[at(id)];
  WorkloadPrediction& out = p_.workloads[at(id)];
  double weight = 0, ok = 0, sum = 0;
  bool exact = doubt_.empty(), known = true, approximate_way = false, forks = false;
  std::string reason = doubt_, barely;
  for (std::size_t c = 0; c < w.classes.size(); ++c) {
    if (!(w.classes[c].weight > 0)) continue;
    const WalkResult walk = layers_.request(id, static_cast<int>(c));
    weight += w.classes[c].weight;
    ok += w.classes[c].weight * walk.success;
    if (walk.success > 0) sum += w.classes[c].weight * walk.success * walk.time.mean;
    if (!walk.time.exact) {
      approximate_way = true;
      forks = forks || walk.forks;
    }
  }
  out.success = weight > 0 ? ok / weight : 0;
  if (forks && exact) exact = false, reason = "parallel calls to stations with queues";
  const std::vector<char> stations = reached(id);
  for (std::size_t i = 0; i < stations.size(); ++i) {
    const StationState& s = layers_.stations[i];
    if (stations[i] == 0 || (!s.limited && !s.cores) || !closed_.empty()) continue;
    if (!s.stable) {
      known = exact = false;
      reason = t_.stations[i].name + " is overloaded";
      break;
    }
    // A pool that holds its workers by an approximation: it may be full after all.
    const auto full = [](const GroupState& g) { return g.utilization > kNearlyFull; };
    if (s.holds_calls && barely.empty() && std::any_of(s.groups.begin(), s.groups.end(), full))
      barely = t_.stations[i].name + ": " + s.reason;
    if (!s.known && known) known = exact = false, reason = t_.stations[i].name + ": " + s.reason;
    if (known && s.priorities && w.classes.size() <= 1)
      exact = false, reason = t_.stations[i].name + ": classes wait by priority";
    if (known && s.priorities && w.classes.size() > 1 && t_.workloads.size() > 1)
      exact = false, reason = t_.stations[i].name + ": classes wait by priority";
    if (known && exact && !s.exact) exact = false, reason = t_.stations[i].name + ": " + s.reason;
    if (known && !exact && reason.empty()) reason = t_.stations[i].name + ": " + s.reason;
  }
  if (approximate_way && exact) exact = false, reason = "retries or an approximation on the way";
  const std::string& unmodelled = unmodelled_.workload[at(id)];
  if (!out.open) {
    for (const ClosedLoad& c : closed_) {
      if (c.workload != id) continue;
      if (!unmodelled.empty()) {
        out.throughput_per_s = out.response_mean_s = {0, false, false, unmodelled};
        return c.throughput;
      }
      const std::string why = doubt_.empty() ? closed_reason_ : doubt_;
      const bool sure = closed_exact_ && doubt_.empty();
      out.throughput_per_s = figure(c.throughput, true, sure, why);
      // With failures the users' mean covers all requests; of those that succeed it is the walk's.
      const bool all_succeed = out.success > 1 - 1e-12;
      const double mean = all_succeed || !(ok > 0) ? c.response : sum / ok;
      out.response_mean_s =
          figure(mean, true, sure && all_succeed, all_succeed ? why : "failed requests take other times");
      return c.throughput;
    }
    out.throughput_per_s = {0, true, true, {}};
    out.response_mean_s = {0, false, false, "no virtual users"};
    return 0;
  }
  const double rate = mean_rate(t_, w);
  const bool stationary = is_stationary(w);
  // Beside users in a loop, that all of them end is as sure as what these leave of the stations.
  const bool sure = stationary && doubt_.empty() && closed_.empty() && barely.empty();
  const std::string why = !doubt_.empty()    ? doubt_
                          : !stationary      ? "the mean of a rate that changes"
                          : !closed_.empty() ? closed_reason_
                                             : barely;
  out.throughput_per_s = figure(rate, p_.stable || known, sure, known ? why : reason);
  if (!unmodelled.empty()) {  // they all end somehow
    out.throughput_per_s = figure(rate, p_.stable, sure, why);
    out.response_mean_s = {0, false, false, unmodelled};
    return rate;
  }
  if (!(rate > 0)) known = false, reason = "no requests";
  if (!closed_.empty()) exact = false, reason = closed_reason_;
  if (const std::optional<double> own = response_by_priority(id); own && known && doubt_.empty()) {
    out.response_mean_s = figure(*own, true, true, {});
    return rate;
  }
  out.response_mean_s =
      figure(ok > 0 ? sum / ok : kInfinity, known && ok > 0, exact, ok > 0 ? reason : "no request succeeds");
  return rate;
}

}  // namespace tailrace::analysis::detail
