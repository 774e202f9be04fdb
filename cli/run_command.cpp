#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <set>

#include "analysis/experiment/baseline.hpp"
#include "analysis/html/markdown.hpp"
#include "analysis/html/page.hpp"
#include "analysis/report/cost_report.hpp"
#include "analysis/report/junit.hpp"
#include "analysis/report/prometheus.hpp"
#include "analysis/report/run_report.hpp"
#include "analysis/report/summary_json.hpp"
#include "analysis/report/summary_text.hpp"
#include "analysis/report/tables_csv.hpp"
#include "analysis/report/thresholds.hpp"
#include "analysis/report/trace_files.hpp"
#include "analysis/slo/slo.hpp"
#include "cli/cluster_crew.hpp"
#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "cli/exit_code.hpp"
#include "cli/load_scenario.hpp"
#include "cli/output_files.hpp"
#include "cli/prediction.hpp"
#include "cli/progress.hpp"
#include "cli/signals.hpp"
#include "cli/stored_run.hpp"
#include "models/field/number_text.hpp"
#include "models/prices/prices.hpp"
#include "scenarios/format/data_files.hpp"
#include "scenarios/format/read.hpp"
#include "scenarios/format/write.hpp"
#include "scenarios/run/early_stop.hpp"
#include "scenarios/run/lookout.hpp"
#include "scenarios/run/replicate.hpp"

