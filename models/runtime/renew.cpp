// From one state on, another future: every random stream is keyed anew, and so is what was drawn ahead of its
// use. Values that somebody has begun to live through are part of the state and stay, with two exceptions. A
// time that is exponential has, at any moment, as long to go as a whole one (it does not remember), so what
// is left of it is drawn anew as well: services, think times, the next arrivals of a Poisson workload, times
// to failure and to repair. And of a time whose age is known (services that are an operation's first step,
// times to failure and to repair) what is left has the law of the whole given that it is longer than the age:
// whole ones are drawn until one is. After kTries that were not the old one stays, which has that law too;
// the choice between the two does not depend on it, so nothing is distorted. It matters: runs that part from
// one state would otherwise all meet the failure that was drawn months before, or all sit through the one
// long service that made their common start look promising.
//
// Cost: the calendar is emptied and filled again.
#include "models/runtime/execution.hpp"
#include "models/runtime/fault_step.hpp"
#include "models/runtime/watch.hpp"

namespace tailrace::models {

constexpr int kTries = 64;

void Peek::renew(Execution& e, std::uint64_t key) {
  using Kind = Execution::Kind;
  const CompiledModel& m = *e.model_;
  for (std::size_t i = 0; i < m.streams.size(); ++i)
    e.streams_[i] = sim::Stream(key, e.options_.replication, m.streams[i].component, m.streams[i].purpose);
  for (std::size_t i = 0; i < e.draws_.size(); ++i) {
    e.draws_[i].stream = e.streams_[m.draws[i].stream];
    e.draws_[i].prepare(m.draws[i]);
  }

  const auto forgets = [&](std::uint32_t draw) {
    return draw != kNoId && e.draws_[draw].kind == sim::Distribution::Kind::exponential;
  };
  const auto left = [&](std::uint32_t draw) { return sim::saturating_add(e.now_, e.sample_ns(draw)); };
  // What is left of a time that began `age` ago and would be over at `then`.
  const auto rest = [&](std::uint32_t draw, std::int64_t from, std::int64_t age, std::int64_t then) {
    if (draw == kNoId || e.draws_[draw].kind == sim::Distribution::Kind::constant) return then;
    for (int k = 0; k < kTries; ++k) {
      const std::int64_t whole = e.sample_ns(draw);
      if (whole > age) return sim::saturating_add(from, whole - age);
    }
    return then;
  };
  std::vector<sim::Event> pending;
  while (!e.calendar_.empty()) pending.push_back(e.calendar_.pop());
  e.calendar_.clear();
  for (sim::Event& event : pending) {
    switch (static_cast<Kind>(event.kind())) {
      case Kind::resume: {
        const Frame& f = e.frames_[event.target];
        const Step16& step = e.steps_[f.pc - 1];
        const bool plain =
            (step.op == Op::compute && step.flags == 0) || (step.op == Op::sleep && step.amount() == 0);
        if (!(f.flags & kLive) || !plain) break;
        if (forgets(step.first)) {
          event.time_ns = left(step.first);
        } else if (step.op == Op::compute && (f.flags & kHolding) && !(f.flags & kRootFrame) &&
                   f.pc - 1 == m.operations[m.edges[f.edge].operation].pc) {
          event.time_ns = rest(step.first, e.now_, e.now_ - f.mark, event.time_ns);
        }
        break;
      }
      case Kind::user: {
        const std::uint32_t think = m.workloads[event.target].think;
        if (forgets(think)) event.time_ns = left(think);
        break;
      }
      case Kind::client: {
        const WorkloadTable& w = m.workloads[event.target];
        if (w.model->process != ArrivalProcess::constant_rate || !forgets(w.spacing)) break;
        // The clock of a constant rate is its last arrival: one gap of that length puts it to this moment.
        ClientState& client = e.clients_[event.target];
        const double gaps = static_cast<double>(e.now_) * (w.model->rate_per_s * 1e-9);
        client.clock = {};
        client.clock.start(*w.model);
        client.clock.next(gaps, nullptr);
        event.time_ns = std::max(e.next_arrival(event.target), e.now_);
        client.upcoming = e.next_arrival(event.target);
        break;
      }
      case Kind::fault: {
        const FaultProcessTable& process = m.faults.processes[event.target];
        if (process.mtbf == kNoId || (event.generation() != kStart && event.generation() != kEnd)) break;
        const std::uint32_t draw = event.generation() == kStart ? process.mtbf : process.mttr;
        const Fault& fault = m.topology->faults[process.fault];
        const std::int64_t from = std::max(e.now_, fault.start.ns);
        if (forgets(draw)) {
          event.time_ns = sim::saturating_add(from, e.sample_ns(draw));
          break;
        }
        // Whose repair has waited for a crew has been repaired for less long than it has been broken.
        const FaultProcess& state = e.fault_.processes[event.target];
        if (state.active && fault.crews != kUnlimited) break;
        const std::int64_t since = std::max(state.start, fault.start.ns);
        event.time_ns = rest(draw, from, std::max<std::int64_t>(e.now_ - since, 0), event.time_ns);
        break;
      }
      default:
        break;
    }
    e.calendar_.push(event);
  }
}

}  // namespace tailrace::models
