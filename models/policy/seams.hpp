#pragma once
// The seams of a call: the questions that a call, or the server that it reaches, asks of its policies. A
// policy is a small state machine. It is told what happened and when, answers with a value, and the call acts
// on the answer; it never sees the engine, so every policy is tested with a hand-driven clock.
//
//   admission  may this start now?                          admit | reject{reason} | delay{for} | wait
//   selection  which instance?                              an index, or none
//   reaction   what follows this outcome?                   retry after a pause, if there is budget | give up
//   timing     how long do we wait, for one or for all?     a Duration
//   queueing   who is next, and is it worth serving?        head | newest; serve | drop
//
// A policy's *model* is what the scenario says: immutable, shared by all replications. model.start() makes
// the state of one holder (a caller's instance towards one target, an instance of a service, ...). Memory is
// taken in start(); the other functions allocate only where they meet a key for the first time.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/topology/outcome.hpp"
#include "sim/base/time.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::models {

inline constexpr std::uint32_t kNoInstance = 0xffffffffu;

// What a policy may know. Which fields mean something depends on who asks; the others keep their defaults.
struct CallFacts {
  sim::Instant now;
  std::uint32_t attempt = 1;           // of the call, from 1
  Outcome outcome = Outcome::success;  // when something has ended
  sim::Duration took;                  // ended: since it started, as the holder sees it
  sim::Duration waited;                // in the queue of the server (served, queueing)
  std::uint64_t key = 0;               // of the request: its client, session or shard
  std::uint8_t priority = 0;           // higher is more important
  std::uint32_t waiting = 0;           // in this policy's line (admission) or in the queue (queueing)
  bool from_line = false;              // admission: the one asking has waited in line and is first
  bool began = true;                   // ended: false where it left in the delay that the policy asked for
  sim::Instant deadline{INT64_MAX};    // of the request
};

// States with names, such as open and closed, and how long each lasted. The run reads it.
struct StatusChange {
  sim::Instant at;
  std::uint8_t from = 0, to = 0;
};
class StatusLog {
 public:
  static constexpr std::size_t kMostKept = 1000;  // changes per holder; all are counted
  std::uint8_t status() const { return status_; }
  void start(std::uint8_t status) { status_ = status; }
  void change(std::uint8_t to, sim::Instant at);
  // Statistics begin here: the end of the warm-up.
  void reset(sim::Instant now);
  void set(std::uint8_t status, sim::Instant at) {
    if (status != status_) change(status, at);
  }
  std::uint64_t changes() const { return count_; }
  std::uint64_t trips() const { return trips_; }  // changes away from the first status, number 0
  const std::vector<StatusChange>& kept() const { return kept_; }
  // Nanoseconds in each status from the last reset until `now`.
  std::vector<std::int64_t> durations(sim::Instant now) const;

 private:
  std::uint8_t status_ = 0;
  sim::Instant since_;
  std::uint64_t count_ = 0, trips_ = 0;
  std::vector<std::int64_t> spent_;
  std::vector<StatusChange> kept_;
};

// --- admission

struct Admission {
  enum class Kind : std::uint8_t {
    admit,
    reject,
    delay,  // admitted, but it starts after `time` (a place has been reserved)
    wait    // in line, until the policy admits it or `time` has passed; then it is refused with `reason`
  };
  Kind kind = Kind::admit;
  Outcome reason = Outcome::rejected;
  sim::Duration time{INT64_MAX};
  std::int64_t round_trips = 0;  // delay: so many to the target and back on top of `time`

  static Admission yes() { return {}; }
  static Admission no(Outcome reason) { return {Kind::reject, reason, {}, 0}; }
  static Admission later(sim::Duration pause) { return {Kind::delay, Outcome::success, pause, 0}; }
  static Admission later(sim::Duration pause, std::int64_t round_trips) {
    return {Kind::delay, Outcome::success, pause, round_trips};
  }
  static Admission in_line(sim::Duration at_most, Outcome reason) { return {Kind::wait, reason, at_most, 0}; }
};

class AdmissionPolicy {
 public:
  virtual ~AdmissionPolicy() = default;
  virtual Admission admit(const CallFacts&, sim::Stream&) = 0;
  // As long as this is set, admit() would say yes and change nothing, so it need not be asked.
  bool quiet() const { return quiet_; }
  // The delay that the last answer asked for ends then: told where it had round trips in it.
  virtual void starts_at(sim::Instant) {}
  // What was admitted (or delayed) has ended, whatever the outcome; also when a policy inside refused it:
  // then the outcome is that refusal. After it, whoever is first in line asks again.
  virtual void ended(const CallFacts&) {}
  // At a server: an admitted request leaves the queue for a worker after `waited`.
  virtual void served(const CallFacts&) {}
  // Changes that were due at a time of their own are made, up to `now`; admit() and ended() do it themselves.
  virtual void settle(sim::Instant) {}
  virtual const StatusLog* log() const { return nullptr; }
  virtual StatusLog* log() { return nullptr; }
  // A number worth watching, such as the concurrency limit; NaN where there is none.
  virtual double gauge() const;

