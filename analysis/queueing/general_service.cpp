// Queues with a general service law, priorities and fan-out.
// Sources: Kleinrock, Queueing Systems vol. 1 (1975) and vol. 2 (1976); Harchol-Balter, Performance Modeling
// and Design of Computer Systems (2013); the rest at each function.
#include <algorithm>

#include "analysis/queueing/formulas.hpp"
#include "analysis/queueing/formulas_detail.hpp"

namespace tailrace::analysis {

using namespace detail;
using sim::math::kInfinity;

QueueMeans mg1(double arrival_rate, double service_mean_s, double service_scv) {
  static constexpr const char* kSource = "Pollaczek-Khinchine: Kleinrock (1975) sec. 5.6";
  if (!is_rate(arrival_rate) || !is_mean(service_mean_s) || !is_scv(service_scv))
    return invalid_queue(kSource);
  const double rho = arrival_rate * service_mean_s;
  if (rho >= 1) return overloaded(rho, kSource);
  const double wait = rho > 0 ? rho * service_mean_s * (1 + service_scv) / (2 * (1 - rho)) : 0;
  return from_wait(arrival_rate, service_mean_s, rho, rho, wait, kSource);
}

QueueMeans batch_mg1(double batch_rate, double batch_mean, double batch_second_moment, double service_mean_s,
                     double service_scv) {
  static constexpr const char* kSource = "M^[X]/G/1: Chaudhry and Templeton (1983)";
  if (!is_rate(batch_rate) || !is_mean(service_mean_s) || !is_scv(service_scv) || !(batch_mean >= 1) ||
      !(batch_second_moment >= batch_mean * batch_mean * (1 - 1e-12))) {
    return invalid_queue(kSource);
  }
  const double rate = batch_rate * batch_mean, rho = rate * service_mean_s;
  if (rho >= 1) return overloaded(rho, kSource);
  // A batch waits as one customer of M/G/1 does; its members wait for those before them as well.
  const double square = service_mean_s * service_mean_s;
  const double batch_square = (batch_mean * service_scv + batch_second_moment) * square;
  const double inside = (batch_second_moment / batch_mean - 1) / 2 * service_mean_s;
  const double wait = batch_rate * batch_square / (2 * (1 - rho)) + inside;
  // Only the first of a batch can find the server free.
  return from_wait(rate, service_mean_s, rho, 1 - (1 - rho) / batch_mean, wait, kSource);
}

QueueMeans ggc_approx(double arrival_rate, double arrival_scv, double service_mean_s, double service_scv,
                      int servers) {
  static constexpr const char* kSource =
      "approximation: Allen (1990) sec. 5.3, after Allen-Cunneen and Kingman (1961)";
  if (!is_scv(arrival_scv) || !is_scv(service_scv)) return invalid_queue(kSource);
  QueueMeans m = mmc(arrival_rate, service_mean_s, servers);
  const double wait = m.wait_mean_s > 0 ? m.wait_mean_s * (arrival_scv + service_scv) / 2 : m.wait_mean_s;
  const bool exact = arrival_scv == 1 && (servers == 1 || service_scv == 1);
  if (!m.stable) {
    m.exact = exact;
    m.source = exact ? m.source : kSource;
    return m;
  }
  return from_wait(arrival_rate, service_mean_s, m.utilization, m.wait_probability, wait,
                   exact ? m.source : kSource, exact);
}

QueueMeans mgc_approx(double arrival_rate, double service_mean_s, double service_scv, int servers) {
  return servers == 1 ? mg1(arrival_rate, service_mean_s, service_scv)
                      : ggc_approx(arrival_rate, 1, service_mean_s, service_scv, servers);
}

QueueMeans mgc_ps(double arrival_rate, double service_mean_s, int servers) {
  QueueMeans m = mmc(arrival_rate, service_mean_s, servers);
  m.source = "M/G/c-PS, insensitive: Cohen (1979); Bonald and Proutiere (2003)";
  return m;
}

QueueMeans mg_inf(double arrival_rate, double service_mean_s) {
  static constexpr const char* kSource = "M/G/inf: Gross et al. (2008) sec. 5.2";
  if (!is_rate(arrival_rate) || !is_mean(service_mean_s)) return invalid_queue(kSource);
  return from_wait(arrival_rate, service_mean_s, 0, 0, 0, kSource);
}

namespace {

constexpr int kMaxDeterministicStates = 2000;

// P(N <= j), j = 0..count-1, of M/D/1. Level crossing at departures: p_j a_0 = p_0 P(A >= j) + sum p_i P(A >
// j - i), where A counts the arrivals in one service. All terms are positive.
std::vector<double> md1_number_cdf(double rho, int count) {
  std::vector<double> more(static_cast<std::size_t>(count) + 1);  // P(A > m)
  double term = sim::math::exp(-rho);
  const double none = term;
  std::vector<double> pmf(more.size() + 200);
  for (std::size_t m = 0; m < pmf.size(); ++m) {
    pmf[m] = term;
    term *= rho / static_cast<double>(m + 1);
  }
  double tail = 0;  // summed from the small end
  for (std::size_t m = pmf.size() - 1; m > 0; --m) {
    tail += pmf[m];
    if (m - 1 < more.size()) more[m - 1] = tail;
  }
  std::vector<double> p(static_cast<std::size_t>(count));
  std::vector<double> cdf(p.size());
  for (std::size_t j = 0; j < p.size(); ++j) {
    if (j == 0) {
      p[j] = 1 - rho;
    } else {
      double sum = p[0] * more[j - 1];
      for (std::size_t i = 1; i < j; ++i) sum += p[i] * more[j - i];
      p[j] = sum / none;
    }
    cdf[j] = p[j] + (j > 0 ? cdf[j - 1] : 0);
  }
  return cdf;
}

// Franx (2001), "A simple solution for the M/D/c waiting time distribution", for c = 1 and (k-1) D <= t < k
// D: P(W <= t) = exp(-u) sum_{j<k} P(N <= k-j) u^j / j! with u = lambda (k D - t).
double md1_cdf_at(const std::vector<double>& number_cdf, double rate, double service_s, double t) {
  const double k = std::floor(t / service_s) + 1;
  const double u = std::max(0.0, rate * (k * service_s - t));
  double term = sim::math::exp(-u), sum = 0;
  for (std::size_t j = 0; j < static_cast<std::size_t>(k); ++j) {
    sum += number_cdf[static_cast<std::size_t>(k) - j] * term;
    term *= u / static_cast<double>(j + 1);
  }
  return std::min(1.0, sum);
}

// Past the table the tail is exponential; its rate is the positive root of lambda (exp(x D) - 1) = x.
double md1_decay(double rate, double service_s) {
  double low = 0, high = 1 / service_s;
  const auto excess = [&](double x) { return rate * sim::math::expm1(x * service_s) - x; };
  while (excess(high) < 0 && high < 1e3 / service_s) high *= 2;
  low = high;
  while (excess(low) >= 0 && low > 1e-12 / service_s) low /= 2;
  for (int i = 0; i < 200; ++i) {
    const double middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) break;
    (excess(middle) < 0 ? low : high) = middle;
  }
  return low;
}

struct Md1Tail {
  std::vector<double> number_cdf;
  double rate, service_s, decay, horizon, at_horizon;

