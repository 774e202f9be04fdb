// The parts of the map that need no simulation.
#include <gtest/gtest.h>

#include "scenarios/metastability/map.hpp"
#include "tests/unit/scenarios/broken_door.hpp"
#include "tests/unit/scenarios/sweep_scenario.hpp"

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
  const SweepScenario read = scenario(
      "run: {duration: 100s}\nworkloads:\n"
      "  a: {constant_arrival_rate: 10/s, calls: s.op}\n"
      "  b: {constant_vus: 10, calls: s.op}\n"
      "services: {s: {replicas: 4, endpoints: {op: [compute: 1ms]}}}\nfaults: [" +
      faults + "]\n");
  std::string fault;
  auto built = build_point(read, {}, {}, "test", fault);
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

TEST(Trigger, IsFoundByItsNameOrNumber) {
  const models::Topology t = topology(
      "{name: first, type: pause, target: s, start: 20s, duration: 10s},"
      "{name: second, type: pause, target: s, start: 50s, duration: 5s}");
  const auto found = [&](const std::string& asked) {
    TriggerFault trigger;
    EXPECT_EQ(find_trigger(t, asked, trigger), "");
    return trigger.name;
  };
  EXPECT_EQ(found(""), "first");
  EXPECT_EQ(found("second"), "second");
  EXPECT_EQ(found("1"), "second");
  TriggerFault trigger;
  EXPECT_EQ(find_trigger(t, "third", trigger), "there is no fault third; there are first, second");
  EXPECT_EQ(find_trigger(t, "2", trigger), "there is no fault 2; there are first, second");
}

TEST(Trigger, HasToBeThereAndToEnd) {
  TriggerFault trigger;
  const auto why = [&](const std::string& fault) { return find_trigger(topology(fault), "", trigger); };
  EXPECT_NE(why("").find("the scenario has no fault"), std::string::npos);
  EXPECT_NE(why("{type: pause, target: s, start: 20s}").find("lasts to the end of the run"),
            std::string::npos);
  EXPECT_NE(why("{type: pod_failure, target: s, mtbf: exp(10s), mttr: exp(1s)}").find("again and again"),
            std::string::npos);
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

  t = topology(
      "{type: memory_stress, target: s, factor: 2, oom_after: 1s, restart_time: 4s, start: 20s, duration: "
      "10s}");
  EXPECT_EQ(find_trigger(t, "", trigger), "");
  scale_trigger(t, trigger, 2, 1);
  EXPECT_EQ(t.faults[0].duration->ns, 20'000'000'000);
  EXPECT_EQ(t.faults[0].effects[1].lasts->ns, 8'000'000'000);  // what died of it
  EXPECT_EQ(t.run.duration.ns, 110'000'000'000);
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
  const models::Fault delay = scaled("{type: delay, target: s, latency: 10ms, start: 1s, duration: 1s}", 2);
  EXPECT_DOUBLE_EQ(delay.effects[0].time->mean(), 20e6);
  const std::string half =
      "{type: pause, target: s, mode: fixed_percent, value: 50, start: 1s, duration: 1s}";
  EXPECT_DOUBLE_EQ(scaled(half, 1.5).value, 75);
  EXPECT_DOUBLE_EQ(scaled(half, 9).value, 100);
}

// 10/s up to the end of the first step, then half and back: 1 % of a step is the way to the next.
TEST(Staircase, HoldsEachLoadAfterTheWarmUp) {
  models::Topology t = topology("{type: pause, target: s, start: 20s, duration: 10s}");
  t.workloads.erase(t.workloads.begin() + 1);
  t.run.warmup = {5'000'000'000};
  ASSERT_EQ(make_staircase(t, {1, 0.5, 1}, 10), "");
  EXPECT_TRUE(t.faults.empty());
  EXPECT_EQ(t.run.duration.ns, 35'000'000'000);
  EXPECT_EQ(t.run.time_resolution.ns, 1'000'000'000);
  const models::Workload& w = t.workloads[0];
  EXPECT_EQ(w.process, models::ArrivalProcess::ramping_rate);
  EXPECT_EQ(w.rate_per_s, 10);
  std::vector<std::pair<std::int64_t, double>> stages;  // ms, and the rate at their end
  for (const models::RateStage& stage : w.stages)
    stages.emplace_back(stage.duration.ns / 1'000'000, stage.target);
  const std::vector<std::pair<std::int64_t, double>> expected = {
      {15'000, 10}, {100, 5}, {9'900, 5}, {100, 10}, {9'900, 10}};
  EXPECT_EQ(stages, expected);
}

TEST(Load, IsScaledOpenAndClosed) {
  models::Topology t = topology("");
  EXPECT_EQ(open_load(t), 10);
  EXPECT_EQ(scale_load(t, 1.5), "");
  EXPECT_EQ(open_load(t), 15);
  EXPECT_EQ(t.workloads[1].vus, 15);
  EXPECT_NE(make_staircase(t, {1, 2, 1}, 10), "");  // virtual users have no rate
}

}  // namespace
}  // namespace tailrace::scenarios
