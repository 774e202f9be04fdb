#include "analysis/report/scaling_report.hpp"

#include <algorithm>

namespace tailrace::analysis {

std::vector<ScalingReport> scaling_reports(const models::CompiledModel& model,
                                           const std::vector<models::RunRecord>& records, double confidence) {
  std::vector<ScalingReport> reports;
  for (std::size_t id = 0; id < model.scaled.size(); ++id) {
    const models::Station& station = model.topology->stations[model.scaled[id].station];
    ScalingReport report;
    report.station = station.name;
    report.id = model.scaled[id].station;
    report.autoscales =
        station.scaling->looks || station.scaling->idle_timeout || !station.scaling->schedule.empty();
    std::vector<RatioSample> present, cold;
    bool first = true;
    for (const models::RunRecord& r : records) {
      const models::ScalingRecord& s = r.scaling[id];
      present.push_back({s.present_s, r.seconds()});
      cold.push_back({static_cast<double>(s.cold), static_cast<double>(s.requests)});
      report.instance_hours += s.present_s / 3600 / static_cast<double>(records.size());
      report.least = first ? s.least : std::min(report.least, s.least);
      report.most = std::max(report.most, s.most);
      first = false;
      report.ups += s.ups, report.downs += s.downs;
      report.started += s.started, report.stopped += s.stopped;
      report.requests += s.requests, report.cold += s.cold, report.cut_off += s.cut_off;
      for (const models::ScaleEvent& e : s.events) {
        if (report.events.size() >= kMostListedScaleEvents) break;
        report.events.push_back({r.replication, sim::seconds_of(e.at_ns), e.from, e.to,
                                 models::kScaleReasons[static_cast<std::size_t>(e.reason)], e.value});
      }
    }
    report.instances = ratio_interval(present, RatioOf::sums, confidence);
    report.cold_starts = ratio_interval(cold, RatioOf::trials, confidence);
    report.cold_starts.count = report.requests;
    reports.push_back(std::move(report));
  }
  return reports;
}

std::vector<DeploymentReport> deployment_reports(const models::CompiledModel& model,
                                                 const std::vector<models::RunRecord>& records) {
  std::vector<DeploymentReport> reports;
  for (std::size_t id = 0; id < model.topology->deployments.size(); ++id) {
    DeploymentReport report;
    report.name = model.topology->deployments[id].name;
    for (const models::RunRecord& r : records) {
      const models::DeploymentRecord& d = r.deployments[id];
      report.requests += d.requests;
      report.failed += d.failed;
      report.skewed += d.skewed;
      report.blocked += d.blocked ? 1 : 0;
      report.blocked_s += sim::seconds_of(d.blocked_ns) / static_cast<double>(records.size());
      if (d.start_ns < 0) continue;
      ++report.started;
      report.start_s += sim::seconds_of(d.start_ns);
      if (d.end_ns < 0) continue;
      ++report.finished;
      report.rolled_back += d.rolled_back ? 1 : 0;
      report.duration_s += sim::seconds_of(d.end_ns - d.start_ns);
    }
    if (report.started > 0) report.start_s /= static_cast<double>(report.started);
    if (report.finished > 0) report.duration_s /= static_cast<double>(report.finished);
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace tailrace::analysis
