#pragma once
// Looking at a run while it goes: a watcher is called between events, at times that it asks for, and reads
// what there is through a Peek. It can change nothing: it draws no random number, schedules nothing, and a
// watched run has the fingerprints of one that nobody watches. Runs without a watcher go through a loop that
// knows of none. The one exception is asked for by name: a watcher may have all random numbers from here on
// keyed anew (renewal), which makes the run another one that has come to the same state. Splitting a
// trajectory needs no more than that (scenarios/rare).
//
// At a time t the watcher sees all that happened before t and nothing of t itself.
#include <cstdint>
#include <vector>

#include "models/compile/compiled_model.hpp"
#include "models/runtime/record.hpp"

namespace tailrace::models {

class Execution;
struct RunSettings;

// How long the windows of a record are: run.time_resolution, or the share of the run that is taken without.
std::int64_t window_length_ns(const RunSettings& settings);

// Sums since statistics began (the start of the run, or the end of the warm-up).
struct StationPeek {
  double busy_s = 0;    // worker-seconds
  double queue_s = 0;   // request-seconds in the queue
  double ready_s = -1;  // instance-seconds, of the whole run; -1: as many as there are, always
  std::uint64_t served = 0, rejected = 0;
  std::uint64_t in_queue = 0, in_service = 0;  // now
  std::uint32_t ready = 0;                     // instances that are there now
  std::uint32_t stopped = 0;                   // of these, down or standing still by faults
};

struct InstancePeek {
  std::uint32_t station = 0, index = 0;
  std::uint32_t queued = 0, busy = 0;
  bool down = false, paused = false;
  bool scaled = false, starting = false, ready = true, draining = false;  // scaled: the others mean something
};

// An attempt of a call that is under way and that somebody waits for, by the frame that it is in.
struct AttemptPeek {
  std::uint32_t slot = 0, edge = 0;
  std::uint32_t parent = 0, parent_ticket = 0;  // the frame that waits for it
  std::uint32_t instance = 0;
  std::int64_t start_ns = 0;  // sent; once it has arrived over a network: when
  bool direct = false;        // it is a whole request; parent is its class
  bool queued = false, holding = false;
  bool retry = false;
};

struct SeriesPeek {
  double sum_s = 0;
  std::uint64_t count = 0;
};

class Peek {
 public:
  Peek(const Execution& execution, std::int64_t now_ns, std::int64_t upcoming_ns)
      : e_(execution), now_(now_ns), upcoming_(upcoming_ns) {}

  std::int64_t now_ns() const { return now_; }
  std::int64_t upcoming_ns() const { return upcoming_; }  // of the next event: nothing happens until then
  std::int64_t statistics_since_ns() const;
  std::uint64_t trajectory() const;  // of all events so far
  StationPeek station(std::uint32_t station) const;
  EdgeRecord edge(std::size_t edge) const;
  ClassRecord request_class(std::size_t cls) const;
  // Exact for classes of requests; the last few values of other series may be missing here and not in sum().
  const sim::Histogram& series(std::uint32_t series) const;
  // By series, those that are on their way to a histogram included. Cost: as many as there are series.
  void sums(std::vector<SeriesPeek>& out) const;
  std::uint64_t depth(std::uint32_t group) const;  // lag of a consumer group
  // Of one instance, in a few reads. `queued` of the place behind a station's last instance is its shared
  // queue.
  std::uint32_t queued(std::uint32_t instance) const;
  std::uint32_t busy(std::uint32_t instance) const;  // requests that hold a worker
  bool down(std::uint32_t instance) const;
  // When the oldest request of the workload that is under way began, or -1: there is none. `hint` is for the
  // next question: it costs one read while that request lasts, and else as much as there are calls in flight.
  struct Oldest {
    std::uint32_t slot = kNoId;
    std::int64_t start_ns = -1;
  };
  std::int64_t oldest_request(std::uint32_t workload, Oldest& hint) const;
  std::uint8_t admission_status(std::uint32_t state) const;
  const std::vector<FaultActivation>& fault_activations() const;

  void instances(std::vector<InstancePeek>& out) const;
  void attempts(std::vector<AttemptPeek>& out) const;
  std::size_t slots() const;  // what attempts() looks through

 private:
  friend class Execution;
  static void renew(Execution& execution, std::uint64_t key);  // renew.cpp
  bool begins_request(std::uint32_t slot, std::uint32_t workload) const;

  const Execution& e_;
  std::int64_t now_, upcoming_;
};

class RunWatch {
 public:
  static constexpr std::int64_t kStop = -1;  // the run ends, as if interrupted
  virtual ~RunWatch() = default;
  // Called first at time 0. Returns when to look next; at most now: after the next event.
  virtual std::int64_t look(const Peek& peek) = 0;
  // Each request that succeeds, when it does: latencies by time without a difference of histograms at each
  // look.
  virtual void succeeded(std::uint32_t workload, std::int64_t took_ns) { (void)workload, (void)took_ns; }
  // Each request that ends, however it does.
  virtual void ended(std::uint32_t workload, std::int64_t took_ns) { (void)workload, (void)took_ns; }
  // Asked after each look. Not 0: all random streams are keyed by it from here on, as if by another seed.
  virtual std::uint64_t renewal() { return 0; }
};

}  // namespace tailrace::models
