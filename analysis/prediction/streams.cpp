// Which arrival streams are Poisson, or stand in for it in a product form: taint that spreads from where it
// arises to all that happens later on the same way. Along a request the order of the steps counts; an
// operation is seen with the worst stream that any caller brings.
#include <algorithm>
#include <cmath>

#include "analysis/prediction/layers.hpp"

namespace tailrace::analysis::detail {

using models::Step;
using models::Steps;

namespace {

constexpr int kMaxPasses = 60;

// What leaves a station, given what arrives.
Stream after_station(const StationState& s) {
  if (s.product_form) return s.arrivals;
  return std::max(s.arrivals, s.lost > 0 ? Stream::lost : Stream::departures);
}

class Spread {
 public:
  Spread(const models::Topology& t, std::vector<StationState>& stations, const std::vector<LinkState>& links,
         const std::vector<double>& rates, const std::vector<std::vector<int>>& handlers)
      : t_(t),
        stations_(stations),
        links_(links),
        rates_(rates),
        handlers_(handlers),
        in_(t.operations.size(), Stream::poisson),
        out_(t.operations.size(), Stream::poisson) {}

  void run(const std::vector<int>& order, const std::vector<double>& class_rates) {
    for (int pass = 0; pass < kMaxPasses; ++pass) {
      changed_ = false;
      std::size_t flat = 0;
      for (const models::Workload& w : t_.workloads) {
        const Stream source = !w.open() || is_poisson(w) ? Stream::poisson
                              : is_stationary(w)         ? Stream::source
                                                         : Stream::unknown;
        for (const models::RequestClass& c : w.classes) {
          if (class_rates[flat++] > 0) steps(c.steps, source, nullptr, false);
        }
      }
      // Alternate directions: what comes in spreads to callees, what goes out to callers.
      for (std::size_t k = 0; k < order.size(); ++k)
        operation(pass % 2 == 0 ? order[order.size() - 1 - k] : order[k]);
      if (!changed_) return;
    }
    for (StationState& s : stations_) s.arrivals = std::max(s.arrivals, Stream::departures);
  }

 private:
  void raise(Stream& s, Stream to) {
    if (to <= s) return;
    s = to;
    changed_ = true;
  }

  void operation(int op) {
    if (!(rates_[at(op)] > 0)) return;
    const models::Station& model = t_.stations[at(t_.operations[at(op)].station)];
    StationState& s = stations_[at(t_.operations[at(op)].station)];
    Stream now = in_[at(op)];
    const bool one_stay = model.blocking && s.limited;  // its compute steps are part of the stay
    if (one_stay) {
      raise(s.arrivals, now);
      now = std::max(now, after_station(s));
    }
    raise(out_[at(op)], steps(t_.operations[at(op)].steps, now, one_stay ? nullptr : &s, false));
    for (const int handler : handlers_[at(op)]) raise(in_[at(handler)], std::max(now, Stream::messages));
  }

  // `station`: whose workers or cores the compute steps visit; null for a client. `held`: a worker is there
  // already.
  Stream steps(const Steps& list, Stream now, StationState* station, bool held) {
    for (const Step& step : list) {
      switch (step.kind) {
        case Step::Kind::compute:
          if (station == nullptr || held || !(station->limited || station->cores)) break;
          held = station->limited;
          raise(station->arrivals, now);
          now = std::max(now, after_station(*station));
          break;
        case Step::Kind::call:
          held = false;
          now = call(step.edge, now);
          break;
        case Step::Kind::parallel: {
          const Stream inside = step.branches.size() > 1 ? std::max(now, Stream::parallel) : now;
          for (const models::StepBranch& b : step.branches)
            now = std::max(now, steps(b.steps, inside, station, false));
          now = std::max(now, inside);
          held = false;
          break;
        }
        case Step::Kind::branch:
        case Step::Kind::loop: {
          Stream after = now;
          const bool loops = step.kind == Step::Kind::loop, looping = looping_;
          const bool keeps = held && (!loops || is_written_out(step));
          looping_ = looping || loops;
          for (const models::StepBranch& b : step.branches)
            after = std::max(after, steps(b.steps, now, station, keeps));
          // The next round sees what the last one did.
          if (loops && after > now)
            after = std::max(after, steps(step.branches.front().steps, after, station, keeps));
          looping_ = looping;
          now = after;
          held = false;
          break;
        }
        case Step::Kind::sleep:
          held = false;
          break;
        case Step::Kind::cache: {
          now = std::max(now, steps(step.branches[0].steps, now, station, held));
          const models::Cache& cache = t_.caches[at(step.ref)];
          const Stream inside = step.use == models::CacheUse::look && !misses_by_chance(cache)
                                    ? std::max(now, Stream::misses)
                                    : now;
          now = std::max(now, steps(step.branches[1].steps, inside, station, held));
          held = false;
          break;
        }
        case Step::Kind::attempt: {
          const Stream tried = std::max(now, steps(step.branches[0].steps, now, station, false));
          now = std::max(tried, steps(step.branches[1].steps, tried, station, false));
          held = false;
          break;
        }
        case Step::Kind::effect:
          now = std::max(now, steps(step.branches.front().steps, now, station, held));
          held = false;
          break;
        case Step::Kind::background: {
          const bool beside = beside_;
          beside_ = true;
          steps(step.branches.front().steps, now, nullptr, false);
          beside_ = beside;
          break;
        }
        case Step::Kind::fail:
        case Step::Kind::deposit:
        case Step::Kind::milestone:
        case Step::Kind::await:
          break;
      }
    }
    return now;
  }

