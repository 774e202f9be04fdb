#include "analysis/cascade/cascade.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <set>
#include <span>
#include <utility>

#include "analysis/cascade/causes.hpp"

namespace tailrace::analysis {

namespace {

constexpr Floor kMoreLoad{0, 0.2};
constexpr double kFewestRequests = 10;     // of which anything can be said
constexpr std::size_t kFewestAfter = 10;   // windows after the trigger, to tell
constexpr double kServedBefore = 0.5;      // a baseline with less is none
constexpr double kMostOfTheGoodput = 0.8;  // of the baseline's
constexpr double kOnItsWay = 0.1;          // of what is due, from the first third to the last
constexpr double kDrains = 0.1;            // of the queues
constexpr std::size_t kWellAgain = 3;      // windows without a symptom
constexpr double kDeviations = 6;          // of what gets done
constexpr double kDeviationsAtLeast = 3;   // of more load, in the windows before that in which it is told
constexpr std::size_t kRises = 3;          // such windows, at most
constexpr std::size_t kSmoothWindows = 9;  // of load that grows slowly

std::size_t at(int id) {
  return static_cast<std::size_t>(id);
}

class Finder {
 public:
  // `smooth`: windows of which each load is the mean.
  Finder(const models::CompiledModel& model, const models::RunRecord& record, std::size_t smooth)
      : model_(model),
        t_(*model.topology),
        r_(record),
        times_(window_times(record)),
        n_(record.windows.size()),
        smooth_(smooth) {}

  Cascade run() {
    const double start = sim::seconds_of(r_.start_ns);
    baseline_.first = first_from(start);
    faults();
    deployments();
    sort_triggers();
    baseline_.end = c_.triggers.empty() ? first_quarter() : before(c_.triggers.front());
    if (too_short()) return unknown(too_few_windows());
    if (requests() < kFewestRequests) return unknown("too few requests");
    load();
    sort_triggers();
    if (!c_.triggers.empty())
      baseline_.end = std::min(baseline_.end, last_before(c_.triggers.front().start_s));
    if (too_short()) return unknown(too_few_windows());
    std::vector<Signal> signals = signals_of(model_, r_, baseline_);
    for (Signal& s : times_of_calls(model_, r_, held_at_the_door_)) signals.push_back(std::move(s));
    hits(signals);
    users(signals);
    judge();
    if (c_.triggers.empty() && c_.user_onset_s < 0) c_.hits.clear();
    return std::move(c_);
  }

 private:
  // The first window that begins at or after the time; the end of the last that ends before it.
  std::size_t first_from(double s) const {
    return static_cast<std::size_t>(std::lower_bound(times_.start_s.begin(), times_.start_s.end(), s - 1e-9) -
                                    times_.start_s.begin());
  }
  std::size_t last_before(double s) const {
    return static_cast<std::size_t>(std::upper_bound(times_.end_s.begin(), times_.end_s.end(), s + 1e-9) -
                                    times_.end_s.begin());
  }
  // A window sees all of the instant at which it ends: where that is the fault's, whoever it kills at once.
  std::size_t before(const Trigger& first) const {
    const std::size_t end = static_cast<std::size_t>(
        std::lower_bound(times_.end_s.begin(), times_.end_s.end(), first.start_s - 1e-9) -
        times_.end_s.begin());
    // A fault that waits for something to be so is no first cause: what brought it about may stand before it.
    const std::size_t quarter = first_quarter();
    const bool waited = first.fault >= 0 && t_.faults[at(first.fault)].when.has_value();
    return waited && quarter >= baseline_.first + kFewestBaselineWindows ? std::min(end, quarter) : end;
  }
  std::size_t first_quarter() const { return baseline_.first + (n_ - std::min(n_, baseline_.first)) / 4; }
  Baseline normal_of(const std::vector<double>& values) const {
    return baseline_of(std::span(values).subspan(baseline_.first, baseline_.end - baseline_.first));
  }
  bool too_short() const { return baseline_.end < baseline_.first + kFewestBaselineWindows; }
  std::string too_few_windows() const {
    return c_.triggers.empty() ? "too few windows"
                               : "too few windows between the warm-up and the first fault";
  }
  Cascade unknown(std::string reason) {
    c_.verdict = Verdict::unknown;
    c_.reason = std::move(reason);
    c_.triggers.clear();
    return std::move(c_);
  }

