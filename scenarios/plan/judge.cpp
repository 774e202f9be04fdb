#include "scenarios/plan/judge.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "analysis/prediction/predict.hpp"
#include "analysis/report/run_report.hpp"
#include "analysis/report/threshold_decision.hpp"
#include "scenarios/run/replicate.hpp"

namespace tailrace::scenarios {

namespace {

using analysis::Interval;
using analysis::ThresholdResult;
using analysis::ThresholdVerdict;

constexpr int kFewest = 3;  // replications of a first round; fewer have hardly an interval

int first_round(const models::CompiledModel& model) {
  const auto asked = static_cast<int>(model.topology->run.replications);
  return asked >= kFewest ? asked : 5;
}

Meets meets_of(const ThresholdResult& t) {
  switch (analysis::decided(t)) {
    case analysis::Decided::met:
      return Meets::yes;
    case analysis::Decided::failed:
      return Meets::no;
    case analysis::Decided::untold:
      return Meets::untold;
  }
  return Meets::untold;
}

// How far past the limit, in shares of it: positive where the condition does not hold.
double excess(const JudgedThreshold& t) {
  const double limit = t.result.limit == 0 ? 1 : std::fabs(t.result.limit);
  const double distance = std::fabs(t.result.measured.estimate - t.result.limit) / limit;
  if (t.result.verdict == ThresholdVerdict::no_data) return 0;
  return analysis::holds(t.result, t.result.measured.estimate) ? -distance : distance;
}

// Stations of which theory is sure that they cannot carry the load; empty where it does not know.
std::string overload(const models::CompiledModel& model) {
  if (!model.scaled.empty() || !model.topology->faults.empty()) return "";
  const analysis::Prediction prediction = analysis::predict(*model.topology);
  if (!prediction.message.empty() || prediction.stable) return "";
  std::vector<std::string> names;
  for (const analysis::StationPrediction& s : prediction.stations) {
    if (s.surely_unstable && s.rate_known) names.push_back(s.name);
  }
  return names.empty() ? "" : fmt::format("theory: {} overloaded", fmt::join(names, ", "));
}

}  // namespace

const char* meets_name(Meets meets) {
  constexpr const char* kNames[] = {"meets", "fails", "untold"};
  return kNames[static_cast<std::size_t>(meets)];
}

const JudgedThreshold* Judgement::binding() const {
  const JudgedThreshold* worst = nullptr;
  for (const JudgedThreshold& t : thresholds) {
    // What is decided against comes before what is not decided, and that before what is met.
    const auto rank = [](const JudgedThreshold& j) {
      return j.meets == Meets::no ? 2 : j.meets == Meets::untold ? 1 : 0;
    };
    if (worst == nullptr || rank(t) > rank(*worst) || (rank(t) == rank(*worst) && excess(t) > excess(*worst)))
      worst = &t;
  }
  return worst;
}

bool Judgement::none_is_by_estimate() const {
  return std::none_of(thresholds.begin(), thresholds.end(),
                      [](const JudgedThreshold& t) { return t.by_estimate; });
}

bool Judge::look(const models::CompiledModel& model, const std::vector<models::RunRecord>& records, int look,
                 int looks, Judgement& out) const {
  const std::vector<JudgedThreshold> before = std::move(out.thresholds);
  out.thresholds.clear();
  const analysis::RunReport report = analysis::build_run_report(model, records);
  const auto results = analysis::evaluate_thresholds(model, records, report);
  const double confidence =
      1 - (1 - options_.confidence) / (looks * static_cast<double>(std::max<std::size_t>(1, results.size())));
  bool indifferent = true;
  for (std::size_t k = 0; k < results.size(); ++k) {
    JudgedThreshold t;
    t.result = results[k];
    Interval& measured = t.result.measured;
    if (t.result.verdict == ThresholdVerdict::no_data) {
      indifferent = indifferent && look > 0;  // more may bring some
    } else if (!measured.known) {
      t.by_estimate = true;
      if (look == 0) {
        t.meets = t.result.verdict == ThresholdVerdict::pass ? Meets::yes : Meets::no;
      } else {
        t = before[k];
      }
    } else {
      analysis::set_confidence(measured, confidence);
      t.meets = meets_of(t.result);
      if (t.meets == Meets::untold &&
          measured.half_width() > options_.indifference * std::fabs(t.result.limit))
        indifferent = false;
    }
    out.thresholds.push_back(std::move(t));
  }
  const auto any = [&](Meets m) {
    return std::any_of(out.thresholds.begin(), out.thresholds.end(),
                       [&](const JudgedThreshold& t) { return t.meets == m; });
  };
  out.meets = any(Meets::no) ? Meets::no : any(Meets::untold) ? Meets::untold : Meets::yes;
  // A percentile may have its interval once there are more requests; one more round is worth finding out.
  if (look == 0 && !out.none_is_by_estimate()) return false;
  return out.meets != Meets::untold || indifferent;
}

Judgement Judge::judge(const std::vector<std::string>& paths, const std::vector<std::string>& values,
                       bool theory, int looks) const {
  Judgement out;
  auto topology = build_point(scenario_, paths, values, "plan", out.reason);
  if (!topology) {
    out.wrong = true;
    out.meets = Meets::no;
    return out;
  }
  const auto model = models::compile(std::make_shared<const models::Topology>(std::move(*topology)));
  if (theory) {
    out.reason = overload(*model);
    if (!out.reason.empty()) {
      out.by_theory = true;
      out.meets = Meets::no;
      return out;
    }
  }
  std::string name;
  for (std::size_t k = 0; k < paths.size(); ++k) name += (k == 0 ? "" : ", ") + paths[k] + "=" + values[k];
  int round = 0;
  ReplicateOptions options;
  options.jobs = options_.jobs;
  options.crew = options_.crew;
  options.recipe = point_recipe(paths, values);
  options.interrupt = options_.interrupt;
  options.first_round = first_round(*model);
  options.max_replications = options.first_round << (looks - 1);
  options.enough = [&](const std::vector<models::RunRecord>& records) {
    return look(*model, records, round++, looks, out);
  };
  options.progress = [&](int done, int, double) {
    if (options_.progress) options_.progress(name, done);
  };
  const ReplicateResult result = replicate(model, options);
  out.replications = static_cast<int>(result.records.size());
  out.interrupted = options_.interrupt != nullptr && options_.interrupt->load() != 0;
  if (out.interrupted) return out;
  const bool ended_early =
      result.records.empty() || result.records.back().status != models::RunStatus::completed;
  if (ended_early || result.out_of_memory) {
    out.broken =
        !result.records.empty() && result.records.back().status == models::RunStatus::invariant_broken;
    out.meets = Meets::no;
    out.reason = result.out_of_memory || result.records.empty()
                     ? "no more memory"
                     : fmt::format("{}: {}", models::status_name(result.records.back().status),
                                   result.records.back().message);
  }
  return out;
}

}  // namespace tailrace::scenarios
