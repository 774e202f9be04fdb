#pragma once
// A guided look at a library scenario: steps with a time, a note and what to look at; some ask what will
// happen before they show it. Read from viewer/lessons/*.yaml by a field table; they name the scenario and,
// for an A/B switch, a variant of it or values to set. The answer to a question is not written down: each
// option has a condition on the run, and the run decides which was right.
//
//   goodput < 10/s in 300s..400s   of all workloads, over a stretch; without one, over the whole run; also
//                                  offered, mean, p50, p90, p99, p999, failed (error_share)
//   failed of readers > 5%         of a workload
//   queue of store > 100           of a node; also utilisation, in_flight, offered, goodput, error_share,
//                                  replicas, latency, lag (at the end)
//   retries of a -> b > 10/s       of a call; also attempts, amplification, error_share, latency
//   verdict is metastable          of the cascade; also: first hit is NAME, recovery < 30s
//   ... and ...                    both
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/field/diagnostics.hpp"
#include "viewer/model/session.hpp"

namespace tailrace::viewer {

struct LessonOption {
  std::string text;
  std::string holds;  // the condition that makes it right
};

struct LessonQuestion {
  std::string text;
  std::vector<LessonOption> options;
  std::string because;  // told with the answer
};

struct LessonStep {
  std::string title, note;
  double at_s = 0;      // the playhead goes there ...
  double until_s = -1;  // ... and plays to here; -1: it stands
  double speed = 20;    // simulated seconds per second
  // The scenario's variant from here on, and values on top of it; not given: as in the step before. `plain`
  // goes back to the scenario as it is.
  std::string variant;
  std::vector<std::string> set;  // PATH=VALUE
  bool plain = false;
  std::vector<std::string> highlight;  // nodes by name, edges as "a -> b"
  std::string panel;                   // "topology", "time", "cascade", "tail", "inspector"; empty: as it is
  std::optional<LessonQuestion> question;
};

// The scenario in two ways, to be looked at in turn at the same moment.
struct LessonSwitch {
  std::string a, b;  // in a few words: "as it is", "late work is dropped"
  std::string variant;
  std::vector<std::string> set;  // PATH=VALUE; with the variant: what b is
};

struct Lesson {
  std::string name, title, about;
  std::string scenario;  // path, found from the lesson's folder
  std::vector<LessonStep> steps;
  std::optional<LessonSwitch> compare;
};

// None where it is wrong; diagnostics say what. Conditions are checked for their form.
std::optional<Lesson> read_lesson(const std::string& path, models::Diagnostics& diagnostics,
                                  std::vector<models::SourceFile>& files);
// Paths of the lessons in a folder, sorted.
std::vector<std::string> list_lessons(const std::string& folder);

// The option that the run makes true: -1 when none or several hold, or the run is not there yet.
int right_option(const LessonQuestion& question, const SessionView& view);
// Whether a condition holds; none when it cannot be read or the run is not that far.
std::optional<bool> condition_holds(const std::string& condition, const SessionView& view);

}  // namespace tailrace::viewer
