#include "viewer/model/tail_tracer.hpp"

#include <chrono>
#include <cmath>
#include <exception>
#include <limits>

#include "models/runtime/execution.hpp"
#include "models/runtime/watch.hpp"

namespace tailrace::viewer {

namespace {

class EndAt final : public models::RunWatch {
 public:
  explicit EndAt(std::int64_t end_ns) : end_ns_(end_ns) {}
  std::int64_t look(const models::Peek& peek) override {
    return peek.upcoming_ns() >= end_ns_ ? kStop : end_ns_;
  }

 private:
  std::int64_t end_ns_;
};

}  // namespace

void TailTracer::want(const Runner::Ready& of, TimeRange range, std::uint64_t every) {
  {
    const std::scoped_lock lock(worker_.mutex);
    if (of.scene == nullptr) return;
    // Each run has its own scene; the numbers of runs are those of their session.
    if (of.scene != of_.scene) traces_.reset();
    if (of.scene == of_.scene && range.t0_s == range_.t0_s && range.t1_s == range_.t1_s && every == every_)
      return;
    of_ = of;
    range_ = range;
    every_ = every;
    ++wanted_;
    worker_.stop = 1;  // what is under way is of another stretch
  }
  worker_.wake.notify_all();
}

std::shared_ptr<const TailTraces> TailTracer::latest() const {
  const std::scoped_lock lock(worker_.mutex);
  return traces_;
}

bool TailTracer::busy() const {
  const std::scoped_lock lock(worker_.mutex);
  return served_ != wanted_;
}

bool TailTracer::wait(double seconds) const {
  std::unique_lock lock(worker_.mutex);
  return worker_.changed.wait_for(lock, std::chrono::duration<double>(seconds),
                                  [this] { return served_ == wanted_; });
}

std::shared_ptr<const TailTraces> TailTracer::follow(const Runner::Ready& of, TimeRange range,
                                                     std::uint64_t every) const {
  const models::RunSettings& run = of.scene->model->topology->run;
  const std::int64_t from = std::llround(range.t0_s * 1e9), to = std::llround(range.t1_s * 1e9);
  EndAt watch(to);
  models::RunOptions options;
  options.seed = run.seed;
  options.replication = of.replication;
  options.warmup_ns = from;
  options.interrupt = &worker_.stop;
  options.trace = {models::TraceSampling::Mode::fixed, every};
  if (to < run.duration.ns) options.watch = &watch;
  models::RunRecord record = models::Execution(of.scene->model, options).run();
  auto traces = std::make_shared<TailTraces>();
  traces->run = of.run;
  traces->replication = of.replication;
  traces->range = range;
  traces->record = record.traces;
  traces->series = std::move(record.series);
  return traces;
}

void TailTracer::work() {
  for (;;) {
    Runner::Ready of;
    TimeRange range;
    std::uint64_t serial = 0, every = 1;
    {
      std::unique_lock lock(worker_.mutex);
      worker_.wake.wait(lock, [this] { return worker_.ending || served_ != wanted_; });
      if (worker_.ending) return;
      of = of_;
      range = range_;
      every = every_;
      serial = wanted_;
      worker_.stop = 0;
    }
    std::shared_ptr<const TailTraces> found;
    try {
      found = follow(of, range, every);
    } catch (const std::exception&) {  // no memory for it: there are no traces then
    }
    const std::scoped_lock lock(worker_.mutex);
    if (serial != wanted_) continue;
    traces_ = std::move(found);
    served_ = serial;
    worker_.changed.notify_all();
  }
}

}  // namespace tailrace::viewer
