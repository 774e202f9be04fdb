// Links on which a message goes in rounds, or beside others. With windows a message of several packets sends
// a window of them, hears after a round trip that the first has come, and sends twice as many: the slow start
// of TCP, per message. The sender stands still only where the window is sent before the first acknowledgement
// is back. On a shared link all messages get equal parts of the bandwidth, which is max-min fair where each
// crosses one link; they are jobs of a processor that is shared (cpu.hpp), exact to the nanosecond.
//
// A call with flow control (stream_windows.hpp) sends no more in a round than its windows allow, on any link.
//
// `mark` of a frame with windows: the window (0: the first), whether anything was lost yet, and rounds in a
// row that lost everything. Its call_start() is when the round began: on its way it is in no queue and makes
// no call.
#include <algorithm>
#include <cmath>

#include "models/runtime/execution.hpp"

namespace tailrace::models {

using sim::Phase;

namespace {

constexpr double kMostPackets = 1e6;  // of one message, as in travel.cpp
constexpr double kUsualPacket = 1460;
constexpr int kWindowShift = 32;
constexpr std::int64_t kLostSome = std::int64_t{1} << 31;
constexpr std::int64_t kRounds = kLostSome - 1;

struct Round {
  std::int64_t window = 0;   // packets, at most
  std::int64_t packets = 0;  // in this round
  std::int64_t bytes = 0;
};

// `allowed`: bytes, by flow control; -1: any.
Round round_of(const Frame& f, const LinkTable& table, double allowed) {
  Round r;
  const auto most = allowed < 0 ? f.aux : std::min(f.aux, static_cast<std::int64_t>(allowed));
  r.bytes = most;
  r.packets = 1;
  if (table.packet_bytes == 0) return r;
  const double left = std::ceil(static_cast<double>(most) / table.packet_bytes);
  const auto packets = static_cast<std::int64_t>(std::clamp(left, 1.0, kMostPackets));
  if (table.initial_window == 0) {
    r.packets = packets;
    return r;
  }
  r.window = f.mark >> kWindowShift;
  if (r.window == 0) r.window = table.initial_window;
  r.packets = std::min(packets, r.window);
  if (r.packets < packets)
    r.bytes = std::min(most, static_cast<std::int64_t>(static_cast<double>(r.packets) * table.packet_bytes));
  return r;
}

}  // namespace

void Execution::begin_round(std::uint32_t slot, std::uint32_t link_id, Kind arrival) {
  Frame& f = frames_[slot];
  const LinkTable& table = model_->links[link_id];
  LinkState& link = links_[link_id];
  double allowed = -1;
  if (wires_ && wires_->governs(slot)) {
    std::int64_t next = now_;
    allowed = wires_->burst(slot, static_cast<double>(f.aux), arrival == Kind::reply, now_, next);
    if (allowed == 0 && f.aux > 0)
      return schedule(next, Phase::arrive, Kind::resend, slot, static_cast<std::uint32_t>(arrival));
  }
  const auto bytes = static_cast<double>(round_of(f, table, allowed).bytes);
  const auto time = sim::Duration::from_ns(bytes * link_ns_per_byte(table));
  link.counts.busy_s += time.seconds();
  if (table.flow != kNoId) {
    f.set_call_start(now_);
    flows_[table.flow].add(now_, slot, bytes * table.ns_per_byte);
    return schedule_flow(link_id);
  }
  const std::int64_t start = time.ns > 0 ? std::max(now_, link.busy_until) : now_;
  const std::int64_t sent = sim::saturating_add(start, time.ns);
  if (time.ns > 0) link.busy_until = sent;
  f.set_call_start(start);
  round_sent(slot, link_id, arrival, sent);
}

// The last bit of the round leaves at `sent`.
void Execution::round_sent(std::uint32_t slot, std::uint32_t link_id, Kind arrival, std::int64_t sent) {
  Frame& f = frames_[slot];
  const LinkTable& table = model_->links[link_id];
  LinkRecord& counts = links_[link_id].counts;
  const auto arrive = [&] {
    schedule(sim::saturating_add(sent, link_travel(table)),
             arrival == Kind::arrive ? Phase::arrive : Phase::finish, arrival, slot);
  };
  const bool may_lose = table.loss_chance != 0 || table.fault != kNoId;
  const bool governed = wires_ && wires_->governs(slot);  // by flow control
  if (table.initial_window == 0 && !governed) {
    if (may_lose) return lossy_round(slot, link_id, arrival, sent);
    ++counts.transmissions;
    return arrive();
  }
  const Round round = round_of(f, table, governed ? wires_->line(slot).burst : -1);
  if (governed) wires_->line(slot).burst = static_cast<double>(round.bytes);
  std::uint32_t process = kNoId;
  const std::int64_t lost = may_lose ? lost_packets(table, round.packets, process) : 0;
  counts.transmissions += static_cast<std::uint64_t>(round.packets);
  counts.lost += static_cast<std::uint64_t>(lost);
  const std::int64_t left = f.aux - round.bytes;
  if (lost == 0) {
    if (left <= 0 && !governed) return arrive();
    const double packet = std::min(static_cast<double>(round.bytes),
                                   table.packet_bytes == 0 ? kUsualPacket : table.packet_bytes);
    const std::int64_t first = sim::saturating_add(
        f.call_start(), sim::Duration::from_ns(packet * link_ns_per_byte(table)).ns);  // packet is sent
    std::int64_t heard = sim::saturating_add(first, round_trip(edges_[f.edge]));
    if (governed) {
      const double consume = static_cast<double>(round.bytes) * wires_->of(f.edge)->consume_ns_per_byte;
      heard = std::max(heard, sim::saturating_add(first, sim::Duration::from_ns(consume).ns));
      wires_->burst_sent(slot, std::max(sent, heard));
      if (left <= 0) {
        wires_->stream_sent(slot);
        return arrive();
      }
    }
    f.aux = left;
    f.mark = std::min(2 * round.window, table.max_window) << kWindowShift | (f.mark & kLostSome);
    schedule(std::max(sent, heard), Phase::arrive, Kind::resend, slot, static_cast<std::uint32_t>(arrival));
    return;
  }
  const bool first_loss = (f.mark & kLostSome) == 0;
  if (first_loss) ++counts.delayed;
  const std::int64_t rounds = lost == round.packets ? (f.mark & kRounds) + 1 : 0;
  const bool given_up = rounds > table.max_retransmissions;
  if (process != kNoId && (first_loss || given_up)) blame(process, !given_up);
  if (governed) wires_->burst_sent(slot, sim::saturating_add(sent, table.retransmit_timeout.ns));
  if (given_up) return give_up_sending(slot, table, arrival, sent);
  if (table.packet_bytes > 0)
    f.aux = std::min(f.aux, left + static_cast<std::int64_t>(static_cast<double>(lost) * table.packet_bytes));
  f.mark = kLostSome | rounds;
  schedule(sim::saturating_add(sent, table.retransmit_timeout.ns), Phase::arrive, Kind::resend, slot,
           static_cast<std::uint32_t>(arrival));
}

// A word to the target of the call and one back.
std::int64_t Execution::round_trip(const EdgeTable& edge) {
  std::int64_t ns = 0;
  for (const std::uint32_t link : {edge.out_link, edge.back_link}) {
    if (link != kNoId) ns = sim::saturating_add(ns, link_travel(model_->links[link]));
  }
  return ns;
}

// --- shared links

void Execution::schedule_flow(std::uint32_t link_id) {
  Cpu& flow = flows_[model_->links[link_id].flow];
  const std::int64_t end = flow.next_end(now_);
  if (end < 0 || (flow.scheduled >= 0 && flow.scheduled <= end)) return;
  flow.scheduled = end;
  schedule(end, Phase::finish, Kind::flow, link_id);
}

void Execution::flow_event(std::uint32_t link_id, std::int64_t time) {
  Cpu& flow = flows_[model_->links[link_id].flow];
  if (flow.scheduled != time) return;  // superseded by an earlier one
  flow.scheduled = -1;
  std::uint32_t slot = kNoId;
  while (flow.take(now_, slot)) {
    const bool out = edges_[frames_[slot].edge].out_link == link_id;
    round_sent(slot, link_id, out ? Kind::arrive : Kind::reply, now_);
  }
  schedule_flow(link_id);
}

// A fault has made it narrower, or no longer does.
void Execution::set_flow_speed(std::uint32_t link_id) {
  const LinkTable& table = model_->links[link_id];
  if (table.flow == kNoId) return;
  Cpu& flow = flows_[table.flow];
  flow.set_speed(now_, table.ns_per_byte / link_ns_per_byte(table));
  flow.scheduled = -1;
  schedule_flow(link_id);
}

}  // namespace tailrace::models
