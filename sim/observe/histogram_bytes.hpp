#pragma once
// A histogram as bytes and back, exactly: buckets, count, sum, minimum, maximum and the sum of squares with
// the rounding that it has. Cost: two to four bytes for each bucket that holds something.
#include "sim/base/bytes.hpp"
#include "sim/observe/histogram.hpp"

namespace tailrace::sim {

void write_histogram(const Histogram& histogram, ByteWriter& out);
// Empty, and `in` not good, where the bytes are no histogram.
Histogram read_histogram(ByteReader& in);

}  // namespace tailrace::sim
