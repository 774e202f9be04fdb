#pragma once
// Which points a sweep has. An axis is what one --vary says:
//
//   services.cart.replicas=1..8:8              from, to, how many: equal steps
//   workloads.load.constant_arrival_rate=100/s..10000/s:log:5     equal ratios
//   services.cart.workers=4..64:int:7          rounded to whole numbers
//   services.cart.queue.discipline=[fifo, lifo]                   a list
//
// Several axes make a grid (the last one varies fastest), with --zip a list of tuples, and with --sample a
// Latin hypercube or Sobol's sequence over the ranges, which then have no count. Values are texts, as --set
// takes them; computed ones are rounded to digits that a person would write.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tailrace::scenarios {

struct Range {
  double low = 0, high = 1;
  std::string unit;       // of both ends, as it was written
  bool duration = false;  // ends with different units of time: values are nanoseconds
  bool logarithmic = false;
  bool whole = false;

  // The value at u of the way, 0 <= u <= 1; `sampled` gives whole numbers equal shares of the way.
  std::string at(double u, bool sampled) const;
};

struct Axis {
  std::string path;
  std::optional<Range> range;
  std::vector<std::string> values;  // of a list, or of a range with a count
};

struct DesignFault {
  std::string message, hint;
};

// "path=spec"; `fault` is filled where nothing comes back.
std::optional<Axis> parse_axis(const std::string& text, DesignFault& fault);

enum class DesignKind : std::uint8_t { grid, zip, latin_hypercube, sobol };

struct DesignOptions {
  DesignKind kind = DesignKind::grid;
  std::size_t samples = 0;  // of the two that sample
  std::uint64_t seed = 1;   // of the Latin hypercube
};

inline constexpr std::size_t kMostPoints = 1'000'000;

struct Design {
  std::vector<std::string> paths;
  std::vector<std::vector<std::string>> points;  // a value for each path
};

std::optional<Design> make_design(const std::vector<Axis>& axes, const DesignOptions& options,
                                  DesignFault& fault);

}  // namespace tailrace::scenarios
