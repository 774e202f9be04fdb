#pragma once
// A fault as the topology knows it: when it comes, whom it hits, and what it does there, in a handful of
// effects that the runtime knows. What users write (pod_kill, partition, ...) is made of these, so a new type
// of fault needs no runtime code unless it needs a new effect.
//
// A target is what one draw of `mode` takes or leaves: an instance, a call between two components, a
// workload, a partition. Everything is resolved but the leaders of partitions: instances and links are ids.
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "models/field/document.hpp"
#include "sim/base/time.hpp"
#include "sim/random/distribution.hpp"

namespace tailrace::models {

enum class FaultAction : std::uint8_t {
  down,       // the instance is gone: what it held ends, what comes is refused
  pause,      // the instance stands still; nothing is lost
  slow,       // work that begins takes `amount` times as long
  delay,      // a request waits `time` before it is let in
  abort,      // a request is answered with an error in place of the server
  refuse,     // ... with a refused connection
  vanish,     // a request is never answered
  latency,    // of a link: `time` is added
  loss,       // of a link: transmissions are lost with `probability`
  bandwidth,  // of a link: at most `amount` bit/s
  load,       // `amount` times the requests of a workload
  notify,     // another part of the model knows what `hook` means
};

struct FaultEffect {
  FaultAction action = FaultAction::down;
  double amount = 1;
  double probability = 1;                 // of a request or a transmission
  std::optional<sim::Distribution> time;  // ns
  // down: from this long after the fault's start, for this long; otherwise with the fault.
  std::optional<sim::Duration> after, lasts;
  std::string hook;
};

struct FaultTarget {
  std::string name;                            // "payments#2", "orders -> payments", "shoppers"
  std::vector<std::pair<int, int>> instances;  // station and index in it
  int component = -1;                          // whose name it carries; -1: none
  int from_component = -1;                     // only requests of this caller
  int operation = -1;                          // only requests to this operation
  std::vector<int> links;
  int workload = -1;
  // A partition of an event log; `instances` are the nodes that have a copy. Whoever leads it when the fault
  // comes is hit as a whole, or (led false) only what is published to it.
  int channel = -1, partition = -1;
  bool led = false;
};

enum class FaultMode : std::uint8_t { all, one, fixed, fixed_percent, random_max_percent };

// The requests that wait at the stations, all instances together, have been more than `above` for `holds`.
struct FaultCondition {
  std::vector<int> stations;
  double above = 0;
  sim::Duration holds{0};
  sim::Duration check_every{100'000'000};
};

struct Fault {
  std::string name;  // unique: its own, or "pod_kill payments"
  std::string type;
  std::string path;
  Mark mark;
  std::vector<FaultTarget> targets;
  bool together = false;  // all targets fail at one time, also at random times
  FaultMode mode = FaultMode::all;
  double value = 0;  // of the modes that take one: targets, or percent of them
  sim::Duration start{0};
  std::optional<sim::Duration> duration;  // none: to the end of the run
  sim::Duration ramp{0};
  sim::Duration every{0};
  std::int64_t times = 1;                       // -1: without end
  std::optional<sim::Distribution> mtbf, mttr;  // random times; mttr in place of the duration
  std::int64_t crews = -1;  // repairs at a time, of a random fault; who fails meanwhile waits in line
  std::optional<FaultCondition> when;
  std::vector<FaultEffect> effects;
};

}  // namespace tailrace::models
