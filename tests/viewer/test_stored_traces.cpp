// Single requests that a stored run kept: what is read of its files is what the run had in memory, of every
// replication; damaged files say where, and never more than they must is lost.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "tests/support/scenario.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/viewer/open.hpp"
#include "viewer/model/stored_traces.hpp"
#include "viewer/model/waterfall.hpp"

namespace tailrace::viewer {
namespace {

using testing::HasSubstr;

// All that a span can be: attempts that are tried again, branches, messages, background steps, a network.
constexpr const char* kShop = R"(tailrace: 1
name: shop
run: {duration: 20s, warmup: 1s, seed: 3, replications: 3}
network: {default: {latency: 300us}}
workloads:
  shoppers:
    constant_arrival_rate: 60/s
    requests:
      read: {weight: 3, steps: [call: cart.get]}
      buy: {weight: 1, steps: [call: cart.buy]}
services:
  cart:
    replicas: 2
    workers: 40
    endpoints:
      get:
        - compute: 2ms
        - parallel:
            - {call: stock.read, retries: {attempts: 2, per_try_timeout: 60ms, backoff: {base_interval: 5ms}}}
            - compute: 1ms
            - call: stock.read
      buy: [compute: 1ms, publish: rabbit.orders, {background: [compute: 3ms]}]
  stock: {workers: 4, endpoints: {read: [compute: exp(15ms)]}}
brokers:
  rabbit: {queues: {orders: {consumers: {instances: 1, steps: [compute: 4ms, call: stock.read]}}}}
)";

class StoredTracesOf : public testing::Test {
 protected:
  void SetUp() override {
    run_ = tests::store_run(folder_.path().string(), kShop);
    scene_ = make_scene(run_.model);
  }

  StoredTraces read() const { return read_stored_traces(folder_.path().string(), *scene_); }
  std::string text_of(const char* file) const {
    std::ifstream in(folder_.file(file));
    return {std::istreambuf_iterator<char>(in), {}};
  }
  void write(const char* file, const std::string& text) const { std::ofstream(folder_.file(file)) << text; }
  // The first of `what` in traces.json becomes `to`.
  void damage(const std::string& what, const std::string& to) const {
    std::string text = text_of("traces.json");
    const std::size_t at = text.find(what);
    ASSERT_NE(at, std::string::npos) << what;
    write("traces.json", text.replace(at, what.size(), to));
  }
  const models::TraceExample* original(const StoredRequest& stored) const {
    for (std::size_t r = 0; r < run_.report.tail.records.size(); ++r) {
      if (run_.report.tail.replications[r] != stored.replication) continue;
      return example_of(*run_.report.tail.records[r], stored.trace.request);
    }
    return nullptr;
  }

