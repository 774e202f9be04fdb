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
    }
  }

  void run() {
    plan_.answer = cheapest(
        ranges_, [&](const Sizes& sizes) { return ask(sizes); }, budget_);
    // What is known from smaller sizes was not judged itself.
    if (find(plan_.answer.sizes) == nullptr && plan_.answer.found && !plan_.answer.stopped)
      ask(plan_.answer.sizes);
    if (const SizeJudgement* best = find(plan_.answer.sizes)) plan_.best = best->judgement;
    if (plan_.answer.found && !plan_.answer.stopped) certify();
  }

 private:
  const SizeJudgement* find(const Sizes& sizes) const {
    const auto at = std::find_if(plan_.tried.begin(), plan_.tried.end(),
                                 [&](const SizeJudgement& s) { return s.sizes == sizes; });
    return at == plan_.tried.end() ? nullptr : &*at;
  }

  std::optional<bool> ask(const Sizes& sizes) {
    std::vector<std::string> values;
    for (const std::int64_t n : sizes) values.push_back(std::to_string(n));
    Judgement j = judge_.judge(paths_, values, true);
    if (j.interrupted) plan_.interrupted = true;
    if (j.wrong) plan_.fault = j.reason;
    if (j.interrupted || j.wrong) return std::nullopt;
    const Meets meets = j.meets;
    ++(j.by_theory ? plan_.by_theory : plan_.simulated);
    plan_.untold += meets == Meets::untold;
    plan_.tried.push_back({sizes, std::move(j)});
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

  Judge judge_;
  int budget_;
  SizePlan& plan_;
  std::vector<std::string> paths_;
  std::vector<LatticeAxis> ranges_;
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
