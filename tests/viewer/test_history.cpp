// What the viewer shows of a run is what the run's record says, over any range.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>

#include "models/runtime/execution.hpp"
#include "tests/support/scenario.hpp"
#include "viewer/model/run_watch.hpp"
#include "viewer/model/sampler.hpp"
#include "viewer/model/selection.hpp"

namespace tailrace::viewer {
namespace {

using tests::compile_text;

struct Watched {
  std::shared_ptr<const Scene> scene;
  std::shared_ptr<const History> history;
  models::RunRecord record;
  int published = 0;
};

models::RunOptions options_of(const models::CompiledModel& model) {
  models::RunOptions options;
  options.seed = model.topology->run.seed;
  options.warmup_ns = model.topology->run.warmup.ns;
  return options;
}

Watched watch(const std::string& text) {
  Watched w;
  const auto model = compile_text(text);
  w.scene = make_scene(model);
  const std::atomic<int> stop{0};
  HistoryWatch watcher(w.scene, model->topology->run.warmup.ns, stop,
                       [&w](const std::shared_ptr<const History>&) { ++w.published; });
  models::RunOptions options = options_of(*model);
  options.watch = &watcher;
  w.record = models::Execution(model, options).run();
  watcher.finish(w.record);
  w.history = watcher.history(true);
  return w;
}

constexpr const char* kShop = R"(
tailrace: 1
name: shop
run: {duration: 60s, warmup: 6s, seed: 3, replications: 1}
workloads:
  shoppers: {constant_arrival_rate: 50/s, calls: cart.get}
services:
  cart:
    workers: 4
    replicas: 2
    endpoints:
      get:
        - {call: stock.read, timeout: 80ms, retries: {attempts: 1}}
        - compute: exp(10ms)
  stock: {workers: 2, queue: 5, endpoints: {read: [compute: exp(20ms)]}}
)";

std::uint64_t failed(const models::OutcomeCounts& counts) {
  return models::total(counts) - counts[0];
}

TEST(History, a_watched_run_has_the_fingerprints_of_one_that_nobody_watches) {
  const Watched w = watch(kShop);
  const auto model = compile_text(kShop);
  const models::RunRecord alone = models::Execution(model, options_of(*model)).run();
  EXPECT_EQ(w.record.trajectory, alone.trajectory);
  EXPECT_EQ(models::result_fingerprint(w.record), models::result_fingerprint(alone));
}

// The record begins at the end of the warm-up, 6 s; slices are 0.1 s, so one begins there.
TEST(History, the_figures_after_the_warm_up_are_those_of_the_record) {
  const Watched w = watch(kShop);
  ASSERT_EQ(w.history->slices(), 600U);
  const Figures f = w.history->figures({6, 60});
  EXPECT_DOUBLE_EQ(f.range.t0_s, 6);
  EXPECT_DOUBLE_EQ(f.range.t1_s, 60);
  const double seconds = 54;
  const models::ClassRecord& c = w.record.classes[0];
  EXPECT_EQ(std::llround(f.load.offered * seconds), static_cast<long long>(c.arrived));
  EXPECT_EQ(std::llround(f.load.goodput * seconds), static_cast<long long>(c.ended[0]));
  EXPECT_EQ(std::llround(f.load.failed * seconds), static_cast<long long>(failed(c.ended)));
  EXPECT_EQ(f.load.successes, c.ended[0]);

  const int stock = w.scene->find("stock");
  ASSERT_GE(stock, 0);
  const NodeFigures& node = f.nodes[static_cast<std::size_t>(stock)];
  const models::StationRecord& station =
      w.record
          .stations[static_cast<std::size_t>(w.scene->nodes[static_cast<std::size_t>(stock)].stations[0])];
  EXPECT_NEAR(node.busy * seconds, station.instances[0].busy_s, 1e-6);
  EXPECT_NEAR(node.queue * seconds, station.instances[0].queue_s, 1e-6);
  EXPECT_NEAR(node.utilisation, station.instances[0].busy_s / (2 * seconds), 1e-9) << "2 workers";
  EXPECT_EQ(std::llround(node.rejected * seconds), static_cast<long long>(station.counts.rejected));
  EXPECT_GT(station.counts.rejected, 0U) << "otherwise this says nothing";

  const int edge = w.scene->find_edge(w.scene->find("cart"), stock);
  ASSERT_GE(edge, 0);
  const models::EdgeRecord& calls =
      w.record.edges[static_cast<std::size_t>(w.scene->edges[static_cast<std::size_t>(edge)].edges[0])];
  const EdgeFigures& e = f.edges[static_cast<std::size_t>(edge)];
  EXPECT_EQ(std::llround(e.calls * seconds), static_cast<long long>(calls.calls));
  EXPECT_EQ(std::llround(e.attempts * seconds), static_cast<long long>(calls.attempts));
  EXPECT_GT(calls.attempts, calls.calls);
  EXPECT_NEAR(e.amplification, static_cast<double>(calls.attempts) / static_cast<double>(calls.calls), 1e-9);
}

TEST(History, percentiles_of_a_range_are_those_of_its_requests) {
  const Watched w = watch(kShop);
  const Figures f = w.history->figures({6, 60});
  const models::CompiledModel& model = *w.scene->model;
  const sim::Histogram& all = w.record.series[model.classes[0].success_series];
  EXPECT_NEAR(f.load.p50, static_cast<double>(all.quantile(0.5)) * 1e-9, 1e-9);
  EXPECT_NEAR(f.load.p99, static_cast<double>(all.quantile(0.99)) * 1e-9, 1e-9);
  EXPECT_NEAR(f.load.p999, static_cast<double>(all.quantile(0.999)) * 1e-9, 1e-9);
  EXPECT_NEAR(f.load.mean, all.mean() * 1e-9, 1e-9);
  const LatencyCurve curve = w.history->latency({6, 60});
  EXPECT_EQ(curve.count, all.count());
  EXPECT_NEAR(curve.quantile(0.99), f.load.p99, f.load.p99 * 0.002);
  EXPECT_NEAR(curve.share_below(f.load.p50), 0.5, 0.02);
}

TEST(History, the_warm_up_is_shown_too_and_halves_add_up) {
  const Watched w = watch(kShop);
  const Figures whole = w.history->figures({0, 60}), first = w.history->figures({0, 30}),
                second = w.history->figures({30, 60});
  EXPECT_NEAR(whole.load.offered * 60, (first.load.offered + second.load.offered) * 30, 1e-6);
  EXPECT_NEAR(whole.load.offered, 50, 3) << "6 standard deviations of 3000 Poisson arrivals";
  EXPECT_NEAR(w.history->figures({0, 6}).load.offered, 50, 18) << "of 300";
  for (std::size_t i = 0; i < whole.nodes.size(); ++i)
    EXPECT_NEAR(whole.nodes[i].busy * 60, (first.nodes[i].busy + second.nodes[i].busy) * 30, 1e-6);
}

TEST(History, each_curve_is_point_by_point_what_the_figures_say) {
  const Watched w = watch(kShop);
  const int stock = w.scene->find("stock"), call = w.scene->find_edge(w.scene->find("cart"), stock);
  const auto n = static_cast<std::size_t>(stock), e = static_cast<std::size_t>(call);
  const auto hold = [&](Series what, int id, const std::function<double(const Figures&)>& of) {
    const auto points = w.history->series(what, id, {10, 20}, 5);
    ASSERT_EQ(points.size(), 5U);
    for (const SeriesPoint& p : points) {
      const double expected = of(w.history->figures({p.t0_s, p.t1_s}));
      EXPECT_NEAR(p.mean, expected, 1e-6 * (1 + expected)) << "series " << static_cast<int>(what);
    }
  };
  hold(Series::offered, -1, [](const Figures& f) { return f.load.offered; });
  hold(Series::goodput, -1, [](const Figures& f) { return f.load.goodput; });
  hold(Series::failed, -1, [](const Figures& f) { return f.load.failed; });
  hold(Series::mean, -1, [](const Figures& f) { return f.load.mean; });
  hold(Series::p50, -1, [](const Figures& f) { return f.load.p50; });
  hold(Series::p99, -1, [](const Figures& f) { return f.load.p99; });
  hold(Series::p999, -1, [](const Figures& f) { return f.load.p999; });
  hold(Series::node_utilisation, stock, [n](const Figures& f) { return f.nodes[n].utilisation; });
  hold(Series::node_queue, stock, [n](const Figures& f) { return f.nodes[n].queue; });
  hold(Series::node_in_flight, stock, [n](const Figures& f) { return f.nodes[n].in_flight; });
  hold(Series::node_offered, stock, [n](const Figures& f) { return f.nodes[n].offered; });
  hold(Series::node_goodput, stock, [n](const Figures& f) { return f.nodes[n].goodput; });
  hold(Series::node_error_share, stock, [n](const Figures& f) { return f.nodes[n].error_share; });
  hold(Series::node_replicas, stock, [n](const Figures& f) { return f.nodes[n].replicas; });
  hold(Series::node_latency, stock, [n](const Figures& f) { return f.nodes[n].latency; });
  hold(Series::node_lag, stock, [n](const Figures& f) { return f.nodes[n].lag; });
  hold(Series::edge_attempts, call, [e](const Figures& f) { return f.edges[e].attempts; });
  hold(Series::edge_retries, call, [e](const Figures& f) { return f.edges[e].retries; });
  hold(Series::edge_error_share, call, [e](const Figures& f) { return f.edges[e].error_share; });
  hold(Series::edge_latency, call, [e](const Figures& f) { return f.edges[e].latency; });
}

TEST(History, a_chart_with_few_points_keeps_the_peaks) {
  const Watched w = watch(kShop);
  const auto fine = w.history->series(Series::p99, -1, {0, 60});
  const auto coarse = w.history->series(Series::p99, -1, {0, 60}, 20);
  ASSERT_EQ(fine.size(), 600U);
  ASSERT_EQ(coarse.size(), 20U);
  double most = 0, kept = 0;
  for (const SeriesPoint& p : fine) {
    if (!std::isnan(p.high)) most = std::max(most, p.high);
  }
  for (const SeriesPoint& p : coarse) {
    if (!std::isnan(p.high)) kept = std::max(kept, p.high);
  }
  EXPECT_DOUBLE_EQ(most, kept);
  EXPECT_DOUBLE_EQ(coarse.front().t0_s, 0);
  EXPECT_DOUBLE_EQ(coarse.back().t1_s, 60);
}

TEST(History, faults_and_what_changes_because_of_them_have_their_exact_times) {
  const Watched w = watch(R"(
tailrace: 1
name: breaker
run: {duration: 60s, replications: 1}
workloads: {users: {constant_arrival_rate: 100/s, calls: front.page}}
services:
  front:
    workers: 50
    endpoints:
      page:
        - call: back.read
          timeout: 100ms
          circuit_breaker: {sliding_window_size: 20, minimum_number_of_calls: 10, wait_duration_in_open_state: 5s}
  back: {workers: 10, endpoints: {read: [compute: 5ms]}}
faults:
  - {name: dead, type: pod_failure, target: back, start: 20.05s, duration: 10s}
)");
  ASSERT_EQ(w.history->bars().size(), 1U);
  EXPECT_DOUBLE_EQ(w.history->bars()[0].start_s, 20.05);
  EXPECT_DOUBLE_EQ(w.history->bars()[0].end_s, 30.05);
  EXPECT_FALSE(w.history->bars()[0].on);
  bool opened = false, closed = false, down = false;
  double last = 0;
  for (const Change& c : w.history->changes()) {
    EXPECT_GE(c.t_s, last) << "by time";
    last = c.t_s;
    if (c.kind == ChangeKind::breaker && c.text.ends_with(": open") && c.t_s > 20 && c.t_s < 21)
      opened = true;
    if (c.kind == ChangeKind::breaker && c.text.ends_with(": closed") && c.t_s > 30) closed = true;
    if (c.kind == ChangeKind::instances_down) down = true;
  }
  EXPECT_TRUE(opened);
  EXPECT_TRUE(closed);
  EXPECT_TRUE(down);
  const int edge = w.scene->find_edge(w.scene->find("front"), w.scene->find("back"));
  EXPECT_EQ(w.history->figures({22, 23}).edges[static_cast<std::size_t>(edge)].breaker, 2);
  EXPECT_EQ(w.history->figures({10, 11}).edges[static_cast<std::size_t>(edge)].breaker, 0);
}

TEST(History, a_large_topology_gets_fewer_slices_so_that_they_fit) {
  std::string text =
      "tailrace: 1\nname: large\nrun: {duration: 600s, replications: 1}\n"
      "workloads: {users: {constant_arrival_rate: 1/s, calls: s0.go}}\nservices:\n";
  constexpr int kServices = 3000;
  for (int i = 0; i < kServices; ++i) {
    text += "  s" + std::to_string(i) + ": {workers: 1, endpoints: {go: [compute: 1ms";
    for (int k = 1; k <= 4 && i + k * 7 < kServices; ++k)
      text += ", call: s" + std::to_string(i + k * 7) + ".go";
    text += "]}}\n";
  }
  const auto scene = make_scene(compile_text(text));
  const double slices = 600e9 / static_cast<double>(slice_length_ns(*scene));
  EXPECT_LT(slices, 600);
  EXPECT_GE(slices, 49);
  const double bytes = slices * (static_cast<double>(scene->nodes.size()) * sizeof(Slice::Node) +
                                 static_cast<double>(scene->edges.size()) * sizeof(Slice::Edge));
  EXPECT_LT(bytes, static_cast<double>(kHistoryBytes));
}

TEST(History, the_csv_of_a_selection_has_a_row_for_each_slice) {
  const Watched w = watch(kShop);
  const std::string csv = selection_csv(*w.history, {10, 11}, {w.scene->find("stock")});
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 11) << csv;
  EXPECT_TRUE(csv.starts_with("start_s,end_s,offered_per_s"));
  EXPECT_NE(csv.find("stock utilisation"), std::string::npos);
  EXPECT_NE(csv.find("\n10,10.1,"), std::string::npos);
}

