#pragma once
// Other tools' descriptions of systems, as scenarios: the text of one that the reader takes and that builds,
// with comments that say where each number is from. What the source does not say is assumed; each assumption
// is a comment and a note. Nothing here runs or checks the scenario.
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tailrace::scenarios {

struct ImportOptions {
  std::string file;            // as the user named it: for messages and the scenario's name
  std::optional<double> rate;  // of requests, per second, in place of what the source says
};

struct Imported {
  std::string scenario;            // YAML
  std::vector<std::string> notes;  // one line each
  std::string error;               // for the user; then there is no scenario
};

struct ImportFormat {
  const char* name;
  const char* about;
  Imported (*import)(std::string_view text, const ImportOptions& options);
};

// otlp, jaeger, isotope, compose, kubernetes.
const std::vector<ImportFormat>& import_formats();

}  // namespace tailrace::scenarios
