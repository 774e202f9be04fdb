#include <algorithm>
#include <bit>

#include "models/messaging/queue_broker/state.hpp"
#include "sim/base/check.hpp"

namespace tailrace::models {

namespace {

constexpr std::int64_t kNever = std::numeric_limits<std::int64_t>::max();
// A loop over several brokers is not seen by any of them: a message that has been dead-lettered so often
// ends.
constexpr std::uint8_t kMostRedirections = 250;

// TTL that the publication brought with it; kNever: none.
std::int64_t own_ttl_ns(const Envelope& message) {
  return message.ttl_us == 0 ? kNever : static_cast<std::int64_t>(message.ttl_us) * 1000;
}

}  // namespace

void QueueBroker::accrue(Queue& queue) {
  const std::int64_t now = host_.now();
  queue.counts.area += static_cast<decltype(queue.counts.area)>(queue.counts.ready + queue.counts.in_flight) *
                       (now - queue.area_since);
  queue.area_since = now;
}

void QueueBroker::mark(std::uint32_t queue) {
  if (queues_[queue].dirty) return;
  queues_[queue].dirty = true;
  dirty_.push(queue);
}

QueueBroker::Entry QueueBroker::enqueue(std::uint32_t q, const Envelope& envelope, std::uint64_t visited,
                                        std::uint32_t publication) {
  Queue& queue = queues_[q];
  const QueueSettings& its = settings(q);
  if (!queue.exists) return Entry::no_queue;
  if (!queue.serving) return Entry::unavailable;
  if (its.overflow != Overflow::drop_head) {
    const std::int64_t coming = queue.ready + queue.committing;
    const std::int64_t bytes = queue.ready_bytes + queue.committing_bytes;
    if ((its.max_length >= 0 && coming >= its.max_length) ||
        (its.max_bytes >= 0 && bytes + envelope.bytes > its.max_bytes)) {
      if (its.overflow == Overflow::reject_publish_dlx) send_dead(q, envelope, visited, Why::overflow);
      return Entry::full;
    }
  }
  std::uint32_t slot = free_message_;
  if (slot == kNobody) {
    slot = static_cast<std::uint32_t>(messages_.size());
    messages_.emplace_back();
  } else {
    free_message_ = messages_[slot].newer;
  }
  const std::int64_t now = host_.now();
  Message& m = messages_[slot];
  const std::uint32_t generation = m.generation;
  m = Message{};
  m.envelope = envelope;
  m.accepted = now;
  m.visited = visited;
  m.generation = generation;
  m.queue = q;
  m.publication = publication;
  m.band = std::min(envelope.priority, its.max_priority);
  m.older = queue.newest;
  (queue.newest == kNobody ? queue.oldest : messages_[queue.newest].newer) = slot;
  queue.newest = slot;
  if (publication != kNobody) ++pending_[publication].waiting;
  accrue(queue);
  ++queue.counts.accepted;
  ++queue.counts.ready;
  queue.counts.peak = std::max(queue.counts.peak, queue.counts.ready + queue.counts.in_flight);
  keep_bytes(envelope.bytes);
  host_.copy_made(q, envelope);
  if (its.type == QueueType::quorum) {
    messages_[slot].at = At::committing;
    ++queue.committing;
    queue.committing_bytes += envelope.bytes;
    wake(Timer::message, slot, generation, sim::saturating_add(now, settings_.replication_latency_ns));
  } else {
    commit(slot);
  }
  return Entry::in;
}

// Committed by now, or gone.
void QueueBroker::stop_committing(const Message& m) {
  if (m.at != At::committing && m.at != At::stalled) return;
  --queues_[m.queue].committing;
  queues_[m.queue].committing_bytes -= m.envelope.bytes;
}

// The queue has it for good: now its delay, if it has one, and then its place and its time to live.
void QueueBroker::commit(std::uint32_t slot) {
  Message& m = messages_[slot];
  stop_committing(m);
  const std::uint32_t publication = m.publication;
  m.publication = kNobody;
  const std::int64_t due =
      sim::saturating_add(m.accepted, static_cast<std::int64_t>(m.envelope.delay_us) * 1000);
  if (due > host_.now()) {
    m.at = At::delayed;
    wake(Timer::message, slot, ++m.generation, due);
  } else {
    make_ready(slot);
  }
  if (publication != kNobody) publication_step(publication, true);
}

void QueueBroker::message_due(std::uint32_t slot) {
  Message& m = messages_[slot];
  if (m.at == At::delayed) return make_ready(slot);
  if (m.at != At::committing) return;
  if (!queues_[m.queue].serving) {
    m.at = At::stalled;
    return;
  }
  commit(slot);
}

// At the tail when it comes for the first time, otherwise where it was.
void QueueBroker::make_ready(std::uint32_t slot) {
  Message& m = messages_[slot];
  Queue& queue = queues_[m.queue];
  Band& band = queue.bands[m.band];
  m.at = At::ready;
  ++m.generation;
  if (m.order == 0) {
    m.order = ++queue.orders;
    const std::int64_t queue_ttl = settings(m.queue).message_ttl_ns;
    const std::int64_t ttl = std::min(queue_ttl == kNoTime ? kNever : queue_ttl, own_ttl_ns(m.envelope));
    m.expires = sim::saturating_add(host_.now(), ttl);
    m.accepted = host_.now();
    m.prev = band.last;
    m.next = kNobody;
  } else {
    m.next = band.first;
    m.prev = kNobody;
    while (m.next != kNobody && messages_[m.next].order < m.order) {
      m.prev = m.next;
      m.next = messages_[m.next].next;
    }
  }
  (m.prev == kNobody ? band.first : messages_[m.prev].next) = slot;
  (m.next == kNobody ? band.last : messages_[m.next].prev) = slot;
  queue.bands_used |= std::uint64_t{1} << m.band;
  ++queue.ready;
  queue.ready_bytes += m.envelope.bytes;
  mark(m.queue);
}

void QueueBroker::unlink_ready(std::uint32_t slot) {
  Message& m = messages_[slot];
  Queue& queue = queues_[m.queue];
  Band& band = queue.bands[m.band];
  (m.prev == kNobody ? band.first : messages_[m.prev].next) = m.next;
  (m.next == kNobody ? band.last : messages_[m.next].prev) = m.prev;
  if (band.first == kNobody) queue.bands_used &= ~(std::uint64_t{1} << m.band);
  --queue.ready;
  queue.ready_bytes -= m.envelope.bytes;
}

// The oldest of the highest priority that there is.
std::uint32_t QueueBroker::head(const Queue& queue) const {
  if (queue.bands_used == 0) return kNobody;
  return queue.bands[static_cast<std::size_t>(std::bit_width(queue.bands_used) - 1)].first;
}

// What is over the limits goes from the head. Looked at after deliveries: what finds a consumer takes no
// place.
void QueueBroker::trim(std::uint32_t q) {
  const QueueSettings& its = settings(q);
  if (its.overflow != Overflow::drop_head) return;
  Queue& queue = queues_[q];
  while ((its.max_length >= 0 && queue.ready > its.max_length) ||
         (its.max_bytes >= 0 && queue.ready_bytes > its.max_bytes)) {
    leave(head(queue), Why::overflow);
  }
}

void QueueBroker::arm_head(std::uint32_t q) {
  Queue& queue = queues_[q];
  const std::uint32_t first = head(queue);
  if (first == kNobody || !queue.serving || messages_[first].expires >= queue.head_timer) return;
  queue.head_timer = messages_[first].expires;
  wake(Timer::head, q, ++queue.head_generation, queue.head_timer);
}

// Ready, or taken back from a consumer already; its queue is done with it.
void QueueBroker::leave(std::uint32_t slot, Why why) {
  Message& m = messages_[slot];
  if (m.at == At::ready) unlink_ready(slot);
  m.at = At::leaving;
  m.why = why;
  ++m.generation;
  leaving_.push(slot);
}

void QueueBroker::dead_letter(std::uint32_t slot) {
  const Message m = messages_[slot];
  if (settings(m.queue).dead_letter.to == DeadLetterSettings::To::nowhere) {
    return finish(slot, m.why == Why::expired    ? Fate::expired
                        : m.why == Why::overflow ? Fate::dropped
                                                 : Fate::dead_lettered);
  }
  finish(slot, send_dead(m.queue, m.envelope, m.visited, m.why) ? Fate::dead_lettered : Fate::dropped);
}

// True when at least one queue took it.
bool QueueBroker::send_dead(std::uint32_t from, Envelope message, std::uint64_t visited, Why why) {
  const DeadLetterSettings& target = settings(from).dead_letter;
  if (target.to == DeadLetterSettings::To::nowhere || message.redirected >= kMostRedirections) return false;
  ++message.redirected;
  message.delay_us = 0;
  message.ttl_us = 0;  // it has expired once, if it has
  message.entry = target.entry;
  if (target.own_key) message.route = target.route;
  if (target.to == DeadLetterSettings::To::elsewhere) return host_.forward(target.channel, message);
  const bool by_consumer = why == Why::rejected || why == Why::delivery_limit;
  visited = by_consumer ? 0 : visit(visited, from);
  const QueueRouter::Reach reach = router_.reach(message.entry, message.route);
  bool in = false;
  for (std::uint32_t k = reach.first; k < reach.last; ++k) {
    const std::uint32_t q = router_.queue(k);
    if (!has_visited(visited, q) && enqueue(q, message, visited, kNobody) == Entry::in) in = true;
  }
  return in;
}

// Up to 64 queues one bit each; beyond, the number of queues left: after as many as there are, the next is
// one of them. A smaller cycle of such a broker goes round until then.
std::uint64_t QueueBroker::visit(std::uint64_t visited, std::uint32_t queue) const {
  return queues_.size() <= 64 ? visited | std::uint64_t{1} << queue : visited + 1;
}
bool QueueBroker::has_visited(std::uint64_t visited, std::uint32_t queue) const {
  return queues_.size() <= 64 ? (visited >> queue & 1) != 0 : visited >= queues_.size();
}

// The end of a copy, wherever it was, a consumer's hands apart.
void QueueBroker::finish(std::uint32_t slot, Fate fate) {
  Message& m = messages_[slot];
  TAILRACE_CHECK(m.at != At::nowhere && m.delivery == kNobody);
  Queue& queue = queues_[m.queue];
  if (m.at == At::ready) unlink_ready(slot);
  stop_committing(m);
  accrue(queue);
  --(m.at == At::unacked ? queue.counts.in_flight : queue.counts.ready);
  ++queue.counts.ended[static_cast<std::size_t>(fate)];
  (m.older == kNobody ? queue.oldest : messages_[m.older].newer) = m.newer;
  (m.newer == kNobody ? queue.newest : messages_[m.newer].older) = m.older;
  const bool kept = m.at != At::unacked || settings(m.queue).ack == AckMode::manual;
  m.at = At::nowhere;
  ++m.generation;
  m.newer = free_message_;
  free_message_ = slot;
  const Envelope gone = m.envelope;
  const std::uint32_t q = m.queue, publication = m.publication;
  m.publication = kNobody;
  if (kept) keep_bytes(-static_cast<std::int64_t>(gone.bytes));
  if (publication != kNobody) publication_step(publication, false);
  host_.copy_gone(q, gone, fate);
}

// Nobody has used the queue for its TTL: it is deleted, with what it has, which becomes nobody's dead
// letters.
void QueueBroker::expire_queue(std::uint32_t q) {
  Queue& queue = queues_[q];
  queue.exists = false;
  note(Event::queue_expired, q);
  for (std::uint32_t slot = queue.oldest; slot != kNobody;) {
    const std::uint32_t newer = messages_[slot].newer;
    TAILRACE_CHECK(messages_[slot].at != At::unacked);
    if (messages_[slot].at != At::leaving) finish(slot, Fate::expired);
    slot = newer;
  }
}

}  // namespace tailrace::models
