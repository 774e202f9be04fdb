// Every law against its own theory: draws against moments, quantiles and the cdf; the theory against closed
// forms.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "sim/base/check.hpp"
#include "sim/base/math.hpp"
#include "sim/random/distribution.hpp"
#include "sim/random/sampler.hpp"

namespace tailrace::sim {
namespace {

using D = Distribution;

struct Case {
  std::string name;
  Distribution law;
};
const std::vector<Case>& cases() {
  static const std::vector<Case> list = {
      {"uniform", D::uniform(1, 10)},
      {"exponential", D::exponential(0.02)},
      {"erlang of few phases", D::erlang(3, 0.03)},
      {"erlang of many phases", D::erlang(20, 0.03)},
      {"gamma, shape below 1", D::gamma(0.5, 2)},
      {"gamma, shape above 1", D::gamma(2.5, 2)},
      {"normal", D::normal(250, 50)},
      {"normal cut deep", D::normal(1, 1)},
      {"lognormal", D::lognormal_mean_sd(0.02, 0.02)},
      {"weibull", D::weibull(1.5, 2)},
      {"pareto", D::pareto(4.5, 0.01)},
      {"hyperexponential", D::hyperexponential({0.887, 0.113}, {5.6, 44})},
      {"mixture", D::mixture({0.9, 0.1}, {D::exponential(5), D::uniform(50, 100)})},
      {"empirical values", D::empirical_values({5, 1, 2, 2, 9})},
      {"empirical cdf", D::empirical_cdf({0, 1, 3, 10}, {0.1, 0.5, 0.9, 1})},
      {"zipf", D::zipf(1.1, 1000)},
      {"zipf of exponent 1", D::zipf(1, 10000000)},
      {"zipf of exponent 0", D::zipf(0, 100)},
  };
  return list;
}

// The first four draws of each case from Stream(42, 0, "golden", "test").
constexpr double kGolden[][4] = {
    {0x1.2f072b3d07f18p+3, 0x1.61bf7562fe56fp+2, 0x1.68cbab9c1648bp+2, 0x1.1af9eef1fd072p+3},  // uniform
    {0x1.a6b072cb87807p-4, 0x1.a774197be5ffap-7, 0x1.3491e3b103cbcp-8, 0x1.88553a9575031p-6},  // exponential
    {0x1.e172880747d21p-8, 0x1.9d3de43e1a93ap-5, 0x1.78ad48a2a8381p-4,
     0x1.605bcfd60b0bap-5},  // erlang of few phases
    {0x1.b76a5becf5476p-6, 0x1.3bbfb8c8b8e8bp-5, 0x1.9df244138ee71p-5,
     0x1.3fe6a8ef75d34p-5},  // erlang of many phases
    {0x1.1cf7e59cf3911p+0, 0x1.011c663e9dfep-6, 0x1.5a68c2d4a69a8p-1,
     0x1.f02a2665dfa11p-1},  // gamma, shape below 1
    {0x1.9c487a87e73c1p+1, 0x1.2366240564931p+3, 0x1.7de39efc07e51p+1,
     0x1.2d51efc792c88p+3},  // gamma, shape above 1
    {0x1.ae1e6e0f8e78ap+6, 0x1.1b0be54a890edp+8, 0x1.0c0d2f75d795p+8, 0x1.35977076239cfp+8},  // normal
    {0x1.74623131ba1e2p+1, 0x1.a932aa736193ap+0, 0x1.5c6c781de9615p+0,
     0x1.188decb38e5eap+1},  // normal cut deep
    {0x1.59c4806c3d3fp-10, 0x1.91b5117df7b6cp-6, 0x1.38f305ae31b32p-6, 0x1.387e25b006a8bp-5},  // lognormal
    {0x1.7e34bb0e4c15bp+2, 0x1.7eaaa309f0f8p+0, 0x1.866ad29f5485p-1, 0x1.20a73e0ee9e8bp+1},    // weibull
    {0x1.01d87c58a7702p-5, 0x1.7a46a3bf8130ep-7, 0x1.594773d650ff6p-7, 0x1.ab9087987ffe1p-7},  // pareto
    {0x1.1825e57c05c64p+4, 0x1.36314019bebeap+3, 0x1.b5af3f40a9a47p+4,
     0x1.12393e7efdf34p+3},  // hyperexponential
    {0x1.094fe24c6aee8p+6, 0x1.14f51dcdd805ap+3, 0x1.86ca2f5529c09p+4, 0x1.e9af5d507c57p+2},  // mixture
    {0x1.2p+3, 0x1p+1, 0x1p+1, 0x1.2p+3},  // empirical values
    {0x1.77fdbd0ab473ap+2, 0x1.03e25a3151a4cp+0, 0x1.138bb63e6a68ap+0,
     0x1.6db9a1363248bp+1},                       // empirical cdf
    {0x1p+0, 0x1.8p+3, 0x1.6p+3, 0x1p+0},         // zipf
    {0x1p+0, 0x1.172p+11, 0x1.c7p+10, 0x1.4p+2},  // zipf of exponent 1
    {0x1.8p+2, 0x1.9p+5, 0x1.88p+5, 0x1.ap+3},    // zipf of exponent 0
};

constexpr int kDraws = 1000000;

std::vector<double> sorted_draws(const Distribution& law, std::uint64_t seed) {
  const Sampler sampler(law);
  Stream stream(seed, 0, "component", "service");
  std::vector<double> x(kDraws);
  for (double& v : x) v = sampler.sample(stream);
  std::sort(x.begin(), x.end());
  return x;
}

TEST(Distribution, DrawsAreBitForBitTheRecordedOnes) {
  ASSERT_EQ(std::size(kGolden), cases().size());
  for (std::size_t i = 0; i < cases().size(); ++i) {
    const Sampler sampler(cases()[i].law);
    Stream stream(42, 0, "golden", "test");
    for (const double expected : kGolden[i]) EXPECT_EQ(sampler.sample(stream), expected) << cases()[i].name;
  }
}

TEST(Distribution, LongRunsOfDrawsAreBitForBitTheRecordedOnes) {
  std::uint64_t h = 0xcbf29ce484222325ULL;
  for (const Case& c : cases()) {
    Stream stream(42, 0, "golden", "long");
    const Sampler sampler(c.law);
    for (int i = 0; i < 20000; ++i) {
      h = (h ^ std::bit_cast<std::uint64_t>(sampler.sample(stream))) * 0x100000001b3ULL;
      h ^= h >> 29;
    }
  }
  EXPECT_EQ(h, 0xe53acfa6025da9f1ULL);
}

TEST(Distribution, EveryDrawTakesExactlyOneOutputOfTheStream) {
  for (const Case& c : cases()) {
    const Sampler sampler(c.law);
    Stream drawn(9, 0, "a", "b");
    Stream counted(9, 0, "a", "b");
    for (int i = 0; i < 10000; ++i) {
      sampler.sample(drawn);
      counted.next();
    }
    EXPECT_EQ(drawn.next(), counted.next()) << c.name;
  }
}

TEST(Distribution, AConstantTakesNothingFromTheStream) {
  Stream drawn(9, 0, "a", "b");
  Stream untouched(9, 0, "a", "b");
  EXPECT_EQ(Sampler(D::constant(5)).sample(drawn), 5);
  EXPECT_EQ(Sampler().sample(drawn), 0);
  EXPECT_EQ(drawn.next(), untouched.next());
}

// The largest gap between the empirical cdf and the law's; beyond 1.95/sqrt(n) one honest sample in 1000
// falls.
TEST(Distribution, DrawsPassKolmogorovAndSmirnov) {
  for (const Case& c : cases()) {
    const std::vector<double> x = sorted_draws(c.law, 5);
    double gap = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (i + 1 < x.size() && x[i + 1] == x[i]) continue;  // at an atom the cdf counts all equal values
      gap = std::max(gap, std::fabs(c.law.cdf(x[i]) - static_cast<double>(i + 1) / kDraws));
    }
    EXPECT_LT(gap, 1.95 / 1000) << c.name;
  }
}

TEST(Distribution, DrawsHaveTheMomentsAndQuantilesOfTheLaw) {
  for (const Case& c : cases()) {
    const std::vector<double> x = sorted_draws(c.law, 6);
    double mean = 0;
    for (const double v : x) mean += v / kDraws;
    double variance = 0;
    for (const double v : x) variance += (v - mean) * (v - mean) / kDraws;
    // The mean within 5 of its standard errors, at most 0.0016 sd * 5; heavy fourth moments blur the sd the
    // most.
    const double sd = std::sqrt(c.law.variance());
    EXPECT_NEAR(mean, c.law.mean(), 0.005 * sd) << c.name;
    EXPECT_NEAR(std::sqrt(variance) / sd, 1, 0.015) << c.name;
    // A quantile is where the law's cdf is p: an empirical one lies between the law's at p -+ 5
    // sqrt(p(1-p)/n).
    for (const double p : {0.5, 0.9, 0.99, 0.9999}) {
      const double got = x[static_cast<std::size_t>(p * kDraws)];
      const double error = 5 * std::sqrt(p * (1 - p) / kDraws);
      EXPECT_GE(got, c.law.quantile(p - error)) << c.name << " p=" << p;
      EXPECT_LE(got, c.law.quantile(p + error)) << c.name << " p=" << p;
    }
  }
}

TEST(Distribution, SuccessiveDrawsAreUncorrelated) {
  for (const Case& c : cases()) {
    const Sampler sampler(c.law);
    Stream stream(8, 0, "component", "service");
    // Ranks rather than values: the cdf of a draw has a finite variance whatever the law's tail.
    double before = c.law.cdf(sampler.sample(stream));
    double sum = 0, square = 0, product = 0;
    constexpr int kPairs = 100000;
    for (int i = 0; i < kPairs; ++i) {
      const double u = c.law.cdf(sampler.sample(stream));
      sum += u;
      square += u * u;
      product += u * before;
      before = u;
    }
    const double mean = sum / kPairs;
    const double correlation = (product / kPairs - mean * mean) / (square / kPairs - mean * mean);
    EXPECT_LT(std::fabs(correlation), 4 / std::sqrt(kPairs)) << c.name;
  }
}

TEST(Distribution, CdfOfQuantileIsTheProbabilityOrJumpsOverIt) {
  for (const Case& c : cases()) {
    for (const double p : {1e-6, 0.001, 0.25, 0.5, 0.9, 0.99, 0.999999}) {
      const double x = c.law.quantile(p);
      EXPECT_GE(c.law.cdf(x), p - 1e-12) << c.name << " " << p;
      EXPECT_LE(c.law.cdf(x * (1 - 1e-9) - 1e-300), p + 1e-8) << c.name << " " << p;
    }
    EXPECT_EQ(c.law.quantile(0), c.law.minimum()) << c.name;
    EXPECT_EQ(c.law.cdf(std::numeric_limits<double>::infinity()), 1) << c.name;
    EXPECT_EQ(c.law.cdf(-1), 0) << c.name;
  }
}

TEST(Distribution, ScalingScalesEveryDrawAndTheTheory) {
  for (const Case& c : cases()) {
    const D twice = c.law.scaled(2);
    EXPECT_NEAR(twice.mean() / c.law.mean(), 2, 1e-14) << c.name;
    EXPECT_NEAR(twice.scv() / c.law.scv(), 1, 1e-12) << c.name;
    EXPECT_NEAR(twice.quantile(0.9) / c.law.quantile(0.9), 2, 1e-12) << c.name;
    const Sampler one(c.law);
    const Sampler two(twice);
    Stream a(1, 0, "x", "y");
    Stream b(1, 0, "x", "y");
    for (int i = 0; i < 1000; ++i) {
      const double x = one.sample(a);
      EXPECT_NEAR(two.sample(b), 2 * x, 1e-13 * x) << c.name;
    }
  }
  EXPECT_EQ(D::exponential(3).scaled(0).to_string(), "constant(0)");
}

TEST(Distribution, LognormalOfMean20msAndCv1HasTheKnownQuantiles) {
  const D d = D::lognormal_mean_sd(.02, .02);  // sigma^2 = ln 2, median = mean / sqrt 2
  EXPECT_NEAR(d.quantile(.5), .01414214, 5e-9);
  EXPECT_NEAR(d.quantile(.9), .04110461, 5e-9);
  EXPECT_NEAR(d.quantile(.99), .09809833, 5e-9);
  EXPECT_NEAR(d.scv(), 1, 1e-14);
}

TEST(Distribution, LognormalFromMeanAndP99HasBothAndTheSmallerSigma) {
  const D d = D::lognormal_mean_p99(3, 12);
  EXPECT_NEAR(d.mean(), 3, 1e-14);
  EXPECT_NEAR(d.quantile(.99), 12, 1e-13);
  // z s - s^2/2 = ln 4 has the roots 0.70 and 3.95; cv^2 = e^(s^2) - 1 is 0.636 for the smaller.
  EXPECT_NEAR(d.scv(), 0.636, 0.001);
  EXPECT_TRUE(D::lognormal_mean_p99_solvable(1, 14.96));  // e^(z^2/2) = e^2.70595 = 14.968
  EXPECT_FALSE(D::lognormal_mean_p99_solvable(1, 14.98));
  EXPECT_FALSE(D::lognormal_mean_p99_solvable(1, 1));
  EXPECT_NEAR(D::lognormal_p50_p99(1, 20).quantile(.99), 20, 1e-12);
  EXPECT_NEAR(D::lognormal_p50_p99(1, 20).quantile(.5), 1, 1e-15);
}

TEST(Distribution, ErlangOfThreePhasesHasTheKnownQuantiles) {
  const D d = D::erlang(3, .03);
  EXPECT_NEAR(std::sqrt(d.variance()), .01732051, 5e-9);  // 0.03 / sqrt 3
  EXPECT_NEAR(d.quantile(.5), .0267406, 5e-8);
  EXPECT_NEAR(d.quantile(.9), .0532232, 5e-8);
  EXPECT_NEAR(d.quantile(.99), .08405947, 5e-9);
}

TEST(Distribution, ParetoHasTheKnownMomentsOrNone) {
  const D d = D::pareto(4.5, .01);
  EXPECT_NEAR(d.mean(), .01285714, 5e-9);  // 0.01 * 4.5 / 3.5
  EXPECT_NEAR(std::sqrt(d.variance()), .003833259, 5e-10);
  EXPECT_NEAR(d.quantile(.99), .02782559, 5e-9);  // 0.01 * 100^(1/4.5)
  EXPECT_TRUE(std::isinf(D::pareto(1, 1).mean()));
  EXPECT_TRUE(std::isinf(D::pareto(2, 1).scv()));
  EXPECT_TRUE(std::isinf(D::mixture({.5, .5}, {D::pareto(1.5, 1), D::constant(1)}).variance()));
}

TEST(Distribution, HalfNormalHasTheMomentsOfTheTruncatedLaw) {
  const D d = D::normal(0, 2);
  EXPECT_NEAR(d.mean(), 2 * std::sqrt(2 / math::kPi), 1e-14);
  EXPECT_NEAR(d.variance(), 4 * (1 - 2 / math::kPi), 1e-14);
  EXPECT_EQ(d.cdf(0), 0);
}

TEST(Distribution, WeibullVarianceHasNoJumpWhereTheSeriesTakesOver) {
  EXPECT_NEAR(D::weibull(99.9, 1).scv() / D::weibull(100.1, 1).scv(), 100.1 * 100.1 / (99.9 * 99.9), 1e-4);
  EXPECT_NEAR(D::weibull(1, 3).mean(), 3, 1e-14);  // shape 1 is exponential
  EXPECT_NEAR(D::weibull(1, 3).variance(), 9, 1e-12);
  EXPECT_NEAR(D::weibull(1e4, 1).scv() * 1e8, math::kPi * math::kPi / 6, 1e-3);  // the Gumbel limit
}

TEST(Distribution, MixtureMomentsAddWithinAndBetween) {
  const D d = D::mixture({.99, .01}, {D::constant(10), D::constant(1000)});
  EXPECT_NEAR(d.mean(), 19.9, 1e-13);
  EXPECT_NEAR(d.variance(), .99 * .01 * 990 * 990, 1e-9);
  EXPECT_EQ(d.quantile(.98), 10);
  EXPECT_EQ(d.quantile(.995), 1000);
}

TEST(Distribution, ZipfHasTheWeightsOfItsRanksForAnyExponent) {
  const D d = D::zipf(1, 4);  // weights 12 6 4 3 of 25
  EXPECT_NEAR(d.cdf(1), 12 / 25., 1e-15);
  EXPECT_NEAR(d.cdf(3.5), 22 / 25., 1e-15);
  EXPECT_NEAR(d.mean(), 4 / (25 / 12.), 1e-15);
  EXPECT_EQ(D::zipf(50, 1000).quantile(.999999), 1);
  EXPECT_NEAR(D::zipf(0, 100).mean(), 50.5, 1e-12);
  EXPECT_NEAR(D::zipf(0, 100).variance(), 9999 / 12., 1e-9);
  // zeta(2) = pi^2/6 less a tail of 1/n
  EXPECT_NEAR(1 / D::zipf(2, 1000000000).cdf(1), math::kPi * math::kPi / 6 - 1e-9, 1e-14);
  double direct = 0;  // Euler-Maclaurin against the plain sum
  for (int k = 1; k <= 100000; ++k) direct += std::pow(k, -1.3);
  EXPECT_NEAR(1 / D::zipf(1.3, 100000).cdf(1) / direct, 1, 1e-13);
}

TEST(Distribution, ZipfDrawsHaveTheExactWeights) {
  for (const double s : {0.0, 0.3, 1.0, 1.5, 3.0, 50.0}) {
    const D d = D::zipf(s, 5);
    const Sampler sampler(d);
    Stream stream(4, 0, "zipf", "rank");
    std::vector<double> seen(6);
    for (int i = 0; i < kDraws; ++i) seen[static_cast<std::size_t>(sampler.sample(stream))] += 1.0 / kDraws;
    for (int k = 1; k <= 5; ++k) {
      const double p = d.cdf(k) - d.cdf(k - 1);
      EXPECT_NEAR(seen[static_cast<std::size_t>(k)], p, 4.5 * std::sqrt(p * (1 - p) / kDraws) + 1e-12)
          << s << " " << k;
    }
  }
}

// The smallest value whose cdf reaches p, also where p times their number is rounded past a whole one.
TEST(Distribution, AQuantileOfValuesIsTheFirstThatReachesIt) {
  std::vector<double> values;
  for (int i = 1; i <= 100; ++i) values.push_back(i);
  const D d = D::empirical_values(values);
  for (int i = 1; i < 100; ++i) {
    EXPECT_EQ(d.quantile(i / 100.0), i);
    EXPECT_GE(d.cdf(d.quantile(i / 100.0)), i / 100.0);
  }
}

TEST(Distribution, EmpiricalCdfIsLinearBetweenItsPointsAndMayBeginWithAnAtom) {
  const D d = D::empirical_cdf({0, 1, 3, 10}, {0.1, 0.5, 0.9, 1});
  EXPECT_EQ(d.cdf(0), 0.1);
  EXPECT_NEAR(d.cdf(2), 0.7, 1e-15);
  EXPECT_NEAR(d.quantile(0.95), 6.5, 1e-12);
  EXPECT_EQ(d.quantile(0.05), 0);
  EXPECT_NEAR(d.mean(), 0.4 * 0.5 + 0.4 * 2 + 0.1 * 6.5, 1e-15);
}

TEST(Distribution, LawsWithoutSpreadAreConstants) {
  EXPECT_TRUE(D::uniform(5, 5).is_constant());
  EXPECT_TRUE(D::normal(5, 0).is_constant());
  EXPECT_TRUE(D::lognormal_mean_sd(5, 0).is_constant());
  EXPECT_TRUE(D::exponential(0).is_constant());
  EXPECT_TRUE(D::empirical_values({3, 3}).is_constant());
  EXPECT_TRUE(D::mixture({1, 0}, {D::constant(2), D::exponential(1)}).is_constant());
  EXPECT_EQ(D::constant(0).scv(), 0);
}

TEST(Distribution, DurationsRoundToTheNearestNanosecondAndSaturate) {
  Stream s(1, 0, "a", "b");
  EXPECT_EQ(Sampler(D::constant(2.6)).sample_duration(s), (Duration{3}));
  EXPECT_EQ(Sampler(D::constant(1e30)).sample_duration(s), Duration::max());
  EXPECT_EQ(Sampler().sample_duration(s), (Duration{0}));
}

TEST(Distribution, TextShowsTheParametersInTheLawsOwnUnit) {
  EXPECT_EQ(D::exponential(1e6).to_string(), "exponential(mean=1e6)");
  EXPECT_EQ(D::pareto(4.5, 1e-5).to_string(), "pareto(alpha=4.5, min=1e-5)");
  EXPECT_EQ(D::lognormal_mean_sd(2, 1).to_string(), "lognormal(mean=2, cv=0.5)");
  EXPECT_EQ(D::mixture({.9, .1}, {D::exponential(5), D::constant(1)}).to_string(),
            "mixture(0.9: exponential(mean=5), 0.1: constant(1))");
}

TEST(Distribution, ArgumentsThatNobodyValidatedAreRefused) {
  EXPECT_THROW(D::constant(-1), InvariantBroken);
  EXPECT_THROW(D::exponential(std::numeric_limits<double>::quiet_NaN()), InvariantBroken);
  EXPECT_THROW(D::uniform(2, 1), InvariantBroken);
  EXPECT_THROW(D::mixture({.5, .4}, {D::constant(1), D::constant(2)}), InvariantBroken);
  EXPECT_THROW(D::lognormal_mean_p99(1, 15), InvariantBroken);
  EXPECT_THROW(D::empirical_cdf({1, 2}, {0.5, 0.4}), InvariantBroken);
}

// A Sampler points into its Distribution; copies of both stay valid as long as one Distribution lives.
TEST(Distribution, SamplersOfNestedMixturesLiveAsLongAsTheDistribution) {
  D kept = D::mixture({.5, .5}, {D::mixture({.5, .5}, {D::constant(1), D::constant(2)}), D::zipf(1, 10)})
               .scaled(3);
  const Sampler sampler(kept);
  const D copy = kept;
  kept = D::constant(0);
  Stream s(1, 0, "a", "b");
  double mean = 0;
  for (int i = 0; i < 100000; ++i) mean += sampler.sample(s) / 100000;
  EXPECT_NEAR(mean, copy.mean(), 5 * std::sqrt(copy.variance() / 100000));
}

}  // namespace
}  // namespace tailrace::sim
