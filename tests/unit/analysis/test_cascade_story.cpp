// The story says what it does not know, and moments as clocks have them.
#include <gtest/gtest.h>

#include "analysis/report/cascade_story.hpp"

namespace tailrace::analysis {
namespace {

CascadeReport a_hit_that_nothing_explains() {
  CascadeReport report;
  report.verdict = Verdict::degraded;
  report.reason = "its trigger lasts";
  report.replications = 1;
  report.verdicts[static_cast<std::size_t>(Verdict::degraded)] = 1;
  CascadeHitReport hit;
  hit.component = "shop";
  hit.symptom = Symptom::queue;
  hit.onset_s = 12;
  hit.normal = 1;
  hit.worst = 80;
  hit.replications = 1;
  report.hits.push_back(hit);
  return report;
}

TEST(CascadeStory, SaysThatNoCallExplainsAHit) {
  const std::string story = cascade_story({}, a_hit_that_nothing_explains());
  EXPECT_EQ(story.substr(0, story.find(". It had")),
            "shop was hit first, at 12.0 s and no call explains why: its queue grew from 1.00 to 80.0");
}

TEST(CascadeStory, DoesNotSaySoWhereNoCallWasWatched) {
  CascadeReport report = a_hit_that_nothing_explains();
  report.calls_watched = false;
  const std::string story = cascade_story({}, report);
  EXPECT_EQ(
      story.substr(0, story.find(". It had")),
      "shop was hit first, at 12.0 s: its queue grew from 1.00 to 80.0. There are too many calls to watch "
      "each, so what "
      "one did to the next is not told");
}

// Random faults come when they come. Moments of hits are medians, and so is that of the trigger.
TEST(CascadeStory, TellsTheMiddleOfTriggersThatDiffer) {
  models::Topology topology;
  topology.faults.emplace_back().name = "rack";
  CascadeReport report = a_hit_that_nothing_explains();
  Trigger trigger;
  trigger.fault = 0;
  trigger.start_s = 5;
  trigger.end_s = 8;
  trigger.over = true;
  report.triggers.push_back(trigger);
  report.trigger_s = 11;
  report.same_start = false;
  std::string story = cascade_story(topology, report);
  EXPECT_EQ(story.find("At 11.0 s, in the middle one of the replications, the fault \"rack\" began. shop"),
            0u)
      << story;
  report.same_start = true;
  story = cascade_story(topology, report);
  EXPECT_EQ(story.find("At 5.00 s the fault \"rack\" began, for 3.00 s. shop"), 0u) << story;
}

// Of two random faults now one comes first and now the other. In the first replication it was the disk.
TEST(CascadeStory, TellsWhatMostReplicationsBeganWithAndInHowMany) {
  models::Topology topology;
  topology.faults.emplace_back().name = "disk";
  topology.faults.emplace_back().name = "rack";
  const auto one = [](int fault, double start_s) {
    Cascade c;
    c.verdict = Verdict::degraded;
    c.reason = "its trigger lasts";
    for (const auto& [f, s] : {std::pair{fault, start_s}, std::pair{1 - fault, start_s + 20}}) {
      Trigger& t = c.triggers.emplace_back();
      t.fault = f;
      t.start_s = s;
    }
    return c;
  };
  const auto beginning = [&](const std::vector<Cascade>& cascades) {
    const std::string story = cascade_story(topology, cascade_report(topology, cascades));
    return story.substr(0, story.find('.', story.find(" s") + 1));
  };
  Cascade nothing;  // a replication in which there was too little to tell
  EXPECT_EQ(
      beginning({one(0, 5), one(1, 10), one(1, 30), one(1, 20), nothing}),
      "In 3 of 5 replications the fault \"rack\" began first, at 20.0 s in the middle one of them; in 1 "
      "another trigger came first");
  EXPECT_EQ(beginning({one(1, 10), one(1, 30), one(1, 20), nothing}),
            "At 20.0 s, in the middle one of the replications, the fault \"rack\" began");
  EXPECT_EQ(beginning({one(1, 10), one(1, 10)}),
            "At 10.0 s the fault \"rack\" began, and 1 more trigger later");
}

TEST(CascadeStory, NamesWhatMadeTheAttempts) {
  CascadeReport report = a_hit_that_nothing_explains();
  AmplificationReport& a = report.amplified.emplace_back();
  a.most = 2;
  const auto told = [&](const char* words) {
    return cascade_story({}, report).find(std::string(words) + " made 2.00 attempts") != std::string::npos;
  };
  EXPECT_TRUE(told(". Retries"));
  a.hedges = true;
  EXPECT_TRUE(told(". Retries and hedges"));
  a.retries = false;
  EXPECT_TRUE(told(". Hedges"));
}

TEST(CascadeStory, MomentsAreMinutesAndHoursWithTheirTenths) {
  EXPECT_EQ(moment_words(12), "12.0 s");
  EXPECT_EQ(moment_words(100), "100 s");
  EXPECT_EQ(moment_words(123.44), "123.4 s");
  EXPECT_EQ(moment_words(999.9), "999.9 s");
  EXPECT_EQ(moment_words(999.96), "16 min 40 s");
  EXPECT_EQ(moment_words(1200), "20 min");
  EXPECT_EQ(moment_words(1234.5), "20 min 34.5 s");
  EXPECT_EQ(moment_words(3600), "1 h 0 min");
  EXPECT_EQ(moment_words(3659.97), "1 h 1 min");
  EXPECT_EQ(moment_words(172'800), "48.0 h");
}

}  // namespace
}  // namespace tailrace::analysis
