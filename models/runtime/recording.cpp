// What a run leaves behind: warm-up, windows and batches while it runs, the record at its end.
#include <fmt/format.h>

#include <algorithm>

#include "models/runtime/clocks.hpp"
#include "models/runtime/execution.hpp"
#include "models/runtime/tracing.hpp"
#include "models/runtime/watch.hpp"
#include "sim/base/check.hpp"

namespace tailrace::models {

using sim::Phase;

const char* status_name(RunStatus status) {
  switch (status) {
    case RunStatus::completed:
      return "completed";
    case RunStatus::event_budget:
      return "event_budget";
    case RunStatus::memory_budget:
      return "memory_budget";
    case RunStatus::stalled:
      return "stalled";
    case RunStatus::deadlocked:
      return "deadlocked";
    case RunStatus::interrupted:
      return "interrupted";
    case RunStatus::invariant_broken:
      return "invariant_broken";
  }
  return "";
}

namespace {

constexpr int kWindows = 200;
constexpr std::size_t kStationsInWindows = 1000;  // more stations than this leave no rows of their own
constexpr std::size_t kEdgesInWindows = 2000;
// More classes of requests than this are counted per window but not timed, and have no batches: a histogram
// for each of thousands of classes, windows and batches would cost more than the run.
constexpr std::size_t kTimedClasses = 250;

double seconds_of(Area item_ns) {
  return static_cast<double>(item_ns) * 1e-9;
}

}  // namespace

std::int64_t window_length_ns(const RunSettings& settings) {
  if (settings.time_resolution.ns > 0) return settings.time_resolution.ns;
  return (settings.duration.ns - 1) / kWindows + 1;
}

Execution::Execution(std::shared_ptr<const CompiledModel> model, const RunOptions& options)
    : model_(std::move(model)), options_(options) {
  const CompiledModel& m = *model_;
  steps_ = m.steps.data();
  edges_ = m.edges.data();
  station_tables_ = m.stations.data();
  operation_tables_ = m.operations.data();
  class_tables_ = m.classes.data();
  workload_tables_ = m.workloads.data();
  draw_tables_ = m.draws.data();
  streams_.reserve(m.streams.size());
  for (const StreamKey& key : m.streams)
    streams_.emplace_back(options_.seed, options_.replication, key.component, key.purpose);
  draws_.reserve(m.draws.size());
  for (const Draw& d : m.draws) {
    draws_.push_back({0, 0, streams_[d.stream], d.sampler.scale(), d.sampler.kind()});
    draws_.back().prepare(d);
  }
  timers_.start(m);
  // One event can start millions of calls, long before the budget is looked at again.
  frames_.limit_bytes(m.topology->run.max_memory_bytes);
  instances_.resize(m.instance_station.size());
  for (std::size_t i = 0; i < instances_.size(); ++i) {
    instances_[i].station = m.instance_station[i];
    const StationTable& station = m.stations[m.instance_station[i]];
    instances_[i].free = station.workers;
    instances_[i].wait_series = station.wait_series;
    instances_[i].plain_capacity = station.plain_queue ? station.queue_capacity : 0;
    if (station.discipline != Discipline::fifo && station.discipline != Discipline::lifo) {
      instances_[i].ordered = static_cast<std::uint32_t>(ordered_.size());
      ordered_.emplace_back();
    } else if (station.special_release) {
      instances_[i].ordered = kByRule;
    }
  }
  cpus_.resize(m.cpus);
  cores_.resize(m.cpus);
  cpu_busy_before_.resize(m.cpus);
  for (const StationTable& s : m.stations) {
    if (s.first_cpu == kNoId) continue;
    for (std::uint32_t i = 0; i < s.instances; ++i) {
      cpus_[s.first_cpu + i].start(s.cores);
      cores_[s.first_cpu + i].free = static_cast<std::int32_t>(std::min(s.cores, 1e9));
    }
  }
  with_calls_ = !m.guards.empty() || m.messaging || !m.caches.empty();
  if (m.messaging) messaging_ = std::make_unique<Messaging>(*this);
  if (!m.caches.empty()) caching_ = std::make_unique<Caching>(*this);
  if (Wires::needed(*m.topology)) wires_ = std::make_unique<Wires>(m);
  if (!m.directories.empty() || !m.gated.empty()) upkeep_ = std::make_unique<Upkeep>(*this);
  if (Levels::needed(m)) levels_ = std::make_unique<Levels>();
  if (Clocks::needed(*m.topology)) clocks_ = std::make_unique<Clocks>(m, options_.seed, options_.replication);
  record_.egress.resize(m.egress.cells);
  if (options_.trace.mode != TraceSampling::Mode::off)
    tracer_ = std::make_unique<Tracer>(*this, options_.trace);
  set_tracing(false);
  with_more_ = with_calls_ || tracer_;
  requests_told_ = options_.pilot != nullptr || options_.watch != nullptr || tracer_;
  calls_.limit_bytes(m.topology->run.max_memory_bytes);
  start_policies();
  if (wires_) wires_->start(policies_, options_.seed, options_.replication);
  guard_counts_.resize(m.guards.size());
  station_extras_.resize(m.stations.size());
  operations_.resize(m.operations.size());
  edge_counts_.resize(m.edges.size());
  live_edges_.reserve(m.edges.size());
  for (const EdgeTable& e : m.edges) live_edges_.emplace_back(e);
  edge_class_.assign(m.edges.size(), kNoId);
  for (std::size_t i = 0; i < m.classes.size(); ++i) {
    if (m.classes[i].direct_edge != kNoId)
      edge_class_[m.classes[i].direct_edge] = static_cast<std::uint32_t>(i);
  }
  classes_.resize(m.classes.size());
  links_.resize(m.links.size());
  flows_.resize(m.flows);
  clients_.resize(m.workloads.size());
  positions_.resize(m.positions);
  ready_.reserve(1024);
  record_.series.resize(m.series.size());
  series_ = record_.series.data();
  record_at_once_ = m.series.size() <= kFewSeries;
  if (!record_at_once_) recent_.resize(m.series.size());
  requests_at_once_ = record_at_once_ || m.classes.size() <= kTimedClasses;
  record_.replication = options_.replication;
  record_.stations.resize(m.stations.size());
}

Execution::~Execution() = default;

void Execution::tell_of_request(std::uint32_t cls, std::int64_t took, Outcome outcome) {
  const std::uint32_t workload = class_tables_[cls].workload;
  if (outcome == Outcome::success) {
    if (options_.pilot != nullptr) (*options_.pilot)[workload].add({now_}, static_cast<double>(took));
    if (options_.watch != nullptr) options_.watch->succeeded(workload, took);
  }
  if (options_.watch != nullptr) options_.watch->ended(workload, took);
  if (tracer_) tracer_->request_ended(cls, took, outcome);
}

RunRecord Execution::run() {
  const RunSettings& settings = model_->topology->run;
  const std::int64_t end = settings.duration.ns;
  window_ns_ = window_length_ns(settings);
  if (classes_.size() <= kTimedClasses) window_.before.resize(classes_.size());
  window_.classes.resize(classes_.size());
  window_.areas.resize(station_count());
  window_.rejected.resize(station_count());
  window_.served.resize(station_count());
  if (model_->edges.size() <= kEdgesInWindows) window_.edges.resize(model_->edges.size());
  if (classes_.size() > kTimedClasses) options_.batches = 0;
  if (options_.batches > 0) {
    batch_ns_ = std::max<std::int64_t>(1, (end - options_.warmup_ns) / options_.batches);
    batch_before_.resize(classes_.size());
  }
  try {
    if (messaging_) {
      listen(messaging_.get());
      messaging_->start();
    }
    if (caching_) {
      listen(caching_.get());
      caching_->start();
    }
    if (wires_) listen(wires_.get());
    if (clocks_) listen(clocks_.get());
    if (clocks_ && wires_) wires_->clocks(clocks_.get());
    start_faults();
    if (upkeep_) listen(upkeep_.get());
    start_scaling();
    if (upkeep_) upkeep_->start();
    start_deployments();
    start_clients();
    start_probes();
    if (options_.warmup_ns > 0)
      schedule(options_.warmup_ns, Phase::observe, Kind::control,
               static_cast<std::uint32_t>(Control::warmup_end));
    if (window_ns_ < end)
      schedule(window_ns_, Phase::observe, Kind::control, static_cast<std::uint32_t>(Control::window));
    if (batch_ns_ > 0) {
      schedule(options_.warmup_ns + batch_ns_, Phase::observe, Kind::control,
               static_cast<std::uint32_t>(Control::batch));
    }
    schedule(end, Phase::observe, Kind::control, static_cast<std::uint32_t>(Control::end));
    loop();
  } catch (const std::bad_alloc&) {
    const double limit = settings.max_memory_bytes;
    record_.host_out_of_memory = static_cast<double>(frames_.bytes()) < 0.99 * limit;
    stop(RunStatus::memory_budget,
         !record_.host_out_of_memory
             ? fmt::format("run.max_memory ({:.0f} MB) reached; {}", limit / 1e6, largest_queue())
             : fmt::format("the system has no more memory; {}", largest_queue()));
  } catch (const sim::InvariantBroken& broken) {
    stop(RunStatus::invariant_broken,
         fmt::format("{} (seed {}, replication {}, event {}, fingerprint {:016x})", broken.what(),
                     options_.seed, options_.replication, events_, trajectory_));
  }
  finish_record();
  return std::move(record_);
}

void Execution::control(Control what) {
  const std::int64_t end = model_->topology->run.duration.ns;
  switch (what) {
    case Control::warmup_end:
      if (now_ % window_ns_ == 0) close_window();  // before its counts begin anew
      return reset_statistics();
    case Control::window:
      if (record_.windows.empty() || record_.windows.back().end_ns != now_) close_window();
      if (sim::saturating_add(now_, window_ns_) < end)
        schedule(now_ + window_ns_, Phase::observe, Kind::control,
                 static_cast<std::uint32_t>(Control::window));
      return;
    case Control::batch:
      close_batch();
      if (record_.batches.size() < static_cast<std::size_t>(options_.batches) &&
          sim::saturating_add(now_, batch_ns_) < end) {
        schedule(now_ + batch_ns_, Phase::observe, Kind::control, static_cast<std::uint32_t>(Control::batch));
      }
      return;
    case Control::end:
      if (options_.batches > 0 && record_.batches.size() < static_cast<std::size_t>(options_.batches))
        close_batch();
      done_ = true;
      return;
  }
}

void Execution::sum_inside(std::vector<Area>& queued, std::vector<Area>& held) const {
  queued.assign(station_count(), 0);
  held.assign(station_count(), 0);
  for (std::uint32_t slot = 0; slot < frames_.slots(); ++slot) {
    const Frame& f = frames_[slot];
    if (!(f.flags & kLive) || f.instance == kNoId) continue;
    const std::uint32_t station = instances_[f.instance].station;
    if (f.flags & kQueued) queued[station] += now_ - f.mark;
    if (f.flags & kHolding) held[station] += now_ - f.mark;
  }
}

// End of the warm-up: every statistic starts over; what is inside stays inside and counts from here on.
void Execution::reset_statistics() {
  if (tracer_) tracer_->reset_statistics();
  record_all_recent();
  for (sim::Histogram& h : record_.series) h.clear();
  before_statistics_begin();
  if (upkeep_) upkeep_->reset_statistics();
  std::fill(record_.egress.begin(), record_.egress.end(), 0);
  std::vector<Area> queued, held;
  sum_inside(queued, held);
  for (InstanceState& instance : instances_) {
    instance.wait_sum = instance.hold_sum = 0;
    instance.grants = instance.rejected = instance.abandoned = 0;
    const std::int32_t busy = station_tables_[instance.station].workers - instance.free;
    instance.queue_area = -static_cast<Area>(instance.queued) * now_;
    instance.busy_area = -static_cast<Area>(busy) * now_;
    instance.peak = instance.queued;
  }
  for (std::size_t i = 0; i < station_count(); ++i) {
    // What they waited before does not count when they leave.
    InstanceState& first = instances_[station_tables_[i].first_instance];
    first.wait_sum = -queued[i];
    first.hold_sum = -held[i];
  }
  for (const StationTable& s : model_->stations) {
    if (s.first_cpu == kNoId) continue;
    for (std::size_t i = s.first_cpu; i < s.first_cpu + s.instances; ++i) {
      cpu_busy_before_[i] = cpus_[i].busy(now_);
      // Whole cores: the busy ones count from here on.
      cores_[i].busy_area = -static_cast<Area>(static_cast<std::int32_t>(s.cores) - cores_[i].free) * now_;
    }
  }
  std::vector<std::uint64_t> inside(classes_.size());
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    inside[i] = classes_[i].started_in_flight + classes_[i].arrived - total(classes_[i].ended);
    classes_[i] = {};
    classes_[i].started_in_flight = inside[i];
  }
  for (OperationRecord& op : operations_) op = {};
  reset_policies();
  if (messaging_) messaging_->reset();
  if (caching_) caching_->reset();
  for (EdgeCounts& edge : edge_counts_) edge = {};
  for (LiveEdge& edge : live_edges_) edge.calls = edge.succeeded = 0;
  for (GuardCounts& counts : guard_counts_) {
    const std::int64_t last = counts.last_success;
    counts = {};
    counts.last_success = last;
  }
  for (StationExtras& extras : station_extras_) extras = {};
  for (Serving& serving : fault_.serving) serving.reset(now_);
  for (LinkState& link : links_) link.counts = {};
  std::fill(window_.classes.begin(), window_.classes.end(), WindowState::ClassTotals{});
  for (sim::Histogram& h : window_.before) h.clear();
  for (sim::Histogram& h : batch_before_) h.clear();
  for (auto& areas : window_.areas) areas = {0, 0};
  std::fill(window_.rejected.begin(), window_.rejected.end(), 0);
  std::fill(window_.served.begin(), window_.served.end(), 0);
  std::fill(window_.edges.begin(), window_.edges.end(), WindowRecord::PerEdge{});
  window_.forget_times();
  statistics_have_begun();
  record_.start_ns = now_;
}

