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

// For other steps that hold a connection: the fields of its traffic, and a connection that ends with `held`.
FieldTable socket_traffic_fields(const char* name, const char* about);
// False where the service cannot hold one, or messages would follow each other at once; that is reported.
bool hold_connection(Steps held, const std::vector<const SocketTrafficSpec*>& traffic, Mark mark,
                     TopologyBuilder& builder, Steps& out);

// For steps.cpp's list.
std::vector<StepKind> make_websocket_step_kinds();

}  // namespace tailrace::models
