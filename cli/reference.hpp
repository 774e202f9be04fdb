#pragma once
// The reference of scenarios, from the field tables: what `describe` prints and what docs/reference.md holds.
#include <string>

#include "models/field/field.hpp"

namespace tailrace::cli {

std::string type_text(const models::Field& field);   // "duration", "fifo | lifo | ..."
std::string range_text(const models::Field& field);  // "1 to 1e6", "more than 0s"; empty: any

std::string describe_list();
// Empty when nothing has that name; `hint` is then the nearest name, or empty.
std::string describe_one(const std::string& name, std::string& hint);
std::string reference_markdown();

}  // namespace tailrace::cli
