#pragma once
// Faults as the runtime reads them. A process is what starts and ends by itself: a scheduled fault is one
// with all its targets, a random one is one per target unless its targets fail together. Models without
// faults have none of these, and nothing of a station, edge or link that no fault names differs.
#include <cstdint>
#include <vector>

namespace tailrace::models {

struct FaultEffectTable {
  std::uint32_t draw = 0xffffffffu;    // of its time
  std::uint64_t chance = 0;            // of its probability
  std::uint32_t stream = 0xffffffffu;  // for the chance
};

struct FaultTargetTable {
  std::vector<std::uint32_t> instances;  // of the model
  std::uint32_t spike = 0xffffffffu;     // state of its added load
};

struct FaultProcessTable {
  std::uint32_t fault = 0;
  std::uint32_t first_target = 0, targets = 0;           // of its fault
  std::uint32_t choice_stream = 0xffffffffu;             // where mode draws
  std::uint32_t mtbf = 0xffffffffu, mttr = 0xffffffffu;  // draws
};

struct FaultTable {
  std::vector<FaultEffectTable> effects;
  std::vector<FaultTargetTable> targets;
  bool filtered = false;  // some hit only requests to an endpoint, or of a caller
};

struct SpikeTable {
  std::uint32_t fault = 0, workload = 0;
  std::uint32_t spacing = 0;  // draw
  std::uint32_t stream = 0;   // for what else is drawn for a request
  double most_per_ns = 0;     // rate of the workload at its highest
};

struct FaultTables {
  std::vector<FaultTable> faults;  // by Topology::faults
  std::vector<FaultProcessTable> processes;
  std::vector<SpikeTable> spikes;
  std::uint32_t instances = 0, links = 0;  // states
};

}  // namespace tailrace::models
