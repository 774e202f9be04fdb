#include "models/messaging/topic/topic.hpp"

#include <algorithm>

#include "models/messaging/headers.hpp"
#include "models/messaging/queue_broker/routing.hpp"
#include "models/messaging/topic/state.hpp"
#include "sim/base/check.hpp"

namespace tailrace::models {

TopicModel::TopicModel(TopicSettings settings) : settings_(std::move(settings)) {
  for (const SubscriptionSettings& s : settings_.subscriptions) groups_.push_back(s.consumers);
  TopicModel::routing_keys({""});
}

void TopicModel::routing_keys(const std::vector<std::string>& keys) {
  routes_ = std::max<std::size_t>(keys.size(), 1);
  matches_.assign(routes_ * groups_.size(), false);
  for (std::size_t s = 0; s < groups_.size(); ++s) {
    for (std::size_t k = 0; k < routes_; ++k)
      matches_[s * routes_ + k] =
          topic_matches(settings_.subscriptions[s].filter, keys.empty() ? "" : key_alone(keys[k]));
  }
}

bool TopicModel::matches(std::uint32_t subscription, std::uint16_t route) const {
  return matches_[subscription * routes_ + std::min<std::size_t>(route, routes_ - 1)];
}

std::unique_ptr<Channel> TopicModel::start(ChannelHost& host) const {
  return std::make_unique<Topic>(*this, host);
}

std::vector<std::string> TopicModel::place_names() const {
  std::vector<std::string> names;
  for (const GroupSettings& g : groups_) names.push_back(g.name);
  return names;
}

std::vector<std::uint32_t> TopicModel::place_subscriptions() const {
  std::vector<std::uint32_t> own(groups_.size());
  for (std::uint32_t s = 0; s < own.size(); ++s) own[s] = s;
  return own;
}

Topic::Topic(const TopicModel& model, ChannelHost& host)
    : model_(model), settings_(model.settings()), host_(host), sessions_(settings_.subscriptions.size()) {
  for (std::uint32_t s = 0; s < sessions_.size(); ++s) {
    std::vector<Instance>& instances = sessions_[s].instances;
    instances.resize(static_cast<std::size_t>(settings(s).consumers.instances));
    const std::size_t there =
        settings(s).present < 0 ? instances.size() : static_cast<std::size_t>(settings(s).present);
    for (std::size_t i = there; i < instances.size(); ++i) instances[i].up = false;
    sessions_[s].up = static_cast<std::uint32_t>(std::min(there, instances.size()));
    sessions_[s].area_since = host_.now();
  }
}

std::uint32_t Topic::place(Envelope&) {
  return broker_up_ ? 0 : kNobody;
}

Publication Topic::publish(const Envelope& message, bool confirmed, std::uint64_t ticket) {
  if (!broker_up_) {
    ++counts_.refused;
    return Publication::unavailable;
  }
  ++turns_;
  ++counts_.published;
  if (settings_.retained) {
    host_.hold(message);
    if (has_retained_) host_.release(retained_);
    retained_ = message, has_retained_ = true;
  }
  bool matched = false;
  for (std::uint32_t s = 0; s < sessions_.size(); ++s) {
    if (!model_.matches(s, message.route)) continue;
    matched = true;
    offer(s, message);
  }
  if (!matched) ++counts_.unrouted;
  Publication end = Publication::accepted;
  if (confirmed && std::min(message.level, settings_.level) == 2 && settings_.handshake_ns > 0) {
    std::uint32_t slot = free_pending_;
    if (slot == kNobody) {
      slot = static_cast<std::uint32_t>(pending_.size());
      pending_.emplace_back();
    } else {
      free_pending_ = pending_[slot].next;
    }
    pending_[slot] = {ticket, kNobody};
    host_.wake_at(sim::saturating_add(host_.now(), settings_.handshake_ns),
                  (static_cast<std::uint64_t>(Timer::answer) << 60) | slot);
    end = Publication::pending;
  }
  end_turn();
  return end;
}

// A copy for the subscription, and perhaps its end at once.
void Topic::offer(std::uint32_t s, const Envelope& message) {
  Session& session = sessions_[s];
  std::uint32_t slot = free_copy_;
  if (slot == kNobody) {
    slot = static_cast<std::uint32_t>(copies_.size());
    copies_.emplace_back();
  } else {
    free_copy_ = copies_[slot].newer;
  }
  Copy& copy = copies_[slot];
  const std::uint32_t generation = copy.generation, serial = copy.serial;
  copy = Copy{};
  copy.envelope = message;
  copy.accepted = host_.now();
  copy.order = ++session.orders;
  copy.generation = generation;
  copy.serial = serial;
  copy.subscription = s;
  copy.level = std::min({message.level, settings(s).level, settings_.level});
  copy.older = session.all.last;
  (session.all.last == kNobody ? session.all.first : copies_[session.all.last].newer) = slot;
  session.all.last = slot;
  copy.at = At::waiting;
  append(session.waiting, slot);
  ++session.waits;
  accrue(session);
  ++session.counts.accepted;
  ++session.counts.ready;
  session.counts.peak = std::max(session.counts.peak, session.counts.ready + session.counts.in_flight);
  host_.copy_made(s, message);

  const bool kept = copies_[slot].level > 0;
  if (session.up == 0 && (!kept || settings(s).clean_session)) return finish(slot, Fate::lost);
  if (!kept) {
    // Not kept waiting behind others: into an instance's buffer now, or nowhere.
    const std::uint32_t i = choose(s, 0);
    return i == kNobody ? finish(slot, Fate::dropped) : send(slot, i);
  }
  mark(s);
  const std::int64_t most = settings(s).max_queued;
  if (most < 0 || session.waits <= most) return;
  if (choose(s, 1) != kNobody) return;  // it goes on at once
  finish(slot, Fate::dropped);
}

void Topic::end_turn() {
  if (turns_ == 1) {
    while (!dirty_.empty()) {
      const std::uint32_t s = dirty_.back();
      dirty_.pop_back();
      sessions_[s].dirty = false;
      send_waiting(s);
      for (std::uint32_t i = 0; i < sessions_[s].instances.size(); ++i) start_buffered(s, i);
    }
  }
  --turns_;
}

void Topic::mark(std::uint32_t s) {
  if (sessions_[s].dirty) return;
  sessions_[s].dirty = true;
  dirty_.push_back(s);
}

void Topic::accrue(Session& session) {
  session.counts.area +=
      static_cast<decltype(session.counts.area)>(session.counts.ready + session.counts.in_flight) *
      (host_.now() - session.area_since);
  session.area_since = host_.now();
}

void Topic::append(List& list, std::uint32_t slot) {
  copies_[slot].prev = list.last;
  copies_[slot].next = kNobody;
  (list.last == kNobody ? list.first : copies_[list.last].next) = slot;
  list.last = slot;
}

void Topic::unlink(List& list, std::uint32_t slot) {
  const Copy& copy = copies_[slot];
  (copy.prev == kNobody ? list.first : copies_[copy.prev].next) = copy.next;
  (copy.next == kNobody ? list.last : copies_[copy.next].prev) = copy.prev;
}

Topic::List& Topic::list_of(const Copy& copy) {
  Session& session = sessions_[copy.subscription];
  return copy.at == At::waiting ? session.waiting : session.instances[copy.instance].in_flight;
}

void Topic::finish(std::uint32_t slot, Fate fate) {
  Copy& copy = copies_[slot];
  TAILRACE_CHECK(copy.at != At::nowhere);
  Session& session = sessions_[copy.subscription];
  unlink(list_of(copy), slot);
  accrue(session);
  if (copy.at == At::waiting) {
    --session.waits;
    --session.counts.ready;
  } else {
    --session.counts.in_flight;
    if (copy.level > 0) --session.instances[copy.instance].window;
    mark(copy.subscription);
  }
  ++session.counts.ended[static_cast<std::size_t>(fate)];
  (copy.older == kNobody ? session.all.first : copies_[copy.older].newer) = copy.newer;
  (copy.newer == kNobody ? session.all.last : copies_[copy.newer].older) = copy.older;
  copy.at = At::nowhere;
  ++copy.generation;
  ++copy.serial;
  copy.newer = free_copy_;
  free_copy_ = slot;
  const Envelope gone = copy.envelope;
  host_.copy_gone(copy.subscription, gone, fate);
}

void Topic::node_changed(std::uint32_t, bool up) {
  if (broker_up_ == up) return;
  broker_up_ = up;
  if (events_.size() < ChannelRecord::kMostEvents) events_.push_back({host_.now(), up ? 1u : 0u, 0});
  ++turns_;
  for (std::uint32_t s = 0; s < sessions_.size(); ++s) {
    if (!up && settings(s).clean_session) lose_waiting(s);
    mark(s);
  }
  end_turn();
}

std::uint64_t Topic::depth(std::uint32_t s) const {
  return sessions_[s].counts.ready + sessions_[s].counts.in_flight;
}

std::int64_t Topic::oldest_born(std::uint32_t s) const {
  const std::uint32_t oldest = sessions_[s].all.first;
  return oldest == kNobody ? -1 : copies_[oldest].envelope.born;
}

void Topic::reset_counts() {
  counts_ = {};
  events_.clear();
  for (Session& session : sessions_) {
    PlaceCounts fresh;
    fresh.ready = session.counts.ready;
    fresh.in_flight = session.counts.in_flight;
    fresh.resident_at_start = fresh.peak = fresh.ready + fresh.in_flight;
    session.counts = fresh;
    session.area_since = host_.now();
  }
}

ChannelRecord Topic::record() const {
  ChannelRecord record;
  record.counts = counts_;
  for (const Session& session : sessions_) {
    record.places.push_back(session.counts);
    PlaceCounts& place = record.places.back();
    place.area +=
        static_cast<decltype(place.area)>(place.ready + place.in_flight) * (host_.now() - session.area_since);
  }
  record.events = events_;
  return record;
}

std::size_t Topic::bytes() const {
  return copies_.capacity() * sizeof(Copy) + deliveries_.capacity() * sizeof(Delivery) +
         pending_.capacity() * sizeof(Pending);
}

}  // namespace tailrace::models
