#pragma once
// What instances do of their own accord (models/topology/upkeep.hpp), in motion: directories and each
// client's view of them (upkeep_discovery.cpp), and gates before an instance serves (upkeep_gates.cpp).
//
// An errand is a frame that nobody waits for; it makes one ordinary call, and its end is told here by a tag.
// What has changed since it set out is seen by the epoch in the tag. Views are told to the balancers of
// calls, which choose among what they know; nothing on the way of a call asks the directory. Runs without
// discovery and gates have none of this.
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include "models/compile/compiled_model.hpp"
#include "models/policies/discovery/discovery.hpp"
#include "models/runtime/fault_state.hpp"
#include "models/runtime/frame.hpp"
#include "models/runtime/record.hpp"
#include "sim/engine/calendar.hpp"

namespace tailrace::models {

class Execution;

// In place of an instance in the frame of an errand: bit 31 and the errand's tag.
inline constexpr std::uint32_t kErrandBit = 0x80000000u;
// A health check, which is meant for one instance.
inline bool is_probe(const Frame& f) {
  constexpr std::uint8_t kOfNobody = kClientFrame | kDirect;
  return (f.flags & kOfNobody) == kOfNobody && !(f.edge & kErrandBit);
}

class Upkeep final : public InstanceListener, public AddressBook {
 public:
  explicit Upkeep(Execution& run);
  void start();  // after instances and faults have started
  void event(std::uint32_t target, std::uint32_t extra);
  void errand_ended(std::uint32_t tag, bool good);
  void instance_changed(std::uint32_t instance, bool up, std::int64_t now_ns) override;

  // --- directories
  Answer ask(std::uint32_t view, sim::Instant now, sim::Duration failed_for) override;
  // The run takes an instance of a discovered station into service, or out of it.
  void set_present(std::uint32_t station, std::uint32_t index, bool present);

  // --- gates
  // An instance is to start: true when it has to pass gates first.
  bool begins(std::uint32_t instance);
  // A fault leaves an instance: true when that has been counted, and it goes on when its gates are passed.
  bool holds_back(std::uint32_t instance);
  void went_down(std::uint32_t instance);

  void reset_statistics();
  void finish(RunRecord& record);

 private:
  enum Step : std::uint32_t { kBeat, kLease, kRecord, kPoll, kPush, kAskAgain, kRenew, kExpire };
  enum class Errand : std::uint8_t { lookup, beat, gate, renewal };
  struct Tag {
    Errand errand = Errand::lookup;
    std::uint32_t id = 0, epoch = 0;
  };
  // An instance as its directory knows it.
  struct Entry {
    std::uint32_t directory = 0;
    bool present = true;  // the run has it in service
    bool there = true;    // and it is up
    bool listed = true;
    bool lease_pending = false;
    bool held = false;  // its lease is over, and nobody can take it out
    std::int64_t last_beat = 0;
    std::int64_t listed_since = 0;
    std::int64_t crashed = -1;  // when; -1: it has not
  };
  struct View {
    std::uint32_t directory = 0, client = 0, caller = 0;
    std::uint32_t first_seen = 0;
    bool known = false;
    bool looking = false;
    std::uint32_t addresses = 0;
    std::int64_t expires = 0;
    std::int64_t failed_at = -1;
    std::int64_t last_push = 0;
  };
  struct Gate {
    std::uint32_t instance = 0;
    std::uint32_t stage = 0, epoch = 0;
    bool passed = true;
    bool held = false;  // it counts as down, until it has passed
    bool waits = false;
    std::int64_t began = 0, lease_until = 0;
  };
  class ViewBalancer;

  void schedule(std::int64_t when, sim::Phase phase, std::uint32_t target, Step step,
                std::uint32_t payload = 0);
  void send(std::uint32_t pc, Tag tag);

  const DirectoryTable& table_of(std::uint32_t directory) const;
  const DiscoverySettings& settings_of(std::uint32_t directory) const;
  std::uint32_t instance_of(std::uint32_t entry) const;
  bool quorum(const DirectoryTable& table) const;
  void start_directory(std::uint32_t id);
  void look_again(std::uint32_t entry, bool crash);
  void beat(std::uint32_t entry);
  void beat_ended(std::uint32_t entry, bool good);
  void lease_due(std::uint32_t entry);
  void list(std::uint32_t entry, bool listed);
  void read(std::uint32_t view);
  void asked(std::uint32_t view, bool good);
  void apply(std::uint32_t view, bool first);
  void see(View& view, std::uint32_t index, bool there);
  void forget(std::uint32_t view);
  bool caller_up(const View& view) const;

  const GatedTable& gated_of(std::uint32_t gate) const;
  const std::vector<StartGate>& gates_of(std::uint32_t gate) const;
  GatedRecord& counts_of(std::uint32_t gate);
  std::uint32_t gate_number(std::uint32_t instance) const;  // kNoId: none
  void start_gates();
  void begin(std::uint32_t gate);
  void knock(std::uint32_t gate);
  void knocked(std::uint32_t gate, bool good);
  void pass(std::uint32_t gate);
  void renew(std::uint32_t gate);
  void renewed(std::uint32_t gate, bool good);
  void expire(std::uint32_t gate);

  Execution& run_;
  const CompiledModel& model_;
  std::vector<Tag> tags_;
  std::vector<std::uint32_t> free_tags_;
  std::vector<const DiscoverySettings*> found_by_;          // by directory
  std::vector<std::vector<std::uint32_t>> directories_of_;  // by station
  std::vector<Entry> entries_;
  std::vector<View> views_;
  std::vector<bool> seen_;  // by view and instance: does the view have it?
  std::vector<std::pair<std::uint32_t, std::uint32_t>> views_of_;  // instance, view; sorted
  std::vector<DirectoryRecord> directories_;
  std::vector<Gate> gates_;
  std::vector<GatedRecord> gated_;
  bool started_ = false;
};

}  // namespace tailrace::models