void Execution::close_window() {
  WindowRecord window;
  window.end_ns = now_;
  window.classes.resize(classes_.size());
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    const ClassRecord& cls = classes_[i];
    WindowState::ClassTotals& before = window_.classes[i];
    const auto since = [](std::uint64_t now, std::uint64_t& then) {
      return static_cast<std::uint32_t>(now - std::exchange(then, now));
    };
    window.classes[i] = {since(cls.arrived, before.arrived), since(cls.ended[0], before.succeeded),
                         since(total(cls.ended) - cls.ended[0], before.failed)};
  }
  window.class_times.resize(window_.before.size());
  for (std::size_t i = 0; i < window.class_times.size(); ++i) {
    if (window.classes[i].succeeded == 0) continue;
    WindowRecord::ClassTimes& row = window.class_times[i];
    const sim::Histogram& all = record_.series[class_tables_[i].success_series];
    sim::Histogram& inside = window_.inside;
    inside = all;
    inside.subtract(window_.before[i]);
    row.mean_s = inside.mean() * 1e-9;
    row.p50_s = static_cast<double>(inside.quantile(0.5)) * 1e-9;
    row.p99_s = static_cast<double>(inside.quantile(0.99)) * 1e-9;
    row.max_s = static_cast<double>(inside.max()) * 1e-9;
    window_.before[i] = all;
  }
  if (station_count() <= kStationsInWindows) window_stations(window);
  if (!window_.edges.empty()) window_edges(window);
  window_times(window);
  for (std::uint32_t g = 0; messaging_ && g < model_->groups.size(); ++g)
    window.depths.push_back(messaging_->depth(g));
  record_.windows.push_back(std::move(window));
  count_statistics();
}

