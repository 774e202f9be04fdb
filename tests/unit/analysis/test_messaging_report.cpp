// What reports and thresholds say of messages, on systems whose figures can be counted by hand: a client
// publishes every 10 ms from the first 10 ms on, and one consumer handles.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "analysis/prediction/predict.hpp"
#include "analysis/report/messaging_text.hpp"
#include "analysis/report/run_report.hpp"
#include "analysis/report/summary_json.hpp"
#include "analysis/report/tables_csv.hpp"
#include "analysis/report/thresholds.hpp"
#include "models/runtime/execution.hpp"
#include "tests/unit/analysis/message_world.hpp"

namespace tailrace::analysis {
namespace {

using models::Fate;

struct Ran {
  std::shared_ptr<const models::CompiledModel> model;
  std::vector<models::RunRecord> records;
  RunReport report;
};

Ran run(const models::Topology& t, std::uint32_t replications = 2) {
  Ran r;
  r.model = models::compile(std::make_shared<const models::Topology>(t));
  for (std::uint32_t i = 0; i < replications; ++i) {
    models::RunOptions options;
    options.replication = i;
    r.records.push_back(models::Execution(r.model, options).run());
  }
  r.report = build_run_report(*r.model, r.records);
  return r;
}

// Publishes at 10, 20, ... ms; the handler takes `handling_ms`. The run ends 5 ms after the last of
// `messages`.
MessageWorld regular(int messages, double handling_ms, double failing = 0) {
  MessageWorld w;
  models::Steps handler = {World::compute(Distribution::constant(handling_ms * kMs))};
  if (failing > 0) {
    models::Step fail;
    fail.kind = models::Step::Kind::fail;
    fail.probability = failing;
    handler.push_back(fail);
  }
  const int orders = w.channel("orders", 1, handler);
  models::Workload& load = w.open(100, {w.publish(orders), w.milestone("load/sent")});
  load.spacing = Distribution::constant(1);
  w.t.run.duration = {static_cast<std::int64_t>((messages * 10 + 5) * kMs)};
  w.t.run.time_resolution = {static_cast<std::int64_t>(5 * kMs)};
  return w;
}

TEST(MessagingReport, CountsWhatWasPublishedHandledAndKept) {
  // Handling takes 25 ms, so it ends at 35, 60, 85 and would at 110: of the ten of 10..100 ms three are done.
  const Ran r = run(regular(10, 25).t);
  const ChannelReport& c = r.report.messaging.channels.at(0);
  EXPECT_EQ(c.counts.published, 2u * 10);
  EXPECT_NEAR(c.published.estimate, 10 / 0.105, 1e-9);
  EXPECT_EQ(c.refused.estimate, 0);
  const GroupReport& g = c.groups.at(0);
  EXPECT_EQ(g.name, "orders/mailers");
  EXPECT_EQ(g.handled, 2u * 3);
  EXPECT_EQ(g.deliveries, 2u * 4);
  EXPECT_NEAR(g.throughput.estimate, 3 / 0.105, 1e-9);
  EXPECT_DOUBLE_EQ(g.lag_at_end.estimate, 7);
  EXPECT_EQ(g.peak_lag, 7u);
  // The sum of what is kept: from each publication to its end, or to 105 ms.
  const double area_ms = (35 - 10) + (60 - 20) + (85 - 30) + (65 + 55 + 45 + 35 + 25 + 15 + 5);
  EXPECT_NEAR(g.lag.estimate, area_ms / 105, 1e-9);
  EXPECT_NEAR(g.end_to_end.mean.estimate, (25 + 40 + 55) / 3.0 * 1e-3, 1e-6);
  EXPECT_NEAR(g.wait.mean.estimate, (0 + 15 + 30 + 45) / 4.0 * 1e-3, 1e-6);
  EXPECT_EQ(c.places.at(0).counts.ready, 2u * 6);
  EXPECT_EQ(c.places.at(0).counts.in_flight, 2u * 1);
  EXPECT_TRUE(c.places.at(0).conserved);
  EXPECT_TRUE(r.report.conservation_holds);
  const MilestoneReport& sent = r.report.messaging.milestones.at(0);
  EXPECT_EQ(sent.time.count, 2u * 10);
  EXPECT_EQ(sent.time.max, 0);
  const EffectReport& e = r.report.messaging.effects.at(0);
  EXPECT_TRUE(e.of_group);
  EXPECT_EQ(e.counts.distinct, 2u * 3);
  EXPECT_EQ(e.counts.pending, 2u * 7);
  EXPECT_EQ(e.missed_count, 0u);
}

TEST(MessagingReport, AMessageThatAlwaysFailsIsRedeliveredDeadLetteredAndMissed) {
  // Each is handled twice for 2 ms, and done for within its 10 ms.
  const Ran r = run(regular(20, 2, 1).t);
  const GroupReport& g = r.report.messaging.channels.at(0).groups.at(0);
  EXPECT_EQ(g.deliveries, 2u * 40);
  EXPECT_EQ(g.redeliveries, 2u * 20);
  EXPECT_DOUBLE_EQ(g.redelivered.estimate, 0.5);
  EXPECT_EQ(g.ended[static_cast<std::size_t>(Fate::dead_lettered)], 2u * 20);
  EXPECT_DOUBLE_EQ(g.dead_lettered.estimate, 1);
  EXPECT_EQ(g.handled, 0u);
  const EffectReport& e = r.report.messaging.effects.at(0);
  EXPECT_EQ(e.counts.missed[static_cast<std::size_t>(Fate::dead_lettered)], 2u * 20);
  EXPECT_DOUBLE_EQ(e.missed.estimate, 1);
  const std::string text = messaging_text(r.report.messaging, {});
  // Half of the deliveries were not the first; none handled them; what became of the copies.
  EXPECT_NE(text.find("orders/mailers"), std::string::npos) << text;
  EXPECT_NE(text.find("50.0 %"), std::string::npos) << text;
  EXPECT_NE(text.find("dead lettered"), std::string::npos) << text;
  EXPECT_NE(text.find(" x2.00"), std::string::npos) << text;  // deliveries of each, in ASCII
}

TEST(MessagingReport, AModelWithoutMessagesHasNothingToSay) {
  World w;
  const int s = w.service("s", 1, {World::work(1)});
  w.open(10, {w.call(s)});
  const Ran r = run(w.t, 1);
  EXPECT_FALSE(r.report.messaging.present);
  EXPECT_EQ(messaging_text(r.report.messaging, {}), "");
}

TEST(MessagingReport, APlaceThatLosesCountBreaksConservation) {
  Ran r = run(regular(10, 25).t);
  r.records[1].channels[0].places[0].accepted += 1;
  const RunReport broken = build_run_report(*r.model, r.records);
  EXPECT_FALSE(broken.messaging.conserved);
  EXPECT_FALSE(broken.conservation_holds);
}

TEST(MessagingReport, TheTimeSeriesHasTheLagOfEachGroup) {
  const Ran r = run(regular(10, 25).t);
  const std::vector<ThresholdResult> none;
  const std::string csv = timeseries_csv({*r.model, r.records, r.report, none, {}, {}});
  // At 35 ms the first is handled, the second and third are there.
  EXPECT_NE(csv.find("\n0.03,0.035,consumer_group,orders/mailers,,,,,,,,,,,,2,,,,\n"), std::string::npos)
      << csv;
}

TEST(MessagingReport, TheSummaryFitsItsSchema) {
  if (std::system("python3 -c 'import jsonschema' 2> /dev/null") != 0)
    GTEST_SKIP() << "python3-jsonschema is not here";
  const Ran r = run(regular(2000, 2, 0.5).t);  // 1000 publications are an event of this channel
  const std::vector<ThresholdResult> none;
  const std::string json = summary_json({*r.model, r.records, r.report, none, {}, {}});
  EXPECT_NE(json.find("second thousand"), std::string::npos);
  const std::string file = fmt::format("{}messaging_summary_{}.json", ::testing::TempDir(), getpid());
  std::ofstream(file) << json;
  const std::string check =
      "python3 -c \"import json,jsonschema,sys; jsonschema.Draft202012Validator(json.load(open(sys.argv[1])))"
      ".validate(json.load(open(sys.argv[2])))\" " TAILRACE_SOURCE_DIR "/docs/summary.schema.json " +
      file;
  EXPECT_EQ(std::system(check.c_str()), 0);
  std::remove(file.c_str());
}

TEST(MessagingThresholds, JudgeGroupsChannelsEffectsAndMilestones) {
  MessageWorld w = regular(10, 25);
  const auto add = [&](const char* metric, const char* condition) {
    w.t.thresholds.push_back({metric, condition, {}});
  };
  add("orders/mailers.end_to_end", "max < 56ms");
  add("orders/mailers.end_to_end", "avg < 39ms");  // it is 40
  add("orders/mailers.message_wait", "min < 1ms");
  add("orders/mailers.lag", "max <= 7");
  add("orders/mailers.lag", "value == 7");
  add("orders/mailers.lag", "avg < 3");  // (120 + 245) / 105 = 3.48
  add("orders/mailers.throughput", "rate > 28/s");
  add("orders/mailers.dead_lettered", "count == 0");
  add("orders/mailers.dead_lettered", "rate < 1%");
  add("orders/mailers.duplicates", "rate < 1%");
  add("orders/mailers.missed", "count == 0");
  add("orders/mailers.out_of_order", "count == 0");
  add("orders.published", "count == 20");
  add("orders.published", "rate > 95/s");
  add("orders.refused", "rate < 1%");
  add("orders.unpublished", "count == 0");
  add("load/sent.milestone", "count == 20");
  add("load/sent.milestone", "p(99) < 1ms");
  add("load/sent.milestone", "rate > 95/s");
  models::Diagnostics diagnostics;
  check_thresholds(w.t, diagnostics);
  EXPECT_EQ(diagnostics.errors(), 0);
  const Ran r = run(w.t);
  const std::vector<ThresholdResult> judged = evaluate_thresholds(*r.model, r.records, r.report);
  ASSERT_EQ(judged.size(), w.t.thresholds.size());
  for (const ThresholdResult& t : judged) {
    const bool low = t.expression == "avg < 39ms" || t.expression == "avg < 3";
    EXPECT_EQ(verdict_name(t.verdict), std::string(low ? "fail" : "pass"))
        << t.metric << ": " << t.expression << ", measured " << t.measured.estimate;
  }
}

TEST(MessagingThresholds, AnUnknownNameIsRefusedWithTheNearest) {
  MessageWorld w = regular(10, 25);
  w.t.thresholds.push_back({"orders/mailer.end_to_end", "avg < 1s", {}});
  w.t.thresholds.push_back({"orders/mailers.lag", "rate < 1/s", {}});
  models::Diagnostics diagnostics;
  check_thresholds(w.t, diagnostics);
  const std::string shown = models::format_diagnostics(diagnostics, {});
  EXPECT_NE(shown.find("did you mean orders/mailers.end_to_end?"), std::string::npos) << shown;
  EXPECT_NE(shown.find("lag has: avg, max, value"), std::string::npos) << shown;
}

TEST(MessagingPrediction, FollowsMessagesToTheirHandlersAndSaysThatItIsApproximate) {
  MessageWorld w;
  const int mail = w.service("mail", 1, {World::work(2)}, true);
  const int orders = w.channel("orders", 4, {});
  const int handler = w.handler(orders);
  w.operation(handler).steps[0].branches[0].steps = {World::work(5), w.call(mail, handler)};
  w.open(100, {w.publish(orders)});
  const Prediction p = predict(w.t);
  const StationPrediction& group = p.stations.at(2);
  ASSERT_EQ(group.name, "orders/mailers");
  EXPECT_NEAR(group.visit_rate_per_s, 100, 1e-9);
  EXPECT_FALSE(group.utilization.known) << "it is held while it calls mail";
  EXPECT_TRUE(group.stable);
  EXPECT_FALSE(group.wait_mean_s.known);
  EXPECT_NEAR(p.stations.at(0).utilization.value, 100 * 2e-3, 1e-9);
  EXPECT_FALSE(p.stations.at(0).utilization.exact);
  EXPECT_TRUE(p.cycles.empty());
}

TEST(MessagingPrediction, DoesNotKnowWhatUsersInALoopOrRoutingKeysLeaveToMessages) {
  for (const bool routed : {false, true}) {
    MessageWorld w;
    const int orders = w.channel("orders", 1, {World::work(5)});
    const int mail = w.service("mail", 1, {World::work(2)}, true);
    w.operation(w.handler(orders)).steps.push_back(w.call(mail, w.handler(orders)));
    const models::Step step = w.publish(orders);
    if (routed) {
      w.t.routing_keys.emplace_back("eu");
      w.t.publications[0].route = 1;
      w.open(10, {step});
    } else {
      w.closed(10, 100, {step});
    }
    const Prediction p = predict(w.t);
    ASSERT_EQ(p.stations.at(1).name, "orders/mailers");
    for (const std::size_t i : {1u, 2u}) {
      EXPECT_FALSE(p.stations[i].rate_known) << routed << p.stations[i].name;
      EXPECT_FALSE(p.stations[i].utilization.known) << routed << p.stations[i].name;
      EXPECT_EQ(p.stations[i].utilization.reason, "messages arrive here, which the theory does not follow");
    }
  }
}

TEST(MessagingPrediction, AHandlerThatPublishesToItsOwnChannelIsAMessageLoopAndNoCallCycle) {
  MessageWorld w;
  const int orders = w.channel("orders", 1, {});
  const int handler = w.handler(orders);
  w.operation(handler).steps[0].branches[0].steps = {World::one_of({{0.5, {w.publish(orders, handler)}}})};
  w.open(10, {w.publish(orders)});
  const Prediction p = predict(w.t);
  EXPECT_TRUE(p.cycles.empty());
  ASSERT_EQ(p.message_loops.size(), 1u);
  EXPECT_EQ(p.message_loops[0], "orders.publish -> orders/mailers -> orders.publish");
  // Every message causes another with one half: 10 + 5 + 2.5 + ...
  EXPECT_NEAR(p.stations.at(1).visit_rate_per_s, 20, 1e-9);
}

TEST(MessagingPrediction, ConsumersFailApartFromTheNodesOfTheirChannel) {
  MessageWorld w;
  const int orders = w.channel("orders", 1, {});
  w.station(orders).instances = 3;
  w.station(orders).groups = {{3, 1, 1, 0, {}}};
  const int mail = w.service("mail", 1, {World::work(1)});
  w.operation(w.handler(orders)).steps.push_back(w.call(mail, w.handler(orders)));
  w.open(10, {w.publish(orders)});
  const Prediction p = predict(w.t);
  // The broker has three nodes. Its consumers are one instance, behind which is only the mail service; no
  // request needs them.
  ASSERT_EQ(p.single_points_of_failure.size(), 1u);
  EXPECT_EQ(p.single_points_of_failure[0].component, "orders/mailers");
  EXPECT_EQ(p.single_points_of_failure[0].dependents, 1);
  EXPECT_EQ(p.single_points_of_failure[0].workload, "");
}

}  // namespace
}  // namespace tailrace::analysis
