#pragma once
// Steps of messaging and of what is built on it: publishing, waiting for a message to be handled, work that
// nobody waits for, business effects and their idempotency, milestones, attempts with a plan B, sagas.
#include <optional>
#include <string>
#include <vector>

#include "models/messaging/consumer.hpp"
#include "models/steps/steps.hpp"

namespace tailrace::models {

struct PollSpec {
  sim::Duration interval{1'000'000'000};
  std::optional<Reference> calls;
};
struct AwaitSpec {
  std::string group;  // whose handling: a consumer group of the channel
  std::optional<sim::Duration> timeout;
  std::optional<PollSpec> poll;  // ask now and then, in place of being told
};
struct HeaderSpec {
  std::string value;
};
struct PublishSpec {
  Reference publish;
  PolicySet policies;
  std::string routing_key;
  std::vector<Named<HeaderSpec>> headers;
  std::optional<CountDistribution> key;
  bool unkeyed = false;  // `key: none`
  std::optional<SizeDistribution> size;
  std::optional<TimeDistribution> delay;
  std::optional<sim::Duration> ttl;
  Fraction poison{0};  // that no handler can handle
  Count priority = 0;
  Count level = 1;
  bool confirm = true;
  bool ignore_failure = false;
  std::optional<Fraction> probability;
  std::optional<AwaitSpec> await;
};
struct BackgroundSpec {
  StepList background;
};
struct TrySpec {
  StepList steps, on_failure;
};
struct EffectStepSpec {
  std::string effect;
  StepList steps;
  std::optional<IdempotencySpec> idempotency;
};
struct MilestoneSpec {
  std::string milestone;
};
// For steps.cpp's list.
std::vector<StepKind> make_message_step_kinds();

// Also for kinds that write such steps themselves.
void expand_publish(const PublishSpec& spec, Mark mark, TopologyBuilder& b, Steps& out);
void expand_effect(int effect, const std::optional<IdempotencySpec>& idempotency, Steps body, Mark mark,
                   TopologyBuilder& b, Steps& out);

}  // namespace tailrace::models
