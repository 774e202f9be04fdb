#include "scenarios/sweep/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <condition_variable>
#include <deque>
#include <limits>
#include <mutex>

#include "analysis/experiment/figures.hpp"
#include "analysis/report/run_report.hpp"
#include "models/runtime/execution.hpp"
#include "scenarios/run/replicate.hpp"
#include "scenarios/run/tasks.hpp"
#include "scenarios/sweep/point.hpp"

namespace tailrace::scenarios {

namespace {

using models::RunRecord;
using models::RunStatus;

constexpr double kConfidence = 0.95;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct OpenPoint {
  std::size_t index = 0;
  std::shared_ptr<const models::CompiledModel> model;  // null: the row is complete already
  std::int64_t warmup_ns = 0;
  int replications = 0;
  PointRow row;

  struct Slot {
    bool ran = false;
    RunStatus status = RunStatus::completed;
    std::string message;
    analysis::ReplicationFigures figures;
    RunRecord record;  // kept where thresholds will read it
  };
  std::vector<Slot> slots;
  int handed = 0, ended = 0;  // under the scheduler's mutex
  bool stop = false;
};

class Scheduler {
 public:
  Scheduler(const SweepScenario& scenario, const Design& design, const std::vector<std::size_t>& todo,
            const SweepOptions& options)
      : scenario_(scenario), design_(design), todo_(todo), options_(options) {}

  void run() {
    TaskOptions tasks;
    tasks.jobs = options_.jobs;
    tasks.tick_ms = 20;
    tasks.tick = [&] { hand_over(); };
    const auto workers = static_cast<std::size_t>(threads_for(options_.jobs));
    run_tasks(workers, tasks, [&](std::size_t) {
      try {
        work();
      } catch (...) {  // the others must not wait for what will never come
        const std::scoped_lock lock(mutex_);
        broken_ = true;
        wake_.notify_all();
        throw;
      }
      return true;
    });
    hand_over();
  }

 private:
  bool interrupted() const { return options_.interrupt != nullptr && options_.interrupt->load() != 0; }

  // A worker takes the next replication of the oldest open point, or else opens the next point.
  void work() {
    std::unique_lock lock(mutex_);
    while (!interrupted() && !broken_) {
      OpenPoint* point = with_work_left();
      if (point != nullptr) {
        const int replication = point->handed++;
        lock.unlock();
        replicate(*point, replication);
        lock.lock();
        if (point->slots[static_cast<std::size_t>(replication)].status != RunStatus::completed)
          point->stop = true;
        ++point->ended;
        if (const std::unique_ptr<OpenPoint> closed = close_if_done(*point)) {
          lock.unlock();
          const bool whole = sum_up(*closed);
          lock.lock();
          if (whole) rows_.emplace_back(closed->index, std::move(closed->row));
          ++points_done_;
        }
      } else if (next_ < todo_.size()) {
        const std::size_t index = todo_[next_++];
        ++preparing_;
        lock.unlock();
        std::unique_ptr<OpenPoint> opened = open(index);
        lock.lock();
        --preparing_;
        if (opened->model == nullptr) {
          rows_.emplace_back(index, std::move(opened->row));
          ++points_done_;
        } else {
          open_.push_back(std::move(opened));
        }
        wake_.notify_all();
      } else if (preparing_ > 0) {
        wake_.wait(lock);
      } else {
        break;
      }
    }
    wake_.notify_all();
  }

  OpenPoint* with_work_left() {
    for (const auto& point : open_) {
      if (!point->stop && point->handed < point->replications) return point.get();
    }
    return nullptr;
  }

  // Takes the point from the open ones if nothing of it is left to do. Under the mutex.
  std::unique_ptr<OpenPoint> close_if_done(const OpenPoint& point) {
    const bool done = point.stop ? point.ended == point.handed : point.ended == point.replications;
    if (!done) return nullptr;
    const auto at =
        std::find_if(open_.begin(), open_.end(), [&](const auto& open) { return open.get() == &point; });
    std::unique_ptr<OpenPoint> closed = std::move(*at);
    open_.erase(at);
    return closed;
  }

