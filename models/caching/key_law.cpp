#include "models/caching/key_law.hpp"

#include <algorithm>

#include "sim/base/math.hpp"
#include "sim/random/distribution_impl.hpp"
#include "sim/random/zipf.hpp"

namespace tailrace::models {

namespace {

// Weights of single keys, whose cdf would be a sum over all of them. False: it is another law.
bool listed_keys(const sim::Distribution& law, std::vector<KeyShare>& keys) {
  if (law.kind() != sim::Distribution::Kind::mixture) return false;
  const sim::Distribution::Impl& impl = law.impl();
  for (const sim::Distribution& part : impl.parts) {
    if (!part.is_constant()) return false;
  }
  for (std::size_t i = 0; i < impl.parts.size(); ++i) {
    keys.push_back({key_of(impl.parts[i].mean()), impl.weights[i]});
  }
  std::sort(keys.begin(), keys.end(), [](const KeyShare& a, const KeyShare& b) { return a.key < b.key; });
  // Parts may name one key more than once.
  std::size_t kept = 0;
  for (std::size_t i = 1; i < keys.size(); ++i) {
    if (keys[i].key == keys[kept].key) {
      keys[kept].probability += keys[i].probability;
    } else {
      keys[++kept] = keys[i];
    }
  }
  keys.resize(keys.empty() ? 0 : kept + 1);
  return true;
}

}  // namespace

std::vector<KeyShare> popular_keys(const sim::Distribution& law, std::uint64_t most, bool& all) {
  std::vector<KeyShare> keys;
  const auto chance = [&](std::uint64_t k) {
    const double x = static_cast<double>(k);
    return law.cdf(x + 0.5) - (k == 0 ? 0 : law.cdf(x - 0.5));
  };
  if (law.kind() == sim::Distribution::Kind::zipf) {  // by rank already
    const sim::ZipfLaw& zipf = law.impl().zipf;
    all = zipf.ranks() <= std::min(most, kMostKeys);
    const double sum = sim::harmonic_sum(zipf.ranks(), zipf.exponent());
    for (std::uint64_t k = 1; k <= std::min({most, kMostKeys, zipf.ranks()}); ++k)
      keys.push_back({k, sim::math::pow(static_cast<double>(k), -zipf.exponent()) / sum});
    return keys;
  }
  all = false;
  if (!listed_keys(law, keys)) {
    const std::uint64_t first = key_of(law.minimum());
    const std::uint64_t last = key_of(law.quantile(1 - 1e-12));
    if (last - first >= kMostKeys) return keys;
    for (std::uint64_t k = first; k <= last; ++k) {
      const double p = chance(k);
      if (p > 0) keys.push_back({k, p});
    }
  }
  std::stable_sort(keys.begin(), keys.end(),
                   [](const KeyShare& a, const KeyShare& b) { return a.probability > b.probability; });
  all = keys.size() <= most;
  if (!all) keys.resize(most);
  return keys;
}

}  // namespace tailrace::models
