#pragma once
// The answer as a person reads it, as rare.json (docs/rare.schema.json) and as CSV, a row for each level on
// the way. Nothing written depends on the host or the threads (a budget of time apart).
#include <string>

#include "analysis/report/human.hpp"
#include "scenarios/rare/estimate.hpp"

namespace tailrace::scenarios {

inline constexpr int kRareVersion = 1;

struct RareTold {                      // what was asked
  std::string scenario, event, guide;  // guide empty: the event itself
  std::string counts;                  // what scores count; empty: shares of the way
  std::uint32_t goal = 1;
  double from_s = 0, until_s = 0;
  double precision = 0;
};

std::string rare_text(const RareEstimate& estimate, const RareTold& told, analysis::TextStyle style);
std::string rare_json(const RareEstimate& estimate, const RareTold& told);
std::string rare_csv(const RareEstimate& estimate, const RareTold& told);

// 3.2e-08, 0.0123: three digits that matter, whatever the size.
std::string probability_text(double p);

}  // namespace tailrace::scenarios
