#include "models/runtime/levels.hpp"

#include <algorithm>

#include "models/runtime/execution.hpp"

namespace tailrace::models {

bool Levels::needed(const CompiledModel& model) {
  return std::any_of(
      model.admission_groups.begin(), model.admission_groups.end(),
      [](const AdmissionGroup& g) { return dynamic_cast<const Listens*>(g.model.get()) != nullptr; });
}

// The server's answer sets out. Each one says what it carries, also that it is nothing: slots are used again.
void Execution::tell_level(std::uint32_t slot, Outcome outcome) {
  const EdgeTable& edge = edges_[frames_[slot].edge];
  int level = Levels::kNone;
  if (edge.door != kNoId && outcome != Outcome::network && (calls_[slot].flags & kThere)) {
    const DoorTable& door = model_->doors[edge.door];
    for (std::uint32_t stage = 0; stage < door.count; ++stage) {
      if (auto* const tells = dynamic_cast<TellsLevel*>(&at_door(slot, door, stage)))
        level = tells->level({now_});
    }
  }
  levels_->carry(slot, level);
}

// It is with the caller.
void Execution::learn_level(std::uint32_t slot, std::uint32_t child) {
  const int level = levels_->take(child);
  if (level == Levels::kNone) return;
  const EdgeTable& edge = edges_[frames_[child].edge];
  const GuardTable& g = model_->guards[edge.guard];
  for (std::uint32_t stage = 0; stage < g.all; ++stage) {
    const std::uint32_t id = admission_state(slot, g, stage, frames_[child].instance - edge.first_instance);
    if (auto* const learns = dynamic_cast<LearnsLevel*>(policies_.admissions[id].policy.get()))
      learns->learn(level, {now_});
  }
}

}  // namespace tailrace::models
