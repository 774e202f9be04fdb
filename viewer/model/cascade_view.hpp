#pragma once
// The cascade as it unfolds: who has fallen by the time of the playhead, because of what, and what is said of
// it. From a finished run; times are as fine as the record's windows.
#include <string>
#include <vector>

#include "viewer/model/session.hpp"

namespace tailrace::viewer {

struct CascadeStep {
  int node = -1;  // of the scene
  double onset_s = 0, end_s = 0;
  bool over = false;      // it was well again, at end_s
  int cause_node = -1;    // -1: a trigger, or nothing that was found
  int cause_edge = -1;    // of the scene, between the two
  int trigger = -1;       // of CascadeScene::triggers
  int depth = 0;          // steps from a trigger
  std::string symptom;    // "queue", "slow"
  std::string seen_as;    // the same in words: "waiting" where requests failed by not ending
  std::string amount;     // "2 -> 310 waiting"
  std::string mechanism;  // "retry load"
  std::string text;       // a sentence: "cart slowed down at 0:31.0 (20 ms -> 1.3 s): db answered slowly"
};

struct CascadeTrigger {
  std::string text;  // "pod_kill payments", "more load"
  int fault = -1;    // of the scene
  double start_s = 0, end_s = 0;
  bool over = false;
  std::vector<int> nodes;
};

struct CascadeScene {
  bool happened = false;
  std::string verdict;       // "metastable"
  std::string verdict_text;  // what that means, in a sentence
  std::string story;
  std::vector<CascadeTrigger> triggers;
  std::vector<CascadeStep> steps;             // by onset
  double user_onset_s = -1, user_end_s = -1;  // when requests failed; -1: never
  double recovery_s = -1;                     // from the last trigger's end; -1: it did not recover
  double lost_share = 0;                      // of the requests since the first trigger
  int nodes_hit = 0, nodes = 0;               // blast radius; workloads are not counted

  // Steps that have begun by t; of these, those that still last.
  std::vector<int> begun(double t_s) const;
  std::vector<int> lasting(double t_s) const;
};

CascadeScene cascade_scene(const Scene& scene, const FinishedRun& run);

}  // namespace tailrace::viewer
