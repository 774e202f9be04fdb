#include "analysis/cascade/causes.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <utility>
#include <vector>

namespace tailrace::analysis {

namespace {

using models::Outcome;

constexpr std::size_t kTogether = 1;        // windows by which an effect may be seen before its cause
constexpr std::size_t kEvidence = 4;        // windows from the onset on in which evidence is sought
constexpr std::size_t kLateEvidence = 16;   // ... where users are seen to wait before they give up
constexpr std::size_t kBefore = 3;          // windows before the onset in which more load is sought
constexpr double kMoreShare = 0.05;         // of attempts, above the baseline
constexpr double kMoreAttempts = 1.2;       // per call, times the baseline
constexpr double kMoreLoad = 1.3;           // attempts per second, times the baseline
constexpr double kRush = 1.5;               // likewise, in the onset's windows alone
constexpr double kFewestInRush = 30;        // chance makes no rush of so many
constexpr double kFewestAttempts = 5;       // in the windows looked at
constexpr double kMostAmplification = 1.2;  // below it is not worth a line

std::size_t at(int id) {
  return static_cast<std::size_t>(id);
}

// What went over one edge in some windows.
struct Flow {
  double calls = 0, attempts = 0, seconds = 0;
  double timeouts = 0, refusals = 0, errors = 0, ended = 0;
  double per_call() const { return calls > 0 ? attempts / calls : 0; }
  double rate() const { return seconds > 0 ? attempts / seconds : 0; }
  double share(double part) const { return ended > 0 ? part / ended : 0; }
};

Flow flow_of(const models::RunRecord& record, const WindowTimes& times, std::size_t edge, Span span) {
  Flow f;
  for (std::size_t k = span.first; k < std::min(span.end, record.windows.size()); ++k) {
    const auto& row = record.windows[k].edges[edge];
    const auto of = [&](Outcome o) { return static_cast<double>(row.ended[static_cast<std::size_t>(o)]); };
    f.seconds += times.end_s[k] - times.start_s[k];
    f.calls += row.calls;
    f.attempts += row.attempts;
    for (const std::uint32_t count : row.ended) f.ended += count;
    f.timeouts += of(Outcome::timeout) + of(Outcome::queue_timeout) + of(Outcome::deadline);
    f.refusals +=
        of(Outcome::rejected) + of(Outcome::circuit_open) + of(Outcome::rate_limited) + of(Outcome::shed);
    f.errors +=
        of(Outcome::error) + of(Outcome::network) + of(Outcome::unavailable) + of(Outcome::depth_limit);
  }
  return f;
}

// Attempts of a window may be those of calls of the window before, which were more: no more than a policy
// allows.
double most_attempts(const models::Edge& e) {
  if (e.retries == models::kUnlimited) return std::numeric_limits<double>::infinity();
  return 1 + static_cast<double>(e.retries) + (e.hedging ? static_cast<double>(e.hedging->most) : 0.0);
}

// Of calls that may be tried on and on most attempts of a window are of calls that began long before it. So:
// all attempts since then, over the calls under way then and those that have begun since.
constexpr double kTriedOnAndOn = 10;
double attempts_since(const models::RunRecord& record, const WindowTimes& times, std::size_t edge,
                      std::size_t from) {
  const Flow until = flow_of(record, times, edge, {0, from});
  double calls = std::max(0.0, until.attempts - until.ended), attempts = 0, most = 0;
  for (std::size_t k = from; k < record.windows.size(); ++k) {
    calls += record.windows[k].edges[edge].calls;
    attempts += record.windows[k].edges[edge].attempts;
    if (calls >= kFewestAttempts) most = std::max(most, attempts / calls);
  }
  return most;
}

class Explainer {
 public:
  Explainer(const models::CompiledModel& model, const models::RunRecord& record, Span baseline,
            const std::vector<std::size_t>& onsets, Cascade& cascade)
      : t_(*model.topology),
        record_(record),
        times_(window_times(record)),
        baseline_(baseline),
        first_(baseline.end),
        onsets_(onsets),
        c_(cascade),
        explained_(cascade.hits.size()) {
    // A window that ends with the first trigger's moment is none of the load that it brings.
    while (first_ < times_.end_s.size() && !c_.triggers.empty() &&
           times_.end_s[first_] <= c_.triggers.front().start_s + 1e-9)
      ++first_;
    for (const models::Operation& op : t_.operations) find_cache_users(op.component, op.steps);
    calls_to_.resize(t_.components.size());
    for (std::size_t e = 0; e < t_.edges.size(); ++e) {
      if (is_watched(t_.edges[e]))
        calls_to_[at(t_.operations[at(t_.edges[e].operation)].component)].push_back(e);
    }
  }

