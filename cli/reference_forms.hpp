#pragma once
// How values are written, by example. The parsers of units and distributions hold no texts for people, so
// these stand here; a test reads every example through the parser that it belongs to.
#include <string>
#include <vector>

namespace tailrace::cli {

struct FormLine {
  std::string example, meaning;
};
struct Form {
  std::string name, about;
  std::vector<FormLine> lines;
};

const std::vector<Form>& reference_forms();

}  // namespace tailrace::cli
