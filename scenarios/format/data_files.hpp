#pragma once
// Which files a scenario reads: texts that look like a file's name, alone or as a word among others
// (empirical(times.csv)), and name one below the scenario's folder. A name too many does no harm.
#include <string>
#include <utility>
#include <vector>

#include "models/field/document.hpp"

namespace tailrace::scenarios {

// As it is named, and where it is.
using DataFile = std::pair<std::string, std::string>;

// In the order in which the text names them.
std::vector<DataFile> files_named(const std::string& text, const std::string& directory);

// Of all texts of a scenario, each once, by name.
std::vector<DataFile> data_files(const models::ScenarioDoc& doc);

}  // namespace tailrace::scenarios
