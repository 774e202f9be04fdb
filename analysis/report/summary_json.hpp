#pragma once
// summary.json: everything in a RunReport, as a contract. SI units (seconds, per second, fractions of 1);
// names of times end in _s, of rates in _per_s. Every estimate is {estimate, low, high, confidence, count,
// groups}; what could not be estimated is null, with a reason. The schema is docs/summary.schema.json; a
// change of meaning raises kSummaryVersion.
#include <string>

#include "analysis/report/cost_report.hpp"
#include "analysis/report/kept_figures.hpp"
#include "analysis/report/run_results.hpp"
#include "analysis/slo/slo.hpp"

namespace tailrace::analysis {

inline constexpr int kSummaryVersion = 1;

// `kept`: figures of each replication, for a later run to be compared with; `slos`: analysis/slo; `cost`: by the
// scenario's prices.
std::string summary_json(const RunResults& results, const std::vector<KeptFigure>& kept = {},
                         const std::vector<SloReport>& slos = {}, const CostReport& cost = {});

}  // namespace tailrace::analysis
