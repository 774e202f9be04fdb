#include "models/slo/slo.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/field/number_text.hpp"

namespace tailrace::models {

namespace {

struct SlosOnly {
  std::vector<Named<SloSpec>> slos;
};

FieldTable alert_fields() {
  return Fields<AlertSpec>("alert", "Fires while the error budget burns too fast over both windows.")
      .add("name", &AlertSpec::name, "what it is called in results")
      .add("burn_rate", &AlertSpec::burn_rate, "times the rate that would just last the period",
           between(0.001, 1e6))
      .add("long", &AlertSpec::long_window, "window that says it matters")
      .add("short", &AlertSpec::short_window, "window that says it is still so")
      .table();
}

}  // namespace

FieldTable slo_fields() {
  return Fields<SloSpec>(
             "slo", "What share of a workload's requests shall succeed, and who is woken when they do not.")
      .add("workload", &SloSpec::workload, "whose requests")
      .required()
      .add("objective", &SloSpec::objective, "the share that shall succeed", between(0, 1))
      .add("latency", &SloSpec::latency,
           "within which a request must succeed, so that it counts; without it success is enough")
      .add("period", &SloSpec::period,
           "over which the error budget, 1 - objective of the requests, is to last")
      .list_of("alerts", &SloSpec::alerts, alert_fields(),
               "burn-rate alerts; without any: 14.4 over 1h and 5min, 6 over 6h and 30min, 1 over 3d and 6h")
      .table();
}

void check_slos(const std::vector<Named<SloSpec>>& slos, const Topology& topology, Diagnostics& diagnostics) {
  for (const Named<SloSpec>& slo : slos) {
    const std::string path = child_path("slos", slo.name);
    std::vector<std::string_view> names;
    for (const Workload& w : topology.workloads) names.push_back(w.name);
    if (std::find(names.begin(), names.end(), slo.value.workload) == names.end()) {
      const std::string near = nearest_word(slo.value.workload, names);
      diagnostics.error(slo.mark, path + ".workload",
                        fmt::format("there is no workload {}", shown(slo.value.workload)),
                        near.empty() ? "" : fmt::format("did you mean {}?", near));
    }
    if (!(slo.value.objective.value > 0) || slo.value.objective.value >= 1) {
      diagnostics.error(slo.mark, path + ".objective",
                        "an objective of 0 or of 100 % leaves nothing to budget", "99.9%");
    }
    if (slo.value.latency && slo.value.latency->ns <= 0)
      diagnostics.error(slo.mark, path + ".latency", "a latency is longer than 0", "300ms");
    if (slo.value.period.ns <= 0) diagnostics.error(slo.mark, path + ".period", "a period is longer than 0");
    for (std::size_t i = 0; i < slo.value.alerts.size(); ++i) {
      const AlertSpec& a = slo.value.alerts[i];
      if (a.short_window.ns <= 0 || a.short_window.ns > a.long_window.ns)
        diagnostics.error(slo.mark, fmt::format("{}.alerts[{}]", path, i),
                          "the short window is longer than 0 and no longer than the long one",
                          "{burn_rate: 14.4, long: 1h, short: 5min}");
    }
  }
}

std::vector<Named<SloSpec>> read_slos(const ScenarioDoc& doc) {
  const Node* node = doc.root.find("slos");
  SlosOnly only;
  if (node == nullptr) return {};
  Diagnostics told_before;
  ReadContext context{told_before, doc, {}};
  const FieldTable table =
      Fields<SlosOnly>("slos", "").map_of("slos", &SlosOnly::slos, slo_fields(), "").table();
  table.fields[0].read(table.fields[0], *node, &only, context);
  for (Named<SloSpec>& slo : only.slos) {
    std::vector<AlertSpec>& alerts = slo.value.alerts;
    const auto minutes = [](std::int64_t n) { return sim::Duration{n * 60'000'000'000}; };
    if (alerts.empty()) {
      alerts.push_back({"page", 14.4, minutes(60), minutes(5)});
      alerts.push_back({"page, slower", 6, minutes(360), minutes(30)});
      alerts.push_back({"ticket", 1, minutes(4320), minutes(360)});
    }
    for (AlertSpec& a : alerts) {
      if (a.name.empty()) a.name = fmt::format("burn rate {:g}", a.burn_rate);
    }
  }
  return std::move(only.slos);
}

}  // namespace tailrace::models
