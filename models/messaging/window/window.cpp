#include "models/messaging/window/window.hpp"

#include <algorithm>

#include "sim/base/check.hpp"

namespace tailrace::models::window {

namespace {

constexpr std::uint64_t kClock = ~std::uint64_t{0};  // a timer: time goes on; others wake a delivery

std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  std::uint64_t h = (a ^ (b + 0x9e3779b97f4a7c15ULL)) * 0xbf58476d1ce4e5b9ULL;
  return h ^ (h >> 31);
}

}  // namespace

Windows::Windows(const WindowSettings& settings, ChannelHost& host)
    : s_(settings),
      host_(host),
      clock_(dynamic_cast<const EventClock*>(&host)),
      running_(static_cast<std::size_t>(settings.group.instances)),
      intakes_(running_.size(), Intake::open) {}

void Windows::accrue(Place& p) {
  const std::int64_t now = host_.now();
  __extension__ using Wide = __int128;
  p.counts.area += static_cast<Wide>(in(p)) * (now - p.changed);
  p.changed = now;
}

std::int64_t Windows::event_time(const Envelope& message) const {
  return clock_ != nullptr ? clock_->event_time(message) : message.born;
}

Publication Windows::publish(const Envelope& message, bool, std::uint64_t) {
  if (!up_) {
    ++counts_.refused;
    return Publication::unavailable;
  }
  ++counts_.published;
  accrue(events_);
  ++events_.counts.accepted;
  const std::int64_t time = event_time(message);
  const std::uint64_t key = s_.by_key ? message.key : kNoKey;
  const std::int64_t now = s_.watermark == Watermark::clock ? host_.now() : time;
  advance(now - s_.out_of_orderness);
  bool counted = false;
  if (s_.type == WindowType::session) {
    const std::uint32_t pane = session_at(key, time, message);
    counted = pane != kNobody;
    if (counted) count_in(pane, message.sequence, true);
  } else {
    // The last to begin is the last to end: who is in that one is waited for until it fires.
    const std::int64_t last = time - time % s_.every;
    for (std::int64_t start = last; start > time - s_.size; start -= s_.every) {
      const std::int64_t end = sim::saturating_add(start, s_.size);
      if (gone(end)) break;  // and those that began before it
      count_in(pane_at(key, start, end, message), message.sequence, start == last);
      counted = true;
    }
  }
  if (!counted) ++events_.counts.ended[static_cast<std::size_t>(Fate::dropped)];
  pump();
  return Publication::accepted;
}

// --- windows

std::uint32_t Windows::pane_at(std::uint64_t key, std::int64_t start, std::int64_t end,
                               const Envelope& message) {
  for (std::uint32_t p = line(key); p != kNobody; p = panes_[p].next) {
    if (panes_[p].start == start && panes_[p].end == end) return p;
  }
  std::uint32_t p = free_pane_;
  if (p != kNobody) {
    free_pane_ = panes_[p].next;
  } else {
    p = static_cast<std::uint32_t>(panes_.size());
    panes_.emplace_back();
  }
  Pane& pane = panes_[p];
  pane.start = start;
  pane.end = end;
  pane.key = key;
  pane.events = pane.unfired = 0;
  pane.firings = 0;
  pane.open = true;
  pane.first = message;
  host_.hold(message);
  std::uint32_t& head = line(key);
  pane.next = head;
  head = p;
  due(end, p, false);
  return p;
}

// The session that the event prolongs, made one of those that it joins; kNobody: it is late.
std::uint32_t Windows::session_at(std::uint64_t key, std::int64_t time, const Envelope& message) {
  std::uint32_t joined = kNobody;
  const std::int64_t over = sim::saturating_add(time, s_.gap);
  std::int64_t start = time, end = over;
  for (std::uint32_t p = line(key); p != kNobody;) {
    Pane& pane = panes_[p];
    const std::uint32_t next = pane.next;
    if (pane.start < over && time < pane.end) {
      start = std::min(start, pane.start);
      end = std::max(end, pane.end);
      if (joined == kNobody) {
        joined = p;
      } else {
        panes_[joined].events += pane.events;
        panes_[joined].first.sequence = std::max(panes_[joined].first.sequence, pane.first.sequence);
        panes_[joined].unfired += pane.unfired;
        panes_[joined].firings = std::min(panes_[joined].firings, pane.firings);
        pane.unfired = 0;
        purge(p);
      }
    }
    p = next;
  }
  if (gone(end)) return kNobody;
  if (joined == kNobody) return pane_at(key, start, end, message);
  Pane& pane = panes_[joined];
  pane.start = start;
  if (end != pane.end) {
    pane.end = end;
    if (end > watermark_) pane.firings = 0;  // it goes on
    due(end, joined, false);
  }
  return joined;
}

