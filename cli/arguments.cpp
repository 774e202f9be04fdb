#include "cli/arguments.hpp"

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <memory>
#include <sstream>

#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "cli/exit_code.hpp"
#include "models/field/diagnostics.hpp"
#include "models/field/units.hpp"

namespace tailrace::cli {

namespace {

std::string seed_fault(const std::string& text) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  return digits ? "" : "a seed is a whole number, 0 or more";
}

void add_scenario_options(CLI::App& command, ScenarioArguments& a) {
  command.add_option("scenario", a.file, "the scenario, a YAML file")->required();
  command.add_option("--set", a.overrides, "change the scenario: services.cart.replicas=4 (repeatable)")
      ->type_name("PATH=VALUE")
      ->allow_extra_args(false)
      ->take_all();
  command.add_option("--seed", a.seed, "seed of every random stream, in place of run.seed")
      ->type_name("N")
      ->check(CLI::Validator(seed_fault, ""));  // CLI11 would take -1 for 2^64 - 1
  command.add_option("--replications", a.replications, "independent runs, in place of run.replications")
      ->type_name("N")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1'000'000}));
  command.add_option("--duration", a.duration, "simulated time, in place of run.duration")->type_name("TIME");
  command.add_flag("--allow-outside-includes", a.allow_outside_includes,
                   "let includes leave the scenario's folder");
  command.add_flag("--quiet,-q", a.quiet, "no progress, no warnings, no text summary");
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
      ->check(CLI::IsMember(known));
}

std::string fraction_fault(const std::string& text) {
  const models::Quantity q = models::parse_fraction(text);
  if (!q.value) return q.error + (q.hint.empty() ? "" : " (" + q.hint + ")");
  return *q.value > 0 ? "" : "the precision must be more than 0";
}

// Line by line, so that what was typed cannot drive the terminal.
std::string safe_lines(const std::string& text) {
  std::string out;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) out += models::escaped(line) + "\n";
  return out;
}

}  // namespace

std::function<int()> read_command_line(int argc, char** argv) {
  CLI::App app("Simulates a microservice system, request by request, from a YAML scenario.", "tailrace");
  app.set_version_flag("--version", std::string("tailrace ") + kVersion);
  app.require_subcommand(1);
  app.footer(
      "Exit codes: 0 good, 2 usage, 3 scenario wrong, 4 limit reached (partial results), 5 input/output,\n"
      "70 internal error, 99 thresholds failed, 130/143 interrupted (partial results).");

  const auto run = std::make_shared<RunArguments>();
  CLI::App* run_app = app.add_subcommand("run", "run a scenario and report");
  add_scenario_options(*run_app, run->scenario);
  run_app->add_option("--jobs,-j", run->jobs, "replications at a time; default one per core")
      ->type_name("N")
      ->check(CLI::Range(1, 4096));
  run_app
      ->add_option("--out", run->out,
                   "also write summary.json, timeseries.csv, latency.csv and policies.csv into this folder")
      ->type_name("DIR");
  add_format(*run_app, run->scenario.format,
             {{"text", OutputFormat::text}, {"json", OutputFormat::json}, {"csv", OutputFormat::csv}});
  std::string precision;
  run_app
      ->add_option("--precision", precision,
                   "add replications until mean and p99 are known to this share (1%)")
      ->type_name("SHARE")
      ->check(CLI::Validator(fraction_fault, ""));
  run_app->add_flag("--verify-determinism", run->verify_determinism,
                    "run a tenth of the replications twice and compare");

  const auto check = std::make_shared<ScenarioArguments>();
  CLI::App* check_app = app.add_subcommand("check", "validate a scenario and say what was understood");
  add_scenario_options(*check_app, *check);
  add_format(*check_app, check->format, {{"text", OutputFormat::text}, {"json", OutputFormat::json}});

  const auto describe = std::make_shared<DescribeArguments>();
  CLI::App* describe_app =
      app.add_subcommand("describe", "the reference: kinds, steps, policies and their fields");
  describe_app->add_option("name", describe->name, "a kind, step, policy or section; without it, the list");
  describe_app->add_flag("--markdown", describe->markdown, "the whole reference as Markdown");

  CLI::App* schema_app = app.add_subcommand("schema", "a JSON schema of scenario files, for editors");

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
  if (!precision.empty()) run->precision = *models::parse_fraction(precision).value;
  if (run_app->parsed()) return [run] { return run_command(*run); };
  if (check_app->parsed()) return [check] { return check_command(*check); };
  if (describe_app->parsed()) return [describe] { return describe_command(*describe); };
  (void)schema_app;
  return [] { return schema_command(); };
}

}  // namespace tailrace::cli