  Md1Tail(double arrival_rate, double service) : rate(arrival_rate), service_s(service) {
    decay = md1_decay(rate, service_s);
    // 1 - cdf has about 1e-16 of noise: switch to the exponential where the tail is still 1e-9.
    horizon = (kMaxDeterministicStates - 2) * service_s;
    horizon = std::min(horizon, std::max(20.0 * service_s, 20.7 / decay));
    number_cdf = md1_number_cdf(rate * service_s, static_cast<int>(horizon / service_s) + 3);
    at_horizon = 1 - md1_cdf_at(number_cdf, rate, service_s, horizon);
  }
  double operator()(double t) const {
    if (t < 0) return 1;
    if (t > horizon) return at_horizon * sim::math::exp(-decay * (t - horizon));
    return 1 - md1_cdf_at(number_cdf, rate, service_s, t);
  }
};

}  // namespace

double md1_wait_cdf(double arrival_rate, double service_s, double t) {
  if (!is_rate(arrival_rate) || !is_mean(service_s)) return kNan;
  if (arrival_rate * service_s >= 1 || t < 0) return 0;
  if (arrival_rate == 0) return 1;
  return 1 - Md1Tail(arrival_rate, service_s)(t);
}

double md1_wait_quantile(double arrival_rate, double service_s, double q) {
  if (!is_rate(arrival_rate) || !is_mean(service_s) || !is_quantile(q)) return kNan;
  if (arrival_rate * service_s >= 1) return kInfinity;
  if (q <= 1 - arrival_rate * service_s) return 0;
  return invert_tail(Md1Tail(arrival_rate, service_s), q, service_s);
}

