#pragma once
// Draws a Waterfall: where the time of one request went, by colour; a row per call below who made it. Bright
// is what the request waited for. A click on a row selects the component. Keeps nothing.
#include <map>
#include <string>

#include "viewer/model/waterfall.hpp"
#include "viewer/panels/look.hpp"

namespace tailrace::viewer {

ImU32 time_colour(TimeKind kind);
// Squares with words for the kinds that are there; breaks lines at `width`. Returns the height.
float draw_time_legend(ImDrawList& draw, ImVec2 at, float width, const bool (&kinds)[kTimeKinds]);

// `places`: the middles of rows ("row 0") are noted there.
void draw_waterfall(Look& look, const Waterfall& waterfall, ImVec2 at, ImVec2 size,
                    std::map<std::string, ImVec2>& places);

}  // namespace tailrace::viewer
