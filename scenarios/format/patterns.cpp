#include "scenarios/format/patterns.hpp"

#include "scenarios/format/read.hpp"
#include "scenarios/library/library.hpp"
#include "sim/base/check.hpp"

namespace tailrace::scenarios {

namespace {

const models::Node& value(const models::Node& map, std::string_view key) {
  const models::Node* found = map.find(key);
  TAILRACE_CHECK(found != nullptr);
  return *found;
}

}  // namespace

std::vector<Topic> read_patterns() {
  models::Diagnostics diagnostics;
  const ReadResult read = read_scenario_text(patterns_text(), "patterns.yaml", {}, diagnostics);
  TAILRACE_CHECK(read.status == ReadStatus::ok);
  std::vector<Topic> topics;
  for (const models::Node& t : value(read.doc.root, "topics").items) {
    Topic topic{value(t, "topic").text, {}};
    for (const models::Node& p : value(t, "patterns").items) {
      Pattern pattern{value(p, "pattern").text, {}, value(p, "page").text};
      for (const models::Node& s : value(p, "scenarios").items) pattern.scenarios.push_back(s.text);
      topic.patterns.push_back(std::move(pattern));
    }
    topics.push_back(std::move(topic));
  }
  return topics;
}

}  // namespace tailrace::scenarios
