#pragma once
// Kind "webhook": what is published is accepted at once and delivered later, by a signed call of the
// receiver, which is tried again with growing pauses for as long as the receiver is out. A delivery whose
// answer is lost is made again: receivers deduplicate by the message's identity. After so many failures in a
// row the endpoint is left alone for a while; then one failure more is enough.
//
// Kept in a queue without visibility timeouts (models/messaging/cloud_queue): what a dead sender was
// delivering is delivered again at once. One endpoint per webhook; its policies (timeout, breaker, ...) are
// those of any call.
#include <optional>

#include "models/field/field.hpp"
#include "models/kind/kind.hpp"
#include "models/messaging/redelivery.hpp"
#include "models/policy/policy.hpp"

namespace tailrace::models {

struct DisableSpec {
  Count after = 20;
  sim::Duration disabled_for{300'000'000'000};
};
struct WebhookSpec {
  Reference receiver;
  TimeDistribution signature;
  PolicySet policies;
  Count max_attempts = 10;
  PauseSpec backoff{{10'000'000'000}, 2, {3'600'000'000'000}, PauseJitter::full};
  std::optional<Reference> dead_letter;
  Count senders = 1;
  Count concurrency = 10;
  std::optional<double> cpus;
  std::optional<DisableSpec> disable;
};

Kind webhook_kind();

}  // namespace tailrace::models
