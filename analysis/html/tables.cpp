#include "analysis/html/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "analysis/html/text.hpp"
#include "analysis/report/cascade_output.hpp"
#include "analysis/report/cascade_story.hpp"

namespace tailrace::analysis::html {

namespace {

constexpr std::size_t kMostHits = 24;  // what is behind them on the page matters more

// Everything in a cell is escaped; `classes` are the style sheet's.
class Table {
 public:
  void head(std::string_view text, bool left = false) {
    head_ += fmt::format("<th{}>{}</th>", left ? " class=\"l\"" : "", text);
  }
  void begin_row() { rows_ += "<tr>", ++count_; }
  void end_row() { rows_ += "</tr>\n"; }
  void cell(std::string_view escaped, std::string_view classes = "") {
    rows_ += classes.empty() ? fmt::format("<td>{}</td>", escaped)
                             : fmt::format("<td class=\"{}\">{}</td>", classes, escaped);
  }
  void cell(const Figure& f, std::string_view classes = "") {
    cell(f.spread.empty() ? f.value : fmt::format("{}<small>{}</small>", f.value, f.spread.substr(1)),
         classes);
  }
  std::size_t count() const { return count_; }
  std::string text() const {
    return "<div class=\"scroll\"><table><thead><tr>" + head_ + "</tr></thead><tbody>\n" + rows_ +
           "</tbody></table></div>\n";
  }

