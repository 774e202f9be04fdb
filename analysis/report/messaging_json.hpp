#pragma once
// The section `messaging` of summary.json; null where the model has no messages, effects or milestones.
#include "analysis/report/json_text.hpp"
#include "analysis/report/messaging_report.hpp"

namespace tailrace::analysis {

void messaging_json(JsonText& json, const MessagingReport& report, const models::CompiledModel& model);

}  // namespace tailrace::analysis
