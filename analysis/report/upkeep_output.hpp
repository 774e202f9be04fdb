#pragma once
// The same as text, for the summary and the page, and as JSON. Runs without discovery, gates, prices and
// contexts have none of it.
#include <string>

#include "analysis/report/human.hpp"
#include "analysis/report/json_text.hpp"
#include "analysis/report/upkeep_report.hpp"

namespace tailrace::analysis {

std::string upkeep_text(const UpkeepReport& report, TextStyle style);
void upkeep_json(JsonText& json, const UpkeepReport& report);

}  // namespace tailrace::analysis