  // Who calls over a link that a fault can hit: what is cut or slow on the way hurts him, not who is called.
  std::map<std::pair<int, int>, int> callers() const {
    std::map<std::pair<int, int>, int> by_link_and_callee;
    for (const models::Edge& e : t_.edges) {
      const int callee = t_.operations[at(e.operation)].component;
      for (const int link : {e.out_link, e.back_link}) {
        if (link != models::kNone) by_link_and_callee[{link, callee}] = e.from_component;
      }
    }
    return by_link_and_callee;
  }
  static bool holds_at_the_door(const models::Fault& fault) {
    return std::any_of(fault.effects.begin(), fault.effects.end(), [](const models::FaultEffect& e) {
      return e.action == models::FaultAction::delay || e.action == models::FaultAction::vanish;
    });
  }

  void faults() {
    if (r_.fault_activations.empty()) return;
    const std::map<std::pair<int, int>, int> caller_over = callers();
    for (const models::FaultActivation& a : r_.fault_activations) {
      Trigger trigger;
      trigger.fault = static_cast<int>(a.fault);
      trigger.start_s = sim::seconds_of(a.start_ns);
      trigger.over = a.end_ns >= 0 && a.end_ns < r_.end_ns;
      trigger.end_s = sim::seconds_of(trigger.over ? a.end_ns : r_.end_ns);
      for (const std::uint32_t i : a.targets) {
        const models::FaultTarget& target = t_.faults[a.fault].targets[i];
        const auto add = [&](int component) {
          if (component >= 0 && !trigger.on(component)) trigger.components.push_back(component);
        };
        add(target.component);
        for (const auto& [station, instance] : target.instances) add(t_.stations[at(station)].component);
        if (target.workload >= 0) add(t_.workloads[at(target.workload)].component);
        for (const int link : target.links) {
          const auto caller = caller_over.find({link, target.component});
          if (caller != caller_over.end()) add(caller->second);
        }
        if (target.component >= 0 && holds_at_the_door(t_.faults[a.fault]))
          held_at_the_door_.insert(target.component);
      }
      c_.triggers.push_back(std::move(trigger));
    }
  }
  // What a bad version does lasts until it is taken back.
  void deployments() {
    for (std::size_t id = 0; id < r_.deployments.size(); ++id) {
      const models::DeploymentRecord& d = r_.deployments[id];
      if (d.start_ns < 0) continue;
      const models::Deployment& deployment = t_.deployments[id];
      const models::Version& version = deployment.version;
      const bool alike = version.error_rate <= 0 && version.slowness <= 1 && d.skewed == 0;
      Trigger trigger;
      trigger.deployment = static_cast<int>(id);
      trigger.start_s = sim::seconds_of(d.start_ns);
      trigger.over = d.end_ns >= 0 && d.end_ns < r_.end_ns && (alike || d.rolled_back);
      trigger.end_s = sim::seconds_of(trigger.over ? d.end_ns : r_.end_ns);
      trigger.components.push_back(t_.stations[at(deployment.station)].component);
      if (before(trigger) >= baseline_.first + kFewestBaselineWindows)
        c_.triggers.push_back(std::move(trigger));
    }
  }
  bool is_hit(int component) const {
    return std::any_of(c_.hits.begin(), c_.hits.end(),
                       [&](const Hit& h) { return h.component == component; });
  }
  // A deployment that did nothing to its service is none; it would last, and hide that all else is over.
  void drop_harmless_deployments() {
    std::vector<Trigger> kept;
    std::vector<int> place(c_.triggers.size(), -1);
    for (std::size_t i = 0; i < c_.triggers.size(); ++i) {
      const bool hit = std::any_of(c_.hits.begin(), c_.hits.end(), [&](const Hit& h) {
        return h.trigger == static_cast<int>(i) || (c_.triggers[i].on(h.cause) && !is_hit(h.cause));
      });
      if (c_.triggers[i].deployment >= 0 && !hit) continue;
      place[i] = static_cast<int>(kept.size());
      kept.push_back(std::move(c_.triggers[i]));
    }
    c_.triggers = std::move(kept);
    for (Hit& h : c_.hits) {
      if (h.trigger >= 0) h.trigger = place[at(h.trigger)];
    }
  }
  void sort_triggers() {
    std::stable_sort(c_.triggers.begin(), c_.triggers.end(),
                     [](const Trigger& a, const Trigger& b) { return a.start_s < b.start_s; });
  }