double gg1_wait_upper_bound(double arrival_rate, double arrival_scv, double service_mean_s,
                            double service_scv) {
  if (!is_mean(arrival_rate) || !is_mean(service_mean_s) || !is_scv(arrival_scv) || !is_scv(service_scv))
    return kNan;
  const double rho = arrival_rate * service_mean_s;
  if (rho >= 1) return kInfinity;
  const double variances =
      arrival_scv / (arrival_rate * arrival_rate) + service_scv * service_mean_s * service_mean_s;
  return arrival_rate * variances / (2 * (1 - rho));  // Kingman (1962)
}

double gg1_wait_lower_bound(double arrival_rate, double service_mean_s, double service_scv) {
  if (!is_mean(arrival_rate) || !is_mean(service_mean_s) || !is_scv(service_scv)) return kNan;
  const double rho = arrival_rate * service_mean_s;
  if (rho >= 1) return kInfinity;
  return std::max(
      0.0, (rho * rho * service_scv + rho * (rho - 2)) / (2 * arrival_rate * (1 - rho)));  // Marchal (1978)
}

namespace {

bool valid_classes(const std::vector<PriorityClass>& classes) {
  return std::all_of(classes.begin(), classes.end(), [](const PriorityClass& c) {
    return is_rate(c.arrival_rate) && is_mean(c.service_mean_s) && is_scv(c.service_scv);
  });
}

double residual(const PriorityClass& c) {  // lambda E[S^2] / 2
  return c.arrival_rate > 0 ? c.arrival_rate * c.service_mean_s * c.service_mean_s * (1 + c.service_scv) / 2
                            : 0;
}

}  // namespace

std::vector<QueueMeans> priority_nonpreemptive(const std::vector<PriorityClass>& classes) {
  static constexpr const char* kSource = "Cobham (1954); Kleinrock (1976) sec. 3.6";
  if (!valid_classes(classes)) return std::vector<QueueMeans>(classes.size(), invalid_queue(kSource));
  double work = 0, total = 0;
  for (const PriorityClass& c : classes) {
    work += residual(c);
    total += c.arrival_rate * c.service_mean_s;
  }
  std::vector<QueueMeans> means;
  double before = 0;
  for (const PriorityClass& c : classes) {
    const double load = c.arrival_rate * c.service_mean_s, upto = before + load;
    // In overload the server never rests, and Cobham's residual would count classes that starve: no closed
    // form here.
    if (upto >= 1) {
      means.push_back(overloaded(load, kSource));
    } else if (total >= 1) {
      means.push_back(invalid_queue("a later class is overloaded: no closed form"));
      means.back().utilization = load;
      means.back().stable = true;
    } else {
      means.push_back(from_wait(c.arrival_rate, c.service_mean_s, load, total,
                                work / ((1 - before) * (1 - upto)), kSource));
    }
    before = upto;
  }
  return means;
}

