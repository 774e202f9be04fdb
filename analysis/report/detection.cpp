#include "analysis/report/detection.hpp"

#include <algorithm>

namespace tailrace::analysis {

namespace {

constexpr std::uint8_t kOut = 1;
constexpr std::int64_t kNever = -1;

bool out_at(const models::PolicyStateRecord& log, std::int64_t ns) {
  // Without changes it is what it was at the end of the warm-up.
  bool out = log.timeline.empty() ? log.seconds.size() > kOut && log.seconds[kOut] > 0
                                  : log.timeline.front().from == kOut;
  for (const models::StatusChange& c : log.timeline) {
    if (c.at.ns >= ns) break;
    out = c.to == kOut;
  }
  return out;
}

bool ends_before(const models::PolicyStateRecord& log, std::int64_t ns) {
  return log.changes > log.timeline.size() && (log.timeline.empty() || log.timeline.back().at.ns < ns);
}

std::int64_t first_out(const models::PolicyStateRecord& log, std::int64_t from, std::int64_t to) {
  for (const models::StatusChange& c : log.timeline) {
    if (c.at.ns >= from && c.at.ns <= to && c.to == kOut) return c.at.ns;
  }
  return kNever;
}

}  // namespace

DetectionReport detection_of(const models::CompiledModel& model,
                             const std::vector<models::RunRecord>& records, int station,
                             const StatusLogs& logs, double confidence) {
  DetectionReport report;
  std::vector<RatioSample> samples;
  for (const models::RunRecord& r : records) {
    RatioSample sample;
    for (const models::FaultActivation& a : r.fault_activations) {
      if (a.start_ns < r.start_ns) continue;
      const std::int64_t end = a.end_ns < 0 ? r.end_ns : a.end_ns;
      std::vector<std::uint32_t> hit;
      for (const std::uint32_t target : a.targets) {
        for (const auto& [of, instance] : model.topology->faults[a.fault].targets[target].instances)
          if (of == station) hit.push_back(static_cast<std::uint32_t>(instance));
      }
      std::sort(hit.begin(), hit.end());
      hit.erase(std::unique(hit.begin(), hit.end()), hit.end());
      for (const std::uint32_t instance : hit) {
        std::int64_t noticed = kNever;
        bool known = true;
        for (const models::PolicyStateRecord* log : logs(r, instance)) {
          known = known && !out_at(*log, a.start_ns) && !ends_before(*log, end);
          const std::int64_t at = first_out(*log, a.start_ns, end);
          if (at != kNever && (noticed == kNever || at < noticed)) noticed = at;
        }
        if (!known) continue;
        ++report.hits;
        if (noticed == kNever) continue;
        ++report.noticed;
        sample.total += sim::seconds_of(noticed - a.start_ns);
        sample.weight += 1;
      }
    }
    samples.push_back(sample);
  }
  report.seconds = ratio_interval(samples, RatioOf::sums, confidence);
  return report;
}

}  // namespace tailrace::analysis
