#pragma once
// What the program says to a scenario, word for word: read, build, format. A good scenario gives an empty
// text.
#include <string>
#include <string_view>

namespace tailrace::tests {

// `text` is a whole scenario, shown as bad.yaml; files that it names are looked for in `directory`.
std::string diagnose(std::string_view text, const std::string& directory = {});

}  // namespace tailrace::tests
