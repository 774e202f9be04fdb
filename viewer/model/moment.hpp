#pragma once
// The exact state of a run at one moment, and single calls around it: what is drawn at low speed, and what
// the inspector shows of queues and pools. Found by running the same model again up to the moment (it is
// deterministic, so that is the same run) and looking on from there event by event. Bounded: at most
// kMostDots calls, which are then all those that began in a shorter time.
#include <cstdint>
#include <vector>

#include "models/topology/outcome.hpp"

namespace tailrace::viewer {

inline constexpr std::size_t kMostDots = 4000;

struct LiveInstance {
  int station = 0;  // of the topology
  int index = 0;
  std::int64_t queued = 0, busy = 0;
  std::int64_t workers = 0;   // models::kUnlimited
  std::int64_t capacity = 0;  // of the queue; models::kUnlimited
  enum class State : unsigned char { ready, starting, draining, absent, down, paused } state = State::ready;
};

// An attempt of a call on its way: sent, arrived at its server, began to be served there, ended. -1: not
// within the time that was looked at.
struct Dot {
  std::uint64_t id = 0;  // of the call; equal ids in neighbouring moments are the same call
  int edge = -1;         // of the scene
  std::int64_t sent_ns = 0;
  std::int64_t arrived_ns = -1;
  std::int64_t served_ns = -1;  // got a worker
  std::int64_t ended_ns = -1;
  bool retry = false;
  models::Outcome outcome = models::Outcome::success;  // when ended
};

struct Moment {
  std::uint64_t run = 0;           // SessionView::run that it belongs to
  double at_s = 0;                 // the state is of this time: what happened before it, and nothing after
  double from_s = 0, until_s = 0;  // dots are complete in [from_s, until_s]; at_s is within it
  std::vector<LiveInstance> instances;  // in the order of stations
  std::vector<Dot> dots;                // by sent_ns
  std::uint64_t trajectory = 0;         // fingerprint of all events before at_s
};

}  // namespace tailrace::viewer
