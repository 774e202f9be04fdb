// A queue that all instances of a station share: requests wait before them, and an instance with a free
// worker takes the next. The queue stands at a place of its own behind the last instance, which has no
// worker.
#include "models/runtime/execution.hpp"

namespace tailrace::models {

std::uint32_t Execution::queue_place(const StationTable& station) const {
  return station.first_instance + station.instances;
}

bool Execution::serves(const StationTable& station, std::uint32_t index) const {
  const InstanceFaults& state = fault_.instances[station.first_fault + index];
  if (state.down > 0 || state.paused > 0) return false;
  if (station.scaled == kNoId) return true;
  const InstanceLife& life = lives_[station.first_life + index];
  return life.state == InstanceLife::State::ready && !life.hidden;
}

// The one with most free workers, in turn; where instances come on demand the first, so that the others fall
// idle. O(instances).
std::uint32_t Execution::free_instance(const StationTable& station) {
  const bool first = station.scaled != kNoId && scaling_of(station).idle_timeout.has_value();
  std::uint32_t& turn = positions_[station.turn];
  std::uint32_t best = kNoId;
  std::int32_t most = 0;
  for (std::uint32_t k = 0; k < station.instances; ++k) {
    std::uint32_t index = first ? k : turn + k;
    if (index >= station.instances) index -= station.instances;
    const std::int32_t free = instances_[station.first_instance + index].free;
    if (free <= most || !serves(station, index)) continue;
    best = index, most = free;
    if (first || free == station.workers) break;
  }
  if (best == kNoId) return kNoId;
  turn = best + 1 == station.instances ? 0 : best + 1;
  return station.first_instance + best;
}

// From the queue, or past it, to the instance that has taken it.
void Execution::give_to(std::uint32_t slot, std::uint32_t instance_id, const StationTable& station) {
  InstanceState& instance = instances_[instance_id];
  Frame& f = frames_[slot];
  f.instance = instance_id;
  --instance.free;
  instance.busy_area -= now_;
  ++instance.grants;
  f.mark = now_;
  f.flags |= kHolding;
  if (station.scaled != kNoId) ++lives_[station.first_life + (instance_id - station.first_instance)].inside;
}

std::uint32_t Execution::enter_shared(std::uint32_t slot, const StationTable& station) {
  InstanceState& queue = instances_[queue_place(station)];
  const std::uint32_t instance = queue.queued == 0 ? free_instance(station) : kNoId;
  if (station.scaled != kNoId) note_cold(station, instance == kNoId);
  if (instance != kNoId) {
    give_to(slot, instance, station);
    return slot;
  }
  const std::uint32_t next = wait_for_worker(slot, false);
  if (station.scaled != kNoId) someone_waits(station);
  return next;
}

// Workers may have become free: they take who is next.
void Execution::serve_shared(std::uint32_t station_id) {
  const StationTable& station = station_tables_[station_id];
  InstanceState& queue = instances_[queue_place(station)];
  while (queue.queued > 0) {
    const std::uint32_t instance = free_instance(station);
    if (instance == kNoId) return;
    std::uint32_t next = queue.head;
    if (queue.ordered < kByRule) {
      next = ordered_[queue.ordered].pop(frames_);
      take_out(next, queue);
    } else {
      leave_queue(next);
    }
    Frame& n = frames_[next];
    const std::int64_t wait = now_ - n.mark;
    if (n.timer != kNoId) timers_.cancel(n, TimerPurpose::patience);
    if (wait > 0) observe(queue.wait_series, wait);
    give_to(next, instance, station);
    wake(next);
  }
}

}  // namespace tailrace::models
