#include "scenarios/import/json_fault.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace tailrace::scenarios {

std::string json_reason(const std::string& what) {
  const std::size_t colon = what.find(": ");
  return colon == std::string::npos ? what : what.substr(colon + 2);
}

std::string json_fault(std::string_view text, std::size_t byte, const std::string& what) {
  const std::string_view before = text.substr(0, std::min(byte > 0 ? byte - 1 : 0, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::size_t start = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  return fmt::format("{}:{}: not valid JSON: {}", line, before.size() - start + 1, json_reason(what));
}

}  // namespace tailrace::scenarios
