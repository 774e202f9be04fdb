#pragma once
// The handful of OpenGL calls that surfaces make themselves; everything else is ImGui's backend.
#define GL_GLEXT_PROTOTYPES
#include <GL/gl.h>
#include <GL/glext.h>

#include "viewer/surface/surface.hpp"

namespace tailrace::viewer {

// Of the framebuffer that is bound for reading.
Pixels read_framebuffer(int width, int height);
void clear_framebuffer(int width, int height, std::uint32_t background);

}  // namespace tailrace::viewer
