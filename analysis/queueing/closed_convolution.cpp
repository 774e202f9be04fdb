#include "analysis/queueing/closed_convolution.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <utility>

#include "sim/base/math.hpp"

namespace tailrace::analysis::detail {
namespace {

using Series = std::vector<double>;  // an entry per point of the lattice

// Entries of a far tail that cannot matter; also keeps subnormal numbers, which are slow, out of the loops.
constexpr double kNothing = 1e-290;

double kept(double x) {
  return x < kNothing ? 0 : x;
}

// How many users of each workload there may be: the points (n1, n2, ...) from 0 to the populations, in an
// order in which n without one user of workload k comes stride[k] places before n.
struct Lattice {
  std::vector<int> most;
  std::vector<std::size_t> stride;
  std::size_t size = 1;

  explicit Lattice(const std::vector<ClosedWorkload>& workloads) {
    for (const ClosedWorkload& w : workloads) {
      most.push_back(w.population);
      stride.push_back(size);
      size *= static_cast<std::size_t>(w.population) + 1;
    }
  }
  std::size_t top() const { return size - 1; }

  // visit(place, point), those below a point before it.
  template <class Visit>
  void up(Visit visit) const {
    std::vector<int> n(most.size(), 0);
    for (std::size_t place = 0; place < size; ++place) {
      visit(place, n);
      for (std::size_t k = 0; k < n.size() && ++n[k] > most[k]; ++k) n[k] = 0;
    }
  }
  // Those below a point after it.
  template <class Visit>
  void down(Visit visit) const {
    std::vector<int> n = most;
    for (std::size_t place = size; place-- > 0;) {
      visit(place, n);
      for (std::size_t k = 0; k < n.size() && --n[k] < 0; ++k) n[k] = most[k];
    }
  }
};

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

// The number of visits at a station with c servers and load a (all workloads) has weights
// f(k) = a^k / (s(1) ... s(k)), s(k) being the speed with k inside (k itself where nothing else is said), up
// to c, then falls by rho = a / s(c). So F(y) (1 - rho y) is a polynomial with the coefficients f(k) (1 -
// s(k)/s(c)), none of them negative, and convolving with F costs c passes instead of one per user. Each visit
// is one of workload k with probability share[k].
struct Factor {
  const Station* station = nullptr;
  double load = 0, rho = 0;
  std::vector<double> share;
  std::vector<double> head;  // f(k) (1 - s(k)/s(c)), k < c, scaled so that the weights sum to about 1
  double scale = 1;          // applied to f

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

Factor make_factor(const Station& station, const std::vector<double>& loads, int users) {
  Factor f;
  f.station = &station;
  f.load = std::accumulate(loads.begin(), loads.end(), 0.0);
  for (const double load : loads) f.share.push_back(load / f.load);
  const double top = top_speed(station);
  f.rho = f.load / top;
  f.head = f.weights(std::min(station.servers - 1, users));
  double sum = 0;
  for (std::size_t k = 0; k < f.head.size(); ++k) {
    f.head[k] *= 1 - f.speed(k) / top;
    sum += f.head[k];
  }
  f.scale = std::max(1 - f.rho, 1.0 / users) / sum;
  for (double& h : f.head) h *= f.scale;
  return f;
}

int users_of(const ClosedNetwork& n) {
  std::int64_t users = 0;
  for (const ClosedWorkload& w : n.workloads) users += w.population;
  return static_cast<int>(std::min<std::int64_t>(users, std::numeric_limits<int>::max()));
}

bool never_queues(const Station& s, int users) {
  return s.servers == 0 || (s.speeds.empty() && s.servers >= users);
}

bool single_server(const Station& s) {
  return s.servers == 1 && s.speeds.empty();
}

class Solver {
 public:
  Solver(const ClosedNetwork& network, const std::vector<double>& guess)
      : n_(network), guess_(guess), lattice_(network.workloads), users_(users_of(network)) {}

