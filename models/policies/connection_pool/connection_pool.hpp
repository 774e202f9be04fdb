#pragma once
// Admission seam: Envoy's connection pool with its limits (Envoy calls them circuit breakers). A request
// takes a free stream of an open connection; if there is none a new connection is opened, which costs
// connect_time and the round trips of its handshake; if there may be no more connections it waits in line.
// Over max_pending_requests, or over max_requests, it is rejected at once; in line for longer than
// acquire_timeout it is refused with queue_timeout.
//
// As in Envoy, who waits for a connection to be set up is pending too. Unlike there, max_pending_requests: 0
// is a pool without a line, in which a connection may still be opened. Idle connections are used last in,
// first out, and close after idle_timeout (worked out at the next call). With several streams to a
// connection, streams count as packed: as few connections are busy as can be.
//
// A connection that has taken max_requests_per_connection closes with the last of them. Which of the busy
// ones has ended is not known: it is taken to be the one that has been busy longest, so that each closes
// after exactly so many requests, if not always in its very turn.
//
// Left out: a request that opened a connection does not take another that is free sooner; connect failures;
// requests per connection where it has several streams; loss, bandwidth and the server's work in a handshake,
// which takes round trips of the network's latency as they are then. Cost: constant per call, apart from
// connections that have closed or become ready; 16 bytes per possible connection with connect_time, as many
// with idle_timeout, 24 with max_requests_per_connection.
#include <optional>
#include <vector>

#include "models/policy/policy.hpp"

namespace tailrace::models {

// What goes to and fro before the first request of a connection.
enum class Handshake : std::uint8_t {
  none,
  tcp,
  tls12,
  tls12_resumed,
  tls13,
  tls13_early_data,
  quic,
  quic_early_data
};
std::int64_t round_trips(Handshake handshake);

struct ConnectionPoolSpec {
  Count max_connections = 1024;
  Limit max_pending_requests{1024};
  Limit max_requests{1024};
  Count max_concurrent_streams = 1;
  std::optional<sim::Duration> acquire_timeout;
  sim::Duration connect_time{0};
  Handshake handshake = Handshake::none;
  std::optional<sim::Duration> idle_timeout;
  std::optional<Count> max_requests_per_connection;
  Scope scope = Scope::service;
  bool shared = false;
};

// A queue of bounded length in a ring: taken from both ends, put at the back.
template <class T>
class BoundedRing {
 public:
  explicit BoundedRing(std::size_t most) : places_(most) {}
  bool empty() const { return count_ == 0; }
  std::size_t size() const { return count_; }
  T& front() { return places_[first_]; }
  T& back() { return places_[place(count_ - 1)]; }
  T& operator[](std::size_t i) { return places_[place(i)]; }  // from the front
  void remove(std::size_t i) {
    for (; i + 1 < count_; ++i) places_[place(i)] = places_[place(i + 1)];
    --count_;
  }
  void push(const T& value) { places_[place(count_++)] = value; }
  void pop_front() { first_ = place(1), --count_; }
  void pop_back() { --count_; }

 private:
  std::size_t place(std::size_t i) const {
    const std::size_t at = first_ + i;
    return at < places_.size() ? at : at - places_.size();
  }
  std::vector<T> places_;
  std::size_t first_ = 0, count_ = 0;
};

class ConnectionPool final : public AdmissionPolicy {
 public:
  explicit ConnectionPool(const ConnectionPoolSpec& spec);
  Admission admit(const CallFacts&, sim::Stream&) override;
  void starts_at(sim::Instant ready) override;
  void ended(const CallFacts&) override;
  double gauge() const override { return static_cast<double>(open_); }

 private:
  struct Connecting {
    sim::Instant ready;
    std::int64_t requests = 0;  // that wait for it
  };
  struct Idle {
    sim::Instant since;
    std::int64_t taken = 0;  // requests so far
  };
  void catch_up(sim::Instant now);
  void count_idle(sim::Instant now, std::int64_t taken = 0);
  void forget_promise();
  bool counts_requests() const { return spec_.max_requests_per_connection.has_value(); }
  Admission take(sim::Duration delay, std::int64_t round_trips = 0);
  Connecting* with_room();

  ConnectionPoolSpec spec_;
  std::int64_t round_trips_ = 0;  // of the handshake
  std::int64_t open_ = 0;         // connections, those being set up included
  std::int64_t active_ = 0;       // streams in use or promised
  std::int64_t promised_ = 0;     // of them: for connections being set up
  BoundedRing<Connecting> connecting_;
  BoundedRing<Idle> idle_;          // longest first; kept only where they close
  BoundedRing<std::int64_t> busy_;  // requests taken, longest busy first; kept only where they are counted
};

class ConnectionPoolModel final : public AdmissionModel {
 public:
  explicit ConnectionPoolModel(const ConnectionPoolSpec& spec) : spec_(spec) {}
  std::unique_ptr<AdmissionPolicy> start() const override { return std::make_unique<ConnectionPool>(spec_); }
  std::string gauge_name() const override { return "open_connections"; }

 private:
  ConnectionPoolSpec spec_;
};

PolicyInfo connection_pool_policy();

}  // namespace tailrace::models
