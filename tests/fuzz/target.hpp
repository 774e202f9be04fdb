#pragma once
// The one function that the fuzzer and the replay of its corpus both call. It throws (or trips a sanitizer)
// when a promise is broken, and returns 0 otherwise: what the text holds, good or bad, is never a failure.
// The text goes all the way: read, built, compiled, run within small budgets, reported.
#include <string_view>

namespace tailrace::fuzz {

int run_one(std::string_view text);

}  // namespace tailrace::fuzz
