#pragma once
// The cascades of all replications as one: who is hit in how many of them, at what median time, mostly
// because of whom; the verdict that most replications have (the worse of two that are equally frequent);
// recovery and loss with their intervals; and the story in words.
#include <array>
#include <string>
#include <vector>

#include "analysis/cascade/cascade.hpp"
#include "analysis/stats/interval.hpp"

namespace tailrace::analysis {

inline constexpr int kVerdicts = 6;

struct CascadeHitReport {
  std::string component, kind;
  Symptom symptom = Symptom::slow;
  bool waits = false;                                    // none of its requests failed (Hit::waits)
  int replications = 0;                                  // in which it was hit
  int over = 0;                                          // and well again at the end
  double onset_s = 0, end_s = 0, normal = 0, worst = 0;  // medians over these; end_s of those that are over
  Mechanism mechanism = Mechanism::unexplained;          // the most frequent
  std::string cause;                                     // a component, a fault, a deployment, or nothing
  bool root = false;                                     // no other component is its cause
};

struct AmplificationReport {
  std::string from, to, path;
  int replications = 0;
  double before = 1, most = 1;          // attempts per call; medians
  bool retries = true, hedges = false;  // what may have made them
};

struct CascadeReport {
  Verdict verdict = Verdict::unknown;
  std::string reason;  // of the verdict, where it needs one
  int replications = 0;
  std::array<int, kVerdicts> verdicts{};  // replications by Verdict
  Interval recovery;                      // seconds, of those that recovered
  Interval detection;                     // seconds from the first trigger, of those where something was seen
  Interval lost;                          // share of the requests that were due since the first trigger
  Interval goodput_before, goodput_after;
  bool calls_watched = true;               // false: too many calls for causes to be sought among them
  int components_hit = 0, components = 0;  // hit in most replications; workloads are not counted
  std::vector<CascadeHitReport> hits;      // by onset
  std::vector<AmplificationReport> amplified;
  // Of the first replication with this verdict that began as most of these did; none where most had none.
  std::vector<Trigger> triggers;
  int triggered = 0, began_so = 0;  // replications with a trigger; that had the same one first
  double trigger_s = 0;             // when that came: the median
  bool same_start = true;           // ... which was the same in all of `triggered`
  std::string story;  // in words (analysis/report/cascade_story.hpp); empty when nothing happened

  bool happened() const { return verdict > Verdict::steady; }
};

// The fault's, the deployment's, or "load".
std::string trigger_name(const models::Topology& topology, const Trigger& trigger);

// Of one cascade per replication.
CascadeReport cascade_report(const models::Topology& topology, const std::vector<Cascade>& cascades);

CascadeReport cascade_report(const models::CompiledModel& model,
                             const std::vector<models::RunRecord>& records);
}  // namespace tailrace::analysis
