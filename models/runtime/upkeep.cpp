// Errands: how they are sent and how they end, and what the record keeps of them.
#include "models/runtime/upkeep.hpp"

#include <algorithm>

#include "models/runtime/execution.hpp"

namespace tailrace::models {

using sim::Phase;

namespace {
constexpr std::uint32_t kStepBits = 3;
constexpr std::uint32_t kPayloads = 1u << (24 - kStepBits);
}  // namespace

Upkeep::Upkeep(Execution& run) : run_(run), model_(*run.model_) {
  directories_.resize(model_.directories.size());
  gated_.resize(model_.gated.size());
  for (const DirectoryTable& table : model_.directories) {
    const auto id = static_cast<std::uint32_t>(&table - model_.directories.data());
    entries_.resize(table.first_entry + model_.stations[table.station].instances);
    for (std::size_t e = table.first_entry; e < entries_.size(); ++e) entries_[e].directory = id;
  }
  for (const auto& ways : discoveries_of(*model_.topology)) {
    directories_of_.emplace_back();
    for (const DiscoverySettings* way : ways) {
      directories_of_.back().push_back(static_cast<std::uint32_t>(found_by_.size()));
      found_by_.push_back(way);
    }
  }
  for (const GatedTable& table : model_.gated) {
    const StationTable& station = model_.stations[table.station];
    gates_.resize(table.first_state + station.instances);
    for (std::uint32_t i = 0; i < station.instances; ++i)
      gates_[table.first_state + i].instance = station.first_instance + i;
  }
}

void Upkeep::start() {
  started_ = true;
  for (std::uint32_t id = 0; id < model_.directories.size(); ++id) start_directory(id);
  start_gates();
}

void Upkeep::schedule(std::int64_t when, Phase phase, std::uint32_t target, Step step,
                      std::uint32_t payload) {
  run_.schedule(when, phase, Execution::Kind::upkeep, target, step | payload % kPayloads << kStepBits);
}

// The errand's frame makes its call at once, behind what runs now.
void Upkeep::send(std::uint32_t pc, Tag tag) {
  std::uint32_t number = 0;
  if (free_tags_.empty()) {
    number = static_cast<std::uint32_t>(tags_.size());
    tags_.push_back(tag);
  } else {
    number = free_tags_.back();
    free_tags_.pop_back();
    tags_[number] = tag;
  }
  const std::uint32_t slot = run_.allocate_frame();
  run_.begin_request(slot, {});
  Frame& f = run_.frames_[slot];
  f.start = run_.now_;
  f.timer = kNoId;
  f.priority = 0;
  f.depth = 0;
  f.pc = pc;
  f.parent = kNoId;
  f.instance = kNoId;
  f.edge = number | kErrandBit;
  f.flags = kClientFrame | kDirect | kLive;
  run_.wake(slot);
}

void Upkeep::errand_ended(std::uint32_t number, bool good) {
  const Tag tag = tags_[number];
  free_tags_.push_back(number);
  switch (tag.errand) {
    case Errand::lookup:
      return asked(tag.id, good);
    case Errand::beat:
      return beat_ended(tag.id, good);
    case Errand::gate:
      if (gates_[tag.id].epoch == tag.epoch) knocked(tag.id, good);
      return;
    case Errand::renewal:
      if (gates_[tag.id].epoch == tag.epoch) renewed(tag.id, good);
      return;
  }
}

void Upkeep::event(std::uint32_t target, std::uint32_t extra) {
  const std::uint32_t payload = extra >> kStepBits;
  const auto current = [&] { return gates_[target].epoch % kPayloads == payload; };
  switch (static_cast<Step>(extra & ((1u << kStepBits) - 1))) {
    case kBeat: {
      const std::int64_t every = settings_of(entries_[target].directory).heartbeat.ns;
      schedule(sim::saturating_add(run_.now_, every), Phase::arrive, target, kBeat);
      return beat(target);
    }
    case kLease:
      return lease_due(target);
    case kRecord:
      return list(target, entries_[target].there);
    case kPoll: {
      const std::int64_t every = settings_of(views_[target].directory).poll->ns;
      schedule(sim::saturating_add(run_.now_, every), Phase::arrive, target, kPoll);
      if (caller_up(views_[target])) read(target);
      return;
    }
    case kPush:
      return see(views_[target], payload >> 1, (payload & 1) != 0);
    case kAskAgain:
      if (current()) knock(target);
      return;
    case kRenew:
      if (current()) renew(target);
      return;
    case kExpire:
      if (current()) expire(target);
      return;
  }
}

void Upkeep::instance_changed(std::uint32_t instance, bool up, std::int64_t) {
  const StationTable& station = model_.stations[run_.instances_[instance].station];
  for (const std::uint32_t directory : directories_of_[run_.instances_[instance].station])
    look_again(model_.directories[directory].first_entry + (instance - station.first_instance), !up);
  if (up) return;
  const auto from = std::lower_bound(views_of_.begin(), views_of_.end(), std::pair{instance, 0u});
  for (auto it = from; it != views_of_.end() && it->first == instance; ++it) forget(it->second);
}

void Upkeep::reset_statistics() {
  for (DirectoryRecord& d : directories_) d = {};
  for (GatedRecord& g : gated_) g = {};
}

void Upkeep::finish(RunRecord& record) {
  for (std::uint32_t gate = 0; gate < gates_.size(); ++gate) {
    if (gates_[gate].waits) ++counts_of(gate).waiting;
  }
  record.directories = directories_;
  record.gated = gated_;
}

}  // namespace tailrace::models
