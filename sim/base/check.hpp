#pragma once
// Assertions that stay on in every build: they state what the programmer believes, never what the user typed.
// A failure throws InvariantBroken; the composition root turns it into exit code 70 with the run's seed and
// event number, so that whoever reads the report can reproduce it.
#include <stdexcept>
#include <string>

namespace tailrace::sim {

struct InvariantBroken : std::logic_error {
  using std::logic_error::logic_error;
};

[[noreturn]] [[gnu::cold]] [[gnu::noinline]] inline void invariant_broken(const char* expression,
                                                                          const char* file, int line) {
  throw InvariantBroken(std::string(file) + ":" + std::to_string(line) + ": expected " + expression);
}

}  // namespace tailrace::sim

#define TAILRACE_CHECK(expression)                    \
  (__builtin_expect(static_cast<bool>(expression), 1) \
       ? static_cast<void>(0)                         \
       : ::tailrace::sim::invariant_broken(#expression, __FILE__, __LINE__))
