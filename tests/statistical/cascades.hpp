#pragma once
// What tests of cascades ask of a report.
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <vector>

#include "analysis/cascade/cascade_report.hpp"
#include "tests/statistical/lessons.hpp"
#include "tests/support/scenario.hpp"

namespace tailrace::tests {

using analysis::CascadeHitReport;
using analysis::CascadeReport;
using analysis::Mechanism;
using analysis::Verdict;

inline const CascadeHitReport* hit(const CascadeReport& report, const std::string& component) {
  for (const CascadeHitReport& h : report.hits) {
    if (h.component == component) return &h;
  }
  return nullptr;
}

inline void expect_hit(const CascadeReport& report, const std::string& component, Mechanism mechanism,
                       const std::string& cause) {
  const CascadeHitReport* h = hit(report, component);
  ASSERT_NE(h, nullptr) << component << " was not hit: " << report.story;
  EXPECT_STREQ(analysis::mechanism_name(h->mechanism), analysis::mechanism_name(mechanism)) << component;
  EXPECT_EQ(h->cause, cause) << component;
}

// The position in the order of onsets.
inline std::ptrdiff_t place(const CascadeReport& report, const std::string& component) {
  return hit(report, component) - report.hits.data();
}

inline CascadeReport cascade_of(const std::string& text, std::vector<std::string> changes = {}) {
  const Loaded loaded = load_text(text, changes);
  EXPECT_NE(loaded.topology, nullptr) << loaded.shown;
  if (!loaded.topology) return {};
  return run_model(models::compile(loaded.topology), 0).report.cascade;
}

}  // namespace tailrace::tests
