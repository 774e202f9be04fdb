#pragma once
// The tornado as sections of a page, and as a page of its own, in the style of report.html: it opens offline,
// follows light and dark, and on a phone each parameter's name stands above its bar. Behind it, in a table,
// what was set and what the figure was there, and the elasticities of the other figures that were told from
// 0.
#include <string>

#include "scenarios/sensitivity/sensitivity.hpp"

namespace tailrace::scenarios {

std::string sensitivity_html(const Sensitivity& s);
std::string sensitivity_sections(const Sensitivity& s);  // for a page that has both style sheets
extern const char* const kTornadoStyle;

}  // namespace tailrace::scenarios
