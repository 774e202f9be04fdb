#pragma once
// Pictures one after another, as files of a folder: frame-0001.png, frame-0002.png, ... What is filmed moves
// on by 1 / kFilmRate seconds from one to the next, however long a picture takes to be written.
#include <string>

#include "viewer/surface/surface.hpp"

namespace tailrace::viewer {

inline constexpr int kFilmRate = 24;  // pictures per second of the film

class Film {
 public:
  // Makes the folder. "" or what went wrong.
  std::string begin(const std::string& folder);
  std::string add(const Pixels& pixels);
  void end() { running_ = false; }
  bool running() const { return running_; }
  int frames() const { return frames_; }  // of this film, or of the last
  const std::string& folder() const { return folder_; }

 private:
  std::string folder_;
  int frames_ = 0;
  bool running_ = false;
};

}  // namespace tailrace::viewer
