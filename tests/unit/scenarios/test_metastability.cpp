// The parts of the map and of the sensitivity that need no simulation.
#include <gtest/gtest.h>

#include "cli/experiment_exit.hpp"
#include "scenarios/format/read.hpp"
#include "scenarios/metastability/map.hpp"
#include "scenarios/sensitivity/sensitivity.hpp"
#include "tests/unit/scenarios/broken_door.hpp"

namespace tailrace::scenarios {
namespace {

TEST(EitherTail, IsTheBinomialsAgainstAHalf) {
  EXPECT_DOUBLE_EQ(either_tail(8, 8), 2.0 / 256);
  EXPECT_DOUBLE_EQ(either_tail(14, 16), 2.0 * (1 + 16 + 120) / 65536);
  EXPECT_DOUBLE_EQ(either_tail(2, 3), 1);  // 4 of 8 outcomes, on either side
}

// Eight alike decide at 95 % over four looks; seven of eight do not.
TEST(EitherTail, EightAlikeAreEnough) {
  const double error = 0.05 / kLooksOfAProbe;
  EXPECT_LE(either_tail(kFirstLook, kFirstLook), error);
  EXPECT_GT(either_tail(kFirstLook - 1, kFirstLook), error);
}

models::Topology topology(const std::string& faults) {
  models::Diagnostics d;
  SweepScenario scenario;
  scenario.doc = read_scenario_text(
                     "tailrace: 1\nrun: {duration: 100s}\nworkloads:\n"
                     "  a: {constant_arrival_rate: 10/s, calls: s.op}\n"
                     "  b: {constant_vus: 10, calls: s.op}\n"
                     "services: {s: {replicas: 4, endpoints: {op: [compute: 1ms]}}}\nfaults: [" +
                         faults + "]\n",
                     "t.yaml", {}, d)
                     .doc;
  std::string fault;
  auto built = build_point(scenario, {}, {}, "test", fault);
  EXPECT_TRUE(built) << fault;
  return std::move(*built);
}

TEST(Probe, OfASimulatorThatIsAtFaultSaysNothingElse) {
  const Probe p =
      probe(with_broken_door(topology("{type: pause, target: s, start: 20s, duration: 10s}")), {});
  EXPECT_TRUE(p.broken);
  EXPECT_EQ(p.fate, Fate::untold);
  EXPECT_NE(p.note.find("expected ++requests_ < 20"), std::string::npos) << p.note;
}

TEST(Experiments, EndWithTheGravestOfWhatHappened) {
  MetastabilityMap map;
  EXPECT_EQ(cli::exit_code(map, true, 0), 0);
  map.interrupted = true;
  EXPECT_EQ(cli::exit_code(map, true, 2), 130);
  map.broken = "expected a > b";
  EXPECT_EQ(cli::exit_code(map, false, 2), 70);
  Sensitivity s;
  s.ended_early = "base: no more events";
  EXPECT_EQ(cli::exit_code(s, true, 0), 4);
  EXPECT_EQ(cli::exit_code(s, false, 0), 5);
  s.broken = true;
  EXPECT_EQ(cli::exit_code(s, true, 0), 70);
}

TEST(Trigger, IsLongerAndTheTimeAfterItStaysTheSame) {
  models::Topology t = topology("{type: pause, target: s, start: 20s, duration: 10s}");
  TriggerFault trigger;
  EXPECT_EQ(find_trigger(t, "", trigger), "");
  EXPECT_EQ(trigger.duration_s, 10);
  EXPECT_FALSE(trigger.has_size);
  scale_trigger(t, trigger, 3, 1);
  EXPECT_EQ(t.faults[0].duration->ns, 30'000'000'000);
  EXPECT_EQ(t.run.duration.ns, 120'000'000'000);
  scale_trigger(t, trigger, 0.1, 1);
  EXPECT_EQ(t.run.duration.ns, 120'000'000'000);  // never shorter
}

TEST(Trigger, ASizeIsWhatTheFaultDoes) {
  const auto scaled = [](const std::string& fault, double size) {
    models::Topology t = topology(fault);
    TriggerFault trigger;
    EXPECT_EQ(find_trigger(t, "", trigger), "");
    EXPECT_TRUE(trigger.has_size);
    scale_trigger(t, trigger, 1, size);
    return t.faults[0];
  };
  EXPECT_DOUBLE_EQ(
      scaled("{type: load_spike, target: a, factor: 3, start: 1s, duration: 1s}", 2).effects[0].amount, 5);
  EXPECT_DOUBLE_EQ(
      scaled("{type: abort, target: s, percentage: 30%, start: 1s, duration: 1s}", 2).effects[0].probability,
      0.6);
  EXPECT_DOUBLE_EQ(
      scaled("{type: abort, target: s, percentage: 30%, start: 1s, duration: 1s}", 9).effects[0].probability,
      1);
  EXPECT_DOUBLE_EQ(
      scaled("{type: pause, target: s, mode: fixed, value: 2, start: 1s, duration: 1s}", 1.5).value, 3);
  EXPECT_DOUBLE_EQ(
      scaled("{type: pause, target: s, mode: fixed, value: 2, start: 1s, duration: 1s}", 9).value,
      4);  // there are 4
}

TEST(Trigger, ScalesOpenAndClosedLoad) {
  models::Topology t = topology("");
  EXPECT_EQ(open_load(t), 10);
  EXPECT_EQ(scale_load(t, 1.5), "");
  EXPECT_EQ(open_load(t), 15);
  EXPECT_EQ(t.workloads[1].vus, 15);
  EXPECT_NE(make_staircase(t, {1, 2, 1}, 10), "");  // virtual users have no rate
}

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
