#include "models/policies/server_connections/server_connections.hpp"

namespace tailrace::models {

ServerConnectionsModel::ServerConnectionsModel(const ServerConnectionsSpec& spec) {
  limits_.max_connections = spec.max_connections.value_or(-1);
  limits_.streams = spec.max_concurrent_streams.value_or(INT64_MAX);
  limits_.idle_timeout = spec.idle_timeout;
  limits_.max_age = spec.max_connection_age;
}

std::unique_ptr<AdmissionPolicy> ServerConnectionsModel::start() const {
  return std::make_unique<ServerConnections>();
}

double ServerConnections::gauge() const {
  std::int64_t open = 0;
  for (const Peer* peer : peers_) open += peer->open;
  return static_cast<double>(open);
}

PolicyInfo server_connections_policy() {
  using S = ServerConnectionsSpec;
  PolicyInfo info;
  info.name = "server_connections";
  info.seam = "admission";
  info.places = {PolicyPlace::inbound};
  info.about = "What each instance allows of connections: their number, streams, idle time and age.";
  info.fields =
      Fields<S>("server_connections", "Limits of an instance, for connections of callers with a transport.")
          .add("max_connections", &S::max_connections,
               "open at a time, of all callers; one more is refused; default unlimited", between(1, 1e9))
          .add(
              "max_concurrent_streams", &S::max_concurrent_streams,
              "requests at a time on one connection, where its caller would send more; default: the caller's",
              between(1, 1e6))
          .add("idle_timeout", &S::idle_timeout,
               "a connection that is idle this long is closed; default: the caller's", more_than(0))
          .add("max_connection_age", &S::max_connection_age,
               "a connection this old is told to go away: it takes no more requests and closes with its "
               "last; ten "
               "percent more or less, drawn for each; default: the caller's",
               more_than(0))
          .shorthand("max_connections")
          .table();
  info.example = "{max_connections: 1000, max_connection_age: 10min}";
  info.make = make_spec<S>;
  info.apply = [](const void* value, PolicyTarget& target) {
    const auto& spec = *static_cast<const S*>(value);
    if (!spec.max_connections && !spec.max_concurrent_streams && !spec.idle_timeout &&
        !spec.max_connection_age)
      target.diagnostics.error(target.mark, target.path, "it limits nothing", "max_connections: 1000");
    target.admission("server_connections", std::make_shared<const ServerConnectionsModel>(spec),
                     Scope::service, false);
  };
  return info;
}

}  // namespace tailrace::models
