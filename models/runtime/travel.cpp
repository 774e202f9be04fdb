// Links and timers: messages on their way, and what happens when somebody has waited long enough.
#include <algorithm>
#include <cmath>

#include "models/runtime/execution.hpp"
#include "models/runtime/tracing.hpp"

namespace tailrace::models {

using sim::Phase;

// Of one message: each is drawn for. A larger one, from the far tail of its distribution, counts as this
// many.
constexpr double kMostPackets = 1e6;

// --- links. `aux` of the frame is the message's size in bytes, `mark` counts the rounds of transmission.

void Execution::transmit(std::uint32_t slot, std::uint32_t link_id, Kind arrival) {
  if (tracing_) [[unlikely]]
    tracer_->sent(slot, arrival == Kind::reply);
  LinkState& link = links_[link_id];
  ++link.counts.messages;
  link.counts.bytes += static_cast<double>(frames_[slot].aux);
  frames_[slot].mark = 0;
  const LinkTable& table = model_->links[link_id];
  if (table.ns_per_byte == 0 && table.loss_chance == 0 && table.fault == kNoId && table.initial_window == 0 &&
      !(wires_ && wires_->governs(slot))) [[likely]] {
    ++link.counts.transmissions;
    schedule(sim::saturating_add(now_, link_travel(table)),
             arrival == Kind::arrive ? Phase::arrive : Phase::finish, arrival, slot);
    return;
  }
  transmit_again(slot, arrival);
}

// One round: the message (or what was lost of it) waits for the link, is sent, and either travels or is lost.
void Execution::transmit_again(std::uint32_t slot, Kind arrival) {
  Frame& f = frames_[slot];
  const EdgeTable& edge = edges_[f.edge];
  const std::uint32_t link_id = arrival == Kind::arrive ? edge.out_link : edge.back_link;
  const LinkTable& table = model_->links[link_id];
  if (table.initial_window != 0 || table.flow != kNoId || (wires_ && wires_->governs(slot)))
    return begin_round(slot, link_id, arrival);
  LinkState& link = links_[link_id];
  std::int64_t sent = now_;
  if (const double ns_per_byte = link_ns_per_byte(table); ns_per_byte > 0) {
    const auto time = sim::Duration::from_ns(static_cast<double>(f.aux) * ns_per_byte);
    sent = sim::saturating_add(std::max(now_, link.busy_until), time.ns);
    link.busy_until = sent;
    link.counts.busy_s += time.seconds();
  }
  if (table.loss_chance != 0 || table.fault != kNoId) return lossy_round(slot, link_id, arrival, sent);
  ++link.counts.transmissions;
  schedule(sim::saturating_add(sent, link_travel(table)),
           arrival == Kind::arrive ? Phase::arrive : Phase::finish, arrival, slot);
}

void Execution::lossy_round(std::uint32_t slot, std::uint32_t link_id, Kind arrival, std::int64_t sent) {
  Frame& f = frames_[slot];
  const LinkTable& table = model_->links[link_id];
  LinkState& link = links_[link_id];
  std::int64_t packets = 1;
  if (table.packet_bytes > 0) {
    const double exact = std::ceil(static_cast<double>(f.aux) / table.packet_bytes);
    packets = static_cast<std::int64_t>(std::clamp(exact, 1.0, kMostPackets));
  }
  std::uint32_t process = kNoId;  // of the fault that took it
  const std::int64_t lost = lost_packets(table, packets, process);
  link.counts.transmissions += static_cast<std::uint64_t>(packets);
  link.counts.lost += static_cast<std::uint64_t>(lost);
  if (lost == 0) {
    schedule(sim::saturating_add(sent, link_travel(table)),
             arrival == Kind::arrive ? Phase::arrive : Phase::finish, arrival, slot);
    return;
  }
  if (f.mark == 0) ++link.counts.delayed;
  if (process != kNoId && (f.mark == 0 || f.mark == table.max_retransmissions))
    blame(process, f.mark != table.max_retransmissions);
  if (++f.mark > table.max_retransmissions) return give_up_sending(slot, table, arrival, sent);
  if (table.packet_bytes > 0)
    f.aux = static_cast<std::int64_t>(static_cast<double>(lost) * table.packet_bytes);
  schedule(sim::saturating_add(sent, table.retransmit_timeout.ns), Phase::arrive, Kind::resend, slot,
           static_cast<std::uint32_t>(arrival));
}

// Each packet is drawn for.
std::int64_t Execution::lost_packets(const LinkTable& table, std::int64_t packets, std::uint32_t& process) {
  std::int64_t lost = 0;
  for (std::int64_t i = 0; i < packets; ++i) {
    const bool by_itself = table.loss_chance != 0 && streams_[table.loss_stream].next() <= table.loss_chance;
    lost += lost_by_fault(table, process) || by_itself ? 1 : 0;
  }
  return lost;
}

// The caller learns of it when it would have sent again.
void Execution::give_up_sending(std::uint32_t slot, const LinkTable& table, Kind arrival, std::int64_t sent) {
  Frame& f = frames_[slot];
  if (arrival == Kind::arrive && edges_[f.edge].counts_outstanding) --instances_[f.instance].outstanding;
  f.outcome = Outcome::network;
  schedule(sim::saturating_add(sent, table.retransmit_timeout.ns), Phase::finish, Kind::reply, slot);
}

// --- timers

void Execution::lane_event(std::uint32_t lane) {
  for (;;) {
    const Timers::Fired fired = timers_.take_due(lane, now_, frames_);
    if (fired.frame == kNoId) break;
    timer_fired(fired.frame, fired.purpose);
    run_woken();
  }
  const std::int64_t next = timers_.next_deadline(lane);
  if (next >= 0) schedule(next, Phase::expire, Kind::lane, lane);
}

void Execution::timer_fired(std::uint32_t slot, TimerPurpose purpose) {
  Frame& f = frames_[slot];
  std::uint32_t next = kNoId;
  trace_touch(slot);
  if (f.parent < frames_.slots()) trace_touch(f.parent);  // whose attempt it is
  switch (purpose) {
    case TimerPurpose::work: {
      std::vector<std::uint32_t>& running = ordered_[instances_[f.instance].ordered].running;
      running.erase(std::find(running.begin(), running.end(), slot));
      next = slot;
      break;
    }
    case TimerPurpose::backoff:
      next = begin_try(slot, steps_[f.pc - 1].first);
      break;
    case TimerPurpose::try_timeout:
      next = attempt_timed_out(slot);
      break;
    case TimerPurpose::call_timeout:
      next = call_timed_out(slot, steps_[f.pc - 1].first, Outcome::timeout);
      break;
    case TimerPurpose::deadline:
      next = call_timed_out(slot, steps_[f.pc - 1].first, Outcome::deadline);
      break;
    case TimerPurpose::hedge:
      next = hedge(slot, steps_[f.pc - 1].first);
      break;
    case TimerPurpose::line: {
      const std::uint32_t edge = steps_[f.pc - 1].first;
      const GuardTable& g = model_->guards[edges_[edge].guard];
      const std::uint32_t state = admission_state(slot, g, calls_[slot].stage, calls_[slot].chosen);
      ++admission_counts_[policies_.admissions[state].group].rejected;
      leave_line(slot, state);
      next = refused(slot, edge, calls_[slot].reason);
      break;
    }
    case TimerPurpose::pause:
      next = pursue_after_pause(slot, steps_[f.pc - 1].first);
      break;
    case TimerPurpose::door:
      next = knock(slot);
      break;
    case TimerPurpose::fault:
      next = arrive_after_delay(slot);
      break;
    case TimerPurpose::cancel:
      next = hear_cancel(slot);
      break;
    case TimerPurpose::await:
      if (steps_[f.pc - 1].op == Op::parallel) {
        next = limit_over(slot);
        break;
      }
      ++f.ticket;
      next = fail_frame(slot, Outcome::timeout);
      break;
    case TimerPurpose::patience: {
      give_up_waiting(slot);
      InstanceState& instance = instances_[f.instance];
      ++instance.abandoned;
      observe(station_tables_[instance.station].abandoned_series, now_ - f.mark);
      count_end(edges_[f.edge], Outcome::queue_timeout);
      next = turn_away(slot, Outcome::queue_timeout);
      break;
    }
  }
  if (next != kNoId) advance(next);
}

// A call without policies has its answer, and took time of its own.
std::uint32_t Execution::travelled_back(std::uint32_t slot, std::uint32_t edge_id, Outcome outcome) {
  const LiveEdge& edge = live_edges_[edge_id];
  ++edge_counts_[edge_id].ended[static_cast<std::size_t>(outcome)];
  if (edge.series != kNoId) observe(edge.series, now_ - frames_[slot].call_start());
  if (outcome == Outcome::success || edge.ignore_failure) return slot;
  return fail_frame(slot, outcome);
}

}  // namespace tailrace::models