void Execution::window_stations(WindowRecord& window) {
  window.stations.reserve(station_count());
  std::vector<Area> busy(station_count()), queue(station_count());
  std::vector<std::uint64_t> rejected(station_count()), served(station_count());
  for (const InstanceState& instance : instances_) {
    const std::int32_t working = station_tables_[instance.station].workers - instance.free;
    busy[instance.station] += instance.busy_area + static_cast<Area>(working) * now_;
    queue[instance.station] += instance.queue_area + static_cast<Area>(instance.queued) * now_;
    rejected[instance.station] += instance.rejected;
    served[instance.station] += instance.grants;
  }
  const std::int64_t previous = record_.windows.empty() ? 0 : record_.windows.back().end_ns;
  const double length = static_cast<double>(now_ - std::max(previous, record_.start_ns)) * 1e-9;
  for (std::size_t i = 0; i < station_count(); ++i) {
    const double b = seconds_of(busy[i]);
    const double q = seconds_of(queue[i]);
    WindowRecord::PerStation row;
    if (length > 0) {
      row.busy = (b - window_.areas[i].first) / length;
      row.queue = (q - window_.areas[i].second) / length;
    }
    row.instances = instances_over(i, length);
    row.rejected = rejected[i] - window_.rejected[i];
    row.served = served[i] - window_.served[i];
    window_.areas[i] = {b, q};
    window_.rejected[i] = rejected[i];
    window_.served[i] = served[i];
    window.stations.push_back(row);
  }
}

