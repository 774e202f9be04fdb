// What --vary says, and the points that come of it.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "scenarios/sweep/design.hpp"
#include "scenarios/sweep/sample.hpp"

namespace tailrace::scenarios {
namespace {

using Values = std::vector<std::string>;

Values values(const std::string& spec) {
  DesignFault fault;
  const auto axis = parse_axis("p=" + spec, fault);
  EXPECT_TRUE(axis) << spec << ": " << fault.message;
  return axis ? axis->values : Values{};
}
std::string fault_of(const std::string& text) {
  DesignFault fault;
  EXPECT_FALSE(parse_axis(text, fault)) << text;
  return fault.message;
}
Axis axis_of(const std::string& text) {
  DesignFault fault;
  return *parse_axis(text, fault);
}

TEST(Axis, RangesKeepTheirUnits) {
  EXPECT_EQ(values("100/s..500/s:5"), (Values{"100/s", "200/s", "300/s", "400/s", "500/s"}));
  EXPECT_EQ(values("0.1..0.3:3"), (Values{"0.1", "0.2", "0.3"}));  // not 0.30000000000000004
  EXPECT_EQ(values("10%..30%:2"), (Values{"10%", "30%"}));
  EXPECT_EQ(values("1s..100ms:2"), (Values{"1s", "100ms"}));  // times may differ in units, and fall
  EXPECT_EQ(values("64KiB..64KiB:1"), (Values{"64KiB"}));
  EXPECT_EQ(values("1000000..3000000:2"), (Values{"1000000", "3000000"}));
}

TEST(Axis, LogScalesHaveEqualRatios) {
  EXPECT_EQ(values("1ms..1000ms:log:4"), (Values{"1ms", "10ms", "100ms", "1000ms"}));
  EXPECT_EQ(values("1..8:log:int:4"), (Values{"1", "2", "4", "8"}));
}

TEST(Axis, EndsAreWhatWasWritten) {
  EXPECT_EQ(values("1234567ns..10ms:log:3"), (Values{"1234567ns", "3.51364ms", "10ms"}));
}

TEST(Axis, WholeNumbersAreRoundedAndNotRepeated) {
  EXPECT_EQ(values("1..10:int:4"), (Values{"1", "4", "7", "10"}));
  EXPECT_EQ(values("1..3:int:9"), (Values{"1", "2", "3"}));
}

TEST(Axis, ListsKeepWhatBelongsTogether) {
  EXPECT_EQ(values("[fifo, lifo]"), (Values{"fifo", "lifo"}));
  EXPECT_EQ(values("[lognormal(mean=3ms, p99=12ms), {a: [1, 2]}]"),
            (Values{"lognormal(mean=3ms, p99=12ms)", "{a: [1, 2]}"}));
  EXPECT_EQ(values("[\"a\\\", b\", c]"), (Values{"\"a\\\", b\"", "c"}));  // a quote in quotes
}

TEST(Axis, PathsMayBeQuoted) {
  EXPECT_EQ(axis_of("services.\"a=b\".replicas=1..2:2").path, "services.\"a=b\".replicas");
}

TEST(Axis, FaultsSayWhatWasExpected) {
  EXPECT_NE(fault_of("nothing").find("PATH=VALUES"), std::string::npos);
  EXPECT_NE(fault_of("p=4").find("expected a range or a list"), std::string::npos);
  EXPECT_NE(fault_of("p=a..b:3").find("expected a number"), std::string::npos);
  EXPECT_NE(fault_of("p=1/s..2ms:3").find("different units"), std::string::npos);
  EXPECT_NE(fault_of("p=1..2:many").find("expected a count"), std::string::npos);
  EXPECT_NE(fault_of("p=1..2:0").find("expected a count"), std::string::npos);
  EXPECT_NE(fault_of("p=0..2:log:3").find("above 0"), std::string::npos);
  EXPECT_NE(fault_of("p=[1,,2]").find("empty value"), std::string::npos);
}

std::vector<Values> points(const Values& axes, DesignOptions options = {}) {
  std::vector<Axis> list;
  for (const std::string& a : axes) list.push_back(axis_of(a));
  DesignFault fault;
  const auto design = make_design(list, options, fault);
  return design ? design->points : std::vector<Values>{{fault.message}};
}

TEST(Design, AGridVariesItsLastAxisFastest) {
  EXPECT_EQ(points({"a=1..2:2", "b=[x, y, z]"}),
            (std::vector<Values>{{"1", "x"}, {"1", "y"}, {"1", "z"}, {"2", "x"}, {"2", "y"}, {"2", "z"}}));
}

TEST(Design, ZipPairsListsOfOneLength) {
  DesignOptions zip;
  zip.kind = DesignKind::zip;
  EXPECT_EQ(points({"a=1..3:3", "b=[x, y, z]"}, zip),
            (std::vector<Values>{{"1", "x"}, {"2", "y"}, {"3", "z"}}));
  EXPECT_NE(points({"a=1..3:3", "b=[x, y]"}, zip)[0][0].find("one length"), std::string::npos);
}

TEST(Design, FaultsAreNamed) {
  EXPECT_NE(points({"a=1..2"})[0][0].find("how many values?"), std::string::npos);
  EXPECT_NE(points({"a=1..2:2", "a=1..2:2"})[0][0].find("varied twice"), std::string::npos);
  EXPECT_NE(points({"a=1..2000:2000", "b=1..2000:2000"})[0][0].find("more than"), std::string::npos);
  DesignOptions sobol_of_8;
  sobol_of_8.kind = DesignKind::sobol;
  sobol_of_8.samples = 8;
  EXPECT_NE(points({"a=1..2:5"}, sobol_of_8)[0][0].find("has no count"), std::string::npos);
}

TEST(Design, ALongerSobolSampleBeginsWithTheShorterOne) {
  DesignOptions eight{DesignKind::sobol, 8, 1}, sixteen{DesignKind::sobol, 16, 1};
  const Values axes = {"a=0..1", "b=1..4:int", "c=[x, y]"};
  const auto few = points(axes, eight);
  auto many = points(axes, sixteen);
  std::map<std::string, int> whole;
  for (const Values& p : many) ++whole[p[1]];
  EXPECT_EQ(whole, (std::map<std::string, int>{{"1", 4}, {"2", 4}, {"3", 4}, {"4", 4}}));
  many.resize(8);
  EXPECT_EQ(few, many);
}

// Whole numbers have equal shares of a range, whichever end comes first and wherever its ends lie.
TEST(Design, ASampleOfWholeNumbersStaysInItsRange) {
  const DesignOptions twelve{DesignKind::sobol, 12, 1};
  for (const char* range : {"a=4..1:int", "a=1..4:int", "a=0.6..4.4:int"}) {
    std::map<std::string, int> seen;
    for (const Values& p : points({range}, twelve)) ++seen[p[0]];
    EXPECT_EQ(seen, (std::map<std::string, int>{{"1", 3}, {"2", 3}, {"3", 3}, {"4", 3}})) << range;
  }
}

// The first ten dimensions of points 2, 4 and 8 as Joe and Kuo print them.
TEST(Sobol, BeginsAsPublished) {
  const std::map<std::uint32_t, std::vector<double>> published = {
      {2, {0.75, 0.25, 0.25, 0.25, 0.75, 0.75, 0.25, 0.75, 0.75, 0.75}},
      {4, {0.375, 0.375, 0.625, 0.875, 0.375, 0.125, 0.375, 0.875, 0.875, 0.625}},
      {8, {0.1875, 0.3125, 0.9375, 0.4375, 0.5625, 0.3125, 0.4375, 0.9375, 0.9375, 0.3125}}};
  for (std::size_t d = 0; d < 10; ++d) {
    EXPECT_EQ(sobol(0, d), 0);
    EXPECT_EQ(sobol(1, d), 0.5);
    for (const auto& [index, point] : published) EXPECT_EQ(sobol(index, d), point[d]) << index << " " << d;
  }
}

TEST(Sobol, HasOneOfTheFirstPointsInEachIntervalOfEachDimension) {
  for (std::size_t d = 0; d < kSobolDimensions; ++d) {
    std::set<int> cells;
    for (std::uint32_t i = 0; i < 1024; ++i) cells.insert(static_cast<int>(sobol(i, d) * 1024));
    EXPECT_EQ(cells.size(), 1024u) << d;
  }
}

// The mean of a product of ten coordinates, each with mean 1: a plain random sample of 4096 errs by
// sqrt((4/3)^10 / 4096) = 0.066; wrong direction numbers make coordinates follow each other, and err more.
TEST(Sobol, IntegratesOverTenDimensionsBetterThanChance) {
  for (const std::size_t first : {std::size_t{0}, std::size_t{11}}) {
    double sum = 0;
    for (std::uint32_t i = 0; i < 4096; ++i) {
      double product = 1;
      for (std::size_t d = first; d < first + 10; ++d) product *= 2 * sobol(i, d);
      sum += product;
    }
    EXPECT_NEAR(sum / 4096, 1, 0.04) << first;
  }
}

TEST(LatinHypercube, HasOnePointInEachSlice) {
  const std::vector<double> a = latin_hypercube(100, 1, "a");
  std::set<int> slices;
  for (const double u : a) slices.insert(static_cast<int>(u * 100));
  EXPECT_EQ(slices.size(), 100u);
  EXPECT_EQ(a, latin_hypercube(100, 1, "a"));
  EXPECT_NE(a, latin_hypercube(100, 1, "b"));
  EXPECT_NE(a, latin_hypercube(100, 2, "a"));
}

}  // namespace
}  // namespace tailrace::scenarios
