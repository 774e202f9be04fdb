#include "models/compile/faults.hpp"

#include <algorithm>
#include <string>

#include "models/compile/writer.hpp"

namespace tailrace::models {

namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

// The highest rate of a workload, per ns.
double highest_rate(const Workload& w) {
  double rate = w.rate_per_s;
  switch (w.process) {
    case ArrivalProcess::ramping_rate:
      for (const RateStage& stage : w.stages) rate = std::max(rate, stage.target);
      break;
    case ArrivalProcess::sinusoidal_rate:
      rate += w.amplitude_per_s;
      break;
    case ArrivalProcess::mmpp: {  // its mean: which state it is in, only its own clock knows
      double requests = 0, seconds = 0;
      for (const MmppState& state : w.states) {
        requests += state.rate_per_s * state.mean_sojourn.seconds();
        seconds += state.mean_sojourn.seconds();
      }
      rate = seconds > 0 ? requests / seconds : 0;
      break;
    }
    case ArrivalProcess::trace:  // likewise, over the time that it takes
      if (w.trace_ns->size() > 1 && w.trace_ns->back() > w.trace_ns->front())
        rate = static_cast<double>(w.trace_ns->size() - 1) * 1e9 /
               static_cast<double>(w.trace_ns->back() - w.trace_ns->front());
      break;
    default:
      break;
  }
  return rate * 1e-9;
}

class FaultCompiler final : public ModelWriter {
 public:
  using ModelWriter::ModelWriter;

  void run() {
    for (std::size_t i = 0; i < t_.faults.size(); ++i) fault(i);
  }

 private:
  void fault(std::size_t id) {
    const Fault& f = t_.faults[id];
    FaultTable table;
    for (std::size_t i = 0; i < f.effects.size(); ++i) {
      const FaultEffect& e = f.effects[i];
      FaultEffectTable effect;
      const std::string number = i == 0 ? "" : " " + std::to_string(i);
      if (e.time) effect.draw = draw(*e.time, stream("fault " + f.name, "time" + number));
      effect.chance = chance_of(e.probability);
      effect.stream = stream("fault " + f.name, "chance" + number);
      table.effects.push_back(effect);
    }
    for (const FaultTarget& target : f.targets) {
      FaultTargetTable compiled;
      table.filtered = table.filtered || target.operation != kNone || target.from_component != kNone ||
                       (target.partition != kNone && !target.led);
      for (const auto& [station, index] : target.instances)
        compiled.instances.push_back(m_.stations[at(station)].first_instance +
                                     static_cast<std::uint32_t>(index));
      if (target.workload != kNone) compiled.spike = spike(static_cast<std::uint32_t>(id), f, target);
      table.targets.push_back(std::move(compiled));
    }
    const std::uint32_t each = f.mtbf && !f.together ? 1 : static_cast<std::uint32_t>(f.targets.size());
    for (std::uint32_t first = 0; first < f.targets.size(); first += each) {
      FaultProcessTable process;
      process.fault = static_cast<std::uint32_t>(id);
      process.first_target = first;
      process.targets = each;
      if (f.mode != FaultMode::all) process.choice_stream = stream("fault " + f.name, "choice");
      const std::string whose = each == 1 && f.targets.size() > 1 ? " " + f.targets[first].name : "";
      if (f.mtbf) process.mtbf = draw(*f.mtbf, stream("fault " + f.name, "time to failure" + whose));
      if (f.mttr) process.mttr = draw(*f.mttr, stream("fault " + f.name, "time to repair" + whose));
      m_.faults.processes.push_back(process);
    }
    m_.faults.faults.push_back(std::move(table));
  }

  std::uint32_t spike(std::uint32_t id, const Fault& f, const FaultTarget& target) {
    const Workload& w = t_.workloads[at(target.workload)];
    SpikeTable table;
    table.fault = id;
    table.workload = static_cast<std::uint32_t>(target.workload);
    table.spacing = draw(w.spacing, stream("fault " + f.name, "arrivals of " + w.name));
    table.stream = stream("fault " + f.name, "requests of " + w.name);
    table.most_per_ns = highest_rate(w);
    m_.faults.spikes.push_back(table);
    return static_cast<std::uint32_t>(m_.faults.spikes.size() - 1);
  }
};

// Sidecars that can be killed are down for a while, with their instances.
bool killed_with_its_sidecar(const Topology& t, const Station& s) {
  const auto has = [](const Station& station, const char* door) {
    return std::any_of(station.doors.begin(), station.doors.end(),
                       [&](const AdmissionUse& use) { return use.policy == door; });
  };
  if (has(s, "sidecar_memory")) return true;
  return has(s, "mesh_config") &&
         std::any_of(t.stations.begin(), t.stations.end(),
                     [&](const Station& member) { return has(member, "sidecar_memory"); });
}

}  // namespace

FaultMarks mark_faults(const Topology& t) {
  FaultMarks marks;
  marks.stations.resize(t.stations.size());
  marks.links.resize(t.links.size());
  for (std::size_t s = 0; s < t.stations.size(); ++s) {
    // Who is not there is down, and answers as what is down does.
    const bool managed = t.stations[s].scaling || t.stations[s].shared_queue ||
                         !t.stations[s].gates.empty() || killed_with_its_sidecar(t, t.stations[s]);
    marks.stations[s].hit = marks.stations[s].dies = managed;
  }
  for (const Deployment& d : t.deployments) {
    FaultMarks::OfStation& mark = marks.stations[at(d.station)];
    mark.slows = mark.slows || d.version.slowness != 1;
  }
  for (const Fault& f : t.faults) {
    for (const FaultTarget& target : f.targets) {
      for (const int link : target.links) marks.links[at(link)] = true;
      for (const auto& [station, index] : target.instances) {
        FaultMarks::OfStation& mark = marks.stations[at(station)];
        mark.hit = true;
        for (const FaultEffect& e : f.effects) {
          mark.slows = mark.slows || e.action == FaultAction::slow;
          mark.pauses = mark.pauses || e.action == FaultAction::pause;
          mark.dies = mark.dies || e.action == FaultAction::down;
        }
      }
    }
  }
  return marks;
}

void compile_faults(const Topology& topology, CompiledModel& model) {
  FaultCompiler(topology, model).run();
}

}  // namespace tailrace::models
