#include "models/steps/websocket_steps.hpp"

#include <utility>

#include "models/steps/step_shapes.hpp"

namespace tailrace::models {

namespace {

constexpr double kForEver = 1e15;  // messages; the session ends before

void expand_websocket(const void* raw, Mark mark, TopologyBuilder& b, Steps& out) {
  const auto& spec = *static_cast<const WebsocketSpec*>(raw);
  std::vector<const SocketTrafficSpec*> traffic;
  for (const auto* t : {&spec.heartbeat, &spec.push, &spec.receive}) {
    if (*t) traffic.push_back(&**t);
  }
  hold_connection({drawing_step(Step::Kind::sleep, spec.websocket.value)}, traffic, mark, b, out);
}

}  // namespace

FieldTable socket_traffic_fields(const char* name, const char* about) {
  return Fields<SocketTrafficSpec>(name, about)
      .add("every", &SocketTrafficSpec::every, "from one to the next")
      .required()
      .add("work", &SocketTrafficSpec::work, "of the instance, for each")
      .table();
}

bool hold_connection(Steps session, const std::vector<const SocketTrafficSpec*>& traffic, Mark mark,
                     TopologyBuilder& b, Steps& out) {
  if (b.station != kNone && b.topology.stations[static_cast<std::size_t>(b.station)].blocking) {
    b.diagnostics.error(mark, b.path, "a connection that is held would hold a worker all the time",
                        "mode: async at the service");
    return false;
  }
  Step held;
  held.kind = Step::Kind::parallel;
  held.needed = 1;  // the session's end
  held.cancel_rest = true;
  held.branches.push_back({1, std::move(session)});
  for (const SocketTrafficSpec* t : traffic) {
    if (!(t->every.value.mean() > 0)) {
      b.diagnostics.error(mark, b.path, "messages without a pause between them", "every: 30s");
      return false;
    }
    Step loop = drawing_step(Step::Kind::loop, sim::Distribution::constant(kForEver));
    Steps body = {drawing_step(Step::Kind::sleep, t->every.value)};
    if (t->work.value.mean() > 0) body.push_back(drawing_step(Step::Kind::compute, t->work.value));
    loop.branches.push_back({1, std::move(body)});
    held.branches.push_back({1, {std::move(loop)}});
  }
  if (held.branches.size() == 1) {
    for (Step& s : held.branches.front().steps) out.push_back(std::move(s));
    return true;
  }
  b.topology.cancels_branches = true;
  out.push_back(std::move(held));
  return true;
}

std::vector<StepKind> make_websocket_step_kinds() {
  using S = WebsocketSpec;
  const char* about = "A connection that the instance holds, with heartbeats and messages.";
  std::vector<StepKind> kinds;
  kinds.push_back(
      {"websocket", about,
       Fields<S>("websocket", about)
           .add("websocket", &S::websocket, "how long a session lasts, if its instance lives")
           .required()
           .section("heartbeat", &S::heartbeat,
                    socket_traffic_fields("heartbeat", "Pings and their answers."),
                    "pings, which keep it open")
           .section("push", &S::push, socket_traffic_fields("push", "Messages to the client."),
                    "messages to the client")
           .section("receive", &S::receive, socket_traffic_fields("receive", "Messages from the client."),
                    "messages from the client")
           .table(),
       make_spec<S>, expand_websocket});
  return kinds;
}

}  // namespace tailrace::models
