#pragma once
// Headers of publications, by which a headers exchange routes. They travel as part of the routing key: the
// key, and behind a separator that no key has each name with its value, in the order of the names. So an
// envelope needs no more than the number of its key, and what is reached is worked out once for each.
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tailrace::models {

inline constexpr char kHeaderMark = '\x1f';

using Headers = std::vector<std::pair<std::string, std::string>>;  // by name

inline std::string with_headers(std::string key, const Headers& headers) {
  for (const auto& [name, value] : headers) key += kHeaderMark + name + "=" + value;
  if (!headers.empty()) key += kHeaderMark;
  return key;
}
inline std::string_view key_alone(std::string_view key) {
  return key.substr(0, key.find(kHeaderMark));
}
inline bool has_header(std::string_view key, const std::string& name, const std::string& value) {
  return key.find(kHeaderMark + name + "=" + value + kHeaderMark) != std::string_view::npos;
}

}  // namespace tailrace::models
