#include "cli/progress.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cli/console.hpp"

namespace tailrace::cli {

void Progress::show(std::size_t done, std::size_t wanted, double share, const char* what) {
  if (!shown_) return;
  const Clock::time_point now = Clock::now();
  if (width_ > 0 && now - drawn_ < std::chrono::milliseconds(90)) return;
  drawn_ = now;
  const double held = std::clamp(share, 0.0, 1.0);
  const double passed = std::chrono::duration<double>(now - start_).count();
  std::string line = fmt::format("{} {:3.0f} %  {} of {} {}", analysis::bar(held, 24, style_), 100 * held,
                                 done, wanted, what);
  if (held > 0.01 && passed > 0.5) {
    line += fmt::format("  about {} left", analysis::human_duration(passed * (1 - held) / held, style_));
  }
  const std::size_t width = analysis::display_width(line);
  std::string text = "\r" + line;
  if (width < width_) text.append(width_ - width, ' ');
  width_ = width;
  write_stderr(text);
}

void Progress::clear() {
  if (width_ == 0) return;
  write_stderr("\r" + std::string(width_, ' ') + "\r");
  width_ = 0;
}

}  // namespace tailrace::cli
