#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "cli/cluster.hpp"
#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "cli/exit_code.hpp"
#include "cli/experiment_exit.hpp"
#include "cli/give_out.hpp"
#include "cli/load_scenario.hpp"
#include "cli/output_files.hpp"
#include "cli/progress.hpp"
#include "cli/signals.hpp"
#include "models/field/units.hpp"
#include "scenarios/rare/output.hpp"

namespace tailrace::cli {

namespace {

constexpr std::int64_t kMostRepetitions = 10'000;

std::optional<scenarios::RareEvent> read(const char* option, const std::string& text,
                                         const models::CompiledModel& model) {
  scenarios::EventFault fault;
  auto event = scenarios::read_event(text, model, fault);
  if (!event)
    complain(
        fmt::format("{}: {}{}", option, fault.message, fault.hint.empty() ? "" : " (" + fault.hint + ")"));
  return event;
}

// A time of the run in ns; nothing after complaining.
std::optional<std::int64_t> read_time(const char* option, const std::string& text, double most) {
  const models::Quantity q = models::parse_duration_ns(text);
  if (q.value && *q.value >= 0 && *q.value < most) return static_cast<std::int64_t>(*q.value);
  complain(fmt::format("{}: {}", option,
                       !q.value ? q.error + (q.hint.empty() ? "" : " (" + q.hint + ")")
                                : fmt::format("{} is not below {}", text, models::format_duration(most))));
  return std::nullopt;
}

}  // namespace

int rare_command(const RareArguments& arguments) {
  if (is_follower()) return kGood;  // it is not shared out: the first rank alone does it
  if (arguments.scenario.replications.value_or(0) > kMostRepetitions) {
    complain(fmt::format("--replications: at most {} repetitions", kMostRepetitions));
    return kUsage;
  }
  ScenarioArguments once = arguments.scenario;
  once.replications.reset();  // they are repetitions of the estimate
  const LoadedScenario scenario = load_scenario(once);
  if (scenario.topology == nullptr) return scenario.exit_code;
  if (!prepare_folder(arguments.out)) return kInputOutput;
  // Nobody reads the time series of these runs.
  auto topology = std::make_shared<models::Topology>(*scenario.topology);
  topology->run.time_resolution = topology->run.duration;
  const auto model = models::compile(topology);
  const std::int64_t end = topology->run.duration.ns;

  const auto event = read("--event", arguments.event, *model);
  if (!event) return kUsage;
  std::optional<scenarios::RareEvent> guide;
  if (!arguments.guide.empty()) {
    guide = read("--guide", arguments.guide, *model);
    if (!guide) return kUsage;
  }
  scenarios::SplitQuestion question;
  question.model = model;
  question.event = &*event;
  question.guide = guide ? &*guide : nullptr;
  question.seed = topology->run.seed;
  question.from_ns = topology->run.warmup_auto ? 0 : std::min(topology->run.warmup.ns, end - 1);
  question.interrupt = interrupt_flag();
  if (!arguments.from.empty()) {
    const auto from = read_time("--from", arguments.from, static_cast<double>(end));
    if (!from) return kUsage;
    question.from_ns = *from;
  }
  scenarios::RareOptions options;
  if (arguments.precision > 0) options.precision = arguments.precision;
  options.trajectories = arguments.trajectories;
  if (arguments.scenario.replications)
    options.repetitions = static_cast<std::uint32_t>(*arguments.scenario.replications);
  if (arguments.max_events > 0) options.max_events = static_cast<std::uint64_t>(arguments.max_events);
  if (!arguments.max_time.empty()) {
    const auto most = read_time("--max-time", arguments.max_time, 1e18);
    if (!most) return kUsage;
    options.max_seconds = std::max(1e-3, static_cast<double>(*most) * 1e-9);
  }
  options.always_split = arguments.always_split;
  options.jobs = arguments.jobs;
  options.interrupt = interrupt_flag();

  const WatchedRun watched;
  const StreamStyle style = stream_style();
  Progress progress(style.err_is_terminal && !arguments.scenario.quiet, style.err);
  options.progress = [&](std::size_t done, std::size_t about, const char* what) {
    progress.show(done, about, about == 0 ? 0 : static_cast<double>(done) / static_cast<double>(about), what);
  };
  const scenarios::RareEstimate estimate = scenarios::estimate_rare(question, options);
  progress.clear();

  scenarios::RareTold told;
  told.scenario = topology->name.empty() ? "scenario" : topology->name;
  told.event = event->text;
  if (guide) told.guide = guide->text;
  told.counts = guide ? guide->counts : event->counts;
  told.goal = question.goal();
  told.from_s = sim::seconds_of(question.from_ns);
  told.until_s = sim::seconds_of(end);
  told.precision = options.precision;
  const GivenOut given = give_out(arguments.scenario, arguments.out,
                                  {"rare",
                                   [&] { return scenarios::rare_json(estimate, told); },
                                   [&] { return scenarios::rare_csv(estimate, told); },
                                   [&] { return scenarios::rare_text(estimate, told, style.out); },
                                   {}});
  if (!estimate.complete) complain("interrupted; results are partial");
  if (estimate.broken > 0) complain_of_fault(estimate.broken_how);
  return exit_code(estimate, given.whole(), interrupted_by());
}

}  // namespace tailrace::cli
