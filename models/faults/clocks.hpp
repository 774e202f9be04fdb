#pragma once
// What a clock_skew fault puts into its one effect, for who keeps the clocks (models/runtime/clocks.hpp):
// amount is the offset in ns; `lasts` the lifetime of the tokens that are checked, if any are; `time` the
// tolerance of that check. The hook says whether deadlines feel it.
namespace tailrace::models {

inline constexpr const char* kClockSkew = "clock_skew";
inline constexpr const char* kClockSkewButDeadlines = "clock_skew, but for deadlines";

}  // namespace tailrace::models
