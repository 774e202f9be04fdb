// Faults of the load.
#include "models/faults/faults.hpp"

namespace tailrace::models {

namespace {

struct SpikeSpec {
  double factor = 2;
};

}  // namespace

FaultInfo load_spike_fault() {
  FaultInfo f;
  f.name = "load_spike";
  f.about =
      "factor times the requests. Those beyond the workload's own come from a stream of their own, with its "
      "spacing, "
      "so its own arrive as they would without the spike. Virtual users: factor times as many, who leave "
      "after "
      "their request when it is over.";
  f.example = "{type: load_spike, target: shoppers, factor: 3, start: 30s, duration: 20s, ramp: 5s}";
  f.takes = kTakesWorkloads;
  f.fields = Fields<SpikeSpec>("load_spike", f.about)
                 .add("factor", &SpikeSpec::factor, "of the requests", between(1, 1e6))
                 .table();
  f.make = make_spec<SpikeSpec>;
  f.apply = [](const void* raw, FaultParts& parts) {
    FaultEffect e;
    e.action = FaultAction::load;
    e.amount = static_cast<const SpikeSpec*>(raw)->factor;
    parts.effects.push_back(e);
  };
  return f;
}

}  // namespace tailrace::models
