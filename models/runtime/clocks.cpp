#include "models/runtime/clocks.hpp"

#include <algorithm>
#include <cmath>

#include "models/runtime/execution.hpp"

namespace tailrace::models {

namespace {

bool of_clocks(const FaultEffect& e) {
  return e.action == FaultAction::notify && (e.hook == kClockSkew || e.hook == kClockSkewButDeadlines);
}

}  // namespace

bool Clocks::needed(const Topology& t) {
  return std::any_of(t.faults.begin(), t.faults.end(), [](const Fault& f) {
    return std::any_of(f.effects.begin(), f.effects.end(), of_clocks);
  });
}

Clocks::Clocks(const CompiledModel& model, std::uint64_t seed, std::uint32_t replication) : model_(model) {
  for (const Fault& f : model.topology->faults)
    streams_.emplace_back(seed, replication, "fault " + f.name, "tokens");
}

// From nothing to all of it in a straight line over the fault's ramp: a clock that drifts.
std::int64_t Clocks::offset(const Shift& shift, std::int64_t now) const {
  const Fault& fault = model_.topology->faults[shift.fault];
  const double whole = fault.effects.front().amount;
  if (fault.ramp.ns <= 0 || now - shift.start >= fault.ramp.ns) return static_cast<std::int64_t>(whole);
  return static_cast<std::int64_t>(whole * static_cast<double>(now - shift.start) /
                                   static_cast<double>(fault.ramp.ns));
}

std::int64_t Clocks::ahead(std::uint32_t instance, std::int64_t now, bool deadlines) const {
  std::int64_t sum = 0;
  for (const Shift& s : shifts_) {
    if (s.instance != instance) continue;
    if (deadlines && model_.topology->faults[s.fault].effects.front().hook != kClockSkew) continue;
    sum += offset(s, now);
  }
  return sum;
}

// Tokens have ages spread evenly over their lifetime. To a clock that is ahead by o those with less than o to
// go have expired; to one that is behind, those younger than o are not valid yet: a share of (o - leeway) /
// lifetime either way.
std::uint32_t Clocks::refuses_token(std::uint32_t instance, std::int64_t now) {
  for (const Shift& s : shifts_) {
    if (s.instance != instance) continue;
    const FaultEffect& e = model_.topology->faults[s.fault].effects.front();
    if (!e.lasts) continue;
    const double leeway = e.time ? e.time->mean() : 0;
    const double off = std::abs(static_cast<double>(ahead(instance, now))) - leeway;
    if (off > 0 && streams_[s.fault].uniform() * static_cast<double>(e.lasts->ns) < off) return s.fault;
  }
  return kNoFault;
}

void Clocks::fault_changed(const std::string&, std::uint32_t fault, std::uint32_t target, bool begins,
                           std::int64_t now) {
  const Fault& f = model_.topology->faults[fault];
  if (!of_clocks(f.effects.front())) return;
  for (const auto& [station, index] : f.targets[target].instances) {
    const std::uint32_t instance =
        model_.stations[static_cast<std::size_t>(station)].first_instance + static_cast<std::uint32_t>(index);
    const auto there = std::find_if(shifts_.begin(), shifts_.end(), [&](const Shift& s) {
      return s.instance == instance && s.fault == fault;
    });
    if (begins) {
      there == shifts_.end() ? shifts_.push_back({instance, fault, 1, now}) : void(++there->times);
    } else if (there != shifts_.end() && --there->times == 0) {
      shifts_.erase(there);
    }
  }
}

// --- the run's side

// The deadline that goes out with a call: a time of day, so one that the caller sets itself is off by its
// clock.
std::int64_t Execution::deadline_sent(std::uint32_t slot, const GuardTable& g) const {
  if (!clocks_) return call_deadline(slot, g);
  std::int64_t deadline = calls_[slot].deadline;
  if (g.deadline_ns >= 0) {
    const std::int64_t own = sim::saturating_add(frames_[slot].call_start(), g.deadline_ns);
    deadline = std::min(deadline, sim::saturating_add(own, ahead(frames_[slot].instance, true)));
  }
  return deadline;
}

std::int64_t Execution::clock_ahead(std::uint32_t instance, bool deadlines) const {
  return instance == kNoId ? 0 : clocks_->ahead(instance, now_, deadlines);
}

// A request stands at the door of an instance, with a token. True: it is not let in, and has its answer.
bool Execution::token_refused(std::uint32_t slot, std::uint32_t& next) {
  const std::uint32_t fault = clocks_->refuses_token(frames_[slot].instance, now_);
  if (fault == Clocks::kNoFault) return false;
  for (std::uint32_t id = 0; id < fault_.processes.size(); ++id) {
    const FaultProcess& process = fault_.processes[id];
    if (!process.active || model_->faults.processes[id].fault != fault) continue;
    blame(id, false);
    break;
  }
  next = answer_in_place(slot, Outcome::rejected);
  return true;
}

}  // namespace tailrace::models
