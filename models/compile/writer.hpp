#pragma once
// What every part of the compiler adds to a model: random streams, draws from them, timer lanes, series of
// samples. Each returns the index by which a run finds it.
#include <string>
#include <utility>

#include "models/compile/compiled_model.hpp"

namespace tailrace::models {

// A probability as the bound of a 64-bit draw.
inline std::uint64_t chance_of(double p) {
  if (!(p > 0)) return 0;
  if (p >= 1) return ~std::uint64_t{0};
  return static_cast<std::uint64_t>(p * 0x1p64);
}

class ModelWriter {
 public:
  ModelWriter(const Topology& topology, CompiledModel& model) : t_(topology), m_(model) {}

 protected:
  const std::string& component_name(int id) const { return t_.components[static_cast<std::size_t>(id)].name; }

  std::uint32_t stream(const std::string& component, std::string purpose) {
    m_.streams.push_back({component, std::move(purpose)});
    return static_cast<std::uint32_t>(m_.streams.size() - 1);
  }
  std::uint32_t draw(const sim::Distribution& d, std::uint32_t stream_id) {
    m_.kept.push_back(d);
    Draw draw;
    draw.sampler = sim::Sampler(d);
    draw.stream = stream_id;
    m_.draws.push_back(draw);
    return static_cast<std::uint32_t>(m_.draws.size() - 1);
  }
  std::uint32_t series(SeriesKind kind, std::size_t id) {
    m_.series.push_back({kind, static_cast<std::uint32_t>(id)});
    return static_cast<std::uint32_t>(m_.series.size() - 1);
  }
  std::uint32_t lane(sim::Duration length, TimerPurpose purpose) {
    m_.lanes.push_back(length);
    m_.lane_kind.push_back(static_cast<std::uint32_t>(purpose));
    return static_cast<std::uint32_t>(m_.lanes.size() - 1);
  }

  const Topology& t_;
  CompiledModel& m_;
};

}  // namespace tailrace::models
