#include "scenarios/metastability/probe.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

#include "analysis/cascade/cascade.hpp"
#include "models/runtime/execution.hpp"
#include "scenarios/run/tasks.hpp"

namespace tailrace::scenarios {

namespace {

using analysis::Verdict;

constexpr double kWellServed = 0.8;  // of what is asked, before the trigger

struct OneRun {
  bool ran = false, interrupted = false, broken = false;
  Fate fate = Fate::overloaded;
  double recovery_s = 0, before = 0, after = 0;
  std::string note;
};

// Successes over requests of open workloads, of the windows between the warm-up and the first trigger.
bool served_before(const models::CompiledModel& model, const models::RunRecord& record,
                   const analysis::Cascade& cascade) {
  const analysis::WindowTimes times = analysis::window_times(record);
  const std::vector<double> offered = analysis::offered_load(model, record),
                            good = analysis::open_goodput(model, record);
  const double start = sim::seconds_of(record.start_ns);
  const double end = cascade.triggers.empty() ? times.end_s.back() : cascade.triggers.front().start_s;
  double asked = 0, served = 0;
  for (std::size_t k = 0; k < offered.size(); ++k) {
    if (times.start_s[k] < start - 1e-9 || times.end_s[k] > end + 1e-9) continue;
    asked += offered[k] * (times.end_s[k] - times.start_s[k]);
    served += good[k] * (times.end_s[k] - times.start_s[k]);
  }
  return asked <= 0 || served >= kWellServed * asked;
}

void judge(const models::CompiledModel& model, const models::RunRecord& record, OneRun& out) {
  out.interrupted = record.status == models::RunStatus::interrupted;
  out.broken = record.status == models::RunStatus::invariant_broken;
  if (record.status != models::RunStatus::completed) {
    out.note = std::string(models::status_name(record.status)) + ": " + record.message;
    return;
  }
  const analysis::Cascade c = analysis::find_cascade(model, record);
  out.before = c.goodput_before;
  out.after = c.goodput_after;
  switch (c.verdict) {
    case Verdict::steady:
    case Verdict::unaffected:
      out.fate = Fate::recovered;
      break;
    case Verdict::recovered:
      out.fate = Fate::recovered;
      out.recovery_s = c.recovery_s;
      break;
    case Verdict::degraded:
      out.fate = Fate::degraded;
      break;
    case Verdict::metastable:
      out.fate = Fate::metastable;
      break;
    case Verdict::unknown:
      out.note = c.reason;
      out.fate = Fate::untold;
      if (c.triggers.empty()) return;  // too little to say even what was before
      break;
  }
  if (!served_before(model, record, c)) out.fate = Fate::overloaded;
}

// The fate of more than half of all runs, if there is one. It may be that most say nothing.
std::optional<Fate> decide(const Probe& p, double error) {
  const int told = std::accumulate(p.fates.begin(), p.fates.end(), 0);
  for (int f = 0; f <= kFates; ++f) {
    const int k = f < kFates ? p.fates[static_cast<std::size_t>(f)] : p.replications - told;
    if (2 * k > p.replications && either_tail(k, p.replications) <= error) return static_cast<Fate>(f);
  }
  return std::nullopt;
}

}  // namespace

const char* fate_name(Fate fate) {
  constexpr const char* kNames[] = {"recovered", "degraded", "metastable", "overloaded", "untold"};
  return kNames[static_cast<std::size_t>(fate)];
}

double either_tail(int k, int n) {
  // Terms of the binomial from the top down: each is the one before times (i + 1) / (n - i).
  double term = 1;
  for (int i = 0; i < n; ++i) term /= 2;
  double sum = 0;
  for (int i = n; i >= k; --i) {
    sum += term;
    term *= static_cast<double>(i) / static_cast<double>(n - i + 1);
  }
  return std::min(1.0, 2 * sum);
}

Probe probe(const std::shared_ptr<const models::CompiledModel>& model, const ProbeOptions& options) {
  Probe out;
  std::vector<double> recoveries;
  double before = 0, after = 0;
  const double error = (1 - options.confidence) / kLooksOfAProbe;
  std::optional<Fate> decided;
  for (int look = 0; look < kLooksOfAProbe && !decided; ++look) {
    const int first = out.replications, last = kFirstLook << look;
    std::vector<OneRun> runs(static_cast<std::size_t>(last - first));
    TaskOptions tasks;
    tasks.jobs = options.jobs;
    tasks.interrupt = options.interrupt;
    run_tasks(runs.size(), tasks, [&](std::size_t i) {
      models::RunOptions run;
      run.seed = model->topology->run.seed;
      run.replication = static_cast<std::uint32_t>(first) + static_cast<std::uint32_t>(i);
      run.warmup_ns = options.warmup_ns;
      run.interrupt = options.interrupt;
      judge(*model, models::Execution(model, run).run(), runs[i]);
      runs[i].ran = true;
      return true;
    });
    for (const OneRun& r : runs) {
      if (r.broken) {
        out.broken = true;
        out.note = r.note;
        return out;
      }
      if (!r.ran || r.interrupted) {
        out.interrupted = true;
        return out;
      }
      if (r.fate != Fate::untold) ++out.fates[static_cast<std::size_t>(r.fate)];
      if (r.fate == Fate::recovered) recoveries.push_back(r.recovery_s);
      before += r.before;
      after += r.after;
      if (out.note.empty()) out.note = r.note;
    }
    out.replications = last;
    decided = decide(out, error);
  }
  out.fate = decided.value_or(Fate::untold);
  out.goodput_before = before / out.replications;
  out.goodput_after = after / out.replications;
  out.recovery = analysis::mean_interval(recoveries, options.confidence);
  return out;
}

}  // namespace tailrace::scenarios
