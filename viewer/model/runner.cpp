#include "viewer/model/runner.hpp"

#include <fmt/format.h>

#include <chrono>
#include <exception>

#include "analysis/report/run_report.hpp"
#include "models/runtime/execution.hpp"
#include "scenarios/run/replicate.hpp"
#include "viewer/model/stored_traces.hpp"

namespace tailrace::viewer {

namespace {

using Clock = std::chrono::steady_clock;

std::string hex(std::uint64_t value) {
  return fmt::format("{:016x}", value);
}

std::shared_ptr<const FinishedRun> finish(const models::CompiledModel& model, models::RunRecord record) {
  auto done = std::make_shared<FinishedRun>();
  std::vector<models::RunRecord> records;
  records.push_back(std::move(record));
  const analysis::RunReport report = analysis::build_run_report(model, records);
  done->cascade = report.cascade;
  done->trajectory = hex(report.trajectory_fingerprint);
  done->result = hex(report.result_fingerprint);
  done->detail = analysis::find_cascade(model, records.front());
  done->record = std::move(records.front());
  return done;
}

std::string why_different(const RunJob& job) {
  const StoredRun& stored = job.stored_run;
  if (job.stored->run.seed != stored.seed)
    return fmt::format("its scenario.yaml has seed {} now, it was run with {}", job.stored->run.seed,
                       stored.seed);
  if (job.stored->run.replications != stored.replications)
    return fmt::format("its scenario.yaml has {} replications now, it was run with {}",
                       job.stored->run.replications, stored.replications);
  if (stored.status != "completed")
    return fmt::format("it ended early ({}), which need not come again at the same event", stored.status);
  return "was it made by another version, or its scenario.yaml changed?";
}

}  // namespace

void Runner::start(RunJob job) {
  {
    const std::scoped_lock lock(worker_.mutex);
    job_ = std::move(job);
    stored_.reset();
    stored_traces_.reset();
    worker_.stop = 1;  // whatever is under way
  }
  worker_.wake.notify_all();
}

std::shared_ptr<const SessionView> Runner::latest() const {
  const std::scoped_lock lock(worker_.mutex);
  return view_;
}

std::optional<StoredAnswer> Runner::stored_answer() const {
  const std::scoped_lock lock(worker_.mutex);
  return stored_;
}

std::shared_ptr<const StoredTraces> Runner::stored_traces() const {
  const std::scoped_lock lock(worker_.mutex);
  return stored_traces_;
}

bool Runner::wait_stored(double seconds) const {
  std::unique_lock lock(worker_.mutex);
  return worker_.changed.wait_for(lock, std::chrono::duration<double>(seconds), [this] {
    return stored_traces_ != nullptr || view_->state == RunState::broken;
  });
}

Runner::Ready Runner::ready() const {
  const std::scoped_lock lock(worker_.mutex);
  return ready_;
}

void Runner::publish(SessionView view) {
  const std::scoped_lock lock(worker_.mutex);
  if (job_) return;  // of a run that nobody wants any more
  view.version = ++version_;
  view_ = std::make_shared<const SessionView>(std::move(view));
  worker_.changed.notify_all();
}

void Runner::work() {
  for (;;) {
    RunJob job;
    {
      std::unique_lock lock(worker_.mutex);
      worker_.wake.wait(lock, [this] { return worker_.ending || job_; });
      if (worker_.ending) return;
      job = std::move(*job_);
      job_.reset();
      worker_.stop = 0;
    }
    SessionView failed;
    failed.run = job.run;
    try {
      one(job);
      continue;
    } catch (const std::bad_alloc&) {
      failed.message = "there is not enough memory for this run";
    } catch (const std::exception& e) {
      failed.message = e.what();
    }
    failed.state = RunState::broken;
    {
      const std::scoped_lock lock(worker_.mutex);
      ready_ = {};  // whoever would do this run again fails as well
    }
    const std::shared_ptr<const SessionView> last = latest();
    failed.scene = last->scene;
    failed.history = last->history;
    publish(std::move(failed));
  }
}

void Runner::one(const RunJob& job) {
  SessionView view;
  view.run = job.run;
  const std::shared_ptr<const models::CompiledModel> model = models::compile(job.topology);
  view.scene = make_scene(model, job.injected_from);
  if (stale()) return;
  std::int64_t warmup = job.topology->run.warmup.ns;
  if (job.topology->run.warmup_auto) {
    scenarios::ReplicateOptions options;
    options.interrupt = &worker_.stop;
    std::vector<std::string> notes;
    warmup = scenarios::find_warmup(model, options, notes);
    if (stale()) return;
  }
  {
    const std::scoped_lock lock(worker_.mutex);
    ready_ = {job.run, view.scene, warmup, job.replication};
  }
  const Clock::time_point start = Clock::now();
  view.state = RunState::running;
  HistoryWatch watch(view.scene, warmup, worker_.stop, [&](std::shared_ptr<const History> history) {
    view.history = std::move(history);
    publish(view);
  });
  view.history = watch.history(false);
  publish(view);

  models::RunOptions options;
  options.seed = job.topology->run.seed;
  options.replication = job.replication;
  options.warmup_ns = warmup;
  options.batches = scenarios::kBatches;  // as a run that is the only one has them
  options.interrupt = &worker_.stop;
  options.watch = &watch;
  models::RunRecord record = models::Execution(model, options).run();
  if (stale()) return;
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  watch.finish(record);
  view.events = record.events;
  view.events_per_s = seconds > 0 ? static_cast<double>(record.events) / seconds : 0;
  const bool complete = record.status == models::RunStatus::completed;
  view.state = complete                                               ? RunState::complete
               : record.status == models::RunStatus::invariant_broken ? RunState::broken
                                                                      : RunState::ended_early;
  view.message = record.message;
  view.history = watch.history(true);
  view.finished = finish(*model, std::move(record));
  publish(view);
  if (job.stored == nullptr) return;
  auto traces = std::make_shared<const StoredTraces>(read_stored_traces(job.stored_run.folder, *view.scene));
  {
    const std::scoped_lock lock(worker_.mutex);
    if (!job_) stored_traces_ = std::move(traces);
    worker_.changed.notify_all();
  }
  check_stored(job, *view.finished);
}

void Runner::check_stored(const RunJob& job, const FinishedRun& finished) {
  StoredAnswer answer;
  std::string result = finished.result;
  if (job.stored->run.replications > 1) {
    scenarios::ReplicateOptions options;
    options.jobs = 1;
    options.interrupt = &worker_.stop;
    const auto model = models::compile(job.stored);
    const scenarios::ReplicateResult all = scenarios::replicate(model, options);
    if (stale()) return;
    result = hex(analysis::build_run_report(*model, all.records).result_fingerprint);
  }
  const bool same = result == job.stored_run.result;
  answer.check = same ? StoredRun::Check::same : StoredRun::Check::different;
  answer.note = same ? fmt::format("this is the stored run: fingerprint {}", result)
                     : fmt::format("this is not the stored run: fingerprint {}, stored {}; {}", result,
                                   job.stored_run.result, why_different(job));
  const std::scoped_lock lock(worker_.mutex);
  if (!job_) stored_ = std::move(answer);
  worker_.changed.notify_all();
}

void Scout::want(const Runner::Ready& of, double t_s, double length_s) {
  {
    const std::scoped_lock lock(worker_.mutex);
    if (of.scene == nullptr) return;
    if (of.run != of_.run) {
      moment_.reset();
      worker_.stop = 1;  // it runs something that is over
    }
    of_ = of;
    request_.t_s = t_s;
    request_.length_s = length_s;
    ++request_.serial;
  }
  worker_.wake.notify_all();
}

std::shared_ptr<const Moment> Scout::latest() const {
  const std::scoped_lock lock(worker_.mutex);
  return moment_;
}

bool Scout::idle() const {
  const std::scoped_lock lock(worker_.mutex);
  return served_ == request_.serial;
}

std::shared_ptr<const Moment> Scout::wait(std::uint64_t run, double t_s, double seconds) const {
  std::unique_lock lock(worker_.mutex);
  const bool came = worker_.changed.wait_for(lock, std::chrono::duration<double>(seconds), [&] {
    return moment_ != nullptr && moment_->run == run && moment_->from_s <= t_s + 1e-9 &&
           moment_->until_s >= t_s - 1e-9 && served_ == request_.serial;
  });
  return came ? moment_ : nullptr;
}

void Scout::work() {
  for (;;) {
    Runner::Ready of;
    MomentRequest request;
    {
      std::unique_lock lock(worker_.mutex);
      worker_.wake.wait(lock, [this] { return worker_.ending || served_ != request_.serial; });
      if (worker_.ending) return;
      of = of_;
      request = request_;
      worker_.stop = 0;
    }
    // Hands over what was found and waits for a request that the run can go on to; everything else ends it.
    const auto next = [this, &of, &request](std::shared_ptr<const Moment> found, MomentRequest& wanted) {
      std::unique_lock lock(worker_.mutex);
      if (of_.run == of.run) moment_ = std::move(found);
      served_ = request.serial;
      worker_.changed.notify_all();
      worker_.wake.wait(lock, [this] { return worker_.ending || served_ != request_.serial; });
      if (worker_.ending || of_.run != of.run) return false;
      request = wanted = request_;
      return true;
    };
    MomentWatch watch(of.scene, of.run, request, worker_.stop, next);
    models::RunOptions options;
    options.seed = of.scene->model->topology->run.seed;
    options.replication = of.replication;
    options.warmup_ns = of.warmup_ns;
    options.batches = scenarios::kBatches;
    options.interrupt = &worker_.stop;
    options.watch = &watch;
    try {
      models::Execution(of.scene->model, options).run();
    } catch (const std::exception&) {  // no memory for it: there is no moment then
    }
    const std::scoped_lock lock(worker_.mutex);
    // The run went to its end, or ended early, before the moment: what there is must do.
    if (!watch.gave_up() && worker_.stop == 0 && served_ != request.serial &&
        request_.serial == request.serial) {
      if (of_.run == of.run) moment_ = watch.rest();
      served_ = request.serial;
      worker_.changed.notify_all();
    }
  }
}

}  // namespace tailrace::viewer
