#include "analysis/queueing/closed_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "analysis/queueing/formulas_detail.hpp"

namespace tailrace::analysis {
namespace {

using detail::is_rate;
using sim::math::kInfinity;
using Series = std::vector<double>;

constexpr int kMaxPopulation = 10'000'000;

std::string invalid_reason(const ClosedNetwork& n) {
  for (const Station& s : n.stations) {
    if (s.servers < 0) return fmt::format("{}: {} servers", s.name, s.servers);
    if (!is_rate(s.service_mean_s)) return fmt::format("{}: service mean {} s", s.name, s.service_mean_s);
    if (s.speeds.empty()) continue;
    if (static_cast<int>(s.speeds.size()) != s.servers || !(s.speeds.front() > 0) ||
        !std::is_sorted(s.speeds.begin(), s.speeds.end()) || !std::isfinite(s.speeds.back()))
      return fmt::format("{}: speeds must be one per server, positive and not falling", s.name);
  }
  for (const ClosedWorkload& w : n.workloads) {
    if (w.population < 0 || w.population > kMaxPopulation) {
      return fmt::format("{}: population {} (0 to {})", w.name, w.population, kMaxPopulation);
    }
    if (!is_rate(w.think_s)) return fmt::format("{}: think time {} s", w.name, w.think_s);
    if (w.visits.size() != n.stations.size()) {
      return fmt::format("{}: {} visit counts for {} stations", w.name, w.visits.size(), n.stations.size());
    }
    double total = w.think_s;
    for (std::size_t i = 0; i < w.visits.size(); ++i) {
      if (!is_rate(w.visits[i])) return fmt::format("{}: {} visits", w.name, w.visits[i]);
      total += w.visits[i] * n.stations[i].service_mean_s;
    }
    if (w.population > 0 && !(total > 0)) return fmt::format("{}: a request takes no time at all", w.name);
  }
  return {};
}

ClosedBounds bounds_of(const ClosedNetwork& n, const ClosedWorkload& w) {
  ClosedBounds b;
  for (std::size_t i = 0; i < w.visits.size(); ++i) {
    const double demand = w.visits[i] * n.stations[i].service_mean_s;
    b.total_demand_s += demand;
    if (n.stations[i].servers > 0)
      b.max_demand_s = std::max(b.max_demand_s, demand / top_speed(n.stations[i]));
  }
  const double cycle = b.total_demand_s + w.think_s, population = w.population;
  b.knee_population = b.max_demand_s > 0 ? cycle / b.max_demand_s : kInfinity;
  b.max_throughput_per_s = cycle > 0 ? population / cycle : 0;
  if (b.max_demand_s > 0) b.max_throughput_per_s = std::min(b.max_throughput_per_s, 1 / b.max_demand_s);
  b.min_response_s = std::max(b.total_demand_s, population * b.max_demand_s - w.think_s);
  return b;
}

// A queue of demand d and c servers acts like a single server of demand d/c and a delay of d (c-1)/c
// (Seidmann, Schweitzer and Shalev-Oren 1987): exact when empty and when saturated.
struct Split {
  double queue = 0, delay = 0;
};
Split split(double demand, const Station& station) {
  if (station.servers == 0) return {0, demand};
  const double speed = top_speed(station);
  return {demand / speed, demand * (speed - 1) / speed};
}

// Schweitzer's fixed point of one workload: Q = u / (1 - u (N-1)/N) with u = X d. The total is increasing in
// X, so bisection finds the X that accounts for all N users, at any N.
double schweitzer_throughput(const ClosedNetwork& n, const ClosedWorkload& w, const ClosedBounds& bounds) {
  const double population = w.population;
  double low = 0, high = bounds.max_throughput_per_s;
  const auto users = [&](double x) {
    double total = x * w.think_s;
    for (std::size_t i = 0; i < w.visits.size(); ++i) {
      const Split s = split(w.visits[i] * n.stations[i].service_mean_s, n.stations[i]);
      const double u = x * s.queue;
      total += x * s.delay + u / (1 - u * (population - 1) / population);
    }
    return total;
  };
  for (int i = 0; i < 200; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    (users(middle) < population ? low : high) = middle;
  }
  return low + (high - low) / 2;
}

// --- exact, one workload: convolution over probabilities
// --------------------------------------------------------

// Entries of a far tail that cannot matter; also keeps subnormal numbers, which are slow, out of the loops.
constexpr double kNothing = 1e-290;

// Poisson weights exp(-a) a^k / k!, k = 0..last, spread outwards from the mode so that neither end overflows.
Series poisson(double a, int last) {
  Series p(static_cast<std::size_t>(last) + 1, 0.0);
  if (a == 0) {
    p[0] = 1;
    return p;
  }
  const int mode = static_cast<int>(std::min<double>(last, std::floor(a)));
  const double log_mode = mode * sim::math::log(a) - a - sim::math::log_gamma(mode + 1.0);
  p[static_cast<std::size_t>(mode)] = std::max(sim::math::exp(log_mode), kNothing);
  for (int k = mode + 1; k <= last; ++k) {
    const double next = p[static_cast<std::size_t>(k - 1)] * a / k;
    if (next < kNothing) break;
    p[static_cast<std::size_t>(k)] = next;
  }
  for (int k = mode; k > 0; --k) {
    const double next = p[static_cast<std::size_t>(k)] * k / a;
    if (next < kNothing) break;
    p[static_cast<std::size_t>(k - 1)] = next;
  }
  return p;
}

// The number of jobs at a station with c servers and load a = X D has weights f(k) = a^k / (s(1) ... s(k)),
// s(k) being the speed with k inside (k itself where nothing else is said), up to c, then falls by rho = a /
// s(c). So F(z) (1 - rho z) is a polynomial with the coefficients f(k) (1 - s(k)/s(c)), none of them
// negative, and convolving with F costs c additions per entry instead of N.
struct Factor {
  double rho = 0;
  Series head;       // f(k) (1 - s(k)/s(c)), k < c, scaled so that the weights sum to about 1
  double scale = 1;  // applied to f
  double load = 0;
  const Station* station = nullptr;