void Execution::window_edges(WindowRecord& window) {
  window.edges.reserve(window_.edges.size());
  for (std::size_t i = 0; i < window_.edges.size(); ++i) {
    const EdgeRecord total = edge_record(i);
    WindowRecord::PerEdge& before = window_.edges[i];
    WindowRecord::PerEdge row;  // differences of 32-bit totals hold when these wrap
    const auto since = [](std::uint64_t now, std::uint32_t& then) {
      const std::uint32_t difference = static_cast<std::uint32_t>(now) - then;
      then = static_cast<std::uint32_t>(now);
      return difference;
    };
    row.calls = since(total.calls, before.calls);
    row.attempts = since(total.attempts, before.attempts);
    row.ended[0] = since(total.attempt_ended[0], before.ended[0]);
    // Some calls fail without an attempt: an open breaker, no instance to go to.
    for (std::size_t o = 1; o < kOutcomes; ++o)
      row.ended[o] = since(std::max(total.attempt_ended[o], total.ended[o]), before.ended[o]);
    window.edges.push_back(row);
  }
}

void Execution::close_batch() {
  std::vector<sim::Histogram> batch;
  for (std::size_t i = 0; i < classes_.size(); ++i) {
    const sim::Histogram& all = record_.series[class_tables_[i].success_series];
    batch.push_back(all);
    batch.back().subtract(batch_before_[i]);
    batch_before_[i] = all;
  }
  record_.batches.push_back(std::move(batch));
}

