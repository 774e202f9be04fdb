#pragma once
// Who fell, in which order, because of what, and whether the system came back: for one replication, from its
// windows, the call graph and the faults.
//
// The baseline is what lies between the warm-up and the first trigger: a fault, a deployment that did
// something to its service, or more load than before (open workloads, a fifth more and six deviations;
// virtual users, half as many again). With no trigger, or where the first is a fault that waits for something
// to be so, it is the first quarter of the run. A component is hit from the first window in which one of its
// signals leaves its baseline (episodes.hpp). Its cause is the earliest hit neighbour for which there is
// evidence on the call between them, and chains end at a trigger; a hit that nothing explains says so. Times
// are as fine as the windows (run.time_resolution).
//
// Verdicts, by what users get (share of requests that succeed, against the baseline):
//   steady      no trigger, and nothing left its baseline
//   unaffected  a trigger came, and users never noticed
//   recovered   they did, and it is over
//   metastable  the trigger is gone, and less than 80 % of the goodput that is due by the load of then is
//               back, with neither it nor the queues on their way back; or virtual users wait for ever
//   unknown     too little came before the first trigger, or users were badly served already (under a half)
//   degraded    everything else that is not over: the trigger is still there, it is on its way back, too
//               little time is left to tell, or most of the goodput is back
#include <string>
#include <vector>

#include "analysis/cascade/signals.hpp"

namespace tailrace::analysis {

enum class Verdict : unsigned char { unknown, steady, unaffected, recovered, degraded, metastable };
const char* verdict_name(Verdict verdict);

enum class Mechanism : unsigned char {
  fault,         // hit directly
  deployment,    // its instances are replaced, or its new version is bad
  cache_misses,  // a cache that it uses lost what it had
  load,          // more requests than before
  retry_load,    // more attempts per call
  timeouts,      // its calls timed out
  refusals,      // its calls were refused
  errors,        // its calls failed
  held_workers,  // its workers wait for replies, and requests wait for workers
  slow_replies,  // its calls take longer
  unexplained
};
const char* mechanism_name(Mechanism mechanism);

struct Trigger {
  int fault = -1, deployment = -1;  // neither: load
  double start_s = 0, end_s = 0;
  bool over = false;
  std::vector<int> components;
  bool on(int component) const;
};

struct Hit {
  int component = 0;
  Symptom symptom = Symptom::slow;  // what was seen first
  double onset_s = 0, end_s = 0;    // the end of the run when it is not over
  bool over = false;
  double normal = 0, worst = 0;  // of the symptom
  bool waits = false;            // Symptom::failed, but none did: they were kept waiting
  Mechanism mechanism = Mechanism::unexplained;
  int cause = -1;    // component
  int trigger = -1;  // where the mechanism is fault, deployment, or load from outside
};

struct EdgeAmplification {
  int edge = 0;
  double before = 1, most = 1;  // attempts per call
};

struct Cascade {
  Verdict verdict = Verdict::unknown;
  std::string reason;             // why unknown, or degraded
  std::vector<Trigger> triggers;  // none where there was too little to tell
  std::vector<Hit> hits;          // by onset
  std::vector<EdgeAmplification> amplified;
  double user_onset_s = -1;  // when requests began to fail; -1: never
  double user_end_s = -1;    // when they were well again; the end of the run where they are not
  double recovery_s = -1;    // from the last trigger's end to that; -1: not recovered
  // From the first trigger until some signal has left its baseline beyond doubt: the end of the last window
  // that the decision needs. -1: none did, or there was no trigger.
  double detection_s = -1;
  double lost = 0;            // requests, of those due since the first trigger
  double due = 0;             // that the baseline would have served since then
  double goodput_before = 0;  // per second, baseline
  double goodput_after = 0;   // the last third after the trigger
};

Cascade find_cascade(const models::CompiledModel& model, const models::RunRecord& record);

}  // namespace tailrace::analysis
