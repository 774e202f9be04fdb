#include "sim/random/ziggurat.hpp"

#include "sim/base/double_double.hpp"
#include "sim/base/math.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::sim {
namespace {

using math::DoubleDouble;

// Where the tail begins. The area of a region follows from it; that the topmost rectangle then ends at the
// peak of the curve is what fixes the value, and a static_assert below holds it.
constexpr double kExponentialTail = 7.69711747013104972;
constexpr double kNormalTail = 3.6541528853610088;
// area = r f(r) + integral of f from r on; for the normal f(x) = exp(-x^2/2), the integral is sqrt(pi/2)
// erfc(r/sqrt 2)
constexpr double kNormalTailIntegral = 3.2339576466332173e-4;

// A rejection loop that lasts this long has probability below 2^-200; it then returns its last candidate.
constexpr int kMaxRejections = 100;

struct Tables {
  ZigguratLayers layers{};
  std::array<double, 257> x{};       // right ends of the layers; x[0] is the base region drawn as a rectangle
  std::array<double, 257> height{};  // f(x[i]) for i >= 1
  double closure = 0;                // how far f at the top misses 1
};

constexpr DoubleDouble one{1, 0};

template <typename Density, typename Inverse>
constexpr Tables make_tables(double tail, DoubleDouble tail_integral, Density density, Inverse inverse) {
  Tables t;
  const DoubleDouble f_tail = density(DoubleDouble{tail, 0});
  const DoubleDouble area = DoubleDouble{tail, 0} * f_tail + tail_integral;
  t.x[0] = (area / f_tail).hi;
  t.x[1] = tail;
  t.height[1] = f_tail.hi;
  DoubleDouble x{tail, 0};
  DoubleDouble f = f_tail;
  for (std::size_t i = 2; i < 256; ++i) {
    f = f + area / x;
    x = inverse(f);
    t.x[i] = x.hi;
    t.height[i] = f.hi;
  }
  t.x[256] = 0;
  t.height[256] = 1;
  t.closure = (f + area / x - one).hi;
  for (std::size_t i = 0; i < 256; ++i) {
    t.layers[i].width = t.x[i] * 0x1p-53;
    t.layers[i].accept = static_cast<std::int64_t>(t.x[i + 1] / t.x[i] * 0x1p53);
  }
  return t;
}

constexpr Tables kExponential = make_tables(
    kExponentialTail, math::exp_slow({-kExponentialTail, 0}),
    [](DoubleDouble x) { return math::exp_slow(-x); }, [](DoubleDouble f) { return -math::log_slow(f); });
constexpr Tables kNormal = make_tables(
    kNormalTail, {kNormalTailIntegral, 0},
    [](DoubleDouble x) {
      return math::exp_slow(x * x * DoubleDouble{-0.5, 0});
    },
    [](DoubleDouble f) {
      return math::sqrt_slow(math::log_slow(f) * DoubleDouble{-2, 0});
    });
static_assert(kExponential.closure > -1e-13 && kExponential.closure < 1e-13);
static_assert(kNormal.closure > -1e-13 && kNormal.closure < 1e-13);

double unit(std::uint64_t bits) {
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

}  // namespace

constinit const ZigguratLayers kExponentialLayers = kExponential.layers;
constinit const ZigguratLayers kNormalLayers = kNormal.layers;

double exponential_draw_rest(std::uint64_t bits) {
  SplitMix64 more{bits};
  double x = 0;
  double beyond = 0;  // tails entered so far: past the tail's start the law begins anew
  for (int n = 0; n < kMaxRejections; ++n) {
    const std::size_t i = bits & 255;
    x = unit(bits) * kExponential.x[i];
    if (x < kExponential.x[i + 1]) break;
    if (i == 0) {
      beyond += kExponentialTail;
      x = 0;
    } else {
      const double y =
          kExponential.height[i] + unit(more.next()) * (kExponential.height[i + 1] - kExponential.height[i]);
      if (y < math::exp(-x)) break;
    }
    bits = more.next();
  }
  return beyond + x;
}

double normal_draw_rest(std::uint64_t bits) {
  SplitMix64 more{bits};
  double x = 0;
  bool negative = false;
  for (int n = 0; n < kMaxRejections; ++n) {
    const std::size_t i = bits & 255;
    negative = (bits & 256) != 0;
    x = unit(bits) * kNormal.x[i];
    if (x < kNormal.x[i + 1]) break;
    if (i == 0) {  // Marsaglia's tail: x past r, accepted against an exponential
      for (int m = 0; m < kMaxRejections; ++m) {
        const double past = exponential_draw(more.next()) / kNormalTail;
        x = kNormalTail + past;
        if (2 * exponential_draw(more.next()) > past * past) break;
      }
      break;
    }
    const double y = kNormal.height[i] + unit(more.next()) * (kNormal.height[i + 1] - kNormal.height[i]);
    if (y < math::exp(-0.5 * x * x)) break;
    bits = more.next();
  }
  return negative ? -x : x;
}

}  // namespace tailrace::sim
