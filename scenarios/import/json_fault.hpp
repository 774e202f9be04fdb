#pragma once
// Where a text is no JSON, and why, as people read it: "3:17: not valid JSON: ...".
#include <cstddef>
#include <string>
#include <string_view>

namespace tailrace::scenarios {

// `byte` (from 1) and `what` are those of nlohmann's parse_error.
std::string json_fault(std::string_view text, std::size_t byte, const std::string& what);
// nlohmann's texts begin with "[json.exception.parse_error.101] parse error at line 1, column 2: ".
std::string json_reason(const std::string& what);

}  // namespace tailrace::scenarios
