#include "analysis/report/thresholds.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include "analysis/report/threshold_metric.hpp"
#include "models/field/number_text.hpp"
#include "models/field/units.hpp"

namespace tailrace::analysis {

namespace {

using namespace detail;
using models::CompiledModel;
using models::RunRecord;
using models::Topology;
using Records = std::vector<RunRecord>;

using A = Aggregation;
const std::vector<MetricInfo>& metrics() {
  static const std::vector<MetricInfo> table = {
      {"request_duration",
       Metric::request_duration,
       Owner::workload,
       FigureUnit::seconds,
       {A::avg, A::min, A::med, A::max, A::percentile}},
      {"request_failed", Metric::request_failed, Owner::workload, FigureUnit::fraction, {A::rate}},
      {"requests", Metric::requests, Owner::workload, FigureUnit::per_second, {A::count, A::rate}},
      {"goodput", Metric::goodput, Owner::workload, FigureUnit::per_second, {A::count, A::rate}},
      {"utilization", Metric::utilization, Owner::station, FigureUnit::fraction, {A::value}},
      {"cpu_utilization", Metric::cpu_utilization, Owner::station, FigureUnit::fraction, {A::value}},
      {"queue_length", Metric::queue_length, Owner::station, FigureUnit::number, {A::value}},
      {"wait", Metric::wait, Owner::station, FigureUnit::seconds, {A::avg, A::med, A::percentile}},
      {"rejected", Metric::rejected, Owner::station, FigureUnit::per_second, {A::count, A::rate}},
      {"availability", Metric::availability, Owner::station, FigureUnit::fraction, {A::value}},
      {"instances_up", Metric::instances_up, Owner::station, FigureUnit::number, {A::value}},
      {"instances", Metric::instances, Owner::station, FigureUnit::number, {A::avg, A::min, A::max}},
      {"cold_starts", Metric::cold_starts, Owner::station, FigureUnit::fraction, {A::count, A::rate}},
      {"scale_events", Metric::scale_events, Owner::station, FigureUnit::number, {A::count}},
      {"outages", Metric::outages, Owner::station, FigureUnit::per_second, {A::count, A::rate}},
      {"response_time",
       Metric::response_time,
       Owner::operation,
       FigureUnit::seconds,
       {A::avg, A::min, A::med, A::max, A::percentile}},
      {"degraded", Metric::degraded, Owner::workload, FigureUnit::fraction, {A::rate}},
      {"wasted", Metric::wasted, Owner::station, FigureUnit::fraction, {A::value}},
      {"dropped", Metric::dropped, Owner::station, FigureUnit::per_second, {A::count, A::rate}},
      {"unheard", Metric::unheard, Owner::operation, FigureUnit::per_second, {A::count, A::rate}},
      {"arrivals_per_request",
       Metric::arrivals_per_request,
       Owner::operation,
       FigureUnit::number,
       {A::value}},
      {"retry_amplification", Metric::retry_amplification, Owner::call, FigureUnit::number, {A::value}},
      {"hedged", Metric::hedged, Owner::call, FigureUnit::fraction, {A::rate}},
      {"fallbacks", Metric::fallbacks, Owner::call, FigureUnit::fraction, {A::rate}},
      {"call_failed", Metric::call_failed, Owner::call, FigureUnit::fraction, {A::rate}},
      {"rejected", Metric::policy_rejected, Owner::policy, FigureUnit::fraction, {A::rate}},
      {"trips", Metric::policy_trips, Owner::policy, FigureUnit::number, {A::count}},
      {"end_to_end",
       Metric::end_to_end,
       Owner::group,
       FigureUnit::seconds,
       {A::avg, A::min, A::med, A::max, A::percentile}},
      {"message_wait",
       Metric::message_wait,
       Owner::group,
       FigureUnit::seconds,
       {A::avg, A::min, A::med, A::max, A::percentile}},
      {"lag", Metric::lag, Owner::group, FigureUnit::number, {A::avg, A::max, A::value}},
      {"dead_lettered", Metric::dead_lettered, Owner::group, FigureUnit::fraction, {A::count, A::rate}},
      {"messages_dropped", Metric::messages_dropped, Owner::group, FigureUnit::number, {A::count}},
      {"messages_expired", Metric::messages_expired, Owner::group, FigureUnit::number, {A::count}},
      {"redelivered", Metric::redelivered, Owner::group, FigureUnit::fraction, {A::count, A::rate}},
      {"throughput", Metric::group_throughput, Owner::group, FigureUnit::per_second, {A::rate}},
      {"published", Metric::published, Owner::channel, FigureUnit::per_second, {A::count, A::rate}},
      {"refused", Metric::refused, Owner::channel, FigureUnit::fraction, {A::count, A::rate}},
      {"unpublished", Metric::unpublished, Owner::channel, FigureUnit::number, {A::count}},
      {"duplicates", Metric::duplicates, Owner::effect, FigureUnit::fraction, {A::count, A::rate}},
      {"missed", Metric::missed, Owner::effect, FigureUnit::fraction, {A::count, A::rate}},
      {"out_of_order", Metric::out_of_order, Owner::effect, FigureUnit::number, {A::count}},
      {"milestone",
       Metric::milestone,
       Owner::milestone,
       FigureUnit::seconds,
       {A::avg, A::min, A::med, A::max, A::percentile, A::count, A::rate}},
      {"recovery_time", Metric::recovery_time, Owner::run, FigureUnit::seconds, {A::value}},
      {"lost", Metric::lost, Owner::run, FigureUnit::fraction, {A::value}},
      {"metastable", Metric::metastable, Owner::run, FigureUnit::fraction, {A::count, A::rate}},
      {"hit_ratio", Metric::hit_ratio, Owner::cache, FigureUnit::fraction, {A::value}},
      {"look_ups", Metric::look_ups, Owner::cache, FigureUnit::per_second, {A::count, A::rate}},
      {"coalesced", Metric::coalesced, Owner::cache, FigureUnit::fraction, {A::count, A::rate}},
      {"stale", Metric::stale, Owner::cache, FigureUnit::fraction, {A::count, A::rate}},
      {"fetches", Metric::fetches, Owner::cache, FigureUnit::per_second, {A::count, A::rate}},
      {"evictions", Metric::evictions, Owner::cache, FigureUnit::per_second, {A::count, A::rate}},
      {"lost_writes", Metric::lost_writes, Owner::cache, FigureUnit::number, {A::count}},
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

struct Fault {
  std::string message, hint;
};

std::string_view trimmed(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

// As PolicyReport::name().
std::string policy_name(const Topology& t, const models::Edge& e, const models::AdmissionUse& use) {
  const int station = t.operations[static_cast<std::size_t>(e.operation)].station;
  return fmt::format("{} -> {}.{}", component_name(t, e.from_component),
                     t.stations[static_cast<std::size_t>(station)].name, use.policy);
}
void unique(std::vector<std::string>& names) {
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
}
std::vector<std::string> all_policies(const Topology& t) {
  std::vector<std::string> names;
  for (const models::Edge& e : t.edges) {
    for (const models::AdmissionUse& use : e.admissions) names.push_back(policy_name(t, e, use));
  }
  for (const models::Station& s : t.stations) {
    for (const models::AdmissionUse& use : s.doors) names.push_back(s.name + "." + use.policy);
    if (s.queue_policy != nullptr) names.push_back(s.name + "." + s.queue_policy->name());
  }
  unique(names);
  return names;
}
// Names that metrics of messages and caches are about, by id.
std::vector<std::string> message_owners(const Topology& t, Owner owner) {
  std::vector<std::string> names;
  for (const models::MessageChannel& c : t.channels) {
    if (owner == Owner::channel) names.push_back(c.name);
    for (const models::ConsumerGroup& g : c.groups) {
      if (owner == Owner::group) names.push_back(g.name);
    }
  }
  for (const models::Effect& e : t.effects) {
    if (owner == Owner::effect) names.push_back(e.name);
  }
  for (const models::Milestone& m : t.milestones) {
    if (owner == Owner::milestone) names.push_back(m.name);
  }
  for (const models::Cache& c : t.caches) {
    if (owner == Owner::cache) names.push_back(c.name);
  }
  return names;
}
std::vector<std::string> all_calls(const Topology& t) {
  std::vector<std::string> names;
  for (const models::Edge& e : t.edges) {
    const std::string from = component_name(t, e.from_component) + " -> ";
    names.push_back(from + t.operation_name(e.operation));
    names.push_back(from + component_name(t, t.operations[static_cast<std::size_t>(e.operation)].component));
  }
  unique(names);
  return names;
}

const models::ConsumerGroup& group_of(const Topology& t, std::size_t id) {
  std::size_t channel = 0;
  for (; id >= t.channels[channel].groups.size(); ++channel) id -= t.channels[channel].groups.size();
  return t.channels[channel].groups[id];
}

// Every metric that this topology has, for "did you mean".
std::vector<std::string> all_metrics(const Topology& t) {
  std::vector<std::string> names;
  for (const MetricInfo& m : metrics()) {
    if (m.owner == Owner::run) {
      names.emplace_back(m.name);
    } else if (m.owner == Owner::workload) {
      for (const models::Workload& w : t.workloads) {
        names.push_back(fmt::format("{}.{}", w.name, m.name));
        if (w.classes.size() < 2) continue;
        for (const models::RequestClass& c : w.classes)
          names.push_back(fmt::format("{}.{}.{}", w.name, c.name, m.name));
      }
    } else if (m.owner == Owner::station) {
      for (const models::Station& s : t.stations) names.push_back(fmt::format("{}.{}", s.name, m.name));
    } else if (m.owner == Owner::call || m.owner == Owner::policy) {
      for (const std::string& name : m.owner == Owner::call ? all_calls(t) : all_policies(t))
        names.push_back(fmt::format("{}.{}", name, m.name));
    } else if (m.owner != Owner::operation) {
      for (const std::string& name : message_owners(t, m.owner))
        names.push_back(fmt::format("{}.{}", name, m.name));
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
    case Owner::run:
      return false;  // nobody's
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
    case Owner::call:
      r.owner = owner;
      return std::any_of(t.edges.begin(), t.edges.end(),
                         [&](const models::Edge& e) { return is_call(t, e, owner); });
    case Owner::policy: {
      r.owner = owner;
      const std::vector<std::string> names = all_policies(t);
      return std::find(names.begin(), names.end(), owner) != names.end();
    }
    case Owner::group:
    case Owner::channel:
    case Owner::effect:
    case Owner::cache:
    case Owner::milestone: {
      const std::vector<std::string> names = message_owners(t, r.info->owner);
      const auto found = std::find(names.begin(), names.end(), owner);
      r.id = static_cast<std::size_t>(found - names.begin());
      return found != names.end();
    }
  }
  return false;
}

std::optional<Fault> resolve_metric(const Topology& t, const std::string& metric, Resolved& r) {
  const auto dot = metric.rfind('.');
  const std::string_view last =
      dot == std::string::npos ? std::string_view(metric) : std::string_view(metric).substr(dot + 1);
  for (const MetricInfo& m : metrics()) {
    if (m.name != last || (dot == std::string::npos) != (m.owner == Owner::run)) continue;
    r.info = &m;
    if (m.owner == Owner::run) break;
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
  const bool handling = r.info->metric == Metric::end_to_end || r.info->metric == Metric::group_throughput ||
                        r.info->metric == Metric::message_wait;
  if (handling && group_of(t, r.id).operation == models::kNone) {
    return Fault{fmt::format("{} has no consumers, so it has no {}", group_of(t, r.id).name, r.info->name),
                 fmt::format("did you mean {}.lag?", group_of(t, r.id).name)};
  }
  if (r.info->owner == Owner::station) {
    const models::Station& s = t.stations[r.id];
    if (r.info->metric == Metric::utilization && s.workers == models::kUnlimited) {
      return Fault{fmt::format("the workers of {} are unlimited, so it has no utilization", s.name),
                   s.cpus ? fmt::format("did you mean {}.cpu_utilization?", s.name) : ""};
    }
    const bool scaling = r.info->metric == Metric::instances || r.info->metric == Metric::cold_starts ||
                         r.info->metric == Metric::scale_events;
    if (scaling && !s.scaling) {
      return Fault{
          fmt::format("{} does not scale, so it has no {}", s.name, r.info->name),
          r.info->metric == Metric::instances ? fmt::format("did you mean {}.instances_up?", s.name) : ""};
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
  r.unit = r.aggregation == A::count ? FigureUnit::number : r.info->unit;
  if (r.aggregation == A::rate && r.unit == FigureUnit::seconds) r.unit = FigureUnit::per_second;
  models::Quantity q;
  switch (r.unit) {
    case FigureUnit::seconds:
      q = models::parse_duration_ns(trimmed(rest));
      if (q.value) q.value = *q.value / 1e9;
      break;
    case FigureUnit::fraction:
      q = models::parse_fraction(trimmed(rest));
      break;
    case FigureUnit::per_second:
      q = models::parse_rate_per_s(trimmed(rest));
      break;
    case FigureUnit::number:
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

}  // namespace

bool detail::resolve_threshold(const Topology& topology, const models::Threshold& threshold, Resolved& r) {
  return !resolve(topology, threshold, r);
}

bool detail::holds(double value, const std::string& op, double limit) {
  if (op == "<") return value < limit;
  if (op == "<=") return value <= limit;
  if (op == ">") return value > limit;
  if (op == ">=") return value >= limit;
  return op == "==" ? value == limit : value != limit;
}

bool holds(const ThresholdResult& threshold, double value) {
  return detail::holds(value, threshold.op, threshold.limit);
}

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

std::string why_not_shown(const ThresholdResult& threshold) {
  const bool shown =
      threshold.verdict != ThresholdVerdict::no_data && std::isfinite(threshold.measured.estimate);
  return shown ? "" : threshold.note;
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
    result.op = r.op;
    result.unit = r.unit;
    result.limit = r.limit;
    if (!records.empty()) result.measured = measure(model, records, report, r);
    if (records.empty() || !has_data(r, result.measured, report)) {
      result.note = "nothing was measured";
    } else {
      const Interval& i = result.measured;
      result.verdict =
          detail::holds(i.estimate, r.op, r.limit) ? ThresholdVerdict::pass : ThresholdVerdict::fail;
      result.straddles = i.known && i.low < r.limit && r.limit < i.high;
      if (!i.known) result.note = i.reason;
    }
    results.push_back(std::move(result));
  }
  return results;
}

}  // namespace tailrace::analysis
