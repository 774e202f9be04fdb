#pragma once
// All statistical cases, by family. Expected figures are worked out from the formula that each case names.
#include <vector>

#include "tests/support/validation.hpp"

namespace tailrace::tests {

std::vector<Case> single_queue_cases();
std::vector<Case> discipline_cases();
std::vector<Case> bounded_queue_cases();
std::vector<Case> network_of_queues_cases();
std::vector<Case> fan_out_cases();
std::vector<Case> failure_cases();
std::vector<Case> balancing_cases();
std::vector<Case> link_cases();
std::vector<Case> transient_cases();
std::vector<Case> distribution_cases();
std::vector<Case> hedging_cases();
std::vector<Case> budget_cases();
std::vector<Case> admission_cases();
std::vector<Case> messaging_cases();
std::vector<Case> availability_cases();
std::vector<Case> autoscaling_cases();
std::vector<Case> cache_cases();

std::vector<Case> all_cases();

}  // namespace tailrace::tests
