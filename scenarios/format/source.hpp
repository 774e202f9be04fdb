#pragma once
// Bytes to text: a file or string becomes UTF-8 with "\n" at the ends of its lines, or a diagnostic.
// Everything after this may trust that the text holds no invalid UTF-8, no byte order mark and no control
// characters but tab and newline.
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "models/field/diagnostics.hpp"

namespace tailrace::scenarios {

struct FileBytes {
  std::string bytes;
  std::string error;       // "cannot read: No such file or directory"; empty when read
  bool too_large = false;  // the error is about the size, not about the disk
  bool missing = false;    // the error is a wrong name: no such file, or a folder
};

// At most `max_bytes`; more is an error. `only_regular` refuses pipes and devices, which an include must not
// open.
FileBytes read_bytes(const std::string& path, std::size_t max_bytes, bool only_regular);

// Checks and normalises in place. Returns false after reporting the first fault; `lines` is filled in either
// case.
bool clean_text(std::string& text, std::uint32_t file, std::vector<std::string>& lines,
                models::Diagnostics& diagnostics);

}  // namespace tailrace::scenarios
