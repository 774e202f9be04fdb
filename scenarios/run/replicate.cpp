#include "scenarios/run/replicate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <new>

#include "analysis/stats/sequential.hpp"
#include "models/runtime/execution.hpp"
#include "scenarios/run/tasks.hpp"

namespace tailrace::scenarios {

namespace {

using models::RunRecord;
using models::RunStatus;

constexpr std::uint32_t kPilot =
    0xffffffffu;  // a replication number of its own: the pilot's draws are nobody else's

// Runs replications [first, last) and appends them in order. Stops handing out work after the first that ends
// early.
class Pool {
 public:
  Pool(const std::shared_ptr<const models::CompiledModel>& model, const ReplicateOptions& options,
       std::int64_t warmup_ns, int batches)
      : model_(model), options_(options), warmup_ns_(warmup_ns), batches_(batches) {}

  void run(int first, int last, std::vector<RunRecord>& records) {
    if (last <= first) return;
    const auto count = static_cast<std::size_t>(last - first);
    records.reserve(records.size() + count);  // there may be no memory for it later
    std::vector<std::unique_ptr<RunRecord>> done(count);
    const bool by_crew = options_.crew != nullptr && options_.observer == nullptr;
    by_crew ? ask_crew(first, last, done) : simulate(first, last, done);
    append(done, records);
  }

  // Some replication found no memory to start with, or none for its results: it left no record.
  bool out_of_memory() const { return out_of_memory_; }

  RunRecord one(std::uint32_t replication, std::atomic<std::int64_t>* progress) const {
    models::RunOptions run;
    run.seed = model_->topology->run.seed;
    run.replication = replication;
    run.warmup_ns = warmup_ns_;
    run.batches = batches_;
    run.interrupt = options_.interrupt;
    run.progress_ns = progress;
    run.trace = options_.trace;
    if (options_.observer == nullptr) return models::Execution(model_, run).run();
    const std::unique_ptr<models::RunWatch> watch = options_.observer->begin(replication, warmup_ns_);
    run.watch = watch.get();
    RunRecord record = models::Execution(model_, run).run();
    options_.observer->end(*watch, record);
    return record;
  }

 private:
  void simulate(int first, int last, std::vector<std::unique_ptr<RunRecord>>& done) {
    std::vector<std::atomic<std::int64_t>> now(done.size());
    std::atomic<int> finished{0};
    TaskOptions how;  // an interrupt ends what runs, and that ends the handing out
    how.jobs = options_.jobs;
    how.tick = [&] {
      if (!options_.progress) return;
      double share = 0;
      for (const auto& t : now) share += static_cast<double>(t.load(std::memory_order_relaxed));
      const double all =
          static_cast<double>(model_->topology->run.duration.ns) * static_cast<double>(now.size());
      try {
        options_.progress(first + finished.load(), last, all > 0 ? share / all : 1);
      } catch (const std::bad_alloc&) {  // not worth the run
      }
    };
    run_tasks(done.size(), how, [&](std::size_t i) {
      try {
        const auto replication = static_cast<std::uint32_t>(first) + static_cast<std::uint32_t>(i);
        auto record = std::make_unique<RunRecord>(one(replication, &now[i]));
        // What filled the memory is the records before it. The first one's own state did it alone: kept.
        if (record->host_out_of_memory && replication > 0) throw std::bad_alloc();
        done[i] = std::move(record);
      } catch (const std::bad_alloc&) {  // the others may have fitted
        out_of_memory_ = true;
        return false;
      }
      finished.fetch_add(1);
      return done[i]->status == RunStatus::completed;
    });
  }

  void append(std::vector<std::unique_ptr<RunRecord>>& done, std::vector<RunRecord>& records) const {
    for (auto& record : done) {
      if (record == nullptr) break;
      const RunStatus status = record->status;
      const bool cut = options_.observer != nullptr && options_.observer->cut(record->replication);
      records.push_back(std::move(*record));
      // Replications that were under way when an earlier one met a limit are dropped: which ones they are
      // depends on the number of threads, and results must not.
      if (cut || (status != RunStatus::completed && status != RunStatus::interrupted)) break;
    }
  }

  void ask_crew(int first, int last, std::vector<std::unique_ptr<RunRecord>>& done) {
    std::vector<CrewTask> tasks;
    for (int r = first; r < last; ++r)
      tasks.push_back({options_.recipe, static_cast<std::uint32_t>(r), warmup_ns_, batches_, options_.trace});
    int finished = first;
    CrewOptions how;
    how.interrupt = options_.interrupt;
    how.tick = [&] {
      if (options_.progress) options_.progress(finished, last, static_cast<double>(finished) / last);
    };
    options_.crew->run(tasks, how, [&](std::size_t i, RunRecord record) {
      ++finished;
      if (record.host_out_of_memory && tasks[i].replication > 0) {
        out_of_memory_ = true;
        return false;
      }
      const bool completed = record.status == RunStatus::completed;
      done[i] = std::make_unique<RunRecord>(std::move(record));
      return completed;
    });
  }

