#include "tests/fuzz/target.hpp"

#include <string>

#include "models/field/diagnostics.hpp"
#include "models/field/units.hpp"
#include "models/field/utf8.hpp"
#include "scenarios/format/read.hpp"
#include "sim/base/check.hpp"

namespace tailrace::fuzz {
namespace {

using models::Node;

void check_quantity(const models::Quantity& q) {
  TAILRACE_CHECK(q.value.has_value() == q.error.empty());
  if (q.value) TAILRACE_CHECK(*q.value - *q.value == 0);  // finite
}

void check_scalar(const std::string& text) {
  const models::Quantity duration = models::parse_duration_ns(text);
  for (const auto& q :
       {duration, models::parse_rate_per_s(text), models::parse_size_bytes(text),
        models::parse_bandwidth_bit_per_s(text), models::parse_fraction(text), models::parse_count(text)}) {
    check_quantity(q);
    if (q.value) TAILRACE_CHECK(*q.value >= 0);
  }
  check_quantity(models::parse_number(text));
  if (!duration.value) return;
  const models::Quantity again = models::parse_duration_ns(models::format_duration(*duration.value));
  TAILRACE_CHECK(again.value.has_value());
  TAILRACE_CHECK(*again.value == *duration.value);
}

void check_mark(models::Mark mark, const models::ScenarioDoc& doc) {
  TAILRACE_CHECK(mark.file < doc.files.size());
  const std::vector<std::string>& lines = doc.files[mark.file].lines;
  TAILRACE_CHECK(mark.line >= 1 && mark.line <= lines.size() + 1);
  const std::size_t length = mark.line <= lines.size() ? lines[mark.line - 1].size() : 0;
  TAILRACE_CHECK(mark.column >= 1 && mark.column <= length + 1);
}

void check_node(const Node& node, const models::ScenarioDoc& doc, int depth) {
  TAILRACE_CHECK(depth <= 64);
  check_mark(node.mark, doc);
  if (node.is_scalar()) check_scalar(node.text);
  for (std::size_t i = 0; i < node.entries.size(); ++i) {
    check_mark(node.entries[i].key_mark, doc);
    TAILRACE_CHECK(node.find(node.entries[i].key) == &node.entries[i].value);  // no duplicates
    check_node(node.entries[i].value, doc, depth + !node.entries[i].value.is_scalar());
  }
  for (const Node& item : node.items) check_node(item, doc, depth + !item.is_scalar());
}

}  // namespace

// A text whose first line begins with "#set " gives an override there; the rest is the scenario.
int run_one(std::string_view text) {
  scenarios::ReadOptions options;
  options.max_alias_nodes = 10'000;  // the default only makes the fuzzer slow
  options.max_nodes = 100'000;
  if (text.substr(0, 5) == "#set ") options.overrides.emplace_back(text.substr(5, text.find('\n') - 5));
  models::Diagnostics diagnostics;
  const scenarios::ReadResult read = scenarios::read_scenario_text(text, "fuzz.yaml", options, diagnostics);
  TAILRACE_CHECK((read.status == scenarios::ReadStatus::ok) == diagnostics.ok());
  for (const models::Diagnostic& d : diagnostics.all()) {
    TAILRACE_CHECK(!d.message.empty());
    if (d.mark.line > 0 && d.mark.column > 0) check_mark(d.mark, read.doc);
  }
  for (char c : models::format_diagnostics(diagnostics, read.doc.files)) {
    TAILRACE_CHECK(c == '\n' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f));
  }
  if (read.status == scenarios::ReadStatus::ok) {
    TAILRACE_CHECK(read.doc.root.is_map());
    check_node(read.doc.root, read.doc, 1);
  }
  return 0;
}

}  // namespace tailrace::fuzz
