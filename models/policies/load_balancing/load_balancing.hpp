#pragma once
// Selection seam: which instance serves a call. round_robin and weighted keep a position per caller and
// target; random and least_request draw. least_request with choice_count 2 is the power of two choices
// (Mitzenmacher 2001), Envoy's default; choice_count 0 looks at every instance (join the shortest queue).
// Ties are broken at random. weighted is smooth weighted random: an instance is drawn with probability weight
// / sum.
#include <span>

#include "models/field/field.hpp"
#include "models/kind/kind.hpp"
#include "models/topology/topology.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::models {

struct LoadBalancerSpec {
  Balancing policy = Balancing::round_robin;
  Count choice_count = 2;
};

FieldTable load_balancer_fields();
PolicyInfo load_balancing_policy();

// Draws the index of one of n instances uniformly.
inline std::uint32_t choose_random(std::uint32_t n, sim::Stream& random) {
  return static_cast<std::uint32_t>(random.below(n));
}

inline std::uint32_t choose_round_robin(std::uint32_t n, std::uint32_t& position) {
  const std::uint32_t chosen = position;
  position = chosen + 1 == n ? 0 : chosen + 1;
  return chosen;
}

// The least loaded of `choices` instances drawn with replacement (with 2 the draws differ), or of all when
// choices is 0. `outstanding(i)` is the number of requests that instance i has and has not answered.
template <class Outstanding>
std::uint32_t choose_least_request(std::uint32_t n, std::uint32_t choices, Outstanding outstanding,
                                   sim::Stream& random) {
  if (choices == 2 && n >= 2) {
    const std::uint64_t bits = random.next();  // one draw: both choices and the tie
    const auto a =
        static_cast<std::uint32_t>((static_cast<std::uint64_t>(static_cast<std::uint32_t>(bits)) * n) >> 32);
    auto b = static_cast<std::uint32_t>(((bits >> 32) * (n - 1)) >> 32);
    if (b >= a) ++b;
    const auto load_a = outstanding(a);
    const auto load_b = outstanding(b);
    return load_b < load_a ? b : a;  // a and b are exchangeable, so taking a at a tie is fair
  }
  const std::uint32_t looks = choices == 0 ? n : choices;
  std::uint32_t best = 0;
  std::uint32_t ties = 0;
  for (std::uint32_t k = 0; k < looks; ++k) {
    const std::uint32_t i = choices == 0 ? k : choose_random(n, random);
    if (k == 0 || outstanding(i) < outstanding(best)) {
      best = i;
      ties = 1;
    } else if (choices == 0 && outstanding(i) == outstanding(best)) {
      ++ties;
      if (random.below(ties) == 0) best = i;  // reservoir: each of the tied is equally likely
    }
  }
  return best;
}

// `cumulative` are the running sums of the weights, ending in their total.
std::uint32_t choose_weighted(std::span<const double> cumulative, sim::Stream& random);

}  // namespace tailrace::models
