#pragma once
// One importer per format; import.cpp lists them. What each one reads is said at the top of its file.
#include <string>
#include <string_view>

#include "scenarios/import/draft.hpp"
#include "scenarios/import/import.hpp"

namespace tailrace::scenarios {

Imported import_isotope(std::string_view text, const ImportOptions& options);
Imported import_compose(std::string_view text, const ImportOptions& options);
Imported import_kubernetes(std::string_view text, const ImportOptions& options);

Imported failed(const ImportOptions& options, const std::string& what);  // "FILE: what"
Imported finished(Draft draft, const char* format, const ImportOptions& options);

}  // namespace tailrace::scenarios
