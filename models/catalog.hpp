#pragma once
// What can be simulated: one explicit list of kinds, steps and policies. (Static registration would be
// dropped by the linker without a word.)
#include <vector>

#include "models/fault/fault.hpp"
#include "models/kind/kind.hpp"
#include "models/policy/policy.hpp"

namespace tailrace::models {

// In the order in which they are expanded: what others call first, who calls next, what lies between them
// last.
const std::vector<Kind>& kinds();
const std::vector<StepKind>& step_kinds();
const std::vector<PolicyInfo>& policies();
const std::vector<FaultInfo>& fault_types();

const Kind* find_kind(std::string_view name);

// For programs of your own (examples/): one more kind, expanded before the network; one more policy, asked
// after those that there are. To be called before the first scenario is read, from one thread. A name that is
// taken is a programmer's error.
void add_kind(Kind kind);
void add_policy(PolicyInfo policy);

}  // namespace tailrace::models
