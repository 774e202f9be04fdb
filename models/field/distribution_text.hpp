#pragma once
// A distribution as scenarios write it: "lognormal(mean=3ms, p99=12ms)", "exp(20ms)", a bare "5ms" for a
// constant, "mixture(0.9: exp(5ms), 0.1: 1s)", "empirical(times.csv)". Whether a plain quantity is a
// duration, a size or a number is the context's; shapes, probabilities and coefficients of variation are
// plain numbers everywhere. Every text ends in a distribution or in one error that says what was expected,
// what stands there and where. The table of the forms is in distribution_text.cpp; data files are read by
// data_rows.hpp.
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "models/field/units.hpp"
#include "sim/random/distribution.hpp"

namespace tailrace::models {

struct ParsedDistribution {
  std::optional<sim::Distribution> value;  // in the unit of the context's parser
  std::string error;
  std::string hint;
  std::size_t offset = 0;  // of the error, in characters from the start of the text
};

using ParseUnit = Quantity (*)(std::string_view);

struct DistributionContext {
  ParseUnit unit = parse_duration_ns;
  std::string quantity = "a duration";  // for messages
  std::string directory;                // data files are found from here and lie below it
  bool files_allowed_outside = false;
};

inline constexpr int kMaxMixtureDepth = 8;
inline constexpr std::size_t kMaxMixtureParts = 1000;

ParsedDistribution parse_distribution(std::string_view text, const DistributionContext& context);

}  // namespace tailrace::models