TEST(History, names_with_commas_are_one_cell_of_the_csv) {
  const Watched w = watch(R"(
tailrace: 1
name: shop
run: {duration: 6s, warmup: 1s, replications: 1}
workloads: {shoppers: {constant_arrival_rate: 40/s, calls: "web, front.page"}}
services: {"web, front": {workers: 4, endpoints: {page: [compute: 2ms]}}}
)");
  const int node = w.scene->find("web, front");
  ASSERT_GE(node, 0);
  const std::string nodes = selection_csv(*w.history, {1, 2}, {node});
  EXPECT_NE(nodes.find(",\"web, front utilisation\",\"web, front queue\","), std::string::npos) << nodes;
  const std::string call = call_csv(*w.history, {1, 2}, w.scene->find_edge(w.scene->find("shoppers"), node));
  EXPECT_NE(call.find(",\"shoppers -> web, front calls_per_s\","), std::string::npos) << call;
}

TEST(Scene, names_calls_policies_zones_and_faults) {
  const auto scene = make_scene(compile_text(kShop));
  ASSERT_EQ(scene->nodes.size(), 3U);
  EXPECT_EQ(scene->nodes[0].name, "shoppers") << "in the order of the file";
  EXPECT_EQ(scene->nodes[0].icon, NodeKind::workload);
  EXPECT_EQ(scene->nodes[static_cast<std::size_t>(scene->find("cart"))].replicas, 2);
  EXPECT_EQ(scene->nodes[static_cast<std::size_t>(scene->find("cart"))].path, "services.cart");
  ASSERT_EQ(scene->edges.size(), 2U);
  const int edge = scene->find_edge(scene->find("cart"), scene->find("stock"));
  EXPECT_TRUE(scene->edges[static_cast<std::size_t>(edge)].retried);
  EXPECT_EQ(scene->search("ST"), (std::vector<int>{scene->find("stock")}));
  EXPECT_EQ(scene->neighbourhood(scene->find("stock"), 1).size(), 2U);
  EXPECT_EQ(scene->neighbourhood(scene->find("stock"), 2).size(), 3U);
  EXPECT_EQ(scene->find("nobody"), -1);
}

TEST(Scene, says_when_each_fault_comes) {
  const std::string faults =
      "faults:\n"
      "  - {type: pod_failure, target: stock, start: 10s, duration: 20s}\n"
      "  - {type: pod_failure, target: stock, mtbf: exp(20s), mttr: 1s}\n"
      "  - {type: pod_failure, target: stock, when: {queue: stock, above: 3, for: 1s}, duration: 1s}\n";
  std::string shop = kShop;
  shop.resize(std::min(shop.find("faults:"), shop.size()));
  const auto scene = make_scene(compile_text((shop + faults).c_str()));
  ASSERT_EQ(scene->faults.size(), 3U);
  EXPECT_EQ(scene->faults[0].when(), "0:10 – 0:30");
  EXPECT_EQ(scene->faults[1].when(), "at random");
  EXPECT_EQ(scene->faults[2].when(), "upon a condition");
}

}  // namespace
}  // namespace tailrace::viewer
