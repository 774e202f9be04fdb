#include "tests/bad_scenarios/diagnose.hpp"

#include <gtest/gtest.h>

#include "analysis/report/thresholds.hpp"
#include "models/topology/build.hpp"
#include "scenarios/format/read.hpp"
#include "scenarios/run/lookout.hpp"

namespace tailrace::tests {

std::string diagnose(std::string_view text, const std::string& directory) {
  models::Diagnostics diagnostics;
  scenarios::ReadResult read = scenarios::read_scenario_text(text, "bad.yaml", {}, diagnostics);
  if (!directory.empty() && !read.doc.files.empty()) read.doc.files.front().directory = directory;
  if (read.status == scenarios::ReadStatus::ok) {
    const auto topology = models::build_topology(read.doc, diagnostics);
    EXPECT_EQ(topology.has_value(), diagnostics.ok()) << "in:\n" << text;
    if (topology) analysis::check_thresholds(*topology, diagnostics);
    if (topology) scenarios::check_abort_rules(read.doc, *topology, diagnostics);
  }
  return models::format_diagnostics(diagnostics, read.doc.files);
}

}  // namespace tailrace::tests
