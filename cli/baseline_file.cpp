#include "cli/baseline_file.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "models/field/number_text.hpp"

namespace tailrace::cli {

namespace {

constexpr std::uintmax_t kLargest = 256 * 1024 * 1024;  // bytes

using Json = nlohmann::json;

std::string take(const Json& json, analysis::BaselineRun& run) {
  if (!json.is_object() || json.value("format", "") != "tailrace-summary")
    return "it is no summary.json of this program";
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

}  // namespace

std::string read_baseline(const std::string& path, analysis::BaselineRun& run) {
  run.file = path;
  const auto wrong = [&](const std::string& why) {
    return fmt::format("the baseline {} cannot be used: {}", models::shown(path), why);
  };
  std::error_code code;
  const std::uintmax_t size = std::filesystem::file_size(path, code);
  if (code) return wrong(code.message());
  if (size > kLargest) return wrong("it is larger than 256 MB");
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  if (!in) return wrong("it cannot be read");
  const Json json = Json::parse(text.str(), nullptr, false);
  if (json.is_discarded()) return wrong("it is no JSON");
  try {
    const std::string why = take(json, run);
    return why.empty() ? "" : wrong(why);
  } catch (const Json::exception&) {  // a field that is missing, or of another type
    return wrong("it is no summary.json of this program");
  }
}

}  // namespace tailrace::cli
