#include "models/messaging/cloud_queue/cloud_queue.hpp"

#include <algorithm>

#include "models/policies/retry/retry.hpp"
#include "sim/base/check.hpp"

namespace tailrace::models {

namespace {

constexpr std::uint32_t kMostInstances = 1u << 24;  // an instance's number is part of a timer's

double uniform(std::uint64_t bits) {
  return static_cast<double>(bits >> 11) * 0x1p-53;
}

std::int64_t spacing(double per_s, std::int64_t messages) {
  return per_s > 0 ? std::max<std::int64_t>(
                         1, sim::Duration::from_seconds(1 / (per_s * static_cast<double>(messages))).ns)
                   : 0;
}

}  // namespace

CloudQueue::CloudQueue(const CloudQueueModel& model, ChannelHost& host)
    : model_(model), s_(model.settings()), host_(host), store_(s_.fifo, s_.one_group) {
  const auto instances = static_cast<std::size_t>(s_.group.instances);
  TAILRACE_CHECK(instances < kMostInstances);
  instances_.resize(instances);
  unsent_.resize(instances);
  for (auto& batch : unsent_) batch.reserve(static_cast<std::size_t>(s_.delete_batch));
  together_.reserve(static_cast<std::size_t>(s_.whole_batch ? s_.receive_batch : 1));
  sends_.spacing_ns = spacing(s_.transactions_per_s, s_.send_batch);
  group_sends_ = KeyMap<RateGate>(sends_);
  if (!s_.limit_per_group) receives_.spacing_ns = delete_gate_.spacing_ns = spacing(s_.transactions_per_s, 1);
  for (std::uint32_t i = 0; i < instances_.size(); ++i) {
    if (s_.wait_time_ns > 0) {
      wait_at_queue(i);
    } else {  // the instances ask one after the other
      instances_[i].asking = true;
      wake(Timer::poll, i, 0, host_.now() + s_.poll_interval_ns * i / s_.group.instances);
    }
  }
  if (s_.redrive_to != kNone) wake(Timer::redrive, 0, 0, s_.redrive_start_ns);
}

// ---- publishing

std::uint32_t CloudQueue::place(Envelope&) {
  return up_ ? 0 : kNobody;
}

Publication CloudQueue::publish(const Envelope& message, bool, std::uint64_t) {
  if (!up_) return Publication::unavailable;
  const bool full = s_.capacity != kUnlimited && store_.size() >= static_cast<std::uint64_t>(s_.capacity);
  if (full || throttled(message)) {
    ++counts_.refused;
    return Publication::refused;
  }
  ++counts_.published;
  if (repeated(message)) {
    ++counts_.deduplicated;
    return Publication::accepted;
  }
  const std::int64_t now = host_.now();
  const std::int64_t delay =
      !s_.fifo && message.delay_us > 0 ? std::int64_t{1000} * message.delay_us : s_.delivery_delay_ns;
  host_.copy_made(0, message);
  store_.add(message, now, sim::saturating_add(now, delay));
  arm_retention();
  if (delay > 0)
    arm_due();
  else
    serve();
  return Publication::accepted;
}

// What another queue forwards is moved inside the service: no request, no repetition.
bool CloudQueue::throttled(const Envelope& message) {
  if (sends_.spacing_ns == 0 || message.redirected > 0) return false;
  RateGate& gate = s_.limit_per_group ? group_sends_[message.key] : sends_;
  return !gate.pass(host_.now());
}

bool CloudQueue::repeated(const Envelope& message) {
  if (s_.deduplication_ns == 0 || message.redirected > 0) return false;
  const std::int64_t now = host_.now();
  while (!seen_.empty() && seen_.front().until <= now) {
    seen_ids_.erase(seen_.front().identity);
    seen_.pop();
  }
  if (seen_ids_.find(message.identity) != IdentityTable::kAbsent) return true;
  seen_ids_.insert(message.identity, 0);
  seen_.push({sim::saturating_add(now, s_.deduplication_ns), message.identity});
  return false;
}

// ---- receiving

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
  if (!i.up || i.asking || i.in_line || i.first != kNobody || free_workers(i) <= 0) return false;
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
      if (uniform(host_.random(CloudQueueModel::kMiss)) < s_.short_poll_miss) {
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
  d.serial = m.serial;
  d.received_ns = now;
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

// ---- handling

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

void CloudQueue::handled(std::uint64_t token, Outcome outcome) {
  const auto slot = static_cast<std::uint32_t>(token);
  if (slot >= deliveries_.size() || deliveries_[slot].generation != token >> 32 ||
      deliveries_[slot].state != Delivery::State::running)
    return;
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
  if (s_.on_failure == OnFailure::wait || !tells) {
    let_go(d);
    return;
  }
  double pause = static_cast<double>(backoff_ceiling(s_.backoff, m.receives).ns);
  if (pause > 0 && s_.backoff.jitter != Jitter::none) {
    const double u = uniform(host_.random(CloudQueueModel::kJitter));
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
    if (valid(d) && s_.on_failure == OnFailure::make_visible && outcome != Outcome::network)
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
  if (s_.extend_interval_ns > 0) {
    store_.hide_until(d.message, hidden_until(d, host_.now()));
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
}

void CloudQueue::instance_changed(std::uint32_t, std::uint32_t instance, bool up) {
  Instance& i = instances_[instance];
  if (i.up == up) return;
  i.up = up;
  if (up) {
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

// ---- ending

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
    const Delete request = deletes_.front();
    deletes_.pop();
    apply_delete(request);
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
  if (s_.duplicate_probability > 0 &&
      uniform(host_.random(CloudQueueModel::kDuplicate)) < s_.duplicate_probability)
    return;
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

// ---- time

void CloudQueue::wake(Timer timer, std::uint32_t index, std::uint32_t generation, std::int64_t when) {
  host_.wake_at(std::max(when, host_.now()), (static_cast<std::uint64_t>(timer) << 56) |
                                                 (static_cast<std::uint64_t>(index) << 32) | generation);
}

void CloudQueue::timer(std::uint64_t what) {
  const auto index = static_cast<std::uint32_t>((what >> 32) & (kMostInstances - 1));
  const auto generation = static_cast<std::uint32_t>(what);
  const auto mine = [&] { return instances_[index].generation == generation; };
  switch (static_cast<Timer>(what >> 56)) {
    case Timer::due:
      if (generation == due_generation_) on_due();
      break;
    case Timer::retention:
      on_retention();
      break;
    case Timer::poll:
      if (!mine()) break;
      instances_[index].asking = false;
      settle(index);
      break;
    case Timer::arrival:
      if (!mine()) break;
      arrive(index);
      settle(index);
      break;
    case Timer::settle:
      if (mine()) settle(index);
      serve();
      break;
    case Timer::flush:
      if (instances_[index].deletes_generation == generation) flush_deletes(index);
      serve();
      break;
    case Timer::deletes:
      on_deletes();
      break;
    case Timer::redrive:
      redrive();
      break;
    case Timer::resume:
      note(CloudQueueModel::kResumed);
      serve();
      break;
  }
}

void CloudQueue::arm_due() {
  const std::uint32_t first = store_.first_due();
  if (first == kNobody || store_[first].due_ns >= CloudQueueSettings::kNever) return;
  if (due_armed_ >= 0 && due_armed_ <= store_[first].due_ns) return;
  due_armed_ = store_[first].due_ns;
  wake(Timer::due, 0, ++due_generation_, due_armed_);
}

void CloudQueue::on_due() {
  due_armed_ = -1;
  const std::int64_t now = host_.now();
  for (std::uint32_t id = store_.first_due(); id != kNobody && store_[id].due_ns <= now;
       id = store_.first_due()) {
    const StoredMessage& m = store_[id];
    if (m.holder != kNobody) {  // heartbeats since, all at once
      if (const std::int64_t until = hidden_until(deliveries_[m.holder], now); until > now) {
        store_.hide_until(id, until);
        continue;
      }
    }
    store_.show(id, now, m.state == StoredMessage::State::hidden && s_.at_its_place);
  }
  arm_due();
  serve();
}

void CloudQueue::arm_retention() {
  if (retention_armed_ >= 0 || s_.retention_ns >= CloudQueueSettings::kNever || store_.oldest() == kNobody)
    return;
  retention_armed_ = sim::saturating_add(store_[store_.oldest()].accepted_ns, s_.retention_ns);
  wake(Timer::retention, 0, 0, retention_armed_);
}

void CloudQueue::on_retention() {
  retention_armed_ = -1;
  while (store_.oldest() != kNobody &&
         sim::saturating_add(store_[store_.oldest()].accepted_ns, s_.retention_ns) <= host_.now())
    end(store_.oldest(), Fate::expired);
  arm_retention();
  serve();
}

void CloudQueue::redrive() {
  const std::int64_t now = host_.now();
  const std::uint32_t id = store_.next_visible();
  if (now == s_.redrive_start_ns) note(CloudQueueModel::kRedriveBegan);
  if (up_ && id == kNobody) {
    note(CloudQueueModel::kRedriveEnded);
    return;
  }
  if (up_) {
    Envelope moved = store_[id].envelope;
    moved.entry = s_.redrive_entry;
    moved.delay_us = 0;
    const bool outer = serving_;
    serving_ = true;
    const bool kept = host_.forward(static_cast<std::uint32_t>(s_.redrive_to), moved);
    serving_ = outer;
    if (kept) end(id, Fate::dead_lettered);
  }
  wake(Timer::redrive, 0, 0, sim::saturating_add(now, s_.redrive_spacing_ns));
}

void CloudQueue::note(std::uint32_t what) {
  if (events_.size() < ChannelRecord::kMostEvents) events_.push_back({host_.now(), what, 0});
}

// ---- reports

std::int64_t CloudQueue::oldest_born(std::uint32_t) const {
  return store_.oldest() == kNobody ? -1 : store_[store_.oldest()].envelope.born;
}

ReceiveCounts CloudQueue::receive_counts() const {
  ReceiveCounts all = received_;
  for (const Instance& i : instances_)
    if (i.in_line) all.empty += static_cast<std::uint64_t>((host_.now() - i.since) / s_.wait_time_ns);
  return all;
}

void CloudQueue::reset_counts() {
  const std::int64_t now = host_.now();
  for (Instance& i : instances_)
    if (i.in_line) i.since += (now - i.since) / s_.wait_time_ns * s_.wait_time_ns;
  counts_ = {};
  received_ = {};
  store_.reset_counts(now);
}

ChannelRecord CloudQueue::record() const {
  return {counts_, {store_.counts(host_.now())}, events_};
}

std::size_t CloudQueue::bytes() const {
  return store_.bytes() + seen_.bytes() + seen_ids_.bytes();
}

}  // namespace tailrace::models
