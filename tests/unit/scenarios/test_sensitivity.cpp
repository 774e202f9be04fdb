// The settings between which a parameter's sensitivity is measured.
#include <gtest/gtest.h>

#include "scenarios/sensitivity/sensitivity.hpp"

namespace tailrace::scenarios {
namespace {

TEST(Settings, AreTheOnlyNumberOfTheText) {
  Setting base, low, high;
  const auto both = [&](const std::string& text) {
    const std::string why = settings_of(text, 0.1, base, low, high);
    return why.empty() ? low.text + " " + high.text : "refused";
  };
  EXPECT_EQ(both("exp(10ms)"), "exp(9ms) exp(11ms)");
  EXPECT_EQ(both("100/s"), "90/s 110/s");
  EXPECT_EQ(both("2.5s"), "2.25s 2.75s");
  EXPECT_EQ(both("8"), "7 9");  // one at least
  EXPECT_EQ(both("40"), "36 44");
  EXPECT_EQ(both("1"), "1 2");  // nothing below
  EXPECT_EQ(both("lognormal(mean=3ms, p99=12ms)"), "refused");
  EXPECT_EQ(both("fifo"), "refused");
  EXPECT_EQ(both("0"), "refused");
}

}  // namespace
}  // namespace tailrace::scenarios
