// Splitting against chains that can be solved: a queue that fills up, machines that fail and are repaired.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "scenarios/rare/estimate.hpp"
#include "tests/support/scenario.hpp"

namespace tailrace::tests {
namespace {

using scenarios::RareEstimate;
using scenarios::RareEvent;
using scenarios::RareOptions;
using scenarios::SplitQuestion;

// Service 2/s, arrivals 1/s, from empty.
constexpr const char* kQueue = R"(
run: {duration: 100s, time_resolution: 100s}
workloads: {clients: {constant_arrival_rate: 1/s, calls: server.serve}}
services: {server: {workers: 1, endpoints: {serve: [compute: exp(500ms)]}}}
)";
constexpr double kUntil = 100;

// A chain on 0..n that starts at 0, goes up at `up(i)` and down at `down(i)`: the probability that it has
// been at n by the time t. Uniformised at rate q: a Poisson number of steps, each up with up(i)/q, down with
// down(i)/q.
template <class Up, class Down>
double reached(int n, double t, Up up, Down down) {
  double q = 0;
  for (int i = 0; i < n; ++i) q = std::max(q, up(i) + down(i));
  std::vector<double> at(static_cast<std::size_t>(n) + 1, 0), next;
  at[0] = 1;
  const int steps = static_cast<int>(q * t + 12 * std::sqrt(q * t) + 60);
  double log_weight = -q * t, sum = 0;
  for (int k = 0; k <= steps; ++k) {
    if (k > 0) {
      log_weight += std::log(q * t / k);
      next.assign(at.size(), 0);
      next.back() = at.back();
      for (int i = 0; i < n; ++i) {
        const auto s = static_cast<std::size_t>(i);
        const double u = up(i) / q, d = i > 0 ? down(i) / q : 0;
        next[s + 1] += at[s] * u;
        if (i > 0) next[s - 1] += at[s] * d;
        next[s] += at[s] * (1 - u - d);
      }
      at = next;
    }
    sum += std::exp(log_weight) * at.back();
  }
  return sum;
}

double queue_reaches(int n) {
  return reached(
      n, kUntil, [](int) { return 1.0; }, [](int) { return 2.0; });
}

struct Asked {
  Model model;
  RareEvent event;
  SplitQuestion question;

