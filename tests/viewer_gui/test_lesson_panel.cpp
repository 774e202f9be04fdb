// The lessons, driven: a lesson opens its scenario, its steps move the playhead, and its A/B switch shows the
// same moment of the other way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/support/temporary_folder.hpp"
#include "tests/viewer_gui/driver.hpp"

namespace tailrace::viewer {
namespace {

const std::string kFolder = std::string(TAILRACE_SOURCE_DIR) + "/viewer/lessons/";

void settle(Driver& d) {
  d.frames(3);
  ASSERT_TRUE(d.session().wait_complete(kLong));
  d.frames(3);
}

TEST(LessonPanel, TheSwitchShowsTheSameMomentOfTheOtherWayAndComesBack) {
  Driver d;
  d.app().show(PanelName::lesson);
  ASSERT_TRUE(d.app().lessons().choose(kFolder + "bulkhead.yaml"));
  settle(d);
  EXPECT_EQ(d.look().scene->name, "bulkhead");
  d.app().lessons().go(d.look(), 2);
  settle(d);
  d.session().pause();
  d.session().seek(40);
  settle(d);
  const std::string as_it_is = d.session().result_of_scenario();
  d.app().lessons().switch_to(true);
  settle(d);
  EXPECT_TRUE(d.app().lessons().switched());
  EXPECT_NE(d.session().result_of_scenario(), as_it_is) << "a good day: the slow store takes 20 ms";
  EXPECT_NEAR(d.session().playhead_s(), 40, 0.3);
  EXPECT_GT(d.look().figures.load.goodput, 0);
  d.app().lessons().switch_to(false);
  settle(d);
  EXPECT_FALSE(d.app().lessons().switched());
  EXPECT_EQ(d.session().result_of_scenario(), as_it_is);
  EXPECT_NEAR(d.session().playhead_s(), 40, 0.3);
}

TEST(LessonPanel, AStepOfAnotherWayOpensItAndTheNextStepKeepsIt) {
  Driver d;
  d.app().show(PanelName::lesson);
  ASSERT_TRUE(d.app().lessons().choose(kFolder + "utilisation.yaml"));
  settle(d);
  const std::string first = d.session().result_of_scenario();
  EXPECT_NEAR(d.session().playhead_s(), 20, 0.3);
  d.app().lessons().go(d.look(), 1);
  settle(d);
  EXPECT_NE(d.session().result_of_scenario(), first) << "ninety requests a second";
  d.app().lessons().go(d.look(), 0);
  settle(d);
  EXPECT_EQ(d.session().result_of_scenario(), first);
}

TEST(LessonPanel, WhatTheFirstStepSetsIsNotOfAPlainOne) {
  const tests::TemporaryFolder folder;
  std::ofstream(folder.file("shop.yaml")) << kShop;
  std::ofstream(folder.file("lesson.yaml")) << R"(name: workers
title: Workers
scenario: shop.yaml
steps:
  - {title: More, note: Six of them., at: 10s, set: "services.stock.workers=6"}
  - {title: Plain, note: As it is., at: 10s, plain: true}
)";
  const auto surface = open_null({});
  AppOptions options;
  options.lesson = folder.file("lesson.yaml");
  std::string error;
  bool unreadable = false;
  const auto app = App::open(options, error, unreadable);
  ASSERT_TRUE(app) << error;
  app->attach(*surface);
  const auto settled = [&] {
    for (int i = 0; i < 6; ++i) {
      if (i == 3) {
        ASSERT_TRUE(app->session().wait_complete(kLong));
      }
      surface->begin_frame(0);
      app->draw(0);
      surface->end_frame();
    }
  };
  settled();
  EXPECT_THAT(app->session().scenario_text(), testing::HasSubstr("workers: 6"));
  app->lessons().go(app->look(), 1);
  settled();
  EXPECT_THAT(app->session().scenario_text(), testing::HasSubstr("workers: 2"));
}

}  // namespace
}  // namespace tailrace::viewer
