#pragma once
// What one --size of a plan says, and the values that it stands for:
//
//   services.cart.replicas=1..20                 every whole number
//   services.cart.endpoints.get[0].timeout=10ms..2s    a real-valued parameter
//   defaults.retry.budget.ratio=0.0..0.5         the same: an end has a point or a unit
//   services.cart.cores=[0.5, 1, 2, 4], =1ms..1s:log:7    these values and no others
//
// A real-valued range becomes a fine grid, in equal ratios where its lower end is above 0 and else in equal
// steps, no wider than the resolution (of the value, or of the range). The search runs over every so many
// values of it first and then goes down to the grid (sizes.cpp). Whatever the axis, its steps run from the
// cheap end to the dear one: with a price below 0 that is downwards, for what is the worse the more there is
// of it. Prices are of one more, of a second for durations, and as written for other units.
#include <optional>
#include <string>
#include <vector>

#include "scenarios/plan/lattice.hpp"
#include "scenarios/sweep/design.hpp"

namespace tailrace::scenarios {

struct SizeAxis {
  std::string path;
  LatticeAxis range;                     // the size itself; of listed values: which one, from 0
  std::vector<std::string> values = {};  // listed: what is written for each step; empty: whole numbers
  std::int64_t stride = 1;               // of the first search
  std::string low = {}, high = {};       // as written, where values are listed
  double price = 1;                      // as given; its sign is the direction

  std::string value(std::int64_t step) const;
  bool real() const { return stride > 1; }
};

inline constexpr int kFirstGrid = 12;        // steps of the first search over a real-valued range
inline constexpr double kLargestSize = 1e6;  // a whole number
inline constexpr std::size_t kMostSteps = 100'000;

// "path=spec"; `fault` is filled where nothing comes back.
std::optional<Axis> parse_size(const std::string& text, DesignFault& fault);

// `price` is not 0. `resolution`: of a real-valued range, its widest step.
std::optional<SizeAxis> make_size_axis(const Axis& parsed, double price, double resolution,
                                       DesignFault& fault);

}  // namespace tailrace::scenarios
