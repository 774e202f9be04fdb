#pragma once
// Caches in the summary and in summary.json.
#include <string>
#include <vector>

#include "analysis/report/cache_report.hpp"
#include "analysis/report/human.hpp"
#include "analysis/report/json_text.hpp"

namespace tailrace::analysis {

std::string cache_text(const std::vector<CacheReport>& caches, TextStyle style);
void cache_json(JsonText& json, const std::vector<CacheReport>& caches);

}  // namespace tailrace::analysis
