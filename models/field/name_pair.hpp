#pragma once
// Two names in one text, with an arrow between them ("orders -> payments"): links, rules and prices are of
// such pairs.
#include <optional>
#include <string>
#include <string_view>

namespace tailrace::models {

// Without the blanks around it.
std::string trimmed(std::string_view text);

struct NamePair {
  std::string from, to;
};
// None: there is no arrow, or nothing on one side of it.
std::optional<NamePair> name_pair(std::string_view text);

}  // namespace tailrace::models
