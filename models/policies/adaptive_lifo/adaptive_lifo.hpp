#pragma once
// Queueing seam: newest first while the queue is overloaded, first come first served otherwise (Maurer, "Fail
// at Scale", 2015). Under overload those who came first have mostly stopped waiting, and serving them is work
// for nobody.
//
// The queue counts as overloaded while it has not been empty for `interval`, or while more than
// `queue_length` requests wait. Written beside codel {variant: controlled_delay}, as its authors did, both
// rule the queue: what has expired at its old end is then dropped before the newest is served, so that a
// burst leaves no sediment. With codel {variant: codel} it is refused: CoDel would see the waiting times of
// the newest only. On its own it drops nothing; give the queue a timeout. What it needs to be told:
// newest_first() with `waited` of the oldest, and again after each drop. Cost: a few words per queue,
// constant time.
#include <memory>

#include "models/field/field.hpp"
#include "models/policies/codel/codel.hpp"
#include "models/policy/policy.hpp"
#include "models/policy/seams.hpp"

namespace tailrace::models {

struct AdaptiveLifoSpec {
  sim::Duration interval{100'000'000};
  Limit queue_length;
};

class AdaptiveLifoModel : public QueuePolicyModel {
 public:
  // `dropping` may be null.
  AdaptiveLifoModel(const AdaptiveLifoSpec& spec, std::shared_ptr<const CodelModel> dropping)
      : spec_(spec), dropping_(std::move(dropping)) {}
  std::unique_ptr<QueuePolicy> start() const override;
  std::string name() const override { return "adaptive_lifo"; }
  std::vector<std::string> statuses() const override { return {"oldest_first", "newest_first"}; }

 private:
  AdaptiveLifoSpec spec_;
  std::shared_ptr<const CodelModel> dropping_;
};

PolicyInfo adaptive_lifo_policy();

}  // namespace tailrace::models
