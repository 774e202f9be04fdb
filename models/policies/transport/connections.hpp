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
// Left out: connections opened ahead of need; refusals of a server with too many.
#include <vector>

#include "models/policies/transport/settings.hpp"
#include "models/policy/seams.hpp"

namespace tailrace::models {

// An instance of the target, as its network sees it; shared by all its callers.
struct Peer {
  std::uint32_t incarnation = 0;  // counts its deaths: none of its connections outlives one
  bool leaving = false;           // takes no new ones, and says so to those who have one
  bool expired = false;           // its certificate: new connections fail
};

class Connections final : public AdmissionPolicy {
 public:
  explicit Connections(const TransportSettings& settings) : s_(settings) {}
  // Before the first request. `only`: the instance, where each has connections of its own.
  void bind(const Peer* peers, std::uint32_t only) { peers_ = peers, target_ = only; }

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
  double gauge() const override { return static_cast<double>(list_.size()); }
  std::uint64_t setups() const { return setups_; }

 private:
  struct Connection {
    std::uint32_t target = 0, incarnation = 0;
    std::int64_t ready = 0, closes = 0, idle_since = 0;
    std::int64_t busy = 0;
    bool draining = false;
  };
  void sweep(std::int64_t now);
  bool usable(const Connection& c) const { return !c.draining && c.busy < s_.streams; }
  Connection* free_one(std::int64_t now);
  Connection* coming(std::int64_t now);
  bool room() const;
  bool breaks(Outcome outcome) const;

  TransportSettings s_;
  const Peer* peers_ = nullptr;
  std::uint32_t target_ = 0;
  const ConnectionSetup* opened_ = nullptr;
  std::vector<Connection> list_;  // by the time of their opening
  std::uint64_t setups_ = 0;
};

}  // namespace tailrace::models
