// `tailrace list` and `tailrace show`: the library that comes with the program.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "analysis/report/human.hpp"
#include "analysis/report/json_text.hpp"
#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "cli/exit_code.hpp"
#include "models/field/number_text.hpp"
#include "scenarios/format/patterns.hpp"
#include "scenarios/format/read.hpp"
#include "scenarios/library/library.hpp"

namespace tailrace::cli {

namespace {

struct Row {
  std::string topic, pattern, scenario, about, page;
  std::vector<std::string> variants;
};

std::string lower(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

bool mentions(const Row& row, const std::string& word) {
  if (word.empty()) return true;
  const std::string wanted = lower(word);
  for (const std::string* text : {&row.topic, &row.pattern, &row.scenario, &row.about}) {
    if (lower(*text).find(wanted) != std::string::npos) return true;
  }
  return false;
}

// One for each scenario of each pattern, in the order of the table.
std::vector<Row> rows_about(const std::string& word) {
  std::vector<Row> rows;
  for (const scenarios::Topic& topic : scenarios::read_patterns()) {
    for (const scenarios::Pattern& pattern : topic.patterns) {
      for (const std::string& name : pattern.scenarios) {
        Row row{topic.name, pattern.name, name, {}, pattern.page, {}};
        if (const scenarios::LibraryScenario* known = scenarios::find_in_library(name)) {
          models::Diagnostics ignored;
          const scenarios::ReadResult read = scenarios::read_scenario_text(known->text, name, {}, ignored);
          if (const models::Node* about = read.doc.root.find("about")) row.about = about->text;
          row.variants = read.variants;
        }
        if (mentions(row, word)) rows.push_back(std::move(row));
      }
    }
  }
  return rows;
}

std::string as_text(const std::vector<Row>& rows) {
  std::size_t width = 0;
  std::set<std::string> names;
  for (const Row& row : rows) {
    width = std::max(width, row.scenario.size());
    names.insert(row.scenario);
  }
  std::string out, topic;
  for (const Row& row : rows) {
    if (row.topic != topic) out += fmt::format("{}{}\n", topic.empty() ? "" : "\n", row.topic);
    topic = row.topic;
    out += fmt::format("  {:{}}  {}\n", row.scenario, width, row.about);
  }
  return out +
         fmt::format(
             "\n{} scenario{}. `tailrace run NAME` runs one, `tailrace show NAME` prints it, and `tailrace "
             "compare NAME`\nputs its variants side by side.\n",
             names.size(), names.size() == 1 ? "" : "s");
}

std::string as_markdown(const std::vector<Row>& rows) {
  std::string out =
      "# What the library shows\n\n"
      "Made by `tailrace list --markdown`. Each scenario tells its story at its top, runs in seconds with "
      "`tailrace run NAME`,\n"
      "carries its thresholds, and has its claim held by a test. The page says what is modelled and what is "
      "left out.\n";
  std::string topic;
  for (const Row& row : rows) {
    if (row.topic != topic)
      out += fmt::format("\n## {}\n\n| Pattern | Scenario | What it shows | Page |\n|---|---|---|---|\n",
                         row.topic);
    topic = row.topic;
    out += fmt::format("| {} | [{}](../scenarios/library/{}.yaml) | {} | [{}]({}) |\n", row.pattern,
                       row.scenario, row.scenario, row.about, row.page, row.page);
  }
  return out;
}

std::string as_json(const std::vector<Row>& rows) {
  analysis::JsonText json;
  json.begin_object().key("scenarios").begin_array();
  for (const Row& row : rows) {
    json.begin_object().field("name", row.scenario).field("topic", row.topic).field("pattern", row.pattern);
    json.field("about", row.about).field("page", row.page).key("variants").begin_array();
    for (const std::string& v : row.variants) json.value(v);
    json.end_array().end_object();
  }
  json.end_array().end_object();
  return json.take();
}

}  // namespace

int list_command(const ListArguments& arguments) {
  const std::vector<Row> rows = rows_about(arguments.word);
  if (rows.empty()) {
    complain(fmt::format("nothing in the library is about {}; `tailrace list` without a word lists all of it",
                         models::shown(arguments.word)));
    return kUsage;
  }
  const std::string text = arguments.markdown                       ? as_markdown(rows)
                           : arguments.format == OutputFormat::json ? as_json(rows)
                                                                    : as_text(rows);
  return write_stdout(text) ? kGood : kInputOutput;
}

int show_command(const std::string& name) {
  if (const scenarios::LibraryScenario* known = scenarios::find_in_library(name))
    return write_stdout(known->text) ? kGood : kInputOutput;
  const std::string near = scenarios::nearest_in_library(name);
  complain(fmt::format("the library has no scenario {}; {}", models::shown(name),
                       near.empty() ? "`tailrace list` lists what there is" : "did you mean " + near + "?"));
  return kUsage;
}

}  // namespace tailrace::cli
