#pragma once
// Where the slow requests' time went: for a person, and in summary.json. Empty where nothing was traced.
#include <string>

#include "analysis/report/human.hpp"
#include "analysis/report/json_text.hpp"
#include "analysis/tail/tail.hpp"

namespace tailrace::analysis {

// The band that the short texts are about: p99, or what is nearest to it among those with requests; null
// where no request succeeded.
const TailBand* told_band(const TailClass& cls);
const TailBand* band_named(const TailClass& cls, const char* name);
// "p99 (12.0 ms to 34.1 ms): 71 % db queue, 20 % api service; 55 % of the time for stragglers".
std::string tail_sentence(const models::CompiledModel& model, const TailBand& band, TextStyle style);

std::string tail_text(const TailReport& report, const models::CompiledModel& model, TextStyle style);
void tail_json(JsonText& json, const TailReport& report, const models::CompiledModel& model);

}  // namespace tailrace::analysis
