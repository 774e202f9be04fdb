#pragma once
// A list of instances to choose from, and drawing from it with exceptions: uniformly or by weight over what
// is left, exactly and with one number each, by leaving the exceptions' places out of the range.
#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "models/policies/load_balancing/edf_schedule.hpp"
#include "sim/random/stream.hpp"

namespace tailrace::models {

// Places in a list, ascending: what a call has tried already.
struct Exceptions {
  static constexpr std::size_t kMost = 8;
  std::array<std::uint32_t, kMost> place{};
  std::uint32_t count = 0;

  void add(std::uint32_t p) {
    if (count == kMost || has(p)) return;
    place[count++] = p;
    std::sort(place.begin(), place.begin() + count);
  }
  bool has(std::uint32_t p) const {
    return std::find(place.begin(), place.begin() + count, p) != place.begin() + count;
  }
};

struct Candidates {
  std::vector<std::uint32_t> members;
  std::vector<double> cumulative;  // running sums of the weights; empty where weights play no part
  std::uint32_t position = 0;      // of round robin
  EdfSchedule turns;               // of least_request where the weights differ; empty otherwise

  std::uint32_t size() const { return static_cast<std::uint32_t>(members.size()); }

  // A place, uniform over those that are not excepted; there must be one.
  std::uint32_t draw(const Exceptions& except, sim::Stream& random) const {
    auto place = static_cast<std::uint32_t>(random.below(size() - except.count));
    for (std::uint32_t i = 0; i < except.count; ++i) place += place >= except.place[i] ? 1 : 0;
    return place;
  }

  std::uint32_t draw_weighted(const Exceptions& except, sim::Stream& random) const {
    const auto before = [&](std::uint32_t place) { return place == 0 ? 0.0 : cumulative[place - 1]; };
    double total = cumulative.back();
    for (std::uint32_t i = 0; i < except.count; ++i) {
      total -= cumulative[except.place[i]] - before(except.place[i]);
    }
    if (!(total > 0)) return draw(except, random);
    double at = random.uniform() * total;
    for (std::uint32_t i = 0; i < except.count; ++i) {
      const double start = before(except.place[i]);
      if (at >= start) at += cumulative[except.place[i]] - start;
    }
    const auto it = std::upper_bound(cumulative.begin(), cumulative.end(), at);
    const auto place = std::min(static_cast<std::uint32_t>(it - cumulative.begin()), size() - 1);
    return except.has(place) ? draw(except, random) : place;  // rounding may end on an edge
  }
};

}  // namespace tailrace::models