  void run() {
    for (std::size_t h = 0; h < c_.hits.size(); ++h) explained_[h] = by_trigger(h);
    if (calls_in_windows(record_, t_.edges.size())) {
      by_neighbours();
      for (std::size_t h = 0; h < c_.hits.size(); ++h) {
        if (explained_[h] || !(by_unseen_callee(h) || by_load_from_afar(h))) continue;
        explained_[h] = true;
        by_neighbours();
      }
      // What no trigger explains may still explain its neighbours.
      for (std::size_t h = 0; h < c_.hits.size(); ++h) {
        if (explained_[h]) continue;
        explained_[h] = true;
        by_neighbours();
      }
    }
    not_before_causes();
    causes_first();
  }

 private:
  void by_neighbours() {
    for (bool more = true; more;) {
      more = false;
      for (std::size_t h = 0; h < c_.hits.size(); ++h) {
        if (!explained_[h] && by_neighbour(h)) more = explained_[h] = true;
      }
    }
  }

  // A window is as fine as it gets: one that holds the cause's moment begins before it, and what is seen a
  // window before its cause was so with it.
  void not_before_causes() {
    for (std::size_t round = 0; round < c_.hits.size(); ++round) {
      for (std::size_t h = 0; h < c_.hits.size(); ++h) {
        Hit& hit = c_.hits[h];
        double cause = hit.trigger >= 0 ? c_.triggers[at(hit.trigger)].start_s : hit.onset_s;
        for (const Hit& other : c_.hits) {
          if (hit.trigger < 0 && other.component == hit.cause) cause = other.onset_s;
        }
        if (cause > hit.onset_s && cause <= times_.end_s[onsets_[h]] + 1e-9) hit.onset_s = cause;
      }
    }
  }

  // ... or has only just ended.
  bool is_on(const Trigger& trigger, std::size_t w) const {
    const double length = times_.end_s[w] - times_.start_s[w];
    return trigger.start_s <= times_.end_s[w] &&
           (!trigger.over || trigger.end_s + 2 * length >= times_.start_s[w]);
  }