void Windows::count_in(std::uint32_t id, std::uint64_t sequence, bool last) {
  Pane& pane = panes_[id];
  ++pane.events;
  pane.first.sequence = std::max(pane.first.sequence, sequence);
  const bool over = pane.end <= watermark_;
  if (last && over) {
    ++events_.counts.ended[static_cast<std::size_t>(Fate::consumed)];
  } else if (last) {
    ++pane.unfired;
    ++events_.counts.ready;
    events_.counts.peak = std::max(events_.counts.peak, events_.counts.ready);
  }
  if (over) fire(id);
}

void Windows::due(std::int64_t time, std::uint32_t pane, bool purge) {
  due_.push_back({time, order_++, pane, panes_[pane].serial, purge});
  std::push_heap(due_.begin(), due_.end());
  if (s_.watermark == Watermark::clock) host_.wake_at(sim::saturating_add(time, s_.out_of_orderness), kClock);
}

void Windows::advance(std::int64_t watermark) {
  watermark_ = std::max(watermark_, watermark);
  while (!due_.empty() && due_.front().time <= watermark_) {
    const Due next = due_.front();
    std::pop_heap(due_.begin(), due_.end());
    due_.pop_back();
    if (panes_[next.pane].serial != next.serial) continue;
    const std::int64_t end = panes_[next.pane].end;
    if (end > watermark_) continue;  // a session that went on
    if (panes_[next.pane].firings == 0) fire(next.pane);
    if (gone(end)) {
      purge(next.pane);
    } else if (!next.purge) {
      due(sim::saturating_add(end, s_.lateness), next.pane, true);
    }
  }
}

void Windows::fire(std::uint32_t id) {
  Pane& pane = panes_[id];
  if (pane.firings++ == 0) ++counts_.batches;
  accrue(events_);
  events_.counts.ready -= pane.unfired;
  events_.counts.ended[static_cast<std::size_t>(Fate::consumed)] += pane.unfired;
  pane.unfired = 0;
  Result result;
  result.message = pane.first;
  result.message.key = pane.key;
  result.message.identity =
      mix(mix(mix(pane.key, static_cast<std::uint64_t>(pane.start)), static_cast<std::uint64_t>(pane.end)),
          pane.events);
  result.message.born = std::min(pane.end, host_.now());
  result.message.bytes = static_cast<std::uint32_t>(std::min<std::uint64_t>(pane.events, 0xffffffffu));
  result.message.poison = false;
  result.since = host_.now();
  accrue(results_);
  ++results_.counts.accepted;
  ++results_.counts.ready;
  results_.counts.peak = std::max(results_.counts.peak, in(results_));
  host_.copy_made(kResults, result.message);
  ready_.push(result);
}

void Windows::purge(std::uint32_t id) {
  Pane& pane = panes_[id];
  TAILRACE_CHECK(pane.open && pane.unfired == 0);
  std::uint32_t* link = &line(pane.key);
  while (*link != id) link = &panes_[*link].next;
  *link = pane.next;
  pane.open = false;
  ++pane.serial;
  pane.next = free_pane_;
  free_pane_ = id;
  host_.release(pane.first);
}

// --- results

void Windows::pump() {
  if (!up_) return;
  const auto instances = static_cast<std::uint32_t>(running_.size());
  std::uint32_t busy = 0;
  while ((!again_.empty() || !ready_.empty()) && busy < instances) {
    const std::uint32_t at = next_instance_;
    next_instance_ = at + 1 == instances ? 0 : at + 1;
    if (running_[at] < 0 || running_[at] >= s_.group.concurrency || intakes_[at] != Intake::open) {
      ++busy;
      continue;
    }
    busy = 0;
    start(again_.empty() ? ready_.pop() : again_.pop(), at);
  }
}

void Windows::start(const Result& result, std::uint32_t instance) {
  std::uint32_t id = free_delivery_;
  if (id != kNobody) {
    free_delivery_ = deliveries_[id].next_free;
  } else {
    id = static_cast<std::uint32_t>(deliveries_.size());
    deliveries_.emplace_back();
  }
  Delivery& d = deliveries_[id];
  d.result = result;
  d.result.delivered = true;
  d.instance = instance;
  d.state = Delivery::State::running;
  ++running_[instance];
  accrue(results_);
  --results_.counts.ready;
  ++results_.counts.in_flight;
  ++results_.counts.deliveries;
  if (result.delivered) {
    ++results_.counts.redeliveries;
  } else {
    host_.observe(ChannelTime::waiting, kResults, host_.now() - result.since);
  }
  const Envelope message = result.message;
  host_.start(kResults, instance, {&message, 1}, std::uint64_t{d.generation} << 32 | id);
}

