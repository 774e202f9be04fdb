// Distributions as scenarios write them: what each form means, and the exact words and place for each refused
// one.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

#include "models/field/distribution_text.hpp"

namespace tailrace::models {
namespace {

class DistributionText : public ::testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(::testing::TempDir()) / ("distribution_text_" + std::to_string(getpid()));
    std::filesystem::remove_all(folder_);
    std::filesystem::create_directories(folder_ / "data");
    durations_.directory = (folder_ / "data").string();
    numbers_ = {.unit = parse_number, .quantity = "a number", .directory = durations_.directory};
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) {
    std::ofstream(folder_ / name, std::ios::binary) << text;
  }

  ParsedDistribution parse(const std::string& text) { return parse_distribution(text, durations_); }
  sim::Distribution good(const std::string& text) {
    const ParsedDistribution p = parse(text);
    EXPECT_TRUE(p.value.has_value()) << text << ": " << p.error;
    return p.value.value_or(sim::Distribution::constant(0));
  }
  // The error with its place and hint: "12: error | hint".
  std::string bad(const std::string& text) { return bad(text, durations_); }
  static std::string bad(const std::string& text, const DistributionContext& context) {
    const ParsedDistribution p = parse_distribution(text, context);
    EXPECT_FALSE(p.value.has_value()) << text;
    EXPECT_LE(p.offset, text.size()) << text;
    return std::to_string(p.offset) + ": " + p.error + (p.hint.empty() ? "" : " | " + p.hint);
  }

  std::filesystem::path folder_;
  DistributionContext durations_;
  DistributionContext numbers_;
};

TEST_F(DistributionText, EveryFormOfTheReferenceIsRead) {
  const std::pair<const char*, const char*> forms[] = {
      {"5ms", "constant(5e6)"},
      {"constant(5ms)", "constant(5e6)"},
      {" exp( 20ms ) ", "exponential(mean=2e7)"},
      {"exponential(mean=20ms)", "exponential(mean=2e7)"},
      {"uniform(1s, 10s)", "uniform(min=1e9, max=1e10)"},
      {"uniform(max=10s, min=1s)", "uniform(min=1e9, max=1e10)"},
      {"normal(mean=250us, sd=50us)", "normal(mean=250000, sd=50000)"},
      {"erlang(k=3, mean=30ms)", "erlang(k=3, mean=3e7)"},
      {"gamma(shape=0.5, scale=20ms)", "gamma(shape=0.5, scale=2e7)"},
      {"gamma(mean=10ms, cv=2)", "gamma(shape=0.25, scale=4e7)"},
      {"gamma(mean=10ms, sd=20ms)", "gamma(shape=0.25, scale=4e7)"},
      {"weibull(shape=2, scale=1ms)", "weibull(shape=2, scale=1e6)"},
      {"pareto(alpha=4.5, min=10ms)", "pareto(alpha=4.5, min=1e7)"},
      {"lognormal(mean=1ms, cv=1)", "lognormal(mean=1e6, cv=1)"},
      {"lognormal(mean=1ms, sd=2ms)", "lognormal(mean=1e6, cv=2)"},
      {"hyperexponential(p1=0.887, mean1=5.6ms, mean2=44ms)",
       "hyperexponential(p1=0.887, mean1=5.6e6, mean2=4.4e7)"},
      {"hyperexponential(mean=5ms, cv=1)", "exponential(mean=5e6)"},
      {"gamma(mean=5ms, cv=0)", "constant(5e6)"},
      {"bimodal(p=1%, fast=10ms, slow=1s)", "mixture(0.99: constant(1e7), 0.01: constant(1e9))"},
      {"mixture(0.9: exp(5ms), 0.1: mixture(0.5: 1s, 0.5: constant(2s)))",
       "mixture(0.9: exponential(mean=5e6), 0.1: mixture(0.5: constant(1e9), 0.5: constant(2e9)))"},
  };
  for (const auto& [text, shown] : forms) EXPECT_EQ(good(text).to_string(), shown) << text;
}

