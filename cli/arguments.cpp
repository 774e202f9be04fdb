#include "cli/arguments.hpp"

#include <fmt/format.h>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <optional>
#include <sstream>

#include "cli/command_line_text.hpp"
#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "cli/exit_code.hpp"
#include "cli/version.hpp"
#include "models/field/diagnostics.hpp"
#include "models/field/number_text.hpp"
#include "models/field/units.hpp"
#include "scenarios/import/import.hpp"
#include "scenarios/library/library.hpp"

namespace tailrace::cli {

namespace {

// Without what CLI11 says of limits behind the name of a type: "N:INT in [1 - 4096]".
template <class T>
CLI::Validator within(T low, T high) {
  return CLI::Range(low, high).description("");
}

std::string fault_of(const models::Quantity& q) {
  return q.value ? "" : q.error + (q.hint.empty() ? "" : " (" + q.hint + ")");
}

// No more than run.seed takes: --out writes it there.
std::string seed_fault(const std::string& text) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  return digits ? fault_of(models::parse_count(text)) : "a seed is a whole number, 0 or more";
}

std::string duration_fault(const std::string& text) {
  return fault_of(models::parse_duration_ns(text));
}

// An option without a value is often a variable of a script that nobody set: --baseline "$LAST" would let
// every run pass.
void refuse_empty_values(CLI::App& app) {
  const CLI::Validator some(
      [](std::string& text) -> std::string { return text.empty() ? "the value is empty" : ""; }, "");
  for (CLI::App* command : app.get_subcommands({})) {
    for (CLI::Option* option : command->get_options()) {
      if (option->get_items_expected_max() != 0 && !option->get_lnames().empty()) option->check(some);
    }
  }
}

// What a scenario is changed by, whichever it is.
void add_changes(CLI::App& command, ScenarioArguments& a) {
  command.add_option("--set", a.overrides, "change the scenario: services.cart.replicas=4 (repeatable)")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false)
      ->take_all();
  command.add_option("--seed", a.seed, "seed of every random stream, in place of run.seed")
      ->type_name("N")
      ->check(CLI::Validator(seed_fault, ""));  // CLI11 would take -1 for 2^64 - 1
  command.add_option("--replications", a.replications, "independent runs, in place of run.replications")
      ->type_name("N")
      ->check(within(std::int64_t{1}, std::int64_t{1'000'000}));  // as in the scenario
  command.add_option("--duration", a.duration, "simulated time, in place of run.duration")
      ->type_name("TIME")
      ->check(CLI::Validator(duration_fault, ""));
  command.add_flag("--allow-outside-includes", a.allow_outside_includes,
                   "let includes leave the scenario's folder");
  command.add_flag("--quiet,-q", a.quiet, "no progress, no warnings, no text summary");
}

void add_scenario_options(CLI::App& command, ScenarioArguments& a) {
  command.add_option("scenario", a.file, "the scenario, a YAML file, or the name of one in the library")
      ->required();
  command.add_option("--variant", a.variant, "one of the scenario's variants")->type_name("NAME");
  add_changes(command, a);
}

CLI::Option* add_format(CLI::App& command, OutputFormat& format,
                        std::vector<std::pair<std::string, OutputFormat>> names) {
  std::string list;
  for (const auto& [name, value] : names) list += (list.empty() ? "" : "|") + name;
  const std::function<void(const std::string&)> chosen = [&format, names](const std::string& word) {
    for (const auto& [name, value] : names) {
      if (word == name) format = value;
    }
  };
  std::vector<std::string> known;
  for (const auto& [name, value] : names) known.push_back(name);
  return command.add_option_function<std::string>("--format", chosen, "what is printed")
      ->type_name(list)
      ->check(CLI::IsMember(known).description(""));
}

std::string fraction_fault(const std::string& text) {
  const models::Quantity q = models::parse_fraction(text);
  if (!q.value) return fault_of(q);
  return *q.value > 0 ? "" : "a share must be more than 0";
}

CLI::Option* add_share(CLI::App& command, const char* name, double& share, const char* about) {
  const std::function<void(const std::string&)> read = [&share](const std::string& text) {
    share = *models::parse_fraction(text).value;
  };
  return command.add_option_function<std::string>(name, read, about)
      ->type_name("SHARE")
      ->check(CLI::Validator(fraction_fault, ""));
}

