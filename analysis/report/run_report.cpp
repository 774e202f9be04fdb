#include "analysis/report/run_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "analysis/report/cascade_story.hpp"
#include "analysis/stats/batch_correlation.hpp"

namespace tailrace::analysis {

namespace {

using models::CompiledModel;
using models::RunRecord;
using models::total;
using Records = std::vector<RunRecord>;

constexpr double kConfidence = 0.95;

void add(models::OutcomeCounts& to, const models::OutcomeCounts& from) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += from[i];
}

// One ratio per replication, as sums over sums.
Interval ratio(const Records& records, RatioOf what, const std::function<RatioSample(const RunRecord&)>& of) {
  std::vector<RatioSample> samples;
  for (const RunRecord& r : records) samples.push_back(of(r));
  return ratio_interval(samples, what, kConfidence);
}

double sum_seconds(const sim::Histogram& h) {
  return static_cast<double>(h.sum()) * 1e-9;
}

Interval scaled(Interval i, double factor) {
  i.estimate *= factor;
  i.low *= factor;
  i.high *= factor;
  return i;
}

LatencyReport latency(std::vector<const sim::Histogram*> groups, const std::vector<sim::Histogram>& batches,
                      bool keep) {
  return latency_report(std::move(groups), batches, keep, kConfidence);
}

// The successes of some classes, batch by batch; of several replications there are no batches.
std::vector<sim::Histogram> batches_of(const Records& records, std::uint32_t first, std::uint32_t count) {
  std::vector<sim::Histogram> batches;
  if (records.size() != 1) return batches;
  for (const std::vector<sim::Histogram>& batch : records[0].batches) {
    batches.emplace_back();
    for (std::uint32_t c = first; c < first + count; ++c) batches.back().merge(batch[c]);
  }
  return batches;
}

// What a reader of a single replication should know.
void note_batches(const CompiledModel& model, const Records& records, std::vector<std::string>& notes) {
  if (records.size() != 1) return;
  notes.push_back(
      "one replication: intervals of request durations come from batch means, others are unknown");
  std::vector<std::string> alike;
  for (std::size_t w = 0; w < model.workloads.size(); ++w) {
    std::vector<RatioSample> samples;
    for (const sim::Histogram& batch :
         batches_of(records, model.workloads[w].first_class, model.workloads[w].classes))
      samples.push_back({sum_seconds(batch), static_cast<double>(batch.count())});
    if (batch_correlation(samples).suspicious) alike.push_back(model.topology->workloads[w].name);
  }
  if (alike.empty()) return;
  notes.push_back(
      fmt::format("the batches of {} resemble those before them, so {} intervals are too narrow: run longer, "
                  "or better several replications",
                  fmt::join(alike, ", "), alike.size() == 1 ? "its" : "their"));
}

// The requests of some classes together.
ClassReport requests(const CompiledModel& model, const Records& records, std::uint32_t first,
                     std::uint32_t count) {
  ClassReport report;
  const auto each = [&](const RunRecord& r, auto&& use) {
    for (std::uint32_t c = first; c < first + count; ++c) use(r.classes[c]);
  };
  for (const RunRecord& r : records) {
    each(r, [&](const models::ClassRecord& c) {
      report.arrived += c.arrived;
      report.in_flight_start += c.started_in_flight;
      report.in_flight_end += c.in_flight;
      report.degraded_count += c.degraded;
      add(report.ended, c.ended);
    });
  }
  const auto rate = [&](auto value) {
    return ratio(records, RatioOf::events, [&](const RunRecord& r) {
      double n = 0;
      each(r, [&](const models::ClassRecord& c) { n += static_cast<double>(value(c)); });
      return RatioSample{n, r.seconds()};
    });
  };
  report.arrival_rate = rate([](const models::ClassRecord& c) { return c.arrived; });
  report.throughput = rate([](const models::ClassRecord& c) { return total(c.ended); });
  report.goodput = rate([](const models::ClassRecord& c) { return c.ended[0]; });
  report.failed = ratio(records, RatioOf::trials, [&](const RunRecord& r) {
    double bad = 0, all = 0;
    each(r, [&](const models::ClassRecord& c) {
      all += static_cast<double>(total(c.ended));
      bad += static_cast<double>(total(c.ended) - c.ended[0]);
    });
    return RatioSample{bad, all};
  });
  report.degraded = ratio(records, RatioOf::trials, [&](const RunRecord& r) {
    double degraded = 0, good = 0;
    each(r, [&](const models::ClassRecord& c) {
      degraded += static_cast<double>(c.degraded);
      good += static_cast<double>(c.ended[0]);
    });
    return RatioSample{degraded, good};
  });

  // Pooled per replication: successes, failures, and both.
  std::vector<sim::Histogram> good(records.size()), bad(records.size()), both(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    for (std::uint32_t c = first; c < first + count; ++c) {
      good[i].merge(records[i].series[model.classes[c].success_series]);
      bad[i].merge(records[i].series[model.classes[c].failure_series]);
    }
    both[i].merge(good[i]);
    both[i].merge(bad[i]);
  }
  const std::vector<sim::Histogram> batches = batches_of(records, first, count);
  const auto pointers = [](const std::vector<sim::Histogram>& list) {
    std::vector<const sim::Histogram*> p;
    for (const sim::Histogram& h : list) p.push_back(&h);
    return p;
  };
  // Batches hold successes; they also stand for all requests where nothing failed.
  const bool all_good = total(report.ended) == report.ended[0];
  report.success_duration = latency(pointers(good), batches, true);
  report.failure_duration = latency(pointers(bad), {}, false);
  report.duration = all_good ? report.success_duration : latency(pointers(both), {}, true);
  return report;
}

StationReport station(const CompiledModel& model, const Records& records, std::size_t id) {
  const models::Station& s = model.topology->stations[id];
  const models::StationTable& table = model.stations[id];
  StationReport report;
  report.name = s.name;
  report.kind = model.topology->components[static_cast<std::size_t>(s.component)].kind;
  report.instances = s.instances;
  report.workers = s.workers;
  report.cpus = s.cpus.value_or(0);
  const auto sum = [&](const RunRecord& r, auto value) {
    double n = 0;
    for (const models::InstanceRecord& i : r.stations[id].instances) n += value(i);
    return n;
  };
  const auto busy = [](const models::InstanceRecord& i) { return i.busy_s; };
  report.busy = ratio(records, RatioOf::sums, [&](const RunRecord& r) {
    return RatioSample{sum(r, busy), r.seconds()};
  });
  if (s.workers != models::kUnlimited) {
    report.utilization = scaled(report.busy, 1 / static_cast<double>(s.workers * s.instances));
    if (table.scaled != models::kNoId) {  // of those that were there
      report.utilization = ratio(records, RatioOf::sums, [&](const RunRecord& r) {
        return RatioSample{sum(r, busy), static_cast<double>(s.workers) * r.scaling[table.scaled].present_s};
      });
    }
  } else {
    report.utilization.reason = "the workers are unlimited";
  }
  if (s.cpus) {
    report.cpu_utilization = ratio(records, RatioOf::sums, [&](const RunRecord& r) {
      return RatioSample{
          sum(r, [](const models::InstanceRecord& i) { return i.cpu_s; }),
          *s.cpus * (table.scaled == models::kNoId ? r.seconds() * static_cast<double>(s.instances)
                                                   : r.scaling[table.scaled].present_s)};
    });
  }
  report.queue_length = ratio(records, RatioOf::sums, [&](const RunRecord& r) {
    return RatioSample{sum(r, [](const models::InstanceRecord& i) { return i.queue_s; }), r.seconds()};
  });
  const auto counts = [id](const RunRecord& r) -> const models::StationCounts& {
    return r.stations[id].counts;
  };
  const auto wait = [&](const RunRecord& r) -> const sim::Histogram& { return r.series[table.wait_series]; };
  report.throughput = ratio(records, RatioOf::events, [&](const RunRecord& r) {
    return RatioSample{static_cast<double>(counts(r).grants), r.seconds()};
  });
  report.wait_mean = ratio(records, RatioOf::sums, [&](const RunRecord& r) {
    return RatioSample{sum_seconds(wait(r)), static_cast<double>(counts(r).grants)};
  });
  report.wait_mean_all = ratio(records, RatioOf::sums, [&](const RunRecord& r) {
    double total_wait = sum_seconds(wait(r));
    if (table.abandoned_series != models::kNoId) total_wait += sum_seconds(r.series[table.abandoned_series]);
    return RatioSample{total_wait, static_cast<double>(counts(r).grants + counts(r).abandoned)};
  });
  report.wait_probability = ratio(records, RatioOf::trials, [&](const RunRecord& r) {
    return RatioSample{static_cast<double>(wait(r).count() + counts(r).abandoned),
                       static_cast<double>(counts(r).grants + counts(r).abandoned)};
  });
  report.service_mean = ratio(records, RatioOf::sums, [&](const RunRecord& r) {
    return RatioSample{sum(r, busy), static_cast<double>(counts(r).grants)};
  });
  report.min_available = s.min_available;
  for (const models::Fault& f : model.topology->faults) {
    for (const models::FaultTarget& target : f.targets) {
      for (const auto& [station_id, index] : target.instances)
        report.can_fail = report.can_fail || static_cast<std::size_t>(station_id) == id;
    }
  }
  if (table.scaled != models::kNoId) report.instances = s.scaling->most;
  const auto over_time = [&](auto value) {
    return ratio(records, RatioOf::sums, [&](const RunRecord& r) {
      return RatioSample{value(r.stations[id]), r.seconds()};
    });
  };
  report.availability = over_time([](const models::StationRecord& r) { return r.available_s; });
  report.instances_up = over_time([](const models::StationRecord& r) { return r.up_s; });
  report.outages_per_hour = ratio(records, RatioOf::events, [&](const RunRecord& r) {
    return RatioSample{static_cast<double>(r.stations[id].outages), r.seconds() / 3600};
  });
  for (const RunRecord& r : records) report.outages += r.stations[id].outages;
  report.wasted = ratio(records, RatioOf::sums, [&](const RunRecord& r) {
    return RatioSample{static_cast<double>(counts(r).wasted) * 1e-9, sum(r, busy)};
  });
  sim::Histogram waits;
  for (const RunRecord& r : records) {
    waits.merge(wait(r));
    report.served += counts(r).grants;
    report.rejected += counts(r).rejected;
    report.abandoned += counts(r).abandoned;
    report.dropped += counts(r).dropped;
    report.wasted_s += static_cast<double>(counts(r).wasted) * 1e-9;
    for (const models::InstanceRecord& i : r.stations[id].instances)
      report.peak_queue = std::max(report.peak_queue, i.peak_queue);
  }
  report.waited = waits.count();
  report.residence_mean = report.wait_mean.estimate + report.service_mean.estimate;
  for (std::size_t k = 0; k < kPercentiles.size() && report.served > 0; ++k) {
    report.wait_percentiles[k] = wait_quantile(waits, report.served, kPercentiles[k]);
  }
  const double capacity = s.cpus                            ? *s.cpus
                          : s.workers != models::kUnlimited ? static_cast<double>(s.workers)
                                                            : 1;
  bool any = false;
  for (std::size_t k = 0; k < static_cast<std::size_t>(s.instances); ++k) {
    double used = 0, seconds = 0;
    for (const RunRecord& r : records) {
      const models::InstanceRecord& i = r.stations[id].instances[k];
      used += s.cpus ? i.cpu_s : i.busy_s;
      seconds += i.present_s < 0 ? r.seconds() : i.present_s;
    }
    if (!(seconds > 0)) continue;  // never there
    const double u = used / seconds / capacity;
    report.min_instance_utilization = !any ? u : std::min(report.min_instance_utilization, u);
    report.max_instance_utilization = std::max(report.max_instance_utilization, u);
    any = true;
  }
  return report;
}

EdgeReport edge(const CompiledModel& model, const Records& records, std::size_t id) {
  const models::Topology& t = *model.topology;
  const models::Edge& e = t.edges[id];
  EdgeReport report;
  report.from = t.components[static_cast<std::size_t>(e.from_component)].name;
  report.to = t.operation_name(e.operation);
  report.path = e.path;
  for (const RunRecord& r : records) {
    report.calls += r.edges[id].calls;
    report.attempts += r.edges[id].attempts;
    add(report.attempt_ended, r.edges[id].attempt_ended);
    add(report.ended, r.edges[id].ended);
    report.hedges += r.edges[id].hedges;
    report.hedges_won += r.edges[id].hedges_won;
    report.budget_denied += r.edges[id].budget_denied;
    report.pushbacks += r.edges[id].pushbacks;
    report.fallbacks += r.edges[id].fallbacks;
  }
  report.retry_amplification = ratio(records, RatioOf::sums, [&](const RunRecord& r) {
    return RatioSample{static_cast<double>(r.edges[id].attempts), static_cast<double>(r.edges[id].calls)};
  });
  if (report.calls > 0)
    report.attempts_per_call = static_cast<double>(report.attempts) / static_cast<double>(report.calls);
  const std::uint32_t series = model.edges[id].series;
  if (series != models::kNoId) {
    report.has_duration = true;
    std::vector<const sim::Histogram*> groups;
    for (const RunRecord& r : records) groups.push_back(&r.series[series]);
    report.duration = latency(groups, {}, false);
  }
  return report;
}

std::uint64_t combine(std::uint64_t h, std::uint64_t v) {
  h = (h ^ v) * 0x9e3779b97f4a7c15ULL;
  return h ^ (h >> 31);
}

}  // namespace

