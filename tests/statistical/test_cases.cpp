// Every case of theory as a test of its own, and all of them together against the standard normal law.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/statistical/cases.hpp"

namespace tailrace::tests {

std::vector<Case> all_cases() {
  struct Family {
    const char* name;
    std::vector<Case> (*cases)();
  };
  std::vector<Case> all;
  for (const Family& family : {Family{"One queue", single_queue_cases},
                               {"Who is served next", discipline_cases},
                               {"Bounded queues and pools", bounded_queue_cases},
                               {"Networks of queues", network_of_queues_cases},
                               {"Fan-out and branches", fan_out_cases},
                               {"Failures, retries and breakers", failure_cases},
                               {"Balancing", balancing_cases},
                               {"Network links", link_cases},
                               {"Transients", transient_cases},
                               {"Distributions", distribution_cases},
                               {"Hedging", hedging_cases},
                               {"Retry budgets", budget_cases},
                               {"Admission and limits", admission_cases},
                               {"Messaging", messaging_cases},
                               {"Availability", availability_cases},
                               {"Autoscaling", autoscaling_cases},
                               {"Caches", cache_cases}}) {
    for (Case& c : family.cases()) {
      c.family = family.name;
      all.push_back(std::move(c));
    }
  }
  return all;
}

namespace {

class TheoryTest : public testing::TestWithParam<Case> {};

TEST_P(TheoryTest, IsMet) {
  run_case(GetParam());
}

INSTANTIATE_TEST_SUITE_P(Cases, TheoryTest, testing::ValuesIn(all_cases()),
                         [](const testing::TestParamInfo<Case>& test) {
                           std::string name = test.param.id;
                           for (char& c : name) {
                             if (!std::isalnum(static_cast<unsigned char>(c))) c = '_';
                           }
                           return name;
                         });

// A second, independent experiment over all cases, at half the size. If an estimate were biased, or its
// spread over the replications misjudged, the z values would be too wide; if replications were not
// independent, too narrow. With 20 replications z follows Student's law with 19 degrees of freedom, whose
// root mean square is 1.06.
TEST(TheoryErrors, LookStandardNormal) {
  CaseOptions options;
  options.size = 0.5;
  options.seed = 20260101;
  options.jobs = 0;
  options.check_tolerances = false;
  double squares = 0, sum = 0;
  int n = 0;
  for (const Case& c : all_cases()) {
    for (const Score& score : run_case(c, options)) {
      if (!score.has_z) continue;
      squares += score.z * score.z;
      sum += score.z;
      ++n;
    }
  }
  const double rms = std::sqrt(squares / n);
  fmt::print("{} figures, mean z {:+.3f}, root mean square {:.3f}\n", n, sum / n, rms);
  EXPECT_GT(n, 400);
  // 150 cases, each as good as a figure or two of its own: their mean is known to 0.08.
  EXPECT_LT(std::abs(sum / n), 0.4);
  EXPECT_GT(rms, 0.8);
  EXPECT_LT(rms, 1.3);
}

}  // namespace
}  // namespace tailrace::tests
