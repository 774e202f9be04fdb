#pragma once
// How long it takes to notice that a fault hit an instance: from the fault's start to the first time that the
// instance is taken out (marked unhealthy, ejected) while the fault lasts. Whoever looks has a log of
// statuses for each instance, of which the first is "in" and the second "out". Hits of an instance that is
// out already are left out, and those that a log which is full says nothing about.
#include <cstdint>
#include <functional>
#include <vector>

#include "analysis/stats/interval.hpp"
#include "models/compile/compiled_model.hpp"
#include "models/runtime/record.hpp"

namespace tailrace::analysis {

struct DetectionReport {
  std::uint64_t hits = 0;  // of an instance by a fault, since the end of the warm-up
  std::uint64_t noticed = 0;
  Interval seconds;  // of those
};

// The logs of one of the station's instances: one for each that looks; who notices first counts.
using StatusLogs = std::function<std::vector<const models::PolicyStateRecord*>(
    const models::RunRecord& record, std::uint32_t instance)>;
DetectionReport detection_of(const models::CompiledModel& model,
                             const std::vector<models::RunRecord>& records, int station,
                             const StatusLogs& logs, double confidence);

}  // namespace tailrace::analysis
