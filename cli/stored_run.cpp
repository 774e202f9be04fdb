#include "cli/stored_run.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "analysis/report/summary_json.hpp"
#include "scenarios/sensitivity/output.hpp"

namespace tailrace::cli {

namespace {

constexpr std::uintmax_t kLargest = 256 * 1024 * 1024;  // bytes

using Json = nlohmann::json;

struct StoredFile {
  const char* name;
  const char* format;
  int version;
  const char* command;  // that writes it
};
constexpr StoredFile kSummary{"summary.json", "tailrace-summary", analysis::kSummaryVersion, "run --out"};
constexpr StoredFile kSensitivity{"sensitivity.json", "tailrace-sensitivity", scenarios::kSensitivityVersion,
                                  "sensitivity --out"};

std::string take(const Json& json, analysis::BaselineRun& run) {
  if (!json.value("complete", false)) return "it is of a run that ended early";
  if (!json.contains("figures") || !json["figures"].is_array() || json["figures"].empty())
    return "it has no figures of its replications; write it anew with run --out";
  run.scenario = json.at("scenario").value("name", "");
  run.seed = json.at("run").value("seed", std::uint64_t{0});
  run.duration_s = json.at("run").value("duration_s", 0.0);
  run.warmup_s = json.at("run").value("warmup_s", 0.0);
  for (const Json& f : json["figures"]) {
    analysis::KeptFigure kept{f.at("name"), f.at("unit"), f.at("better"), {}};
    for (const Json& v : f.at("values"))
      kept.values.push_back(v.is_number() ? v.get<double>() : std::numeric_limits<double>::quiet_NaN());
    run.figures.push_back(std::move(kept));
  }
  return "";
}

analysis::Interval interval_of(const Json& json) {
  analysis::Interval i;
  i.count = json.value("count", std::uint64_t{0});
  i.groups = json.value("groups", 0);
  if (!json.at("estimate").is_number()) {
    i.count = 0;
    return i;
  }
  i.estimate = json["estimate"];
  i.confidence = json.value("confidence", 0.95);
  i.known = json.at("low").is_number() && json.at("high").is_number();
  if (i.known) i.low = json["low"], i.high = json["high"];
  return i;
}

std::string take(const Json& json, analysis::StoredResult& result) {
  result.scenario = json.at("scenario").value("name", "");
  const Json& run = json.at("run");
  result.seed = run.value("seed", std::uint64_t{0});
  result.replications = run.value("replications", 0);
  result.measured_s = run.value("measured_s", 0.0);
  result.status = json.at("status");
  result.message = json.at("message");
  result.result_fingerprint = json.at("fingerprints").at("result");
  for (const Json& t : json.at("thresholds")) {
    result.thresholds.push_back(
        {t.at("metric"), t.at("condition"), t.at("verdict"), t.at("unit"), interval_of(t.at("measured"))});
  }
  for (const Json& w : json.at("workloads")) {
    const Json& duration = w.at("duration_s");
    const Json& percentiles = duration.at("percentiles");
    result.workloads.push_back({w.at("name"), interval_of(w.at("goodput_per_s")),
                                interval_of(w.at("failed_fraction")), interval_of(duration.at("mean")),
                                interval_of(percentiles.at("p50")), interval_of(percentiles.at("p99")),
                                interval_of(percentiles.at("p99.9"))});
  }
  result.verdict = json.at("cascade").at("verdict");
  result.story = json["cascade"].at("story");
  return "";
}

double number_of(const Json& json) {
  return json.is_number() ? json.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

std::string take(const Json& json, scenarios::Sensitivity& found) {
  found.scenario = json.at("scenario");
  found.primary = json.at("primary");
  found.step = json.at("step");
  found.confidence = json.at("confidence");
  found.replications = json.at("replications");
  found.ended_early = json.at("message");
  found.interrupted = !json.at("complete").get<bool>() && found.ended_early.empty();
  for (const Json& p : json.at("parameters")) {
    scenarios::Parameter parameter;
    parameter.path = p.at("path");
    parameter.base.text = p.at("base");
    parameter.low.text = p.at("low");
    parameter.high.text = p.at("high");
    for (const Json& f : p.at("figures")) {
      scenarios::Elasticity e;
      e.figure = f.at("figure");
      e.unit = unit_of(f.at("unit"));
      e.at_low = number_of(f.at("at_low"));
      e.at_high = number_of(f.at("at_high"));
      e.value.known = f.at("elasticity").is_number();
      if (e.value.known) {
        e.value.estimate = f["elasticity"];
        e.value.low = f.at("elasticity_low");
        e.value.high = f.at("elasticity_high");
      }
      e.p_adjusted = number_of(f.at("p_adjusted"));
      e.told = f.at("told");
      parameter.figures.push_back(std::move(e));
    }
    found.parameters.push_back(std::move(parameter));
  }
  return "";
}

bool has(const std::string& path, const StoredFile& stored) {
  std::error_code code;
  const std::filesystem::path given = path;
  return std::filesystem::is_directory(given, code) ? std::filesystem::exists(given / stored.name, code)
                                                    : given.filename() == stored.name;
}

// The file at `path`, taken apart by take().
template <class Stored>
std::string read(const std::string& path, const StoredFile& what, Stored& stored) {
  std::error_code code;
  std::filesystem::path file = path;
  if (std::filesystem::is_directory(file, code)) {
    file /= what.name;
    if (!std::filesystem::exists(file, code))
      return fmt::format("there is no {} in it; {} writes one", what.name, what.command);
  }
  const std::uintmax_t size = std::filesystem::file_size(file, code);
  if (code) return code.message();
  if (size > kLargest) return "it is larger than 256 MB";
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return "it cannot be read";
  const Json json = Json::parse(text.str(), nullptr, false);
  if (json.is_discarded()) return "it is no JSON";
  const std::string foreign = fmt::format("it is no {} of this program", what.name);
  try {
    if (!json.is_object() || json.value("format", "") != what.format) return foreign;
    if (json.value("version", 0) != what.version)
      return "it is of another version of the program; run the scenario anew";
    return take(json, stored);
  } catch (const Json::exception&) {  // a field that is missing, or of another type
    return foreign;
  }
}

}  // namespace

bool is_stored_run(const std::string& path) {
  std::error_code code;
  return std::filesystem::is_directory(path, code) || std::filesystem::path(path).extension() == ".json";
}

std::string read_stored_run(const std::string& path, analysis::BaselineRun& run) {
  run.file = path;
  return read(path, kSummary, run);
}

std::string read_stored_result(const std::string& path, analysis::StoredResult& result) {
  result.folder = path;
  return read(path, kSummary, result);
}

bool has_summary(const std::string& path) {
  return has(path, kSummary);
}
bool has_sensitivity(const std::string& path) {
  return has(path, kSensitivity);
}

std::string read_stored_sensitivity(const std::string& path, scenarios::Sensitivity& found) {
  return read(path, kSensitivity, found);
}

analysis::FigureUnit unit_of(const std::string& name) {
  using Unit = analysis::FigureUnit;
  for (const Unit unit : {Unit::seconds, Unit::fraction, Unit::per_second}) {
    if (name == analysis::unit_name(unit)) return unit;
  }
  return Unit::number;
}

}  // namespace tailrace::cli
