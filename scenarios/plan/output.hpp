#pragma once
// A plan as text and as plan.json (docs/plan.schema.json): the answer, what binds, and every candidate that
// was judged, in the order of the search. SI units. Nothing in it depends on the host or the threads.
#include <string>

#include "analysis/report/human.hpp"
#include "scenarios/plan/max_load.hpp"
#include "scenarios/plan/sizes.hpp"

namespace tailrace::scenarios {

inline constexpr int kPlanVersion = 1;

struct PlanContext {
  std::string scenario;  // name
  double confidence = 0.95, indifference = 0.01, resolution = 0.01;
};

std::string max_load_text(const MaxLoad& plan, const PlanContext& context, analysis::TextStyle style);
std::string max_load_json(const MaxLoad& plan, const PlanContext& context);
std::string sizes_text(const SizePlan& plan, const PlanContext& context, analysis::TextStyle style);
std::string sizes_json(const SizePlan& plan, const PlanContext& context);

}  // namespace tailrace::scenarios
