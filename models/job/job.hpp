#pragma once
// Kind "job": long-running work that is submitted and not waited for. Publishing into it submits a job;
// workers take jobs under a lease, which they extend while they work, so that the job of a dead worker is
// taken up again when its lease ends. A failed job is tried again after a pause, so many times. Who submitted
// it asks for it now and then (a step's `await` with `poll`), or is called back.
//
// A cloud queue (models/messaging/cloud_queue) whose visibility timeout is the lease. A worker that lost its
// lease works on, and what it finishes then is not counted once another has taken the job up.
#include <optional>

#include "models/field/field.hpp"
#include "models/kind/kind.hpp"
#include "models/messaging/consumer.hpp"
#include "models/messaging/redelivery.hpp"
#include "models/policy/policy.hpp"

namespace tailrace::models {

enum class JobOrder : std::uint8_t { none, key };

struct CallbackSpec {
  Reference calls;
  PolicySet policies;
};
struct JobSpec {
  ConsumerSpec workers;
  sim::Duration lease{60'000'000'000};
  std::optional<sim::Duration> heartbeat;
  bool no_heartbeat = false;
  Count max_attempts = 3;
  PauseSpec retry;
  std::optional<Reference> dead_letter;
  Limit capacity;
  JobOrder order = JobOrder::none;
  std::optional<CallbackSpec> callback;
};

Kind job_kind();

}  // namespace tailrace::models