  int servers() const { return station->servers; }
  double speed(std::size_t k) const {
    if (station->speeds.empty() || k == 0) return static_cast<double>(k);
    return station->speeds[k - 1];
  }
  // f(0) .. f(last), last <= c, unscaled.
  Series weights(int last) const {
    if (station->speeds.empty()) return poisson(load, last);
    // The ratios fall, so from the largest weight, which is 1, the others fall to both sides.
    const std::size_t c = station->speeds.size();
    const auto mode = static_cast<std::size_t>(
        std::upper_bound(station->speeds.begin(), station->speeds.end(), load) - station->speeds.begin());
    Series f(c + 1, 0.0);
    f[mode] = 1;
    for (std::size_t k = mode + 1; k <= c && f[k - 1] >= kNothing; ++k) f[k] = f[k - 1] * load / speed(k);
    for (std::size_t k = mode; k > 0 && f[k] >= kNothing; --k) f[k - 1] = f[k] * speed(k) / load;
    f.resize(static_cast<std::size_t>(last) + 1);
    return f;
  }
};

Factor make_factor(double load, const Station& station, int population) {
  Factor f;
  f.load = load;
  f.station = &station;
  const double top = top_speed(station);
  f.rho = load / top;
  f.head = f.weights(std::min(station.servers - 1, population));
  double sum = 0;
  for (std::size_t k = 0; k < f.head.size(); ++k) {
    f.head[k] *= 1 - f.speed(k) / top;
    sum += f.head[k];
  }
  f.scale = std::max(1 - f.rho, 1.0 / population) / sum;
  for (double& h : f.head) h *= f.scale;
  return f;
}

void convolve(Series& g, const Factor& f) {
  Series h(g.size(), 0.0);
  for (std::size_t n = 0; n < g.size(); ++n) {
    double sum = n > 0 ? f.rho * h[n - 1] : 0;
    const std::size_t last = std::min(n + 1, f.head.size());
    for (std::size_t k = 0; k < last; ++k) sum += f.head[k] * g[n - k];
    h[n] = sum < kNothing ? 0 : sum;
  }
  g = std::move(h);
}

// Probabilities of 0 .. N at one station, given the series of all the others and of all together.
Series numbers_at(const Factor& f, const Series& others, double all) {
  const int population = static_cast<int>(others.size()) - 1;
  const int last = std::min(f.servers(), population);
  const Series weights = f.weights(last);
  Series p(others.size(), 0.0);
  double weight = 0;
  for (int k = 0; k <= population; ++k) {
    weight = k <= last ? weights[static_cast<std::size_t>(k)] * f.scale : weight * f.rho;
    p[static_cast<std::size_t>(k)] = weight * others[static_cast<std::size_t>(population - k)] / all;
  }
  return p;
}

double mean_of(const Series& p) {
  double mean = 0;
  for (std::size_t k = 1; k < p.size(); ++k) mean += static_cast<double>(k) * p[k];
  return mean;
}

struct Exact {
  bool ok = false;
  double throughput = 0;
  std::vector<double> number;
  std::vector<Series> numbers;  // of load-dependent stations
};

bool never_queues(const Station& s, int population) {
  return s.servers == 0 || (s.speeds.empty() && s.servers >= population);
}

Exact solve_exactly(const ClosedNetwork& n, const ClosedWorkload& w, double guess) {
  const std::size_t count = n.stations.size();
  Exact result;
  result.number.assign(count, 0.0);
  result.numbers.resize(count);
  double delay = w.think_s;
  std::vector<std::size_t> single, multi;
  std::vector<Factor> factors(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double demand = w.visits[i] * n.stations[i].service_mean_s;
    if (demand == 0) continue;
    // With at least as many servers as users nobody waits.
    if (never_queues(n.stations[i], w.population)) {
      delay += demand;
      continue;
    }
    const bool one = n.stations[i].servers == 1 && n.stations[i].speeds.empty();
    (one ? single : multi).push_back(i);
    factors[i] = make_factor(guess * demand, n.stations[i], w.population);
  }
  Series base = poisson(guess * delay, w.population);
  for (const std::size_t i : single) convolve(base, factors[i]);
  Series all = base;
  for (const std::size_t i : multi) convolve(all, factors[i]);
  const double whole = all.back();
  if (!(whole > 1e-250)) return result;
  result.throughput = guess * all[all.size() - 2] / whole;
  for (const std::size_t i : single) {  // E = sum over k of P(at least k there)
    const double rho = factors[i].rho;
    double power = 1, mean = 0;
    for (std::size_t k = 1; k < all.size(); ++k) {
      power *= rho;
      if (power < kNothing) break;
      mean += power * all[all.size() - 1 - k];
    }
    result.number[i] = mean / whole;
  }
  // Leave one out by halving: each half is convolved with the other half's stations, so every multi-server
  // station takes part in log2(m) convolutions. The stack holds at most log2(m) + 1 series.
  struct Part {
    std::size_t begin, end;
    Series others;
  };
  std::vector<Part> work;
  if (!multi.empty()) work.push_back({0, multi.size(), std::move(base)});
  while (!work.empty()) {
    Part part = std::move(work.back());
    work.pop_back();
    if (part.end - part.begin == 1) {
      const std::size_t i = multi[part.begin];
      Series p = numbers_at(factors[i], part.others, whole);
      result.number[i] = mean_of(p);
      if (!n.stations[i].speeds.empty()) result.numbers[i] = std::move(p);
      continue;
    }
    const std::size_t middle = part.begin + (part.end - part.begin) / 2;
    Part left{part.begin, middle, part.others}, right{middle, part.end, std::move(part.others)};
    for (std::size_t k = middle; k < part.end; ++k) convolve(left.others, factors[multi[k]]);
    for (std::size_t k = part.begin; k < middle; ++k) convolve(right.others, factors[multi[k]]);
    work.push_back(std::move(left));
    work.push_back(std::move(right));
  }
  for (std::size_t i = 0; i < count; ++i) {
    if (never_queues(n.stations[i], w.population))
      result.number[i] = result.throughput * w.visits[i] * n.stations[i].service_mean_s;
  }
  result.ok = std::isfinite(result.throughput) && result.throughput > 0;
  return result;
}

double exact_work(const ClosedNetwork& n, const ClosedWorkload& w) {
  double per_entry = 1, multi = 0, servers = 0;
  for (const Station& s : n.stations) {
    if (never_queues(s, w.population)) continue;
    per_entry += 2;
    if (s.servers > 1 || !s.speeds.empty()) {
      multi += 1;
      servers += s.servers;
    }
  }
  for (double m = 1; m < 2 * multi; m *= 2) per_entry += servers;
  return per_entry * w.population;
}

// --- several workloads: Bard (1979) and Schweitzer (1979)
// -------------------------------------------------------

bool solve_bard_schweitzer(const ClosedNetwork& n, std::vector<ClosedWorkloadResult>& results) {
  constexpr int kMaxRounds = 20'000;
  constexpr double kTolerance = 1e-9;
  const std::size_t stations = n.stations.size(), workloads = n.workloads.size();
  std::vector<Series> queue(workloads, Series(stations, 0.0));  // at the queueing part of each station
  std::vector<Series> next = queue;
  Series total(stations, 0.0);
  for (std::size_t r = 0; r < workloads; ++r) {
    const ClosedWorkload& w = n.workloads[r];
    const double busiest =
        static_cast<double>(std::count_if(w.visits.begin(), w.visits.end(), [](double v) { return v > 0; }));
    for (std::size_t i = 0; i < stations; ++i) queue[r][i] = w.visits[i] > 0 ? w.population / busiest : 0;
  }
  for (int round = 0; round < kMaxRounds; ++round) {
    std::fill(total.begin(), total.end(), 0.0);
    for (const Series& q : queue) {
      for (std::size_t i = 0; i < stations; ++i) total[i] += q[i];
    }
    double change = 0;
    for (std::size_t r = 0; r < workloads; ++r) {
      const ClosedWorkload& w = n.workloads[r];
      ClosedWorkloadResult& out = results[r];
      if (w.population == 0) continue;
      double response = 0;
      for (std::size_t i = 0; i < stations; ++i) {
        const Split s = split(w.visits[i] * n.stations[i].service_mean_s, n.stations[i]);
        next[r][i] = s.queue * (1 + std::max(0.0, total[i] - queue[r][i] / w.population));
        out.in_system_mean[i] = next[r][i] + s.delay;
        response += out.in_system_mean[i];
      }
      out.response_mean_s = response;
      out.throughput_per_s = w.population / (w.think_s + response);
      for (std::size_t i = 0; i < stations; ++i) {
        next[r][i] *= out.throughput_per_s;
        out.in_system_mean[i] *= out.throughput_per_s;
        change = std::max(change, std::fabs(next[r][i] - queue[r][i]) / w.population);
      }
    }
    queue.swap(next);
    if (change < kTolerance) return true;
  }
  return false;
}

void sum_up(const ClosedNetwork& n, ClosedSolution& s) {
  double largest = 0;
  for (std::size_t i = 0; i < n.stations.size(); ++i) {
    ClosedStation station;
    double visits = 0;
    for (std::size_t r = 0; r < n.workloads.size(); ++r) {
      station.in_system_mean += s.workloads[r].in_system_mean[i];
      visits += s.workloads[r].throughput_per_s * n.workloads[r].visits[i];
    }
    if (n.stations[i].servers > 0)
      station.utilization = visits * n.stations[i].service_mean_s / top_speed(n.stations[i]);
    if (visits > 0) station.response_mean_s = station.in_system_mean / visits;
    if (station.utilization > largest) {
      largest = station.utilization;
      s.bottleneck = static_cast<int>(i);
    }
    s.stations.push_back(station);
  }
}

}  // namespace

ClosedSolution solve_closed(const ClosedNetwork& network) {
  ClosedSolution s;
  s.message = invalid_reason(network);
  s.ok = s.message.empty();
  if (!s.ok) {
    s.exact = false;
    return s;
  }
  for (const ClosedWorkload& w : network.workloads) {
    ClosedWorkloadResult result;
    result.in_system_mean.assign(network.stations.size(), 0.0);
    result.bounds = bounds_of(network, w);
    s.workloads.push_back(std::move(result));
  }
  const auto active = std::count_if(network.workloads.begin(), network.workloads.end(),
                                    [](const ClosedWorkload& w) { return w.population > 0; });
  if (active > 1) {
    s.exact = false;
    s.reason = "several workloads: Bard-Schweitzer approximation";
    if (!solve_bard_schweitzer(network, s.workloads)) s.reason += ", not converged";
  }
  for (std::size_t r = 0; active == 1 && r < network.workloads.size(); ++r) {
    const ClosedWorkload& w = network.workloads[r];
    if (w.population == 0) continue;
    ClosedWorkloadResult& out = s.workloads[r];
    const double guess = schweitzer_throughput(network, w, out.bounds);
    Exact exact;
    if (exact_work(network, w) <= kMaxExactWork) exact = solve_exactly(network, w, guess);
    if (exact.ok) {
      out.throughput_per_s = exact.throughput;
      out.in_system_mean = std::move(exact.number);
      out.in_system = std::move(exact.numbers);
    } else {
      s.exact = false;
      s.reason = "too large for the exact solution: Schweitzer-Seidmann approximation";
      out.throughput_per_s = guess;
      for (std::size_t i = 0; i < w.visits.size(); ++i) {
        const Split part = split(w.visits[i] * network.stations[i].service_mean_s, network.stations[i]);
        const double u = guess * part.queue;
        out.in_system_mean[i] = guess * part.delay + u / (1 - u * (w.population - 1.0) / w.population);
      }
    }
    out.response_mean_s = std::max(0.0, w.population / out.throughput_per_s - w.think_s);
  }
  for (std::size_t i = 0; i < network.stations.size() && s.exact; ++i) {
    if (has_product_form(network.stations[i])) continue;
    const bool visited =
        std::any_of(network.workloads.begin(), network.workloads.end(),
                    [&](const ClosedWorkload& w) { return w.population > 0 && w.visits[i] > 0; });
    if (!visited) continue;
    s.exact = false;
    s.reason = network.stations[i].name + ": first come, first served with service that is not exponential";
  }
  sum_up(network, s);
  return s;
}

MixedSolution solve_mixed(const OpenNetwork& open, const std::vector<ClosedWorkload>& closed) {
  MixedSolution m;
  m.open = solve_open(open);
  m.closed.exact = m.open.exact = false;
  m.closed.reason = "open and closed traffic share stations";
  if (m.open.status != OpenSolution::Status::ok) {
    m.closed.ok = false;
    m.closed.message = m.open.message.empty() ? "open traffic has no solution" : m.open.message;
    return m;
  }
  ClosedNetwork slowed{open.stations, closed};
  for (std::size_t i = 0; i < slowed.stations.size(); ++i) {
    slowed.stations[i].service_mean_s /= 1 - m.open.stations[i].means.utilization;
  }
  m.closed = solve_closed(slowed);
  m.closed.exact = false;
  m.closed.reason = "open and closed traffic share stations";
  if (!m.closed.ok) return m;
  // Back from the slowed servers: utilization counts real work of both kinds, and open visits find the closed
  // ones before them, per server.
  m.open.in_system_mean = 0;
  for (std::size_t i = 0; i < open.stations.size(); ++i) {
    OpenStation& station = m.open.stations[i];
    QueueMeans& means = station.means;
    const int servers = open.stations[i].servers;
    if (servers > 0) {
      const double own = means.utilization;
      m.closed.stations[i].utilization = own + m.closed.stations[i].utilization * (1 - own);
      const double stretch = open.stations[i].service_mean_s / (1 - own) / servers;
      means.wait_mean_s += stretch * m.closed.stations[i].in_system_mean;
      means.response_mean_s = means.wait_mean_s + open.stations[i].service_mean_s;
      means.in_queue_mean = station.arrival_rate_per_s * means.wait_mean_s;
      means.in_system_mean = station.arrival_rate_per_s * means.response_mean_s;
      means.exact = false;
      station.reason = m.closed.reason;
    }
    m.open.in_system_mean += means.in_system_mean;
  }
  if (m.open.external_rate_per_s > 0)
    m.open.response_mean_s = m.open.in_system_mean / m.open.external_rate_per_s;
  return m;
}

}  // namespace tailrace::analysis
