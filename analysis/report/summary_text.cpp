#include "analysis/report/summary_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "analysis/report/arrivals.hpp"
#include "analysis/report/cache_output.hpp"
#include "analysis/report/cascade_output.hpp"
#include "analysis/report/messaging_text.hpp"
#include "analysis/report/plural.hpp"
#include "analysis/report/scaling_text.hpp"
#include "analysis/report/tail_output.hpp"
#include "analysis/report/text_table.hpp"
#include "analysis/report/upkeep_output.hpp"

namespace tailrace::analysis {

namespace {

using Cell = TextTable::Cell;

constexpr std::size_t kMostRows = 30;  // of each table
constexpr std::size_t kMostPolicies = 12;
constexpr std::size_t kNameWidth = 24;
constexpr double kBusyLink = 0.01;  // links below this utilisation, and without losses, are left out
constexpr std::size_t kShownPercentiles[] = {0, 3, 4, 5};  // p50 p95 p99 p99.9 of kPercentiles

class Summary {
 public:
  Summary(const RunResults& results, const SummaryTextOptions& options)
      : results_(results),
        options_(options),
        style_(options.style),
        report_(results.report),
        topology_(*results.model.topology) {}

  std::string text() {
    title();
    requests();
    errors();
    stations();
    edges();
    out_ += arrivals_text(report_.operations, style_);
    policies();
    ejections();
    out_ += messaging_text(report_.messaging, style_);
    out_ += cache_text(report_.caches, style_);
    links();
    faults();
    out_ += cascade_text(report_.cascade, style_);
    out_ += tail_text(report_.tail, results_.model, style_);
    out_ += scaling_text(report_, style_);
    out_ += upkeep_text(report_.upkeep, style_);
    if (!options_.prediction.empty()) out_ += "\n" + options_.prediction;
    thresholds();
    notes();
    early_end();
    fingerprints();
    return std::move(out_);
  }

 private:
  const char* dot() const { return style_.unicode ? " · " : " - "; }
  const char* times() const { return style_.unicode ? "×" : "x"; }
  std::string name(std::string_view text, std::size_t width = kNameWidth) const {
    return shortened(text, width, style_);
  }
  void line(std::string_view text) { out_ += std::string(text) + "\n"; }
  void cut(std::size_t rows, std::size_t most = kMostRows, const char* rest = "more") {
    out_ += cut_line(rows, most, style_, rest);
  }

  void title() {
    if (!topology_.name.empty() || !topology_.about.empty()) {
      out_ += inked(name(topology_.name, 100), Ink::bold, style_);
      if (!topology_.about.empty()) {
        if (!topology_.name.empty()) out_ += dot();
        out_ += name(topology_.about, 200);
      }
      out_ += "\n";
    }
    const double each = report_.replications > 0 ? report_.measured_s / report_.replications : 0;
    std::string text =
        fmt::format("{} replication{} {} {} measured", report_.replications,
                    report_.replications == 1 ? "" : "s", times(), human_duration(each, style_));
    if (report_.warmup_s > 0)
      text += fmt::format(" after {} of warm-up", human_duration(report_.warmup_s, style_));
    text +=
        fmt::format("{}seed {}{}{} events", dot(), topology_.run.seed, dot(), human_count(report_.events));
    if (options_.wall_seconds > 0) {
      text += fmt::format(" in {} ({} million/s)", human_duration(options_.wall_seconds, style_),
                          human_number(static_cast<double>(report_.events) / options_.wall_seconds / 1e6));
    }
    line(inked(text, Ink::dim, style_));
  }

  Cell estimate(const Interval& i, const HumanScale& scale, bool estimable) const {
    return estimable ? Cell(scale.text(i.estimate)) : Cell("n/a", Ink::dim);
  }
  Cell spread(const Interval& i, const HumanScale& scale, bool estimable) const {
    return estimable ? Cell(plus_minus(i, scale, style_), Ink::dim) : Cell();
  }

