#pragma once
// Selection seam: which instance serves a call. Here: the setting, and the choices that need no memory of the
// caller's; balancer.hpp has the rest.
//
//   round_robin    each in turn
//   random         any
//   least_request  the least loaded of choice_count drawn at random (Envoy; 2 is the power of two choices,
//                  Mitzenmacher 2001), or of all with 0; ties at random. Where the instances' weights
//                  differ, Envoy's turns by weight / (calls under way + 1)^active_request_bias instead
//   weighted       drawn with probability weight / sum of the weights
//   peak_ewma      the least of latency estimate x (calls under way + 1) among choice_count, as in Finagle
//   ring_hash      by the request's key, on a ring of hashed points (ketama)
//   maglev         by the request's key, through Maglev's table (Eisenbud et al. 2016)
//
// Envoy draws the two of two choices independently, so they may be the same instance (with one of three busy,
// that one still gets 1/9 of the calls); Finagle draws two that differ. `distinct` chooses.
#include <optional>
#include <span>

#include "models/field/field.hpp"
#include "models/policy/policy.hpp"
#include "models/topology/topology.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::models {

struct LoadBalancerSpec {
  Balancing policy = Balancing::round_robin;
  Count choice_count = 2;
  std::optional<bool> distinct;
  bool own_view = false;
  double active_request_bias = 1;
  sim::Duration decay{10'000'000'000};
  Count ring_size = 1024;
  Count table_size = 65537;
  double load_bound = 0;
  Count subset_size = 0;
  bool zone_aware = false;
  Count zone_minimum = 6;
  bool sticky = false;
  sim::Duration slow_start{0};
  Fraction panic_threshold{0.5};
};

FieldTable load_balancer_fields();
PolicyInfo load_balancer_policy();

// Draws the index of one of n instances uniformly.
inline std::uint32_t choose_random(std::uint32_t n, sim::Stream& random) {
  return static_cast<std::uint32_t>(random.below(n));
}

inline std::uint32_t choose_round_robin(std::uint32_t n, std::uint32_t& position) {
  const std::uint32_t chosen = position;
  position = chosen + 1 == n ? 0 : chosen + 1;
  return chosen;
}

// The least loaded of `choices` instances drawn with replacement (of two, `distinct` makes them differ), or
// of all when choices is 0. `load(i)` is the number of requests that instance i has and has not answered, or
// any other measure.
template <class Load>
std::uint32_t choose_least_request(std::uint32_t n, std::uint32_t choices, Load load, sim::Stream& random,
                                   bool distinct = true) {
  if (choices == 2 && n >= 2) {
    const std::uint64_t bits = random.next();  // one draw: both choices and the tie
    const auto a =
        static_cast<std::uint32_t>((static_cast<std::uint64_t>(static_cast<std::uint32_t>(bits)) * n) >> 32);
    auto b = static_cast<std::uint32_t>(((bits >> 32) * (distinct ? n - 1 : n)) >> 32);
    if (distinct && b >= a) ++b;
    const auto load_a = load(a);
    const auto load_b = load(b);
    return load_b < load_a ? b : a;  // a and b are exchangeable, so taking a at a tie is fair
  }
  const std::uint32_t looks = choices == 0 ? n : choices;
  std::uint32_t best = 0;
  std::uint32_t ties = 0;
  for (std::uint32_t k = 0; k < looks; ++k) {
    const std::uint32_t i = choices == 0 ? k : choose_random(n, random);
    if (k == 0 || load(i) < load(best)) {
      best = i;
      ties = 1;
    } else if (choices == 0 && load(i) == load(best)) {
      ++ties;
      if (random.below(ties) == 0) best = i;  // reservoir: each of the tied is equally likely
    }
  }
  return best;
}

// `cumulative` are the running sums of the weights, ending in their total.
std::uint32_t choose_weighted(std::span<const double> cumulative, sim::Stream& random);

}  // namespace tailrace::models