TEST_F(DistributionText, WhatIsGivenIsWhatTheLawHas) {
  EXPECT_NEAR(good("lognormal(mean=3ms, p99=12ms)").mean(), 3e6, 1e-6);
  EXPECT_NEAR(good("lognormal(mean=3ms, p99=12ms)").quantile(0.99), 12e6, 1e-5);
  EXPECT_NEAR(good("lognormal(p50=1ms, p99=10ms)").quantile(0.5), 1e6, 1e-6);
  EXPECT_NEAR(good("lognormal(p50=1ms, p99=10ms)").quantile(0.99), 1e7, 1e-5);
  EXPECT_NEAR(good("pareto(alpha=4.5, mean=10ms)").mean(), 1e7, 1e-6);
  const sim::Distribution h = good("hyperexponential(mean=10ms, cv=2)");
  EXPECT_NEAR(h.mean(), 1e7, 1e-5);
  EXPECT_NEAR(h.scv(), 4, 1e-12);
}

TEST_F(DistributionText, MisspeltNamesAndParametersGetASuggestion) {
  EXPECT_EQ(bad("lognormall(mean=1ms)"),
            "0: there is no distribution named lognormall | did you mean lognormal?");
  EXPECT_EQ(bad("Exp(3ms)"), "0: there is no distribution named Exp | did you mean exp?");
  EXPECT_EQ(bad("lognormal(mean=3ms, p9=4ms)"), "20: lognormal has no parameter p9 | did you mean p99?");
  EXPECT_EQ(bad("lognormal"), "9: expected ( after lognormal | write lognormal(...)");
}

TEST_F(DistributionText, ParametersMustBeKnownUniqueAndComplete) {
  const std::string takes = " | lognormal takes mean and p99; or mean and cv; or mean and sd; or p50 and p99";
  EXPECT_EQ(bad("lognormal(mean=3ms)"), "0: lognormal lacks p99, or cv, or sd" + takes);
  EXPECT_EQ(bad("lognormal(mean=3ms, cv=1, p99=12ms)"),
            "0: lognormal cannot have mean, cv and p99 together" + takes);
  EXPECT_EQ(bad("lognormal(3ms, 12ms)"), "10: lognormal: expected name=value, found 3ms" + takes);
  EXPECT_EQ(bad("exp(mean=3ms, mean=4ms)"), "14: mean is given twice");
  EXPECT_EQ(bad("exp(1ms, 2ms)"), "0: exponential takes mean, found 2 values");
  EXPECT_EQ(bad("exp(mean=3ms, 4ms)"), "14: exponential: 4ms stands without a name among named parameters");
  EXPECT_EQ(bad("exp()"), "0: exponential lacks mean | exponential takes mean");
  EXPECT_EQ(bad("exp(mean=)"), "9: mean has no value");
}

TEST_F(DistributionText, ImpossibleLawsAreRefusedWithTheReason) {
  EXPECT_EQ(
      bad("lognormal(mean=3ms, p99=1s)"),
      "0: lognormal: no lognormal has a p99 of 333.3 times its mean; the largest possible ratio is 14.97 | "
      "give p50 and p99, or a bimodal with a rare slow case");
  EXPECT_NE(bad("lognormal(mean=3ms, p99=3ms)").find("p99 must be above the mean"), std::string::npos);
  EXPECT_EQ(bad("lognormal(p50=3ms, p99=1ms)"), "0: lognormal: p50 is above p99");
  EXPECT_EQ(bad("lognormal(mean=3ms, cv=-1)"), "23: cv: expected a number from 0 to 1000, found -1");
  EXPECT_NE(bad("hyperexponential(mean=1ms, cv=0.5)").find("cv of at least 1, found 0.5"), std::string::npos);
  EXPECT_NE(bad("pareto(alpha=1, mean=3ms)").find("the mean is infinite"), std::string::npos);
  EXPECT_EQ(bad("uniform(2s, 1s)"), "0: uniform: min is above max");
  EXPECT_EQ(
      bad("gamma(mean=1ms, cv=20)"),
      "0: gamma: the cv (sd by mean) must be from 0.0001 to 10, found 20 | for a wider spread use lognormal");
  EXPECT_EQ(bad("erlang(k=0, mean=1ms)"), "9: k: expected a number from 1 to 1000000, found 0");
  EXPECT_EQ(bad("exp(0ms)"), "4: mean: expected a duration above 0, found 0ms");
  EXPECT_EQ(bad("bimodal(p=0.1, fast=2s, slow=1s)"),
            "0: bimodal: fast is slower than slow | p is the probability of slow");
  for (const char* text : {"exp(-3ms)", "normal(mean=-1ms, sd=1ms)", "-5ms", "exp(nan)", "exp(infms)",
                           "exp(1e400s)", "lognormal(mean=1ms, cv=1e300)", "weibull(shape=1e-300, scale=1ms)",
                           "lognormal(p50=1ns, p99=100000h)", "gamma(mean=1ms, cv=1e-200)"}) {
    EXPECT_FALSE(parse(text).value.has_value()) << text;
  }
}

