#include "analysis/experiment/figures.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/field/diagnostics.hpp"

namespace tailrace::analysis {

namespace {

using models::CompiledModel;
using models::RunRecord;
using models::total;

// Classes that are counted together, and the name of their figures.
struct Requests {
  std::string name;
  std::uint32_t first = 0, count = 0;
  bool whole = false;
};

// Each workload, then its classes where it has several.
std::vector<Requests> requests_of(const CompiledModel& model) {
  std::vector<Requests> list;
  for (std::size_t w = 0; w < model.workloads.size(); ++w) {
    const models::WorkloadTable& table = model.workloads[w];
    const models::Workload& workload = model.topology->workloads[w];
    list.push_back({workload.name, table.first_class, table.classes, true});
    if (table.classes < 2) continue;
    for (std::uint32_t c = 0; c < table.classes; ++c)
      list.push_back({workload.name + "." + workload.classes[c].name, table.first_class + c, 1, false});
  }
  return list;
}

double sum_seconds(const sim::Histogram& h) {
  return static_cast<double>(h.sum()) * 1e-9;
}

}  // namespace

const char* unit_name(FigureUnit unit) {
  constexpr const char* kNames[] = {"s", "fraction", "per_s", "number"};
  return kNames[static_cast<std::size_t>(unit)];
}

std::vector<RunFigure> list_figures(const CompiledModel& model) {
  std::vector<RunFigure> list;
  std::size_t ratios = 0, durations = 0;
  using Unit = FigureUnit;
  const auto ratio = [&](const std::string& metric, const char* aggregation, Unit unit, Better better,
                         bool headline, RatioOf what = RatioOf::sums) {
    list.push_back({metric, aggregation, unit, better, headline, 0, what, ratios++});
  };
  for (const Requests& r : requests_of(model)) {
    ratio(r.name + ".request_duration", "avg", Unit::seconds, Better::lower, r.whole);
    for (const double p : kFigurePercentiles) {
      list.push_back({r.name + ".request_duration", fmt::format("p({:g})", 100 * p), Unit::seconds,
                      Better::lower, r.whole, p, RatioOf::sums, durations});
    }
    ++durations;
    ratio(r.name + ".request_failed", "rate", Unit::fraction, Better::lower, r.whole, RatioOf::trials);
    ratio(r.name + ".goodput", "rate", Unit::per_second, Better::higher, r.whole, RatioOf::events);
    ratio(r.name + ".requests", "rate", Unit::per_second, Better::neither, r.whole, RatioOf::events);
  }
  for (const models::Station& s : model.topology->stations) {
    if (s.workers != models::kUnlimited)
      ratio(s.name + ".utilization", "value", Unit::fraction, Better::neither, false);
    if (s.cpus) ratio(s.name + ".cpu_utilization", "value", Unit::fraction, Better::neither, false);
    ratio(s.name + ".queue_length", "value", Unit::number, Better::lower, false);
    ratio(s.name + ".wait", "avg", Unit::seconds, Better::lower, false);
    ratio(s.name + ".rejected", "rate", Unit::per_second, Better::lower, false, RatioOf::events);
    if (s.scaling) ratio(s.name + ".instances", "avg", Unit::number, Better::lower, false);
  }
  return list;
}

ReplicationFigures take_figures(const CompiledModel& model, const RunRecord& record) {
  ReplicationFigures out;
  out.replication = record.replication;
  const double seconds = record.seconds();
  for (const Requests& r : requests_of(model)) {
    sim::Histogram both;
    double arrived = 0, ended = 0, good = 0;
    for (std::uint32_t c = r.first; c < r.first + r.count; ++c) {
      both.merge(record.series[model.classes[c].success_series]);
      both.merge(record.series[model.classes[c].failure_series]);
      arrived += static_cast<double>(record.classes[c].arrived);
      ended += static_cast<double>(total(record.classes[c].ended));
      good += static_cast<double>(record.classes[c].ended[0]);
    }
    out.ratios.push_back({sum_seconds(both), static_cast<double>(both.count())});
    out.ratios.push_back({ended - good, ended});
    out.ratios.push_back({good, seconds});
    out.ratios.push_back({arrived, seconds});
    out.durations.push_back(std::move(both));
  }
  for (std::size_t i = 0; i < model.stations.size(); ++i) {
    const models::Station& s = model.topology->stations[i];
    const models::StationRecord& at = record.stations[i];
    double busy = 0, cpu = 0, queue = 0;
    for (const models::InstanceRecord& instance : at.instances) {
      busy += instance.busy_s;
      cpu += instance.cpu_s;
      queue += instance.queue_s;
    }
    const std::uint32_t scaled = model.stations[i].scaled;
    const double present = scaled == models::kNoId ? seconds * static_cast<double>(s.instances)
                                                   : record.scaling[scaled].present_s;
    if (s.workers != models::kUnlimited)
      out.ratios.push_back({busy, static_cast<double>(s.workers) * present});
    if (s.cpus) out.ratios.push_back({cpu, *s.cpus * present});
    out.ratios.push_back({queue, seconds});
    out.ratios.push_back(
        {sum_seconds(record.series[model.stations[i].wait_series]), static_cast<double>(at.counts.grants)});
    out.ratios.push_back({static_cast<double>(at.counts.rejected), seconds});
    if (s.scaling) out.ratios.push_back({present, seconds});
  }
  return out;
}

Interval estimate(const RunFigure& figure, const std::vector<ReplicationFigures>& replications,
                  double confidence) {
  if (figure.percentile > 0) {
    std::vector<const sim::Histogram*> groups;
    for (const ReplicationFigures& r : replications) groups.push_back(&r.durations[figure.source]);
    return in_seconds(
        percentile_interval(std::span<const sim::Histogram* const>(groups), figure.percentile, confidence));
  }
  std::vector<RatioSample> samples;
  for (const ReplicationFigures& r : replications) samples.push_back(r.ratios[figure.source]);
  return ratio_interval(samples, figure.ratio, confidence);
}

const RunFigure* find_figure(const std::vector<RunFigure>& figures, std::string_view name,
                             std::string& nearest) {
  std::vector<std::string> names;
  for (const RunFigure& f : figures) {
    names.push_back(f.name());
    if (names.back() == name) return &f;
  }
  nearest = models::nearest_word(name, {names.begin(), names.end()});
  return nullptr;
}

const RunFigure* default_primary(const std::vector<RunFigure>& figures) {
  const auto found = std::find_if(figures.begin(), figures.end(),
                                  [](const RunFigure& f) { return f.headline && f.percentile == 0.99; });
  return found == figures.end() ? nullptr : &*found;
}

}  // namespace tailrace::analysis