CLI::Option* add_jobs(CLI::App& command, int& jobs, const char* about) {
  return command.add_option("--jobs,-j", jobs, about)->type_name("N")->check(within(1, 4096));
}

// auto, all, off, or 1/N.
std::optional<models::TraceSampling> trace_sampling(const std::string& text) {
  using Mode = models::TraceSampling::Mode;
  if (text == "auto") return models::TraceSampling{Mode::automatic, 1};
  if (text == "all") return models::TraceSampling{Mode::fixed, 1};
  if (text == "off") return models::TraceSampling{};
  const std::string digits = text.starts_with("1/") ? text.substr(2) : "";
  if (digits.empty() || digits.size() > 15 || digits.find_first_not_of("0123456789") != std::string::npos)
    return {};
  const std::uint64_t every = std::stoull(digits);
  if (every == 0) return {};
  return models::TraceSampling{Mode::fixed, every};
}

void add_trace_options(CLI::App& command, RunArguments& a) {
  const std::function<void(const std::string&)> read = [&a](const std::string& text) {
    a.trace = *trace_sampling(text);
  };
  const auto fault = [](const std::string& text) -> std::string {
    return trace_sampling(text) ? "" : "which requests are traced: auto, all, off, or 1/N";
  };
  command
      .add_option_function<std::string>("--trace-sample", read,
                                        "which requests are traced, to say where the slow ones' time went; "
                                        "default auto: as many as cost little")
      ->type_name("auto|all|off|1/N")
      ->check(CLI::Validator(fault, ""));
  command
      .add_option("--traces", a.traces,
                  "write the exemplars' traces into this file, as OpenTelemetry JSON (OTLP)")
      ->type_name("FILE");
}

void add_compare_options(CLI::App& command, CompareArguments& a) {
  command
      .add_option(
          "scenarios", a.files,
          "the baseline and what is compared with it: scenarios, folders that run --out wrote, or one file "
          "with variants")
      ->required();
  command.add_option("--variant", a.variants, "of a single file: compare only this one (repeatable)")
      ->type_name("NAME")
      ->allow_extra_args(false)
      ->take_all();
  add_changes(command, a.scenario);
  command
      .add_option("--primary", a.primary,
                  "the figure that is asked about; default: p(99) of the first workload")
      ->type_name("FIGURE");
  add_share(command, "--until", a.until,
            "add replications until the difference of the primary figure is known to this share of the "
            "baseline (2%)");
  command.add_flag("--independent", a.independent, "give each variant random numbers of its own");
  add_jobs(command, a.jobs, "replications at a time; default one per core");
  command.add_option("--out", a.out, "also write compare.json and compare.csv into this folder")
      ->type_name("DIR");
  add_format(command, a.scenario.format,
             {{"text", OutputFormat::text}, {"json", OutputFormat::json}, {"csv", OutputFormat::csv}});
}

void add_report_options(CLI::App& command, ReportArguments& a) {
  command
      .add_option(
          "results", a.results,
          "folders that run --out or sensitivity --out wrote, or their summary.json or sensitivity.json")
      ->required();
  const std::function<void(const std::string&)> chosen = [&a](const std::string& word) {
    a.format = word == "html"       ? ReportFormat::html
               : word == "markdown" ? ReportFormat::markdown
                                    : ReportFormat::text;
  };
  command.add_option_function<std::string>("--format", chosen, "what is written")
      ->type_name("text|markdown|html")
      ->check(CLI::IsMember({"text", "markdown", "html"}).description(""));
  command.add_option("--out", a.out, "write it into this file")->type_name("FILE");
}

void add_plan_options(CLI::App& command, PlanArguments& a) {
  add_scenario_options(command, a.scenario);
  CLI::Option* load = command
                          .add_option("--max-load", a.workload,
                                      "find the highest rate of this open workload that meets the thresholds")
                          ->type_name("WORKLOAD");
  command
      .add_option("--size", a.sizes,
                  "find the least-cost sizes that meet the thresholds: whole numbers (1..20), or real "
                  "values where the ends have units or points (10ms..2s, 0.0..0.5) (repeatable)")
      ->type_name("PATH=LOW..HIGH")
      ->allow_extra_args(false)
      ->take_all()
      ->excludes(load);
  command
      .add_option(
          "--price", a.prices,
          "cost of one more of a size, or of a second; below 0: more is cheaper; default 1 (repeatable)")
      ->type_name("PATH=COST")
      ->allow_extra_args(false)
      ->take_all();
  add_share(command, "--resolution", a.resolution,
            "how narrow the bracket of a rate or of a real-valued size is to be (1%)");
  add_share(command, "--indifference", a.indifference,
            "an interval within this share of a limit is left undecided (1%)");
  add_jobs(command, a.jobs, "replications at a time; default one per core");
  command.add_option("--out", a.out, "also write plan.json into this folder")->type_name("DIR");
  add_format(command, a.scenario.format, {{"text", OutputFormat::text}, {"json", OutputFormat::json}});
}

