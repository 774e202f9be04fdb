#include "models/runtime/execution.hpp"

#include "models/compile/client_share.hpp"
#include "models/runtime/entering.hpp"
#include "models/runtime/tracing.hpp"
#include "models/runtime/trajectory.hpp"

namespace tailrace::models {

using sim::Phase;

void Execution::loop() {
  if (options_.watch != nullptr) return tracer_ ? loop_as<true, true>() : loop_as<true, false>();
  return tracer_ ? loop_as<false, true>() : loop_as<false, false>();
}

template <bool kWatched, bool kTraced>
void Execution::loop_as() {
  while (!done_) {
    std::uint64_t left = kCheckEvery;
    const std::int64_t limit = model_->topology->run.max_events;
    if (limit != kUnlimited) left = std::min(left, static_cast<std::uint64_t>(limit) - events_);
    const std::uint64_t planned = left;
    while (left > 0 && !done_) {
      if constexpr (kWatched) {  // before the event leaves the calendar: a renewal may put another before it
        if (const std::int64_t next = calendar_.next_time(); next >= watch_next_) look_on(next);
        if (done_) break;
      }
      const sim::Event event = calendar_.pop();
      now_ = event.time_ns;
      trajectory_ = trajectory_with(trajectory_, event);
      if (kTraced && tracing_) trace_event(event);
      run<kTraced>(dispatch(event));
      if constexpr (kTraced) tracer_->after();
      steps_taken_ = 0;
      --left;
    }
    events_ += planned - left;
    check_budgets();
  }
}

// Does what the event says; the frame that runs because of it comes back, for the caller to run.
[[gnu::always_inline]] inline std::uint32_t Execution::dispatch(const sim::Event& event) {
  switch (static_cast<Kind>(event.kind())) {
    case Kind::resume:
      return event.target;
    case Kind::client:
      return client_arrival(event.target);
    case Kind::arrive: {
      Frame& f = frames_[event.target];
      f.start = now_;
      const LiveEdge& edge = live_edges_[f.edge];
      if (edge.guard != kNoId) return arrive_late(event.target);
      ++operations_[edge.operation].arrived;
      return enter(event.target, edge.worker_first);
    }
    case Kind::reply:
      return deliver(event.target, frames_[event.target].outcome);
    case Kind::user:
      return launch(pick_class(event.target));
    case Kind::lane:
      lane_event(event.target);
      break;
    case Kind::node: {
      const Timers::Fired fired = timers_.take_own(event.target, frames_);
      if (fired.frame != kNoId) timer_fired(fired.frame, fired.purpose);
      break;
    }
    case Kind::cpu:
      cpu_event(event.target, event.time_ns);
      break;
    case Kind::core_done:
      core_done(event.target);
      break;
    case Kind::resend:
      transmit_again(event.target, static_cast<Kind>(event.generation()));
      break;
    case Kind::users_change:
      users_change(event.target);
      break;
    case Kind::control:
      control(static_cast<Control>(event.target));
      break;
    case Kind::line:
      drain_line(event.target);
      break;
    case Kind::probe:
      return probe(event.target);
    case Kind::channel:
      messaging_->timer(event.target);
      break;
    case Kind::fault:
      fault_event(event.target, event.generation());
      break;
    case Kind::cache:
      caching_->event(event.target);
      break;
    case Kind::upkeep:
      upkeep_->event(event.target, event.generation());
      break;
    case Kind::flow:
      flow_event(event.target, event.time_ns);
      break;
    case Kind::spike:
      spike_event(event.target, event.generation());
      break;
    case Kind::scale:
      scale_event(event.target, event.generation());
      break;
    case Kind::deploy:
      deployment_event(event.target, event.generation());
      break;
    case Kind::sidecar:
      sidecar_event(event.target, event.generation() != 0);
      break;
  }
  return kNoId;
}

// Runs the frame (kNoId: none), then those that got a worker meanwhile.
template <bool kTraced>
[[gnu::always_inline]] inline void Execution::run(std::uint32_t slot) {
  for (;;) {
    if (slot != kNoId) advance_here<kTraced>(slot);
    if (woken_ == kNoId) return;
    slot = next_woken();
  }
}

[[gnu::always_inline]] inline std::uint32_t Execution::next_woken() {
  const std::uint32_t slot = woken_;
  woken_ = kNoId;
  if (ready_next_ != ready_.size()) [[unlikely]] {
    woken_ = ready_[ready_next_++];
    if (ready_next_ == ready_.size()) {
      ready_.clear();
      ready_next_ = 0;
    }
  }
  Frame& f = frames_[slot];
  if (!(f.flags & kInterrupted)) [[likely]]
    return slot;
  f.flags &= static_cast<std::uint8_t>(~kInterrupted);
  work_preemptibly(slot, f.aux);
  return kNoId;
}

void Execution::run_woken() {
  while (woken_ != kNoId) {
    const std::uint32_t slot = next_woken();
    if (slot != kNoId) advance(slot);
  }
}

void Execution::advance(std::uint32_t slot) {
  tracer_ ? advance_here<true>(slot) : advance_here<false>(slot);
}

// Runs the frame, and after it whatever frame its calls and replies lead to, until one has to wait.
template <bool kTraced>
[[gnu::always_inline]] inline void Execution::advance_here(std::uint32_t slot) {
  do {
    if (kTraced && tracing_) tracer_->ran(slot);
    Frame& f = frames_[slot];
    const Step16& step = steps_[f.pc++];
    switch (step.op) {
      case Op::compute:
        if (begin_work(slot, step)) return;
        break;
      case Op::sleep: {
        std::int64_t pause = sample_ns(step.first);
        if (step.amount() != 0) pause = sim::saturating_add(pause, crowded_ns(f, step));
        if (pause == 0) break;
        schedule(sim::saturating_add(now_, pause), Phase::finish, Kind::resume, slot);
        return;
      }
      case Op::call:
        slot = begin_call(slot, step);
        break;
      case Op::end:
        slot = end_operation(slot);
        break;
      case Op::end_branch:
        if (f.start > 0) {  // a loop's body: once more
          --f.start;
          steps_taken_ += f.pc - f.edge;  // a long body without time counts as what it costs
          f.pc = f.edge;
          if (steps_taken_ > kMaxStepsInOneEvent) return stalled();
        } else {
          slot = branch_ended(slot, Outcome::success);
        }
        break;
      case Op::end_request: {
        const std::uint32_t cls = f.edge;
        const std::int64_t start = f.start;
        if (with_calls_ && calls_[slot].flags & kDegraded) ++classes_[cls].degraded;
        release_frame(slot);
        end_request(cls, start, Outcome::success);
        return;
      }
      case Op::jump:
        f.pc = step.first;
        break;
      case Op::branch: {
        if (step.flags & kByVersion) [[unlikely]] {
          f.pc = model_->options[step.first + wires_->version(f.instance, now_)].pc;
          break;
        }
        const double u =
            step.flags & kByKey ? client_place(calls_[slot].key) : streams_[step.stream].uniform();
        const BranchOption* const options = &model_->options[step.first];
        const std::uint32_t k = chosen_option(options, step.count, u);
        if (k == step.count) break;
        const BranchOption& option = options[k];
        f.pc = option.pc;
        if (option.edge == kNoId) break;
        if (option.releases) release_worker_late(slot);
        f.pc += option.releases ? 2 : 1;  // it begins with this call: no need to look
        slot = begin_call(slot, {.op = Op::call,
                                 .first = option.edge,
                                 .needed = option.first_instance,
                                 .stream = option.first_draw});
        break;
      }
      case Op::fail:
        if (step.amount() != 0 && streams_[step.first].next() <= step.amount())
          slot = fail_frame(slot, static_cast<Outcome>(step.flags));
        break;
      case Op::acquire:
        if (instances_[f.instance].free > 0) {
          grant(instances_[f.instance], f);
        } else {
          slot = wait_for_worker(slot, true);
        }
        break;
      case Op::release:
        release_worker(slot);
        break;
      case Op::parallel:
      case Op::loop: {
        if (!fork(slot, step)) break;  // a loop of no rounds
        return;
      }
      case Op::end_probe:
        probe_ended(slot, true);
        return;
      case Op::spawn:
        slot = messaging_->spawn(slot, step);
        break;
      case Op::end_root:
        release_frame(slot);
        return;
      case Op::end_resumed:
        if ((f.flags & kRootFrame) != kRootFrame || f.edge != step.first) break;
        release_frame(slot);
        return;
      case Op::deposit:
        slot = messaging_->deposit(slot, step.first);
        break;
      case Op::recognise:
        if (messaging_->recognise(slot, step.first)) f.pc = step.needed;
        break;
      case Op::effect:
        if (messaging_->poisoned(slot, step.first)) [[unlikely]] {
          slot = fail_frame(slot, Outcome::error);
        } else {
          messaging_->effect(slot, step.first);
        }
        break;
      case Op::milestone:
        messaging_->milestone(slot, step.first);
        break;
      case Op::await:
        if (messaging_->await(slot, step.first)) break;
        if (step.needed != kNoId) arm(step.needed, slot, f);
        return;
      case Op::asked:
        if (messaging_->handled(slot, step.first)) {
          f.pc = step.needed;
        } else if (step.stream != kNoId && messaging_->waited(slot) >= model_->lanes[step.stream].ns) {
          slot = fail_frame(slot, Outcome::timeout);
        }
        break;
      case Op::cache_key:
        caching_->key(slot, step.first);
        break;
      case Op::cache_look:
        if (!caching_->look(slot, step.first)) return;
        break;
      case Op::cache_probe:
        caching_->probe(slot, step.first);
        break;
      case Op::cache_fill:
        caching_->fill(slot, step.first);
        break;
      case Op::cache_drop:
        caching_->drop(slot, step.first);
        break;
      case Op::cache_behind:
        caching_->behind(slot, step.first);
        break;
      case Op::stop:
        slot = stop_serving(slot);
        break;
      case Op::bury:
        slot = bury(slot);
        break;
      case Op::thaw:
        if (held_by_pause(slot, step.flags != 0, false)) return;
        ++f.pc;  // past the jump that brings it here again
        break;
    }
  } while (slot != kNoId);
}

// True when the frame now waits for its work to end; work of no length is done at once.
[[gnu::always_inline]] inline bool Execution::begin_work(std::uint32_t slot, const Step16& step) {
  if (step.flags != 0) {
    if (step.flags & kWireWork) [[unlikely]]
      return begin_wire_work(slot, step);
    Frame& f = frames_[slot];
    double work = 0;
    if (f.flags & kPresampled) {
      f.flags &= static_cast<std::uint8_t>(~kPresampled);
      work = static_cast<double>(f.aux);
    } else {
      work = sample(step.first);
    }
    return begin_special_work(slot, work);
  }
  const std::int64_t work = sample_ns(step.first);
  if (work == 0) return false;
  schedule_here(sim::saturating_add(now_, work), Phase::finish, Kind::resume, slot);
  return true;
}

// --- calls

[[gnu::always_inline]] inline std::uint32_t Execution::begin_call(std::uint32_t slot, const Step16& step) {
  // In a large model all that belongs to the callee is far away: ask for it at once, not line after line as
  // it is used.
  __builtin_prefetch(&instances_[step.needed], 1);
  __builtin_prefetch(&draws_[step.stream], 1);
  const std::uint32_t edge_id = step.first;
  LiveEdge& edge = live_edges_[edge_id];
  __builtin_prefetch(&steps_[edge.pc]);
  ++edge.calls;
  if (++steps_taken_ > kMaxStepsInOneEvent) [[unlikely]] {
    stalled();
    return kNoId;
  }
  if (!edge.plain) {
    if (edge.guard != kNoId) return begin_guarded_call(slot, edge_id);
    frames_[slot].set_call_start(now_);
    return attempt(slot, edge_id);
  }
  return enter(new_attempt(slot, edge_id), edge.worker_first);
}

// A call without policies whose answer takes more than a look: over the network, to one of several instances.
std::uint32_t Execution::attempt(std::uint32_t slot, std::uint32_t edge_id) {
  const LiveEdge& edge = live_edges_[edge_id];
  std::uint8_t depth = frames_[slot].depth;
  if (edge.deepens) {
    if (depth >= model_->depth_limit) return travelled_back(slot, edge_id, Outcome::depth_limit);
    ++depth;
  }
  const std::uint32_t child = new_attempt(slot, edge_id);
  Frame& c = frames_[child];
  if (edge.instances > 1) c.instance += select(edges_[edge_id]);
  c.depth = depth;
  if (edge.counts_outstanding) ++instances_[c.instance].outstanding;
  if (edge.out_link == kNoId) {
    ++operations_[edge.operation].arrived;
    return enter(child, edge.worker_first);
  }
  const std::uint32_t bytes = edges_[edge_id].request_bytes;
  c.aux = bytes == kNoId ? 0 : sim::Duration::from_ns(sample(bytes)).ns;
  transmit(child, edge.out_link, Kind::arrive);
  return kNoId;
}

// --- workers

// Gives the frame's worker to the next in line, or back.
[[gnu::always_inline]] inline void Execution::release_worker(std::uint32_t slot) {
  Frame& f = frames_[slot];
  InstanceState& instance = instances_[f.instance];
  instance.hold_sum += now_ - f.mark;
  if (orphans_ != 0) [[unlikely]]
    note_waste(slot);
  f.flags &= static_cast<std::uint8_t>(~kHolding);
  if (instance.queued == 0) {
    ++instance.free;
    instance.busy_area += now_;
    return;
  }
  if (instance.ordered != kNoId) [[unlikely]]  // who is next is more than the head of the line
    return serve_next(instance);
  const std::uint32_t next = instance.head;
  const std::uint32_t after = frames_[next].next;
  instance.head = after;
  (after == kNoId ? instance.tail : frames_[after].prev) = kNoId;
  --instance.queued;
  instance.queue_area += now_;
  Frame& n = frames_[next];
  const std::int64_t wait = now_ - n.mark;
  instance.wait_sum += wait;
  if (n.timer != kNoId) timers_.cancel(n, TimerPurpose::patience);
  ++instance.grants;
  if (wait > 0) observe(instance.wait_series, wait);
  n.flags = static_cast<std::uint8_t>((n.flags & ~kQueued) | kHolding);
  n.mark = now_;
  wake(next);
}

// --- endings

[[gnu::always_inline]] inline std::uint32_t Execution::end_operation(std::uint32_t slot) {
  const LiveEdge& edge = live_edges_[frames_[slot].edge];
  Outcome outcome = Outcome::success;
  if (edge.may_fail && error_happens(slot, operation_tables_[edge.operation])) [[unlikely]]
    outcome = Outcome::error;
  return finish_server(slot, outcome);
}

[[gnu::always_inline]] inline std::uint32_t Execution::finish_server(std::uint32_t slot, Outcome outcome) {
  Frame& f = frames_[slot];
  const LiveEdge& edge = live_edges_[f.edge];
  if (f.flags & kHolding) release_worker(slot);
  if (orphans_ != 0) [[unlikely]]
    note_unheard(slot);
  count_end(edge, outcome);
  if (edge.operation_series != kNoId) observe(edge.operation_series, now_ - f.start);
  return reply(slot, outcome);
}

// The server is done with the attempt: its answer sets out.
[[gnu::always_inline]] inline std::uint32_t Execution::reply(std::uint32_t slot, Outcome outcome) {
  Frame& f = frames_[slot];
  if (f.flags & kDirect) {
    const std::uint32_t cls = f.parent;  // its counts are also the edge's
    if (cls & kDeliveryBit) [[unlikely]] {
      messaging_->delivered(slot, outcome);
      return kNoId;
    }
    const std::int64_t start = f.start;
    release_frame(slot);
    end_request(cls, start, outcome);
    return kNoId;
  }
  const LiveEdge& edge = live_edges_[f.edge];
  if (edge.plain) return deliver(slot, outcome);
  if (edge.guard != kNoId) return reply_guarded(slot, outcome);
  if (edge.counts_outstanding) --instances_[f.instance].outstanding;
  if (edge.back_link == kNoId) return deliver(slot, outcome);
  f.outcome = outcome;
  const std::uint32_t bytes = edges_[f.edge].response_bytes;
  f.aux = bytes == kNoId ? 0 : sim::Duration::from_ns(sample(bytes)).ns;
  transmit(slot, edge.back_link, Kind::reply);
  return kNoId;
}

void Execution::release_worker_late(std::uint32_t slot) {
  release_worker(slot);
}

std::uint32_t Execution::reply_late(std::uint32_t slot, Outcome outcome) {
  return reply(slot, outcome);
}

// The answer reaches the caller, if it still waits for it.
inline std::uint32_t Execution::deliver(std::uint32_t slot, Outcome outcome) {
  const Frame& f = frames_[slot];
  const std::uint32_t parent = f.parent;
  const std::uint32_t ticket = f.parent_ticket;
  const std::uint32_t edge_id = f.edge;
  LiveEdge& edge = live_edges_[edge_id];
  if (!edge.plain) [[unlikely]] {
    if (edge.guard != kNoId) return answered(slot, outcome);
    release_frame(slot);
    return frames_[parent].ticket == ticket ? travelled_back(parent, edge_id, outcome) : kNoId;
  }
  release_frame(slot);
  if (frames_[parent].ticket != ticket) [[unlikely]] {
    ++operations_[edge.operation].ended[static_cast<std::size_t>(outcome)];
    return kNoId;
  }
  if (outcome == Outcome::success) [[likely]] {
    ++edge.succeeded;
    return parent;
  }
  ++edge_counts_[edge_id].ended[static_cast<std::size_t>(outcome)];
  return edge.ignore_failure ? parent : fail_frame(parent, outcome);
}

// The frame cannot go on.
std::uint32_t Execution::fail_frame(std::uint32_t slot, Outcome outcome) {
  Frame& f = frames_[slot];
  if (!model_->saga_programs.empty()) messaging_->saga_run_ends(slot);
  if ((f.flags & kRootFrame) == kRootFrame) {
    if (caching_) caching_->failed(slot, outcome);
    release_frame(slot);
    return kNoId;
  }
  if (f.flags & kBranchFrame) return branch_ended(slot, outcome);
  if (!(f.flags & kClientFrame)) return finish_server(slot, outcome);
  if (f.flags & kDirect) {
    probe_ended(slot, false);
    return kNoId;
  }
  const std::uint32_t cls = f.edge;
  const std::int64_t start = f.start;
  release_frame(slot);
  end_request(cls, start, outcome);
  return kNoId;
}

inline void Execution::end_request(std::uint32_t cls_id, std::int64_t start, Outcome outcome) {
  const ClassTable& cls = class_tables_[cls_id];
  ++classes_[cls_id].ended[static_cast<std::size_t>(outcome)];
  observe_request(outcome == Outcome::success ? cls.success_series : cls.failure_series, now_ - start);
  if (requests_told_) [[unlikely]]
    tell_of_request(cls_id, now_ - start, outcome);
  if (cls.closed) think(cls.workload, now_ == start);
}

// --- open load

[[gnu::always_inline]] inline std::int64_t Execution::next_arrival_here(std::uint32_t workload_id) {
  const WorkloadTable& workload = workload_tables_[workload_id];
  LiveDraw& spacing = draws_[workload.spacing];
  const std::int64_t next = clients_[workload_id].clock.next(
      spacing.next, workload.state_stream == kNoId ? nullptr : &streams_[workload.state_stream]);
  spacing.prepare_value(draw_tables_[workload.spacing]);
  return next;
}

std::int64_t Execution::next_arrival(std::uint32_t workload_id) {
  return next_arrival_here(workload_id);
}

// The clock is one arrival ahead of the calendar, so that pushing it waits for no arithmetic.
[[gnu::always_inline]] inline std::uint32_t Execution::client_arrival(std::uint32_t workload_id) {
  const WorkloadTable& workload = workload_tables_[workload_id];
  ClientState& client = clients_[workload_id];
  if (client.upcoming >= 0) {
    schedule_here(std::max(client.upcoming, now_), Phase::arrive, Kind::client, workload_id);
    client.upcoming = next_arrival_here(workload_id);
  }
  if (workload.batch != kNoId) [[unlikely]] {
    const std::int64_t requests = sim::Duration::from_ns(std::min(sample(workload.batch), 1e7)).ns;
    for (std::int64_t i = 1; i < requests; ++i) start_request(pick_class(workload_id));
  }
  return launch(workload.classes == 1 ? workload.first_class : pick_class(workload_id));
}

void Execution::start_request(std::uint32_t cls) {
  const std::uint32_t slot = launch(cls);
  if (slot != kNoId) advance(slot);
}

// A new request: its frame comes back when it can run at once.
[[gnu::always_inline]] inline std::uint32_t Execution::launch(std::uint32_t cls_id) {
  const ClassTable& cls = class_tables_[cls_id];
  ++classes_[cls_id].arrived;
  const std::uint32_t slot = allocate_frame();
  if (with_more_) {
    if (with_calls_) begin_request(slot, cls);
    if (tracer_) trace_launched(slot, cls_id);
  }
  Frame& f = frames_[slot];
  f.start = now_;
  f.timer = kNoId;
  f.priority = cls.priority;
  f.depth = 0;
  if (cls.direct_edge != kNoId) {
    const LiveEdge& edge = live_edges_[cls.direct_edge];
    f.pc = edge.pc;
    f.parent = cls_id;
    f.instance = edge.first_instance;
    f.edge = cls.direct_edge;
    f.flags = kDirect | kLive;
    return enter(slot, edge.worker_first);
  }
  f.pc = cls.pc;
  f.parent = kNoId;
  f.instance = kNoId;
  f.edge = cls_id;
  f.flags = kClientFrame | kLive;
  return slot;
}

}  // namespace tailrace::models
