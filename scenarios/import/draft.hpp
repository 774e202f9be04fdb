#pragma once
// A scenario in the making: what every importer fills in, and the one place that turns it into text.
// Importers refer to components and operations by number, so names can be anything: they are made into legal
// ones, each its own, when the text is written. finish() also opens call cycles, which a scenario does not
// allow without an exit. The text depends on nothing but the draft. Cost: linear, but for the sorting of
// names.
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace tailrace::scenarios {

struct Target {
  std::size_t component = 0, operation = 0;
  bool operator==(const Target&) const = default;
};

struct DraftStep {
  enum class Kind : std::uint8_t { compute, sleep, call, parallel, branch, loop, background };
  Kind kind = Kind::compute;
  std::string time;  // of compute and sleep, as scenarios write distributions
  Target target;     // of call
  double probability = 1;
  bool ignore_failure = false;
  std::string request_size, response_size;     // of call; empty: not said
  std::uint64_t times = 1;                     // of loop
  std::vector<std::vector<DraftStep>> blocks;  // of parallel and branch: one per way; of the others: one
  std::vector<double> weights;                 // of branch, one per block
  std::string comment;                         // a line above it
};

struct DraftOperation {
  std::string name;     // any text; becomes a legal name
  std::string comment;  // a line above it
  double error_rate = 0;
  std::vector<DraftStep> steps;  // of a database: one compute
};

struct DraftComponent {
  std::string name;
  std::string comment;
  bool database = false;
  std::uint64_t replicas = 1;
  double cpus = 0;  // cores per instance; 0: not said
  // Autoscaling by the share of `cpus` that is busy, or of nothing where max is 0.
  std::uint64_t min_replicas = 0, max_replicas = 0;
  double cpu_target = 0;
  std::vector<DraftOperation> operations;
};

struct DraftRequest {
  std::string name;
  double weight = 1;
  std::vector<DraftStep> steps;
};

inline constexpr std::size_t kClients = static_cast<std::size_t>(-1);  // the workload, as the end of a link

struct DraftLink {
  std::size_t from = 0, to = 0;  // components
  std::string latency, comment;
};

struct Draft {
  std::string name;                 // of the scenario
  std::vector<std::string> header;  // the comment at its top, a line each
  std::vector<DraftComponent> components;
  std::string workload = "clients", workload_comment;
  double rate = 1;  // per second
  std::vector<DraftRequest> requests;
  std::string latency, latency_comment;  // of the network between any two; empty: none
  std::vector<DraftLink> links;
  // How deep calls go where an operation calls itself in the end. 0: such calls are left out, because nothing
  // says how they end.
  std::uint64_t recursion = 0;
  std::vector<std::string> notes;  // for the user: what was assumed, renamed, left out
};

// Text for a time of so many nanoseconds, four digits and a unit: "2.125ms". At most a day.
std::string time_text(double ns);

// The YAML text. Notes are added to the draft.
std::string finish(Draft& draft);

}  // namespace tailrace::scenarios
