#pragma once
// The pause before a message that was not handled is handled again, as scenarios write it for queues whose
// consumers choose it (webhooks, jobs, a visibility timeout that is changed after a failure).
#include "models/field/field.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::models {

enum class PauseJitter : std::uint8_t { full, none, equal };

struct PauseSpec {
  sim::Duration base_interval{1'000'000'000};
  double multiplier = 2;
  sim::Duration max_interval{900'000'000'000};
  PauseJitter jitter = PauseJitter::full;
};

FieldTable pause_fields(std::string name);
BackoffModel pause_model(const PauseSpec& spec);

}  // namespace tailrace::models
