#include "viewer/surface/film.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

namespace tailrace::viewer {

std::string Film::begin(const std::string& folder) {
  std::error_code code;
  std::filesystem::create_directories(folder, code);
  if (code) return fmt::format("cannot make the folder '{}': {}", folder, code.message());
  folder_ = folder;
  frames_ = 0;
  running_ = true;
  return "";
}

std::string Film::add(const Pixels& pixels) {
  const std::string error = write_png(fmt::format("{}/frame-{:04}.png", folder_, frames_ + 1), pixels);
  if (error.empty()) ++frames_;
  return error;
}

}  // namespace tailrace::viewer
