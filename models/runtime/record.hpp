#pragma once
// What one replication leaves behind: exact counts, areas and histograms since the end of the warm-up, in the
// order of the topology's ids, plus how the run ended. Plain data; analysis turns it into reports.
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/messaging/channel.hpp"
#include "models/policy/seams.hpp"
#include "models/runtime/cache_record.hpp"
#include "models/runtime/station_state.hpp"
#include "models/runtime/trace_record.hpp"
#include "models/runtime/upkeep_record.hpp"
#include "models/topology/outcome.hpp"
#include "sim/base/large_vector.hpp"
#include "sim/base/time.hpp"
#include "sim/observe/histogram.hpp"

namespace tailrace::models {

enum class RunStatus : std::uint8_t {
  completed,
  event_budget,
  memory_budget,
  stalled,
  deadlocked,
  interrupted,
  invariant_broken
};
const char* status_name(RunStatus status);

using OutcomeCounts = std::array<std::uint64_t, kOutcomes>;
inline std::uint64_t total(const OutcomeCounts& counts) {
  std::uint64_t sum = 0;
  for (const std::uint64_t n : counts) sum += n;
  return sum;
}

struct ClassRecord {
  std::uint64_t started_in_flight = 0;  // at the end of the warm-up
  std::uint64_t arrived = 0;
  OutcomeCounts ended{};
  std::uint64_t degraded = 0;   // successes in whose answer a fallback took part
  std::uint64_t in_flight = 0;  // at the end
};

struct OperationRecord {
  std::uint64_t arrived = 0;
  OutcomeCounts ended{};
  std::uint64_t unheard = 0;  // ended after the one for whom it worked had left
};

struct EdgeRecord {
  std::uint64_t calls = 0;
  std::uint64_t attempts = 0;
  OutcomeCounts attempt_ended{};    // as the caller saw it
  OutcomeCounts ended{};            // of the whole call
  std::uint64_t hedges = 0;         // attempts sent beside another
  std::uint64_t hedges_won = 0;     // and first with a success
  std::uint64_t budget_denied = 0;  // retries and hedges for which there was no budget
  std::uint64_t fallbacks = 0;      // failed calls that were answered otherwise
  std::uint64_t pushbacks = 0;      // refusals whose word about retries was honoured
};

// What an admission policy did: all states of one written policy towards one target together.
struct AdmissionCounts {
  std::uint64_t admitted = 0, rejected = 0;
  std::uint64_t delayed = 0;  // admitted, to start later
  std::uint64_t waited = 0;   // stood in line
};
struct PolicyStateRecord {  // of one holder's state
  std::uint64_t changes = 0;
  std::uint64_t trips = 0;             // of them, away from the first status
  std::vector<double> seconds;         // in each status
  std::vector<StatusChange> timeline;  // the first StatusLog::kMostKept changes
  double gauge = 0;                    // at the end; NaN where there is none
};
struct PolicyRecord {
  bool of_queue = false;  // a queue's: asked when a request's turn comes
  AdmissionCounts counts;
  std::vector<PolicyStateRecord> states;
};
// Ejections and unhealthy times as one caller's balancer sees its target's instances.
struct BalancerRecord {
  std::vector<PolicyStateRecord> instances;  // statuses: in, ejected
};

struct InstanceRecord {
  double busy_s = 0;   // worker-seconds
  double queue_s = 0;  // request-seconds in the queue
  double cpu_s = 0;    // core-seconds, where there are cores
  std::uint32_t peak_queue = 0;
  std::uint32_t in_queue = 0, in_service = 0;  // at the end
  double down_s = 0;                           // since the start of the run; also for not being there
  double present_s = -1;                       // that it was there; -1: always
};

struct StationRecord {
  StationCounts counts;  // those who waited are the wait series' count; the other grants were immediate
  std::vector<InstanceRecord> instances;
  // Little's law on this very path: area under the number in the queue (in service) minus the sum of the
  // times that frames spent there, edges accounted. 0 unless the engine is wrong.
  Area queue_residual = 0;
  Area busy_residual = 0;
  double up_s = 0;            // instance-seconds that served: there, not down, not standing still
  double available_s = 0;     // seconds in which enough of them did
  std::uint64_t outages = 0;  // times that they ceased to be enough
};

// How often what should come about once has done so.
struct EffectRecord {
  std::uint64_t applied = 0;          // in all
  std::uint64_t distinct = 0;         // for the first time
  std::uint64_t duplicates = 0;       // again
  std::uint64_t skipped = 0;          // recognised as done already
  std::uint64_t out_of_order = 0;     // handled after a later message of the same key
  std::uint64_t missed[kFates] = {};  // never came about, by what became of the last copy of the message
  std::uint64_t pending = 0;          // may still come about, at the end
};

struct LinkRecord {
  std::uint64_t messages = 0, transmissions = 0, lost = 0, delayed = 0;
  double bytes = 0;
  double busy_s = 0;
};

// What a fault did, in the whole run: faults are part of the warm-up too.
struct FaultRecord {
  std::uint64_t activations = 0;
  std::int64_t active_ns = 0;  // of all its processes together
  std::uint64_t ended = 0;     // attempts that ended, or vanished, because of it
  std::uint64_t delayed = 0;   // requests and messages that it made later
  std::uint64_t added = 0;     // requests
};
struct FaultActivation {
  std::uint32_t fault = 0;
  std::int64_t start_ns = 0, end_ns = -1;  // -1: still on when the run ended
  std::vector<std::uint32_t> targets;      // of the fault
  std::uint64_t ended = 0, delayed = 0;
  std::vector<std::uint32_t> leaders;  // by target, of partitions: which instance; kNoId: there was none
};

// Of a station whose instances come and go.
struct ScaleEvent {
  std::int64_t at_ns = 0;
  std::uint32_t from = 0, to = 0;  // instances that are ready or start
  ScaleReason reason = ScaleReason::metric;
  double value = 0;  // what was measured
};
struct ScalingRecord {
  std::uint32_t station = 0;
  double present_s = 0;               // instance-seconds: starting, ready and draining
  std::uint32_t least = 0, most = 0;  // instances that were wanted
  std::uint64_t ups = 0, downs = 0;   // decisions
  std::uint64_t started = 0, stopped = 0;
  std::uint64_t requests = 0, cold = 0;  // cold: found no instance that was ready
  std::uint64_t cut_off = 0;             // requests that were inside when an instance's grace was over
  std::vector<ScaleEvent> events;        // the first ten thousand
};

struct DeploymentRecord {
  std::int64_t start_ns = -1, end_ns = -1;  // -1: not in this run
  bool rolled_back = false;
  std::uint64_t requests = 0, failed = 0;  // at its instances
  std::uint64_t skewed = 0;                // of the failed: caller and instance did not fit
  std::int64_t blocked_ns = 0;             // that its contract gate held it back
  bool blocked = false;                    // and still did at the end
};

// State of the system over time, one row per tick of RunSettings::time_resolution.
struct WindowRecord {
  std::int64_t end_ns = 0;
  struct PerClass {
    std::uint32_t arrived = 0, succeeded = 0, failed = 0;
  };
  struct ClassTimes {  // of requests that succeeded in the window
    double mean_s = 0, p50_s = 0, p99_s = 0, max_s = 0;
  };
  struct PerStation {
    double busy = 0, queue = 0;  // means over the window, all instances together
    std::uint64_t served = 0;    // starts of service
    std::uint64_t rejected = 0;
    double instances = 0;  // that were ready, mean over the window
  };
  struct PerEdge {
    std::uint32_t calls = 0, attempts = 0;
    std::array<std::uint32_t, kOutcomes> ended{};  // of attempts, and of calls that failed without one
  };
  std::vector<PerClass> classes;
  std::vector<ClassTimes> class_times;  // empty where the classes are too many
  std::vector<PerStation> stations;
  std::vector<PerEdge> edges;
  std::vector<std::uint64_t> depths;  // by CompiledModel::groups: lag at the window's end
  // How long calls took that ended in the window, and operations of a station; whatever came of them. Of very
  // large models there are none.
  struct Times {
    std::uint32_t count = 0;  // 0: the others say nothing
    double p50_s = 0, p99_s = 0, max_s = 0;
  };
  std::vector<Times> edge_times, station_times;

