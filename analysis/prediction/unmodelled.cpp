#include "analysis/prediction/unmodelled.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/vpc/vpc.hpp"

namespace tailrace::analysis::detail {

using models::Balancing;
using models::Edge;
using models::Station;
using models::Step;
using models::Steps;

namespace {

constexpr int kMaxPasses = 200;
constexpr double kNever = 1e-12;

// Number of a reason; the first that reaches a figure stays.
using Doubt = int;
constexpr Doubt kSure = -1;
void raise(Doubt& to, Doubt from, bool& changed) {
  if (to != kSure || from == kSure) return;
  to = from;
  changed = true;
}
Doubt first(Doubt a, Doubt b) {
  return a != kSure ? a : b;
}

// A pause in it is longer the more requests are inside.
bool crowds(const Steps& steps) {
  return std::any_of(steps.begin(), steps.end(), [](const Step& s) {
    return (s.kind == Step::Kind::sleep && s.interval.ns > 0) ||
           std::any_of(s.branches.begin(), s.branches.end(), [](const auto& b) { return crowds(b.steps); });
  });
}

// Others find who sleeps in it, and send them work.
bool holds_subscriptions(const Steps& steps) {
  return std::any_of(steps.begin(), steps.end(), [](const Step& s) {
    return s.subscription == models::SubscriptionUse::hold ||
           std::any_of(s.branches.begin(), s.branches.end(),
                       [](const auto& b) { return holds_subscriptions(b.steps); });
  });
}

class Spread {
 public:
  explicit Spread(const Layers& layers)
      : layers_(layers),
        t_(layers.topology()),
        edges_(t_.edges.size()),
        stations_(t_.stations.size()),
        ops_(t_.operations.size()),
        failing_(t_.stations.size(), 0),
        links_(t_.links.size(), kSure),
        workloads_(t_.workloads.size(), kSure) {}

  Unmodelled run() {
    for (std::size_t e = 0; e < t_.edges.size(); ++e) judge_edge(e);
    for (std::size_t s = 0; s < t_.stations.size(); ++s) judge_station(s);
    for (const models::Operation& op : t_.operations) {
      if (op.station == models::kNone || !crowds(op.steps)) continue;
      Doubt& wait = stations_[at(op.station)].wait;
      if (wait == kSure) wait = reason("a sleep per request inside", t_.stations[at(op.station)].name);
    }
    judge_messages();
    for (const models::Operation& op : t_.operations) {
      if (holds_subscriptions(op.steps)) of_subscriptions();
    }
    for (std::size_t c = 0; c < t_.caches.size(); ++c) {
      if (t_.caches[c].used && layers_.cache_known[c] == 0) of_cache(static_cast<int>(c));
    }
    Unmodelled out;
    if (reasons_.empty()) return finished(std::move(out));
    for (int pass = 0; pass < kMaxPasses; ++pass) {
      changed_ = false;
      for (std::size_t w = 0; w < t_.workloads.size(); ++w) workload(w);
      const std::vector<int>& order = layers_.op_order;  // callees first
      for (std::size_t k = 0; k < order.size(); ++k)
        operation(pass % 2 == 0 ? order[k] : order[order.size() - 1 - k]);
      if (!changed_) break;
    }
    return finished(std::move(out));
  }

 private:
  struct OfEdge {
    Doubt admits = kSure, hedges = kSure, budget = kSure, fallback = kSure;
    Doubt network = kSure;  // how long its messages take
  };
  struct OfStation {
    Doubt refuses = kSure;   // its doors and queue policies
    Doubt errors = kSure;    // its instances, with error rates of their own
    Doubt balances = kSure;  // how calls are spread over the instances
    Doubt rate = kSure, wait = kSure;
  };
  struct OfOperation {
    Doubt rate = kSure, time = kSure, result = kSure;
  };
  struct Seen {
    Doubt rate = kSure, time = kSure, result = kSure;
  };