std::vector<QueueMeans> priority_preemptive_resume(const std::vector<PriorityClass>& classes) {
  static constexpr const char* kSource = "preemptive resume: Kleinrock (1976) sec. 3.6";
  if (!valid_classes(classes)) return std::vector<QueueMeans>(classes.size(), invalid_queue(kSource));
  std::vector<QueueMeans> means;
  double before = 0, work = 0;
  for (const PriorityClass& c : classes) {
    const double load = c.arrival_rate * c.service_mean_s, upto = before + load;
    work += residual(c);
    if (upto >= 1) {
      means.push_back(overloaded(load, kSource));
    } else {
      const double response = (c.service_mean_s * (1 - upto) + work) / ((1 - before) * (1 - upto));
      means.push_back(
          from_wait(c.arrival_rate, c.service_mean_s, load, upto, response - c.service_mean_s, kSource));
    }
    before = upto;
  }
  return means;
}

QueueMeans sjf_mg1(double arrival_rate, double service_mean_s, double service_scv,
                   const std::function<double(double)>& service_quantile) {
  static constexpr const char* kSource = "shortest job first: Harchol-Balter (2013) ch. 31";
  if (!is_rate(arrival_rate) || !is_mean(service_mean_s) || !is_scv(service_scv))
    return invalid_queue(kSource);
  const double rho = arrival_rate * service_mean_s;
  if (rho >= 1) return overloaded(rho, kSource);
  // Slice the service law into many thin priority classes and add up Cobham's formula. The slices thin out
  // towards the tail (u = 1 - w^4), where the quantile runs away; the top slice takes whatever load is left.
  constexpr int kSlices = 20'000;
  double before = 0, sum = 0, edge = 0;
  for (int i = 1; i <= kSlices; ++i) {
    const double w = 1 - static_cast<double>(i) / kSlices, middle_w = w + 0.5 / kSlices;
    const double next = 1 - w * w * w * w, middle = 1 - middle_w * middle_w * middle_w * middle_w;
    const double load = arrival_rate * service_quantile(middle) * (next - edge);
    const double upto = i == kSlices ? rho : std::min(rho, before + load);
    sum += (next - edge) / ((1 - before) * (1 - upto));
    before = upto;
    edge = next;
  }
  const double work = residual({arrival_rate, service_mean_s, service_scv});
  return from_wait(arrival_rate, service_mean_s, rho, rho, work * sum, kSource);
}

double harmonic(int n) {
  double sum = 0;
  for (int i = n; i >= 1; --i) sum += 1.0 / i;
  return sum;
}

double kth_exponential_mean(int k, int n, double mean_s) {
  if (k < 1 || k > n || !is_mean(mean_s)) return kNan;
  double sum = 0;  // order statistics: the gaps are exponential with rates n mu, (n-1) mu, ...
  for (int i = n - k + 1; i <= n; ++i) sum += 1.0 / i;
  return sum * mean_s;
}

double max_exponential_quantile(int n, double mean_s, double q) {
  if (n < 1 || !is_mean(mean_s) || !is_quantile(q)) return kNan;
  if (q == 0) return 0;
  return -mean_s *
         sim::math::log(-sim::math::expm1(sim::math::log(q) / n));  // 1 - q^(1/n) without cancellation
}

QueueMeans fork_join(double arrival_rate, double service_mean_s, int n) {
  static constexpr const char* kExact = "fork-join of 2: Flatto and Hahn (1984)";
  static constexpr const char* kApprox = "approximation: Nelson and Tantawi (1988)";
  if (n < 1) return invalid_queue(kExact);
  const QueueMeans branch = mm1(arrival_rate, service_mean_s);
  if (n == 1 || !branch.stable) return branch;
  const double rho = branch.utilization, two = (12 - rho) / 8 * branch.response_mean_s;
  const double growth = harmonic(n) / 1.5;  // H_n / H_2
  const double response = n == 2 ? two : two * (growth + 4.0 / 11 * (1 - growth) * rho);
  // "Service" of the whole is the slowest of n parts without queueing; the rest counts as wait.
  const double service = harmonic(n) * service_mean_s;
  QueueMeans m =
      from_wait(arrival_rate, service, rho, rho, response - service, n == 2 ? kExact : kApprox, n == 2);
  return m;
}

}  // namespace tailrace::analysis
