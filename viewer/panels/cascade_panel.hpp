#pragma once
// Who fell when, because of what: a row per component in the order in which they were hit, bars from onset to
// recovery, arrows from cause to effect, the faults above. What lies after the playhead is faint, so the
// cascade unfolds as the run plays. Beside it the story in words and the blast radius. Of more rows than are
// legible the first are seen, and the wheel moves on.
#include <map>

#include "viewer/panels/look.hpp"

namespace tailrace::viewer {

class CascadePanel {
 public:
  void draw(Look& look, ImVec2 size);

  // Of the last frame, for tests: the middle of the name in the row of a step; false when it is not in view.
  bool where(std::size_t step, ImVec2& centre) const;

 private:
  float summary(const Look& look, ImVec2 at, float width) const;
  void chart(Look& look, ImVec2 at, ImVec2 size);
  void users(const Look& look, ImVec2 min, ImVec2 max, double t0_s, double t1_s) const;
  void sentences(Look& look, ImVec2 size) const;

  std::map<std::size_t, ImVec2> places_;
  float first_row_ = 0;  // of those in view, where there are more than fit
};

}  // namespace tailrace::viewer
