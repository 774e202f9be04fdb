#pragma once
// One replication: the compiled model in motion. The loop pops an event, moves the frame it belongs to
// through its program until it blocks, and lets whoever got a worker meanwhile run in turn. Control flow is
// all here; the parts (slab, timers, cores, instances, arrival clocks) compute and return. Nothing is
// allocated per event once the slabs and buffers have reached their size.
//
// Frames run by trampoline: begin_call() hands back the callee when it can run at once, end_operation() the
// caller, so a chain of calls of any depth takes no call stack.
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "models/compile/compiled_model.hpp"
#include "models/runtime/ahead.hpp"
#include "models/runtime/arrivals.hpp"
#include "models/runtime/caching.hpp"
#include "models/runtime/call_state.hpp"
#include "models/runtime/cpu.hpp"
#include "models/runtime/fault_state.hpp"
#include "models/runtime/frame.hpp"
#include "models/runtime/levels.hpp"
#include "models/runtime/live_state.hpp"
#include "models/runtime/messaging.hpp"
#include "models/runtime/record.hpp"
#include "models/runtime/scaling_state.hpp"
#include "models/runtime/station_state.hpp"
#include "models/runtime/timers.hpp"
#include "models/runtime/trace_record.hpp"
#include "models/runtime/upkeep.hpp"
#include "models/runtime/window_state.hpp"
#include "models/runtime/wires.hpp"
#include "sim/engine/calendar.hpp"
#include "sim/observe/mser.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::models {

class Clocks;
class RunWatch;
class Tracer;

struct RunOptions {
  std::uint64_t seed = 1;
  std::uint32_t replication = 0;
  std::int64_t warmup_ns = 0;
  int batches = 0;                              // > 0: batch histograms for intervals from one replication
  const std::atomic<int>* interrupt = nullptr;  // set to non-zero: end with what there is
  std::atomic<std::int64_t>* progress_ns = nullptr;  // simulated time, updated now and then
  std::vector<sim::MserCollector>* pilot = nullptr;  // per workload: the latencies of its successes, in order
  RunWatch* watch = nullptr;                         // looks on (models/runtime/watch.hpp)
  TraceSampling trace;
};

class Execution {
  friend class Messaging;
  friend class Caching;
  friend class Peek;
  friend class Upkeep;
  friend class Tracer;

 public:
  Execution(std::shared_ptr<const CompiledModel> model, const RunOptions& options);
  ~Execution();
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;
  RunRecord run();

  // For other parts of the model that live on instances. Listeners are told in the order in which they came.
  void listen(InstanceListener* listener) { fault_.listeners.push_back(listener); }
  bool down(std::uint32_t instance) const;

  std::size_t state_bytes() const {
    return frames_.bytes() + calls_.bytes() + timers_.bytes() + calendar_.bytes() +
           (messaging_ ? messaging_->bytes() : 0) + (caching_ ? caching_->bytes() : 0) +
           (wires_ ? wires_->bytes() : 0) + (levels_ ? levels_->bytes() : 0);
  }

 private:
  enum class Kind : std::uint8_t {
    resume,
    arrive,
    reply,
    lane,
    node,
    cpu,
    core_done,
    client,
    user,
    resend,
    users_change,
    control,
    line,     // a policy's line may move
    probe,    // a health check of an instance
    channel,  // a timer of a message channel
    fault,    // of a process: starts, ends, is looked at
    spike,    // a request that a fault adds
    scale,    // of instances that come and go
    deploy,   // a new version of them
    cache,    // something of a cache is due
    flow,     // a message has been sent over a shared link
    upkeep,   // an instance does something of its own accord
    sidecar   // is killed, or back
  };
  enum class Control : std::uint32_t { warmup_end, window, batch, end };

