#pragma once
// The value types of scenario fields. The type of a spec's member decides how its text is read, how its
// default is shown and what the schema says, so that a field is described once: by its member and its line in
// the field table.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "models/field/document.hpp"
#include "sim/base/time.hpp"
#include "sim/random/distribution.hpp"

namespace tailrace::models {

using Count = std::int64_t;

struct Rate {
  double per_s = 0;
};
struct Bandwidth {
  double bit_per_s = 0;
};
struct Bytes {
  std::int64_t value = 0;
};
struct Fraction {
  double value = 0;
};
// A count for which the word "unlimited" is allowed; 0 stays zero.
struct Limit {
  static constexpr std::int64_t kUnlimited = -1;
  std::int64_t value = kUnlimited;
  bool unlimited() const { return value < 0; }
};

// Distributions by what they measure; the sampler's unit is ns, bytes or 1.
struct TimeDistribution {
  sim::Distribution value = sim::Distribution::constant(0);
};
struct SizeDistribution {
  sim::Distribution value = sim::Distribution::constant(0);
};
struct CountDistribution {
  sim::Distribution value = sim::Distribution::constant(1);
};

// "component.operation", resolved when the topology is built.
struct Reference {
  std::string text;
  Mark mark;
};

// A file with data, relative to the scenario that names it.
struct DataFile {
  std::string path;       // as written
  std::string directory;  // of the scenario file
  Mark mark;
};

template <class T>
struct Named {
  std::string name;
  Mark mark;
  T value;
};

}  // namespace tailrace::models