  static bool brings_load(const models::Fault& fault) {
    return std::any_of(fault.targets.begin(), fault.targets.end(),
                       [](const models::FaultTarget& target) { return target.workload >= 0; });
  }
  void load() {
    const std::vector<double> offered = smoothed(offered_load(model_, r_));
    Baseline normal = normal_of(offered);
    // Over several windows chance has little to say, and half as much again as ever is a lot.
    if (smooth_ > 1) normal.highest = 0;
    for (Episode& e : find_episodes(offered, baseline_.end, normal, kMoreLoad)) {
      begin_with_the_rise(e, offered, normal);
      double came = 0;
      for (std::size_t k = e.first; k < e.end; ++k)
        came += offered[k] * (times_.end_s[k] - times_.start_s[k]);
      if (came < kFewestRequests) continue;
      Trigger trigger = more_load(e);
      for (const models::Workload& w : t_.workloads) trigger.components.push_back(w.component);
      // A fault's own rise may seem to begin before it: in the window that holds it, and in means with those
      // after.
      const double risen = times_.end_s[std::min(n_ - 1, e.first + kRises + smooth_ / 2)];
      const bool by_fault = std::any_of(c_.triggers.begin(), c_.triggers.end(), [&](const Trigger& f) {
        return f.fault >= 0 && brings_load(t_.faults[at(f.fault)]) && f.start_s <= risen &&
               (!f.over || f.end_s + 1e-9 >= trigger.start_s);
      });
      if (!by_fault) c_.triggers.push_back(std::move(trigger));
    }
    // Virtual users ask for less when they wait, so what tells of more load is how many they are.
    for (const models::Workload& w : t_.workloads) {
      if (w.process != models::ArrivalProcess::ramping_vus) continue;
      const std::vector<double> users = virtual_users(w, r_);
      for (const Episode& e : find_episodes(users, baseline_.end, normal_of(users), kMoreLoad)) {
        Trigger trigger = more_load(e);
        trigger.components.push_back(w.component);
        c_.triggers.push_back(std::move(trigger));
      }
    }
  }
  std::vector<double> smoothed(const std::vector<double>& values) const {
    std::vector<double> means;
    for (std::size_t k = 0; k < values.size(); ++k) {
      const std::size_t half = smooth_ / 2, first = k - std::min(k, half),
                        end = std::min(values.size(), k + half + 1);
      means.push_back(std::accumulate(values.begin() + static_cast<std::ptrdiff_t>(first),
                                      values.begin() + static_cast<std::ptrdiff_t>(end), 0.0) /
                      static_cast<double>(end - first));
    }
    return means;
  }
  // What came with the rise, and by chance was not beyond doubt, came because of it.
  void begin_with_the_rise(Episode& e, const std::vector<double>& offered, const Baseline& normal) const {
    const double more =
        normal.mean + std::max(kMoreLoad.relative * normal.mean, kDeviationsAtLeast * normal.deviation);
    for (std::size_t i = 0; i < kRises && e.first > baseline_.end && offered[e.first - 1] > more; ++i)
      --e.first;
  }
  Trigger more_load(const Episode& e) const {
    Trigger trigger;
    trigger.start_s = times_.start_s[e.first];
    trigger.over = e.over;
    trigger.end_s = e.over ? times_.end_s[e.end - 1] : times_.end_s.back();
    return trigger;
  }

  double requests() const {
    double sum = 0;
    for (const models::WindowRecord& w : r_.windows) {
      for (const auto& row : w.classes) sum += static_cast<double>(row.arrived);
    }
    return sum;
  }

  // Of the workload's requests that ended in these windows. Its signal counts those that arrived in one and
  // have not ended as well, for who hangs is not well; over many windows that is but those under way.
  double failed_share(int component, Span span) const {
    double failed = 0, ended = 0;
    std::size_t cls = 0;
    for (const models::Workload& w : t_.workloads) {
      for (std::size_t c = 0; c < w.classes.size(); ++c, ++cls) {
        if (w.component != component) continue;
        for (std::size_t k = span.first; k < span.end; ++k) {
          const auto& row = r_.windows[k].classes[cls];
          failed += static_cast<double>(row.failed);
          ended += static_cast<double>(row.succeeded + row.failed);
        }
      }
    }
    return ended > 0 ? failed / ended : 0;
  }

