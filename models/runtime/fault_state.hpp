#pragma once
// What the faults of a run do at this moment: per instance and link that some fault can hit, and per process
// that starts and ends them. Instances and links that no fault names have no state here.
#include <cstdint>
#include <vector>

#include "models/runtime/record.hpp"
#include "models/runtime/serving.hpp"

namespace tailrace::models {

// Who wants to know when an instance goes down or comes back; called when that has happened.
class InstanceListener {
 public:
  virtual ~InstanceListener() = default;
  virtual void instance_changed(std::uint32_t instance, bool up, std::int64_t now_ns) = 0;
  // A fault that another part of the model gives a meaning to (FaultAction::notify): its hook, which of its
  // fault's targets, and whether it begins.
  virtual void fault_changed(const std::string& hook, std::uint32_t fault, std::uint32_t target, bool begins,
                             std::int64_t now_ns) {
    (void)hook, (void)fault, (void)target, (void)begins, (void)now_ns;
  }
};

// In place of what CallState::pause is otherwise: the frame stands still with its instance.
inline constexpr std::int64_t kFrozen = -1;

struct ActiveEffect {
  std::uint32_t fault = 0, effect = 0, process = 0;
  std::int64_t start = 0;
};

struct InstanceFaults {
  std::uint32_t down = 0, paused = 0;  // by how many faults
  std::uint32_t blame = 0;             // the process that took it down last
  std::int64_t down_since = 0, down_total = 0;
  std::int64_t paused_since = 0, paused_total = 0;
  struct Frozen {
    std::uint32_t slot, ticket;
    std::int64_t left;  // of its work, when the instance goes on
    bool core;          // its work is on a core of its own
  };
  std::vector<Frozen> frozen;
  std::vector<ActiveEffect> effects;  // slow, and at the door; in order of fault and effect

  std::int64_t stopped(std::int64_t now) const {
    return paused_total + (paused > 0 ? now - paused_since : 0);
  }
};

struct LinkFaults {
  std::vector<ActiveEffect> effects;
};

struct FaultProcess {
  bool active = false;
  bool waiting = false;  // for its condition to have held long enough
  std::int64_t holds_since = 0;
  std::int64_t start = 0;
  std::int64_t times = 0;                // that it has started
  std::vector<std::uint32_t> hit;        // targets, ascending
  std::vector<std::uint32_t> instances;  // of these; of a partition's, whoever led it when the fault came
  std::uint32_t record = 0xffffffffu;    // activation in the record; none: there are too many
};

// Who repairs what one fault breaks, where not everything can be repaired at once.
struct RepairLine {
  std::int64_t busy = 0;               // crews
  std::vector<std::uint32_t> waiting;  // processes, first come first served
};

struct SpikeState {
  bool active = false;
  std::uint32_t epoch = 0;
  std::uint32_t process = 0;
  std::int64_t start = 0;
  std::int64_t users = 0;  // added virtual users
};

struct FaultStates {
  std::vector<InstanceFaults> instances;
  std::vector<Serving> serving;  // by station, where some instance has a state
  std::vector<LinkFaults> links;
  std::vector<FaultProcess> processes;
  std::vector<SpikeState> spikes;
  std::vector<RepairLine> repairs;  // by fault
  std::vector<InstanceListener*> listeners;
  // Of the crash that is being worked off.
  std::vector<std::uint32_t> victims, answers, in_core_line, pending;
  std::vector<bool> waited;
};

}  // namespace tailrace::models
