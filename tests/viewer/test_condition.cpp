// Conditions on a run, as lessons write them: read or refused in words, and judged by what the run did.
#include <gtest/gtest.h>

#include "tests/viewer/open.hpp"
#include "viewer/model/condition.hpp"

namespace tailrace::viewer {
namespace {

TEST(Conditions, are_read_or_refused_in_words) {
  std::string wrong;
  for (const char* good : {"goodput < 10/s in 300s..400s", "failed of readers > 5%", "queue of store > 100",
                           "retries of a -> b > 10/s in 0s..1min", "verdict is metastable",
                           "first hit is cart", "recovery < 30s", "p99 > 150ms and p50 < 20ms in 1s..2s"})
    EXPECT_TRUE(parse_condition(good, wrong)) << good << ": " << wrong;
  for (const char* bad :
       {"", "goodput", "goodput <", "goodput < many", "speed > 1", "goodput < 10/s in 400s..300s",
        "verdict is bad", "goodput < 10/s or p99 > 1s", "queue of > 3"}) {
    wrong.clear();
    EXPECT_FALSE(parse_condition(bad, wrong)) << bad;
    EXPECT_NE(wrong.find("expected"), std::string::npos) << bad;
  }
}

// Ten requests a second of 10 + 20 ms, which all fail, with a second attempt each, from 5 s on.
TEST(Conditions, are_judged_by_what_the_run_did) {
  const auto session = run_text(R"(
tailrace: 1
name: halves
run: {duration: 10s, replications: 1}
workloads: {users: {constant_arrival_rate: 10/s, spacing: regular, calls: front.go}}
services:
  front:
    workers: 2
    endpoints: {go: [compute: 10ms, {call: back.get, retries: {attempts: 1, backoff: {base_interval: 0s}}}]}
  back: {workers: 1, endpoints: {get: [compute: 20ms]}}
faults: [{type: abort, target: back, start: 5s}]
)");
  const auto judged = [&](const char* text) {
    std::string wrong;
    const auto condition = parse_condition(text, wrong);
    EXPECT_TRUE(condition) << text << ": " << wrong;
    return condition ? judge(*condition, *session->view()) : std::nullopt;
  };
  for (const char* holds :
       {"goodput > 9.5/s in 1s..4s and goodput < 10.5/s in 1s..4s", "p99 > 29ms and p99 < 31ms",
        "failed < 1% in 1s..4s", "failed of users > 99% in 6s..9s", "utilisation of back > 19% in 1s..4s",
        "utilisation of back < 21% in 1s..4s", "utilisation of front < 16% in 1s..4s",
        "amplification of front -> back > 1.9 in 6s..9s", "retries of front -> back > 9/s in 6s..9s"})
    EXPECT_EQ(judged(holds), std::optional(true)) << holds;
  for (const char* fails : {"goodput > 1/s in 6s..9s", "retries of front -> back > 0 in 1s..4s", "p50 > 31ms",
                            "goodput > 1/s in 1s..4s and failed > 1% in 1s..4s"})
    EXPECT_EQ(judged(fails), std::optional(false)) << fails;
  for (const char* unknown : {"queue of nobody > 1", "retries of back -> front > 1/s", "p99 < 1s in 6s..9s"})
    EXPECT_EQ(judged(unknown), std::nullopt) << unknown;
}

}  // namespace
}  // namespace tailrace::viewer