  // --- hot path, execution.cpp
  void loop();
  void look_on(std::int64_t until);  // watch.cpp
  template <bool kWatched, bool kTraced>
  void loop_as();
  std::uint32_t dispatch(const sim::Event& event);
  void trace_event(const sim::Event& event);  // tracing.cpp
  template <bool kTraced>
  void run(std::uint32_t slot);
  std::uint32_t next_woken();
  template <bool kTraced>
  [[gnu::always_inline]] void advance_here(std::uint32_t slot);
  void advance(std::uint32_t slot);  // the same, not inlined
  void run_woken();
  bool begin_work(std::uint32_t slot, const Step16& step);
  std::uint32_t begin_call(std::uint32_t slot, const Step16& step);
  std::uint32_t new_attempt(std::uint32_t slot, std::uint32_t edge);
  std::uint32_t attempt(std::uint32_t slot, std::uint32_t edge);
  std::uint32_t select(const EdgeTable& edge);
  std::uint32_t enter(std::uint32_t slot, bool worker_first);
  std::uint32_t enter_late(std::uint32_t slot, bool worker_first);  // the same, not inlined
  void join_queue(std::uint32_t slot, Frame& frame, InstanceState& instance);
  std::uint32_t wait_for_worker(std::uint32_t slot, bool continuation);
  void grant(InstanceState& instance, Frame& frame);
  void release_worker(std::uint32_t slot);
  void release_worker_late(std::uint32_t slot);  // the same, not inlined
  std::uint32_t end_operation(std::uint32_t slot);
  bool error_happens(std::uint32_t slot, const OperationTable& op);
  std::uint32_t finish_server(std::uint32_t slot, Outcome outcome);
  std::uint32_t reply(std::uint32_t slot, Outcome outcome);
  std::uint32_t reply_late(std::uint32_t slot, Outcome outcome);  // the same, not inlined
  std::uint32_t deliver(std::uint32_t slot, Outcome outcome);
  std::uint32_t travelled_back(std::uint32_t slot, std::uint32_t edge, Outcome outcome);
  std::uint32_t fail_frame(std::uint32_t slot, Outcome outcome);
  bool fork(std::uint32_t slot, const Step16& step);
  void begin_branch(std::uint32_t slot, std::uint32_t child, bool first);
  void end_branch(std::uint32_t slot, std::uint32_t child);
  std::uint32_t branch_ended(std::uint32_t slot, Outcome outcome);
  bool limit_attempt(std::uint32_t slot, const Step16& step);  // limits.cpp
  std::uint32_t limit_over(std::uint32_t slot);
  void end_request(std::uint32_t cls, std::int64_t start, Outcome outcome);
  void tell_of_request(std::uint32_t cls, std::int64_t took, Outcome outcome);  // recording.cpp
  std::uint32_t client_arrival(std::uint32_t workload);
  std::int64_t next_arrival(std::uint32_t workload);
  std::int64_t next_arrival_here(std::uint32_t workload);  // the same, inlined
  std::uint32_t launch(std::uint32_t cls);
  void start_request(std::uint32_t cls);

  std::uint32_t allocate_frame() {
    const std::uint32_t slot = frames_.allocate();
    if (with_more_) {
      if (with_calls_ && slot >= calls_.size()) {
        calls_.append();
        if (messaging_) messaging_->append();
        if (caching_) caching_->append();
        if (wires_) wires_->append();
      }
      if (tracing_) trace_allocated(slot);
    }
    return slot;
  }
  [[gnu::always_inline]] void release_frame(std::uint32_t slot) {
    if (with_lines_) [[unlikely]]
      release_lines(slot);
    frames_.release(slot);
  }
  [[gnu::noinline]] void release_lines(std::uint32_t slot) {
    if (messaging_) messaging_->release(slot);
    if (caching_) caching_->release(slot);
    if (wires_) wires_->release(slot);
    if (tracing_) trace_released(slot);
  }
  // Something changes what the frame waits for, which neither runs nor is the event's own.
  void trace_touch(std::uint32_t slot) {
    if (tracing_) trace_touched(slot);
  }
  void set_tracing(bool on);  // tracing.cpp
  void trace_launched(std::uint32_t slot, std::uint32_t cls);
  void trace_allocated(std::uint32_t slot);
  void trace_released(std::uint32_t slot);
  void trace_touched(std::uint32_t slot);

