#pragma once
// What a run says about discovery and about instances that need something before they serve. Counts are of
// the measured time, as everywhere in the record.
#include <algorithm>
#include <cstdint>
#include <string>

#include "sim/base/time.hpp"

namespace tailrace::models {

// Times of a kind: how many, their sum, the longest.
struct DelaySum {
  std::uint64_t count = 0;
  std::int64_t sum_ns = 0, max_ns = 0;
  void add(std::int64_t ns) {
    ++count;
    sum_ns += ns;
    max_ns = std::max(max_ns, ns);
  }
  void merge(const DelaySum& other) {
    count += other.count;
    sum_ns += other.sum_ns;
    max_ns = std::max(max_ns, other.max_ns);
  }
  double mean_s() const {
    return count == 0 ? 0 : static_cast<double>(sum_ns) * 1e-9 / static_cast<double>(count);
  }
  double max_s() const { return sim::seconds_of(max_ns); }
};

struct DirectoryRecord {
  std::uint64_t asks = 0, failed_asks = 0;  // lookups, or reads of a registry
  std::uint64_t empty_answers = 0;          // there was no address
  std::uint64_t beats = 0, lost_beats = 0;
  std::uint64_t joined = 0, left = 0, expired = 0;  // entries: new, taken out by their owner, run out
  std::uint64_t calls = 0, to_the_dead = 0;         // attempts; of them, to instances that were not there
  std::uint64_t lookups_awaited = 0;                // calls that had to wait for a lookup
  std::uint64_t refused = 0;                        // calls that knew no address
  DelaySum detected;                                // from a crash until its entry was gone
  DelaySum learned;                                 // from a change of the directory until a client knew
};

struct GatedRecord {
  std::uint64_t starts = 0;  // that passed all gates
  std::uint64_t asks = 0, failed_asks = 0;
  std::uint64_t passed_open = 0;  // checks that could not be made, and were let pass
  std::uint64_t renewals = 0, failed_renewals = 0;
  std::uint64_t expiries = 0;  // leases that ran out at an instance that served
  std::uint64_t waiting = 0;   // instances that are held back at the end
  DelaySum waited;             // at the gates, of those that passed
};

}  // namespace tailrace::models
