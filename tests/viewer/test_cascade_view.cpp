// What the cascade panel tells of a run: it begins with the component that the fault hit, in the window in
// which it did; causes come before what they cause; and nobody is told of who has nothing to do with it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "tests/support/scenario.hpp"
#include "tests/viewer/open.hpp"
#include "viewer/model/cascade_view.hpp"

namespace tailrace::viewer {
namespace {

std::size_t at(int i) {
  return static_cast<std::size_t>(i);
}

struct Told {
  std::shared_ptr<const Scene> scene;
  CascadeScene cascade;
  std::string name(const CascadeStep& step) const { return scene->nodes[at(step.node)].name; }
};

Told told_of(const std::string& text) {
  const auto view = run_text(text)->view();
  return {view->scene, cascade_scene(*view->scene, *view->finished)};
}

// Whoever calls `node`, directly or not, and itself.
std::vector<bool> upstream(const Scene& scene, int node) {
  std::vector<bool> found(scene.nodes.size());
  std::deque<int> open{node};
  found[at(node)] = true;
  while (!open.empty()) {
    const int n = open.front();
    open.pop_front();
    for (const int e : scene.nodes[at(n)].in) {
      const int from = scene.edges[at(e)].from;
      if (!found[at(from)]) open.push_back(from);
      found[at(from)] = true;
    }
  }
  return found;
}

TEST(CascadeScene, KnowsWhatHasBegunAndWhatStillLasts) {
  CascadeScene c;
  c.steps.resize(3);
  c.steps[0].onset_s = 10, c.steps[0].end_s = 20, c.steps[0].over = true;
  c.steps[1].onset_s = 15;  // to the end of the run
  c.steps[2].onset_s = 18, c.steps[2].end_s = 19, c.steps[2].over = true;
  EXPECT_EQ(c.begun(9.9), std::vector<int>{});
  EXPECT_EQ(c.begun(16), (std::vector<int>{0, 1}));
  EXPECT_EQ(c.begun(100), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(c.lasting(18.5), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(c.lasting(19.5), (std::vector<int>{0, 1}));
  EXPECT_EQ(c.lasting(100), std::vector<int>{1});
}

TEST(CascadeScene, UnfoldsWithItsCauses) {
  const auto session = open_file(std::string(TAILRACE_SOURCE_DIR) + "/scenarios/library/retry-storm.yaml");
  ASSERT_TRUE(session->wait_complete(kLong));
  const auto view = session->view();
  const CascadeScene cascade = cascade_scene(*view->scene, *view->finished);
  EXPECT_TRUE(cascade.happened);
  EXPECT_EQ(cascade.verdict, "metastable");
  EXPECT_FALSE(cascade.story.empty());
  ASSERT_FALSE(cascade.triggers.empty());
  EXPECT_EQ(cascade.triggers[0].text, "standstill");
  EXPECT_TRUE(cascade.begun(99).empty()) << "the fault comes at 100 s";
  EXPECT_FALSE(cascade.begun(120).empty());
  ASSERT_FALSE(cascade.steps.empty());
  const CascadeStep& first = cascade.steps[0];
  EXPECT_EQ(view->scene->nodes[static_cast<std::size_t>(first.node)].name, "server");
  EXPECT_EQ(first.trigger, 0);
  EXPECT_EQ(first.depth, 0);
  EXPECT_NE(first.text.find("server"), std::string::npos);
  EXPECT_EQ(cascade.nodes, 1);
  EXPECT_EQ(cascade.nodes_hit, 1);
  EXPECT_EQ(cascade.recovery_s, -1);
  EXPECT_GT(cascade.lost_share, 0.9);
}

// The fault is on from 30 s on, at the last of five hundred, with callers' timeouts of a second.
TEST(CascadeOfFiveHundred, BeginsWithWhoWasHitWhenItWasHit) {
  const Told t = told_of(tests::tiers_text(10, 50, "t9s7"));
  const CascadeScene& c = t.cascade;
  ASSERT_EQ(t.scene->nodes.size(), 501u);
  ASSERT_EQ(c.triggers.size(), 1u);
  EXPECT_EQ(c.triggers[0].text, "standstill");
  EXPECT_DOUBLE_EQ(c.triggers[0].start_s, 30);
  ASSERT_GT(c.steps.size(), 3u);
  const CascadeStep& first = c.steps[0];
  EXPECT_EQ(t.name(first), "t9s7");
  EXPECT_EQ(first.trigger, 0);
  EXPECT_EQ(first.depth, 0);
  EXPECT_GE(first.onset_s, 30);
  EXPECT_LE(first.onset_s, 34) << "it is asked 0.8 times a second, and callers give up after a second";
  EXPECT_THAT(c.story, testing::StartsWith("At 0:30.0 the fault \"standstill\" began"))
      << "moments as on the axis";
  EXPECT_THAT(c.story, testing::HasSubstr("t9s7 was hit first, at 0:3"));
}

TEST(CascadeOfFiveHundred, TellsCausesBeforeWhatTheyCauseAndNobodyElse) {
  const Told t = told_of(tests::tiers_text(10, 50, "t9s7"));
  const CascadeScene& c = t.cascade;
  const std::vector<bool> can_feel_it = upstream(*t.scene, t.scene->find("t9s7"));
  std::vector<double> onset(t.scene->nodes.size(), -1);
  std::vector<std::size_t> row(t.scene->nodes.size(), c.steps.size());
  for (std::size_t i = 0; i < c.steps.size(); ++i) {
    const CascadeStep& step = c.steps[i];
    if (i > 0) {
      EXPECT_LE(c.steps[i - 1].onset_s, step.onset_s) << "by onset";
    }
    if (onset[at(step.node)] < 0) onset[at(step.node)] = step.onset_s, row[at(step.node)] = i;
  }
  int caused = 0;
  for (std::size_t i = 0; i < c.steps.size(); ++i) {
    const CascadeStep& step = c.steps[i];
    EXPECT_TRUE(can_feel_it[at(step.node)]) << t.name(step);
    if (step.cause_node < 0) continue;
    ++caused;
    EXPECT_LE(onset[at(step.cause_node)], step.onset_s) << t.name(step);
    EXPECT_LT(row[at(step.cause_node)], i) << t.name(step) << " stands below its cause";
  }
  EXPECT_GE(caused, 3);
  // As the run plays it unfolds, and never takes back what it told.
  EXPECT_TRUE(c.begun(29.9).empty());
  for (double s = 30; s < 60; s += 5) EXPECT_LE(c.begun(s).size(), c.begun(s + 5).size());
}

}  // namespace
}  // namespace tailrace::viewer
