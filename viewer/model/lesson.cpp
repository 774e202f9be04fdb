#include "viewer/model/lesson.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "models/field/field.hpp"
#include "models/field/units.hpp"
#include "scenarios/format/read.hpp"
#include "viewer/model/condition.hpp"

namespace tailrace::viewer {

namespace {

namespace fs = std::filesystem;
using models::FieldType;
using models::Node;
using models::ReadContext;

// What a file says, before it is a Lesson.
struct StepSpec {
  std::string title, note, panel, variant;
  sim::Duration at{0};
  std::optional<sim::Duration> until;
  double speed = 20;
  bool plain = false;
  std::vector<std::string> highlight, set;
  std::optional<LessonQuestion> question;
};
struct LessonSpec {
  std::string name, title, about, scenario;
  std::vector<StepSpec> steps;
  std::optional<LessonSwitch> compare;
};

void read_texts(const Node& node, std::vector<std::string>& out, ReadContext& context) {
  if (node.is_scalar()) {
    out.push_back(node.text);
    return;
  }
  if (!node.is_list()) return context.error(node, "expected a text or a list of texts");
  for (const Node& item : node.items) {
    if (!item.is_scalar()) {
      context.error(item, "expected a text");
    } else {
      out.push_back(item.text);
    }
  }
}

models::FieldTable option_fields() {
  return models::Fields<LessonOption>("option", "One answer.")
      .add("text", &LessonOption::text, "what it says")
      .required()
      .custom(
          "holds", FieldType::text,
          [](const Node& node, LessonOption& option, ReadContext& context) {
            if (!node.is_scalar())
              return context.error(node, "expected a condition", "goodput < 10/s in 300s..400s");
            option.holds = node.text;
            std::string wrong;
            if (!parse_condition(node.text, wrong))
              context.error(node, wrong, "goodput < 10/s in 300s..400s");
          },
          "the condition on the run that makes it right")
      .required()
      .table();
}

models::FieldTable question_fields() {
  return models::Fields<LessonQuestion>("question", "Asked before the answer is seen.")
      .add("text", &LessonQuestion::text, "the question")
      .required()
      .list_of("options", &LessonQuestion::options, option_fields(), "what may be answered")
      .required()
      .add("because", &LessonQuestion::because, "told with the answer")
      .table();
}

models::FieldTable step_fields() {
  return models::Fields<StepSpec>("step", "A moment, and what to see in it.")
      .add("title", &StepSpec::title, "a few words")
      .required()
      .add("note", &StepSpec::note, "what to look at, and why")
      .required()
      .add("at", &StepSpec::at, "the playhead goes there")
      .add("until", &StepSpec::until, "and plays to here; without it stands")
      .add("speed", &StepSpec::speed, "simulated seconds per second", models::more_than(0))
      .add("panel", &StepSpec::panel, "topology, time, cascade, tail or inspector; default: as it is")
      .add("variant", &StepSpec::variant, "of the scenario, from here on")
      .custom(
          "set", FieldType::text,
          [](const Node& node, StepSpec& step, ReadContext& context) { read_texts(node, step.set, context); },
          "PATH=VALUE, from here on")
      .add("plain", &StepSpec::plain, "back to the scenario as it is")
      .custom(
          "highlight", FieldType::text,
          [](const Node& node, StepSpec& step, ReadContext& context) {
            read_texts(node, step.highlight, context);
          },
          "nodes by name, calls as a -> b")
      .section("question", &StepSpec::question, question_fields(), "asked before this step plays")
      .table();
}

models::FieldTable switch_fields() {
  return models::Fields<LessonSwitch>("compare", "The scenario in two ways, to be looked at in turn.")
      .add("a", &LessonSwitch::a, "what the scenario is as it stands, in a few words")
      .required()
      .add("b", &LessonSwitch::b, "what it is with the variant and the values below")
      .required()
      .add("variant", &LessonSwitch::variant, "of the scenario")
      .custom(
          "set", FieldType::text,
          [](const Node& node, LessonSwitch& to, ReadContext& context) { read_texts(node, to.set, context); },
          "PATH=VALUE")
      .table();
}

models::FieldTable lesson_fields() {
  return models::Fields<LessonSpec>("lesson", "A guided look at a scenario.")
      .add("name", &LessonSpec::name, "how it is called on the command line")
      .required()
      .add("title", &LessonSpec::title, "a few words")
      .required()
      .add("about", &LessonSpec::about, "what one knows afterwards")
      .add("scenario", &LessonSpec::scenario, "the scenario's file, from this file's folder")
      .required()
      .list_of("steps", &LessonSpec::steps, step_fields(), "in their order")
      .required()
      .section("compare", &LessonSpec::compare, switch_fields(), "an A/B switch, there in every step")
      .table();
}

constexpr const char* kPanels[] = {"", "topology", "time", "cascade", "tail", "inspector"};

}  // namespace

std::optional<Lesson> read_lesson(const std::string& path, models::Diagnostics& diagnostics,
                                  std::vector<models::SourceFile>& files) {
  const scenarios::ReadResult read = scenarios::read_scenario(path, {}, diagnostics);
  files = read.doc.files;
  if (read.status != scenarios::ReadStatus::ok || !diagnostics.ok()) return std::nullopt;
  ReadContext context{diagnostics, read.doc, "", false};
  LessonSpec spec;
  models::read_section(lesson_fields(), read.doc.root, &spec, context);
  if (spec.steps.empty() && diagnostics.ok()) context.error(read.doc.root, "a lesson has at least one step");
  Lesson lesson{spec.name, spec.title, spec.about, "", {}, spec.compare};
  if (spec.compare && spec.compare->variant.empty() && spec.compare->set.empty())
    context.error(read.doc.root, "compare says nothing that differs", "a variant or set");
  lesson.scenario = (fs::path(path).parent_path() / spec.scenario).lexically_normal().string();
  for (const StepSpec& s : spec.steps) {
    if (std::find(std::begin(kPanels), std::end(kPanels), s.panel) == std::end(kPanels))
      context.error(read.doc.root, fmt::format("there is no panel {}", s.panel),
                    "topology, time, cascade, tail, inspector");
    LessonStep step;
    step.title = s.title;
    step.note = s.note;
    step.at_s = s.at.seconds();
    step.until_s = s.until ? s.until->seconds() : -1;
    step.speed = s.speed;
    step.variant = s.variant;
    step.set = s.set;
    step.plain = s.plain;
    step.highlight = s.highlight;
    step.panel = s.panel;
    step.question = s.question;
    if (step.until_s >= 0 && step.until_s < step.at_s)
      context.error(read.doc.root, fmt::format("the step \"{}\" ends before it begins", s.title));
    if (step.question && step.question->options.size() < 2)
      context.error(read.doc.root, fmt::format("the question of \"{}\" has fewer than two options", s.title));
    lesson.steps.push_back(std::move(step));
  }
  if (!diagnostics.ok()) return std::nullopt;
  return lesson;
}

std::vector<std::string> list_lessons(const std::string& folder) {
  std::vector<std::string> list;
  std::error_code code;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, code)) {
    if (entry.path().extension() == ".yaml") list.push_back(entry.path().string());
  }
  std::sort(list.begin(), list.end());
  return list;
}

std::optional<bool> condition_holds(const std::string& condition, const SessionView& view) {
  std::string wrong;
  const std::optional<Condition> parsed = parse_condition(condition, wrong);
  return parsed ? judge(*parsed, view) : std::nullopt;
}

int right_option(const LessonQuestion& question, const SessionView& view) {
  int right = -1;
  for (std::size_t i = 0; i < question.options.size(); ++i) {
    const std::optional<bool> holds = condition_holds(question.options[i].holds, view);
    if (!holds) return -1;
    if (!*holds) continue;
    if (right >= 0) return -1;
    right = static_cast<int>(i);
  }
  return right;
}

}  // namespace tailrace::viewer
