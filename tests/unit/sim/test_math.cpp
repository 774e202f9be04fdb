// sim/base/math.hpp against the C library in long double (tests may use it, results may not), and against its
// own fingerprint: the bits must be the same with every compiler and optimisation level.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "sim/base/double_double.hpp"
#include "sim/base/math.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::sim {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kDenormal = std::numeric_limits<double>::denorm_min();

// Distance in units of the last place of the true value.
double ulps(double got, long double exact) {
  const auto near = static_cast<double>(exact);
  if (std::isinf(near) || std::isinf(got)) return near == got ? 0 : kInf;
  const double ulp = std::nextafter(std::fabs(near), kInf) - std::fabs(near);
  return static_cast<double>(std::fabs(static_cast<long double>(got) - exact) /
                             static_cast<long double>(ulp));
}

struct Worst {
  double value = 0;
  double at = 0;
  void see(double v, double x) {
    if (!(v <= value)) {
      value = v;
      at = x;
    }
  }
};

constexpr int kPoints = 200000;

TEST(Math, ExpIsWithinOneUlpOverItsWholeRange) {
  Stream s(1, 0, "math", "exp");
  Worst worst;
  for (int i = 0; i < kPoints; ++i) {
    const double wide = -745 + 1454 * s.uniform();
    const double narrow = 2 * s.uniform() - 1;
    worst.see(ulps(math::exp(wide), expl(wide)), wide);
    worst.see(ulps(math::exp(narrow), expl(narrow)), narrow);
  }
  EXPECT_LT(worst.value, 1) << "at " << worst.at;
}

TEST(Math, LogIsWithinOneUlpIncludingNearOneAndDenormals) {
  Stream s(1, 0, "math", "log");
  Worst worst;
  for (int i = 0; i < kPoints; ++i) {
    const double near_one = 1 + (s.uniform() - 0.5) * 0.05;
    const double any = std::ldexp(1 + s.uniform(), static_cast<int>(s.below(2097)) - 1074);
    worst.see(ulps(math::log(near_one), logl(near_one)), near_one);
    worst.see(ulps(math::log(any), logl(any)), any);
  }
  EXPECT_LT(worst.value, 1) << "at " << worst.at;
}

TEST(Math, PowIsWithinOneUlpWhereTheExponentAmplifies) {
  Stream s(1, 0, "math", "pow");
  Worst worst;
  for (int i = 0; i < kPoints; ++i) {
    const double x = std::ldexp(1 + s.uniform(), static_cast<int>(s.below(60)) - 30);
    const double y = (s.uniform() - 0.5) * 40;
    worst.see(ulps(math::pow(x, y), powl(x, y)), x);
    const double near_one = 0.9 + 0.2 * s.uniform();
    worst.see(ulps(math::pow(near_one, 200 * y), powl(near_one, 200 * y)), near_one);
  }
  EXPECT_LT(worst.value, 1) << "at " << worst.at;
}

TEST(Math, Log1pAndExpm1AreWithinTwoUlpsDownToTinyArguments) {
  Stream s(1, 0, "math", "log1p");
  Worst log1p;
  Worst expm1;
  for (int i = 0; i < kPoints; ++i) {
    const double size = std::ldexp(s.uniform(), -static_cast<int>(s.below(60)));
    for (const double x : {size, -size}) {
      log1p.see(ulps(math::log1p(x), log1pl(x)), x);
      expm1.see(ulps(math::expm1(x), expm1l(x)), x);
    }
    const double wide = 700 * s.uniform() - 30;
    expm1.see(ulps(math::expm1(wide), expm1l(wide)), wide);
  }
  EXPECT_LT(log1p.value, 2) << "at " << log1p.at;
  EXPECT_LT(expm1.value, 2) << "at " << expm1.at;
}

TEST(Math, SineAndCosineHaveTheStatedAbsoluteError) {
  Stream s(1, 0, "math", "sin");
  Worst worst;
  for (int i = 0; i < kPoints; ++i) {
    const double x = (s.uniform() - 0.5) * 2e6;
    worst.see(static_cast<double>(std::fabs(math::sin(x) - sinl(x))), x);
    worst.see(static_cast<double>(std::fabs(math::cos(x) - cosl(x))), x);
  }
  EXPECT_LT(worst.value, 0x1p-52) << "at " << worst.at;
}

