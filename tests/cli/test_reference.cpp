#include <cstdlib>
#include <fstream>
#include <sstream>

#include "tests/cli/program.hpp"

namespace tailrace::tests {
namespace {

TEST_F(Program, TheReferenceInDocsIsTheOneThatTheProgramWrites) {
  EXPECT_EQ(run_program({"describe", "--markdown"}).out, read(TAILRACE_SOURCE_DIR "/docs/reference.md"))
      << "run `tailrace describe --markdown > docs/reference.md`";
}

TEST_F(Program, DescribeKnowsEverythingThatItLists) {
  std::istringstream lines(run_program({"describe"}).out);
  int topics = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.size() < 3 || line.substr(0, 2) != "  " || line[2] == ' ') continue;
    const std::string name = line.substr(2, line.find(' ', 2) - 2);
    const Finished run = run_program({"describe", name});
    EXPECT_EQ(run.exit_code, 0) << name;
    EXPECT_NE(run.out.find(name), std::string::npos);
    ++topics;
  }
  EXPECT_GE(topics, 20);
}

TEST_F(Program, DescribeKnowsSectionsInside) {
  const Finished autoscaling = run_program({"describe", "autoscaling"});
  EXPECT_EQ(autoscaling.exit_code, 0);
  EXPECT_NE(autoscaling.out.find("service.autoscaling: "), std::string::npos);
  EXPECT_NE(run_program({"describe", "hpa"}).out.find("tolerance"), std::string::npos);
  EXPECT_NE(run_program({"describe", "service.queue"}).out.find("capacity"), std::string::npos);
  EXPECT_NE(run_program({"describe", "autoscalling"}).exit_code, 0);
}

TEST_F(Program, EveryDistributionOfTheReferenceCanBeRead) {
  std::ofstream(path("times.csv")) << "0.001\n0.002\n";
  std::ofstream(path("cdf.csv")) << "0.001,0.5\n0.002,1\n";
  std::istringstream lines(run_program({"describe", "distribution"}).out);
  int examples = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.substr(0, 2) != "  " || line.size() < 50 || line[2] == ' ') continue;
    std::string example = line.substr(2, line.find("  ", 2) - 2);
    if (example.rfind("zipf", 0) == 0) continue;  // of numbers, not of times
    if (example.rfind("empirical", 0) == 0) example.insert(example.size() - 1, ", unit=s");
    const Finished run =
        run_program({"check", file("q.yaml",
                                   "tailrace: 1\nworkloads: {w: {constant_arrival_rate: 1/s, calls: s.op}}\n"
                                   "services: {s: {endpoints: {op: [compute: \"" +
                                       example + "\"]}}}\n")});
    EXPECT_EQ(run.exit_code, 0) << example << "\n" << run.err;
    ++examples;
  }
  EXPECT_GE(examples, 14);
}

TEST_F(Program, TheScenarioSchemaAcceptsWhatTheParserAcceptsAndRefusesUnknownKeys) {
  if (!python_has("jsonschema, yaml")) GTEST_SKIP() << "python3 with jsonschema and yaml is not here";
  const std::string good = file("good.yaml", R"yaml(tailrace: 1
run: {duration: 1min30s, warmup: auto, replications: 3}
workloads:
  shop:
    ramping_arrival_rate: {start_rate: 0/s, stages: [{duration: 10s, target: 50/s}]}
    requests:
      a: {weight: 2, calls: s.op, timeout: 1s, retries: 2}
      b: {steps: [{call: s.op, circuit_breaker: none}, [{sleep: 1ms}, {call: d.read}]]}
defaults: {outbound: {circuit_breaker: {failure_rate_threshold: 50}, deadline: 2s}, inbound: {codel: {}}}
services:
  s:
    replicas: 2
    queue: 10
    load_balancer: random
    outlier_detection: {consecutive_5xx: 5}
    inbound: {adaptive_concurrency: gradient, codel: none}
    outbound: {retries: 2, retry_budget: {budget_percent: 20}, order: [circuit_breaker, retries]}
    endpoints:
      op:
        - compute: "lognormal(mean=3ms, p99=12ms)"
        - branch: [{probability: 20%, steps: [{call: d.read}]}, {probability: 0.5}]
        - loop: 3
          steps: [{sleep: 1ms}]
databases: {d: {connections: unlimited, operations: {read: exp(1ms)}}}
network: {default: {latency: 250us, bandwidth: 1Gbit/s}, links: {s -> d: {loss: 0.1%}}}
thresholds: {shop.request_duration: [p(99) < 1s]}
)yaml");
  const std::string schema = file("schema.json", run_program({"schema"}).out);
  EXPECT_EQ(run_program({"check", good}).exit_code, 0) << run_program({"check", good}).err;
  const std::string schema_text = read(schema);
  for (const char* once : {"\"policy_circuit_breaker\": {", "\"slow_call_rate_threshold\": {"}) {
    const auto first = schema_text.find(once);
    ASSERT_NE(first, std::string::npos) << once;
    EXPECT_EQ(schema_text.find(once, first + 1), std::string::npos) << once << " is defined twice";
  }
  const auto fits = [&](const std::string& scenario) {
    const std::string script =
        "python3 -c \"import json,yaml,jsonschema,sys; "
        "jsonschema.Draft202012Validator(json.load(open(sys.argv[1])))"
        ".validate(yaml.safe_load(open(sys.argv[2])))\" " +
        schema + " " + scenario + " 2> /dev/null";
    return std::system(script.c_str()) == 0;
  };
  EXPECT_TRUE(fits(good));
  const std::string text = read(good);
  for (const auto& [from, to] :
       std::vector<std::pair<std::string, std::string>>{{"replicas: 2", "replcas: 2"},
                                                        {"timeout: 1s", "timeout: 50"},
                                                        {"load_balancer: random", "load_balancer: randon"},
                                                        {"loop: 3", "lop: 3"},
                                                        {"codel: none", "codel: nonne"},
                                                        {"codel: {}", "codel: {tarrget: 1ms}"},
                                                        {"inbound: {codel", "inbound: {hedge"}}) {
    std::string wrong = text;
    wrong.replace(wrong.find(from), from.size(), to);
    EXPECT_FALSE(fits(file("wrong.yaml", wrong))) << to;
  }
}

}  // namespace
}  // namespace tailrace::tests
