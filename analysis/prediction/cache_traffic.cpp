// Traffic where caches stand in its way: what misses them goes on, and how often they hit may depend on how
// often they are asked.
#include <algorithm>
#include <cmath>

#include "analysis/caching/hit_ratio.hpp"
#include "analysis/prediction/layers.hpp"

namespace tailrace::analysis::detail {

namespace {

constexpr double kSettled = 1e-11;

}  // namespace

void Layers::expect_caches() {
  for (const models::Cache& c : t_.caches) {
    const std::optional<HitTheory> theory = hit_theory(c, -1);
    facts.cache_hits.push_back(theory ? theory->ratio : 0);
    cache_known.push_back(theory ? 1 : 0);
  }
}

bool Layers::traffic(const std::vector<double>& class_rates, std::vector<double>& rates,
                     std::string& message) {
  // A cache whose entries expire hits the more often the more often it is asked.
  constexpr int kMostRounds = 20;
  for (int round = 0; round < kMostRounds; ++round) {
    if (!solve_traffic(class_rates, rates, message)) return false;
    if (!follow_caches(class_rates, rates)) return true;
    if (!settle_outcomes()) return false;
  }
  return true;
}

// True when some cache hits otherwise than was thought.
bool Layers::follow_caches(const std::vector<double>& class_rates, const std::vector<double>& rates) {
  if (t_.caches.empty()) return false;
  std::vector<double> asked(t_.caches.size(), 0.0), stores(t_.caches.size(), 0.0);
  const auto ask = [&](const std::vector<CallCount>& look_ups, double rate, double instances) {
    for (const CallCount& c : look_ups) {
      const std::size_t cache = at(c.edge);
      asked[cache] += rate * c.times;
      const models::Cache& model = t_.caches[cache];
      // In nodes of its own, or wherever it is used; as if these were used alike.
      stores[cache] = model.station == models::kNone
                          ? std::max(stores[cache], instances)
                          : static_cast<double>(t_.stations[at(model.station)].instances);
    }
  };
  std::size_t flat = 0;
  for (const models::Workload& w : t_.workloads) {
    for (const models::RequestClass& c : w.classes)
      ask(walk_program(c.steps, t_, facts, {}).look_ups, class_rates[flat++], 1);
  }
  for (std::size_t i = 0; i < t_.operations.size(); ++i) {
    if (!(rates[i] > 0)) continue;
    const int station = t_.operations[i].station;
    ask(walk_program(t_.operations[i].steps, t_, facts, {}).look_ups, rates[i],
        static_cast<double>(t_.stations[at(station)].instances));
  }
  bool changed = false;
  for (std::size_t c = 0; c < asked.size(); ++c) {
    if (!(asked[c] > 0)) continue;
    const std::optional<HitTheory> theory = hit_theory(t_.caches[c], asked[c] / stores[c]);
    cache_known[c] = theory.has_value();
    const double hits = theory ? theory->ratio : 0;
    changed = changed || std::fabs(hits - facts.cache_hits[c]) > kSettled;
    facts.cache_hits[c] = hits;
  }
  return changed;
}

}  // namespace tailrace::analysis::detail