TEST(Math, SineOfAWholeNumberOfTurnsIsExactHoweverMany) {
  EXPECT_EQ(math::sin_turn(1e15), 0);
  EXPECT_EQ(math::cos_turn(1e15), 1);
  EXPECT_EQ(math::sin_turn(1e9 + 0.25), 1);
  EXPECT_EQ(math::sin_turn(-0.25), -1);
  EXPECT_EQ(math::cos_turn(0.5), -1);
  EXPECT_NEAR(math::sin_turn(1.0 / 12), 0.5, 1e-16);  // 30 degrees
}

TEST(Math, EdgesAreThoseOfTheCStandard) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(math::exp(0), 1);
  EXPECT_EQ(math::exp(kInf), kInf);
  EXPECT_EQ(math::exp(-kInf), 0);
  EXPECT_EQ(math::exp(710), kInf);
  EXPECT_EQ(math::exp(-746), 0);
  EXPECT_EQ(math::exp(-744.5), kDenormal);  // e^-744.44 is 2^-1074
  EXPECT_TRUE(std::isnan(math::exp(nan)));
  EXPECT_EQ(math::log(1), 0);
  EXPECT_EQ(math::log(0), -kInf);
  EXPECT_EQ(math::log(-0.0), -kInf);
  EXPECT_EQ(math::log(kInf), kInf);
  EXPECT_TRUE(std::isnan(math::log(-1)));
  EXPECT_TRUE(std::isnan(math::log(-kInf)));
  EXPECT_TRUE(std::isnan(math::log(nan)));
  EXPECT_EQ(math::log1p(-1), -kInf);
  EXPECT_TRUE(std::isnan(math::log1p(-2)));
  EXPECT_EQ(math::log1p(kInf), kInf);
  EXPECT_EQ(math::log1p(kDenormal), kDenormal);
  EXPECT_EQ(math::expm1(-kInf), -1);
  EXPECT_EQ(math::expm1(kInf), kInf);
  EXPECT_EQ(math::expm1(kDenormal), kDenormal);
  for (const double x :
       {-kInf, -8.0, -2.5, -1.0, -0.5, -0.0, 0.0, kDenormal, 0.5, 1.0, 3.0, 1e300, kInf, nan}) {
    for (const double y : {-kInf, -1e300, -3.0, -2.0, -0.5, -0.0, 0.0, 1.0 / 3, 2.0, 3.0, 1e300, kInf, nan}) {
      const double expected = std::pow(x, y);
      const double got = math::pow(x, y);
      if (std::isnan(expected)) {
        EXPECT_TRUE(std::isnan(got)) << x << "^" << y;
      } else {
        EXPECT_LE(ulps(got, expected), 1) << x << "^" << y;
        EXPECT_EQ(std::signbit(got), std::signbit(expected)) << x << "^" << y;
      }
    }
  }
}

TEST(Math, ErrorFunctionsKeepTheirRelativeErrorInTheTail) {
  Stream s(1, 0, "math", "erf");
  Worst erf;
  Worst erfc;
  for (int i = 0; i < 20000; ++i) {
    const double x = 12 * s.uniform() - 6;
    erf.see(static_cast<double>(std::fabs(math::erf(x) / erfl(x) - 1)), x);
    const double y = 32 * s.uniform() - 6;
    erfc.see(static_cast<double>(std::fabs(math::erfc(y) / erfcl(y) - 1)), y);
  }
  EXPECT_LT(erf.value, 1e-14) << "at " << erf.at;
  EXPECT_LT(erfc.value, 1e-14) << "at " << erfc.at;
}

TEST(Math, NormalQuantileInvertsTheTail) {
  // d log(tail)/dz is about -z, so an error of 1e-15 z in the quantile shows as z^2 1e-15 <= 1e-12 here (z <
  // 30).
  for (int e = 1; e <= 300; ++e) {
    const double p = math::pow(10, -e) * 0.3;
    EXPECT_NEAR(math::normal_cdf(math::normal_quantile(p)) / p, 1, 2e-12) << p;
  }
  EXPECT_NEAR(math::normal_quantile(0.99), 2.3263478740408411, 1e-15);
  EXPECT_EQ(math::normal_quantile(0.5), 0);
  EXPECT_EQ(math::normal_quantile(0), -kInf);
  EXPECT_EQ(math::normal_quantile(1), kInf);
}

