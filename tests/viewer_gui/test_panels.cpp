// The panels, driven by a mouse and keys on the null surface. What is asserted is the state of the session
// and of what is looked at, never pixels.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>

#include "tests/support/scenario.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/viewer_gui/driver.hpp"
#include "viewer/model/percentiles.hpp"
#include "viewer/model/tail_view.hpp"

namespace tailrace::viewer {
namespace {

TEST(TopologyPanel, AClickSelectsAComponentAndTheEmptyPlaceNothing) {
  Driver d;
  d.click_node("orders");
  EXPECT_EQ(d.look().node, d.node("orders"));
  ImVec2 web, orders;
  ASSERT_TRUE(d.app().topology().where(d.node("web"), web));
  ASSERT_TRUE(d.app().topology().where(d.node("orders"), orders));
  EXPECT_LT(web.x, orders.x) << "callers are left of what they call";
  d.click({web.x, web.y + 150});
  EXPECT_EQ(d.look().node, -1);
}

TEST(TopologyPanel, AClickOnAFlowSelectsTheCall) {
  Driver d;
  const int edge = d.look().scene->find_edge(d.node("orders"), d.node("stock"));
  ImVec2 middle;
  ASSERT_TRUE(d.app().topology().where_edge(edge, middle));
  d.click(middle);
  EXPECT_EQ(d.look().edge, edge);
}

TEST(TopologyPanel, ADoubleClickShowsTheSurroundingsAlone) {
  Driver d;
  ImVec2 at, shoppers;
  ASSERT_TRUE(d.app().topology().where(d.node("stock"), at));
  d.double_click(at);
  EXPECT_EQ(d.app().topology().focused(), d.node("stock"));
  EXPECT_FALSE(d.app().topology().where(d.node("shoppers"), shoppers)) << "two calls away";
  EXPECT_TRUE(d.app().topology().where(d.node("orders"), at)) << "its caller";
  d.key(kKeyEscape);
  d.frames(2);
  EXPECT_TRUE(d.app().topology().where(d.node("shoppers"), shoppers));
}

TEST(TopologyPanel, ShowsTheSurroundingsOfTheSameNameInARunWithOtherNumbers) {
  Driver d;
  d.app().topology().focus(d.node("stock"));
  d.frames(2);
  const int before = d.node("stock");
  ASSERT_TRUE(d.session().set_field("workloads.admins", "{constant_arrival_rate: 1/s, calls: web.page}").ok);
  d.settle(30);
  ASSERT_NE(d.node("stock"), before) << "a name before it";
  EXPECT_EQ(d.app().topology().focused(), d.node("stock"));
}

TEST(TopologyPanel, TheWheelZoomsAroundTheMouse) {
  Driver d;
  ImVec2 before, after, other_before, other_after;
  ASSERT_TRUE(d.app().topology().where(d.node("web"), before));
  ASSERT_TRUE(d.app().topology().where(d.node("stock"), other_before));
  d.wheel(before, 3);
  ASSERT_TRUE(d.app().topology().where(d.node("web"), after));
  ASSERT_TRUE(d.app().topology().where(d.node("stock"), other_after));
  EXPECT_NEAR(after.x, before.x, 1) << "what is under the mouse stays";
  EXPECT_GT(other_after.x - after.x, (other_before.x - before.x) * 1.3f) << "1.15^3 is 1.52";
}

TEST(TopologyPanel, SearchingSelectsTheFirstThatFits) {
  Driver d;
  d.key(kKeySlash);
  d.frames(2);
  d.type("sto");
  d.key(kKeyEnter);
  EXPECT_EQ(d.look().node, d.node("stock"));
}

TEST(Health, OfTheStandstillIsSeenWhereItIsAndWhereItHurts) {
  Driver d;
  d.settle(23);  // three seconds into it
  EXPECT_GE(d.look().node_health[static_cast<std::size_t>(d.node("stock"))], Health::strained);
  EXPECT_EQ(d.look().node_health[static_cast<std::size_t>(d.node("shoppers"))], Health::failing)
      << "every request waits for stock";
  d.settle(15);
  EXPECT_EQ(d.look().node_health[static_cast<std::size_t>(d.node("shoppers"))], Health::good);
}

TEST(Health, OfACallWithAnOpenBreakerIsSeenThoughNothingPasses) {
  EdgeFigures f;
  EXPECT_EQ(health_of(f), Health::idle);
  f.breaker = 2;
  EXPECT_EQ(health_of(f), Health::failing);
}

TEST(TimePanel, AClickMovesThePlayhead) {
  Driver d;
  d.click(d.app().time().where(45));
  EXPECT_NEAR(d.look().playhead_s, 45, 0.3);
  EXPECT_FALSE(d.look().brush.has_value());
}

TEST(TimePanel, ADragBrushesTheRangeThatAllFiguresAreOf) {
  Driver d;
  d.drag(d.app().time().where(21), d.app().time().where(24));
  ASSERT_TRUE(d.look().brush.has_value());
  EXPECT_NEAR(d.look().brush->t0_s, 21, 0.3);
  EXPECT_NEAR(d.look().brush->t1_s, 24, 0.3);
  EXPECT_LT(d.look().figures.load.goodput, 8) << "80/s are due, and nothing is answered";
  d.drag(d.app().time().where(5), d.app().time().where(15));
  EXPECT_NEAR(d.look().figures.load.goodput, 80, 12) << "800 requests: sigma is 2.8/s";
  d.double_click(d.app().time().where(50));
  EXPECT_FALSE(d.look().brush.has_value());
}

TEST(TimePanel, ARangeBehindTheEndOfAShorterRunIsNoneAnyMore) {
  Driver d;
  d.look().brush = TimeRange{40, 50};
  d.frames(2);
  ASSERT_TRUE(d.session().set_field("run.duration", "45s").ok);
  d.settle(30);
  ASSERT_TRUE(d.look().brush.has_value());
  EXPECT_DOUBLE_EQ(d.look().range.t1_s, 45) << "what there is of it";
  ASSERT_TRUE(d.session().set_field("run.duration", "35s").ok);
  d.settle(30);
  EXPECT_FALSE(d.look().brush.has_value());
}

TEST(Keys, SaveUnderANameThatFilesCanHave) {
  std::string text = kShop;
  text.replace(text.find("name: shop"), 10, "name: \"../orders / v2: " + std::string(300, 'x') + "\"");
  Driver d(text);
  const tests::TemporaryFolder folder;
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder.path());
  d.key('S', true);
  std::filesystem::current_path(before);
  EXPECT_THAT(d.app().message(), testing::HasSubstr("written: "));
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path()))
    files.push_back(entry.path().filename().string());
  ASSERT_EQ(files.size(), 1u);
  EXPECT_THAT(files[0], testing::StartsWith("orders-v2-xxx"));
  EXPECT_THAT(files[0], testing::EndsWith("x-session.yaml"));
}

