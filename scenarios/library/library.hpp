#pragma once
// The scenarios that come with the program, inside it: found by name wherever the program is, with or without
// its sources. scenarios/library/*.yaml are the texts and scenarios/patterns.yaml the table of what they
// show; the build turns both into this library, so that there is no second list to keep.
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::scenarios {

struct LibraryScenario {
  std::string_view name;  // retry-storm
  std::string_view text;  // of the file, comments and all
};

// Ordered by name.
const std::vector<LibraryScenario>& library();

// Null when there is none of that name.
const LibraryScenario* find_in_library(std::string_view name);

// What a user may have meant by a name that is not there; empty when nothing is close.
std::string nearest_in_library(std::string_view name);

// The text of scenarios/patterns.yaml; scenarios/format/patterns.hpp reads it.
std::string_view patterns_text();

}  // namespace tailrace::scenarios