  Asked(const char* scenario, const std::string& text, std::uint64_t seed = 1)
      : model(compile_text(scenario)) {
    scenarios::EventFault fault;
    auto read = scenarios::read_event(text, *model, fault);
    EXPECT_TRUE(read) << fault.message;
    event = *read;
    question.model = model;
    question.event = &event;
    question.seed = seed;
  }
  Asked(const Asked&) = delete;
};

RareEstimate answer(const Asked& asked, std::uint32_t trajectories, std::uint32_t repetitions) {
  RareOptions options;
  options.trajectories = trajectories;
  options.repetitions = repetitions;
  options.always_split = true;
  return scenarios::estimate_rare(asked.question, options);
}

// Within four standard errors; a wrong probability of one percent of these tests would be bad luck.
void expect_near(const RareEstimate& e, double truth, double most_error) {
  EXPECT_TRUE(e.complete);
  EXPECT_EQ(e.limited, 0u);
  EXPECT_LT(e.relative_error, most_error);
  EXPECT_NEAR(e.probability.estimate / truth, 1, 4 * e.relative_error) << truth;
}

TEST(Rare, TheTruthOfTheseTestsIsThatOfSmallCases) {
  // One step up at rate 1: 1 - e^-t.
  EXPECT_NEAR(reached(
                  1, 2, [](int) { return 1.0; }, [](int) { return 0.0; }),
              1 - std::exp(-2), 1e-12);
  EXPECT_NEAR(queue_reaches(29), 6.985e-8, 1e-11);
}

TEST(Rare, AQueueThatReachesSixteenOrTwentyNineIsFoundAsOftenAsItsChainSays) {
  for (const int n : {16, 29}) {
    const Asked asked(kQueue, "requests in server >= " + std::to_string(n));
    const RareEstimate e = answer(asked, 400, 20);
    SCOPED_TRACE(n);
    expect_near(e, queue_reaches(n), 0.1);
    EXPECT_EQ(e.died_out, 0u);
    // The way there as well: each level is the chain's.
    ASSERT_EQ(e.levels.size(), static_cast<std::size_t>(n));
    for (const scenarios::RareLevel& l : e.levels) {
      if (!l.beyond.known || l.beyond.high <= l.beyond.low) continue;
      const double truth = queue_reaches(static_cast<int>(l.score) + 1);
      const double half = std::log(l.beyond.high / l.beyond.estimate) / 2.09;  // one standard error
      EXPECT_NEAR(std::log(l.beyond.estimate / truth), 0, 5 * half + 1e-3) << l.score;
    }
  }
}

// `requests in` counts who is served, `queue of` does not: a queue of 15 is 16 requests.
TEST(Rare, TheQueueIsTheRequestsLessTheOneInService) {
  const Asked asked(kQueue, "when queue of server > 14");
  expect_near(answer(asked, 400, 20), queue_reaches(16), 0.1);
}

// Failures at 1/720 h each, repairs at 1/4 h each, of three: what fails is independent of what is repaired.
TEST(Rare, AllReplicasDownIsAsProbableAsTheMarkovChainOfTheirRepairsSays) {
  constexpr const char* kStore = R"(
run: {duration: 30d, time_resolution: 30d}
workloads: {readers: {constant_arrival_rate: 2/d, calls: store.read}}
services: {store: {replicas: 3, workers: 4, endpoints: {read: [compute: 5ms]}}}
faults: [{type: pod_failure, target: store, mtbf: exp(30d), mttr: exp(4h)}]
)";
  const double truth = reached(
      3, 720, [](int down) { return (3 - down) / 720.0; }, [](int down) { return down / 4.0; });
  EXPECT_NEAR(truth, 9.0e-5, 1e-6);
  const Asked all(kStore, "store is down");
  expect_near(answer(all, 3000, 12), truth, 0.15);
  const Asked three(kStore, "down instances of store >= 3");
  EXPECT_EQ(answer(three, 500, 4).repetitions, answer(all, 500, 4).repetitions);
}

// Whatever the number of trajectories: with ten of them the estimates scatter, and their mean is right.
TEST(Rare, TenTrajectoriesAreUnbiased) {
  const Asked asked(kQueue, "requests in server >= 9");
  const RareEstimate e = answer(asked, 10, 3000);
  expect_near(e, queue_reaches(9), 0.03);
  EXPECT_GT(e.died_out, 0u);  // and those count as nothing
}

TEST(Rare, AHundredIntervalsCoverAsTheySay) {
  const double truth = queue_reaches(10);
  int covered = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    const Asked asked(kQueue, "requests in server >= 10", seed);
    covered += answer(asked, 60, 10).probability.covers(truth) ? 1 : 0;
  }
  // Binomial(100, 0.95): below 88 with a probability of 0.0015.
  EXPECT_GE(covered, 88);
}

