#pragma once
// GraphQL subscriptions as two steps. `subscription` holds a connection at its instance, as a WebSocket does;
// `notify` tells all who hold one that something has happened.
//
//   notify ── delay, drawn for each instance ──► fields with `batched`, once per instance (a dataloader over
//   its subscribers) ──► for each subscriber: the other fields, then `push`
//
// The work for a subscriber is an operation of the service, `endpoint/delivery`; what is resolved once is
// `endpoint/event`. Both run at the instance that holds the connection, on its workers and cores. An event
// reaches who is subscribed when it gets to the instance: nothing is kept for those who come later (at most
// once, as a publish/subscribe without a store). Left out: order of events towards one subscriber, a slow
// subscriber's back-pressure.
#include <optional>
#include <vector>

#include "models/steps/graphql_steps.hpp"
#include "models/steps/websocket_steps.hpp"

namespace tailrace::models {

struct SubscriptionMemorySpec {
  SizeDistribution per_subscription;
  SizeDistribution limit;
};
struct SubscriptionSpec {
  TimeDistribution subscription;  // how long one is held
  std::vector<GraphqlField> fields;
  TimeDistribution plan, push, delay;
  std::optional<Fraction> matches;
  Limit max_depth, max_complexity, max_subscriptions;
  std::optional<SubscriptionMemorySpec> memory;
  std::optional<SocketTrafficSpec> heartbeat;
};
struct NotifySpec {
  Reference notify;
  std::optional<Fraction> probability;
};

// When all kinds are expanded: is there anybody whom notify steps could tell?
void check_notified(TopologyBuilder& builder);

// For steps.cpp's list.
std::vector<StepKind> make_subscription_step_kinds();

}  // namespace tailrace::models
