#pragma once
// A replication's record as bytes and back, whole: what a report says of the copy it says of the original,
// digit for digit. For processes of one build that share out replications; not a file format. Cost: some
// microseconds, and a few kilobytes for each histogram that holds something.
#include <string>
#include <string_view>

#include "models/runtime/record.hpp"

namespace tailrace::models {

std::string record_bytes(const RunRecord& record);
// False where the bytes are no record; `record` is then worth nothing.
bool read_record(std::string_view bytes, RunRecord& record);

}  // namespace tailrace::models
