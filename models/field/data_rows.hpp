#pragma once
// Measured distributions from CSV files: one value per row, or rows of value and cumulative probability.
// A header row, blank lines, CRLF and a byte order mark are accepted. Every error names the row. Files are
// bounded in bytes and rows and must be regular files below the scenario's folder.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/field/distribution_text.hpp"

namespace tailrace::models {

inline constexpr std::size_t kMaxDataRows = 10'000'000;
inline constexpr std::uint64_t kMaxDataBytes = 256ULL << 20;

struct DataRows {
  std::vector<double> values;
  std::vector<double> cumulative;  // empty for a file of values
  std::string error;               // empty when the rows are good
  std::string hint;
};

// unit is appended to every value ("ms"); when empty each cell carries its own.
DataRows read_data_rows(const std::string& file, bool with_cumulative, std::string_view unit,
                        const DistributionContext& context);

}  // namespace tailrace::models
