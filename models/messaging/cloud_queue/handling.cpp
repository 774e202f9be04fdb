#include "models/messaging/cloud_queue/cloud_queue.hpp"

#include <algorithm>

#include "models/policies/retry/retry.hpp"

namespace tailrace::models {

// From a handler's begin to what becomes of its message: deletes, failures, dead letters.

bool CloudQueue::begin_next(std::uint32_t instance) {
  Instance& i = instances_[instance];
  if (!i.up || i.first == kNobody || free_workers(i) <= 0) return false;
  const std::uint32_t first = i.first;
  i.first = deliveries_[first].next;
  if (i.first == kNobody) i.last = kNobody;
  deliveries_[first].next = kNobody;
  if (s_.skip_expired && !valid(deliveries_[first])) {
    skip(first, Outcome::success);
    return true;
  }
  ++i.running;
  together_.clear();
  for (std::uint32_t d = first; d != kNobody; d = s_.whole_batch ? deliveries_[d].then : kNobody) {
    deliveries_[d].state = Delivery::State::running;
    together_.push_back(deliveries_[d].envelope);
  }
  host_.start(0, instance, together_, (std::uint64_t{deliveries_[first].generation} << 32) | first);
  return true;
}

bool CloudQueue::valid(const Delivery& d) const {
  return store_.is(d.message, d.serial) && store_[d.message].receives == d.receipt &&
         store_[d.message].state == StoredMessage::State::hidden;
}

bool CloudQueue::runs(std::uint64_t token) const {
  const auto slot = static_cast<std::uint32_t>(token);
  return slot < deliveries_.size() && deliveries_[slot].generation == token >> 32 &&
         deliveries_[slot].state == Delivery::State::running;
}

void CloudQueue::ends_by(std::uint64_t token, std::int64_t when) {
  if (!runs(token)) return;
  for (auto d = static_cast<std::uint32_t>(token); d != kNobody;
       d = s_.whole_batch ? deliveries_[d].then : kNobody)
    deliveries_[d].ends_ns = std::min(deliveries_[d].ends_ns, when);
}

void CloudQueue::handled(std::uint64_t token, Outcome outcome) {
  if (!runs(token)) return;
  const auto slot = static_cast<std::uint32_t>(token);
  const std::uint32_t instance = deliveries_[slot].instance;
  Instance& i = instances_[instance];
  --i.running;
  std::uint32_t behind = deliveries_[slot].then;
  if (outcome == Outcome::success) {
    failures_in_a_row_ = 0;
    send_delete(deliveries_[slot]);
  } else {
    ++failures_in_a_row_;
    fail(deliveries_[slot], outcome);
  }
  release(slot);
  while (s_.whole_batch && behind != kNobody) {
    const std::uint32_t d = behind;
    behind = deliveries_[d].then;
    if (outcome == Outcome::success)
      send_delete(deliveries_[d]);
    else
      fail(deliveries_[d], outcome);
    release(d);
  }
  if (behind != kNobody && outcome == Outcome::success) {
    deliveries_[behind].state = Delivery::State::waiting;
    deliveries_[behind].next = i.first;
    if (i.first == kNobody) i.last = behind;
    i.first = behind;
  } else if (behind != kNobody) {
    skip(behind, outcome);
  }
  pause_if_failing();
  serve();
  if (outcome == Outcome::network)  // perhaps it crashed, and we are told in a moment
    wake(Timer::settle, instance, i.generation, host_.now());
  else
    settle(instance);
  serve();
}

void CloudQueue::fail(const Delivery& d, Outcome outcome) {
  if (!valid(d)) return;
  StoredMessage& m = store_[d.message];
  if (s_.give_up_at_failure && s_.max_receives != kUnlimited &&
      static_cast<std::int64_t>(m.receives) >= s_.max_receives) {
    give_up(d.message);
    return;
  }
  const bool tells = outcome != Outcome::network || s_.release_on_crash;
  if (s_.on_failure == CloudOnFailure::wait || !tells) {
    let_go(d);
    return;
  }
  double pause = static_cast<double>(backoff_ceiling(s_.backoff, m.receives).ns);
  if (pause > 0 && s_.backoff.jitter != Jitter::none) {
    const double u = chance(CloudQueueModel::kJitter);
    pause *= s_.backoff.jitter == Jitter::equal ? 0.5 + 0.5 * u : u;
  }
  const std::int64_t ns = sim::Duration::from_ns(pause).ns;
  m.holder = kNobody;
  if (ns > 0) {
    store_.hide_until(d.message, sim::saturating_add(host_.now(), ns));
    arm_due();
  } else {
    store_.show(d.message, host_.now(), s_.at_its_place);
  }
}

void CloudQueue::skip(std::uint32_t delivery, Outcome outcome) {
  while (delivery != kNobody) {
    const std::uint32_t behind = deliveries_[delivery].then;
    const Delivery& d = deliveries_[delivery];
    ++received_.skipped;
    if (valid(d) && s_.on_failure == CloudOnFailure::make_visible && outcome != Outcome::network)
      store_.show(d.message, host_.now(), s_.at_its_place);
    else
      let_go(d);
    release(delivery);
    delivery = behind;
  }
}

void CloudQueue::let_go(const Delivery& d) {
  if (!valid(d)) return;
  store_[d.message].holder = kNobody;
  if (s_.extend_interval_ns > 0 || d.ends_ns < CloudQueueSettings::kNever) {
    store_.hide_until(d.message, std::min(hidden_until(d, host_.now()), d.ends_ns));
    arm_due();
  }
}

std::int64_t CloudQueue::hidden_until(const Delivery& d, std::int64_t held_until) const {
  std::int64_t from = d.received_ns;
  if (s_.extend_interval_ns > 0) {
    const std::int64_t held = std::min(held_until - d.received_ns, s_.extend_until_ns);
    from += held / s_.extend_interval_ns * s_.extend_interval_ns;
  }
  return sim::saturating_add(from, s_.visibility_timeout_ns);
}

void CloudQueue::pause_if_failing() {
  if (s_.pause_after_failures == 0 || failures_in_a_row_ < s_.pause_after_failures) return;
  failures_in_a_row_ = s_.pause_after_failures - 1;  // after the pause, one more failure begins the next
  if (host_.now() < paused_until_) return;
  paused_until_ = sim::saturating_add(host_.now(), s_.pause_ns);
  note(CloudQueueModel::kPaused);
  wake(Timer::resume, 0, 0, paused_until_);
}

std::uint32_t CloudQueue::new_delivery() {
  if (free_deliveries_.empty()) {
    deliveries_.emplace_back();
    return static_cast<std::uint32_t>(deliveries_.size() - 1);
  }
  const std::uint32_t id = free_deliveries_.back();
  free_deliveries_.pop_back();
  return id;
}

void CloudQueue::release(std::uint32_t delivery) {
  Delivery& d = deliveries_[delivery];
  if (store_.is(d.message, d.serial) && store_[d.message].holder == delivery)
    store_[d.message].holder = kNobody;
  (d.held_previous == kNobody ? instances_[d.instance].held : deliveries_[d.held_previous].held_next) =
      d.held_next;
  if (d.held_next != kNobody) deliveries_[d.held_next].held_previous = d.held_previous;
  d.state = Delivery::State::free;
  ++d.generation;
  free_deliveries_.push_back(delivery);
  host_.release(d.envelope);
}

void CloudQueue::instance_changed(std::uint32_t, std::uint32_t instance, bool up) {
  Instance& i = instances_[instance];
  if (i.up == up) return;
  i.up = up;
  if (up) {
    if (i.intake == Intake::leaving) i.intake = Intake::open;
    settle(instance);
    return;
  }
  if (i.in_line) leave_line(instance);
  ++i.generation;
  ++i.deletes_generation;
  i.asking = false;
  i.running = 0;
  i.first = i.last = i.coming = kNobody;
  unsent_[instance].clear();
  while (i.held != kNobody) {
    const std::uint32_t held = i.held;
    const Delivery& d = deliveries_[held];
    if (s_.release_on_crash && valid(d))
      store_.show(d.message, host_.now(), s_.at_its_place);
    else
      let_go(d);
    release(held);
  }
  serve();
}

void CloudQueue::node_changed(std::uint32_t, bool up) {
  up_ = up;
  if (up) serve();
}

void CloudQueue::send_delete(const Delivery& d) {
  const Delete request{0, d.serial, d.message, d.receipt};
  let_go(d);
  if (s_.delete_batch <= 1) {
    send_deletes(&request, 1);
    return;
  }
  std::vector<Delete>& batch = unsent_[d.instance];
  batch.push_back(request);
  if (static_cast<std::int64_t>(batch.size()) >= s_.delete_batch)
    flush_deletes(d.instance);
  else if (batch.size() == 1)
    wake(Timer::flush, d.instance, instances_[d.instance].deletes_generation,
         sim::saturating_add(host_.now(), s_.delete_max_wait_ns));
}

void CloudQueue::flush_deletes(std::uint32_t instance) {
  ++instances_[instance].deletes_generation;
  std::vector<Delete>& batch = unsent_[instance];
  if (!batch.empty()) send_deletes(batch.data(), batch.size());
  batch.clear();
}

void CloudQueue::send_deletes(const Delete* deletes, std::size_t count) {
  ++received_.deletes;
  const std::int64_t now = host_.now();
  const std::int64_t sent = delete_gate_.earliest(now);
  delete_gate_.take(sent);
  const std::int64_t arrives = sim::saturating_add(sent, s_.delete_latency_ns);
  for (std::size_t k = 0; k < count; ++k) {
    Delete request = deletes[k];
    request.arrives = arrives;
    if (arrives <= now && deletes_.empty())
      apply_delete(request);
    else
      deletes_.push(request);
  }
  if (!deletes_.empty() && !deletes_armed_) {
    deletes_armed_ = true;
    wake(Timer::deletes, 0, 0, deletes_.front().arrives);
  }
}

void CloudQueue::on_deletes() {
  deletes_armed_ = false;
  while (!deletes_.empty() && deletes_.front().arrives <= host_.now()) {
    apply_delete(deletes_.pop());
  }
  if (!deletes_.empty()) {
    deletes_armed_ = true;
    wake(Timer::deletes, 0, 0, deletes_.front().arrives);
  }
  serve();
}

void CloudQueue::apply_delete(const Delete& d) {
  if (!up_) return;
  bool good = false;
  if (store_.is(d.message, d.serial)) {
    const StoredMessage& m = store_[d.message];
    const bool latest = m.receives == d.receipt;
    good = latest && m.state == StoredMessage::State::hidden;
    if (!s_.fifo && s_.late_delete == LateDelete::latest) good = latest;
    if (!s_.fifo && s_.late_delete == LateDelete::accepted) good = true;
  }
  if (!good) {
    ++received_.late;
    return;
  }
  if (s_.duplicate_probability > 0 && chance(CloudQueueModel::kDuplicate) < s_.duplicate_probability) return;
  end(d.message, Fate::consumed);
}

void CloudQueue::give_up(std::uint32_t message) {
  bool kept = true;
  if (s_.dead_letter != kNone) {
    Envelope moved = store_[message].envelope;
    moved.entry = s_.dead_letter_entry;
    moved.delay_us = 0;
    if (moved.redirected < 255) ++moved.redirected;
    // Queues may be each other's dead-letter queues: what comes back to this one meanwhile only joins it.
    const bool outer = serving_;
    serving_ = true;
    kept = host_.forward(static_cast<std::uint32_t>(s_.dead_letter), moved);
    serving_ = outer;
  }
  end(message, kept ? Fate::dead_lettered : Fate::dropped);
}

void CloudQueue::end(std::uint32_t message, Fate fate) {
  const Envelope envelope = store_[message].envelope;
  store_.remove(message, host_.now(), fate);
  host_.copy_gone(0, envelope, fate);
}

}  // namespace tailrace::models
