// The cases of messaging with parameters drawn at random: consumers, batches, timeouts, loss. Fifty-five
// closed forms, each against twenty replications; a figure is wrong that is five standard errors off.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>

#include "tests/statistical/variants.hpp"

namespace tailrace::tests {
namespace {

TEST(MessagingVariants, AgreeWithTheirClosedForms) {
  CaseOptions options;
  options.size = 0.2;
  options.seed = 41;
  options.jobs = 2;
  options.check_tolerances = false;  // those are made for the whole size; z is for any
  double squares = 0;
  int n = 0;
  for (const Case& c : random_messaging_cases(20261121, 5)) {
    for (const Score& score : run_case(c, options)) {
      if (!score.has_z) continue;
      squares += score.z * score.z;
      ++n;
    }
  }
  // Student's law with 19 degrees of freedom: 1.06.
  const double rms = std::sqrt(squares / n);
  fmt::print("{} figures, root mean square of z {:.3f}\n", n, rms);
  EXPECT_GT(n, 130);
  EXPECT_GT(rms, 0.8);
  EXPECT_LT(rms, 1.3);
}

}  // namespace
}  // namespace tailrace::tests
