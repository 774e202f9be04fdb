// Budgets, and the ways in which a run ends before its time.
#include <fmt/format.h>

#include <algorithm>

#include "models/runtime/execution.hpp"

namespace tailrace::models {

void Execution::stop(RunStatus status, std::string message) {
  done_ = true;
  record_.status = status;
  record_.message = std::move(message);
}

void Execution::stalled() {
  stop(RunStatus::stalled,
       fmt::format("time does not advance at {} s: calls or loops go round without taking time",
                   sim::seconds_of(now_)));
}

void Execution::check_budgets() {
  if (options_.progress_ns != nullptr) options_.progress_ns->store(now_, std::memory_order_relaxed);
  if (done_) return;
  constexpr std::size_t kLargerThanCaches = std::size_t{1} << 20;
  const bool large = frames_.bytes() + instances_.size() * sizeof(InstanceState) > kLargerThanCaches;
  calendar_.set_preview(large ? [](void* self, const sim::Event* events,
                                   std::size_t n) { static_cast<Execution*>(self)->look_ahead(events, n); }
                              : sim::Calendar::Preview{nullptr},
                        this);
  const RunSettings& settings = model_->topology->run;
  if (options_.interrupt != nullptr && options_.interrupt->load(std::memory_order_relaxed) != 0) {
    return stop(RunStatus::interrupted, "interrupted");
  }
  if (settings.max_events != kUnlimited && events_ >= static_cast<std::uint64_t>(settings.max_events)) {
    return stop(RunStatus::event_budget, fmt::format("run.max_events ({}) reached", settings.max_events));
  }
  events_at_instant_ = now_ == last_checked_ns_ ? events_at_instant_ + kCheckEvery : 0;
  last_checked_ns_ = now_;
  // A crowd that moves in step is no stall: each of its members may have a few events at one instant.
  const std::uint64_t most = kMaxEventsAtOneInstant + 4 * (calendar_.size() + frames_.slots());
  if (events_at_instant_ > most) {
    return stop(RunStatus::stalled, fmt::format("time does not advance: more than {} events at {} s", most,
                                                sim::seconds_of(now_)));
  }
  check_memory();
}

void Execution::check_memory() {
  const double limit = model_->topology->run.max_memory_bytes;
  const std::size_t calls = state_bytes();
  if (static_cast<double>(calls + statistics_bytes_) <= limit) return;
  const std::string what =
      calls >= statistics_bytes_
          ? largest_queue()
          : fmt::format("{:.1f} MB of it are statistics", static_cast<double>(statistics_bytes_) * 1e-6);
  stop(RunStatus::memory_budget, fmt::format("run.max_memory ({:.0f} MB) reached; {}", limit / 1e6, what));
}

void Execution::count_statistics() {
  constexpr std::uint64_t kEventsPerHistogram = 200;  // between counts: they cost a run next to nothing
  const std::size_t histograms = record_.series.size() + record_.batches.size() * classes_.size();
  if (statistics_bytes_ != 0 && events_ - statistics_counted_ < kEventsPerHistogram * histograms) return;
  statistics_counted_ = events_;
  const auto bytes_of = [](const auto& list) {
    std::size_t bytes = 0;
    for (const sim::Histogram& h : list) bytes += h.memory_bytes();
    return bytes;
  };
  std::size_t bytes =
      bytes_of(record_.series) + bytes_of(window_.before) + bytes_of(batch_before_) + window_.sketch_bytes();
  for (const std::vector<sim::Histogram>& batch : record_.batches) bytes += bytes_of(batch);
  const WindowRecord& row = record_.windows.back();  // all are alike
  statistics_bytes_ =
      bytes + record_.windows.size() *
                  (sizeof row + row.classes.size() * sizeof row.classes[0] +
                   row.class_times.size() * sizeof(WindowRecord::ClassTimes) +
                   row.stations.size() * sizeof row.stations[0] + row.edges.size() * sizeof row.edges[0] +
                   (row.edge_times.size() + row.station_times.size()) * sizeof(WindowRecord::Times));
}

std::string Execution::largest_queue() const {
  if (messaging_ && messaging_->bytes() > frames_.bytes()) {
    if (const std::string text = messaging_->largest(); !text.empty()) return text;
  }
  const auto longest =
      std::max_element(instances_.begin(), instances_.end(),
                       [](const InstanceState& a, const InstanceState& b) { return a.queued < b.queued; });
  const double at = sim::seconds_of(now_);
  if (longest == instances_.end() || longest->queued == 0)
    return fmt::format("{} calls in flight at {:.6g} s", frames_.live(), at);
  return fmt::format("the queue of {} grew to {} at {:.6g} s",
                     model_->topology->stations[longest->station].name, longest->queued, at);
}

// At the end of a run: are there requests, but none that works, travels or has a timer? Then nobody will ever
// move.
std::string Execution::deadlock() const {
  if (!scaled_.empty()) return {};  // an instance may be about to start
  std::vector<bool> waits(frames_.slots(), false);
  for (std::uint32_t slot = 0; slot < frames_.slots(); ++slot) {
    const Frame& f = frames_[slot];
    if (!(f.flags & kLive)) continue;
    if (with_calls_ && calls_[slot].flags & kInLine) waits[slot] = true;
    if (f.parent == kNoId || (f.flags & (kClientFrame | kDirect))) continue;
    if (frames_[f.parent].ticket == f.parent_ticket) waits[f.parent] = true;
  }
  std::uint32_t queued = kNoId;
  for (std::uint32_t slot = 0; slot < frames_.slots(); ++slot) {
    const Frame& f = frames_[slot];
    if (!(f.flags & kLive)) continue;
    if (f.timer != kNoId || !((f.flags & kQueued) || waits[slot])) return {};
    if (f.flags & kQueued) queued = slot;
  }
  if (queued == kNoId) return {};
  // Follow the chain: who holds the workers of that queue, and what they wait for.
  const Topology& t = *model_->topology;
  const InstanceState& instance = instances_[frames_[queued].instance];
  std::string text = fmt::format("deadlock: {} requests wait for a worker of {}", instance.queued,
                                 t.stations[instance.station].name);
  for (std::uint32_t slot = 0; slot < frames_.slots(); ++slot) {
    const Frame& f = frames_[slot];
    if (!(f.flags & kLive) || !(f.flags & kHolding) || f.instance != frames_[queued].instance) continue;
    const Step16& step = steps_[f.pc - 1];
    if (step.op != Op::call) continue;
    std::uint32_t serves = slot;  // itself, or what it is a branch of
    while (serves != kNoId && frames_[serves].flags & kBranchFrame) serves = frames_[serves].parent;
    if (serves == kNoId) continue;
    text += fmt::format("; its workers are held by {}, which waits for {}",
                        t.operation_name(static_cast<int>(edges_[frames_[serves].edge].operation)),
                        t.operation_name(static_cast<int>(edges_[step.first].operation)));
    break;
  }
  return text;
}

}  // namespace tailrace::models
