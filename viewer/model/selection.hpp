#pragma once
// What is selected, as a table for other programs; of components: selection_csv() in timeline.hpp.
#include <string>

#include "viewer/model/timeline.hpp"

namespace tailrace::viewer {

// A call: header, then a row per slice of the range with rates per second, shares and seconds; empty cells
// where there was nothing to measure. `breaker`: the worst state of one on it; empty where it has none.
std::string call_csv(const History& history, TimeRange range, int edge);

}  // namespace tailrace::viewer