TEST(Keys, PlayStepAndGoToTheEnds) {
  Driver d;
  EXPECT_FALSE(d.session().playing());
  d.key(kKeySpace);
  EXPECT_TRUE(d.session().playing());
  d.key(kKeySpace);
  EXPECT_FALSE(d.session().playing());
  d.key(kKeyHome);
  EXPECT_EQ(d.session().playhead_s(), 0);
  const double slice = d.look().history->slice_s();
  d.key(kKeyRight);
  EXPECT_NEAR(d.session().playhead_s(), slice, slice * 0.01);
  d.key(kKeyRight, false, true);
  EXPECT_NEAR(d.session().playhead_s(), 11 * slice, slice * 0.01) << "ten more with shift";
  d.key(kKeyEnd);
  EXPECT_NEAR(d.session().playhead_s(), 60, slice);
}

TEST(Keys, PlayingMovesThePlayheadByTheSpeed) {
  Driver d;
  d.session().seek(10);
  d.session().set_speed(4);
  d.key(kKeySpace);
  const double before = d.session().playhead_s();
  for (int i = 0; i < 60; ++i) d.frame(1.0 / 60);
  EXPECT_NEAR(d.session().playhead_s() - before, 4, 0.3);
  d.key(kKeyUp);
  EXPECT_EQ(d.session().speed(), 5) << "the next larger one of the list";
}

