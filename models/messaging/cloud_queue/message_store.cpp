#include "models/messaging/cloud_queue/message_store.hpp"

#include <algorithm>

#include "sim/base/check.hpp"

namespace tailrace::models {

using State = StoredMessage::State;

std::uint32_t MessageStore::add(const Envelope& envelope, std::int64_t now, std::int64_t visible_at) {
  count(now);
  std::uint32_t id = kNobody;
  if (free_.empty()) {
    id = static_cast<std::uint32_t>(messages_.size());
    TAILRACE_CHECK(id != kNobody);
    messages_.emplace_back();
  } else {
    id = free_.back();
    free_.pop_back();
  }
  StoredMessage& m = messages_[id];
  m = {};
  m.envelope = envelope;
  m.accepted_ns = now;
  m.serial = ++serial_;
  m.previous_in_age = youngest_;
  (youngest_ == kNobody ? oldest_ : messages_[youngest_].next_in_age) = id;
  youngest_ = id;
  ++counts_.accepted;
  ++counts_.ready;
  counts_.peak = std::max(counts_.peak, size());
  if (fifo_) {
    m.group = group_of(one_group_ ? 0 : envelope.key);
    Group& g = groups_[m.group];
    m.previous = g.last;
    (g.last == kNobody ? g.first : messages_[g.last].next) = id;
    g.last = id;
  }
  if (visible_at > now) {
    m.state = State::delayed;
    m.due_ns = visible_at;
    heap_push(id);
  } else {
    m.state = State::visible;
    if (!fifo_) link_visible(id, false);
  }
  if (fifo_) settle_group(m.group);
  return id;
}

std::uint32_t MessageStore::next_visible() const {
  if (first_ == kNobody) return kNobody;
  return fifo_ ? groups_[first_].first : first_;
}

std::uint32_t MessageStore::next_of_group(std::uint32_t group) const {
  std::uint32_t id = groups_[group].first;
  while (id != kNobody && messages_[id].state == State::hidden) id = messages_[id].next;
  return id != kNobody && messages_[id].state == State::visible ? id : kNobody;
}

void MessageStore::hide(std::uint32_t id, std::int64_t now, std::int64_t until) {
  StoredMessage& m = messages_[id];
  TAILRACE_CHECK(m.state == State::visible);
  count(now);
  if (!fifo_) unlink_visible(id);
  m.state = State::hidden;
  m.due_ns = until;
  heap_push(id);
  --counts_.ready;
  ++counts_.in_flight;
  if (fifo_) {
    ++groups_[m.group].hidden;
    settle_group(m.group);
  }
}

void MessageStore::hide_until(std::uint32_t id, std::int64_t until) {
  StoredMessage& m = messages_[id];
  TAILRACE_CHECK(m.state == State::hidden);
  m.due_ns = until;
  heap_up(m.heap_at);
  heap_down(m.heap_at);
}

void MessageStore::show(std::uint32_t id, std::int64_t now, bool where_it_was) {
  StoredMessage& m = messages_[id];
  TAILRACE_CHECK(m.state == State::hidden || m.state == State::delayed);
  count(now);
  heap_remove(id);
  if (m.state == State::hidden) {
    --counts_.in_flight;
    ++counts_.ready;
    if (fifo_) --groups_[m.group].hidden;
  }
  m.state = State::visible;
  m.holder = kNobody;
  if (fifo_)
    settle_group(m.group);
  else
    link_visible(id, where_it_was);
}

void MessageStore::remove(std::uint32_t id, std::int64_t now, Fate fate) {
  StoredMessage& m = messages_[id];
  TAILRACE_CHECK(m.state != State::free);
  count(now);
  --(m.state == State::hidden ? counts_.in_flight : counts_.ready);
  ++counts_.ended[static_cast<std::size_t>(fate)];
  if (m.heap_at != kNobody) heap_remove(id);
  if (!fifo_ && m.state == State::visible) unlink_visible(id);
  if (fifo_) {
    Group& g = groups_[m.group];
    if (m.state == State::hidden) --g.hidden;
    (m.previous == kNobody ? g.first : messages_[m.previous].next) = m.next;
    (m.next == kNobody ? g.last : messages_[m.next].previous) = m.previous;
    settle_group(m.group);
    if (g.first == kNobody) {
      group_ids_.erase(g.key);
      free_groups_.push_back(m.group);
    }
  }
  (m.previous_in_age == kNobody ? oldest_ : messages_[m.previous_in_age].next_in_age) = m.next_in_age;
  (m.next_in_age == kNobody ? youngest_ : messages_[m.next_in_age].previous_in_age) = m.previous_in_age;
  m.state = State::free;
  m.serial = 0;
  free_.push_back(id);
}

std::uint32_t MessageStore::group_of(std::uint64_t key) {
  std::uint32_t id = group_ids_.find(key);
  if (id != IdentityTable::kAbsent) return id;
  if (free_groups_.empty()) {
    id = static_cast<std::uint32_t>(groups_.size());
    groups_.emplace_back();
  } else {
    id = free_groups_.back();
    free_groups_.pop_back();
    groups_[id] = {};
  }
  groups_[id].key = key;
  group_ids_.insert(key, id);
  return id;
}

void MessageStore::settle_group(std::uint32_t group) {
  Group& g = groups_[group];
  const bool open = g.hidden == 0 && g.first != kNobody && messages_[g.first].state == State::visible;
  if (open == g.in_line) return;
  g.in_line = open;
  if (open) {
    g.previous = last_;
    g.next = kNobody;
    (last_ == kNobody ? first_ : groups_[last_].next) = group;
    last_ = group;
  } else {
    (g.previous == kNobody ? first_ : groups_[g.previous].next) = g.next;
    (g.next == kNobody ? last_ : groups_[g.next].previous) = g.previous;
  }
}

void MessageStore::link_visible(std::uint32_t id, bool where_it_was) {
  StoredMessage& m = messages_[id];
  std::uint32_t follower = kNobody;
  if (where_it_was) {  // what comes back is older than nearly all that wait: the walk is short
    follower = first_;
    while (follower != kNobody && messages_[follower].serial < m.serial) follower = messages_[follower].next;
  }
  m.next = follower;
  m.previous = follower == kNobody ? last_ : messages_[follower].previous;
  (m.previous == kNobody ? first_ : messages_[m.previous].next) = id;
  (follower == kNobody ? last_ : messages_[follower].previous) = id;
}

void MessageStore::unlink_visible(std::uint32_t id) {
  StoredMessage& m = messages_[id];
  (m.previous == kNobody ? first_ : messages_[m.previous].next) = m.next;
  (m.next == kNobody ? last_ : messages_[m.next].previous) = m.previous;
  m.next = m.previous = kNobody;
}

// Messages that are due at the same time become visible in their order of acceptance.
bool MessageStore::sooner(std::uint32_t a, std::uint32_t b) const {
  const StoredMessage &x = messages_[a], &y = messages_[b];
  return x.due_ns != y.due_ns ? x.due_ns < y.due_ns : x.serial < y.serial;
}
void MessageStore::heap_place(std::uint32_t at, std::uint32_t id) {
  heap_[at] = id;
  messages_[id].heap_at = at;
}
void MessageStore::heap_push(std::uint32_t id) {
  heap_.push_back(id);
  messages_[id].heap_at = static_cast<std::uint32_t>(heap_.size() - 1);
  heap_up(messages_[id].heap_at);
}
void MessageStore::heap_remove(std::uint32_t id) {
  const std::uint32_t at = messages_[id].heap_at;
  const std::uint32_t moved = heap_.back();
  heap_.pop_back();
  messages_[id].heap_at = kNobody;
  if (moved == id) return;
  heap_place(at, moved);
  heap_up(at);
  heap_down(messages_[moved].heap_at);
}
void MessageStore::heap_up(std::uint32_t at) {
  const std::uint32_t id = heap_[at];
  for (; at > 0 && sooner(id, heap_[(at - 1) / 2]); at = (at - 1) / 2) heap_place(at, heap_[(at - 1) / 2]);
  heap_place(at, id);
}
void MessageStore::heap_down(std::uint32_t at) {
  const std::uint32_t id = heap_[at];
  const auto size = static_cast<std::uint32_t>(heap_.size());
  for (;;) {
    std::uint32_t child = 2 * at + 1;
    if (child >= size) break;
    if (child + 1 < size && sooner(heap_[child + 1], heap_[child])) ++child;
    if (!sooner(heap_[child], id)) break;
    heap_place(at, heap_[child]);
    at = child;
  }
  heap_place(at, id);
}

void MessageStore::count(std::int64_t now) {
  __extension__ using Wide = __int128;
  counts_.area += static_cast<Wide>(size()) * (now - counted_ns_);
  counted_ns_ = now;
}

PlaceCounts MessageStore::counts(std::int64_t now) const {
  __extension__ using Wide = __int128;
  PlaceCounts c = counts_;
  c.area += static_cast<Wide>(size()) * (now - counted_ns_);
  return c;
}

void MessageStore::reset_counts(std::int64_t now) {
  const std::uint64_t ready = counts_.ready, in_flight = counts_.in_flight;
  counts_ = {};
  counts_.ready = ready;
  counts_.in_flight = in_flight;
  counts_.resident_at_start = counts_.peak = ready + in_flight;
  counted_ns_ = now;
}

}  // namespace tailrace::models
