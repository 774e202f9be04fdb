// The exact state at a time, and the calls around it: single requests with their own times.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "tests/viewer/open.hpp"

namespace tailrace::viewer {
namespace {

constexpr const char* kQueue = R"(
tailrace: 1
name: queue
run: {duration: 10s, seed: 3, replications: 1}
workloads: {shoppers: {constant_arrival_rate: 40/s, calls: stock.read}}
services: {stock: {workers: 2, queue: 50, endpoints: {read: [compute: exp(40ms)]}}}
)";

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
  const auto session = open_text(kClockwork);
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
  const auto session = open_text(R"(
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

// Five at a time are at work within a `try` when the look begins: none of them is still on its way.
TEST(Moments, requests_at_work_in_a_branch_have_arrived) {
  const auto session = open_text(R"(
tailrace: 1
name: within
run: {duration: 10s, replications: 1}
workloads: {users: {constant_arrival_rate: 10/s, spacing: regular, calls: front.go}}
services:
  front: {workers: 20, endpoints: {go: [try: [compute: 500ms]]}}
network: {default: {latency: 1ms}}
)");
  const auto moment = session->wait_moment(8.05, 0.4);
  ASSERT_TRUE(moment);
  int at_work = 0;
  for (const Dot& dot : moment->dots) {
    if (static_cast<double>(dot.sent_ns) * 1e-9 > moment->from_s - 0.1) continue;
    ++at_work;
    EXPECT_GE(dot.arrived_ns, 0) << dot.sent_ns;
  }
  EXPECT_GE(at_work, 3);
}

TEST(Moments, time_outs_are_seen_as_the_caller_sees_them) {
  const auto session = open_text(R"(
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

// The moments overlap: few frames find none that covers them, and those are waited for.
TEST(Moments, keep_up_with_a_playhead_that_moves_slowly) {
  const auto session = run_text(kQueue);
  session->seek(2);
  session->set_speed(0.1);
  session->follow(true);
  session->play();
  int at_once = 0, moments = 0;
  std::uint64_t trajectory = 0;
  for (int i = 0; i < 400; ++i) {
    session->advance(1.0 / 60);
    const auto covering = [&]() -> std::shared_ptr<const Moment> {
      const auto m = session->moment();
      return m && m->from_s <= session->playhead_s() && session->playhead_s() <= m->until_s ? m : nullptr;
    };
    auto moment = covering();
    at_once += moment ? 1 : 0;
    const auto start = std::chrono::steady_clock::now();
    while (!moment && std::chrono::steady_clock::now() - start < std::chrono::duration<double>(kLong)) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      session->advance(0);
      moment = covering();
    }
    ASSERT_TRUE(moment) << "at " << session->playhead_s();
    moments += moment->trajectory != trajectory ? 1 : 0;
    trajectory = moment->trajectory;
  }
  EXPECT_NEAR(session->playhead_s(), 2 + 0.1 * 400 / 60, 1e-6);
  EXPECT_GT(at_once, 300);
  EXPECT_GT(moments, 3) << "it goes on with the playhead";
}

// Scrubbing back is a run from the start: two moments, the later first.
TEST(Moments, are_found_backwards_too) {
  const auto session = open_text(kQueue);
  const auto late = session->wait_moment(9, 0.01);
  const auto early = session->wait_moment(2, 0.01);
  const auto again = session->wait_moment(9, 0.01);
  ASSERT_TRUE(late && early && again);
  EXPECT_NEAR(early->at_s, 2, 1e-9);
  EXPECT_EQ(late->trajectory, again->trajectory);
  EXPECT_EQ(late->dots.size(), again->dots.size());
}

}  // namespace
}  // namespace tailrace::viewer
