#include "cli/version.hpp"

#include <fmt/format.h>
#include <tailrace_commit.hpp>  // made by commit.cmake: kCommit

#include <string_view>
#include <utility>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/console.hpp"
#include "cli/exit_code.hpp"

namespace tailrace::cli {

namespace {

static_assert(std::string_view(TAILRACE_PROJECT_VERSION) == kVersion,
              "the version stands in CMakeLists.txt and in cli/arguments.hpp");

#if defined(__clang__)
constexpr const char* kCompiler = "clang " __clang_version__;
#elif defined(__GNUC__)
constexpr const char* kCompiler = "g++ " __VERSION__;
#else
constexpr const char* kCompiler = "unknown";
#endif

// Empty: left out.
constexpr std::string_view kMpi = TAILRACE_WITH_MPI, kSanitizers = TAILRACE_WITH_SANITIZERS;
constexpr bool kViewer = TAILRACE_WITH_VIEWER;

std::vector<std::pair<std::string_view, std::string_view>> libraries() {
  return {{"fmt", TAILRACE_FMT},     {"yaml-cpp", TAILRACE_YAML_CPP},
          {"CLI11", TAILRACE_CLI11}, {"nlohmann_json", TAILRACE_JSON},
          {"Eigen", TAILRACE_EIGEN}, {"Boost", TAILRACE_BOOST}};
}

std::string trimmed(std::string text) {
  while (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

}  // namespace

std::string version_text() {
  const std::string_view commit = kCommit;
  std::string out = fmt::format("tailrace {}{}{}\n", kVersion, commit.empty() ? "" : ", commit ", commit) +
                    fmt::format("built by {}, {}, {}, {}{}{}\n", trimmed(kCompiler), TAILRACE_BUILD_TYPE,
                                kMpi.empty() ? "without MPI" : fmt::format("with MPI {}", kMpi),
                                kViewer ? "with the viewer" : "without the viewer",
                                kSanitizers.empty() ? "" : ", sanitizers ", kSanitizers);
  std::string list;
  for (const auto& [name, version] : libraries())
    list += fmt::format("{}{} {}", list.empty() ? "" : ", ", name, version);
  return out + list + "\n";
}

// Nothing in it needs escaping but quotes and backslashes, which no version has.
std::string version_json() {
  std::string list;
  for (const auto& [name, version] : libraries())
    list += fmt::format("{}\n    \"{}\": \"{}\"", list.empty() ? "" : ",", name, version);
  const std::string_view commit = kCommit;
  return fmt::format(
      "{{\n  \"version\": \"{}\",\n  \"commit\": {},\n  \"compiler\": \"{}\",\n  \"build_type\": \"{}\",\n"
      "  \"mpi\": {},\n  \"viewer\": {},\n  \"sanitizers\": \"{}\",\n  \"libraries\": {{{}\n  }}\n}}\n",
      kVersion, commit.empty() ? "null" : fmt::format("\"{}\"", commit), trimmed(kCompiler),
      TAILRACE_BUILD_TYPE, kMpi.empty() ? "null" : fmt::format("\"{}\"", kMpi), kViewer, kSanitizers, list);
}

int version_command(OutputFormat format) {
  return write_stdout(format == OutputFormat::json ? version_json() : version_text()) ? kGood : kInputOutput;
}

}  // namespace tailrace::cli
