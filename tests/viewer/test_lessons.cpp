// The lessons are right: their scenarios run, their questions have exactly one true answer, and what they
// point at is there.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/temporary_folder.hpp"
#include "tests/viewer/open.hpp"
#include "viewer/model/lesson.hpp"

namespace tailrace::viewer {
namespace {

const std::string kFolder = std::string(TAILRACE_SOURCE_DIR) + "/viewer/lessons";

Lesson read(const std::string& path) {
  models::Diagnostics diagnostics;
  std::vector<models::SourceFile> files;
  const std::optional<Lesson> lesson = read_lesson(path, diagnostics, files);
  EXPECT_TRUE(lesson) << models::format_diagnostics(diagnostics, files);
  return lesson.value_or(Lesson{});
}

// A session per variant and settings, as the lessons mode has them: the steps of one stay with it.
std::vector<std::unique_ptr<Session>> sessions_of(const Lesson& lesson, std::vector<std::size_t>& of_step,
                                                  std::optional<std::uint64_t> seed = std::nullopt) {
  std::vector<std::unique_ptr<Session>> sessions;
  std::vector<std::pair<std::string, std::vector<std::string>>> known;
  std::string variant;
  std::vector<std::string> set;
  for (const LessonStep& step : lesson.steps) {
    if (step.plain) variant.clear(), set.clear();
    if (!step.variant.empty()) variant = step.variant;
    if (!step.set.empty()) set = step.set;
    const auto key = std::make_pair(variant, set);
    const auto it = std::find(known.begin(), known.end(), key);
    of_step.push_back(static_cast<std::size_t>(it - known.begin()));
    if (it != known.end()) continue;
    known.push_back(key);
    SessionOptions options;
    options.variant = variant;
    options.overrides = set;
    options.seed = seed;
    sessions.push_back(open_file(lesson.scenario, options));
  }
  return sessions;
}

TEST(Lessons, there_are_some_and_each_question_has_one_answer_that_the_run_gives) {
  const std::vector<std::string> all = list_lessons(kFolder);
  ASSERT_GE(all.size(), 11U);
  for (const std::string& path : all) {
    const Lesson lesson = read(path);
    ASSERT_FALSE(lesson.steps.empty()) << path;
    std::vector<std::size_t> of_step;
    const auto sessions = sessions_of(lesson, of_step);
    int questions = 0;
    for (std::size_t i = 0; i < lesson.steps.size(); ++i) {
      const LessonStep& step = lesson.steps[i];
      const Session& session = *sessions[of_step[i]];
      ASSERT_TRUE(session.wait_complete(kLong));
      const auto view = session.view();
      EXPECT_LE(std::max(step.at_s, step.until_s), session.duration_s()) << step.title;
      for (const std::string& what : step.highlight) {
        const std::size_t arrow = what.find(" -> ");
        const int node = view->scene->find(what.substr(0, arrow));
        EXPECT_GE(node, 0) << path << ": " << what;
        if (arrow == std::string::npos) continue;
        EXPECT_GE(view->scene->find_edge(node, view->scene->find(what.substr(arrow + 4))), 0) << what;
      }
      if (!step.question) continue;
      ++questions;
      EXPECT_GE(right_option(*step.question, *view), 0) << path << ": " << step.question->text;
    }
    EXPECT_GE(questions, 2) << path;
  }
}

// Ten misunderstandings, each with a lesson of its own, and the bulkhead: the option of each question that
// runs make true.
struct Expected {
  const char* lesson;
  std::vector<int> answers;
};
const std::vector<Expected> kExpected = {
    {"async-lag", {1, 2, 1}},     {"autoscaling-lag", {0, 2, 1}},  {"averages", {0, 2, 2}},
    {"breaker-scope", {0, 2, 0}}, {"bulkhead", {2, 1, 0}},         {"cache-stampede", {1, 0}},
    {"fan-out", {1, 0, 0}},       {"retry-amplification", {2, 0}}, {"retry-storm", {2, 0, 1}},
    {"timeouts", {2, 1}},         {"utilisation", {2, 1, 0}}};

class LessonAnswers : public testing::TestWithParam<std::size_t> {};

// What each lesson explains (`because`) is what happens, and not only with the seed that it was written with.
TEST_P(LessonAnswers, are_what_the_runs_show_with_any_seed) {
  const Expected& expected = kExpected[GetParam()];
  const Lesson lesson = read(kFolder + "/" + expected.lesson + ".yaml");
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    std::vector<std::size_t> of_step;
    const auto sessions = sessions_of(lesson, of_step, seed);
    std::vector<int> given;
    for (std::size_t i = 0; i < lesson.steps.size(); ++i) {
      if (!lesson.steps[i].question) continue;
      ASSERT_TRUE(sessions[of_step[i]]->wait_complete(kLong));
      given.push_back(right_option(*lesson.steps[i].question, *sessions[of_step[i]]->view()));
    }
    EXPECT_EQ(given, expected.answers) << expected.lesson << ", seed " << seed;
  }
}
INSTANTIATE_TEST_SUITE_P(all, LessonAnswers, testing::Range(std::size_t{0}, kExpected.size()),
                         [](const auto& p) {
                           std::string name = kExpected[p.param].lesson;
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Lessons, have_all_their_answers_held_by_a_test) {
  EXPECT_EQ(list_lessons(kFolder).size(), kExpected.size());
}

// The other way of an A/B switch is a scenario that runs, and another one.
TEST(Lessons, that_compare_have_a_second_way_that_differs) {
  int switches = 0;
  for (const std::string& path : list_lessons(kFolder)) {
    const Lesson lesson = read(path);
    ASSERT_TRUE(lesson.compare) << path;
    ++switches;
    std::string results[2];
    for (const bool b : {false, true}) {
      SessionOptions options;
      if (b) options.variant = lesson.compare->variant, options.overrides = lesson.compare->set;
      const auto session = open_file(lesson.scenario, options);
      ASSERT_TRUE(session->wait_complete(kLong));
      results[b ? 1 : 0] = session->result_of_scenario();
    }
    EXPECT_NE(results[0], results[1]) << path;
  }
  EXPECT_GE(switches, 10);
}

TEST(Lessons, with_mistakes_are_refused_with_their_places) {
  const tests::TemporaryFolder folder;
  const std::string path = folder.file("lesson.yaml");
  const auto first_error = [&path](const std::string& text) {
    FILE* file = std::fopen(path.c_str(), "w");
    std::fputs(text.c_str(), file);
    std::fclose(file);
    models::Diagnostics diagnostics;
    std::vector<models::SourceFile> files;
    EXPECT_FALSE(read_lesson(path, diagnostics, files));
    return diagnostics.all().empty()
               ? ""
               : diagnostics.all().front().path + ": " + diagnostics.all().front().message;
  };
  const std::string head = "name: x\ntitle: x\nscenario: x.yaml\n";
  EXPECT_NE(first_error("name: x\n").find("title"), std::string::npos);
  EXPECT_NE(first_error(head + "steps: [{title: a, note: b, att: 3s}]\n").find("att"), std::string::npos);
  const std::string condition = first_error(
      head +
      "steps: [{title: a, note: b, question: {text: q, options: [{text: y, holds: goodput is fine}, "
      "{text: n, holds: goodput > 1/s}]}}]\n");
  EXPECT_NE(condition.find("steps[0].question.options[0]"), std::string::npos) << condition;
  EXPECT_NE(first_error(head + "steps: [{title: a, note: b, at: 3s, until: 2s}]\n").find("before it begins"),
            std::string::npos);
  const std::string one = "steps: [{title: a, note: b}]\n";
  EXPECT_NE(first_error(head + one + "compare: {a: x, b: y}\n").find("nothing that differs"),
            std::string::npos);
  EXPECT_NE(first_error(head + one + "compare: {a: x, variant: v}\n").find("b"), std::string::npos);
}

}  // namespace
}  // namespace tailrace::viewer