  // What was seen of one component: its hit as the first symptom says, and the episodes of all.
  struct Found {
    Hit hit;
    std::size_t onset;
    std::vector<std::pair<Symptom, Episode>> episodes;
  };
  void hits(const std::vector<Signal>& signals) {
    std::vector<Found> found;
    for (const Signal& s : signals) {
      const Baseline normal = normal_of(s.values);
      const std::vector<Episode> episodes = find_episodes(s.values, baseline_.end, normal, s.floor);
      if (episodes.empty()) continue;
      Hit hit;
      hit.component = s.component;
      hit.symptom = s.symptom;
      hit.onset_s = onset_of(episodes.front());
      hit.normal = s.symptom == Symptom::failed ? failed_share(s.component, baseline_) : normal.mean;
      for (const Episode& e : episodes) hit.worst = std::max(hit.worst, e.worst);
      // Where hardly anything ends, time inside over ends is no time that anybody spent.
      if (s.symptom == Symptom::slow)
        hit.worst = std::min(hit.worst, hit.normal + end_of(episodes.back()) - hit.onset_s);
      auto same = std::find_if(found.begin(), found.end(),
                               [&](const Found& f) { return f.hit.component == s.component; });
      const std::size_t onset = episodes.front().first;
      if (same == found.end()) {
        found.push_back({hit, onset, {}});
        same = found.end() - 1;
      } else if (onset < same->onset || (onset == same->onset && hit.symptom < same->hit.symptom)) {
        // Of what is seen in one window the symptoms that say more come first.
        same->hit = hit;
        same->onset = onset;
      }
      for (const Episode& e : episodes) same->episodes.emplace_back(s.symptom, e);
    }
    for (Found& f : found) {
      end_hit(f);
      f.hit.waits = f.hit.symptom == Symptom::failed && failed_share(f.hit.component, {f.onset, n_}) <= 0;
    }
    std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
      return a.onset != b.onset ? a.onset < b.onset : a.hit.component < b.hit.component;
    });
    std::vector<std::size_t> onsets;
    for (Found& f : found) {
      c_.hits.push_back(f.hit);
      onsets.push_back(f.onset);
    }
    explain_hits(model_, r_, baseline_, onsets, c_);
    drop_harmless_deployments();
    detected(onsets);
    c_.amplified = amplified_edges(model_, r_, baseline_, baseline_.end);
  }

  // The window that holds the first trigger's start begins before it, and what is seen there does not.
  double onset_of(const Episode& e) const {
    const double start = times_.start_s[e.first];
    const bool holds = !c_.triggers.empty() && c_.triggers.front().start_s <= times_.end_s[e.first] + 1e-9;
    return holds ? std::max(start, c_.triggers.front().start_s) : start;
  }

  double end_of(const Episode& e) const { return e.over ? times_.start_s[e.end] : times_.end_s.back(); }

  // Who fails and recovers may have a queue an hour later, by chance: a symptom that says less than the hit's
  // own is a part of it only where it begins before all is well, or is there at the end.
  void end_hit(Found& f) const {
    std::stable_sort(f.episodes.begin(), f.episodes.end(),
                     [](const auto& a, const auto& b) { return a.second.first < b.second.first; });
    std::size_t end = 0;
    f.hit.over = true;
    for (const auto& [symptom, e] : f.episodes) {
      if (symptom > f.hit.symptom && e.first > end + kWellAgain && e.over) continue;
      end = std::max(end, e.end);
      f.hit.over = f.hit.over && e.over;
      f.hit.end_s = std::max(f.hit.end_s, end_of(e));
    }
  }

  // Two windows out of bounds decide; one that is far out decides alone, and is over at that.
  void detected(const std::vector<std::size_t>& onsets) {
    if (c_.triggers.empty()) return;
    const double start = c_.triggers.front().start_s;
    for (std::size_t h = 0; h < onsets.size(); ++h) {
      const std::size_t decides = std::min(onsets[h] + 1, n_ - 1);
      const double after = times_.end_s[decides] - start;
      if (after >= 0 && (c_.detection_s < 0 || after < c_.detection_s)) c_.detection_s = after;
    }
  }