TEST(Keys, OpenSidePanelsAndHelp) {
  Driver d;
  d.key('2');
  EXPECT_EQ(d.app().side(), PanelName::cascade);
  d.key('3');
  EXPECT_EQ(d.app().side(), PanelName::tail);
  d.key('1');
  EXPECT_EQ(d.app().side(), PanelName::inspector);
  d.key('H');
  EXPECT_TRUE(d.app().helping());
  d.key(kKeyEscape);
  EXPECT_FALSE(d.app().helping());
}

TEST(Inspector, CountsWhatEndedInTheBrushedRange) {
  Driver d;
  d.settle(30);
  d.click_node("stock");
  EXPECT_EQ(d.session().traces(), nullptr) << "the whole run's are there without another run";
  d.look().brush = TimeRange{10, 20};
  d.frames(2);
  ASSERT_TRUE(d.session().wait_traces(kLong));
  const auto traces = d.session().traces();
  ASSERT_NE(traces, nullptr);
  EXPECT_DOUBLE_EQ(traces->range.t0_s, d.look().figures.range.t0_s);
  EXPECT_DOUBLE_EQ(traces->range.t1_s, d.look().figures.range.t1_s);
  const Percentiles p = node_percentiles(*d.look().scene, traces->series, d.node("stock"));
  EXPECT_NEAR(static_cast<double>(p.count), 800, 170) << "80/s for ten seconds, six deviations";
}

TEST(Inspector, AFieldThatIsEditedChangesTheScenarioAndTheRun) {
  Driver d;
  d.settle(40);
  const std::string before = d.session().result_of_scenario();
  d.click_node("stock");
  ImVec2 field;
  ASSERT_TRUE(d.app().inspector().where("services.stock.workers", field));
  d.click(field);
  d.key('A', true);
  d.type("6");
  d.key(kKeyEnter);
  ASSERT_EQ(d.session().edits().size(), 1u);
  EXPECT_THAT(d.session().edits()[0].text, testing::HasSubstr("services.stock.workers"));
  EXPECT_THAT(d.session().scenario_text(), testing::HasSubstr("workers: 6"));
  d.settle(40);
  EXPECT_NE(d.session().result_of_scenario(), before);
  EXPECT_EQ(d.look().scene->nodes[static_cast<std::size_t>(d.node("stock"))].workers, 6);
  EXPECT_EQ(d.look().node, d.node("stock")) << "still selected in the new run";
}

TEST(Inspector, ASectionThatIsNotWrittenIsOpenedAndBegunWithOneOfItsFields) {
  Driver d(kShop, {}, 1400, 2400);
  d.settle(40);
  d.click_node("stock");
  ImVec2 place;
  EXPECT_FALSE(d.app().inspector().where("services.stock.queue.capacity", place)) << "closed at first";
  ASSERT_TRUE(d.app().inspector().where("open services.stock.queue", place));
  d.click(place);
  ASSERT_TRUE(d.app().inspector().where("services.stock.queue.capacity", place));
  d.click(place);
  d.type("7");
  d.key(kKeyEnter);
  ASSERT_EQ(d.session().edits().size(), 1u) << d.app().inspector().message();
  EXPECT_THAT(d.session().scenario_text(), testing::HasSubstr("capacity: 7"));
}

// Of five hundred components as many fall as there are lines for and more: rows are never squeezed, the first
// is who was hit first, the wheel brings the last.
TEST(CascadePanel, OfFiveHundredServicesIsLegibleFromItsFirstRowToItsLast) {
  AppOptions options;
  options.side = PanelName::cascade;
  Driver d(tests::tiers_text(10, 50, "t9s7"), options, 1440, 810);
  d.settle(60);
  const CascadeScene& cascade = *d.look().cascade;
  ASSERT_GT(cascade.steps.size(), 12u) << "more than there is room for";
  ImVec2 first, second, place;
  ASSERT_TRUE(d.app().cascade().where(0, first) && d.app().cascade().where(1, second));
  EXPECT_GE(second.y - first.y, 1.4f * em()) << "no smaller than its text";
  d.click(first);
  EXPECT_EQ(d.look().node, d.node("t9s7")) << "a click on the first row selects who was hit first";
  d.app().show(PanelName::cascade);
  d.frames(2);
  const std::size_t last = cascade.steps.size() - 1;
  EXPECT_FALSE(d.app().cascade().where(last, place));
  for (int i = 0; i < 400 && !d.app().cascade().where(last, place); ++i) d.wheel(first, -3);
  EXPECT_TRUE(d.app().cascade().where(last, place));
}

