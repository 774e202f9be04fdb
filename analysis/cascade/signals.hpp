#pragma once
// What the windows of one replication say about each component, as signals of which higher is worse:
//
//   workload          failed     share of its requests that did not succeed, of those that ended; and, as a
//                                signal of its own, of those that ended or hang
//                     slow       mean time of its successes
//   component         errors     share of the attempts towards it that failed, as its callers saw it
//                     slow       time in its stations, queue and service, by Little's law
//                     queue      requests that wait
//                     refused    requests turned away per second
//   channel           lag        messages that its consumer groups have not finished with
//
// Cost: O(windows x entities).
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "analysis/cascade/episodes.hpp"
#include "models/compile/compiled_model.hpp"
#include "models/runtime/record.hpp"

namespace tailrace::analysis {

enum class Symptom : unsigned char { failed, errors, refused, lag, queue, slow };
const char* symptom_name(Symptom symptom);

struct Signal {
  int component = 0;
  Symptom symptom = Symptom::slow;
  Floor floor;
  std::vector<double> values;  // by window; NaN: nothing happened that could be measured
};

struct WindowTimes {
  std::vector<double> start_s, end_s;
};
WindowTimes window_times(const models::RunRecord& record);
// Whether the windows tell of each of so many calls; those of very large models do not.
bool calls_in_windows(const models::RunRecord& record, std::size_t calls);

// Whether the outcomes of such calls say how the called one is. Those of health checks are their own affair.
bool is_watched(const models::Edge& edge);

// Windows [first, end).
struct Span {
  std::size_t first = 0, end = 0;
};
// `normal`: the baseline.
std::vector<Signal> signals_of(const models::CompiledModel& model, const models::RunRecord& record,
                               Span normal);
// How long calls to these components take as their callers have it, by Little's law: with what a fault holds
// at a door, or never answers, and is not inside.
std::vector<Signal> times_of_calls(const models::CompiledModel& model, const models::RunRecord& record,
                                   const std::set<int>& components);

// Requests of open workloads that arrive per second, together.
std::vector<double> offered_load(const models::CompiledModel& model, const models::RunRecord& record);
// Virtual users of a workload whose number ramps, in the middle of each window.
std::vector<double> virtual_users(const models::Workload& workload, const models::RunRecord& record);
// Successes per second: of all workloads, and of the open ones, which is what their load is to be held
// against.
std::vector<double> goodput(const models::CompiledModel& model, const models::RunRecord& record);
std::vector<double> open_goodput(const models::CompiledModel& model, const models::RunRecord& record);

}  // namespace tailrace::analysis