void Windows::free(std::uint32_t id) {
  Delivery& d = deliveries_[id];
  d.state = Delivery::State::free;
  ++d.generation;
  d.next_free = free_delivery_;
  free_delivery_ = id;
}

void Windows::take_back(std::uint32_t id) {
  accrue(results_);
  --results_.counts.in_flight;
  ++results_.counts.ready;
  again_.push(deliveries_[id].result);
  free(id);
}

void Windows::handled(std::uint64_t token, Outcome outcome) {
  const auto id = static_cast<std::uint32_t>(token);
  if (id >= deliveries_.size() || deliveries_[id].generation != token >> 32) return;
  Delivery& d = deliveries_[id];
  if (d.state != Delivery::State::running) return;
  if (running_[d.instance] > 0) --running_[d.instance];
  if (outcome == Outcome::success) {
    accrue(results_);
    --results_.counts.in_flight;
    ++results_.counts.ended[static_cast<std::size_t>(Fate::consumed)];
    const Envelope message = d.result.message;
    free(id);
    host_.copy_gone(kResults, message, Fate::consumed);
    return pump();
  }
  // It stays in flight while it pauses. Where its instance has died, and not only whom it called,
  // instance_changed() ends the pause.
  d.state = Delivery::State::pausing;
  host_.wake_at(sim::saturating_add(host_.now(), s_.retry_backoff), token);
  pump();
}

void Windows::timer(std::uint64_t what) {
  if (what == kClock) {
    if (!up_) return;
    advance(host_.now() - s_.out_of_orderness);
    return pump();
  }
  const auto id = static_cast<std::uint32_t>(what);
  if (deliveries_[id].generation != what >> 32 || deliveries_[id].state != Delivery::State::pausing) return;
  take_back(id);
  pump();
}

void Windows::instance_changed(std::uint32_t subscription, std::uint32_t instance, bool up) {
  if (subscription != kResults || up == (running_[instance] >= 0)) return;
  running_[instance] = up ? 0 : -1;
  if (intakes_[instance] == Intake::leaving) intakes_[instance] = Intake::open;
  if (up) return pump();
  for (std::uint32_t id = 0; id < deliveries_.size(); ++id) {
    if (deliveries_[id].instance == instance && deliveries_[id].state != Delivery::State::free) take_back(id);
  }
  pump();
}

void Windows::set_intake(std::uint32_t, std::uint32_t instance, Intake intake) {
  intakes_[instance] = intake;
  pump();
}

// What was due meanwhile is made up for.
void Windows::node_changed(std::uint32_t, bool up) {
  up_ = up;
  if (up && s_.watermark == Watermark::clock) advance(host_.now() - s_.out_of_orderness);
  pump();
}

// --- observation

std::int64_t Windows::oldest_born(std::uint32_t) const {
  std::int64_t oldest = -1;
  const auto look = [&](std::int64_t born) { oldest = oldest < 0 ? born : std::min(oldest, born); };
  if (!again_.empty()) look(again_.front().message.born);
  if (!ready_.empty()) look(ready_.front().message.born);
  for (const Delivery& d : deliveries_) {
    if (d.state != Delivery::State::free) look(d.result.message.born);
  }
  return oldest;
}

void Windows::reset_counts() {
  counts_ = {};
  for (Place* p : {&events_, &results_}) {
    PlaceCounts fresh;
    fresh.ready = p->counts.ready;
    fresh.in_flight = p->counts.in_flight;
    fresh.resident_at_start = fresh.peak = fresh.ready + fresh.in_flight;
    *p = {fresh, host_.now()};
  }
}

ChannelRecord Windows::record() const {
  ChannelRecord out;
  out.counts = counts_;
  __extension__ using Wide = __int128;
  for (const Place* p : {&events_, &results_}) {
    out.places.push_back(p->counts);
    out.places.back().area += static_cast<Wide>(in(*p)) * (host_.now() - p->changed);
  }
  return out;
}

std::size_t Windows::bytes() const {
  return panes_.size() * sizeof(Pane) + lines_.bytes() + due_.size() * sizeof(Due) + ready_.bytes() +
         again_.bytes() + deliveries_.size() * sizeof(Delivery);
}

}  // namespace tailrace::models::window
