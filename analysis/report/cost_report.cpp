#include "analysis/report/cost_report.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "analysis/report/text_table.hpp"

namespace tailrace::analysis {

namespace {

constexpr std::size_t kMostRows = 40;

// Instances of an autoscaled station over the replications, or the amount as written.
void measure(const models::PricedUnit& unit, const models::CompiledModel& model,
             const std::vector<models::RunRecord>& records, CostLine& line) {
  if (unit.station == models::kNone) return;
  for (std::size_t s = 0; s < model.scaled.size(); ++s) {
    double present = 0, seconds = 0;
    for (const models::RunRecord& r : records) {
      if (s >= r.scaling.size() || r.scaling[s].station != static_cast<std::uint32_t>(unit.station)) continue;
      present += r.scaling[s].present_s;
      seconds += r.seconds();
    }
    if (!(seconds > 0)) continue;
    line.amount = present / seconds;
    line.measured = true;
    return;
  }
}

}  // namespace

double CostReport::units_per_hour() const {
  double sum = 0;
  for (const CostLine& line : units) sum += line.per_hour();
  return sum;
}

CostReport evaluate_cost(const std::vector<models::PricedUnit>& priced, const models::CompiledModel& model,
                         const std::vector<models::RunRecord>& records, const RunReport& report) {
  CostReport out;
  out.on = !priced.empty() || !model.topology->egress.empty();
  for (const models::PricedUnit& unit : priced) {
    CostLine line{unit.path, unit.price, unit.amount};
    measure(unit, model, records, line);
    out.units.push_back(std::move(line));
  }
  out.traffic_per_hour = report.upkeep.egress_cost_per_hour;
  double requests = 0, seconds = 0;
  for (const models::RunRecord& r : records) {
    seconds += r.seconds();
    for (const models::ClassRecord& c : r.classes) requests += static_cast<double>(c.arrived);
  }
  out.per_million_requests = requests > 0 ? out.per_hour() * seconds / 3600 / requests * 1e6
                                          : std::numeric_limits<double>::quiet_NaN();
  return out;
}

std::string cost_text(const CostReport& report, TextStyle style) {
  if (!report.on) return "";
  TextTable table(style);
  table.left("cost").right("price").right("how many").right("an hour");
  for (std::size_t i = 0; i < report.units.size() && i < kMostRows; ++i) {
    const CostLine& line = report.units[i];
    table.row({shortened(line.path, 50, style), human_number(line.price),
               human_number(line.amount) + (line.measured ? " (mean)" : ""), human_number(line.per_hour())});
  }
  if (report.units.size() > kMostRows)
    table.row({fmt::format("and {} more", report.units.size() - kMostRows), "", "", ""});
  if (report.traffic_per_hour > 0)
    table.row({"traffic between zones", "", "", human_number(report.traffic_per_hour)});
  table.row({"all", "", "", {human_number(report.per_hour()), Ink::bold}});
  std::string out = "\n" + table.text();
  if (std::isfinite(report.per_million_requests))
    out += inked(fmt::format("{} for a million requests", human_number(report.per_million_requests)),
                 Ink::dim, style) +
           "\n";
  return out;
}

void cost_json(JsonText& j, const CostReport& report) {
  j.key("cost");
  if (!report.on) {
    j.null();
    return;
  }
  j.begin_object().field("per_hour", report.per_hour());
  j.field("units_per_hour", report.units_per_hour()).field("traffic_per_hour", report.traffic_per_hour);
  j.key("per_million_requests");
  std::isfinite(report.per_million_requests) ? j.value(report.per_million_requests) : j.null();
  j.key("units").begin_array();
  for (const CostLine& line : report.units) {
    j.begin_inline_object().field("path", line.path).field("price", line.price).field("amount", line.amount);
    j.field("measured", line.measured).field("per_hour", line.per_hour()).end_object();
  }
  j.end_array().end_object();
}

}  // namespace tailrace::analysis
