#pragma once
// Every number of a report as one text, doubles to their last bit: two reports are the same when their texts
// are, and a NaN shows as "nan". Unknown interval ends show as "inf", so those are left out.
#include <string>

#include "analysis/report/run_report.hpp"

namespace tailrace::tests {

std::string figures(const analysis::RunReport& report);

}  // namespace tailrace::tests
