#pragma once
// What a run says of its cascade: for a person, and in summary.json.
#include <string>

#include "analysis/cascade/cascade_report.hpp"
#include "analysis/report/human.hpp"
#include "analysis/report/json_text.hpp"

namespace tailrace::analysis {

// A cell each: what was seen of it ("queue"), how strong that was ("12.0 %", "3.4 s"), and why ("retry load:
// frontend").
const char* seen_as(const CascadeHitReport& h);
std::string symptom_amount(const CascadeHitReport& h, double value, TextStyle style);
std::string cause_words(const CascadeHitReport& h);

// Empty where nothing happened.
std::string cascade_text(const CascadeReport& report, TextStyle style);
void cascade_json(JsonText& json, const CascadeReport& report);

}  // namespace tailrace::analysis
