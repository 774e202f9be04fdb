#pragma once
// Knative's pod autoscaler: as many instances as the requests inside need at `target` each, by the mean of a
// long window; when a short one would need `panic_threshold` times those that are ready, the short one
// decides until no burst has been seen for the long window, and nothing is taken away meanwhile. A request
// that finds no instance starts one at once; the last goes when the long window was empty, and
// `scale_to_zero_grace` after that. Left out: burst capacity, initial scale, the activator's own cost.
#include "models/autoscaling/hpa.hpp"

namespace tailrace::models {

struct ConcurrencySpec {
  double target = 100;
  Fraction target_utilization{0.7};
  sim::Duration period{2'000'000'000};
  sim::Duration stable_window{60'000'000'000};
  sim::Duration panic_window{6'000'000'000};
  double panic_threshold = 2;
  double max_scale_up_rate = 1000, max_scale_down_rate = 2;
  sim::Duration scale_to_zero_grace{30'000'000'000};
};

FieldTable concurrency_fields();
std::shared_ptr<const AutoscalerModel> concurrency_model(const ConcurrencySpec& spec);

}  // namespace tailrace::models
