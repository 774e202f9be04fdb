#include "models/policies/connection_pool/connection_pool.hpp"

#include <algorithm>
#include <utility>

#include "models/policy/scope_fields.hpp"
#include "sim/base/check.hpp"

namespace tailrace::models {

namespace {
std::size_t places(const ConnectionPoolSpec& spec, bool needed) {
  return needed ? static_cast<std::size_t>(spec.max_connections) : 0;
}
}  // namespace

std::int64_t round_trips(Handshake handshake) {
  switch (handshake) {
    case Handshake::none:
    case Handshake::quic_early_data:
      return 0;
    case Handshake::tcp:
    case Handshake::tls13_early_data:
    case Handshake::quic:
      return 1;
    case Handshake::tls13:
    case Handshake::tls12_resumed:
      return 2;
    case Handshake::tls12:
      return 3;
  }
  return 0;
}

ConnectionPool::ConnectionPool(const ConnectionPoolSpec& spec)
    : spec_(spec),
      round_trips_(models::round_trips(spec.handshake)),
      connecting_(places(spec, spec.connect_time.ns > 0 || round_trips_ > 0)),
      idle_(places(spec, spec.idle_timeout || spec.max_requests_per_connection)),
      busy_(places(spec, spec.max_requests_per_connection.has_value())) {}

Admission ConnectionPool::admit(const CallFacts& facts, sim::Stream&) {
  catch_up(facts.now);
  const auto over = [&](const Limit& limit, std::int64_t count) {  // who is in line has passed both limits
    return !facts.from_line && !limit.unlimited() && count >= limit.value;
  };
  if (over(spec_.max_requests, active_)) return Admission::no(Outcome::rejected);
  const std::int64_t streams = spec_.max_concurrent_streams;
  const std::int64_t being_set_up = static_cast<std::int64_t>(connecting_.size());
  if (active_ - promised_ < (open_ - being_set_up) * streams) {
    const Admission answer = take({0});
    if (counts_requests()) busy_.push(idle_.back().taken + 1);
    count_idle(facts.now);
    return answer;
  }
  // It waits from here on: for a connection being set up, for one of its own, or in line.
  const bool full = over(spec_.max_pending_requests, static_cast<std::int64_t>(facts.waiting) + promised_);
  if (Connecting* coming = with_room()) {
    if (full) return Admission::no(Outcome::rejected);
    ++promised_;
    ++coming->requests;
    if (counts_requests()) busy_.push(1);
    return take(coming->ready - facts.now);
  }
  if (open_ < spec_.max_connections && (!full || spec_.max_pending_requests.value == 0)) {
    ++open_;
    if (counts_requests()) busy_.push(1);
    if (spec_.connect_time.ns > 0 || round_trips_ > 0) {
      connecting_.push({facts.now + spec_.connect_time, 1});
      ++promised_;
    }
    return take(spec_.connect_time, round_trips_);
  }
  if (full) return Admission::no(Outcome::rejected);
  return Admission::in_line(spec_.acquire_timeout.value_or(sim::Duration::max()), Outcome::queue_timeout);
}

void ConnectionPool::ended(const CallFacts& facts) {
  catch_up(facts.now);
  TAILRACE_CHECK(active_ > 0);
  --active_;
  if (!facts.began && promised_ > 0) return forget_promise();
  std::int64_t taken = 0;
  if (counts_requests()) {
    taken = busy_.front();
    busy_.pop_front();
    if (taken >= *spec_.max_requests_per_connection) --open_;
  }
  count_idle(facts.now, taken);
}

// It gave up before its connection was ready. The one that was set up last has a place for somebody else.
void ConnectionPool::forget_promise() {
  --promised_;
  for (std::size_t i = busy_.size(); i-- > 0;) {
    if (busy_[i] != 1) continue;
    busy_.remove(i);
    break;
  }
  for (std::size_t i = connecting_.size(); i-- > 0;) {
    if (connecting_[i].requests == 0) continue;
    --connecting_[i].requests;
    return;
  }
}

// The connection that takes the next request when it is ready: the first that has room. Set up in equal
// times, those that have room stand at the end: they are filled in their order, and left from the last on.
ConnectionPool::Connecting* ConnectionPool::with_room() {
  const auto room = [&](std::size_t i) { return connecting_[i].requests < spec_.max_concurrent_streams; };
  const std::size_t count = connecting_.size();
  std::size_t first = round_trips_ > 0 ? 0 : count;
  while (round_trips_ > 0 && first < count && !room(first)) ++first;
  while (round_trips_ == 0 && first > 0 && room(first - 1)) --first;
  return first < count ? &connecting_[first] : nullptr;
}

// The last one opened: its handshake may be quicker than that of one before it.
void ConnectionPool::starts_at(sim::Instant ready) {
  connecting_.back().ready = ready;
  for (std::size_t i = connecting_.size() - 1; i > 0 && ready < connecting_[i - 1].ready; --i)
    std::swap(connecting_[i], connecting_[i - 1]);
}

Admission ConnectionPool::take(sim::Duration delay, std::int64_t round_trips) {
  ++active_;
  if (round_trips > 0) return Admission::later(delay, round_trips);
  return delay.ns > 0 ? Admission::later(delay) : Admission::yes();
}

void ConnectionPool::catch_up(sim::Instant now) {
  while (!connecting_.empty() && connecting_.front().ready <= now) {
    const Connecting ready = connecting_.front();
    connecting_.pop_front();
    promised_ -= std::min(promised_, ready.requests);
    count_idle(ready.ready);
  }
  while (spec_.idle_timeout && !idle_.empty() && now - idle_.front().since >= *spec_.idle_timeout) {
    idle_.pop_front();
    --open_;
  }
}

// A connection that has become idle has taken so many requests.
void ConnectionPool::count_idle(sim::Instant now, std::int64_t taken) {
  if (!spec_.idle_timeout && !counts_requests()) return;
  const std::int64_t streams = spec_.max_concurrent_streams;
  const std::int64_t busy = (active_ - promised_ + streams - 1) / streams;
  const std::int64_t ready = open_ - static_cast<std::int64_t>(connecting_.size());
  const auto idle = static_cast<std::size_t>(std::max<std::int64_t>(ready - busy, 0));
  while (idle_.size() > idle) idle_.pop_back();
  while (idle_.size() < idle) idle_.push({now, taken});
}

namespace {

FieldTable connection_pool_fields() {
  using S = ConnectionPoolSpec;
  Fields<S> fields("connection_pool", "The connections of a caller to its target.");
  fields.add("max_connections", &S::max_connections, "open at a time", between(1, 1e6))
      .add("max_pending_requests", &S::max_pending_requests,
           "requests that wait for a connection; one more is rejected at once")
      .add("max_requests", &S::max_requests, "requests under way at a time; one more is rejected at once")
      .add("max_concurrent_streams", &S::max_concurrent_streams,
           "requests at a time on one connection: 1 is HTTP/1.1", between(1, 1e6))
      .add("acquire_timeout", &S::acquire_timeout,
           "a request waits in line for at most this long; otherwise as long as it takes")
      .add("connect_time", &S::connect_time, "what setting up a connection costs before its first request")
      .choice(
          "handshake", &S::handshake,
          {"none", "tcp", "tls12", "tls12_resumed", "tls13", "tls13_early_data", "quic", "quic_early_data"},
          "round trips over the network before a connection's first request, after connect_time: "
          "quic_early_data 0; tcp, tls13_early_data and quic 1; tls13 and tls12_resumed 2; tls12 3 (TCP's "
          "included)")
      .add("idle_timeout", &S::idle_timeout, "a connection that is idle this long closes; otherwise never",
           more_than(0))
      .add("max_requests_per_connection", &S::max_requests_per_connection,
           "a connection closes after so many requests; otherwise it is kept", between(1, 1e9))
      .shorthand("max_connections");
  return add_scope_fields(fields).table();
}

}  // namespace

PolicyInfo connection_pool_policy() {
  PolicyInfo info;
  info.name = "connection_pool";
  info.seam = "admission";
  info.places = {PolicyPlace::call};
  info.about = "Limits connections, requests under way and requests that wait for a connection.";
  info.fields = connection_pool_fields();
  info.example = "{max_connections: 10, max_pending_requests: 20}";
  info.make = make_spec<ConnectionPoolSpec>;
  info.apply = [](const void* value, PolicyTarget& target) {
    const auto& spec = *static_cast<const ConnectionPoolSpec*>(value);
    if (spec.acquire_timeout && spec.connect_time > *spec.acquire_timeout) {
      target.diagnostics.error(target.mark, target.path + ".acquire_timeout",
                               "is shorter than connect_time, so that no first request would get through",
                               "make it longer");
    }
    if (spec.max_requests_per_connection && spec.max_concurrent_streams != 1) {
      target.diagnostics.error(target.mark, target.path + ".max_requests_per_connection",
                               "is counted only where a connection has one request at a time",
                               "leave out max_concurrent_streams");
    }
    target.admission("connection_pool", std::make_shared<const ConnectionPoolModel>(spec), spec.scope,
                     spec.shared);
  };
  return info;
}

}  // namespace tailrace::models
