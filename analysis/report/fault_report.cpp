#include "analysis/report/fault_report.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tailrace::analysis {

std::string hit_target(const models::CompiledModel& model, const models::FaultActivation& activation,
                       std::size_t i) {
  const models::FaultTarget& target = model.topology->faults[activation.fault].targets[activation.targets[i]];
  if (!target.led) return target.name;
  const std::uint32_t leader = i < activation.leaders.size() ? activation.leaders[i] : models::kNoId;
  if (leader == models::kNoId) return target.name + " (without a leader)";
  const std::uint32_t station = model.instance_station[leader];
  return fmt::format("{} (led by {}#{})", target.name, model.topology->stations[station].name,
                     leader - model.stations[station].first_instance);
}

std::vector<FaultReport> fault_reports(const models::CompiledModel& model,
                                       const std::vector<models::RunRecord>& records) {
  const models::Topology& t = *model.topology;
  std::vector<FaultReport> reports;
  std::vector<std::vector<bool>> hit;
  for (const models::Fault& fault : t.faults) {
    FaultReport report;
    report.name = fault.name;
    report.type = fault.type;
    report.targets = fault.targets.size();
    reports.push_back(std::move(report));
    hit.emplace_back(fault.targets.size());
  }
  for (const models::RunRecord& r : records) {
    for (std::size_t i = 0; i < r.faults.size(); ++i) {
      reports[i].activations += r.faults[i].activations;
      reports[i].active_s += sim::seconds_of(r.faults[i].active_ns);
      reports[i].requests_ended += r.faults[i].ended;
      reports[i].requests_delayed += r.faults[i].delayed;
      reports[i].requests_added += r.faults[i].added;
    }
    for (const models::FaultActivation& a : r.fault_activations) {
      FaultReport& report = reports[a.fault];
      for (const std::uint32_t target : a.targets) hit[a.fault][target] = true;
      if (report.timeline.size() >= kMostListedFaults) continue;
      FaultActivationReport one;
      one.replication = r.replication;
      one.start_s = sim::seconds_of(a.start_ns);
      one.ended = a.end_ns >= 0;
      one.end_s = sim::seconds_of(one.ended ? a.end_ns : r.end_ns);
      for (std::size_t k = 0; k < a.targets.size(); ++k) one.targets.push_back(hit_target(model, a, k));
      one.requests_ended = a.ended;
      one.requests_delayed = a.delayed;
      report.timeline.push_back(std::move(one));
    }
  }
  for (std::size_t i = 0; i < reports.size(); ++i)
    reports[i].hit = static_cast<std::uint64_t>(std::count(hit[i].begin(), hit[i].end(), true));
  return reports;
}

}  // namespace tailrace::analysis
