#pragma once
// Instances that come and go. Of each: whether it is there, and how much is inside. Of each station that
// scales: how many there are, sums of what autoscalers ask for, and samples of these sums, so that a mean
// over any window is a difference of two of them and exact. Stations of a fixed size have none of this.
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "models/runtime/record.hpp"
#include "models/topology/scaling.hpp"

namespace tailrace::models {

struct InstanceLife {
  enum class State : std::uint8_t { absent, starting, ready, draining };
  State state = State::absent;
  std::uint32_t epoch = 0;   // of its events; those of an earlier one are stale
  std::uint32_t inside = 0;  // requests
  std::int64_t present_since = 0, present_ns = 0;
  std::int64_t idle_since = 0;
  std::uint32_t version = 0;  // 0: the first; n: of deployment n - 1
  bool hidden = false;        // ready, but callers have not been told
  Area busy_mark = 0;         // worker-nanoseconds (cpu: core-) when it became ready
  double cpu_mark = 0;
};

struct ScaleSample {
  std::int64_t at = 0;
  Area busy = 0, ready = 0, inside = 0, queued = 0;
  double cpu = 0;
  std::uint64_t arrived = 0;
  std::uint32_t queued_now = 0, inside_now = 0;
};

struct ScaledStation {
  std::uint32_t station = 0;
  std::uint32_t ready = 0, starting = 0, draining = 0, inside = 0;
  std::int64_t floor = 0;  // by the schedule
  std::unique_ptr<Autoscaler> autoscaler;
  std::int64_t step_ns = 0;  // between samples
  std::deque<ScaleSample> samples;
  // Sums until `since`, of the whole run.
  std::int64_t since = 0;
  Area ready_area = 0, present_area = 0, inside_area = 0;
  Area busy_area = 0;  // of instances while they were ready, up to the last change
  double cpu_area = 0;
  Area queue_carry = 0;  // of the queues, before statistics began anew
  std::uint64_t arrived = 0;
  // Where the record and its windows begin.
  Area present_mark = 0, window_mark = 0;
  // The deployment that is under way.
  std::uint32_t deployment = 0xffffffffu;                // none
  std::uint32_t version = 0;                             // of the instances before it
  std::uint32_t stage = 0;                               // of a canary: its step
  bool watching = false;                                 // the step's instances are ready
  bool back = false;                                     // it is being rolled back
  bool deploying = false;                                // a change is being made
  std::uint64_t requests_before = 0, failed_before = 0;  // at new instances, before the stage
  ScalingRecord record;

  std::uint32_t current() const { return ready + starting; }
  void settle(std::int64_t now) {
    const Area passed = now - since;
    ready_area += ready * passed;
    present_area += (ready + starting + draining) * passed;
    inside_area += inside * passed;
    since = now;
  }
};

}  // namespace tailrace::models