  bool by_trigger(std::size_t h) {
    Hit& hit = c_.hits[h];
    const std::size_t w = onsets_[h];
    // What goes wrong while a fault lasts is its doing first; that of a deployment where there is none.
    std::vector<std::size_t> order(c_.triggers.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_partition(order.begin(), order.end(),
                          [&](std::size_t i) { return c_.triggers[i].deployment < 0; });
    for (const std::size_t i : order) {
      const Trigger& trigger = c_.triggers[i];
      if (!is_on(trigger, w)) continue;
      const auto on = [&](int component) { return trigger.on(component); };
      const bool flushed = trigger.fault >= 0 && flushes(t_.faults[at(trigger.fault)]);
      const bool itself = on(hit.component) && !flushed;
      const bool misses = !itself && loses_contents(trigger) && uses_one_of(hit.component, on);
      if (!on(hit.component) && !misses) continue;
      hit.mechanism = misses                    ? Mechanism::cache_misses
                      : trigger.fault >= 0      ? Mechanism::fault
                      : trigger.deployment >= 0 ? Mechanism::deployment
                                                : Mechanism::load;
      hit.trigger = static_cast<int>(i);
      return true;
    }
    return false;
  }

  // A cache that is slow, or cut off, has what it had; its users hear of it as callers.
  static bool flushes(const models::Fault& fault) {
    return std::any_of(fault.effects.begin(), fault.effects.end(),
                       [](const models::FaultEffect& e) { return e.hook == "cache_flush"; });
  }
  bool loses_contents(const Trigger& trigger) const {
    if (trigger.fault < 0) return false;
    const models::Fault& fault = t_.faults[at(trigger.fault)];
    return flushes(fault) || std::any_of(fault.effects.begin(), fault.effects.end(),
                                         [](const auto& e) { return e.action == models::FaultAction::down; });
  }

  // A local cache is no neighbour that is called: its users hold its contents themselves.
  template <class Matches>
  bool uses_one_of(int component, const Matches& matches) const {
    return std::any_of(cache_users_.begin(), cache_users_.end(),
                       [&](const auto& use) { return use.first == component && matches(use.second); });
  }
  void find_cache_users(int component, const models::Steps& steps) {
    for (const models::Step& s : steps) {
      if (s.kind == models::Step::Kind::cache)
        cache_users_.emplace_back(component, t_.caches[at(s.ref)].component);
      for (const models::StepBranch& b : s.branches) find_cache_users(component, b.steps);
    }
  }

  // Of what begins together, causes stand before their effects, and what nothing explains stands last.
  void causes_first() {
    const auto distance = [&](const Hit& hit) {  // from a trigger
      const Hit* at = &hit;
      for (std::size_t steps = 0; steps <= c_.hits.size(); ++steps) {
        if (at->trigger >= 0) return steps + (at->mechanism == Mechanism::cache_misses ? 1 : 0);
        const auto cause = std::find_if(c_.hits.begin(), c_.hits.end(),
                                        [&](const Hit& other) { return other.component == at->cause; });
        if (cause == c_.hits.end()) return at->cause >= 0 ? steps + 1 : c_.hits.size() + 1;
        at = &*cause;
      }
      return c_.hits.size() + 1;
    };
    std::vector<std::pair<std::size_t, Hit>> ordered;
    for (const Hit& hit : c_.hits) ordered.emplace_back(distance(hit), hit);
    std::stable_sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) {
      return a.second.onset_s != b.second.onset_s ? a.second.onset_s < b.second.onset_s : a.first < b.first;
    });
    for (std::size_t h = 0; h < ordered.size(); ++h) c_.hits[h] = ordered[h].second;
  }

  const Hit* explained_hit(int component, std::size_t before) const {
    for (std::size_t k = 0; k < c_.hits.size(); ++k) {
      if (c_.hits[k].component == component && explained_[k] && onsets_[k] <= before + kTogether)
        return &c_.hits[k];
    }
    return nullptr;
  }
  bool in_a_trigger(int component) const {
    return std::any_of(c_.triggers.begin(), c_.triggers.end(),
                       [&](const Trigger& t) { return t.on(component); });
  }

