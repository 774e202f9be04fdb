#include "analysis/report/scaling_text.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/report/summary_part.hpp"

namespace tailrace::analysis {

namespace {

class Text : SummaryPart {
 public:
  Text(const RunReport& report, TextStyle style) : SummaryPart(style), report_(report) {}

  std::string text() {
    availability();
    scaling();
    deployments();
    return std::move(out_);
  }

 private:
  std::string each(std::uint64_t n) const {
    return human_number(static_cast<double>(n) / std::max(1, report_.replications));
  }

  void availability() {
    TextTable table(style_);
    table.left("availability")
        .right("share")
        .right("")
        .right("up")
        .right("of")
        .right("outages")
        .right("per hour");
    std::size_t rows = 0;
    for (const StationReport& s : report_.stations) {
      if (!s.can_fail || ++rows > kMostRows) continue;
      const HumanScale scale = fraction_scale(s.availability.estimate);
      table.row({name(s.name), human_fraction(s.availability.estimate),
                 Cell(plus_minus(s.availability, scale, style_), Ink::dim),
                 human_number(s.instances_up.estimate),
                 fmt::format("{}/{}", s.min_available, human_count(static_cast<std::uint64_t>(s.instances))),
                 Cell(human_count(s.outages), s.outages > 0 ? Ink::bad : Ink::plain),
                 human_number(s.outages_per_hour.estimate)});
    }
    add(table, rows, "of: instances that must be up, and that there are at most");
  }

  void scaling() {
    TextTable table(style_);
    table.left("scaling")
        .right("instances")
        .right("least")
        .right("most")
        .right("up")
        .right("down")
        .right("instance hours")
        .right("cold starts")
        .right("cut off");
    std::size_t rows = 0;
    for (const ScalingReport& s : report_.scaling) {
      if (!s.autoscales || ++rows > kMostRows) continue;
      table.row({name(s.station), human_number(s.instances.estimate), human_count(s.least),
                 human_count(s.most), each(s.ups), each(s.downs), human_number(s.instance_hours),
                 s.cold > 0 ? Cell(human_fraction(s.cold_starts.estimate), Ink::warn) : Cell(),
                 bad(s.cut_off)});
    }
    add(table, rows, "up, down, hours: per replication; cold starts: requests that found no ready instance");
  }

  void deployments() {
    TextTable table(style_);
    table.left("deployments")
        .right("from")
        .right("took")
        .left("end")
        .right("requests")
        .right("failed")
        .right("skewed");
    for (std::size_t i = 0; i < report_.deployments.size() && i < kMostRows; ++i) {
      const DeploymentReport& d = report_.deployments[i];
      std::string end = "not in this run";
      if (d.finished > 0) end = "done";
      if (d.blocked > 0)
        end = fmt::format("blocked by its contract in {} of {}", d.blocked, report_.replications);
      if (d.rolled_back > 0) end = fmt::format("rolled back in {} of {}", d.rolled_back, d.finished);
      table.row({name(d.name), d.started > 0 ? human_duration(d.start_s, style_) : "never",
                 d.finished > 0 ? human_duration(d.duration_s, style_) : "", end, human_count(d.requests),
                 d.requests > 0
                     ? Cell(human_fraction(static_cast<double>(d.failed) / static_cast<double>(d.requests)),
                            d.failed > 0 ? Ink::bad : Ink::plain)
                     : Cell(),
                 bad(d.skewed)});
    }
    add(table, report_.deployments.size(),
        "requests, failed: at instances of the new version; skewed: caller and callee did not fit");
  }

  const RunReport& report_;
};

}  // namespace

std::string scaling_text(const RunReport& report, TextStyle style) {
  return Text(report, style).text();
}

}  // namespace tailrace::analysis