  // Nothing where no request of the class succeeded, or none is timed.
  const ClassTimes* times_of_class(std::size_t cls) const {
    return class_times.empty() || classes[cls].succeeded == 0 ? nullptr : &class_times[cls];
  }
};

struct RunRecord {
  RunStatus status = RunStatus::completed;
  std::string message;              // why it ended early, in words
  bool host_out_of_memory = false;  // it ended because the system has no more memory
  std::uint32_t replication = 0;
  std::int64_t start_ns = 0;  // end of the warm-up
  std::int64_t end_ns = 0;
  std::uint64_t events = 0;
  std::uint64_t trajectory = 0;  // fingerprint of every event's time, kind and slot
  std::vector<ClassRecord> classes;
  std::vector<OperationRecord> operations;
  std::vector<EdgeRecord> edges;
  std::vector<StationRecord> stations;
  std::vector<LinkRecord> links;
  std::vector<PolicyRecord> policies;     // by CompiledModel::admission_groups
  std::vector<PolicyStateRecord> health;  // by ProberTable: of each probed instance; healthy, unhealthy
  std::vector<BalancerRecord> balancers;  // by balancer state, where there is outlier detection
  std::vector<ChannelRecord> channels;
  std::vector<std::uint64_t> unpublished;  // by channel: facts whose publication never succeeded
  std::vector<EffectRecord> effects;
  std::vector<CacheRecord> caches;          // by Topology::caches
  std::uint64_t journeys_open = 0;          // requests of which something is still under way at the end
  sim::LargeVector<sim::Histogram> series;  // by CompiledModel::series
  std::vector<WindowRecord> windows;
  std::vector<ScalingRecord> scaling;              // by CompiledModel::scaled
  std::vector<DeploymentRecord> deployments;       // by Topology::deployments
  std::vector<DirectoryRecord> directories;        // by CompiledModel::directories
  std::vector<GatedRecord> gated;                  // by CompiledModel::gated
  std::vector<std::uint64_t> egress;               // by CompiledModel::egress: calls between zones
  std::vector<FaultRecord> faults;                 // by Topology::faults
  std::vector<FaultActivation> fault_activations;  // in the order of their starts; the first ten thousand
  // For intervals from a single replication: per batch (equal stretches of time) and class, the successes.
  std::vector<std::vector<sim::Histogram>> batches;
  std::uint64_t frames_peak = 0;
  std::shared_ptr<const TraceRecord> traces;  // where requests were traced; no part of the result
  std::uint64_t state_bytes = 0;

  double seconds() const { return static_cast<double>(end_ns - start_ns) * 1e-9; }
};

// A hash of everything that a record reports; order of containers is fixed by ids.
std::uint64_t result_fingerprint(const RunRecord& record);

}  // namespace tailrace::models