TEST_F(DistributionText, QuantitiesNeedTheUnitOfTheirContext) {
  EXPECT_EQ(bad("exp(3)"), "4: mean: expected a duration, found 3, which has no unit | write 3ms or 3s");
  EXPECT_TRUE(parse_distribution("exp(3)", numbers_).value.has_value());
  EXPECT_FALSE(parse_distribution("exp(3ms)", numbers_).value.has_value());
  const DistributionContext counts{.unit = parse_count, .quantity = "a whole number", .directory = {}};
  EXPECT_TRUE(
      parse_distribution("exp(2.5)", counts).value.has_value());  // the mean of a count need not be whole
  EXPECT_FALSE(parse_distribution("2.5", counts).value.has_value());
}

TEST_F(DistributionText, ZipfIsForNumbersOnly) {
  EXPECT_EQ(bad("zipf(s=1.1, n=1000)"), "0: expected a duration, but zipf draws ranks 1 to n");
  EXPECT_EQ(parse_distribution("zipf(s=1.1, n=1000)", numbers_).value->to_string(), "zipf(s=1.1, n=1000)");
  EXPECT_EQ(bad("zipf(s=-1, n=5)", numbers_), "7: s: expected a number from 0 to 100, found -1");
  EXPECT_EQ(bad("zipf(s=1, n=2.5)", numbers_), "12: n: expected a whole number, found 2.5 | write 2 or 3");
}

TEST_F(DistributionText, WeightsOfAMixtureMustSumToOne) {
  EXPECT_EQ(bad("mixture(0.9: exp(5ms), 0.2: 1s)"),
            "0: the weights of a mixture must sum to 1, these sum to 1.1");
  EXPECT_TRUE(
      parse("mixture(0.1: 1s, 0.2: 2s, 0.7: 3s)").value.has_value());  // 0.1 + 0.2 + 0.7 is not 1 in binary
  EXPECT_EQ(bad("mixture(exp(5ms))"),
            "8: mixture: expected weight: distribution, found \"exp(5ms)\" | write mixture(0.9: exp(5ms), "
            "0.1: 1s)");
  EXPECT_EQ(bad("mixture(0.5: exp(5), 0.5: 1s)").substr(0, 4), "17: ");  // the place inside the nested text
}

TEST_F(DistributionText, NestingIsBounded) {
  const auto nested = [](int depth) {
    std::string text = "1s";
    for (int i = 0; i < depth; ++i) text = "mixture(0.5: 2s, 0.5: " + text + ")";
    return text;
  };
  EXPECT_TRUE(parse(nested(kMaxMixtureDepth)).value.has_value());
  EXPECT_NE(bad(nested(kMaxMixtureDepth + 1)).find("nested deeper than 8"), std::string::npos);
  EXPECT_NE(bad(nested(2000)).find("nested deeper than 8"), std::string::npos);
}

TEST_F(DistributionText, BrokenTextIsAnErrorAtItsPlace) {
  EXPECT_EQ(bad("exp(3ms"), "7: expected ) at the end");
  EXPECT_EQ(bad("empirical(\"a.csv)"), "17: a quoted name is not closed");
  EXPECT_EQ(bad("exp(3ms) x"), "9: unexpected x after the closing parenthesis");
  EXPECT_EQ(bad("exp(3ms))"), "8: unexpected \")\" after the closing parenthesis");
  EXPECT_EQ(bad(""), "0: expected a duration or a distribution, found nothing");
  for (const char* text :
       {"(", ")", "()", "exp(,)", "exp(=)", "exp(mean", "mixture(:)", "mixture(1:)", "mixture(1:,)", "\"",
        "exp(\")", "empirical(\"\")", "=", "exp(mean=3ms=4ms)", "\xff(1ms)"}) {
    EXPECT_FALSE(parse(text).value.has_value()) << text;
  }
}