  // --- calls with policies, calls.cpp, attempts.cpp
  CallFacts facts_of(std::uint32_t slot) const;
  std::uint32_t caller_index(std::uint32_t slot, const GuardTable& g) const;
  std::uint32_t admission_state(std::uint32_t slot, const GuardTable& g, std::uint32_t stage,
                                std::uint32_t instance) const;
  RetryBudget& budget_of(std::uint32_t slot, const GuardTable& g, std::uint32_t first);
  std::int64_t call_deadline(std::uint32_t slot, const GuardTable& g) const;
  std::int64_t deadline_sent(std::uint32_t slot, const GuardTable& g) const;
  void arm_own(std::int64_t when, sim::Phase phase, TimerPurpose purpose, std::uint32_t slot);
  void begin_request(std::uint32_t slot, const ClassTable& cls);
  void begin_root(std::uint32_t slot, std::uint64_t key);
  std::uint32_t root_frame(std::uint32_t instance, std::uint32_t pc, std::uint64_t key,
                           std::uint8_t priority = 0, std::uint8_t depth = 0);
  std::uint32_t begin_guarded_call(std::uint32_t slot, std::uint32_t edge);
  std::uint32_t begin_simple_call(std::uint32_t slot, std::uint32_t edge_id, const EdgeTable& edge,
                                  const GuardTable& g);
  std::uint32_t begin_try(std::uint32_t slot, std::uint32_t edge);
  std::uint32_t pursue(std::uint32_t slot, std::uint32_t edge, bool from_line);
  std::uint32_t pursue_after_pause(std::uint32_t slot, std::uint32_t edge);
  std::uint32_t choose_instance(std::uint32_t slot, const EdgeTable& edge, const GuardTable& g);
  std::uint32_t choose_by_balancer(std::uint32_t slot, const EdgeTable& edge, const GuardTable& g);
  std::uint32_t choose_instance_late(std::uint32_t slot, const EdgeTable& edge, const GuardTable& g);
  std::uint32_t send(std::uint32_t slot, std::uint32_t edge);
  std::uint32_t hedge(std::uint32_t slot, std::uint32_t edge);
  void give_back(std::uint32_t slot, const GuardTable& g, std::uint32_t from, std::uint32_t to,
                 std::uint32_t instance, const CallFacts& facts);
  void give_back_call(std::uint32_t slot, const GuardTable& g, Outcome outcome);
  void wake_line(std::uint32_t state);
  void drain_line(std::uint32_t state);
  void leave_line(std::uint32_t slot, std::uint32_t state);
  std::uint32_t refused(std::uint32_t slot, std::uint32_t edge, Outcome reason);
  void unlink(std::uint32_t slot, std::uint32_t child);
  std::uint32_t answered(std::uint32_t child, Outcome outcome);
  void tell(std::uint32_t slot, std::uint32_t edge, std::uint32_t instance, Outcome outcome,
            std::int64_t took, std::uint32_t number, std::uint8_t flags);
  std::uint32_t attempt_over(std::uint32_t slot, std::uint32_t edge, std::uint32_t instance, Outcome outcome,
                             std::int64_t took, std::uint32_t number, std::uint8_t flags,
                             bool pushed_back = false);
  std::uint32_t attempt_failed(std::uint32_t slot, std::uint32_t edge, Outcome outcome,
                               bool pushed_back = false);
  std::uint32_t attempt_timed_out(std::uint32_t child);
  std::uint32_t call_timed_out(std::uint32_t slot, std::uint32_t edge, Outcome reason);
  void leave_pause(std::uint32_t slot, const GuardTable& g, Outcome reason);
  void drop_call(std::uint32_t slot, std::uint32_t edge, Outcome reason);
  void leave_all(std::uint32_t slot, std::uint32_t edge, Outcome reason);
  void leave(std::uint32_t child);
  std::uint32_t end_call(std::uint32_t slot, std::uint32_t edge, Outcome outcome);
  std::uint32_t finish_call(std::uint32_t slot, std::uint32_t edge, Outcome outcome);