TEST(Inspector, AWrongValueIsExplainedAndChangesNothing) {
  Driver d;
  d.settle(40);
  const std::string before = d.session().result_of_scenario();
  d.click_node("stock");
  ImVec2 field;
  ASSERT_TRUE(d.app().inspector().where("services.stock.workers", field));
  d.click(field);
  d.key('A', true);
  d.type("many");
  d.key(kKeyEnter);
  EXPECT_TRUE(d.session().edits().empty());
  d.settle(40);
  EXPECT_EQ(d.session().result_of_scenario(), before);
}

TEST(Inspector, AFaultIsInjectedAtThePlayheadAndUndone) {
  Driver d;
  d.settle(40);
  const std::string before = d.session().result_of_scenario();
  d.click_node("orders");
  // The button lies below the fields; the panel scrolls by the wheel.
  ImVec2 button;
  for (int i = 0; i < 60; ++i) {
    ASSERT_TRUE(d.app().inspector().where("inject", button));
    if (button.y < 860) break;
    d.wheel({1250, 500}, -3);
  }
  d.click(button);
  ASSERT_EQ(d.session().edits().size(), 1u) << d.app().inspector().message();
  EXPECT_NEAR(d.session().edits()[0].at_s, 40, 0.2);
  d.settle(40);
  ASSERT_EQ(d.look().scene->faults.size(), 2u);
  EXPECT_NE(d.session().result_of_scenario(), before);
  EXPECT_TRUE(d.look().scene->faults[0].injected || d.look().scene->faults[1].injected);
  const int injected = d.look().scene->faults[0].injected ? 0 : 1;
  EXPECT_NEAR(d.look().scene->faults[static_cast<std::size_t>(injected)].start_s, 40, 0.2);
  d.key('Z', true);
  d.settle(40);
  EXPECT_EQ(d.session().result_of_scenario(), before) << "undone";
}

TEST(Look, SaysWhatEndedARunEarly) {
  {
    Driver whole;
    EXPECT_EQ(whole.look().wrong(), "");
  }
  std::string few = kShop;
  few.replace(few.find("seed: 3"), 7, "seed: 3, max_events: 10000");
  Driver d(few);
  EXPECT_THAT(d.look().wrong(), testing::HasSubstr("run.max_events (10000) reached"));
}

TEST(Frames, AreWaitedForWhereNothingMoves) {
  Driver d;
  d.frame(10);  // a message has gone by then
  EXPECT_FALSE(d.app().busy());
  d.session().seek(45);
  EXPECT_TRUE(d.app().busy()) << "it stands elsewhere than what was drawn last";
  d.frame();
  EXPECT_FALSE(d.app().busy());
  d.session().play();
  EXPECT_TRUE(d.app().busy());
}

TEST(Sessions, TwoRunInStep) {
  std::vector<std::unique_ptr<Session>> sessions;
  sessions.push_back(open_text(kShop));
  std::string calm = kShop;
  calm.resize(calm.find("faults:"));
  sessions.push_back(open_text(calm));
  Driver d(std::move(sessions), {}, 1600, 900);
  d.click(d.app().time().where(23));
  d.frames(2);
  EXPECT_NEAR(d.app().session(0).playhead_s(), 23, 0.3);
  EXPECT_DOUBLE_EQ(d.app().session(1).playhead_s(), d.app().session(0).playhead_s());
  EXPECT_LT(d.app().look(0).figures.load.goodput, 20);
  EXPECT_NEAR(d.app().look(1).figures.load.goodput, 80, 60) << "it has no fault";
  EXPECT_GT(d.app().look(1).figures.load.goodput, d.app().look(0).figures.load.goodput + 20);
}