  Doubt reason(const std::string& policy, const std::string& where) {
    reasons_.push_back(fmt::format("{} of {} is not part of this theory", policy, where));
    const auto known =
        std::find_if(mentioned_.begin(), mentioned_.end(), [&](const auto& m) { return m.policy == policy; });
    if (known == mentioned_.end()) {
      mentioned_.push_back({policy, where, 1});
    } else {
      ++known->count;
    }
    return static_cast<Doubt>(reasons_.size()) - 1;
  }
  // Messages that are not followed, and requests that wait for one to be handled.
  void judge_messages() {
    for (std::size_t i = 0; i < ops_.size(); ++i) {
      if (layers_.unfollowed[i] == 0) continue;
      if (messages_ == kSure)
        messages_ = of_messages("messages arrive here, which the theory does not follow");
      ops_[i].rate = messages_;
    }
    const auto waits = [](const Steps& steps, const auto& self) -> bool {
      return std::any_of(steps.begin(), steps.end(), [&](const Step& s) {
        return s.kind == Step::Kind::await ||
               std::any_of(s.branches.begin(), s.branches.end(),
                           [&](const models::StepBranch& b) { return self(b.steps, self); });
      });
    };
    bool any = false;
    for (const models::Operation& op : t_.operations) any = any || waits(op.steps, waits);
    for (const models::Workload& w : t_.workloads) {
      for (const models::RequestClass& c : w.classes) any = any || waits(c.steps, waits);
    }
    if (any) awaited_ = of_messages("how long messages wait to be handled is not part of this theory");
  }
  Doubt of_cache(int cache) {
    if (caches_.empty()) caches_.assign(t_.caches.size(), kSure);
    Doubt& d = caches_[at(cache)];
    if (d == kSure)
      d = of_messages(fmt::format("how often {} hits is not part of this theory", t_.caches[at(cache)].name));
    return d;
  }
  Doubt of_subscriptions() {
    if (subscriptions_ == kSure)
      subscriptions_ = of_messages("how many are subscribed when an event comes is not part of this theory");
    return subscriptions_;
  }
  Doubt of_messages(std::string text) {
    reasons_.push_back(std::move(text));
    return static_cast<Doubt>(reasons_.size()) - 1;
  }

  std::string call_name(const Edge& e) const {
    return t_.components[at(e.from_component)].name + " -> " + t_.operation_name(e.operation);
  }

  void judge_edge(std::size_t id) {
    const Edge& e = t_.edges[id];
    const CallFacts& f = layers_.facts[id];
    if (f.success < 1 - kNever) failing_[at(t_.operations[at(e.operation)].station)] = 1;
    for (const bool out : {true, false}) {
      const int link = out ? e.out_link : e.back_link;
      const auto& bytes = out ? e.request_bytes : e.response_bytes;
      if (link == models::kNone || !bytes) continue;
      const models::Link& l = t_.links[at(link)];
      const double window = static_cast<double>(l.initial_window) * l.packet_bytes;
      if (window > 0 && l.loss > 0 && bytes->mean() > window && edges_[id].network == kSure)
        edges_[id].network = reason("loss with windows", l.name);
    }
    if (e.errand && ops_[at(e.operation)].rate == kSure)
      ops_[at(e.operation)].rate =
          of_messages(fmt::format("what instances ask {} of their own accord is not part of this theory",
                                  t_.operation_name(e.operation)));
    if (f.retries_some) edges_[id].budget = reason("retry_on", call_name(e));
    if (!e.guarded()) return;
    const bool may_fail = f.success < 1 - kNever || f.attempts > 1 + kNever;
    for (const models::AdmissionUse& use : e.admissions) {
      const auto* way = dynamic_cast<const models::VpcPassage*>(use.model.get());
      if (way != nullptr && !way->refused) continue;  // its time is the link's
      const Doubt d = reason(use.policy, call_name(e));
      edges_[id].admits = first(edges_[id].admits, d);
    }
    if (e.hedging) edges_[id].hedges = reason("hedge", call_name(e));
    if (e.retry_budget && may_fail)
      edges_[id].budget = first(edges_[id].budget, reason("retry_budget", call_name(e)));
    if (e.fallback && may_fail) edges_[id].fallback = reason("fallback", call_name(e));
  }

