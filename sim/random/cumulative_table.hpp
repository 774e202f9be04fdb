#pragma once
// Picks an index with given probabilities from one uniform number: a cumulative table with a guide (Chen &
// Asau 1974). The guide says where to start for each n-th of the unit interval, so that a pick walks about
// two entries however long the table is. Monotone in u: a larger u never picks a smaller index.
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "sim/base/check.hpp"

namespace tailrace::sim {

class CumulativeTable {
 public:
  CumulativeTable() = default;
  // Non-decreasing, at least one entry, the last one 1.
  explicit CumulativeTable(std::vector<double> cumulative) : cumulative_(std::move(cumulative)) {
    TAILRACE_CHECK(!cumulative_.empty() && cumulative_.back() == 1);
    TAILRACE_CHECK(cumulative_.size() < UINT32_MAX);
    guide_.resize(cumulative_.size());
    std::uint32_t j = 0;
    for (std::size_t g = 0; g < guide_.size(); ++g) {
      const double u = static_cast<double>(g) / static_cast<double>(guide_.size());
      while (cumulative_[j] <= u) ++j;
      guide_[g] = j;
    }
  }

  // The first index whose cumulative probability exceeds u, 0 <= u < 1.
  std::size_t find(double u) const {
    const auto cell = static_cast<std::size_t>(u * static_cast<double>(guide_.size()));
    std::size_t j = guide_[cell < guide_.size() ? cell : guide_.size() - 1];
    while (j > 0 && cumulative_[j - 1] > u) --j;  // u * n may have been rounded up into the next cell
    while (cumulative_[j] <= u) ++j;
    return j;
  }
  double operator[](std::size_t j) const { return cumulative_[j]; }
  const std::vector<double>& values() const { return cumulative_; }

 private:
  std::vector<double> cumulative_;
  std::vector<std::uint32_t> guide_;
};

}  // namespace tailrace::sim
