#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>

#include "analysis/html/markdown.hpp"
#include "analysis/html/page.hpp"
#include "analysis/report/run_report.hpp"
#include "analysis/report/summary_json.hpp"
#include "analysis/report/summary_text.hpp"
#include "analysis/report/tables_csv.hpp"
#include "analysis/report/thresholds.hpp"
#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "cli/exit_code.hpp"
#include "cli/load_scenario.hpp"
#include "cli/output_files.hpp"
#include "cli/prediction.hpp"
#include "cli/progress.hpp"
#include "cli/signals.hpp"
#include "scenarios/format/read.hpp"
#include "scenarios/format/write.hpp"
#include "scenarios/run/replicate.hpp"

namespace tailrace::cli {

namespace {

using models::RunStatus;

struct Replicated {
  scenarios::ReplicateResult result;
  double wall_seconds = 0;
};

Replicated replicate(const std::shared_ptr<const models::CompiledModel>& model, const RunArguments& arguments,
                     const StreamStyle& style) {
  scenarios::ReplicateOptions options;
  options.jobs = arguments.jobs;
  options.precision = arguments.precision;
  options.repeat_some = arguments.verify_determinism;
  options.interrupt = interrupt_flag();
  Progress progress(style.err_is_terminal && !arguments.scenario.quiet, style.err);
  options.progress = [&](int done, int wanted, double share) {
    progress.show(static_cast<std::size_t>(done), static_cast<std::size_t>(wanted), share);
  };
  const auto start = std::chrono::steady_clock::now();
  Replicated run;
  run.result = scenarios::replicate(model, options);
  run.wall_seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return run;
}

// What was run, without where it lies: a report goes to others.
analysis::ReportedScenario reported(const LoadedScenario& scenario, const ScenarioArguments& arguments) {
  analysis::ReportedScenario told;
  for (const models::SourceFile& file : scenario.files)
    told.files.push_back({std::filesystem::path(file.name).filename().string(), file.lines});
  if (!arguments.variant.empty()) told.changes.push_back("variant " + arguments.variant);
  for (const std::string& change : arguments.overrides) told.changes.push_back(change);
  if (arguments.duration) told.changes.push_back("run.duration=" + *arguments.duration);
  if (arguments.seed) told.changes.push_back(fmt::format("run.seed={}", *arguments.seed));
  if (arguments.replications)
    told.changes.push_back(fmt::format("run.replications={}", *arguments.replications));
  return told;
}

// The scenario as it was run, with includes, variant and changes in it, and the data files that it reads:
// what is needed to run it again, or to look at it.
std::string add_scenario(OutputFiles& files, const LoadedScenario& scenario,
                         const analysis::RunResults& results) {
  models::ScenarioDoc doc = scenario.doc;
  models::Diagnostics ignored;  // these two paths can always be set
  scenarios::override_scenario(doc,
                               {fmt::format("run.seed={}", results.model.topology->run.seed),
                                fmt::format("run.replications={}", results.records.size())},
                               "the command line", ignored);
  std::string error = files.add("scenario.yaml", scenarios::write_scenario(doc.root));
  for (const auto& [name, path] : scenarios::data_files(scenario.doc)) {
    if (!error.empty()) break;
    std::ifstream in(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    error = files.add(name, bytes);
  }
  return error;
}

// "" or what went wrong.
std::string write_files(const std::string& folder, const analysis::RunResults& results,
                        const std::string& summary, const LoadedScenario& loaded,
                        const analysis::ReportedScenario& scenario) {
  OutputFiles files(folder);
  std::string error = files.prepare();
  if (error.empty()) error = files.add("summary.json", summary);
  if (error.empty()) error = add_scenario(files, loaded, results);
  if (error.empty()) error = files.add("timeseries.csv", analysis::timeseries_csv(results));
  if (error.empty()) error = files.add("latency.csv", analysis::latency_csv(results));
  if (error.empty()) error = files.add("policies.csv", analysis::policies_csv(results));
  if (error.empty() && !results.model.topology->faults.empty())
    error = files.add("faults.csv", analysis::faults_csv(results));
  if (error.empty() && !results.model.scaled.empty())
    error = files.add("scaling.csv", analysis::scaling_csv(results));
  if (error.empty() && !results.model.topology->caches.empty())
    error = files.add("caches.csv", analysis::caches_csv(results.model, results.records));
  if (error.empty()) error = files.add("report.html", analysis::report_html(results, scenario));
  if (error.empty()) error = files.add("report.md", analysis::report_markdown(results));
  if (error.empty()) error = files.commit();
  return error;
}

int code_of(const analysis::RunReport& report, const std::vector<analysis::ThresholdResult>& thresholds) {
  switch (report.status) {
    case RunStatus::completed:
      break;
    case RunStatus::interrupted:
      return kInterrupted + std::max(interrupted_by(), 1);
    case RunStatus::invariant_broken:
      return kInternal;
    default:
      return kLimitReached;
  }
  const bool failed = std::any_of(
      thresholds.begin(), thresholds.end(),
      [](const analysis::ThresholdResult& t) { return t.verdict == analysis::ThresholdVerdict::fail; });
  return failed ? kThresholds : kGood;
}

// What a person or a log must hear even when the summary goes elsewhere.
void say_on_stderr(const analysis::RunReport& report,
                   const std::vector<analysis::ThresholdResult>& thresholds, bool summary_shown) {
  if (report.status == RunStatus::invariant_broken) {
    complain(fmt::format("internal error: {}; please report this with the scenario", report.message));
  } else if (report.status != RunStatus::completed) {
    complain(fmt::format("the run ended early ({}): {}; results are partial",
                         models::status_name(report.status), report.message));
  }
  if (summary_shown) return;
  for (const analysis::ThresholdResult& t : thresholds) {
    if (t.verdict == analysis::ThresholdVerdict::fail)
      complain(fmt::format("threshold failed: {} {}", t.metric, t.expression));
  }
}

// Report, files, printed summary; the exit code. Throws std::bad_alloc before anything is printed.
int tell(const RunArguments& arguments, const LoadedScenario& scenario,
         const std::shared_ptr<const models::CompiledModel>& model, const Replicated& run,
         const StreamStyle& style) {
  const OutputFormat format = arguments.scenario.format;
  const std::vector<models::RunRecord>& records = run.result.records;
  analysis::RunReport report = analysis::build_run_report(*model, records);
  const bool all_done = arguments.precision == 0 &&
                        records.size() == static_cast<std::size_t>(model->topology->run.replications);
  if (interrupted_by() != 0 && report.status == RunStatus::completed && !all_done) {
    report.status = RunStatus::interrupted;
    report.message = "interrupted";
  }
  if (run.result.out_of_memory && report.status == RunStatus::completed) {
    report.status = RunStatus::memory_budget;
    report.message = fmt::format("the system has no more memory after {} replications", records.size());
  }
  const auto thresholds = analysis::evaluate_thresholds(*model, records, report);
  analysis::RunResults results{*model, records, report, thresholds, scenario.warnings(), run.result.notes};
  results.notes.insert(results.notes.end(), report.notes.begin(), report.notes.end());
  if (!run.result.stopped_by.empty()) {
    results.notes.push_back(fmt::format("the precision was not reached within {} replications; worst: {}",
                                        records.size(), run.result.stopped_by));
  }

  int code = code_of(report, thresholds);
  std::string summary;
  if (!arguments.out.empty() || format == OutputFormat::json) summary = analysis::summary_json(results);
  std::string file_error;
  if (!arguments.out.empty())
    file_error =
        write_files(arguments.out, results, summary, scenario, reported(scenario, arguments.scenario));

  bool printed = true;
  const bool text = format == OutputFormat::text && !arguments.scenario.quiet;
  if (format == OutputFormat::json) {
    printed = write_stdout(summary);
  } else if (format == OutputFormat::csv) {
    printed = write_stdout(analysis::metrics_csv(report));
  } else if (text) {
    analysis::SummaryTextOptions options;
    options.style = style.out;
    options.wall_seconds = run.wall_seconds;
    if (model->topology->faults.empty() && model->scaled.empty())  // theory knows none
      options.prediction = comparison_block(*model->topology, report, style.out);
    printed = write_stdout(analysis::summary_text(results, options));
  }
  say_on_stderr(report, thresholds, text);
  if (!file_error.empty()) complain(file_error);
  if (!file_error.empty() || !printed) code = code == kInternal ? code : kInputOutput;
  if (run.result.not_deterministic) {
    complain(
        fmt::format("internal error: a replication that was run twice differed (seed {}, fingerprint "
                    "{:016x}); please report this",
                    model->topology->run.seed, report.result_fingerprint));
    code = kInternal;
  }
  return code;
}

}  // namespace

int run_command(const RunArguments& arguments) {
  const StreamStyle style = stream_style();
  if (!arguments.out.empty()) {  // before the work, so that nothing is simulated in vain
    if (const std::string error = OutputFiles(arguments.out).prepare(); !error.empty()) {
      complain(error);
      return kInputOutput;
    }
  }
  const LoadedScenario scenario = load_scenario(arguments.scenario);
  if (scenario.topology == nullptr) return scenario.exit_code;
  const auto model = models::compile(scenario.topology);

  const WatchedRun watched;
  Replicated run = replicate(model, arguments, style);
  for (;;) {
    try {
      return tell(arguments, scenario, model, run, style);
    } catch (const std::bad_alloc&) {
      if (!scenarios::drop_half(run.result)) throw;
    }
  }
}

}  // namespace tailrace::cli