  // --- transports, wires.cpp
  [[gnu::noinline]] bool begin_wire_work(std::uint32_t slot, const Step16& step);
  double payload(std::uint32_t draw);
  std::int64_t send_over_wire(std::uint32_t slot, std::uint32_t child, std::uint32_t edge_id);
  std::int64_t answer_over_wire(std::uint32_t slot);
  bool aim(std::uint32_t slot, std::uint32_t edge_id, Connections& connections);
  void connection_opened(std::uint32_t slot, const Connections& connections);  // sidecars.cpp
  void sidecar_event(std::uint32_t pod, bool back);

  // --- the server's side, doors.cpp
  std::uint32_t arrive_guarded(std::uint32_t slot);
  std::uint32_t let_in(std::uint32_t slot);
  std::uint32_t arrive_late(std::uint32_t slot);  // the same, not inlined
  std::uint32_t arrive_after_delay(std::uint32_t slot);
  CallFacts door_facts(std::uint32_t slot) const;
  AdmissionPolicy& at_door(std::uint32_t slot, const DoorTable& door, std::uint32_t stage);
  std::uint32_t knock(std::uint32_t slot);
  std::uint32_t turn_away(std::uint32_t slot, Outcome reason);
  void tell_served(std::uint32_t slot, std::int64_t waited);
  void close_door(std::uint32_t slot, Outcome outcome);
  std::uint32_t reply_guarded(std::uint32_t slot, Outcome outcome);
  void tell_level(std::uint32_t slot, Outcome outcome);
  void learn_level(std::uint32_t slot, std::uint32_t child);
  void serve_next(InstanceState& instance);
  void take_out(std::uint32_t slot, InstanceState& instance);
  void give_up_waiting(std::uint32_t slot);
  QueuePolicy* queue_policy_of(const InstanceState& instance);

  // --- health checks, probes.cpp
  void start_probes();
  std::uint32_t probe(std::uint32_t instance);
  void probe_ended(std::uint32_t slot, bool good);
  void heard_of(std::uint32_t instance, bool good);

  // --- callers who leave, cancel.cpp
  void send_cancel(std::uint32_t child, const EdgeTable& edge);
  std::uint32_t hear_cancel(std::uint32_t slot);
  void leave_branches(std::uint32_t slot);
  std::uint32_t cut(std::uint32_t slot, bool special);
  std::uint32_t stop_serving(std::uint32_t slot);
  void end_serving(std::uint32_t slot);
  std::uint32_t bury(std::uint32_t slot);
  std::int64_t left_at(std::uint32_t slot) const;
  [[gnu::noinline]] void note_waste(std::uint32_t slot);
  [[gnu::noinline]] void note_unheard(std::uint32_t slot);