  void users(const std::vector<Signal>& signals) {
    for (const Signal& s : signals) {
      if (s.symptom != Symptom::failed) continue;
      const Baseline normal = normal_of(s.values);
      for (const Episode& e : find_episodes(s.values, baseline_.end, normal, s.floor)) {
        const double onset = onset_of(e);
        const double end = e.over ? times_.start_s[e.end] : times_.end_s.back();
        c_.user_onset_s = c_.user_onset_s < 0 ? onset : std::min(c_.user_onset_s, onset);
        c_.user_end_s = std::max(c_.user_end_s, end);
        users_well_ = users_well_ && e.over;
      }
    }
    const std::vector<double> good = goodput(model_, r_), open = open_goodput(model_, r_),
                              load = offered_load(model_, r_);
    const auto mean = [](const std::vector<double>& values, std::size_t a, std::size_t b) {
      return a < b ? std::accumulate(values.begin() + static_cast<std::ptrdiff_t>(a),
                                     values.begin() + static_cast<std::ptrdiff_t>(b), 0.0) /
                         static_cast<double>(b - a)
                   : 0.0;
    };
    c_.goodput_before = mean(good, baseline_.first, baseline_.end);
    // Of open load a share is served; virtual users ask for no more than they get.
    const double offered = mean(load, baseline_.first, baseline_.end),
                 open_before = mean(open, baseline_.first, baseline_.end);
    served_before_ = offered > 0 ? std::min(1.0, open_before / offered) : 1;
    const std::size_t from = c_.triggers.empty() ? baseline_.end : first_from(c_.triggers.front().start_s);
    std::vector<double> due(n_);  // per second, that the baseline would serve
    for (std::size_t k = 0; k < n_; ++k)
      due[k] = (offered > 0 ? served_before_ * load[k] : 0) + (c_.goodput_before - open_before);
    for (std::size_t k = from; k < n_; ++k) {
      const double length = times_.end_s[k] - times_.start_s[k];
      c_.due += due[k] * length;
      c_.lost += due[k] * length - good[k] * length;
    }
    c_.lost = std::max(0.0, c_.lost);
    double last = baseline_.end < n_ ? times_.start_s[baseline_.end] : 0;
    for (const Trigger& t : c_.triggers) last = std::max(last, t.end_s);
    after_ = std::min(n_, first_from(last));
    const std::size_t third = (n_ - after_) / 3;
    waiting_users(third);
    c_.goodput_after = third > 0 ? mean(good, n_ - third, n_) : (n_ > 0 ? good.back() : 0);
    // Of what is asked for now: at night there is less of it.
    const auto share = [&](std::size_t a, std::size_t b) {
      const double of = mean(due, a, b);
      return of > 0 ? mean(good, a, b) / of : 1.0;
    };
    first_third_ = share(after_, after_ + third);
    last_third_ = share(n_ - third, n_);
    last_trigger_s_ = last;
    queue_half_ = queues(after_ + (n_ - after_) / 2);
    queue_end_ = n_ > 0 ? queues(n_ - 1) : 0;
  }

  // Virtual users who wait for an answer that never comes fail at nothing and ask for nothing more. What
  // tells of them is what they got done, long after the last trigger.
  void waiting_users(std::size_t third) {
    if (!all_over() || third == 0) return;
    std::size_t first = 0;  // class
    for (const models::Workload& w : t_.workloads) {
      const auto done = [&](std::size_t a, std::size_t b) {
        double sum = 0;
        for (std::size_t k = a; k < b; ++k) {
          for (std::size_t c = first; c < first + w.classes.size(); ++c)
            sum += static_cast<double>(r_.windows[k].classes[c].succeeded);
        }
        return sum;
      };
      const auto length = [&](std::size_t a, std::size_t b) {
        return times_.end_s[b - 1] - times_.start_s[a];
      };
      const double before = done(baseline_.first, baseline_.end) / length(baseline_.first, baseline_.end);
      const double due = before * length(n_ - third, n_), late = done(n_ - third, n_);
      const double early = done(after_, after_ + third);
      first += w.classes.size();
      if (w.process != models::ArrivalProcess::constant_vus || late >= kMostOfTheGoodput * due ||
          due - late < kDeviations * std::sqrt(due))
        continue;
      const auto hit = std::find_if(c_.hits.begin(), c_.hits.end(),
                                    [&](const Hit& h) { return h.component == w.component; });
      const double onset = hit == c_.hits.end() ? c_.triggers.front().start_s : hit->onset_s;
      c_.user_onset_s = c_.user_onset_s < 0 ? onset : std::min(c_.user_onset_s, onset);
      c_.user_end_s = times_.end_s.back();
      users_well_ = false;
      some_wait_for_ever_ = some_wait_for_ever_ || late - early <= kOnItsWay * due;
    }
  }

  bool all_over() const {
    return !c_.triggers.empty() &&
           std::all_of(c_.triggers.begin(), c_.triggers.end(), [](const Trigger& t) { return t.over; });
  }

