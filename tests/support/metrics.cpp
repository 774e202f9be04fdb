#include "tests/support/metrics.hpp"

#include <cmath>
#include <stdexcept>

namespace tailrace::tests {

namespace {

template <class List>
const auto& named(const List& list, const std::string& name, auto field) {
  for (const auto& item : list) {
    if (item.*field == name) return item;
  }
  throw std::runtime_error("nothing is called \"" + name + "\"");
}

std::size_t index_of(double p) {
  for (std::size_t i = 0; i < analysis::kPercentiles.size(); ++i) {
    if (analysis::kPercentiles[i] == p) return i;
  }
  throw std::runtime_error("not a reported percentile");
}

Metric of_workload(std::string name, double (*value)(const analysis::ClassReport&)) {
  return [name = std::move(name), value](const Observed& o) { return value(workload(o.report, name)); };
}
Metric of_group(std::string name, double (*value)(const analysis::GroupReport&)) {
  return [name = std::move(name), value](const Observed& o) { return value(group(o.report, name)); };
}
Metric of_channel(std::string name, double (*value)(const analysis::ChannelReport&)) {
  return [name = std::move(name), value](const Observed& o) { return value(channel(o.report, name)); };
}
Metric of_station(std::string name, double (*value)(const analysis::StationReport&)) {
  return [name = std::move(name), value](const Observed& o) { return value(station(o.report, name)); };
}

}  // namespace

const analysis::ClassReport& workload(const analysis::RunReport& report, const std::string& name) {
  return named(report.workloads, name, &analysis::ClassReport::workload);
}
const analysis::StationReport& station(const analysis::RunReport& report, const std::string& name) {
  return named(report.stations, name, &analysis::StationReport::name);
}
const analysis::OperationReport& operation(const analysis::RunReport& report, const std::string& name) {
  return named(report.operations, name, &analysis::OperationReport::name);
}
const analysis::ChannelReport& channel(const analysis::RunReport& report, const std::string& name) {
  return named(report.messaging.channels, name, &analysis::ChannelReport::name);
}
const analysis::GroupReport& group(const analysis::RunReport& report, const std::string& name) {
  return named(channel(report, name.substr(0, name.find('/'))).groups, name, &analysis::GroupReport::name);
}
const analysis::EffectReport& effect(const analysis::RunReport& report, const std::string& name) {
  return named(report.messaging.effects, name, &analysis::EffectReport::name);
}

const analysis::MilestoneReport& milestone(const analysis::RunReport& report, const std::string& name) {
  return named(report.messaging.milestones, name, &analysis::MilestoneReport::name);
}
const analysis::ScalingReport& scaling(const analysis::RunReport& report, const std::string& station) {
  return named(report.scaling, station, &analysis::ScalingReport::station);
}

double percentile(const analysis::LatencyReport& latency, double p) {
  return latency.percentiles[index_of(p)].estimate;
}

Metric response_mean(std::string name) {
  return of_workload(std::move(name), [](const auto& w) { return w.success_duration.mean.estimate; });
}
Metric response_stddev(std::string name) {
  return of_workload(std::move(name), [](const auto& w) { return w.success_duration.stddev; });
}
Metric response_percentile(double p, std::string name) {
  return [p, name = std::move(name)](const Observed& o) {
    return percentile(workload(o.report, name).success_duration, p);
  };
}
Metric slower_than(double seconds, std::string name) {
  return [seconds, name = std::move(name)](const Observed& o) {
    const sim::Histogram& h = workload(o.report, name).success_duration.histogram;
    return 1 - h.fraction_at_or_below(static_cast<std::int64_t>(seconds * 1e9));
  };
}
Metric any_response_mean(std::string name) {
  return of_workload(std::move(name), [](const auto& w) { return w.duration.mean.estimate; });
}
Metric failed_fraction(std::string name) {
  return of_workload(std::move(name), [](const auto& w) { return w.failed.estimate; });
}
Metric success_fraction(std::string name) {
  return of_workload(std::move(name), [](const auto& w) { return 1 - w.failed.estimate; });
}
Metric throughput(std::string name) {
  return of_workload(std::move(name), [](const auto& w) { return w.throughput.estimate; });
}
Metric goodput(std::string name) {
  return of_workload(std::move(name), [](const auto& w) { return w.goodput.estimate; });
}

Metric wait_mean(std::string name) {
  return of_station(std::move(name), [](const auto& s) { return s.wait_mean.estimate; });
}
Metric wait_mean_all(std::string name) {
  return of_station(std::move(name), [](const auto& s) { return s.wait_mean_all.estimate; });
}
Metric wait_percentile(std::string name, double p) {
  return [p, name = std::move(name)](const Observed& o) {
    return station(o.report, name).wait_percentiles[index_of(p)];
  };
}
Metric wait_probability(std::string name) {
  return of_station(std::move(name), [](const auto& s) { return s.wait_probability.estimate; });
}
Metric utilization(std::string name) {
  return of_station(std::move(name), [](const auto& s) { return s.utilization.estimate; });
}
Metric cpu_utilization(std::string name) {
  return of_station(std::move(name), [](const auto& s) { return s.cpu_utilization.estimate; });
}
Metric busy_mean(std::string name) {
  return of_station(std::move(name), [](const auto& s) { return s.busy.estimate; });
}
Metric in_queue(std::string name) {
  return of_station(std::move(name), [](const auto& s) { return s.queue_length.estimate; });
}
Metric in_station(std::string name) {
  return of_station(std::move(name), [](const auto& s) { return s.queue_length.estimate + s.busy.estimate; });
}
Metric station_throughput(std::string name) {
  return of_station(std::move(name), [](const auto& s) { return s.throughput.estimate; });
}
Metric residence_mean(std::string name) {
  return of_station(std::move(name), [](const auto& s) { return s.residence_mean; });
}
Metric abandoned_fraction(std::string name) {
  return of_station(std::move(name), [](const auto& s) {
    return static_cast<double>(s.abandoned) / static_cast<double>(s.served + s.abandoned);
  });
}

Metric visits(std::string operation_name) {
  return [name = std::move(operation_name)](const Observed& o) {
    return static_cast<double>(operation(o.report, name).arrived) /
           static_cast<double>(workload(o.report, "load").arrived);
  };
}
Metric attempts_per_call() {
  return [](const Observed& o) { return o.report.edges.at(0).attempts_per_call; };
}

Metric lag_mean(std::string name) {
  return of_group(std::move(name), [](const auto& g) { return g.lag.estimate; });
}
Metric lag_at_end(std::string name) {
  return of_group(std::move(name), [](const auto& g) { return g.lag_at_end.estimate; });
}
Metric handled_per_s(std::string name) {
  return of_group(std::move(name), [](const auto& g) { return g.throughput.estimate; });
}
Metric end_to_end_mean(std::string name) {
  return of_group(std::move(name), [](const auto& g) { return g.end_to_end.mean.estimate; });
}
Metric end_to_end_percentile(std::string name, double p) {
  return [p, name = std::move(name)](const Observed& o) {
    return percentile(group(o.report, name).end_to_end, p);
  };
}
Metric deliveries_per_message(std::string name) {
  return of_group(std::move(name), [](const auto& g) { return g.per_message.estimate; });
}
Metric redelivered_fraction(std::string name) {
  return of_group(std::move(name), [](const auto& g) { return g.redelivered.estimate; });
}
Metric dead_lettered_fraction(std::string name) {
  return of_group(std::move(name), [](const auto& g) { return g.dead_lettered.estimate; });
}
Metric duplicate_fraction(std::string name) {
  return [name = std::move(name)](const Observed& o) { return effect(o.report, name).duplicates.estimate; };
}
Metric batch_size_mean(std::string name) {
  return of_channel(std::move(name), [](const auto& c) { return c.batch_size.estimate; });
}
Metric batching_mean(std::string name) {
  return of_channel(std::move(name), [](const auto& c) { return c.batching_time.mean.estimate; });
}
Metric batches_per_s(std::string name) {
  return of_channel(std::move(name), [](const auto& c) { return c.batches_per_s.estimate; });
}
Metric message_residual() {
  return [](const Observed& o) {
    double sum = 0;
    for (const models::RunRecord& r : o.records) {
      for (const models::ChannelRecord& c : r.channels) {
        for (const models::PlaceCounts& p : c.places) {
          const auto in = static_cast<double>(p.resident_at_start + p.accepted);
          sum += std::abs(in - static_cast<double>(p.total_ended() + p.ready + p.in_flight));
        }
      }
    }
    return sum;
  };
}

Metric minus(Metric metric, double constant) {
  return [metric = std::move(metric), constant](const Observed& o) { return metric(o) - constant; };
}

}  // namespace tailrace::tests