  // --- faults.cpp
  void start_faults();
  void fault_event(std::uint32_t process, std::uint32_t step);
  void choose_fault_targets(std::uint32_t process);
  void begin_fault(std::uint32_t process);
  void end_fault(std::uint32_t process);
  void look_at_condition(std::uint32_t process);
  bool crew_comes(std::uint32_t process);
  bool nobody_there(std::uint32_t process, std::uint32_t target) const;
  void crew_leaves(std::uint32_t process);
  void apply_fault(std::uint32_t process, bool begins);
  void find_fault_instances(std::uint32_t process);
  template <class Each>
  void each_instance(std::uint32_t process, Each each);
  InstanceFaults& faults_of(std::uint32_t instance) {
    const StationTable& station = station_tables_[instances_[instance].station];
    return fault_.instances[station.first_fault + (instance - station.first_instance)];
  }
  double strength(const ActiveEffect& active) const;
  double slowness_by_faults(std::uint32_t instance);
  bool fault_strikes(const ActiveEffect& active);
  double fault_time(const ActiveEffect& active);
  void blame(std::uint32_t process, bool delayed);
  bool pass_faults(std::uint32_t slot, bool served, std::uint32_t& next);
  std::uint32_t answer_in_place(std::uint32_t slot, Outcome outcome);
  std::uint32_t forget_lost(std::uint32_t slot);
  double link_ns_per_byte(const LinkTable& table) const;
  std::int64_t link_travel(const LinkTable& table);
  bool lost_by_fault(const LinkTable& table, std::uint32_t& process);
  void begin_spike(std::uint32_t spike, std::uint32_t process);  // spikes.cpp
  void end_spike(std::uint32_t spike);
  void schedule_spike(std::uint32_t spike);
  void spike_event(std::uint32_t spike, std::uint32_t epoch);
  void record_faults();
  // How far an instance's clock is ahead; `deadlines`: as far as they feel it. clocks.cpp
  std::int64_t ahead(std::uint32_t instance, bool deadlines = false) const {
    return clocks_ ? clock_ahead(instance, deadlines) : 0;
  }
  std::int64_t clock_ahead(std::uint32_t instance, bool deadlines) const;
  bool token_refused(std::uint32_t slot, std::uint32_t& next);

  // --- instances that die or stand still, crash.cpp
  void instance_down(std::uint32_t instance, std::uint32_t process);
  void instance_up(std::uint32_t instance);
  bool answers_probes(std::uint32_t instance) const;
  void kill_frames(std::uint32_t instance, std::uint32_t process);
  void answer_for_the_dead();
  bool stop_frame(std::uint32_t slot, const StationTable& station, std::uint32_t index);
  bool thawed(std::uint32_t slot);
  void lay_down(std::uint32_t slot, bool pending);
  std::uint32_t stand_in(std::uint32_t slot);
  void instance_stops(std::uint32_t instance);
  void instance_goes_on(std::uint32_t instance);
  void set_cpu_speed(std::uint32_t instance, double speed);
  [[gnu::noinline]] bool held_by_pause(std::uint32_t slot, bool worked, bool core);

  // --- instances that come and go, scaling.cpp
  void start_scaling();
  void scale_event(std::uint32_t target, std::uint32_t extra);
  const ScalingSettings& scaling_of(const StationTable& station) const {
    return *model_->topology->stations[model_->scaled[station.scaled].station].scaling;
  }
  Area busy_until_now(const StationTable& station, std::uint32_t instance) const;
  double cpu_until_now(const StationTable& station, std::uint32_t instance);
  void account_ready(ScaledStation& sc, std::uint32_t instance, bool into_sums);
  ScaleSample sample_of(ScaledStation& sc);
  double measured(const ScaledStation& sc, sim::Duration window) const;
  void take_sample(std::uint32_t scaled);
  void keep_appointment(std::uint32_t scaled, std::uint32_t number);
  void set_wanted(ScaledStation& sc, std::uint32_t wanted, ScaleReason reason, double value);
  void note_scaling(ScaledStation& sc, std::uint32_t from, std::uint32_t to, ScaleReason reason,
                    double value);
  void add_instance(ScaledStation& sc);
  void take_instance(ScaledStation& sc);
  void start_instance(ScaledStation& sc, std::uint32_t instance);
  void go_on_starting(ScaledStation& sc, std::uint32_t instance);
  void become_ready(ScaledStation& sc, std::uint32_t instance);
  void retire(ScaledStation& sc, std::uint32_t instance);
  void gone(ScaledStation& sc, std::uint32_t instance);
  void tell_present(std::uint32_t station, std::uint32_t index, bool present);
  void request_came(std::uint32_t slot, const EdgeTable& edge);
  void request_left(std::uint32_t slot, const EdgeTable& edge, Outcome outcome);
  void note_cold(const StationTable& station, bool waits);
  void someone_waits(const StationTable& station);
  void fell_idle(ScaledStation& sc, std::uint32_t instance);
  void idle_for_long(ScaledStation& sc, std::uint32_t instance);
  void before_statistics_begin();
  void statistics_have_begun();
  // deployments.cpp
  void start_deployments();
  void deployment_event(std::uint32_t id, std::uint32_t step);
  void go_on_deploying(ScaledStation& sc);
  bool deploy_one_more(ScaledStation& sc);
  void finish_deployment(ScaledStation& sc, bool rolled_back);
  void judge_canary(std::uint32_t id);
  bool version_fails(const StationTable& station, std::uint32_t instance);
  bool contract_broken(std::uint32_t slot);
  bool fits_what_runs(const Deployment& d) const;
  template <class Each>
  void each_version(std::uint32_t station, Each each) const;
  void count_egress(std::uint32_t slot, std::uint32_t edge, std::uint32_t instance);
  double version_slowness(const StationTable& station, std::uint32_t instance) const;
  double instances_over(std::size_t station, double seconds);
  void record_scaling();

