#pragma once
// A moment of the run as clocks show it, wherever the viewer names one: what is read in a sentence is then
// found on the axis.
#include <string>

namespace tailrace::viewer {

std::string clock_text(double seconds, int decimals = 0);  // 3:15, 1:02:03, 3:15.20

}  // namespace tailrace::viewer
