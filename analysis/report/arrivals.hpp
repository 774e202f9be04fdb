#pragma once
// Arrivals at each operation per request, by workload: what retries, hedges and fan-out add up to for each of
// those whose requests lead there.
//
// Where an operation's callers work for one workload each, the counts of its calls say whose the arrivals
// are. Behind an operation that several workloads share nobody knows for whom a call was made: its calls
// count for each workload in proportion to the workload's arrivals there. That is exact where the operation
// does the same for all of them, and `in_proportion` says that it was supposed. Left out: work that nobody's
// request asks for.
#include <cstddef>
#include <string>
#include <vector>

#include "analysis/report/human.hpp"
#include "analysis/stats/interval.hpp"
#include "models/compile/compiled_model.hpp"
#include "models/runtime/record.hpp"

namespace tailrace::analysis {

struct OperationReport;

struct WorkloadArrivals {
  std::string workload;
  Interval per_request;
  bool in_proportion = false;
};

// Workloads whose requests may lead to each operation, by calls or messages.
std::vector<std::vector<std::size_t>> workloads_reaching(const models::Topology& topology);

// By operation; empty where there are fewer than two workloads, or more than a million figures.
std::vector<std::vector<WorkloadArrivals>> arrivals_by_workload(const models::CompiledModel& model,
                                                                const std::vector<models::RunRecord>& records,
                                                                double confidence);

// A table of the operations where workloads differ by a tenth; "" where none do.
std::string arrivals_text(const std::vector<OperationReport>& operations, TextStyle style);

}  // namespace tailrace::analysis
