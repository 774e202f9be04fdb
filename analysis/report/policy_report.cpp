#include "analysis/report/policy_report.hpp"

#include <algorithm>
#include <cmath>

namespace tailrace::analysis {

namespace {

using models::CompiledModel;
using models::PolicyStateRecord;
using models::RunRecord;
using Records = std::vector<RunRecord>;

double status_seconds(const PolicyStateRecord& state, std::size_t status) {
  return status < state.seconds.size() ? state.seconds[status] : 0;
}

void add_changes(const PolicyStateRecord& state, PolicyChange one, std::vector<PolicyChange>& out) {
  for (const models::StatusChange& c : state.timeline) {
    if (out.size() == kMostChanges) return;
    one.at_s = sim::seconds_of(c.at.ns);
    one.from = c.from;
    one.to = c.to;
    out.push_back(one);
  }
}

// The statuses that ever held, and the first: it is where a policy starts.
std::vector<StatusShare> status_shares(const std::vector<std::string>& names, std::size_t group,
                                       const Records& records, double confidence) {
  std::vector<StatusShare> shares;
  for (std::size_t status = 0; status < names.size(); ++status) {
    std::vector<RatioSample> samples;
    double total = 0;
    for (const RunRecord& r : records) {
      RatioSample sample;
      for (const PolicyStateRecord& state : r.policies[group].states) {
        sample.total += status_seconds(state, status);
        sample.weight += r.seconds();
      }
      total += sample.total;
      samples.push_back(sample);
    }
    if (status == 0 || total > 0)
      shares.push_back({names[status], ratio_interval(samples, RatioOf::sums, confidence)});
  }
  return shares;
}

}  // namespace

std::string PolicyReport::where() const {
  return door ? holder : holder + " -> " + target;
}
std::string PolicyReport::name() const {
  return where() + "." + policy;
}

std::vector<PolicyReport> policy_reports(const CompiledModel& model, const Records& records,
                                         double confidence) {
  const models::Topology& t = *model.topology;
  std::vector<PolicyReport> reports;
  for (std::size_t g = 0; g < model.admission_groups.size(); ++g) {
    const models::AdmissionGroup& group = model.admission_groups[g];
    PolicyReport p;
    p.policy = group.policy;
    p.door = group.door;
    p.holder = group.door ? t.stations[group.station].name : t.components[group.component].name;
    if (!group.door) p.target = t.stations[group.station].name;
    if (group.edge != models::kNoId) p.path = t.edges[group.edge].path;
    p.callers = group.callers;
    p.targets = group.targets;
    p.gauge_name = group.model->gauge_name();
    const std::vector<std::string> names = group.model->statuses();
    p.statuses = status_shares(names, g, records, confidence);
    std::vector<RatioSample> rejected, trips;
    std::vector<double> gauges;
    for (const RunRecord& r : records) {
      const models::PolicyRecord& record = r.policies[g];
      const models::AdmissionCounts& c = record.counts;
      p.counts.admitted += c.admitted;
      p.counts.rejected += c.rejected;
      p.counts.delayed += c.delayed;
      p.counts.waited += c.waited;
      rejected.push_back({static_cast<double>(c.rejected), static_cast<double>(c.admitted + c.rejected)});
      double gauge = 0;
      RatioSample tripped;
      for (std::size_t i = 0; i < record.states.size(); ++i) {
        const PolicyStateRecord& state = record.states[i];
        p.changes += state.changes;
        p.trips += state.trips;
        tripped.total += static_cast<double>(state.trips);
        tripped.weight += r.seconds() / 3600;
        gauge += state.gauge;
        const auto number = static_cast<std::uint32_t>(i);
        add_changes(state, {r.replication, number / group.targets, number % group.targets, 0, 0, 0},
                    p.timeline);
      }
      trips.push_back(tripped);
      if (!record.states.empty()) gauges.push_back(gauge / static_cast<double>(record.states.size()));
    }
    p.rejected = ratio_interval(rejected, RatioOf::trials, confidence);
    if (!names.empty()) p.trips_per_hour = ratio_interval(trips, RatioOf::events, confidence);
    const bool finite = std::all_of(gauges.begin(), gauges.end(), [](double x) { return std::isfinite(x); });
    if (p.gauge_name.empty() || !finite) {
      p.gauge.reason = "there is none";
    } else {
      p.gauge = mean_interval(gauges, confidence);
    }
    reports.push_back(std::move(p));
  }
  return reports;
}

std::vector<EjectionReport> ejection_reports(const CompiledModel& model, const Records& records,
                                             double confidence) {
  const models::Topology& t = *model.topology;
  std::vector<EjectionReport> reports;
  for (const models::BalancerGroup& group : model.balancers) {
    if (!t.stations[group.station].balancer.outliers) continue;
    EjectionReport report;
    report.caller = model.streams[group.stream].component;
    report.target = t.stations[group.station].name;
    report.callers = group.callers;
    report.instances.resize(model.stations[group.station].instances);
    for (std::size_t k = 0; k < report.instances.size(); ++k) {
      std::vector<RatioSample> out;
      for (const RunRecord& r : records) {
        RatioSample sample;
        for (std::uint32_t i = 0; i < group.callers; ++i) {
          const models::BalancerRecord& balancer = r.balancers[group.first_state + i];
          if (k >= balancer.instances.size()) continue;
          const PolicyStateRecord& state = balancer.instances[k];
          report.instances[k].ejections += state.trips;
          sample.total += status_seconds(state, 1);
          sample.weight += r.seconds();
        }
        out.push_back(sample);
      }
      report.instances[k].out = ratio_interval(out, RatioOf::sums, confidence);
      report.ejections += report.instances[k].ejections;
    }
    const auto logs = [&](const RunRecord& r, std::uint32_t k) {
      std::vector<const PolicyStateRecord*> of;
      for (std::uint32_t i = 0; i < group.callers; ++i) {
        const models::BalancerRecord& balancer = r.balancers[group.first_state + i];
        if (k < balancer.instances.size()) of.push_back(&balancer.instances[k]);
      }
      return of;
    };
    report.detection = detection_of(model, records, static_cast<int>(group.station), logs, confidence);
    for (const RunRecord& r : records) {
      for (std::uint32_t i = 0; i < group.callers; ++i) {
        const models::BalancerRecord& balancer = r.balancers[group.first_state + i];
        for (std::size_t k = 0; k < balancer.instances.size(); ++k) {
          report.changes += balancer.instances[k].changes;
          add_changes(balancer.instances[k], {r.replication, i, static_cast<std::uint32_t>(k), 0, 0, 0},
                      report.timeline);
        }
      }
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

std::vector<HealthReport> health_reports(const CompiledModel& model, const Records& records,
                                         double confidence) {
  std::vector<HealthReport> reports;
  for (const models::ProberTable& prober : model.probers) {
    HealthReport report;
    report.target = model.topology->stations[prober.station].name;
    report.instances.resize(model.stations[prober.station].instances);
    for (std::size_t k = 0; k < report.instances.size(); ++k) {
      std::vector<RatioSample> out;
      for (const RunRecord& r : records) {
        const PolicyStateRecord& state = r.health[prober.first_state + k];
        report.instances[k].failures += state.trips;
        out.push_back({status_seconds(state, 1), r.seconds()});
      }
      report.instances[k].out = ratio_interval(out, RatioOf::sums, confidence);
    }
    const auto logs = [&](const RunRecord& r, std::uint32_t k) {
      return std::vector<const PolicyStateRecord*>{&r.health[prober.first_state + k]};
    };
    report.detection = detection_of(model, records, static_cast<int>(prober.station), logs, confidence);
    for (const RunRecord& r : records) {
      for (std::uint32_t k = 0; k < report.instances.size(); ++k) {
        const PolicyStateRecord& state = r.health[prober.first_state + k];
        report.changes += state.changes;
        add_changes(state, {r.replication, 0, k, 0, 0, 0}, report.timeline);
      }
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

}  // namespace tailrace::analysis