  // Two lines: estimates, and below them half the widths of their intervals.
  void request_rows(TextTable& table, const std::string& label, const ClassReport& c, const LatencyReport& l,
                    bool whole) {
    const std::uint64_t ended = models::total(c.ended);
    std::vector<Cell> top = {label, human_count(l.count)};
    std::vector<Cell> below = {"", ""};
    const auto add = [&](const Interval& i, const HumanScale& scale, bool estimable) {
      top.push_back(estimate(i, scale, estimable));
      below.push_back(spread(i, scale, estimable));
    };
    if (whole) {
      add(c.arrival_rate, rate_scale(c.arrival_rate.estimate), c.arrival_rate.groups > 0);
      add(c.goodput, rate_scale(c.goodput.estimate), c.goodput.groups > 0);
      add(c.failed, fraction_scale(c.failed.estimate), ended > 0);
      if (c.failed.estimate > 0) top.back().ink = Ink::bad;
      if (c.degraded_count > 0) {
        add(c.degraded, fraction_scale(c.degraded.estimate), true);
      } else {
        top.emplace_back(), below.emplace_back();
      }
    } else {
      for (int k = 0; k < 4; ++k) top.emplace_back(), below.emplace_back();
    }
    add(l.mean, duration_scale(l.mean.estimate, style_), l.count > 0);
    for (const std::size_t k : kShownPercentiles) {
      const bool enough = l.count >= requests_needed(kPercentiles[k]);
      add(l.percentiles[k], duration_scale(l.percentiles[k].estimate, style_), enough);
      if (!enough && l.count > 0) {
        few_.insert(fmt::format("p{:g} needs about {} requests", 100 * kPercentiles[k],
                                human_count(requests_needed(kPercentiles[k]))));
      }
    }
    table.row(std::move(top));
    if (std::any_of(below.begin(), below.end(), [](const Cell& cell) { return !cell.text.empty(); }))
      table.row(std::move(below));
  }

  void requests() {
    if (report_.workloads.empty()) return;
    TextTable table(style_);
    table.left("requests")
        .right("count")
        .right("rate")
        .right("goodput")
        .right("failed")
        .right("degraded")
        .right("mean")
        .right("p50");
    table.right("p95").right("p99").right("p99.9");
    std::size_t rows = 0;
    for (const ClassReport& w : report_.workloads) {
      if (++rows <= kMostRows) {
        request_rows(table, name(w.workload), w, w.duration, true);
        const bool some_failed = w.success_duration.count != w.duration.count && w.success_duration.count > 0;
        if (some_failed) request_rows(table, "  of these successful", w, w.success_duration, false);
      }
      for (const ClassReport& c : report_.classes) {
        if (c.workload != w.workload || c.name.empty() || ++rows > kMostRows) continue;
        request_rows(table, "  " + name(c.name, kNameWidth - 2), c, c.duration, true);
      }
    }
    out_ += "\n" + table.text();
    cut(rows);
  }

  void errors() {
    TextTable table(style_);
    table.left("failed requests").left("cause").right("count").right("share of all");
    std::size_t rows = 0;
    for (const ClassReport& w : report_.workloads) {
      const std::uint64_t ended = models::total(w.ended);
      for (std::size_t o = 1; o < w.ended.size(); ++o) {
        if (w.ended[o] == 0 || ++rows > kMostRows) continue;
        table.row({name(w.workload),
                   {models::kOutcomeNames[o], Ink::bad},
                   human_count(w.ended[o]),
                   human_fraction(static_cast<double>(w.ended[o]) / static_cast<double>(ended))});
      }
    }
    if (table.empty()) return;
    out_ += "\n" + table.text();
    cut(rows);
  }

  static Ink load_ink(double u) { return u >= 0.95 ? Ink::bad : u >= 0.8 ? Ink::warn : Ink::good; }

