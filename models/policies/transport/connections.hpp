#pragma once
// Admission seam: the connections of one caller, each to one instance of its target. A request takes a stream
// that is free (HTTP/1.1 has one to a connection, HTTP/2 many); otherwise it waits for a connection that is
// being set up, opens one (whose handshake takes round trips now, and work at both ends later), or stands in
// line. Over max_pending requests it is rejected.
//
// Where connections stick, the caller is asked for an instance only when one is opened: whatever has room is
// used first. So who scales out gets nothing until connections close: by age (ten percent more or less,
// drawn, as gRPC does it), when idle, or with their instance. What a caller no longer waits for closes an
// HTTP/1.1 connection, and resets a stream of HTTP/2; a network failure closes either.
//
// Which connection to an instance a request was on is not followed: where there are several, the one opened
// first. Cost: linear in the connections of this caller (to one instance, unless they stick).
// Left out: connections opened ahead of need.
#include <algorithm>
#include <vector>

#include "models/policies/transport/peer.hpp"
#include "models/policies/transport/settings.hpp"
#include "models/policy/seams.hpp"

namespace tailrace::models {

class Connections final : public AdmissionPolicy {
 public:
  explicit Connections(const TransportSettings& settings) : s_(settings) {}
  // Before the first request: the target's instances. `only`: the one, where each has its own connections.
  void bind(Peer* peers, std::uint32_t count, std::uint32_t only) {
    peers_ = peers, peer_count_ = count, target_ = only;
  }
  // The caller's own instance, which shows a certificate too where TLS is mutual.
  void caller(Peer* self) { self_ = self; }
  // Where the target has limits it will ask its callers what is over.
  void introduce();
  std::int64_t count() const { return static_cast<std::int64_t>(list_.size()); }
  // Closes what is over by now.
  void sweep(std::int64_t now);

  bool sticks() const { return s_.sticks; }
  // Where they stick: would the next request need a new connection? Then aim() says where to.
  bool would_open(sim::Instant now);
  // The instance that is meant by the next admit() or ended(); after admit(), the one that was taken.
  void aim(std::uint32_t target) { target_ = target; }
  std::uint32_t aimed() const { return target_; }
  // What the last admit() opened; null where it took what there was.
  const ConnectionSetup* opened() const { return opened_; }

  Admission admit(const CallFacts&, sim::Stream&) override;
  void starts_at(sim::Instant ready) override;
  void ended(const CallFacts&) override;
  // The connection that the last admit() gave; a number of its own for each of this caller's.
  std::uint32_t taken() const { return taken_; }
  bool has(std::uint32_t serial) const {
    return std::any_of(list_.begin(), list_.end(), [&](const Connection& c) { return c.serial == serial; });
  }
  double gauge() const override { return static_cast<double>(list_.size()); }
  std::uint64_t setups() const { return setups_; }
  const Peer* self() const { return self_; }
  const Peer* peer() const { return &peers_[target_]; }

 private:
  struct Connection {
    std::uint32_t target = 0, incarnation = 0;
    std::int64_t ready = 0, closes = 0, idle_since = 0;
    std::int64_t busy = 0;
    bool draining = false;
    std::uint32_t own_incarnation = 0;  // of the caller
    std::uint32_t serial = 0;
  };
  void counted(Peer& peer);
  void uncounted(const Connection& c);
  bool usable(const Connection& c) const { return !c.draining && c.busy < streams_to(c.target); }
  std::int64_t streams_to(std::uint32_t target) const {
    const ServerLimits* limits = peers_[target].limits;
    return limits == nullptr ? s_.streams : std::min(s_.streams, limits->streams);
  }
  bool idle_for_too_long(const Connection& c, std::int64_t now) const;
  bool server_is_full(Peer& peer, std::int64_t now);
  std::optional<sim::Duration> age_limit(const Peer& peer) const;
  Connection* free_one(std::int64_t now);
  Connection* coming(std::int64_t now);
  bool room() const;
  bool breaks(Outcome outcome) const;

  TransportSettings s_;
  Peer* peers_ = nullptr;
  std::uint32_t peer_count_ = 0;
  Peer* self_ = nullptr;
  std::uint32_t target_ = 0;
  const ConnectionSetup* opened_ = nullptr;
  std::vector<Connection> list_;  // by the time of their opening
  std::uint64_t setups_ = 0;
  std::uint32_t taken_ = 0;
};

}  // namespace tailrace::models