TEST_F(DistributionText, FilesOfValuesAreReadWithOrWithoutAUnit) {
  write("data/times.csv", "\xef\xbb\xbflatency\r\n1ms\r\n\r\n2ms\r\n3000us\r\n");
  EXPECT_EQ(good("empirical(times.csv)").to_string(), "empirical(3 values, mean=2e6)");
  write("data/plain.csv", "1\n2\n6");
  EXPECT_EQ(good("empirical(plain.csv, unit=ms)").to_string(), "empirical(3 values, mean=3e6)");
  EXPECT_EQ(good("empirical(\"plain.csv\", unit=ms)").mean(), 3e6);
  EXPECT_EQ(bad("empirical(plain.csv)"),
            "10: data file \"plain.csv\": row 1: expected a duration, found 1, which has no unit | "
            "say the unit of the column, e.g. unit=ms; write 1ms or 1s");
  EXPECT_EQ(bad("empirical(plain.csv, units=ms)"),
            "21: empirical has no parameter units | did you mean unit?");
}

TEST_F(DistributionText, FilesOfACdfAreReadAndChecked) {
  write("data/c.csv", "x,p\n1,0\n5,0.5\n9,1\n");
  const sim::Distribution d = good("empirical_cdf(c.csv, unit=ms)");
  EXPECT_EQ(d.mean(), 5e6);  // 0.5 * 3 + 0.5 * 7
  EXPECT_EQ(d.quantile(0.5), 5e6);
  const std::pair<const char*, const char*> broken[] = {
      {"1,0\n5,0.7\n9,0.6\n", "row 3: the cumulative probability falls from 0.7 to 0.6"},
      {"5,0\n1,1\n", "row 2: the value 1 is below that of the row before"},
      {"1,0\n5,0.7\n", "row 2: the last cumulative probability is 0.7, expected 1"},
      {"1,1\n", "holds one row; a cumulative distribution needs at least two"},
      {"1\n", "row 1: expected a value and a cumulative probability, found 1"},
      {"1,0,0\n", "row 1: expected two columns, found \"1,0,0\""},
      {"1,0\n2,nan\n", "row 2: cumulative probability: "},
      {"1,0\n2,1.5\n", "row 2: cumulative probability: "},
      {"x,p\n", "holds no values"},
  };
  for (const auto& [text, error] : broken) {
    write("data/broken.csv", text);
    EXPECT_NE(bad("empirical_cdf(broken.csv, unit=ms)").find(error), std::string::npos)
        << bad("empirical_cdf(broken.csv, unit=ms)");
  }
}

TEST_F(DistributionText, BrokenCellsNameTheirRow) {
  const std::pair<const char*, const char*> broken[] = {
      {"", "holds no values"},
      {"\n\n", "holds no values"},
      {"1\nnan\n", "row 2: "},
      {"inf\n", "row 1: "},
      {"head\n1\n-2\n", "row 3: "},
      {"1\nhead\n", "row 2: "},
      {"1,5\n",
       "row 1: expected one value, found \"1,5\" | a comma separates columns; the decimal sign is a point"},
      {"1e999\n", "row 1: "},
  };
  for (const auto& [text, error] : broken) {
    write("data/broken.csv", text);
    EXPECT_NE(bad("empirical(broken.csv, unit=ms)").find(error), std::string::npos)
        << bad("empirical(broken.csv, unit=ms)");
  }
}

TEST_F(DistributionText, DataFilesStayBelowTheFolderUnlessAllowed) {
  write("outside.csv", "1ms\n2ms\n");
  std::filesystem::create_symlink(folder_ / "outside.csv", folder_ / "data" / "link.csv");
  for (const std::string& file :
       {std::string("../outside.csv"), (folder_ / "outside.csv").string(), std::string("link.csv"),
        std::string("x/../../outside.csv"), std::string("."), std::string("missing.csv")}) {
    EXPECT_NE(bad("empirical(" + file + ")").find("data file"), std::string::npos) << file;
  }
  durations_.files_allowed_outside = true;
  EXPECT_EQ(good("empirical(../outside.csv)").mean(), 1.5e6);
  EXPECT_EQ(good("empirical(" + (folder_ / "outside.csv").string() + ")").mean(), 1.5e6);
  EXPECT_NE(bad("empirical(.)").find("not a regular file"), std::string::npos);
}

}  // namespace
}  // namespace tailrace::models
