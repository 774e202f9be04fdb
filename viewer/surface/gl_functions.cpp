#include "viewer/surface/gl_functions.hpp"

#include <algorithm>

namespace tailrace::viewer {

Pixels read_framebuffer(int width, int height) {
  Pixels pixels{width, height, {}};
  const std::size_t row = static_cast<std::size_t>(width) * 4;
  pixels.rgba.resize(row * static_cast<std::size_t>(height));
  glPixelStorei(GL_PACK_ALIGNMENT, 1);
  glReadPixels(0, 0, width, height, GL_RGBA, GL_UNSIGNED_BYTE, pixels.rgba.data());
  for (int y = 0; y < height / 2; ++y) {  // OpenGL's first row is the lowest
    auto* const top = pixels.rgba.data() + static_cast<std::size_t>(y) * row;
    auto* const bottom = pixels.rgba.data() + static_cast<std::size_t>(height - 1 - y) * row;
    std::swap_ranges(top, top + row, bottom);
  }
  // What is seen is opaque, whatever blending left in the fourth channel.
  for (std::size_t i = 3; i < pixels.rgba.size(); i += 4) pixels.rgba[i] = 255;
  return pixels;
}

void clear_framebuffer(int width, int height, std::uint32_t background) {
  const auto channel = [&](int shift) { return static_cast<float>((background >> shift) & 255u) / 255.0f; };
  glViewport(0, 0, width, height);
  glClearColor(channel(0), channel(8), channel(16), 1);
  glClear(GL_COLOR_BUFFER_BIT);
}

}  // namespace tailrace::viewer
