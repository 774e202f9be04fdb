#include "models/messaging/event_log/shared_group.hpp"

#include <algorithm>

#include "models/messaging/event_log/hash.hpp"
#include "sim/base/check.hpp"

namespace tailrace::models::event_log {

namespace {

std::uint64_t place_in_log(std::uint32_t partition, std::uint64_t offset) {
  return static_cast<std::uint64_t>(partition) << 44 | offset;
}

}  // namespace

SharedGroup::SharedGroup(Core& core, std::uint32_t group, std::uint32_t first_lane)
    : core_(core),
      s_(core.settings.groups[group]),
      group_(group),
      first_lane_(first_lane),
      positions_(core.settings.partitions),
      lanes_(std::size_t{s_.instances} * s_.concurrency),
      up_(s_.instances, 1),
      intakes_(s_.instances, Intake::open),
      held_of_(core.settings.partitions) {
  for (std::uint32_t i = s_.present; i < s_.instances; ++i) up_[i] = 0;
  find_present();
  count_idle();
}

void SharedGroup::find_present() {
  present_.clear();
  for (std::uint32_t i = 0; i < up_.size(); ++i) {
    if (up_[i] != 0) present_.push_back(i);
  }
}

std::uint32_t SharedGroup::make(std::uint32_t partition, std::uint64_t offset) {
  std::uint32_t d = 0;
  if (unused_.empty()) {
    d = static_cast<std::uint32_t>(deliveries_.size());
    deliveries_.emplace_back();
  } else {
    d = unused_.back();
    unused_.pop_back();
  }
  Delivery& delivery = deliveries_[d];
  delivery.offset = offset;
  delivery.partition = partition;
  delivery.attempts = 0;
  delivery.state = State::queued;
  return d;
}

void SharedGroup::release(std::uint32_t d) {
  Delivery& delivery = deliveries_[d];
  ++delivery.life;
  ++delivery.round;
  delivery.state = State::free;
  unused_.push_back(d);
}

void SharedGroup::push(Line& line, std::uint32_t d) {
  deliveries_[d].next = kNone;
  if (line.head == kNone) {
    line.head = d;
  } else {
    deliveries_[line.tail].next = d;
  }
  line.tail = d;
  ++line.size;
}

void SharedGroup::push_front(Line& line, std::uint32_t d) {
  deliveries_[d].next = line.head;
  if (line.head == kNone) line.tail = d;
  line.head = d;
  ++line.size;
}

// The first that still needs to be delivered.
std::uint32_t SharedGroup::pop(Line& line) {
  while (line.head != kNone) {
    const std::uint32_t d = line.head;
    line.head = deliveries_[d].next;
    --line.size;
    if (deliveries_[d].state == State::queued) return d;
    release(d);  // acknowledged late
  }
  return kNone;
}

void SharedGroup::hold(std::uint32_t lane, std::uint32_t d) {
  Delivery& delivery = deliveries_[d];
  delivery.state = State::held;
  delivery.lane = lane;
  held_[place_in_log(delivery.partition, delivery.offset)] = d;
  ++held_of_[delivery.partition];
  Line& line = holding(lane);
  delivery.previous = line.tail;
  push(line, d);
}

void SharedGroup::unhold(std::uint32_t d) {
  Delivery& delivery = deliveries_[d];
  Line& line = holding(delivery.lane);
  (delivery.previous == kNone ? line.head : deliveries_[delivery.previous].next) = delivery.next;
  (delivery.next == kNone ? line.tail : deliveries_[delivery.next].previous) = delivery.previous;
  --line.size;
  held_.erase(place_in_log(delivery.partition, delivery.offset));
  --held_of_[delivery.partition];
  delivery.state = State::queued;
}

std::uint64_t SharedGroup::look_ahead() const {
  return std::min(s_.look_ahead, s_.look_ahead_per_worker * present_.size() * s_.concurrency);
}

// Into the worker's line what is held for it and has room now. What its broker cannot read is passed over.
void SharedGroup::refill(std::uint32_t at) {
  Lane& lane = lanes_[at];
  if (!takes(at / s_.concurrency)) return;
  for (std::uint32_t d = lane.held.head; d != kNone && lane.line.size < s_.receiver_queue_size;) {
    const std::uint32_t next = deliveries_[d].next;
    if (core_.partitions[deliveries_[d].partition].leader == kNobody) {
      stalled_ = true;
    } else {
      unhold(d);
      push(lane.line, d);
    }
    d = next;
  }
}

void SharedGroup::refill_all() {
  stalled_ = false;
  for (std::uint32_t at = 0; at < lanes_.size(); ++at) {
    refill(at);
    if (lanes_[at].work == Lane::Work::none && up_[at / s_.concurrency] != 0) begin_next(at);
  }
}

// shared: the next message nobody has had, partition by partition in turn.
std::uint32_t SharedGroup::next_new() {
  const auto n = static_cast<std::uint32_t>(positions_.size());
  for (std::uint32_t k = 0; k < n; ++k) {
    const std::uint32_t p = next_partition_;
    next_partition_ = p + 1 == n ? 0 : p + 1;
    const PartitionLog& log = core_.partitions[p];
    if (log.leader == kNobody) continue;
    std::uint64_t& at = positions_[p];
    at = std::max(at, log.records.begin());
    while (at < log.visible && (log.records[at].alive >> group_ & 1u) == 0) ++at;
    if (at < log.visible) return make(p, at++);
  }
  return kNone;
}

// The next free worker in turn; kNone when nobody is free.
std::uint32_t SharedGroup::idle_lane() {
  if (idle_ == 0) return kNone;
  const auto n = static_cast<std::uint32_t>(lanes_.size());
  for (std::uint32_t k = 0; k < n; ++k) {
    const std::uint32_t at = next_lane_;
    next_lane_ = at + 1 == n ? 0 : at + 1;
    if (lanes_[at].work == Lane::Work::none && takes(at / s_.concurrency)) return at;
  }
  return kNone;
}

void SharedGroup::readable(std::uint32_t partition) {
  if (!keyed()) return pump();
  if (stalled_) refill_all();
  read(partition);
}

void SharedGroup::pump() {
  while (idle_ > 0) {
    std::uint32_t d = pop(again_);
    if (d == kNone) d = next_new();
    if (d == kNone) return;
    const std::uint32_t lane = idle_lane();
    TAILRACE_CHECK(lane != kNone);
    begin(lane, d);
  }
}

// key_shared: into the lines of their workers, or held until these take them.
void SharedGroup::read(std::uint32_t partition) {
  const PartitionLog& log = core_.partitions[partition];
  if (log.leader == kNobody || present_.empty()) return;
  std::uint64_t& at = positions_[partition];
  at = std::max(at, log.records.begin());
  for (; at < log.visible; ++at) {
    if ((log.records[at].alive >> group_ & 1u) == 0) continue;
    Delivery probe;
    probe.partition = partition;
    probe.offset = at;
    const std::uint32_t lane = lane_for(probe);
    const bool waits = drains(probe);
    if (!waits && takes(lane / s_.concurrency) && lanes_[lane].line.size < s_.receiver_queue_size) {
      push(lanes_[lane].line, make(partition, at));
      if (lanes_[lane].work == Lane::Work::none) begin_next(lane);
    } else if (held_of_[partition] < look_ahead()) {
      hold(waits ? kNone : lane, make(partition, at));
    } else {
      blocked_ = true;
      return;
    }
  }
}

std::uint32_t SharedGroup::lane_for(const Delivery& d) const {
  const std::uint64_t key = core_.partitions[d.partition].records[d.offset].message.key;
  const std::uint64_t hash = key == kNoKey ? mix(mix(d.offset) ^ d.partition) : mix(key + 1);
  const std::uint32_t instance = present_[slot_of(hash, static_cast<std::uint32_t>(present_.size()))];
  return instance * s_.concurrency + slot_of(mix(hash), s_.concurrency);
}

void SharedGroup::begin_next(std::uint32_t lane) {
  std::uint32_t d = pop(lanes_[lane].line);
  const bool holds = lanes_[lane].held.head != kNone;
  if (d == kNone && holds) {
    refill(lane);
    d = pop(lanes_[lane].line);
  }
  if (d != kNone) begin(lane, d);
  if (holds) refill(lane);
}

void SharedGroup::begin(std::uint32_t at, std::uint32_t d) {
  Lane& lane = lanes_[at];
  Delivery& delivery = deliveries_[d];
  delivery.state = State::running;
  delivery.lane = at;
  ++delivery.attempts;
  ++delivery.round;
  lane.work = Lane::Work::running;
  lane.delivery = d;
  lane.life = delivery.life;
  lane.round = delivery.round;
  ++lane.serial;
  if (takes(at / s_.concurrency)) --idle_;
  core_.fetch(delivery.partition, group_, 1);
  Record& record = core_.partitions[delivery.partition].records[delivery.offset];
  core_.delivered(delivery.partition, group_, record);
  if (s_.ack_timeout != kNever) {
    core_.host.wake_at(sim::saturating_add(core_.host.now(), s_.ack_timeout),
                       timer_tag(TimerKind::ack_timeout, group_, d, delivery.round));
  }
  core_.host.start(group_, at / s_.concurrency, {&record.message, 1},
                   token_of(first_lane_ + at, lane.serial));
}

void SharedGroup::handled(std::uint32_t global, std::uint64_t token, Outcome outcome) {
  const std::uint32_t at = global - first_lane_;
  Lane& lane = lanes_[at];
  if (lane.work != Lane::Work::running || token != token_of(global, lane.serial)) return;
  if (outcome == Outcome::network) {
    // The instance may have crashed, and its channel hears of that within this instant, perhaps later.
    lane.work = Lane::Work::waiting;
    lane.network = true;
    core_.host.wake_at(core_.host.now(),
                       timer_tag(TimerKind::lane, group_, at, static_cast<std::uint32_t>(lane.serial)));
    return;
  }
  lane.work = Lane::Work::none;
  if (takes(at / s_.concurrency)) ++idle_;
  const std::uint32_t d = lane.delivery;
  Delivery& delivery = deliveries_[d];
  if (delivery.life == lane.life && delivery.state != State::acknowledged) {
    const std::uint32_t partition = delivery.partition;
    const bool mine = delivery.round == lane.round;  // not delivered again in between
    if (outcome == Outcome::success) {
      const State was = delivery.state;
      core_.end_copy(partition, group_, delivery.offset, Fate::consumed, was == State::running);
      if (was == State::queued) {
        delivery.state = State::acknowledged;  // its line lets it go
      } else {
        if (was == State::held) unhold(d);
        release(d);
      }
      core_.trim(partition);
    } else if (mine && delivery.state == State::running) {
      failed(d, at);
    }
  }
  if (!keyed()) return pump();
  if (std::any_of(draining_.begin(), draining_.end(), [&](const Draining& x) { return x.lane == at; }))
    return deal_again();
  if (lane.work == Lane::Work::none) begin_next(at);
  if (blocked_) read_all();
}

void SharedGroup::read_all() {
  blocked_ = false;
  for (std::uint32_t p = 0; p < positions_.size(); ++p) read(p);
}

bool SharedGroup::fenced(std::uint32_t global, std::uint64_t token) const {
  const Lane& lane = lanes_[global - first_lane_];
  if (lane.work != Lane::Work::running || token != token_of(global, lane.serial)) return true;
  const Delivery& delivery = deliveries_[lane.delivery];
  return delivery.life != lane.life || delivery.round != lane.round || delivery.state != State::running;
}

void SharedGroup::failed(std::uint32_t d, std::uint32_t at) {
  if (give_up(d)) return;
  Delivery& delivery = deliveries_[d];
  core_.give_back(delivery.partition, group_, 1);
  ++delivery.round;
  if (keyed()) {
    delivery.state = State::queued;
    push_front(lanes_[at].line, d);
    if (s_.retry_backoff == 0) return;
    Lane& lane = lanes_[at];  // the key's order: nothing of this line before it
    lane.work = Lane::Work::waiting;
    if (takes(at / s_.concurrency)) --idle_;
    core_.host.wake_at(core_.host.now() + s_.retry_backoff,
                       timer_tag(TimerKind::lane, group_, at, static_cast<std::uint32_t>(lane.serial)));
    return;
  }
  if (s_.retry_backoff == 0) {
    delivery.state = State::queued;
    return push(again_, d);
  }
  delivery.state = State::waiting;
  core_.host.wake_at(core_.host.now() + s_.retry_backoff,
                     timer_tag(TimerKind::redeliver, group_, d, delivery.round));
}

// A message that runs, and whose deliveries are used up.
bool SharedGroup::give_up(std::uint32_t d) {
  const Delivery delivery = deliveries_[d];
  if (s_.on_failure == LogOnFailure::skip) {
    core_.end_copy(delivery.partition, group_, delivery.offset, Fate::dropped, true);
  } else if (delivery.attempts >= s_.max_deliveries) {
    core_.dead_letter(delivery.partition, group_, delivery.offset, true);
  } else {
    return false;
  }
  release(d);
  core_.trim(delivery.partition);
  return true;
}

// Its consumer is gone or too slow.
void SharedGroup::requeue(std::uint32_t d) {
  Delivery& delivery = deliveries_[d];
  if (s_.on_failure != LogOnFailure::skip && give_up(d)) return;
  core_.give_back(delivery.partition, group_, 1);
  ++delivery.round;
  delivery.state = State::queued;
  if (!keyed()) {
    push(again_, d);
  } else if (up_[delivery.lane / s_.concurrency] != 0) {
    push_front(lanes_[delivery.lane].line, d);
  } else {
    hold(kNone, d);
  }
}

void SharedGroup::timer(TimerKind kind, std::uint32_t index, std::uint32_t generation) {
  if (kind == TimerKind::lane) {
    Lane& lane = lanes_[index];
    if (lane.work != Lane::Work::waiting || (lane.serial & 0xfffffffu) != generation) return;
    if (lane.network) {
      lane.network = false;
      lane.work = Lane::Work::running;
      return handled(first_lane_ + index, token_of(first_lane_ + index, lane.serial), Outcome::error);
    }
    lane.work = Lane::Work::none;
    if (takes(index / s_.concurrency)) ++idle_;
    begin_next(index);
    if (blocked_) read_all();
    return;
  }
  if (kind == TimerKind::read_on) return read_all();
  if (index >= deliveries_.size()) return;
  Delivery& delivery = deliveries_[index];
  if ((delivery.round & 0xfffffffu) != generation) return;
  if (kind == TimerKind::redeliver && delivery.state == State::waiting) {
    delivery.state = State::queued;
    push(again_, index);
    return pump();
  }
  if (kind == TimerKind::ack_timeout && delivery.state == State::running) {
    requeue(index);
    if (!keyed()) pump();
  }
}

void SharedGroup::instance_changed(std::uint32_t instance, bool up) {
  if ((up_[instance] != 0) == up) return;
  up_[instance] = up ? 1 : 0;
  find_present();
  const bool left = intakes_[instance] == Intake::leaving;
  core_.note(up ? LogEvent::member_joined : left ? LogEvent::member_left : LogEvent::member_lost, instance);
  if (left) intakes_[instance] = Intake::open;
  for (std::uint32_t k = 0; k < s_.concurrency; ++k) {
    Lane& lane = lanes_[instance * s_.concurrency + k];
    if (up) continue;
    const bool had = lane.work == Lane::Work::running || lane.network;
    lane.work = Lane::Work::none;
    lane.network = false;
    ++lane.serial;
    if (!had) continue;
    const Delivery& delivery = deliveries_[lane.delivery];
    if (delivery.life == lane.life && delivery.round == lane.round && delivery.state == State::running)
      requeue(lane.delivery);
  }
  count_idle();
  if (keyed()) {
    deal_again();
  } else {
    pump();
  }
}

void SharedGroup::set_intake(std::uint32_t instance, Intake intake) {
  intakes_[instance] = intake;
  if (up_[instance] == 0) return;
  count_idle();
  if (intake != Intake::open) return;
  if (!keyed()) return pump();
  refill_all();
  read_all();
}

void SharedGroup::count_idle() {
  idle_ = 0;
  for (std::uint32_t at = 0; at < lanes_.size(); ++at) {
    if (lanes_[at].work == Lane::Work::none && takes(at / s_.concurrency)) ++idle_;
  }
}

// key_shared: the ranges have changed, so everything that has not begun is dealt again in its order. Who
// takes no more keeps what it has, and what else is in its range waits for it.
void SharedGroup::deal_again() {
  gathered_.clear();
  const auto gather_held = [&](const Line& line) {
    while (line.head != kNone) {
      const std::uint32_t d = line.head;
      unhold(d);
      deliveries_[d].lane = kNone;
      gathered_.push_back(d);
    }
  };
  gather_held(again_);
  for (std::uint32_t at = 0; at < lanes_.size(); ++at) {
    Line& line = lanes_[at].line;
    for (std::uint32_t d = pop(line); d != kNone; d = pop(line)) {
      deliveries_[d].lane = at;
      gathered_.push_back(d);
    }
    gather_held(lanes_[at].held);
  }
  std::sort(gathered_.begin(), gathered_.end(), [&](std::uint32_t a, std::uint32_t b) {
    const Delivery &x = deliveries_[a], &y = deliveries_[b];
    return x.partition != y.partition ? x.partition < y.partition : x.offset < y.offset;
  });
  find_draining();
  for (const std::uint32_t d : gathered_) {
    const std::uint32_t at = present_.empty() || drains(deliveries_[d]) ? kNone : lane_for(deliveries_[d]);
    const bool takes_more = at != kNone && takes(at / s_.concurrency);
    const bool goes =
        takes_more ? lanes_[at].line.size < s_.receiver_queue_size : at != kNone && deliveries_[d].lane == at;
    if (goes) {
      push(lanes_[at].line, d);
    } else {
      hold(at, d);
    }
  }
  for (std::uint32_t at = 0; at < lanes_.size(); ++at) {
    if (lanes_[at].work == Lane::Work::none && up_[at / s_.concurrency] != 0) begin_next(at);
  }
  read_all();
}

void SharedGroup::find_draining() {
  draining_.clear();
  for (std::uint32_t at = 0; at < lanes_.size(); ++at) {
    const Lane& lane = lanes_[at];
    if (lane.work != Lane::Work::running && !lane.network) continue;
    const Delivery& d = deliveries_[lane.delivery];
    if (d.life != lane.life || d.round != lane.round || d.state != State::running) continue;
    const std::uint64_t key = core_.partitions[d.partition].records[d.offset].message.key;
    if (key != kNoKey && (present_.empty() || lane_for(d) != at)) draining_.push_back({key, at});
  }
}

bool SharedGroup::drains(const Delivery& d) const {
  if (draining_.empty()) return false;
  const std::uint64_t key = core_.partitions[d.partition].records[d.offset].message.key;
  return std::any_of(draining_.begin(), draining_.end(), [&](const Draining& x) { return x.key == key; });
}

void SharedGroup::lost(std::uint32_t partition, std::uint64_t offset) {
  if (core_.alive(partition, group_, offset) && yields(partition, offset))
    core_.end_copy(partition, group_, offset, Fate::lost, false);
}

bool SharedGroup::yields(std::uint32_t partition, std::uint64_t offset) {
  if (offset >= positions_[partition]) return true;
  const std::uint32_t* held = held_.find(place_in_log(partition, offset));
  if (held == nullptr || deliveries_[*held].attempts > 0) return false;
  const std::uint32_t d = *held;
  unhold(d);
  release(d);
  if (blocked_) core_.host.wake_at(core_.host.now(), timer_tag(TimerKind::read_on, group_, partition, 0));
  return true;
}

std::unique_ptr<Group> make_shared_group(Core& core, std::uint32_t group, std::uint32_t first_lane) {
  return std::make_unique<SharedGroup>(core, group, first_lane);
}

}  // namespace tailrace::models::event_log