  Convolution solve() {
    const std::size_t workloads = n_.workloads.size();
    result_.number.assign(workloads, std::vector<double>(n_.stations.size(), 0.0));
    result_.in_system.resize(n_.stations.size());
    Series base = delays_and_factors();
    for (const std::size_t i : single_) convolve(base, factors_[i]);
    Series all = base;
    for (const std::size_t i : multi_) convolve(all, factors_[i]);
    whole_ = all.back();
    if (!(whole_ > 1e-250)) return result_;
    result_.ok = true;
    for (std::size_t k = 0; k < workloads; ++k) {
      const bool some = n_.workloads[k].population > 0;
      const double x = some ? guess_[k] * all[lattice_.top() - lattice_.stride[k]] / whole_ : 0;
      result_.throughput_per_s.push_back(x);
      result_.ok = result_.ok && std::isfinite(x) && (x > 0 || !some);
      for (std::size_t i = 0; i < n_.stations.size(); ++i) {
        if (never_queues(n_.stations[i], users_)) result_.number[k][i] = x * demand(k, i);
      }
    }
    for (const std::size_t i : single_) at_single_server(i, all);
    if (!multi_.empty()) leave_one_out(std::move(base));
    return result_;
  }

 private:
  double demand(std::size_t workload, std::size_t station) const {
    return n_.workloads[workload].visits[station] * n_.stations[station].service_mean_s;
  }

  // The series of all thinking and of all stations where nobody waits; the other stations get their factors.
  Series delays_and_factors() {
    factors_.resize(n_.stations.size());
    std::vector<double> delay;
    for (std::size_t k = 0; k < guess_.size(); ++k) delay.push_back(guess_[k] * n_.workloads[k].think_s);
    for (std::size_t i = 0; i < n_.stations.size(); ++i) {
      std::vector<double> loads;
      for (std::size_t k = 0; k < guess_.size(); ++k) loads.push_back(guess_[k] * demand(k, i));
      if (!(std::accumulate(loads.begin(), loads.end(), 0.0) > 0)) continue;
      if (never_queues(n_.stations[i], users_)) {
        for (std::size_t k = 0; k < loads.size(); ++k) delay[k] += loads[k];
        continue;
      }
      (single_server(n_.stations[i]) ? single_ : multi_).push_back(i);
      factors_[i] = make_factor(n_.stations[i], loads, users_);
    }
    std::vector<Series> of_workload;
    for (std::size_t k = 0; k < delay.size(); ++k)
      of_workload.push_back(poisson(delay[k], n_.workloads[k].population));
    Series base(lattice_.size, 0.0);
    lattice_.up([&](std::size_t place, const std::vector<int>& n) {
      double product = 1;
      for (std::size_t k = 0; k < n.size(); ++k)
        product = kept(product * of_workload[k][static_cast<std::size_t>(n[k])]);
      base[place] = product;
    });
    return base;
  }

  // One visit more at the station: the sum over the workloads that it may be of.
  double one_more(const Factor& f, const Series& g, std::size_t place, const std::vector<int>& n) const {
    double sum = 0;
    for (std::size_t k = 0; k < n.size(); ++k) {
      if (n[k] > 0) sum += f.share[k] * g[place - lattice_.stride[k]];
    }
    return sum;
  }

  // g * F: the polynomial by Horner's rule, then 1 / (1 - rho y).
  void convolve(Series& g, const Factor& f) const {
    Series h(g.size());
    for (std::size_t place = 0; place < g.size(); ++place) h[place] = f.head.back() * g[place];
    for (std::size_t j = f.head.size() - 1; j-- > 0;) {
      lattice_.down([&](std::size_t place, const std::vector<int>& n) {
        h[place] = kept(f.head[j] * g[place] + one_more(f, h, place, n));
      });
    }
    lattice_.up([&](std::size_t place, const std::vector<int>& n) {
      h[place] = kept(h[place] + f.rho * one_more(f, h, place, n));
    });
    g = std::move(h);
  }

