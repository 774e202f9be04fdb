#pragma once
// A random small system as scenario text, from one seed: services and databases that call only later ones,
// with disciplines, policies and steps by chance. Meant to be broken in ways nobody thought of, so overload,
// tiny queues and absurd timeouts are welcome; what comes out is always a legal scenario.
#include <cstdint>
#include <string>

namespace tailrace::tests {

std::string random_scenario(std::uint64_t seed);
// Its load ends after a second or two and it runs for hours, so at the end nothing may be left inside.
std::string random_scenario_that_ends(std::uint64_t seed);

}  // namespace tailrace::tests
