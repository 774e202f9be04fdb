#pragma once
// Standard exponential and normal variates by the ziggurat method (Marsaglia & Tsang 2000) with 256 layers.
// The density is covered by 256 regions of equal area: 255 rectangles and a base with the tail. One 64-bit
// output picks the region (8 bits), the sign (1 bit, normal only) and the abscissa (53 bits); 98.9 % of the
// draws end there with one comparison and one product. The rest go on with a SplitMix64 seeded by the same
// output. The tables are computed at compile time in 106-bit arithmetic: the same bits with every compiler,
// no start-up order.
#include <array>
#include <cstdint>

namespace tailrace::sim {

struct ZigguratLayer {
  std::int64_t accept;  // abscissas below this lie under the next layer up, hence under the curve
  double width;         // of the layer, per unit of the 53-bit abscissa
};
using ZigguratLayers = std::array<ZigguratLayer, 256>;
extern const ZigguratLayers kExponentialLayers;
extern const ZigguratLayers kNormalLayers;

[[gnu::noinline]] double exponential_draw_rest(std::uint64_t bits);
[[gnu::noinline]] double normal_draw_rest(std::uint64_t bits);

// Mean 1. Functions of the bits alone, so that whoever holds one output of a Stream can draw from it.
inline double exponential_draw(std::uint64_t bits) {
  const ZigguratLayer& layer = kExponentialLayers[bits & 255];
  const auto abscissa = static_cast<std::int64_t>(bits >> 11);
  if (abscissa < layer.accept) [[likely]] {
    return static_cast<double>(abscissa) * layer.width;
  }
  return exponential_draw_rest(bits);
}

// Mean 0, standard deviation 1.
inline double normal_draw(std::uint64_t bits) {
  const ZigguratLayer& layer = kNormalLayers[bits & 255];
  const auto abscissa = static_cast<std::int64_t>(bits >> 11);
  if (abscissa < layer.accept) [[likely]] {
    const auto sign = 1 - static_cast<std::int64_t>((bits >> 7) & 2);  // bit 8
    return static_cast<double>(sign * abscissa) * layer.width;
  }
  return normal_draw_rest(bits);
}

}  // namespace tailrace::sim
