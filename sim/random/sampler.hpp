#pragma once
// A Distribution compiled for drawing: a kind, four numbers and a pointer, 48 bytes, copied freely into dense
// tables. A draw takes exactly one 64-bit output of the stream, except that a constant takes none.
//
// Lifetime: a Sampler does not own. Kinds with tables (mixture, hyperexponential, empirical, zipf) point into
// the Distribution's shared Impl, so whoever compiles a model stores the Distribution next to the Sampler for
// as long as it draws. Owning here would cost a reference count on every copy of a hot record.
//
// Cost: exponential and uniform are inline, a few nanoseconds; everything else is one call.
#include <cstdint>

#include "sim/base/time.hpp"
#include "sim/random/distribution.hpp"
#include "sim/random/stream.hpp"
#include "sim/random/ziggurat.hpp"

namespace tailrace::sim {

class Sampler {
 public:
  Sampler() = default;  // the constant 0
  explicit Sampler(const Distribution& distribution);

  bool is_constant() const { return kind_ == Distribution::Kind::constant; }
  // For owners that keep the commonest kinds apart: a constant's value, an exponential's mean.
  Distribution::Kind kind() const { return kind_; }
  double scale() const { return a_; }

  double sample(Stream& stream) const {
    if (is_constant()) return a_;
    return draw(stream.next());
  }
  // The value read as nanoseconds: nearest whole one, at least 0, saturating.
  Duration sample_duration(Stream& stream) const { return Duration::from_ns(sample(stream)); }

  // The variate that belongs to one 64-bit output; sample() is draw(stream.next()).
  double draw(std::uint64_t bits) const {
    switch (kind_) {
      case Distribution::Kind::constant:
        return a_;
      case Distribution::Kind::exponential:
        return a_ * exponential_draw(bits);
      case Distribution::Kind::uniform:
        return a_ + b_ * (static_cast<double>(bits >> 11) * 0x1p-53);
      default:
        return draw_rest(bits);
    }
  }

 private:
  double draw_rest(std::uint64_t bits) const;
  double draw_gamma(std::uint64_t bits) const;
  double draw_normal(std::uint64_t bits) const;

  Distribution::Kind kind_ = Distribution::Kind::constant;
  // By kind. constant: value. uniform: min, width. exponential: mean. erlang: k, phase mean. normal: mean,
  // sd. lognormal: mu, sigma. weibull: scale, 1/shape. pareto: minimum, 1/alpha. zipf: scale. gamma and long
  // erlangs: d, c of Marsaglia & Tsang, scale, 1/shape (0 for shapes from 1 on).
  double a_ = 0;
  double b_ = 0;
  double c_ = 0;
  double d_ = 0;
  const Distribution::Impl* impl_ = nullptr;
};
static_assert(sizeof(Sampler) <= 48);

}  // namespace tailrace::sim
