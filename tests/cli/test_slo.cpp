// Objectives and burn-rate alerts, as a user meets them.
#include <cstdlib>

#include "tests/cli/program.hpp"

namespace tailrace::tests {
namespace {

// 100 requests a second, evenly. From 1000 s on, for 60 s, one in five fails: 1200 of 360,000 in the hour.
//
// Budget of 30 d at 100/s and 99.9 %: 0.001 x 100 x 2,592,000 = 259,200. Used 1200 / 259,200 = 0.463 %.
//
// Over the hour, in which what was before the run counts as good, n failing seconds are a share of
// n x 20 / 360,000, a burn rate of n / 18: more than 2 after 36 s, at the window that ends at 1037 s. Over
// five minutes it is n x 20 / 30,000 / 0.001 = n x 2 / 3 by then, 24, and below 2 again when fewer than 3
// failing seconds are within five minutes: at 1060 - 3 + 300 s, seen at the window that ends there.
std::string failing(const std::string& alerts) {
  return R"(tailrace: 1
name: failing
run: {duration: 1h, replications: 3, seed: 1, time_resolution: 1s}
workloads: {load: {constant_arrival_rate: 100/s, spacing: regular, calls: s.op}}
services: {s: {workers: 10, endpoints: {op: [compute: 1ms]}}}
faults: [{name: bad, type: abort, target: s, percentage: 20%, start: 1000s, duration: 60s}]
slos: {answers: {workload: load, objective: 99.9%, alerts: [)" +
         alerts + "]}}\n";
}

TEST_F(Program, AnAlertFiresWhenBothWindowsBurn) {
  const std::string s = file(
      "s.yaml",
      failing("{name: page, burn_rate: 2, long: 1h, short: 5min}, {burn_rate: 14.4, long: 1h, short: 5min}"));
  const Finished f = run_program({"run", s, "--out", path("out")});
  EXPECT_EQ(f.exit_code, 0) << f.err;
  EXPECT_TRUE(contains(f.out, "objectives")) << f.out;
  EXPECT_TRUE(contains(f.out, "3 of 3")) << f.out;
  const auto slo = json_file(path("out/summary.json"))["slos"][0];
  EXPECT_EQ(slo["name"], "answers");
  EXPECT_NEAR(slo["budget_requests"].get<double>(), 259'200, 300);
  EXPECT_NEAR(slo["budget_used_fraction"]["estimate"].get<double>(), 1200.0 / 259'200, 0.0004);
  EXPECT_NEAR(slo["good_fraction"]["estimate"].get<double>(), 1 - 1200.0 / 360'000, 0.0003);
  EXPECT_NEAR(slo["first_fault_s"].get<double>(), 1000, 1e-6);
  const auto page = slo["alerts"][0];
  EXPECT_EQ(page["fired"], 3);
  EXPECT_EQ(page["times"], 3);
  EXPECT_NEAR(page["first_s"].get<double>(), 1037, 4);  // 720 failures of 3600 requests: +-24, 1.2 s
  EXPECT_NEAR(page["active_s"].get<double>(), 1357 - 1037, 5);
  // 60 s of failures are a burn rate of 60 / 18 over the hour.
  EXPECT_NEAR(slo["alerts"][1]["peak_burn_rate"].get<double>(), 60.0 / 18, 0.3);
  EXPECT_EQ(slo["alerts"][1]["fired"], 0);
  EXPECT_TRUE(slo["alerts"][1]["first_s"].is_null());
  EXPECT_EQ(slo["alerts"][1]["name"], "burn rate 14.4");
}

TEST_F(Program, WithoutAlertsThereAreTheWorkbooksThree) {
  std::string text = failing("");
  const Finished f = run_program({"run", file("s.yaml", text), "--format", "json", "--set", "faults=[]"});
  const auto alerts = nlohmann::json::parse(f.out)["slos"][0]["alerts"];
  ASSERT_EQ(alerts.size(), 3u);
  for (const auto& a : alerts) EXPECT_EQ(a["fired"], 0);
  EXPECT_EQ(alerts[0]["burn_rate"], 14.4);
  EXPECT_NEAR(alerts[2]["long_s"].get<double>(), 3 * 86400, 1e-6);
}

TEST_F(Program, AnObjectiveIsNoPartOfTheModel) {
  const std::string with = file("a.yaml", failing(""));
  const auto fingerprints = [&](const std::string& change) {
    return nlohmann::json::parse(
        run_program({"run", with, "--format", "json", "--set", change}).out)["fingerprints"];
  };
  EXPECT_EQ(fingerprints("slos={}"), fingerprints("slos.answers.objective=90%"));
}

// Loud: 0.3 of the requests from 3600 s on; over the hour t x 0.3 / 3600 / 0.001 > 14.4 after 173 s. Quiet:
// 0.008 from 9000 s on, with the 90 failing seconds of the loud one within the six hours:
// (90 + 0.008 t) / 21600 / 0.001 > 6 after 4950 s. 10 requests a second: the 900 failures have 25, which are
// 25 / 10 / 0.008 = 310 s of the quiet one.
TEST_F(Program, TheLibrarysQuietIncidentNeedsTheSlowerAlert) {
  const Finished f = run_program({"run", TAILRACE_SOURCE_DIR "/scenarios/library/burn-rate.yaml",
                                  "--replications", "10", "--format", "json"});
  EXPECT_EQ(f.exit_code, 0) << f.err;
  const auto alerts = nlohmann::json::parse(f.out)["slos"][0]["alerts"];
  EXPECT_EQ(alerts[0]["fired"], 10);
  EXPECT_NEAR(alerts[0]["first_s"].get<double>(), 3600 + 173, 20);
  EXPECT_LT(alerts[0]["active_s"], 600);  // and not for the quiet one
  EXPECT_EQ(alerts[1]["fired"], 10);
  EXPECT_NEAR(alerts[1]["first_s"].get<double>(), 9000 + 4950, 620);
}

// Calls sleep 100 ms, in minute two 500 ms: of these all are too late for 300 ms and none fails. 50 requests
// a second, evenly, each 20 ms: 3000 of the 9000 that end within three minutes (25 of the slow ones end in
// the third minute, as many of the first end in the second: it is 3000 but for one at either edge).
std::string slow_minute(const std::string& slo, const std::string& further = "") {
  return R"(tailrace: 1
name: slow minute
run: {duration: 180s, replications: 2, seed: 1, time_resolution: 1s}
workloads: {load: {constant_arrival_rate: 50/s, spacing: regular, calls: s.op}}
services: {s: {workers: 100, endpoints: {op: [sleep: 100ms]}}}
faults: [{name: slow, type: delay, target: s, latency: 400ms, start: 60s, duration: 60s}]
slos: {fast: {workload: load, objective: 99%, )" +
         slo + "}}\n" + further;
}

TEST_F(Program, AnObjectiveOfLatencyCountsWhatSucceedsTooLate) {
  const auto slo_of = [&](const std::string& slo) {
    const Finished f = run_program({"run", file("s.yaml", slow_minute(slo)), "--out", path("out")});
    EXPECT_EQ(f.exit_code, 0) << f.err;
    return std::pair{json_file(path("out/summary.json"))["slos"][0], f.out};
  };
  const auto [slo, text] = slo_of("latency: 300ms, alerts: [{burn_rate: 2, long: 60s, short: 5s}]");
  EXPECT_TRUE(contains(text, "99 % in 300 ms")) << text;
  EXPECT_TRUE(contains(read(path("out/report.html")), "99 % in 300 ms"));
  EXPECT_EQ(slo["latency_s"], 0.3);
  EXPECT_NEAR(slo["slow_fraction"]["estimate"].get<double>(), 3000.0 / 8995, 3.0 / 9000);
  EXPECT_NEAR(slo["good_fraction"]["estimate"].get<double>(), 1 - 3000.0 / 8995, 3.0 / 9000);
  // From 60.5 s on all are too late: over the minute a burn rate above 2 when 2 % of it are, after 1.2 s.
  EXPECT_NEAR(slo["alerts"][0]["first_s"].get<double>(), 62, 1.01);
  // The latency itself is in time; and without one nothing is wrong.
  EXPECT_EQ(slo_of("latency: 500ms").first["slow_fraction"]["estimate"], 0);
  EXPECT_GT(slo_of("latency: 499999us").first["slow_fraction"]["estimate"], 0.3);
  const auto plain = slo_of("period: 30d").first;
  EXPECT_TRUE(plain["latency_s"].is_null());
  EXPECT_EQ(plain["good_fraction"]["estimate"], 1);
}

TEST_F(Program, WhatAnObjectiveDoesNotKnowItDoesNotSay) {
  const auto slo_of = [&](std::vector<std::string> changes) {
    std::vector<std::string> arguments = {"run", file("s.yaml", slow_minute("period: 30d")), "--out",
                                          path("out")};
    arguments.insert(arguments.end(), changes.begin(), changes.end());
    const Finished f = run_program(arguments);
    EXPECT_EQ(f.exit_code, 0) << f.err;
    return std::pair{json_file(path("out/summary.json"))["slos"][0], f.out};
  };
  // One replication has no interval of a share.
  const auto [once, told] = slo_of({"--replications", "1"});
  EXPECT_EQ(once["good_fraction"]["estimate"], 1);
  EXPECT_TRUE(once["good_fraction"]["low"].is_null());
  EXPECT_TRUE(contains(once["good_fraction"]["reason"], "at least 2"));
  // Without requests none was good, and none bad.
  const auto [none, text] = slo_of({"--set", "workloads.load.constant_arrival_rate=0/s"});
  EXPECT_TRUE(none["good_fraction"]["estimate"].is_null());
  EXPECT_TRUE(none["budget_used_fraction"]["estimate"].is_null());
  EXPECT_TRUE(contains(text, "99 %   n/a          n/a  720 h")) << text;
}

TEST_F(Program, CountingWhatIsTooLateChangesNoRun) {
  const auto fingerprints = [&](const std::string& slo, const std::string& change) {
    const std::string s = file("s.yaml", slow_minute(slo));
    return nlohmann::json::parse(
        run_program({"run", s, "--format", "json", "--set", change}).out)["fingerprints"];
  };
  for (const char* change : {"run.warmup=0s", "run.warmup=7.3s"})
    EXPECT_EQ(fingerprints("latency: 300ms", change), fingerprints("period: 30d", change));
}

TEST_F(Program, AWrongObjectiveIsTold) {
  const std::string s = file("s.yaml", failing(""));
  const std::vector<std::pair<std::string, std::string>> wrong = {
      {"slos.answers.workload=laod", "did you mean load?"},
      {"slos.answers.objective=100%", "leaves nothing to budget"},
      {"slos.answers.alerts=[{long: 1min, short: 5min}]", "no longer than the long one"},
      {"slos.answers.period=0s", "a period is longer than 0"},
      {"slos.answers.latency=0s", "a latency is longer than 0"},
      {"slos.answers.latency=fast", "expected a duration"},
      {"slos.answers.perod=1d", "did you mean period?"}};
  for (const auto& [change, words] : wrong) {
    const Finished f = run_program({"check", s, "--set", change});
    EXPECT_EQ(f.exit_code, 3) << change;
    EXPECT_TRUE(contains(f.err, words)) << f.err;
  }
}

}  // namespace
}  // namespace tailrace::tests
