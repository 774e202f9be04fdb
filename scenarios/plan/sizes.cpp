#include "scenarios/plan/sizes.hpp"

#include <algorithm>

namespace tailrace::scenarios {

namespace {

class Search {
 public:
  Search(const SweepScenario& scenario, int budget, const PlanOptions& options, SizePlan& plan)
      : judge_(scenario, options), budget_(budget), plan_(plan) {
    for (const SizeAxis& axis : plan.axes) {
      paths_.push_back(axis.path);
      ranges_.push_back(axis.range);
      coarse_.push_back(first_grid(axis));
    }
  }

  void run() {
    plan_.answer = cheapest(
        coarse_, [&](const Sizes& sizes) { return ask(fine(sizes)); }, budget_);
    plan_.answer.sizes = fine(plan_.answer.sizes);
    plan_.answer.least = fine(plan_.answer.least);
    if (plan_.answer.found && !plan_.answer.stopped) refine();
    plan_.answer.cost = cost_of(ranges_, plan_.answer.sizes);
    // What is known from smaller sizes was not judged itself.
    if (find(plan_.answer.sizes) == nullptr && plan_.answer.found && !plan_.answer.stopped)
      ask(plan_.answer.sizes);
    if (const SizeJudgement* best = find(plan_.answer.sizes)) plan_.best = best->judgement;
    if (!plan_.answer.found || plan_.answer.stopped) return;
    std::vector<Sizes> again;
    do {
      plan_.one_less.clear();
      certify();
    } while (!plan_.interrupted && plan_.fault.empty() && look_longer(again));
  }

 private:
  static LatticeAxis first_grid(const SizeAxis& axis) {
    if (!axis.real()) return axis.range;
    LatticeAxis out{0, (axis.range.high + axis.stride - 1) / axis.stride, axis.range.price, {}};
    for (std::int64_t n = 0; n <= out.high; ++n) out.costs.push_back(axis.range.cost(at(axis, n)));
    return out;
  }

  // The step of the grid that a step of the first search is.
  static std::int64_t at(const SizeAxis& axis, std::int64_t step) {
    return std::min(step * axis.stride, axis.range.high);
  }
  Sizes fine(Sizes sizes) const {
    for (std::size_t k = 0; k < sizes.size(); ++k) {
      if (plan_.axes[k].real()) sizes[k] = at(plan_.axes[k], sizes[k]);
    }
    return sizes;
  }

  // Each real-valued size from the answer of the first grid down to the least of its own that still meets.
  void refine() {
    Sizes& best = plan_.answer.sizes;
    std::vector<std::size_t> order;
    for (std::size_t k = 0; k < best.size(); ++k) {
      if (plan_.axes[k].real() && best[k] > 0) order.push_back(k);
    }
    const Sizes from = best;
    const auto below = [&](std::size_t k) {
      const std::int64_t stride = plan_.axes[k].stride;
      return (from[k] + stride - 1) / stride * stride - stride;
    };
    const auto saved = [&](std::size_t k) { return ranges_[k].cost(from[k]) - ranges_[k].cost(below(k)); };
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return saved(a) > saved(b); });
    for (const std::size_t k : order) {
      std::int64_t good = best[k], bad = below(k);
      while (good - bad > 1) {
        Sizes point = best;
        point[k] = bad + (good - bad) / 2;
        const std::optional<bool> met = ask(point);
        if (!met) {
          plan_.answer.stopped = true;
          return;
        }
        (*met ? good : bad) = point[k];
      }
      best[k] = good;
    }
  }

  SizeJudgement* find(const Sizes& sizes) {
    const auto at = std::find_if(plan_.tried.begin(), plan_.tried.end(),
                                 [&](const SizeJudgement& s) { return s.sizes == sizes; });
    return at == plan_.tried.end() ? nullptr : &*at;
  }

  std::optional<bool> ask(const Sizes& sizes, int looks = Judge::kLooks) {
    std::vector<std::string> values;
    for (std::size_t k = 0; k < sizes.size(); ++k) values.push_back(plan_.axes[k].value(sizes[k]));
    Judgement j = judge_.judge(paths_, values, true, looks);
    if (j.interrupted) plan_.interrupted = true;
    if (j.wrong || j.broken) plan_.fault = j.reason;
    plan_.broken = plan_.broken || j.broken;
    if (j.interrupted || j.wrong || j.broken) return std::nullopt;
    const Meets meets = j.meets;
    plan_.untold += meets == Meets::untold;
    if (SizeJudgement* before = find(sizes)) {  // looked at again, for longer
      plan_.untold -= before->judgement.meets == Meets::untold;
      before->judgement = std::move(j);
    } else {
      ++(j.by_theory ? plan_.by_theory : plan_.simulated);
      plan_.tried.push_back({sizes, std::move(j)});
    }
    return meets == Meets::yes;
  }

  // One less of each, for what binds. The search may have had it from a larger point; here it is asked.
  void certify() {
    for (std::size_t k = 0; k < ranges_.size(); ++k) {
      Sizes sizes = plan_.answer.sizes;
      if (sizes[k] <= ranges_[k].low) {
        plan_.one_less.emplace_back();
        continue;
      }
      --sizes[k];
      if (find(sizes) == nullptr && !ask(sizes)) return;
      plan_.one_less.push_back(*find(sizes));
      if (plan_.one_less.back().judgement.meets == Meets::yes) plan_.answer.proven = false;
    }
  }

  // An answer that stands only because one step less could not be told: that is looked at for longer. True:
  // it meets, and is the answer now.
  bool look_longer(std::vector<Sizes>& again) {
    for (SizeJudgement& less : plan_.one_less) {
      if (less.sizes.empty() || less.judgement.meets != Meets::untold) continue;
      if (std::find(again.begin(), again.end(), less.sizes) != again.end()) continue;
      again.push_back(less.sizes);
      const std::optional<bool> met = ask(less.sizes, Judge::kMoreLooks);
      if (!met) return false;
      less.judgement = find(less.sizes)->judgement;
      if (*met) {
        plan_.answer.sizes = less.sizes;
        plan_.answer.cost = cost_of(ranges_, less.sizes);
        plan_.best = less.judgement;
        return true;
      }
    }
    return false;
  }

  Judge judge_;
  int budget_;
  SizePlan& plan_;
  std::vector<std::string> paths_;
  std::vector<LatticeAxis> ranges_, coarse_;
};

}  // namespace

SizePlan find_sizes(const SweepScenario& scenario, const std::vector<SizeAxis>& axes, int budget,
                    const PlanOptions& options) {
  SizePlan plan;
  plan.axes = axes;
  Search(scenario, budget, options, plan).run();
  return plan;
}

}  // namespace tailrace::scenarios
