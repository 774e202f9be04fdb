#pragma once
// Points of the unit cube for samples of parameters. Sobol's sequence (Sobol' 1967) with the direction
// numbers of Joe and Kuo (2008, new-joe-kuo-6.21201), plain: no scrambling, from its first point on, which is
// the corner 0. Every 2^k first points have one coordinate in each interval of length 2^-k, and a longer
// sample begins with the shorter one. The Latin hypercube (McKay, Beckman & Conover 1979) has that property
// in each coordinate for its own n, at random from streams named after the coordinate.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace tailrace::scenarios {

inline constexpr std::size_t kSobolDimensions = 21;

// Coordinate `dimension` of point `index`, in [0, 1) on a grid of 2^-32.
double sobol(std::uint32_t index, std::size_t dimension);

// Coordinates in [0, 1) of n points; `name` is the coordinate's.
std::vector<double> latin_hypercube(std::size_t n, std::uint64_t seed, std::string_view name);

}  // namespace tailrace::scenarios
