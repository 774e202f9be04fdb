#pragma once
// What a server's answers carry about the server itself, and who among its callers listens. Small interfaces
// beside the seams: an admission policy at a door that has something to tell implements one, an admission
// policy at a call that wants to hear it the other. What is told is what held when the answer set out;
// answers of the dead, and those that came about before the door, carry nothing.
#include "sim/base/time.hpp"

namespace tailrace::models {

// The last of the compound levels of priority shedding that is admitted; -1: none.
class TellsLevel {
 public:
  virtual ~TellsLevel() = default;
  virtual int level(sim::Instant now) = 0;
};
class LearnsLevel {
 public:
  virtual ~LearnsLevel() = default;
  virtual void learn(int level, sim::Instant now) = 0;
};

// Of a model: its states are LearnsLevel. Runs without one carry nothing.
class Listens {
 public:
  virtual ~Listens() = default;
};

}  // namespace tailrace::models
