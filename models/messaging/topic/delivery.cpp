#include <algorithm>

#include "models/messaging/topic/state.hpp"
#include "sim/base/check.hpp"

namespace tailrace::models {

// The next in turn that may have one more; kNobody.
std::uint32_t Topic::choose(std::uint32_t s, std::uint8_t level) {
  Session& session = sessions_[s];
  const SubscriptionSettings& its = settings(s);
  const auto n = static_cast<std::uint32_t>(session.instances.size());
  for (std::uint32_t k = 0; k < n; ++k) {
    const std::uint32_t i = (session.turn + k) % n;
    const Instance& instance = session.instances[i];
    if (!instance.takes() || !broker_up_) continue;
    const std::int64_t has = instance.handling + instance.buffered;
    const bool takes = level > 0 ? its.receive_maximum < 0 || instance.window < its.receive_maximum
                                 : its.buffer < 0 || has < its.consumers.concurrency + its.buffer;
    if (takes) return i;
  }
  return kNobody;
}

void Topic::send_waiting(std::uint32_t s) {
  while (sessions_[s].waiting.first != kNobody) {
    const std::uint32_t i = choose(s, 1);
    if (i == kNobody) return;
    send(sessions_[s].waiting.first, i);
  }
}

// Off the session, over to the instance.
void Topic::send(std::uint32_t slot, std::uint32_t i) {
  Copy& copy = copies_[slot];
  Session& session = sessions_[copy.subscription];
  session.turn = (i + 1) % static_cast<std::uint32_t>(session.instances.size());
  unlink(session.waiting, slot);
  --session.waits;
  --session.counts.ready;
  ++session.counts.in_flight;
  copy.instance = i;
  append(session.instances[i].in_flight, slot);
  copy.at = At::in_flight;
  if (copy.level > 0) ++session.instances[i].window;
  if (copy.level == 2 && settings_.handshake_ns > 0) {
    copy.at = At::handshake;
    arm(slot, settings_.handshake_ns);
    return;
  }
  hand_over(slot);
  if (copies_[slot].level == 1) arm(slot, settings(copies_[slot].subscription).retransmit_interval_ns);
}

// Into the instance's buffer, where a handler will take it.
void Topic::hand_over(std::uint32_t slot) {
  std::uint32_t d = free_delivery_;
  if (d == kNobody) {
    d = static_cast<std::uint32_t>(deliveries_.size());
    deliveries_.emplace_back();
  } else {
    free_delivery_ = deliveries_[d].next;
  }
  Copy& copy = copies_[slot];
  Session& session = sessions_[copy.subscription];
  Instance& instance = session.instances[copy.instance];
  Delivery& delivery = deliveries_[d];
  const std::uint32_t generation = delivery.generation;
  delivery = Delivery{};
  delivery.envelope = copy.envelope;
  host_.hold(delivery.envelope);
  delivery.copy = slot;
  delivery.serial = copy.serial;
  delivery.subscription = copy.subscription;
  delivery.instance = copy.instance;
  delivery.generation = generation;
  delivery.prev = instance.deliveries.last;
  (delivery.prev == kNobody ? instance.deliveries.first : deliveries_[delivery.prev].next) = d;
  instance.deliveries.last = d;
  if (instance.next_to_start == kNobody) instance.next_to_start = d;
  ++instance.buffered;
  ++copy.buffered;
  ++session.counts.deliveries;
  if (copy.sent++ > 0) {
    ++session.counts.redeliveries;
  } else {
    host_.observe(ChannelTime::waiting, copy.subscription, host_.now() - copy.accepted);
  }
  mark(copy.subscription);
}

void Topic::start_buffered(std::uint32_t s, std::uint32_t i) {
  for (;;) {
    Instance& instance = sessions_[s].instances[i];
    if (instance.next_to_start == kNobody || instance.handling >= settings(s).consumers.concurrency) return;
    const std::uint32_t d = instance.next_to_start;
    Delivery& delivery = deliveries_[d];
    instance.next_to_start = delivery.next;
    delivery.started = true;
    ++instance.handling;
    --instance.buffered;
    if (copies_[delivery.copy].serial == delivery.serial) --copies_[delivery.copy].buffered;
    const Envelope message = delivery.envelope;
    host_.start(s, i, {&message, 1}, (static_cast<std::uint64_t>(delivery.generation) << 32) | d);
  }
}

void Topic::drop_delivery(std::uint32_t d) {
  Delivery& delivery = deliveries_[d];
  Instance& instance = sessions_[delivery.subscription].instances[delivery.instance];
  if (instance.next_to_start == d) instance.next_to_start = delivery.next;
  (delivery.prev == kNobody ? instance.deliveries.first : deliveries_[delivery.prev].next) = delivery.next;
  (delivery.next == kNobody ? instance.deliveries.last : deliveries_[delivery.next].prev) = delivery.prev;
  if (delivery.started) {
    --instance.handling;
  } else {
    --instance.buffered;
    if (copies_[delivery.copy].serial == delivery.serial) --copies_[delivery.copy].buffered;
  }
  ++delivery.generation;
  delivery.next = free_delivery_;
  free_delivery_ = d;
  host_.release(delivery.envelope);
}

void Topic::arm(std::uint32_t slot, std::int64_t after) {
  const std::uint32_t generation = ++copies_[slot].generation & kGenerationMask;
  if (after < 0) return;
  host_.wake_at(sim::saturating_add(host_.now(), after), (static_cast<std::uint64_t>(Timer::message) << 60) |
                                                             (static_cast<std::uint64_t>(generation) << 32) |
                                                             slot);
}

bool Topic::ack_lost(std::uint32_t s) {
  return settings(s).ack_failure != 0 && host_.random(s) < settings(s).ack_failure;
}

void Topic::timer(std::uint64_t what) {
  const auto slot = static_cast<std::uint32_t>(what);
  if (static_cast<Timer>(what >> 60) == Timer::will)
    return will_due(slot, static_cast<std::uint32_t>(what >> 32) & kGenerationMask);
  ++turns_;
  if (static_cast<Timer>(what >> 60) == Timer::answer) {
    const std::uint64_t ticket = pending_[slot].ticket;
    pending_[slot].next = free_pending_;
    free_pending_ = slot;
    // A broker that has died says no more.
    if (broker_up_) host_.answer(ticket, Outcome::success);
  } else if ((copies_[slot].generation & kGenerationMask) ==
             (static_cast<std::uint32_t>(what >> 32) & kGenerationMask)) {
    Copy& copy = copies_[slot];
    const std::int64_t again = settings(copy.subscription).retransmit_interval_ns;
    if (copy.at == At::handshake && !broker_up_) {
      take_back(slot);
    } else if (copy.at == At::handshake && again >= 0 && ack_lost(copy.subscription)) {
      arm(slot, again);  // a lost packet of the handshake costs time, and no duplicate
    } else if (copy.at == At::handshake) {
      copy.at = At::in_flight;
      hand_over(slot);
    } else if (copy.at == At::in_flight) {
      // The instance has one of these to begin with already: a second changes nothing.
      // At level 2 the subscriber has it, and tries again without the broker.
      const bool comes =
          copy.level == 2 ||
          (broker_up_ && sessions_[copy.subscription].instances[copy.instance].intake == Intake::open);
      if (copy.buffered == 0 && comes) hand_over(slot);
      if (copies_[slot].level == 1) arm(slot, again);
    }
  }
  end_turn();
}

void Topic::handled(std::uint64_t token, Outcome outcome) {
  const auto d = static_cast<std::uint32_t>(token);
  if (d >= deliveries_.size() || deliveries_[d].generation != static_cast<std::uint32_t>(token >> 32) ||
      !deliveries_[d].started) {
    return;
  }
  const Delivery was = deliveries_[d];
  ++turns_;
  drop_delivery(d);
  mark(was.subscription);
  if (copies_[was.copy].serial == was.serial) {  // otherwise a repetition of what is acknowledged
    const std::uint8_t level = copies_[was.copy].level;
    if (outcome == Outcome::success) {
      // Level 2: once handled, an acknowledgement that gets lost is repeated without the handler.
      if (level != 1 || !ack_lost(was.subscription)) finish(was.copy, Fate::consumed);
    } else if (level == 0) {
      finish(was.copy, Fate::lost);
    } else if (level == 2) {
      arm(was.copy, settings(was.subscription).retransmit_interval_ns);
    }
  }
  end_turn();
}

// From its instance back into the session, where it was.
void Topic::take_back(std::uint32_t slot) {
  Copy& copy = copies_[slot];
  Session& session = sessions_[copy.subscription];
  unlink(list_of(copy), slot);
  --session.instances[copy.instance].window;
  --session.counts.in_flight;
  ++session.counts.ready;
  ++session.waits;
  ++copy.generation;
  copy.at = At::waiting;
  copy.next = session.waiting.first;
  copy.prev = kNobody;
  while (copy.next != kNobody && copies_[copy.next].order < copy.order) {
    copy.prev = copy.next;
    copy.next = copies_[copy.next].next;
  }
  (copy.prev == kNobody ? session.waiting.first : copies_[copy.prev].next) = slot;
  (copy.next == kNobody ? session.waiting.last : copies_[copy.next].prev) = slot;
  mark(copy.subscription);
}

// Off a clean session that ends.
void Topic::lose_waiting(std::uint32_t s) {
  while (sessions_[s].waiting.first != kNobody) finish(sessions_[s].waiting.first, Fate::lost);
}

void Topic::instance_changed(std::uint32_t s, std::uint32_t i, bool up) {
  Session& session = sessions_[s];
  Instance& instance = session.instances[i];
  if (instance.up == up) return;
  ++turns_;
  instance.up = up;
  ++instance.absences;
  mark(s);
  if (up) {
    const bool resubscribes = session.up++ == 0 && settings(s).clean_session;
    if (resubscribes && has_retained_ && broker_up_ && model_.matches(s, retained_.route))
      offer(s, retained_);
  } else {
    --session.up;
    const bool farewell = instance.intake == Intake::leaving && instance.handling == 0;
    if (instance.intake == Intake::leaving) instance.intake = Intake::open;
    while (instance.deliveries.last != kNobody) drop_delivery(instance.deliveries.last);
    while (instance.in_flight.last != kNobody) {
      const std::uint32_t slot = instance.in_flight.last;
      copies_[slot].level == 0 ? finish(slot, Fate::lost) : take_back(slot);
    }
    if (session.up == 0 && settings(s).clean_session) lose_waiting(s);
    if (settings(s).will && !farewell) arm_will(s, i);
  }
  end_turn();
}

void Topic::set_intake(std::uint32_t s, std::uint32_t i, Intake intake) {
  sessions_[s].instances[i].intake = intake;
  ++turns_;
  mark(s);
  end_turn();
}

}  // namespace tailrace::models
