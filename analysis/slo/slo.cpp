#include "analysis/slo/slo.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "analysis/cascade/signals.hpp"
#include "analysis/report/json_figures.hpp"
#include "analysis/report/text_table.hpp"
#include "analysis/stats/median.hpp"

namespace tailrace::analysis {

namespace {

// Requests that ended, and those of them that were not good, up to a time: linear within windows.
class Ended {
 public:
  Ended(const models::RunRecord& record, std::size_t first_class, std::size_t classes,
        const std::function<std::uint64_t(std::size_t window)>& too_late) {
    const WindowTimes times = window_times(record);
    const double start = sim::seconds_of(record.start_ns);
    for (std::size_t k = 0; k < record.windows.size(); ++k) {
      if (times.start_s[k] < start - 1e-9) continue;
      if (points_.empty()) points_.push_back({times.start_s[k], 0, 0, 0});
      Point p = points_.back();
      p.at = times.end_s[k];
      for (std::size_t c = first_class; c < first_class + classes; ++c) {
        p.all +=
            static_cast<double>(record.windows[k].classes[c].succeeded + record.windows[k].classes[c].failed);
        p.bad += static_cast<double>(record.windows[k].classes[c].failed);
      }
      p.slow += static_cast<double>(too_late(k));
      p.bad += static_cast<double>(too_late(k));
      points_.push_back(p);
    }
    if (points_.empty()) points_.push_back({start, 0, 0, 0});
  }
  struct Point {
    double at = 0, all = 0, bad = 0, slow = 0;
  };
  const std::vector<Point>& points() const { return points_; }
  double seconds() const { return points_.back().at - points_.front().at; }
  double rate() const { return seconds() > 0 ? points_.back().all / seconds() : 0; }

  // The share that failed in the window of this length that ends at point k.
  double failed(std::size_t k, double length) const {
    const Point& end = points_[k];
    const double from = end.at - length;
    Point begin = points_.front();
    double missing = 0;
    if (from <= begin.at) {
      missing = (begin.at - from) * rate();
    } else {
      const auto after = std::upper_bound(points_.begin(), points_.end(), from,
                                          [](double t, const Point& p) { return t < p.at; });
      const Point& b = *after;
      const Point& a = *(after - 1);
      const double share = (from - a.at) / (b.at - a.at);
      begin = {from, a.all + share * (b.all - a.all), a.bad + share * (b.bad - a.bad), 0};
    }
    const double all = end.all - begin.all + missing;
    return all > 0 ? (end.bad - begin.bad) / all : 0;
  }

