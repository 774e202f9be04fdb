// Where the slow requests' time went, as the program says it: the summary, summary.json, and the files for
// other people's viewers.
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>

#include "tests/cli/program.hpp"

namespace tailrace::tests {
namespace {

using nlohmann::json;

// A call over a network to a database with two connections; some attempts fail and are tried again.
constexpr const char* kShop = R"(tailrace: 1
run: {duration: 20s, warmup: 1s, replications: 2, seed: 1}
workloads: {shop: {constant_arrival_rate: 100/s, calls: api.op}}
services:
  api:
    workers: 50
    endpoints:
      op:
        - compute: exp(1ms)
        - parallel:
            - {call: db.read, retries: {attempts: 2, backoff: {base_interval: 5ms}}}
            - {call: db.read, retries: {attempts: 2, backoff: {base_interval: 5ms}}}
databases: {db: {connections: 2, operations: {read: {time: exp(5ms), error_rate: 2%}}}}
network: {default: {latency: 200us}}
)";

TEST_F(Program, TheTailAddsUpInTheSummary) {
  const std::string shop = file("shop.yaml", kShop);
  ASSERT_EQ(run_program({"run", shop, "--out", path("out"), "-q"}).exit_code, 0);
  const json tail = json_file(path("out/summary.json"))["tail"];
  EXPECT_EQ(tail["traced"], true);
  const json& cls = tail["classes"][0];
  EXPECT_EQ(cls["class"], "shop");
  std::set<std::string> bands;
  for (const json& band : cls["bands"]) {
    bands.insert(band["band"]);
    double sum = 0, shares = 0;
    for (const json& part : band["parts"]) {
      sum += part["mean_s"].get<double>();
      shares += part["share"]["estimate"].get<double>();
      EXPECT_LE(part["straggler_s"], part["mean_s"]);
    }
    EXPECT_NEAR(sum, band["mean_s"].get<double>(), 1e-9);
    EXPECT_NEAR(shares, 1, 1e-9);
    EXPECT_LE(band["low_s"], band["high_s"]);
    for (const json& exemplar : band["exemplars"]) {
      std::int64_t ns = 0;
      for (const json& part : exemplar["parts"]) ns += part["ns"].get<std::int64_t>();
      EXPECT_EQ(ns, exemplar["latency_ns"].get<std::int64_t>());
      EXPECT_GE(exemplar["latency_ns"].get<double>(), 1e9 * band["low_s"].get<double>() - 1);
      EXPECT_LE(exemplar["latency_ns"].get<double>(), 1e9 * band["high_s"].get<double>() + 1);
    }
  }
  EXPECT_TRUE(bands.count("p50") && bands.count("p90") && bands.count("p99"));
  // The two connections are half busy (100/s x 2 calls x 5 ms / 2): the slow ones wait for them, or try
  // again.
  double more = 0;
  for (const json& part : cls["difference"]["parts"]) more += part["more_s"].get<double>();
  EXPECT_NEAR(more, cls["difference"]["more_s"].get<double>(), 1e-9);
  const json& first = cls["difference"]["parts"][0];
  EXPECT_TRUE(first["place"] == "db" || first["place"] == "api -> db") << first;
}

// Every span's parent is in its trace and starts no later; ids are hex of the right length; times are text.
TEST_F(Program, TracesAreOpenTelemetrys) {
  const std::string shop = file("shop.yaml", kShop);
  ASSERT_EQ(run_program({"run", shop, "--traces", path("spans.json"), "-q"}).exit_code, 0);
  const json traces = json_file(path("spans.json"));
  std::map<std::pair<std::string, std::string>, std::int64_t> starts;
  std::size_t roots = 0;
  std::set<std::string> services, ids;
  const auto each = [&](const auto& use) {
    for (const json& resource : traces["resourceSpans"])
      for (const json& span : resource["scopeSpans"][0]["spans"]) use(resource, span);
  };
  each([&](const json& resource, const json& span) {
    services.insert(resource["resource"]["attributes"][0]["value"]["stringValue"]);
    EXPECT_EQ(span["traceId"].get<std::string>().size(), 32u);
    EXPECT_EQ(span["spanId"].get<std::string>().size(), 16u);
    const bool fresh = starts
                           .emplace(std::pair(span["traceId"], span["spanId"]),
                                    std::stoll(span["startTimeUnixNano"].get<std::string>()))
                           .second;
    EXPECT_TRUE(fresh) << span;
    ids.insert(span["traceId"]);
    if (!span.contains("parentSpanId")) ++roots;
    EXPECT_LE(std::stoll(span["startTimeUnixNano"].get<std::string>()),
              std::stoll(span["endTimeUnixNano"].get<std::string>()));
  });
  each([&](const json&, const json& span) {
    if (!span.contains("parentSpanId")) return;
    const auto parent = starts.find(std::pair(span["traceId"], span["parentSpanId"]));
    ASSERT_NE(parent, starts.end()) << span;
    EXPECT_GE(std::stoll(span["startTimeUnixNano"].get<std::string>()), parent->second);
  });
  EXPECT_EQ(roots, ids.size());
  EXPECT_GE(roots, 5u);
  EXPECT_EQ(services, (std::set<std::string>{"api", "db", "shop"}));
}

// On a lane two events lie in one another or apart: that is what viewers draw.
TEST_F(Program, TraceEventsNestInTheirLanes) {
  const std::string shop = file("shop.yaml", kShop);
  ASSERT_EQ(run_program({"run", shop, "--out", path("out"), "-q"}).exit_code, 0);
  const json events = json_file(path("out/trace-events.json"))["traceEvents"];
  std::map<std::pair<int, int>, std::vector<std::pair<std::int64_t, std::int64_t>>> lanes;
  for (const json& e : events) {
    if (e["ph"] != "X") continue;
    const auto start = static_cast<std::int64_t>(e["ts"].get<double>() * 1000 + 0.5);
    const auto length = static_cast<std::int64_t>(e["dur"].get<double>() * 1000 + 0.5);
    lanes[{e["pid"], e["tid"]}].push_back({start, start + length});
  }
  EXPECT_GE(lanes.size(), 10u);
  for (auto& [lane, list] : lanes) {
    for (const auto& a : list) {
      for (const auto& b : list)
        EXPECT_FALSE(a.first < b.first && b.first < a.second && a.second < b.second)
            << a.first << " " << b.first;
    }
  }
}

TEST_F(Program, MetricsAreWhatPrometheusReads) {
  const std::string shop = file("shop.yaml", kShop);
  ASSERT_EQ(run_program({"run", shop, "--out", path("out"), "-q"}).exit_code, 0);
  const std::string text = read(path("out/metrics.prom"));
  EXPECT_NE(text.find("# TYPE tailrace_requests_total counter\n"), std::string::npos);
  EXPECT_NE(text.find("tailrace_tail_seconds{class=\"shop\",band=\"p99\""), std::string::npos);
  const json summary = json_file(path("out/summary.json"));
  const std::string line =
      "tailrace_requests_total{workload=\"shop\",class=\"\",outcome=\"success\"} " +
      std::to_string(summary["workloads"][0]["outcomes"]["success"].get<std::uint64_t>());
  EXPECT_NE(text.find(line + "\n"), std::string::npos) << line;
  if (std::system("promtool --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "promtool is not here";
  EXPECT_EQ(std::system(("promtool check metrics < " + path("out/metrics.prom")).c_str()), 0);
}

// A scrape with a series twice is refused. Here are calls between the same two, steps of a saga that are
// tried again, and a queue that is published to and handled by one name.
TEST_F(Program, NoSeriesIsTwiceInTheMetrics) {
  const std::string library = TAILRACE_SOURCE_DIR "/scenarios/library/";
  for (const std::string& scenario :
       {file("shop.yaml", kShop), library + "saga.yaml", library + "poison-message.yaml"}) {
    run_program({"run", scenario, "--replications", "1", "--out", path("out"), "-q"});
    std::set<std::string> series;
    std::istringstream lines(read(path("out/metrics.prom")));
    for (std::string line; std::getline(lines, line);) {
      if (line[0] == '#') continue;
      EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second) << line;
    }
    EXPECT_FALSE(series.empty());
  }
}

TEST_F(Program, TracingCanBeChosen) {
  const std::string shop = file("shop.yaml", kShop);
  const auto tail = [&](const char* sample) {
    return json::parse(run_program({"run", shop, "--trace-sample", sample, "--format", "json"}).out);
  };
  const json all = tail("all"), some = tail("1/4"), off = tail("off");
  EXPECT_EQ(off["tail"]["traced"], false);
  EXPECT_EQ(off["fingerprints"], all["fingerprints"]);
  EXPECT_EQ(some["fingerprints"], all["fingerprints"]);
  EXPECT_EQ(some["tail"]["every"], 4);
  const double n = all["tail"]["classes"][0]["traced"], quarter = some["tail"]["classes"][0]["traced"];
  // Binomial: 3800 x 1/4, standard deviation 27.
  EXPECT_NEAR(quarter, n / 4, 130);
  EXPECT_EQ(n, all["workloads"][0]["outcomes"]["success"].get<double>() +
                   all["workloads"][0]["outcomes"].value("error", 0.0));
}

TEST_F(Program, TracingSaysWhatItDoesNotUnderstand) {
  const std::string shop = file("shop.yaml", kShop);
  for (const char* sample : {"some", "1/0", "1/", "0.5", "1/-3", "1/99999999999999999999"}) {
    const Finished run = run_program({"run", shop, "--trace-sample", sample});
    EXPECT_EQ(run.exit_code, 2) << sample;
    EXPECT_NE(run.err.find("auto, all, off, or 1/N"), std::string::npos) << run.err;
  }
  EXPECT_EQ(run_program({"run", shop, "--trace-sample", "off", "--traces", path("t.json")}).exit_code, 2);
  EXPECT_EQ(run_program({"run", shop, "--traces", path("out/")}).exit_code, 2);
}

}  // namespace
}  // namespace tailrace::tests
