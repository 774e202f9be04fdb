#include "analysis/report/upkeep_output.hpp"

#include <fmt/format.h>

#include "analysis/report/json_figures.hpp"
#include "analysis/report/summary_part.hpp"

namespace tailrace::analysis {

namespace {

class Text : SummaryPart {
 public:
  Text(const UpkeepReport& report, TextStyle style) : SummaryPart(style), report_(report) {}

  std::string text() {
    discovery();
    gates();
    egress();
    coupling();
    return std::move(out_);
  }

 private:
  std::string mean(const models::DelaySum& sum) const {
    return sum.count == 0 ? "" : human_duration(sum.mean_s(), style_);
  }

  void discovery() {
    TextTable table(style_);
    table.left("discovery").left("by").right("asks").right("failed").right("beats lost").right("expired");
    table.right("noticed in").right("learned in").right("to the dead").right("no address");
    for (std::size_t i = 0; i < report_.discovery.size() && i < kMostRows; ++i) {
      const DiscoveryReport& d = report_.discovery[i];
      table.row(
          {name(d.station), d.by, human_count(d.counts.asks), bad(d.counts.failed_asks),
           bad(d.counts.lost_beats), human_count(d.counts.expired), mean(d.counts.detected),
           mean(d.counts.learned),
           Cell(human_fraction(d.to_the_dead.estimate), d.counts.to_the_dead > 0 ? Ink::warn : Ink::plain),
           bad(d.counts.refused)});
    }
    add(table, report_.discovery.size(),
        "noticed in: from a crash until its entry was gone; learned in: until a client knew of a change "
        "(means); to the dead: share of the attempts");
  }

  void gates() {
    TextTable table(style_);
    table.left("before it serves").left("needs").right("starts").right("waited").right("longest");
    table.right("failed").right("renewals").right("failed").right("leases lost").right("waiting");
    for (std::size_t i = 0; i < report_.gates.size() && i < kMostRows; ++i) {
      const GateReport& g = report_.gates[i];
      table.row({name(g.station), g.gates, human_count(g.counts.starts), mean(g.counts.waited),
                 g.counts.waited.count > 0 ? human_duration(g.counts.waited.max_s(), style_) : "",
                 bad(g.counts.failed_asks), human_count(g.counts.renewals), bad(g.counts.failed_renewals),
                 bad(g.counts.expiries), bad(g.counts.waiting)});
    }
    add(table, report_.gates.size(),
        "failed: tries, of starts and of renewals; leases lost: instances that had to stop serving");
  }

  void egress() {
    TextTable table(style_);
    table.left("between zones").right("calls").right("GiB").right("price").right("cost");
    for (std::size_t i = 0; i < report_.egress.size() && i < kMostRows; ++i) {
      const EgressReport& e = report_.egress[i];
      table.row({fmt::format("{} -> {}", name(e.from), name(e.to)), human_count(e.calls), human_number(e.gib),
                 human_number(e.per_gib), human_number(e.cost)});
    }
    add(table, report_.egress.size(),
        fmt::format("cost: {} an hour, {} for a million requests", human_number(report_.egress_cost_per_hour),
                    human_number(report_.egress_cost_per_million)));
  }

  void coupling() {
    const CouplingReport& c = report_.coupling;
    if (!c.on) return;
    TextTable table(style_);
    table.left("between contexts").right("calls per request");
    for (std::size_t i = 0; i < c.busiest.size(); ++i)
      table.row({name(c.busiest[i]), human_number(c.per_request[i])});
    const std::string note = fmt::format("{} of {} calls per request cross a border",
                                         human_number(c.crossing.estimate), human_number(c.calls.estimate));
    if (table.empty()) {
      out_ += "\n" + inked(note, Ink::dim, style_) + "\n";
    } else {
      add(table, c.busiest.size(), note);
    }
  }

  const UpkeepReport& report_;
};

void delays(JsonText& json, const char* key, const models::DelaySum& sum) {
  json.key(key).begin_inline_object().field("count", sum.count).field("mean_s", sum.mean_s());
  json.field("max_s", sum.max_s()).end_object();
}

}  // namespace

std::string upkeep_text(const UpkeepReport& report, TextStyle style) {
  return Text(report, style).text();
}

void upkeep_json(JsonText& json, const UpkeepReport& report) {
  json.key("discovery").begin_array();
  for (const DiscoveryReport& d : report.discovery) {
    const models::DirectoryRecord& c = d.counts;
    json.begin_object().field("name", d.station).field("by", d.by);
    json.field("asks", c.asks).field("failed_asks", c.failed_asks).field("empty_answers", c.empty_answers);
    json.field("lookups_awaited", c.lookups_awaited).field("refused", c.refused);
    json.field("beats", c.beats).field("lost_beats", c.lost_beats);
    json.field("joined", c.joined).field("left", c.left).field("expired", c.expired);
    json.field("attempts", c.calls).field("attempts_to_the_dead", c.to_the_dead);
    interval(json, "to_the_dead", d.to_the_dead, c.calls);
    delays(json, "detected", c.detected);
    delays(json, "learned", c.learned);
    json.end_object();
  }
  json.end_array().key("start_gates").begin_array();
  for (const GateReport& g : report.gates) {
    const models::GatedRecord& c = g.counts;
    json.begin_object().field("name", g.station).field("gates", g.gates).field("starts", c.starts);
    json.field("asks", c.asks).field("failed_asks", c.failed_asks).field("passed_open", c.passed_open);
    json.field("renewals", c.renewals).field("failed_renewals", c.failed_renewals);
    json.field("expiries", c.expiries).field("waiting", c.waiting);
    delays(json, "waited", c.waited);
    json.end_object();
  }
  json.end_array();
  if (!report.egress.empty()) {
    json.key("egress").begin_object().field("cost_per_hour", report.egress_cost_per_hour);
    json.field("cost_per_million_requests", report.egress_cost_per_million).key("pairs").begin_array();
    for (const EgressReport& e : report.egress) {
      json.begin_object().field("from", e.from).field("to", e.to).field("calls", e.calls);
      json.field("gib", e.gib).field("per_gib", e.per_gib).field("cost", e.cost).end_object();
    }
    json.end_array().end_object();
  }
  if (!report.coupling.on) return;
  json.key("coupling").begin_object();
  interval(json, "crossing_per_request", report.coupling.crossing);
  interval(json, "calls_per_request", report.coupling.calls);
  json.key("pairs").begin_array();
  for (std::size_t i = 0; i < report.coupling.busiest.size(); ++i) {
    json.begin_object().field("contexts", report.coupling.busiest[i]);
    json.field("calls_per_request", report.coupling.per_request[i]).end_object();
  }
  json.end_array().end_object();
}

}  // namespace tailrace::analysis
