#pragma once
// A scenario's trigger (one of its faults) and its load, made stronger or weaker by factors. 1 is what the
// scenario says. They are scaled in the topology, before it is compiled, so whatever the file wrote is
// reached in one way:
//
//   load      all rates and virtual users; recorded arrivals cannot be scaled
//   duration  of the fault, and of what it takes down for a time of its own
//   size      what the fault does: (factor - 1) of a slowdown or of more load, a probability, a delay, and
//             for faults that take a number or a share of targets that number. A bandwidth is divided.
//
// The run is longer by what the fault is longer, so that the time after it, in which a system has to come
// back, is the scenario's.
#include <string>
#include <vector>

#include "models/topology/topology.hpp"

namespace tailrace::scenarios {

struct TriggerFault {
  std::size_t fault = 0;  // in Topology::faults
  std::string name, type;
  double start_s = 0, duration_s = 0;
  bool has_size = false;
};

// `asked`: a name, a number as in faults[N], or nothing for the first. "" or what is wrong.
std::string find_trigger(const models::Topology& topology, const std::string& asked, TriggerFault& trigger);

// "" or why some workload has no load that could be scaled.
std::string scale_load(models::Topology& topology, double factor);
// Requests per second of the open workloads together, each at the greatest of its rates.
double open_load(const models::Topology& topology);

void scale_trigger(models::Topology& topology, const TriggerFault& trigger, double duration, double size);

// The load in steps, each held for `hold_s` after the warm-up, and no fault. "" or why it cannot be done. The
// windows are a tenth of a step.
std::string make_staircase(models::Topology& topology, const std::vector<double>& loads, double hold_s);

}  // namespace tailrace::scenarios
