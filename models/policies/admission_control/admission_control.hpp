#pragma once
// Admission seam: refuses at random, more often the fewer requests succeed. Envoy's admission control filter,
// which is the client-side throttling of Google's SRE book with other parameters. Over a sliding window,
//
//   P(refuse) = min(max_rejection_probability, (max(0, n - ok / sr_threshold) / (n + 1))^(1 / aggression))
//
//   n   requests that ended in the window, as a success or with one of `failures`
//   ok  of these, the successes
//
// The SRE book's K is 1 / sr_threshold (its K = 2 is 50 %). One difference stays: Envoy does not count what
// it refuses itself, the book does (its `requests` are all that the application attempted). count_rejected:
// true is the book's form; with it, refusals feed further refusals, until requests succeed again.
//
// The window moves in buckets: a bucket begins with the first request that ends at least 1 s after the last
// bucket began, and leaves as a whole when it is as old as the window. Below rps_threshold (requests in the
// window per second of the oldest bucket's age, at least 1 s) nothing is refused.
// Cost: one bucket per second of the window (24 bytes) per holder; a pow() per refusable request if
// aggression is not 1. Left out: Envoy rounds the probability to four digits.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/field/field.hpp"
#include "models/policy/outcome_list.hpp"
#include "models/policy/seams.hpp"

namespace tailrace::models {

struct AdmissionControlSpec {
  sim::Duration sampling_window{30'000'000'000};
  Fraction sr_threshold{0.95};
  double aggression = 1;
  double rps_threshold = 0;
  Fraction max_rejection_probability{0.8};
  OutcomeList failures;
  bool count_rejected = false;
  Scope scope = Scope::service;
  bool shared = false;
};

struct AdmissionControlSettings {
  sim::Duration window{30'000'000'000};
  double threshold = 0.95;
  double aggression = 1;
  double least_rps = 0;
  double most = 0.8;
  std::uint32_t failures = 0;  // bit per Outcome
  bool count_rejected = false;
};

// The formula above, for what the window holds.
double rejection_probability(const AdmissionControlSettings& settings, std::uint64_t n, std::uint64_t ok);

class AdmissionControlModel : public AdmissionModel {
 public:
  explicit AdmissionControlModel(const AdmissionControlSettings& settings) : settings_(settings) {}
  std::unique_ptr<AdmissionPolicy> start() const override;
  std::string gauge_name() const override { return "rejection_probability"; }  // at the last request

 private:
  AdmissionControlSettings settings_;
};

PolicyInfo admission_control_policy();

}  // namespace tailrace::models