EdgeRecord Execution::edge_record(std::size_t edge) const {
  const EdgeCounts& e = edge_counts_[edge];
  EdgeRecord r;
  r.calls = live_edges_[edge].calls;
  r.ended = e.ended;
  r.ended[0] += live_edges_[edge].succeeded;
  if (edge_class_[edge] != kNoId) {  // a class that is one direct call has the counts of its edge
    r.calls = classes_[edge_class_[edge]].arrived;
    r.ended = classes_[edge_class_[edge]].ended;
  }
  if (edges_[edge].guard == kNoId) {  // every call is its one attempt
    r.attempts = r.calls;
    r.attempt_ended = r.ended;
    return r;
  }
  const GuardCounts& g = guard_counts_[edges_[edge].guard];
  r.attempts = e.attempts;
  r.attempt_ended = g.attempt_ended;
  r.hedges = g.hedges;
  r.hedges_won = g.hedges_won;
  r.budget_denied = g.budget_denied;
  r.fallbacks = g.fallbacks;
  r.pushbacks = g.pushbacks;
  return r;
}

void Execution::finish_record() {
  if (record_.status == RunStatus::completed) {
    const std::string locked = deadlock();
    if (!locked.empty()) stop(RunStatus::deadlocked, locked);
  }
  record_all_recent();
  close_window();
  record_.end_ns = now_;
  record_.events = events_;
  record_.trajectory = trajectory_;
  record_.state_bytes = state_bytes();
  record_.frames_peak = frames_.slots();
  if (tracer_) record_.traces = std::make_shared<const TraceRecord>(tracer_->take());
  std::vector<Area> queued, held;
  sum_inside(queued, held);
  std::vector<Area> queue_path(station_count()), busy_path(station_count());
  for (std::size_t i = 0; i < instances_.size(); ++i) {
    const InstanceState& instance = instances_[i];
    const StationTable& station = station_tables_[instance.station];
    const std::int32_t working = station.workers - instance.free;
    InstanceRecord r;
    const Area queue_area = instance.queue_area + static_cast<Area>(instance.queued) * now_;
    const Area busy_area = instance.busy_area + static_cast<Area>(working) * now_;
    r.queue_s = seconds_of(queue_area);
    r.busy_s = seconds_of(busy_area);
    r.peak_queue = instance.peak;
    r.in_queue = instance.queued;
    r.in_service = static_cast<std::uint32_t>(working);
    const std::uint32_t index = static_cast<std::uint32_t>(i) - station.first_instance;
    if (station.first_cpu != kNoId && index < station.instances) {  // a shared queue's place has none
      const std::uint32_t cpu = station.first_cpu + index;
      if (station.cpu_scheduling == CpuScheduling::processor_sharing) {
        r.cpu_s = (cpus_[cpu].busy(now_) - cpu_busy_before_[cpu]) * 1e-9;
      } else {
        r.cpu_s =
            seconds_of(cores_[cpu].busy_area +
                       static_cast<Area>(static_cast<std::int32_t>(station.cores) - cores_[cpu].free) * now_);
      }
    }
    queue_path[instance.station] += queue_area;
    busy_path[instance.station] += busy_area;
    StationRecord& record = record_.stations[instance.station];
    record.counts.wait_sum += instance.wait_sum;
    record.counts.hold_sum += instance.hold_sum;
    record.counts.grants += instance.grants;
    record.counts.rejected += instance.rejected;
    record.counts.abandoned += instance.abandoned;
    record.instances.push_back(r);
  }
  for (std::size_t i = 0; i < station_count(); ++i) {
    StationRecord& record = record_.stations[i];
    record.counts.dropped = station_extras_[i].dropped;
    record.counts.wasted = station_extras_[i].wasted;
    record.queue_residual = queue_path[i] - (record.counts.wait_sum + queued[i]);
    record.busy_residual = busy_path[i] - (record.counts.hold_sum + held[i]);
  }
  for (ClassRecord& c : classes_) c.in_flight = c.started_in_flight + c.arrived - total(c.ended);
  for (std::size_t i = 0; i < edge_counts_.size(); ++i) record_.edges.push_back(edge_record(i));
  for (std::size_t i = 0; i < edge_counts_.size(); ++i) {
    if (!edges_[i].plain) continue;  // a plain edge's calls all arrive at its operation
    OperationRecord& operation = operations_[edges_[i].operation];
    operation.arrived += record_.edges[i].calls;
    for (std::size_t o = 0; o < kOutcomes; ++o) operation.ended[o] += record_.edges[i].ended[o];
  }
  for (const auto& [copy, original] : model_->series_copies) record_.series[copy] = record_.series[original];
  record_.classes = classes_;
  record_.operations.assign(operations_.begin(), operations_.end());
  for (const LinkState& link : links_) record_.links.push_back(link.counts);
  record_policies();
  if (messaging_) messaging_->record(record_);
  if (caching_) caching_->record(record_);
  record_faults();
  record_scaling();
  if (upkeep_) upkeep_->finish(record_);
}

}  // namespace tailrace::models
