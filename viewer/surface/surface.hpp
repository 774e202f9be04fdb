#pragma once
// Where frames go: a window, a picture in memory (EGL without any display), or nowhere (tests, benchmarks).
// The panels are the same for all three; they see Dear ImGui and nothing of this.
//
// A surface owns the ImGui context from its making to its end, so there is one at a time. What it does not
// do: choose fonts and colours (widgets/theme.hpp), or know what is drawn.
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tailrace::viewer {

struct Pixels {
  int width = 0, height = 0;
  std::vector<std::uint8_t> rgba;  // rows from the top

  bool empty() const { return rgba.empty(); }
};

class Surface {
 public:
  virtual ~Surface() = default;
  Surface() = default;
  Surface(const Surface&) = delete;
  Surface& operator=(const Surface&) = delete;

  // False when the user has closed it. `wait_s`: sleeps up to this long when nothing happens.
  virtual bool begin_frame(double wait_s) = 0;
  virtual void end_frame() = 0;
  virtual Pixels read() = 0;        // of the last frame; empty where there is no picture
  virtual float scale() const = 0;  // pixels per point: text of 14 points is 14 * scale pixels high
  virtual void fonts_changed() {}   // the atlas was built anew
  void set_background(std::uint32_t rgba) { background_ = rgba; }  // as ImU32

 protected:
  std::uint32_t background_ = 0xff000000;
};

struct SurfaceOptions {
  int width = 1600, height = 900;  // pixels of a picture, screen units of a window
  float scale = 0;                 // 0: what the display says, 1 for pictures
  std::string title = "tailrace";
};

// Null with an explanation in `error` where the machine cannot.
std::unique_ptr<Surface> open_window(const SurfaceOptions& options, std::string& error);
std::unique_ptr<Surface> open_picture(const SurfaceOptions& options, std::string& error);
// Frames take 1/60 s of ImGui's time; nothing is rasterised.
std::unique_ptr<Surface> open_null(const SurfaceOptions& options);

// "" or what went wrong.
std::string write_png(const std::string& path, const Pixels& pixels);
Pixels read_png(const std::string& path, std::string& error);
// A part of it, cut to what there is.
Pixels cropped(const Pixels& pixels, int x, int y, int width, int height);

}  // namespace tailrace::viewer
