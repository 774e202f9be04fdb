#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <sstream>

#include "tests/cli/program.hpp"

namespace tailrace::tests {
namespace {

std::vector<std::string> names_in(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

TEST_F(Program, ResultsAreTheSameBytesForAnyNumberOfJobs) {
  const std::string q = file("q.yaml", kQueue);
  for (const char* limit : {"run.max_events=unlimited", "run.max_events=2500"}) {
    for (const char* jobs : {"1", "2", "8"})
      run_program({"run", q, "--jobs", jobs, "--out", path(jobs), "--set", limit, "-q"});
    SCOPED_TRACE(limit);
    for (const char* jobs : {"2", "8"})
      expect_same("1", jobs, {"summary.json", "timeseries.csv", "latency.csv"});
  }
}

TEST_F(Program, TheSummaryFitsItsSchema) {
  if (!python_has("jsonschema")) GTEST_SKIP() << "python3-jsonschema is not here";
  const std::string q =
      file("q.yaml",
           std::string(kQueue) + "thresholds: {load.request_duration: p(99) < 1s, s.wait: p(97) < 1s}\n");
  const std::vector<std::vector<std::string>> changes = {
      {},
      {"--replications", "1"},
      {"--set", "run.max_events=300"},
      {"--set", "workloads.load.constant_arrival_rate=0/s"},
      {"--duration", "2.1s"}};
  for (const auto& change : changes) {
    std::vector<std::string> arguments = {"run", q, "--out", path("out"), "-q"};
    arguments.insert(arguments.end(), change.begin(), change.end());
    run_program(arguments);
    EXPECT_EQ(schema_fault("summary", path("out/summary.json")), 0) << ::testing::PrintToString(change);
  }
}

TEST_F(Program, SeedAndReplicationsOfTheCommandLineWin) {
  const std::string q = file("q.yaml", kQueue);
  const auto run = [&](std::vector<std::string> more) {
    std::vector<std::string> arguments = {"run", q, "--format", "json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return nlohmann::json::parse(run_program(arguments).out);
  };
  const auto plain = run({});
  const auto other = run({"--seed", "2", "--replications", "3"});
  EXPECT_EQ(plain["run"]["replications"], 4);
  EXPECT_EQ(other["run"]["replications"], 3);
  EXPECT_EQ(other["run"]["seed"], 2);
  EXPECT_NE(plain["fingerprints"]["result"], other["fingerprints"]["result"]);
  EXPECT_EQ(run({"--set", "run.seed=2", "--set", "run.replications=3"}), other);
}

TEST_F(Program, LatencyCountsAddUpToTheRequests) {
  run_program({"run", file("q.yaml", kQueue), "--out", path("out"), "-q"});
  const auto summary = json_file(path("out/summary.json"));
  std::istringstream csv(read(path("out/latency.csv")));
  std::string line;
  std::getline(csv, line);
  EXPECT_EQ(line, "workload,class,outcome,lower_s,upper_s,count,cumulative_fraction");
  std::uint64_t count = 0;
  double upper_before = 0, cumulative = 0;
  while (std::getline(csv, line)) {
    std::vector<std::string> cells;
    std::istringstream row(line);
    for (std::string cell; std::getline(row, cell, ',');) cells.push_back(cell);
    ASSERT_EQ(cells.size(), 7u) << line;
    EXPECT_GE(std::stod(cells[3]), upper_before);
    EXPECT_GE(std::stod(cells[4]), std::stod(cells[3]));
    upper_before = std::stod(cells[4]);
    count += std::stoull(cells[5]);
    cumulative = std::stod(cells[6]);
  }
  EXPECT_EQ(count, summary["workloads"][0]["ended"].get<std::uint64_t>());
  EXPECT_EQ(cumulative, 1.0);
}

TEST_F(Program, EveryRowOfTheTimeSeriesHasEveryColumn) {
  run_program({"run", file("q.yaml", kQueue), "--out", path("out"), "-q"});
  std::istringstream csv(read(path("out/timeseries.csv")));
  std::string line;
  std::getline(csv, line);
  const auto columns = std::count(line.begin(), line.end(), ',');
  std::size_t rows = 0;
  while (std::getline(csv, line)) {
    EXPECT_EQ(std::count(line.begin(), line.end(), ','), columns) << line;
    ++rows;
  }
  EXPECT_GE(rows, 200u);  // about 100 windows at least, each with one class and one station
}

// The one call of each request, the one operation and the request take the same time: percentiles of calls
// and services are those of the requests, within the width of a cell (1.6 %).
TEST_F(Program, TheTimeSeriesHasPercentilesOfCallsAndServices) {
  run_program({"run", file("q.yaml", kQueue), "--replications", "1", "--set", "run.time_resolution=200ms",
               "--out", path("out"), "-q"});
  std::istringstream csv(read(path("out/timeseries.csv")));
  std::map<std::string, std::map<std::string, std::vector<double>>> rows;  // by window and kind
  for (std::string line; std::getline(csv, line);) {
    std::vector<std::string> cells;
    std::istringstream in(line);
    for (std::string cell; std::getline(in, cell, ',');) cells.push_back(cell);
    if (cells.size() < 12 || cells[0] == "start_s" || cells[9].empty()) continue;
    rows[cells[0]][cells[2]] = {std::stod(cells[9]), std::stod(cells[10]), std::stod(cells[11])};
  }
  EXPECT_GE(rows.size(), 50u);
  for (const auto& [start, of] : rows) {
    if (!of.contains("workload")) continue;
    ASSERT_TRUE(of.contains("call") && of.contains("service")) << start;
    for (const char* kind : {"call", "service"}) {
      for (std::size_t k = 0; k < 2; ++k) {
        const double truth = of.at("workload")[k];
        EXPECT_NEAR(of.at(kind)[k], truth, truth / 60) << start << " " << kind;
      }
      EXPECT_GE(of.at(kind)[2], of.at("workload")[2] * 0.999);
    }
  }
}

// Includes, variant, overrides, seed, replications and data files are in it.
TEST_F(Program, TheStoredScenarioRunsTheSameWithoutAnyFlags) {
  file("times.csv", "0.1\n0.25\n0.5\n1.5\n2.5\n");
  file("part.yaml", "services: {s: {workers: 1, endpoints: {op: [compute: exp(10ms)]}}}\n");
  const std::string q = file("q.yaml", R"(tailrace: 1
name: parts
include: part.yaml
run: {duration: 20s, warmup: 2s}
workloads:
  load: {constant_arrival_rate: 50/s, calls: s.op}
  recorded: {trace: {file: times.csv}, calls: s.op}
variants: {busier: {workloads.load.constant_arrival_rate: 80/s}}
)");
  ASSERT_EQ(run_program({"run", q, "--variant", "busier", "--set", "services.s.workers=2", "--seed", "7",
                         "--replications", "3", "--out", path("first"), "-q"})
                .exit_code,
            0);
  const Finished again = run_program({"run", path("first/scenario.yaml"), "--out", path("second"), "-q"});
  ASSERT_EQ(again.exit_code, 0) << again.err;
  const nlohmann::json first = json_file(path("first/summary.json")),
                       second = json_file(path("second/summary.json"));
  EXPECT_EQ(first["fingerprints"], second["fingerprints"]);
  EXPECT_EQ(second["run"]["seed"], 7);
  EXPECT_EQ(second["run"]["replications"], 3);
  expect_same("first", "second", {"times.csv", "scenario.yaml"});
}

// Data files are copied beside the results. One that has the name of a result would be lost, here and where
// it lies if that is where the results go.
TEST_F(Program, NoResultIsWrittenOverTheDataOfItsScenario) {
  std::string all = kQueue;
  all.replace(all.find("workers: 1"), 10,
              "workers: 1, autoscaling: {max_replicas: 2, hpa: {metric: workers, target: 60%}}");
  all += R"(caches: {kept: {keys: 7}}
faults: [{type: pause, target: s, start: 5s, duration: 1s}]
)";
  const Finished whole = run_program({"run", file("all.yaml", all), "-q", "--out", path("out")});
  ASSERT_EQ(whole.exit_code, 0) << whole.err;
  const std::vector<std::string> results = names_in(path("out"));
  EXPECT_GE(results.size(), 12U);
  for (const std::string& name : results) {
    std::string text = kQueue;
    text.replace(text.find("exp(10ms)"), 9, "\"empirical(" + name + ")\"");
    const std::string s = file("s.yaml", text);
    file(name, "1ms\n2ms\n");
    const Finished f = run_program({"run", s, "-q", "--out", folder_.string()});
    EXPECT_EQ(f.exit_code, 2) << name;
    EXPECT_NE(f.err.find("the scenario reads " + name), std::string::npos) << f.err;
    EXPECT_EQ(read(path(name)), "1ms\n2ms\n");
    EXPECT_EQ(run_program({"run", s, "-q"}).exit_code, 0) << name;
  }
}

// A file that is named in two ways is copied once; two files of one name cannot both lie beside the results.
TEST_F(Program, DataFilesOfOneNameAreOneFileOrRefused) {
  file("times.csv", "1ms\n2ms\n");
  std::string text = kQueue;
  text.replace(text.find("compute: exp(10ms)"), 18,
               "compute: empirical(times.csv), compute: empirical(./times.csv)");
  const Finished one = run_program({"run", file("one.yaml", text), "-q", "--out", path("one")});
  EXPECT_EQ(one.exit_code, 0) << one.err;
  EXPECT_EQ(read(path("one/times.csv")), "1ms\n2ms\n");

  std::filesystem::create_directory(path("part"));
  file("part/times.csv", "7ms\n");
  file("part/other.yaml", "services: {o: {workers: 1, endpoints: {op: [compute: empirical(times.csv)]}}}\n");
  const std::string two = file("two.yaml", text + "include: part/other.yaml\n");
  const Finished f = run_program({"run", two, "-q", "--out", path("two")});
  EXPECT_EQ(f.exit_code, 2) << f.err;
  EXPECT_NE(f.err.find("part/times.csv, which would be one file in --out"), std::string::npos) << f.err;
  EXPECT_EQ(names_in(path("two")), std::vector<std::string>{});
  EXPECT_EQ(run_program({"run", two, "-q"}).exit_code, 0);
}

TEST_F(Program, AFullDiskLeavesNoFileAndKeepsTheOldOne) {
  const std::string q = file("q.yaml", kQueue);
  const Finished fresh = run_program({"run", q, "--out", path("out")}, {.file_bytes = 1000});
  EXPECT_EQ(fresh.exit_code, 5);
  EXPECT_NE(fresh.err.find("(1000 of "), std::string::npos) << fresh.err;
  EXPECT_EQ(names_in(path("out")), std::vector<std::string>{});
  run_program({"run", q, "--out", path("out"), "-q"});
  const std::string before = read(path("out/summary.json"));
  const std::vector<std::string> names = names_in(path("out"));
  EXPECT_GE(names.size(), 7U);
  EXPECT_EQ(run_program({"run", q, "--seed", "5", "--out", path("out")}, {.file_bytes = 1000}).exit_code, 5);
  EXPECT_EQ(read(path("out/summary.json")), before);
  EXPECT_EQ(names_in(path("out")), names);
}

TEST_F(Program, AFullDiskBehindStandardOutputIsAnError) {
  const Finished run = run_program({"run", file("q.yaml", kQueue)}, {.stdout_to = "/dev/full"});
  EXPECT_EQ(run.exit_code, 5);
  EXPECT_NE(run.err.find("No space left on device (0 of "), std::string::npos) << run.err;
}

TEST_F(Program, AReaderWhoLeftOrNeverWasIsNoError) {
  const std::string q = file("q.yaml", kQueue);
  for (const Conditions& conditions :
       {Conditions{.stdout_closed = true}, Conditions{.stdout_abandoned = true}}) {
    const Finished run = run_program({"run", q, "--out", path("out")}, conditions);
    EXPECT_EQ(run.exit_code, 0);
    EXPECT_EQ(run.err, "");
    EXPECT_EQ(json_file(path("out/summary.json"))["complete"],
              true);  // and no summary was written into a result file
  }
}

TEST_F(Program, NamesCannotBecomeFormulasOrDriveTheTerminal) {
  const std::string q = file("q.yaml", R"(tailrace: 1
name: "a \e[31mb"
run: {duration: 5s, replications: 2}
workloads: {"=cmd|x,\"y": {constant_arrival_rate: 80/s, calls: s.op}}
services: {s: {endpoints: {op: [compute: exp(10ms)]}}}
)");
  const Finished run = run_program({"run", q, "--out", path("out")});
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(run.out.find('\x1b'), std::string::npos);
  EXPECT_NE(read(path("out/latency.csv")).find("\n\"'=cmd|x,\"\"y\","), std::string::npos);
  EXPECT_EQ(json_file(path("out/summary.json"))["workloads"][0]["name"], "=cmd|x,\"y");
}

// Publishing to a queue takes no time, handling what it holds 5 ms: two operations, two names.
TEST_F(Program, PublishingAndHandlingAreToldApart) {
  const std::string s = file("s.yaml", R"(tailrace: 1
run: {duration: 20s, warmup: 2s, replications: 2}
workloads: {load: {constant_arrival_rate: 20/s, steps: [{publish: rabbit.orders}]}}
brokers: {rabbit: {queues: {orders: {consumers: {instances: 2, steps: [compute: 5ms]}}}}}
thresholds:
  rabbit.orders.response_time: "max < 1ms"
  rabbit/orders.response_time: "min > 4ms"
  load -> rabbit.orders.call_failed: "rate == 0"
  rabbit -> rabbit/orders.call_failed: "rate == 0"
)");
  const Finished run = run_program({"run", s, "--out", path("out")});
  EXPECT_EQ(run.exit_code, 0) << run.err << run.out;
  const auto summary = json_file(path("out/summary.json"));
  std::vector<std::string> names;
  for (const auto& operation : summary["operations"]) names.push_back(operation["name"]);
  std::sort(names.begin(), names.end());
  EXPECT_EQ(names, (std::vector<std::string>{"rabbit.orders", "rabbit/orders"}));
  const Finished checked = run_program({"check", s, "--format", "json"});
  ASSERT_EQ(checked.exit_code, 0) << checked.err;
  const auto understood = nlohmann::json::parse(checked.out);
  for (const auto& [list, key] : {std::pair{"operations", "name"}, std::pair{"calls", "to"}}) {
    names.clear();
    for (const auto& entry : understood[list]) names.push_back(entry[key]);
    std::sort(names.begin(), names.end());
    EXPECT_EQ(names, (std::vector<std::string>{"rabbit.orders", "rabbit/orders"})) << list;
  }
  const std::string metrics = read(path("out/metrics.prom"));
  std::istringstream lines(metrics);
  std::set<std::string> series;
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line[0] == '#') continue;
    EXPECT_TRUE(series.insert(line.substr(0, line.rfind(' '))).second) << line;
  }
}

TEST_F(Program, WithoutAUnicodeLocaleTheSummaryIsAscii) {
  const Finished run = run_program({"run", file("q.yaml", kQueue)}, {.environment = {"LC_ALL=C"}});
  EXPECT_TRUE(contains(run.out, "goodput")) << run.out;
  EXPECT_TRUE(std::all_of(run.out.begin(), run.out.end(), [](unsigned char c) { return c < 0x80; }))
      << run.out;
}

TEST_F(Program, TheSummaryFitsTheWidthOfATerminal) {
  const Finished run = run_program({"run", file("q.yaml", kQueue)}, {.environment = {"LC_ALL=C"}});
  EXPECT_TRUE(contains(run.out, "goodput")) << run.out;
  std::istringstream lines(run.out);
  for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 120u) << line;
}

TEST_F(Program, QuietSaysNothingWhenAllIsWell) {
  const Finished run = run_program({"run", file("q.yaml", kQueue), "--quiet"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_EQ(run.out + run.err, "");
}

TEST_F(Program, CsvHasOneRowPerWorkloadAndClass) {
  const Finished run = run_program({"run", file("q.yaml", kQueue), "--format", "csv"});
  EXPECT_EQ(std::count(run.out.begin(), run.out.end(), '\n'), 2);
  EXPECT_EQ(run.out.rfind("workload,class,requests,", 0), 0u);
}

}  // namespace
}  // namespace tailrace::tests
