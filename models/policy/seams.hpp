#pragma once
// The four seams of a call. A policy is a pure function over (its compiled table, its state, the call's
// facts, now, random); it answers with a value and the call acts on it, so every policy is tested with a
// hand-driven clock.
//
//   admission  may this call start now?            Admit | Reject{reason}
//   selection  which instance?                     an index
//   reaction   what follows this outcome?          RetryAfter{delay} | GiveUp
//   timing     when do we stop waiting?            a Duration per attempt and per call
#include <cstdint>

#include "models/topology/outcome.hpp"
#include "sim/base/time.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::models {

struct Admission {
  bool admitted = true;
  Outcome reason = Outcome::success;  // when refused
};

struct Reaction {
  bool retry = false;
  sim::Duration delay;
};

// What a policy may know about the call.
struct CallFacts {
  sim::Instant now;
  std::uint32_t edge = 0;
  std::uint32_t attempt = 1;  // the one that is about to start or has just ended, from 1
  Outcome outcome = Outcome::success;
};

// Admission policies of an edge are asked in order; each gets its own table and state.
struct AdmissionPolicy {
  Admission (*admit)(const void* table, void* state, const CallFacts&, sim::Stream&) = nullptr;
  void (*ended)(const void* table, void* state,
                const CallFacts&) = nullptr;  // learns the outcome; may be null
  const void* table = nullptr;
  std::uint32_t state = 0;  // index among the run's policy states
};

}  // namespace tailrace::models
