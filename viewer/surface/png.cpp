#include <fmt/format.h>
#include <stb_image.h>
#include <stb_image_write.h>

#include <algorithm>

#include "viewer/surface/surface.hpp"

namespace tailrace::viewer {

std::string write_png(const std::string& path, const Pixels& pixels) {
  if (pixels.empty()) return "there is no picture to write to '" + path + "'";
  // Three channels: the fourth says nothing, and the files are a fifth smaller.
  std::vector<std::uint8_t> rgb;
  rgb.reserve(pixels.rgba.size() / 4 * 3);
  for (std::size_t i = 0; i < pixels.rgba.size(); i += 4)
    rgb.insert(rgb.end(), {pixels.rgba[i], pixels.rgba[i + 1], pixels.rgba[i + 2]});
  if (stbi_write_png(path.c_str(), pixels.width, pixels.height, 3, rgb.data(), pixels.width * 3) == 0)
    return fmt::format("cannot write '{}': is the folder there, and may you write in it?", path);
  return "";
}

Pixels read_png(const std::string& path, std::string& error) {
  Pixels pixels;
  int channels = 0;
  stbi_uc* const data = stbi_load(path.c_str(), &pixels.width, &pixels.height, &channels, 4);
  if (data == nullptr) {
    error = fmt::format("cannot read '{}': {}", path, stbi_failure_reason());
    return {};
  }
  pixels.rgba.assign(
      data, data + static_cast<std::size_t>(pixels.width) * static_cast<std::size_t>(pixels.height) * 4);
  stbi_image_free(data);
  return pixels;
}

Pixels cropped(const Pixels& pixels, int x, int y, int width, int height) {
  const int left = std::clamp(x, 0, pixels.width), top = std::clamp(y, 0, pixels.height);
  const int right = std::clamp(x + width, left, pixels.width);
  const int bottom = std::clamp(y + height, top, pixels.height);
  Pixels part{right - left, bottom - top, {}};
  part.rgba.reserve(static_cast<std::size_t>(part.width) * static_cast<std::size_t>(part.height) * 4);
  for (int row = top; row < bottom; ++row) {
    const std::size_t start = (static_cast<std::size_t>(row) * static_cast<std::size_t>(pixels.width) +
                               static_cast<std::size_t>(left)) *
                              4;
    const auto from = pixels.rgba.begin() + static_cast<std::ptrdiff_t>(start);
    part.rgba.insert(part.rgba.end(), from, from + part.width * 4);
  }
  return part;
}

}  // namespace tailrace::viewer
