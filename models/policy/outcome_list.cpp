#include "models/policy/outcome_list.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tailrace::models {

void read_outcomes(const Node& node, OutcomeList& list, ReadContext& context) {
  const auto one = [&](const Node& item) {
    if (!item.is_scalar()) return context.error(item, "expected the name of an outcome, such as timeout");
    list.names.push_back(item.text);
    list.marks.push_back(item.mark);
  };
  if (!node.is_list()) return one(node);
  for (const Node& item : node.items) one(item);
}

std::uint32_t outcome_bits(const OutcomeList& list, const char* field, const char* what,
                           PolicyTarget& target) {
  std::uint32_t bits = 0;
  const std::vector<std::string_view> names(kOutcomeNames.begin() + 1, kOutcomeNames.end());
  for (std::size_t i = 0; i < list.names.size(); ++i) {
    const auto found = std::find(names.begin(), names.end(), list.names[i]);
    if (found != names.end()) {
      bits |= 2u << (found - names.begin());  // the first name is that of bit 1
      continue;
    }
    const std::string near = nearest_word(list.names[i], names);
    target.diagnostics.error(
        list.marks[i], target.path + "." + field,
        fmt::format("\"{}\" is no {}", escaped(list.names[i]), what),
        near.empty() ? fmt::format("one of {}", fmt::join(names, ", ")) : "did you mean " + near + "?");
  }
  return bits;
}

}  // namespace tailrace::models
