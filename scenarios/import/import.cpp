#include "scenarios/import/import.hpp"

#include <fmt/format.h>

#include <utility>

#include "models/field/diagnostics.hpp"
#include "scenarios/import/formats.hpp"
#include "scenarios/import/spans.hpp"
#include "scenarios/import/traces.hpp"

namespace tailrace::scenarios {

namespace {

Imported from_spans(const SpanSet& set, const char* format, const ImportOptions& options) {
  if (!set.error.empty()) return {{}, {}, options.file + ":" + set.error};
  TraceImport import = import_traces(set, options.rate);
  return import.error.empty() ? finished(std::move(import.draft), format, options)
                              : failed(options, import.error);
}

Imported import_otlp(std::string_view text, const ImportOptions& options) {
  return from_spans(read_otlp(text), "otlp", options);
}
Imported import_jaeger(std::string_view text, const ImportOptions& options) {
  return from_spans(read_jaeger(text), "jaeger", options);
}

// "shop/traces.json" is about "traces".
std::string stem(const std::string& file) {
  std::string name = file.substr(file.rfind('/') == std::string::npos ? 0 : file.rfind('/') + 1);
  return name.substr(0, name.find('.'));
}

}  // namespace

Imported failed(const ImportOptions& options, const std::string& what) {
  return {{}, {}, options.file + ": " + what};
}

Imported finished(Draft draft, const char* format, const ImportOptions& options) {
  draft.name = stem(options.file);
  draft.header.insert(draft.header.begin(), fmt::format("Made by `tailrace import {}` from {}.", format,
                                                        models::escaped(options.file)));
  Imported out;
  out.scenario = finish(draft);
  out.notes = std::move(draft.notes);
  return out;
}

const std::vector<ImportFormat>& import_formats() {
  static const std::vector<ImportFormat> kFormats = {
      {"otlp", "OpenTelemetry traces, JSON", import_otlp},
      {"jaeger", "Jaeger traces, JSON", import_jaeger},
      {"isotope", "Istio isotope service graphs", import_isotope},
      {"compose", "docker-compose files", import_compose},
      {"kubernetes", "Kubernetes manifests", import_kubernetes},
  };
  return kFormats;
}

}  // namespace tailrace::scenarios