  void judge_station(std::size_t id) {
    const Station& s = t_.stations[id];
    OfStation& out = stations_[id];
    for (const models::AdmissionUse& use : s.doors) {
      // These two let everybody pass: they act on connections, and calls that have any are doubted
      // themselves.
      if (use.policy == "certificate" || use.policy == "server_connections") continue;
      out.refuses = first(out.refuses, reason(use.policy, s.name));
    }
    if (s.queue_policy != nullptr) out.refuses = first(out.refuses, reason("the queue policy", s.name));
    for (const models::InstanceGroup& g : s.groups) {
      if (g.error_rate > 0 && out.errors == kSure) out.errors = reason("an instance's error_rate", s.name);
    }
    if (s.scaling) {
      out.balances = reason("a changing number of instances", s.name);
      return;
    }
    if (s.discovery) {
      out.balances = reason("discovery", s.name);
      return;
    }
    if (s.instances < 2) return;
    if (s.shared_queue) {
      out.balances = reason("shared_queue", s.name);
      return;
    }
    const models::BalancerSettings& b = s.balancer;
    const bool failing = out.errors != kSure || out.refuses != kSure || failing_[id] != 0;
    if (b.policy == Balancing::peak_ewma || b.policy == Balancing::ring_hash ||
        b.policy == Balancing::maglev || b.own_view || b.subset_size > 0 || b.zone_aware || b.sticky) {
      out.balances = reason("load_balancer", s.name);
    } else if (b.outliers && failing) {
      out.balances = reason("outlier_detection", s.name);
    } else if (b.health && b.health->operation >= 0) {
      out.balances = reason("health_check", s.name);
    }
  }

  void workload(std::size_t id) {
    const models::Workload& w = t_.workloads[id];
    for (const models::RequestClass& c : w.classes) {
      Seen seen;
      // Users in a loop come back sooner or later by what their requests take.
      if (!w.open()) seen.rate = workloads_[id];
      steps(c.steps, seen);
      raise(workloads_[id], first(seen.result, seen.time), changed_);
    }
  }

  void operation(int id) {
    const std::size_t s = at(t_.operations[at(id)].station);
    const Station& model = t_.stations[s];
    const StationState& state = layers_.stations[s];
    OfStation& station = stations_[s];
    OfOperation& op = ops_[at(id)];
    raise(station.rate, first(op.rate, station.refuses), changed_);
    raise(station.wait, first(station.rate, station.balances), changed_);
    const bool loses = model.queue_capacity != models::kUnlimited || model.patience;
    Seen seen;
    seen.rate = first(op.rate, station.refuses);
    if (loses) seen.rate = first(seen.rate, station.wait);
    steps(t_.operations[at(id)].steps, seen);
    for (const int handler : layers_.handlers[at(id)]) raise(ops_[at(handler)].rate, seen.rate, changed_);
    // A worker that is held across calls, or until a message is handled, is held for as long as that takes.
    if (state.limited && (state.holds_calls || model.blocking))
      raise(station.rate, first(seen.time, seen.result), changed_);
    const bool contended = state.limited || state.cores;
    raise(op.time, first(seen.time, contended ? station.wait : kSure), changed_);
    raise(op.result,
          first(first(seen.result, station.errors), first(station.refuses, loses ? station.wait : kSure)),
          changed_);
  }

