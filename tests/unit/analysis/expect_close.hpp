#pragma once
// Values within a share of what is expected; the seven digits of a published figure unless told.
#include <gtest/gtest.h>

#include <cmath>

namespace tailrace::analysis {

inline void expect_close(double actual, double expected, double relative = 1e-6) {
  EXPECT_NEAR(actual, expected, relative * std::fabs(expected)) << "expected " << expected;
}

}  // namespace tailrace::analysis
