#pragma once
// Paired replications of several models: replication r of each has the same number, so models that share a
// seed share their random numbers stream by stream (common random numbers), and what differs between them is
// what the models do. Only figures are kept of a run, and a pair counts only when every model completed it.
// The answer is the same for any number of threads.
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "analysis/experiment/comparison.hpp"
#include "models/compile/compiled_model.hpp"
#include "scenarios/run/crew.hpp"

namespace tailrace::scenarios {

struct ComparedModel {
  std::string name;
  std::shared_ptr<const models::CompiledModel> model;
  std::string recipe{};  // for a crew
};

struct CompareOptions {
  int jobs = 0;  // 0: as many as there are cores
  int replications = 10;
  // > 0: add replications until the half width of the primary figure's difference is at most this share of
  // the baseline's value, for every variant.
  double until = 0;
  int max_replications = 1000;  // with until
  std::string primary;          // name of the figure; empty: none
  double confidence = 0.95;
  Crew* crew = nullptr;  // where set, it simulates all but the pilots
  const std::atomic<int>* interrupt = nullptr;
  std::function<void(int done, int wanted, double share)> progress;  // in replications of all models
};

struct CompareRun {
  struct End {
    models::RunStatus status = models::RunStatus::completed;
    std::string message;
    double measured_s = 0;
  };
  std::vector<analysis::ComparedVariant> variants;
  std::vector<End> ends;  // of each model: how it ended in the first pair that some model did not complete
  std::vector<std::string> notes;
  bool interrupted = false;

  // Of the models that did not complete, the one to tell about: the first that broke an invariant, or else
  // the first. None: all completed.
  std::optional<std::size_t> to_tell() const;
};

CompareRun run_paired(const std::vector<ComparedModel>& models, const CompareOptions& options);

}  // namespace tailrace::scenarios
