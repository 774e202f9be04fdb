#include "models/runtime/watch.hpp"

#include <algorithm>

#include "models/runtime/execution.hpp"

namespace tailrace::models {

namespace {

double seconds(Area item_ns) {
  return static_cast<double>(item_ns) * 1e-9;
}

}  // namespace

// Everything before `until` has happened; nothing of it has.
void Execution::look_on(std::int64_t until) {
  while (!done_ && watch_next_ <= until) {
    const std::int64_t at = std::max(watch_next_, now_);
    const std::int64_t next = options_.watch->look(Peek(*this, at, until));
    if (next == RunWatch::kStop) return stop(RunStatus::interrupted, "interrupted");
    if (const std::uint64_t key = options_.watch->renewal(); key != 0) Peek::renew(*this, key);
    watch_next_ = std::max(next, at);
    if (next <= at) return;
  }
}

std::int64_t Peek::statistics_since_ns() const {
  return e_.record_.start_ns;
}

std::uint64_t Peek::trajectory() const {
  return e_.trajectory_;
}

StationPeek Peek::station(std::uint32_t id) const {
  const StationTable& table = e_.station_tables_[id];
  StationPeek p;
  Area busy = 0, queue = 0;
  const std::uint32_t places = table.instances + (table.shared ? 1 : 0);
  for (std::uint32_t i = 0; i < places; ++i) {
    const InstanceState& instance = e_.instances_[table.first_instance + i];
    const std::int32_t working = table.workers - instance.free;
    busy += instance.busy_area + static_cast<Area>(working) * now_;
    queue += instance.queue_area + static_cast<Area>(instance.queued) * now_;
    p.served += instance.grants;
    p.rejected += instance.rejected;
    p.in_queue += instance.queued;
    p.in_service += static_cast<std::uint64_t>(working);
  }
  p.busy_s = seconds(busy);
  p.queue_s = seconds(queue);
  p.ready = table.instances;
  if (table.scaled != kNoId) {
    const ScaledStation& sc = e_.scaled_[table.scaled];
    p.ready = sc.ready;
    p.ready_s = seconds(sc.ready_area + static_cast<Area>(sc.ready) * (now_ - sc.since));
  }
  if (table.first_fault != kNoId) {
    for (std::uint32_t i = 0; i < table.instances; ++i) {
      const InstanceFaults& faults = e_.fault_.instances[table.first_fault + i];
      if (faults.down > 0 || faults.paused > 0) ++p.stopped;
    }
  }
  return p;
}

EdgeRecord Peek::edge(std::size_t edge) const {
  return e_.edge_record(edge);
}

ClassRecord Peek::request_class(std::size_t cls) const {
  return e_.classes_[cls];
}

const sim::Histogram& Peek::series(std::uint32_t series) const {
  return e_.series_[series];
}

void Peek::sums(std::vector<SeriesPeek>& out) const {
  const std::size_t count = e_.record_.series.size();
  out.assign(count, {});
  for (std::size_t i = 0; i < count; ++i) {
    out[i].sum_s = seconds(e_.series_[i].sum());
    out[i].count = e_.series_[i].count();
  }
  const auto add = [&out](std::size_t series, std::int64_t value) {
    out[series].sum_s += static_cast<double>(value) * 1e-9;
    ++out[series].count;
  };
  for (std::size_t i = 0; i < e_.sample_count_; ++i) add(e_.samples_[i].series, e_.samples_[i].value);
  for (std::size_t i = 0; i < e_.recent_.size(); ++i) {
    for (std::uint32_t k = 0; k < e_.recent_[i].count; ++k) add(i, e_.recent_[i].values[k]);
  }
}

std::uint64_t Peek::depth(std::uint32_t group) const {
  return e_.messaging_ ? e_.messaging_->depth(group) : 0;
}

std::uint32_t Peek::queued(std::uint32_t instance) const {
  return e_.instances_[instance].queued;
}

std::uint32_t Peek::busy(std::uint32_t instance) const {
  const InstanceState& state = e_.instances_[instance];
  return static_cast<std::uint32_t>(e_.station_tables_[state.station].workers - state.free);
}

bool Peek::down(std::uint32_t instance) const {
  return e_.down(instance);
}

// The frame is that of a whole request, of this workload.
bool Peek::begins_request(std::uint32_t slot, std::uint32_t workload) const {
  const Frame& f = e_.frames_[slot];
  const auto kind = f.flags & (kClientFrame | kDirect | kBranchFrame);
  if (!(f.flags & kLive) || (kind != kClientFrame && kind != kDirect)) return false;
  const std::uint32_t cls = kind == kDirect ? f.parent : f.edge;
  return cls < e_.model_->classes.size() && e_.class_tables_[cls].workload == workload;
}

std::int64_t Peek::oldest_request(std::uint32_t workload, Oldest& hint) const {
  if (hint.slot != kNoId && hint.slot < e_.frames_.slots() && e_.frames_[hint.slot].start == hint.start_ns &&
      begins_request(hint.slot, workload))
    return hint.start_ns;
  hint = {};
  for (std::uint32_t slot = 0; slot < e_.frames_.slots(); ++slot) {
    if (!begins_request(slot, workload)) continue;
    const std::int64_t start = e_.frames_[slot].start;
    if (hint.slot == kNoId || start < hint.start_ns) hint = {slot, start};
  }
  return hint.start_ns;
}

std::uint8_t Peek::admission_status(std::uint32_t state) const {
  const AdmissionPolicy& policy = *e_.policies_.admissions[state].policy;
  const StatusLog* log = policy.log();
  return log == nullptr ? std::uint8_t{0} : log->status();
}

const std::vector<FaultActivation>& Peek::fault_activations() const {
  return e_.record_.fault_activations;
}

void Peek::instances(std::vector<InstancePeek>& out) const {
  out.clear();
  for (std::uint32_t s = 0; s < e_.model_->stations.size(); ++s) {
    const StationTable& table = e_.station_tables_[s];
    for (std::uint32_t i = 0; i < table.instances; ++i) {
      const InstanceState& instance = e_.instances_[table.first_instance + i];
      InstancePeek p;
      p.station = s;
      p.index = i;
      p.queued = instance.queued;
      // The queue that all share is shown at the first.
      if (table.shared && i == 0) p.queued += e_.instances_[table.first_instance + table.instances].queued;
      p.busy = static_cast<std::uint32_t>(table.workers - instance.free);
      if (table.first_fault != kNoId) {
        const InstanceFaults& faults = e_.fault_.instances[table.first_fault + i];
        p.down = faults.down > 0;
        p.paused = faults.paused > 0;
      }
      if (table.scaled != kNoId) {
        const InstanceLife::State state = e_.lives_[table.first_life + i].state;
        p.scaled = true;
        p.starting = state == InstanceLife::State::starting;
        p.ready = state == InstanceLife::State::ready;
        p.draining = state == InstanceLife::State::draining;
      }
      out.push_back(p);
    }
  }
}

std::size_t Peek::slots() const {
  return e_.frames_.slots();
}

void Peek::attempts(std::vector<AttemptPeek>& out) const {
  out.clear();
  for (std::uint32_t slot = 0; slot < e_.frames_.slots(); ++slot) {
    const Frame& f = e_.frames_[slot];
    if (!(f.flags & kLive) || (f.flags & (kClientFrame | kBranchFrame)) || f.parent == kNoId) continue;
    AttemptPeek a;
    a.slot = slot;
    a.edge = f.edge;
    a.parent = f.parent;
    a.parent_ticket = f.parent_ticket;
    a.instance = f.instance;
    a.start_ns = f.start;
    a.direct = (f.flags & kDirect) != 0;
    a.queued = (f.flags & kQueued) != 0;
    a.holding = (f.flags & kHolding) != 0;
    a.retry = e_.with_calls_ && (e_.calls_[slot].flags & kRetry) != 0;
    out.push_back(a);
  }
  // A branch may hold the worker.
  for (std::uint32_t slot = 0; slot < e_.frames_.slots(); ++slot) {
    const Frame& f = e_.frames_[slot];
    if (!(f.flags & kLive) || !(f.flags & kHolding) || !(f.flags & kBranchFrame)) continue;
    std::uint32_t serves = f.parent;
    while (serves != kNoId && e_.frames_[serves].flags & kBranchFrame) serves = e_.frames_[serves].parent;
    const auto a =
        std::lower_bound(out.begin(), out.end(), serves,
                         [](const AttemptPeek& attempt, std::uint32_t at) { return attempt.slot < at; });
    if (a != out.end() && a->slot == serves) a->holding = true;
  }
}

}  // namespace tailrace::models
