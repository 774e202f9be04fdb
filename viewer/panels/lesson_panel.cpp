#include "viewer/panels/lesson_panel.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "viewer/widgets/draw.hpp"
#include "viewer/widgets/ticks.hpp"

namespace tailrace::viewer {

// What the scenario is changed by at a step: each kind of change as the last step that named one left it.
void state_at(const Lesson& lesson, std::size_t step, std::string& variant, std::vector<std::string>& set) {
  variant.clear(), set.clear();
  for (std::size_t i = 0; i <= step && i < lesson.steps.size(); ++i) {
    const LessonStep& s = lesson.steps[i];
    if (s.plain) variant.clear(), set.clear();
    if (!s.variant.empty()) variant = s.variant;
    if (!s.set.empty()) set = s.set;
  }
}

LessonPanel::Wish LessonPanel::take_wish() {
  Wish wish = std::move(wish_);
  wish_ = {};
  return wish;
}

bool LessonPanel::choose(const std::string& path) {
  models::Diagnostics diagnostics;
  std::vector<models::SourceFile> files;
  auto lesson = read_lesson(path, diagnostics, files);
  if (!lesson) {
    error_ = models::format_diagnostics(diagnostics, files);
    return false;
  }
  lesson_ = std::move(lesson);
  error_.clear();
  step_ = 0, entered_ = false, answer_ = right_ = -1, switched_ = false, seen_ = false;
  state_at(*lesson_, 0, variant_, set_);
  wish_.scenario = lesson_->scenario, wish_.variant = variant_, wish_.set = set_;
  return true;
}

void LessonPanel::go(Look& look, std::size_t step) {
  if (!lesson_ || lesson_->steps.empty()) return;
  step_ = std::min(step, lesson_->steps.size() - 1);
  entered_ = false, answer_ = right_ = -1, playing_ = false, switched_ = false, seen_ = false;
  look.session->pause();
}

void LessonPanel::enter(Look& look) {
  const LessonStep& step = lesson_->steps[step_];
  std::string variant;
  std::vector<std::string> set;
  state_at(*lesson_, step_, variant, set);
  if (variant != variant_ || set != set_) {
    variant_ = variant, set_ = set;
    wish_.scenario = lesson_->scenario, wish_.variant = variant, wish_.set = set;
    return;  // entered with the new session
  }
  if (!look.ready()) return;
  entered_ = true;
  if (!step.panel.empty()) wish_.panel = step.panel;
  look.brush.reset();
  look.session->seek(step.at_s);
  look.lit.assign(look.scene->nodes.size(), false);
  look.lit_edges.assign(look.scene->edges.size(), false);
  bool any = false;
  for (const std::string& name : step.highlight) {
    const std::size_t arrow = name.find(" -> ");
    if (arrow == std::string::npos) {
      const int node = look.scene->find(name);
      if (node < 0) continue;
      look.lit[static_cast<std::size_t>(node)] = any = true;
    } else {
      const int from = look.scene->find(name.substr(0, arrow)), to = look.scene->find(name.substr(arrow + 4));
      const int edge = from >= 0 && to >= 0 ? look.scene->find_edge(from, to) : -1;
      if (edge < 0) continue;
      look.lit_edges[static_cast<std::size_t>(edge)] = any = true;
      look.lit[static_cast<std::size_t>(from)] = look.lit[static_cast<std::size_t>(to)] = true;
    }
  }
  if (!any) look.lit.clear(), look.lit_edges.clear();
  // A question is asked first; its answer plays.
  if (step.until_s > step.at_s && !step.question) {
    look.session->set_speed(step.speed);
    look.session->play();
    playing_ = true;
  }
}

void LessonPanel::switch_to(bool b) {
  if (!lesson_ || !lesson_->compare || b == switched_) return;
  switched_ = b;
  switching_ = 2;
  variant_ = b ? lesson_->compare->variant : "";
  set_ = b ? lesson_->compare->set : std::vector<std::string>();
  wish_.scenario = lesson_->scenario, wish_.variant = variant_, wish_.set = set_;
}

void LessonPanel::ab_switch(Look& look, float width) {
  const LessonSwitch& compare = *lesson_->compare;
  // The new run is looked at where the old one was.
  if (switching_ > 0 && look.ready() && --switching_ == 0) look.session->seek(switched_at_s_);
  if (switching_ == 0) switched_at_s_ = look.session->playhead_s();
  const bool is_a = variant_.empty() && set_.empty();
  const bool is_b = variant_ == compare.variant && set_ == compare.set;
  ImGui::Spacing();
  ImGui::Separator();
  ImGui::Spacing();
  ImGui::TextDisabled("the same moment, in two ways");
  for (const bool b : {false, true}) {
    const bool lit = b ? is_b : is_a;
    ImGui::PushStyleColor(ImGuiCol_Button,
                          lit ? mixed(theme().raised, theme().accent, 0.4f) : theme().raised);
    ImGui::PushStyleVar(ImGuiStyleVar_ButtonTextAlign, ImVec2{0, 0.5f});
    const std::string text =
        fitted(body_font(), 0, (b ? "B  " : "A  ") + (b ? compare.b : compare.a), width - em() * 1.5f);
    if (ImGui::Button((text + (b ? "##b" : "##a")).c_str(), {width, 0}) && !lit) {
      switched_ = !b;
      switch_to(b);
    }
    ImGui::PopStyleVar();
    ImGui::PopStyleColor();
  }
}

void LessonPanel::list(ImVec2 size) {
  if (!read_) {
    for (const std::string& path : paths_) {
      models::Diagnostics diagnostics;
      std::vector<models::SourceFile> files;
      auto lesson = read_lesson(path, diagnostics, files);
      if (!lesson) {
        error_ += models::format_diagnostics(diagnostics, files);
        continue;
      }
      lesson->name = path;  // what choose() takes
      known_.push_back(std::move(*lesson));
    }
    read_ = true;
  }
  ImGui::PushFont(title_font());
  ImGui::TextUnformatted("lessons");
  ImGui::PopFont();
  ImGui::PushTextWrapPos(size.x - em());
  if (known_.empty()) ImGui::TextDisabled("none were found; they lie in viewer/lessons beside the scenarios");
  for (const Lesson& lesson : known_) {
    ImGui::Spacing();
    ImGui::PushID(lesson.name.c_str());
    ImGui::PushFont(bold_font());
    ImGui::TextUnformatted(lesson.title.c_str());
    ImGui::PopFont();
    ImGui::TextDisabled("%s", lesson.about.c_str());
    if (ImGui::Button(fmt::format("begin · {} steps", lesson.steps.size()).c_str())) choose(lesson.name);
    ImGui::PopID();
  }
  if (!error_.empty()) ImGui::TextUnformatted(error_.c_str());
  ImGui::PopTextWrapPos();
}

void LessonPanel::question(Look& look, const LessonQuestion& q, float width) {
  ImGui::Spacing();
  ImGui::PushFont(bold_font());
  ImGui::TextUnformatted(q.text.c_str());
  ImGui::PopFont();
  ImGui::Spacing();
  const LessonStep& step = lesson_->steps[step_];
  // What the step's own run says; the switch shows another run, of which nothing was asked.
  if (answer_ >= 0 && !switched_ && switching_ == 0) {
    right_ = right_option(q, *look.view);
    seen_ = seen_ || step.until_s <= step.at_s || look.playhead_s >= step.until_s - 1e-6;
  }
  const int right = right_;
  const bool seen = seen_;
  for (std::size_t i = 0; i < q.options.size(); ++i) {
    ImGui::PushID(static_cast<int>(i));
    const bool mine = static_cast<int>(i) == answer_, correct = seen && static_cast<int>(i) == right;
    const ImU32 fill =
        correct ? mixed(theme().raised, theme().good, 0.5f)
        : mine  ? mixed(theme().raised, seen && right >= 0 ? theme().failing : theme().accent, 0.35f)
                : theme().raised;
    ImGui::PushStyleColor(ImGuiCol_Button, fill);
    ImGui::PushStyleVar(ImGuiStyleVar_ButtonTextAlign, ImVec2{0, 0.5f});
    const ImVec2 text = ImGui::CalcTextSize(q.options[i].text.c_str(), nullptr, false, width - em() * 2);
    const ImVec2 pos = ImGui::GetCursorScreenPos();
    if (ImGui::Button("##option", {width, text.y + em() * 0.8f}) && answer_ < 0) {
      answer_ = static_cast<int>(i);
      if (step.until_s > step.at_s) {
        look.session->set_speed(step.speed);
        look.session->play();
        playing_ = true;
      }
    }
    draw_wrapped(*ImGui::GetWindowDrawList(), body_font(), 0, {pos.x + em() * 0.7f, pos.y + em() * 0.4f},
                 theme().text, q.options[i].text, width - em() * 2.6f);
    if (correct)
      draw_health(*ImGui::GetWindowDrawList(), {pos.x + width - em(), pos.y + em() * 0.9f}, em() * 0.4f,
                  Health::good);
    if (mine && seen && right >= 0 && !correct)
      draw_health(*ImGui::GetWindowDrawList(), {pos.x + width - em(), pos.y + em() * 0.9f}, em() * 0.4f,
                  Health::down);
    ImGui::PopStyleVar();
    ImGui::PopStyleColor();
    ImGui::PopID();
  }
  if (answer_ < 0) {
    ImGui::TextDisabled("predict, then see");
  } else if (!seen) {
    ImGui::TextDisabled("the run decides; watch …");
  } else if (right < 0) {
    ImGui::TextDisabled("this run does not decide it");
  } else {
    ImGui::Spacing();
    ImGui::PushFont(bold_font());
    ImGui::TextUnformatted(right == answer_ ? "That is what happened." : "The run went otherwise.");
    ImGui::PopFont();
    ImGui::TextUnformatted(q.because.c_str());
  }
}

void LessonPanel::one(Look& look, ImVec2 size) {
  if (!entered_ && wish_.scenario.empty()) enter(look);  // not with the session that is about to go
  const LessonStep& step = lesson_->steps[step_];
  if (playing_ && look.session->playhead_s() >= step.until_s) {
    look.session->pause();
    look.session->seek(step.until_s);
    playing_ = false;
  }
  const float width = size.x - em() * 0.9f;
  ImGui::TextDisabled("%s", lesson_->title.c_str());
  ImGui::PushFont(title_font());
  ImGui::PushTextWrapPos(width);
  ImGui::TextUnformatted(step.title.c_str());
  ImGui::PopFont();
  // Where one is, as dots.
  const ImVec2 pos = ImGui::GetCursorScreenPos();
  for (std::size_t i = 0; i < lesson_->steps.size(); ++i) {
    const ImVec2 c{pos.x + em() * (0.5f + 1.1f * static_cast<float>(i)), pos.y + em() * 0.5f};
    if (i <= step_) {
      ImGui::GetWindowDrawList()->AddCircleFilled(c, em() * 0.3f, theme().accent, 16);
    } else {
      ImGui::GetWindowDrawList()->AddCircle(c, em() * 0.3f, theme().faint, 16, 1.5f);
    }
  }
  ImGui::Dummy({1, em() * 1.2f});
  if (!variant_.empty()) ImGui::TextDisabled("variant: %s", variant_.c_str());
  for (const std::string& change : set_) ImGui::TextDisabled("%s", change.c_str());
  ImGui::TextUnformatted(step.note.c_str());
  if (step.question) question(look, *step.question, width);
  ImGui::PopTextWrapPos();
  ImGui::Spacing();
  ImGui::Spacing();
  if (step_ > 0) {
    if (ImGui::Button("back")) go(look, step_ - 1);
    ImGui::SameLine();
  }
  if (step_ + 1 < lesson_->steps.size()) {
    if (ImGui::Button("next")) go(look, step_ + 1);
    ImGui::SameLine();
  }
  if (ImGui::Button("all lessons")) {
    lesson_.reset();
    look.lit.clear(), look.lit_edges.clear();
    return;
  }
  if (lesson_->compare) ab_switch(look, width);
}

void LessonPanel::draw(Look& look, ImVec2 size) {
  const ImVec2 origin = ImGui::GetCursorScreenPos();
  ImGui::GetWindowDrawList()->AddRectFilled(origin, origin + size, theme().panel);
  const float pad = em() * 0.9f;
  ImGui::SetCursorScreenPos(origin + ImVec2{pad, pad});
  const ImVec2 inner{size.x - 2 * pad, size.y - 2 * pad};
  ImGui::BeginChild("lesson", inner);
  if (lesson_ && !lesson_->steps.empty()) {
    one(look, inner);
  } else {
    list(inner);
  }
  ImGui::EndChild();
  ImGui::SetCursorScreenPos(origin + ImVec2{0, size.y});
}

}  // namespace tailrace::viewer
