#pragma once
// The table of what the library shows (scenarios/patterns.yaml), read. That it fits the library and the
// documentation is held by tests/house; a table that does not parse is a programmer's error.
#include <string>
#include <vector>

namespace tailrace::scenarios {

struct Pattern {
  std::string name;                    // "Hedged requests"
  std::vector<std::string> scenarios;  // names in the library
  std::string page;                    // in docs/: what is modelled, and what is left out
};

struct Topic {
  std::string name;
  std::vector<Pattern> patterns;
};

std::vector<Topic> read_patterns();

}  // namespace tailrace::scenarios
