#include "models/policies/load_balancing/zones.hpp"

#include <algorithm>
#include <numeric>

namespace tailrace::models {

namespace {

std::vector<const std::string*> zone_names(const std::vector<InstanceGroup>& groups) {
  std::vector<const std::string*> names;
  for (const InstanceGroup& group : groups) {
    const auto same = [&](const std::string* name) { return *name == group.zone; };
    if (std::none_of(names.begin(), names.end(), same)) names.push_back(&group.zone);
  }
  return names;
}

}  // namespace

int zone_number(const std::vector<InstanceGroup>& groups, const std::string& zone) {
  const std::vector<const std::string*> names = zone_names(groups);
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (*names[i] == zone) return static_cast<int>(i);
  }
  return -1;
}

int zone_count(const std::vector<InstanceGroup>& groups) {
  return static_cast<int>(zone_names(groups).size());
}

void ZoneShares::compute(std::span<const std::int64_t> callers, std::span<const std::int64_t> instances,
                         int zone) {
  on = false;
  if (zone < 0 || static_cast<std::size_t>(zone) >= instances.size()) return;
  const auto z = static_cast<std::size_t>(zone);
  const std::int64_t all_callers = std::accumulate(callers.begin(), callers.end(), std::int64_t{0});
  const std::int64_t all_instances = std::accumulate(instances.begin(), instances.end(), std::int64_t{0});
  if (instances[z] == 0 || callers[z] == 0) return;
  on = true;
  // Both shares over the common denominator callers x instances; counts are at most 10^9.
  const auto has = [&](std::size_t i) { return instances[i] * all_callers; };
  const auto needs = [&](std::size_t i) { return callers[i] * all_instances; };
  of = static_cast<std::uint64_t>(needs(z));
  local = std::min(static_cast<std::uint64_t>(has(z)), of);
  spill.assign(instances.size(), 0);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < instances.size(); ++i) {
    if (has(i) > needs(i)) sum += static_cast<std::uint64_t>(has(i) - needs(i));
    spill[i] = sum;
  }
}

int ZoneShares::choose(int zone, sim::Stream& random) const {
  if (local >= of || random.below(of) < local) return zone;
  // Something is left elsewhere: the shares sum to 1 on both sides.
  const std::uint64_t at = random.below(spill.back());
  return static_cast<int>(std::upper_bound(spill.begin(), spill.end(), at) - spill.begin());
}

}  // namespace tailrace::models
