#include "scenarios/plan/lattice.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace tailrace::scenarios {

namespace {

constexpr std::size_t kMostListed = 2'000'000;  // points that a proof keeps

bool at_most(const Sizes& a, const Sizes& b) {
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (a[k] > b[k]) return false;
  }
  return true;
}

// Costs may be negative, where more is cheaper.
double below(double cost) {
  return cost - 1e-12 * std::fabs(cost);
}

// Of one more, on average.
double per_step(const LatticeAxis& axis) {
  if (axis.costs.empty() || axis.high == axis.low) return axis.price;
  return (axis.cost(axis.high) - axis.cost(axis.low)) / static_cast<double>(axis.high - axis.low);
}

// The greatest size from `from` on that costs less than the limit; `from` where even one more does not.
std::int64_t dearest(const LatticeAxis& axis, std::int64_t from, double limit) {
  std::int64_t good = from, bad = axis.high + 1;
  while (bad - good > 1) {
    const std::int64_t middle = good + (bad - good) / 2;
    (axis.cost(middle) < limit ? good : bad) = middle;
  }
  return good;
}

class Search {
 public:
  Search(const std::vector<LatticeAxis>& axes, const std::function<std::optional<bool>(const Sizes&)>& meets,
         int budget)
      : axes_(axes), meets_(meets), budget_(budget) {}

  LatticeAnswer run() {
    Sizes most;
    for (const LatticeAxis& axis : axes_) most.push_back(axis.high);
    answer_.found = ask(most);
    if (!answer_.found) return done(most);
    Sizes least = most;
    for (std::size_t k = 0; k < axes_.size(); ++k) {
      Sizes point = most;
      least[k] = descend(point, k, axes_[k].low);
    }
    answer_.least = least;
    before_ = answer_.asked;
    if (stopped()) return done(most);
    // Where the sizes do not stand in for each other, the least of each is the answer.
    if (ask(least)) {
      answer_.proven = !stopped();
      return done(least);
    }
    // What is dear goes down first.
    std::vector<std::size_t> order(axes_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return per_step(axes_[a]) > per_step(axes_[b]); });
    Sizes best = most;
    for (const std::size_t k : order) best[k] = descend(best, k, least[k]);
    // Another order ends elsewhere: each size in turn goes down first, and each last.
    for (std::size_t first = 0; first < order.size() && axes_.size() > 2 && !stopped(); ++first) {
      std::rotate(order.begin(), order.begin() + 1, order.end());
      Sizes other = most;
      for (const std::size_t k : order) other[k] = descend(other, k, least[k]);
      take(other, best);
    }
    while (!stopped() && exchange(best)) {
    }
    if (!stopped()) prove(best);
    return done(best);
  }

 private:
  bool stopped() const { return answer_.stopped; }

  bool ask(const Sizes& point) {
    if (stopped()) return false;
    if (const auto known = known_.find(point); known != known_.end()) return known->second;
    for (const auto& [other, good] : known_) {
      if (good ? at_most(other, point) : at_most(point, other)) return good;
    }
    const std::optional<bool> said = meets_(point);
    ++answer_.asked;
    if (!said) {
      answer_.stopped = true;
      return false;
    }
    known_.emplace(point, *said);
    return *said;
  }

  // The least of size k that meets, between `low` and where the point stands (which meets).
  std::int64_t descend(Sizes point, std::size_t k, std::int64_t low) {
    std::int64_t good = point[k], bad = low - 1;
    while (good - bad > 1 && !stopped()) {
      point[k] = bad + (good - bad) / 2;
      (ask(point) ? good : bad) = point[k];
    }
    return good;
  }

  // Sums in another order may differ in their last digits: as dear is not cheaper.
  double limit(const Sizes& best) const { return below(cost_of(axes_, best)); }

  bool take(const Sizes& point, Sizes& best) const {
    if (!(cost_of(axes_, point) < limit(best))) return false;
    best = point;
    return true;
  }

  // Less of one or two sizes, and as much more of a third as that pays for. True: the best is another now.
  bool exchange(Sizes& best) {
    const Sizes from = best;
    const std::size_t n = axes_.size();
    for (std::size_t up = 0; up < n; ++up) {
      for (std::size_t a = 0; a < n; ++a) {
        for (std::size_t b = a; b < n; ++b) {
          if (up == a || up == b) continue;
          Sizes point = from;
          --point[a];
          if (b != a) --point[b];
          if (point[a] < answer_.least[a] || point[b] < answer_.least[b]) continue;
          const double saved = step_down(a, from[a]) + (b == a ? 0 : step_down(b, from[b]));
          point[up] = dearest(axes_[up], from[up], axes_[up].cost(from[up]) + below(saved));
          if (point[up] == from[up] || spent() >= budget_) continue;
          if (ask(point) && take(point, best)) return true;
          if (stopped()) return false;
        }
      }
    }
    return false;
  }
  double step_down(std::size_t k, std::int64_t from) const {
    return axes_[k].cost(from) - axes_[k].cost(from - 1);
  }
  int spent() const { return answer_.asked - before_; }

  bool dominated(const Sizes& point) const {
    return std::any_of(known_.begin(), known_.end(),
                       [&](const auto& k) { return !k.second && at_most(point, k.first); });
  }

  // All points between `least` and the most that cost less than the best; false when they are too many.
  bool list(std::size_t k, Sizes& point, double cost, double limit, std::vector<Sizes>& out) const {
    if (k == axes_.size()) {
      if (cost < limit) out.push_back(point);
      return out.size() <= kMostListed;
    }
    for (std::int64_t n = answer_.least[k]; n <= axes_[k].high; ++n) {
      point[k] = n;
      const double more = cost + axes_[k].cost(n) - axes_[k].cost(answer_.least[k]);
      if (!(more < limit)) break;
      if (!list(k + 1, point, more, limit, out)) return false;
    }
    return true;
  }

  void prove(Sizes& best) {
    std::vector<Sizes> points;
    Sizes point = answer_.least;
    if (!list(0, point, cost_of(axes_, answer_.least), limit(best), points)) return;
    std::stable_sort(points.begin(), points.end(), [&](const Sizes& a, const Sizes& b) {
      const double x = cost_of(axes_, a), y = cost_of(axes_, b);
      return x > y || (!(y > x) && a < b);
    });
    for (const Sizes& p : points) {
      if (!(cost_of(axes_, p) < limit(best)) || dominated(p)) continue;
      if (spent() >= budget_) return;
      if (ask(p)) best = p;
      if (stopped()) return;
    }
    answer_.proven = true;
  }

  LatticeAnswer done(const Sizes& sizes) {
    answer_.sizes = sizes;
    answer_.cost = cost_of(axes_, sizes);
    return answer_;
  }

  const std::vector<LatticeAxis>& axes_;
  const std::function<std::optional<bool>(const Sizes&)>& meets_;
  int budget_, before_ = 0;  // questions of the search beyond the least sizes
  LatticeAnswer answer_;
  std::map<Sizes, bool> known_;
};

}  // namespace

double cost_of(const std::vector<LatticeAxis>& axes, const Sizes& sizes) {
  double cost = 0;
  for (std::size_t k = 0; k < axes.size(); ++k) cost += axes[k].cost(sizes[k]);
  return cost;
}

LatticeAnswer cheapest(const std::vector<LatticeAxis>& axes,
                       const std::function<std::optional<bool>(const Sizes&)>& meets, int budget) {
  return Search(axes, meets, budget).run();
}

}  // namespace tailrace::scenarios
