#pragma once
// A report's fingerprints, which see all records, and the figures of requests, stations, edges, links and
// messages that are made of them, as one text, doubles to their last bit: a NaN shows as "nan". Unknown
// interval ends show as "inf", so those are left out.
#include <string>

#include "analysis/report/run_report.hpp"

namespace tailrace::tests {

std::string figures(const analysis::RunReport& report);

}  // namespace tailrace::tests
