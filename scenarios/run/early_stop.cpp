#include "scenarios/run/early_stop.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/report/run_report.hpp"
#include "analysis/report/threshold_decision.hpp"
#include "scenarios/run/threshold_items.hpp"

namespace tailrace::scenarios {

namespace {

using models::Node;

constexpr double kError = 0.05;  // of stopping a run whose threshold holds

// A greatest value past an upper limit.
bool gone_for_good(const analysis::ThresholdResult& t) {
  return t.verdict == analysis::ThresholdVerdict::fail && t.expression.find("max") != std::string::npos &&
         (t.op == "<" || t.op == "<=");
}

}  // namespace

EarlyStop::EarlyStop(const models::ScenarioDoc& doc, bool all, int replications) {
  for_each_threshold(doc, [&](const std::string& metric, const Node& item) {
    const Node* condition = item.is_map() ? item.find("threshold") : &item;
    if (condition != nullptr && (all || (item.is_map() && aborts(item))))
      thresholds_.emplace_back(metric, condition->text);
  });
  for (int done = 0; done < replications; done = done == 0 ? kFirstRound : 2 * done) ++rounds_;
}

bool EarlyStop::failed(const models::CompiledModel& model, const std::vector<models::RunRecord>& records) {
  const analysis::RunReport report = analysis::build_run_report(model, records);
  const double confidence = 1 - kError / (rounds_ * static_cast<double>(thresholds_.size()));
  for (analysis::ThresholdResult t : analysis::evaluate_thresholds(model, records, report)) {
    const bool asked = std::any_of(thresholds_.begin(), thresholds_.end(), [&](const auto& wanted) {
      return wanted.first == t.metric && wanted.second == t.expression;
    });
    if (!asked || t.verdict == analysis::ThresholdVerdict::no_data) continue;
    analysis::set_confidence(t.measured, confidence);
    if (analysis::decided(t) != analysis::Decided::failed && !gone_for_good(t)) continue;
    reason_ = fmt::format("{} {} failed beyond doubt after {} replications: {:.4g}", t.metric, t.expression,
                          records.size(), t.measured.estimate);
    if (t.measured.known)
      reason_ +=
          fmt::format(" ({:.4g} to {:.4g} at {:.4g} %)", t.measured.low, t.measured.high, 100 * confidence);
    return true;
  }
  return false;
}

}  // namespace tailrace::scenarios
