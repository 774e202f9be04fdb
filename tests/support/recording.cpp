#include "tests/support/recording.hpp"

#include <fmt/format.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>

#include "analysis/stats/student.hpp"

namespace tailrace::tests {

namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? ' ' : c;
  }
  return out + "\"";
}
// JSON knows no infinity.
std::string number(double x) {
  return std::isfinite(x) ? fmt::format("{:.17g}", x) : "null";
}

}  // namespace

void record(const Recorded& r) {
  const char* path = std::getenv("TAILRACE_VALIDATION");
  if (path == nullptr || *path == '\0') return;
  const std::string line = fmt::format(
      "{{\"group\": {}, \"id\": {}, \"source\": {}, \"figure\": {}, \"rule\": {}, \"expected\": {}, "
      "\"tolerance\": {}, \"measured\": {}, \"half_width\": {}, \"z\": {}, \"exact\": {}, \"holds\": {}, "
      "\"replications\": {}}}\n",
      quoted(r.group), quoted(r.id), quoted(r.source), quoted(r.figure), quoted(r.rule), number(r.expected),
      number(r.tolerance), number(r.measured), number(r.half_width), r.has_z ? number(r.z) : "null", r.exact,
      r.holds, r.replications);
  std::FILE* file = std::fopen(path, "a");
  if (file == nullptr) throw std::runtime_error(fmt::format("{} cannot be written", path));
  std::setvbuf(file, nullptr, _IOFBF, 1 << 16);  // a line is one write: tests run beside each other
  std::fwrite(line.data(), 1, line.size(), file);
  std::fclose(file);
}

double half_width_95(double standard_error, int n) {
  return n < 2 ? 0 : analysis::t_critical(0.95, n - 1) * standard_error;
}

}  // namespace tailrace::tests