// "lhs:N" or "sobol:N".
std::string sample_fault(const std::string& text) {
  const auto colon = text.find(':');
  const std::string name = text.substr(0, colon);
  if (colon == std::string::npos || (name != "lhs" && name != "sobol")) return "a sample is lhs:N or sobol:N";
  const models::Quantity n = models::parse_count(text.substr(colon + 1));
  const bool good = n.value && *n.value >= 1 && *n.value <= static_cast<double>(scenarios::kMostPoints);
  return good ? "" : "a sample has 1 to 1000000 points, as in sobol:256";
}

void add_sweep_options(CLI::App& command, SweepArguments& a) {
  add_scenario_options(command, a.scenario);
  command
      .add_option("--vary", a.axes,
                  "a..b:n, a..b:log:n, a..b:int:n or [x, y, z] for a path (repeatable: a grid)")
      ->type_name("PATH=VALUES")
      ->required()
      ->allow_extra_args(false)
      ->take_all();
  CLI::Option* zip = command.add_flag_function(
      "--zip",
      [&a](std::int64_t count) {
        if (count > 0) a.kind = scenarios::DesignKind::zip;
      },
      "pair the lists of all --vary, in place of a grid");
  const std::function<void(const std::string&)> sample = [&a](const std::string& text) {
    a.kind = text[0] == 'l' ? scenarios::DesignKind::latin_hypercube : scenarios::DesignKind::sobol;
    a.samples = static_cast<std::size_t>(*models::parse_count(text.substr(text.find(':') + 1)).value);
  };
  command
      .add_option_function<std::string>("--sample", sample,
                                        "so many points of the ranges a..b, in place of a grid")
      ->type_name("lhs:N|sobol:N")
      ->check(CLI::Validator(sample_fault, ""))
      ->excludes(zip);
  add_jobs(command, a.jobs, "replications at a time, over all points; default one per core");
  command
      .add_option("--out", a.out,
                  "keep finished points in this folder, and go on from those that are there; sweep.csv and "
                  "sweep.json at the end")
      ->type_name("DIR");
  command
      .add_option("--shard", a.shard_text, "only each n-th point, from the i-th on; 1/n to n/n share --out")
      ->type_name("I/N");
  command.add_option("--sqlite", a.sqlite, "also write all points and figures into this SQLite database")
      ->type_name("FILE");
  command.add_flag("--merge", a.merge, "run nothing: write the results of the points that shards have done");
  add_format(command, a.scenario.format,
             {{"text", OutputFormat::text}, {"json", OutputFormat::json}, {"csv", OutputFormat::csv}});
}

void add_metastability_options(CLI::App& command, MetastabilityArguments& a) {
  add_scenario_options(command, a.scenario);
  command
      .add_option("--fault", a.fault, "the trigger, by name or number; default: the first of the scenario")
      ->type_name("FAULT");
  command.add_option("--loads", a.loads, "factors of the load: 0.25..1.25:5 (the default) or [0.5, 1]")
      ->type_name("FACTORS");
  command
      .add_option("--durations", a.durations,
                  "factors of the trigger's duration; default [0.25, 0.5, 1, 2, 4]")
      ->type_name("FACTORS");
  command.add_option("--sizes", a.sizes, "factors of the trigger's size; default [1]")->type_name("FACTORS");
  add_share(command, "--resolution", a.resolution, "how narrow the bracket of each boundary is to be (2%)");
  command.add_flag("--no-hysteresis", a.no_hysteresis, "do not walk the load up and down");
  add_jobs(command, a.jobs, "replications at a time; default one per core");
  command.add_option("--out", a.out, "also write metastability.json and metastability.csv into this folder")
      ->type_name("DIR");
  add_format(command, a.scenario.format,
             {{"text", OutputFormat::text}, {"json", OutputFormat::json}, {"csv", OutputFormat::csv}});
}

