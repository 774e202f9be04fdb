#include "models/messaging/event_log/core.hpp"

#include <algorithm>

#include "sim/base/check.hpp"

namespace tailrace::models::event_log {

Core::Core(const LogSettings& s, ChannelHost& h)
    : settings(s),
      host(h),
      partitions(s.partitions),
      group_count(std::max<std::size_t>(s.groups.size(), 1)),
      speeds_(dynamic_cast<const NodeSpeeds*>(&h)) {
  if (speeds_ != nullptr && !speeds_->may_be_slow()) speeds_ = nullptr;
  TAILRACE_CHECK(group_count <= kMostGroups);
  places.resize(s.partitions * group_count);
  first_alive.resize(places.size());
  depths.resize(group_count);
}

std::int64_t Core::slowed(std::uint32_t partition, std::int64_t ns) const {
  const std::uint32_t leader = partitions[partition].leader;
  const double times = leader == kNobody ? 1 : speeds_->slowness(leader);
  return times == 1 ? ns : sim::Duration::from_ns(static_cast<double>(ns) * times).ns;
}

void Core::append(std::uint32_t partition, const Envelope& message) {
  PartitionLog& log = partitions[partition];
  Record& record = log.records.append();
  record.message = message;
  record.at = host.now();
  record.alive = group_count == 32 ? ~0u : (1u << group_count) - 1;
  record.delivered = 0;
  log.bytes += message.bytes;
  ++counts.published;
  for (std::size_t g = 0; g < group_count; ++g) {
    Place& p = place(partition, g);
    accrue(p);
    ++p.counts.accepted;
    ++p.counts.ready;
    p.counts.peak = std::max(p.counts.peak, p.counts.ready + p.counts.in_flight);
    ++depths[g];
    if (!settings.groups.empty()) host.copy_made(static_cast<std::uint32_t>(g), message);
  }
}

void Core::end_copy(std::uint32_t partition, std::size_t group, std::uint64_t offset, Fate fate,
                    bool fetched) {
  Record& record = partitions[partition].records[offset];
  TAILRACE_CHECK((record.alive >> group & 1u) != 0);
  record.alive &= ~(1u << group);
  Place& p = place(partition, group);
  accrue(p);
  std::uint64_t& from = fetched ? p.counts.in_flight : p.counts.ready;
  TAILRACE_CHECK(from > 0);
  --from;
  ++p.counts.ended[static_cast<std::size_t>(fate)];
  --depths[group];
  if (!settings.groups.empty()) host.copy_gone(static_cast<std::uint32_t>(group), record.message, fate);
}

void Core::fetch(std::uint32_t partition, std::size_t group, std::uint64_t n) {
  PlaceCounts& c = place(partition, group).counts;
  TAILRACE_CHECK(c.ready >= n);
  c.ready -= n;
  c.in_flight += n;
}

void Core::give_back(std::uint32_t partition, std::size_t group, std::uint64_t n) {
  PlaceCounts& c = place(partition, group).counts;
  TAILRACE_CHECK(c.in_flight >= n);
  c.in_flight -= n;
  c.ready += n;
}

void Core::delivered(std::uint32_t partition, std::size_t group, Record& record) {
  PlaceCounts& c = place(partition, group).counts;
  ++c.deliveries;
  if ((record.delivered >> group & 1u) != 0) {
    ++c.redeliveries;
    return;
  }
  record.delivered |= 1u << group;
  host.observe(ChannelTime::waiting, static_cast<std::uint32_t>(group), host.now() - record.at);
}

void Core::dead_letter(std::uint32_t partition, std::size_t group, std::uint64_t offset, bool fetched) {
  const LogGroup& g = settings.groups[group];
  Fate fate = Fate::dead_lettered;
  if (g.dead_letter_channel != kNobody) {
    Envelope copy = partitions[partition].records[offset].message;
    copy.entry = g.dead_letter_entry;
    copy.part = kNobody;
    if (copy.redirected < 255) ++copy.redirected;
    if (!host.forward(g.dead_letter_channel, copy)) fate = Fate::dropped;
  }
  // The forwarding may have come back to this topic and moved its records; the offset still holds.
  end_copy(partition, group, offset, fate, fetched);
}

void Core::trim(std::uint32_t partition) {
  PartitionLog& log = partitions[partition];
  RecordRing& r = log.records;
  const bool by_bytes = settings.retention_bytes != kNoLimit;
  while (r.begin() != r.end() && r[r.begin()].alive == 0) {
    if (by_bytes && r.begin() >= log.start) break;  // its bytes still count
    r.drop_first();
  }
  log.start = std::max(log.start, r.begin());
}

void Core::note(LogEvent what, std::uint32_t about) {
  if (events.size() < ChannelRecord::kMostEvents)
    events.push_back({host.now(), static_cast<std::uint32_t>(what), about});
}

void Core::reset() {
  counts = {};
  events.clear();
  for (Place& p : places) {
    PlaceCounts fresh;
    fresh.ready = p.counts.ready;
    fresh.in_flight = p.counts.in_flight;
    fresh.resident_at_start = fresh.peak = fresh.ready + fresh.in_flight;
    p.counts = fresh;
    p.changed = host.now();
  }
}

ChannelRecord Core::record() const {
  ChannelRecord out;
  out.counts = counts;
  out.events = events;
  for (Place p : places) {
    p.counts.area += static_cast<Wide>(p.counts.ready + p.counts.in_flight) * (host.now() - p.changed);
    out.places.push_back(p.counts);
  }
  return out;
}

std::int64_t Core::oldest_born(std::size_t group) const {
  std::int64_t oldest = -1;
  for (std::uint32_t p = 0; p < settings.partitions; ++p) {
    const RecordRing& r = partitions[p].records;
    std::uint64_t& at = first_alive[place_of(p, group)];
    at = std::max(at, r.begin());
    while (at < r.end() && (r[at].alive >> group & 1u) == 0) ++at;
    if (at < r.end() && (oldest < 0 || r[at].message.born < oldest)) oldest = r[at].message.born;
  }
  return oldest;
}

}  // namespace tailrace::models::event_log