double wait_quantile(const sim::Histogram& waits, std::uint64_t served, double p) {
  const double zeros = static_cast<double>(served - std::min(served, waits.count()));
  const double rank = p * static_cast<double>(served) - zeros;
  if (rank <= 0 || waits.empty()) return 0;
  return sim::seconds_of(waits.quantile(std::min(1.0, rank / static_cast<double>(waits.count()))));
}

std::vector<ClassReport> workload_reports(const CompiledModel& model, const Records& records) {
  std::vector<ClassReport> workloads;
  for (std::size_t w = 0; w < model.workloads.size(); ++w) {
    const models::WorkloadTable& table = model.workloads[w];
    workloads.push_back(requests(model, records, table.first_class, table.classes));
    workloads.back().workload = model.topology->workloads[w].name;
  }
  return workloads;
}

RunReport build_run_report(const CompiledModel& model, const Records& records) {
  const models::Topology& t = *model.topology;
  RunReport report;
  report.replications = static_cast<int>(records.size());
  report.confidence = kConfidence;
  for (const RunRecord& r : records) {
    if (r.status != models::RunStatus::completed && report.status == models::RunStatus::completed) {
      report.status = r.status;
      report.message = r.message;
    }
    report.warmup_s = sim::seconds_of(r.start_ns);
    report.measured_s += sim::seconds_of(r.end_ns - r.start_ns);
    report.events += r.events;
    report.trajectory_fingerprint = combine(report.trajectory_fingerprint, r.trajectory);
    report.result_fingerprint = combine(report.result_fingerprint, models::result_fingerprint(r));
    for (const models::StationRecord& s : r.stations) {
      report.littles_law_holds = report.littles_law_holds && s.queue_residual == 0 && s.busy_residual == 0;
    }
  }
  report.workloads = workload_reports(model, records);
  for (std::size_t w = 0; w < model.workloads.size(); ++w) {
    const models::WorkloadTable& table = model.workloads[w];
    for (std::uint32_t c = 0; c < table.classes; ++c) {
      ClassReport one =
          table.classes == 1 ? report.workloads[w] : requests(model, records, table.first_class + c, 1);
      one.workload = t.workloads[w].name;
      one.name = t.workloads[w].classes[c].name;
      report.conservation_holds = report.conservation_holds &&
                                  one.in_flight_start + one.arrived == total(one.ended) + one.in_flight_end;
      report.classes.push_back(std::move(one));
    }
  }
  const std::vector<std::vector<std::size_t>> reaching = workloads_reaching(t);
  std::vector<std::vector<WorkloadArrivals>> by_workload = arrivals_by_workload(model, records, kConfidence);
  for (std::size_t i = 0; i < model.operations.size(); ++i) {
    OperationReport op;
    op.name = t.operation_name(static_cast<int>(i));
    std::vector<const sim::Histogram*> groups;
    for (const RunRecord& r : records) {
      op.arrived += r.operations[i].arrived;
      add(op.ended, r.operations[i].ended);
      op.unheard += r.operations[i].unheard;
    }
    op.arrivals_per_request = ratio(records, RatioOf::events, [&](const RunRecord& r) {
      double requests = 0;
      for (const std::size_t w : reaching[i]) {
        const models::WorkloadTable& table = model.workloads[w];
        for (std::uint32_t c = 0; c < table.classes; ++c)
          requests += static_cast<double>(r.classes[table.first_class + c].arrived);
      }
      return RatioSample{static_cast<double>(r.operations[i].arrived), requests};
    });
    op.by_workload = std::move(by_workload[i]);
    op.throughput = ratio(records, RatioOf::events, [&](const RunRecord& r) {
      return RatioSample{static_cast<double>(total(r.operations[i].ended)), r.seconds()};
    });
    const std::uint32_t series = model.operation_series[i];
    for (const RunRecord& r : records) groups.push_back(&r.series[series]);
    op.response = latency(groups, {}, false);
    report.operations.push_back(std::move(op));
  }
  for (std::size_t i = 0; i < model.stations.size(); ++i)
    report.stations.push_back(station(model, records, i));
  for (std::size_t i = 0; i < model.operations.size(); ++i) {
    StationReport& at = report.stations[model.operations[i].station];
    at.completed += total(report.operations[i].ended);
    at.unheard += report.operations[i].unheard;
  }
  for (std::size_t i = 0; i < model.edges.size(); ++i) report.edges.push_back(edge(model, records, i));
  for (std::size_t i = 0; i < model.links.size(); ++i) {
    LinkReport link;
    link.name = t.links[i].name;
    double bytes = 0;
    for (const RunRecord& r : records) {
      link.messages += r.links[i].messages;
      link.transmissions += r.links[i].transmissions;
      link.lost += r.links[i].lost;
      link.delayed += r.links[i].delayed;
      bytes += r.links[i].bytes;
    }
    if (report.measured_s > 0) link.bytes_per_s = bytes / report.measured_s;
    if (t.links[i].bandwidth_bit_per_s > 0) {
      link.utilization = ratio(records, RatioOf::sums, [&](const RunRecord& r) {
        return RatioSample{r.links[i].busy_s, r.seconds()};
      });
    }
    report.links.push_back(std::move(link));
  }
  report.policies = policy_reports(model, records, kConfidence);
  report.faults = fault_reports(model, records);
  report.cascade = cascade_report(model, records);
  report.cascade.story = cascade_story(*model.topology, report.cascade);
  report.scaling = scaling_reports(model, records, report.confidence);
  report.deployments = deployment_reports(model, records);
  report.upkeep = upkeep_report(model, records, kConfidence);
  report.ejections = ejection_reports(model, records, kConfidence);
  report.health = health_reports(model, records, kConfidence);
  report.messaging = messaging_report(model, records, kConfidence);
  report.conservation_holds = report.conservation_holds && report.messaging.conserved;
  report.caches = cache_reports(model, records, kConfidence);
  note_batches(model, records, report.notes);
  report.tail = build_tail_report(model, records);
  return report;
}

}  // namespace tailrace::analysis
