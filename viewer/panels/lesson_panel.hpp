#pragma once
// A lesson: notes at moments of a library scenario, questions that are answered before the run shows it. The
// list of lessons first, then one step at a time; the application opens the scenarios that a step needs.
#include <string>
#include <vector>

#include "viewer/model/lesson.hpp"
#include "viewer/panels/look.hpp"

namespace tailrace::viewer {

class LessonPanel {
 public:
  explicit LessonPanel(std::vector<std::string> paths = {}) : paths_(std::move(paths)) {}

  void draw(Look& look, ImVec2 size);
  // What the application must do before the next frame.
  struct Wish {
    std::string scenario, variant;  // open this one; empty: none
    std::vector<std::string> set;   // PATH=VALUE
    std::string panel;              // show this one
  };
  Wish take_wish();
  bool choose(const std::string& path);  // false: it cannot be read, the panel says why
  bool active() const { return lesson_.has_value(); }
  std::size_t step() const { return step_; }
  void go(Look& look, std::size_t step);
  void answer(int option) { answer_ = option; }
  // The lesson's A/B switch: the scenario as it is, or the other way, at the same moment.
  void switch_to(bool b);
  bool switched() const { return switched_; }

 private:
  void list(ImVec2 size);
  void one(Look& look, ImVec2 size);
  void question(Look& look, const LessonQuestion& question, float width);
  void enter(Look& look);
  void ab_switch(Look& look, float width);

  std::vector<std::string> paths_;
  std::vector<Lesson> known_;
  bool read_ = false;
  std::optional<Lesson> lesson_;
  std::size_t step_ = 0;
  bool entered_ = false, playing_ = false;
  int answer_ = -1;
  int right_ = -1;  // what the run says, once it has been seen
  bool seen_ = false;
  bool switched_ = false;  // the A/B switch is at b ...
  int switching_ = 0;      // ... a new session is on its way, and goes where the old one was: 2, then 1
  double switched_at_s_ = 0;
  std::string error_, variant_;
  std::vector<std::string> set_;
  Wish wish_;
};

// The variant and the values that hold at a step.
void state_at(const Lesson& lesson, std::size_t step, std::string& variant, std::vector<std::string>& set);

}  // namespace tailrace::viewer
