#include "models/messaging/cloud_queue/cloud_queue.hpp"

#include <algorithm>

#include "sim/base/check.hpp"

namespace tailrace::models {

namespace {

constexpr std::uint32_t kMostInstances = 1u << 24;  // an instance's number is part of a timer's

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
    } else {  // the instances ask one after the other, evenly over the interval, however long that is
      const std::int64_t n = s_.group.instances, interval = s_.poll_interval_ns;
      instances_[i].asking = true;
      wake(Timer::poll, i, 0, sim::saturating_add(host_.now(), interval / n * i + interval % n * i / n));
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
  events_.clear();
  store_.reset_counts(now);
}

ChannelRecord CloudQueue::record() const {
  ChannelCounts counts = counts_;
  const ReceiveCounts polls = receive_counts();
  counts.receives = polls.receives;
  counts.empty_receives = polls.empty;
  counts.late_deletes = polls.late;
  return {counts, {store_.counts(host_.now())}, events_};
}

std::size_t CloudQueue::bytes() const {
  return store_.bytes() + seen_.bytes() + seen_ids_.bytes();
}

double CloudQueue::chance(CloudQueueModel::Purpose purpose) {
  return static_cast<double>(host_.random(purpose) >> 11) * 0x1p-53;
}

}  // namespace tailrace::models