  // --- a queue that all instances share, front.cpp
  std::uint32_t queue_place(const StationTable& station) const;
  bool serves(const StationTable& station, std::uint32_t index) const;
  std::uint32_t free_instance(const StationTable& station);
  void give_to(std::uint32_t slot, std::uint32_t instance, const StationTable& station);
  std::uint32_t enter_shared(std::uint32_t slot, const StationTable& station);
  void serve_shared(std::uint32_t station);

  // ahead.cpp
  void look_ahead(const sim::Event* events, std::size_t n);
  void fetch_for_clients();
  void fetch_for_frames();

  // --- queues and cores with special rules, queueing.cpp
  bool begin_special_work(std::uint32_t slot, double work_ns);
  void work_preemptibly(std::uint32_t slot, std::int64_t work_ns);
  bool interrupt_lower(std::uint32_t slot);
  void enqueue(std::uint32_t slot, InstanceState& instance, bool front);
  void leave_queue(std::uint32_t slot);
  void schedule_cpu(std::uint32_t cpu);
  void cpu_event(std::uint32_t cpu, std::int64_t time);
  void core_done(std::uint32_t slot);
  void pass_core(CoreQueue& cores);

  // --- network, timers, clients: travel.cpp, clients.cpp
  void transmit(std::uint32_t slot, std::uint32_t link, Kind arrival);
  void transmit_again(std::uint32_t slot, Kind arrival);
  void lossy_round(std::uint32_t slot, std::uint32_t link, Kind arrival, std::int64_t sent);
  std::int64_t lost_packets(const LinkTable& table, std::int64_t packets, std::uint32_t& process);
  void give_up_sending(std::uint32_t slot, const LinkTable& table, Kind arrival, std::int64_t sent);
  // Windows and shared links: flows.cpp
  void begin_round(std::uint32_t slot, std::uint32_t link, Kind arrival);
  void round_sent(std::uint32_t slot, std::uint32_t link, Kind arrival, std::int64_t sent);
  std::int64_t round_trip(const EdgeTable& edge);
  void schedule_flow(std::uint32_t link);
  void flow_event(std::uint32_t link, std::int64_t time);
  void set_flow_speed(std::uint32_t link);
  void lane_event(std::uint32_t lane);
  void timer_fired(std::uint32_t slot, TimerPurpose purpose);
  void start_clients();
  void users_change(std::uint32_t workload);
  void bring_users(std::uint32_t workload, std::int64_t own);
  void next_users_change(std::uint32_t workload);
  void think(std::uint32_t workload, bool took_no_time = false);
  std::uint32_t pick_class(std::uint32_t workload);