 private:
  std::string head_, rows_;
  std::size_t count_ = 0;
};

std::string section(std::string_view title, const std::string& body) {
  return fmt::format("<section><h2>{}</h2>\n{}</section>\n", title, body);
}

std::string cut(std::size_t all, std::string_view where, std::size_t shown = kMostTableRows) {
  if (all <= shown) return "";
  return fmt::format("<p class=\"note\">{} more are in {}.</p>\n", human_count(all - shown), where);
}

std::string meter(double load) {
  return fmt::format("<span class=\"meter\"><i class=\"{}\" style=\"width:{:.1f}%\"></i></span>{:.1f} %",
                     load >= 0.95  ? "full"
                     : load >= 0.8 ? "busy"
                                   : "calm",
                     100 * std::clamp(load, 0.0, 1.0), 100 * load);
}

std::string counted(std::uint64_t n) {
  return n > 0 ? human_count(n) : "";
}

void request_row(Table& table, const std::string& name, const ClassReport& c, const LatencyReport& l,
                 bool whole) {
  table.begin_row();
  table.cell(name);
  table.cell(human_count(l.count));
  if (whole) {
    table.cell(figure(c.arrival_rate, rate_scale(c.arrival_rate.estimate), c.arrival_rate.groups > 0));
    table.cell(figure(c.goodput, rate_scale(c.goodput.estimate), c.goodput.groups > 0));
    table.cell(figure(c.failed, fraction_scale(c.failed.estimate), models::total(c.ended) > 0),
               c.failed.estimate > 0 ? "bad" : "");
  } else {
    for (int k = 0; k < 3; ++k) table.cell("");
  }
  table.cell(mean_duration(l));
  for (std::size_t k = 0; k < kPercentiles.size(); ++k) table.cell(duration(l, k));
  table.end_row();
}

// By kind (services first) and then as declared; the busiest where there are too many.
std::vector<std::size_t> station_order(const RunResults& results) {
  const models::Topology& t = *results.model.topology;
  const std::vector<StationReport>& stations = results.report.stations;
  std::vector<std::size_t> order(stations.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  if (order.size() > kMostTableRows) {
    const auto load = [&](std::size_t i) {
      return std::max(stations[i].utilization.estimate, stations[i].cpu_utilization.estimate);
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return load(a) > load(b); });
    order.resize(kMostTableRows);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    if (stations[a].kind != stations[b].kind) return stations[a].kind > stations[b].kind;
    const auto declared = [&](std::size_t i) {
      return t.components[static_cast<std::size_t>(t.stations[i].component)].declared_order;
    };
    return declared(a) < declared(b);
  });
  return order;
}

std::string spaced(std::string text) {
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

}  // namespace

std::string thresholds_html(const RunResults& results) {
  if (results.thresholds.empty()) return "";
  Table table;
  table.head("verdict", true), table.head("threshold", true), table.head("measured");
  const bool remarks = std::any_of(results.thresholds.begin(), results.thresholds.end(),
                                   [](const ThresholdResult& t) { return !remark(t).empty(); });
  if (remarks) table.head("", true);
  for (const ThresholdResult& t : results.thresholds) {
    if (table.count() == kMostTableRows) break;
    table.begin_row();
    const bool failed = t.verdict == ThresholdVerdict::fail;
    const bool passed = t.verdict == ThresholdVerdict::pass;
    table.cell(failed ? "✗ FAIL" : passed ? "✓ pass" : "no data", failed ? "l bad" : passed ? "l good" : "l");
    table.cell(html(t.metric) + "<small>" + html(t.expression) + "</small>", "l");
    table.cell(measured(t));
    if (remarks) table.cell(html(remark(t)), "l wrap");
    table.end_row();
  }
  return section("Thresholds", table.text() + cut(results.thresholds.size(), "summary.json"));
}

std::string requests_html(const RunResults& results) {
  const RunReport& report = results.report;
  if (report.workloads.empty()) return "";
  Table table;
  for (const char* name : {"workload", "requests", "rate", "goodput", "failed", "mean"}) table.head(name);
  for (std::size_t k = 0; k < kPercentiles.size(); ++k) table.head(percentile_name(k));
  std::size_t rows = 0;
  for (const ClassReport& w : report.workloads) {
    if (++rows <= kMostTableRows) request_row(table, html(w.workload), w, w.duration, true);
    if (w.success_duration.count != w.duration.count && w.success_duration.count > 0 &&
        rows <= kMostTableRows)
      request_row(table, "<small>the successful ones</small>", w, w.success_duration, false);
    for (const ClassReport& c : report.classes) {
      if (c.workload != w.workload || c.name.empty() || ++rows > kMostTableRows) continue;
      request_row(table, "&nbsp;&nbsp;" + html(c.name), c, c.duration, true);
    }
  }
  std::string body = table.text() + cut(rows, "summary.json");
  body += fmt::format(
      "<p class=\"note\">Below each figure: half of its {:g} % interval; the independent unit is a "
      "replication, "
      "or a batch of a single one. n/a: too few requests.</p>\n",
      100 * report.confidence);
  return section("Latency and goodput", body);
}

std::string services_html(const RunResults& results) {
  const std::vector<StationReport>& stations = results.report.stations;
  if (stations.empty()) return "";
  // Columns that would be empty are left out: the page is narrow.
  const auto some = [&](auto&& has) { return std::any_of(stations.begin(), stations.end(), has); };
  const bool cpu = some([](const StationReport& s) { return s.cpus > 0; });
  const bool rejected = some([](const StationReport& s) { return s.rejected > 0; });
  const bool abandoned = some([](const StationReport& s) { return s.abandoned > 0; });
  const bool dropped = some([](const StationReport& s) { return s.dropped > 0; });
  const bool wasted = some([](const StationReport& s) { return s.wasted_s > 0; });
  const bool can_fail = some([](const StationReport& s) { return s.can_fail; });
  Table table;
  table.head("service"), table.head("kind", true), table.head("size"), table.head("utilisation", true);
  if (cpu) table.head("cpu");
  for (const char* name : {"queue", "wait", "wait p99", "service time", "throughput"}) table.head(name);
  if (rejected) table.head("rejected");
  if (abandoned) table.head("gave up");
  if (dropped) table.head("dropped");
  if (wasted) table.head("wasted");
  if (can_fail) table.head("available");
  for (const std::size_t i : station_order(results)) {
    const StationReport& s = stations[i];
    const bool served = s.served > 0;
    table.begin_row();
    table.cell(html(s.name));
    table.cell(html(spaced(s.kind)), "l");
    table.cell(fmt::format("{} × {}", human_count(static_cast<std::uint64_t>(s.instances)),
                           s.workers == models::kUnlimited
                               ? std::string("any")
                               : human_count(static_cast<std::uint64_t>(s.workers))));
    table.cell(
        s.utilization.groups > 0 ? meter(s.utilization.estimate) : human_number(s.busy.estimate) + " busy",
        "l");
    if (cpu) table.cell(s.cpus > 0 ? fmt::format("{:.1f} %", 100 * s.cpu_utilization.estimate) : "");
    table.cell(human_number(s.queue_length.estimate));
    table.cell(served ? human_duration(s.wait_mean.estimate, kText) : "n/a");
    table.cell(s.served >= requests_needed(0.99) ? human_duration(s.wait_percentiles[4], kText) : "n/a");
    table.cell(served ? human_duration(s.service_mean.estimate, kText) : "n/a");
    table.cell(human_rate(s.throughput.estimate));
    if (rejected) table.cell(counted(s.rejected), "bad");
    if (abandoned) table.cell(counted(s.abandoned), "bad");
    if (dropped) table.cell(counted(s.dropped), "bad");
    if (wasted) table.cell(s.wasted_s > 0 ? human_fraction(s.wasted.estimate) : "", "bad");
    if (can_fail) table.cell(s.can_fail ? human_fraction(s.availability.estimate) : "");
    table.end_row();
  }
  return section("Services", table.text() + "<p class=\"note\">Size: instances × workers of each.</p>\n" +
                                 cut(stations.size(), "summary.json; these are the busiest"));
}

std::string cascade_html(const RunResults& results) {
  const CascadeReport& cascade = results.report.cascade;
  if (!cascade.happened()) return "";
  std::string body = fmt::format("<p>{}</p>\n", html(cascade.story));
  Table table;
  table.head("hit"), table.head("because of", true);
  table.head("from"), table.head("to"), table.head("seen as", true);
  for (const char* name : {"before", "worst", "replications"}) table.head(name);
  for (const CascadeHitReport& h : cascade.hits) {
    if (table.count() == kMostHits) break;
    table.begin_row();
    table.cell(html(h.component));
    table.cell(html(cause_words(h)), "l");
    table.cell(moment_words(h.onset_s));
    table.cell(h.over > 0 ? moment_words(h.end_s) : "the end");
    table.cell(seen_as(h), "l");
    table.cell(symptom_amount(h, h.normal, kText));
    table.cell(symptom_amount(h, h.worst, kText));
    table.cell(fmt::format("{} of {}", h.replications, cascade.replications));
    table.end_row();
  }
  if (table.count() > 0) body += table.text() + cut(cascade.hits.size(), "summary.json", kMostHits);
  return section(fmt::format("What followed: {}", verdict_name(cascade.verdict)), body);
}

std::string detection_html(const RunResults& results) {
  Table table;
  table.head("target"), table.head("noticed by", true), table.head("after");
  table.head("hits by faults"), table.head("noticed while they lasted");
  std::size_t rows = 0;
  const auto row = [&](const std::string& target, const std::string& by, const DetectionReport& d) {
    if (d.hits == 0 || ++rows > kMostTableRows) return;
    table.begin_row();
    table.cell(html(target));
    table.cell(by, "l");
    table.cell(figure(d.seconds, duration_scale(d.seconds.estimate, kText), d.noticed > 0));
    table.cell(human_count(d.hits));
    table.cell(human_count(d.noticed), d.noticed < d.hits ? "bad" : "");
    table.end_row();
  };
  for (const HealthReport& h : results.report.health) row(h.target, "health checks", h.detection);
  for (const EjectionReport& e : results.report.ejections)
    row(e.target, "outlier detection of " + html(e.caller), e.detection);
  if (rows == 0) return "";
  return section("How soon faults were noticed",
                 table.text() +
                     "<p class=\"note\">After: from a fault's start until an instance that it hit was taken "
                     "out, of those that were.</p>\n" +
                     cut(rows, "summary.json"));
}

}  // namespace tailrace::analysis::html
