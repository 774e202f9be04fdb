#pragma once
// Admission seam: resilience4j's semaphore bulkhead. So many calls at a time; one more waits in line for at
// most max_wait_duration (rejected at once when that is 0, otherwise refused with queue_timeout when it is
// over). The line is first come, first served, and has no limit of its own, as that of the semaphore. Left
// out: the thread-pool bulkhead (a service's workers and queue are one). Cost: a comparison per call.
#include "models/policy/policy.hpp"

namespace tailrace::models {

struct BulkheadSpec {
  Count max_concurrent_calls = 25;
  sim::Duration max_wait_duration{0};
  Scope scope = Scope::service;
  bool shared = false;
};

class Bulkhead final : public AdmissionPolicy {
 public:
  explicit Bulkhead(const BulkheadSpec& spec)
      : places_(spec.max_concurrent_calls), wait_(spec.max_wait_duration) {}
  Admission admit(const CallFacts&, sim::Stream&) override;
  void ended(const CallFacts&) override;
  double gauge() const override { return static_cast<double>(active_); }

 private:
  std::int64_t places_;
  sim::Duration wait_;
  std::int64_t active_ = 0;
};

class BulkheadModel final : public AdmissionModel {
 public:
  explicit BulkheadModel(const BulkheadSpec& spec) : spec_(spec) {}
  std::unique_ptr<AdmissionPolicy> start() const override { return std::make_unique<Bulkhead>(spec_); }
  std::string gauge_name() const override { return "concurrent_calls"; }

 private:
  BulkheadSpec spec_;
};

PolicyInfo bulkhead_policy();

}  // namespace tailrace::models