 private:
  std::vector<Point> points_;
};

AlertRun watch(const Ended& ended, const models::AlertSpec& spec, double objective, double& peak) {
  AlertRun run;
  bool on = false;
  for (std::size_t k = 1; k < ended.points().size(); ++k) {
    const double burn = std::min(ended.failed(k, sim::seconds_of(spec.long_window.ns)),
                                 ended.failed(k, sim::seconds_of(spec.short_window.ns))) /
                        (1 - objective);
    peak = std::max(peak, burn);
    const bool fires = burn > spec.burn_rate;
    if (on) run.active_s += ended.points()[k].at - ended.points()[k - 1].at;
    if (fires && !on) {
      ++run.times;
      if (run.first_s < 0) run.first_s = ended.points()[k].at;
    }
    on = fires;
  }
  return run;
}

}  // namespace

std::vector<SloReport> evaluate_slos(const std::vector<models::Named<models::SloSpec>>& slos,
                                     const models::CompiledModel& model,
                                     const std::vector<models::RunRecord>& records, const SlowRequests& slow,
                                     double confidence) {
  std::vector<SloReport> reports;
  for (const auto& slo : slos) {
    SloReport report;
    report.name = slo.name;
    report.workload = slo.value.workload;
    report.objective = slo.value.objective.value;
    report.period_s = sim::seconds_of(slo.value.period.ns);
    report.latency_s = slo.value.latency ? sim::seconds_of(slo.value.latency->ns) : 0;
    report.replications = static_cast<int>(records.size());
    std::size_t first = 0, classes = 0;
    for (const models::Workload& w : model.topology->workloads) {
      if (w.name == slo.value.workload) {
        classes = w.classes.size();
        break;
      }
      first += w.classes.size();
    }
    std::vector<Ended> ended;
    std::vector<RatioSample> good, late, used;
    double rate = 0;
    for (const models::RunRecord& r : records) {
      const auto counted = slow.find(r.replication);
      ended.emplace_back(r, first, classes, [&](std::size_t window) -> std::uint64_t {
        if (counted == slow.end() || window >= counted->second.size()) return 0;
        return counted->second[window][reports.size()];
      });
      rate += ended.back().rate() / static_cast<double>(records.size());
      for (const models::FaultActivation& a : r.fault_activations) {
        const double start = sim::seconds_of(a.start_ns);
        report.fault_s = report.fault_s < 0 ? start : std::min(report.fault_s, start);
      }
    }
    report.budget = (1 - report.objective) * rate * report.period_s;
    for (const Ended& e : ended) {
      const Ended::Point& end = e.points().back();
      good.push_back({end.all - end.bad, end.all});
      late.push_back({end.slow, end.all});
      used.push_back({end.bad, report.budget});
    }
    report.slow = ratio_interval(late, RatioOf::trials, confidence);
    report.good = ratio_interval(good, RatioOf::trials, confidence);
    report.budget_used = ratio_interval(used, RatioOf::events, confidence);
    for (const models::AlertSpec& spec : slo.value.alerts) {
      AlertReport alert;
      alert.spec = spec;
      std::vector<double> firsts, actives;
      for (const Ended& e : ended) {
        const AlertRun run = watch(e, spec, report.objective, alert.peak_burn);
        alert.times += run.times;
        if (run.times == 0) continue;
        ++alert.fired;
        firsts.push_back(run.first_s);
        actives.push_back(run.active_s);
      }
      if (!firsts.empty()) alert.first_s = median(firsts);
      alert.active_s = median(actives);
      report.alerts.push_back(std::move(alert));
    }
    reports.push_back(std::move(report));
  }
  return reports;
}

std::string slo_text(const std::vector<SloReport>& reports, TextStyle style) {
  if (reports.empty()) return "";
  TextTable table(style), alerts(style);
  table.left("objectives").left("workload").right("objective").right("good").right("budget used").right("of");
  alerts.left("alerts").left("").right("burn rate").right("over").right("and").right("peak").right("fired");
  alerts.right("first").right("after the fault").right("for");
  for (const SloReport& r : reports) {
    const bool some = r.good.groups > 0;  // requests
    const HumanScale used = fraction_scale(r.budget_used.estimate);
    const bool over = r.budget_used.estimate > 1;
    table.row({shortened(r.name, 30, style), shortened(r.workload, 24, style),
               r.latency_s > 0
                   ? fmt::format("{:g} % in {}", 100 * r.objective, human_duration(r.latency_s, style))
                   : fmt::format("{:g} %", 100 * r.objective),
               some ? TextTable::Cell(fmt::format("{:.4g} %", 100 * r.good.estimate),
                                      r.good.estimate < r.objective ? Ink::warn : Ink::good)
                    : TextTable::Cell("n/a", Ink::dim),
               some ? TextTable::Cell(
                          used.text(r.budget_used.estimate) + " " + plus_minus(r.budget_used, used, style),
                          over ? Ink::bad : Ink::plain)
                    : TextTable::Cell("n/a", Ink::dim),
               human_duration(r.period_s, style)});
    for (const AlertReport& a : r.alerts) {
      const bool fired = a.fired > 0;
      alerts.row({shortened(r.name, 30, style),
                  shortened(a.spec.name, 24, style),
                  fmt::format("{:g}", a.spec.burn_rate),
                  human_duration(sim::seconds_of(a.spec.long_window.ns), style),
                  human_duration(sim::seconds_of(a.spec.short_window.ns), style),
                  fmt::format("{:.3g}", a.peak_burn),
                  {fmt::format("{} of {}", a.fired, r.replications), fired ? Ink::bad : Ink::good},
                  fired ? human_duration(a.first_s, style) : "",
                  fired && r.fault_s >= 0 && a.first_s >= r.fault_s
                      ? human_duration(a.first_s - r.fault_s, style)
                      : "",
                  fired ? human_duration(a.active_s, style) : ""});
    }
  }
  return "\n" + table.text() + "\n" + alerts.text();
}

void slo_json(JsonText& j, const std::vector<SloReport>& reports) {
  const auto time = [&](const char* name, double s) {
    j.key(name);
    s < 0 ? j.null() : j.value(s);
  };
  j.key("slos").begin_array();
  for (const SloReport& r : reports) {
    j.begin_object().field("name", r.name).field("workload", r.workload).field("objective", r.objective);
    j.field("period_s", r.period_s).field("replications", r.replications);
    j.key("latency_s");
    r.latency_s > 0 ? j.value(r.latency_s) : j.null();
    interval(j, "good_fraction", r.good);
    interval(j, "slow_fraction", r.slow);
    j.field("budget_requests", r.budget);
    interval(j, "budget_used_fraction", r.budget_used, r.good.count);
    time("first_fault_s", r.fault_s);
    j.key("alerts").begin_array();
    for (const AlertReport& a : r.alerts) {
      j.begin_inline_object().field("name", a.spec.name).field("burn_rate", a.spec.burn_rate);
      j.field("long_s", sim::seconds_of(a.spec.long_window.ns))
          .field("short_s", sim::seconds_of(a.spec.short_window.ns));
      j.field("fired", a.fired).field("times", a.times);
      time("first_s", a.first_s);
      j.field("active_s", a.active_s).field("peak_burn_rate", a.peak_burn).end_object();
    }
    j.end_array().end_object();
  }
  j.end_array();
}

}  // namespace tailrace::analysis
