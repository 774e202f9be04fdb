#include "scenarios/metastability/trigger.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "models/field/number_text.hpp"
#include "models/field/units.hpp"

namespace tailrace::scenarios {

namespace {

using models::ArrivalProcess;
using models::Fault;
using models::FaultAction;
using models::FaultEffect;
using models::FaultMode;

bool takes_a_number(const Fault& f) {
  return f.mode == FaultMode::fixed || f.mode == FaultMode::fixed_percent ||
         f.mode == FaultMode::random_max_percent;
}

bool sized(const FaultEffect& e) {
  switch (e.action) {
    case FaultAction::slow:
    case FaultAction::load:
    case FaultAction::delay:
    case FaultAction::latency:
    case FaultAction::abort:
    case FaultAction::refuse:
    case FaultAction::vanish:
    case FaultAction::loss:
    case FaultAction::bandwidth:
      return true;
    case FaultAction::down:
    case FaultAction::pause:
    case FaultAction::notify:
      return false;
  }
  return false;
}

void scale_size(FaultEffect& e, double factor) {
  switch (e.action) {
    case FaultAction::slow:
    case FaultAction::load:
      e.amount = std::max(0.0, 1 + (e.amount - 1) * factor);
      break;
    case FaultAction::bandwidth:
      e.amount /= factor;
      break;
    case FaultAction::abort:
    case FaultAction::refuse:
    case FaultAction::vanish:
    case FaultAction::loss:
      e.probability = std::min(1.0, e.probability * factor);
      break;
    case FaultAction::delay:
    case FaultAction::latency:
      if (e.time) e.time = e.time->scaled(factor);
      break;
    case FaultAction::down:
    case FaultAction::pause:
    case FaultAction::notify:
      break;
  }
}

sim::Duration times(sim::Duration d, double factor) {
  return sim::Duration::from_ns(static_cast<double>(d.ns) * factor);
}

double lasts_s(const Fault& f) {
  if (f.duration) return sim::seconds_of(f.duration->ns);
  double longest = 0;
  for (const FaultEffect& e : f.effects) {
    if (e.lasts)
      longest = std::max(longest, sim::seconds_of((e.after.value_or(sim::Duration{0}) + *e.lasts).ns));
  }
  return longest;
}

}  // namespace

std::string find_trigger(const models::Topology& topology, const std::string& asked, TriggerFault& trigger) {
  const std::vector<Fault>& faults = topology.faults;
  if (faults.empty()) return "the scenario has no fault, and a trigger is one of its faults";
  std::size_t found = 0;
  if (!asked.empty()) {
    std::string names;
    for (const Fault& f : faults) names += (names.empty() ? "" : ", ") + models::shown(f.name);
    found = static_cast<std::size_t>(
        std::find_if(faults.begin(), faults.end(), [&](const Fault& f) { return f.name == asked; }) -
        faults.begin());
    if (found == faults.size()) {
      const models::Quantity number = models::parse_count(asked);
      if (number.value && *number.value < static_cast<double>(faults.size()))
        found = static_cast<std::size_t>(*number.value);
    }
    if (found == faults.size())
      return fmt::format("there is no fault {}; there are {}", models::shown(asked), names);
  }
  const Fault& f = faults[found];
  if (f.mtbf || f.times == models::kUnlimited)
    return fmt::format("{} comes again and again, so the trigger is never gone", models::shown(f.name));
  trigger.fault = found;
  trigger.name = f.name;
  trigger.type = f.type;
  trigger.start_s = sim::seconds_of(f.start.ns);
  trigger.duration_s = lasts_s(f);
  if (!(trigger.duration_s > 0))
    return fmt::format("{} lasts to the end of the run, so the trigger is never gone: give it a duration",
                       models::shown(f.name));
  trigger.has_size = takes_a_number(f) || std::any_of(f.effects.begin(), f.effects.end(), sized);
  return "";
}

std::string scale_load(models::Topology& topology, double factor) {
  const auto users = [&](double n) { return std::max(1.0, std::floor(n * factor + 0.5)); };
  for (models::Workload& w : topology.workloads) {
    switch (w.process) {
      case ArrivalProcess::trace:
        return fmt::format("{} replays recorded times, which cannot be made more or fewer",
                           models::shown(w.name));
      case ArrivalProcess::constant_vus:
      case ArrivalProcess::ramping_vus:
        if (w.vus > 0) w.vus = static_cast<std::int64_t>(users(static_cast<double>(w.vus)));
        for (models::RateStage& s : w.stages) s.target = s.target > 0 ? users(s.target) : 0;
        break;
      case ArrivalProcess::constant_rate:
      case ArrivalProcess::sinusoidal_rate:
      case ArrivalProcess::ramping_rate:
      case ArrivalProcess::mmpp:
        w.rate_per_s *= factor;
        w.amplitude_per_s *= factor;
        for (models::RateStage& s : w.stages) s.target *= factor;
        for (models::MmppState& s : w.states) s.rate_per_s *= factor;
        break;
    }
  }
  return "";
}

double open_load(const models::Topology& topology) {
  double sum = 0;
  for (const models::Workload& w : topology.workloads) {
    if (!w.open()) continue;
    double most = w.rate_per_s + w.amplitude_per_s;
    for (const models::RateStage& s : w.stages) most = std::max(most, s.target);
    for (const models::MmppState& s : w.states) most = std::max(most, s.rate_per_s);
    sum += most;
  }
  return sum;
}

void scale_trigger(models::Topology& topology, const TriggerFault& trigger, double duration, double size) {
  Fault& f = topology.faults[trigger.fault];
  if (duration != 1) {
    if (f.duration) f.duration = times(*f.duration, duration);
    f.ramp = times(f.ramp, duration);
    for (FaultEffect& e : f.effects) {
      if (e.lasts) e.lasts = times(*e.lasts, duration);
    }
    if (f.duration && f.every.ns > 0) f.every = std::max(f.every, *f.duration);
    if (duration > 1)
      topology.run.duration =
          topology.run.duration + sim::Duration::from_seconds(trigger.duration_s * (duration - 1));
  }
  if (size == 1) return;
  for (FaultEffect& e : f.effects) scale_size(e, size);
  if (f.mode == FaultMode::fixed) {
    f.value = std::clamp(std::floor(f.value * size + 0.5), 1.0, static_cast<double>(f.targets.size()));
  } else if (takes_a_number(f)) {
    f.value = std::min(100.0, f.value * size);
  }
}

std::string make_staircase(models::Topology& topology, const std::vector<double>& loads, double hold_s) {
  topology.faults.clear();
  const double ramp_s = hold_s / 100;
  for (models::Workload& w : topology.workloads) {
    if (w.process != ArrivalProcess::constant_rate)
      return fmt::format("the load of {} is not a constant rate", models::shown(w.name));
    const double rate = w.rate_per_s;
    w.process = ArrivalProcess::ramping_rate;
    w.rate_per_s = rate * loads.front();
    w.stages = {{topology.run.warmup + sim::Duration::from_seconds(hold_s), w.rate_per_s}};
    for (std::size_t k = 1; k < loads.size(); ++k) {
      w.stages.push_back({sim::Duration::from_seconds(ramp_s), rate * loads[k]});
      w.stages.push_back({sim::Duration::from_seconds(hold_s - ramp_s), rate * loads[k]});
    }
  }
  const double steps = static_cast<double>(loads.size());
  topology.run.duration = topology.run.warmup + sim::Duration::from_seconds(hold_s * steps);
  topology.run.time_resolution = sim::Duration::from_seconds(hold_s / 10);
  return "";
}

}  // namespace tailrace::scenarios
