// A session: time that moves as it is told, edits that leave the past alone, and files that run the same.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <thread>

#include "analysis/report/run_report.hpp"
#include "analysis/report/summary_json.hpp"
#include "models/topology/build.hpp"
#include "scenarios/format/read.hpp"
#include "scenarios/format/write.hpp"
#include "scenarios/run/replicate.hpp"
#include "tests/support/scenario.hpp"
#include "viewer/model/cascade_view.hpp"
#include "viewer/model/inspector.hpp"
#include "viewer/model/session.hpp"

namespace tailrace::viewer {
namespace {

namespace fs = std::filesystem;
constexpr double kLong = 120;  // seconds that a wait may take on a busy machine

constexpr const char* kShop = R"(
tailrace: 1
name: shop
run: {duration: 60s, warmup: 5s, seed: 3, replications: 4}
workloads:
  shoppers: {constant_arrival_rate: 40/s, calls: cart.get}
services:
  cart:
    workers: 4
    endpoints:
      get:
        - {call: stock.read, timeout: 500ms, retries: {attempts: 1}}
        - compute: exp(10ms)
  stock: {workers: 2, queue: 50, endpoints: {read: [compute: exp(20ms)]}}
faults:
  - {name: hiccup, type: pause, target: stock, start: 10s, duration: 2s}
)";

std::unique_ptr<Session> open(const std::string& text, const SessionOptions& options = {}) {
  models::Diagnostics diagnostics;
  std::unique_ptr<Session> session = Session::open_text(text, options, diagnostics);
  EXPECT_TRUE(session != nullptr) << (diagnostics.all().empty() ? "" : diagnostics.all().front().message);
  return session;
}

std::string result_of_text(const std::string& text) {
  models::Diagnostics diagnostics;
  const scenarios::ReadResult read = scenarios::read_scenario_text(text, "saved", {}, diagnostics);
  std::optional<models::Topology> topology = models::build_topology(read.doc, diagnostics);
  if (!topology) return models::format_diagnostics(diagnostics, read.doc.files);
  const auto model = models::compile(std::make_shared<const models::Topology>(std::move(*topology)));
  const auto runs = scenarios::replicate(model, {});
  return fmt::format("{:016x}", analysis::build_run_report(*model, runs.records).result_fingerprint);
}

struct Folder {  // of this test, taken away at its end
  fs::path path;
  Folder() {
    path = fs::temp_directory_path() /
           fmt::format("tailrace-view-{}", testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(path);
    fs::create_directories(path);
  }
  ~Folder() { fs::remove_all(path); }
};

TEST(Session, plays_pauses_seeks_and_steps) {
  const auto session = open(kShop);
  ASSERT_TRUE(session->wait_complete(kLong));
  EXPECT_EQ(session->playhead_s(), 0);
  EXPECT_FALSE(session->playing());
  session->set_speed(2);
  session->advance(10);
  EXPECT_EQ(session->playhead_s(), 0) << "paused";
  session->play();
  session->advance(1.5);
  EXPECT_DOUBLE_EQ(session->playhead_s(), 3);
  session->pause();
  session->advance(5);
  EXPECT_DOUBLE_EQ(session->playhead_s(), 3);
  session->seek(42);
  EXPECT_DOUBLE_EQ(session->playhead_s(), 42);
  session->step(1);  // slices are 0.1 s
  EXPECT_NEAR(session->playhead_s(), 42.1, 1e-9);
  session->step(-2);
  EXPECT_NEAR(session->playhead_s(), 41.9, 1e-9);
  session->seek(-5);
  EXPECT_EQ(session->playhead_s(), 0);
  session->play();
  session->set_speed(std::numeric_limits<double>::infinity());
  session->advance(0.01);
  EXPECT_DOUBLE_EQ(session->playhead_s(), 60) << "as fast as possible is where the simulation is";
  EXPECT_FALSE(session->playing()) << "the end";
}

TEST(Session, playing_goes_on_from_a_time_that_was_sought_before_it_was_simulated) {
  const auto session = open(kShop);
  session->set_speed(2);
  session->seek(50);
  session->play();
  session->advance(0.5);  // the run has hardly begun
  EXPECT_GE(session->wanted_s(), 50);
  ASSERT_TRUE(session->wait_complete(kLong));
  session->advance(1);
  EXPECT_GE(session->playhead_s(), 52);
  EXPECT_LE(session->playhead_s(), 53);
}

TEST(Session, what_is_shown_is_what_a_run_of_the_scenario_gives) {
  const auto session = open(kShop);
  ASSERT_TRUE(session->wait_complete(kLong));
  const auto view = session->view();
  ASSERT_EQ(view->state, RunState::complete);
  EXPECT_EQ(view->finished->result, result_of_text(session->scenario_text()));
  EXPECT_TRUE(view->history->complete());
  EXPECT_DOUBLE_EQ(view->history->frontier_s(), 60);
  EXPECT_GT(view->events, 1000U);
}

TEST(Session, a_fault_that_is_injected_leaves_everything_before_it_as_it_was) {
  const auto session = open(kShop);
  ASSERT_TRUE(session->wait_complete(kLong));
  const auto before = session->wait_moment(25, 0.01), later = session->wait_moment(40, 0.01);
  ASSERT_TRUE(before && later);
  const auto history = session->view()->history;

  session->seek(30);
  FaultRequest fault;
  fault.type = "pod_failure";
  fault.target = "stock";
  fault.duration_s = 5;
  const EditResult edit = session->inject(fault);
  ASSERT_TRUE(edit.ok) << edit.message;
  EXPECT_DOUBLE_EQ(session->playhead_s(), 30) << "it stays where it is";
  ASSERT_TRUE(session->wait_complete(kLong));
  const auto again = session->wait_moment(25, 0.01), changed = session->wait_moment(40, 0.01);
  ASSERT_TRUE(again && changed);
  EXPECT_EQ(before->trajectory, again->trajectory) << "every event up to 25 s";
  EXPECT_NE(later->trajectory, changed->trajectory);

  const auto view = session->view();
  const Figures then = history->figures({0, 30}), now = view->history->figures({0, 30});
  EXPECT_EQ(then.load.goodput, now.load.goodput);
  EXPECT_EQ(then.load.p999, now.load.p999);
  EXPECT_LT(view->history->figures({30, 35}).load.goodput, 5) << "nobody is served meanwhile";
  ASSERT_EQ(view->scene->faults.size(), 2U);
  EXPECT_FALSE(view->scene->faults[0].injected);
  EXPECT_TRUE(view->scene->faults[1].injected);
  ASSERT_EQ(session->edits().size(), 1U);
  EXPECT_EQ(session->edits()[0].at_s, 30);
  EXPECT_EQ(result_of_text(session->scenario_text()), session->result_of_scenario());
}

TEST(Session, a_fault_that_is_lifted_is_over_from_then_on) {
  const auto session = open(kShop);
  ASSERT_TRUE(session->wait_complete(kLong));
  const auto before = session->wait_moment(10.9, 0.01);
  session->seek(11);  // hiccup: 10 s to 12 s
  const EditResult edit = session->lift(0);
  ASSERT_TRUE(edit.ok) << edit.message;
  ASSERT_TRUE(session->wait_complete(kLong));
  ASSERT_EQ(session->view()->history->bars().size(), 1U);
  EXPECT_DOUBLE_EQ(session->view()->history->bars()[0].end_s, 11);
  EXPECT_EQ(before->trajectory, session->wait_moment(10.9, 0.01)->trajectory);
  session->seek(20);
  EXPECT_FALSE(session->lift(0).ok) << "it is over already";
  session->seek(5);
  ASSERT_TRUE(session->lift(0).ok) << "it has not begun: it is taken out";
  ASSERT_TRUE(session->wait_complete(kLong));
  EXPECT_TRUE(session->view()->scene->faults.empty());
}

TEST(Session, a_field_that_is_set_changes_the_whole_run_and_undo_brings_it_back) {
  const auto session = open(kShop);
  ASSERT_TRUE(session->wait_complete(kLong));
  const std::string first = session->result_of_scenario();
  const double busy = session->view()->history->figures({20, 60}).nodes[2].utilisation;
  ASSERT_EQ(session->view()->scene->nodes[2].name, "stock");
  const EditResult edit = session->set_field("services.stock.workers", "4");
  ASSERT_TRUE(edit.ok) << edit.message;
  ASSERT_TRUE(session->wait_complete(kLong));
  const double half = session->view()->history->figures({20, 60}).nodes[2].utilisation;
  EXPECT_NEAR(half, busy / 2, 0.06) << "the same work on twice the workers";
  EXPECT_NE(session->result_of_scenario(), first);
  EXPECT_EQ(result_of_text(session->scenario_text()), session->result_of_scenario());
  ASSERT_TRUE(session->undo().ok);
  ASSERT_TRUE(session->wait_complete(kLong));
  EXPECT_EQ(session->result_of_scenario(), first);
  EXPECT_FALSE(session->undo().ok);
}

TEST(Session, a_wrong_value_is_refused_in_words_and_changes_nothing) {
  const auto session = open(kShop);
  ASSERT_TRUE(session->wait_complete(kLong));
  const std::uint64_t run = session->view()->run;
  const EditResult wrong = session->set_field("services.stock.workers", "many");
  EXPECT_FALSE(wrong.ok);
  EXPECT_NE(wrong.message.find("services.stock.workers"), std::string::npos) << wrong.message;
  EXPECT_FALSE(session->set_field("services.stock.wrokers", "3").ok);
  EXPECT_FALSE(session->set_field("services.stock.workers", "3\nservices: x").ok);
  EXPECT_FALSE(session->unset_field("services.stock.cpus").ok) << "it is not written";
  EXPECT_FALSE(session->set_load(0).ok);
  FaultRequest nobody;
  nobody.type = "pause";
  nobody.target = "nobody";
  EXPECT_FALSE(session->inject(nobody).ok);
  EXPECT_TRUE(session->edits().empty());
  EXPECT_EQ(session->view()->run, run);
}

TEST(Session, the_load_is_a_factor_on_what_the_scenario_says) {
  const auto session = open(kShop);
  ASSERT_TRUE(session->set_load(2).ok);
  ASSERT_TRUE(session->wait_complete(kLong));
  EXPECT_NEAR(session->view()->history->figures({0, 60}).load.offered, 80, 7)
      << "4800 expected, 6 deviations";
  ASSERT_TRUE(session->set_load(0.5).ok);
  ASSERT_TRUE(session->wait_complete(kLong));
  EXPECT_NEAR(session->view()->history->figures({0, 60}).load.offered, 20, 3.5)
      << "not half of twice as much";
  EXPECT_EQ(result_of_text(session->scenario_text()), session->result_of_scenario());
}

TEST(Session, another_seed_is_another_run_and_the_same_seed_the_same) {
  const auto session = open(kShop);
  ASSERT_TRUE(session->wait_complete(kLong));
  const std::string first = session->result_of_scenario();
  ASSERT_TRUE(session->set_seed(4).ok);
  EXPECT_EQ(session->seed(), 4U);
  ASSERT_TRUE(session->wait_complete(kLong));
  EXPECT_NE(session->result_of_scenario(), first);
  ASSERT_TRUE(session->set_seed(3).ok);
  ASSERT_TRUE(session->wait_complete(kLong));
  EXPECT_EQ(session->result_of_scenario(), first);
}

TEST(Session, of_many_edits_in_a_row_the_last_one_counts) {
  const auto session = open(kShop);
  for (int workers = 1; workers <= 20; ++workers)
    ASSERT_TRUE(session->set_field("services.cart.workers", std::to_string(workers)).ok);
  ASSERT_TRUE(session->wait_complete(kLong));
  EXPECT_EQ(session->view()->scene->nodes[1].workers, 20);
  EXPECT_EQ(result_of_text(session->scenario_text()), session->result_of_scenario());
}

TEST(Session, a_saved_scenario_is_a_file_that_runs_the_same) {
  const Folder folder;
  const auto session = open(kShop);
  session->wait_frontier(20, kLong);
  session->seek(15);
  FaultRequest spike;
  spike.type = "load_spike";
  spike.target = "shoppers";
  spike.duration_s = 10;
  spike.fields = {{"factor", "3"}};
  ASSERT_TRUE(session->inject(spike).ok);
  ASSERT_TRUE(session->set_field("services.stock.queue", "7").ok);
  ASSERT_TRUE(session->wait_complete(kLong));
  const std::string file = (folder.path / "saved.yaml").string();
  const EditResult saved = session->save(file);
  ASSERT_TRUE(saved.ok) << saved.message;
  models::Diagnostics diagnostics;
  std::vector<models::SourceFile> files;
  std::string error;
  const auto again = Session::open(file, {}, diagnostics, files, error);
  ASSERT_TRUE(again) << error << models::format_diagnostics(diagnostics, files);
  ASSERT_TRUE(again->wait_complete(kLong));
  EXPECT_EQ(again->result_of_scenario(), session->result_of_scenario());
  EXPECT_EQ(again->view()->finished->trajectory, session->view()->finished->trajectory);
  std::ifstream in(file);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  EXPECT_NE(text.find("inject load_spike on shoppers"), std::string::npos) << text;
}

TEST(Session, a_stored_run_is_opened_and_proved_to_be_the_same) {
  const Folder folder;
  const tests::Results results = tests::run_text(kShop);  // four replications
  const std::vector<analysis::ThresholdResult> none;
  const analysis::RunResults told{*results.model, results.records, results.report, none, {}, {}};
  std::ofstream(folder.path / "summary.json") << analysis::summary_json(told);
  models::Diagnostics diagnostics;
  std::vector<models::SourceFile> files;
  std::string error;
  EXPECT_EQ(Session::open(folder.path.string(), {}, diagnostics, files, error), nullptr);
  EXPECT_NE(error.find("scenario.yaml"), std::string::npos) << error;
  std::ofstream(folder.path / "scenario.yaml") << kShop;
  const auto session = Session::open(folder.path.string(), {}, diagnostics, files, error);
  ASSERT_TRUE(session) << error;
  ASSERT_TRUE(session->stored());
  EXPECT_EQ(session->stored()->replications, 4);
  ASSERT_TRUE(session->wait_complete(kLong));
  const auto start = std::chrono::steady_clock::now();
  while (session->stored()->check == StoredRun::Check::pending &&
         std::chrono::steady_clock::now() - start < std::chrono::seconds(60)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(session->stored()->check, StoredRun::Check::same) << session->stored()->note;
}

TEST(Session, a_stored_run_of_another_scenario_is_said_to_differ) {
  const Folder folder;
  std::ofstream(folder.path / "summary.json")
      << R"({"format": "tailrace-summary", "run": {"replications": 1},)"
      << R"( "fingerprints": {"result": "0123456789abcdef"}})";
  std::ofstream(folder.path / "scenario.yaml") << kShop;
  models::Diagnostics diagnostics;
  std::vector<models::SourceFile> files;
  std::string error;
  const auto session = Session::open(folder.path.string(), {}, diagnostics, files, error);
  ASSERT_TRUE(session) << error;
  ASSERT_TRUE(session->wait_complete(kLong));
  for (int i = 0; i < 6000 && session->stored()->check == StoredRun::Check::pending; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  EXPECT_EQ(session->stored()->check, StoredRun::Check::different);
}

// Requests at 0.1 s, 0.2 s, ...; each is served for 30 ms at once, and asks a store for 10 ms of them.
constexpr const char* kClockwork = R"(
tailrace: 1
name: clockwork
run: {duration: 10s, replications: 1}
workloads: {users: {constant_arrival_rate: 10/s, spacing: regular, calls: front.go}}
services:
  front: {workers: 2, endpoints: {go: [compute: 10ms, call: store.get, compute: 10ms]}}
  store: {workers: 1, queue: 9, endpoints: {get: [compute: 10ms]}}
)";

TEST(Moments, show_single_calls_with_their_exact_times) {
  const auto session = open(kClockwork);
  const auto moment = session->wait_moment(5.015, 0.2);
  ASSERT_TRUE(moment);
  EXPECT_NEAR(moment->at_s, 5.015, 1e-9);
  EXPECT_LE(moment->from_s, 5.0);
  EXPECT_NEAR(moment->until_s, 5.215, 1e-9);
  const auto scene = session->view()->scene;
  const int to_front = scene->find_edge(scene->find("users"), scene->find("front"));
  const int to_store = scene->find_edge(scene->find("front"), scene->find("store"));
  bool front_seen = false, store_seen = false;
  for (const Dot& dot : moment->dots) {
    if (dot.sent_ns == 5'000'000'000 && dot.edge == to_front) {
      front_seen = true;
      EXPECT_EQ(dot.arrived_ns, 5'000'000'000);
      EXPECT_EQ(dot.served_ns, 5'000'000'000);
      EXPECT_EQ(dot.ended_ns, 5'030'000'000);
      EXPECT_EQ(dot.outcome, models::Outcome::success);
    }
    if (dot.sent_ns == 5'010'000'000 && dot.edge == to_store) {
      store_seen = true;
      EXPECT_EQ(dot.ended_ns, 5'020'000'000);
    }
  }
  EXPECT_TRUE(front_seen);
  EXPECT_TRUE(store_seen);
  // Two requests and their two calls in 200 ms, and as many before the moment.
  EXPECT_GE(moment->dots.size(), 6U);
  EXPECT_LE(moment->dots.size(), 10U);
  ASSERT_EQ(moment->instances.size(), 2U);
  for (const LiveInstance& i : moment->instances) {
    EXPECT_EQ(i.busy, 1) << "at 5.015 s the front waits for the store";
    EXPECT_EQ(i.queued, 0);
  }
}

TEST(Moments, show_failures_and_queues) {
  const auto session = open(R"(
tailrace: 1
name: full
run: {duration: 10s, replications: 1}
workloads: {users: {constant_arrival_rate: 10/s, spacing: regular, calls: front.go}}
services:
  front: {workers: 1, queue: 3, endpoints: {go: [compute: 1s]}}
)");
  const auto moment = session->wait_moment(8.05, 1.2);
  ASSERT_TRUE(moment);
  EXPECT_EQ(moment->instances[0].busy, 1);
  EXPECT_EQ(moment->instances[0].queued, 3);
  EXPECT_EQ(moment->instances[0].capacity, 3);
  int good = 0, waited = 0;
  for (const Dot& dot : moment->dots) {
    if (dot.ended_ns >= 0 && dot.outcome == models::Outcome::success) ++good;
    if (dot.served_ns > dot.arrived_ns) ++waited;
  }
  EXPECT_GE(good, 1);
  EXPECT_GE(waited, 1);
}

TEST(Moments, time_outs_are_seen_as_the_caller_sees_them) {
  const auto session = open(R"(
tailrace: 1
name: late
run: {duration: 10s, replications: 1}
workloads: {users: {constant_arrival_rate: 1/s, spacing: regular, calls: front.go}}
services:
  front: {workers: 10, endpoints: {go: [{call: back.go, timeout: 100ms}]}}
  back: {workers: 10, endpoints: {go: [compute: 300ms]}}
)");
  const auto moment = session->wait_moment(5.5, 0.6);
  ASSERT_TRUE(moment);
  bool seen = false;
  for (const Dot& dot : moment->dots) {
    if (dot.sent_ns != 5'000'000'000) continue;
    EXPECT_EQ(dot.ended_ns, 5'100'000'000);
    EXPECT_EQ(dot.outcome, models::Outcome::timeout);
    seen = true;
  }
  EXPECT_TRUE(seen);
}

TEST(Moments, keep_up_with_a_playhead_that_moves_slowly) {
  const auto session = open(kShop);
  ASSERT_TRUE(session->wait_complete(kLong));
  session->seek(20);
  session->set_speed(0.1);
  session->follow(true);
  session->play();
  int covered = 0, frames = 0;
  std::uint64_t trajectory = 0;
  int moments = 0;
  for (int i = 0; i < 400; ++i) {
    session->advance(1.0 / 60);
    std::this_thread::sleep_for(std::chrono::milliseconds(4));
    const auto m = session->moment();
    if (!m || i < 100) continue;
    ++frames;
    if (m->from_s <= session->playhead_s() && session->playhead_s() <= m->until_s) ++covered;
    if (m->trajectory != trajectory) ++moments;
    trajectory = m->trajectory;
  }
  EXPECT_GT(frames, 200);
  EXPECT_GT(covered, frames * 9 / 10);
  EXPECT_GT(moments, 3) << "it goes on with the playhead";
}

// Scrubbing back is a run from the start: two moments, the later first.
TEST(Moments, are_found_backwards_too) {
  const auto session = open(kShop);
  const auto late = session->wait_moment(50, 0.01);
  const auto early = session->wait_moment(7, 0.01);
  const auto again = session->wait_moment(50, 0.01);
  ASSERT_TRUE(late && early && again);
  EXPECT_NEAR(early->at_s, 7, 1e-9);
  EXPECT_EQ(late->trajectory, again->trajectory);
  EXPECT_EQ(late->dots.size(), again->dots.size());
}

TEST(Cascades, unfold_with_their_causes) {
  models::Diagnostics diagnostics;
  std::vector<models::SourceFile> files;
  std::string error;
  const auto session = Session::open(std::string(TAILRACE_SOURCE_DIR) + "/scenarios/library/retry-storm.yaml",
                                     {}, diagnostics, files, error);
  ASSERT_TRUE(session) << error;
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

TEST(Inspector, shows_every_field_of_the_table_with_its_value_or_default) {
  const auto session = open(kShop);
  ASSERT_TRUE(session->wait_complete(kLong));
  const auto scene = session->view()->scene;
  const auto rows = inspect(*scene, session->document(), scene->find("stock"));
  const auto find = [&rows](const std::string& path) -> const FieldRow* {
    for (const FieldRow& row : rows) {
      if (row.path == path) return &row;
    }
    return nullptr;
  };
  const FieldRow* workers = find("services.stock.workers");
  ASSERT_TRUE(workers);
  EXPECT_EQ(workers->value, "2");
  EXPECT_TRUE(workers->written && workers->editable);
  EXPECT_FALSE(workers->help.empty());
  const FieldRow* replicas = find("services.stock.replicas");
  ASSERT_TRUE(replicas);
  EXPECT_FALSE(replicas->written);
  int with_default = 0;
  for (const FieldRow& row : rows) with_default += !row.written && !row.fallback.empty() ? 1 : 0;
  EXPECT_GT(with_default, 3);
  EXPECT_GT(rows.size(), 20U);
  // What it says can be set, can be set.
  EXPECT_TRUE(session->set_field(workers->path, "3").ok);
  EXPECT_TRUE(session->set_field(replicas->path, "2").ok);
  ASSERT_TRUE(session->wait_complete(kLong));
  const auto fault = inspect_fault(*session->view()->scene, session->document(), 0);
  bool found = false;
  for (const FieldRow& row : fault) {
    if (row.name == "start") found = row.value == "10s";
  }
  EXPECT_TRUE(found);
  EXPECT_FALSE(inspect_run(session->document()).empty());
}

TEST(Offers, of_a_node_and_of_a_call_can_all_be_injected) {
  const auto session = open(kShop);
  ASSERT_TRUE(session->wait_complete(kLong));
  session->seek(20);
  const int stock = session->view()->scene->find("stock");
  const auto offers = session->offers_for_node(stock);
  EXPECT_GT(offers.size(), 5U);
  for (const FaultOffer& offer : offers) {
    FaultRequest request;
    request.type = offer.type;
    request.target = "stock";
    request.fields = offer.fields;
    const EditResult edit = session->inject(request);
    EXPECT_TRUE(edit.ok) << offer.type << ": " << edit.message;
    if (edit.ok) {
      EXPECT_TRUE(session->undo().ok);
    }
  }
  ASSERT_TRUE(session->wait_complete(kLong));
  const int edge = session->view()->scene->find_edge(session->view()->scene->find("cart"), stock);
  for (const FaultOffer& offer : session->offers_for_edge(edge)) {
    FaultRequest request;
    request.type = offer.type;
    request.target = "cart -> stock";
    request.fields = offer.fields;
    const EditResult edit = session->inject(request);
    EXPECT_TRUE(edit.ok) << offer.type << ": " << edit.message;
    if (edit.ok) {
      EXPECT_TRUE(session->undo().ok);
    }
  }
}

}  // namespace
}  // namespace tailrace::viewer