  double queues(std::size_t window) const {
    double sum = 0;
    if (window < n_) {
      for (const auto& row : r_.windows[window].stations) sum += row.queue;
    }
    return sum;
  }

  void judge() {
    const bool triggered = !c_.triggers.empty();
    if (triggered && served_before_ < kServedBefore) {
      c_.verdict = Verdict::unknown;
      c_.reason = fmt::format("only {:.0f} % of the requests succeeded before the first trigger",
                              100 * served_before_);
      return;
    }
    if (c_.user_onset_s < 0) {
      c_.verdict = triggered ? Verdict::unaffected : Verdict::steady;
      return;
    }
    if (users_well_) {
      c_.verdict = Verdict::recovered;
      c_.recovery_s =
          triggered ? std::max(0.0, c_.user_end_s - last_trigger_s_) : c_.user_end_s - c_.user_onset_s;
      return;
    }
    c_.verdict = Verdict::degraded;
    if (!triggered) {
      c_.reason = "nothing from outside caused it";
    } else if (!all_over()) {
      c_.reason = "its trigger lasts";
    } else if (n_ - after_ < kFewestAfter) {
      c_.reason = "too little time is left to tell";
    } else if (some_wait_for_ever_) {  // whatever becomes of the others
      c_.verdict = Verdict::metastable;
    } else if (last_third_ - first_third_ > kOnItsWay) {
      c_.reason = "goodput is on its way back";
    } else if (queue_end_ < (1 - kDrains) * queue_half_) {
      c_.reason = "queues drain";
    } else if (last_third_ >= kMostOfTheGoodput) {
      c_.reason = "most of the goodput is back";
    } else {
      c_.verdict = Verdict::metastable;
    }
  }

  const models::CompiledModel& model_;
  const models::Topology& t_;
  const models::RunRecord& r_;
  const WindowTimes times_;
  const std::size_t n_, smooth_;
  Span baseline_;
  std::set<int> held_at_the_door_;  // components of which a fault holds requests before they are let in
  Cascade c_;
  bool users_well_ = true, some_wait_for_ever_ = false;
  double served_before_ = 1;
  std::size_t after_ = 0;
  double first_third_ = 1, last_third_ = 1;  // of what is due after the last trigger, what is served
  double last_trigger_s_ = 0, queue_half_ = 0, queue_end_ = 0;
};

}  // namespace

bool Trigger::on(int component) const {
  return std::find(components.begin(), components.end(), component) != components.end();
}

const char* verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::unknown:
      return "unknown";
    case Verdict::steady:
      return "steady";
    case Verdict::unaffected:
      return "unaffected";
    case Verdict::recovered:
      return "recovered";
    case Verdict::degraded:
      return "degraded";
    case Verdict::metastable:
      return "metastable";
  }
  return "";
}

const char* mechanism_name(Mechanism mechanism) {
  switch (mechanism) {
    case Mechanism::fault:
      return "fault";
    case Mechanism::deployment:
      return "deployment";
    case Mechanism::cache_misses:
      return "cache_misses";
    case Mechanism::load:
      return "load";
    case Mechanism::retry_load:
      return "retry_load";
    case Mechanism::timeouts:
      return "timeouts";
    case Mechanism::refusals:
      return "refusals";
    case Mechanism::errors:
      return "errors";
    case Mechanism::held_workers:
      return "held_workers";
    case Mechanism::slow_replies:
      return "slow_replies";
    case Mechanism::unexplained:
      return "unexplained";
  }
  return "";
}

Cascade find_cascade(const models::CompiledModel& model, const models::RunRecord& record) {
  Cascade found = Finder(model, record, 1).run();
  // Users notice, and what began it came later, or nothing did, as it seems: load may have grown too slowly
  // for single windows to tell.
  const bool by_load =
      !found.triggers.empty() && found.triggers[0].fault < 0 && found.triggers[0].deployment < 0;
  const double began = found.triggers.empty() ? sim::seconds_of(record.end_ns) : found.triggers[0].start_s;
  if (found.user_onset_s < 0 || !(found.triggers.empty() || by_load) || found.hits.empty() ||
      found.hits[0].onset_s >= began)
    return found;
  Cascade again = Finder(model, record, kSmoothWindows).run();
  return again.triggers.empty() || again.triggers[0].start_s >= began ? found : again;
}

}  // namespace tailrace::analysis
