#pragma once
// Changes of a scenario's tree that people make in the viewer, and the tree as a file that runs the same.
// Nothing here runs anything; what is wrong with a change is found when the topology is built.
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/field/diagnostics.hpp"
#include "models/field/document.hpp"
#include "models/topology/topology.hpp"
#include "viewer/model/session.hpp"

namespace tailrace::viewer {

// The node at a path as diagnostics print it; null when there is none.
models::Node* find_path(models::Node& root, const std::string& path);
const models::Node* find_path(const models::Node& root, const std::string& path);
bool erase_path(models::Node& root, const std::string& path);

// Appends an entry to `faults`; its name tells it from others of its kind.
void add_fault(models::Node& root, const FaultRequest& fault, std::int64_t start_ns);
// Ends the fault at a path ("faults[2]") at a time: it lasts shorter, comes no more, or is taken out where it
// has not begun. "" or why it cannot be done. `begun`: how often it has started by then.
std::string end_fault(models::Node& root, const std::string& path, const models::Fault& fault,
                      std::int64_t at_ns, std::uint64_t begun);

// PATH=VALUE for all rates and virtual users of a topology, times a factor. Recorded times have no rate.
std::vector<std::string> scaled_load(const models::ScenarioDoc& doc, const models::Topology& topology,
                                     double factor);

std::vector<FaultOffer> fault_offers(unsigned takes);

// A scenario that `tailrace run` can run, with a single replication; comments say what was edited.
std::string session_text(const models::ScenarioDoc& scenario, const std::vector<Edit>& edits);
// Writes it to a file, and beside it the data files that it reads.
EditResult save_session(const models::ScenarioDoc& scenario, const std::vector<Edit>& edits,
                        const std::string& path);

// The first error in a line, for people.
EditResult told(const models::Diagnostics& diagnostics, const std::string& done);

}  // namespace tailrace::viewer
