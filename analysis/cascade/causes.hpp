#pragma once
// Gives each hit its cause: evidence on the calls between neighbours, in the order of onsets.
#include "analysis/cascade/cascade.hpp"

namespace tailrace::analysis {

// `onsets`: window of each hit.
void explain_hits(const models::CompiledModel& model, const models::RunRecord& record, Span baseline,
                  const std::vector<std::size_t>& onsets, Cascade& cascade);

std::vector<EdgeAmplification> amplified_edges(const models::CompiledModel& model,
                                               const models::RunRecord& record, Span baseline,
                                               std::size_t from);

}  // namespace tailrace::analysis
