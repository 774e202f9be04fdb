// Queues with exponential service: birth-death chains and what follows from them.
// Sources: Kleinrock, Queueing Systems vol. 1 (1975); Gross, Shortle, Thompson and Harris, Fundamentals of
// Queueing Theory, 4th ed. (2008); the rest at each function.
#include <algorithm>

#include "analysis/queueing/formulas.hpp"
#include "analysis/queueing/formulas_detail.hpp"

namespace tailrace::analysis {

using namespace detail;
using sim::math::kInfinity;

double erlang_b(double offered_load, int servers) {
  if (!is_rate(offered_load) || servers < 0) return kNan;
  // B(0) = 1, B(n) = a B(n-1) / (n + a B(n-1)): all terms positive, no factorials (Kleinrock 1975, sec. 3.6).
  double b = 1;
  for (int n = 1; n <= servers; ++n) b = offered_load * b / (n + offered_load * b);
  return b;
}

double erlang_c(double offered_load, int servers) {
  if (!is_rate(offered_load) || servers < 1) return kNan;
  if (offered_load >= servers) return 1;
  const double b = erlang_b(offered_load, servers);
  return servers * b / (servers - offered_load * (1 - b));
}

QueueMeans mm1(double arrival_rate, double service_mean_s) {
  return mmc(arrival_rate, service_mean_s, 1);
}

double mm1_response_quantile(double arrival_rate, double service_mean_s, double q) {
  if (!is_rate(arrival_rate) || !is_mean(service_mean_s) || !is_quantile(q)) return kNan;
  if (arrival_rate * service_mean_s >= 1) return kInfinity;
  return -sim::math::log1p(-q) /
         (1 / service_mean_s - arrival_rate);  // exponential: Kleinrock 1975, sec. 5.12
}

QueueMeans mmc(double arrival_rate, double service_mean_s, int servers) {
  static constexpr const char* kSource = "M/M/c: Gross et al. (2008) sec. 2.3";
  if (!is_rate(arrival_rate) || !is_mean(service_mean_s) || servers < 1) return invalid_queue(kSource);
  const double load = arrival_rate * service_mean_s;
  if (load >= servers) return overloaded(load / servers, kSource);
  const double c = erlang_c(load, servers);
  return from_wait(arrival_rate, service_mean_s, load / servers, c, c * service_mean_s / (servers - load),
                   kSource);
}

double mmc_wait_tail(double arrival_rate, double service_mean_s, int servers, double t) {
  if (!is_rate(arrival_rate) || !is_mean(service_mean_s) || servers < 1) return kNan;
  if (t < 0) return 1;
  const double drain = servers / service_mean_s - arrival_rate;
  return drain <= 0 ? 1 : erlang_c(arrival_rate * service_mean_s, servers) * sim::math::exp(-drain * t);
}

double mmc_wait_quantile(double arrival_rate, double service_mean_s, int servers, double q) {
  if (!is_rate(arrival_rate) || !is_mean(service_mean_s) || servers < 1 || !is_quantile(q)) return kNan;
  const double drain = servers / service_mean_s - arrival_rate;
  if (drain <= 0) return kInfinity;
  const double c = erlang_c(arrival_rate * service_mean_s, servers);
  return c <= 1 - q ? 0 : sim::math::log(c / (1 - q)) / drain;
}

namespace {

// Response = wait + Exp(mu); the wait is Exp(drain) with probability c. Written around the smaller of the two
// rates, so that neither a near tie nor a far t cancels or overflows.
double response_tail(double mu, double drain, double c, double t) {
  const double slow = std::min(mu, drain), gap = std::fabs(mu - drain) * t;
  const double mix = gap < 1e-12 ? 1.0 : -sim::math::expm1(-gap) / gap;
  return (1 - c) * sim::math::exp(-mu * t) + c * sim::math::exp(-slow * t) * (1 + slow * t * mix);
}

}  // namespace

double mmc_response_tail(double arrival_rate, double service_mean_s, int servers, double t) {
  if (!is_rate(arrival_rate) || !is_mean(service_mean_s) || servers < 1) return kNan;
  const double mu = 1 / service_mean_s, drain = servers * mu - arrival_rate;
  if (t <= 0 || drain <= 0) return 1;
  return response_tail(mu, drain, erlang_c(arrival_rate * service_mean_s, servers), t);
}

double mmc_response_quantile(double arrival_rate, double service_mean_s, int servers, double q) {
  if (!is_rate(arrival_rate) || !is_mean(service_mean_s) || servers < 1 || !is_quantile(q)) return kNan;
  const double mu = 1 / service_mean_s, drain = servers * mu - arrival_rate;
  if (drain <= 0) return kInfinity;
  const double c = erlang_c(arrival_rate * service_mean_s, servers);
  return invert_tail([&](double t) { return t <= 0 ? 1.0 : response_tail(mu, drain, c, t); }, q,
                     service_mean_s);
}

LossMeans mmck(double arrival_rate, double service_mean_s, int servers, int capacity) {
  static constexpr const char* kSource = "M/M/c/K: Gross et al. (2008) sec. 2.4-2.5";
  if (!is_rate(arrival_rate) || !is_mean(service_mean_s) || servers < 1 || capacity < 1) {
    return {invalid_queue(kSource), kNan, kNan};
  }
  servers = std::min(servers, capacity);
  // Conditional on at most n requests inside, B is the probability of state n (Erlang B's recursion, with
  // min(n, c) as the death rate), and the means follow by mixing: every step is a weighted average, so
  // nothing overflows.
  const double load = arrival_rate * service_mean_s;
  double full = 1, queue = 0, busy = 0, waiting = 0;  // waiting: P(all servers busy, not full)
  for (int n = 1; n <= capacity; ++n) {
    const int serving = std::min(n, servers);
    const double weight = load * full / (serving + load * full);  // P(state n | at most n)
    waiting = (1 - weight) * (waiting + (n - 1 >= servers ? full : 0.0));
    queue = (1 - weight) * queue + weight * (n - serving);
    busy = (1 - weight) * busy + weight * serving;
    full = weight;
  }
  const double accepted = arrival_rate * (1 - full);
  LossMeans m;
  m.utilization = busy / servers;
  m.wait_probability = full < 1 ? waiting / (1 - full) : 1;
  m.in_queue_mean = queue;
  m.in_system_mean = queue + busy;
  m.wait_mean_s = accepted > 0 ? queue / accepted : 0;
  m.response_mean_s = m.wait_mean_s + service_mean_s;
  m.source = kSource;
  m.lost_fraction = full;
  m.throughput_per_s = accepted;
  m.served_wait_s = m.wait_mean_s;
  return m;
}

LossMeans mm1k(double arrival_rate, double service_mean_s, int capacity) {
  return mmck(arrival_rate, service_mean_s, 1, capacity);
}

LossMeans erlang_a(double arrival_rate, double service_mean_s, int servers, double patience_mean_s) {
  static constexpr const char* kSource = "M/M/c+M: Palm (1957); Garnett, Mandelbaum and Reiman (2002)";
  if (!is_rate(arrival_rate) || !is_mean(service_mean_s) || servers < 1 || !is_mean(patience_mean_s)) {
    return {invalid_queue(kSource), kNan, kNan};
  }
  const double mu = 1 / service_mean_s, theta = 1 / patience_mean_s, c = servers;
  const auto death = [&](double k) { return k <= c ? k * mu : c * mu + (k - c) * theta; };
  // The stationary weights fall on both sides of their mode; summing outwards from it needs no scaling.
  const double load = arrival_rate / mu;
  const double mode = load <= c ? std::floor(load) : std::floor(c + (arrival_rate - c * mu) / theta);
  constexpr double kNegligible = 1e-20;
  constexpr long kMaxStates = 100'000'000;
  double total = 0, busy = 0, queue = 0, all_busy = 0, served_wait = 0;
  // Who finds n waiting is next after times of rates c mu + n theta, ..., c mu, and is served if patient for
  // so long: with probability c mu / (c mu + (n + 1) theta), then after `stages` on average.
  const auto stage = [&](double n) { return 1 / (c * mu + (n + 1) * theta); };
  const auto stages_to = [&](double last) {
    constexpr double kSummed = 1000;  // beyond it the integral over 1 / (c mu + x theta) is the sum to 1e-8
    double sum = 0;
    for (double n = 0; n <= std::min(last, kSummed - 1); ++n) sum += stage(n);
    if (last >= kSummed)
      sum += sim::math::log((c * mu + (last + 1.5) * theta) / (c * mu + (kSummed + 0.5) * theta)) / theta;
    return sum;
  };
  double stages = stages_to(mode - c);  // of whoever finds state k
  const auto add = [&](double k, double weight) {
    total += weight;
    busy += weight * std::min(k, c);
    queue += weight * std::max(0.0, k - c);
    if (k < c) return;
    all_busy += weight;
    served_wait += weight * c * mu * stage(k - c) * stages;
  };
  long states = 0;
  double weight = 1;
  add(mode, weight);
  for (double k = mode + 1; states < kMaxStates; ++k, ++states) {
    weight *= arrival_rate / death(k);
    if (weight < kNegligible) break;
    if (k >= c) stages += stage(k - c);
    add(k, weight);
  }
  stages = stages_to(mode - 1 - c);
  weight = 1;
  for (double k = mode; k >= 1 && states < kMaxStates; --k, ++states) {
    weight *= death(k) / arrival_rate;
    if (weight < kNegligible) break;
    add(k - 1, weight);
    if (k - 1 >= c) stages -= stage(k - 1 - c);
  }
  LossMeans m;
  m.utilization = busy / total / c;
  m.wait_probability = all_busy / total;
  m.in_queue_mean = queue / total;
  m.in_system_mean = m.in_queue_mean + busy / total;
  m.wait_mean_s = arrival_rate > 0 ? m.in_queue_mean / arrival_rate : 0;
  m.lost_fraction = theta * m.wait_mean_s;
  m.throughput_per_s = arrival_rate * (1 - m.lost_fraction);
  m.served_wait_s = served_wait / total / (1 - m.lost_fraction);
  m.response_mean_s = arrival_rate > 0 ? m.in_system_mean / arrival_rate : service_mean_s;
  m.exact = states < kMaxStates;
  m.source = kSource;
  return m;
}

LossMeans mmc_timeout(double arrival_rate, double service_mean_s, int servers, double timeout_s) {
  static constexpr const char* kSource = "M/M/c+D: Baccelli and Hebuterne (1981)";
  if (!is_rate(arrival_rate) || !is_mean(service_mean_s) || servers < 1 || !(timeout_s >= 0)) {
    return {invalid_queue(kSource), kNan, kNan};
  }
  const double load = arrival_rate * service_mean_s, drain = servers / service_mean_s;
  // The wait V that an arrival is offered has density v(x) = v(0) exp(-(c mu - lambda) x) below the timeout,
  // where all arrivals stay, and falls with c mu above it, where none does. v(0) = lambda P(c-1 busy);
  // relative to the probability of a free server, P(c-1 busy) = Erlang B of c-1 servers.
  const double start = arrival_rate * erlang_b(load, servers - 1);
  const double decay = drain - arrival_rate, x = decay * timeout_s;
  // integral of exp(-decay t) and of t exp(-decay t) over 0..timeout, by series where they cancel
  double mass = 0, moment = 0;
  if (std::fabs(x) < 1e-4) {
    mass = timeout_s * (1 - x / 2 + x * x / 6);
    moment = timeout_s * timeout_s * (0.5 - x / 3 + x * x / 8);
  } else {
    mass = -sim::math::expm1(-x) / decay;
    moment = (mass - timeout_s * sim::math::exp(-x)) / decay;
  }
  const double late = sim::math::exp(-x) / drain;
  double none_free = start * (mass + late), total = 1 + none_free;
  LossMeans m;
  m.wait_probability = none_free / total;
  m.lost_fraction = start * late / total;
  m.wait_mean_s = start * (moment + timeout_s * late) / total;
  m.throughput_per_s = arrival_rate * (1 - m.lost_fraction);
  m.served_wait_s = start * moment / (total - start * late);
  m.utilization = m.throughput_per_s * service_mean_s / servers;
  m.in_queue_mean = arrival_rate * m.wait_mean_s;
  m.in_system_mean = m.in_queue_mean + m.throughput_per_s * service_mean_s;
  m.response_mean_s = m.wait_mean_s + (1 - m.lost_fraction) * service_mean_s;
  m.source = kSource;
  return m;
}

LaplaceTransform laplace_constant(double mean) {
  return [mean](double s) { return sim::math::exp(-s * mean); };
}

LaplaceTransform laplace_erlang(int k, double mean) {
  return [k, mean](double s) { return sim::math::exp(-k * sim::math::log1p(s * mean / k)); };
}

LaplaceTransform laplace_hyperexponential(std::vector<double> weights, std::vector<double> means) {
  return [weights = std::move(weights), means = std::move(means)](double s) {
    double sum = 0;
    for (std::size_t i = 0; i < weights.size(); ++i) sum += weights[i] / (1 + s * means[i]);
    return sum;
  };
}

GM1 gm1(double arrival_rate, const LaplaceTransform& interarrival, double service_mean_s) {
  static constexpr const char* kSource = "G/M/1: Kleinrock (1975) ch. 6";
  if (!is_rate(arrival_rate) || !is_mean(service_mean_s)) return {invalid_queue(kSource), kNan};
  const double rho = arrival_rate * service_mean_s;
  if (rho >= 1) return {overloaded(rho, kSource), 1};
  // A*(mu (1 - s)) - s is convex with a second root at 1: positive below sigma, negative between sigma and 1.
  double low = 0, high = 1;
  for (int i = 0; i < 200; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    (interarrival((1 - middle) / service_mean_s) > middle ? low : high) = middle;
  }
  const double sigma = low;
  return {from_wait(arrival_rate, service_mean_s, rho, sigma, sigma * service_mean_s / (1 - sigma), kSource),
          sigma};
}

double gm1_response_quantile(const GM1& queue, double q) {
  if (!is_quantile(q)) return kNan;
  return -sim::math::log1p(-q) * queue.response_mean_s;
}

}  // namespace tailrace::analysis