void add_sensitivity_options(CLI::App& command, SensitivityArguments& a) {
  add_scenario_options(command, a.scenario);
  command.add_option("--vary", a.paths, "a path of the scenario whose value has one number (repeatable)")
      ->type_name("PATH")
      ->required()
      ->allow_extra_args(false)
      ->take_all();
  add_share(command, "--step", a.step, "how far each is moved, to both sides (10%)");
  command
      .add_option("--primary", a.primary,
                  "the figure that is asked about; default: p(99) of the first workload")
      ->type_name("FIGURE");
  add_jobs(command, a.jobs, "replications at a time; default one per core");
  command
      .add_option("--out", a.out,
                  "also write sensitivity.json, sensitivity.csv, sensitivity.html and the tornado, "
                  "sensitivity.svg, into this folder")
      ->type_name("DIR");
  add_format(command, a.scenario.format,
             {{"text", OutputFormat::text}, {"json", OutputFormat::json}, {"csv", OutputFormat::csv}});
}

void add_rare_options(CLI::App& command, RareArguments& a) {
  add_scenario_options(command, a.scenario);
  command
      .add_option(
          "--event", a.event,
          "what may come about: queue of db > 100, requests in db >= 20, down instances of db >= 3, db is "
          "down, lag of GROUP > 1000, slowest request of WORKLOAD > 2s, failed requests of WORKLOAD >= 50; "
          "joined by and, or")
      ->type_name("EVENT")
      ->required();
  command
      .add_option("--guide", a.guide,
                  "what tells how near the event is, in the same words; default: the event")
      ->type_name("EVENT");
  command.add_option("--from", a.from, "count from this time of a run on; default: the end of its warm-up")
      ->type_name("TIME");
  add_share(command, "--precision", a.precision,
            "add repetitions until the probability is known to this share of itself (20%)");
  command
      .add_option("--trajectories", a.trajectories,
                  "runs in a repetition of splitting; default: found by trial")
      ->type_name("N")
      ->check(within(2, 100'000));
  command.add_option("--max-events", a.max_events, "of all runs together, about; default 2 billion")
      ->type_name("N")
      ->check(within(std::int64_t{1}, std::int64_t{1'000'000'000'000'000}));
  command
      .add_option("--max-time", a.max_time,
                  "of the clock on the wall; the answer then depends on the machine")
      ->type_name("TIME");
  command.add_flag("--always-split", a.always_split, "also where plain runs meet the event often enough");
  add_jobs(command, a.jobs, "repetitions at a time; default one per core");
  command.add_option("--out", a.out, "also write rare.json and rare.csv into this folder")->type_name("DIR");
  add_format(command, a.scenario.format,
             {{"text", OutputFormat::text}, {"json", OutputFormat::json}, {"csv", OutputFormat::csv}});
}

void add_import_options(CLI::App& command, ImportArguments& a) {
  std::vector<std::string> names;
  for (const scenarios::ImportFormat& f : scenarios::import_formats()) names.emplace_back(f.name);
  command.add_option("format", a.format, "otlp, jaeger, isotope, compose or kubernetes")
      ->required()
      ->check(CLI::IsMember(names));
  command.add_option("file", a.file, "what is read")->required();
  const std::function<void(const std::string&)> read = [&a](const std::string& text) {
    a.rate = models::parse_rate_per_s(text).value;
  };
  const auto fault = [](const std::string& text) -> std::string {
    const models::Quantity rate = models::parse_rate_per_s(text);
    return rate.value && *rate.value > 0 && *rate.value <= 1e9
               ? ""
               : "a rate is more than 0 and has its unit: 300/s";
  };
  command
      .add_option_function<std::string>("--rate", read,
                                        "requests that come, in place of what the file says: 300/s")
      ->type_name("RATE")
      ->check(CLI::Validator(fault, ""));
  command.add_option("--out", a.out, "write the scenario into this file")->type_name("FILE");
  command.add_flag("--quiet,-q", a.quiet, "do not say what was assumed");
}

// Line by line, so that what was typed cannot drive the terminal.
std::string safe_lines(const std::string& text) {
  std::string out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) out += models::escaped(line) + "\n";
  return out;
}

// What is wrong with the first word, where it should be a command and is none; "" otherwise.
std::string command_fault(const CLI::App& app, const char* word) {
  if (word == nullptr || word[0] == '-' || word[0] == '\0') return "";
  std::vector<std::string> names{"view"};
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  if (std::find(names.begin(), names.end(), word) != names.end()) return "";
  const std::string near = models::nearest_word(word, {names.begin(), names.end()});
  const bool file =
      std::filesystem::path(word).has_extension() || scenarios::find_in_library(word) != nullptr;
  return fmt::format("there is no command {}; {}", models::shown(word),
                     file           ? fmt::format("`tailrace run {}` runs it", models::escaped(word))
                     : near.empty() ? "`tailrace --help` lists them"
                                    : fmt::format("did you mean {}?", near));
}

// CLI11 adds one.
std::string without_last_newline(std::string text) {
  text.pop_back();
  return text;
}

}  // namespace

std::function<int()> read_command_line(int argc, char** argv) {
  // The viewer reads its own options.
  if (argc >= 2 && std::string(argv[1]) == "view")
    return [list = std::vector<std::string>(argv + 2, argv + argc)] { return view_command(list); };

  CLI::App app("Simulates a microservice system, request by request, from a YAML scenario.", "tailrace");
  app.set_version_flag("--version", without_last_newline(version_text()),
                       "what this program is, and what it was built with");
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 good, 2 usage, 3 scenario wrong, 4 limit reached (partial results), 5 input/output,\n"
      "70 internal error, 99 thresholds failed, 130/143 interrupted (partial results).");

  const auto run = std::make_shared<RunArguments>();
  CLI::App* run_app = app.add_subcommand("run", "run a scenario and report");
  add_scenario_options(*run_app, run->scenario);
  add_jobs(*run_app, run->jobs, "replications at a time; default one per core");
  run_app
      ->add_option("--out", run->out,
                   "also write summary.json, report.html, tables, traces and metrics into this folder")
      ->type_name("DIR");
  add_format(*run_app, run->scenario.format,
             {{"text", OutputFormat::text}, {"json", OutputFormat::json}, {"csv", OutputFormat::csv}});
  add_share(*run_app, "--precision", run->precision,
            "add replications until mean and p99 are known to this share (1%)");
  run_app
      ->add_option("--junit", run->junit,
                   "write the thresholds' verdicts as JUnit XML into this file; junit.xml in "
                   "--out")
      ->type_name("FILE");
  run_app
      ->add_option(
          "--baseline", run->baseline,
          "the summary.json of an earlier run: exit code 99 where a figure of a workload is significantly "
          "worse, by more than 1 %")
      ->type_name("FILE");
  run_app->add_flag("--abort-on-fail", run->abort_on_fail,
                    "run no more replications once a threshold has failed beyond doubt");
  add_trace_options(*run_app, *run);
  run_app->add_flag("--verify-determinism", run->verify_determinism,
                    "run a tenth of the replications twice and compare");

  const auto check = std::make_shared<ScenarioArguments>();
  CLI::App* check_app = app.add_subcommand("check", "validate a scenario and say what was understood");
  add_scenario_options(*check_app, *check);
  add_format(*check_app, check->format, {{"text", OutputFormat::text}, {"json", OutputFormat::json}});

  const auto compare = std::make_shared<CompareArguments>();
  CLI::App* compare_app =
      app.add_subcommand("compare", "run scenarios or variants side by side and say what differs");
  add_compare_options(*compare_app, *compare);

  const auto report = std::make_shared<ReportArguments>();
  CLI::App* report_app =
      app.add_subcommand("report", "show stored results, one or several beside each other");
  add_report_options(*report_app, *report);

  const auto sweep = std::make_shared<SweepArguments>();
  CLI::App* sweep_app = app.add_subcommand("sweep", "run a scenario at many values of its parameters");
  add_sweep_options(*sweep_app, *sweep);

  const auto plan = std::make_shared<PlanArguments>();
  CLI::App* plan_app =
      app.add_subcommand("plan", "find the highest load, or the cheapest sizes, that meet the thresholds");
  add_plan_options(*plan_app, *plan);

  const auto list = std::make_shared<ListArguments>();
  CLI::App* list_app = app.add_subcommand("list", "the library of scenarios that comes with the program");
  list_app->add_option("word", list->word,
                       "only what has to do with it: a topic, a pattern, a part of a name");
  list_app->add_flag("--markdown", list->markdown, "as the tables of docs/patterns.md");
  add_format(*list_app, list->format, {{"text", OutputFormat::text}, {"json", OutputFormat::json}});

  const auto shown = std::make_shared<std::string>();
  CLI::App* show_app = app.add_subcommand("show", "print a scenario of the library, to start from");
  show_app->add_option("name", *shown, "as `tailrace list` names it")->required();

  const auto metastability = std::make_shared<MetastabilityArguments>();
  CLI::App* metastability_app = app.add_subcommand(
      "metastability",
      "map from which loads the system comes back after a fault, and from which it does not");
  add_metastability_options(*metastability_app, *metastability);

  const auto rare = std::make_shared<RareArguments>();
  CLI::App* rare_app = app.add_subcommand(
      "rare", "how probable is what plain runs are too few to meet: splitting, with an interval");
  add_rare_options(*rare_app, *rare);

  const auto sensitivity = std::make_shared<SensitivityArguments>();
  CLI::App* sensitivity_app = app.add_subcommand(
      "sensitivity", "which parameter moves a figure most: elasticities and a tornado plot");
  add_sensitivity_options(*sensitivity_app, *sensitivity);

  const auto import = std::make_shared<ImportArguments>();
  CLI::App* import_app =
      app.add_subcommand("import", "make a scenario of traces, service graphs or deployment files");
  add_import_options(*import_app, *import);

  const auto describe = std::make_shared<DescribeArguments>();
  CLI::App* describe_app =
      app.add_subcommand("describe", "the reference: kinds, steps, policies and their fields");
  describe_app->add_option("name", describe->name, "a kind, step, policy or section; without it, the list");
  describe_app->add_flag("--markdown", describe->markdown, "the whole reference as Markdown");

  app.add_subcommand("view", "look at a run while it happens, or at a stored one ('view --help' says how)");
  app.add_subcommand("schema", "a JSON schema of scenario files, for editors");

  const auto shell = std::make_shared<std::string>();
  CLI::App* completion_app = app.add_subcommand("completion", "completions for a shell, to be sourced");
  completion_app->add_option("shell", *shell, "bash, zsh or fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  CLI::App* manual_app = app.add_subcommand("manual", "the manual page: tailrace manual | man -l -");

  const auto version_format = std::make_shared<OutputFormat>(OutputFormat::text);
  CLI::App* version_app = app.add_subcommand("version", "as --version, also as data");
  add_format(*version_app, *version_format, {{"text", OutputFormat::text}, {"json", OutputFormat::json}});

  refuse_empty_values(app);
  if (const std::string fault = command_fault(app, argc >= 2 ? argv[1] : nullptr); !fault.empty()) {
    return [fault] {
      complain(fault);
      return kUsage;
    };
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& fault) {
    std::ostringstream out, err;
    const bool asked = app.exit(fault, out, err) == 0;
    const std::string text = asked ? out.str() : safe_lines(err.str());
    return [asked, text] {
      if (asked) return write_stdout(text) ? kGood : kInputOutput;
      write_stderr(text);
      return kUsage;
    };
  }
  if (run_app->parsed()) return [run] { return run_command(*run); };
  if (check_app->parsed()) return [check] { return check_command(*check); };
  if (compare_app->parsed()) return [compare] { return compare_command(*compare); };
  if (report_app->parsed()) return [report] { return report_command(*report); };
  if (sweep_app->parsed()) return [sweep] { return sweep_command(*sweep); };
  if (plan_app->parsed()) return [plan] { return plan_command(*plan); };
  if (list_app->parsed()) return [list] { return list_command(*list); };
  if (show_app->parsed()) return [shown] { return show_command(*shown); };
  if (metastability_app->parsed()) return [metastability] { return metastability_command(*metastability); };
  if (rare_app->parsed()) return [rare] { return rare_command(*rare); };
  if (sensitivity_app->parsed()) return [sensitivity] { return sensitivity_command(*sensitivity); };
  if (import_app->parsed()) return [import] { return import_command(*import); };
  if (describe_app->parsed()) return [describe] { return describe_command(*describe); };
  if (version_app->parsed()) return [version_format] { return version_command(*version_format); };
  if (completion_app->parsed() || manual_app->parsed()) {
    const std::string text = manual_app->parsed() ? manual_page(app)
                             : *shell == "bash"   ? bash_completion(app)
                             : *shell == "zsh"    ? zsh_completion(app)
                                                  : fish_completion(app);
    return [text] { return write_stdout(text) ? kGood : kInputOutput; };
  }
  return [] { return schema_command(); };  // the only one left
}

}  // namespace tailrace::cli
