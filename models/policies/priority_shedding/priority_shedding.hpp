#pragma once
// Admission seam, at a door: sheds the least important requests first, as many as it takes to keep the queue
// short. DAGOR (Zhou et al., "Overload Control for Scaling WeChat Microservices", SoCC 2018).
//
// Every request has a compound level: its business priority (`priority`, 255 the most important), and within
// it one of 128 user levels, a hash of its key that changes every user_rotation, so that a user is lucky or
// unlucky as a whole, and not for ever. A request without a key draws its level. A cursor through the levels
// is the admission level: what is above it is shed.
//
//   after each window (1 s, or 2000 requests if they come sooner), with N arrivals, A of them admitted:
//     mean queueing time over the threshold:  the cursor falls until at most (1 - alpha) A of them pass
//     otherwise:                              it rises until at least A + beta N of them would
//
// Growth is a share of the arrivals, so a server that shed everything recovers. A window in which requests
// were admitted and none left the queue says nothing about queueing, and changes nothing. Levels in which
// nobody arrived are passed over; the level of the last window's least important user is dropped as a whole.
// Cost: constant per request; 2 KB per holder and 0.5 KB per business priority seen; a walk over their levels
// per window.
// Callers that learn the level from the answers shed by it before they send (cooperative_shedding). A server
// that is asked for its level does not see what they hold back, and would take its absence for room: it rises
// by what it remembers of each level from when that was last open.
#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "models/field/field.hpp"
#include "models/policy/piggyback.hpp"
#include "models/policy/policy.hpp"
#include "models/policy/seams.hpp"

namespace tailrace::models {

struct PrioritySheddingSpec {
  sim::Duration queuing_threshold{20'000'000};
  sim::Duration window{1'000'000'000};
  Count window_requests = 2000;
  Fraction alpha{0.05};
  Fraction beta{0.01};
  sim::Duration user_rotation{3'600'000'000'000};
  bool shared = false;
};

// The arrivals of a window by compound level. Level 0 is the most important; priority p has the levels from
// 128 (255 - p) on.
class LevelHistogram {
 public:
  static constexpr int kUserLevels = 128;
  static constexpr int kLevels = 256 * kUserLevels;

  void count(int level);
  void clear();
  // Given that `admitted` arrived in the levels 0..cursor: the cursor lowered until no more than `wanted`
  // did, or raised until at least `wanted` did (the last level if there are not as many).
  int fall(int cursor, double admitted, double wanted) const;
  int rise(int cursor, double admitted, double wanted) const;
  std::uint64_t up_to(int cursor) const;
  // Takes over the levels 0..cursor of `now`; those above keep what they had, or have now if that is more.
  void remember(const LevelHistogram& now, int cursor);

 private:
  using Row = std::array<std::uint32_t, kUserLevels>;
  std::array<std::unique_ptr<Row>, 256> rows_;  // by 255 - priority
};

// Of a request's key, at a time.
int user_level(std::uint64_t key, sim::Instant now, sim::Duration rotation);
// Of a request, by its priority and its key; without a key, drawn.
int compound_level(const CallFacts& facts, sim::Duration rotation, sim::Stream& random);

class PrioritySheddingModel : public AdmissionModel {
 public:
  explicit PrioritySheddingModel(const PrioritySheddingSpec& spec) : spec_(spec) {}
  std::unique_ptr<AdmissionPolicy> start() const override;
  // Of the last window's arrivals, those that the level since then would admit.
  std::string gauge_name() const override { return "admitted_fraction"; }

 private:
  PrioritySheddingSpec spec_;
};

PolicyInfo priority_shedding_policy();

}  // namespace tailrace::models
