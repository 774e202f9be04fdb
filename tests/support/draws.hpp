#pragma once
// Draws for tests of statistics, one output of the stream each.
#include "sim/base/math.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::tests {

inline double exponential(sim::Stream& stream) {  // mean 1
  return -sim::math::log1p(-stream.uniform());
}
inline double normal(sim::Stream& stream) {  // mean 0, deviation 1
  return sim::math::normal_quantile(stream.uniform() + 0x1p-54);
}

}  // namespace tailrace::tests
