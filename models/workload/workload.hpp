#pragma once
// Kind "workload": who sends requests, and when. Open load (arrival rates) does not wait for answers, and
// latency counts from the intended send time; closed load (virtual users) waits, thinks, and asks again. A
// request is a list of steps that the client runs: usually one call. A virtual user thinks before its first
// request, so that users do not march in step, unless `start_with` names the request that it begins with at
// once.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/field/field.hpp"
#include "models/kind/kind.hpp"
#include "models/kind/labels.hpp"
#include "models/steps/steps.hpp"

namespace tailrace::models {

struct ConstantRateSpec {
  Rate rate;
};
struct RateStageSpec {
  sim::Duration duration;
  Rate target;
};
struct RampingRateSpec {
  Rate start_rate;
  std::vector<RateStageSpec> stages;
};
struct SinusoidalRateSpec {
  Rate base, amplitude;
  sim::Duration period;
  Fraction phase;
};
struct MmppStateSpec {
  Rate rate;
  sim::Duration mean_sojourn;
};
struct MmppSpec {
  std::vector<MmppStateSpec> states;
};
struct TraceSpec {
  std::optional<DataFile> file;
  std::string unit = "s";
  std::string column;
  std::vector<std::pair<sim::Duration, Mark>> times;
};
struct ConstantVusSpec {
  Count vus = 1;
};
struct VusStageSpec {
  sim::Duration duration;
  Count target = 0;
};
struct RampingVusSpec {
  Count start_vus = 0;
  std::vector<VusStageSpec> stages;
};

// Of open arrivals, with a mean of 1: in a scenario `poisson`, `regular`, or any law, whose shape is used.
struct Spacing {
  sim::Distribution value = sim::Distribution::exponential(1);
};
bool read_value(const Field&, const Node&, Spacing&, ReadContext&);
std::string show_value(const Spacing&);
template <>
struct FieldTypeOf<Spacing> {
  static constexpr FieldType value = FieldType::text;
};

struct RequestSpec {
  double weight = 1;
  Count priority = 0;
  std::optional<Reference> calls;
  PolicySet policies;  // of that call
  std::optional<CountDistribution> key;
  StepList steps;
};

struct WorkloadSpec {
  std::optional<ConstantRateSpec> constant_arrival_rate;
  std::optional<RampingRateSpec> ramping_arrival_rate;
  std::optional<SinusoidalRateSpec> sinusoidal_arrival_rate;
  std::optional<MmppSpec> mmpp;
  std::optional<TraceSpec> trace;
  std::optional<ConstantVusSpec> constant_vus;
  std::optional<RampingVusSpec> ramping_vus;
  Spacing spacing;
  CountDistribution batch_size;
  std::optional<TimeDistribution> think_time;
  std::optional<sim::Duration> instant_pause;
  RequestSpec request;  // calls, steps, timeout, retries, priority of a workload with one class
  std::vector<Named<RequestSpec>> requests;
  std::string start_with;
  LabelsSpec labels;
};

Kind workload_kind();

// The arrival times of a trace, in ns, ascending; every row is checked. Null when something was reported.
std::shared_ptr<const std::vector<std::int64_t>> load_trace(const TraceSpec& spec, const std::string& path,
                                                            Mark mark, Diagnostics& diagnostics);

}  // namespace tailrace::models
