#pragma once
// For tests of what library scenarios teach: a scenario with changes, its figures per replication, and the
// interval of a difference. Replications are paired: the same seeds, so the same arrivals.
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "analysis/cascade/cascade_report.hpp"
#include "tests/support/metrics.hpp"
#include "tests/support/scenario.hpp"

namespace tailrace::tests {

// `name` without folder and ending; each change as for --set. Five replications, where no change says more.
Results run_library(const std::string& name, std::vector<std::string> changes = {},
                    const std::string& variant = "");

// Parts of a record by name; a name that is not there is a broken test and throws, here and below.
const models::StationRecord& station_record(const models::CompiledModel& m, const models::RunRecord& r,
                                            const std::string& name);
const models::OperationRecord& operation_record(const models::CompiledModel& m, const models::RunRecord& r,
                                                const std::string& name);

using Figure = std::function<double(const models::CompiledModel&, const models::RunRecord&)>;
Figure successes(const std::string& workload);  // of what ended
Figure goodput_per_s(const std::string& workload);
Figure attempts(const std::string& from, const std::string& operation);  // per call
Figure arrivals_per_request(const std::string& operation, const std::string& workload);
Figure degraded(const std::string& workload);     // of the successes
Figure wasted_share(const std::string& station);  // of the worker-seconds

// Of messages. Groups and effects are called "orders/billing", milestones "orders/paid".
Figure published(const std::string& channel);
Figure effects(const std::string& name, std::uint64_t models::EffectRecord::*count);
Figure missed(const std::string& name);  // never came about
Figure redelivered_share(const std::string& group);
Figure gone(const std::string& group, models::Fate fate);
Figure lag_at(const std::string& group, double seconds);  // at the end of the window that holds the time
Figure milestones(const std::string& name);               // how often
Figure milestone_mean(const std::string& name);           // seconds from the request's start
Figure minus(Figure a, Figure b);

double mean(const Results& run, const Figure& figure);
// EXPECT_NEAR(mean(run, figure), expected, tolerance), told to docs/validation.md in the figure's own words.
#define EXPECT_FIGURE(run, figure, expected, tolerance) \
  EXPECT_TRUE(figure_is_near(__FILE__, __LINE__, #figure, run, figure, expected, tolerance))
testing::AssertionResult figure_is_near(const char* file, int line, const char* words, const Results& run,
                                        const Figure& figure, double expected, double tolerance);
double least(const Results& run, const Figure& figure);  // of the replications
double most(const Results& run, const Figure& figure);

// Replications with that verdict.
int with_verdict(const analysis::CascadeReport& report, analysis::Verdict verdict);

struct Bounds {
  double low, high;
};
// Of a - b, by Student's t over paired replications, 99 %.
Bounds difference(const Results& a, const Figure& of_a, const Results& b, const Figure& of_b);

}  // namespace tailrace::tests
