#pragma once
// A WebSocket as a step: a connection that its instance holds for a long time, with heartbeats and messages
// either way. Whoever calls an endpoint with this step holds the connection as long as the call lasts, so it
// ends with its instance, and virtual users who call again after a think time are clients that reconnect.
// Left out: what the messages say; back-pressure of a slow client.
#include <optional>
#include <vector>

#include "models/steps/steps.hpp"

namespace tailrace::models {

struct SocketTrafficSpec {
  TimeDistribution every;
  TimeDistribution work;  // of the instance, for each
};
struct WebsocketSpec {
  TimeDistribution websocket;
  std::optional<SocketTrafficSpec> heartbeat, push, receive;
};

// For steps.cpp's list.
std::vector<StepKind> make_websocket_step_kinds();

}  // namespace tailrace::models
