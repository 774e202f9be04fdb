#include "models/caching/key_law.hpp"

#include <algorithm>

namespace tailrace::models {

std::vector<KeyShare> popular_keys(const sim::Distribution& law, std::uint64_t most, bool& all) {
  std::vector<KeyShare> keys;
  const auto chance = [&](std::uint64_t k) {
    const double x = static_cast<double>(k);
    return law.cdf(x + 0.5) - (k == 0 ? 0 : law.cdf(x - 0.5));
  };
  const std::uint64_t first = key_of(law.minimum());
  if (law.kind() == sim::Distribution::Kind::zipf) {  // by rank already
    const std::uint64_t ranks = key_of(law.quantile(1 - 0x1p-53));
    all = ranks <= std::min(most, kMostKeys);
    for (std::uint64_t k = first; k < first + std::min({most, kMostKeys, ranks}); ++k) {
      const double p = chance(k);
      if (p > 0 || k <= ranks) keys.push_back({k, p});
    }
    return keys;
  }
  const std::uint64_t last = key_of(law.quantile(1 - 1e-12));
  all = false;
  if (last - first >= kMostKeys) return keys;
  for (std::uint64_t k = first; k <= last; ++k) {
    const double p = chance(k);
    if (p > 0) keys.push_back({k, p});
  }
  std::stable_sort(keys.begin(), keys.end(),
                   [](const KeyShare& a, const KeyShare& b) { return a.probability > b.probability; });
  all = keys.size() <= most;
  if (!all) keys.resize(most);
  return keys;
}

}  // namespace tailrace::models
