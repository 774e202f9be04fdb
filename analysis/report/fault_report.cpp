#include "analysis/report/fault_report.hpp"

#include <algorithm>

namespace tailrace::analysis {

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
      reports[i].active_s += static_cast<double>(r.faults[i].active_ns) * 1e-9;
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
      one.start_s = static_cast<double>(a.start_ns) * 1e-9;
      one.ended = a.end_ns >= 0;
      one.end_s = static_cast<double>(one.ended ? a.end_ns : r.end_ns) * 1e-9;
      for (const std::uint32_t target : a.targets)
        one.targets.push_back(t.faults[a.fault].targets[target].name);
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
