#pragma once
// Admission seam, at a service's door: what each instance allows of connections, whoever opens them. It holds
// for callers with a transport, on top of what they limit themselves: the narrower counts. A connection
// beyond max_connections is refused when it is set up (outcome rejected, counted by the caller's transport);
// one that is idle or old closes, an old one after its last request (HTTP/2's GOAWAY). The numbers are a
// server's settings: nginx worker_connections and keepalive_timeout, gRPC MAX_CONCURRENT_STREAMS,
// MAX_CONNECTION_AGE.
//
// A quiet policy: requests pass, connections ask (Connections). Left out: a grace after which an old
// connection's requests are cut off; accept queues.
#include <vector>

#include "models/policies/transport/peer.hpp"
#include "models/policy/policy.hpp"

namespace tailrace::models {

struct ServerConnectionsSpec {
  std::optional<Count> max_connections, max_concurrent_streams;
  std::optional<sim::Duration> idle_timeout, max_connection_age;
};

class ServerConnectionsModel final : public AdmissionModel {
 public:
  explicit ServerConnectionsModel(const ServerConnectionsSpec& spec);
  std::unique_ptr<AdmissionPolicy> start() const override;
  std::string gauge_name() const override { return "open_connections"; }
  const ServerLimits& limits() const { return limits_; }

 private:
  ServerLimits limits_;
};

class ServerConnections final : public AdmissionPolicy {
 public:
  ServerConnections() { quiet_ = true; }
  void watch(const Peer* peer) { peers_.push_back(peer); }
  Admission admit(const CallFacts&, sim::Stream&) override { return Admission::yes(); }
  double gauge() const override;

 private:
  std::vector<const Peer*> peers_;
};

PolicyInfo server_connections_policy();

}  // namespace tailrace::models
