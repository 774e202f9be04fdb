#pragma once
// What a Distribution shares: its parameters as given, its moments, and the tables that a Sampler reads.
// Inside sim/random only.
#include <memory>
#include <vector>

#include "sim/random/cumulative_table.hpp"
#include "sim/random/distribution.hpp"
#include "sim/random/sampler.hpp"
#include "sim/random/zipf.hpp"

namespace tailrace::sim {

struct Distribution::Impl {
  Kind kind = Kind::constant;
  // By kind: constant value; uniform min, max; exponential mean; erlang k, mean; gamma shape, scale; normal
  // mean, sd before truncation; lognormal mu, sigma; weibull shape, scale; pareto alpha, minimum; zipf scale
  // (1 unless scaled).
  double a = 0;
  double b = 0;
  double mean = 0;
  double variance = 0;

  // mixture and hyperexponential: parts with positive weights that sum to 1
  std::vector<double> weights{};
  std::vector<Distribution> parts{};
  std::vector<Sampler> samplers{};
  CumulativeTable pick{};  // over parts, or the cdf at the points x
  // empirical: sorted values, each equally likely (pick is empty), or the points of a piecewise linear cdf
  std::vector<double> x{};
  ZipfLaw zipf{};

  bool is_cdf() const { return !pick.values().empty(); }
};

}  // namespace tailrace::sim
