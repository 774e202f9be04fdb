// What an event's words mean, and the parts of splitting that one can see by themselves.
#include <gtest/gtest.h>

#include <cmath>

#include "models/topology/build.hpp"
#include "scenarios/format/read.hpp"
#include "scenarios/rare/estimate.hpp"
#include "tests/unit/scenarios/broken_door.hpp"

namespace tailrace::scenarios {
namespace {

std::shared_ptr<const models::CompiledModel> model(const std::string& text) {
  models::Diagnostics d;
  const ReadResult read = read_scenario_text("tailrace: 1\n" + text, "t.yaml", {}, d);
  auto topology = models::build_topology(read.doc, d);
  EXPECT_TRUE(topology) << models::format_diagnostics(d, read.doc.files);
  return models::compile(std::make_shared<const models::Topology>(std::move(*topology)));
}

const std::string kScenario = R"(
run: {duration: 20s}
workloads: {load: {constant_arrival_rate: 8/s, calls: s.op}, more: {constant_arrival_rate: 1/s, calls: t.op}}
services:
  s: {workers: 1, replicas: 2, endpoints: {op: [compute: exp(100ms)]}}
  t: {workers: 2, queue: 5, endpoints: {op: [compute: exp(100ms)]}}
faults: [{type: pod_failure, target: s, mtbf: exp(10s), mttr: exp(1s)}]
)";

TEST(RareEvent, ReadsItsWords) {
  const auto m = model(kScenario);
  EventFault fault;
  const auto read = [&](const std::string& text) {
    auto event = read_event(text, *m, fault);
    EXPECT_TRUE(event) << text << ": " << fault.message;
    return *event;
  };
  EXPECT_EQ(read("queue of s > 10").terms[0].limit, 11);
  EXPECT_EQ(read("queue of s >= 10").terms[0].limit, 10);
  EXPECT_EQ(read("  when queue of s > 2.5 ").terms[0].limit, 3);
  EXPECT_EQ(read("  when queue of s > 2.5 ").text, "queue of s > 2.5");
  EXPECT_EQ(read("queue of s > 10").terms[0].instances.size(), 2u);
  EXPECT_EQ(read("queue of s#1 > 10").terms[0].instances.size(), 1u);
  EXPECT_EQ(read("queue of s > 10").goal, 11u);
  EXPECT_EQ(read("queue of s > 10").counts, "queue of s");
  EXPECT_EQ(read("s is down").terms[0].limit, 2);
  EXPECT_EQ(read("slowest request of load > 2s").terms[0].limit, 2'000'000'001);
  EXPECT_EQ(read("failed requests of load >= 3").terms[0].what, RareTerm::What::failed);
  EXPECT_EQ(read("requests in t >= 7").terms[0].limit, 7);  // five in line, two at work
  const RareEvent both = read("queue of s > 10 and s is down");
  EXPECT_TRUE(both.all);
  EXPECT_EQ(both.terms.size(), 2u);
  EXPECT_EQ(both.counts, "");
  EXPECT_FALSE(read("queue of s > 10 or queue of t >= 5").all);
}

TEST(RareEvent, SaysWhatIsWrongWithIt) {
  const auto m = model(kScenario);
  const auto wrong = [&](const std::string& text) {
    EventFault fault;
    EXPECT_FALSE(read_event(text, *m, fault)) << text;
    return fault.message + " | " + fault.hint;
  };
  const auto has = [](const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  };
  EXPECT_TRUE(has(wrong(""), "missing"));
  EXPECT_TRUE(has(wrong("when "), "missing")) << wrong("when ");
  EXPECT_TRUE(has(wrong("queue of s"), "has no > or >="));
  EXPECT_TRUE(has(wrong("queue of s < 5"), "only > and >= can be reached"));
  EXPECT_TRUE(has(wrong("queue of ss > 5"), "there is no service or database ss | there is s, t"));
  EXPECT_TRUE(has(wrong("queue of s#2 > 5"), "s has 2 instances"));
  EXPECT_TRUE(has(wrong("queue of s#x > 5"), "which instance"));
  EXPECT_TRUE(has(wrong("length of s > 5"), "nothing that can be watched"));
  EXPECT_TRUE(has(wrong("queue of s >= 0"), "so at any moment"));
  EXPECT_TRUE(has(wrong("queue of s > -1"), "no limit that can be watched"));
  EXPECT_TRUE(has(wrong("queue of s > many"), "many"));
  EXPECT_TRUE(has(wrong("queue of s > 1e300"), "no limit"));
  EXPECT_TRUE(has(wrong("queue of t > 5"), "room for 5")) << wrong("queue of t > 5");
  EXPECT_TRUE(has(wrong("requests in t > 7"), "room for 7"));
  EXPECT_TRUE(has(wrong("t is down"), "no fault"));
  EXPECT_TRUE(has(wrong("down instances of s > 2"), "2 instances; 3 cannot be down"));
  EXPECT_TRUE(has(wrong("slowest request of load > 2"), "2"));
  EXPECT_TRUE(has(wrong("slowest request of lod > 2s"), "did you mean load?"));
  EXPECT_TRUE(has(wrong("lag of orders > 2"), "the scenario has none"));
  EXPECT_TRUE(has(wrong("queue of s > 1 and queue of t > 1 or s is down"), "which comes first"));
}

struct Asked {
  std::shared_ptr<const models::CompiledModel> m = model(kScenario);
  RareEvent event;
  SplitQuestion question;
  explicit Asked(const std::string& text) {
    EventFault fault;
    event = *read_event(text, *m, fault);
    question.model = m;
    question.event = &event;
  }
};

// Until its renewal a copy is its parent, look for look; after it, it is not.
TEST(Trajectory, IsItsParentUntilItIsKeyedAnew) {
  const Asked a("requests in s >= 1000");
  Trajectory parent, again, child;
  follow(a.question, parent);
  follow(a.question, again);
  ASSERT_GT(parent.rises.size(), 3u);
  EXPECT_EQ(parent.events, again.events);
  const std::uint64_t at = parent.rises[2].look;
  child.path.push_back({at, 12345});
  follow(a.question, child);
  ASSERT_GE(child.rises.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(child.rises[i].score, parent.rises[i].score);
    EXPECT_EQ(child.rises[i].look, parent.rises[i].look);
  }
  EXPECT_NE(child.events, parent.events);
  Trajectory twin;
  twin.path = child.path;
  follow(a.question, twin);
  EXPECT_EQ(twin.events, child.events);
  twin.path[0].key = 54321;
  twin.rises.clear();
  follow(a.question, twin);
  EXPECT_NE(twin.events, child.events);
}

TEST(Splitting, IsTheSameEachTimeAndForAnyNumberOfThreads) {
  const Asked a("requests in s >= 14");
  RareOptions options;
  options.repetitions = 6;
  options.trajectories = 50;
  options.always_split = true;
  options.jobs = 1;
  const RareEstimate one = estimate_rare(a.question, options);
  for (const int jobs : {2, 4}) {
    options.jobs = jobs;
    const RareEstimate more = estimate_rare(a.question, options);
    EXPECT_EQ(one.repetitions, more.repetitions);
    EXPECT_EQ(one.events, more.events);
    EXPECT_EQ(one.probability.high, more.probability.high);
  }
}

// Of 8 requests a second in 20 s never 10,000 stand in line. With 95 % certainty that has a probability below
// p where (1 - p)^n = 5 %, for the n = 200 + 5 x 4 runs that did not depend on each other.
TEST(Splitting, SaysWhenItDiesOut) {
  const Asked a("queue of s > 10000");
  RareOptions options;
  options.trajectories = 4;
  options.repetitions = 5;
  const RareEstimate e = estimate_rare(a.question, options);
  EXPECT_EQ(e.probability.estimate, 0);
  EXPECT_NEAR(e.probability.high, 1 - std::pow(0.05, 1 / 220.0), 1e-12);
  EXPECT_EQ(e.died_out, 5u);
  ASSERT_FALSE(e.notes.empty());
  EXPECT_NE(e.notes[0].find("died out"), std::string::npos);
}

TEST(Splitting, EndsWithItsBudgetOfEvents) {
  const Asked a("requests in s >= 60");
  RareOptions options;
  options.trajectories = 50;
  options.max_events = 600'000;
  const RareEstimate e = estimate_rare(a.question, options);
  EXPECT_LT(e.events, 2'000'000u);
  EXPECT_FALSE(e.precise);
  bool told = false;
  for (const std::string& note : e.notes) told = told || note.find("budget of events") != std::string::npos;
  EXPECT_TRUE(told);
}

TEST(Rare, OfASimulatorThatIsAtFaultNoFigureCanBeTrusted) {
  Asked a("requests in s >= 6");
  a.question.model = with_broken_door(*a.m->topology);
  RareOptions options;
  options.repetitions = 5;
  options.trajectories = 10;
  for (const bool split : {false, true}) {
    options.always_split = split;
    const RareEstimate e = estimate_rare(a.question, options);
    EXPECT_GT(e.broken, 0u);
    EXPECT_LE(e.broken, e.runs);
    EXPECT_NE(e.broken_how.find("expected ++requests_ < 20"), std::string::npos) << e.broken_how;
    ASSERT_FALSE(e.notes.empty());
    EXPECT_NE(e.notes.back().find("no figure here can be trusted"), std::string::npos) << e.notes.back();
  }
}

TEST(Splitting, CountsWhereTheEventIsNotRare) {
  const Asked a("queue of s >= 2");
  const RareEstimate e = estimate_rare(a.question, {});
  EXPECT_FALSE(e.split);
  EXPECT_TRUE(e.precise);
  EXPECT_EQ(e.probability.estimate,
            static_cast<double>(e.plain_happened) / static_cast<double>(e.plain_runs));
  EXPECT_GT(e.probability.low, 0);
}

}  // namespace
}  // namespace tailrace::scenarios
