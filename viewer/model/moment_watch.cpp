#include <algorithm>
#include <cmath>

#include "viewer/model/run_watch.hpp"

namespace tailrace::viewer {

namespace {

constexpr std::size_t kMostWork =
    8'000'000;                        // attempts looked at for one request (0.2 s); then it is shorter
constexpr std::size_t kPassedBy = 8;  // frames that are no such attempts cost as much as one

std::size_t at(std::uint32_t i) {
  return static_cast<std::size_t>(i);
}

std::int64_t ns_of(double s) {
  return static_cast<std::int64_t>(std::llround(s * 1e9));
}

double seconds(std::int64_t ns) {
  return static_cast<double>(ns) * 1e-9;
}

// The same attempt, seen again in the same slot. Over a network its start is when it was sent, and once it
// has arrived that time.
bool same_attempt(const models::AttemptPeek& a, const models::AttemptPeek& b, bool arrived) {
  if (a.edge != b.edge || a.direct != b.direct || a.parent != b.parent) return false;
  if (!a.direct && a.parent_ticket != b.parent_ticket) return false;
  return a.start_ns == b.start_ns || (!arrived && b.start_ns > a.start_ns);
}

}  // namespace

CallTracer::CallTracer(const Scene& scene, std::uint64_t first_id)
    : scene_(scene),
      counts_(scene.model->edges.size()),
      counted_(scene.model->edges.size(), 0),
      next_id_(first_id) {}

void CallTracer::begin(Tracked& tracked, const models::AttemptPeek& a, std::int64_t now) {
  tracked = {};
  tracked.seen = looks_ + 1;
  tracked.last = a;
  const int edge = a.edge < scene_.edge_of_call.size() ? scene_.edge_of_call[at(a.edge)] : -1;
  const bool network =
      a.edge < scene_.edge_of_call.size() && scene_.model->edges[at(a.edge)].out_link != models::kNoId;
  tracked.arrived = !network || a.queued || a.holding;
  tracked.served = tracked.arrived && !a.queued;
  if (edge < 0) return;  // probes, deliveries
  Dot dot;
  dot.id = next_id_++;
  dot.edge = edge;
  dot.sent_ns = std::min(a.start_ns, now);
  dot.retry = a.retry;
  if (tracked.arrived) dot.arrived_ns = dot.sent_ns;
  if (tracked.served) dot.served_ns = dot.sent_ns;
  tracked.dot = dots_.size();
  dots_.push_back(dot);
}

// Whose count has grown since an end on this edge was last looked at; none has where the caller has left
// without waiting for an end. Two ends on one edge at one event take the failure that both may have.
models::Outcome CallTracer::outcome_of(std::uint32_t edge, const models::Peek& peek) {
  const models::EdgeRecord now = peek.edge(at(edge));
  const models::EdgeRecord before = counted_[at(edge)] == looks_ ? counts_[at(edge)] : now;
  const auto grown = [&](std::size_t o) {
    return now.attempt_ended[o] > before.attempt_ended[o] || now.ended[o] > before.ended[o];
  };
  models::Outcome outcome = grown(0) ? models::Outcome::success : models::Outcome::timeout;
  for (std::size_t o = 1; o < now.attempt_ended.size(); ++o) {
    if (grown(o)) outcome = static_cast<models::Outcome>(o);
  }
  return outcome;
}

void CallTracer::end(Tracked& tracked, std::int64_t now, const models::Peek& peek) {
  if (tracked.dot != kNone) {
    Dot& dot = dots_[tracked.dot];
    dot.ended_ns = now;
    dot.outcome = outcome_of(tracked.last.edge, peek);
  }
  tracked.dot = kNone;
}

void CallTracer::look(const models::Peek& peek) {
  const std::int64_t now = peek.now_ns();
  peek.attempts(attempts_);
  if (slots_.size() < peek.slots()) slots_.resize(peek.slots());
  std::vector<std::uint32_t> live;
  live.reserve(attempts_.size());
  std::vector<std::uint32_t> fresh;
  for (std::uint32_t i = 0; i < attempts_.size(); ++i) {
    const models::AttemptPeek& a = attempts_[i];
    Tracked& tracked = slots_[at(a.slot)];
    live.push_back(a.slot);
    const bool known = tracked.seen == looks_;
    if (known && same_attempt(tracked.last, a, tracked.arrived)) {
      tracked.seen = looks_ + 1;
      Dot* dot = tracked.dot == kNone ? nullptr : &dots_[tracked.dot];
      if (!tracked.arrived && (a.start_ns > tracked.last.start_ns || a.queued || a.holding)) {
        tracked.arrived = true;
        if (dot != nullptr) dot->arrived_ns = a.start_ns > tracked.last.start_ns ? a.start_ns : now;
      }
      if (tracked.arrived && !tracked.served && !a.queued) {
        tracked.served = true;
        if (dot != nullptr) dot->served_ns = now;
      }
      tracked.last = a;
    } else {
      fresh.push_back(i);
    }
  }
  // Ends first: their slots may have been taken again by what is fresh.
  for (const std::uint32_t slot : live_) {
    if (slots_[at(slot)].seen == looks_) end(slots_[at(slot)], now, peek);
  }
  for (const std::uint32_t i : fresh) {
    begin(slots_[at(attempts_[i].slot)], attempts_[i], now);
  }
  live_ = std::move(live);
  // Counts of the edges on which something is under way, for the ends that come next.
  ++looks_;
  for (const std::uint32_t slot : live_) {
    const std::uint32_t edge = slots_[at(slot)].last.edge;
    if (edge >= counts_.size() || counted_[at(edge)] == looks_) continue;
    counts_[at(edge)] = peek.edge(at(edge));
    counted_[at(edge)] = looks_;
  }
}

std::vector<Dot> CallTracer::dots(std::int64_t from_ns) {
  std::vector<std::size_t> moved(dots_.size(), kNone);
  std::vector<Dot> kept;
  for (std::size_t i = 0; i < dots_.size(); ++i) {
    if (dots_[i].ended_ns >= 0 && dots_[i].ended_ns < from_ns) continue;
    moved[i] = kept.size();
    kept.push_back(dots_[i]);
  }
  for (const std::uint32_t slot : live_) {
    Tracked& tracked = slots_[at(slot)];
    if (tracked.dot != kNone) tracked.dot = moved[tracked.dot];
  }
  dots_ = kept;
  std::stable_sort(kept.begin(), kept.end(),
                   [](const Dot& a, const Dot& b) { return a.sent_ns < b.sent_ns; });
  return kept;
}

MomentWatch::MomentWatch(std::shared_ptr<const Scene> scene, std::uint64_t run, MomentRequest first,
                         const std::atomic<int>& stop, Next next)
    : scene_(std::move(scene)), run_(run), stop_(stop), next_(std::move(next)) {
  aim(first, 0);
}

// It begins to look at single calls as long before the moment as it goes on behind it, so that what is under
// way then has been seen to begin.
void MomentWatch::aim(const MomentRequest& request, std::int64_t now_ns) {
  request_ = request;
  const std::int64_t end = scene_->model->topology->run.duration.ns;
  const std::int64_t length = std::max<std::int64_t>(1, ns_of(request.length_s));
  at_ns_ = std::clamp<std::int64_t>(ns_of(request.t_s), now_ns, std::max(now_ns, end));
  until_ns_ = std::max(at_ns_, std::min(end, at_ns_ + length));
  from_ns_ = std::max<std::int64_t>(now_ns, at_ns_ - length);
  state_taken_ = false;
  work_ = 0;
  // A gap: what is known of calls is not of now.
  if (tracer_ && from_ns_ > now_ns) tracer_.reset();
}

void MomentWatch::take_state(const models::Peek& peek) {
  state_taken_ = true;
  found_ = {};
  found_.at_s = seconds(at_ns_);
  found_.trajectory = peek.trajectory();
  peek.instances(instances_);
  for (const models::InstancePeek& p : instances_) {
    const models::Station& station = scene_->model->topology->stations[at(p.station)];
    LiveInstance i;
    i.station = static_cast<int>(p.station);
    i.index = static_cast<int>(p.index);
    i.queued = p.queued;
    i.busy = p.busy;
    i.workers = station.workers;
    i.capacity = station.queue_capacity;
    using State = LiveInstance::State;
    i.state = p.down                   ? State::down
              : p.paused               ? State::paused
              : p.scaled && p.starting ? State::starting
              : p.scaled && p.draining ? State::draining
              : p.scaled && !p.ready   ? State::absent
                                       : State::ready;
    found_.instances.push_back(i);
  }
}

std::shared_ptr<const Moment> MomentWatch::moment(std::int64_t until_ns) {
  auto moment = std::make_shared<Moment>(found_);
  const std::int64_t from = std::max(traced_from_ns_, at_ns_ - (until_ns - at_ns_));
  moment->run = run_;
  moment->from_s = seconds(std::min(at_ns_, from));
  moment->until_s = seconds(until_ns);
  if (tracer_) moment->dots = tracer_->dots(from);
  return moment;
}

std::shared_ptr<const Moment> MomentWatch::rest() {
  return moment(std::max(reached_ns_, at_ns_));
}

std::int64_t MomentWatch::look(const models::Peek& peek) {
  for (;;) {
    if (stop_.load(std::memory_order_relaxed) != 0) return kStop;
    const std::int64_t now = peek.now_ns(), upcoming = peek.upcoming_ns();
    reached_ns_ = now;
    if (upcoming <= from_ns_ && !tracer_ && from_ns_ > now) return from_ns_;
    if (!tracer_) {
      tracer_ = std::make_unique<CallTracer>(*scene_, next_id_);
      next_id_ += std::uint64_t{1} << 32;
      traced_from_ns_ = now;
    }
    tracer_->look(peek);
    work_ += tracer_->looked_at() + peek.slots() / kPassedBy + 1;
    if (!state_taken_ && upcoming >= at_ns_) take_state(peek);
    const bool enough = work_ > kMostWork || tracer_->count() > kMostDots;
    if (state_taken_ && (upcoming >= until_ns_ || enough)) {
      const std::int64_t reached = upcoming >= until_ns_ ? until_ns_ : now;
      MomentRequest next = request_;
      if (!next_(moment(reached), next)) return kStop;
      gave_up_ = ns_of(next.t_s) < now;
      if (gave_up_) return kStop;
      aim(next, now);
      if (!tracer_) continue;
    } else if (enough && !state_taken_) {
      // Too much happens before the moment: begin with the calls that are under way then.
      tracer_.reset();
      from_ns_ = at_ns_;
      work_ = 0;
      if (at_ns_ > now) return at_ns_;
      continue;
    }
    return now;
  }
}

}  // namespace tailrace::viewer
