// What one station makes of its load: which formula applies, and whether it is exact here.
#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "analysis/prediction/layers.hpp"
#include "analysis/queueing/formulas.hpp"
#include "sim/base/math.hpp"

namespace tailrace::analysis::detail {

using models::Balancing;
using models::Discipline;
using sim::math::kInfinity;

namespace {

// Egalitarian sharing of a possibly fractional number of cores: with n jobs, work is done at rate min(n,
// cores). The number inside has a product form whatever the law of the work (Cohen 1979), so it is that of a
// birth-death chain.
struct SharedCores {
  double in_system = 0;
  double at_floor = 0;  // P(N = m), m = floor(cores); above it falls by rho
  double rho = 0;
  int m = 0;

  SharedCores(double load, double cores) : rho(load / cores), m(static_cast<int>(std::min(cores, 1e7))) {
    if (rho >= 1) {
      in_system = kInfinity;
      return;
    }
    const double full = m > 0 ? erlang_b(load, m) : 1;  // P(N = m | N <= m)
    const double norm = 1 + full * rho / (1 - rho);
    at_floor = full / norm;
    const double below = load * (1 - full);  // E[N | N <= m]
    in_system = (below + full * (m * rho / (1 - rho) + rho / ((1 - rho) * (1 - rho)))) / norm;
  }
  double beyond(double k) const {  // E[(N - k)+], k >= cores
    return at_floor * sim::math::pow(rho, k - m) * rho / ((1 - rho) * (1 - rho));
  }
};

void unknown(StationState& s, std::string reason) {
  if (s.known) s.reason = std::move(reason);
  s.known = s.exact = false;
}

Moments wait_of(const QueueMeans& q) {
  return wait_moments(q.wait_mean_s, q.wait_probability);
}

// The arrivals of the only source, where they are not Poisson.
bool source_formula(const models::Workload& w, const PoolLoad& load, int servers, QueueMeans& q) {
  const BatchMoments batch = batch_moments(w);
  const bool poisson = w.spacing.kind() == sim::Distribution::Kind::exponential;
  const double rate = load.visit_rate, service = load.visits.mean();
  const bool one_exponential = servers == 1 && load.visits.exponential();
  const double scv = w.spacing.scv();
  if (batch.mean > 1) {
    if (poisson && servers == 1) {
      q = batch_mg1(rate / batch.mean, batch.mean, batch.second, service, load.visits.scv());
    } else {  // as uneven as batches are over a long time
      const double uneven = batch.mean * scv + batch.second / batch.mean - batch.mean;
      q = ggc_approx(rate, uneven, service, load.visits.scv(), servers);
      q.exact = false;
    }
    return true;
  }
  const bool erlang = w.spacing.kind() == sim::Distribution::Kind::erlang;
  if (one_exponential && (w.spacing.is_constant() || erlang)) {
    const int k = erlang ? static_cast<int>(1 / scv + 0.5) : 0;
    q = gm1(rate, erlang ? laplace_erlang(k, 1 / rate) : laplace_constant(1 / rate), service);
    return true;
  }
  q = ggc_approx(rate, scv, service, load.visits.scv(), servers);
  q.exact = false;
  return true;
}

// Power of d choices, many one-worker instances (Mitzenmacher 2001; Vvedenskaya, Dobrushin and Karpelevich
// 1996): the share of queues with at least k requests is rho^((d^k - 1) / (d - 1)).
double supermarket_number(double rho, double d) {
  double sum = 0, power = 1;
  for (int k = 1; k < 10'000; ++k) {
    const double term = sim::math::pow(rho, power);
    sum += term;
    power = 1 + d * power;
    if (term < 1e-16) break;
  }
  return sum;
}

void set_loss(StationState& s, const LossMeans& q) {
  s.lost = q.lost_fraction;
}

}  // namespace

void approximate(StationState& s, std::string reason) {
  if (s.exact && s.known) s.reason = std::move(reason);
  s.exact = false;
}

Moments wait_moments(double mean_s, double wait_probability) {
  if (!(mean_s > 0)) return {};
  if (!std::isfinite(mean_s)) return {kInfinity, kInfinity, Moments::Law::other, false};
  const double p = std::clamp(wait_probability, 1e-12, 1.0);
  return {mean_s, std::max(0.0, mean_s * mean_s * (2 / p - 1)), Moments::Law::other, true};
}

const char* stream_text(Stream s) {
  switch (s) {
    case Stream::poisson:
      return "";
    case Stream::source:
      return "arrivals that are not Poisson";
    case Stream::departures:
      return "fed by a station whose departures are not Poisson";
    case Stream::parallel:
      return "fed by parallel calls, which come in groups";
    case Stream::misses:
      return "what misses a cache is not chosen by chance alone";
    case Stream::balanced:
      return "fed by a load balancer's share of the calls";
    case Stream::messages:
      return "messages arrive here as their channel hands them out";
    case Stream::lost:
      return "fed by a station that loses requests";
    case Stream::unknown:
      return "the arrival rate changes over time";
  }
  return "";
}

void solve_cores(const models::Station& model, StationState& state, GroupState& g, const Visits& computes,
                 double compute_rate) {
  g.stretch = 1;
  g.core_wait_s = 0;
  const double cores = *model.cpus, load = compute_rate * computes.mean();
  g.core_utilization = load / cores;
  const double slowest = std::max(1.0, 1 / cores);  // a lone request on half a core takes twice as long
  if (g.core_utilization >= 1) {
    state.stable = false;
    approximate(state, "overloaded");
    g.stretch = kInfinity;
    return;
  }
  if (!(computes.first > 0)) return;
  if (model.cpu_scheduling == models::CpuScheduling::processor_sharing) {
    g.stretch = load > 0 ? std::max(slowest, SharedCores(load, cores).in_system / load) : slowest;
  } else if (load > 0) {
    const QueueMeans q = mgc_approx(compute_rate, computes.mean(),
                                    computes.exponential() ? 1 : computes.scv(), static_cast<int>(cores));
    g.core_wait_s = q.wait_mean_s;
    if (!q.exact) approximate(state, "several cores and work that is not exponential");
  }
  if (!computes.exact) approximate(state, "parallel work is taken as independent");
  if (!state.limited) {  // the cores are all there is
    if (state.arrivals == Stream::unknown) {
      unknown(state, stream_text(state.arrivals));
    } else if (load > 0 && state.arrivals != Stream::poisson) {
      approximate(state, stream_text(state.arrivals));
    } else if (load > 0 && model.instances > 1 && model.balancer.policy != Balancing::random &&
               model.balancer.policy != Balancing::weighted) {
      approximate(state, "calls are spread more evenly than at random, which this figure assumes");
    }
  }
}

WalkPlace average_place(const StationState& state, bool async) {
  WalkPlace place{async, 0, 1, 0, {}};
  double shares = 0, stretched = 0, wait = 0, second = 0;
  bool plain = true;
  for (const GroupState& g : state.groups) {
    const double part = g.share * g.count;
    if (!(part > 0)) continue;
    shares += part;
    place.slowness += part * g.slowness;
    stretched += part * g.slowness * g.stretch;
    place.core_wait_s += part * g.core_wait_s;
    wait += part * g.served_wait.mean;
    second += part * g.served_wait.second();
    plain = plain && g.stretch == 1;
  }
  if (!(shares > 0)) return {async, 1, 1, 0, {}};
  if (!plain) place.stretch = stretched / place.slowness;
  place.slowness /= shares;
  place.core_wait_s /= shares;
  wait /= shares;
  if (wait > 0) place.wait = {wait, std::max(0.0, second / shares - wait * wait), Moments::Law::other, true};
  return place;
}

void solve_pool(const models::Station& model, StationState& s, GroupState& g, const PoolLoad& load) {
  const int servers = static_cast<int>(model.workers);
  double rate = load.visit_rate;
  g.service_s = load.visits.mean();
  g.service_scv = load.visits.exponential() ? 1 : load.visits.scv();
  g.utilization = g.in_queue = 0;
  g.set_wait({});
  if (!(rate > 0) || !(load.visits.first > 0)) {
    if (!std::isfinite(load.visits.first)) unknown(s, "waits for an overloaded station");
    return;
  }
  if (!std::isfinite(g.service_s)) {
    if (s.stable) unknown(s, "waits for an overloaded station");
    g.utilization = kInfinity;
    g.set_wait({kInfinity, kInfinity, Moments::Law::other, false});
    return;
  }
  if (s.holds_calls) approximate(s, "workers are held across calls");
  const bool exponential = load.visits.exponential() && !s.cores;
  const bool poisson = s.arrivals == Stream::poisson;
  const Balancing policy = model.balancer.policy;
  const bool several = model.instances > 1;
  const bool bounded = model.queue_capacity != models::kUnlimited;
  double scv = 1;
  bool source_known = false;  // the formula knew the arrivals
  QueueMeans q;
  std::optional<QueueMeans> of_served;  // where some give up: of the others
  if (s.cores && load.only_computes) {
    // Workers and cores are one queue: whoever has a worker shares the cores.
    const double work = rate * load.computes->mean() * load.computes->count / load.visits.count;
    const SharedCores all(work, *model.cpus);
    if (!s.stable || all.rho >= 1) {
      q.stable = false;
    } else {
      q.in_queue_mean = all.beyond(static_cast<double>(model.workers));
      q.wait_mean_s = q.in_queue_mean / rate;
      q.wait_probability =
          std::min(1.0, all.at_floor * sim::math::pow(all.rho, static_cast<double>(model.workers) - all.m) /
                            (1 - all.rho));
      const double served = (all.in_system - q.in_queue_mean) / rate;
      q.utilization = served * rate / servers;
      // What the cores add per unit of work, now that at most `workers` share them.
      const double raw = work / rate;
      g.stretch = std::max(1.0, served / raw);
      g.core_wait_s = 0;
      g.service_s = served;
      if (!load.computes->exponential() ||
          std::fabs(load.computes->count - load.visits.count) > 1e-9 * load.visits.count) {
        approximate(s, "workers share cores, and work is not one exponential step");
      }
    }
    if (bounded || model.patience) approximate(s, "workers share cores: what the queue loses is left out");
  } else {
    const bool plain =
        exponential && poisson && (!several || policy == Balancing::random || policy == Balancing::weighted);
    const double capacity = static_cast<double>(model.queue_capacity);
    // The number inside, and so what a full queue loses, is the same in any order that neither interrupts nor
    // looks at sizes; how long those wait who are patient enough depends on the order.
    const bool interrupts = s.priorities && model.discipline == Discipline::preemptive_priority;
    const bool by_size = model.discipline == Discipline::shortest_job_first;
    const bool in_order = !by_size && !s.priorities && model.discipline != Discipline::lifo;
    if ((bounded && (interrupts || (by_size && capacity > 0))) || (model.patience && !in_order))
      approximate(s, "what its queue loses is that of first come, first served");
    if (bounded && capacity <= 1e6 && !model.patience && (exponential || capacity == 0)) {
      const LossMeans m = mmck(rate, g.service_s, servers, servers + static_cast<int>(capacity));
      set_loss(s, m);
      q = m;
      q.exact = true;  // without a queue (Erlang B) for any law of the service
    } else if (model.patience && !bounded && exponential && model.patience->mean() > 0 &&
               (model.patience->is_constant() ||
                model.patience->kind() == sim::Distribution::Kind::exponential)) {
      const double patience = model.patience->mean() * 1e-9;
      const LossMeans m = model.patience->is_constant() ? mmc_timeout(rate, g.service_s, servers, patience)
                                                        : erlang_a(rate, g.service_s, servers, patience);
      set_loss(s, m);
      q = m;
      // All who gave up had waited.
      of_served = q;
      of_served->wait_mean_s = m.served_wait_s;
      of_served->wait_probability = (m.wait_probability - m.lost_fraction) / (1 - m.lost_fraction);
    } else {
      if (several && policy == Balancing::round_robin && poisson && load.calling_edges == 1) {
        scv = 1 / static_cast<double>(model.instances);  // every n-th of a Poisson stream: Erlang-n gaps
      }
      const bool direct =
          s.source != models::kNone && load.source != nullptr && !several && s.arrivals == Stream::source;
      if (direct && source_formula(*load.source, load, servers, q)) {
        source_known = true;
        if (!q.exact) approximate(s, "no formula for these arrivals with this service");
      } else if (scv != 1) {
        const double k = 1 / scv;
        if (servers == 1 && exponential && k < 1e6) {
          q = gm1(rate, laplace_erlang(static_cast<int>(k + 0.5), 1 / rate), g.service_s);
        } else {
          q = ggc_approx(rate, scv, g.service_s, g.service_scv, servers);
        }
      } else {
        q = mgc_approx(rate, g.service_s, g.service_scv, servers);
      }
      if (bounded || model.patience) {
        // The queue of unlimited length and patience stands in where it hardly ever matters.
        const double room = bounded ? capacity : kInfinity;
        const double hope = model.patience ? model.patience->quantile(0.01) * 1e-9 : kInfinity;
        if (q.stable && q.in_queue_mean * 10 < room && q.wait_mean_s * 10 < hope) {
          approximate(s, "what the bounded queue loses is left out");
        } else {
          unknown(s, "no formula for a bounded or impatient queue with this service or these arrivals");
        }
      }
      if (model.discipline == Discipline::shortest_job_first) {
        constexpr double kBelowOne = 1 - 0x1p-53;  // slices of the far tail round to 1
        const auto* law = s.operations.size() == 1 && servers == 1 && load.only_computes && s.only_law
                              ? s.only_law
                              : nullptr;
        if (law != nullptr && q.stable) {
          const double slow = 1e-9 * g.slowness;
          q = sjf_mg1(rate, g.service_s, g.service_scv,
                      [&](double u) { return law->quantile(std::min(u, kBelowOne)) * slow; });
        } else {
          approximate(s, "shortest job first: this is the first come, first served wait, an upper bound");
        }
      }
      if (s.priorities && (!exponential || model.discipline == Discipline::preemptive_priority)) {
        approximate(s, "priorities with service of several laws: the wait is that without them");
      }
    }
    if (!q.exact)
      approximate(s, q.stable ? "several workers and service that is not exponential" : "overloaded");
    if (!plain && several && policy == Balancing::least_request) {
      approximate(s, model.balancer.choice_count == 0
                         ? "least request: as if all instances shared one queue, a lower bound"
                         : "least request of a few: the limit of many instances");
    }
  }
  if (!q.stable) {
    s.stable = false;
    approximate(s, "overloaded");
    g.utilization = s.cores && load.only_computes ? g.core_utilization : rate * g.service_s / servers;
    g.set_wait({kInfinity, kInfinity, Moments::Law::other, false});
    g.in_queue = kInfinity;
    return;
  }
  if (several && policy == Balancing::least_request && !bounded && !model.patience) {
    // Joining the shortest queue of all comes close to one queue; two choices do nearly as well as the limit
    // says.
    const double n = static_cast<double>(model.instances);
    if (model.balancer.choice_count == 0) {
      const double all = std::min(1e6, n * servers);
      const QueueMeans pooled = mgc_approx(rate * n, g.service_s, g.service_scv, static_cast<int>(all));
      q.wait_mean_s = pooled.wait_mean_s;
      q.wait_probability = pooled.wait_probability;
    } else if (servers == 1) {
      const double d = static_cast<double>(std::min(model.balancer.choice_count, model.instances));
      const double scale = (1 + g.service_scv) / 2;
      q.wait_mean_s = scale * std::max(0.0, supermarket_number(q.utilization, d) / rate - g.service_s);
    }
    q.in_queue_mean = rate * q.wait_mean_s;
  }
  if (several && policy == Balancing::round_robin) {
    if (scv == 1 || load.calling_edges != 1) {
      approximate(s, "round robin spreads calls more evenly than at random, which this figure assumes");
    } else if (!(servers == 1 && exponential)) {
      approximate(s, "round robin: Erlang arrivals by an approximation");
    }
  } else if (several && policy == Balancing::least_request) {
    approximate(s, "least request: an approximation for many instances");
  }
  if (!load.visits.exact) approximate(s, "the time that a worker is held is itself approximate");
  if (s.arrivals == Stream::unknown) {
    unknown(s, stream_text(s.arrivals));
  } else if (s.arrivals != Stream::poisson && !source_known) {
    approximate(s, stream_text(s.arrivals));
  }
  g.utilization = q.utilization;
  g.in_queue = q.in_queue_mean;
  g.set_wait(wait_of(q));
  if (of_served) g.served_wait = wait_of(*of_served);
}

}  // namespace tailrace::analysis::detail
