#pragma once
// A type of fault, as the catalog lists it: its name, what it does in a sentence or two, the fields of its
// own, what it can hit, and the effects that it is made of. Adding one is a function that returns one of
// these (models/faults) and a line in models/catalog.cpp. When it comes, how often, and which of its targets
// it takes is the same for all types and described once (fault_fields).
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/field/field.hpp"
#include "models/kind/builder.hpp"
#include "models/topology/fault.hpp"

namespace tailrace::models {

// What a fault can be written on.
enum FaultTakes : unsigned {
  kTakesInstances = 1,  // services, databases, one instance, zones, everything
  kTakesRequests = 2,   // and calls between two components, and endpoints
  kTakesLinks = 4,      // the network between two components
  kTakesWorkloads = 8,
  kTakesCaches = 16,
  kTakesMesh = 32,
  kTakesPartitions = 64,  // of event logs: their leaders, or who publishes to them
};

struct FaultRepeat {
  sim::Duration every{0};
  Limit times;
};
struct FaultWhen {
  std::string queue;
  double above = 0;
  sim::Duration holds{0};
  sim::Duration check_every{100'000'000};
};

// When and where; the fields that all types share.
struct FaultSpec {
  std::string name;
  std::vector<std::pair<std::string, Mark>> targets;
  bool together = false;
  sim::Duration start{0};
  std::optional<sim::Duration> duration;
  sim::Duration ramp{0};
  std::optional<FaultRepeat> repeat;
  FaultMode mode = FaultMode::all;
  std::optional<double> value;
  std::optional<TimeDistribution> mtbf, mttr;
  Limit repair_crews;
  std::optional<FaultWhen> when;
};

// What a type's apply() fills in.
struct FaultParts {
  std::vector<FaultEffect> effects;
  enum class Direction { to, from, both } direction = Direction::both;  // of what travels between two
  std::optional<sim::Duration> duration;                                // where the type has one of its own
  std::string error, hint;  // what is wrong with its fields, if something is
};

struct FaultInfo {
  std::string name;
  std::string about;
  FieldTable fields;    // its own
  std::string example;  // a legal entry of the list, in one line
  unsigned takes = kTakesInstances;
  bool ramps = true;        // its strength can grow
  bool needs_pair = false;  // of two components that call each other
  std::shared_ptr<void> (*make)() = nullptr;
  void (*apply)(const void* spec, FaultParts&) = nullptr;
  void (*lint)(const Topology&, const Fault&, Diagnostics&) = nullptr;  // of the whole, when all is known
};

// One entry of `faults`, read but not resolved.
struct FaultEntry {
  const FaultInfo* info = nullptr;
  FaultSpec common;
  std::shared_ptr<void> own;
  Mark mark;
  std::string path;
  std::vector<std::pair<std::string, Mark>> places;  // of its fields
  bool clean = true;
};

FieldTable fault_fields();                        // the shared ones
FieldTable fault_entry_fields(const FaultInfo&);  // all of one type, for a FaultEntry
void read_faults(const Node& node, std::vector<FaultEntry>& out, ReadContext& context);
// Resolves the entries into topology.faults; after all components are expanded.
void expand_faults(const std::vector<FaultEntry>& entries, TopologyBuilder& builder);
// What is legal, but hardly meant.
void lint_faults(const Topology& topology, Diagnostics& diagnostics);

// The targets that a text names: "payments", "payments#2", "payments.charge", "orders -> payments",
// "zone west", "partition orders#3", "shoppers", "*". Reports what cannot be found, or cannot be hit by this type.
struct FaultWords {
  std::string text;
  Mark mark;
  std::string path;
};
void resolve_fault_target(const FaultWords& words, const FaultInfo& info, const FaultParts& parts,
                          TopologyBuilder& builder, std::vector<FaultTarget>& out);

}  // namespace tailrace::models
