#pragma once
// A drawing for each kind of node, of lines only, in a square of 2 x radius: told apart at twelve pixels.
#include <imgui.h>

#include "viewer/model/scene.hpp"

namespace tailrace::viewer {

void draw_icon(ImDrawList& draw, ImVec2 centre, float radius, NodeKind kind, ImU32 colour);

}  // namespace tailrace::viewer
