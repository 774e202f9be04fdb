// Where the time of requests went: the traced run is the run that is shown, what is said of a band is what
// `tailrace run` says, and a waterfall adds up.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "analysis/tail/tail.hpp"
#include "models/runtime/execution.hpp"
#include "tests/viewer/open.hpp"
#include "viewer/model/percentiles.hpp"
#include "viewer/model/tail_tracer.hpp"
#include "viewer/model/waterfall.hpp"

namespace tailrace::viewer {
namespace {

// Requests wait for one worker at stock, are tried again after half a second, and cross a network.
constexpr const char* kShop = R"(
tailrace: 1
name: shop
run: {duration: 60s, warmup: 5s, seed: 3, replications: 1}
network: {default: {latency: 1ms}}
workloads:
  shoppers: {constant_arrival_rate: 40/s, calls: cart.get}
services:
  cart:
    workers: 40
    endpoints:
      get: [compute: 2ms, {call: stock.read, timeout: 2s, retries: {attempts: 1, per_try_timeout: 500ms}}]
  stock: {workers: 1, endpoints: {read: [compute: exp(15ms)]}}
faults:
  - {name: hiccup, type: pause, target: stock, start: 30s, duration: 1s}
)";

std::shared_ptr<const TailTraces> traces_of(Session& session, TimeRange range) {
  session.want_traces(range);
  EXPECT_TRUE(session.wait_traces(kLong));
  return session.traces();
}

TEST(TailTraces, of_a_stretch_are_exactly_the_requests_that_the_shown_run_had_in_it) {
  const auto session = run_text(kShop);
  for (const TimeRange range : {TimeRange{0, 60}, TimeRange{10, 20}, TimeRange{29, 35}}) {
    const auto traces = traces_of(*session, range);
    ASSERT_NE(traces, nullptr);
    ASSERT_EQ(traces->record->every, 1u) << "few enough to follow each";
    const TailView view(session->view()->scene, traces, range, -1);
    const LatencyCurve curve = session->view()->history->latency(range);
    EXPECT_GT(curve.count, 30u);
    EXPECT_EQ(view.traced() - view.failed(), curve.count);
    double sum = 0;
    for (const auto& request : traces->record->requests)
      if (request.outcome == models::Outcome::success) sum += static_cast<double>(request.latency_ns) * 1e-9;
    EXPECT_NEAR(sum / static_cast<double>(curve.count), curve.mean, 1e-6 * curve.mean);
  }
}

TEST(TailTraces, are_asked_for_once_the_run_is_over_and_belong_to_it) {
  const auto session = run_text(kShop);
  ASSERT_NE(traces_of(*session, {0, 60}), nullptr);
  ASSERT_TRUE(session->set_field("services.stock.workers", "2").ok);
  ASSERT_TRUE(session->wait_complete(kLong));
  EXPECT_EQ(session->traces(), nullptr) << "of the run before the edit";
  const auto traces = traces_of(*session, {0, 60});
  ASSERT_NE(traces, nullptr);
  EXPECT_EQ(traces->run, session->view()->run);
}

// Of one moment a single request may be wanted after another, each sampled as thinly as it still belongs.
TEST(TailTraces, of_the_same_stretch_are_followed_again_where_another_share_of_them_is_wanted) {
  const auto session = run_text(kShop);
  const Runner::Ready of{1, session->view()->scene, 0, 0};
  TailTracer tracer;
  std::vector<std::size_t> followed;
  for (const std::uint64_t every : {std::uint64_t{8}, std::uint64_t{1}}) {
    tracer.want(of, {10, 50}, every);
    ASSERT_TRUE(tracer.wait(kLong));
    ASSERT_NE(tracer.latest(), nullptr);
    EXPECT_EQ(tracer.latest()->record->every, every);
    followed.push_back(tracer.latest()->record->requests.size());
  }
  EXPECT_GT(followed[1], 4 * followed[0]);
}

// Two halves make the whole, and it is as many visits as the figures of the charts have.
TEST(Percentiles, of_a_stretch_are_of_what_ended_in_it) {
  const auto session = run_text(kShop);
  const auto first = traces_of(*session, {0, 30});
  const auto second = traces_of(*session, {30, 60});
  const auto whole = traces_of(*session, {0, 60});
  const Scene& scene = *session->view()->scene;
  const int node = scene.find("stock");
  ASSERT_GE(node, 0);
  ASSERT_FALSE(scene.nodes[static_cast<std::size_t>(node)].in.empty());
  const int edge = scene.nodes[static_cast<std::size_t>(node)].in.front();
  const Percentiles a = node_percentiles(scene, first->series, node);
  const Percentiles b = node_percentiles(scene, second->series, node);
  const Percentiles all = node_percentiles(scene, whole->series, node);
  EXPECT_GT(a.count, 100u);
  EXPECT_GT(b.count, 100u);
  EXPECT_EQ(a.count + b.count, all.count);
  EXPECT_GE(all.p50, std::min(a.p50, b.p50));
  EXPECT_LE(all.p50, std::max(a.p50, b.p50));
  EXPECT_LT(all.p50, all.p99);
  const Percentiles calls = edge_percentiles(scene, whole->series, edge);
  const Figures figures = session->view()->history->figures({0, 60});
  const double made = figures.edges[static_cast<std::size_t>(edge)].calls * figures.range.length();
  EXPECT_NEAR(static_cast<double>(calls.count), made, 60) << "but those under way at the end";
  EXPECT_LT(calls.p99, all.p99) << "callers leave after their timeout, and the visit goes on";
}

// Publishing takes no time here and handling ten milliseconds: one median of both would be neither's.
TEST(Percentiles, of_a_broker_tell_publishing_from_handling) {
  const auto session = run_text(R"(
tailrace: 1
name: post
run: {duration: 60s, seed: 3, replications: 1}
workloads: {writers: {constant_arrival_rate: 20/s, calls: desk.send}}
services: {desk: {endpoints: {send: [publish: rabbit.letters]}}}
brokers: {rabbit: {queues: {letters: {consumers: {instances: 1, steps: [compute: 10ms]}}}}}
)");
  const Scene& scene = *session->view()->scene;
  const auto& series = session->view()->finished->record.series;
  const int rabbit = scene.find("rabbit");
  EXPECT_TRUE(takes_messages(scene, rabbit));
  EXPECT_FALSE(takes_messages(scene, scene.find("desk")));
  const Percentiles published = node_percentiles(scene, series, rabbit, Visits::published);
  const Percentiles handled = node_percentiles(scene, series, rabbit, Visits::handled);
  EXPECT_NEAR(static_cast<double>(published.count), 1200, 150);
  EXPECT_NEAR(static_cast<double>(handled.count), static_cast<double>(published.count), 5);
  EXPECT_LT(published.p50, 1e-3);
  EXPECT_NEAR(handled.p50, 0.010, 0.001);
  EXPECT_EQ(published.count + handled.count, node_percentiles(scene, series, rabbit).count);
}

// Ten values must lie beyond a percentile.
TEST(Percentiles, are_not_told_of_a_few) {
  const auto session = run_text(kShop);
  const Scene& scene = *session->view()->scene;
  const int node = scene.find("stock");
  std::vector<sim::Histogram> series(scene.model->series.size());
  const auto fill = [&](int count) {
    for (std::size_t s = 0; s < series.size(); ++s) {
      if (scene.model->series[s].kind != models::SeriesKind::operation) continue;
      const models::Operation& op = scene.model->topology->operations[scene.model->series[s].id];
      if (op.component != scene.nodes[static_cast<std::size_t>(node)].component) continue;
      for (int i = 0; i < count; ++i) series[s].record(5'000'000);
      return;
    }
  };
  fill(19);
  EXPECT_TRUE(std::isnan(node_percentiles(scene, series, node).p50));
  fill(1);
  EXPECT_NEAR(node_percentiles(scene, series, node).p50, 5e-3, 5e-5);
  EXPECT_TRUE(std::isnan(node_percentiles(scene, series, node).p99));
  fill(980);
  EXPECT_NEAR(node_percentiles(scene, series, node).p99, 5e-3, 5e-5);
  EXPECT_TRUE(std::isnan(node_percentiles(scene, series, node).p999));
}

// The same figures as the report of `tailrace run`, computed by other code from a run of its own.
TEST(TailView, says_of_each_band_what_the_report_says) {
  const auto session = run_text(kShop);
  const auto traces = traces_of(*session, {5, 60});
  const TailView view(session->view()->scene, traces, {5, 60}, -1);
  const auto& model = session->view()->scene->model;
  models::RunOptions options;
  options.seed = 3;
  options.warmup_ns = 5'000'000'000;
  options.trace = {models::TraceSampling::Mode::fixed, 1};
  std::vector<models::RunRecord> records;
  records.push_back(models::Execution(model, options).run());
  const analysis::TailReport report = analysis::build_tail_report(*model, records);
  ASSERT_EQ(report.classes.size(), 1u);
  ASSERT_EQ(view.bands().size(), report.classes[0].bands.size());
  for (std::size_t b = 0; b < view.bands().size(); ++b) {
    const analysis::TailBand& theirs = report.classes[0].bands[b];
    const BandView ours = view.band(view.bands()[b]);
    EXPECT_EQ(ours.band.name, theirs.name);
    EXPECT_EQ(ours.count, theirs.count);
    EXPECT_NEAR(ours.mean_s, theirs.mean_s, 1e-9);
    ASSERT_EQ(ours.parts.size(), theirs.parts.size()) << theirs.name;
    double sum = 0;
    for (std::size_t p = 0; p < ours.parts.size(); ++p) {
      sum += ours.parts[p].mean_s;
      const auto same = std::find_if(theirs.parts.begin(), theirs.parts.end(), [&](const auto& t) {
        return t.reason == ours.parts[p].reason &&
               tail_place(*session->view()->scene, t.place).name == ours.parts[p].place.name;
      });
      ASSERT_NE(same, theirs.parts.end()) << ours.parts[p].place.name;
      EXPECT_NEAR(ours.parts[p].mean_s, same->mean_s, 1e-9);
      EXPECT_EQ(ours.parts[p].requests, same->requests);
      EXPECT_NEAR(ours.parts[p].share.estimate, same->share.estimate, 1e-9);
      ASSERT_EQ(ours.parts[p].share.known, same->share.known);
      if (same->share.known) {
        EXPECT_NEAR(ours.parts[p].share.half_width(), same->share.half_width(), 1e-9);
      }
    }
    EXPECT_NEAR(sum, ours.mean_s, 1e-9) << "the parts add up to the latency";
  }
}

TEST(TailView, finds_what_the_slow_ones_have_more_of) {
  const auto session = run_text(kShop);
  const auto traces = traces_of(*session, {5, 29});  // before the fault: rho = 40/s x 15 ms = 60 %
  const TailView view(session->view()->scene, traces, {5, 29}, 0);
  ASSERT_NE(view.slowest(), nullptr);
  EXPECT_EQ(view.slowest()->name, "p99") << "960 requests: nine beyond p99, none beyond p99.9";
  const BandView typical = view.band(*view.find("p50")), slow = view.band(*view.find("p90"));
  const auto changes = difference(typical, slow);
  ASSERT_FALSE(changes.empty());
  EXPECT_EQ(changes[0].place.name, "stock");
  EXPECT_EQ(changes[0].reason, models::Reason::queue) << "an M/M/1 waits 1.5 services on average";
  double more = 0;
  for (const TailChange& change : changes) more += change.more_s();
  EXPECT_NEAR(more, slow.mean_s - typical.mean_s, 1e-9);
  // By hand: 1 ms of network each way at each of two calls.
  double network_s = 0;
  for (const TailShare& part : typical.parts)
    network_s += part.reason == models::Reason::network ? part.mean_s : 0;
  EXPECT_NEAR(network_s, 4e-3, 1e-6);
  EXPECT_EQ(view.find("failed"), nullptr);
  EXPECT_EQ(view.band({"", 100, 200, false}).count, 0u);
}

TEST(TailView, of_a_chosen_band_has_its_requests_and_examples_and_no_others) {
  const auto session = run_text(kShop);
  const auto traces = traces_of(*session, {0, 60});
  const TailView view(session->view()->scene, traces, {0, 60}, -1);
  const BandView band = view.band({"", 0.1, 0.4, false});
  std::uint64_t expected = 0;
  for (const auto& r : traces->record->requests) {
    const double s = static_cast<double>(r.latency_ns) * 1e-9;
    if (r.outcome == models::Outcome::success && s >= 0.1 && s <= 0.4) ++expected;
  }
  EXPECT_EQ(band.count, expected);
  EXPECT_GE(band.low_s, 0.1);
  EXPECT_LE(band.high_s, 0.4);
  ASSERT_EQ(band.examples.size(), TailView::kExamples);
  EXPECT_NEAR(static_cast<double>(band.examples.front().latency_ns) * 1e-9, band.high_s, 1e-9)
      << "the slowest";
  EXPECT_NEAR(static_cast<double>(band.examples.back().latency_ns) * 1e-9, band.low_s, 1e-9);
  for (std::size_t i = 1; i < band.examples.size(); ++i)
    EXPECT_LE(band.examples[i].latency_ns, band.examples[i - 1].latency_ns);
}

// The record keeps two requests with their spans per quarter of an octave; every other one is brought by a
// run that ends with it.
TEST(TailTracer, brings_any_single_request) {
  const auto session = run_text(kShop);
  const auto traces = traces_of(*session, {0, 60});
  int kept = 0, brought = 0;
  TailTracer tracer;
  for (std::size_t i = 0; i < traces->record->requests.size(); i += 97) {
    const models::TracedRequest& r = traces->record->requests[i];
    if (example_of(*traces->record, r) != nullptr) {
      ++kept;
      continue;
    }
    const double end = static_cast<double>(r.start_ns + r.latency_ns) * 1e-9;
    const std::uint64_t every = ~std::uint64_t{0} / models::trace_rank(r.cls, r.number);
    tracer.want({traces->run, session->view()->scene, 0, 0}, {end - 1e-9, end + 1e-9}, every);
    ASSERT_TRUE(tracer.wait(kLong));
    const models::TraceExample* const found = example_of(*tracer.latest()->record, r);
    ASSERT_NE(found, nullptr) << "request " << r.number << ", which ended at " << end;
    EXPECT_NEAR(waterfall(*session->view()->scene, *found).latency_s,
                static_cast<double>(r.latency_ns) * 1e-9, 1e-12);
    ++brought;
  }
  EXPECT_GT(brought, 10) << kept;
}

// The client's only call has no row of its own: what is done for it is told in the request's.
TEST(Waterfall, of_a_client_with_one_call_says_at_whom_it_is) {
  std::string text = kShop;
  const std::string network = "network: {default: {latency: 1ms}}\n";
  text.erase(text.find(network), network.size());
  const auto session = run_text(text);
  const auto traces = traces_of(*session, {10, 20});
  ASSERT_NE(traces, nullptr);
  ASSERT_FALSE(traces->record->examples.empty());
  for (const auto& example : traces->record->examples) {
    const Waterfall w = waterfall(*session->view()->scene, example);
    ASSERT_GE(w.rows.size(), 2u);
    EXPECT_EQ(w.rows[0].name, "shoppers");
    EXPECT_EQ(w.rows[0].note, "at cart");
    EXPECT_EQ(w.rows[1].name, "stock.read");
  }
}

TEST(Waterfall, adds_up_and_shows_the_attempt_that_was_tried_again) {
  const auto session = run_text(kShop);
  const auto traces = traces_of(*session, {29.5, 33});
  const Scene& scene = *session->view()->scene;
  bool retried = false;
  ASSERT_FALSE(traces->record->examples.empty());
  for (const auto& example : traces->record->examples) {
    const Waterfall w = waterfall(scene, example);
    ASSERT_FALSE(w.rows.empty());
    EXPECT_EQ(w.rows[0].name, "shoppers");
    EXPECT_NEAR(w.rows[0].to_s, w.latency_s, 1e-9);
    double sum = 0;
    for (const double s : w.by_kind) sum += s;
    EXPECT_NEAR(sum, w.latency_s, 1e-9) << "every nanosecond has a colour";
    int attempts = 0;
    for (std::size_t i = 1; i < w.rows.size(); ++i) {
      const WaterfallRow& row = w.rows[i];
      EXPECT_LE(row.depth, w.rows[i - 1].depth + 1) << "below who made it";
      EXPECT_GE(row.from_s, -1e-12);
      double end = row.from_s;
      for (const WaterfallStretch& s : row.stretches) {
        EXPECT_NEAR(s.from_s, end, 1e-9) << "stretches tile the row";
        end = s.to_s;
      }
      if (row.name == "stock.read") ++attempts;
      if (row.retry) {
        retried = true;
        EXPECT_EQ(row.note.substr(0, 5), "retry");
        EXPECT_EQ(row.node, scene.find("stock"));
        EXPECT_EQ(attempts, 2);
        EXPECT_GE(row.from_s, 0.5) << "after the first attempt's timeout";
        EXPECT_GT(w.by_kind[static_cast<std::size_t>(TimeKind::retry)], 0.4);
      }
    }
  }
  EXPECT_TRUE(retried) << "half a second of a standstill of one is long enough for a second attempt";
}

TEST(Waterfall, of_very_many_calls_leaves_out_those_that_nobody_waited_for) {
  const auto session = run_text(kShop);
  const auto traces = traces_of(*session, {0, 60});
  const auto& example = traces->record->examples.back();
  const Waterfall whole = waterfall(*session->view()->scene, example);
  ASSERT_GE(whole.rows.size(), 3u);
  const Waterfall part = waterfall(*session->view()->scene, example, 2);
  EXPECT_EQ(part.rows.size(), 2u);
  EXPECT_EQ(part.left_out, static_cast<int>(whole.rows.size()) - 2);
}

// A page of twenty calls at once, one of them slow: the slow one is the first below the page, and a branch
// that is nothing but its call has no row of its own.
TEST(Waterfall, of_a_fan_out_begins_with_what_was_waited_for) {
  std::string calls;
  for (int i = 0; i < 20; ++i) calls += fmt::format("{}{{call: leaf.get}}", i > 0 ? ", " : "");
  const auto session = run_text(
      "tailrace: 1\nname: page\nrun: {duration: 20s, warmup: 1s, seed: 3, replications: 1}\n"
      "workloads: {load: {constant_arrival_rate: 20/s, calls: page.get}}\n"
      "services:\n  page: {endpoints: {get: [{parallel: [" +
      calls +
      "]}]}}\n"
      "  leaf: {endpoints: {get: [compute: \"mixture(0.95: 1ms, 0.05: uniform(50ms, 90ms))\"]}}\n");
  const auto traces = traces_of(*session, {1, 20});
  int slow = 0;
  for (const auto& example : traces->record->examples) {
    const Waterfall w = waterfall(*session->view()->scene, example);
    ASSERT_EQ(w.rows.size(), 21u);
    for (std::size_t i = 1; i < w.rows.size(); ++i) EXPECT_EQ(w.rows[i].name, "leaf.get");
    EXPECT_TRUE(w.rows[1].critical);
    EXPECT_NEAR(w.rows[1].to_s, w.latency_s, 1e-9);
    for (std::size_t i = 2; i < w.rows.size(); ++i) EXPECT_FALSE(w.rows[i].critical);
    slow += w.latency_s > 0.04 ? 1 : 0;
  }
  EXPECT_GT(slow, 0);
}

}  // namespace
}  // namespace tailrace::viewer
