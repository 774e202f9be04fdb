#pragma once
// Does the system come back, at this load, from this trigger? Replications are added (8, 16, 32, 64) until
// one fate is the fate of more than half of all runs, beyond doubt: exact binomial tails against one half,
// the error shared out over the looks. A point whose fates are too evenly mixed to be told is untold, and so
// is one whose runs have too little in them to be judged. All points have the scenario's seed, so neighbours
// meet the same customers. The answer is the same for any number of threads.
//
//   recovered   users were well again, or never noticed
//   degraded    not well at the end, but on the way, or most of the goodput is back (analysis/cascade)
//   metastable  trigger gone, load back, goodput not
//   overloaded  before the trigger came, less than 80 % of what was asked succeeded: no trigger is
//               needed; also a run that met a limit (memory, events)
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "analysis/stats/interval.hpp"
#include "models/compile/compiled_model.hpp"
#include "models/runtime/record.hpp"

namespace tailrace::scenarios {

enum class Fate : std::uint8_t { recovered, degraded, metastable, overloaded, untold };
inline constexpr int kFates = 4;  // of a run that can be judged
const char* fate_name(Fate fate);

struct ProbeOptions {
  int jobs = 0;
  double confidence = 0.95;  // of each point's fate
  std::int64_t warmup_ns = 0;
  const std::atomic<int>* interrupt = nullptr;
};

struct Probe {
  Fate fate = Fate::untold;
  int replications = 0;
  std::array<int, kFates> fates{};  // of the replications; those that are in none could not be judged
  analysis::Interval recovery;      // seconds from the trigger's end, of the runs that recovered
  double goodput_before = 0;        // per second, means over the replications
  double goodput_after = 0;
  std::string note;  // of runs that ended early
  bool interrupted = false;
  bool broken = false;  // an invariant of the simulator, as `note` says; then the rest says nothing
};

inline constexpr int kFirstLook = 8;
inline constexpr int kLooksOfAProbe = 4;

// Of n fair coins: the probability of k or more heads, or k or more tails. k > n / 2.
double either_tail(int k, int n);

Probe probe(const std::shared_ptr<const models::CompiledModel>& model, const ProbeOptions& options);

}  // namespace tailrace::scenarios
