#include "analysis/report/thresholds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "models/field/number_text.hpp"
#include "models/field/units.hpp"

namespace tailrace::analysis {

namespace {

using models::CompiledModel;
using models::RunRecord;
using models::Topology;
using Records = std::vector<RunRecord>;

enum class Metric : std::uint8_t {
  request_duration,
  request_failed,
  requests,
  goodput,
  utilization,
  cpu_utilization,
  queue_length,
  wait,
  rejected,
  response_time
};
enum class Aggregation : std::uint8_t { avg, min, med, max, percentile, count, rate, value };
enum class Owner : std::uint8_t { workload, station, operation };

// Which aggregations a metric has, and what its value means. The unit is that of `count` too, except that a
// count is a plain number.
struct MetricInfo {
  std::string_view name;
  Metric metric;
  Owner owner;
  ThresholdUnit unit;
  std::vector<Aggregation> aggregations;
};

using A = Aggregation;
const std::vector<MetricInfo>& metrics() {
  static const std::vector<MetricInfo> table = {
      {"request_duration",
       Metric::request_duration,
       Owner::workload,
       ThresholdUnit::seconds,
       {A::avg, A::min, A::med, A::max, A::percentile}},
      {"request_failed", Metric::request_failed, Owner::workload, ThresholdUnit::fraction, {A::rate}},
      {"requests", Metric::requests, Owner::workload, ThresholdUnit::per_second, {A::count, A::rate}},
      {"goodput", Metric::goodput, Owner::workload, ThresholdUnit::per_second, {A::count, A::rate}},
      {"utilization", Metric::utilization, Owner::station, ThresholdUnit::fraction, {A::value}},
      {"cpu_utilization", Metric::cpu_utilization, Owner::station, ThresholdUnit::fraction, {A::value}},
      {"queue_length", Metric::queue_length, Owner::station, ThresholdUnit::number, {A::value}},
      {"wait", Metric::wait, Owner::station, ThresholdUnit::seconds, {A::avg, A::med, A::percentile}},
      {"rejected", Metric::rejected, Owner::station, ThresholdUnit::per_second, {A::count, A::rate}},
      {"response_time",
       Metric::response_time,
       Owner::operation,
       ThresholdUnit::seconds,
       {A::avg, A::min, A::med, A::max, A::percentile}},
  };
  return table;
}

const char* word(Aggregation a) {
  switch (a) {
    case A::avg:
      return "avg";
    case A::min:
      return "min";
    case A::med:
      return "med";
    case A::max:
      return "max";
    case A::percentile:
      return "p(99)";
    case A::count:
      return "count";
    case A::rate:
      return "rate";
    case A::value:
      return "value";
  }
  return "";
}

struct Resolved {
  const MetricInfo* info = nullptr;
  std::size_t id = 0;     // workload, class, station or operation
  bool of_class = false;  // workload metrics: id is a class of the report
  Aggregation aggregation = A::value;
  double percentile = 0;  // 0..1
  std::string op;
  double limit = 0;
  ThresholdUnit unit = ThresholdUnit::number;
};

struct Fault {
  std::string message, hint;
};

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

// Every metric that this topology has, for "did you mean".
std::vector<std::string> all_metrics(const Topology& t) {
  std::vector<std::string> names;
  for (const MetricInfo& m : metrics()) {
    if (m.owner == Owner::workload) {
      for (const models::Workload& w : t.workloads) {
        names.push_back(fmt::format("{}.{}", w.name, m.name));
        if (w.classes.size() < 2) continue;
        for (const models::RequestClass& c : w.classes)
          names.push_back(fmt::format("{}.{}.{}", w.name, c.name, m.name));
      }
    } else if (m.owner == Owner::station) {
      for (const models::Station& s : t.stations) names.push_back(fmt::format("{}.{}", s.name, m.name));
    } else {
      for (std::size_t i = 0; i < t.operations.size(); ++i) {
        names.push_back(fmt::format("{}.{}", t.operation_name(static_cast<int>(i)), m.name));
      }
    }
  }
  return names;
}

bool find_owner(const Topology& t, std::string_view owner, Resolved& r) {
  switch (r.info->owner) {
    case Owner::workload: {
      std::size_t first = 0;
      for (std::size_t w = 0; w < t.workloads.size(); ++w) {
        const models::Workload& workload = t.workloads[w];
        if (workload.name == owner) {
          r.id = w;
          return true;
        }
        for (std::size_t c = 0; c < workload.classes.size(); ++c) {
          if (workload.classes[c].name.empty() ||
              fmt::format("{}.{}", workload.name, workload.classes[c].name) != owner)
            continue;
          r.id = first + c;
          r.of_class = true;
          return true;
        }
        first += workload.classes.size();
      }
      return false;
    }
    case Owner::station:
      for (std::size_t i = 0; i < t.stations.size(); ++i) {
        if (t.stations[i].name != owner) continue;
        r.id = i;
        return true;
      }
      return false;
    case Owner::operation:
      for (std::size_t i = 0; i < t.operations.size(); ++i) {
        if (t.operation_name(static_cast<int>(i)) != owner) continue;
        r.id = i;
        return true;
      }
      return false;
  }
  return false;
}

std::optional<Fault> resolve_metric(const Topology& t, const std::string& metric, Resolved& r) {
  const auto dot = metric.rfind('.');
  const std::string_view last =
      dot == std::string::npos ? std::string_view(metric) : std::string_view(metric).substr(dot + 1);
  for (const MetricInfo& m : metrics()) {
    if (m.name != last || dot == std::string::npos) continue;
    r.info = &m;
    if (find_owner(t, std::string_view(metric).substr(0, dot), r)) break;
    r.info = nullptr;
  }
  if (r.info == nullptr) {
    const std::vector<std::string> names = all_metrics(t);
    const std::vector<std::string_view> known(names.begin(), names.end());
    const std::string near = models::nearest_word(metric, known);
    return Fault{fmt::format("there is no metric {}", models::shown(metric)),
                 near.empty() ? "metrics are such as shoppers.request_duration, shoppers.request_failed, "
                                "cart.utilization, cart.wait"
                              : fmt::format("did you mean {}?", near)};
  }
  if (r.info->owner == Owner::station) {
    const models::Station& s = t.stations[r.id];
    if (r.info->metric == Metric::utilization && s.workers == models::kUnlimited) {
      return Fault{fmt::format("the workers of {} are unlimited, so it has no utilization", s.name),
                   s.cpus ? fmt::format("did you mean {}.cpu_utilization?", s.name) : ""};
    }
    if (r.info->metric == Metric::cpu_utilization && !s.cpus) {
      return Fault{fmt::format("{} has no cpus, so it has no cpu_utilization", s.name),
                   fmt::format("did you mean {}.utilization?", s.name)};
    }
  }
  return std::nullopt;
}

std::optional<Fault> parse_aggregation(std::string_view text, Resolved& r) {
  const auto allowed = [&] {
    std::vector<const char*> words;
    for (const A a : r.info->aggregations) words.push_back(word(a));
    return fmt::format("{} has: {}", r.info->name, fmt::join(words, ", "));
  };
  bool known = false;
  if (text.size() > 2 && text[0] == 'p' && text[1] == '(' && text.back() == ')') {
    const std::string_view digits = trimmed(text.substr(2, text.size() - 3));
    const models::Quantity q = models::parse_number(digits);
    if (!q.value)
      return Fault{fmt::format("{} is no percentile", models::shown(text)), "write p(99) or p(99.9)"};
    if (*q.value < 0 || *q.value > 100)
      return Fault{fmt::format("percentile {} is out of range: allowed is 0 to 100", models::shown(digits)),
                   ""};
    r.aggregation = A::percentile;
    r.percentile = *q.value / 100;
    known = true;
  }
  for (const A a : {A::avg, A::min, A::med, A::max, A::count, A::rate, A::value}) {
    if (text == word(a)) r.aggregation = a, known = true;
  }
  if (!known) {
    if (text.size() > 1 && text[0] == 'p' &&
        text.find_first_not_of("0123456789.", 1) == std::string_view::npos) {
      return Fault{fmt::format("{} is no aggregation", models::shown(text)),
                   fmt::format("write p({})", text.substr(1))};
    }
    return Fault{text.empty() ? "the condition has no aggregation"
                              : fmt::format("{} is no aggregation", models::shown(text)),
                 allowed()};
  }
  if (std::find(r.info->aggregations.begin(), r.info->aggregations.end(), r.aggregation) ==
      r.info->aggregations.end()) {
    return Fault{fmt::format("{} has no aggregation {}", r.info->name, text), allowed()};
  }
  return std::nullopt;
}

std::optional<Fault> parse_condition(std::string_view text, Resolved& r) {
  const auto at = text.find_first_of("<>=!");
  if (at == std::string_view::npos)
    return Fault{fmt::format("{} is no condition", models::shown(text)), "write it as p(99) < 400ms"};
  if (auto fault = parse_aggregation(trimmed(text.substr(0, at)), r)) return fault;
  std::string_view rest = text.substr(at);
  for (const std::string_view op : {"===", "<=", ">=", "==", "!=", "<", ">"}) {
    if (rest.substr(0, op.size()) != op) continue;
    r.op = op == "===" ? "==" : op;
    rest.remove_prefix(op.size());
    break;
  }
  if (r.op.empty())
    return Fault{fmt::format("{} has no comparison", models::shown(text)), "one of < <= > >= == !="};
  r.unit = r.aggregation == A::count ? ThresholdUnit::number : r.info->unit;
  models::Quantity q;
  switch (r.unit) {
    case ThresholdUnit::seconds:
      q = models::parse_duration_ns(trimmed(rest));
      if (q.value) q.value = *q.value / 1e9;
      break;
    case ThresholdUnit::fraction:
      q = models::parse_fraction(trimmed(rest));
      break;
    case ThresholdUnit::per_second:
      q = models::parse_rate_per_s(trimmed(rest));
      break;
    case ThresholdUnit::number:
      q = models::parse_number(trimmed(rest));
      break;
  }
  if (!q.value) return Fault{q.error, q.hint};
  r.limit = *q.value;
  return std::nullopt;
}

std::optional<Fault> resolve(const Topology& t, const models::Threshold& threshold, Resolved& r) {
  if (auto fault = resolve_metric(t, threshold.metric, r)) return fault;
  return parse_condition(threshold.expression, r);
}

bool holds(double value, const std::string& op, double limit) {
  if (op == "<") return value < limit;
  if (op == "<=") return value <= limit;
  if (op == ">") return value > limit;
  if (op == ">=") return value >= limit;
  return op == "==" ? value == limit : value != limit;
}

Interval exactly(double value, std::uint64_t count, const char* reason) {
  Interval i;
  i.estimate = value;
  i.count = count;
  i.reason = reason;
  return i;
}

Interval seconds(Interval i) {
  i.estimate /= 1e9;
  i.low /= 1e9;
  i.high /= 1e9;
  return i;
}

// Any percentile of a latency; `groups` are the replications' histograms, in ns.
Interval percentile(const LatencyReport& latency, double p,
                    const std::vector<const sim::Histogram*>& groups) {
  for (std::size_t k = 0; k < kPercentiles.size(); ++k) {
    if (kPercentiles[k] == p) return latency.percentiles[k];
  }
  if (p <= 0) return exactly(latency.min, latency.count, "a minimum has no interval");
  if (p >= 1) return exactly(latency.max, latency.count, "a maximum has no interval");
  return seconds(
      percentile_interval(std::span<const sim::Histogram* const>(groups), p, latency.mean.confidence));
}

Interval of_latency(const LatencyReport& latency, const Resolved& r,
                    const std::vector<const sim::Histogram*>& groups) {
  switch (r.aggregation) {
    case A::avg:
      return latency.mean;
    case A::min:
      return exactly(latency.min, latency.count, "a minimum has no interval");
    case A::max:
      return exactly(latency.max, latency.count, "a maximum has no interval");
    case A::med:
      return percentile(latency, 0.5, groups);
    default:
      return percentile(latency, r.percentile, groups);
  }
}

// A percentile of the waits of all who were served: those who did not wait come first, with 0.
double wait_quantile(const sim::Histogram& waits, std::uint64_t served, double p) {
  const double zeros = static_cast<double>(served - std::min(served, waits.count()));
  const double rank = p * static_cast<double>(served) - zeros;
  if (rank <= 0 || waits.empty()) return 0;
  return static_cast<double>(waits.quantile(std::min(1.0, rank / static_cast<double>(waits.count())))) / 1e9;
}

Interval wait_percentile(const CompiledModel& model, const Records& records, std::size_t station, double p) {
  sim::Histogram pooled;
  std::uint64_t served = 0;
  std::vector<double> each;
  for (const RunRecord& r : records) {
    const sim::Histogram& waits = r.series[model.stations[station].wait_series];
    const std::uint64_t grants = r.stations[station].counts.grants;
    if (grants == 0) continue;
    pooled.merge(waits);
    served += grants;
    each.push_back(wait_quantile(waits, grants, p));
  }
  Interval i = mean_interval(each, 0.95, std::max<std::uint64_t>(served, 1));
  const double pooled_value = wait_quantile(pooled, served, p);
  if (i.known) {
    const double half = i.half_width();
    i.low = pooled_value - half;
    i.high = pooled_value + half;
  }
  i.estimate = pooled_value;
  i.count = served;
  return i;
}

Interval measure(const CompiledModel& model, const Records& records, const RunReport& report,
                 const Resolved& r) {
  const auto counted = [&](std::uint64_t n) {
    return exactly(static_cast<double>(n), n, "a count has no interval");
  };
  if (r.info->owner == Owner::workload) {
    const ClassReport& c = r.of_class ? report.classes[r.id] : report.workloads[r.id];
    std::vector<const sim::Histogram*> groups;
    for (const sim::Histogram& h : c.duration.by_replication) groups.push_back(&h);
    const std::uint64_t ended = models::total(c.ended);
    Interval i;
    switch (r.info->metric) {
      case Metric::request_duration:
        return of_latency(c.duration, r, groups);
      case Metric::request_failed:
        i = c.failed;
        i.count = ended;
        return i;
      case Metric::requests:
        if (r.aggregation == A::count) return counted(c.arrived);
        i = c.arrival_rate;
        i.count = c.arrived;
        return i;
      default:
        if (r.aggregation == A::count) return counted(c.ended[0]);
        i = c.goodput;
        i.count = c.ended[0];
        return i;
    }
  }
  if (r.info->owner == Owner::operation) {
    std::vector<const sim::Histogram*> groups;
    for (const RunRecord& record : records) groups.push_back(&record.series[model.operation_series[r.id]]);
    return of_latency(report.operations[r.id].response, r, groups);
  }
  const StationReport& s = report.stations[r.id];
  switch (r.info->metric) {
    case Metric::utilization:
      return s.utilization;
    case Metric::cpu_utilization:
      return s.cpu_utilization;
    case Metric::queue_length:
      return s.queue_length;
    case Metric::wait:
      if (r.aggregation == A::avg) return s.wait_mean;
      return wait_percentile(model, records, r.id, r.aggregation == A::med ? 0.5 : r.percentile);
    default: {
      if (r.aggregation == A::count) return counted(s.rejected);
      std::vector<RatioSample> samples;
      for (const RunRecord& record : records) {
        samples.push_back({static_cast<double>(record.stations[r.id].counts.rejected), record.seconds()});
      }
      return ratio_interval(samples, report.confidence);
    }
  }
}

// A time without a single request behind it is no measurement; a count of zero is one.
bool has_data(const Resolved& r, const Interval& i, const RunReport& report) {
  if (!(report.measured_s > 0)) return false;
  switch (r.info->metric) {
    case Metric::request_duration:
    case Metric::request_failed:
    case Metric::wait:
    case Metric::response_time:
      return i.count > 0;
    default:
      return true;
  }
}

}  // namespace

const char* verdict_name(ThresholdVerdict verdict) {
  switch (verdict) {
    case ThresholdVerdict::pass:
      return "pass";
    case ThresholdVerdict::fail:
      return "fail";
    case ThresholdVerdict::no_data:
      return "no_data";
  }
  return "";
}

void check_thresholds(const Topology& topology, models::Diagnostics& diagnostics) {
  for (const models::Threshold& threshold : topology.thresholds) {
    Resolved r;
    const std::optional<Fault> fault = resolve(topology, threshold, r);
    if (fault)
      diagnostics.error(threshold.mark, models::child_path("thresholds", threshold.metric), fault->message,
                        fault->hint);
  }
}

std::vector<ThresholdResult> evaluate_thresholds(const CompiledModel& model, const Records& records,
                                                 const RunReport& report) {
  std::vector<ThresholdResult> results;
  for (const models::Threshold& threshold : model.topology->thresholds) {
    Resolved r;
    if (resolve(*model.topology, threshold, r)) continue;
    ThresholdResult result;
    result.metric = threshold.metric;
    result.expression = threshold.expression;
    result.unit = r.unit;
    result.limit = r.limit;
    if (!records.empty()) result.measured = measure(model, records, report, r);
    if (records.empty() || !has_data(r, result.measured, report)) {
      result.note = "nothing was measured";
    } else {
      const Interval& i = result.measured;
      result.verdict = holds(i.estimate, r.op, r.limit) ? ThresholdVerdict::pass : ThresholdVerdict::fail;
      result.straddles = i.known && i.low < r.limit && r.limit < i.high;
      if (!i.known) result.note = i.reason;
    }
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace tailrace::analysis
