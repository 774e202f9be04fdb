#include "sim/random/sampler.hpp"

#include <cmath>

#include "sim/base/math.hpp"
#include "sim/random/distribution_impl.hpp"

namespace tailrace::sim {
namespace {

using Kind = Distribution::Kind;

// Rejection loops below accept with probability at least 1/2, so this many in a row do not happen.
constexpr int kMaxRejections = 200;
// Up to this many phases an Erlang variate is a plain sum; beyond, one gamma variate is cheaper.
constexpr int kMaxSummedPhases = 4;

double unit(std::uint64_t bits) {
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

}  // namespace

Sampler::Sampler(const Distribution& distribution) : impl_(&distribution.impl()) {
  const Distribution::Impl& impl = *impl_;
  kind_ = impl.kind;
  a_ = impl.a;
  b_ = impl.b;
  double shape = 0;
  double scale = 0;
  switch (kind_) {
    case Kind::uniform:
      b_ = impl.b - impl.a;
      break;
    case Kind::erlang:
      b_ = impl.b / impl.a;
      if (impl.a > kMaxSummedPhases) {
        kind_ = Kind::gamma;
        shape = impl.a;
        scale = b_;
      }
      break;
    case Kind::gamma:
      shape = impl.a;
      scale = impl.b;
      break;
    case Kind::weibull:
    case Kind::pareto:
      a_ = impl.b;
      b_ = 1 / impl.a;
      break;
    default:
      break;
  }
  const bool reads_tables = kind_ == Kind::hyperexponential || kind_ == Kind::mixture ||
                            kind_ == Kind::empirical || kind_ == Kind::zipf;
  if (!reads_tables) impl_ = nullptr;
  if (kind_ == Kind::gamma) {
    d_ = shape < 1 ? 1 / shape : 0;
    a_ = (shape < 1 ? shape + 1 : shape) - 1.0 / 3;
    b_ = 1 / std::sqrt(9 * a_);
    c_ = scale;
  }
}

double Sampler::draw_rest(std::uint64_t bits) const {
  switch (kind_) {
    case Kind::lognormal:
      return math::exp(a_ + b_ * normal_draw(bits));
    case Kind::normal:
      return draw_normal(bits);
    case Kind::erlang: {
      // Every phase gets an output of its own: exponential_draw seeds its rare further bits with what it is
      // given.
      SplitMix64 more{bits};
      double sum = 0;
      for (int n = static_cast<int>(a_); n > 0; --n) sum += exponential_draw(more.next());
      return sum * b_;
    }
    case Kind::gamma:
      return draw_gamma(bits);
    case Kind::weibull:
      return a_ * math::exp(b_ * math::log(exponential_draw(bits)));
    case Kind::pareto:
      return a_ * math::exp(b_ * exponential_draw(bits));
    case Kind::hyperexponential:
    case Kind::mixture:
      return impl_->samplers[impl_->pick.find(unit(bits))].draw(SplitMix64{bits}.next());
    case Kind::empirical: {
      const std::vector<double>& x = impl_->x;
      if (!impl_->is_cdf()) return x[Stream::below(x.size(), bits)];
      const double u = unit(bits);
      const std::size_t j = impl_->pick.find(u);
      if (j == 0) return x[0];
      const double low = impl_->pick[j - 1];
      return x[j - 1] + (x[j] - x[j - 1]) * ((u - low) / (impl_->pick[j] - low));
    }
    case Kind::zipf:
      return a_ * static_cast<double>(impl_->zipf.draw(bits));
    case Kind::constant:
    case Kind::uniform:
    case Kind::exponential:
      break;  // inline, in the header
  }
  return a_;
}

// Normal given that it is not negative. The mean before truncation is >= 0, so at least every second draw is
// kept.
double Sampler::draw_normal(std::uint64_t bits) const {
  SplitMix64 more{~bits};  // apart from the sequence that normal_draw may have taken from bits itself
  double x = a_ + b_ * normal_draw(bits);
  for (int n = 0; n < kMaxRejections && x < 0; ++n) x = a_ + b_ * normal_draw(more.next());
  return x < 0 ? 0 : x;
}

// Marsaglia & Tsang 2000: d (1 + c z)^3 accepted against a normal z; shapes below 1 from shape + 1 times
// U^(1/shape).
double Sampler::draw_gamma(std::uint64_t bits) const {
  SplitMix64 more{bits};
  double v = 1;
  for (int n = 0; n < kMaxRejections; ++n) {
    const double z = normal_draw(more.next());
    const double root = 1 + b_ * z;
    if (root <= 0) continue;
    v = root * root * root;
    const double u = unit(more.next());
    const double z2 = z * z;
    if (u < 1 - 0.0331 * z2 * z2) break;
    if (math::log(u) < 0.5 * z2 + a_ * (1 - v + math::log(v))) break;
  }
  const double value = a_ * v * c_;
  return d_ == 0 ? value : value * math::exp(-d_ * exponential_draw(more.next()));
}

}  // namespace tailrace::sim
