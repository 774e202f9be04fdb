#pragma once
// A comparison as a person reads it, as JSON (docs/compare.schema.json; SI units) and as CSV. Nothing written
// depends on the host, the clock or --jobs.
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "analysis/experiment/comparison.hpp"
#include "analysis/report/human.hpp"

namespace tailrace::analysis {

inline constexpr int kCompareVersion = 1;

// What the writers need beside the figures.
struct ComparisonContext {
  struct Side {
    std::string name, file;
    std::uint64_t seed = 1;
    std::string status, message;  // of the first replication that ended early; "completed"
    double measured_s = 0;
    std::optional<double> cost_per_hour{};  // of what the scenario's prices name, as it is written
  };
  std::vector<Side> sides;
  std::string status = "completed", message;
  bool common_random_numbers = true;
  std::vector<std::string> notes;
};

// "more: shoppers.request_duration p(99) is 38 % lower (95 % interval 31 to 44 %)"
std::string verdict(const Comparison& comparison, const FigureComparison& row);

std::string comparison_text(const Comparison& comparison, const ComparisonContext& context, TextStyle style);
std::string comparison_json(const Comparison& comparison, const ComparisonContext& context);
std::string comparison_csv(const Comparison& comparison);

}  // namespace tailrace::analysis
