// Subscriptions that instances hold: who is sent what when an event comes about. A holder is a frame that
// sleeps; nothing is done when it goes. The cost of an event is the number of entries at the instances that
// have any, and entries that nobody is behind are at most as many as those with somebody.
#include "models/topology/topology.hpp"

#include <algorithm>

#include "models/compile/subscription_ops.hpp"
#include "models/runtime/execution.hpp"
#include "models/runtime/messaging.hpp"

namespace tailrace::models {

namespace {
constexpr std::size_t kFew = 64;  // entries that are not worth looking through
}  // namespace

void Messaging::find_subscriptions() {
  const std::vector<Edge>& edges = model_.topology->edges;
  const auto home = [](const Edge& e) { return e.stays_at_home; };
  if (std::none_of(edges.begin(), edges.end(), home)) return;
  for (const Edge& e : edges) at_home_.push_back(home(e));
  held_.resize(model_.operations.size());
}

// How many the instance holds; those that have gone are taken out.
std::uint32_t Messaging::held_at(std::uint32_t operation, std::uint32_t instance) {
  Held& h = held_[operation];
  if (h.by_instance.empty()) return 0;
  std::vector<Holder>& list = h.by_instance[instance - h.first_instance];
  std::erase_if(list, [&](const Holder& x) {
    const Frame& f = run_.frames_[x.slot];
    return f.ticket != x.ticket || f.pc != h.sleeping_pc || !(f.flags & kLive);
  });
  h.look_again[instance - h.first_instance] = std::max(kFew, 2 * list.size());
  return static_cast<std::uint32_t>(list.size());
}

std::uint32_t Messaging::step_of_subscriptions(std::uint32_t slot, const Step16& step) {
  const std::uint32_t operation = step.first;
  Held& h = held_[operation];
  const Frame& f = run_.frames_[slot];
  const std::uint32_t instance = f.instance;
  switch (step.flags) {
    case kAdmitHeld:
      if (h.by_instance.empty() || h.by_instance[instance - h.first_instance].size() < step.needed)
        return slot;
      return held_at(operation, instance) < step.needed ? slot : run_.fail_frame(slot, Outcome::rejected);
    case kHold: {
      if (h.by_instance.empty()) {
        const StationTable& station = model_.stations[model_.operations[operation].station];
        h.first_instance = station.first_instance;
        h.by_instance.resize(station.instances);
        h.look_again.resize(station.instances, kFew);
        h.sleeping_pc = run_.steps_[f.pc].first + 1;  // the jump leads there
        h.on_event = f.pc + 1;
      }
      const std::uint32_t index = instance - h.first_instance;
      if (h.by_instance[index].size() >= h.look_again[index]) held_at(operation, instance);
      h.by_instance[index].push_back({slot, f.ticket});
      return slot;
    }
    case kAnnounce:
      for (std::uint32_t i = 0; i < h.by_instance.size(); ++i) {
        if (held_at(operation, h.first_instance + i) > 0) spawn_at(slot, h.on_event, h.first_instance + i);
      }
      return slot;
    default: {  // kFanOut
      const std::uint32_t n = held_at(operation, instance);
      for (std::uint32_t k = 0; k < n; ++k) spawn_at(slot, step.needed, instance);
      if (run_.steps_taken_ += n; run_.steps_taken_ > Execution::kMaxStepsInOneEvent) run_.stalled();
      return slot;
    }
  }
}

}  // namespace tailrace::models