  // --- observation, recording.cpp
  void start_policies();
  void reset_policies();
  void record_policies();
  void control(Control what);
  void reset_statistics();
  void close_window();
  void close_batch();
  void flush_samples();
  void record_recent(std::uint32_t series);
  void record_all_recent();
  void finish_record();
  std::int64_t crowded_ns(const Frame& f, const Step16& step) const;  // what those inside add to a sleep
  EdgeRecord edge_record(std::size_t edge) const;                     // since the end of the warm-up
  void window_stations(WindowRecord& window);
  void window_edges(WindowRecord& window);
  void window_times(WindowRecord& window);  // window_times.cpp
  // Per station: how long the frames that are queued (that hold a worker) have done so by now.
  void sum_inside(std::vector<Area>& queued, std::vector<Area>& held) const;
  std::size_t station_count() const { return model_->stations.size(); }
  void stop(RunStatus status, std::string message);
  [[gnu::cold, gnu::noinline]] void stalled();  // too many steps in one event
  void check_budgets();
  void check_memory();
  void count_statistics();
  std::string largest_queue() const;
  std::string deadlock() const;

  [[gnu::noinline]] void schedule(std::int64_t time, sim::Phase phase, Kind kind, std::uint32_t target,
                                  std::uint32_t extra = 0) {
    schedule_here(time, phase, kind, target, extra);
  }
  [[gnu::always_inline]] void schedule_here(std::int64_t time, sim::Phase phase, Kind kind,
                                            std::uint32_t target, std::uint32_t extra = 0) {
    calendar_.push({time, target, sim::event_tag(phase, static_cast<std::uint32_t>(kind), extra)});
  }
  // A timer of constant length for the frame.
  void arm(std::uint32_t lane_id, std::uint32_t slot, Frame& frame) {
    timers_.arm_lane(lane_id, now_, slot, frame, [this](std::int64_t time, std::uint32_t lane) {
      schedule(time, sim::Phase::expire, Kind::lane, lane);
    });
  }
  double sample(std::uint32_t draw) {
    LiveDraw& d = draws_[draw];
    const double value = d.next;
    d.prepare(draw_tables_[draw]);
    return value;
  }
  std::int64_t sample_ns(std::uint32_t draw) {
    LiveDraw& d = draws_[draw];
    const std::int64_t value = d.next_ns;
    d.prepare(draw_tables_[draw]);
    return value;
  }
  // An attempt has ended at its operation. A plain one's end is counted when its answer arrives (EdgeCounts).
  template <class Edge>  // EdgeTable or LiveEdge
  [[gnu::always_inline]] void count_end(const Edge& edge, Outcome outcome) {
    if (!edge.plain) ++operations_[edge.operation].ended[static_cast<std::size_t>(outcome)];
  }
  void wake(std::uint32_t slot) {
    if (woken_ == kNoId) {
      woken_ = slot;
    } else {
      ready_.push_back(slot);
    }
  }
  // A small model's histograms are near: straight into them. Those of a large one are far away: a value takes
  // two steps on its way there, and each asks for the next one's cache lines in time.
  [[gnu::always_inline]] void observe(std::uint32_t series, std::int64_t value) {
    if (record_at_once_) [[likely]] {
      series_[series].record(value);
      return;
    }
    __builtin_prefetch(&recent_[series], 1);
    samples_[sample_count_] = {value, series};
    if (++sample_count_ == samples_.size()) [[unlikely]]
      flush_samples();
  }
  static constexpr std::size_t kSampleBuffer = 512;
  // Of a whole request. Windows and batches read these while the run goes on.
  [[gnu::always_inline]] void observe_request(std::uint32_t series, std::int64_t value) {
    if (requests_at_once_) [[likely]] {
      series_[series].record(value);
    } else {
      observe(series, value);
    }
  }
  static constexpr std::size_t kFewSeries = 64;
  static constexpr std::uint64_t kCheckEvery = 4096;  // events between looks at budgets and signals
  static constexpr std::uint64_t kMaxEventsAtOneInstant = 1'000'000;
  static constexpr std::uint64_t kMaxStepsInOneEvent = 5'000'000;

