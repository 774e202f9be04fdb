#pragma once
// Is a threshold met beyond doubt? Its interval, at a confidence of its own, lies wholly on one side of the
// limit. Who looks several times, or at several thresholds, shares the error out over them.
#include "analysis/report/thresholds.hpp"

namespace tailrace::analysis {

enum class Decided : std::uint8_t { met, failed, untold };

// By t.measured; untold where it has no interval.
Decided decided(const ThresholdResult& t);

}  // namespace tailrace::analysis
