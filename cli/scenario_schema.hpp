#pragma once
// A JSON schema (draft 2020-12) of scenario files, generated from the field tables, for editors that complete
// and check YAML. It is a little wider than the parser: quantities are checked by their spelling, relations
// between fields and references not at all. What the parser accepts, the schema accepts.
#include <string>

namespace tailrace::cli {

std::string scenario_schema();

}  // namespace tailrace::cli