  void steps(const Steps& list, Seen& seen) {
    for (const Step& step : list) {
      if (step.kind == Step::Kind::call) {
        call(at(step.edge), seen);
        for (const models::StepBranch& b : step.branches) {  // in place of a call that failed
          Seen instead = seen;
          steps(b.steps, instead);
          seen.time = first(seen.time, instead.time);
          seen.result = first(seen.result, instead.result);
        }
        continue;
      }
      if (step.subscription == models::SubscriptionUse::hold) {  // how often its branch runs others decide
        Seen event;
        event.rate = of_subscriptions();
        for (const models::StepBranch& b : step.branches) steps(b.steps, event);
        continue;
      }
      if (step.kind == Step::Kind::await) {
        seen.time = first(seen.time, awaited_);
        seen.result = first(seen.result, awaited_);
      }
      const bool guessed = step.kind == Step::Kind::cache && step.use == models::CacheUse::look &&
                           layers_.cache_known[at(step.ref)] == 0;
      if (guessed) {
        steps(step.branches[0].steps, seen);
        Seen missed = seen;
        missed.rate = first(missed.rate, of_cache(step.ref));
        steps(step.branches[1].steps, missed);
        seen.time = first(seen.time, of_cache(step.ref));
        seen.result = first(seen.result, missed.result);
        continue;
      }
      Seen after = seen;
      const int rounds = step.kind == Step::Kind::loop ? 2 : 1;  // the next round sees what the last one did
      for (int round = 0; round < rounds; ++round) {
        const Seen before = after;
        for (const models::StepBranch& b : step.branches) {
          Seen inside = before;
          steps(b.steps, inside);
          after.rate = first(after.rate, inside.rate);
          after.time = first(after.time, inside.time);
          after.result = first(after.result, inside.result);
        }
      }
      seen = after;
    }
  }

  void call(std::size_t id, Seen& seen) {
    const Edge& e = t_.edges[id];
    const OfEdge& own = edges_[id];
    const std::size_t target = at(e.operation);
    const bool may_fail = layers_.facts[id].success < 1 - kNever;
    const Doubt attempt = ops_[target].result;
    Doubt sent = first(seen.rate, first(own.admits, first(own.hedges, own.budget)));
    if (e.retries != 0) sent = first(sent, attempt);
    raise(ops_[target].rate, sent, changed_);
    for (const int link : {e.out_link, e.back_link}) {
      if (link != models::kNone) raise(links_[at(link)], sent, changed_);
    }
    Doubt result = first(own.admits, first(attempt, first(own.budget, own.fallback)));
    if (may_fail) result = first(result, own.hedges);
    seen.time = first(seen.time, own.network);
    seen.time = first(seen.time, first(first(own.admits, own.hedges), first(ops_[target].time, result)));
    if (e.ignore_failure) return;
    seen.result = first(seen.result, result);
    seen.rate = first(seen.rate, result);
  }

  Unmodelled finished(Unmodelled out) const {
    const auto text = [&](Doubt d) { return d == kSure ? std::string() : reasons_[at(d)]; };
    for (const OfStation& s : stations_) {
      out.rate.push_back(text(s.rate));
      out.wait.push_back(text(s.wait));
    }
    for (const Doubt d : links_) out.link.push_back(text(d));
    for (const Doubt d : workloads_) out.workload.push_back(text(d));
    if (messages_ != kSure)
      out.notes.push_back("Some messages are not followed by this theory: what they cause has no figure.");
    if (subscriptions_ != kSure)
      out.notes.push_back(
          "Deliveries to subscribers are not part of this theory: what they load and call has no figure.");
    if (mentioned_.empty()) return out;
    std::vector<std::string> names;
    for (const Mention& m : mentioned_)
      names.push_back(m.count > 1 ? fmt::format("{} ({} times)", m.policy, m.count) : m.policy);
    const bool one = mentioned_.size() == 1 && mentioned_[0].count == 1;
    out.notes.push_back(
        fmt::format("{} not part of this theory: what {} can change has no figure.",
                    one ? fmt::format("{} of {} is", mentioned_[0].policy, mentioned_[0].where)
                        : fmt::format("{} are", fmt::join(names, ", ")),
                    one ? "it" : "they"));
    return out;
  }

  struct Mention {
    std::string policy, where;
    int count = 0;
  };

  const Layers& layers_;
  const models::Topology& t_;
  std::vector<OfEdge> edges_;
  std::vector<OfStation> stations_;
  std::vector<OfOperation> ops_;
  std::vector<char> failing_;  // per station: calls to it can fail
  std::vector<Doubt> links_, workloads_;
  std::vector<Doubt> caches_;  // what they find
  Doubt messages_ = kSure, awaited_ = kSure, subscriptions_ = kSure;
  std::vector<std::string> reasons_;
  std::vector<Mention> mentioned_;
  bool changed_ = false;
};

}  // namespace

Unmodelled find_unmodelled(const Layers& layers) {
  return Spread(layers).run();
}

}  // namespace tailrace::analysis::detail
