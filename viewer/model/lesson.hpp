#pragma once
// A guided look at a library scenario: steps with a time, a note and what to look at; some ask what will
// happen before they show it. Read from viewer/lessons/*.yaml, which name the scenario and, for an A/B
// switch, variants of it. The answer to a question is not written down: it is a condition on the run's
// figures, and the run decides which option was right.
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "models/field/diagnostics.hpp"
#include "viewer/model/session.hpp"

namespace tailrace::viewer {

struct LessonOption {
  std::string text;
  std::string holds;  // "goodput < 10/s in 300s..400s": which of them is right; see lesson.cpp
};

struct LessonQuestion {
  std::string text;
  std::vector<LessonOption> options;
  std::string because;  // told with the answer
};

struct LessonStep {
  std::string title, note;
  double at_s = 0;                     // the playhead goes there ...
  double until_s = -1;                 // ... and plays to here; -1: it stands
  double speed = 20;                   // simulated seconds per second
  std::string variant;                 // of the scenario; empty: the variant before
  std::vector<std::string> highlight;  // nodes by name, edges as "a -> b"
  std::string panel;                   // "topology", "time", "cascade", "tail", "inspector"; empty: as it is
  std::optional<LessonQuestion> question;
};

struct Lesson {
  std::string name, title, about;
  std::string scenario;  // path, found from the lesson's folder
  std::vector<LessonStep> steps;
};

// Null where it is wrong; diagnostics say what.
std::optional<Lesson> read_lesson(const std::string& path, models::Diagnostics& diagnostics,
                                  std::vector<models::SourceFile>& files);
// Paths of the lessons in a folder, sorted.
std::vector<std::string> list_lessons(const std::string& folder);

// The option that the run makes true: -1 when none or several hold, or the run is not there yet.
int right_option(const LessonQuestion& question, const SessionView& view);
// Whether a condition holds; none when it cannot be read or the run is not that far.
std::optional<bool> condition_holds(const std::string& condition, const SessionView& view);

}  // namespace tailrace::viewer
