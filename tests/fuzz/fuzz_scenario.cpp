// libFuzzer's entry: build with clang and -DTAILRACE_FUZZ=ON, then `fuzz_scenario tests/fuzz/corpus`.
#include <cstddef>
#include <cstdint>

#include "tests/fuzz/target.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  return tailrace::fuzz::run_one({reinterpret_cast<const char*>(data), size});
}
