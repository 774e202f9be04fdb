#pragma once
// What is read of a folder that `tailrace run --out` wrote: the fingerprint, and the single requests that
// were kept with all their spans. summary.json names these (band, replication, number, where their time
// went), traces.json has their spans. They are of any of the run's replications, and are what that run was,
// whatever this program would make of its scenario.
//
// Names are looked up in the scene. A file of traces that is absent or damaged gives what can be read of it,
// and says where it is wrong.
#include <cstdint>
#include <string>
#include <vector>

#include "models/runtime/trace_record.hpp"
#include "viewer/model/scene.hpp"
#include "viewer/model/session.hpp"

namespace tailrace::viewer {

struct StoredRequest {
  std::string band;  // "p99", "failed"
  std::uint32_t replication = 0;
  models::TraceExample trace;
};

struct StoredTraces {
  std::vector<StoredRequest> requests;  // as summary.json has them: by class, by band, the slowest first
  std::string note;                     // what is missing or wrong, and where; "" where nothing is
};

// Into `stored`, of its folder: "" or what is wrong.
std::string read_stored_summary(StoredRun& stored);
StoredTraces read_stored_traces(const std::string& folder, const Scene& scene);

}  // namespace tailrace::viewer
