#pragma once
// Replications of one model in parallel threads. They share the compiled model and nothing else, and results
// are put in the order of their replication numbers, so the answer is the same for any number of threads.
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "analysis/report/run_report.hpp"
#include "models/compile/compiled_model.hpp"
#include "models/runtime/trace_record.hpp"
#include "scenarios/run/crew.hpp"
#include "scenarios/run/observer.hpp"

namespace tailrace::scenarios {

inline constexpr int kBatches = 25;  // of a run that is the only one: its intervals come from these

struct ReplicateOptions {
  int jobs = 0;                 // 0: as many as there are cores
  double precision = 0;         // > 0: add replications until the intervals are this narrow, relatively
  int max_replications = 1000;  // with precision or enough
  // Where set: rounds of first_round, twice, four times as many ... replications, until this says that those
  // so far are enough. It is asked between rounds only, so the answer does not depend on the threads.
  std::function<bool(const std::vector<models::RunRecord>&)> enough;
  int first_round = 10;
  models::TraceSampling trace;
  Crew* crew = nullptr;          // where set, it simulates all but the pilot and the repetitions
  std::string recipe{};          // of the model, for the crew
  Observer* observer = nullptr;  // looks on; the crew has no part then
  bool repeat_some = false;      // run a tenth of the replications twice and compare fingerprints
  const std::atomic<int>* interrupt = nullptr;
  // Called now and then from one thread: replications done, wanted, and the share of all simulated time that
  // is done.
  std::function<void(int done, int wanted, double share)> progress;
};

struct ReplicateResult {
  std::vector<models::RunRecord>
      records;  // ascending by replication; a suffix may be missing after an early end
  std::int64_t warmup_ns = 0;
  std::vector<std::string> notes;
  bool out_of_memory = false;  // the records are fewer than asked for, because the system has no more memory
  std::string stopped_by;      // worst metric, when precision was asked for and not reached
  bool not_deterministic = false;  // a repeated replication differed: the program is broken
};

ReplicateResult replicate(const std::shared_ptr<const models::CompiledModel>& model,
                          const ReplicateOptions& options);

// For `warmup: auto`: the latest MSER-5 truncation of the workloads in a pilot replication without warm-up.
std::int64_t find_warmup(const std::shared_ptr<const models::CompiledModel>& model,
                         const ReplicateOptions& options, std::vector<std::string>& notes);

// Makes room where the system has no more memory: what fills it is the records, and a report of them needs
// memory of its own. False if one record is all there is.
bool drop_half(ReplicateResult& result);

}  // namespace tailrace::scenarios