  Stream call(int id, Stream now) {
    const models::Edge& edge = t_.edges[at(id)];
    const auto link = [&](int l) {
      if (l != models::kNone && !links_[at(l)].product_form) now = std::max(now, Stream::departures);
    };
    link(edge.out_link);
    const std::size_t station = at(t_.operations[at(edge.operation)].station);
    const models::Station& model = t_.stations[station];
    // Calls in the background are under way beside others to the same station, or those of the next round.
    if (beside_ && (looping_ || stations_[station].calling_edges > 1)) now = std::max(now, Stream::parallel);
    raise(in_[at(edge.operation)], now);
    now = std::max(now, out_[at(edge.operation)]);
    // Each instance gets a share of the calls that is not chosen by chance alone; what leaves is no better.
    if (model.instances > 1 && model.balancer.policy != models::Balancing::random &&
        model.balancer.policy != models::Balancing::weighted && stations_[station].limited) {
      now = std::max(now, Stream::balanced);
    }
    link(edge.back_link);
    return now;
  }

  const models::Topology& t_;
  std::vector<StationState>& stations_;
  const std::vector<LinkState>& links_;
  const std::vector<double>& rates_;
  const std::vector<std::vector<int>>& handlers_;
  std::vector<Stream> in_, out_;
  bool beside_ = false, looping_ = false;  // the steps at hand: nobody waits for them, they are repeated
  bool changed_ = false;
};

const Step* only_compute(const Steps& steps) {
  return steps.size() == 1 && steps[0].kind == Step::Kind::compute ? &steps[0] : nullptr;
}

}  // namespace

void Layers::classify(const std::vector<double>& rates, const std::vector<double>& class_rates) {
  for (std::size_t i = 0; i < links.size(); ++i) {
    const models::Link& l = t_.links[i];
    links[i].product_form = !(l.bandwidth_bit_per_s > 0);
  }
  for (std::size_t i = 0; i < stations.size(); ++i) {
    const models::Station& m = t_.stations[i];
    StationState& s = stations[i];
    s.arrivals = Stream::poisson;
    s.source = models::kNone;
    s.only_law = nullptr;
    if (s.operations.size() == 1) {
      const Step* step = only_compute(t_.operations[at(s.operations[0])].steps);
      if (step != nullptr) s.only_law = &*step->distribution;
    }
    // The law of the stays, whatever their length under load.
    Visits visits, computes, beside;
    bool one_step = true;
    for (const int op : s.operations) {
      if (!(rates[at(op)] > 0)) continue;
      const WalkResult walk =
          walk_program(t_.operations[at(op)].steps, t_, facts, {!m.blocking, 1, 1, 0, {}});
      if (m.blocking) {
        visits.add(rates[at(op)], walk.time);
      } else {
        visits.add(rates[at(op)], walk.segments);
      }
      computes.add(rates[at(op)], walk.computes);
      beside.add(rates[at(op)], walk.beside);
      one_step = one_step && only_compute(t_.operations[at(op)].steps) != nullptr;
    }
    const bool random = m.instances == 1 || m.balancer.policy == models::Balancing::random ||
                        m.balancer.policy == models::Balancing::weighted;
    const bool keeps_all = m.queue_capacity == models::kUnlimited && !m.patience;
    const bool sharing = m.cpu_scheduling == models::CpuScheduling::processor_sharing;
    if (!s.limited && !s.cores) {
      s.product_form = true;
    } else if (!s.limited) {
      s.product_form = random && beside.count == 0 && (sharing || computes.exponential());
    } else if (s.cores) {
      s.product_form = random && keeps_all && !s.holds_calls && one_step && computes.exponential() &&
                       m.discipline != models::Discipline::shortest_job_first;
    } else {
      s.product_form = random && keeps_all && !s.holds_calls && visits.exponential() &&
                       m.discipline != models::Discipline::shortest_job_first;
    }
  }
  // Stations that one workload feeds alone and directly: they see its arrivals as they are.
  std::vector<int> callers(stations.size(), 0);
  for (const models::Edge& e : t_.edges) ++callers[at(t_.operations[at(e.operation)].station)];
  for (std::size_t w = 0; w < t_.workloads.size(); ++w) {
    int station = models::kNone;
    int edges = 0;
    for (const models::RequestClass& c : t_.workloads[w].classes) {
      int here = models::kNone;
      if (!c.steps.empty() && c.steps[0].kind == Step::Kind::call) {
        const models::Edge& e = t_.edges[at(c.steps[0].edge)];
        const bool straight = e.out_link == models::kNone && facts[at(c.steps[0].edge)].attempts == 1;
        if (straight) here = t_.operations[at(e.operation)].station;
        ++edges;
      }
      if (here == models::kNone || (station != models::kNone && station != here)) {
        station = models::kNone;
        break;
      }
      station = here;
    }
    if (station == models::kNone || callers[at(station)] != edges) continue;
    // Every program there must begin with its only stay.
    StationState& s = stations[at(station)];
    const bool one_stay =
        t_.stations[at(station)].blocking ||
        std::all_of(s.operations.begin(), s.operations.end(), [&](int op) {
          const WalkResult& walk = op_walk[at(op)];
          const Steps& list = t_.operations[at(op)].steps;
          return !list.empty() && list[0].kind == Step::Kind::compute && walk.segments.count == 1;
        });
    if (one_stay) s.source = static_cast<int>(w);
  }
  Spread(t_, stations, links, rates, handlers).run(op_order, class_rates);
}

bool misses_by_chance(const models::Cache& cache) {
  return cache.hit_ratio || (cache.settings.policy == models::Replacement::pinned && !cache.settings.ttl);
}

bool is_stationary(const models::Workload& w) {
  return w.process == models::ArrivalProcess::constant_rate ||
         w.process == models::ArrivalProcess::constant_vus;
}
bool is_poisson(const models::Workload& w) {
  return w.process == models::ArrivalProcess::constant_rate &&
         w.spacing.kind() == sim::Distribution::Kind::exponential && w.batch_size.is_constant() &&
         batch_moments(w).mean == 1;
}

BatchMoments batch_moments(const models::Workload& w) {
  const sim::Distribution& drawn = w.batch_size;
  if (drawn.is_constant()) {
    const double n = std::max(1.0, std::floor(drawn.mean() + 0.5));
    return {n, n * n};
  }
  constexpr int kMost = 10'000;
  BatchMoments m;
  for (int k = 2; k <= kMost; ++k) {
    const double at_least = 1 - drawn.cdf(k - 0.5);
    m.mean += at_least;
    m.second += (2 * k - 1) * at_least;
    if (at_least < 1e-13) return m;
  }
  // In a tail that long rounding is nothing.
  return {std::max(m.mean, drawn.mean()), std::max(m.second, drawn.variance() + drawn.mean() * drawn.mean())};
}

double mean_rate(const models::Topology& t, const models::Workload& w) {
  const double batch = batch_moments(w).mean;
  const double from = static_cast<double>(t.run.warmup.ns) * 1e-9;
  const double end = static_cast<double>(t.run.duration.ns) * 1e-9;
  if (!(end > from)) return 0;
  switch (w.process) {
    case models::ArrivalProcess::constant_rate:
    case models::ArrivalProcess::sinusoidal_rate:
      return w.rate_per_s * batch;
    case models::ArrivalProcess::ramping_rate: {
      // The area under the stages, and under the last target after them.
      const auto area = [&](double until) {
        double sum = 0, now = 0, rate = w.rate_per_s;
        for (const models::RateStage& s : w.stages) {
          const double length = static_cast<double>(s.duration.ns) * 1e-9;
          const double used = std::min(length, std::max(0.0, until - now));
          const double reached = length > 0 ? rate + (s.target - rate) * used / length : s.target;
          sum += 0.5 * (rate + reached) * used;
          now += length;
          rate = s.target;
        }
        return sum + rate * std::max(0.0, until - now);
      };
      return (area(end) - area(from)) / (end - from) * batch;
    }
    case models::ArrivalProcess::mmpp: {
      double requests = 0, time = 0;
      for (const models::MmppState& s : w.states) {
        const double sojourn = static_cast<double>(s.mean_sojourn.ns) * 1e-9;
        requests += s.rate_per_s * sojourn;
        time += sojourn;
      }
      return time > 0 ? requests / time * batch : 0;
    }
    case models::ArrivalProcess::trace: {
      if (w.trace_ns == nullptr) return 0;
      const auto after = [&](std::int64_t ns) {
        return std::upper_bound(w.trace_ns->begin(), w.trace_ns->end(), ns);
      };
      const auto first = t.run.warmup.ns > 0 ? after(t.run.warmup.ns) : w.trace_ns->begin();
      return static_cast<double>(after(t.run.duration.ns) - first) / (end - from) * batch;
    }
    case models::ArrivalProcess::constant_vus:
    case models::ArrivalProcess::ramping_vus:
      return 0;
  }
  return 0;
}

}  // namespace tailrace::analysis::detail
