#pragma once
// Elasticities as a tornado in text and in SVG (the longest bar on top, its interval as a whisker), as a
// table in Markdown, as sensitivity.json (docs/sensitivity.schema.json) and as CSV. Nothing written depends
// on the host.
#include <string>

#include "analysis/report/human.hpp"
#include "scenarios/sensitivity/sensitivity.hpp"

namespace tailrace::scenarios {

inline constexpr int kSensitivityVersion = 1;

std::string sensitivity_text(const Sensitivity& s, analysis::TextStyle style);
std::string sensitivity_markdown(const Sensitivity& s);  // of the primary figure
std::string sensitivity_json(const Sensitivity& s);
std::string sensitivity_csv(const Sensitivity& s);
std::string sensitivity_svg(const Sensitivity& s);  // of the primary figure; follows light and dark

}  // namespace tailrace::scenarios
