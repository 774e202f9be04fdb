// Comparisons say what is there and no more: intervals of identical systems cover 0 as often as they claim,
// and common random numbers make those of a small change several times narrower.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "scenarios/run/compare.hpp"
#include "sim/random/stream.hpp"
#include "tests/support/scenario.hpp"

namespace tailrace::tests {
namespace {

scenarios::ComparedModel with_seed(const Model& model, const std::string& name, std::uint64_t seed) {
  models::Topology topology = *model->topology;
  topology.run.seed = seed;
  return {name, models::compile(std::make_shared<const models::Topology>(std::move(topology)))};
}

analysis::Comparison compare(const std::vector<scenarios::ComparedModel>& models, int replications) {
  scenarios::CompareOptions options;
  options.replications = replications;
  const scenarios::CompareRun run = scenarios::run_paired(models, options);
  EXPECT_FALSE(run.interrupted);
  return analysis::compare_variants(run.variants, "load.request_duration p(99)", 0.95);
}

const analysis::Interval& difference(const analysis::Comparison& c, const std::string& figure) {
  for (const analysis::FigureComparison& row : c.rows) {
    if (row.figure.name() == figure) return row.result.difference;
  }
  throw std::runtime_error("no figure " + figure);
}

// A miss rate of 5 % over 400 trials has a standard deviation of 1.1 %; 3 to 7 % is what is asked. One
// comparison has several figures, and each is held to it.
TEST(Comparisons, OfIdenticalSystemsMissZeroInFiveOfAHundred) {
  const Model model = compile_text(R"(
run: {duration: 60s, warmup: 5s}
workloads: {load: {constant_arrival_rate: 50/s, calls: s.op}}
services: {s: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}}
)");
  constexpr int kTrials = 400;
  const std::vector<std::string> figures = {"load.request_duration avg", "load.request_duration p(99)",
                                            "load.goodput rate", "s.utilization value"};
  std::vector<int> missed(figures.size(), 0);
  sim::SplitMix64 seeds{7};
  for (int trial = 0; trial < kTrials; ++trial) {
    const auto a = with_seed(model, "a", seeds.next());
    const auto b = with_seed(model, "b", seeds.next());
    const analysis::Comparison c = compare({a, b}, 10);
    for (std::size_t f = 0; f < figures.size(); ++f) {
      const analysis::Interval& d = difference(c, figures[f]);
      ASSERT_TRUE(d.known) << figures[f];
      missed[f] += d.covers(0) ? 0 : 1;
    }
  }
  for (std::size_t f = 0; f < figures.size(); ++f) {
    RecordProperty(figures[f], missed[f]);
    EXPECT_GE(missed[f], 12) << figures[f];
    EXPECT_LE(missed[f], 28) << figures[f];
  }
}

// A tail so heavy that the p99 of one replication says little of the pooled one: work of a mean of 10 ms with
// a p99 of 100 ms in short replications. 10 of 200 are to miss, with a deviation of 3.1.
TEST(Comparisons, OfHeavyTailsMissZeroNoMoreOften) {
  const Model model = compile_text(R"Y(
run: {duration: 10s, warmup: 2s}
workloads: {load: {constant_arrival_rate: 200/s, calls: s.op}}
services: {s: {workers: 4, endpoints: {op: [compute: "lognormal(mean=10ms, p99=100ms)"]}}}
)Y");
  const std::vector<std::string> figures = {"load.request_duration avg", "load.request_duration p(90)",
                                            "load.request_duration p(99)"};
  std::vector<int> missed(figures.size(), 0);
  sim::SplitMix64 seeds{23};
  for (int trial = 0; trial < 200; ++trial) {
    const auto a = with_seed(model, "a", seeds.next());
    const auto b = with_seed(model, "b", seeds.next());
    const analysis::Comparison c = compare({a, b}, 20);
    for (std::size_t f = 0; f < figures.size(); ++f) missed[f] += difference(c, figures[f]).covers(0) ? 0 : 1;
  }
  for (std::size_t f = 0; f < figures.size(); ++f) {
    RecordProperty(figures[f], missed[f]);
    EXPECT_LE(missed[f], 19) << figures[f];
  }
}

// A timeout that about a tenth of the requests meet: the p90 is the timeout itself in some replications and
// less in others, and never more. The share that misses is held to 3 to 7 %, with three replications and with
// ten.
TEST(Comparisons, OfPercentilesAtATimeoutMissZeroInFiveOfAHundred) {
  for (const int replications : {3, 10}) {
    int missed = 0, trials = 0;
    sim::SplitMix64 seeds{99};
    for (const char* timeout : {"47ms", "50ms"}) {
      const Model model = compile_text(fmt::format(R"(
run: {{duration: 20s, warmup: 2s}}
workloads: {{load: {{constant_arrival_rate: 50/s, calls: s.op, timeout: {}}}}}
services: {{s: {{workers: 1, endpoints: {{op: [compute: exp(10ms)]}}}}}}
)",
                                                   timeout));
      for (int trial = 0; trial < 400; ++trial, ++trials) {
        const auto a = with_seed(model, "a", seeds.next());
        const auto b = with_seed(model, "b", seeds.next());
        const analysis::Interval d = difference(compare({a, b}, replications), "load.request_duration p(90)");
        ASSERT_TRUE(d.known);
        missed += d.covers(0) ? 0 : 1;
      }
    }
    RecordProperty(fmt::format("missed_of_{}_with_{}", trials, replications), missed);
    EXPECT_GE(missed, trials * 3 / 100) << replications;
    EXPECT_LE(missed, trials * 7 / 100) << replications;
  }
}

