#include <algorithm>

#include "models/messaging/queue_broker/state.hpp"
#include "sim/base/check.hpp"

namespace tailrace::models {

bool QueueBroker::has_credit(std::uint32_t q, std::uint32_t i) const {
  const Instance& instance = queues_[q].instances[i];
  const QueueSettings& its = settings(q);
  return instance.up && instance.intake == Intake::open && instance.suspect == 0 &&
         (!its.single_active_consumer || queues_[q].active == i) &&
         (its.ack == AckMode::automatic || its.prefetch == kNoLimit || instance.held < its.prefetch);
}

// Consumers stand in line while they have credit: the one that got a message goes to the end. One that has
// lost its credit meanwhile is dropped when it comes to the front.
void QueueBroker::take_turn(std::uint32_t q, std::uint32_t i) {
  Queue& queue = queues_[q];
  Instance& instance = queue.instances[i];
  if (instance.in_turn || !has_credit(q, i)) return;
  instance.in_turn = true;
  instance.next_in_turn = kNobody;
  (queue.turn_last == kNobody ? queue.turn_first : queue.instances[queue.turn_last].next_in_turn) = i;
  queue.turn_last = i;
  if (queue.ready > 0) mark(q);
}

// Who gets the next message, and leaves the line; kNobody.
std::uint32_t QueueBroker::next_in_turn(std::uint32_t q) {
  Queue& queue = queues_[q];
  while (queue.turn_first != kNobody && !has_credit(q, queue.turn_first)) {
    Instance& gone = queue.instances[queue.turn_first];
    gone.in_turn = false;
    queue.turn_first = gone.next_in_turn;
    if (queue.turn_first == kNobody) queue.turn_last = kNobody;
  }
  return queue.turn_first;
}

void QueueBroker::dispatch(std::uint32_t q) {
  for (;;) {
    Queue& queue = queues_[q];
    const std::uint32_t slot = head(queue);
    if (slot == kNobody || !queue.serving) return;
    // A TTL of 0 leaves the instant of arrival to find a consumer.
    const Message& m = messages_[slot];
    const std::uint32_t consumer = next_in_turn(q);
    if (m.expires <= host_.now() && !(consumer != kNobody && m.accepted == host_.now())) {
      leave(slot, Why::expired);
      continue;
    }
    if (consumer == kNobody) return;
    deliver(q, slot);
  }
}

// To the front of the line.
void QueueBroker::deliver(std::uint32_t q, std::uint32_t slot) {
  Queue& queue = queues_[q];
  const std::uint32_t i = queue.turn_first;
  Instance& instance = queue.instances[i];
  instance.in_turn = false;
  queue.turn_first = instance.next_in_turn;
  if (queue.turn_first == kNobody) queue.turn_last = kNobody;

  std::uint32_t d = free_delivery_;
  if (d == kNobody) {
    d = static_cast<std::uint32_t>(deliveries_.size());
    deliveries_.emplace_back();
  } else {
    free_delivery_ = deliveries_[d].next;
  }
  Delivery& delivery = deliveries_[d];
  const std::uint32_t generation = delivery.generation;
  delivery = Delivery{slot, q, i, instance.last, kNobody, generation, false};
  (instance.last == kNobody ? instance.first : deliveries_[instance.last].next) = d;
  instance.last = d;
  if (instance.waiting == kNobody) instance.waiting = d;

  unlink_ready(slot);
  Message& m = messages_[slot];
  m.at = At::unacked;
  m.delivery = d;
  ++m.generation;
  --queue.counts.ready;
  ++queue.counts.in_flight;
  ++queue.counts.deliveries;
  if (m.deliveries++ > 0) ++queue.counts.redeliveries;
  if (m.deliveries == 1) host_.observe(ChannelTime::waiting, q, host_.now() - m.accepted);
  ++instance.held;
  if (settings(q).ack == AckMode::automatic) keep_bytes(-static_cast<std::int64_t>(m.envelope.bytes));
  take_turn(q, i);
  start_waiting(q, i);
}

// Handlers for what waits in the instance's buffer, as many as it runs at a time.
void QueueBroker::start_waiting(std::uint32_t q, std::uint32_t i) {
  for (;;) {
    Instance& instance = queues_[q].instances[i];
    if (!instance.up || instance.suspect > 0 || instance.waiting == kNobody ||
        instance.handling >= settings(q).consumers.concurrency) {
      return;
    }
    const std::uint32_t d = instance.waiting;
    Delivery& delivery = deliveries_[d];
    instance.waiting = delivery.next;
    ++instance.handling;
    delivery.started = true;
    delivery.started_ns = host_.now();
    const Envelope message = messages_[delivery.message].envelope;  // the slab may move under the call
    host_.start(q, i, {&message, 1}, (static_cast<std::uint64_t>(delivery.generation) << 32) | d);
  }
}

// Off the instance's list and free; its message, if any, is the caller's to care for.
void QueueBroker::drop_delivery(std::uint32_t d) {
  Delivery& delivery = deliveries_[d];
  Instance& instance = queues_[delivery.queue].instances[delivery.instance];
  if (instance.waiting == d) instance.waiting = delivery.next;
  (delivery.prev == kNobody ? instance.first : deliveries_[delivery.prev].next) = delivery.next;
  (delivery.next == kNobody ? instance.last : deliveries_[delivery.next].prev) = delivery.prev;
  if (delivery.started) --instance.handling;
  if (delivery.message != kNobody) {
    messages_[delivery.message].delivery = kNobody;
    --instance.held;
  }
  ++delivery.generation;
  delivery.next = free_delivery_;
  free_delivery_ = d;
}

void QueueBroker::handled(std::uint64_t token, Outcome outcome) {
  const auto d = static_cast<std::uint32_t>(token);
  if (d >= deliveries_.size() || deliveries_[d].generation != static_cast<std::uint32_t>(token >> 32) ||
      !deliveries_[d].started) {
    return;
  }
  ++turns_;
  Delivery& delivery = deliveries_[d];
  if (outcome == Outcome::network && delivery.message != kNobody) {
    // The instance has crashed, or a call of its handler ended so. Which of both is known before this instant
    // is over; until then the message stays with it, and it gets nothing.
    Instance& instance = queues_[delivery.queue].instances[delivery.instance];
    delivery.started = false;
    --instance.handling;
    ++instance.suspect;
    suspects_.push({delivery.queue, delivery.instance, d, delivery.generation});
    wake(Timer::resume, 0, 0, host_.now());
  } else {
    conclude(d, outcome);
  }
  end_turn();
}

void QueueBroker::resume() {
  const Suspect s = suspects_.pop();
  --queues_[s.queue].instances[s.instance].suspect;
  if (deliveries_[s.delivery].generation == s.generation) return conclude(s.delivery, Outcome::error);
  take_turn(s.queue, s.instance);
  start_waiting(s.queue, s.instance);
}

void QueueBroker::conclude(std::uint32_t d, Outcome outcome) {
  const Delivery was = deliveries_[d];
  const QueueSettings& its = settings(was.queue);
  drop_delivery(d);
  if (was.message == kNobody) {
    // Taken back while it was handled: its acknowledgement means nothing any more.
  } else if (its.ack == AckMode::automatic) {
    finish(was.message, outcome == Outcome::success ? Fate::consumed : Fate::lost);
  } else if (outcome == Outcome::success) {
    const bool arrives = its.ack_failure == 0 || host_.random(was.queue) >= its.ack_failure;
    arrives ? finish(was.message, Fate::consumed) : give_back(was.message, 0);
  } else if (its.on_failure == BrokerOnFailure::requeue) {
    const std::vector<std::int64_t>& delays = its.redelivery_delays_ns;
    const std::uint32_t times = messages_[was.message].deliveries;
    const std::int64_t delay = delays.empty() ? 0 : delays[std::min<std::size_t>(times, delays.size()) - 1];
    give_back(was.message, was.started_ns == host_.now() ? std::max(delay, its.instant_failure_ns) : delay);
  } else {
    take_back(was.message);
    leave(was.message, Why::rejected);
  }
  take_turn(was.queue, was.instance);
  start_waiting(was.queue, was.instance);
}

void QueueBroker::take_back(std::uint32_t slot) {
  Message& m = messages_[slot];
  PlaceCounts& counts = queues_[m.queue].counts;
  --counts.in_flight;
  ++counts.ready;
  ++m.generation;
  m.at = At::leaving;
}

// To be delivered again, unless it was delivered often enough.
void QueueBroker::give_back(std::uint32_t slot, std::int64_t delay_ns) {
  take_back(slot);
  Message& m = messages_[slot];
  const QueueSettings& its = settings(m.queue);
  if (its.max_delivery_count != kNoLimit && m.deliveries >= its.max_delivery_count)
    return leave(slot, Why::delivery_limit);
  if (delay_ns == 0) return make_ready(slot);
  m.at = At::delayed;
  wake(Timer::message, slot, m.generation, sim::saturating_add(host_.now(), delay_ns));
}

void QueueBroker::choose_active(std::uint32_t q) {
  Queue& queue = queues_[q];
  queue.active = kNobody;
  for (std::uint32_t i = 0; i < queue.instances.size(); ++i) {
    if (queue.instances[i].up &&
        (queue.active == kNobody || queue.instances[i].seniority < queue.instances[queue.active].seniority)) {
      queue.active = i;
    }
  }
}

// Who has cancelled its subscription, or gives no credit, handles what it holds.
void QueueBroker::set_intake(std::uint32_t q, std::uint32_t i, Intake intake) {
  ++turns_;
  queues_[q].instances[i].intake = intake;
  take_turn(q, i);
  end_turn();
}

void QueueBroker::instance_changed(std::uint32_t q, std::uint32_t i, bool up) {
  Queue& queue = queues_[q];
  Instance& instance = queue.instances[i];
  if (instance.up == up) return;
  ++turns_;
  instance.up = up;
  if (up) {
    ++queue.up;
    ++queue.ttl_generation;
    queue.exists = true;  // consumers declare their queue
    if (instance.intake == Intake::leaving) instance.intake = Intake::open;
    instance.seniority = queue.registrations++;
  } else {
    --queue.up;
    // The last delivered first: each then finds its place at the head.
    while (instance.last != kNobody) {
      const std::uint32_t slot = deliveries_[instance.last].message;
      drop_delivery(instance.last);
      if (slot == kNobody) continue;
      settings(q).ack == AckMode::automatic ? finish(slot, Fate::lost) : give_back(slot, 0);
    }
    if (queue.up == 0 && settings(q).queue_ttl_ns >= 0) {
      wake(Timer::queue_ttl, q, ++queue.ttl_generation,
           sim::saturating_add(host_.now(), settings(q).queue_ttl_ns));
    }
  }
  if (settings(q).single_active_consumer && (up ? queue.active == kNobody : queue.active == i)) {
    choose_active(q);
    if (queue.active != kNobody) take_turn(q, queue.active);
  }
  take_turn(q, i);
  end_turn();
}

}  // namespace tailrace::models
