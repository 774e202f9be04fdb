#pragma once
// How the number of a station's instances changes in a run. The station is laid out with as many as there can
// ever be; those beyond the present number are not there: nobody sends to them, and they cost nothing.
//
// An autoscaler is a small state machine like a policy: at each look it is told what was measured and answers
// with a number of instances. It sees no engine. What it asks for is kept within min and max, started and
// drained by the run (models/runtime/scaling.cpp).
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/field/document.hpp"
#include "models/topology/upkeep.hpp"
#include "sim/base/time.hpp"
#include "sim/random/distribution.hpp"

namespace tailrace::models {

enum class ScaleMetric : std::uint8_t {
  workers,      // share of the workers that are busy, mean over the ready instances
  cpu,          // likewise of the cores
  requests,     // that arrive, per second
  queue,        // requests that wait for a worker
  concurrency,  // requests inside, waiting ones included
};
inline bool is_share(ScaleMetric metric) {
  return metric == ScaleMetric::workers || metric == ScaleMetric::cpu;
}

// What an autoscaler may know at a look.
struct ScaleFacts {
  sim::Instant now;
  std::uint32_t current = 0;  // instances that are wanted so far: ready or starting
  std::uint32_t ready = 0;
  double value = 0;  // over the window: per ready instance where it is a share, otherwise of all together
  double quick = 0;  // over the quick window
};

enum class ScaleReason : std::uint8_t {
  metric,      // what was measured asks for it
  panic,       // a burst that the long window does not show yet
  schedule,    // the clock
  request,     // one that found no free worker
  idle,        // nothing to do for long enough
  deployment,  // instances of another version
};
inline constexpr const char* kScaleReasons[] = {"metric",  "panic", "schedule",
                                                "request", "idle",  "deployment"};

struct ScaleAdvice {
  std::uint32_t wanted = 0;
  ScaleReason reason = ScaleReason::metric;
};

class Autoscaler {
 public:
  virtual ~Autoscaler() = default;
  virtual ScaleAdvice look(const ScaleFacts&) = 0;
};
class AutoscalerModel {
 public:
  virtual ~AutoscalerModel() = default;
  virtual std::unique_ptr<Autoscaler> start() const = 0;
};

// A look at a metric from time to time.
struct ScaleLooks {
  std::shared_ptr<const AutoscalerModel> model;
  ScaleMetric metric = ScaleMetric::workers;
  sim::Duration period{15'000'000'000};
  sim::Duration window{15'000'000'000};  // 0: the value of the instant
  sim::Duration quick_window{0};         // 0: none
  sim::Duration lag{0};                  // the window ends this long ago
  bool wakes_at_once = false;            // a request that finds no instance is reason enough, before the look
};

struct ScaleAppointment {
  sim::Duration at, every;  // every 0: once
  std::int64_t instances = 0;
};

struct ScalingSettings {
  std::int64_t initial = 1, least = 1, most = 1;
  sim::Distribution startup = sim::Distribution::constant(0);  // ns, until an instance is ready
  sim::Duration grace{30'000'000'000};  // for an instance to finish its work; what is left then is cut off
  std::optional<ScaleLooks> looks;
  std::vector<ScaleAppointment> schedule;  // from then on at least so many; exactly, without looks
  std::optional<sim::Duration>
      idle_timeout;  // on demand: started for requests that wait, gone when idle so long
};

// --- deployments: the instances of a station are replaced by those of another version

struct Version {
  double error_rate = 0;  // of the requests that reach its instances, answered without work
  double slowness = 1;    // its work takes this many times as long
  ApiVersion api;
};
enum class DeploymentStrategy : std::uint8_t { rolling, recreate, blue_green, canary };
struct CanaryStep {
  double share = 0;     // of the instances, that have the new version
  sim::Duration pause;  // and for how long they are watched
};
struct Deployment {
  std::string name;
  std::string path;
  Mark mark;
  int station = -1;
  sim::Duration at{0};
  DeploymentStrategy strategy = DeploymentStrategy::rolling;
  std::int64_t replicas = 1, surge = 1, unavailable = 0;
  Version version;
  std::vector<CanaryStep> steps;
  double abort_above = 2;  // share of failures at new instances, in a step; then it is rolled back
};

}  // namespace tailrace::models
