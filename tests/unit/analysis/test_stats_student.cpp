#include <gtest/gtest.h>

#include <cmath>

#include "analysis/stats/student.hpp"
#include "sim/base/check.hpp"

namespace tailrace::analysis {
namespace {

struct Known {
  double dof, p, t;
};
// Computed with 40 digits from I_x(dof/2, 1/2); to three decimals they are every textbook's table.
constexpr Known kTable[] = {
    {1, 0.95, 6.313751514675043},        {1, 0.975, 12.7062047361747},
    {1, 0.995, 63.65674116287158},       {1, 0.9999995, 636619.7723670577},
    {2, 0.95, 2.919985580353726},        {2, 0.975, 4.302652729749464},
    {2, 0.9999995, 999.9992499998437},   {3, 0.95, 2.353363434801824},
    {3, 0.975, 3.18244630528371},        {4, 0.975, 2.776445105197794},
    {4, 0.9999995, 49.45863675693463},   {9, 0.95, 1.833112932656237},
    {9, 0.975, 2.262157162798206},       {9, 0.995, 3.249835541592126},
    {9, 0.9999995, 11.63678202732889},   {9.5, 0.95, 1.822189301318678},
    {9.5, 0.975, 2.244137461492296},     {9.5, 0.995, 3.207015628439489},
    {19, 0.95, 1.72913281152137},        {19, 0.975, 2.09302405440831},
    {19, 0.995, 2.860934606464979},      {29, 0.975, 2.045229642132704},
    {29, 0.9999995, 6.170056101418831},  {100, 0.975, 1.983971518523552},
    {100, 0.9999995, 5.213727574230077},
};
// Around and past 1000, where the expansion takes over.
constexpr Known kLarge[] = {
    {999, 0.975, 1.96234146113345},         {999, 0.9999995, 4.922320372366549},
    {1001, 0.95, 1.646377292199468},        {1001, 0.975, 1.96233670528088},
    {1001, 0.9999995, 4.922258736463622},   {100000, 0.975, 1.95998770753461},
    {100000, 0.9999995, 4.891943340715111},
};

TEST(StudentT, QuantilesMatchTheTables) {
  // 1 - 0.9999995 itself carries a rounding error of 1e-16 / 5e-7 = 2e-10 relative, hence 1e-9 and not less.
  for (const Known& known : kTable) {
    EXPECT_NEAR(t_quantile(known.p, known.dof) / known.t, 1.0, 1e-9) << known.dof << ' ' << known.p;
  }
  for (const Known& known : kLarge) {
    EXPECT_NEAR(t_quantile(known.p, known.dof) / known.t, 1.0, 1e-9) << known.dof << ' ' << known.p;
  }
}

TEST(StudentT, OneAndTwoDegreesHaveClosedForms) {
  for (const double p : {0.6, 0.75, 0.9, 0.99, 0.999}) {
    // Cauchy: tan(pi (p - 1/2)); two degrees: u sqrt(2 / (1 - u^2)) with u = 2 p - 1.
    const double u = 2 * p - 1;
    EXPECT_NEAR(t_quantile(p, 1) / std::tan(3.14159265358979324 * (p - 0.5)), 1.0, 1e-11) << p;
    EXPECT_NEAR(t_quantile(p, 2) / (u * std::sqrt(2 / (1 - u * u))), 1.0, 1e-11) << p;
  }
}

TEST(StudentT, TheQuantileInvertsTheCdfAndIsOdd) {
  for (const double dof : {1.0, 2.5, 9.0, 40.0, 400.0}) {
    for (const double p : {0.001, 0.2, 0.5, 0.7, 0.9999}) {
      EXPECT_NEAR(t_cdf(t_quantile(p, dof), dof), p, 1e-12);
      EXPECT_NEAR(t_quantile(p, dof) + t_quantile(1 - p, dof), 0.0, 1e-9);
    }
  }
  EXPECT_EQ(t_quantile(0.5, 7), 0.0);
}

TEST(StudentT, TheCriticalValueIsTwoSided) {
  EXPECT_NEAR(t_critical(0.95, 9), 2.262157162798206, 1e-9);
  EXPECT_NEAR(t_critical(0.90, 9), 1.833112932656237, 1e-9);
}

TEST(IncompleteBeta, MatchesKnownValuesAndItsSymmetry) {
  EXPECT_NEAR(incomplete_beta(2.5, 3.5, 0.3), 0.2967529892956664, 1e-13);
  EXPECT_NEAR(incomplete_beta(0.5, 20, 0.001), 0.1575838139836385, 1e-13);
  EXPECT_NEAR(incomplete_beta(200, 300, 0.41), 0.6776281647721793, 1e-11);
  EXPECT_NEAR(incomplete_beta(1, 1, 0.37), 0.37, 1e-14);  // the uniform law
  EXPECT_NEAR(incomplete_beta(3, 7, 0.2) + incomplete_beta(7, 3, 0.8), 1.0, 1e-13);
  EXPECT_EQ(incomplete_beta(2, 3, 0), 0.0);
  EXPECT_EQ(incomplete_beta(2, 3, 1), 1.0);
}

TEST(StudentT, ArgumentsOutsideTheDomainBreakAnInvariant) {
  EXPECT_THROW(t_quantile(0, 5), sim::InvariantBroken);
  EXPECT_THROW(t_quantile(1, 5), sim::InvariantBroken);
  EXPECT_THROW(t_quantile(0.9, 0), sim::InvariantBroken);
}

}  // namespace
}  // namespace tailrace::analysis