namespace tailrace::cli {

namespace {

using models::RunStatus;

struct Replicated {
  scenarios::ReplicateResult result;
  double wall_seconds = 0;
  std::string aborted;  // by which threshold
  bool cut = false;     // within a replication
  analysis::SlowRequests slow;
};

// A relative change of this much is worth a red build.
constexpr double kTolerance = 0.01;

Replicated replicate(const std::shared_ptr<const models::CompiledModel>& model, const RunArguments& arguments,
                     const LoadedScenario& scenario, Cluster* cluster, const StreamStyle& style) {
  scenarios::ReplicateOptions options;
  options.jobs = arguments.jobs;
  std::optional<ClusterCrew> crew;
  if (cluster != nullptr) options.crew = &crew.emplace(*cluster);
  options.precision = arguments.precision;
  options.repeat_some = arguments.verify_determinism;
  options.interrupt = interrupt_flag();
  options.trace = arguments.trace;
  Progress progress(style.err_is_terminal && !arguments.scenario.quiet, style.err);
  options.progress = [&](int done, int wanted, double share) {
    progress.show(static_cast<std::size_t>(done), static_cast<std::size_t>(wanted), share);
  };
  const auto asked = static_cast<int>(model->topology->run.replications);
  scenarios::EarlyStop stop(scenario.doc, arguments.abort_on_fail, asked);
  scenarios::Lookout lookout(*model, scenario.doc, models::read_slos(scenario.doc));
  if (lookout.wanted()) options.observer = &lookout;
  Replicated run;
  if (stop.wanted() && options.precision == 0) {
    options.first_round = scenarios::kFirstRound;
    options.max_replications = asked;
    options.enough = [&](const std::vector<models::RunRecord>& records) {
      if (records.size() < static_cast<std::size_t>(asked) && stop.failed(*model, records))
        run.aborted = stop.reason();
      return !run.aborted.empty();
    };
  }
  const auto start = std::chrono::steady_clock::now();
  run.result = scenarios::replicate(model, options);
  run.slow = lookout.slow();
  if (!run.result.records.empty() && lookout.cut(run.result.records.back().replication)) {
    run.cut = true;
    run.aborted = lookout.aborted();
  }
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

// All that write_files() may write under names of its own.
constexpr std::string_view kResultFiles[] = {
    "summary.json", "scenario.yaml", "timeseries.csv", "latency.csv",      "policies.csv",
    "faults.csv",   "scaling.csv",   "caches.csv",     "junit.xml",        "report.html",
    "report.md",    "metrics.prom",  "traces.json",    "trace-events.json"};

// Of a data file beside the results: "times.csv" and "./times.csv" are one there.
std::string copied_name(const std::string& name) {
  return std::filesystem::path(name).lexically_normal().string();
}

// The scenario's data files are copied beside the results: false after complaining where one would have to be
// a result as well, or two files one.
bool results_spare_data(const models::ScenarioDoc& doc) {
  std::map<std::string, std::string> copied;
  for (const auto& [name, path] : scenarios::data_files(doc)) {
    const std::string copy = copied_name(name);
    if (std::find(std::begin(kResultFiles), std::end(kResultFiles), copy) != std::end(kResultFiles)) {
      complain(
          fmt::format("the scenario reads {}, and a result of that name would be written over it in --out; "
                      "give the data file another name",
                      models::shown(name)));
      return false;
    }
    // Each part of a scenario names its files from its own folder.
    if (const std::string& first = copied.emplace(copy, path).first->second; first != path) {
      complain(
          fmt::format("the scenario reads {} and {}, which would be one file in --out; give one of them "
                      "another name",
                      first, path));
      return false;
    }
  }
  return true;
}

// The scenario as it was run, with includes, variant and changes in it, and the data files that it reads:
// what is needed to run it again, or to look at it.
std::string add_scenario(OutputFiles& files, const LoadedScenario& scenario,
                         const analysis::RunResults& results) {
  models::ScenarioDoc doc = scenario.doc;
  models::Diagnostics ignored;  // these two paths can always be set
  const models::RunSettings& asked = results.model.topology->run;
  // Where none was finished there is nothing to repeat but the question.
  const std::size_t replications =
      results.records.empty() ? static_cast<std::size_t>(asked.replications) : results.records.size();
  scenarios::override_scenario(
      doc, {fmt::format("run.seed={}", asked.seed), fmt::format("run.replications={}", replications)},
      "the command line", ignored);
  std::string error = files.add("scenario.yaml", scenarios::write_scenario(doc.root));
  std::set<std::string> copied;
  for (const auto& [name, path] : scenarios::data_files(scenario.doc)) {
    if (!error.empty()) break;
    if (!copied.insert(copied_name(name)).second) continue;
    std::ifstream in(path, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(in)), {});
    error = files.add(name, bytes);
  }
  return error;
}

// What has been written already, also to be printed.
struct FileTexts {
  std::string summary, junit;
  std::string further;                           // at the end of report.md
  std::vector<analysis::ReportedText> sections;  // of report.html
};

// "" or what went wrong.
std::string write_files(const std::string& folder, const analysis::RunResults& results,
                        const FileTexts& texts, const LoadedScenario& loaded,
                        const analysis::ReportedScenario& scenario) {
  OutputFiles files(folder);
  std::string error = files.prepare();
  if (error.empty()) error = files.add("summary.json", texts.summary);
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
  if (error.empty() && !texts.junit.empty()) error = files.add("junit.xml", texts.junit);
  if (error.empty())
    error = files.add("report.html", analysis::report_html(results, scenario, texts.sections));
  if (error.empty()) error = files.add("report.md", analysis::report_markdown(results) + texts.further);
  if (error.empty()) error = files.add("metrics.prom", analysis::prometheus_text(results));
  const analysis::TailReport& tail = results.report.tail;
  if (error.empty() && tail.traced)
    error = files.add("traces.json",
                      analysis::otlp_traces(tail, results.model, results.model.topology->run.seed));
  if (error.empty() && tail.traced)
    error = files.add("trace-events.json", analysis::trace_events(tail, results.model));
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

std::vector<analysis::JunitCase> junit_cases(const analysis::BaselineComparison& comparison) {
  std::vector<analysis::JunitCase> cases;
  for (const analysis::BaselineFigure& f : comparison.figures) {
    cases.push_back(
        {"baseline", f.name,
         fmt::format("{}: {}", analysis::change_name(f.change), analysis::baseline_line(f, comparison)),
         f.regression, f.change == analysis::Change::unknown});
  }
  return cases;
}

// What a person or a log must hear even when the summary goes elsewhere.
void say_on_stderr(const analysis::RunReport& report,
                   const std::vector<analysis::ThresholdResult>& thresholds, bool summary_shown) {
  if (report.status == RunStatus::invariant_broken) {
    complain_of_fault(report.message);
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
         const analysis::BaselineRun& baseline, const StreamStyle& style) {
  const OutputFormat format = arguments.scenario.format;
  const std::vector<models::RunRecord>& records = run.result.records;
  analysis::RunReport report = analysis::build_run_report(*model, records);
  const bool all_done =
      !run.aborted.empty() || (arguments.precision == 0 &&
                               records.size() == static_cast<std::size_t>(model->topology->run.replications));
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

  if (!run.aborted.empty()) results.notes.push_back("aborted: " + run.aborted);
  int code = code_of(report, thresholds);
  if (run.cut || (!run.aborted.empty() && code == kGood)) code = kThresholds;
  const bool writes = !arguments.out.empty() || format == OutputFormat::json;
  std::vector<analysis::KeptFigure> kept;
  if (writes || !baseline.figures.empty()) kept = analysis::keep_figures(*model, records);
  analysis::BaselineComparison against;
  if (!baseline.figures.empty()) {
    const analysis::BaselineRun now{"",
                                    model->topology->name,
                                    model->topology->run.seed,
                                    sim::seconds_of(model->topology->run.duration.ns),
                                    report.warmup_s,
                                    kept};
    against = analysis::compare_with_baseline(baseline, now, report.confidence, kTolerance);
    if (against.regressed() && code == kGood) code = kThresholds;
  }
  std::string junit;
  if (!arguments.junit.empty() || !thresholds.empty() || !baseline.figures.empty())
    junit = analysis::junit_xml(results, junit_cases(against));
  std::string summary;
  const std::vector<analysis::SloReport> slos =
      analysis::evaluate_slos(models::read_slos(scenario.doc), *model, records, run.slow, report.confidence);
  const analysis::CostReport cost =
      analysis::evaluate_cost(models::priced_units(scenario.doc, *model->topology), *model, records, report);
  if (writes) summary = analysis::summary_json(results, kept, slos, cost);
  std::string file_error, further;  // of report.md
  const std::string told_baseline = models::escaped(std::filesystem::path(baseline.file).filename().string());
  if (!slos.empty()) further += "\n## Objectives\n\n```" + analysis::slo_text(slos, {}) + "```\n";
  if (cost.on) further += "\n## Cost\n\n```" + analysis::cost_text(cost, {}) + "```\n";
  if (!baseline.figures.empty())
    further += "\n## Against the baseline\n\n```" + analysis::baseline_text(against, told_baseline) + "```\n";
  constexpr analysis::TextStyle kPage{false, true};
  const std::vector<analysis::ReportedText> sections = {
      {"Objectives and alerts", analysis::slo_text(slos, kPage)}, {"Cost", analysis::cost_text(cost, kPage)}};
  if (!arguments.out.empty())
    file_error = write_files(arguments.out, results, {summary, junit, further, sections}, scenario,
                             reported(scenario, arguments.scenario));
  if (file_error.empty() && !arguments.junit.empty()) file_error = write_single(arguments.junit, junit);
  if (!arguments.traces.empty() && file_error.empty())
    file_error = write_single(arguments.traces, analysis::otlp_traces(results.report.tail, results.model,
                                                                      results.model.topology->run.seed));

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
    if (printed && !slos.empty()) printed = write_stdout(analysis::slo_text(slos, style.out));
    if (printed && cost.on) printed = write_stdout(analysis::cost_text(cost, style.out));
    if (printed && !baseline.figures.empty())
      printed = write_stdout(analysis::baseline_text(against, models::escaped(baseline.file)));
  }
  if (!text) {
    for (const analysis::BaselineFigure& f : against.figures) {
      if (f.regression) complain("regression: " + analysis::baseline_line(f, against));
    }
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

int run_command(const RunArguments& given) {
  const StreamStyle style = stream_style();
  RunArguments arguments = given;
  arguments.scenario = said_once(given.scenario);
  if (!prepare_folder(arguments.out)) return kInputOutput;
  if (!arguments.traces.empty() && arguments.trace.mode == models::TraceSampling::Mode::off) {
    complain("--traces has nothing to write with --trace-sample off");
    return kUsage;
  }
  for (const auto& [option, file] :
       {std::pair{"--traces", &arguments.traces}, {"--junit", &arguments.junit}}) {
    if (const int code = prepare_file(option, *file); code != kGood) return code;
  }
  const LoadedScenario scenario = load_scenario(arguments.scenario);
  if (scenario.topology == nullptr) return scenario.exit_code;
  if (!arguments.out.empty() && !results_spare_data(scenario.doc)) return kUsage;
  analysis::BaselineRun baseline;
  if (!arguments.baseline.empty()) {
    if (const std::string error = read_stored_run(arguments.baseline, baseline); !error.empty()) {
      complain(fmt::format("the baseline {} cannot be used: {}", models::shown(arguments.baseline), error));
      return kInputOutput;
    }
  }
  const auto model = models::compile(scenario.topology);
  const std::unique_ptr<Cluster> cluster =
      join_cluster(identity_of({{scenario.doc, arguments.scenario.seed}}));
  if (cluster != nullptr && !cluster->first())
    return follow(
        *cluster, [&](const std::string&) { return model; }, arguments.jobs);

  const WatchedRun watched;
  Replicated run = replicate(model, arguments, scenario, cluster.get(), style);
  for (;;) {
    try {
      return tell(arguments, scenario, model, run, baseline, style);
    } catch (const std::bad_alloc&) {
      if (!scenarios::drop_half(run.result)) throw;
    }
  }
}

}  // namespace tailrace::cli
