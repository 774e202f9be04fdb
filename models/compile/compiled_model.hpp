#pragma once
// The compiled model: the topology as dense, read-only tables that all replications share. Behaviour is a
// flat program of 16-byte steps; a call in flight keeps a program counter. Ids are indices, names are gone
// (the topology keeps them).
#include <cstdint>
#include <memory>
#include <vector>

#include "models/compile/cache_tables.hpp"
#include "models/compile/fault_tables.hpp"
#include "models/compile/guard_tables.hpp"
#include "models/compile/upkeep_tables.hpp"
#include "models/topology/topology.hpp"
#include "sim/base/large_vector.hpp"
#include "sim/random/sampler.hpp"

namespace tailrace::models {

inline constexpr std::uint32_t kNoId = 0xffffffffu;

enum class Op : std::uint8_t {
  compute,       // draw: work on the worker held, on a core where the station has cores
  sleep,         // draw: time passes
  call,          // edge: wait for its reply
  parallel,      // fork `count` branch frames from forks[first...]; wait for `needed`
  branch,        // one of options[first..first+count) by chance, or the next step
  jump,          // to step `first`
  loop,          // draw a number of times, run the branch frame at forks[first] as often
  fail,          // with probability `chance`, from stream `stream`
  acquire,       // async stations: queue for a worker
  release,       // async stations: give it back
  end,           // of an operation: errors by chance, release, reply
  end_branch,    // of a branch frame
  end_request,   // of a client's request
  end_probe,     // of a health check
  spawn,         // starts the program at `first` in a frame of its own, which nobody waits for
  end_root,      // of a frame that nobody waits for
  end_resumed,   // of a stored saga; whoever took it up, at `first`, has no more to do
  deposit,       // the frame's message is handed to channel `first`
  recognise,     // effect `first`: when it has come about already, on at `needed`
  effect,        // effect `first` has come about
  milestone,     // `first`
  await,         // until effect `first` has come about for the message published last; timer `needed`
  asked,         // the same, but asked once: on at `needed` when it has; fails after lane `stream`'s length
  stop,          // the frame was told to stop: it ends as cancelled
  bury,          // nothing is left of the frame but the event that brought it here
  cache_key,     // cache site `first`: which key it is about
  cache_look,    // ... is it there? Hits go on at the site's `hit`, misses behind this, or wait for a fetch
  cache_probe,   // ... is it there? The caller of this frame is told
  cache_fill,    // ... is written; whoever waits for it goes on
  cache_drop,    // ... is taken out
  cache_behind,  // ... is written, and put down to be written behind
  thaw,          // at instances that can stand still: waits while they do; flags: 1 after work, which is late
};

inline constexpr std::uint8_t kCancelRest = 1;  // the branches that a join does not need are stopped
inline constexpr std::uint8_t kAttempt = 2;     // where its one branch fails the frame goes on behind a jump

struct Step16 {
  Op op = Op::end;
  std::uint8_t flags = 0;    // compute: 1 where more than time passes (cores, speed, interruption);
                             // parallel: kCancelRest, kAttempt; fail: Outcome; branch: kByKey
  std::uint16_t count = 0;   // branches, options
  std::uint32_t first = 0;   // draw, edge, fork, option, pc or operation, by op
  std::uint32_t needed = 0;  // parallel: branches that must succeed; loop: pc of the body
  std::uint32_t stream = 0;  // branch
  // In place of the two above. call: the edge's first_instance and first_draw, as hints; and as one amount,
  // fail: the probability as a threshold on 64 random bits; sleep: ns more for each request inside the
  // instance.
  std::uint64_t amount() const { return static_cast<std::uint64_t>(stream) << 32 | needed; }
  void set_amount(std::uint64_t amount) {
    needed = static_cast<std::uint32_t>(amount);
    stream = static_cast<std::uint32_t>(amount >> 32);
  }
};
static_assert(sizeof(Step16) == 16);

// A distribution and the stream it draws from.
struct Draw {
  sim::Sampler sampler;
  std::uint32_t stream = 0;
};

struct alignas(32) BranchOption {
  double cumulative = 0;
  std::uint32_t pc = 0;
  // Where it begins with a call, after giving a worker back or at once: its edge, and where the callee is.
  std::uint32_t edge = kNoId;
  std::uint32_t first_instance = 0, first_draw = 0;
  bool releases = false;
};
static_assert(sizeof(BranchOption) == 32);
// The first whose cumulative probability is above u; count: none. Of like options the guess is right, and no
// other is read but its neighbour.
inline std::uint32_t chosen_option(const BranchOption* options, std::uint32_t count, double u) {
  auto k = static_cast<std::uint32_t>(u * count);
  while (k > 0 && u < options[k - 1].cumulative) --k;
  while (k < count && u >= options[k].cumulative) ++k;
  return k;
}

struct OperationTable {
  std::uint32_t pc = 0;
  std::uint32_t station = 0;
  std::uint32_t error_stream = kNoId;
  std::uint32_t presample = kNoId;  // shortest_job_first: the draw of the first compute step
  bool worker_first = true;         // takes a worker on arrival
  bool uneven_errors = false;       // an instance adds its own chance of an error
  std::uint32_t series = kNoId;     // kNoId: in series_copies
  std::uint64_t error_chance = 0;
};

struct StationTable {
  std::uint32_t first_instance = 0;
  std::uint32_t instances = 1;
  std::int32_t workers = 0;          // kManyWorkers when unlimited
  std::uint32_t queue_capacity = 0;  // kNoId when unlimited
  Discipline discipline = Discipline::fifo;
  Balancing balancing = Balancing::round_robin;
  bool counts_outstanding = false;
  bool plain_queue = false;  // first in, first out, and nobody loses patience
  bool uneven_speed = false;
  std::uint32_t choice_count = 2;
  bool distinct_choices = true;
  std::uint32_t patience = kNoId;       // draw
  std::uint32_t patience_lane = kNoId;  // when it is constant
  double cores = 0;                     // 0: computing takes only the worker
  CpuScheduling cpu_scheduling = CpuScheduling::processor_sharing;
  std::uint32_t first_cpu = kNoId;
  std::uint32_t wait_series = 0;
  std::uint32_t abandoned_series = kNoId;
  std::vector<double> cumulative_weight;    // weighted
  std::vector<double> slowness;             // 1/speed per instance, when uneven
  std::vector<std::uint64_t> error_chance;  // per instance, when they differ; on top of the operation's
  std::uint32_t door = kNoId;
  std::uint32_t first_queue_policy = kNoId;  // state of its first instance
  std::uint32_t queue_group = kNoId;         // admission group that counts what it does
  std::uint32_t prober = kNoId;
  bool special_release = false;  // who is next is more than the head of the line
  bool drop_expired = false;
  std::int64_t pushback_ns = -1;  // said with a refusal; -1: nothing is
  Cancellation cancellation = Cancellation::ignore;
  std::uint32_t first_fault = kNoId;  // state of its first instance, where some fault can hit it
  bool pauses = false;                // by some fault
  bool shared = false;                // one queue before all instances, at a place behind the last
  bool skewed = false;                // some versions of its instances and of callers' do not fit
  std::uint32_t directory = kNoId;    // where callers learn who is there
  std::uint32_t gated = kNoId;        // something must succeed before an instance serves
  std::uint32_t turn = kNoId;         // of a shared queue: which instance is next to be asked
  std::uint32_t scaled = kNoId;       // instances come and go
  std::uint32_t first_life = kNoId;
};
struct ScaledTable {
  std::uint32_t station = 0;
  std::uint32_t startup = 0;  // draw
  std::uint32_t errors = 0;   // stream: of new versions
  bool deployed = false;      // some deployment replaces its instances
};
inline constexpr std::int32_t kManyWorkers = 1 << 30;

// Hot and plain: what a call without policies, network and choice reads is the first cache line, and it reads
// nothing of its operation's and station's tables besides.
struct alignas(64) EdgeTable {
  std::uint32_t operation = 0;
  std::uint32_t pc = 0;  // the operation's
  std::uint32_t station = 0;
  std::uint32_t first_instance = 0;
  std::uint32_t instances = 1;
  std::uint32_t first_draw = 0;  // of the operation's first work, as a hint; 0 where there is none
  bool plain = false;            // no timer, link, choice, admission: one instance, entered at once
  bool worker_first = true;
  bool ignore_failure = false;
  bool deepens = false;                    // lies on a call cycle: counts against the depth limit
  bool counts_outstanding = false;         // the station's
  bool may_fail = false;                   // the operation has an error rate
  bool faulted = false;                    // some fault can hit its target
  bool guarded = false;                    // has a guard
  bool managed = false;                    // its target's instances come and go, or share a queue
  bool shared = false;                     // its target's instances share a queue
  std::uint32_t operation_series = kNoId;  // the operation's
  std::uint32_t guard = kNoId;             // its policies
  std::uint32_t door = kNoId;              // its target's
  std::uint32_t select_stream = kNoId;
  std::uint32_t select_position = kNoId;  // round robin
  std::uint32_t timeout_lane = kNoId;
  std::uint32_t try_lane = kNoId;
  std::uint32_t out_link = kNoId;
  std::uint32_t back_link = kNoId;
  std::uint32_t request_bytes = kNoId;  // draw
  std::uint32_t response_bytes = kNoId;
  std::uint32_t retry_stream = kNoId;  // kNoId: a failure is final
  std::uint32_t series = kNoId;        // of the call's duration as its caller sees it
};

static_assert(sizeof(EdgeTable) == 128);

struct LinkTable {
  std::uint32_t latency = kNoId, jitter = kNoId;  // draws
  double ns_per_byte = 0;
  std::uint64_t loss_chance = 0;
  std::uint32_t loss_stream = kNoId;
  double packet_bytes = 0;
  sim::Duration retransmit_timeout;
  std::int64_t max_retransmissions = 0;
  std::int64_t initial_window = 0, max_window = 0;  // 0: no windows; max_window: at least as large
  std::uint32_t flow = kNoId;                       // its state, where messages share the bandwidth
  std::uint32_t fault = kNoId;                      // its state, where some fault can hit it
};

struct ClassTable {
  std::uint32_t workload = 0;
  std::uint32_t pc = 0;
  std::uint32_t direct_edge = kNoId;  // the whole request is this one plain call: no client frame
  std::uint8_t priority = 0;
  bool closed = false;  // its workload's
  std::uint32_t success_series = 0, failure_series = 0;
  std::uint32_t key = kNoId;  // draw
};

struct alignas(64) WorkloadTable {  // an arrival reads the first line
  const Workload* model = nullptr;
  bool closed = false;  // virtual users
  std::uint32_t first_class = 0, classes = 1;
  std::uint32_t spacing = 0, batch = kNoId, think = kNoId;  // draws
  std::uint32_t class_stream = kNoId, state_stream = kNoId;
  std::uint32_t start_class = kNoId;
  std::vector<double> cumulative_weight;
};

struct ChannelTable {
  std::shared_ptr<const ChannelModel> model;
  std::uint32_t station = 0;
  std::uint32_t first_group = 0, groups = 0;
  std::uint32_t first_stream = 0;
  std::uint32_t batching_series = kNoId;
};
struct GroupTable {
  std::uint32_t channel = 0, subscription = 0;
  std::uint32_t edge = kNoId;  // kNoId: no consumers
  std::uint32_t effect = kNoId;
  std::uint32_t waiting_series = kNoId, end_to_end_series = kNoId;
  bool transactional = false;
};
struct PublicationTable {
  std::uint32_t channel = 0;
  std::uint16_t entry = 0, route = 0;
  std::uint32_t key = kNoId, bytes = kNoId, delay = kNoId;  // draws
  std::uint32_t producer = 0;                               // the publishing component
  bool request_key = true, confirm = true;
  std::uint8_t priority = 0, level = 1;
  std::uint32_t ttl_us = 0;
  double poison = 0;  // probability
  std::uint32_t poison_draw = kNoId;
};
struct EffectTable {
  bool idempotent = false;
  std::int64_t ttl_ns = -1;     // for good
  std::uint32_t group = kNoId;  // a message handled by it
};
// How long an attempt may take (models/topology/saga.hpp): its step's `stream` is its number.
struct LimitTable {
  std::uint32_t step_lane = kNoId, saga_lane = kNoId;        // timers, which know their lengths
  std::uint32_t step_since = kNoId, saga_since = kNoId;      // effects
  std::uint32_t identity = kNoId;                            // effect
  std::uint32_t late = kNoId;                                // milestone
  std::uint32_t step_over_pc = kNoId, saga_over_pc = kNoId;  // where the frame goes on then
  bool stored = false;                                       // it rings though its orchestrator is dead
};
inline constexpr std::uint8_t kTimed = 4;  // Step16::flags of parallel, beside kAttempt
struct SagaTable {
  std::uint32_t begun = kNoId, undoing = kNoId, ended = kNoId;    // effects
  std::uint32_t completed_series = kNoId, undone_series = kNoId;  // from its beginning to its end
  std::int64_t timeout_ns = -1;                                   // rings likewise, from `begun`; < 0: never
  std::int64_t resume_after_ns = 0;                               // of a durable one
  std::vector<std::uint32_t> memory;                              // effects that a new run forgets
};
// Where the steps of a durable saga stand in the program of a service.
struct SagaProgram {
  std::uint32_t saga = 0;
  std::uint32_t first = 0, last = 0;  // steps
  std::uint32_t entry = kNoId;        // where whoever takes it up begins: a step that leads to the first
};

struct StreamKey {
  std::string component, purpose;
};

// Which histogram holds what; the series of the run's record.
enum class SeriesKind : std::uint8_t {
  request_success,
  request_failure,
  operation,
  wait,
  abandoned,
  call,
  message_wait,  // accepted by its place to its first delivery
  end_to_end,    // first tried to publish, to handled
  batching,      // publication to the flush of its batch
  milestone,
  saga_completed,  // from its beginning to its end
  saga_undone
};
struct SeriesInfo {
  SeriesKind kind;
  std::uint32_t id;  // class, operation, station, edge, group, channel, milestone, saga
};

struct CompiledModel {
  std::shared_ptr<const Topology> topology;
  sim::LargeVector<Step16> steps;
  std::vector<Draw> draws;
  std::vector<std::uint32_t> forks;  // first steps of branch frames
  sim::LargeVector<BranchOption> options;
  std::vector<ScaledTable> scaled;
  std::uint32_t lives = 0;  // instances that come and go
  std::vector<OperationTable> operations;
  std::vector<std::uint32_t> operation_series;  // also where the run records none itself (series_copies)
  std::vector<StationTable> stations;
  std::vector<std::uint32_t> instance_station;
  sim::LargeVector<EdgeTable> edges;
  std::vector<LinkTable> links;
  std::uint32_t flows = 0;  // links that messages share
  std::vector<ClassTable> classes;
  std::vector<WorkloadTable> workloads;
  std::vector<sim::Duration> lanes;  // length of each constant timer
  std::vector<std::uint32_t> lane_kind;
  std::vector<StreamKey> streams;
  std::vector<SeriesInfo> series;
  // Series that would record the same values as another: filled from it at the end.
  std::vector<std::pair<std::uint32_t, std::uint32_t>> series_copies;
  std::vector<GuardTable> guards;
  std::vector<DoorTable> doors;
  std::vector<AdmissionTable> admissions;
  std::vector<AdmissionGroup> admission_groups;
  std::vector<BudgetGroup> budgets;
  std::vector<HedgeGroup> hedges;
  std::vector<BalancerGroup> balancers;
  std::vector<ProberTable> probers;
  std::uint32_t probed = 0;  // instances
  std::uint32_t queue_states = 0, admission_states = 0, budget_states = 0, hedge_states = 0,
                balancer_states = 0;
  std::vector<ChannelTable> channels;
  std::vector<GroupTable> groups;  // of all channels
  std::vector<PublicationTable> publications;
  std::vector<EffectTable> effects;
  std::vector<std::uint32_t> milestone_series;
  std::vector<LimitTable> limits;
  std::vector<SagaTable> sagas;
  std::vector<SagaProgram> saga_programs;  // in the order of their first steps
  std::vector<CacheTable> caches;
  std::vector<CacheSiteTable> cache_sites;
  std::vector<CacheStoreTable> cache_stores;
  bool messaging = false;  // frames know their cause (models/runtime/messaging.hpp)
  // Requests carry a deadline, a key, the trace of a fallback, or can be cancelled: every call of the model
  // hands these on, so none is plain.
  bool context = false;
  std::uint32_t stop_pc = 0, bury_pc = 0, lost_pc = 0;
  FaultTables faults;
  std::vector<DirectoryTable> directories;
  std::vector<GatedTable> gated;
  EgressTable egress;
  std::uint32_t cpus = 0;
  std::uint32_t positions = 0;
  std::uint32_t depth_limit = 0;
  std::vector<sim::Distribution> kept;  // samplers point into these
};

// What a timer lane is for.
enum class TimerPurpose : std::uint8_t {
  call_timeout,
  try_timeout,  // on the attempt's own frame
  patience,
  backoff,
  work,
  deadline,
  hedge,
  line,    // has waited in a policy's line for as long as it may
  pause,   // admitted, but not at once
  door,    // the same, at a server
  cancel,  // word from a caller who has left
  await,   // a message that is not handled
  fault    // a request is let in late
};

std::shared_ptr<const CompiledModel> compile(std::shared_ptr<const Topology> topology);

}  // namespace tailrace::models
