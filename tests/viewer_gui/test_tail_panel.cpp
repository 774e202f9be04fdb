// The tail panel, driven by a mouse: bands, what they are compared with, single requests as waterfalls. And
// pictures and tables of what is seen.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "tests/support/scenario.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/viewer_gui/driver.hpp"

namespace tailrace::viewer {
namespace {

// The whole run is brushed: 80/s for a minute, a standstill of stock from 20 s to 25 s.
struct Tail {
  explicit Tail(int width = 1400, int height = 900, PanelName panel = PanelName::all) {
    AppOptions options;
    options.panel = panel;
    options.side = PanelName::tail;
    driver = std::make_unique<Driver>(kShop, options, width, height);
    d().look().brush = TimeRange{0, 60};
    settle();
  }
  Driver& d() { return *driver; }
  TailPanel& panel() { return driver->app().tail(); }
  void settle() {
    for (int i = 0; i < 2; ++i) {  // the stretch, then a single request of it
      d().frames(2);
      ASSERT_TRUE(d().app().wait_traces(kLong));
    }
    d().frames(3);
  }
  void click(const std::string& what) {
    ImVec2 at;
    ASSERT_TRUE(panel().where(what, at)) << what;
    d().click(at);
  }
  std::unique_ptr<Driver> driver;
};

TEST(TailPanel, OpensWithTheSlowestAgainstTheMiddle) {
  Tail t;
  ASSERT_NE(t.panel().slow(), nullptr);
  ASSERT_NE(t.panel().base(), nullptr);
  EXPECT_EQ(t.panel().slow()->band.name, "p99.9") << "some 4,800 requests: four or five are beyond it";
  EXPECT_EQ(t.panel().base()->band.name, "p50");
  EXPECT_GT(t.panel().slow()->mean_s, 10 * t.panel().base()->mean_s);
}

TEST(TailPanel, ABandIsChosenByItsNameAndComparedWithAnother) {
  Tail t;
  t.click("band p90");
  ASSERT_NE(t.panel().slow(), nullptr);
  EXPECT_EQ(t.panel().slow()->band.name, "p90");
  EXPECT_NEAR(static_cast<double>(t.panel().slow()->count) / 4800, 0.09, 0.02) << "from p90 to p99";
  t.click("against p99");
  ASSERT_NE(t.panel().base(), nullptr);
  EXPECT_EQ(t.panel().base()->band.name, "p99");
  t.click("against nothing");
  EXPECT_EQ(t.panel().base(), nullptr);
}

TEST(TailPanel, AClickBetweenMarksAndADragChooseBands) {
  Tail t;
  const LatencyCurve curve = t.d().look().history->latency({0, 60});
  const double p50 = curve.quantile(0.5), p90 = curve.quantile(0.9);
  t.d().click(t.panel().where_latency(std::sqrt(p50 * p90)));
  ASSERT_NE(t.panel().slow(), nullptr);
  EXPECT_EQ(t.panel().slow()->band.name, "p50 to p90");
  EXPECT_NEAR(static_cast<double>(t.panel().slow()->count), 0.4 * static_cast<double>(curve.count),
              0.04 * static_cast<double>(curve.count));
  t.d().drag(t.panel().where_latency(p50), t.panel().where_latency(2 * p50));
  EXPECT_EQ(t.panel().slow()->band.name, "");
  EXPECT_NEAR(t.panel().slow()->band.low_s, p50, 0.05 * p50) << "a pixel of a logarithmic axis";
  EXPECT_NEAR(t.panel().slow()->band.high_s, 2 * p50, 0.1 * p50);
  const double share = curve.share_below(2 * p50) - curve.share_below(p50);
  EXPECT_NEAR(static_cast<double>(t.panel().slow()->count) / static_cast<double>(curve.count), share, 0.05);
  ImGui::GetIO().KeyShift = true;
  t.d().drag(t.panel().where_latency(p50 / 2), t.panel().where_latency(p50));
  ImGui::GetIO().KeyShift = false;
  ASSERT_NE(t.panel().base(), nullptr) << "with shift: what it is compared with";
  EXPECT_NEAR(t.panel().base()->band.high_s, p50, 0.05 * p50);
}

TEST(TailPanel, ASingleRequestIsOpenedAndClosedAndItsRowsSelect) {
  Tail t;
  EXPECT_EQ(t.panel().shown_request(), nullptr) << "at the side there is room for one thing";
  t.click("request 0");
  t.settle();
  const Waterfall* const w = t.panel().shown_request();
  ASSERT_NE(w, nullptr);
  EXPECT_NEAR(w->latency_s, t.panel().slow()->high_s, 0.5 * t.panel().slow()->high_s);
  ASSERT_GE(w->rows.size(), 3u) << "shoppers at web, orders, stock";
  for (std::size_t i = 0; i < w->rows.size(); ++i)
    if (w->rows[i].name == "stock.read") {
      t.click("row " + std::to_string(i));
      break;
    }
  EXPECT_EQ(t.d().look().node, t.d().node("stock"));
  t.click("request 0");
  EXPECT_EQ(t.panel().shown_request(), nullptr);
}

TEST(TailPanel, ARowOfTheSharesSelectsTheComponent) {
  Tail t;
  t.click("band p90");
  t.click("share 0");
  const Look& look = t.d().look();
  EXPECT_TRUE(look.node >= 0 || look.edge >= 0);
}

TEST(TailPanel, AloneItShowsBothTheSharesAndARequest) {
  Tail t(1400, 900, PanelName::tail);
  EXPECT_NE(t.panel().shown_request(), nullptr);
  EXPECT_NE(t.panel().slow(), nullptr);
}

// Of a band's exemplars those of other replications are offered too, and say which they are of.
TEST(TailPanel, AStoredRequestOfAnotherReplicationIsOpenedAndNamesIt) {
  const tests::TemporaryFolder folder;
  std::string text = kShop;
  text.replace(text.find("replications: 1"), 15, "replications: 3");
  tests::store_run(folder.path().string(), text);
  std::vector<std::unique_ptr<Session>> sessions;
  sessions.push_back(open_file(folder.path().string()));
  AppOptions options;
  options.side = PanelName::tail;
  Driver d(std::move(sessions), options, 1400, 900);
  d.look().brush = TimeRange{0, 60};
  for (int i = 0; i < 2; ++i) {
    d.frames(2);
    ASSERT_TRUE(d.app().wait_traces(kLong));
  }
  d.frames(3);
  TailPanel& panel = d.app().tail();
  ASSERT_NE(panel.slow(), nullptr);
  EXPECT_EQ(panel.shown_request(), nullptr);
  const auto stored = d.session().stored_traces();
  ASSERT_NE(stored, nullptr);
  EXPECT_EQ(stored->note, "");
  ImVec2 chip;
  std::size_t which = stored->requests.size();
  for (std::size_t i = 0; i < stored->requests.size(); ++i) {
    const bool offered = panel.where("stored " + std::to_string(i), chip);
    const models::TracedRequest& r = stored->requests[i].trace.request;
    const bool slow = static_cast<double>(r.latency_ns) * 1e-9 >= panel.slow()->low_s;
    EXPECT_EQ(offered, slow && r.outcome == models::Outcome::success) << "as slow as the slowest band";
    if (offered && stored->requests[i].replication > 0) which = i;
  }
  ASSERT_LT(which, stored->requests.size()) << "three replications, three requests a band";
  const StoredRequest& request = stored->requests[which];
  ASSERT_TRUE(panel.where("stored " + std::to_string(which), chip));
  d.click(chip);
  ASSERT_NE(panel.shown_request(), nullptr);
  EXPECT_EQ(panel.shown_request()->origin, "replication " + std::to_string(request.replication));
  EXPECT_DOUBLE_EQ(panel.shown_request()->latency_s,
                   static_cast<double>(request.trace.request.latency_ns) * 1e-9);
  d.click(chip);
  EXPECT_EQ(panel.shown_request(), nullptr) << "and closed again";
}

TEST(TailPanel, FollowsTheBrushAndAnEdit) {
  Tail t;
  t.d().look().brush = TimeRange{30, 60};
  t.settle();
  ASSERT_NE(t.panel().slow(), nullptr);
  EXPECT_LT(t.panel().slow()->high_s, 0.5) << "the standstill is over";
  ASSERT_TRUE(t.d().session().set_field("services.stock.workers", "8").ok);
  t.d().settle(40);
  t.settle();
  ASSERT_NE(t.panel().base(), nullptr);
  for (const TailShare& part : t.panel().base()->parts)
    EXPECT_FALSE(part.place.name == "stock" && part.reason == models::Reason::queue)
        << "eight workers for 0.8 of work: no typical request waits";
}

TEST(TailPanel, OfAFewRequestsShowsTheSlowest) {
  Tail t;
  t.d().look().brush = TimeRange{40, 40.3};  // some 24 requests
  t.settle();
  ASSERT_NE(t.panel().slow(), nullptr);
  EXPECT_GT(t.panel().slow()->count, 0u);
}

TEST(TailPanel, OfAStretchInWhichNobodyIsAnsweredShowsWhatFailed) {
  Tail t;
  t.d().look().brush = TimeRange{20.5, 24.5};
  t.settle();
  ASSERT_NE(t.panel().slow(), nullptr);
  EXPECT_TRUE(t.panel().slow()->band.failed);
  EXPECT_NEAR(static_cast<double>(t.panel().slow()->count), 8 * 4 / 0.5, 8)
      << "each of eight workers gives up every 500 ms, for four seconds";
  EXPECT_EQ(t.panel().base(), nullptr) << "there is no middle to compare it with";
}

TEST(Export, OfASelectedCallWritesItsCourse) {
  Driver d;
  const int edge = d.look().scene->find_edge(d.node("orders"), d.node("stock"));
  d.look().select_edge(edge);
  d.look().brush = TimeRange{20, 30};
  d.frame();
  const tests::TemporaryFolder folder;
  const std::string path = folder.file("call.csv");
  d.app().export_csv(path);
  std::ifstream in(path);
  std::string header, line;
  std::getline(in, header);
  EXPECT_THAT(header, testing::HasSubstr("orders -> stock retries_per_s"));
  double failures = 0;
  int rows = 0;
  const double slice = d.look().history->slice_s();
  while (std::getline(in, line)) {
    ++rows;
    double a = 0, b = 0, calls = 0, attempts = 0, again = 0, good = 0, bad = 0;
    ASSERT_EQ(std::sscanf(line.c_str(), "%lf,%lf,%lf,%lf,%lf,%lf,%lf", &a, &b, &calls, &attempts, &again,
                          &good, &bad),
              7)
        << line;
    EXPECT_NEAR(attempts, calls + again, 1e-6);
    failures += bad * slice;
  }
  EXPECT_NEAR(rows, 10 / slice, 1.5);
  EXPECT_GE(failures, 60) << "eight workers each time out every 500 ms, for five seconds of a standstill";
}

}  // namespace
}  // namespace tailrace::viewer