// Who stops at the first look at which the interval is narrow favours spreads that came out small. At this
// width half of the comparisons stop at the first look and half go on, which is where that would show.
TEST(Comparisons, ThatEndWhereTheyAreNarrowEnoughMissZeroInFiveOfAHundred) {
  const Model model = compile_text(R"(
run: {duration: 20s, warmup: 2s}
workloads: {load: {constant_arrival_rate: 50/s, calls: s.op}}
services: {s: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}}
)");
  constexpr int kTrials = 400;
  scenarios::CompareOptions options;
  options.primary = "load.request_duration avg";
  options.until = 0.1;
  int missed = 0, at_once = 0;
  sim::SplitMix64 seeds{41};
  for (int trial = 0; trial < kTrials; ++trial) {
    const auto a = with_seed(model, "a", seeds.next());
    const auto b = with_seed(model, "b", seeds.next());
    const scenarios::CompareRun run = scenarios::run_paired({a, b}, options);
    at_once += run.variants[0].replications.size() == 10 ? 1 : 0;
    const analysis::Interval d =
        difference(analysis::compare_variants(run.variants, options.primary, 0.95), options.primary);
    ASSERT_TRUE(d.known);
    missed += d.covers(0) ? 0 : 1;
  }
  RecordProperty("missed", missed);
  EXPECT_GT(at_once, kTrials / 4);
  EXPECT_LT(at_once, kTrials * 3 / 4);
  EXPECT_GE(missed, 12);
  EXPECT_LE(missed, 28);
}

// Among 9 primary and other figures of one identical pair, something would be "different" far more often
// than in 5 of 100 comparisons without the correction; with it, in about 5 at most.
TEST(Comparisons, OfManyFiguresFindNothingWhereNothingIs) {
  const Model model = compile_text(R"(
run: {duration: 20s, warmup: 2s}
workloads: {load: {constant_arrival_rate: 50/s, calls: s.op}}
services: {s: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}}
)");
  int wrong = 0;
  sim::SplitMix64 seeds{11};
  for (int trial = 0; trial < 200; ++trial) {
    const analysis::Comparison c =
        compare({with_seed(model, "a", seeds.next()), with_seed(model, "b", seeds.next())}, 10);
    bool found = false;
    for (const analysis::FigureComparison& row : c.rows) found |= row.finding == analysis::Finding::different;
    wrong += found;
  }
  // Two families at 5 % each, so at most 10 % with any dependence: 20 of 200, and three deviations of 4.2.
  EXPECT_LE(wrong, 33);
}

TEST(Comparisons, OnCommonRandomNumbersAreSeveralTimesSharper) {
  constexpr const char* kShop = "scenarios/library/online-boutique.yaml";
  const std::vector<std::string> shorter = {"run.duration=90s", "run.warmup=20s"};
  const auto load = [&](std::vector<std::string> change) {
    change.insert(change.end(), shorter.begin(), shorter.end());
    const Loaded loaded = load_file(kShop, change);
    EXPECT_TRUE(loaded.topology) << loaded.shown;
    return models::compile(loaded.topology);
  };
  const Model base = load({});
  const Model slower = load({"services.currency.endpoints.Convert[0].compute=exp(400us)"});
  const std::string mean = "shoppers.request_duration avg";
  const double paired =
      difference(compare({with_seed(base, "a", 1), with_seed(slower, "b", 1)}, 20), mean).half_width();
  const double apart =
      difference(compare({with_seed(base, "a", 1), with_seed(slower, "b", 2)}, 20), mean).half_width();
  RecordProperty("gain_percent", static_cast<int>(100 * apart / paired));
  EXPECT_GE(apart / paired, 3);
}

}  // namespace
}  // namespace tailrace::tests