  std::unique_ptr<OpenPoint> open(std::size_t index) const {
    auto point = std::make_unique<OpenPoint>();
    point->index = index;
    std::optional<models::Topology> topology =
        build_point(scenario_, design_.paths, design_.points[index], "--vary", point->row.message);
    if (!topology) {
      point->row.status = kWrong;
      return point;
    }
    point->replications = static_cast<int>(topology->run.replications);
    point->warmup_ns = topology->run.warmup.ns;
    const bool pilot = topology->run.warmup_auto;
    point->model = models::compile(std::make_shared<const models::Topology>(std::move(*topology)));
    point->slots.resize(static_cast<std::size_t>(point->replications));
    if (pilot) {
      ReplicateOptions options;
      options.interrupt = options_.interrupt;
      std::vector<std::string> notes;
      point->warmup_ns = find_warmup(point->model, options, notes);
    }
    return point;
  }

  void replicate(OpenPoint& point, int replication) const {
    OpenPoint::Slot& slot = point.slots[static_cast<std::size_t>(replication)];
    models::RunOptions run;
    run.seed = point.model->topology->run.seed;
    run.replication = static_cast<std::uint32_t>(replication);
    run.warmup_ns = point.warmup_ns;
    run.interrupt = options_.interrupt;
    RunRecord record = models::Execution(point.model, run).run();
    slot.status = record.status;
    slot.message = record.message;
    slot.figures = analysis::take_figures(*point.model, record);
    if (!point.model->topology->thresholds.empty()) slot.record = std::move(record);
    slot.ran = true;
  }

  // From the replications to the row. False when an interrupt cut the point short.
  bool sum_up(OpenPoint& point) const {
    std::vector<analysis::ReplicationFigures> figures;
    std::vector<RunRecord> records;
    PointRow& row = point.row;
    row.status = models::status_name(RunStatus::completed);
    for (OpenPoint::Slot& slot : point.slots) {
      if (!slot.ran || slot.status == RunStatus::interrupted) return false;
      figures.push_back(std::move(slot.figures));
      records.push_back(std::move(slot.record));
      if (slot.status == RunStatus::completed) continue;
      row.status = models::status_name(slot.status);
      row.message = slot.message;
      break;  // which later ones ran depends on the number of threads
    }
    row.replications = static_cast<int>(figures.size());
    const models::CompiledModel& model = *point.model;
    for (const analysis::RunFigure& f : analysis::list_figures(model)) {
      const analysis::Interval i = analysis::estimate(f, figures, kConfidence);
      const bool seen = i.groups > 0 && std::isfinite(i.estimate);
      row.figures.push_back({f.name(), analysis::unit_name(f.unit), seen ? i.estimate : kNone,
                             i.known ? i.low : kNone, i.known ? i.high : kNone});
    }
    if (model.topology->thresholds.empty()) return true;
    const analysis::RunReport report = analysis::build_run_report(model, records);
    for (const analysis::ThresholdResult& t : analysis::evaluate_thresholds(model, records, report)) {
      ++row.thresholds;
      row.thresholds_failed += t.verdict == analysis::ThresholdVerdict::fail;
    }
    return true;
  }

  // By the calling thread.
  void hand_over() {
    std::vector<std::pair<std::size_t, PointRow>> rows;
    double share = 1;
    {
      const std::scoped_lock lock(mutex_);
      rows.swap(rows_);
      double open = 0;
      for (const auto& point : open_) open += static_cast<double>(point->ended) / point->replications;
      if (!todo_.empty())
        share = (static_cast<double>(points_done_) + open) / static_cast<double>(todo_.size());
    }
    if (!rows.empty() && options_.finished) options_.finished(std::move(rows));
    if (options_.progress) options_.progress(share);
  }

  const SweepScenario& scenario_;
  const Design& design_;
  const std::vector<std::size_t>& todo_;
  const SweepOptions& options_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::unique_ptr<OpenPoint>> open_;
  std::vector<std::pair<std::size_t, PointRow>> rows_;
  std::size_t next_ = 0, points_done_ = 0;
  int preparing_ = 0;
  bool broken_ = false;
};

}  // namespace

void run_sweep(const SweepScenario& scenario, const Design& design, const std::vector<std::size_t>& todo,
               const SweepOptions& options) {
  if (!todo.empty()) Scheduler(scenario, design, todo, options).run();
}

}  // namespace tailrace::scenarios
