#include "models/messaging/cloud_queue/cloud_queue.hpp"

#include <algorithm>

namespace tailrace::models {

// Receiving: who gets what is visible, and when the next receive is due.

bool CloudQueue::closed() const {
  return !up_ || host_.now() < paused_until_ ||
         (s_.in_flight_limit != kUnlimited &&
          store_.hidden() >= static_cast<std::uint64_t>(s_.in_flight_limit));
}

std::int64_t CloudQueue::free_workers(const Instance& i) const {
  return s_.group.concurrency == kUnlimited ? s_.receive_batch : s_.group.concurrency - i.running;
}

void CloudQueue::serve() {
  if (serving_) return;
  serving_ = true;
  while (line_first_ != kNobody && !closed() && store_.any_visible()) {
    const std::uint32_t i = line_first_;
    leave_line(i);
    if (held_back(i, delete_gate_.earliest(host_.now()))) continue;
    if (receive(i))
      settle(i);
    else
      wait_at_queue(i);
  }
  serving_ = false;
}

void CloudQueue::settle(std::uint32_t instance) {
  do {
    while (begin_next(instance)) {
    }
  } while (ask(instance));
}

bool CloudQueue::ask(std::uint32_t instance) {
  Instance& i = instances_[instance];
  if (!i.up || i.intake != Intake::open || i.asking || i.in_line || i.first != kNobody ||
      free_workers(i) <= 0)
    return false;
  const std::int64_t now = host_.now();
  const bool polls = s_.wait_time_ns == 0;
  if (!polls && closed()) {
    wait_at_queue(instance);
    return false;
  }
  if (held_back(instance, std::max(receives_.earliest(now), delete_gate_.earliest(now)))) return false;
  receives_.take(now);
  if (!closed() && receive(instance)) return !instances_[instance].asking;
  if (polls) {
    ++received_.empty;
    i.asking = true;
    wake(Timer::poll, instance, i.generation, sim::saturating_add(now, s_.poll_interval_ns));
  } else {
    wait_at_queue(instance);
  }
  return false;
}

// Who has to wait with its deletes takes no more work meanwhile: otherwise a queue whose deletes are slower
// than its receives would hand out the same messages for ever.
bool CloudQueue::held_back(std::uint32_t instance, std::int64_t until) {
  if (until <= host_.now()) return false;
  instances_[instance].asking = true;
  wake(Timer::poll, instance, instances_[instance].generation, until);
  return true;
}

bool CloudQueue::receive(std::uint32_t instance) {
  Instance& i = instances_[instance];
  std::int64_t most = s_.receive_batch;
  if (s_.free_workers_only) most = std::min(most, free_workers(i));
  if (s_.in_flight_limit != kUnlimited)
    most = std::min(most, s_.in_flight_limit - static_cast<std::int64_t>(store_.hidden()));
  const bool misses = s_.wait_time_ns == 0 && s_.short_poll_miss > 0;
  std::int64_t taken = 0, looked = 0;
  std::uint32_t head = kNobody, tail = kNobody;  // of what may begin; tail's followers hang on `then`
  std::uint32_t last = kNobody, group = kNobody;
  std::uint32_t id = store_.next_visible();
  while (taken < most && id != kNobody) {
    std::uint32_t follower = kNobody;
    if (misses && !s_.fifo) {
      if (looked++ >= s_.receive_batch) break;
      follower = store_.after(id);
      if (chance(CloudQueueModel::kMiss) < s_.short_poll_miss) {
        id = follower;
        continue;
      }
    }
    if (!spent(id)) {
      const std::uint32_t of = store_[id].group;
      const std::uint32_t delivery = take(id, instance);
      ++taken;
      const bool behind = last != kNobody && (s_.whole_batch || (s_.fifo && of == group));
      Delivery& d = deliveries_[delivery];
      d.state = behind ? Delivery::State::behind : Delivery::State::travelling;
      if (behind)
        deliveries_[last].then = delivery;
      else
        (head == kNobody ? head : deliveries_[tail].next) = delivery, tail = delivery;
      last = delivery;
      group = of;
    }
    if (misses && !s_.fifo) {
      id = follower;
      continue;
    }
    // A spent message may have been its group's last: the group is then nobody's.
    id = s_.fifo && group != kNobody && taken > 0 ? store_.next_of_group(group) : kNobody;
    if (id == kNobody) id = store_.next_visible();
  }
  if (taken == 0) return false;
  ++received_.receives;
  i.coming = head;
  arm_due();
  const std::int64_t latency =
      model_.latency().is_constant()
          ? sim::Duration::from_ns(model_.latency().scale()).ns
          : sim::Duration::from_ns(model_.latency().draw(host_.random(CloudQueueModel::kLatency))).ns;
  if (latency == 0) {
    arrive(instance);
  } else {
    i.asking = true;
    wake(Timer::arrival, instance, i.generation, sim::saturating_add(host_.now(), latency));
  }
  return true;
}

bool CloudQueue::spent(std::uint32_t id) {
  if (s_.max_receives == kUnlimited || static_cast<std::int64_t>(store_[id].receives) < s_.max_receives)
    return false;
  give_up(id);
  return true;
}

std::uint32_t CloudQueue::take(std::uint32_t id, std::uint32_t instance) {
  const std::int64_t now = host_.now();
  const std::uint32_t delivery = new_delivery();
  store_.hide(id, now, sim::saturating_add(now, s_.visibility_timeout_ns));
  StoredMessage& m = store_[id];
  ++m.receives;
  m.holder = delivery;
  ++store_.raw_counts().deliveries;
  if (m.receives > 1)
    ++store_.raw_counts().redeliveries;
  else
    host_.observe(ChannelTime::waiting, 0, now - m.accepted_ns);
  Delivery& d = deliveries_[delivery];
  d.envelope = m.envelope;
  host_.hold(d.envelope);
  d.serial = m.serial;
  d.received_ns = now;
  d.ends_ns = CloudQueueSettings::kNever;
  d.message = id;
  d.receipt = m.receives;
  d.instance = instance;
  d.next = d.then = d.held_previous = kNobody;
  std::uint32_t& held = instances_[instance].held;
  d.held_next = held;
  if (held != kNobody) deliveries_[held].held_previous = delivery;
  held = delivery;
  return delivery;
}

void CloudQueue::arrive(std::uint32_t instance) {
  Instance& i = instances_[instance];
  i.asking = false;
  (i.first == kNobody ? i.first : deliveries_[i.last].next) = i.coming;
  for (std::uint32_t d = i.coming; d != kNobody; d = deliveries_[d].next) {
    deliveries_[d].state = Delivery::State::waiting;
    i.last = d;
  }
  i.coming = kNobody;
}

// Who receives no more leaves the line of those who wait for messages; what it has received it handles.
void CloudQueue::set_intake(std::uint32_t, std::uint32_t instance, Intake intake) {
  Instance& i = instances_[instance];
  i.intake = intake;
  if (intake != Intake::open && i.in_line) leave_line(instance);
  if (intake == Intake::open) settle(instance);
}

void CloudQueue::wait_at_queue(std::uint32_t instance) {
  Instance& i = instances_[instance];
  i.in_line = true;
  i.since = host_.now();
  i.previous = line_last_;
  i.next = kNobody;
  (line_last_ == kNobody ? line_first_ : instances_[line_last_].next) = instance;
  line_last_ = instance;
}

void CloudQueue::leave_line(std::uint32_t instance) {
  Instance& i = instances_[instance];
  i.in_line = false;
  received_.empty += static_cast<std::uint64_t>((host_.now() - i.since) / s_.wait_time_ns);
  (i.previous == kNobody ? line_first_ : instances_[i.previous].next) = i.next;
  (i.next == kNobody ? line_last_ : instances_[i.next].previous) = i.previous;
}

}  // namespace tailrace::models