  std::shared_ptr<const CompiledModel> model_;
  RunOptions options_;
  const Step16* steps_ = nullptr;
  const EdgeTable* edges_ = nullptr;
  const StationTable* station_tables_ = nullptr;
  const OperationTable* operation_tables_ = nullptr;
  const ClassTable* class_tables_ = nullptr;
  const WorkloadTable* workload_tables_ = nullptr;
  const Draw* draw_tables_ = nullptr;
  sim::LargeVector<LiveDraw> draws_;
  std::int64_t now_ = 0;
  std::uint64_t trajectory_ = 0;
  std::uint64_t steps_taken_ = 0;  // in this event, of the kinds that can go round
  sim::Calendar calendar_;
  Ahead ahead_;
  FrameSlab frames_;
  Timers timers_;
  bool with_calls_ = false;  // some calls carry policies: frames have a CallState
  sim::GrowingArray<CallState> calls_;
  std::unique_ptr<Messaging> messaging_;  // where the model has messages, effects, background work
  std::unique_ptr<Caching> caching_;      // where it has caches
  std::unique_ptr<Wires> wires_;          // where calls have a transport
  std::unique_ptr<Upkeep> upkeep_;        // where instances do something of their own accord
  std::unique_ptr<Tracer> tracer_;        // where requests are traced
  std::unique_ptr<Clocks> clocks_;        // where some clock can be wrong
  std::unique_ptr<Levels> levels_;        // where answers tell callers of their servers
  bool tracing_ = false;                  // some request that is traced is under way
  bool with_lines_ = false;               // some of these hear of each frame that ends
  bool requests_told_ = false;            // somebody wants to hear of each request that ends
  bool with_more_ = false;                // frames have lines beside them, or are traced from their beginning
  PolicyStates policies_;
  std::vector<AdmissionCounts> admission_counts_;
  std::vector<Health> health_;  // of the instances that are probed
  std::vector<GuardCounts> guard_counts_;
  std::vector<StationExtras> station_extras_;
  std::uint64_t orphans_ = 0;  // attempts and branches under way whose caller has left
  sim::LargeVector<sim::Stream> streams_;
  sim::LargeVector<InstanceState> instances_;
  sim::LargeVector<OperationRecord> operations_;
  sim::LargeVector<LiveEdge> live_edges_;
  std::vector<EdgeCounts> edge_counts_;
  std::vector<ClassRecord> classes_;
  std::vector<OrderedQueue> ordered_;
  std::vector<Cpu> cpus_;
  std::vector<double> cpu_busy_before_;
  std::vector<CoreQueue> cores_;
  std::vector<LinkState> links_;
  std::vector<Cpu> flows_;  // messages that share a link, as jobs that share a core
  sim::LargeVector<ClientState> clients_;
  FaultStates fault_;
  std::vector<InstanceLife> lives_;
  std::vector<ScaledStation> scaled_;
  std::vector<std::uint32_t> positions_;  // round robin
  // Frames to run before the next event, first woken first: one is the rule, `ready_` holds the others.
  std::uint32_t woken_ = kNoId;
  std::vector<std::uint32_t> ready_;
  std::size_t ready_next_ = 0;
  sim::Histogram* series_ = nullptr;  // record_.series
  bool record_at_once_ = false, requests_at_once_ = false, done_ = false;
  sim::LargeVector<RecentValues> recent_;  // by series; none where all are recorded at once
  std::array<Sample, kSampleBuffer> samples_;
  std::size_t sample_count_ = 0;
  std::int64_t watch_next_ = 0, last_checked_ns_ = -1, window_ns_ = 0, batch_ns_ = 0;
  std::uint64_t events_ = 0, events_at_instant_ = 0;
  std::vector<sim::Histogram> batch_before_;
  WindowState window_;                     // as of the last window's end
  std::vector<std::uint32_t> edge_class_;  // whose whole request the edge is; kNoId
  // Bytes of histograms and rows, as of the last count; counting takes as long as there are histograms.
  std::uint64_t statistics_bytes_ = 0, statistics_counted_ = 0;  // events_ then
  RunRecord record_;
};

}  // namespace tailrace::models