 protected:
  bool quiet_ = false;
};

class AdmissionModel {
 public:
  virtual ~AdmissionModel() = default;
  virtual std::unique_ptr<AdmissionPolicy> start() const = 0;
  // Names of the statuses in its log, by number; empty without a log.
  virtual std::vector<std::string> statuses() const { return {}; }
  virtual std::string gauge_name() const { return {}; }
};

// Who shares one state. A policy that is written once for several call sites (defaults, outbound) has one
// state per target service, or per target instance; one that is written at a call is that call's own.
enum class Scope : std::uint8_t { service, instance, call };

// One admission policy at its place: on a call, or at the door of a service.
struct AdmissionUse {
  std::string policy;  // its name in the catalog
  std::shared_ptr<const AdmissionModel> model;
  Scope scope = Scope::service;
  bool shared = false;           // one state for all instances of the caller (of the service, at a door)
  bool per_attempt = true;       // asked for each attempt; otherwise once per call, outside the retries
  const void* origin = nullptr;  // the spec it came from: equal where it was written once
};

// --- reaction: is there budget for another attempt?

class RetryBudget {
 public:
  virtual ~RetryBudget() = default;
  virtual void call_started(const CallFacts&) {}
  virtual void attempt_ended(const CallFacts&) {}  // also of retries and hedges
  virtual bool take(const CallFacts&) = 0;         // one more attempt, beyond the first?
  virtual void extra_ended(const CallFacts&) {}    // an attempt that take() allowed has ended
  virtual void call_ended(const CallFacts&) {}
};
class RetryBudgetModel {
 public:
  virtual ~RetryBudgetModel() = default;
  virtual std::unique_ptr<RetryBudget> start() const = 0;
};

// --- timing: when to ask a second instance

class HedgePolicy {
 public:
  virtual ~HedgePolicy() = default;
  virtual sim::Duration delay(
      const CallFacts&) = 0;                   // from the last attempt until the next is sent beside it
  virtual void succeeded(const CallFacts&) {}  // an attempt succeeded; `took` is its latency
};
class HedgePolicyModel {
 public:
  virtual ~HedgePolicyModel() = default;
  virtual std::unique_ptr<HedgePolicy> start() const = 0;
};

// --- selection

// The instances of a target as one caller sees them. Where callers need no memory (random, round robin, least
// request and weighted over instances that are always there) the run chooses without one.
class Balancer {
 public:
  virtual ~Balancer() = default;
  // Never one of `tried` (what attempts of this call have gone to; at most 8) if there is another.
  virtual std::uint32_t select(const CallFacts&, const std::uint32_t* tried, std::size_t tried_count,
                               sim::Stream&) = 0;
  virtual void sent(std::uint32_t instance, const CallFacts&) = 0;
  virtual void ended(std::uint32_t instance, const CallFacts&) = 0;  // of every attempt that was sent
  // Catches up with what time alone has changed (instances that return).
  virtual void advance(sim::Instant) {}
  // What an active health check found; a change of the instance's state.
  virtual void set_healthy(std::uint32_t instance, bool healthy, sim::Instant now) = 0;
  // An instance has come or gone, where their number changes.
  virtual void set_present(std::uint32_t, bool, sim::Instant) {}
  // Ejections and returns, per instance; null without outlier detection. Statuses: in, ejected.
  virtual const StatusLog* log(std::uint32_t instance) const = 0;
  virtual StatusLog* log(std::uint32_t instance) = 0;
};
class BalancerModel {
 public:
  virtual ~BalancerModel() = default;
  // For one caller: its instance number and zone (-1: none), the number of its instances.
  struct Caller {
    std::uint32_t instance = 0, instances = 1;
    int zone = -1;
  };
  virtual std::unique_ptr<Balancer> start(const Caller&, sim::Stream&) const = 0;
};

// --- queueing

class QueuePolicy {
 public:
  virtual ~QueuePolicy() = default;
  // A worker is free and the queue is not empty: is the newest served first?
  virtual bool newest_first(const CallFacts&) { return false; }
  // The one that would be served has waited `waited`; `waiting` others are behind it. False: it is dropped
  // (Outcome::shed) and the next is looked at.
  virtual bool serve(const CallFacts&) { return true; }
  // A request found a free worker, or the queue ran empty.
  virtual void emptied(const CallFacts&) {}
  virtual const StatusLog* log() const { return nullptr; }
  virtual StatusLog* log() { return nullptr; }
};
class QueuePolicyModel {
 public:
  virtual ~QueuePolicyModel() = default;
  virtual std::unique_ptr<QueuePolicy> start() const = 0;
  virtual std::string name() const = 0;                   // in the catalog
  virtual std::vector<std::string> statuses() const = 0;  // of its log, by number
};

}  // namespace tailrace::models