  bool by_neighbour(std::size_t h) {
    Hit& hit = c_.hits[h];
    const std::size_t w = onsets_[h];
    const Span after{w, w + kEvidence};
    const Hit* best = nullptr;
    Mechanism how = Mechanism::unexplained;
    int outside = -1;  // a workload with more load that is not, or not yet, hit itself
    Mechanism how_outside = Mechanism::unexplained;
    const auto offer = [&](const Hit* cause, Mechanism mechanism) {
      if (cause == nullptr || mechanism == Mechanism::unexplained) return;
      if (best != nullptr &&
          (best->onset_s < cause->onset_s || (best->onset_s == cause->onset_s && how <= mechanism)))
        return;
      best = cause;
      how = mechanism;
    };
    for (std::size_t e = 0; e < t_.edges.size(); ++e) {
      const models::Edge& edge = t_.edges[e];
      if (!is_watched(edge)) continue;
      const int to = t_.operations[at(edge.operation)].component;
      if (edge.from_component == to) continue;
      if (edge.from_component == hit.component) {
        if (const Hit* callee = explained_hit(to, w)) offer(callee, from_callee(e, after, hit));
      } else if (to == hit.component) {
        const Mechanism mechanism = by_caller(e, w);
        const Hit* caller = explained_hit(edge.from_component, w);
        if (caller != nullptr) offer(caller, mechanism);
        if (caller == nullptr && mechanism != Mechanism::unexplained && in_a_trigger(edge.from_component)) {
          outside = edge.from_component;
          how_outside = mechanism;
        }
      }
    }
    // Who cannot be found is called by nobody, and nothing is wrong with him.
    for (const models::Station& s : t_.stations) {
      if (s.component != hit.component || !s.discovery) continue;
      for (const models::DiscoveryClient& client : s.discovery->clients) {
        if (client.edge == models::kNone) continue;
        const auto e = at(client.edge);
        const Hit* resolver = explained_hit(t_.operations[at(t_.edges[e].operation)].component, w);
        if (resolver != nullptr) offer(resolver, from_callee(e, after, hit));
      }
    }
    if (best == nullptr && outside < 0) return false;
    hit.mechanism = best != nullptr ? how : how_outside;
    hit.cause = best != nullptr ? best->component : outside;
    return true;
  }

  // Who needs ten milliseconds may not be slow by a fault that costs it one, but whoever calls it for nothing
  // else is.
  bool by_unseen_callee(std::size_t h) {
    Hit& hit = c_.hits[h];
    const std::size_t w = onsets_[h];
    for (const Trigger& trigger : c_.triggers) {
      if ((trigger.fault < 0 && trigger.deployment < 0) || !is_on(trigger, w)) continue;
      for (std::size_t e = 0; e < t_.edges.size(); ++e) {
        const int to = t_.operations[at(t_.edges[e].operation)].component;
        if (t_.edges[e].from_component != hit.component || !is_watched(t_.edges[e]) || !trigger.on(to))
          continue;
        const Mechanism mechanism = from_callee(e, {w, w + kEvidence}, hit);
        if (mechanism == Mechanism::unexplained) continue;
        hit.mechanism = mechanism;
        hit.cause = to;
        return true;
      }
    }
    return false;
  }

  Mechanism from_callee(std::size_t e, Span after, const Hit& hit) const {
    const Flow now = flow_of(record_, times_, e, after), then = flow_of(record_, times_, e, baseline_);
    const bool waits = !t_.edges[e].errand;  // what instances do of their own accord holds up nobody
    // Too few to tell how they ended, but who has become slow waits for those it calls.
    if (std::max(now.attempts, now.ended) < (waits ? kFewestAttempts : 1))
      return waits && then.attempts > 0 && hit.symptom == Symptom::slow ? Mechanism::slow_replies
                                                                        : Mechanism::unexplained;
    const double timeouts = now.share(now.timeouts) - then.share(then.timeouts);
    const double refusals = now.share(now.refusals) - then.share(then.refusals);
    const double errors = now.share(now.errors) - then.share(then.errors);
    const double most = std::max({timeouts, refusals, errors});
    if (most > kMoreShare)
      return most == timeouts   ? Mechanism::timeouts
             : most == refusals ? Mechanism::refusals
                                : Mechanism::errors;
    if (!waits) return Mechanism::unexplained;
    const int station = t_.edges[e].from_station;
    if (station != models::kNone && t_.stations[at(station)].blocking &&
        (hit.symptom == Symptom::queue || hit.symptom == Symptom::refused))
      return Mechanism::held_workers;
    // Requests that hang count as failed before their timeout has come.
    if (hit.symptom == Symptom::failed && after.end - after.first < kLateEvidence)
      return from_callee(e, {after.first, after.first + kLateEvidence}, hit);
    return Mechanism::slow_replies;
  }

