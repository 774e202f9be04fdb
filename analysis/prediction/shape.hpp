#pragma once
// What the shape of the calls tells without any queueing: cycles, single points of failure, the longest
// chain, the way of a lone request and how calls multiply.
#include <vector>

#include "analysis/prediction/layers.hpp"
#include "analysis/prediction/predict.hpp"

namespace tailrace::analysis::detail {

// `layers` has been evaluated without load. `rates`: calls per second of each operation; `request_rate` of
// all requests.
void describe_shape(const Layers& layers, const std::vector<double>& rates, double request_rate,
                    Prediction& prediction);

}  // namespace tailrace::analysis::detail