TEST(Sessions, WhatIsSelectedInOneIsSelectedByNameInTheOther) {
  std::vector<std::unique_ptr<Session>> sessions;
  sessions.push_back(open_text(kShop));
  std::string more = kShop;  // other numbers for the same names
  more.insert(more.find("  web:"), "  atlas: {workers: 1, endpoints: {look: [compute: 1ms]}}\n");
  more.insert(more.find("services:"), "  admins: {constant_arrival_rate: 5/s, calls: atlas.look}\n");
  sessions.push_back(open_text(more));
  Driver d(std::move(sessions), {}, 1800, 900);
  Look &a = d.app().look(0), &b = d.app().look(1);
  ASSERT_NE(a.scene->find("stock"), b.scene->find("stock"));
  d.click_node("stock");
  EXPECT_EQ(a.node, a.scene->find("stock"));
  EXPECT_EQ(b.node, b.scene->find("stock"));
  ImVec2 place;
  ASSERT_TRUE(d.app().topology(1).where(b.scene->find("orders"), place));
  d.click(place);
  d.frame();
  EXPECT_EQ(a.node, a.scene->find("orders"));
  EXPECT_EQ(b.node, b.scene->find("orders"));
  ASSERT_TRUE(d.app().topology(1).where(b.scene->find("admins"), place));
  d.click(place);
  d.frame();
  EXPECT_EQ(b.node, b.scene->find("admins"));
  EXPECT_EQ(a.node, -1) << "it has none of that name";
}

TEST(Sessions, GetTheSameSeedAndUndoItTogether) {
  std::vector<std::unique_ptr<Session>> sessions;
  sessions.push_back(open_text(kShop));
  sessions.push_back(open_text(kShop));
  Driver d(std::move(sessions), {}, 1600, 900);
  d.key('R');
  EXPECT_EQ(d.app().session(0).seed(), 4u);
  EXPECT_EQ(d.app().session(1).seed(), 4u);
  d.key('Z', true);
  EXPECT_EQ(d.app().session(0).seed(), 3u);
  EXPECT_EQ(d.app().session(1).seed(), 3u);
}

TEST(Sessions, TheInspectorEditsTheOneInWhichAComponentWasClickedLast) {
  std::vector<std::unique_ptr<Session>> sessions;
  sessions.push_back(open_text(kShop));
  std::string wide = kShop;
  const std::string workers = "stock: {workers: 2";
  wide.replace(wide.find(workers), workers.size(), "stock: {workers: 6");
  sessions.push_back(open_text(wide));
  Driver d(std::move(sessions), {}, 1600, 900);
  for (std::size_t i = 0; i < 2; ++i) {
    ImVec2 card;
    ASSERT_TRUE(d.app().topology(i).where(d.node("stock"), card));
    d.click(card);
  }
  const auto enter = [&d](const std::string& value) {
    ImVec2 field;
    ASSERT_TRUE(d.app().inspector().where("services.stock.workers", field));
    d.click(field);
    d.key('A', true);
    d.type(value);
    d.key(kKeyEnter);
  };
  enter("6");
  EXPECT_TRUE(d.app().session(1).edits().empty()) << "it says so already";
  enter("7");
  EXPECT_EQ(d.app().session(1).edits().size(), 1u);
  EXPECT_TRUE(d.app().session(0).edits().empty());
}

TEST(Export, WritesTheBrushedRangeAsATable) {
  Driver d;
  d.drag(d.app().time().where(10), d.app().time().where(12));
  const tests::TemporaryFolder folder;
  const std::string path = folder.file("selection.csv");
  d.app().export_csv(path);
  std::ifstream in(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  ASSERT_GT(lines.size(), 2u);
  const double slices = d.look().brush->length() / d.look().history->slice_s();
  EXPECT_NEAR(static_cast<double>(lines.size()) - 1, slices, 1.5) << "a row per slice, and a header";
}

TEST(Panels, EachDrawsAlone) {
  for (const PanelName panel : {PanelName::topology, PanelName::time, PanelName::cascade, PanelName::tail,
                                PanelName::inspector, PanelName::lesson}) {
    AppOptions options;
    options.panel = panel;
    Driver d(kShop, options, 800, 500);
    EXPECT_GT(d.drawn()->TotalVtxCount, 100) << static_cast<int>(panel);
  }
}

TEST(Panels, SurviveAWindowThatIsFarTooSmall) {
  Driver d(kShop, {}, 200, 120);
  d.click({100, 60});
  d.wheel({100, 60}, -5);
  EXPECT_GT(d.drawn()->TotalVtxCount, 0);
}

}  // namespace
}  // namespace tailrace::viewer
