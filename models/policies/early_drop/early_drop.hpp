#pragma once
// Admission seam, at the door: random early drop. The longer the queue, the larger the share of newcomers
// that is turned away, so that a server in overload sheds a little of everything before its queue is full
// (random early detection, Floyd & Jacobson 1993, for requests). With the queue at q:
//
//   q < min_queue   all are admitted
//   q < max_queue   refused with probability max_probability x (q - min_queue) / (max_queue - min_queue)
//   otherwise       all are refused
//
// The queue is looked at as it is; RED's moving average, which lets short bursts of packets through, is left
// out. Refusals are Outcome::shed. No memory: one draw per request between the two lengths.
#include "models/policy/policy.hpp"

namespace tailrace::models {

struct EarlyDropSpec {
  Count min_queue = 10;
  Count max_queue = 100;
  Fraction max_probability{1};
};

class EarlyDrop final : public AdmissionPolicy {
 public:
  explicit EarlyDrop(const EarlyDropSpec& spec) : spec_(spec) {}
  Admission admit(const CallFacts&, sim::Stream&) override;

 private:
  EarlyDropSpec spec_;
};

PolicyInfo early_drop_policy();

}  // namespace tailrace::models
