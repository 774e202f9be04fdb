#include "scenarios/run/compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/stats/sequential.hpp"
#include "models/runtime/execution.hpp"
#include "scenarios/run/replicate.hpp"
#include "scenarios/run/tasks.hpp"

namespace tailrace::scenarios {

namespace {

using models::RunRecord;
using models::RunStatus;

class PairedRuns {
 public:
  PairedRuns(const std::vector<ComparedModel>& models, const CompareOptions& options, CompareRun& out)
      : models_(models), options_(options), out_(out) {
    out_.ends.resize(models.size());
    for (const ComparedModel& m : models)
      out_.variants.push_back({m.name, analysis::list_figures(*m.model), {}});
    std::int64_t longest = 0;
    for (const ComparedModel& m : models) {
      ReplicateOptions pilot;
      pilot.interrupt = options.interrupt;
      const models::RunSettings& run = m.model->topology->run;
      warmup_ns_.push_back(run.warmup_auto ? find_warmup(m.model, pilot, out_.notes) : run.warmup.ns);
      longest = std::max(longest, warmup_ns_.back());
    }
    // One warm-up for all, the longest, so that the same stretch of time is compared.
    for (const ComparedModel& m : models) {
      if (m.model->topology->run.duration.ns > longest) continue;
      out_.notes.push_back(fmt::format(
          "{} ends before the longest warm-up, {:g} s, is over: each is measured from the end of its own",
          m.name, sim::seconds_of(longest)));
      return;
    }
    warmup_ns_.assign(models.size(), longest);
  }

  // Replications [first, last) of every model. False when they end here.
  bool run(int first, int last) {
    const std::size_t sides = models_.size();
    const std::size_t count = static_cast<std::size_t>(last - first) * sides;
    std::vector<Slot> slots(count);
    std::vector<Pair> pairs(count / sides);
    for (Pair& pair : pairs) pair.left = sides;
    options_.crew != nullptr ? ask_crew(first, last, slots, pairs) : simulate(first, last, slots, pairs);
    for (std::size_t pair = 0; pair < count; pair += sides) {
      bool whole = true;
      for (std::size_t v = 0; v < sides; ++v) {
        const Slot& slot = slots[pair + v];
        if (slot.ran && slot.status == RunStatus::completed) continue;
        whole = false;
        if (!slot.ran || slot.status == RunStatus::interrupted) {
          out_.interrupted = true;
          continue;
        }
        out_.ends[v].status = slot.status;
        out_.ends[v].message = slot.message;
      }
      if (!whole) return false;
      for (std::size_t v = 0; v < sides; ++v) {
        out_.variants[v].replications.push_back(std::move(slots[pair + v].figures));
        out_.ends[v].measured_s += slots[pair + v].seconds;
      }
    }
    return true;
  }

 private:
  struct Slot {
    std::atomic<std::int64_t> now{0};
    bool ran = false;
    RunStatus status = RunStatus::completed;
    std::string message;
    double seconds = 0;
    analysis::ReplicationFigures figures;
  };

  // How far the replications of one number are.
  struct Pair {
    std::atomic<std::size_t> left{0};
    std::atomic<bool> early{false};  // some did not complete
  };

  // False when pairs after this one are not wanted. A pair is run by all models even if one of them ends
  // early: what the others would have told (a broken invariant, say) must not hang on who came first.
  static bool fill(Slot& slot, Pair& pair, const ComparedModel& m, const RunRecord& record) {
    slot.status = record.status;
    slot.message = record.message;
    slot.seconds = sim::seconds_of(record.end_ns - record.start_ns);
    if (record.status == RunStatus::completed) slot.figures = analysis::take_figures(*m.model, record);
    slot.ran = true;
    if (record.status != RunStatus::completed) pair.early = true;
    return --pair.left > 0 || !pair.early;
  }

