// Scenarios that are too long to write down: their number is the fault.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/bad_scenarios/diagnose.hpp"
#include "tests/support/scenario.hpp"

namespace tailrace::tests {
namespace {

using testing::HasSubstr;

std::string with_step(const std::string& step) {
  return "workloads: {load: {constant_arrival_rate: 1/s, calls: s.op}}\nservices: {s: {endpoints: {op: [" +
         step + "]}}}\n";
}

TEST(Sizes, a_step_has_at_most_60000_branches) {
  EXPECT_THAT(
      diagnose(with_step("parallel: [" + repeated("sleep: 1s", 60'001) + "]")),
      HasSubstr("error: services.s.endpoints.op[0]: 60001 parallel branches; at most 60000 are allowed\n"));
  EXPECT_EQ(diagnose(with_step("parallel: [" + repeated("sleep: 1s", 60'000) + "]")), "");
}

TEST(Sizes, a_branch_has_at_most_60000_options) {
  EXPECT_THAT(
      diagnose(with_step("branch: [" + repeated("{weight: 1}", 60'001) + "]")),
      HasSubstr("error: services.s.endpoints.op[0]: a branch has 60001 options; 1 to 60000 are allowed\n"));
}

// Each of the callers' instances has a balancer of its own, which keeps something of each instance it knows.
TEST(Sizes, balancers_know_at_most_20_million_instances) {
  const auto pair = [](const char* balancer) {
    return std::string("workloads: {load: {constant_arrival_rate: 1/s, calls: a.op}}\nservices:\n") +
           "  a: {replicas: 5000, endpoints: {op: [call: b.op]}}\n  b: {replicas: 5000, load_balancer: " +
           balancer + ", endpoints: {op: [compute: 1ms]}}\n";
  };
  EXPECT_THAT(
      diagnose(pair("peak_ewma")),
      HasSubstr("error: services.a.endpoints.op[0]: the balancers of all callers would know more than "
                "20000000 instances"));
  EXPECT_EQ(diagnose(pair("{policy: peak_ewma, subset_size: 50}")), "");
  EXPECT_EQ(diagnose(pair("round_robin")), "");
}

TEST(Sizes, names_have_at_most_200_characters) {
  EXPECT_THAT(diagnose(with_step("sleep: 1s") + "databases: {" + std::string(201, 'x') +
                       ": {operations: {get: 1ms}}}\n"),
              HasSubstr("a name is longer than 200 characters"));
}

TEST(Sizes, only_the_first_twenty_of_many_errors_are_shown) {
  const std::string all = diagnose(with_step(repeated("compute: 5", 100)));
  EXPECT_THAT(all, HasSubstr("op[19].compute"));
  EXPECT_THAT(all, Not(HasSubstr("op[20].compute")));
  EXPECT_THAT(all, HasSubstr("80 more"));
}

TEST(Sizes, a_chain_of_ten_thousand_calls_is_judged_and_compiled) {
  std::string text =
      "workloads: {load: {constant_arrival_rate: 1/s, calls: s0.op, timeout: 5s}}\nservices:\n";
  constexpr int kLast = 9'999;
  for (int i = 0; i < kLast; ++i) {
    text += "  s" + std::to_string(i) + ": {endpoints: {op: [compute: 1ms, call: s" + std::to_string(i + 1) +
            ".op]}}\n";
  }
  text += "  s9999: {endpoints: {op: [compute: 1ms]}}\n";
  // The chain takes 10 000 x 1 ms: the client's 5 s are too short, and that is known before the run.
  EXPECT_THAT(diagnose(text),
              HasSubstr("the call waits 5s for s0.op, which takes at least 10s: it never succeeds"));
  EXPECT_GE(compile_text(text)->steps.size(), 20'000u);
}

}  // namespace
}  // namespace tailrace::tests
