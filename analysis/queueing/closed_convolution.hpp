#pragma once
// Closed networks with a product form, solved exactly by convolution (Buzen 1973; several workloads: Reiser
// and Kobayashi 1975). The closed network is the open one of about its throughputs, given that exactly the
// populations are inside; so all terms are probabilities, sums of positive parts, and nothing cancels, over-
// or underflows (the recursion of mean value analysis has a P(0 visits) that cancels near saturation).
#include <vector>

#include "analysis/queueing/closed_network.hpp"

namespace tailrace::analysis::detail {

// About how many additions it takes; the series have one entry for each way to have up to `population` users
// of each workload inside.
double convolution_work(const ClosedNetwork& network);

struct Convolution {
  bool ok = false;                             // false: the guess was too far off
  std::vector<double> throughput_per_s;        // of each workload
  std::vector<std::vector<double>> number;     // mean, of each workload at each station
  std::vector<std::vector<double>> in_system;  // see ClosedSolution
};

// `guess`: throughputs near the true ones, positive where there are users. They scale the terms and do not
// change the result.
Convolution solve_by_convolution(const ClosedNetwork& network, const std::vector<double>& guess);

}  // namespace tailrace::analysis::detail