  // An arrival finds what the network without it has there: U(n) = rho (G + U)(n - one), the mean number
  // times G. `both` becomes G + U.
  void at_single_server(std::size_t i, const Series& all) {
    const Factor& f = factors_[i];
    Series both = all;
    lattice_.up([&](std::size_t place, const std::vector<int>& n) {
      both[place] += kept(f.rho * one_more(f, both, place, n));
    });
    for (std::size_t k = 0; k < f.share.size(); ++k) {
      if (n_.workloads[k].population > 0)
        result_.number[k][i] = f.rho * f.share[k] * both[lattice_.top() - lattice_.stride[k]] / whole_;
    }
  }

  // Given the series of all other stations: P(n there) = f(n) ways(n) others(N - n) / G(N), where ways(n) is
  // the probability that so many visits are of these workloads.
  void at_servers(std::size_t i, const Series& others) {
    const Factor& f = factors_[i];
    Series weight = f.weights(std::min(f.station->servers, users_));
    for (double& w : weight) w *= f.scale;
    while (weight.size() <= static_cast<std::size_t>(users_)) weight.push_back(kept(weight.back() * f.rho));
    Series ways(lattice_.size, 0.0), total(static_cast<std::size_t>(users_) + 1, 0.0);
    lattice_.up([&](std::size_t place, const std::vector<int>& n) {
      ways[place] = place == 0 ? 1 : kept(one_more(f, ways, place, n));
      const auto visits = static_cast<std::size_t>(std::accumulate(n.begin(), n.end(), 0));
      const double chance = weight[visits] * ways[place] * others[lattice_.top() - place] / whole_;
      total[visits] += chance;
      for (std::size_t k = 0; k < n.size(); ++k) result_.number[k][i] += n[k] * chance;
    });
    if (!f.station->speeds.empty()) result_.in_system[i] = std::move(total);
  }

  // By halving: each half is convolved with the other half's stations, so every station takes part in log2(m)
  // convolutions. The stack holds at most log2(m) + 1 series.
  void leave_one_out(Series base) {
    struct Part {
      std::size_t begin, end;
      Series others;
    };
    std::vector<Part> work;
    work.push_back({0, multi_.size(), std::move(base)});
    while (!work.empty()) {
      Part part = std::move(work.back());
      work.pop_back();
      if (part.end - part.begin == 1) {
        at_servers(multi_[part.begin], part.others);
        continue;
      }
      const std::size_t middle = part.begin + (part.end - part.begin) / 2;
      Part left{part.begin, middle, part.others}, right{middle, part.end, std::move(part.others)};
      for (std::size_t k = middle; k < part.end; ++k) convolve(left.others, factors_[multi_[k]]);
      for (std::size_t k = part.begin; k < middle; ++k) convolve(right.others, factors_[multi_[k]]);
      work.push_back(std::move(left));
      work.push_back(std::move(right));
    }
  }

  const ClosedNetwork& n_;
  const std::vector<double>& guess_;
  Lattice lattice_;
  int users_;
  std::vector<Factor> factors_;
  std::vector<std::size_t> single_, multi_;
  double whole_ = 0;  // the series of all, at the populations
  Convolution result_;
};

}  // namespace

double convolution_work(const ClosedNetwork& network) {
  const int users = users_of(network);
  double per_entry = 1, multi = 0, servers = 0, entries = 1;
  for (const ClosedWorkload& w : network.workloads) entries *= w.population + 1.0;
  for (const Station& s : network.stations) {
    if (never_queues(s, users)) continue;
    per_entry += 2;
    if (!single_server(s)) {
      multi += 1;
      servers += s.servers;
    }
  }
  for (double m = 1; m < 2 * multi; m *= 2) per_entry += servers;
  return per_entry * entries * static_cast<double>(network.workloads.size());
}

Convolution solve_by_convolution(const ClosedNetwork& network, const std::vector<double>& guess) {
  return Solver(network, guess).solve();
}

}  // namespace tailrace::analysis::detail
