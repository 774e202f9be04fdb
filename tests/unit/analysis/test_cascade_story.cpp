// The story says what it does not know.
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

}  // namespace
}  // namespace tailrace::analysis