  std::shared_ptr<const models::CompiledModel> model_;
  const ReplicateOptions& options_;
  std::int64_t warmup_ns_;
  int batches_;
  std::atomic<bool> out_of_memory_{false};
};

std::vector<analysis::TargetMetric> targets(const models::CompiledModel& model,
                                            const std::vector<RunRecord>& records) {
  std::vector<analysis::TargetMetric> list;
  for (const analysis::ClassReport& w : analysis::workload_reports(model, records)) {
    if (w.success_duration.count == 0) continue;
    list.push_back({w.workload + " mean", w.success_duration.mean});
    list.push_back({w.workload + " p(99)", w.success_duration.percentiles[4]});
  }
  return list;
}

}  // namespace

std::int64_t find_warmup(const std::shared_ptr<const models::CompiledModel>& model,
                         const ReplicateOptions& options, std::vector<std::string>& notes) {
  std::vector<sim::MserCollector> collectors(model->workloads.size());
  models::RunOptions run;
  run.seed = model->topology->run.seed;
  run.replication = kPilot;
  run.interrupt = options.interrupt;
  run.pilot = &collectors;
  models::Execution(model, run).run();
  std::int64_t warmup = 0;
  for (std::size_t i = 0; i < collectors.size(); ++i) {
    const sim::MserCollector::Answer answer = collectors[i].answer();
    const std::string& name = model->topology->workloads[i].name;
    if (!answer.enough) {
      notes.push_back(fmt::format("warmup: auto: {} has too few requests to find a warm-up", name));
    } else if (!answer.steady) {
      notes.push_back(
          fmt::format("warmup: auto: {} does not settle within the run; figures describe the whole of its "
                      "second half at best",
                      name));
      warmup = std::max(warmup, model->topology->run.duration.ns / 2);
    } else {
      warmup = std::max(warmup, answer.time.ns);
    }
  }
  notes.push_back(
      fmt::format("warmup: auto found {:.4g} s by MSER-5 in a pilot run", sim::seconds_of(warmup)));
  return warmup;
}

ReplicateResult replicate(const std::shared_ptr<const models::CompiledModel>& model,
                          const ReplicateOptions& options) {
  const models::RunSettings& settings = model->topology->run;
  ReplicateResult result;
  result.warmup_ns = settings.warmup.ns;
  if (settings.warmup_auto) result.warmup_ns = find_warmup(model, options, result.notes);
  const auto interrupted = [&] { return options.interrupt != nullptr && options.interrupt->load() != 0; };
  const auto ended_early = [&] {
    return !result.records.empty() && result.records.back().status != RunStatus::completed;
  };
  const int asked = static_cast<int>(settings.replications);
  Pool pool(model, options, result.warmup_ns,
            asked == 1 && options.precision == 0 && !options.enough ? kBatches : 0);
  if (options.precision > 0) {
    analysis::SequentialOptions rule;
    rule.relative_precision = options.precision;
    rule.max_replications = options.max_replications;
    int done = 0;
    for (;;) {
      const int until = analysis::next_round(done, rule);
      pool.run(done, until, result.records);
      if (ended_early() || interrupted() || pool.out_of_memory()) break;
      done = until;
      const auto decision = analysis::decide(done, targets(*model, result.records), rule);
      if (decision.verdict == analysis::SequentialVerdict::stop) break;
      if (decision.verdict == analysis::SequentialVerdict::hopeless) {
        result.stopped_by = decision.worst;
        break;
      }
    }
  } else if (options.enough) {
    int done = 0;
    for (int until = std::min(options.first_round, options.max_replications); done < until;
         until = std::min(2 * done, options.max_replications)) {
      pool.run(done, until, result.records);
      if (ended_early() || interrupted() || pool.out_of_memory()) break;
      done = until;
      if (options.enough(result.records)) break;
    }
  } else {
    pool.run(0, asked, result.records);
  }
  if (pool.out_of_memory()) {
    if (result.records.empty()) throw std::bad_alloc();
    result.out_of_memory = true;
    drop_half(result);
    return result;
  }
  if (options.repeat_some && !ended_early() && !interrupted()) {
    for (std::size_t i = 0; i < result.records.size(); i += 10) {
      const RunRecord again = pool.one(result.records[i].replication, nullptr);
      if (again.trajectory != result.records[i].trajectory ||
          models::result_fingerprint(again) != models::result_fingerprint(result.records[i])) {
        result.not_deterministic = true;
      }
    }
  }
  return result;
}

bool drop_half(ReplicateResult& result) {
  if (result.records.size() <= 1) return false;
  result.out_of_memory = true;
  result.records.resize((result.records.size() + 1) / 2);
  return true;
}

}  // namespace tailrace::scenarios
