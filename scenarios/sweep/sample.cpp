#include "scenarios/sweep/sample.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "sim/base/check.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::scenarios {

namespace {

// A primitive polynomial over GF(2): its degree, its inner coefficients as bits, and the first m.
struct Direction {
  unsigned degree;
  std::uint32_t coefficients;
  std::array<std::uint32_t, 7> m;
};
// Dimensions 2 to 21; the first has all m = 1.
constexpr std::array<Direction, kSobolDimensions - 1> kDirections = {{
    {1, 0, {1}},
    {2, 1, {1, 3}},
    {3, 1, {1, 3, 1}},
    {3, 2, {1, 1, 1}},
    {4, 1, {1, 1, 3, 3}},
    {4, 4, {1, 3, 5, 13}},
    {5, 2, {1, 1, 5, 5, 17}},
    {5, 4, {1, 1, 5, 5, 5}},
    {5, 7, {1, 1, 7, 11, 19}},
    {5, 11, {1, 1, 5, 1, 1}},
    {5, 13, {1, 1, 1, 3, 11}},
    {5, 14, {1, 3, 5, 5, 31}},
    {6, 1, {1, 3, 3, 9, 7, 49}},
    {6, 13, {1, 1, 1, 15, 21, 21}},
    {6, 16, {1, 3, 1, 13, 27, 49}},
    {6, 19, {1, 1, 1, 15, 7, 5}},
    {6, 22, {1, 3, 1, 15, 13, 25}},
    {6, 25, {1, 1, 5, 5, 19, 61}},
    {7, 1, {1, 3, 7, 11, 23, 15, 103}},
    {7, 4, {1, 3, 7, 13, 13, 15, 69}},
}};

constexpr double kBelowOne = 0x1.fffffffffffffp-1;  // where rounding would have reached 1
constexpr unsigned kBits = 32;
using Numbers = std::array<std::uint32_t, kBits>;

Numbers numbers_of(std::size_t dimension) {
  Numbers v{};
  if (dimension == 0) {
    for (unsigned i = 0; i < kBits; ++i) v[i] = 1u << (kBits - 1 - i);
    return v;
  }
  const Direction& d = kDirections[dimension - 1];
  for (unsigned i = 0; i < kBits; ++i) {
    if (i < d.degree) {
      v[i] = d.m[i] << (kBits - 1 - i);
      continue;
    }
    v[i] = v[i - d.degree] ^ (v[i - d.degree] >> d.degree);
    for (unsigned k = 1; k < d.degree; ++k) {
      if ((d.coefficients >> (d.degree - 1 - k)) & 1u) v[i] ^= v[i - k];
    }
  }
  return v;
}

}  // namespace

double sobol(std::uint32_t index, std::size_t dimension) {
  TAILRACE_CHECK(dimension < kSobolDimensions);
  static const std::array<Numbers, kSobolDimensions> all = [] {
    std::array<Numbers, kSobolDimensions> table{};
    for (std::size_t d = 0; d < kSobolDimensions; ++d) table[d] = numbers_of(d);
    return table;
  }();
  const std::uint32_t gray = index ^ (index >> 1);  // neighbours differ in one number
  std::uint32_t x = 0;
  for (unsigned i = 0; i < kBits; ++i) {
    if ((gray >> i) & 1u) x ^= all[dimension][i];
  }
  return static_cast<double>(x) * 0x1p-32;
}

std::vector<double> latin_hypercube(std::size_t n, std::uint64_t seed, std::string_view name) {
  sim::Stream stream(seed, 0, name, "latin hypercube");
  std::vector<std::size_t> cells(n);
  for (std::size_t i = 0; i < n; ++i) cells[i] = i;
  for (std::size_t i = n; i > 1; --i) std::swap(cells[i - 1], cells[stream.below(i)]);
  std::vector<double> out(n);
  for (std::size_t i = 0; i < n; ++i)
    out[i] = std::min((static_cast<double>(cells[i]) + stream.uniform()) / static_cast<double>(n), kBelowOne);
  return out;
}

}  // namespace tailrace::scenarios
