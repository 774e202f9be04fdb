#pragma once
// Lists of outcomes in scenarios, such as `retry_on: [error, timeout]`: one name or several, kept with their
// places until a policy is applied, so that an unknown name is reported where it stands.
#include <cstdint>
#include <string>
#include <vector>

#include "models/policy/policy.hpp"

namespace tailrace::models {

struct OutcomeList {
  std::vector<std::string> names;
  std::vector<Mark> marks;
};

void read_outcomes(const Node& node, OutcomeList& list, ReadContext& context);
// A bit per outcome named. Of an unknown name it is said that it "is no <what>"; success is none of them.
std::uint32_t outcome_bits(const OutcomeList& list, const char* field, const char* what,
                           PolicyTarget& target);

// Outcomes that speak against the target of a call, rather than against the caller or its own policies.
inline constexpr std::uint32_t kTargetFailures =
    outcome_bit(Outcome::error) | outcome_bit(Outcome::timeout) | outcome_bit(Outcome::network) |
    outcome_bit(Outcome::deadline) | outcome_bit(Outcome::rejected) | outcome_bit(Outcome::queue_timeout) |
    outcome_bit(Outcome::shed) | outcome_bit(Outcome::unavailable);

}  // namespace tailrace::models