  // In threads of this process; slots: pair by pair, in each the models in their order.
  void simulate(int first, int last, std::vector<Slot>& slots, std::vector<Pair>& pairs) {
    const std::size_t sides = models_.size(), count = slots.size();
    std::atomic<std::size_t> finished{0};
    TaskOptions tasks;
    tasks.jobs = options_.jobs;
    tasks.interrupt = options_.interrupt;
    tasks.tick = [&] {
      if (!options_.progress) return;
      double share = 0;
      for (std::size_t i = 0; i < count; ++i) {
        const double whole = static_cast<double>(models_[i % sides].model->topology->run.duration.ns);
        if (whole > 0) share += static_cast<double>(slots[i].now.load(std::memory_order_relaxed)) / whole;
      }
      const int before = first * static_cast<int>(sides);
      options_.progress(before + static_cast<int>(finished.load()), last * static_cast<int>(sides),
                        (before + share) / static_cast<double>(last * static_cast<int>(sides)));
    };
    run_tasks(count, tasks, [&](std::size_t i) {
      Slot& slot = slots[i];
      const ComparedModel& m = models_[i % sides];
      models::RunOptions run;
      run.seed = m.model->topology->run.seed;
      run.replication = static_cast<std::uint32_t>(first) + static_cast<std::uint32_t>(i / sides);
      run.warmup_ns = warmup_ns_[i % sides];
      run.interrupt = options_.interrupt;
      run.progress_ns = &slot.now;
      const RunRecord record = models::Execution(m.model, run).run();
      finished.fetch_add(1);
      return fill(slot, pairs[i / sides], m, record);
    });
  }

  void ask_crew(int first, int last, std::vector<Slot>& slots, std::vector<Pair>& pairs) {
    const int sides = static_cast<int>(models_.size());
    std::vector<CrewTask> tasks;
    for (int r = first; r < last; ++r) {
      for (std::size_t v = 0; v < models_.size(); ++v)
        tasks.push_back({models_[v].recipe, static_cast<std::uint32_t>(r), warmup_ns_[v], 0, {}});
    }
    int finished = first * sides;
    CrewOptions how;
    how.interrupt = options_.interrupt;
    how.tick = [&] {
      if (options_.progress)
        options_.progress(finished, last * sides, static_cast<double>(finished) / (last * sides));
    };
    options_.crew->run(tasks, how, [&](std::size_t i, const RunRecord& record) {
      ++finished;
      return fill(slots[i], pairs[i / models_.size()], models_[i % models_.size()], record);
    });
  }

  const std::vector<ComparedModel>& models_;
  const CompareOptions& options_;
  CompareRun& out_;
  std::vector<std::int64_t> warmup_ns_;  // by model
};

}  // namespace

std::optional<std::size_t> CompareRun::to_tell() const {
  std::optional<std::size_t> first;
  for (std::size_t v = 0; v < ends.size(); ++v) {
    if (ends[v].status == RunStatus::invariant_broken) return v;
    if (ends[v].status != RunStatus::completed && !first) first = v;
  }
  return first;
}

CompareRun run_paired(const std::vector<ComparedModel>& models, const CompareOptions& options) {
  CompareRun out;
  PairedRuns runs(models, options, out);
  if (options.until <= 0) {
    runs.run(0, options.replications);
    return out;
  }
  analysis::SequentialOptions rule;
  rule.relative_precision = 0;
  rule.max_replications = options.max_replications;
  for (int done = 0;;) {
    const int until = analysis::next_round(done, rule);
    if (!runs.run(done, until)) return out;
    done = until;
    const analysis::Comparison c = compare_variants(out.variants, options.primary, options.confidence);
    std::vector<analysis::TargetMetric> targets;
    for (const analysis::FigureComparison& row : c.rows) {
      if (!row.primary) continue;
      rule.absolute_precision = options.until * std::fabs(row.result.a);
      targets.push_back({out.variants[row.variant].name, row.result.difference});
    }
    const analysis::SequentialDecision decision = analysis::decide(done, targets, rule);
    if (decision.verdict == analysis::SequentialVerdict::go_on) continue;
    if (decision.verdict == analysis::SequentialVerdict::hopeless) {
      out.notes.push_back(fmt::format(
          "the interval of the difference is not within {:g} % of the baseline after {} replications; "
          "worst: {}{}",
          100 * options.until, done, decision.worst,
          decision.projected > 0 ? fmt::format(", which may need {:g}", decision.projected) : ""));
    }
    return out;
  }
}

}  // namespace tailrace::scenarios
