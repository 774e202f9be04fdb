#include "models/runtime/tracing.hpp"

#include <algorithm>

#include "models/runtime/execution.hpp"

namespace tailrace::models {

const char* reason_name(Reason reason) {
  switch (reason) {
    case Reason::service:
      return "service";
    case Reason::queue:
      return "queue";
    case Reason::network:
      return "network";
    case Reason::connection:
      return "connection";
    case Reason::admission:
      return "admission";
    case Reason::backoff:
      return "backoff";
    case Reason::retry:
      return "retry";
    case Reason::sleep:
      return "sleep";
    case Reason::messaging:
      return "messaging";
    case Reason::cache:
      return "cache";
    case Reason::fault:
      return "fault";
  }
  return "";
}

// The finaliser of splitmix64 (Steele, Lea and Flood 2014): all bits of the number reach all bits of the
// rank.
std::uint64_t trace_rank(std::uint32_t cls, std::uint64_t number) {
  std::uint64_t z = (static_cast<std::uint64_t>(cls) << 40 ^ number) + 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

// Frame events say whose they are; faults and their like may touch anything. All others reach frames through
// the few functions that tell the tracer themselves.
void Execution::trace_event(const sim::Event& event) {
  switch (static_cast<Kind>(event.kind())) {
    case Kind::resume:
    case Kind::reply:
    case Kind::core_done:
    case Kind::resend:
      return tracer_->touch(event.target);
    case Kind::arrive:
      return tracer_->arrived(event.target);
    case Kind::fault:
    case Kind::scale:
    case Kind::deploy:
    case Kind::channel:
    case Kind::cache:
    case Kind::sidecar:
      return tracer_->anything();
    default:
      return;
  }
}

void Execution::set_tracing(bool on) {
  tracing_ = on;
  with_lines_ = messaging_ || caching_ || wires_ || on;
}

void Execution::trace_launched(std::uint32_t slot, std::uint32_t cls) {
  tracer_->launched(slot, cls);
}

void Execution::trace_allocated(std::uint32_t slot) {
  tracer_->allocated(slot);
}

void Execution::trace_released(std::uint32_t slot) {
  tracer_->released(slot);
}

void Execution::trace_touched(std::uint32_t slot) {
  tracer_->touch(slot);
}

Tracer::Tracer(Execution& run, const TraceSampling& sampling)
    : run_(run), sampling_(sampling), numbers_(run.model_->classes.size()) {
  record_.every =
      sampling.mode == TraceSampling::Mode::fixed ? std::max<std::uint64_t>(sampling.every, 1) : 1;
  limit_ = ~std::uint64_t{0} / record_.every;
  const CompiledModel& m = *run.model_;
  if (m.stop_pc != m.bury_pc) {
    stop_pc_ = m.stop_pc;
    bury_pc_ = m.bury_pc;
  }
  if (m.lost_pc != 0) lost_pc_ = m.lost_pc;
  const Topology& t = *m.topology;
  for (const Station& station : t.stations) {
    const bool database = station.component >= 0 &&
                          t.components[static_cast<std::size_t>(station.component)].kind == "database";
    waits_for_.push_back(database ? Reason::connection : Reason::queue);
  }
  kept_.resize(numbers_.size() * kBuckets, {Kept{kNone, 0}, Kept{kNone, 0}});
}

std::int64_t Tracer::now() const {
  return run_.now_;
}

// Is it in the sample? Then there is something to listen to.
void Tracer::launched(std::uint32_t slot, std::uint32_t cls) {
  if (slot < of_slot_.size()) of_slot_[slot] = kNone;
  const std::uint64_t number = numbers_[cls]++;
  if (!sampled(cls, number)) return;
  make_room();
  if (!sampled(cls, number)) return;
  if (free_requests_.empty()) {
    free_requests_.push_back(static_cast<std::uint32_t>(requests_.size()));
    requests_.emplace_back();
  }
  const std::uint32_t id = free_requests_.back();
  free_requests_.pop_back();
  requests_[id] = {};
  requests_[id].number = number;
  requests_[id].cls = cls;
  requests_[id].live = true;
  run_.set_tracing(true);
  make_place(slot);
  if (run_.messaging_) note_journey(slot, requests_[id]);
  spans_[new_span(slot, id, kNone)].instance = kNoId;  // it is nowhere yet
}

void Tracer::make_place(std::uint32_t slot) {
  if (slot >= of_slot_.size()) of_slot_.resize(std::max<std::size_t>(slot + 1, run_.frames_.slots()), kNone);
}

void Tracer::allocated(std::uint32_t slot) {
  make_place(slot);
  of_slot_[slot] = kFresh;
  fresh_.push_back(slot);
}

void Tracer::released(std::uint32_t slot) {
  if (slot >= of_slot_.size() || of_slot_[slot] == kNone) return;
  const std::uint32_t id = of_slot_[slot];
  of_slot_[slot] = kNone;
  const Frame& f = run_.frames_[slot];
  if (id == kFresh) {  // it has taken no time
    if (run_.messaging_ && (f.flags & kFrameSort) == 0) note_publication(slot, kNone);
    return;
  }
  Span& span = spans_[id];
  span.end = now();
  span.slot = kNone;
  if (span.late) return late_ended(id);
  if (span.parent == kNone) {
    const Request& request = requests_[span.request];
    if (span.start == now() && request.spans == 1 && request.messages.empty()) {  // it has taken no time
      ending_at_once_ = true;
      ending_number_ = request.number;
      return forget(span.request);
    }
    ending_ = span.request;
  } else {
    dirty_.push_back(span.parent);
  }
}

void Tracer::sent(std::uint32_t slot, bool back) {
  const std::uint32_t id = slot < of_slot_.size() ? of_slot_[slot] : kNone;
  if (id >= kFresh) return;  // a fresh one is on its way out wherever it has a link
  spans_[id].phase = back ? Phase::back : Phase::out;
  dirty_.push_back(id);
}

void Tracer::arrived(std::uint32_t slot) {
  const std::uint32_t id = slot < of_slot_.size() ? of_slot_[slot] : kNone;
  if (id >= kFresh) return;
  spans_[id].phase = Phase::there;
  dirty_.push_back(id);
}

void Tracer::shares_core(std::uint32_t slot, std::int64_t work_ns) {
  if (slot >= of_slot_.size()) return;
  if (of_slot_[slot] == kFresh) adopt(slot);  // its work would be forgotten
  const std::uint32_t span = of_slot_[slot];
  if (span < kFresh) spans_[span].work = work_ns;
}

void Tracer::waits_for_core(std::uint32_t slot, bool waits) {
  if (slot >= of_slot_.size()) return;
  if (of_slot_[slot] == kFresh) adopt(slot);
  if (of_slot_[slot] >= kFresh) return;
  spans_[of_slot_[slot]].core_wait = waits;
  dirty_.push_back(of_slot_[slot]);
}

// --- after an event

void Tracer::settle() {
  for (std::size_t i = 0; i < fresh_.size(); ++i) adopt(fresh_[i]);
  fresh_.clear();
  if (scan_) {
    scan_ = false;
    for (const Request& request : requests_) {
      if (!request.live) continue;
      for (std::uint32_t id = request.first_span; id != kNone; id = spans_[id].next_of_request)
        dirty_.push_back(id);
    }
  }
  ++look_;
  for (const std::uint32_t id : dirty_) {
    if (spans_[id].looked == look_) continue;  // touched more than once
    spans_[id].looked = look_;
    look_at(id);
  }
  dirty_.clear();
  if (free_requests_.size() == requests_.size()) run_.set_tracing(false);
}

// Is the frame part of a traced request?
void Tracer::adopt(std::uint32_t slot) {
  if (of_slot_[slot] != kFresh) return;
  of_slot_[slot] = kNone;
  const Frame& f = run_.frames_[slot];
  if (!(f.flags & kLive)) return;
  if ((f.flags & kFrameSort) != 0 && (f.flags & kFrameSort) != kBranchFrame) {  // nobody waits for it
    if (run_.messaging_) adopt_late(slot);
    return;
  }
  if (f.parent >= of_slot_.size()) return;
  const std::uint32_t above = f.parent;
  if (of_slot_[above] == kFresh) adopt(above);
  const std::uint32_t parent = of_slot_[above];
  if (parent >= kFresh || run_.frames_[above].ticket != f.parent_ticket) return;
  if (stands_in(slot, f, parent)) return;
  const std::uint32_t request = spans_[parent].request;
  if (requests_[request].spans >= kMostSpansOfOne) {
    ++record_.too_large;
    return forget(request);
  }
  const std::uint32_t span = new_span(slot, request, parent);
  if (run_.messaging_ && (f.flags & kFrameSort) == 0) note_publication(slot, span);
}

// A frame that answers in place of one whose event keeps it from being used again goes on as its span.
bool Tracer::stands_in(std::uint32_t slot, const Frame& f, std::uint32_t parent) {
  if (f.start == now() || f.flags & kBranchFrame) return false;
  for (std::uint32_t c = spans_[parent].first_child; c != kNone; c = spans_[c].next_sibling) {
    Span& span = spans_[c];
    if (span.slot == kNone || span.id != f.edge || span.kind != TraceSpan::Kind::attempt) continue;
    const Frame& old = run_.frames_[span.slot];
    if (old.pc != bury_pc_ || old.start != f.start) continue;
    of_slot_[span.slot] = kNone;
    span.slot = slot;
    of_slot_[slot] = c;
    dirty_.push_back(c);
    return true;
  }
  return false;
}

std::uint32_t Tracer::new_span(std::uint32_t slot, std::uint32_t request, std::uint32_t parent) {
  std::uint32_t id = free_span_;
  if (id == kNone) {
    id = static_cast<std::uint32_t>(spans_.size());
    spans_.emplace_back();
  } else {
    free_span_ = spans_[id].next_of_request;
  }
  ++live_spans_;
  const Frame& f = run_.frames_[slot];
  Span& span = spans_[id];
  span = {};
  span.start = now();
  span.end = -1;
  span.work = -1;
  span.slot = slot;
  span.request = request;
  span.parent = parent;
  span.first_child = span.last_child = span.next_sibling = span.next_of_request = kNone;
  span.first_segment = span.last_segment = span.link = kNone;
  Request& r = requests_[request];
  (r.first_span == kNone ? r.first_span : spans_[r.last_span].next_of_request) = id;
  r.last_span = id;
  ++r.spans;
  span.phase = Phase::there;
  span.instance = f.instance;
  if (parent == kNone) {
    span.kind = TraceSpan::Kind::request;
    span.id = r.cls;
  } else {
    Span& above = spans_[parent];
    span.parent_group = above.group;
    (above.first_child == kNone ? above.first_child : spans_[above.last_child].next_sibling) = id;
    if (f.flags & kBranchFrame) {
      span.kind = TraceSpan::Kind::branch;
      const bool sibling = above.last_child != kNone && spans_[above.last_child].parent_group == above.group;
      span.id = sibling ? spans_[above.last_child].id + 1 : 0;
    } else {
      span.kind = TraceSpan::Kind::attempt;
      span.id = f.edge;
      const EdgeTable& edge = run_.edges_[f.edge];
      if (edge.out_link != kNoId) span.phase = Phase::out;
      if (edge.guard != kNoId) {
        span.hedge = run_.calls_[slot].flags & kHedge;
        span.retry = run_.calls_[slot].flags & kRetry;
      }
    }
    above.last_child = id;
    dirty_.push_back(parent);
  }
  of_slot_[slot] = id;
  dirty_.push_back(id);
  return id;
}

void Tracer::look_at(std::uint32_t id) {
  Span& span = spans_[id];
  if (span.slot == kNone) return;
  const Frame& f = run_.frames_[span.slot];
  if (f.pc == bury_pc_) {  // it died; nobody has taken its place
    of_slot_[span.slot] = kNone;
    span.slot = kNone;
    span.end = now();
    return span.late ? late_ended(id) : void();
  }
  if (f.instance != kNoId) span.instance = f.instance;  // a shared queue's request is nowhere at first
  append_segment(span, look(f, span.slot, span));
}

void Tracer::append_segment(Span& span, const Look& look) {
  if (span.last_segment != kNone) {
    Segment& last = segments_[span.last_segment];
    // Work is told once, when it begins; a further look at it is nothing new.
    if (last.look == look && last.group == span.group && span.work < 0) return;
    if (last.from == now()) {
      last = {now(), look, span.group, kNone, span.work, false};
      span.work = -1;
      return;
    }
  }
  ++work_;
  std::uint32_t id = free_segment_;
  if (id == kNone) {
    id = static_cast<std::uint32_t>(segments_.size());
    segments_.emplace_back();
  } else {
    free_segment_ = segments_[id].next;
  }
  segments_[id] = {now(), look, span.group, kNone, span.work, false};
  span.work = -1;
  (span.last_segment == kNone ? span.first_segment : segments_[span.last_segment].next) = id;
  span.last_segment = id;
}

TracePlace Tracer::here(const Frame& f, const Span& span) const {
  if (f.instance != kNoId) return {TracePlace::Kind::station, run_.instances_[f.instance].station};
  return {TracePlace::Kind::workload, run_.class_tables_[requests_[span.request].cls].workload};
}

// What the frame waits for.
Tracer::Look Tracer::look(const Frame& f, std::uint32_t slot, const Span& span) const {
  const CompiledModel& m = *run_.model_;
  const auto because = [&](Reason reason) { return Look{Activity::reason, reason, here(f, span)}; };
  const bool serves = !(f.flags & (kClientFrame | kBranchFrame));
  if (serves && !(f.flags & kDirect)) {
    const TracePlace edge{TracePlace::Kind::edge, f.edge};
    if (span.phase != Phase::there || f.pc == lost_pc_) return {Activity::reason, Reason::network, edge};
    if (run_.edges_[f.edge].guard != kNoId) {
      const std::uint8_t flags = run_.calls_[slot].flags;
      if (flags & kReplied) return {Activity::reason, Reason::network, edge};
      if (!(flags & kThere)) return because(Reason::fault);
    }
  }
  if (f.flags & kQueued) return because(waits_for_[run_.instances_[f.instance].station]);
  if (f.pc == stop_pc_ && span.last_segment != kNone) return segments_[span.last_segment].look;
  if (serves && f.pc == m.operations[run_.edges_[f.edge].operation].pc) return because(Reason::admission);
  const Step16& step = run_.steps_[f.pc - 1];
  switch (step.op) {
    case Op::compute:
      return because(span.core_wait ? Reason::queue : Reason::service);
    case Op::sleep:
      return because(Reason::sleep);
    case Op::call:
      return look_at_call(f, slot, step.first);
    case Op::parallel:
    case Op::loop: {
      Look look = because(Reason::service);
      look.activity = Activity::join;
      return look;
    }
    case Op::deposit:
      return {Activity::reason, Reason::messaging, {TracePlace::Kind::channel, step.first}};
    case Op::await: {
      const std::uint32_t group = m.effects[step.first].group;
      if (group == kNoId) return because(Reason::messaging);
      return {Activity::reason, Reason::messaging, {TracePlace::Kind::channel, m.groups[group].channel}};
    }
    case Op::cache_look:
      return {Activity::reason, Reason::cache, {TracePlace::Kind::cache, m.cache_sites[step.first].cache}};
    case Op::thaw:
      return because(Reason::fault);
    default:
      return because(Reason::service);
  }
}

Tracer::Look Tracer::look_at_call(const Frame& f, std::uint32_t slot, std::uint32_t edge_id) const {
  const EdgeTable& edge = run_.edges_[edge_id];
  Look look{Activity::attempts, Reason::service, {TracePlace::Kind::edge, edge_id}};
  if (edge.guard == kNoId) return look;
  const CallState& x = run_.calls_[slot];
  if (x.first_child != kNoId) return look;
  const CompiledModel& m = *run_.model_;
  const bool in_line = x.flags & kInLine;
  if (in_line || run_.timers_.has(f, TimerPurpose::pause)) {
    const GuardTable& g = m.guards[edge.guard];
    const std::uint32_t stage = in_line ? x.stage : x.stage - 1u;
    look.activity = Activity::reason;
    look.reason = Reason::admission;
    if (stage < g.all) {
      const AdmissionGroup& group = m.admission_groups[m.admissions[g.first_admission + stage].group];
      if (group.policy == "connection_pool") look.reason = Reason::connection;
    }
  } else if (run_.timers_.has(f, TimerPurpose::backoff)) {
    look.activity = Activity::reason;
    look.reason = Reason::backoff;
  }
  return look;
}

// --- bounds

void Tracer::forget(std::uint32_t id) {
  Request& request = requests_[id];
  forget_messages(request);
  std::uint32_t next = kNone;
  for (std::uint32_t at = request.first_span; at != kNone; at = next) {
    Span& span = spans_[at];
    next = span.next_of_request;
    if (span.slot != kNone) of_slot_[span.slot] = kNone;
    if (span.first_segment != kNone) {
      segments_[span.last_segment].next = free_segment_;
      free_segment_ = span.first_segment;
    }
    span.slot = kNone;
    span.next_of_request = free_span_;
    free_span_ = at;
    --live_spans_;
  }
  request.live = false;
  free_requests_.push_back(id);
}

void Tracer::make_room() {
  const std::size_t factor = sampling_.mode == TraceSampling::Mode::fixed ? 16 : 1;
  const bool full = live_spans_ >= kMostSpans * factor || record_.requests.size() >= kMostRequests * factor ||
                    record_.parts.size() >= kMostParts * factor;
  const bool busy = factor == 1 && work_ > kWorkAtOnce + events_ / kEventsPerSegment;
  if (full || busy) halve();
}

void Tracer::halve() {
  record_.every *= 2;
  limit_ = ~std::uint64_t{0} / record_.every;
  events_ = work_ = 0;
  for (std::uint32_t id = 0; id < requests_.size(); ++id) {
    if (requests_[id].live && !sampled(requests_[id].cls, requests_[id].number)) forget(id);
  }
  std::size_t kept = 0;
  std::uint32_t parts = 0;
  for (TracedRequest r : record_.requests) {
    if (!sampled(r.cls, r.number)) continue;
    std::copy_n(record_.parts.begin() + r.first_part, r.parts, record_.parts.begin() + parts);
    r.first_part = parts;
    parts += r.parts;
    record_.requests[kept++] = r;
  }
  record_.requests.resize(kept);
  record_.parts.resize(parts);
}

void Tracer::reset_statistics() {
  record_.requests.clear();
  record_.parts.clear();
  record_.examples.clear();
  record_.too_large = 0;
  example_spans_ = 0;
  for (Request& request : requests_) request.example = kNone;  // followed on for nothing, and soon forgotten
  std::fill(kept_.begin(), kept_.end(), std::array{Kept{kNone, 0}, Kept{kNone, 0}});
}

TraceRecord Tracer::take() {
  while (!late_.empty()) forget(late_.front());
  return std::move(record_);
}

}  // namespace tailrace::models
