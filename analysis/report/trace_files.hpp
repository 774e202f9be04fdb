#pragma once
// The exemplar requests of a run as traces for other people's viewers. Both hold the exemplars of every band
// of every class (TailBand::examples), are written from simulated time alone, and are the same bytes wherever
// they are written.
//
//   otlp_traces    OpenTelemetry's JSON: a trace per request, a resource per service. Time 0 of the run is
//                  the epoch. An attempt is a server's span that includes its way there and back; what a
//                  span waited for is an internal span in it, with the reason as its name.
//   trace_events   Chrome's trace events (Perfetto, chrome://tracing): a process per request, lanes of spans
//                  that do not overlap.
#include <string>

#include "analysis/tail/tail.hpp"

namespace tailrace::analysis {

std::string otlp_traces(const TailReport& report, const models::CompiledModel& model, std::uint64_t seed);
std::string trace_events(const TailReport& report, const models::CompiledModel& model);

}  // namespace tailrace::analysis