  const tests::TemporaryFolder folder_;
  tests::Results run_;
  std::shared_ptr<const Scene> scene_;
};

// Every row and stretch of every waterfall, to the nanosecond.
TEST_F(StoredTracesOf, ARunAreItsRequestsSpanForSpan) {
  const StoredTraces stored = read();
  EXPECT_EQ(stored.note, "");
  ASSERT_GT(stored.requests.size(), 15u);
  std::set<std::uint32_t> replications;
  std::set<models::TraceSpan::Kind> kinds;
  for (const StoredRequest& request : stored.requests) {
    replications.insert(request.replication);
    const models::TraceExample* const known = original(request);
    ASSERT_NE(known, nullptr);
    for (const models::TraceSpan& span : request.trace.spans) kinds.insert(span.kind);
    const Waterfall a = waterfall(*scene_, *known), b = waterfall(*scene_, request.trace);
    EXPECT_EQ(a.name, b.name);
    EXPECT_EQ(a.latency_s, b.latency_s);
    EXPECT_EQ(a.start_s, b.start_s);
    EXPECT_EQ(a.outcome, b.outcome);
    double sum = 0;
    for (int k = 0; k < kTimeKinds; ++k) {
      EXPECT_EQ(a.by_kind[k], b.by_kind[k]);
      sum += b.by_kind[k];
    }
    EXPECT_NEAR(sum, b.latency_s, 1e-9);
    ASSERT_EQ(a.rows.size(), b.rows.size());
    for (std::size_t i = 0; i < a.rows.size(); ++i) {
      const WaterfallRow &x = a.rows[i], &y = b.rows[i];
      EXPECT_EQ(x.name, y.name);
      EXPECT_EQ(x.note, y.note) << x.name;
      EXPECT_EQ(x.node, y.node) << x.name;
      EXPECT_EQ(std::tie(x.depth, x.from_s, x.to_s, x.retry, x.critical),
                std::tie(y.depth, y.from_s, y.to_s, y.retry, y.critical))
          << x.name;
      const auto own = [](const WaterfallRow& row) {
        std::vector<std::tuple<double, double, models::Reason, bool, std::string>> list;
        for (const WaterfallStretch& s : row.stretches)
          if (!s.waits) list.emplace_back(s.from_s, s.to_s, s.reason, s.critical, s.place);
        std::sort(list.begin(), list.end());
        return list;
      };
      EXPECT_EQ(own(x), own(y)) << x.name;
    }
  }
  EXPECT_EQ(replications, (std::set<std::uint32_t>{0, 1, 2})) << "not of the first replication alone";
  EXPECT_EQ(kinds.size(), 5u) << "requests, attempts, branches, messages, background steps";
}

TEST_F(StoredTracesOf, ASessionAreThoseOfTheStoredRunUntilItIsChanged) {
  const auto session = open_file(folder_.path().string());
  ASSERT_TRUE(session->wait_complete(kLong) && session->wait_stored(kLong));
  ASSERT_NE(session->stored_traces(), nullptr);
  EXPECT_EQ(session->stored_traces()->requests.size(), read().requests.size());
  ASSERT_TRUE(session->set_field("services.stock.workers", "5").ok);
  ASSERT_TRUE(session->wait_complete(kLong) && session->wait_stored(kLong));
  EXPECT_EQ(session->stored_traces(), nullptr) << "they are not of what is shown now";
  ASSERT_TRUE(session->undo().ok);
  ASSERT_TRUE(session->wait_complete(kLong) && session->wait_stored(kLong));
  EXPECT_NE(session->stored_traces(), nullptr);
}

TEST_F(StoredTracesOf, AnAbsentFileIsSaidToBeAbsent) {
  std::filesystem::remove(folder_.file("traces.json"));
  const StoredTraces stored = read();
  EXPECT_TRUE(stored.requests.empty());
  EXPECT_THAT(stored.note, HasSubstr(folder_.file("traces.json") + " cannot be read"));
}

TEST_F(StoredTracesOf, AFileThatEndsTooEarlyIsToldWithLineAndColumn) {
  const std::string text = text_of("traces.json");
  const std::size_t half = text.size() / 2;
  write("traces.json", text.substr(0, half));
  const StoredTraces stored = read();
  EXPECT_TRUE(stored.requests.empty());
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(half), '\n');
  EXPECT_THAT(stored.note, HasSubstr(fmt::format("traces.json:{}:", line)));
  EXPECT_THAT(stored.note, HasSubstr("not valid JSON"));
}

TEST_F(StoredTracesOf, ADamagedSpanTakesItsRequestAlone) {
  // A request can be an exemplar of several bands.
  const auto names = [](const StoredTraces& stored) {
    std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint64_t>> all;
    for (const StoredRequest& r : stored.requests)
      all.emplace(r.trace.request.cls, r.replication, r.trace.request.number);
    return all;
  };
  const std::size_t all = names(read()).size();
  damage("\"name\": \"stock.read\"", "\"name\": \"shelf.read\"");
  const StoredTraces stored = read();
  EXPECT_EQ(names(stored).size(), all - 1) << stored.note;
  EXPECT_THAT(stored.note, HasSubstr("of the stored requests cannot be shown"));
  EXPECT_THAT(stored.note, HasSubstr("resourceSpans["));
  EXPECT_THAT(stored.note, HasSubstr("the scenario has no call \"shelf.read\""));
}

TEST_F(StoredTracesOf, WhatIsNoTraceIsToldInWords) {
  const std::string traces = text_of("traces.json");
  for (const char* const text :
       {"[]", "{}", "3", "{\"resourceSpans\": 3}", "{\"resourceSpans\": [3]}",
        "{\"resourceSpans\": [{\"resource\": {\"attributes\": []}}]}", "{\"resourceSpans\": []}", ""}) {
    write("traces.json", text);
    const StoredTraces stored = read();
    EXPECT_TRUE(stored.requests.empty());
    EXPECT_FALSE(stored.note.empty()) << text;
  }
  write("traces.json", traces);
  for (const char* const text : {"[]", "{}", "{\"tail\": 3}", "{\"tail\": {\"traced\": 7}}"}) {
    write("summary.json", text);
    const StoredTraces stored = read();
    EXPECT_TRUE(stored.requests.empty());
    EXPECT_FALSE(stored.note.empty()) << text;
  }
}

TEST_F(StoredTracesOf, ARunThatKeptNoneIsSaidToHaveKeptNone) {
  write("summary.json", R"({"tail": {"traced": false}})");
  EXPECT_THAT(read().note, HasSubstr("kept no single requests"));
}

}  // namespace
}  // namespace tailrace::viewer
