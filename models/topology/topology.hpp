#pragma once
// The topology: what a scenario means once every name is resolved and every number is legal. Kinds expand
// what the user wrote into this small vocabulary (stations, operations, steps, edges, links, workloads), so
// that the compiler, the theory and the graph analysis read one form and know no kind. Immutable after
// build_topology().
//
// Everything is ordered by name, so the order of a file changes nothing; declared_order keeps it for display.
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/field/values.hpp"
#include "models/messaging/channel.hpp"
#include "models/policy/seams.hpp"
#include "models/topology/cache.hpp"
#include "models/topology/fault.hpp"
#include "models/topology/saga.hpp"
#include "models/topology/scaling.hpp"
#include "models/topology/subscriptions.hpp"
#include "models/topology/upkeep.hpp"

namespace tailrace::models {

inline constexpr int kNone = -1;
inline constexpr std::int64_t kUnlimited = -1;

enum class Discipline : std::uint8_t { fifo, lifo, priority, preemptive_priority, shortest_job_first };
enum class CpuScheduling : std::uint8_t { processor_sharing, per_core };
enum class Balancing : std::uint8_t {
  round_robin,
  random,
  least_request,
  weighted,
  peak_ewma,
  ring_hash,
  maglev
};
enum class Jitter : std::uint8_t { full, none, equal, decorrelated };
enum class Cancellation : std::uint8_t {
  ignore,   // the server works on for a caller who has left
  at_step,  // it notices between steps
  at_once   // it stops in the middle of a step
};

struct InstanceGroup {
  std::int64_t count = 1;
  double weight = 1;
  double speed = 1;       // work takes 1/speed of its time here
  double error_rate = 0;  // of what this instance answers, on top of the operation's
  std::string zone;       // "" where zones play no part
};

// Envoy's outlier detection, per caller: what fails is taken out of the choice for a while.
struct OutlierSettings {
  std::int64_t consecutive_failures = 5;   // 0: not looked at
  sim::Duration interval{10'000'000'000};  // between looks at success rates and at who may return
  sim::Duration base_ejection_time{30'000'000'000};
  sim::Duration max_ejection_time{300'000'000'000};
  double max_ejection_fraction = 0.1;    // one instance may always go
  double success_rate_stdev_factor = 0;  // 0: success rates are not compared
  std::int64_t success_rate_minimum_hosts = 5;
  std::int64_t success_rate_request_volume = 100;
};

// Probes of every instance, by one prober for all callers.
struct HealthCheckSettings {
  sim::Duration interval{10'000'000'000};
  sim::Duration timeout{1'000'000'000};
  std::int64_t unhealthy_threshold = 3;  // failed probes in a row
  std::int64_t healthy_threshold = 2;    // good probes in a row
  int edge = -1;                         // deep: the prober's call
  int operation = -1;                    // deep: a real request to it; -1 shallow: is the process there?
  std::string operation_name;            // as written, an endpoint of the service; empty: shallow
};

// How callers choose among the instances of a station.
struct BalancerSettings {
  Balancing policy = Balancing::round_robin;
  std::int64_t choice_count = 2;        // least_request, peak_ewma: of how many random; 0 looks at all
  bool distinct = false;                // of two, both differ always; otherwise one may be drawn twice
  bool own_view = false;                // least_request counts the caller's own calls only
  double active_request_bias = 1;       // least_request where weights differ: power of the calls under way
  sim::Duration decay{10'000'000'000};  // peak_ewma
  std::int64_t ring_size = 1024;        // ring_hash: points in all
  std::int64_t table_size = 65537;      // maglev
  double load_bound = 0;                // ring_hash, maglev: at most this many times the mean load; 0: any
  std::int64_t subset_size = 0;         // each caller's instance knows this many; 0: all
  bool zone_aware = false;              // the own zone first, spilling over by capacity
  std::int64_t zone_minimum = 6;        // instances in all, below which zones are ignored
  bool sticky = false;                  // a key stays where it went first, while that is there
  sim::Duration slow_start{0};          // an instance that comes back gets its share over this long
  double panic_threshold = 0.5;         // fewer available than this share: all are used
  std::optional<OutlierSettings> outliers;
  std::optional<HealthCheckSettings> health;
};

// A set of like instances, each with its workers, queue and cores.
struct Station {
  std::string name;
  int component = kNone;
  std::vector<InstanceGroup> groups;
  std::int64_t instances = 1;                                  // sum of the groups
  std::int64_t min_available = 1;                              // fewer instances that serve are an outage
  bool shared_queue = false;                                   // one queue before all instances
  std::optional<ScalingSettings> scaling;                      // instances: as many as there can be
  sim::Distribution startup = sim::Distribution::constant(0);  // ns, of an instance that is added
  sim::Duration grace{30'000'000'000};                         // of one that is taken away
  std::int64_t workers = kUnlimited;                           // per instance
  std::int64_t queue_capacity = kUnlimited;
  Discipline discipline = Discipline::fifo;
  std::optional<sim::Distribution> patience;  // a request that has waited this long leaves the queue
  std::optional<double>
      cpus;  // cores per instance that computing shares; none: computing takes only a worker
  CpuScheduling cpu_scheduling = CpuScheduling::processor_sharing;
  bool blocking = true;  // a worker is held across calls and sleeps
  BalancerSettings balancer;
  Cancellation cancellation = Cancellation::ignore;
  bool drop_expired = false;        // a request whose deadline is over is not started
  std::vector<AdmissionUse> doors;  // asked for each request that arrives, in this order
  std::shared_ptr<const QueuePolicyModel> queue_policy;
  std::optional<sim::Duration> pushback;  // said with a refusal: retry after this long; the longest: do not
  std::shared_ptr<DiscoverySettings> discovery;  // none: callers know at once who is there
  std::vector<StartGate> gates;                  // passed in this order before an instance serves
};

// Further attempts beside the first.
struct Hedging {
  std::int64_t most = 1;  // besides the first
  std::shared_ptr<const HedgePolicyModel> policy;
  bool on_try_timeout = false;  // the per-try timeout sends the next and leaves the last running
  std::shared_ptr<const RetryBudgetModel> budget;
  const void* origin = nullptr;
};

// What a call answers in place of its failure. Steps to run instead stand in the call step's branch.
struct Fallback {
  std::optional<sim::Duration> stale;  // only if a success of this call is no older than this
  bool steps = false;
};

struct BackoffModel {
  sim::Duration base{25'000'000};
  double multiplier = 2;
  sim::Duration max{std::numeric_limits<std::int64_t>::max()};
  Jitter jitter = Jitter::full;
};

// One call site. Policies sit on it.
struct Edge {
  int from_component = kNone;
  int from_station = kNone;  // none: a workload
  int operation = kNone;     // the target
  std::string path;          // "services.orders.endpoints.place[2]"
  Mark mark;
  std::optional<sim::Duration> timeout;  // of the call, all attempts together
  std::optional<sim::Duration> per_try_timeout;
  std::int64_t retries = 0;    // after the first attempt; kUnlimited
  std::uint32_t retry_on = 0;  // bit per Outcome
  BackoffModel backoff;
  bool honors_pushback = true;  // what the target says of retries goes before the back-off
  bool ignore_failure = false;
  std::optional<sim::Distribution> request_bytes, response_bytes;
  int out_link = kNone, back_link = kNone;  // none: no time on the network
  bool probe = false;                       // a health check's: to one instance after the other
  bool errand = false;                      // ... or of an instance, of its own accord (upkeep.hpp)
  bool stays_at_home = false;               // an instance gives work to itself: no balancer, no door
  bool in_cycle = false;                    // its target can reach its caller again
  std::optional<sim::Duration> deadline;    // from the call's start; what it calls keeps it
  bool cancels = false;                     // tells the server when it stops waiting
  // By a balancer of layer 4: whatever comes over one of its callers' connections goes to one instance.
  bool passes_connections_on = false;
  sim::Duration connection_cost{0};      // ... and what each of them costs it, when it is set up
  std::vector<AdmissionUse> admissions;  // outermost first
  std::shared_ptr<const RetryBudgetModel> retry_budget;
  const void* retry_budget_origin = nullptr;
  std::optional<Hedging> hedging;
  std::optional<Fallback> fallback;
  int publication = kNone;  // the call brings a message to its channel
  int cache = kNone;        // the call goes to the node of a shared cache that has the key
  int pop = kNone;          // ... in this point of presence; none: drawn by their shares

  // More than a plain timeout and retries: what the theory does not model.
  bool guarded() const {
    return deadline || cancels || !admissions.empty() || retry_budget || hedging || fallback;
  }
};

struct Step;
using Steps = std::vector<Step>;

struct StepBranch {
  double probability = 1;
  Steps steps;
};

struct Step {
  enum class Kind : std::uint8_t {
    compute,
    sleep,
    call,
    parallel,
    branch,
    loop,
    fail,
    attempt,     // the first branch; the second in place of its failure
    background,  // the branch runs by itself, nobody waits for it
    deposit,     // at a channel's node: the message is the channel's now
    effect,      // the branch; when it succeeds, a business effect has happened
    milestone,   // a point that requests pass, counted and timed
    await,       // until the message published last has been handled; a branch: asking by polls
    cache        // asks a cache, or writes to it: branches as CacheUse says
  };
  Kind kind = Kind::compute;
  std::optional<sim::Distribution> distribution;  // compute, sleep: ns; loop: times
  int edge = kNone;                               // call
  double probability = 1;                         // fail
  int needed = 0;                                 // parallel: how many must succeed; branch: 1, by key
  int ref = kNone;                       // channel, effect, milestone, cache; await: effect; fail: Outcome;
                                         // attempt: its limit of time, if it has one (Topology::limits)
  std::optional<sim::Duration> timeout;  // await
  sim::Duration interval;                // await: between polls; sleep: more per request inside
  bool cancel_rest = false;              // parallel: stops the others when that is decided
  SubscriptionUse subscription = SubscriptionUse::none;  // sleep: hold; background: the others
  int held_at = kNone;                                   // ... the operation that holds them
  std::int64_t most_held = 0;                            // admit: so many at an instance
  CacheUse use = CacheUse::look;                         // cache
  CacheKey key_from = CacheKey::request;                 // cache; drawn: from `distribution`
  bool remote = false;               // cache: the contents are at the nodes of a shared one
  std::vector<StepBranch> branches;  // parallel, branch, loop (one), call (one: its fallback, if any), ...
};

// What a caller names: an endpoint of a service, an operation of a database.
struct Operation {
  std::string name;  // without the component
  int component = kNone;
  int station = kNone;
  Steps steps;
  double error_rate = 0;
  int channel = kNone;  // publishing: where to, and to which of its entries
  std::uint16_t entry = 0;
};

// A fact that must come about exactly once per cause: a message handled by a consumer group, or what an
// `effect` step says. The run counts how often each did.
struct Effect {
  std::string name;       // "orders/mailers", "payments/charged"
  int component = kNone;  // none: only waited for so far
  Mark mark;              // who waits
  std::string path;
  bool idempotent = false;  // a repetition within `ttl` (none: ever) is recognised, and nothing is done
  std::optional<sim::Duration> ttl;
};

struct Milestone {
  std::string name;  // "orders/confirmed"
  int component = kNone;
};

// What a publishing call site sends.
struct PublishSettings {
  int channel = kNone;
  std::uint16_t entry = 0, route = 0;
  bool request_key = true;                             // the request's own key, where it has one
  std::optional<sim::Distribution> key, bytes, delay;  // delay in ns
  std::uint8_t priority = 0;
  std::uint8_t level = 1;
  std::uint32_t ttl_us = 0;  // 0: the queue's own
  double poison = 0;         // share that no handler can handle
  bool confirm = true;       // the call ends with the broker's word, not when the message is sent
};

// Who handles a channel's subscription. Without consumers all ids are kNone.
struct ConsumerGroup {
  std::string name;  // "orders/mailers"
  int station = kNone, operation = kNone;
  int edge = kNone;    // from the group to its own operation: deliveries
  int effect = kNone;  // a message handled
  bool transactional = false;
};

struct MessageChannel {
  std::string name;
  int component = kNone;
  int station = kNone;  // the broker's nodes
  std::shared_ptr<ChannelModel> model;
  std::vector<ConsumerGroup> groups;  // by subscription
  bool named = false;                 // somebody publishes to it, dead letters and redrives included
};

struct Component {
  std::string name;
  std::string kind;  // "service"
  Mark mark;
  int declared_order = 0;
  std::string context;  // the bounded context that it belongs to; "" where that plays no part
};

enum class LinkSharing : std::uint8_t {
  store_and_forward,  // messages one after another
  fair                // all at once, with equal parts of the bandwidth
};

// A one-way stretch of network between two components.
struct Link {
  std::string name;                                  // "orders -> payments"
  std::optional<sim::Distribution> latency, jitter;  // ns, one way; their sum
  double bandwidth_bit_per_s = 0;                    // 0: unlimited
  double loss = 0;          // per transmission of a message, or of a packet when packet_bytes is set
  double packet_bytes = 0;  // 0: a message is one packet
  sim::Duration retransmit_timeout{200'000'000};
  std::int64_t max_retransmissions = 15;
  // Packets that may be sent before the first is acknowledged, doubling per round trip; 0: all of them.
  std::int64_t initial_window = 0, max_window = kUnlimited;
  LinkSharing sharing = LinkSharing::store_and_forward;
};

enum class ArrivalProcess : std::uint8_t {
  constant_rate,
  ramping_rate,
  sinusoidal_rate,
  mmpp,
  trace,
  constant_vus,
  ramping_vus
};

struct RateStage {
  sim::Duration duration;
  double target = 0;  // per second, or virtual users
};
struct MmppState {
  double rate_per_s = 0;
  sim::Duration mean_sojourn;
};

struct RequestClass {
  std::string name;  // "" for the only class of a workload
  double weight = 1;
  int priority = 0;                      // higher goes first
  std::optional<sim::Distribution> key;  // drawn for each request: its client, session or shard
  Steps steps;
};

struct Workload {
  std::string name;
  int component = kNone;
  ArrivalProcess process = ArrivalProcess::constant_rate;
  double rate_per_s = 0;  // constant; sinusoidal base; ramping start
  sim::Distribution spacing =
      sim::Distribution::exponential(1);  // unit-mean time between arrivals, in expected arrivals
  std::vector<RateStage> stages;
  double amplitude_per_s = 0;
  sim::Duration period;
  double phase_fraction = 0;
  std::vector<MmppState> states;
  std::shared_ptr<const std::vector<std::int64_t>> trace_ns;
  sim::Distribution batch_size = sim::Distribution::constant(1);
  std::int64_t vus = 0;
  sim::Distribution think_time = sim::Distribution::constant(0);
  sim::Duration instant_pause{1'000'000};  // in place of none after a request that took no time
  bool think_first = true;
  int start_class = kNone;  // class of a virtual user's first request
  std::vector<RequestClass> classes;

  // Requests come whether or not earlier ones have ended; closed: from virtual users.
  bool open() const {
    return process != ArrivalProcess::constant_vus && process != ArrivalProcess::ramping_vus;
  }
};

struct RunSettings {
  sim::Duration duration{60'000'000'000};
  sim::Duration warmup{0};
  bool warmup_auto = false;
  std::uint64_t seed = 1;
  std::int64_t replications = 5;
  std::int64_t max_events = kUnlimited;  // per replication
  double max_memory_bytes =
      4.0 * 1024 * 1024 * 1024;      // of calls in flight and of statistics, in each replication
  std::int64_t max_call_depth = 0;   // 0: call cycles are refused
  sim::Duration time_resolution{0};  // of the time series; 0 chooses about 200 points
};

struct Threshold {
  std::string metric;
  std::string expression;
  Mark mark;
};

struct Topology {
  std::string name, about;
  RunSettings run;
  std::vector<Component> components;
  std::vector<Station> stations;
  std::vector<Operation> operations;
  std::vector<Edge> edges;
  std::vector<Link> links;
  std::vector<Workload> workloads;
  std::vector<Threshold> thresholds;
  std::vector<MessageChannel> channels;
  std::vector<PublishSettings> publications;
  std::vector<Effect> effects;
  std::vector<Milestone> milestones;
  std::vector<Saga> sagas;
  std::vector<StepLimit> limits;  // of attempts
  std::vector<Cache> caches;
  std::vector<std::string> routing_keys{""};  // by Envelope::route

  // Messages, effects or work that nobody waits for: requests carry what ties these to their cause.
  bool messaging() const {
    return !channels.empty() || !effects.empty() || !milestones.empty() || background;
  }
  bool background = false;
  bool cancels_branches = false;  // some parallel step stops the branches that it no longer needs
  std::vector<Fault> faults;      // in the order of the file
  std::vector<Deployment> deployments;
  Segmentation segmentation;
  std::vector<EgressPrice> egress;

  // An operation as everything that is shown calls it: cart.get. What a group does with its messages is told
  // apart from publishing to the queue of the same name: rabbit.orders is published to, rabbit/orders
  // handles.
  std::string operation_name(int operation) const {
    for (const MessageChannel& channel : channels) {
      for (const ConsumerGroup& group : channel.groups) {
        if (group.operation == operation) return group.name;
      }
    }
    const Operation& op = operations[static_cast<std::size_t>(operation)];
    return components[static_cast<std::size_t>(op.component)].name + "." + op.name;
  }
};

}  // namespace tailrace::models
