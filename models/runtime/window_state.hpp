#pragma once
// What a run was like at the end of its last window, so that a window's own figures are differences.
#include <cstdint>
#include <utility>
#include <vector>

#include "models/runtime/record.hpp"
#include "sim/observe/window_sketch.hpp"

namespace tailrace::models {

struct WindowState {
  std::vector<sim::Histogram> before;  // by class: of its successes; empty where there are too many
  sim::Histogram inside;
  struct ClassTotals {
    std::uint64_t arrived = 0, succeeded = 0, failed = 0;
  };
  std::vector<ClassTotals> classes;
  std::vector<std::pair<double, double>> areas;  // by station: busy and queued
  std::vector<std::uint64_t> rejected, served;
  std::vector<WindowRecord::PerEdge> edges;  // totals
  // How long calls and operations took. Empty where there are too many of them.
  std::vector<std::uint32_t> edge_series, operation_series;  // where the run records them
  std::vector<std::vector<std::uint32_t>> operations_of;     // by station
  std::vector<sim::WindowSketch> edge_sketches, operation_sketches;
  sim::WindowCounts counts;

  void forget_times() {
    for (sim::WindowSketch& s : edge_sketches) s.forget();
    for (sim::WindowSketch& s : operation_sketches) s.forget();
  }
  std::size_t sketch_bytes() const {
    std::size_t bytes = 0;
    for (const sim::WindowSketch& s : edge_sketches) bytes += sizeof s + s.bytes();
    for (const sim::WindowSketch& s : operation_sketches) bytes += sizeof s + s.bytes();
    return bytes;
  }
};

}  // namespace tailrace::models