// A time and an event that is not its own guide, against counting.
TEST(Rare, SplitAndCountedAgreeOnAModeratelyRareResponseTime) {
  const Asked asked(kQueue, "slowest request of clients > 6s");
  RareOptions options;
  options.repetitions = 20'000;
  const RareEstimate counted = scenarios::estimate_rare(asked.question, options);
  ASSERT_FALSE(counted.split);
  EXPECT_EQ(counted.plain_runs, 20'000u);
  const double p = counted.probability.estimate;
  EXPECT_GT(p, 0.01);
  EXPECT_LT(p, 0.1);
  const auto agrees = [&](const RareEstimate& e) {
    const double error = std::hypot(e.relative_error, counted.relative_error);
    EXPECT_LT(error, 0.1);
    EXPECT_NEAR(e.probability.estimate / p, 1, 4 * error);
  };
  agrees(answer(asked, 300, 30));
  Asked guided(kQueue, "slowest request of clients > 6s");
  scenarios::EventFault fault;
  const auto guide = scenarios::read_event("requests in server >= 9", *guided.model, fault);
  ASSERT_TRUE(guide);
  guided.question.guide = &*guide;
  agrees(answer(guided, 300, 60));
}

// Two queues at once, and one of two.
TEST(Rare, AndIsRarerThanEitherAndOrIsTheirSum) {
  constexpr const char* kTwo = R"(
run: {duration: 100s, time_resolution: 100s}
workloads:
  a: {constant_arrival_rate: 1/s, calls: left.serve}
  b: {constant_arrival_rate: 1/s, calls: right.serve}
services:
  left: {workers: 1, endpoints: {serve: [compute: exp(500ms)]}}
  right: {workers: 1, endpoints: {serve: [compute: exp(500ms)]}}
)";
  const double one = queue_reaches(14);
  const Asked either(kTwo, "requests in left >= 14 or requests in right >= 14");
  expect_near(answer(either, 400, 20), 1 - (1 - one) * (1 - one), 0.1);
  const Asked both(kTwo, "requests in left >= 4 and requests in right >= 4");
  RareOptions options;
  options.repetitions = 10'000;
  const RareEstimate counted = scenarios::estimate_rare(both.question, options);
  ASSERT_FALSE(counted.split);
  const RareEstimate e = answer(both, 200, 20);
  EXPECT_LT(e.probability.estimate,
            queue_reaches(4) * queue_reaches(4));  // at one moment, not each at its own
  const double error = std::hypot(e.relative_error, counted.relative_error);
  EXPECT_LT(error, 0.1);
  EXPECT_NEAR(e.probability.estimate / counted.probability.estimate, 1, 4 * error);
}

// Times that are not exponential: what is left of them is drawn given their age. No chain says what must come
// out, but plain runs do: both estimates within four of their standard errors.
double plainly(const Asked& asked, std::uint32_t runs) {
  std::uint32_t met = 0;
  for (std::uint32_t i = 0; i < runs; ++i) {
    scenarios::Trajectory t;
    t.replication = 1'000'000 + i;
    scenarios::follow(asked.question, t);
    met += t.happened ? 1 : 0;
  }
  return static_cast<double>(met) / runs;
}

TEST(Rare, LeavesTheLawOfTimesWithAnAgeAsItIs) {
  const Asked queue(R"Y(
run: {duration: 60s, time_resolution: 60s}
workloads: {clients: {constant_arrival_rate: 1/s, calls: server.serve}}
services: {server: {workers: 1, endpoints: {serve: [compute: "weibull(shape=0.6, scale=400ms)"]}}}
)Y",
                    "requests in server >= 20");
  const Asked machines(R"Y(
run: {duration: 1000s, time_resolution: 1000s}
workloads: {clients: {constant_arrival_rate: 0.01/s, calls: store.get}}
services: {store: {replicas: 3, endpoints: {get: [compute: 1ms]}}}
faults: [{type: pod_failure, target: store, mtbf: "weibull(shape=3, scale=224s)", mttr: "erlang(k=3, mean=9s)"}]
)Y",
                       "store is down");
  for (const Asked* asked : {&queue, &machines}) {
    constexpr std::uint32_t kRuns = 20'000;
    const double p = plainly(*asked, kRuns);
    const RareEstimate e = answer(*asked, 400, 30);
    const double se = std::sqrt(p * (1 - p) / kRuns + std::pow(e.relative_error * e.probability.estimate, 2));
    EXPECT_GT(p, 20.0 / kRuns);
    EXPECT_NEAR(e.probability.estimate, p, 4 * se) << asked->event.text;
    EXPECT_LT(e.relative_error, 0.25) << asked->event.text;
  }
}

}  // namespace
}  // namespace tailrace::tests
