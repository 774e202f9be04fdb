#pragma once
// What observing a request costs it: a log line, a trace, an audit record. Each entry adds work of its own to
// the end of the endpoint's steps and, with `to`, a call to whoever keeps the records.
//
//   sync    the request waits for the call, and fails with it unless ignore_failure: a dependency
//   async   the record goes into a buffer of the instance from which `senders` send, one call each; a full
//           buffer drops it, and the request never notices
//
// `sample` is the share of requests that are recorded at all. n failures of which each is recorded with
// probability p go unseen with probability (1 - p)^n. Records and drops are counted by the policy
// "telemetry" on the call.
#include <optional>
#include <vector>

#include "models/steps/steps.hpp"

namespace tailrace::models {

enum class TelemetryMode : std::uint8_t { sync, async };
struct TelemetrySpec {
  std::string name = "log";
  TelemetryMode mode = TelemetryMode::async;
  std::optional<TimeDistribution> cpu;
  Reference to;
  Fraction sample{1};
  Count buffer = 1000, senders = 1;
  std::optional<sim::Duration> timeout;
  bool ignore_failure = false;
};

FieldTable telemetry_fields();
// Appends what the entries mean to an endpoint's steps.
void expand_telemetry(const std::vector<TelemetrySpec>& entries, const std::string& field, Mark mark,
                      TopologyBuilder& builder, Steps& steps);

}  // namespace tailrace::models
