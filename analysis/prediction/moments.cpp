#include "analysis/prediction/moments.hpp"

#include <algorithm>

#include "sim/base/math.hpp"

namespace tailrace::analysis::detail {

using sim::math::kInfinity;

namespace {

constexpr std::size_t kMaxBranches = 512;  // beyond, the join of the first ones stands for all
constexpr double kMaxPoints = 256;         // Simpson points between two kinks
constexpr double kMaxWork = 2e6;           // multiplications of one join

// P(at least `needed` have ended by t).
double ended_by(double t, const std::vector<double>& shift, const std::vector<double>& scale,
                const std::vector<double>& ends, std::size_t needed, std::vector<double>& count) {
  const std::size_t n = shift.size();
  const auto ended = [&](std::size_t i) {
    if (t < shift[i]) return 0.0;
    return ends[i] * (scale[i] > 0 ? -sim::math::expm1(-(t - shift[i]) / scale[i]) : 1.0);
  };
  if (needed == n || needed == 1) {  // all: the product; any: one minus the product of the tails
    double product = 1;
    for (std::size_t i = 0; i < n; ++i) product *= needed == n ? ended(i) : 1 - ended(i);
    return needed == n ? product : 1 - product;
  }
  std::fill(count.begin(), count.end(), 0.0);
  count[0] = 1;  // count[k]: P(k have ended), the last entry collects "needed or more"
  for (std::size_t i = 0; i < n; ++i) {
    const double p = ended(i);
    for (std::size_t k = needed; k-- > 0;) {
      const double moved = count[k] * p;
      count[k + 1] += moved;
      count[k] -= moved;
    }
  }
  return count[needed];
}

}  // namespace

Moments order_statistic(const std::vector<Moments>& all, const std::vector<double>& ends, int needed) {
  std::vector<Moments> times = all;
  Moments result;
  if (times.empty() || needed <= 0) return result;
  bool cut = false;
  if (times.size() > kMaxBranches) {
    needed = std::max(
        1, static_cast<int>(static_cast<double>(needed) * kMaxBranches / static_cast<double>(times.size())));
    times.resize(kMaxBranches);
    cut = true;
  }
  if (times.size() == 1) return times.front();
  std::vector<double> shift, scale, kinks{0};
  double longest = 0;
  bool constant = true;
  result.exact = !cut;
  for (const Moments& m : times) {
    if (!std::isfinite(m.mean) || !std::isfinite(m.variance)) {
      return {kInfinity, kInfinity, Moments::Law::other, false};
    }
    const double sd = std::min(std::sqrt(m.variance), m.mean);
    shift.push_back(m.mean - sd);
    scale.push_back(sd);
    kinks.push_back(shift.back());
    longest =
        std::max(longest, shift.back() + sd * (40 + 2 * sim::math::log(static_cast<double>(times.size()))));
    constant = constant && m.law == Moments::Law::constant;
    result.exact = result.exact && m.exact && m.law != Moments::Law::other;
  }
  const bool all_end = std::all_of(ends.begin(), ends.end(), [](double p) { return p >= 1; });
  if (constant && (all_end || static_cast<std::size_t>(needed) == times.size())) {
    std::sort(shift.begin(), shift.end());
    result.mean = shift[static_cast<std::size_t>(needed) - 1];
    return result;
  }
  result.law = Moments::Law::other;
  kinks.push_back(longest);
  std::sort(kinks.begin(), kinks.end());
  kinks.erase(std::unique(kinks.begin(), kinks.end()), kinks.end());
  // E[T] and E[T^2] / 2 as integrals of the tail and of t times the tail, piecewise between the kinks. Work
  // is bounded: many branches or kinks get fewer points each.
  const bool simple = needed == 1 || static_cast<std::size_t>(needed) == times.size();
  const double per_point = static_cast<double>(times.size()) * (simple ? 1 : needed);
  int points =
      static_cast<int>(std::clamp(kMaxWork / per_point / static_cast<double>(kinks.size()), 8.0, kMaxPoints));
  points += points % 2;
  std::vector<double> count(static_cast<std::size_t>(needed) + 1);
  const auto by = [&](double t) {
    return ended_by(t, shift, scale, ends, static_cast<std::size_t>(needed), count);
  };
  const double in_the_end = by(kInfinity);
  if (!(in_the_end > 0)) return {};
  double first = 0, second = 0;
  for (std::size_t i = 0; i + 1 < kinks.size(); ++i) {
    // Quadratic spacing within a piece: the tail falls fastest at its beginning.
    const double width = kinks[i + 1] - kinks[i];
    for (int k = 0; k <= points; ++k) {
      const double u = static_cast<double>(k) / points;
      double t = kinks[i] + width * u * u;
      if (k == points) t = std::nextafter(kinks[i + 1], kinks[i]);  // the left limit where a constant ends
      const double weight =
          (k == 0 || k == points ? 1 : (k % 2 == 1 ? 4 : 2)) / (3.0 * points) * 2 * u * width;
      const double tail = 1 - by(t) / in_the_end;
      first += weight * tail;
      second += weight * t * tail;
    }
  }
  result.mean = first;
  result.variance = std::max(0.0, 2 * second - first * first);
  return result;
}

}  // namespace tailrace::analysis::detail