  // As the scenario declares them; the busiest ones of very many.
  std::vector<const StationReport*> stations_of(const std::string& kind) const {
    std::vector<std::pair<int, const StationReport*>> found;
    for (std::size_t i = 0; i < report_.stations.size(); ++i) {
      if (report_.stations[i].kind != kind) continue;
      found.emplace_back(
          topology_.components[static_cast<std::size_t>(topology_.stations[i].component)].declared_order,
          &report_.stations[i]);
    }
    std::stable_sort(found.begin(), found.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<const StationReport*> list;
    for (const auto& [order, s] : found) list.push_back(s);
    if (list.size() > kMostRows) {
      const auto load = [](const StationReport* s) {
        return std::max(s->utilization.estimate, s->cpu_utilization.estimate);
      };
      std::stable_sort(list.begin(), list.end(),
                       [&](const auto* a, const auto* b) { return load(a) > load(b); });
    }
    return list;
  }

  std::string size_of(const StationReport& s) const {
    const std::string workers =
        s.workers == models::kUnlimited ? "any" : human_count(static_cast<std::uint64_t>(s.workers));
    return fmt::format("{}{}{}", human_count(static_cast<std::uint64_t>(s.instances)), times(), workers);
  }

  void stations() {
    std::vector<std::string> kinds;
    for (const StationReport& s : report_.stations) {
      if (std::find(kinds.begin(), kinds.end(), s.kind) == kinds.end()) kinds.push_back(s.kind);
    }
    std::sort(kinds.begin(), kinds.end(), std::greater<>());  // services before databases
    for (const std::string& kind : kinds) {
      const std::vector<const StationReport*> list = stations_of(kind);
      TextTable table(style_);
      table.left(plural(kind))
          .right("size")
          .left("utilisation")
          .right("")
          .right("cpu")
          .right("queue")
          .right("wait")
          .right("wait p99");
      table.right("service").right("throughput").right("rejected").right("gave up");
      table.right("dropped").right("wasted");
      for (std::size_t i = 0; i < list.size() && i < kMostRows; ++i) {
        const StationReport& s = *list[i];
        if (s.served + s.rejected + s.abandoned == 0) {
          table.row({name(s.name), size_of(s), {"idle", Ink::dim}});
          continue;
        }
        const bool bounded = s.utilization.groups > 0;
        const double u = s.utilization.estimate;
        const bool served = s.served > 0;
        const bool p99 = s.served >= requests_needed(0.99);
        const auto share = [](double fraction) { return fmt::format("{:.1f} %", 100 * fraction); };
        table.row({name(s.name), size_of(s),
                   bounded ? Cell(bar(u, 10, style_), load_ink(u))
                           : Cell(fmt::format("{} busy", human_number(s.busy.estimate))),
                   bounded ? share(u) : std::string(),
                   s.cpus > 0 ? Cell(share(s.cpu_utilization.estimate), load_ink(s.cpu_utilization.estimate))
                              : Cell(),
                   human_number(s.queue_length.estimate),
                   served ? human_duration(s.wait_mean.estimate, style_) : "n/a",
                   p99 ? human_duration(s.wait_percentiles[4], style_) : "n/a",
                   served ? human_duration(s.service_mean.estimate, style_) : "n/a",
                   human_rate(s.throughput.estimate),
                   s.rejected > 0 ? Cell(human_count(s.rejected), Ink::bad) : Cell(),
                   s.abandoned > 0 ? Cell(human_count(s.abandoned), Ink::bad) : Cell(),
                   s.dropped > 0 ? Cell(human_count(s.dropped), Ink::bad) : Cell(),
                   s.wasted_s > 0 ? Cell(share(s.wasted.estimate), Ink::bad) : Cell()});
      }
      out_ += "\n" + table.text();
      cut(list.size());
    }
  }

  static std::string share_text(std::uint64_t part, std::uint64_t whole) {
    return whole > 0 ? human_fraction(static_cast<double>(part) / static_cast<double>(whole)) : "n/a";
  }
  static const char* main_cause(const models::OutcomeCounts& ended) {
    return models::kOutcomeNames[static_cast<std::size_t>(std::max_element(ended.begin() + 1, ended.end()) -
                                                          ended.begin())];
  }

  void edges() {
    TextTable table(style_);
    table.left("calls with policies")
        .left("to")
        .right("calls")
        .right("attempts/call")
        .right("timeouts")
        .right("hedged")
        .right("won")
        .right("no budget")
        .right("fallbacks")
        .right("failed")
        .left("mostly")
        .right("mean")
        .right("p99");
    std::size_t rows = 0;
    for (std::size_t i = 0; i < report_.edges.size(); ++i) {
      const models::Edge& policy = topology_.edges[i];
      const EdgeReport& e = report_.edges[i];
      if (policy.retries == 0 && !policy.timeout && !policy.per_try_timeout && !policy.guarded()) continue;
      if (++rows > kMostRows) continue;
      const std::uint64_t ended = models::total(e.ended);
      const std::uint64_t failed = ended - e.ended[0];
      const std::uint64_t timeouts = e.attempt_ended[static_cast<std::size_t>(models::Outcome::timeout)];
      const LatencyReport& l = e.duration;
      table.row(
          {name(e.from), name(e.to, 30), human_count(e.calls),
           e.calls > 0 ? human_number(e.attempts_per_call) : "n/a", human_count(timeouts),
           policy.hedging ? Cell(share_text(e.hedges, e.calls)) : Cell(),
           policy.hedging ? Cell(share_text(e.hedges_won, e.hedges)) : Cell(),
           e.budget_denied > 0 ? Cell(human_count(e.budget_denied), Ink::warn) : Cell(),
           policy.fallback ? Cell(share_text(e.fallbacks, e.calls)) : Cell(),
           ended > 0 ? Cell(human_fraction(static_cast<double>(failed) / static_cast<double>(ended)),
                            failed > 0 ? Ink::bad : Ink::plain)
                     : Cell("n/a"),
           failed > 0 ? Cell(main_cause(e.ended), Ink::dim) : Cell(),
           l.count > 0 ? human_duration(l.mean.estimate, style_) : "n/a",
           l.count >= requests_needed(0.99) ? human_duration(l.percentiles[4].estimate, style_) : "n/a"});
    }
    if (table.empty()) return;
    out_ += "\n" + table.text();
    cut(rows);
  }

  // What holds most of the time besides the first status: "open 12.3 %".
  std::string status_text(const PolicyReport& p) const {
    const StatusShare* most = nullptr;
    for (std::size_t i = 1; i < p.statuses.size(); ++i) {
      if (most == nullptr || p.statuses[i].share.estimate > most->share.estimate) most = &p.statuses[i];
    }
    if (p.statuses.empty()) return "";
    if (most == nullptr) return fmt::format("always {}", p.statuses.front().name);
    return fmt::format("{} {}", most->name, human_fraction(most->share.estimate));
  }

  // The most active first: those that turned somebody away or changed.
  void policies() {
    std::vector<const PolicyReport*> list;
    for (const PolicyReport& p : report_.policies) {
      if (p.counts.admitted + p.counts.rejected > 0) list.push_back(&p);
    }
    const auto activity = [](const PolicyReport* p) {
      return p->counts.rejected + p->counts.delayed + p->counts.waited + p->changes;
    };
    std::stable_sort(list.begin(), list.end(),
                     [&](const auto* a, const auto* b) { return activity(a) > activity(b); });
    TextTable table(style_);
    table.left("policies").left("of").right("asked").right("rejected").right("").right("delayed");
    table.right("waited").left("state").right("trips/h").left("at the end");
    for (std::size_t i = 0; i < list.size() && i < kMostPolicies; ++i) {
      const PolicyReport& p = *list[i];
      const bool some = p.counts.rejected > 0;
      const HumanScale scale = fraction_scale(p.rejected.estimate);
      const bool gauge = p.gauge.groups > 0;
      table.row(
          {name(p.policy),
           name(p.where(), 36),
           human_count(p.counts.admitted + p.counts.rejected),
           some ? Cell(scale.text(p.rejected.estimate), Ink::bad) : Cell("0"),
           some ? Cell(plus_minus(p.rejected, scale, style_), Ink::dim) : Cell(),
           p.counts.delayed > 0 ? Cell(human_count(p.counts.delayed)) : Cell(),
           p.counts.waited > 0 ? Cell(human_count(p.counts.waited)) : Cell(),
           {status_text(p), p.changes > 0 ? Ink::warn : Ink::plain},
           p.trips > 0 ? Cell(human_number(p.trips_per_hour.estimate)) : Cell(),
           gauge ? Cell(fmt::format("{} {}", spaced(p.gauge_name), human_number(p.gauge.estimate)), Ink::dim)
                 : Cell()});
    }
    if (table.empty()) return;
    out_ += "\n" + table.text();
    cut(list.size(), kMostPolicies, "less active");
  }
  static std::string spaced(std::string text) {
    std::replace(text.begin(), text.end(), '_', ' ');
    return text;
  }

  // Instances that were taken out of the choice, the longest first.
  struct TakenOut {
    std::string instance, by;
    std::uint64_t times;
    Interval out;
  };
  void taken_out(const char* title, const char* by, const char* times, std::vector<TakenOut> rows) {
    std::stable_sort(rows.begin(), rows.end(),
                     [](const TakenOut& a, const TakenOut& b) { return a.out.estimate > b.out.estimate; });
    TextTable table(style_);
    table.left(title).left(by).right(times).right("out of the time").right("");
    for (std::size_t i = 0; i < rows.size() && i < kMostPolicies; ++i) {
      const HumanScale scale = fraction_scale(rows[i].out.estimate);
      table.row({rows[i].instance, rows[i].by, human_count(rows[i].times),
                 Cell(scale.text(rows[i].out.estimate), Ink::warn),
                 Cell(plus_minus(rows[i].out, scale, style_), Ink::dim)});
    }
    if (table.empty()) return;
    out_ += "\n" + table.text();
    cut(rows.size(), kMostPolicies);
  }
  // "cart: found unhealthy 12.3 s ±1.2 after a fault began; 5 of 6 hits were noticed while they lasted".
  void noticed(const std::string& target, const std::string& how, const DetectionReport& d) {
    if (d.hits == 0) return;
    const HumanScale scale = duration_scale(d.seconds.estimate, style_);
    const std::string spread = plus_minus(d.seconds, scale, style_);
    const std::string count =
        fmt::format("{} of {} hit{}", human_count(d.noticed), human_count(d.hits), d.hits == 1 ? "" : "s");
    line(d.noticed == 0
             ? fmt::format("{}: not {} while a fault lasted ({})", name(target), how, count)
             : fmt::format("{}: {} {}{} after a fault began ({} noticed while it lasted)", name(target), how,
                           scale.text(d.seconds.estimate), spread.empty() ? "" : " " + spread, count));
  }
  std::string instance_name(const std::string& target, std::size_t k) {
    return fmt::format("{} #{}", name(target), k);
  }
  void ejections() {
    std::vector<TakenOut> rows;
    for (const EjectionReport& e : report_.ejections) {
      for (std::size_t k = 0; k < e.instances.size(); ++k) {
        const EjectionReport::Instance& i = e.instances[k];
        if (i.ejections > 0 || i.out.estimate > 0)
          rows.push_back({instance_name(e.target, k), name(e.caller), i.ejections, i.out});
      }
    }
    taken_out("ejected instances", "by", "ejections", std::move(rows));
    for (const EjectionReport& e : report_.ejections)
      noticed(e.target, "ejected by " + name(e.caller), e.detection);
    rows.clear();
    for (const HealthReport& h : report_.health) {
      for (std::size_t k = 0; k < h.instances.size(); ++k) {
        const HealthReport::Instance& i = h.instances[k];
        if (i.failures > 0 || i.out.estimate > 0)
          rows.push_back({instance_name(h.target, k), "", i.failures, i.out});
      }
    }
    taken_out("unhealthy instances", "", "found so", std::move(rows));
    for (const HealthReport& h : report_.health) noticed(h.target, "found unhealthy", h.detection);
  }

  // What the faults did; first and last times are those of the first replication.
  void faults() {
    TextTable table(style_);
    table.left("what the faults did")
        .right("times")
        .right("first")
        .right("active")
        .right("hit")
        .right("ended")
        .right("late")
        .right("added");
    for (std::size_t i = 0; i < report_.faults.size() && i < kMostRows; ++i) {
      const FaultReport& f = report_.faults[i];
      const double runs = std::max(1, report_.replications);
      const auto count = [](std::uint64_t n) { return n > 0 ? human_count(n) : std::string(); };
      table.row({name(f.name, 50), human_number(static_cast<double>(f.activations) / runs),
                 f.timeline.empty() ? "never" : human_duration(f.timeline.front().start_s, style_),
                 human_duration(f.active_s / runs, style_), fmt::format("{}/{}", f.hit, f.targets),
                 Cell(count(f.requests_ended), Ink::bad), count(f.requests_delayed),
                 count(f.requests_added)});
    }
    if (table.empty()) return;
    out_ += "\n" + table.text();
    line(
        inked("times and active: per replication; ended, late and added: requests, all replications together",
              Ink::dim, style_));
    cut(report_.faults.size());
  }

  // Links that can be a cause of something: busy ones, and those that lost messages.
  void links() {
    TextTable table(style_);
    table.left("network")
        .right("messages")
        .right("traffic")
        .left("utilisation")
        .right("")
        .right("lost")
        .right("delayed");
    std::size_t rows = 0;
    for (std::size_t i = 0; i < report_.links.size(); ++i) {
      const LinkReport& l = report_.links[i];
      const bool limited = topology_.links[i].bandwidth_bit_per_s > 0;
      const double u = l.utilization.estimate;
      if (l.messages == 0 || (u < kBusyLink && l.lost == 0)) continue;
      if (++rows > kMostRows) continue;
      table.row({name(l.name, 40), human_count(l.messages), limited ? human_bytes_per_s(l.bytes_per_s) : "",
                 limited ? Cell(bar(u, 10, style_), load_ink(u)) : Cell(), limited ? human_fraction(u) : "",
                 l.lost > 0
                     ? human_fraction(static_cast<double>(l.lost) / static_cast<double>(l.transmissions))
                     : "",
                 l.delayed > 0 ? human_count(l.delayed) : ""});
    }
    if (table.empty()) return;
    out_ += "\n" + table.text();
    cut(rows);
  }

  void thresholds() {
    if (results_.thresholds.empty()) return;
    TextTable table(style_);
    table.left("thresholds").left("").left("").right("measured").left("");
    for (const ThresholdResult& t : results_.thresholds) {
      Cell mark;
      switch (t.verdict) {
        case ThresholdVerdict::pass:
          mark = {style_.unicode ? "✓ pass" : "pass", Ink::good};
          break;
        case ThresholdVerdict::fail:
          mark = {style_.unicode ? "✗ FAIL" : "FAIL", Ink::bad};
          break;
        case ThresholdVerdict::no_data:
          mark = {"n/a", Ink::dim};
          break;
      }
      const HumanScale scale = scale_of(t.unit, t.measured.estimate, style_);
      std::string remark = t.straddles ? "the interval covers the limit: undecided" : why_not_shown(t);
      std::string measured = t.verdict == ThresholdVerdict::no_data ? "n/a" : scale.text(t.measured.estimate);
      if (t.measured.known && t.verdict != ThresholdVerdict::no_data)
        measured += " " + plus_minus(t.measured, scale, style_);
      table.row({mark, name(t.metric, 44), name(t.expression, 30), measured, {std::move(remark), Ink::dim}});
    }
    out_ += "\n" + table.text();
  }

  void notes() {
    std::vector<std::string> list;
    std::uint64_t ended = 0;
    for (const ClassReport& w : report_.workloads) ended += models::total(w.ended);
    if (ended == 0) list.push_back("no request ended in the measured time: there is nothing to report");
    if (!few_.empty()) list.push_back(fmt::format("n/a: {}", fmt::join(few_, ", ")));
    list.insert(list.end(), results_.notes.begin(), results_.notes.end());
    if (!report_.littles_law_holds || !report_.conservation_holds) {
      list.push_back(
          "the figures contradict each other (Little's law, or conservation of requests or messages): please "
          "report this");
    }
    if (list.empty()) return;
    out_ += "\n";
    for (const std::string& note : list) line(inked("note: " + models::escaped(note), Ink::dim, style_));
  }

  void early_end() {
    if (report_.status == models::RunStatus::completed) return;
    out_ += "\n";
    line(inked(fmt::format("The run ended early ({}): {}. The figures above are partial.",
                           models::status_name(report_.status), models::escaped(report_.message)),
               Ink::bad, style_));
  }

  void fingerprints() {
    out_ += "\n";
    line(inked(fmt::format("fingerprint: trajectory {:016x}, result {:016x}", report_.trajectory_fingerprint,
                           report_.result_fingerprint),
               Ink::dim, style_));
  }

  const RunResults& results_;
  const SummaryTextOptions& options_;
  TextStyle style_;
  const RunReport& report_;
  const models::Topology& topology_;
  std::string out_;
  std::set<std::string> few_;  // percentiles that have too few requests, each once
};

}  // namespace

std::string summary_text(const RunResults& results, const SummaryTextOptions& options) {
  return Summary(results, options).text();
}

}  // namespace tailrace::analysis
