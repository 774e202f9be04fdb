#include "models/policies/transport/connections.hpp"

#include <algorithm>

#include "sim/base/check.hpp"

namespace tailrace::models {

namespace {
constexpr std::int64_t kNever = INT64_MAX;
constexpr double kAgeSpread = 0.1;
constexpr std::int64_t kReserved = 8;
}  // namespace

// What time and the instances have done to the connections since the last look.
void Connections::sweep(std::int64_t now) {
  for (Connection& c : list_) {
    const Peer& peer = peers_[c.target];
    if (now >= c.closes || peer.incarnation != c.incarnation || peer.leaving) c.draining = true;
    if (self_ != nullptr && self_->memory != nullptr && self_->incarnation != c.own_incarnation)
      c.draining = true;  // it was its sidecar's
  }
  const auto over = [&](const Connection& c) {
    if (c.busy > 0 || !(c.draining || idle_for_too_long(c, now))) return false;
    uncounted(c);
    return true;
  };
  list_.erase(std::remove_if(list_.begin(), list_.end(), over), list_.end());
}

void Connections::introduce() {
  for (std::uint32_t i = 0; i < peer_count_; ++i) {
    if (peers_[i].limits != nullptr && (s_.sticks || i == target_)) peers_[i].callers.push_back(this);
  }
}

void Connections::counted(Peer& peer) {
  if (peer.limits != nullptr) ++peer.open;
  if (peer.memory != nullptr) peer.memory->opened();
  if (self_ != nullptr && self_->memory != nullptr) self_->memory->opened();
}

// What a sidecar that was killed had in memory is forgotten already.
void Connections::uncounted(const Connection& c) {
  Peer& peer = peers_[c.target];
  if (peer.limits != nullptr) --peer.open;
  if (peer.memory != nullptr && peer.incarnation == c.incarnation) peer.memory->closed();
  if (self_ != nullptr && self_->memory != nullptr && self_->incarnation == c.own_incarnation)
    self_->memory->closed();
}

bool Connections::idle_for_too_long(const Connection& c, std::int64_t now) const {
  const std::int64_t idle = now - c.idle_since;
  if (s_.idle_timeout && idle >= s_.idle_timeout->ns) return true;
  const ServerLimits* limits = peers_[c.target].limits;
  return limits != nullptr && limits->idle_timeout && idle >= limits->idle_timeout->ns;
}

bool Connections::server_is_full(Peer& peer, std::int64_t now) {
  if (peer.limits == nullptr || peer.limits->max_connections < 0) return false;
  if (peer.open < peer.limits->max_connections) return false;
  for (Connections* caller : peer.callers) caller->sweep(now);
  return peer.open >= peer.limits->max_connections;
}

// The caller's, or the server's (who says GOAWAY) where that is shorter.
std::optional<sim::Duration> Connections::age_limit(const Peer& peer) const {
  if (peer.limits == nullptr || !peer.limits->max_age) return s_.max_age;
  return s_.max_age && *s_.max_age < *peer.limits->max_age ? s_.max_age : peer.limits->max_age;
}

// The least busy; of those that are idle, the one used last, so that the others may close.
Connections::Connection* Connections::free_one(std::int64_t now) {
  Connection* best = nullptr;
  for (Connection& c : list_) {
    if (c.ready > now || !usable(c)) continue;
    if (best == nullptr || c.busy < best->busy || (c.busy == best->busy && c.idle_since > best->idle_since))
      best = &c;
  }
  return best;
}

Connections::Connection* Connections::coming(std::int64_t now) {
  Connection* best = nullptr;
  for (Connection& c : list_) {
    if (c.ready > now && usable(c) && (best == nullptr || c.ready < best->ready)) best = &c;
  }
  return best;
}

// Those that are draining take no more, and are not counted.
bool Connections::room() const {
  return std::count_if(list_.begin(), list_.end(), [](const Connection& c) { return !c.draining; }) <
         s_.connections;
}

bool Connections::would_open(sim::Instant now) {
  sweep(now.ns);
  return free_one(now.ns) == nullptr && coming(now.ns) == nullptr && room();
}

Admission Connections::admit(const CallFacts& facts, sim::Stream& random) {
  const std::int64_t now = facts.now.ns;
  opened_ = nullptr;
  sweep(now);
  if (Connection* c = free_one(now)) {
    ++c->busy;
    taken_ = c->serial;
    target_ = c->target;
    return Admission::yes();
  }
  std::int64_t pending = facts.waiting;
  for (const Connection& c : list_) pending += c.ready > now ? c.busy : 0;
  const bool full = !facts.from_line && s_.max_pending >= 0 && pending >= s_.max_pending;
  if (Connection* c = coming(now)) {
    if (full) return Admission::no(Outcome::rejected);
    ++c->busy;
    taken_ = c->serial;
    target_ = c->target;
    return Admission::later({c->ready - now});
  }
  if (room() && (!full || s_.max_pending == 0)) {
    Peer& peer = peers_[target_];
    if (s_.secured && peer.refuses_handshakes(facts.now, self_)) return Admission::no(Outcome::network);
    if (s_.mutual && self_ != nullptr && self_->refuses_handshakes(facts.now, &peer))
      return Admission::no(Outcome::network);
    if (server_is_full(peer, now)) return Admission::no(Outcome::rejected);
    const bool resumed = s_.resumption >= 1 || (s_.resumption > 0 && random.uniform() < s_.resumption);
    opened_ = resumed ? &s_.resumed : &s_.full;
    std::int64_t closes = kNever;
    if (const std::optional<sim::Duration> age = age_limit(peer)) {
      const double spread = 1 + kAgeSpread * (2 * random.uniform() - 1);
      closes = sim::saturating_add(now, sim::Duration::from_ns(static_cast<double>(age->ns) * spread).ns);
    }
    if (list_.capacity() == 0)  // many callers never open one
      list_.reserve(static_cast<std::size_t>(std::min(s_.connections, kReserved)));
    list_.push_back({target_, peer.incarnation, now, closes, now, 1, false,
                     self_ == nullptr ? 0 : self_->incarnation, static_cast<std::uint32_t>(setups_)});
    taken_ = static_cast<std::uint32_t>(setups_);
    counted(peer);
    ++setups_;
    return Admission::later({0}, opened_->round_trips);
  }
  if (full) return Admission::no(Outcome::rejected);
  return Admission::in_line(s_.acquire_timeout.value_or(sim::Duration::max()), Outcome::queue_timeout);
}

void Connections::starts_at(sim::Instant ready) {
  list_.back().ready = ready.ns;
}

bool Connections::breaks(Outcome outcome) const {
  switch (outcome) {
    case Outcome::network:
      return true;
    case Outcome::timeout:
    case Outcome::deadline:
    case Outcome::cancelled:
      return s_.protocol == Protocol::rest;
    default:
      return false;
  }
}

void Connections::ended(const CallFacts& facts) {
  // Who left before it began was on one that is being set up, the last of them.
  Connection* mine = nullptr;
  for (Connection& c : list_) {
    if (c.target != target_ || c.busy == 0) continue;
    if (!facts.began) {
      if (c.ready > facts.now.ns) mine = &c;
      continue;
    }
    if (mine == nullptr || (c.draining && !mine->draining)) mine = &c;
  }
  if (mine == nullptr) {  // it became ready as they left
    for (Connection& c : list_) {
      if (c.target == target_ && c.busy > 0) mine = &c;
    }
  }
  TAILRACE_CHECK(mine != nullptr);
  --mine->busy;
  mine->idle_since = facts.now.ns;
  if (facts.began && breaks(facts.outcome)) mine->draining = true;
  if (mine->busy > 0 || !mine->draining) return;
  uncounted(*mine);
  list_.erase(list_.begin() + (mine - list_.data()));
}

}  // namespace tailrace::models
