#pragma once
// A `faults:` section for any scenario: a few faults of random types on everything there is, or a part of it.
#include <cstdint>
#include <string>

namespace tailrace::tests {

// `end`: none is random in time or makes anything wait for ever, and all come in the first seconds. Where the
// scenario has an event log "orders" of so many partitions, some come to these.
std::string random_faults(std::uint64_t seed, bool end, int partitions = 0);

}  // namespace tailrace::tests
