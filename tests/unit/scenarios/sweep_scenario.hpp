#pragma once
// A scenario as plans and sweeps take it, from its text without the first lines.
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "scenarios/format/read.hpp"
#include "scenarios/sweep/point.hpp"

namespace tailrace::scenarios {

inline SweepScenario scenario(const std::string& text) {
  models::Diagnostics d;
  SweepScenario out;
  ReadResult read = read_scenario_text("tailrace: 1\nname: plan\n" + text, "t.yaml", {}, d);
  EXPECT_TRUE(d.ok()) << models::format_diagnostics(d, read.doc.files);
  out.doc = std::move(read.doc);
  return out;
}

}  // namespace tailrace::scenarios