TEST(Math, GammaFunctionsAgreeWithTheCLibrary) {
  Stream s(1, 0, "math", "gamma");
  for (int i = 0; i < 20000; ++i) {
    const double x = 1e-3 + 170 * s.uniform();
    EXPECT_NEAR(static_cast<double>(math::gamma(x) / tgammal(x)), 1, 1e-14) << x;
    const double y = std::ldexp(1 + s.uniform(), static_cast<int>(s.below(30)) - 10);
    const double exact = static_cast<double>(lgammal(y));
    EXPECT_NEAR(math::log_gamma(y), exact, 1e-14 * std::max(1.0, std::fabs(exact))) << y;
  }
  EXPECT_EQ(math::gamma(5), 24);
  EXPECT_EQ(math::gamma(172), kInf);
}

TEST(Math, IncompleteGammaOfWholeShapeIsAPoissonSum) {
  // Q(k, x) = e^-x sum_{i<k} x^i / i!
  for (const int k : {1, 2, 5, 20, 60}) {
    for (const double part : {0.1, 0.5, 0.9, 1.0, 1.1, 1.7}) {
      const double x = k * part;
      long double term = expl(-x);
      long double sum = 0;
      for (int i = 0; i < k; ++i) {
        sum += term;
        term *= static_cast<long double>(x) / (i + 1);
      }
      EXPECT_NEAR(static_cast<double>(math::gamma_q(k, x) / sum), 1, 2e-13) << k << " " << x;
      EXPECT_NEAR(math::gamma_p(k, x) + math::gamma_q(k, x), 1, 1e-15) << k << " " << x;
    }
  }
}

TEST(Math, IncompleteGammaDoesNotJumpWhereTheMethodChanges) {
  const double below = 1e6;
  const double above = 1e6 * (1 + 1e-12);
  for (const double z : {-5.0, -1.0, -0.01, 0.0, 0.3, 4.0}) {
    const double x = 1e6 + 1e3 * z;
    EXPECT_NEAR(math::gamma_p(below, x), math::gamma_p(above, x), 1e-9) << z;
  }
}

// 106-bit arithmetic must know more of a constant than a double does.
TEST(Math, DoubleDoubleAgreesWithLongDoubleBeyondADouble) {
  for (const double x : {0.3, 1.0, 2.5, 77.0}) {
    const math::DoubleDouble e = math::exp_slow({-x, 0});
    const math::DoubleDouble l = math::log_slow({x + 1, 0});
    const math::DoubleDouble r = math::sqrt_slow({x, 0});
    EXPECT_LT(static_cast<double>(fabsl((static_cast<long double>(e.hi) + e.lo) / expl(-x) - 1)), 0x1p-62)
        << x;
    EXPECT_LT(static_cast<double>(fabsl((static_cast<long double>(l.hi) + l.lo) / logl(x + 1) - 1)), 0x1p-62)
        << x;
    EXPECT_LT(static_cast<double>(fabsl((static_cast<long double>(r.hi) + r.lo) / sqrtl(x) - 1)), 0x1p-62)
        << x;
  }
}

TEST(Math, BitsAreTheSameWithEveryCompiler) {
  std::uint64_t h = 0xcbf29ce484222325ULL;
  const auto add = [&](double x) {
    h = (h ^ std::bit_cast<std::uint64_t>(x)) * 0x100000001b3ULL;
    h ^= h >> 29;
  };
  Stream s(42, 0, "golden", "math");
  for (int i = 0; i < 20000; ++i) {
    const double x = (s.uniform() - .5) * 100;
    const double y = s.uniform() * 50 + 1e-9;
    add(math::exp(x));
    add(math::log(y));
    add(math::pow(y, x));
    add(math::log1p(y));
    add(math::expm1(x / 50));
    add(math::sin(x));
    add(math::cos(x));
    add(math::sin_turn(x));
    add(math::cos_turn(y));
    add(math::erf(x / 10));
    add(math::erfc(x / 10));
    add(math::normal_quantile(s.uniform()));
    add(math::gamma(y));
    add(math::log_gamma(y));
    add(math::gamma_p(y, y * s.uniform() * 2));
  }
  EXPECT_EQ(h, 0x283e1d09835f1621ULL);
}

}  // namespace
}  // namespace tailrace::sim
