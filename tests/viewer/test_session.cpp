// A session: time that moves as it is told, edits that leave the past alone, and files that run the same.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <thread>

#include "analysis/report/run_report.hpp"
#include "models/topology/build.hpp"
#include "scenarios/format/read.hpp"
#include "scenarios/run/replicate.hpp"
#include "tests/support/scenario.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/viewer/open.hpp"

namespace tailrace::viewer {
namespace {

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

std::string result_of_text(const std::string& text) {
  models::Diagnostics diagnostics;
  const scenarios::ReadResult read = scenarios::read_scenario_text(text, "saved", {}, diagnostics);
  std::optional<models::Topology> topology = models::build_topology(read.doc, diagnostics);
  if (!topology) return models::format_diagnostics(diagnostics, read.doc.files);
  const auto model = models::compile(std::make_shared<const models::Topology>(std::move(*topology)));
  const auto runs = scenarios::replicate(model, {});
  return fmt::format("{:016x}", analysis::build_run_report(*model, runs.records).result_fingerprint);
}

// What has come of the comparison with the stored run.
StoredRun::Check checked(const Session& session) {
  const auto start = std::chrono::steady_clock::now();
  while (session.stored()->check == StoredRun::Check::pending &&
         std::chrono::steady_clock::now() - start < std::chrono::duration<double>(kLong)) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return session.stored()->check;
}

TEST(Session, plays_pauses_seeks_and_steps) {
  const auto session = run_text(kShop);
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
  const auto session = open_text(kShop);
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

TEST(Session, what_can_be_shown_ends_where_a_run_ended_early) {
  const auto whole = run_text(kShop);
  EXPECT_DOUBLE_EQ(whole->end_s(), 60);
  SessionOptions few;
  few.overrides = {"run.max_events=5000"};
  const auto session = open_text(kShop, few);
  ASSERT_TRUE(session->wait_complete(kLong));
  ASSERT_EQ(session->view()->state, RunState::ended_early) << session->view()->message;
  const double end = session->end_s();
  EXPECT_GT(end, 3) << "40 requests a second of a few events each";
  EXPECT_LT(end, 57);
  session->seek(end - 1);
  session->set_speed(1);
  session->play();
  session->advance(0.5);
  EXPECT_TRUE(session->playing());
  session->advance(2);
  EXPECT_EQ(session->playhead_s(), end);
  EXPECT_FALSE(session->playing());
  session->play();
  EXPECT_EQ(session->playhead_s(), 0) << "from the end it begins again";
}

TEST(Session, what_is_shown_is_what_a_run_of_the_scenario_gives) {
  const auto session = run_text(kShop);
  const auto view = session->view();
  ASSERT_EQ(view->state, RunState::complete);
  EXPECT_EQ(view->finished->result, result_of_text(session->scenario_text()));
  EXPECT_EQ(session->replications(), 4) << "of which this is one";
  EXPECT_TRUE(view->history->complete());
  EXPECT_DOUBLE_EQ(view->history->frontier_s(), 60);
  EXPECT_GT(view->events, 1000U);
}

TEST(Session, a_fault_that_is_injected_leaves_everything_before_it_as_it_was) {
  const auto session = run_text(kShop);
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
  const auto session = run_text(kShop);
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
  const auto session = run_text(kShop);
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

TEST(Session, a_field_that_is_unset_has_its_default_again) {
  const auto session = run_text(kShop);
  const std::string first = session->result_of_scenario();
  const EditResult edit = session->unset_field("services.cart.workers");
  ASSERT_TRUE(edit.ok) << edit.message;
  ASSERT_TRUE(session->wait_complete(kLong));
  std::string text = kShop;
  text.erase(text.find("    workers: 4\n"), std::string("    workers: 4\n").size());
  text.replace(text.find("replications: 4"), 15, "replications: 1");  // what a session shows
  EXPECT_EQ(session->result_of_scenario(), result_of_text(text));
  EXPECT_NE(session->result_of_scenario(), first);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
constexpr bool kSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kSanitized = false;
#endif

// While it lives this process gets no more than so many bytes in addition to those it has.
class LittleMemory {
 public:
  explicit LittleMemory(rlim_t more) {
    rlim_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    getrlimit(RLIMIT_AS, &before_);
    rlimit little = before_;
    little.rlim_cur = pages * static_cast<rlim_t>(sysconf(_SC_PAGESIZE)) + more;
    setrlimit(RLIMIT_AS, &little);
  }
  ~LittleMemory() { setrlimit(RLIMIT_AS, &before_); }
  LittleMemory(const LittleMemory&) = delete;
  LittleMemory& operator=(const LittleMemory&) = delete;

 private:
  rlimit before_{};
};

// A million instances take 128 MB, so the pilot run that looks for the warm-up throws. The picture stays that
// of the run before, whose fault the scenario does not have any more.
TEST(Session, where_a_run_could_not_be_made_the_faults_of_the_one_before_are_not_lifted) {
  if (kSanitized) GTEST_SKIP() << "sanitizers need the address space";
  const auto session = open_text(kShop);
  ASSERT_TRUE(session->set_field("run.warmup", "auto").ok);
  ASSERT_TRUE(session->wait_complete(kLong));
  session->seek(11);
  {
    const LittleMemory little(32 << 20);
    ASSERT_TRUE(session->set_field("services.cart.replicas", "1000000").ok);
    ASSERT_TRUE(session->unset_field("faults").ok);
    ASSERT_TRUE(session->wait_complete(kLong));
    ASSERT_EQ(session->view()->state, RunState::broken);
    EXPECT_NE(session->view()->message.find("memory"), std::string::npos) << session->view()->message;
    ASSERT_EQ(session->view()->scene->faults.size(), 1U) << "as before";
    const EditResult lifted = session->lift(0);
    EXPECT_FALSE(lifted.ok);
    EXPECT_NE(lifted.hint.find("undo"), std::string::npos) << lifted.hint;
    EXPECT_EQ(session->edits().size(), 3U);
  }
  ASSERT_TRUE(session->undo().ok);
  ASSERT_TRUE(session->undo().ok);
  ASSERT_TRUE(session->wait_complete(kLong));
  EXPECT_EQ(session->view()->state, RunState::complete);
  EXPECT_TRUE(session->lift(0).ok);
}

TEST(Session, a_wrong_value_is_refused_in_words_and_changes_nothing) {
  const auto session = run_text(kShop);
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
  const auto session = open_text(kShop);
  ASSERT_TRUE(session->set_load(2).ok);
  EXPECT_EQ(session->load(), 2);
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
  const auto session = run_text(kShop);
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
  const auto session = open_text(kShop);
  for (int workers = 1; workers <= 20; ++workers)
    ASSERT_TRUE(session->set_field("services.cart.workers", std::to_string(workers)).ok);
  ASSERT_TRUE(session->wait_complete(kLong));
  EXPECT_EQ(session->view()->scene->nodes[1].workers, 20);
  EXPECT_EQ(result_of_text(session->scenario_text()), session->result_of_scenario());
}

TEST(Session, a_saved_scenario_is_a_file_that_runs_the_same) {
  const tests::TemporaryFolder folder;
  const auto session = open_text(kShop);
  ASSERT_TRUE(session->wait_frontier(20, kLong));
  session->seek(15);
  FaultRequest spike;
  spike.type = "load_spike";
  spike.target = "shoppers";
  spike.duration_s = 10;
  spike.fields = {{"factor", "3"}};
  ASSERT_TRUE(session->inject(spike).ok);
  ASSERT_TRUE(session->set_field("services.stock.queue", "7").ok);
  ASSERT_TRUE(session->wait_complete(kLong));
  const std::string file = folder.file("saved.yaml");
  const EditResult saved = session->save(file);
  ASSERT_TRUE(saved.ok) << saved.message;
  const auto again = open_file(file);
  ASSERT_TRUE(again->wait_complete(kLong));
  EXPECT_EQ(again->result_of_scenario(), session->result_of_scenario());
  EXPECT_EQ(again->view()->finished->trajectory, session->view()->finished->trajectory);
  std::ifstream in(file);
  const std::string text((std::istreambuf_iterator<char>(in)), {});
  EXPECT_NE(text.find("inject load_spike on shoppers"), std::string::npos) << text;
}

TEST(Session, a_stored_run_is_opened_and_proved_to_be_the_same) {
  const tests::TemporaryFolder folder;
  tests::store_run(folder.path().string(), kShop);  // four replications
  const auto session = open_file(folder.path().string());
  ASSERT_TRUE(session->stored());
  EXPECT_EQ(session->stored()->replications, 4);
  ASSERT_TRUE(session->wait_complete(kLong));
  EXPECT_EQ(checked(*session), StoredRun::Check::same) << session->stored()->note;
}

TEST(Session, a_stored_run_without_its_scenario_is_refused_in_words) {
  const tests::TemporaryFolder folder;
  tests::store_run(folder.path().string(), kShop);
  std::filesystem::remove(folder.file("scenario.yaml"));
  models::Diagnostics diagnostics;
  std::vector<models::SourceFile> files;
  std::string error;
  EXPECT_EQ(Session::open(folder.path().string(), {}, diagnostics, files, error), nullptr);
  EXPECT_NE(error.find("scenario.yaml"), std::string::npos) << error;
}

TEST(Session, a_stored_run_of_another_scenario_is_said_to_differ) {
  const tests::TemporaryFolder folder;
  std::ofstream(folder.file("summary.json"))
      << R"({"format": "tailrace-summary", "status": "completed", "run": {"replications": 4, "seed": 3},)"
      << R"( "fingerprints": {"result": "0123456789abcdef"}})";
  std::ofstream(folder.file("scenario.yaml")) << kShop;
  const auto session = open_file(folder.path().string());
  ASSERT_TRUE(session->wait_complete(kLong));
  EXPECT_EQ(checked(*session), StoredRun::Check::different);
  EXPECT_NE(session->stored()->note.find("another version"), std::string::npos) << session->stored()->note;
}

TEST(Session, what_is_changed_of_a_stored_run_when_it_is_opened_is_an_edit_and_no_other_run) {
  const tests::TemporaryFolder folder;
  tests::store_run(folder.path().string(), kShop);
  SessionOptions same;
  same.seed = 3;
  same.overrides = {"services.stock.workers=2"};
  const auto as_stored = open_file(folder.path().string(), same);
  EXPECT_TRUE(as_stored->edits().empty()) << "it says so already";
  ASSERT_TRUE(as_stored->wait_complete(kLong));
  EXPECT_EQ(checked(*as_stored), StoredRun::Check::same) << as_stored->stored()->note;

  SessionOptions other;
  other.seed = 4;
  other.overrides = {"services.stock.workers=3"};
  const auto session = open_file(folder.path().string(), other);
  ASSERT_EQ(session->edits().size(), 1U);
  EXPECT_EQ(session->edits()[0].text, "set services.stock.workers=3, run.seed=4");
  ASSERT_TRUE(session->wait_complete(kLong));
  EXPECT_EQ(session->seed(), 4U);
  EXPECT_EQ(session->view()->scene->nodes[2].workers, 3);
  EXPECT_EQ(session->stored()->check, StoredRun::Check::pending) << "there is nothing to compare";
  ASSERT_TRUE(session->undo().ok);
  ASSERT_TRUE(session->wait_complete(kLong));
  EXPECT_EQ(checked(*session), StoredRun::Check::same) << session->stored()->note;
}

TEST(Session, a_stored_run_whose_scenario_was_changed_by_hand_is_told_by_what_was_changed) {
  const tests::TemporaryFolder folder;
  tests::store_run(folder.path().string(), kShop);
  std::string text = kShop;
  text.replace(text.find("seed: 3"), 7, "seed: 8");
  std::ofstream(folder.file("scenario.yaml")) << text;
  const auto session = open_file(folder.path().string());
  ASSERT_TRUE(session->wait_complete(kLong));
  EXPECT_EQ(checked(*session), StoredRun::Check::different);
  EXPECT_NE(session->stored()->note.find("seed 8 now, it was run with 3"), std::string::npos)
      << session->stored()->note;
}

TEST(Session, a_stored_run_that_ended_early_is_compared_too) {
  const tests::TemporaryFolder folder;
  std::string text = kShop;
  text.replace(text.find("seed: 3"), 7, "seed: 3, max_events: 5000");
  tests::store_run(folder.path().string(), text);
  const auto session = open_file(folder.path().string());
  ASSERT_TRUE(session->wait_complete(kLong));
  EXPECT_EQ(session->view()->state, RunState::ended_early);
  EXPECT_EQ(checked(*session), StoredRun::Check::same) << session->stored()->note;
}

void inject_each(Session& session, const std::vector<FaultOffer>& offers, const std::string& target) {
  for (const FaultOffer& offer : offers) {
    FaultRequest request;
    request.type = offer.type;
    request.target = target;
    request.fields = offer.fields;
    const EditResult edit = session.inject(request);
    ASSERT_TRUE(edit.ok) << offer.type << ": " << edit.message;
    ASSERT_TRUE(session.undo().ok);
  }
}

TEST(Offers, of_a_node_and_of_a_call_can_all_be_injected) {
  const auto session = run_text(kShop);
  session->seek(20);
  const auto scene = session->view()->scene;
  const int stock = scene->find("stock"), call = scene->find_edge(scene->find("cart"), stock);
  const auto of_node = session->offers_for_node(stock), of_call = session->offers_for_edge(call);
  EXPECT_GT(of_node.size(), 5U);
  EXPECT_GE(of_call.size(), 2U);
  inject_each(*session, of_node, "stock");
  inject_each(*session, of_call, "cart -> stock");
}

TEST(Offers, of_a_call_over_a_network_are_those_of_the_link_too) {
  const auto session = run_text(std::string(kShop) + "network: {default: {latency: 1ms}}\n");
  session->seek(20);
  const auto scene = session->view()->scene;
  const auto offers = session->offers_for_edge(scene->find_edge(scene->find("cart"), scene->find("stock")));
  for (const char* type : {"delay", "loss", "partition"}) {
    EXPECT_TRUE(std::any_of(offers.begin(), offers.end(), [&](const auto& o) { return o.type == type; }))
        << type;
  }
  inject_each(*session, offers, "cart -> stock");
}

}  // namespace
}  // namespace tailrace::viewer
