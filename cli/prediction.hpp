#pragma once
// Theory beside the simulation: what queueing formulas and the call graph say before any event, and how a
// run's figures compare with it.
#include <string>

#include "analysis/report/human.hpp"
#include "analysis/report/json_text.hpp"
#include "analysis/report/run_report.hpp"
#include "models/topology/topology.hpp"

namespace tailrace::cli {

// The block of `check`.
std::string prediction_block(const models::Topology& topology, analysis::TextStyle style);
// The block of `run`: predicted beside measured.
std::string comparison_block(const models::Topology& topology, const analysis::RunReport& report,
                             analysis::TextStyle style);
// The member "prediction" of `check --format json`.
void write_prediction(analysis::JsonText& json, const models::Topology& topology);

}  // namespace tailrace::cli
