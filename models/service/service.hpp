#pragma once
// Kind "service": replicas with workers, a queue and cores, whose endpoints are lists of steps.
// A blocking service holds a worker from the start of a request to its reply; an asynchronous one gives it
// back during calls and sleeps and queues again for the next compute step.
#include "models/autoscaling/autoscaling.hpp"
#include "models/field/field.hpp"
#include "models/kind/kind.hpp"
#include "models/kind/labels.hpp"
#include "models/policy/policy.hpp"
#include "models/service/start_gates.hpp"
#include "models/service/telemetry.hpp"
#include "models/station/queue.hpp"
#include "models/steps/steps.hpp"

namespace tailrace::models {

struct EndpointSpec {
  StepList steps;
  Fraction error_rate;
  std::vector<TelemetrySpec> telemetry;
  std::optional<Port> port;
};

struct InstanceSpec {
  Count count = 1;
  double weight = 1;
  double speed = 1;
  Fraction error_rate;
  std::string zone;
};

enum class WorkerMode : std::uint8_t { blocking, async };

struct ServiceSpec {
  std::optional<Count> replicas;
  std::vector<InstanceSpec> instances;
  Count min_available = 1;
  std::optional<AutoscalingSpec> autoscaling;
  bool shared_queue = false;
  TimeDistribution startup_time{sim::Distribution::constant(0)};
  sim::Duration grace_period{30'000'000'000};
  Limit workers;
  WorkerMode mode = WorkerMode::blocking;
  QueueSpec queue;
  std::optional<double> cpus;
  CpuScheduling cpu_scheduling = CpuScheduling::processor_sharing;
  PolicySet target;    // how callers reach the instances
  PolicySet inbound;   // at its door
  PolicySet outbound;  // of the calls it makes
  Cancellation cancellation = Cancellation::ignore;
  Fraction error_rate;
  std::string context;
  LabelsSpec labels;
  std::optional<ImageScanSpec> image_scan;
  std::optional<SecretsSpec> secrets;
  std::vector<TelemetrySpec> telemetry;
  std::vector<Named<EndpointSpec>> endpoints;
};

Kind service_kind();

}  // namespace tailrace::models