  // More requests pass through those who have room for them, and are felt farther down.
  bool by_load_from_afar(std::size_t h) {
    Hit& hit = c_.hits[h];
    const std::size_t w = onsets_[h];
    std::vector<bool> seen(t_.components.size());
    std::vector<std::pair<int, Mechanism>> open{{hit.component, Mechanism::unexplained}};
    seen[at(hit.component)] = true;
    for (std::size_t i = 0; i < open.size(); ++i) {
      for (const std::size_t e : calls_to_[at(open[i].first)]) {
        const int from = t_.edges[e].from_component;
        if (from == models::kNone || seen[at(from)]) continue;
        const Mechanism mechanism = by_caller(e, w);
        if (mechanism == Mechanism::unexplained) continue;
        seen[at(from)] = true;
        const Mechanism first = i == 0 ? mechanism : open[i].second;  // as whoever was hit has it
        if (in_a_trigger(from) || explained_hit(from, w) != nullptr) {
          hit.mechanism = first;
          hit.cause = from;
          return true;
        }
        open.emplace_back(from, first);
      }
    }
    return false;
  }

  Mechanism by_caller(std::size_t e, std::size_t w) const {
    // More load is there before its effect is.
    const Span around{w - std::min(w - std::min(w, first_), kBefore), w + 2};
    const Mechanism mechanism = from_caller(e, around, kMoreLoad, kFewestAttempts);
    // After a standstill, when all that waited comes at once, the windows before had less than usual.
    return mechanism != Mechanism::unexplained ? mechanism : from_caller(e, {w, w + 2}, kRush, kFewestInRush);
  }

  Mechanism from_caller(std::size_t e, Span span, double more, double fewest) const {
    const Flow now = flow_of(record_, times_, e, span), then = flow_of(record_, times_, e, baseline_);
    if (now.attempts < fewest || now.rate() < more * then.rate()) return Mechanism::unexplained;
    return now.per_call() > kMoreAttempts * std::max(1.0, then.per_call()) ? Mechanism::retry_load
                                                                           : Mechanism::load;
  }

  const models::Topology& t_;
  const models::RunRecord& record_;
  const WindowTimes times_;
  const Span baseline_;
  std::size_t first_;  // window in which there may be more load
  const std::vector<std::size_t>& onsets_;
  Cascade& c_;
  std::vector<bool> explained_;
  std::vector<std::vector<std::size_t>> calls_to_;  // by component
  std::vector<std::pair<int, int>> cache_users_;    // component, the cache's
};

}  // namespace

void explain_hits(const models::CompiledModel& model, const models::RunRecord& record, Span baseline,
                  const std::vector<std::size_t>& onsets, Cascade& cascade) {
  Explainer(model, record, baseline, onsets, cascade).run();
}

std::vector<EdgeAmplification> amplified_edges(const models::CompiledModel& model,
                                               const models::RunRecord& record, Span baseline,
                                               std::size_t from) {
  std::vector<EdgeAmplification> list;
  if (!calls_in_windows(record, model.edges.size())) return list;
  const WindowTimes times = window_times(record);
  for (std::size_t e = 0; e < model.edges.size(); ++e) {
    EdgeAmplification a;
    a.edge = static_cast<int>(e);
    a.before = std::max(1.0, flow_of(record, times, e, baseline).per_call());
    a.most = a.before;
    for (std::size_t k = from; k < record.windows.size(); ++k) {
      const Flow f = flow_of(record, times, e, {k, k + 1});
      if (f.calls >= kFewestAttempts) a.most = std::max(a.most, f.per_call());
    }
    const double allowed = most_attempts(model.topology->edges[e]);
    a.most = std::min(a.most, allowed <= kTriedOnAndOn ? allowed : attempts_since(record, times, e, from));
    if (a.most > kMostAmplification * a.before) list.push_back(a);
  }
  return list;
}

}  // namespace tailrace::analysis
