// What the library's scenarios about workflows over messages teach: sagas, outboxes, webhooks, read models,
// questions over a queue, jobs.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/statistical/lessons.hpp"

namespace tailrace::tests {
namespace {

using models::EffectRecord;

// --- saga: 50/s for 400 s; one charge in ten is declined, one release in five fails.

TEST(Saga, DoesTheSameWorkBothWays) {
  const Results run = run_library("saga");
  const double orders = 50 * 400;
  EXPECT_FIGURE(run, milestones("orders/order.completed"), 0.9 * orders, 200);
  EXPECT_FIGURE(run, milestones("paid/completed"), 0.9 * orders, 200);
  EXPECT_FIGURE(run, arrivals_per_request("payments.charge", "orchestrated"), 1, 0.001);
  EXPECT_FIGURE(run, arrivals_per_request("payments2.charge", "choreographed"), 1, 0.001);
  EXPECT_FIGURE(run, arrivals_per_request("shipping.book", "orchestrated"), 0.9, 0.005);
  EXPECT_FIGURE(run, arrivals_per_request("shipping2.book", "choreographed"), 0.9, 0.005);
  // Releases: one and a repetition, against as many as it takes.
  EXPECT_FIGURE(run, arrivals_per_request("stock.release", "orchestrated"), 0.1 * 1.2, 0.006);
  EXPECT_FIGURE(run, arrivals_per_request("stock2.release", "choreographed"), 0.1 / 0.8, 0.006);
}

// Orchestrated: 10 + 20 + 10 ms, and the state is stored, 3 ms, after each of three steps.
// Choreographed: 10 + 20 + 10 ms, by three messages.
TEST(Saga, OrchestrationPaysInStateAndChoreographyInMessages) {
  const Results run = run_library("saga");
  EXPECT_FIGURE(run, milestone_mean("orders/order.completed"), 0.049, 0.001);
  EXPECT_FIGURE(run, milestone_mean("paid/completed"), 0.040, 0.001);
  EXPECT_GT(
      difference(run, milestone_mean("orders/order.completed"), run, milestone_mean("paid/completed")).low,
      0.008);
  const Figure messages = [](const models::CompiledModel&, const models::RunRecord& r) {
    double sum = 0;
    for (const models::ChannelRecord& c : r.channels) sum += static_cast<double>(c.counts.published);
    return sum;
  };
  EXPECT_NEAR(mean(run, messages) / (50 * 400), 3, 0.03);
}

TEST(Saga, TheOrchestratorKnowsWhatIsStuck) {
  const Results run = run_library("saga");
  const double stuck = 50 * 400 * 0.1 * 0.2 * 0.2;  // 80, of which five replications are seen
  EXPECT_FIGURE(run, milestones("orders/order.stuck"), stuck, 3 * std::sqrt(stuck / 5));
  // All others that were declined are undone; a handler of events is tried until it succeeds.
  EXPECT_FIGURE(run, milestones("declined/cancelled"), mean(run, published("declined")), 2);
  EXPECT_EQ(most(run, missed("declined/stock")), 0);
}

// --- outbox: one of two instances dies 19 times, at 50/s with 20 ms between the write and the event.

TEST(Outbox, DualWritesLoseWhatWasInBetween) {
  const Results run = run_library("outbox");
  const Figure lost = minus(effects("dual_orders/stored", &EffectRecord::distinct), published("dual_events"));
  EXPECT_GT(least(run, lost), 0);
  EXPECT_FIGURE(run, lost, 19 * 50 * 0.020, 3 * std::sqrt(19 / 5.0));
  // Exactly those that were stored and are told nowhere: nothing is under way any more.
  EXPECT_EQ(most(run, minus(published("dual_events"), milestones("dual_orders/told"))), 0);
}

TEST(Outbox, LosesNothingAndIsLateByItsRelay) {
  const Results run = run_library("outbox");
  EXPECT_EQ(most(run, missed("order_outbox/relay")), 0);
  EXPECT_EQ(most(run, missed("boxed_events/mailers")), 0);
  const Figure untold =
      minus(published("order_outbox"), effects("boxed_events/mailers", &EffectRecord::distinct));
  EXPECT_EQ(most(run, untold), 0);
  EXPECT_EQ(least(run, untold), 0);
  // A relay that died between publishing and marking published again.
  EXPECT_GT(mean(run, effects("boxed_events/mailers", &EffectRecord::duplicates)), 0);
  const Results calm = run_library("outbox", {"faults=[]"});
  EXPECT_EQ(most(calm, effects("boxed_events/mailers", &EffectRecord::duplicates)), 0);
  EXPECT_EQ(
      most(calm, minus(effects("dual_orders/stored", &EffectRecord::distinct), published("dual_events"))), 0);
  // Half of a poll's interval, and the work: written in 3 ms, marked in 1 ms.
  EXPECT_NEAR(group(calm.report, "order_outbox/relay").end_to_end.mean.estimate, 0.050 + 0.004, 0.001);
}

// --- webhooks

TEST(Webhooks, NoCallbackIsLostInAnOutageAndDuplicatesAreRecognised) {
  const Results run = run_library("webhooks");
  for (const std::string name : {"careful", "naive"}) {
    const Figure sent = published(name + "_hook");
    const Figure arrived = effects(name + "/booked", &EffectRecord::distinct);
    EXPECT_EQ(most(run, minus(sent, arrived)), 0) << name;
    EXPECT_EQ(least(run, minus(sent, arrived)), 0) << name;
    // 20/s for 300 s, but for what was under way.
    EXPECT_GT(least(run, lag_at(name + "_hook/senders", 600)), 5500) << name;
    EXPECT_EQ(most(run, lag_at(name + "_hook/senders", 1500)), 0) << name;
  }
  EXPECT_EQ(most(run, effects("careful/booked", &EffectRecord::duplicates)), 0);
  EXPECT_GT(least(run, effects("careful/booked", &EffectRecord::skipped)), 50);
  // 1 % take longer than the two seconds that the sender waits, and are sent again.
  const double twice = mean(run, effects("naive/booked", &EffectRecord::duplicates));
  EXPECT_NEAR(twice / mean(run, effects("naive/booked", &EffectRecord::applied)), 0.01, 0.002);
}

// --- cqrs

TEST(Cqrs, ReadsSurviveAndStalenessIsADistribution) {
  const Results run = run_library("cqrs");
  EXPECT_EQ(least(run, successes("readers")), 1);
  EXPECT_NEAR(1 - mean(run, successes("writers")), 30.0 / 600, 0.005);
  EXPECT_EQ(most(run, missed("changes/projector")), 0);
  const analysis::LatencyReport& behind = milestone(run.report, "changes/visible").time;
  EXPECT_LT(percentile(behind, 0.5), 0.02);
  EXPECT_GT(percentile(behind, 0.99), 15);
  const Results calm = run_library("cqrs", {"faults=[]"});
  // 2 + 4 ms until it is written; 5 ms to project it, by four M/M/1 of 12.5/s.
  EXPECT_FIGURE(calm, milestone_mean("changes/visible"), 0.006 + 0.005 / (1 - 12.5 * 0.005), 0.0002);
  EXPECT_GT(difference(run, milestone_mean("changes/visible"), calm, milestone_mean("changes/visible")).low,
            0.2);
}

// --- request-reply: down for 3 s, and for 20 s; askers wait 5 s.

TEST(RequestReply, BridgesAShortOutageAndWorksForNobodyAfterALongOne) {
  const Results run = run_library("request-reply");
  EXPECT_NEAR(1 - mean(run, successes("callers")), 23.0 / 200, 0.006);
  // All is handled, also what nobody waits for any more.
  EXPECT_EQ(most(run, missed("rabbit/questions")), 0);
  // Down 20 s at 50/s: 1000 wait, and leave at 200/s. Who asked x s before the end waits x + (20 - x) / 4 s,
  // over 5 s for x > 0: all of them. Who asks y s after it waits (1000 - 150 y) / 200 s: under 5 s.
  EXPECT_NEAR(1 - mean(run, successes("askers")), 20.0 / 200, 0.01);
  const Results brief = run_library("request-reply", {"faults=[{type: pod_failure, target: rabbit/questions, "
                                                      "start: 50s, duration: 3s}]"});
  EXPECT_EQ(least(brief, successes("askers")), 1);
}

// --- long-running-jobs: 50 to 70 s each.

TEST(LongRunningJobs, ACallbackTellsAtOnceAndPollingIsLateByHalfItsInterval) {
  const Results run = run_library("long-running-jobs", {"faults=[]"});
  EXPECT_FIGURE(run, milestone_mean("inbox/told"), 60, 0.6);
  EXPECT_NEAR(workload(run.report, "pollers").success_duration.mean.estimate, 65, 0.6);
  // Six or seven questions; of those of the last 65 s of 3000 half are not asked yet.
  EXPECT_FIGURE(run, arrivals_per_request("status.get", "pollers"), 6.5 * (1 - 65 / 2.0 / 3000), 0.1);
  EXPECT_LE(most(run, arrivals_per_request("inbox.done", "submitters")), 1);
}

TEST(LongRunningJobs, ADeadWorkersJobIsDoneByAnother) {
  const Results run = run_library("long-running-jobs");
  EXPECT_GT(mean(run, redelivered_share("polled/workers")), 0);
  EXPECT_EQ(most(run, missed("polled/workers")), 0);
  EXPECT_EQ(most(run, missed("called_back/workers")), 0);
  EXPECT_EQ(most(run, effects("polled/workers", &EffectRecord::duplicates)), 0);
}

// --- orchestrator-crash: 50/s for 600 s by two instances, of which one dies 19 times. A saga takes three
// steps of 100 ms (and 5 ms each to be stored), or is declined by the second and undone in another 100.

Figure ended_sagas(const std::string& group) {
  return [group](const models::CompiledModel& m, const models::RunRecord& r) {
    return milestones(group + "/order.completed")(m, r) + milestones(group + "/order.failed")(m, r);
  };
}

TEST(OrchestratorCrash, LeavesStuckWhatIsNotStoredAndGoesOnWithWhatIs) {
  const Results run = run_library("orchestrator-crash");
  const double stuck = 19 * 50 * 0.300 / 2, error = 3 * std::sqrt(stuck / 5);
  EXPECT_FIGURE(run, missed("forgetful/workers"), stuck, error);
  const Figure unfinished = minus(milestones("forgetful/order.started"), ended_sagas("forgetful"));
  EXPECT_EQ(most(run, minus(unfinished, missed("forgetful/workers"))), 0);
  EXPECT_EQ(least(run, minus(unfinished, missed("forgetful/workers"))), 0);
  // Those that are stored go on, and every one comes to its end once: completed or undone.
  const double led = 19 * 50 * 0.315 / 2;
  EXPECT_FIGURE(run, milestones("durable/order.resumed"), led, 3 * std::sqrt(led / 5));
  EXPECT_EQ(most(run, missed("durable/workers")), 0);
  const Figure open = minus(milestones("durable/order.started"), ended_sagas("durable"));
  EXPECT_EQ(most(run, open), 0);
  EXPECT_EQ(least(run, open), 0);
}

// Who dies in the middle of a step has asked its participant, and asks again: 19 times 50/s x 100 ms / 2
// reserves.
TEST(OrchestratorCrash, RepeatsTheStepThatWasUnderWayAndNoOther) {
  const Results run = run_library("orchestrator-crash");
  const double again = 19 * 50 * 0.100 / 2;
  EXPECT_FIGURE(run, effects("stock/reserved", &EffectRecord::skipped), again, 3 * std::sqrt(again / 5) + 3);
  EXPECT_EQ(most(run, effects("stock/reserved", &EffectRecord::duplicates)), 0);
  EXPECT_EQ(most(run, minus(effects("stock/reserved", &EffectRecord::distinct),
                            milestones("durable/order.started"))),
            0);
  // What was declined is undone, whoever led it in the end.
  EXPECT_EQ(most(run, minus(effects("stock/released", &EffectRecord::distinct),
                            milestones("durable/order.failed"))),
            0);
  EXPECT_EQ(least(run, minus(effects("stock/released", &EffectRecord::distinct),
                             milestones("durable/order.failed"))),
            0);
}

// Three states at 5 ms each, against none; and what is resumed waits for the rest of its lease of 3 s, of
// which up to one heartbeat, 1 s, is over.
TEST(OrchestratorCrash, StateCostsTimeAtEachStep) {
  const Results calm = run_library("orchestrator-crash", {"faults=[]",
                                                          "thresholds={durable/workers.missed: [\"count "
                                                          "== 0\"]}"});
  EXPECT_FIGURE(calm, milestone_mean("durable/order.completed"), 0.315, 0.001);
  EXPECT_FIGURE(calm, milestone_mean("forgetful/order.completed"), 0.300, 0.001);
  EXPECT_EQ(mean(calm, milestones("durable/order.resumed")), 0);
  const Results run = run_library("orchestrator-crash");
  const double late = (mean(run, milestone_mean("durable/order.completed")) - 0.315) *
                      mean(run, milestones("durable/order.completed")) /
                      (0.9 * mean(run, milestones("durable/order.resumed")));
  EXPECT_GT(late, 2);
  EXPECT_LT(late, 3.3);
}

// --- late-events: windows of 10 s, delays of 2 s on average.

double late_share(double allowed_s) {
  return 0.2 * (1 - std::exp(-5.0)) * std::exp(-allowed_s / 2);
}
double dropped(const Results& run, const std::string& window) {
  const double lost = mean(run, gone(window + "/events", models::Fate::dropped));
  return lost / (lost + mean(run, gone(window + "/events", models::Fate::consumed)));
}

TEST(LateEvents, AreThoseWhoseDelayIsLongerThanWhatWasLeft) {
  const Results run = run_library("late-events");
  EXPECT_NEAR(dropped(run, "prompt"), late_share(0), 0.003);
  EXPECT_NEAR(dropped(run, "patient"), late_share(6), 0.001);
  EXPECT_NEAR(dropped(run, "revised"), late_share(6), 0.001);
  // 60 windows, of which each has one result; the revised ones one more for each click that came in time for
  // it.
  EXPECT_FIGURE(run, effects("prompt/results", &EffectRecord::distinct), 60, 1.1);
  const double revisions = 61 * 1000 * (late_share(0) - late_share(6));
  EXPECT_FIGURE(run, effects("revised/results", &EffectRecord::distinct), 60 + revisions, 0.03 * revisions);
  EXPECT_EQ(most(run, missed("revised/results")), 0);
}

// The latest click that has come is not quite of now: it is a Rayleigh of mean sqrt(pi/100) s behind, for
// clicks at 100/s that are under way for an exponential time of 2 s. So a little less is late.
TEST(LateEvents, ByTheLatestEventAreFewerByWhatThatOneIsBehind) {
  const Results run = run_library("late-events", {"windows.prompt.watermark=events"});
  const double behind = std::sqrt(3.14159265 / 100);
  const double expected = late_share(0) * std::exp(-behind / 2);
  EXPECT_NEAR(dropped(run, "prompt"), expected, 0.006);
  EXPECT_LT(dropped(run, "prompt"), late_share(0) - 0.01);
}

}  // namespace
}  // namespace tailrace::tests
