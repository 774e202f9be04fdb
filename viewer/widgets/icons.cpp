#include "viewer/widgets/icons.hpp"

#include <algorithm>
#include <cmath>

#include "viewer/widgets/draw.hpp"

namespace tailrace::viewer {

namespace {

struct Pen {
  ImDrawList& draw;
  ImVec2 c;
  float r;
  ImU32 colour;
  float width;

  ImVec2 at(float x, float y) const { return {c.x + x * r, c.y + y * r}; }
  void line(float x0, float y0, float x1, float y1) const {
    draw.AddLine(at(x0, y0), at(x1, y1), colour, width);
  }
  void box(float x0, float y0, float x1, float y1, float round = 0.15f) const {
    draw.AddRect(at(x0, y0), at(x1, y1), colour, round * r, 0, width);
  }
  void fill(float x0, float y0, float x1, float y1) const {
    draw.AddRectFilled(at(x0, y0), at(x1, y1), colour);
  }
  void ring(float x, float y, float radius) const { draw.AddCircle(at(x, y), radius * r, colour, 20, width); }
  void disc(float x, float y, float radius) const { draw.AddCircleFilled(at(x, y), radius * r, colour, 16); }
  void arc(float x, float y, float radius, float from, float to) const {
    draw.PathArcTo(at(x, y), radius * r, from, to, 16);
    draw.PathStroke(colour, 0, width);
  }
  void ellipse(float y, float from, float to) const {  // half or whole, as wide as a disk's stack
    for (int i = 0; i <= 14; ++i) {
      const float angle = from + (to - from) * static_cast<float>(i) / 14;
      draw.PathLineTo(at(0.75f * std::cos(angle), y + 0.28f * std::sin(angle)));
    }
    draw.PathStroke(colour, 0, width);
  }
};
constexpr float kPi = 3.14159265f;

}  // namespace

void draw_icon(ImDrawList& draw, ImVec2 centre, float radius, NodeKind kind, ImU32 colour) {
  const Pen pen{draw, centre, radius, colour, std::max(1.0f, radius * 0.17f)};
  switch (kind) {
    case NodeKind::workload:  // somebody
      pen.ring(0, -0.42f, 0.4f);
      pen.arc(0, 0.95f, 0.8f, kPi, 2 * kPi);
      break;
    case NodeKind::service:  // a hexagon, as orchestrators have it
      for (int i = 0; i < 6; ++i) {
        const float angle = kPi / 6 + kPi / 3 * static_cast<float>(i);
        draw.PathLineTo(pen.at(0.92f * std::cos(angle), 0.92f * std::sin(angle)));
      }
      draw.PathStroke(colour, ImDrawFlags_Closed, pen.width);
      pen.disc(0, 0, 0.28f);
      break;
    case NodeKind::database:
      pen.ellipse(-0.6f, 0, 2 * kPi);
      pen.ellipse(0, 0, kPi);
      pen.ellipse(0.6f, 0, kPi);
      pen.line(-0.75f, -0.6f, -0.75f, 0.6f), pen.line(0.75f, -0.6f, 0.75f, 0.6f);
      break;
    case NodeKind::cache:  // quick: a bolt in a box
      pen.box(-0.85f, -0.85f, 0.85f, 0.85f, 0.3f);
      draw.AddTriangleFilled(pen.at(0.2f, -0.65f), pen.at(-0.5f, 0.15f), pen.at(0.1f, 0.08f), colour);
      draw.AddTriangleFilled(pen.at(-0.2f, 0.65f), pen.at(0.5f, -0.15f), pen.at(-0.1f, -0.08f), colour);
      break;
    case NodeKind::broker:  // a line of messages
      pen.box(-0.95f, -0.5f, 0.95f, 0.5f, 0.2f);
      for (const float x : {-0.55f, 0.0f, 0.55f}) pen.fill(x - 0.14f, -0.22f, x + 0.14f, 0.22f);
      break;
    case NodeKind::cloud_queue:
      pen.arc(-0.45f, 0.15f, 0.42f, kPi * 0.5f, kPi * 1.4f);
      pen.arc(0.05f, -0.15f, 0.55f, kPi * 1.08f, kPi * 1.9f);
      pen.arc(0.55f, 0.2f, 0.38f, kPi * 1.45f, kPi * 2.5f);
      pen.line(-0.45f, 0.58f, 0.55f, 0.58f);
      break;
    case NodeKind::log:  // pages one after the other
      for (const float y : {-0.6f, 0.0f, 0.6f}) {
        pen.line(-0.9f, y, 0.35f, y);
        pen.fill(0.55f, y - 0.14f, 0.9f, y + 0.14f);
      }
      break;
    case NodeKind::topic:  // one to many
      pen.disc(-0.65f, 0, 0.26f);
      for (const float y : {-0.65f, 0.0f, 0.65f}) {
        pen.line(-0.6f, 0, 0.55f, y);
        pen.disc(0.68f, y, 0.2f);
      }
      break;
    case NodeKind::outbox:
      pen.line(-0.85f, 0.1f, -0.85f, 0.8f), pen.line(-0.85f, 0.8f, 0.85f, 0.8f),
          pen.line(0.85f, 0.8f, 0.85f, 0.1f);
      pen.line(0, 0.35f, 0, -0.4f);
      draw_arrow_head(draw, pen.at(0, -0.9f), {0, -1}, radius * 0.7f, colour);
      break;
    case NodeKind::webhook:
      pen.ring(-0.5f, 0.4f, 0.36f), pen.ring(0.5f, 0.4f, 0.36f), pen.ring(0, -0.5f, 0.36f);
      pen.line(-0.3f, 0.1f, -0.1f, -0.2f), pen.line(0.3f, 0.1f, 0.1f, -0.2f);
      break;
    case NodeKind::job:  // a clock
      pen.ring(0, 0, 0.88f);
      pen.line(0, 0, 0, -0.55f), pen.line(0, 0, 0.4f, 0.2f);
      break;
    case NodeKind::proxy:  // one way in, two ways on
      pen.line(-0.95f, 0, -0.1f, 0);
      pen.line(-0.1f, 0, 0.5f, -0.55f), pen.line(-0.1f, 0, 0.5f, 0.55f);
      draw_arrow_head(draw, pen.at(0.9f, -0.9f), {0.7f, -0.7f}, radius * 0.6f, colour);
      draw_arrow_head(draw, pen.at(0.9f, 0.9f), {0.7f, 0.7f}, radius * 0.6f, colour);
      break;
    case NodeKind::gateway:  // a door in a wall
      pen.line(-0.95f, 0.85f, 0.95f, 0.85f);
      pen.line(-0.65f, 0.85f, -0.65f, -0.1f), pen.line(0.65f, 0.85f, 0.65f, -0.1f);
      pen.arc(0, -0.1f, 0.65f, kPi, 2 * kPi);
      pen.disc(0.25f, 0.35f, 0.14f);
      break;
    case NodeKind::mesh:  // threads that cross
      for (const float at : {-0.5f, 0.0f, 0.5f}) pen.line(-0.9f, at, 0.9f, at), pen.line(at, -0.9f, at, 0.9f);
      break;
    case NodeKind::window:  // what lies between two moments
      pen.line(-0.9f, 0.7f, 0.9f, 0.7f);
      pen.box(-0.45f, -0.75f, 0.45f, 0.7f, 0.1f);
      break;
    default:
      pen.box(-0.8f, -0.8f, 0.8f, 0.8f, 0.2f);
  }
}

}  // namespace tailrace::viewer
